"""The balanced clients, as users write them."""

from typing import assert_type

import aiohttp
import httpx
import httpx2

from k8sresolve import AsyncResolver, Resolver
from k8sresolve.contrib import aiohttp as on_aiohttp
from k8sresolve.contrib import httpx as on_httpx
from k8sresolve.contrib import httpx2 as on_httpx2


def blocking(resolver: Resolver) -> None:
    httpx.Client(transport=on_httpx.BalancedTransport())
    httpx.Client(transport=on_httpx.BalancedTransport(resolver, scope="all", policy="round_robin", http2=True))
    httpx2.Client(mounts={"http://": on_httpx2.BalancedTransport(resolver=resolver, max_connection_age=300)})
    on_httpx.BalancedTransport(policy="random")  # type: ignore[arg-type]
    on_httpx.BalancedTransport(resolver, "all")  # type: ignore[call-arg]


async def tasks(resolver: AsyncResolver) -> None:
    httpx.AsyncClient(transport=on_httpx.AsyncBalancedTransport(resolver))
    httpx2.AsyncClient(transport=on_httpx2.AsyncBalancedTransport(resolver, verify=False))
    assert_type(on_aiohttp.balanced(resolver, policy="p2c", limit=10), aiohttp.TCPConnector)
    aiohttp.ClientSession(connector=on_aiohttp.balanced())
    aiohttp.ClientSession(connector=on_aiohttp.TCPConnector(resolver, port_name="http", max_connection_age=300.0))
    aiohttp.TCPConnector(resolver=on_aiohttp.Resolver(resolver, scope="all"))
    on_httpx.AsyncBalancedTransport(Resolver())  # type: ignore[arg-type]
