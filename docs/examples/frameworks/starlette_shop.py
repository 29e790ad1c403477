"""The same with Starlette alone: what the lifespan makes is in `request.state`."""

from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from k8sresolve import AsyncResolver, NotFound, TemporaryFailure


def make_app(resolver: AsyncResolver | None = None) -> Starlette:
    @asynccontextmanager
    async def lifespan(_app: Starlette):
        yield {"resolver": resolver or AsyncResolver()}

    return Starlette(
        lifespan=lifespan,
        routes=[Route("/payments", where)],
        exception_handlers={NotFound: missing, TemporaryFailure: away},
    )


async def where(request: Request) -> JSONResponse:
    resolver: AsyncResolver = request.state.resolver
    port = await resolver.port("payments", "http")
    return JSONResponse({"host": port.service.host, "port": port.number})


async def missing(_request: Request, _error: Exception) -> JSONResponse:
    return JSONResponse({"detail": "there is no such service"}, 404)


async def away(_request: Request, _error: Exception) -> JSONResponse:
    return JSONResponse({"detail": "try again"}, 503, {"Retry-After": "1"})
