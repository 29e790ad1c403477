"""The first hosts of a client that finds the others by itself, as such clients take them.

Plain functions of what `endpoints()` returns, or of a watch's `current`. They ask nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from k8sresolve._escaping import told
from k8sresolve.errors import ConfigError, NoEndpoints
from k8sresolve.records import Endpoint

__all__ = ["hostports", "libpq"]

if TYPE_CHECKING:
    # Closed (PEP 728), or type checkers suspect more in it than psycopg.connect(**hosts) takes.
    from typing_extensions import TypedDict

    class LibpqHosts(TypedDict, closed=True):
        """Parameters of libpq that say where the server is: lists of one length, each written with commas."""

        host: str
        hostaddr: str
        port: str

else:
    LibpqHosts = dict[str, str]


def hostports(endpoints: Iterable[Endpoint], names: bool = False) -> list[str]:
    """Write each endpoint as `address:port`, an IPv6 address in brackets.

    Args:
        endpoints: What `Resolver.endpoints` returns, or a watch's `current`, each with a port.
        names: Whether to write its own name in DNS in place of the address, without a dot at the end, for clients that
            verify the server's name by TLS. A pod that has addresses of both families is listed once.

    Raises:
        NoEndpoints: There is none: many clients would take an empty list for localhost.
        ConfigError: An endpoint has no port or, with `names`, no name.

    Source: RFC 3986, section 3.2.2.

    >>> from k8sresolve.seeds import hostports
    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> resolver = cluster.resolver()
    >>> cassandra = resolver.endpoints("cassandra.data", "cql")
    >>> hostports(cassandra)
    ['10.244.1.21:9042', '10.244.2.21:9042', '10.244.3.21:9042']
    >>> hostports(cassandra, names=True)[0]
    'cassandra-0.cassandra.data.svc.cluster.local:9042'
    """
    if names:
        return list(dict.fromkeys([f"{_name(one)}:{_port(one)}" for one in _checked(endpoints)]))
    return [f"{_in_brackets(one)}:{_port(one)}" for one in _checked(endpoints)]


def libpq(endpoints: Iterable[Endpoint]) -> LibpqHosts:
    """Write endpoints as libpq takes them: `host`, `hostaddr` and `port`, for `psycopg.connect(**...)` or a conninfo.

    libpq connects to `hostaddr` and looks nothing up; `host` is what TLS verifies, and by what a password file goes:
    the endpoint's own name, or its address where it has none. libpq tries them in this order; where it is of version 16
    or later, `load_balance_hosts=random` beside them spreads connections.

    Args:
        endpoints: What `Resolver.endpoints` returns, or a watch's `current`, each with a port.

    Raises:
        NoEndpoints: There is none.
        ConfigError: An endpoint has no port.

    Source: PostgreSQL 16, "Specifying Multiple Hosts" and "Parameter Key Words".

    >>> from k8sresolve.seeds import libpq
    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> resolver = cluster.resolver()
    >>> hosts = libpq(resolver.endpoints("cassandra.data", "cql")[:2])
    >>> hosts["hostaddr"], hosts["port"]
    ('10.244.1.21,10.244.2.21', '9042,9042')
    """
    known = _checked(endpoints)
    return {
        "host": ",".join([one.name.host if one.name else str(one.address) for one in known]),
        "hostaddr": ",".join([str(one.address) for one in known]),
        "port": ",".join([str(_port(one)) for one in known]),
    }


def _checked(endpoints: Iterable[Endpoint]) -> tuple[Endpoint, ...]:
    """Take the endpoints, of which there must be one."""
    if not isinstance(endpoints, Iterable):
        raise ConfigError(f"{told(endpoints)} is no list of endpoints", advice="give what endpoints() returns")
    known = tuple(endpoints)
    for one in known:
        if not isinstance(one, Endpoint):
            raise ConfigError(f"{told(one)} is no Endpoint", advice="give what endpoints() returns")
    if not known:
        raise NoEndpoints("()", "there is no endpoint", advice="wait until one is ready before the client is made")
    return known


def _port(endpoint: Endpoint) -> int:
    if endpoint.port is None:
        raise ConfigError(
            f"the endpoint {endpoint.address} has no port: none was asked for",
            advice="give the port's name where they come from: endpoints(name, port=...) or watch(name, port=...)",
        )
    return endpoint.port


def _name(endpoint: Endpoint) -> str:
    if endpoint.name is None:
        raise ConfigError(
            f"the endpoint {endpoint.address} has no name in DNS of its own",
            advice="only a headless Service's pods have; give addresses, and the Service's name for TLS apart",
        )
    return endpoint.name.host


def _in_brackets(endpoint: Endpoint) -> str:
    return str(endpoint.address) if endpoint.address.version == 4 else f"[{endpoint.address}]"
