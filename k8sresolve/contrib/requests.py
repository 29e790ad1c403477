"""requests: an `HTTPAdapter` that finds a cluster's Services.

::

    session = requests.Session()
    session.mount("http://", HTTPAdapter())
    session.get("http://payments.shop/")
"""

from __future__ import annotations

from typing import Any

from k8sresolve import Resolver
from k8sresolve.contrib._aging import ages
from k8sresolve.contrib._names import Names, Scope
from k8sresolve.contrib._needs import read_port_name
from k8sresolve.contrib.urllib3 import Way
from k8sresolve.errors import Error

try:
    import requests
    import requests.adapters
    import urllib3
except ImportError as _error:
    raise ImportError("k8sresolve.contrib.requests needs requests: pip install 'requests>=2.32'") from _error

__all__ = ["HTTPAdapter"]


class HTTPAdapter(requests.adapters.HTTPAdapter):
    """`requests.adapters.HTTPAdapter`, with names looked up by a `Resolver`.

    It connects as `k8sresolve.contrib.urllib3.PoolManager` does. Of what goes to a proxy, the proxy's name is looked
    up, and the URL's port holds; a SOCKS proxy is found as before.

    Requests raise requests' errors: `requests.ConnectTimeout` where the time was over, `requests.exceptions.ProxyError`
    where the proxy was not reached, and `requests.ConnectionError`, with k8sresolve's text, and its error as
    `__cause__`.

    Args:
        *arguments: Those of `requests.adapters.HTTPAdapter`.
        resolver: A `Resolver`, which stays the caller's to close; None is the process's own.
        scope: Which names it finds: `"cluster"`, those that are or may be the cluster's, or `"all"`. Others go where
            requests has them go.
        port_name: The name of a port of the URL's host. Its number is found by SRV, and holds in place of the URL's.
        max_connection_age: As of `k8sresolve.contrib.urllib3.PoolManager`.
        **options: Those of `requests.adapters.HTTPAdapter`.

    Raises:
        ConfigError: An option cannot be, or this version of urllib3 is built otherwise.
        InvalidName: `port_name` is no port's name.

    >>> from http.server import HTTPServer, SimpleHTTPRequestHandler
    >>> from threading import Thread
    >>> import requests
    >>> from k8sresolve.contrib.requests import HTTPAdapter
    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> with HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as server, cluster.patch():
    ...     cluster.route("payments.shop", "http", to=server.server_address)
    ...     Thread(target=server.handle_request, daemon=True).start()
    ...     with requests.Session() as session:
    ...         session.mount("http://", HTTPAdapter(resolver=cluster.resolver(namespace="shop")))
    ...         print(session.get("http://payments/").status_code)
    ...
    200
    """

    __attrs__: list[str] = [*requests.adapters.HTTPAdapter.__attrs__, "_way"]  # noqa: RUF012 - what pickle keeps

    def __init__(
        self,
        *arguments: Any,
        resolver: Resolver | None = None,
        scope: Scope = "cluster",
        port_name: str | None = None,
        max_connection_age: float | None = None,
        **options: Any,
    ) -> None:
        self._way = Way(Names(resolver, scope), read_port_name(port_name), ages(max_connection_age))
        super().__init__(*arguments, **options)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Make the manager of what goes to no proxy."""
        super().init_poolmanager(*arguments, **options)
        self._way.lead(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Return the manager of what goes to a proxy, made when first needed."""
        is_new = proxy not in self.proxy_manager
        manager = super().proxy_manager_for(proxy, **options)
        if is_new and isinstance(manager, urllib3.ProxyManager):
            self._way.to_proxy().lead(manager)
        return manager

    def send(self, *arguments: Any, **options: Any) -> requests.Response:
        """Send a request, as requests does."""
        try:
            return super().send(*arguments, **options)
        except requests.ConnectionError as error:
            _show_cause(error)
            raise


def _show_cause(error: requests.ConnectionError) -> None:
    """Make an error of ours, which is the cause of urllib3's, that of requests'."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(reason, urllib3.exceptions.ProxyError):
        reason = reason.original_error
    if reason is not None and isinstance(reason.__cause__, Error):
        error.__cause__ = reason.__cause__
