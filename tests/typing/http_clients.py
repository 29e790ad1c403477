"""What users' type checkers must accept of the adapters of HTTP clients: they stand where the clients' own classes do.

Nothing here is run: mypy and pyright read it, both in strict mode.
"""

# pyright: strict

from typing import assert_type

import httpx
import httpx2
import requests
import urllib3

from k8sresolve import AsyncResolver, Resolver
from k8sresolve.contrib.httpx import AsyncHTTPTransport, HTTPTransport
from k8sresolve.contrib.httpx2 import AsyncHTTPTransport as AsyncHTTPTransport2
from k8sresolve.contrib.httpx2 import HTTPTransport as HTTPTransport2
from k8sresolve.contrib.requests import HTTPAdapter
from k8sresolve.contrib.urllib3 import PoolManager


def blocking(resolver: Resolver) -> None:
    transport = HTTPTransport(verify=False, http2=True, resolver=resolver, scope="all", port_name="http")
    with httpx.Client(mounts={"http://": transport, "https://": HTTPTransport(max_connection_age=300)}) as client:
        assert_type(client.get("http://payments/"), httpx.Response)
    with httpx2.Client(transport=HTTPTransport2(resolver=resolver, limits=httpx2.Limits(max_connections=3))) as client2:
        assert_type(client2.get("http://payments/"), httpx2.Response)
    session = requests.Session()
    session.mount("http://", HTTPAdapter(max_retries=1, resolver=resolver, max_connection_age=300.0))
    assert_type(session.get("http://payments/"), requests.Response)
    manager: urllib3.PoolManager = PoolManager(3, {"X": "1"}, resolver=resolver, port_name="http", maxsize=2)
    assert_type(manager.request("GET", "http://payments/"), urllib3.BaseHTTPResponse)


async def in_loop(resolver: AsyncResolver) -> None:
    async with httpx.AsyncClient(mounts={"http://": AsyncHTTPTransport(resolver=resolver)}) as client:
        assert_type(await client.get("http://payments/"), httpx.Response)
    async with httpx2.AsyncClient(transport=AsyncHTTPTransport2(scope="cluster")) as client2:
        assert_type(await client2.get("http://payments/"), httpx2.Response)
