"""httpx: transports that find a cluster's Services.

::

    transport = HTTPTransport()
    with httpx.Client(mounts={"http://": transport}) as client:
        client.get("http://payments.shop/")
"""

from __future__ import annotations

from typing import Any

from k8sresolve import AsyncResolver, Resolver
from k8sresolve.contrib._followed import BalancePolicy
from k8sresolve.contrib._httpx import AsyncBackend, Backend, attach, read_options, show_cause
from k8sresolve.contrib._httpx_balanced import AsyncBalanced, Balanced, Own
from k8sresolve.contrib._names import AsyncNames, Names, Scope

try:
    import httpcore
    import httpx
except ImportError as _error:
    raise ImportError("k8sresolve.contrib.httpx needs httpx: pip install 'httpx>=0.28'") from _error

__all__ = ["AsyncBalancedTransport", "AsyncHTTPTransport", "BalancedTransport", "HTTPTransport"]


class HTTPTransport(httpx.HTTPTransport):
    """`httpx.HTTPTransport`, with names looked up by a `Resolver`.

    The certificate's check, SNI and the Host header are of the name in the URL. The client's connect timeout bounds
    lookup and connecting together. With `proxy=`, the proxy's name is looked up.

    Requests raise httpx's errors: `httpx.ConnectTimeout` where the time was over, `httpx.ConnectError` for other
    failures of a lookup or connection, with k8sresolve's text, and its error as `__cause__`.

    Args:
        *arguments: Those of `httpx.HTTPTransport`.
        resolver: A `Resolver`, which stays the caller's to close; None is the process's own.
        scope: Which names it finds: `"cluster"`, those that are or may be the cluster's, or `"all"`. Others go where
            httpx has them go.
        port_name: The name of a port of the URL's host. Its number is found by SRV, and holds in place of the URL's.
        max_connection_age: Seconds after which a connection takes no request more, less up to a fifth by chance, and
            is closed as soon as it is idle. No request is cut. With 300, connections to a ClusterIP reach pods that
            are new within five minutes; None: they stay as long as httpx keeps them.
        **options: Those of `httpx.HTTPTransport`.

    Raises:
        ConfigError: An option cannot be, `port_name` goes with `proxy=`, or this version of httpx is built otherwise.
        InvalidName: `port_name` is no port's name.

    >>> from http.server import HTTPServer, SimpleHTTPRequestHandler
    >>> from threading import Thread
    >>> import httpx
    >>> from k8sresolve.contrib.httpx import HTTPTransport
    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> with HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as server, cluster.patch():
    ...     cluster.route("payments.shop", "http", to=server.server_address)
    ...     Thread(target=server.handle_request, daemon=True).start()
    ...     with httpx.Client(transport=HTTPTransport(resolver=cluster.resolver(namespace="shop"))) as client:
    ...         print(client.get("http://payments/").status_code)
    ...
    200
    """

    def __init__(
        self,
        *arguments: Any,
        resolver: Resolver | None = None,
        scope: Scope = "cluster",
        port_name: str | None = None,
        max_connection_age: float | None = None,
        **options: Any,
    ) -> None:
        names, own = Names(resolver, scope), read_options(port_name, max_connection_age)
        super().__init__(*arguments, **options)
        attach(self, httpcore, Backend, names, own)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, as httpx does."""
        try:
            return super().handle_request(request)
        except httpx.TransportError as error:
            show_cause(error)
            raise


class AsyncHTTPTransport(httpx.AsyncHTTPTransport):
    """`httpx.AsyncHTTPTransport`, in asyncio and trio: as `HTTPTransport`, with an `AsyncResolver`.

    Of a name with several addresses, that one wins which answers first: an attempt begins as the last one fails, or
    250 ms after that began, and those before go on.

    Args:
        *arguments: Those of `httpx.AsyncHTTPTransport`.
        resolver: An `AsyncResolver`, which stays the caller's to close; None is the process's own.
        scope, port_name, max_connection_age: As of `HTTPTransport`.
        **options: Those of `httpx.AsyncHTTPTransport`.

    Raises:
        ConfigError, InvalidName: As `HTTPTransport`.

    Source: RFC 8305, section 5.

    >>> import asyncio
    >>> import httpx
    >>> from k8sresolve.contrib.httpx import AsyncHTTPTransport
    >>> from k8sresolve.testing import Cluster
    >>> async def pay():
    ...     async with Cluster.from_manifests("docs/examples/shop.yaml").async_resolver(namespace="shop") as resolver:
    ...         async with httpx.AsyncClient(mounts={"http://": AsyncHTTPTransport(resolver=resolver)}) as client:
    ...             await client.get("http://paymets/")
    ...
    >>> try:
    ...     asyncio.run(pay())
    ... except httpx.ConnectError as error:
    ...     print(type(error.__cause__).__name__)
    ...
    NoSuchName
    """

    def __init__(
        self,
        *arguments: Any,
        resolver: AsyncResolver | None = None,
        scope: Scope = "cluster",
        port_name: str | None = None,
        max_connection_age: float | None = None,
        **options: Any,
    ) -> None:
        names, own = AsyncNames(resolver, scope), read_options(port_name, max_connection_age)
        super().__init__(*arguments, **options)
        attach(self, httpcore, AsyncBackend, names, own)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, as httpx does."""
        try:
            return await super().handle_async_request(request)
        except httpx.TransportError as error:
            show_cause(error)
            raise


class BalancedTransport(Balanced, httpx.BaseTransport):
    """Sends each request to one of the pods of a headless Service, which a balancer picks.

    Each host that is a Service of the cluster is followed by a watch, from the first request to it until the client is
    closed; the port is the URL's. Other names, and all where `K8SRESOLVE_DISABLE` says so, go as `HTTPTransport` has
    them go. A Service with a ClusterIP is one endpoint.

    Where a connection fails, the other endpoints are tried, until the client's connect timeout; each may take its share
    of that, and 250 ms at least. Where one ends without a reply, GET, HEAD, OPTIONS, PUT and DELETE are sent once more,
    to another endpoint if there is one, unless the body is read as it is sent. A certificate that is refused is tried
    nowhere else. A connection to an endpoint that left takes no request more, and is closed as its reply has been read.

    The certificate's check, SNI and the Host header are of the name in the URL. Requests raise as those of
    `HTTPTransport`.

    Args:
        resolver: A `Resolver`, which stays the caller's to close; None is the process's own.
        scope: Which names it finds: `"cluster"`, those that are or may be the cluster's, or `"all"`.
        policy: `"p2c"` or `"round_robin"`: see `k8sresolve.balance.Balancer`.
        max_connection_age: As of `HTTPTransport`.
        **options: Those of `httpx.HTTPTransport`, but for `proxy` and `uds`; `limits` are of each endpoint.

    Raises:
        ConfigError: An option cannot be, or this version of httpx is built otherwise.

    >>> import httpx
    >>> from k8sresolve.contrib.httpx import BalancedTransport
    >>> from k8sresolve.testing import Cluster
    >>> with Cluster.from_manifests("docs/examples/shop.yaml").resolver() as resolver:
    ...     with httpx.Client(transport=BalancedTransport(resolver)) as client:
    ...         try:
    ...             client.get("http://casandra.data:8080/")
    ...         except httpx.ConnectError as error:
    ...             print(type(error.__cause__).__name__)
    ...
    NoSuchName
    """

    def __init__(
        self,
        resolver: Resolver | None = None,
        *,
        scope: Scope = "cluster",
        policy: BalancePolicy = "p2c",
        max_connection_age: float | None = None,
        **options: Any,
    ) -> None:
        own = Own(scope, policy, max_connection_age)
        super().__init__(httpx, HTTPTransport, resolver, own, options)


class AsyncBalancedTransport(AsyncBalanced, httpx.AsyncBaseTransport):
    """`BalancedTransport` in asyncio or trio; it may be made before the loop runs, and is used in one.

    Args:
        resolver: An `AsyncResolver`, which stays the caller's to close; None is the process's own.
        scope, policy, max_connection_age: As of `BalancedTransport`.
        **options: Those of `httpx.AsyncHTTPTransport`, but for `proxy` and `uds`.

    Raises:
        ConfigError: As `BalancedTransport`.

    >>> import asyncio
    >>> import httpx
    >>> from k8sresolve.contrib.httpx import AsyncBalancedTransport
    >>> from k8sresolve.testing import Cluster
    >>> async def ask():
    ...     async with Cluster.from_manifests("docs/examples/shop.yaml").async_resolver() as resolver:
    ...         async with httpx.AsyncClient(transport=AsyncBalancedTransport(resolver)) as client:
    ...             await client.get("http://casandra.data:8080/")
    ...
    >>> try:
    ...     asyncio.run(ask())
    ... except httpx.ConnectError as error:
    ...     print(type(error.__cause__).__name__)
    ...
    NoSuchName
    """

    def __init__(
        self,
        resolver: AsyncResolver | None = None,
        *,
        scope: Scope = "cluster",
        policy: BalancePolicy = "p2c",
        max_connection_age: float | None = None,
        **options: Any,
    ) -> None:
        own = Own(scope, policy, max_connection_age)
        super().__init__(httpx, AsyncHTTPTransport, resolver, own, options)
