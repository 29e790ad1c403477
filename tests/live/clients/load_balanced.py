"""The clients that have balanced forms, under load: `plan` has the client's name, what its adapter takes, and a URL."""

import asyncio
import json
import ssl
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import httpx
import httpx2

from k8sresolve.contrib import aiohttp as on_aiohttp
from k8sresolve.contrib import httpx as on_httpx
from k8sresolve.contrib import httpx2 as on_httpx2
from tests.live import load

OPTIONS: dict[str, Any] = load.plan.get("options", {})
TRUSTED = ssl.create_default_context(cafile=load.plan.get("ca"))
URL, METHOD = load.plan["url"], load.plan.get("method", "GET")
LOAD = {key: load.plan[key] for key in ("workers", "pause") if key in load.plan}


def blocking(client: Any) -> None:
    with client:
        load.drive(lambda: str(client.request(METHOD, URL).json()["pod"]), **LOAD)


async def tasks(client: Any) -> None:
    async with client:

        async def get() -> str:
            return str((await client.request(METHOD, URL)).json()["pod"])

        await load.drive_async(get, **LOAD)


async def on_connector(make: Any) -> None:
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=make(ssl=TRUSTED, **OPTIONS)))

        async def get() -> str:
            async with session.request(METHOD, URL) as reply:
                return str(json.loads(await reply.text())["pod"])

        await load.drive_async(get, **LOAD)


CLIENTS = {
    "aiohttp": lambda: asyncio.run(on_connector(on_aiohttp.balanced)),
    "aiohttp, plain": lambda: asyncio.run(on_connector(on_aiohttp.TCPConnector)),
    "httpx": lambda: blocking(httpx.Client(transport=on_httpx.BalancedTransport(verify=TRUSTED, **OPTIONS))),
    "httpx, tasks": lambda: asyncio.run(
        tasks(httpx.AsyncClient(transport=on_httpx.AsyncBalancedTransport(verify=TRUSTED, **OPTIONS)))
    ),
    "httpx2": lambda: blocking(httpx2.Client(transport=on_httpx2.BalancedTransport(verify=TRUSTED, **OPTIONS))),
    "httpx2, tasks": lambda: asyncio.run(
        tasks(httpx2.AsyncClient(transport=on_httpx2.AsyncBalancedTransport(verify=TRUSTED, **OPTIONS)))
    ),
}

if __name__ == "__main__":
    CLIENTS[load.plan["client"]]()
