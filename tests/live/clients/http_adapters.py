"""A program that asks Services by HTTPS with one of the clients that have adapters, and tells what came of it."""

import asyncio
import json
import ssl
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import httpx
import httpx2
import requests
import trio
import urllib3

from k8sresolve import Error
from k8sresolve.contrib import aiohttp as for_aiohttp
from k8sresolve.contrib import httpx as for_httpx
from k8sresolve.contrib import httpx2 as for_httpx2
from k8sresolve.contrib.requests import HTTPAdapter
from k8sresolve.contrib.urllib3 import PoolManager
from tests.live import kubectl

POD = "https://ledger-1.ledger.shop.svc.cluster.local/"
URLS = {
    # The number is wrong, and the name of the port is right.
    "right": "https://payments.shop:8443/",
    "wrong": "https://wrong.shop/",
    "missing": "http://paymets.shop/",
    "outside": "http://www.example.com/",
}


def described(error: BaseException) -> dict[str, Any]:
    """Of an error: its class, that of ours which is its cause, whether its text has ours, and whether TLS refused."""
    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None:
        causes.append(cause)
    ours = next((cause for cause in causes if isinstance(cause, Error)), None)
    told = " ".join(str(error).split())
    return {
        "error": f"{type(error).__module__.partition('.')[0]}.{type(error).__name__}",
        "ours": ours and type(ours).__name__,
        "told": ours is not None and str(ours).replace("'", "") in told.replace("\\", "").replace("'", ""),
        "tls": any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes),
    }


def ask(get: Callable[[str], Any]) -> dict[str, Any]:
    def outcome(url: str) -> Any:
        try:
            return get(url)
        except Exception as error:  # noqa: BLE001 - what it is, is told
            return described(error)

    told = {step: outcome(url) for step, url in URLS.items()}
    with kubectl.dns_away():
        told["away"] = outcome(POD)
    told["back"] = outcome(POD)
    return told


async def ask_async(get: Callable[[str], Awaitable[Any]]) -> dict[str, Any]:
    async def outcome(url: str) -> Any:
        try:
            return await get(url)
        except Exception as error:  # noqa: BLE001
            return described(error)

    told = {step: await outcome(url) for step, url in URLS.items()}
    with kubectl.dns_away():
        told["away"] = await outcome(POD)
    told["back"] = await outcome(POD)
    return told


def blocking(package: Any, adapter: Any, trusted: ssl.SSLContext) -> dict[str, Any]:
    mounts = {
        "http://": adapter.HTTPTransport(),
        "https://": adapter.HTTPTransport(verify=trusted),
        "https://payments.shop": adapter.HTTPTransport(verify=trusted, port_name="https"),
    }
    with package.Client(mounts=mounts, timeout=1.5) as client:
        return ask(lambda url: client.get(url).json())


async def in_loop(package: Any, adapter: Any, trusted: ssl.SSLContext) -> dict[str, Any]:
    mounts = {
        "http://": adapter.AsyncHTTPTransport(),
        "https://": adapter.AsyncHTTPTransport(verify=trusted),
        "https://payments.shop": adapter.AsyncHTTPTransport(verify=trusted, port_name="https"),
    }
    async with package.AsyncClient(mounts=mounts, timeout=1.5) as client:

        async def get(url: str) -> Any:
            return (await client.get(url)).json()

        return await ask_async(get)


async def by_aiohttp(trusted: ssl.SSLContext) -> dict[str, Any]:
    timeout = aiohttp.ClientTimeout(sock_connect=1.5)
    async with AsyncExitStack() as stack:
        plain, named = [
            await stack.enter_async_context(aiohttp.ClientSession(connector=connector, timeout=timeout))
            for connector in (
                for_aiohttp.TCPConnector(ssl=trusted),
                aiohttp.TCPConnector(resolver=for_aiohttp.Resolver(port_name="https"), ssl=trusted),
            )
        ]

        async def get(url: str) -> Any:
            async with (named if url.startswith("https://payments.shop") else plain).get(url) as reply:
                return await reply.json()

        return await ask_async(get)


def by_requests(ca: str) -> dict[str, Any]:
    with requests.Session() as session:
        session.mount("http://", HTTPAdapter())
        session.mount("https://", HTTPAdapter())
        session.mount("https://payments.shop", HTTPAdapter(port_name="https"))
        return ask(lambda url: session.get(url, timeout=1.5, verify=ca).json())


def by_urllib3(ca: str) -> dict[str, Any]:
    timeout = urllib3.Timeout(1.5)
    with (
        PoolManager(ca_certs=ca, timeout=timeout) as plain,
        PoolManager(ca_certs=ca, timeout=timeout, port_name="https") as named,
    ):

        def get(url: str) -> Any:
            http = named if url.startswith("https://payments.shop") else plain
            return http.request("GET", url, retries=False).json()

        return ask(get)


def main() -> None:
    plan = json.load(sys.stdin)
    ca = plan["ca"]
    trusted = ssl.create_default_context(cafile=ca)
    clients: dict[str, Callable[[], dict[str, Any]]] = {
        "aiohttp": lambda: asyncio.run(by_aiohttp(trusted)),
        "httpx": lambda: blocking(httpx, for_httpx, trusted),
        "httpx, asyncio": lambda: asyncio.run(in_loop(httpx, for_httpx, trusted)),
        "httpx, trio": lambda: trio.run(in_loop, httpx, for_httpx, trusted),
        "httpx2": lambda: blocking(httpx2, for_httpx2, trusted),
        "httpx2, asyncio": lambda: asyncio.run(in_loop(httpx2, for_httpx2, trusted)),
        "httpx2, trio": lambda: trio.run(in_loop, httpx2, for_httpx2, trusted),
        "requests": lambda: by_requests(ca),
        "urllib3": lambda: by_urllib3(ca),
    }
    json.dump(clients[plan["client"]](), sys.stdout)


if __name__ == "__main__":
    main()
