"""What the adapters of httpx and httpx2 share: where a transport of theirs connects, and how old connections grow.

Such a transport has a pool of httpcore, or httpcore2, in the private attribute `_pool`, and the pool connects by means
of a network backend. Another backend in its place is all that an adapter is; Host, SNI and the certificate's check stay
with the name in the URL, which no backend sees. Nothing here imports either package: `core` is the one that is meant.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from socket import SOCK_STREAM
from types import ModuleType
from typing import Any, NamedTuple

import anyio

from k8sresolve.contrib._aging import Ages, ages, is_over
from k8sresolve.contrib._connecting import ATTEMPT_DELAY, Attempts, Destination, destinations, in_turn
from k8sresolve.contrib._names import AsyncNames, Names
from k8sresolve.contrib._needs import needed, read_port_name
from k8sresolve.errors import ConfigError, Error


class Backend:
    """A network backend that finds the addresses of a host by `names`, and connects by means of `inner`."""

    def __init__(self, inner: Any, core: ModuleType, names: Names, port_name: str | None) -> None:
        self._inner = inner
        self._core = core
        self._names = names
        self._port_name = port_name

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> Any:
        """Connect to one of the host's addresses, which are tried in turn; `timeout` bounds lookup and connecting."""

        def connect(at: Destination, seconds: float | None) -> Any:
            return self._inner.connect_tcp(at.address, at.port, seconds, local_address, socket_options)

        asked = self._port_name or port
        attempts = Attempts(host, asked, timeout)
        try:
            if not self._names.takes(host):
                return connect(Destination(host, port), timeout)
            infos = self._names.getaddrinfo(host, asked, type=SOCK_STREAM, timeout=attempts.left())
            return in_turn(attempts, destinations(infos), connect, failures(self._core))
        except Error as error:
            raise failed(self._core, error) from error

    def connect_unix_socket(self, *arguments: Any, **options: Any) -> Any:
        """Connect to a socket of this machine, as before."""
        return self._inner.connect_unix_socket(*arguments, **options)

    def sleep(self, seconds: float) -> None:
        """Wait between two retries."""
        self._inner.sleep(seconds)


class AsyncBackend:
    """The same for asyncio and trio."""

    def __init__(self, inner: Any, core: ModuleType, names: AsyncNames, port_name: str | None) -> None:
        self._inner = inner
        self._core = core
        self._names = names
        self._port_name = port_name

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> Any:
        """Connect to the first of the host's addresses that answers; `timeout` bounds lookup and connecting."""

        def connect(at: Destination, seconds: float | None) -> Awaitable[Any]:
            return self._inner.connect_tcp(at.address, at.port, seconds, local_address, socket_options)  # type: ignore[no-any-return]

        asked = self._port_name or port
        attempts = Attempts(host, asked, timeout)
        try:
            if not self._names.takes(host):
                return await connect(Destination(host, port), timeout)
            infos = await self._names.getaddrinfo(host, asked, type=SOCK_STREAM, timeout=attempts.left())
            return await race(attempts, destinations(infos), connect, failures(self._core))
        except Error as error:
            raise failed(self._core, error) from error

    async def connect_unix_socket(self, *arguments: Any, **options: Any) -> Any:
        """Connect to a socket of this machine, as before."""
        return await self._inner.connect_unix_socket(*arguments, **options)

    async def sleep(self, seconds: float) -> None:
        """Wait between two retries."""
        await self._inner.sleep(seconds)


async def race(
    attempts: Attempts,
    to: tuple[Destination, ...],
    connect: Callable[[Destination, float | None], Awaitable[Any]],
    failures: tuple[type[Exception], ...],
) -> Any:
    """Connect to the first address that answers, in asyncio or trio. Raises `ConnectFailed`.

    An attempt begins as the last one fails, or 250 ms after that began; those before go on (RFC 8305, section 5).
    """
    connected: list[Any] = []
    faults: list[Exception] = []

    async def attempt(at: Destination, over: anyio.Event) -> None:
        try:
            connected.append(await connect(at, None))
        except failures as error:
            attempts.fail(at, error)
            over.set()
        except Exception as fault:  # noqa: BLE001 - as of socket options that are none: not one of a group
            faults.append(fault)
            group.cancel_scope.cancel()
        else:
            group.cancel_scope.cancel()

    try:
        with anyio.move_on_after(attempts.left()):
            async with anyio.create_task_group() as group:
                for at in attempts.each(to):
                    over = anyio.Event()
                    group.start_soon(attempt, at, over)
                    with anyio.move_on_after(ATTEMPT_DELAY):
                        await over.wait()
        if connected:
            return connected.pop(0)
        raise faults[0] if faults else attempts.failure()
    finally:
        with anyio.CancelScope(shield=True):
            for stream in connected:
                await stream.aclose()


def failures(core: ModuleType) -> tuple[type[Exception], ...]:
    """What an attempt of httpcore comes to where it fails."""
    return core.ConnectError, core.ConnectTimeout


def failed(core: ModuleType, error: Error) -> Exception:
    """An error of httpcore's with the text of one of ours, which is its only argument: see `show_cause`."""
    kind = core.ConnectTimeout if isinstance(error, TimeoutError) else core.ConnectError
    return kind(error)  # type: ignore[no-any-return]


def show_cause(error: Exception) -> None:
    """Make an error of ours the cause of httpx's, from which httpcore's pool has cut it off."""
    inner = error.__cause__
    if inner is not None and inner.args and isinstance(inner.args[0], Error):
        error.__cause__ = inner.args[0]


class Options(NamedTuple):
    """What an adapter is told beside names: see `HTTPTransport` of `k8sresolve.contrib.httpx`."""

    port_name: str | None
    ages: Ages | None


def read_options(port_name: str | None, max_connection_age: float | None) -> Options:
    """Read the options of these names. Raises `InvalidName` and `ConfigError`."""
    return Options(read_port_name(port_name), ages(max_connection_age))


def attach(
    transport: Any, core: ModuleType, backend: Callable[..., Any], names: Names | AsyncNames, options: Options
) -> None:
    """Let a transport of httpx's or httpx2's connect through a backend, and age its connections.

    Raises `ConfigError` where this version of the client is built otherwise, and for a port's name beside a proxy.
    """
    client = type(transport).__mro__[1].__module__.partition(".")[0]
    pool = needed(transport, "_pool", client)
    inner = needed(pool, "_network_backend", client)
    proxies = (core.HTTPProxy, core.SOCKSProxy, core.AsyncHTTPProxy, core.AsyncSOCKSProxy)
    if options.port_name is not None and isinstance(pool, proxies):
        raise ConfigError(
            f"port_name={options.port_name!r} cannot go with proxy=: the proxy looks up the URL's host",
            advice="leave one of them out",
        )
    if names.disabled:
        return
    pool._network_backend = backend(inner, core, names, options.port_name)  # noqa: SLF001
    if options.ages is not None:
        needed(pool, "_requests", client)
        pool.create_connection = partial(_aging, pool.create_connection, pool, options.ages)


def _aging(create_connection: Callable[[Any], Any], pool: Any, lifetimes: Ages, origin: Any) -> Aging:
    return Aging(create_connection(origin), pool, lifetimes.end())


class Aging:
    """A connection of httpcore's that takes no request after its end, and is closed as soon as it is idle then.

    A pool closes what has expired, and what is idle where it needs the room, whenever a request begins or ends. It asks
    connections of which one is given to a request that is yet to be sent, too: such a one has not expired, and is not
    idle (httpcore2 sees to that itself, httpcore does not).
    """

    def __init__(self, connection: Any, pool: Any, end: float) -> None:
        self._connection = connection
        self._pool = pool
        self._end = end

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def __repr__(self) -> str:
        return repr(self._connection)

    def is_available(self) -> bool:
        """Whether it takes a request."""
        return self._connection.is_available() and not is_over(self._end)

    def is_idle(self) -> bool:
        """Whether the pool may close it."""
        return self._connection.is_idle() and self._is_free()

    def has_expired(self) -> bool:
        """Whether the pool is to close it."""
        return self._is_free() and (
            self._connection.has_expired() or (is_over(self._end) and self._connection.is_idle())
        )

    def _is_free(self) -> bool:
        return all(request.connection is not self for request in self._pool._requests)  # noqa: SLF001
