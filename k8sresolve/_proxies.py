"""Whether a service mesh's proxy takes this pod's connections or questions.

Nothing in a container's environment tells, and the rules that redirect its connections can only be read by root. But a
proxy listens in the pod's network namespace, which its containers share, and Linux shows there who listens.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path

PROXIES = {
    "Istio": frozenset({15001, 15006}),  # of sidecars, and of ztunnel in pods of the ambient mode
    "Linkerd": frozenset({4140, 4143}),
}
"""The ports that take a pod's outgoing and incoming connections: Istio, "Ports used by Istio"; Linkerd, "Proxy"."""

DNS_CAPTURE = 15053
"""Where Istio's agent takes the pod's DNS questions, if that is set: "Ports used by Istio", "DNS capture port"."""

FILES = ("/proc/net/tcp", "/proc/net/tcp6")

_LISTEN = "0A"  # TCP_LISTEN of linux/include/net/tcp_states.h


def proxy_of(ports: AbstractSet[int]) -> str | None:
    """The mesh whose proxy listens on these ports, if one does."""
    return next((mesh for mesh, its in PROXIES.items() if its <= ports), None)


def listening(lines: Iterable[str]) -> set[int]:
    """The ports that lines of /proc/net/tcp show somebody to listen on (proc_net_tcp.rst)."""
    fields = (line.split(maxsplit=4) for line in lines)
    return {int(one[1].rpartition(":")[2], 16) for one in fields if len(one) > 3 and one[3] == _LISTEN}


def listening_lines() -> Iterator[str]:
    """Read who listens in this network namespace."""
    for name in FILES:
        try:
            with Path(name).open(encoding="ascii") as file:
                yield from file
        except OSError:  # no Linux, or no IPv6
            continue
