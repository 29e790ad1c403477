"""httpx within `cluster.patch()`, blocking and on asyncio, and a route to a local server."""

import asyncio
import json
import sys

import httpx

from k8sresolve.testing import Cluster
from tests.live.clients import web

URLS = ("http://payments/", "http://nope/", "http://payments:9090/")


def get(url: str) -> str:
    try:
        return httpx.get(url, timeout=5, trust_env=False).text
    except httpx.ConnectError as error:
        return str(error)


async def get_async(url: str) -> str:
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        try:
            return (await client.get(url)).text
        except httpx.ConnectError as error:
            return type(error).__name__


async def get_all() -> dict[str, str]:
    return {url: await get_async(url) for url in URLS}


def main() -> None:
    cluster = Cluster.from_manifests(*sys.argv[1:])
    with web.stand_in() as port:
        cluster.route("payments.shop", "http", to=("127.0.0.1", port))
        with cluster.patch(namespace="shop"):
            told = {"blocking": {url: get(url) for url in URLS}, "asyncio": asyncio.run(get_all())}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
