"""Choosing among a Service's endpoints, a request at a time. Pure: time and chance come in, and nothing waits.

What is known of an endpoint is its own: the requests in flight, the failures in a row, and until when it is passed
over. It goes as the endpoint does. A request that was under way then ends on what it was picked from.
"""

from __future__ import annotations

import math
import sys
from bisect import bisect_right
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from operator import attrgetter
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self
from weakref import WeakSet

from k8sresolve._drivers.clock import monotonic
from k8sresolve._escaping import told
from k8sresolve._locks import Lock
from k8sresolve.errors import ConfigError, Error, NoEndpoints
from k8sresolve.records import Endpoint, Place, place_of

if TYPE_CHECKING:
    import random

__all__ = ["Balancer", "Picked", "Source"]

# The figures of Envoy's outlier detection. With fewer failures, slow answers would do, which count as connects do.
FAILURES = 5  # in a row, after which an endpoint is ejected
PAUSE, LONGEST_PAUSE = 30.0, 300.0  # seconds for which it is: doubled each time, no longer
SHARE = 10  # one of so many may be ejected at once, and one of fewer


class Source(Protocol):
    """Where endpoints come from: a watch, or whatever else has `current`.

    >>> from k8sresolve.balance import Balancer
    >>> from k8sresolve.testing import Cluster, headless
    >>> cluster = Cluster.new(headless("db.data", sql=5432, pods=2))
    >>> with cluster.resolver() as resolver, resolver.watch("db.data", "sql") as watch:
    ...     ready = watch.ready(at_least=2)
    ...     with Balancer(watch).pick() as picked:
    ...         picked.endpoint in watch.current
    True
    """

    @property
    def current(self) -> tuple[Endpoint, ...]:
        """The endpoints that are there; it never waits."""
        ...


class _Fixed:
    """Endpoints that stay as they are."""

    def __init__(self, endpoints: tuple[Endpoint, ...]) -> None:
        self.current = endpoints


class _Standing:
    """What is known of one endpoint."""

    __slots__ = ("count", "ejections", "endpoint", "failures", "in_flight", "is_there", "pause", "place", "until")

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint: Endpoint = endpoint
        self.place: Place = place_of(endpoint)
        self.is_there: bool = True
        self.count: int = 0  # of requests so far
        # Weak: one whose block was left by an exception in the midst of our own lines counts no more either.
        self.in_flight: WeakSet[Picked] = WeakSet()
        self.failures: int = 0  # in a row
        self.ejections: int = 0
        self.pause: float = 0.0  # seconds of the last ejection, if nothing has gone well since
        self.until: float = -math.inf  # when it ends

    def recover(self) -> None:
        """A request has gone well."""
        self.failures, self.pause = 0, 0.0

    def eject(self, now: float) -> None:
        """Pass over it for a while."""
        self.ejections += 1
        self.pause = min(2 * self.pause, LONGEST_PAUSE) or PAUSE
        self.until = now + self.pause


class Picked:
    """An endpoint that was picked for one request, which is in flight until the block is left. Made by `Balancer.pick`.

    If neither `ok` nor `fail` is called, an `OSError` or a timeout that leaves the block is a failure, and an end
    without an exception is none. Any other exception, and a cancellation, says nothing of the endpoint, nor does an
    error of this library's.

    >>> from k8sresolve.balance import Balancer
    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> resolver = cluster.resolver()
    >>> balancer = Balancer(resolver.endpoints("cassandra.data", "cql"))
    >>> with balancer.pick() as picked:
    ...     answer = 503  # of picked.endpoint
    ...     if answer == 503:
    ...         picked.fail()
    """

    __slots__ = ("__weakref__", "_ejections", "_judge", "_said", "_standing")

    def __init__(self, standing: _Standing, judge: Callable[[_Standing, int, bool], None]) -> None:
        self._standing = standing
        self._ejections = standing.ejections
        self._judge = judge
        self._said: bool | None = None
        standing.count += 1
        standing.in_flight.add(self)

    @property
    def endpoint(self) -> Endpoint:
        """The endpoint to connect to."""
        return self._standing.endpoint

    def ok(self) -> None:
        """Say that the endpoint serves: what leaves the block afterwards, such as an error of HTTP, is no failure."""
        self._say(went_well=True)

    def fail(self) -> None:
        """Say that the endpoint does not serve, where the client raises no `OSError`."""
        self._say(went_well=False)

    def _say(self, *, went_well: bool) -> None:
        if self._said is not went_well:
            self._said = went_well
            self._judge(self._standing, self._ejections, went_well)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._said is None and (error is None or _is_failure(error)):
                self._say(went_well=error is None)
        finally:
            self._standing.in_flight.discard(self)


class Balancer:
    """Spreads requests over a Service's endpoints; any number of threads and tasks may share one.

    An endpoint is ejected, and picked no more, after 5 failures in a row, for 30 s. When it returns, its next failure
    ejects it for twice as long, up to 300 s, and a success makes that forgotten. Of n endpoints max(1, n // 10) are
    ejected at most, and never the last. What was picked before an ejection counts for nothing after it. A failure is
    told to the watch, which then asks soon, and believes the first answer that lacks the endpoint.

    A process that was forked makes one of its own.

    Args:
        source: A watch, of which each pick takes the `current` endpoints, or a tuple of endpoints.
        policy: `"p2c"`: of two at random the one with fewer requests in flight, or of as many the one that had fewer so
            far. `"round_robin"`: one after the other in canonical order, from one at random on, as clients that start
            together would all begin with the same pod.
        rng: What decides chance. None for a fresh `random.Random`.
        clock: What tells seconds. None for a monotonic clock.

    Raises:
        ConfigError: An argument is none of these.

    Sources: Envoy's `outlier_detection.proto` for the figures; M. Mitzenmacher, "The Power of Two Choices in Randomized
    Load Balancing" (2001).

    >>> from k8sresolve.balance import Balancer
    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> resolver = cluster.resolver()
    >>> balancer = Balancer(resolver.endpoints("cassandra.data", "cql"))
    >>> with balancer.pick() as picked:
    ...     picked.endpoint.port
    9042
    """

    def __init__(
        self,
        source: Source | Sequence[Endpoint],
        policy: Literal["p2c", "round_robin"] = "p2c",
        *,
        rng: random.Random | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._source = _checked_source(source)
        self._choose = self._rule(policy)
        self._rng = _checked_rng(rng)
        self._clock = _checked_clock(clock)
        # Held for moments only; the handler of a signal may pick in the midst of a pick.
        self._lock = Lock()
        self._current: tuple[Endpoint, ...] | None = None
        self._standings: dict[Endpoint, _Standing] = {}  # in canonical order
        self._available: list[_Standing] = []  # those of them that are not ejected
        self._look_at = math.inf  # when that may be otherwise, though the endpoints are the same
        self._last: Place | None = None  # of round robin

    def pick(self, *, avoid: Collection[Endpoint] = ()) -> Picked:
        """Pick an endpoint for one request, to be used in a `with` statement.

        Args:
            avoid: Endpoints to pass over, such as those that this request could not connect to.

        Raises:
            NoEndpoints: There is none, or none else.
            ResolverClosed: The watch is closed.
            ConfigError: `avoid` is no collection.
        """
        with self._lock:
            self._look()
            available = self._available
            if avoid:
                _check_avoided(avoid)
                available = _without(available, avoid)
            if not available:
                raise NoEndpoints(
                    str(getattr(self._source, "name", "()")),
                    "there is no other endpoint to choose" if avoid else "there is no endpoint to choose",
                    advice="wait for one with the watch's ready(); a tuple stays as it is",
                )
            return Picked(self._choose(available), self._judge)

    # -- the two policies --------------------------------------------------------------------------------------------

    def _rule(self, policy: object) -> Callable[[list[_Standing]], _Standing]:
        if isinstance(policy, str):
            if policy == "p2c":
                return self._less_busy_of_two
            if policy == "round_robin":
                return self._next_in_turn
        raise ConfigError(f"policy={told(policy)} is no way to choose", advice='give "p2c" or "round_robin"')

    def _less_busy_of_two(self, available: list[_Standing]) -> _Standing:
        count = len(available)
        one = self._rng.randrange(count)
        if count == 1:
            return available[one]
        other = self._rng.randrange(count - 1)
        other += other >= one
        return min(available[one], available[other], key=_load)

    def _next_in_turn(self, available: list[_Standing]) -> _Standing:
        """Choose by the place of the last one, so that what comes and goes makes nobody's turn come early or never."""
        if self._last is None:
            at = self._rng.randrange(len(available))
        else:
            at = bisect_right(available, self._last, key=attrgetter("place")) % len(available)
        self._last = available[at].place
        return available[at]

    # -- who is there, and who is not ejected ------------------------------------------------------------------------

    def _look(self) -> None:
        """Take in which endpoints are there, and whose time has passed."""
        current, now = self._source.current, self._clock()
        if current is self._current and now < self._look_at:
            return
        known = self._standings
        standings = {one: known.get(one) or _Standing(one) for one in sorted(current, key=place_of)}
        for endpoint in known.keys() - standings.keys():
            known[endpoint].is_there = False
        ejected = sorted(_ejected(standings, now), key=attrgetter("until"), reverse=True)
        for standing in ejected[_most_ejected(len(standings)) :]:
            standing.until = now  # fewer are there now than when it was ejected
        self._standings = standings
        available = [one for one in standings.values() if one.until <= now]
        # Who is new, or was passed over, has no arrears to make up for.
        least = min([one.count for one in self._available if one.is_there], default=0)
        for standing in available:
            standing.count = max(standing.count, least)
        self._available = available
        self._look_at = min([one.until for one in _ejected(standings, now)], default=math.inf)
        self._current = current  # at the end: who was interrupted before that looks again

    def _judge(self, standing: _Standing, ejections: int, went_well: bool) -> None:
        """What was picked when the endpoint had been ejected so many times has gone well, or has failed."""
        with self._lock:
            if standing.is_there and ejections == standing.ejections:
                if went_well:
                    standing.recover()
                else:
                    self._count_failure(standing)
        if standing.is_there and not went_well:
            self._report(standing.endpoint)

    def _count_failure(self, standing: _Standing) -> None:
        now = self._clock()
        standing.failures += 1
        if standing.failures < FAILURES:
            return
        if len(_ejected(self._standings, now)) < _most_ejected(len(self._standings)):
            self._look_at = -math.inf  # first of all, so that the next pick looks whatever happens here
            standing.eject(now)

    def _report(self, endpoint: Endpoint) -> None:
        """Tell the watch. It is a hint: that the watch is closed is no news to who is just leaving a block."""
        watch: Any = self._source
        if hasattr(watch, "suspect"):
            with suppress(Exception):
                watch.suspect(endpoint)
                watch.resolve_now()


def _load(standing: _Standing) -> tuple[int, int]:
    return len(standing.in_flight), standing.count


def _ejected(standings: dict[Endpoint, _Standing], now: float) -> list[_Standing]:
    return [one for one in standings.values() if one.until > now]


def _most_ejected(count: int) -> int:
    return max(0, min(count - 1, max(1, count // SHARE)))


def _is_failure(error: BaseException) -> bool:
    """Whether it says that the endpoint was not reached, or not in time.

    A timeout is an OSError, whoever raises it, but for trio's. An error of ours, which is one too, is of a lookup.
    """
    if isinstance(error, OSError):
        return not isinstance(error, Error)
    trio: Any = sys.modules.get("trio")
    return trio is not None and isinstance(error, trio.TooSlowError)


def _checked_source(source: Source | Sequence[Endpoint]) -> Source:
    if isinstance(source, str | bytes):
        raise _no_source(source)
    if isinstance(source, Sequence):
        return _Fixed(tuple([_checked_endpoint(one) for one in source]))
    # Not asked for its endpoints yet: a watch may have none to give before it is open.
    if hasattr(type(source), "current") or hasattr(source, "current"):
        return source
    raise _no_source(source)


def _no_source(value: object) -> ConfigError:
    return ConfigError(f"{told(value)} is no source of endpoints", advice="give what endpoints() returns, or a watch")


def _checked_endpoint(value: Any) -> Endpoint:
    if not isinstance(value, Endpoint):
        raise ConfigError(f"{told(value)} is no Endpoint", advice="give what endpoints() returns, or a watch")
    return value


def _check_avoided(avoid: Any) -> None:
    if not isinstance(avoid, Collection) or isinstance(avoid, str | bytes):
        raise ConfigError(f"avoid={told(avoid)} are no endpoints", advice="give a set or a tuple of them")


def _without(available: list[_Standing], avoid: Collection[Any]) -> list[_Standing]:
    return [one for one in available if one.endpoint not in avoid]


def _checked_rng(rng: Any) -> random.Random:
    if rng is None:
        import random  # it brings hashlib along

        return random.Random()  # noqa: S311 - spreading load is no secret
    if not callable(getattr(rng, "randrange", None)):
        raise ConfigError(f"rng={told(rng)} is no generator of chance", advice="give a random.Random")
    return rng  # type: ignore[no-any-return]


def _checked_clock(clock: Any) -> Callable[[], float]:
    if clock is None:
        return monotonic
    if not callable(clock):
        raise ConfigError(f"clock={told(clock)} is no clock", advice="give a function that returns seconds")
    return clock  # type: ignore[no-any-return]
