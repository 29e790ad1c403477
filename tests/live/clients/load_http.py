"""HTTP clients under load with their adapters, whose connections grow old, or do not."""

import asyncio
from contextlib import AsyncExitStack

import aiohttp
import httpx
import requests

from k8sresolve.contrib.aiohttp import TCPConnector
from k8sresolve.contrib.httpx import AsyncHTTPTransport
from k8sresolve.contrib.requests import HTTPAdapter
from k8sresolve.contrib.urllib3 import PoolManager
from tests.live import load

URL, AGE = load.plan["url"], load.plan["age"]
WORKERS, PAUSE = load.plan["workers"], load.plan["pause"]


async def by_httpx() -> None:
    # httpx keeps 20 of them by default, and closes the others as they are idle.
    limits = httpx.Limits(max_connections=WORKERS, max_keepalive_connections=WORKERS)
    transport = AsyncHTTPTransport(limits=limits, max_connection_age=AGE)
    async with httpx.AsyncClient(mounts={"http://": transport}) as client:

        async def get() -> str:
            return str((await client.get(URL)).json()["pod"])

        await load.drive_async(get, WORKERS, PAUSE)


async def by_aiohttp() -> None:
    async with AsyncExitStack() as stack:
        connector = TCPConnector(max_connection_age=AGE)
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))

        async def get() -> str:
            async with session.get(URL) as reply:
                return str((await reply.json())["pod"])

        await load.drive_async(get, WORKERS, PAUSE)


def by_requests() -> None:
    with requests.Session() as session:
        session.mount("http://", HTTPAdapter(pool_maxsize=WORKERS, max_connection_age=AGE))
        load.drive(lambda: str(session.get(URL, timeout=5).json()["pod"]), WORKERS, PAUSE)


def by_urllib3() -> None:
    with PoolManager(maxsize=WORKERS, max_connection_age=AGE, timeout=5) as http:
        load.drive(lambda: str(http.request("GET", URL, retries=False).json()["pod"]), WORKERS, PAUSE)


def main() -> None:
    clients = {
        "aiohttp": lambda: asyncio.run(by_aiohttp()),
        "httpx": lambda: asyncio.run(by_httpx()),
        "requests": by_requests,
        "urllib3": by_urllib3,
    }
    clients[load.plan["client"]]()


if __name__ == "__main__":
    main()
