"""How balanced clients of tasks end: closed while requests are under way, and interrupted as they close."""

import asyncio

import aiohttp
import httpx
import httpx2
import pytest

from k8sresolve.contrib import aiohttp as aiohttp_adapter
from k8sresolve.contrib import httpx as httpx_adapter
from k8sresolve.contrib import httpx2 as httpx2_adapter
from k8sresolve.testing import headless
from tests.contrib.pods import Pods, addresses, cluster_of


class Client:
    """A client of httpx's kind, or aiohttp's session, asked alike."""

    def __init__(self, kind, resolver):
        self.errors = (httpx.TransportError, httpx2.TransportError, aiohttp.ClientConnectionError)
        if kind == "aiohttp":
            self._client = aiohttp.ClientSession(connector=aiohttp_adapter.balanced(resolver, policy="round_robin"))
            self.close = self._client.close
        else:
            module, adapter = (httpx, httpx_adapter) if kind == "httpx" else (httpx2, httpx2_adapter)
            transport = adapter.AsyncBalancedTransport(resolver, policy="round_robin")
            self._client = module.AsyncClient(transport=transport)
            self.close = self._client.aclose

    async def get(self, url):
        reply = await self._client.get(url)
        if isinstance(reply, aiohttp.ClientResponse):
            await reply.read()


@pytest.fixture(params=["httpx", "httpx2", "aiohttp"])
def kind(request):
    return request.param


async def turns(number):
    for _ in range(number):
        await asyncio.sleep(0)


async def cancelled(coroutine, after):
    """Cancel what is awaited after so many turns of the loop."""
    task = asyncio.ensure_future(coroutine)
    await turns(after)
    task.cancel()
    await asyncio.wait([task])


def test_closed_as_a_service_is_first_asked_for_no_watch_is_left(kind):
    cluster = cluster_of(2)  # whose pods refuse connections

    async def main():
        async with cluster.async_resolver(namespace="shop") as resolver:
            for after in range(1, 20):  # one that has not begun the clients themselves refuse
                client = Client(kind, resolver)
                asking = asyncio.ensure_future(client.get("http://web:1/"))
                await turns(after)
                await client.close()
                await asyncio.wait([asking])
                assert isinstance(asking.exception(), client.errors)
                assert not resolver.watches()

    asyncio.run(main())


def test_a_request_that_closing_has_cut_is_not_sent_again(kind):
    cluster = cluster_of(2)

    async def main():
        async with cluster.async_resolver(namespace="shop") as resolver:
            client = Client(kind, resolver)
            asking = asyncio.ensure_future(client.get(f"http://web:{pods.port}/"))
            await asyncio.to_thread(pods.until_asked)
            await client.close()
            await asyncio.wait([asking])
            assert isinstance(asking.exception(), client.errors)
            assert not resolver.watches()
            await asyncio.to_thread(pods.until_closed, *addresses(cluster))
            assert len(pods.requests) == 1

    with Pods(*addresses(cluster)) as pods:
        pods.silent = True
        asyncio.run(main())


def test_closing_that_is_cancelled_closes_everything(kind):
    cluster = cluster_of(2, headless("api.shop", http=80, pods=2))
    at = [*addresses(cluster), *addresses(cluster, "shop/api")]

    async def main():
        async with cluster.async_resolver(namespace="shop") as resolver:
            for after in range(1, 10):
                client = Client(kind, resolver)
                for host in ("web", "api", "web", "api"):
                    await client.get(f"http://{host}:{pods.port}/")
                await cancelled(client.close(), after)
                await asyncio.to_thread(pods.until_closed, *at)
                assert not resolver.watches()

    with Pods(*at) as pods:
        asyncio.run(main())


@pytest.mark.parametrize("kind", ["httpx", "httpx2"])
@pytest.mark.parametrize("after", range(1, 5))
def test_a_request_that_is_cancelled_leaves_no_connection_to_endpoints_that_left(kind, after):
    cluster = cluster_of(4)
    departing = cluster.pods("shop/web")[:3]

    async def main():
        async with cluster.async_resolver(namespace="shop") as resolver:
            client = Client(kind, resolver)
            for _ in range(4):
                await client.get(f"http://web:{pods.port}/")
            for pod in departing:
                cluster.set_ready(pod, False)
            await cluster.advance(120)
            await cancelled(client.get(f"http://web:{pods.port}/"), after)
            await asyncio.to_thread(pods.until_closed, *(pod.ip for pod in departing))
            await client.close()

    with Pods(*addresses(cluster)) as pods:
        asyncio.run(main())
