"""requests: an `HTTPAdapter` that finds a cluster's Services.

    session = requests.Session()
    session.mount("http://", HTTPAdapter())
    session.get("http://payments.shop/")

See docs/how-to/http.md.
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

    It takes all arguments of that class, by position too, and by keyword `resolver`, `scope`, `port_name` and
    `max_connection_age`, as `PoolManager` of `k8sresolve.contrib.urllib3` does, whose way of connecting it has.

    Of what goes to a proxy, the proxy's name is looked up, and the URL's port holds; a SOCKS proxy is found as before.

    Raises `ConfigError` and `InvalidName` for options that cannot be, and `ConfigError` for a version of urllib3 that
    is built otherwise. Requests raise requests' errors: `ConnectTimeout` where the time was over, `ProxyError` where
    the proxy was not reached, and `ConnectionError`, with k8sresolve's text, and its error as `__cause__`.

    >>> import requests
    >>> from k8sresolve.testing import Cluster
    >>> with Cluster.from_manifests("docs/examples/shop.yaml").resolver(namespace="shop") as resolver:
    ...     session = requests.Session()
    ...     session.mount("http://", HTTPAdapter(resolver=resolver))
    ...     try:
    ...         session.get("http://paymets/")
    ...     except requests.ConnectionError as error:
    ...         print(type(error.__cause__).__name__)
    NoSuchName
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
