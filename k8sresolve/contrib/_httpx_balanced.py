"""What the balanced transports of httpx and httpx2 share.

Each endpoint has a plain transport of its own, to which a request goes with the endpoint's address in its URL; Host,
SNI and the certificate's name stay those of the URL that was given. So no connection is used for another endpoint or
another name, and the transport of an endpoint that left is closed when its last reply has been read. All of that is
public in httpx.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping
from functools import partial
from types import ModuleType
from typing import Any, NamedTuple

import anyio

from k8sresolve import AsyncResolver, AsyncWatch, ConfigError, Error, Resolver, Watch
from k8sresolve.contrib._balancing import REPEATABLE, Aim, Tries, settle
from k8sresolve.contrib._followed import AsyncServices, BalancePolicy, Followed, Services
from k8sresolve.contrib._locking import ProcessLock
from k8sresolve.contrib._names import AsyncNames, Names, Scope

_PORTS = {"http": 80, "https": 443}


class Own(NamedTuple):
    """The options that httpx's transports do not have."""

    scope: Scope
    policy: BalancePolicy
    max_connection_age: float | None


class Pool:
    """The transport of one endpoint, and how many replies still come from it."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.transport = make()
        self.users = 0
        self.left = False


def stream(base: type) -> Callable[[Any, Callable[[], None]], Any]:
    """A class of httpx's streams, of which one calls back as it is closed."""

    class Stream(base):  # type: ignore[misc]
        def __init__(self, inner: Any, end: Callable[[], None]) -> None:
            self._inner = inner
            self._end: Callable[[], None] | None = end

        def __iter__(self) -> Iterator[bytes]:
            return iter(self._inner)

        def close(self) -> None:
            try:
                self._inner.close()
            finally:
                end, self._end = self._end, None
                if end is not None:
                    end()

    return Stream


def async_stream(base: type) -> Callable[[Any, Callable[[], Awaitable[None]]], Any]:
    """See `stream`."""

    class Stream(base):  # type: ignore[misc]
        def __init__(self, inner: Any, end: Callable[[], Awaitable[None]]) -> None:
            self._inner = inner
            self._end: Callable[[], Awaitable[None]] | None = end

        def __aiter__(self) -> AsyncIterator[bytes]:
            return self._inner.__aiter__()  # type: ignore[no-any-return]

        async def aclose(self) -> None:
            try:
                await self._inner.aclose()
            finally:
                end, self._end = self._end, None
                if end is not None:
                    await end()

    return Stream


class _Balanced:
    """What both kinds do alike."""

    def __init__(self, client: ModuleType, plain: Callable[..., Any], own: Own, options: Mapping[str, Any]) -> None:
        for one in ("proxy", "uds"):
            if options.get(one) is not None:
                raise ConfigError(
                    f"a balanced transport connects to endpoints, and takes no {one}=", advice="leave it out"
                )
        self._client = client
        context = client.create_ssl_context(
            verify=options.get("verify", True), cert=options.get("cert"), trust_env=options.get("trust_env", True)
        )
        options = {**options, "verify": context, "cert": None, "max_connection_age": own.max_connection_age}
        self._make: Callable[..., Any] = partial(plain, **options)
        self._plain = self._make(scope=own.scope)
        self._lock = ProcessLock()
        self._unreached = (client.ConnectError, client.ConnectTimeout)
        self._broken = (client.ReadError, client.WriteError, client.RemoteProtocolError)
        self._slow = (client.ReadTimeout, client.WriteTimeout)

    def _tries(self, request: Any) -> Tries:
        url = request.url
        repeats = request.method in REPEATABLE and isinstance(request.stream, self._client.ByteStream)
        timeout = request.extensions.get("timeout", {}).get("connect")
        return Tries(url.host, url.port or _PORTS.get(url.scheme, 0), timeout, repeats=repeats)

    def _begin(self, followed: Followed[Any, Pool], tries: Tries) -> tuple[Aim, Pool]:
        aim = tries.aim(followed.balancer, len(followed.current))
        with self._lock.here():
            pool = followed.kept.of(aim.picked.endpoint)
            pool.users += 1
        return aim, pool

    def _departed(self, followed: Followed[Any, Pool]) -> list[Pool]:
        """The pools to close now, as their endpoints have left and nobody uses them."""
        with self._lock.here():
            pools = [*followed.kept.departed(followed.current)]
            for pool in pools:
                pool.left = True
            return _unused(pools)

    def _all(self, followed: Followed[Any, Pool]) -> list[Pool]:
        with self._lock.here():
            return [*followed.kept.all()]

    def _is_over(self, pool: Pool) -> bool:
        """Give a pool back; whether it is to be closed."""
        with self._lock.here():
            pool.users -= 1
            return pool.left and not pool.users

    def _aimed(self, request: Any, aim: Aim) -> Any:
        """The request, to an endpoint's address."""
        timeout = request.extensions.get("timeout", {})
        extensions = {
            "sni_hostname": request.url.host.rstrip("."),
            **request.extensions,
            "timeout": {**timeout, "connect": aim.seconds},
        }
        aimed = self._client.Request(
            request.method,
            request.url.copy_with(host=aim.to.address),
            headers=request.headers,
            stream=request.stream,
            extensions=extensions,
        )
        if "host" not in aimed.headers:
            aimed.headers["host"] = request.url.netloc.decode("ascii")
        return aimed

    def _is_refused(self, tries: Tries, aim: Aim, error: BaseException) -> bool:
        """Take in what became of a try; whether the error is the request's."""
        if isinstance(error, self._unreached):
            origin = _origin(error)
            if isinstance(origin, ssl.SSLCertVerificationError):
                return True  # others have the same certificate, or one as wrong
            tries.unreached(aim, origin)
            return False
        if isinstance(error, self._broken):
            return not tries.broken(aim, error)
        if isinstance(error, self._slow):
            settle(aim.picked, went_well=False)
        return True

    def _failed(self, error: Error, request: Any) -> Exception:
        kind = self._client.ConnectTimeout if isinstance(error, TimeoutError) else self._client.ConnectError
        return kind(str(error), request=request)  # type: ignore[no-any-return]


def _unused(pools: list[Pool]) -> list[Pool]:
    return [pool for pool in pools if not pool.users]


def _origin(error: BaseException) -> BaseException:
    """What the operating system, or TLS, said; httpcore tells it as a context only, and trio in a group."""
    one: BaseException | None = error
    while one is not None:
        if isinstance(one, OSError) and (one.errno is not None or isinstance(one, TimeoutError)):
            return one
        group: tuple[BaseException, ...] = getattr(one, "exceptions", ())
        one = group[0] if group else one.__cause__ or one.__context__
    return error


class Balanced(_Balanced):
    """A transport for clients that block, in any number of threads."""

    def __init__(
        self,
        client: ModuleType,
        plain: Callable[..., Any],
        resolver: Resolver | None,
        own: Own,
        options: Mapping[str, Any],
    ) -> None:
        names = Names(resolver, own.scope)
        super().__init__(client, partial(plain, resolver=resolver), own, options)
        self._services: Services[Pool] = Services(names, own.policy, lambda: Pool(self._make))
        self._stream = stream(client.SyncByteStream)

    def handle_request(self, request: Any) -> Any:
        """Send a request to an endpoint of its URL's host, or as the plain transport does."""
        tries = self._tries(request)
        try:
            followed = self._services.find(request.url.host, tries.left)
            if followed is None:
                return self._plain.handle_request(request)
            while True:
                reply = self._try(followed, tries, request)
                if reply is not None:
                    return reply
        except Error as error:
            raise self._failed(error, request) from error

    def _try(self, followed: Followed[Watch, Pool], tries: Tries, request: Any) -> Any:
        for pool in self._departed(followed):
            pool.transport.close()
        aim, pool = self._begin(followed, tries)
        end = partial(self._end, aim, pool)
        try:
            reply = pool.transport.handle_request(self._aimed(request, aim))
        except BaseException as error:
            end()
            if self._is_refused(tries, aim, error):
                raise
            return None
        aim.picked.ok()
        reply.stream = self._stream(reply.stream, end)
        return reply

    def _end(self, aim: Aim, pool: Pool) -> None:
        settle(aim.picked, went_well=None)
        if self._is_over(pool):
            pool.transport.close()

    def close(self) -> None:
        """Follow no Service more, and close all connections."""
        for followed in self._services.all():
            followed.watch.close()
            for pool in self._all(followed):
                pool.transport.close()
        self._plain.close()


class AsyncBalanced(_Balanced):
    """A transport for tasks of asyncio or trio."""

    def __init__(
        self,
        client: ModuleType,
        plain: Callable[..., Any],
        resolver: AsyncResolver | None,
        own: Own,
        options: Mapping[str, Any],
    ) -> None:
        names = AsyncNames(resolver, own.scope)
        super().__init__(client, partial(plain, resolver=resolver), own, options)
        self._services: AsyncServices[Pool] = AsyncServices(names, own.policy, lambda: Pool(self._make))
        self._stream = async_stream(client.AsyncByteStream)

    async def handle_async_request(self, request: Any) -> Any:
        """Send a request to an endpoint of its URL's host, or as the plain transport does."""
        tries = self._tries(request)
        try:
            followed = await self._services.find(request.url.host, tries.left)
            if followed is None:
                return await self._plain.handle_async_request(request)
            while True:
                reply = await self._try(followed, tries, request)
                if reply is not None:
                    return reply
        except Error as error:
            raise self._failed(error, request) from error

    async def _try(self, followed: Followed[AsyncWatch, Pool], tries: Tries, request: Any) -> Any:
        departed = self._departed(followed)
        if departed:
            await _together(pool.transport.aclose for pool in departed)
        aim, pool = self._begin(followed, tries)
        end = partial(self._end, aim, pool)
        try:
            reply = await pool.transport.handle_async_request(self._aimed(request, aim))
        except BaseException as error:
            await end()
            if self._is_refused(tries, aim, error):
                raise
            return None
        aim.picked.ok()
        reply.stream = self._stream(reply.stream, end)
        return reply

    async def _end(self, aim: Aim, pool: Pool) -> None:
        settle(aim.picked, went_well=None)
        if self._is_over(pool):
            with anyio.CancelScope(shield=True):
                await pool.transport.aclose()

    async def aclose(self) -> None:
        """Follow no Service more, and close all connections."""
        ends = [self._plain.aclose]
        for followed in self._services.all():
            ends += [followed.watch.close, *(pool.transport.aclose for pool in self._all(followed))]
        await _together(ends)


async def _together(ends: Iterable[Callable[[], Coroutine[Any, Any, None]]]) -> None:
    """Close all of these, each of which does so if it has but begun, as it does here where this is cancelled."""
    faults: list[Exception] = []

    async def close(end: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await end()
        except Exception as fault:  # noqa: BLE001 - the others are closed first
            faults.append(fault)

    async with anyio.create_task_group() as group:
        for end in ends:
            group.start_soon(close, end)
    if faults:
        raise faults[0]
