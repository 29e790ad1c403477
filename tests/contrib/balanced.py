"""The balanced clients, each driven in the same way by tests that block."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import aiohttp
import httpx
import httpx2
from anyio.from_thread import start_blocking_portal

from k8sresolve.contrib import aiohttp as adapter
from k8sresolve.contrib import httpx as httpx_adapter
from k8sresolve.contrib import httpx2 as httpx2_adapter

_AIOHTTP = tuple(map(int, aiohttp.__version__.split(".")[:3]))

STREAM = object()
"""A body that is read as it is sent, and so cannot be sent again."""


class Balanced(NamedTuple):
    """A client: how it asks and is told what it is to wait for, and its errors."""

    ask: Callable[..., str]
    advance: Callable[[float], None]
    connect_error: type[Exception]
    lookup_timeout: type[Exception]
    broken: tuple[type[Exception], ...]
    sends_rests: bool = False  # of streams, where it repeats a PUT


def _parts():
    yield b"one "
    yield b"two"


async def _async_parts():
    for part in _parts():
        yield part


@contextmanager
def _blocking(module: Any, module_adapter: Any, cluster, *, tls=None, **options) -> Iterator[Balanced]:
    with cluster.resolver(namespace="shop") as resolver:
        transport = module_adapter.BalancedTransport(resolver, verify=tls or False, **options)
        with module.Client(transport=transport, timeout=30) as client:

            def ask(method: str, url: str, body: Any = None, headers=None) -> str:
                body = _parts() if body is STREAM else body
                return client.request(method, url, content=body, headers=headers).text

            broken = (module.RemoteProtocolError,)
            yield Balanced(ask, cluster.clock.advance, module.ConnectError, module.ConnectTimeout, broken)


@contextmanager
def _tasks(module: Any, module_adapter: Any, backend: str, cluster, *, tls=None, **options) -> Iterator[Balanced]:
    resolver = cluster.async_resolver(namespace="shop")
    transport = module_adapter.AsyncBalancedTransport(resolver, verify=tls or False, **options)  # before the loop runs
    with start_blocking_portal(backend) as portal:
        client = module.AsyncClient(transport=transport, timeout=30)

        async def request(method: str, url: str, body: Any, headers) -> str:
            body = _async_parts() if body is STREAM else body
            return (await client.request(method, url, content=body, headers=headers)).text

        def ask(method: str, url: str, body: Any = None, headers=None) -> str:
            return portal.call(request, method, url, body, headers)

        async def end() -> None:
            await client.aclose()
            await resolver.close()

        try:
            yield Balanced(
                ask,
                lambda seconds: portal.call(cluster.advance, seconds),
                module.ConnectError,
                module.ConnectTimeout,
                (module.RemoteProtocolError,),
            )
        finally:
            portal.call(end)


@contextmanager
def _aiohttp(cluster, *, tls=None, **options) -> Iterator[Balanced]:
    resolver = cluster.async_resolver(namespace="shop")
    with start_blocking_portal() as portal:

        async def begin() -> aiohttp.ClientSession:
            connector = adapter.balanced(resolver, ssl=tls or False, **options)
            return aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(sock_connect=30))

        session = portal.call(begin)

        async def request(method: str, url: str, body: Any, headers) -> str:
            body = _async_parts() if body is STREAM else body
            async with session.request(method, url, data=body, headers=headers) as reply:
                assert str(reply.url) == url
                return await reply.text()

        def ask(method: str, url: str, body: Any = None, headers=None) -> str:
            return portal.call(request, method, url, body, headers)

        async def end() -> None:
            await session.close()
            await resolver.close()

        try:
            yield Balanced(
                ask,
                lambda seconds: portal.call(cluster.advance, seconds),
                aiohttp.ClientConnectorError,
                aiohttp.ClientConnectorDNSError,
                (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError),
                sends_rests=_AIOHTTP < (3, 14, 4),
            )
        finally:
            portal.call(end)


KINDS = {
    "httpx": lambda *a, **o: _blocking(httpx, httpx_adapter, *a, **o),
    "httpx-asyncio": lambda *a, **o: _tasks(httpx, httpx_adapter, "asyncio", *a, **o),
    "httpx-trio": lambda *a, **o: _tasks(httpx, httpx_adapter, "trio", *a, **o),
    "httpx2": lambda *a, **o: _blocking(httpx2, httpx2_adapter, *a, **o),
    "httpx2-asyncio": lambda *a, **o: _tasks(httpx2, httpx2_adapter, "asyncio", *a, **o),
    "aiohttp": _aiohttp,
}
