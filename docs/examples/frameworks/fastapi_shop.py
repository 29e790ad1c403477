"""An API that asks `payments`: 404 where there is no such Service, 503 at trouble."""

from contextlib import asynccontextmanager
from typing import Annotated

import httpx
from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse

from k8sresolve import AsyncResolver, NotFound, TemporaryFailure
from k8sresolve.contrib.httpx import AsyncHTTPTransport


def make_app(resolver: AsyncResolver | None = None) -> FastAPI:
    """In a pod no resolver is given: the process has its own. Tests give theirs."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI):
        transport = AsyncHTTPTransport(resolver=resolver)
        async with httpx.AsyncClient(mounts={"http://": transport}) as client:
            yield {"client": client, "resolver": resolver or AsyncResolver()}

    app = FastAPI(lifespan=lifespan)
    app.post("/orders/{order}/payment")(pay)
    app.get("/payments")(where)
    app.exception_handler(NotFound)(missing)
    app.exception_handler(TemporaryFailure)(away)
    app.exception_handler(httpx.TransportError)(not_reached)
    return app


def client_of(request: Request) -> httpx.AsyncClient:
    return request.state.client


def resolver_of(request: Request) -> AsyncResolver:
    return request.state.resolver


async def pay(
    order: int, client: Annotated[httpx.AsyncClient, Depends(client_of)]
) -> str:
    """Ask payments by HTTP: the client finds it."""
    reply = await client.post(f"http://payments/orders/{order}")
    return reply.raise_for_status().text


async def where(resolver: Annotated[AsyncResolver, Depends(resolver_of)]) -> list[str]:
    """Ask the resolver itself."""
    return [str(address) for address in (await resolver.service("payments")).addresses]


async def missing(_request: Request, _error: Exception) -> JSONResponse:
    return JSONResponse({"detail": "there is no such service"}, 404)


async def away(_request: Request, _error: Exception) -> JSONResponse:
    return JSONResponse({"detail": "try again"}, 503, {"Retry-After": "1"})


async def not_reached(request: Request, error: Exception) -> JSONResponse:
    """httpx raises its own errors, with k8sresolve's as their cause."""
    reply = missing if isinstance(error.__cause__, NotFound) else away
    return await reply(request, error)
