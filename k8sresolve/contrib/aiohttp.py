"""aiohttp: names found by a resolver, connections that grow old, and requests balanced over a headless Service.

::

    async with aiohttp.ClientSession(connector=balanced()) as session:
        async with session.get("http://cassandra.data:8080/") as reply:
            ...
"""

from __future__ import annotations

import asyncio
import math
import socket
import sys
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary, WeakSet

from k8sresolve import (
    AsyncResolver,
    AsyncWatch,
    ConfigError,
    ConnectFailed,
    ConnectTimeout,
    Endpoint,
    Error,
    ResolveError,
    ResolverClosed,
)
from k8sresolve.contrib._aging import ages, is_over
from k8sresolve.contrib._balancing import Aim, Tries, settle
from k8sresolve.contrib._followed import AsyncServices, BalancePolicy, Followed
from k8sresolve.contrib._names import AsyncNames, Scope
from k8sresolve.contrib._needs import needed, read_port_name

try:
    import aiohttp
    from aiohttp.abc import AbstractResolver, ResolveResult
    from aiohttp.client_proto import ResponseHandler
except ImportError as _error:
    raise ImportError("k8sresolve.contrib.aiohttp needs aiohttp: pip install 'aiohttp>=3.13'") from _error

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

__all__ = ["Resolver", "TCPConnector", "balanced"]

_NEEDED = (
    (aiohttp.TCPConnector, "connect"),
    (ResponseHandler, "exception"),
    (ResponseHandler, "force_close"),
    (ResponseHandler, "should_close"),
)
_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


class Resolver(AbstractResolver):
    """A resolver of aiohttp's, for `aiohttp.TCPConnector(resolver=...)`; it may be made before the loop runs.

    aiohttp's connector remembers what it is told for 10 s, whatever the TTL, and takes the addresses in turn:
    `TCPConnector(use_dns_cache=False)` leaves both to the resolver. It keeps connections by the URL's host, so that
    pods that are new get none of them: see `TCPConnector` here, and `balanced`.

    Requests raise `aiohttp.ClientConnectorDNSError`, with k8sresolve's text, and its error as `__cause__`.

    Args:
        resolver: An `AsyncResolver`, which stays the caller's to close; None is the process's own.
        scope: Which names it finds: `"cluster"`, those that are or may be the cluster's, or `"all"`. Others go to
            `aiohttp.DefaultResolver`.
        port_name: The name of a port of the URL's host. Its number is found by SRV, and holds in place of the URL's.

    Raises:
        ConfigError: An option cannot be.
        InvalidName: `port_name` is no port's name.

    >>> import asyncio
    >>> from k8sresolve.contrib.aiohttp import Resolver
    >>> from k8sresolve.testing import Cluster
    >>> async def addresses():
    ...     cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    ...     async with cluster.async_resolver(namespace="shop") as resolver:
    ...         found = await Resolver(resolver, port_name="http").resolve("payments", 8080)
    ...         return [(one["host"], one["port"]) for one in found]
    ...
    >>> asyncio.run(addresses())
    [('10.96.20.1', 80)]
    """

    def __init__(
        self, resolver: AsyncResolver | None = None, *, scope: Scope = "cluster", port_name: str | None = None
    ) -> None:
        self._names = AsyncNames(resolver, scope)
        self._port_name = read_port_name(port_name)
        self._before: AbstractResolver | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Find the addresses of a host, as aiohttp asks for them.

        Raises as `AsyncResolver.getaddrinfo` does, but `aiohttp.ClientConnectionError` where that is closed.
        """
        try:
            if not self._names.takes(host):
                return await self._others().resolve(host, port, family)
            infos = await self._names.getaddrinfo(host, self._port_name or port, family, socket.SOCK_STREAM)
        except ResolveError as error:
            _tell_all(error)
            raise
        except Error as error:
            raise aiohttp.ClientConnectionError(str(error)) from error
        return [
            ResolveResult(hostname=host, host=str(at[0]), port=int(at[1]), family=of, proto=proto, flags=_NUMERIC)
            for of, _, proto, _, at in infos
        ]

    def _others(self) -> AbstractResolver:
        """What aiohttp itself would look names up by in the loop that runs, of which that is."""
        loop = asyncio.get_running_loop()
        if self._before is None or self._loop is not loop:
            self._before, self._loop = aiohttp.DefaultResolver(), loop
        return self._before

    async def close(self) -> None:
        """Close what aiohttp itself would look names up by; the `AsyncResolver` stays the caller's."""
        before, self._before, self._loop = self._before, None, None
        if before is not None:
            await before.close()


class TCPConnector(aiohttp.TCPConnector):
    """`aiohttp.TCPConnector`, with names looked up by an `AsyncResolver`, and connections that grow old.

    Requests raise aiohttp's errors.

    Args:
        resolver: An `AsyncResolver`, which stays the caller's to close, or a resolver of aiohttp's own kind, to be used
            as it is; None is the process's own.
        scope, port_name: As of `Resolver`.
        max_connection_age: Seconds after which a connection takes no request more, less up to a fifth by chance. It is
            closed as its request is done, or when it is next asked for. No request is cut. With 300, connections to a
            ClusterIP reach pods that are new within five minutes; None: they stay as long as aiohttp keeps them.
        **options: Those of `aiohttp.TCPConnector`.

    Raises:
        ConfigError: An option cannot be, or this version of aiohttp is built otherwise.
        InvalidName: `port_name` is no port's name.

    >>> from http.server import HTTPServer, SimpleHTTPRequestHandler
    >>> from threading import Thread
    >>> import asyncio
    >>> import aiohttp
    >>> from k8sresolve.contrib.aiohttp import TCPConnector
    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> async def pay(resolver):
    ...     connector = TCPConnector(resolver, max_connection_age=300)
    ...     async with aiohttp.ClientSession(connector=connector) as session:
    ...         async with session.get("http://payments/") as reply:
    ...             return reply.status
    ...
    >>> with HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as server, cluster.patch():
    ...     cluster.route("payments.shop", "http", to=server.server_address)
    ...     Thread(target=server.handle_request, daemon=True).start()
    ...     asyncio.run(pay(cluster.async_resolver(namespace="shop")))
    ...
    200
    """

    def __init__(
        self,
        resolver: AsyncResolver | AbstractResolver | None = None,
        *,
        scope: Scope = "cluster",
        port_name: str | None = None,
        max_connection_age: float | None = None,
        **options: Any,
    ) -> None:
        for owner, attribute in _NEEDED:
            needed(owner, attribute, "aiohttp")
        self._lifetimes = ages(max_connection_age)
        self._ends: WeakKeyDictionary[ResponseHandler, float] = WeakKeyDictionary()
        self._own: Resolver | None = None
        if not isinstance(resolver, AbstractResolver):
            resolver = self._own = Resolver(resolver, scope=scope, port_name=port_name)
        elif scope != "cluster" or port_name is not None:
            raise ConfigError("scope and port_name are of a Resolver, and one was given", advice="give them to it")
        super().__init__(resolver=resolver, **options)  # pyright: ignore[reportUnknownMemberType]

    async def connect(
        self, req: aiohttp.ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout
    ) -> Connection:
        """Give a connection from the pool, or a new one."""
        if self._lifetimes is None:
            return await super().connect(req, traces, timeout)
        return await self._connect(req, traces, timeout)

    async def _connect(self, req: Any, traces: list[Trace], timeout: aiohttp.ClientTimeout) -> Connection:
        """Give one that has not come to its end; one that was found to have is closed."""
        while True:
            connection = await super().connect(req, traces, timeout)
            protocol = cast("ResponseHandler", connection.protocol)
            end = self._ends.get(protocol)
            if end is None:
                end = self._ends[protocol] = self._lifetimes.end() if self._lifetimes else math.inf
            elif is_over(end) or protocol.should_close:
                connection.close()
                continue
            connection.add_callback(partial(_finish, protocol, end))
            return connection

    async def close(self, **options: Any) -> None:
        """Close all connections."""
        try:
            await super().close(**options)
        finally:
            if self._own is not None:
                await self._own.close()


def _finish(protocol: ResponseHandler, end: float) -> None:
    """A request is done: the connection goes back to the pool, or is closed if it is over its age."""
    if is_over(end):
        protocol.force_close()


def balanced(
    resolver: AsyncResolver | None = None,
    *,
    scope: Scope = "cluster",
    policy: BalancePolicy = "p2c",
    max_connection_age: float | None = None,
    **options: Any,
) -> aiohttp.TCPConnector:
    """Make a connector that connects each request to one of the pods of a headless Service, which a balancer picks.

    It is a connector, since a session closes its own, and all else of a session stays the caller's. As any of
    aiohttp's, it is made in a running loop. Each host that is a Service of the cluster is followed by a watch, from the
    first request to it until the connector is closed; the port is the URL's. Other names, requests by a proxy, and all
    where `K8SRESOLVE_DISABLE` says so, go as `TCPConnector` here has them go. A Service with a ClusterIP is one
    endpoint.

    Where a connection fails, the other endpoints are tried, until `sock_connect` or `connect` of the timeout; each may
    take its share of that, and 250 ms at least. Where one ends without a reply, aiohttp itself sends GET, HEAD,
    OPTIONS, TRACE, PUT and DELETE once more, unless the body is read as it is sent: here to another endpoint, if there
    is one. A certificate that is refused is tried nowhere else. A connection to an endpoint that left takes no request
    more.

    The certificate's check, SNI and the Host header are of the name in the URL. Requests raise
    `aiohttp.ClientConnectorDNSError` where a lookup fails or no endpoint is there, and `aiohttp.ClientConnectorError`
    where none could be connected to, with k8sresolve's text, and its error as `__cause__`;
    `aiohttp.ConnectionTimeoutError` where none answered in time, with the text in its cause.

    Args:
        resolver: An `AsyncResolver`, which stays the caller's to close; None is the process's own.
        scope: Which names it finds: `"cluster"`, those that are or may be the cluster's, or `"all"`.
        policy: `"p2c"` or `"round_robin"`: see `k8sresolve.balance.Balancer`.
        max_connection_age: As of `TCPConnector`.
        **options: Those of `aiohttp.TCPConnector`; `limit_per_host` is of each endpoint.

    Raises:
        ConfigError: An option cannot be, or this version of aiohttp is built otherwise.

    >>> import asyncio
    >>> import aiohttp
    >>> from k8sresolve.contrib.aiohttp import balanced
    >>> from k8sresolve.testing import Cluster
    >>> async def ask():
    ...     async with Cluster.from_manifests("docs/examples/shop.yaml").async_resolver() as resolver:
    ...         async with aiohttp.ClientSession(connector=balanced(resolver)) as session:
    ...             try:
    ...                 await session.get("http://casandra.data:8080/")
    ...             except aiohttp.ClientConnectorError as error:
    ...                 return type(error.__cause__).__name__
    ...
    >>> asyncio.run(ask())
    'NoSuchName'
    """
    return _BalancedConnector(resolver, scope, policy, max_connection_age, options)


class _Aimed:
    """A request as a connector is to see it: to an endpoint's address, with TLS for the host of its URL.

    The connection is kept for requests to the same host and endpoint.
    """

    def __init__(self, request: aiohttp.ClientRequest, aim: Aim) -> None:
        host = request.url.raw_host or ""
        self._request = request
        self.url = request.url.with_host(aim.to.address)
        self.host = aim.to.address
        self.server_hostname = request.server_hostname or host.rstrip(".")
        self.connection_key = request.connection_key._replace(host=f"{host} at {aim.to.address}")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._request, name)


class _BalancedConnector(TCPConnector):
    """Connects each request to an endpoint that a balancer picks; aiohttp itself sends again what may be."""

    def __init__(
        self,
        resolver: AsyncResolver | None,
        scope: Scope,
        policy: BalancePolicy,
        max_connection_age: float | None,
        options: dict[str, Any],
    ) -> None:
        names = AsyncNames(resolver, scope)
        self._services: AsyncServices[WeakSet[ResponseHandler]] = AsyncServices(names, policy, WeakSet)
        super().__init__(resolver, scope=scope, max_connection_age=max_connection_age, **options)

    async def connect(
        self, req: aiohttp.ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout
    ) -> Connection:
        """Give a connection to an endpoint of the URL's host, or one as a plain connector does."""
        if self.closed:
            raise aiohttp.ClientConnectionError("Connector is closed.")  # as aiohttp says it, after connecting
        broken = _broken.get()
        if broken is not None:
            _broken.set(None)
        tries = Tries(req.host, req.port or 0, _seconds(timeout), repeats=False, broken=broken)
        try:
            followed = None if req.proxy else await self._services.find(req.host, tries.left)
            if followed is None:
                return await super().connect(req, traces, timeout)
            async with asyncio.timeout(timeout.connect):
                return await _first(partial(self._try, followed, tries, req, traces, timeout))
        except (ResolverClosed, ConfigError) as error:
            raise aiohttp.ClientConnectionError(str(error)) from error
        except (ResolveError, ConnectFailed) as error:
            if isinstance(error, ConnectTimeout):
                raise  # of which aiohttp makes its own
            kind = aiohttp.ClientConnectorDNSError if isinstance(error, ResolveError) else aiohttp.ClientConnectorError
            _tell_all(error)
            raise kind(req.connection_key, error) from error

    async def _try(
        self,
        followed: Followed[AsyncWatch, WeakSet[ResponseHandler]],
        tries: Tries,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,
    ) -> Connection | None:
        for departed in followed.kept.departed(followed.current):
            for protocol in departed:
                protocol.force_close()
        aim = tries.aim(followed.balancer, len(followed.current))
        bounds = aiohttp.ClientTimeout(
            total=timeout.total,
            sock_connect=aim.seconds,
            sock_read=timeout.sock_read,
            ceil_threshold=timeout.ceil_threshold,
        )
        try:
            connection = await self._connect(_Aimed(req, aim), traces, bounds)
        except aiohttp.ClientConnectorCertificateError as error:
            settle(aim.picked, went_well=None)
            raise aiohttp.ClientConnectorCertificateError(req.connection_key, error.certificate_error) from error
        except (aiohttp.ClientConnectorError, TimeoutError) as error:
            # A timeout of asyncio's comes of a cancellation, which tells nothing.
            tries.unreached(aim, TimeoutError() if isinstance(error, TimeoutError) else error)
            return None
        except BaseException:
            settle(aim.picked, went_well=None)
            raise
        protocol = cast("ResponseHandler", connection.protocol)
        followed.kept.of(aim.picked.endpoint).add(protocol)
        connection.add_callback(partial(_end, aim, protocol))
        return connection

    async def close(self, **options: Any) -> None:
        """Follow no Service more, and close all connections."""
        ends = [asyncio.ensure_future(followed.watch.close()) for followed in self._services.all()]
        try:
            await super().close(**options)
        finally:
            if ends:
                await asyncio.wait(ends)  # they go on where this is cancelled


# aiohttp sends a request again by asking for another connection, in the same task.
_broken: ContextVar[Endpoint | None] = ContextVar("the endpoint that ended this task's last request", default=None)


async def _first(attempt: Callable[[], Awaitable[Connection | None]]) -> Connection:
    """The first connection that one of as many attempts as it takes comes to; the last attempt there may be raises."""
    while True:
        connection = await attempt()
        if connection is not None:
            return connection


def _end(aim: Aim, protocol: ResponseHandler) -> None:
    """A request's connection is given back, or closed: by what was raised, if anything was."""
    went_well = False if protocol.exception() is not None else None if sys.exc_info()[1] is not None else True
    if went_well is False:
        _broken.set(aim.picked.endpoint)
    settle(aim.picked, went_well=went_well)


def _seconds(timeout: aiohttp.ClientTimeout) -> float | None:
    return min((one for one in (timeout.connect, timeout.sock_connect) if one is not None), default=None)


def _tell_all(error: OSError) -> None:
    """Let aiohttp's own error tell all of the text of ours, its cause, of which it tells nothing else."""
    error.strerror = str(error)
