"""Names in a run of trio: `trio.socket.set_custom_hostname_resolver(HostnameResolver())`, once in each `trio.run`."""

from __future__ import annotations

import socket
from typing import Any

from k8sresolve.async_resolver import AsyncResolver
from k8sresolve.contrib._names import AsyncNames, Scope

try:
    import trio
except ImportError as _error:
    raise ImportError("k8sresolve.contrib.trio needs trio: pip install 'trio>=0.32'") from _error

__all__ = ["HostnameResolver"]


class HostnameResolver(trio.abc.HostnameResolver):
    """Finds names for trio by a resolver.

    All other names, and with K8SRESOLVE_DISABLE=1 every name, go trio's own way: a thread calls `socket`.

    Args:
        resolver: An `AsyncResolver`, which stays the caller's to close; None is the process's own.
        scope: Which names it finds: `"cluster"`, those that are or may be the cluster's, or `"all"`.

    Raises:
        ConfigError: An argument cannot be.

    >>> import trio
    >>> from k8sresolve.contrib.trio import HostnameResolver
    >>> from k8sresolve.testing import Cluster
    >>> resolver = Cluster.from_manifests("docs/examples/shop.yaml").async_resolver(namespace="shop")
    >>> async def main():
    ...     trio.socket.set_custom_hostname_resolver(HostnameResolver(resolver))
    ...     return await trio.socket.getaddrinfo("payments", "http", type=trio.socket.SOCK_STREAM)
    ...
    >>> [*_, address] = trio.run(main)[0]
    >>> address
    ('10.96.20.1', 80)
    """

    def __init__(self, resolver: AsyncResolver | None = None, *, scope: Scope = "cluster") -> None:
        self._names = AsyncNames(resolver, scope)

    async def getaddrinfo(  # noqa: PLR0917 - as trio has it
        self,
        host: bytes | None,
        port: bytes | str | int | None,
        family: int = 0,
        type: int = 0,  # noqa: A002 - as trio has it
        proto: int = 0,
        flags: int = 0,
    ) -> Any:
        """See `trio.abc.HostnameResolver.getaddrinfo`."""
        hints = (family, type, proto, flags)
        if self._names.takes(host):
            return await self._names.getaddrinfo(host, port, *hints)
        return await trio.to_thread.run_sync(socket.getaddrinfo, host, port, *hints, abandon_on_cancel=True)

    async def getnameinfo(self, sockaddr: Any, flags: int) -> tuple[str, str]:
        """See `trio.abc.HostnameResolver.getnameinfo`."""
        if self._names.takes_addresses:
            return await self._names.resolver.getnameinfo(sockaddr, flags)
        return await trio.to_thread.run_sync(socket.getnameinfo, sockaddr, flags, abandon_on_cancel=True)
