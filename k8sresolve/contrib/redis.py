# redis-py is typed in part.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""redis-py: connections that find their server anew each time, and a Sentinel client that finds the Sentinels so."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from copy import copy
from typing import Any, Self
from weakref import WeakKeyDictionary

from k8sresolve import AsyncResolver, Error, Resolver, ServiceName
from k8sresolve.contrib._names import AsyncNames, Names, Scope
from k8sresolve.contrib._needs import needed
from k8sresolve.contrib._places import Place, Places
from k8sresolve.contrib._scope import srv_host

try:
    import redis
    import redis.asyncio
    import redis.asyncio.sentinel
    import redis.sentinel
except ImportError as _error:
    raise ImportError("k8sresolve.contrib.redis needs redis-py: pip install 'redis>=5.0.1'") from _error

__all__ = ["AsyncConnection", "AsyncSSLConnection", "AsyncSentinel", "Connection", "SSLConnection", "Sentinel"]

for _kind, _hook in (
    (redis.Connection, "_connect"),
    (redis.asyncio.Connection, "_connect"),
    (redis.asyncio.Connection, "_connection_arguments"),
):
    needed(_kind, _hook, "redis-py")

# What the connections of a resolver have found: a pool makes many, of which each asks anew.
_found: WeakKeyDictionary[Resolver | AsyncResolver, dict[tuple[str, int], Places]] = WeakKeyDictionary()


def _places(resolver: Resolver | AsyncResolver, host: str, port: int) -> Places:
    """What is known of a host, or of an SRV host as `_redis._tcp.cache.shop`, and a port."""
    at = srv_host(host)
    made = Places(at.service, at.port, at.protocol) if at else Places(host, port, None)
    return _found.setdefault(resolver, {}).setdefault((host, port), made)


@contextmanager
def _as_redis_errors() -> Generator[None]:
    """Raise redis-py's error for ours: made of an OSError it would lose most of the text."""
    try:
        yield
    except Error as error:
        raise redis.ConnectionError(str(error)) from error


class Connection(redis.Connection):
    """A connection of redis-py that finds its server each time it connects: `from_url(url, connection_class=...)`.

    Where a name is several servers, they are tried in random order: DNS knows no roles, and Redis
    refuses what a replica cannot do. An SRV host, as `_redis._tcp.cache.shop`, has its own port in place of the one
    given. The lookup takes `socket_connect_timeout` at most. While DNS is away, the server is where it was last.

    Commands raise `redis.ConnectionError`, with this library's error as its cause.

    Args:
        *args: Those of `redis.Connection`.
        resolver: A `Resolver`, which stays the caller's to close; None is the process's own.
        scope: Which names it finds: `"cluster"`, those that are or may be the cluster's, or `"all"`. Others go where
            redis-py has them go.
        **options: Those of `redis.Connection`.

    Raises:
        ConfigError: `resolver` or `scope` cannot be.

    >>> import redis
    >>> from k8sresolve.contrib.redis import Connection
    >>> from k8sresolve.testing import Cluster, service
    >>> resolver = Cluster.new(service("cache.shop", redis=6379)).resolver()
    >>> client = redis.Redis.from_url("redis://cach.shop", connection_class=Connection, resolver=resolver)
    >>> try:
    ...     client.ping()
    ... except redis.ConnectionError as error:
    ...     print(type(error.__cause__).__name__)
    ...
    NoSuchName
    """

    port: int

    def __init__(self, *args: Any, resolver: Resolver | None = None, scope: Scope = "cluster", **options: Any) -> None:
        self._names = Names(resolver, scope)
        super().__init__(*args, **options)
        self._service = self.host, self.port

    def _connect(self) -> Any:
        self.host, self.port = self._service
        if not self._names.takes(self.host):
            return super()._connect()
        with _as_redis_errors():
            resolver = self._names.resolver
            places = _places(resolver, self.host, self.port).find(resolver, self.socket_connect_timeout)
        for place in places[:-1]:
            try:
                return self._connect_to(place)
            except OSError:
                continue
        return self._connect_to(places[-1])

    def _connect_to(self, place: Place) -> Any:
        self.host, self.port = place.address, place.port
        try:
            return super()._connect()
        finally:
            self.host = place.name  # which TLS verifies next


class SSLConnection(redis.SSLConnection, Connection):
    """As `Connection`, by TLS, which verifies the host of the URL, or by an SRV host the pod's own name.

    Args:
        *args: Those of `redis.SSLConnection`.
        resolver, scope: As of `Connection`.
        **options: Those of `redis.SSLConnection`.

    Raises:
        ConfigError: As `Connection`.

    >>> import redis
    >>> from k8sresolve.contrib.redis import SSLConnection
    >>> from k8sresolve.testing import Cluster, service
    >>> resolver = Cluster.new(service("cache.shop", redis=6379)).resolver()
    >>> client = redis.Redis.from_url("rediss://cach.shop", connection_class=SSLConnection, resolver=resolver)
    >>> try:
    ...     client.ping()
    ... except redis.ConnectionError as error:
    ...     print(type(error.__cause__).__name__)
    ...
    NoSuchName
    """

    def __init__(self, *args: Any, resolver: Resolver | None = None, scope: Scope = "cluster", **options: Any) -> None:
        super().__init__(*args, resolver=resolver, scope=scope, **options)


class AsyncConnection(redis.asyncio.Connection):
    """`Connection` for `redis.asyncio`.

    Args:
        resolver: An `AsyncResolver`, which stays the caller's to close; None is the process's own.
        scope: As of `Connection`.
        **options: Those of `redis.asyncio.Connection`.

    Raises:
        ConfigError: As `Connection`.

    >>> import asyncio
    >>> import redis.asyncio
    >>> from k8sresolve.contrib.redis import AsyncConnection
    >>> from k8sresolve.testing import Cluster, service
    >>> async def ping():
    ...     resolver = Cluster.new(service("cache.shop", redis=6379)).async_resolver()
    ...     pool = redis.asyncio.ConnectionPool(AsyncConnection, host="cach.shop", resolver=resolver)
    ...     await redis.asyncio.Redis(connection_pool=pool).ping()
    ...
    >>> try:
    ...     asyncio.run(ping())
    ... except redis.ConnectionError as error:
    ...     print(type(error.__cause__).__name__)
    ...
    NoSuchName
    """

    host: str
    port: int

    def __init__(self, *, resolver: AsyncResolver | None = None, scope: Scope = "cluster", **options: Any) -> None:
        self._names = AsyncNames(resolver, scope)
        super().__init__(**options)
        self._service = self.host, self.port
        self._verified = self.host

    async def connect(self) -> None:
        """Connect; raises redis-py's error as it was made below, where redis-py wraps it once more."""
        try:
            return await super().connect()
        except redis.ConnectionError as error:
            if not isinstance(error.__cause__, redis.ConnectionError):
                raise
            made = error.__cause__
        raise made

    async def _connect(self) -> None:
        self.host, self.port = self._service
        self._verified = self.host
        if not self._names.takes(self.host):
            return await super()._connect()
        with _as_redis_errors():
            resolver = self._names.resolver
            places = await _places(resolver, self.host, self.port).find_async(resolver, self.socket_connect_timeout)
        for place in places[:-1]:
            try:
                return await self._connect_to(place)
            except OSError:
                continue
        return await self._connect_to(places[-1])

    async def _connect_to(self, place: Place) -> None:
        self.host, self.port, self._verified = place.address, place.port, place.name
        try:
            await super()._connect()
        finally:
            self.host = place.name


class AsyncSSLConnection(redis.asyncio.SSLConnection, AsyncConnection):
    """`SSLConnection` for `redis.asyncio`, by a URL with `redis://`: for `rediss://` redis-py takes its own class.

    Args:
        resolver, scope: As of `AsyncConnection`.
        **options: Those of `redis.asyncio.SSLConnection`.

    Raises:
        ConfigError: As `Connection`.

    >>> import asyncio
    >>> import redis.asyncio
    >>> from k8sresolve.contrib.redis import AsyncSSLConnection
    >>> from k8sresolve.testing import Cluster, service
    >>> async def ping():
    ...     resolver = Cluster.new(service("cache.shop", redis=6379)).async_resolver()
    ...     pool = redis.asyncio.ConnectionPool(AsyncSSLConnection, host="cach.shop", resolver=resolver)
    ...     await redis.asyncio.Redis(connection_pool=pool).ping()
    ...
    >>> try:
    ...     asyncio.run(ping())
    ... except redis.ConnectionError as error:
    ...     print(type(error.__cause__).__name__)
    ...
    NoSuchName
    """

    def __init__(self, *, resolver: AsyncResolver | None = None, scope: Scope = "cluster", **options: Any) -> None:
        super().__init__(resolver=resolver, scope=scope, **options)

    def _connection_arguments(self) -> dict[str, Any]:
        return {**super()._connection_arguments(), "server_hostname": self._verified}


class Sentinel(redis.sentinel.Sentinel):
    """A Sentinel client of redis-py whose Sentinels are the pods of a Service, found anew whenever it asks them.

    The servers are those that the Sentinels tell; commands for Sentinels go to all that there are. Where no Sentinel is
    found, calls raise `redis.ConnectionError`, with this library's error as its cause.

    Args:
        name: The Service's, headless if each Sentinel is to be asked.
        port: Its port's name or number.
        resolver: A `Resolver`, which stays the caller's to close; None is the process's own.
        **options: Those of `redis.sentinel.Sentinel` after its list. With `sentinel_kwargs={"ssl": True}` Sentinels are
            addressed by their pods' names.

    Raises:
        ConfigError: `resolver` is no `Resolver`.

    >>> import redis
    >>> from k8sresolve.contrib.redis import Sentinel
    >>> from k8sresolve.testing import Cluster, headless
    >>> resolver = Cluster.new(headless("sentinel.shop", sentinel=26379)).resolver()
    >>> try:
    ...     Sentinel("sentinl.shop", "sentinel", resolver=resolver).discover_master("orders")
    ... except redis.ConnectionError as error:
    ...     print(type(error.__cause__).__name__)
    ...
    NoSuchName
    """

    sentinels: list[Any]

    def __init__(
        self, name: str | ServiceName, port: str | int = 26379, *, resolver: Resolver | None = None, **options: Any
    ) -> None:
        self._names, self._places = Names(resolver), Places(name, port)
        self._asks: set[Self] = set()
        super().__init__(_given(self._places.name, port) if self._names.disabled else [], **options)

    def discover_master(self, service_name: str) -> tuple[str, int]:
        """Ask the Sentinels that there are now for the master's address."""
        with self._asking() as asking:
            master = redis.sentinel.Sentinel.discover_master(asking, service_name)
            self.sentinels = _first(asking.sentinels[0], self.sentinels)
            return master

    def discover_slaves(self, service_name: str) -> list[tuple[str, int]]:
        """Ask the Sentinels that there are now for the replicas' addresses."""
        with self._asking() as asking:
            return redis.sentinel.Sentinel.discover_slaves(asking, service_name)

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Execute a command on the Sentinels that there are now."""
        with self._asking() as asking:
            return redis.sentinel.Sentinel.execute_command(asking, *args, **options)

    @contextmanager
    def _asking(self) -> Generator[Self]:
        """Have the Sentinels that there are now, for one call: redis-py changes their order, and threads share them."""
        places: list[Place] | None = None
        if not self._names.disabled:
            with _as_redis_errors():
                places = self._places.find(self._names.resolver)
        before = self.sentinels
        if places is not None:
            self.sentinels = _renewed(before, places, redis.Redis, self.sentinel_kwargs)
        asking = copy(self)
        asking.sentinels = [*self.sentinels]
        self._asks.add(asking)
        try:
            yield asking
        finally:
            self._asks.discard(asking)
            for one in {*before, *asking.sentinels}.difference(self.sentinels, *_sentinels_of(self._asks)):
                one.close()


class AsyncSentinel(redis.asyncio.sentinel.Sentinel):
    """`Sentinel` for `redis.asyncio`.

    Args:
        name, port: As of `Sentinel`.
        resolver: An `AsyncResolver`, which stays the caller's to close; None is the process's own.
        **options: Those of `redis.asyncio.sentinel.Sentinel` after its list.

    Raises:
        ConfigError: `resolver` is no `AsyncResolver`.

    >>> import asyncio
    >>> import redis
    >>> from k8sresolve.contrib.redis import AsyncSentinel
    >>> from k8sresolve.testing import Cluster, headless
    >>> resolver = Cluster.new(headless("sentinel.shop", sentinel=26379)).async_resolver()
    >>> try:
    ...     asyncio.run(AsyncSentinel("sentinl.shop", "sentinel", resolver=resolver).discover_master("orders"))
    ... except redis.ConnectionError as error:
    ...     print(type(error.__cause__).__name__)
    ...
    NoSuchName
    """

    sentinels: list[Any]

    def __init__(
        self, name: str | ServiceName, port: str | int = 26379, *, resolver: AsyncResolver | None = None, **options: Any
    ) -> None:
        self._names, self._places = AsyncNames(resolver), Places(name, port)
        self._asks: set[Self] = set()
        super().__init__(_given(self._places.name, port) if self._names.disabled else [], **options)

    async def discover_master(self, service_name: str) -> Any:
        """Ask the Sentinels that there are now for the master's address."""
        async with self._asking() as asking:
            master = await redis.asyncio.sentinel.Sentinel.discover_master(asking, service_name)
            self.sentinels = _first(asking.sentinels[0], self.sentinels)
            return master

    async def discover_slaves(self, service_name: str) -> Any:
        """Ask the Sentinels that there are now for the replicas' addresses."""
        async with self._asking() as asking:
            return await redis.asyncio.sentinel.Sentinel.discover_slaves(asking, service_name)

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Execute a command on the Sentinels that there are now."""
        async with self._asking() as asking:
            return await redis.asyncio.sentinel.Sentinel.execute_command(asking, *args, **options)

    @asynccontextmanager
    async def _asking(self) -> AsyncGenerator[Self]:
        """See `Sentinel`."""
        places: list[Place] | None = None
        if not self._names.disabled:
            with _as_redis_errors():
                places = await self._places.find_async(self._names.resolver)
        before = self.sentinels
        if places is not None:
            self.sentinels = _renewed(before, places, redis.asyncio.Redis, self.sentinel_kwargs)
        asking = copy(self)
        asking.sentinels = [*self.sentinels]
        self._asks.add(asking)
        try:
            yield asking
        finally:
            self._asks.discard(asking)
            for one in {*before, *asking.sentinels}.difference(self.sentinels, *_sentinels_of(self._asks)):
                await one.aclose()


def _given(name: str, port: str | int) -> list[tuple[str, int]]:
    """The list of Sentinels of who looks nothing up."""
    return [(name, port if isinstance(port, int) else 26379)]


def _sentinels_of(asks: set[Any]) -> list[list[Any]]:
    """The Sentinels of calls under way: the last one to ask a Sentinel that left closes it."""
    return [asking.sentinels for asking in tuple(asks)]


def _first(sentinel: Any, sentinels: list[Any]) -> list[Any]:
    """The Sentinels with this one at the front, if it is among them."""
    return sorted(sentinels, key=lambda one: one is not sentinel)


def _renewed(sentinels: list[Any], places: list[Place], make: Callable[..., Any], options: dict[str, Any]) -> list[Any]:
    """The Sentinels that there are now, those known before the new ones."""
    hosts = {(place.name if options.get("ssl") else place.address, place.port) for place in places}
    made = {
        (one.connection_pool.connection_kwargs["host"], one.connection_pool.connection_kwargs["port"]): one
        for one in sentinels
    }
    kept = [one for host, one in made.items() if host in hosts]
    return kept + [make(host=host, port=port, **options) for host, port in hosts - made.keys()]
