"""A warning where a service mesh's proxy takes this pod's connections: it accepts them all, for gone endpoints, too."""

from __future__ import annotations

from k8sresolve._log import logger
from k8sresolve._proxies import listening, listening_lines, proxy_of

_told = False


def warn_of_mesh() -> None:
    """Warn in the logger `k8sresolve`, once in a process, where a mesh's proxy is seen."""
    global _told  # noqa: PLW0603 - once in a process
    if _told:
        return
    _told = True
    proxy = proxy_of(listening(listening_lines()))
    if proxy is not None:
        logger.warning(
            "a proxy of %s takes the connections of this pod, so that a balanced client cannot see which endpoint is "
            "reached; use the client's plain adapter beside a service mesh",
            proxy,
        )
