"""httpx2: transports that find a cluster's Services, as those of `k8sresolve.contrib.httpx`.

::

    transport = HTTPTransport()
    with httpx2.Client(mounts={"http://": transport}) as client:
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
    import httpcore2
    import httpx2
except ImportError as _error:
    raise ImportError("k8sresolve.contrib.httpx2 needs httpx2: pip install 'httpx2>=2'") from _error

__all__ = ["AsyncBalancedTransport", "AsyncHTTPTransport", "BalancedTransport", "HTTPTransport"]


class HTTPTransport(httpx2.HTTPTransport):
    """`httpx2.HTTPTransport`, with names looked up by a `Resolver`: see `k8sresolve.contrib.httpx.HTTPTransport`.

    Args:
        *arguments: Those of `httpx2.HTTPTransport`.
        resolver, scope, port_name, max_connection_age: As of that class.
        **options: Those of `httpx2.HTTPTransport`.

    Raises:
        ConfigError, InvalidName: As that class.

    >>> from http.server import HTTPServer, SimpleHTTPRequestHandler
    >>> from threading import Thread
    >>> import httpx2
    >>> from k8sresolve.contrib.httpx2 import HTTPTransport
    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> with HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as server, cluster.patch():
    ...     cluster.route("payments.shop", "http", to=server.server_address)
    ...     Thread(target=server.handle_request, daemon=True).start()
    ...     with httpx2.Client(transport=HTTPTransport(resolver=cluster.resolver(namespace="shop"))) as client:
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
        attach(self, httpcore2, Backend, names, own)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request, as httpx2 does."""
        try:
            return super().handle_request(request)
        except httpx2.TransportError as error:
            show_cause(error)
            raise


class AsyncHTTPTransport(httpx2.AsyncHTTPTransport):
    """`httpx2.AsyncHTTPTransport`, in asyncio and trio: see `k8sresolve.contrib.httpx.AsyncHTTPTransport`.

    Args:
        *arguments: Those of `httpx2.AsyncHTTPTransport`.
        resolver, scope, port_name, max_connection_age: As of that class.
        **options: Those of `httpx2.AsyncHTTPTransport`.

    Raises:
        ConfigError, InvalidName: As that class.

    >>> import asyncio
    >>> import httpx2
    >>> from k8sresolve.contrib.httpx2 import AsyncHTTPTransport
    >>> from k8sresolve.testing import Cluster
    >>> async def pay():
    ...     async with Cluster.from_manifests("docs/examples/shop.yaml").async_resolver(namespace="shop") as resolver:
    ...         async with httpx2.AsyncClient(transport=AsyncHTTPTransport(resolver=resolver)) as client:
    ...             await client.get("http://paymets/")
    ...
    >>> try:
    ...     asyncio.run(pay())
    ... except httpx2.ConnectError as error:
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
        attach(self, httpcore2, AsyncBackend, names, own)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request, as httpx2 does."""
        try:
            return await super().handle_async_request(request)
        except httpx2.TransportError as error:
            show_cause(error)
            raise


class BalancedTransport(Balanced, httpx2.BaseTransport):
    """Sends each request to one of the pods of a Service: see `k8sresolve.contrib.httpx.BalancedTransport`.

    Args:
        resolver, scope, policy, max_connection_age: As of that class.
        **options: Those of `httpx2.HTTPTransport`, but for `proxy` and `uds`.

    Raises:
        ConfigError: As that class.

    >>> import httpx2
    >>> from k8sresolve.contrib.httpx2 import BalancedTransport
    >>> from k8sresolve.testing import Cluster
    >>> with Cluster.from_manifests("docs/examples/shop.yaml").resolver() as resolver:
    ...     with httpx2.Client(transport=BalancedTransport(resolver)) as client:
    ...         try:
    ...             client.get("http://casandra.data:8080/")
    ...         except httpx2.ConnectError as error:
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
        super().__init__(httpx2, HTTPTransport, resolver, own, options)


class AsyncBalancedTransport(AsyncBalanced, httpx2.AsyncBaseTransport):
    """The same in asyncio or trio: see `k8sresolve.contrib.httpx.AsyncBalancedTransport`.

    Args:
        resolver, scope, policy, max_connection_age: As of that class.
        **options: Those of `httpx2.AsyncHTTPTransport`, but for `proxy` and `uds`.

    Raises:
        ConfigError: As that class.

    >>> import asyncio
    >>> import httpx2
    >>> from k8sresolve.contrib.httpx2 import AsyncBalancedTransport
    >>> from k8sresolve.testing import Cluster
    >>> async def ask():
    ...     async with Cluster.from_manifests("docs/examples/shop.yaml").async_resolver() as resolver:
    ...         async with httpx2.AsyncClient(transport=AsyncBalancedTransport(resolver)) as client:
    ...             await client.get("http://casandra.data:8080/")
    ...
    >>> try:
    ...     asyncio.run(ask())
    ... except httpx2.ConnectError as error:
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
        super().__init__(httpx2, AsyncHTTPTransport, resolver, own, options)
