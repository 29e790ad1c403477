"""Tasks that ask `payments`: one of asyncio, and one that blocks."""

import asyncio
from functools import cache

import httpx
import requests
from celery import Celery

from k8sresolve import AsyncResolver, NotFound, Resolver
from k8sresolve.contrib.httpx import AsyncHTTPTransport
from k8sresolve.contrib.requests import HTTPAdapter

app = Celery("shop", config_source="celeryconfig")
# None: the process's own; tests give those of their cluster.
in_loops: AsyncResolver | None = None
blocking: Resolver | None = None


@app.task(bind=True, max_retries=5)
def settle(self, order: int) -> str:
    """Has a loop of its own, as each task of asyncio; one resolver serves them all."""
    try:
        return asyncio.run(pay(order))
    except httpx.TransportError as error:
        if isinstance(error.__cause__, NotFound):
            raise  # there is no such Service: it is no use to try again
        raise self.retry(exc=error, countdown=2**self.request.retries) from error


async def pay(order: int) -> str:
    transport = AsyncHTTPTransport(resolver=in_loops)
    async with httpx.AsyncClient(mounts={"http://": transport}) as client:
        reply = await client.post(f"http://payments/orders/{order}")
        return reply.raise_for_status().text


@app.task
def refund(order: int) -> str:
    reply = session().post(f"http://payments/orders/{order}", timeout=5)
    reply.raise_for_status()
    return reply.text


@cache
def session() -> requests.Session:
    """Made by a process's first task: the pool forks before it has connections."""
    made = requests.Session()
    made.mount("http://", HTTPAdapter(resolver=blocking))
    return made
