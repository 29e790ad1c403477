"""urllib3: a `PoolManager` that finds a cluster's Services.

::

    http = PoolManager()
    http.request("GET", "http://payments.shop/")
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from math import inf
from queue import LifoQueue
from socket import SOCK_STREAM, gaierror, socket
from typing import Any, ClassVar

from k8sresolve import Resolver
from k8sresolve.contrib._aging import Ages, ages, is_over
from k8sresolve.contrib._connecting import Attempts, Destination, destinations, in_turn
from k8sresolve.contrib._names import Names, Scope
from k8sresolve.contrib._needs import needed, read_port_name
from k8sresolve.errors import Error

try:
    import urllib3
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
    from urllib3.util import connection as urllib3_connecting
except ImportError as _error:
    raise ImportError("k8sresolve.contrib.urllib3 needs urllib3: pip install 'urllib3>=2'") from _error

if hasattr(urllib3, "AsyncPoolManager"):
    raise ImportError(
        "what is installed as urllib3 is urllib3-future, which connects in another way: "
        "pip uninstall urllib3-future, then pip install --force-reinstall urllib3, or give niquests a resolver"
    )

__all__ = ["PoolManager"]


class PoolManager(urllib3.PoolManager):
    """`urllib3.PoolManager`, with names looked up by a `Resolver`.

    The certificate's check, SNI and the Host header are of the name in the URL. The connect timeout bounds lookup and
    connecting together; addresses are tried in turn, as urllib3 does, each for its share of the time.

    Requests raise urllib3's errors: `NameResolutionError`, `ConnectTimeoutError` where the time was over, and
    `NewConnectionError`, mostly as ``reason`` of a `MaxRetryError`. They have k8sresolve's text, and its error as
    `__cause__`.

    Args:
        num_pools, headers: Those of `urllib3.PoolManager`.
        resolver: A `Resolver`, which stays the caller's to close; None is the process's own.
        scope: Which names it finds: `"cluster"`, those that are or may be the cluster's, or `"all"`. Others go where
            urllib3 has them go.
        port_name: The name of a port of the URL's host. Its number is found by SRV, and holds in place of the URL's.
        max_connection_age: Seconds after which a connection takes no request more, less up to a fifth by chance. It is
            closed as its last request ends, or, if it is idle, when another's does, or as it is taken. No request is
            cut. None: connections stay as long as urllib3 keeps them.
        **connection_pool_kw: What else `urllib3.PoolManager` takes.

    Raises:
        ConfigError: An option cannot be, or this version of urllib3 is built otherwise.
        InvalidName: `port_name` is no port's name.

    >>> from http.server import HTTPServer, SimpleHTTPRequestHandler
    >>> from threading import Thread
    >>> from k8sresolve.contrib.urllib3 import PoolManager
    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> with HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as server, cluster.patch():
    ...     cluster.route("payments.shop", "http", to=server.server_address)
    ...     Thread(target=server.handle_request, daemon=True).start()
    ...     with PoolManager(resolver=cluster.resolver(namespace="shop")) as manager:
    ...         print(manager.request("GET", "http://payments/").status)
    ...
    200
    """

    def __init__(
        self,
        num_pools: int = 10,
        headers: Mapping[str, str] | None = None,
        *,
        resolver: Resolver | None = None,
        scope: Scope = "cluster",
        port_name: str | None = None,
        max_connection_age: float | None = None,
        **connection_pool_kw: Any,
    ) -> None:
        way = Way(Names(resolver, scope), read_port_name(port_name), ages(max_connection_age))
        super().__init__(num_pools, headers, **connection_pool_kw)
        way.lead(self)


class Way:
    """How the connections of a manager find their hosts, and how old they grow."""

    def __init__(self, names: Names, port_name: str | None, lifetimes: Ages | None) -> None:
        self.names = names
        self.port_name = port_name
        self.ages = lifetimes
        for attribute in ("_new_conn", "_dns_host"):
            needed(HTTPConnection("localhost"), attribute, "urllib3")

    def to_proxy(self) -> Way:
        """The way to a proxy, which looks up the URL's host itself, and knows ports by their numbers."""
        return Way(self.names, None, self.ages)

    def lead(self, manager: urllib3.PoolManager) -> None:
        """Let all connections that a manager makes from now on go this way."""
        if self.names.disabled:
            return
        manager.pool_classes_by_scheme = {
            "http": self._pools(urllib3.HTTPConnectionPool, HTTPConnection),
            "https": self._pools(urllib3.HTTPSConnectionPool, HTTPSConnection),
        }

    def _pools(self, pool: type[Any], connection: type[Any]) -> type[Any]:
        members: dict[str, Any] = {"ConnectionCls": type(connection.__name__, (_Connection, connection), {"way": self})}
        if self.ages is not None:
            members["QueueCls"] = _Idle
        return type(pool.__name__, (pool,), members)

    def connect(self, connection: HTTPConnection) -> socket:
        """Connect to one of the addresses of a connection's host. Raises errors of ours."""

        def connect(at: Destination, seconds: float | None) -> socket:
            return urllib3_connecting.create_connection(
                at, seconds, source_address=connection.source_address, socket_options=connection.socket_options
            )

        host = connection._dns_host.strip("[]")  # noqa: SLF001 - `host` lacks the dot at its end
        port = self.port_name or connection.port
        attempts = Attempts(host, port, connection.timeout)
        family = urllib3_connecting.allowed_gai_family()
        infos = self.names.getaddrinfo(host, port, family, SOCK_STREAM, timeout=attempts.left())
        connected = in_turn(attempts, destinations(infos), connect, (OSError,))
        connected.settimeout(connection.timeout)
        return connected


class _Connection(HTTPConnection):
    """A connection that goes the way of its manager."""

    way: ClassVar[Way]
    end = inf

    def _new_conn(self) -> socket:
        if self.way.ages is not None:
            self.end = self.way.ages.end()
        try:
            if not self.way.names.takes(self._dns_host):
                return super()._new_conn()
            connected = self.way.connect(self)
        except Error as error:
            raise _failed(self, error) from error
        sys.audit("http.client.connect", self, self.host, self.port)
        return connected


def _failed(connection: HTTPConnection, error: Error) -> Exception:
    if isinstance(error, TimeoutError):
        return ConnectTimeoutError(connection, f"Connection to {connection.host} timed out: {error}")
    if isinstance(error, gaierror):
        return NameResolutionError(connection.host, connection, error)
    return NewConnectionError(connection, f"Failed to establish a new connection: {error}")


class _Idle(LifoQueue[Any]):
    """The connections of a pool that are idle; those past their end are closed, and connect anew if they are taken."""

    def _put(self, item: Any) -> None:
        super()._put(item)
        for connection in self.queue:
            _close_if_over(connection)

    def _get(self) -> Any:
        connection = super()._get()
        _close_if_over(connection)
        return connection


def _close_if_over(connection: Any) -> None:
    if connection is not None and is_over(connection.end):
        connection.close()
