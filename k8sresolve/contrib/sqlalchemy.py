"""SQLAlchemy: an engine whose new connections go to where its Service is now."""

from __future__ import annotations

from collections.abc import Callable
from os import environ
from typing import Any, TypeVar
from weakref import WeakSet

from k8sresolve import AsyncResolver, ConfigError, Error, Resolver, ServiceName
from k8sresolve._escaping import told
from k8sresolve.contrib._names import AsyncNames, Names, is_disabled
from k8sresolve.contrib._needs import needed
from k8sresolve.contrib._places import Place, Places

try:
    from sqlalchemy import Dialect, Engine, event
    from sqlalchemy.ext.asyncio import AsyncEngine
    from sqlalchemy.util import await_only
except ImportError as _error:
    raise ImportError("k8sresolve.contrib.sqlalchemy needs SQLAlchemy: pip install 'sqlalchemy>=2.0.4'") from _error

__all__ = ["follow"]

E = TypeVar("E", Engine, AsyncEngine)
Parameters = dict[str, Any]

_followed: WeakSet[Dialect] = WeakSet()


def follow(
    engine: E, name: str | ServiceName, port: str | int, *, resolver: Resolver | AsyncResolver | None = None
) -> E:
    """Let an engine's new connections go to a Service as it is when they are made; returns the engine.

    Host and port of the engine's URL are then not used. Drivers are psycopg, psycopg2 and asyncpg. While DNS is away,
    connections go to where the Service was last.

    DNS knows no roles. A Service with a ClusterIP is one server to clients; of one that is several, as the pods of a
    headless one, the driver has to find the right one: say `target_session_attrs` in the URL, such as `read-write`, or
    `any` where all will do.

    Where TLS verifies, the name is the pod's own, and otherwise the one given here: with asyncpg the driver then looks
    that up by itself, as it takes no address beside a name.

    A connection that cannot be made for want of a server raises the driver's `OperationalError`, as SQLAlchemy's, with
    this library's error as the cause of the driver's.

    Args:
        engine: What `create_engine` or `create_async_engine` returned.
        name: The Service's, as in `Resolver.port`.
        port: The port's name or number in the Service.
        resolver: A `Resolver`, or for an `AsyncEngine` an `AsyncResolver`, which stays the caller's to close; None is
            the process's own.

    Raises:
        ConfigError: The driver is another, the engine has a `creator` or a pool of yours, or follows a Service
            already, or the resolver is of the wrong kind.

    >>> from sqlalchemy import create_engine
    >>> from sqlalchemy.exc import OperationalError
    >>> from k8sresolve.contrib.sqlalchemy import follow
    >>> from k8sresolve.testing import Cluster, service
    >>> resolver = Cluster.new(service("orders-rw.shop", sql=5432)).resolver()
    >>> engine = follow(create_engine("postgresql+psycopg://app@/orders"), "orders.shop", "sql", resolver=resolver)
    >>> try:
    ...     engine.connect()
    ... except OperationalError as error:
    ...     print(type(error.orig.__cause__).__name__)
    ...
    NoSuchName
    """
    if not isinstance(engine, Engine | AsyncEngine):
        raise ConfigError(f"{told(engine)} is no engine", advice="give what create_engine() returned")
    if is_disabled():
        return engine
    sync = engine.sync_engine if isinstance(engine, AsyncEngine) else engine
    write = _WRITERS.get(sync.dialect.driver)
    if write is None:
        raise ConfigError(
            f"follow() does not know the driver {sync.dialect.driver!r}",
            advice=f"use an engine on one of {', '.join(_WRITERS)}",
        )
    # Then `do_connect` is never asked.
    if not getattr(needed(sync.pool, "_creator", "SQLAlchemy"), "__module__", "").startswith("sqlalchemy.engine."):
        raise ConfigError("the engine connects by a creator of its own", advice="make it without creator= and pool=")
    if sync.dialect in _followed:
        raise ConfigError("the engine follows a Service already", advice="make one engine for each Service")
    places = Places(name, port)
    find = _finder(places, resolver, is_async=isinstance(engine, AsyncEngine))

    def connect(dialect: Any, _record: object, _arguments: object, parameters: Parameters) -> None:
        try:
            found = find()
            _require_one(found, places.name, parameters)
        except Error as error:
            raise dialect.loaded_dbapi.OperationalError(str(error)) from error
        write(found, parameters)

    event.listen(sync, "do_connect", connect)
    _followed.add(sync.dialect)
    return engine


def _finder(places: Places, resolver: Any, *, is_async: bool) -> Callable[[], list[Place]]:
    if is_async:
        waiting = AsyncNames(resolver)
        return lambda: await_only(places.find_async(waiting.resolver))
    blocking = Names(resolver)
    return lambda: places.find(blocking.resolver)


def _require_one(found: list[Place], name: str, parameters: Parameters) -> None:
    """Refuse to choose among servers of which one may be the writer."""
    pods = {place.name for place in found if place.is_pods_name}
    bare = {place.address for place in found if not place.is_pods_name}
    # One server may have an address of each family.
    count = len(pods) + max(sum(":" in one for one in bare), sum(":" not in one for one in bare))
    if count > 1 and "target_session_attrs" not in parameters:
        raise ConfigError(
            f"{name} is {count} servers, {', '.join(sorted(pods | bare))}, and DNS does not tell which of them writes",
            advice="add target_session_attrs=read-write to the URL, or any where all will do; or give the Service that "
            "leads to the writer, which operators call NAME-rw",
        )


def _to_libpq(found: list[Place], parameters: Parameters) -> None:
    # libpq connects to `hostaddr` and verifies `host`: lists of one length.
    parameters.update(
        host=",".join([place.name for place in found]),
        hostaddr=",".join([place.address for place in found]),
        port=",".join([str(place.port) for place in found]),
    )


def _to_asyncpg(found: list[Place], parameters: Parameters) -> None:
    ssl = parameters.get("ssl")
    if ssl is None:
        ssl = environ.get("PGSSLMODE")
    mode = getattr(ssl, "name", ssl)  # of asyncpg's own enumeration
    verifies = ssl is True or mode in {"verify-full", "verify_full"} or getattr(ssl, "check_hostname", False)
    hosts = list(dict.fromkeys([(place.name if verifies else place.address, place.port) for place in found]))
    parameters.update(host=[host for host, _ in hosts], port=[port for _, port in hosts])


_WRITERS: dict[str, Callable[[list[Place], Parameters], None]] = {
    "psycopg": _to_libpq,
    "psycopg2": _to_libpq,
    "asyncpg": _to_asyncpg,
}
