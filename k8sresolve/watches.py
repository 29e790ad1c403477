"""Watches: a Service that is followed over time, for callers that wait and for tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic, Protocol, Self, TypeVar, cast
from weakref import finalize

from k8sresolve._core.lookups.polls import poll
from k8sresolve._core.lookups.setting import Setting
from k8sresolve._core.questions import Question
from k8sresolve._core.watching.poller import Following
from k8sresolve._core.watching.waiting import MOST, see_pods
from k8sresolve._drivers.following import LoopFollower
from k8sresolve._escaping import told
from k8sresolve._locks import Lock
from k8sresolve.changes import Change, WatchStatus
from k8sresolve.config import check_seconds, check_whole, is_finite
from k8sresolve.errors import ConfigError, ResolverClosed, WaitTimeout
from k8sresolve.names import PortName, ServiceName, ZonalName
from k8sresolve.records import Endpoint


class Follower(Protocol):
    """What hosts the pollers of one resolver, for callers that wait."""

    closed: bool

    def join(self, following: Following) -> None:
        """Follow a question for one more watch."""

    def hint(self, following: Following) -> None:
        """The answer may be another by now."""

    def suspect(self, following: Following, endpoint: Endpoint) -> None:
        """A connect to the endpoint failed."""

    def ask(self, questions: Iterable[Question]) -> None:
        """Ask what nobody waits for."""

    def close(self) -> None:
        """Ask nothing more, and tell whoever waits that the resolver is closed."""

    def leave(self, following: Following) -> None:
        """Follow it for one watch less."""

    def followed(self) -> Iterable[Following]:
        """What the watches know that are open, in whatever thread."""
        ...

    def wait(self, until: Callable[[], bool], seconds: float | None) -> bool:
        """Wait until that is so; False where it was not in time."""
        ...


def following(  # noqa: PLR0917 - what a watch is asked for
    setting: Setting,
    name: str | ServiceName,
    port: str | None,
    protocol: str,
    interval: tuple[float, float],
    empty_hold: float,
    zone: str | None,
) -> Following:
    """Make what a watch is to know. Raises `InvalidName` or `ConfigError` before anything is asked."""
    place = setting.service_name(name)
    question = place if port is None else PortName(port, protocol, place)
    if not _is_interval(interval):
        raise ConfigError(
            f"interval={told(interval)} is no pair of seconds",
            advice="give the least and the most seconds between questions: interval=(5.0, 30.0)",
        )
    check_seconds("empty_hold", empty_hold, 0)
    if zone is not None:
        ZonalName(zone, "prefer", place)
    return Following((poll, name, port, protocol, zone), place, (question, zone), interval, empty_hold)


def status_of(following: Following, now: float) -> WatchStatus:
    """Tell what a watch knows."""
    shown = following.shown
    ages = (now - shown.answered, now - shown.changed) if shown.known else (None, None)
    return WatchStatus(following.place, following.call[2], shown.current, shown.cause, *ages)


def _is_interval(interval: object) -> bool:
    try:
        least, most = cast("tuple[object, object]", interval)
    except (TypeError, ValueError):
        return False
    return is_finite(least) and is_finite(most) and 0 < least <= most


F = TypeVar("F", Follower, LoopFollower)


class _Watch(Generic[F]):
    """What watches have in common: when they are open, and what they say."""

    def __init__(self, follow: Callable[[], F], make: Callable[[], Following]) -> None:
        self._following = make()  # whatever is wrong is said now
        self._make = make
        self._follow: Callable[[], F] = follow
        self._follower: F | None = None
        self._is_open = False

    @property
    def name(self) -> str:
        """The Service's name, as it was given."""
        return str(self._following.call[1])

    def _require_new(self) -> None:
        if self._is_open:
            raise ResolverClosed("this watch is open already: call watch() once more for another one")

    def _open(self, follower: F) -> Following:
        self._following, self._follower = self._make(), follower
        self._is_open = True  # last of all: another thread may look
        return self._following

    def _require_open(self) -> None:
        if not self._is_open:
            raise ResolverClosed("this watch is not open: use it in a with statement")

    def _require(self) -> F:
        self._require_open()
        assert self._follower is not None  # noqa: S101 - it is open
        if self._follower.closed:
            raise ResolverClosed("this resolver is closed")
        return self._follower

    @property
    def current(self) -> tuple[Endpoint, ...]:
        """The endpoints that are there, for all that is known, in canonical order; it never waits.

        Raises:
            ResolverClosed: The resolver was closed, or the process was forked while the watch was open.
        """
        if self._is_open:
            self._require()
        return self._following.belief.current

    def resolve_now(self) -> None:
        """Ask soon, as the answer may be another by now; more than once a second is not heard.

        Raises:
            ResolverClosed: The watch is not open, or the resolver was closed.
        """
        self._require().hint(self._following)

    def suspect(self, endpoint: Endpoint) -> None:
        """Say that a connect to an endpoint failed: the first answer that lacks it removes it.

        Args:
            endpoint: One of `current`.

        Raises:
            ResolverClosed: The watch is not open, or the resolver was closed.
        """
        self._require().suspect(self._following, endpoint)

    def _is_ready(self, at_least: int) -> Callable[[], bool]:
        check_whole("at_least", at_least, 1, MOST)
        following = self._following
        return lambda: not self._is_open or following.error is not None or len(following.belief.current) >= at_least

    def _has_news(self) -> bool:
        return not self._is_open or self._following.has_news or self._following.error is not None

    def _raise_error(self) -> None:
        if self._following.error is not None:
            raise self._following.error

    def _raise_end(self) -> None:
        """Raise what ended the waiting, if that was another thread's or task's `close()`, or an error."""
        if not self._is_open:
            raise ResolverClosed("this watch was closed")
        self._raise_error()

    def _late(self, at_least: int, seconds: float | None) -> WaitTimeout:
        """Say what is there in place of what was waited for."""
        belief = self._following.belief
        there = f"{len(belief.current)} of {at_least} endpoint{'s' * (at_least > 1)} after {seconds:g} s"
        cause = belief.cause or belief.lack
        problem = f"{there}: {getattr(cause, 'problem', cause)}" if cause is not None else there
        return WaitTimeout(
            self.name,
            problem,
            attempts=getattr(cause, "attempts", ()),
            advice=getattr(cause, "advice", "") or see_pods(self._following.place),
        )


class Watch(_Watch[Follower]):
    """A Service that is followed, open while it is a context. Made by `Resolver.watch`.

    To iterate over it waits for each `Change`, until it is closed. Several threads may use it; each change is given to
    one of them.

    >>> from k8sresolve.testing import Cluster, headless
    >>> cluster = Cluster.new(headless("db.data", sql=5432, pods=2))
    >>> with cluster.resolver() as resolver, resolver.watch("db.data", "sql") as watch:
    ...     print(len(watch.ready(at_least=2)), len(next(watch).added))
    ...     cluster.scale("data/db", 3)
    ...     print(next(watch).added[0].hostname, len(watch.current))
    2 2
    db-2 3
    """

    def __init__(self, follow: Callable[[], Follower], make: Callable[[], Following]) -> None:
        super().__init__(follow, make)
        self._lost: Any = None
        self._telling = Lock()  # by several threads; what asks does not wait for it

    def __enter__(self) -> Self:
        self._require_new()
        try:
            follower = self._follow()
            following = self._open(follower)
            # Who loses a watch without closing it is followed for no more.
            self._lost = finalize(self, follower.leave, following)
            self._lost.atexit = False
            follower.join(following)
            return self  # noqa: TRY300 - here nothing can come in between
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Follow the Service no more. Closing twice is fine."""
        self._is_open = False
        if self._lost is not None and self._lost.alive:
            # Who was interrupted in here may close it again, or lose it.
            assert self._follower is not None  # noqa: S101 - it was open
            self._follower.leave(self._following)
            self._lost.detach()

    def ready(self, at_least: int = 1, *, timeout: float | None = 60.0) -> tuple[Endpoint, ...]:
        """Wait until there are so many endpoints, and return all that there are.

        Args:
            at_least: How many.
            timeout: Seconds to wait. None for as long as it takes.

        Raises:
            WaitTimeout: They did not come.
            NoData: There can never be one: a port of an ExternalName.
            ResolverClosed: The watch or the resolver was closed, or the watch is not open.
        """
        follower, is_ready = self._require(), self._is_ready(at_least)
        in_time = follower.wait(is_ready, None if timeout is None else check_seconds("timeout", timeout))
        self._raise_end()
        if not in_time:
            raise self._late(at_least, timeout)
        return self._following.belief.current

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Change:
        while self._is_open:
            follower = self._require()
            follower.wait(self._has_news, None)
            with self._telling:
                change = self._following.tell()
            if change is not None:
                return change
            self._raise_error()
        raise StopIteration


class AsyncWatch(_Watch[LoopFollower]):
    """A Service that is followed, open while it is a context, in one loop. Made by `AsyncResolver.watch`.

    To iterate over it waits for each `Change`, until it is closed. Several tasks may use it; each change is given to
    one of them.

    >>> import asyncio
    >>> from k8sresolve.testing import Cluster, headless
    >>> async def grow():
    ...     cluster = Cluster.new(headless("db.data", sql=5432, pods=2))
    ...     async with cluster.async_resolver() as resolver, resolver.watch("db.data", "sql") as watch:
    ...         await watch.ready(at_least=2)
    ...         cluster.scale("data/db", 3)
    ...         return len(await watch.ready(at_least=3))
    ...
    >>> asyncio.run(grow())
    3
    """

    async def __aenter__(self) -> Self:
        self._require_new()
        follower = self._follow()
        following = self._open(follower)
        try:
            follower.join(following)
        except BaseException:
            self._is_open = False
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Follow the Service no more, and wait until nothing is asked for it. Closing twice is fine."""
        if self._is_open:
            self._is_open = False
            assert self._follower is not None  # noqa: S101 - it was open
            await self._follower.leave(self._following)

    async def ready(self, at_least: int = 1, *, timeout: float | None = 60.0) -> tuple[Endpoint, ...]:
        """Wait until there are so many endpoints, and return all that there are.

        As `Watch.ready`, awaited.
        """
        follower, is_ready = self._require(), self._is_ready(at_least)
        in_time = await follower.wait(is_ready, None if timeout is None else check_seconds("timeout", timeout))
        self._raise_end()
        if not in_time:
            raise self._late(at_least, timeout)
        return self._following.belief.current

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Change:
        while self._is_open:
            await self._require().wait(self._has_news, None)
            change = self._following.tell()
            if change is not None:
                return change
            self._raise_error()
        raise StopAsyncIteration
