"""Event loops of uvloop that find names by a resolver. Experimental: it stands on how uvloop's classes may be derived.

>>> from k8sresolve.contrib.uvloop import new_event_loop
>>> import asyncio
>>> with asyncio.Runner(loop_factory=new_event_loop) as runner:
...     pass  # runner.run(main())
...

uvloop looks names up in C: what its `create_datagram_endpoint` and `create_server` are given is not reached.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable
from typing import Any

from k8sresolve.async_resolver import AsyncResolver
from k8sresolve.contrib._names import AsyncNames, Info, Scope

try:
    import uvloop
except ImportError as _error:
    raise ImportError("k8sresolve.contrib.uvloop needs uvloop: pip install 'uvloop>=0.17'") from _error

__all__ = ["loop_factory", "new_event_loop"]


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Make a loop that finds the cluster's names by the process's own `AsyncResolver`; see `loop_factory`.

    For what takes a loop's factory by its name, as `uvicorn --loop k8sresolve.contrib.uvloop:new_event_loop` does.

    >>> import asyncio
    >>> from k8sresolve.contrib.uvloop import new_event_loop
    >>> async def main():
    ...     return await asyncio.get_running_loop().getaddrinfo("127.0.0.1", 80, type=1)
    ...
    >>> with asyncio.Runner(loop_factory=new_event_loop) as runner:
    ...     [*_, address] = runner.run(main())[0]
    ...
    >>> address
    ('127.0.0.1', 80)
    """
    return loop_factory()()


def loop_factory(
    resolver: AsyncResolver | None = None, *, scope: Scope = "cluster"
) -> Callable[[], asyncio.AbstractEventLoop]:
    """Return what makes loops of uvloop whose `getaddrinfo`, `getnameinfo` and `create_connection` ask the resolver.

    `create_connection` tries the addresses one after the other, as uvloop's does, and verifies the name that it was
    given. With K8SRESOLVE_DISABLE=1 loops are uvloop's own.

    Args:
        resolver: An `AsyncResolver`, which stays the caller's to close; None is the process's own.
        scope: Which names it finds: `"cluster"`, those that are or may be the cluster's, or `"all"`. Others go where
            uvloop has them go.

    Raises:
        ConfigError: An argument cannot be.

    >>> import asyncio
    >>> from k8sresolve.contrib.uvloop import loop_factory
    >>> from k8sresolve.testing import Cluster
    >>> resolver = Cluster.from_manifests("docs/examples/shop.yaml").async_resolver(namespace="shop")
    >>> async def main():
    ...     return await asyncio.get_running_loop().getaddrinfo("payments", "http", type=1)
    ...
    >>> with asyncio.Runner(loop_factory=loop_factory(resolver)) as runner:
    ...     [*_, address] = runner.run(main())[0]
    ...
    >>> address
    ('10.96.20.1', 80)
    """
    names = AsyncNames(resolver, scope)
    return uvloop.new_event_loop if names.disabled else lambda: _Loop(names)


class _Loop(uvloop.Loop):
    """uvloop's, with a resolver."""

    def __init__(self, names: AsyncNames) -> None:
        super().__init__()
        self._names = names

    async def getaddrinfo(self, host: Any, port: Any, **hints: int) -> list[Any]:
        if self._names.takes(host):
            return await self._names.getaddrinfo(host, port, **hints)
        return await super().getaddrinfo(host, port, **hints)

    async def getnameinfo(self, sockaddr: Any, flags: int = 0) -> tuple[str, str]:
        if self._names.takes_addresses:
            return await self._names.resolver.getnameinfo(sockaddr, flags)
        return await super().getnameinfo(sockaddr, flags)

    async def create_connection(
        self, protocol_factory: Any, host: Any = None, port: Any = None, **options: Any
    ) -> tuple[Any, Any]:
        if options.get("sock") is not None or not self._names.takes(host):
            return await super().create_connection(protocol_factory, host, port, **options)
        options.pop("sock", None)
        hints = {name: options.pop(name) for name in ("family", "proto", "flags") if name in options}
        found = await self.getaddrinfo(host, port, type=socket.SOCK_STREAM, **hints)
        local = options.pop("local_addr", None)
        sources = [] if local is None else await self.getaddrinfo(*local, type=socket.SOCK_STREAM, **hints)
        if options.get("ssl") and options.get("server_hostname") is None:
            options["server_hostname"] = host
        sock = await self._connected(host, found, sources)
        try:
            return await super().create_connection(protocol_factory, sock=sock, **options)
        except BaseException:
            sock.close()
            raise

    async def _connected(self, host: Any, found: list[Info], sources: list[Info]) -> socket.socket:
        """Connect to the first address that takes it, from one of the sources, if there are any."""
        failed: list[OSError] = []
        for family, kind, protocol, _, address in found:
            try:
                sock = socket.socket(family, kind, protocol)
            except OSError as error:  # a kernel without IPv6
                failed.append(error)
                continue
            try:
                sock.setblocking(False)
                if sources:
                    _bind(sock, family, sources)
                await self.sock_connect(sock, address)
            except OSError as error:
                sock.close()
                failed.append(error)
            except BaseException:
                sock.close()
                raise
            else:
                return sock
        if len(failed) == 1:
            raise failed[0]
        raise OSError(failed[-1].errno, f"{host}: no address takes a connection: {'; '.join(map(str, failed))}")


def _bind(sock: socket.socket, family: int, sources: list[Info]) -> None:
    """Bind a socket to the first of these of its family that can be had."""
    refused = OSError(errno.EADDRNOTAVAIL, "local_addr has no address of this family")
    for of, *_, source in sources:
        if of != family:
            continue
        try:
            return sock.bind(source)
        except OSError as error:
            refused = error
    raise refused
