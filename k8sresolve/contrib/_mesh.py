"""Whether a service mesh's proxy takes this pod's connections: it accepts them all, for endpoints that are gone, too.

Nothing in a container's environment tells, and the rules that redirect its connections can only be read by root. But a
proxy listens in the pod's network namespace, which its containers share, and Linux shows there who listens.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from k8sresolve._log import logger

PROXIES = {
    "Istio": frozenset({15001, 15006}),  # of sidecars, and of ztunnel in pods of the ambient mode
    "Linkerd": frozenset({4140, 4143}),
}
"""The ports that take a pod's outgoing and incoming connections: Istio, "Ports used by Istio"; Linkerd, "Proxy"."""

_LISTEN = "0A"  # TCP_LISTEN of linux/include/net/tcp_states.h
_FILES = ("/proc/net/tcp", "/proc/net/tcp6")

_told = False


def warn_of_mesh() -> None:
    """Warn in the logger `k8sresolve`, once in a process, where a mesh's proxy is seen."""
    global _told  # noqa: PLW0603 - once in a process
    if _told:
        return
    _told = True
    proxy = proxy_of(listening(_lines()))
    if proxy is not None:
        logger.warning(
            "a proxy of %s takes the connections of this pod, so that a balanced client cannot see which endpoint is "
            "reached; use the client's plain adapter beside a service mesh",
            proxy,
        )


def proxy_of(ports: set[int]) -> str | None:
    """The mesh whose proxy listens on these ports, if one does."""
    return next((mesh for mesh, its in PROXIES.items() if its <= ports), None)


def listening(lines: Iterable[str]) -> set[int]:
    """The ports that lines of /proc/net/tcp show somebody to listen on (proc_net_tcp.rst)."""
    fields = (line.split(maxsplit=4) for line in lines)
    return {int(one[1].rpartition(":")[2], 16) for one in fields if len(one) > 3 and one[3] == _LISTEN}


def _lines() -> Iterator[str]:
    for name in _FILES:
        try:
            with Path(name).open(encoding="ascii") as file:
                yield from file
        except OSError:  # no Linux, or no IPv6
            continue
