"""aiohttp: within `cluster.patch()` with its `ThreadedResolver`, and with its `AsyncResolver` at `cluster.serve()`.

Where aiodns is installed, as here, aiohttp's default resolver is c-ares, which is not Python's and so not patched.
"""

import asyncio
import json
import sys

import aiohttp
from aiohttp.resolver import AsyncResolver, DefaultResolver, ThreadedResolver

from k8sresolve.testing import Cluster
from tests.live.clients import web

URLS = ("http://payments/", "http://nope/", "http://payments:9090/")


async def get(session: aiohttp.ClientSession, url: str) -> str:
    try:
        async with session.get(url) as reply:
            return await reply.text()
    except aiohttp.ClientConnectionError as error:
        return type(error).__name__


async def get_all(resolver: aiohttp.abc.AbstractResolver | None) -> dict[str, str]:
    connector = aiohttp.TCPConnector(resolver=resolver)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(10)) as session:
        return {url: await get(session, url) for url in URLS}


async def main() -> None:
    cluster = Cluster.from_manifests(*sys.argv[1:])
    config = cluster.config("shop")
    told: dict[str, object] = {"the default is c-ares": DefaultResolver is AsyncResolver}
    with web.stand_in() as port:
        cluster.route("payments.shop", "http", to=("127.0.0.1", port))
        with cluster.patch(namespace="shop"):
            told["patch"] = await get_all(ThreadedResolver())
            with cluster.serve() as server:
                nameserver = f"{server.host}:{server.port}"
                resolver = AsyncResolver(nameservers=[nameserver], domains=list(config.search), ndots=config.ndots)
                told["serve"] = await get_all(resolver)
                await resolver.close()
    told["resolv.conf"] = await get_all(None)
    told["asked"] = cluster.queries.asked("payments.shop.svc.cluster.local", "A")
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    asyncio.run(main())
