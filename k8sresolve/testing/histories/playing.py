"""Histories, and how one is played on an offline cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import attrs

from k8sresolve._escaping import told
from k8sresolve.config import check_seconds
from k8sresolve.errors import ConfigError
from k8sresolve.names import IPAddress
from k8sresolve.records import Endpoint
from k8sresolve.testing.histories.events import Event, Stage
from k8sresolve.testing.histories.promises import Broken, Promises, Told, addresses_of
from k8sresolve.testing.histories.timelines import Addresses, Disturbance, Timeline

if TYPE_CHECKING:
    from k8sresolve.testing.cluster import Cluster
    from k8sresolve.testing.network.query_log import LoggedQuery

_ANSWERS = ("NOERROR", "NODATA", "NXDOMAIN")
_LEAST = 1e-6  # seconds: less is what arithmetic leaves


def _as_tuple(events: Iterable[Event]) -> tuple[Event, ...]:
    if isinstance(events, str) or not isinstance(events, Iterable):
        raise ConfigError(f"{told(events)} are no events", advice="give such as [histories.Scale(3, after=10)]")
    return tuple(events)


def _events(_: object, __: attrs.Attribute[tuple[Event, ...]], value: tuple[object, ...]) -> None:
    for event in value:
        if not isinstance(event, Event):
            raise ConfigError(f"{told(event)} is no event", advice="give such as histories.Scale(3, after=10)")


@attrs.frozen
class History:
    """What happens to a Service over time: a value, which is written as it is read, so that it can be played again.

    Raises:
        ConfigError: Something is no event.

    >>> from k8sresolve.testing import Cluster, headless, histories
    >>> history = histories.History([histories.Scale(3, after=10), histories.Crash(1, after=2.5)])
    >>> cluster = Cluster.new(headless("db.shop", sql=5432, pods=2))
    >>> with cluster.resolver() as resolver, resolver.watch("db.shop", "sql") as watch:
    ...     play = history.play(cluster, "shop/db")
    ...     for seconds in play:
    ...         cluster.clock.advance(seconds)  # with tasks: await cluster.advance(seconds)
    ...         play.publish(watch.current)
    ...
    >>> play.check(histories.Promises())
    >>> [len(addresses) for _, addresses in play.truth], [len(addresses) for _, addresses in play.published]
    ([2, 3, 2], [2, 3, 2])
    """

    events: tuple[Event, ...] = attrs.field(converter=_as_tuple, validator=_events)
    """Its events, in order."""

    def play(
        self, cluster: Cluster, workload: str, *, service: str | None = None, step: float = 1.0, rest: float = 240.0
    ) -> Play:
        """Make what plays it, once, on a workload.

        Args:
            cluster: The cluster.
            workload: `NAMESPACE/NAME`.
            service: The headless Service, `NAMESPACE/NAME`; None is the one of the workload's name.
            step: Seconds, above 0, in which time goes on at most.
            rest: Seconds after the last event, by when a client should know all.

        Raises:
            ConfigError: There is no such Service, it is not headless, or seconds cannot be.
            ManifestError: There is no such workload.
        """
        service = workload if service is None else service
        return Play(self, cluster, workload, service=service, step=step, rest=rest)


class Play(Iterator[float]):
    """A history that is being played: for each item, let so many seconds go by, and say what the client has by then.

    Made by `History.play`.

    >>> from k8sresolve.testing import Cluster, headless, histories
    >>> cluster = Cluster.new(headless("db.shop", sql=5432))
    >>> play = histories.History([histories.Scale(2, after=5)]).play(cluster, "shop/db", rest=0)
    >>> [len(addresses) for _, addresses in play.truth]
    [1]
    """

    history: History
    """What is played."""

    truth: Timeline
    """What was true."""

    published: Timeline
    """What the client had."""

    def __init__(
        self, history: History, cluster: Cluster, workload: str, *, service: str, step: float, rest: float
    ) -> None:
        if check_seconds("step", step, 0) == 0:
            raise ConfigError("step=0 lets no time go by", advice="give seconds above 0")
        check_seconds("rest", rest, 0)
        self.history = history
        self.truth: Timeline = Timeline()
        self.published: Timeline = Timeline()
        self._cluster = cluster
        self._key = _headless(cluster, service)
        self._stage = Stage(cluster, workload)
        cluster.pods(workload)
        self._answers: list[float] = []
        cluster.queries.watch(self._answered)
        self._note()
        self._steps = self._play(history.events, step, rest)

    @property
    def disturbances(self) -> tuple[Disturbance, ...]:
        """When nameservers failed or disagreed."""
        return tuple(self._stage.disturbances)

    def __next__(self) -> float:
        return next(self._steps)

    def publish(self, endpoints: Iterable[Endpoint | IPAddress | str]) -> None:
        """Note what the client has now.

        Args:
            endpoints: Endpoints, addresses, or texts of them.

        Raises:
            InvalidName: A text is no address.
            ConfigError: It is no list of them.
        """
        self.published.note(self._now(), addresses_of(endpoints))

    def broken(self, promises: Promises) -> tuple[Broken, ...]:
        """Tell which promises did not hold so far.

        Args:
            promises: What the client promises.
        """
        return promises.broken(Told(self.truth, self.published, self.disturbances, self._now(), self._answers))

    def check(self, promises: Promises) -> None:
        """Demand that all promises held.

        Args:
            promises: What the client promises.

        Raises:
            AssertionError: One did not hold; it tells the whole story.
        """
        if broken := self.broken(promises):
            raise AssertionError("\n".join([*map(str, broken), "", str(self)]))

    def __str__(self) -> str:
        lines = [f"{begin:9.1f} s  until {end:.1f} s, {_told(old_view)}" for begin, end, old_view in self.disturbances]
        return "\n".join(
            ["true:", repr(self.truth), "published:", repr(self.published), "in the way:", *(lines or ["nothing"])]
        )

    def _play(self, events: Iterable[Event], step: float, rest: float) -> Iterator[float]:
        due = self._now()
        for event in events:
            due += event.after
            yield from self._until(due, step)
            event.happen(self._stage)
            self._note()
        yield from self._until(max(due, self._now()) + rest, step)
        self._stage.end(float("inf"))

    def _until(self, due: float, step: float) -> Iterator[float]:
        """Let time go on to then, and faults end on the way."""
        while (left := due - self._now()) > _LEAST:
            to_end = self._stage.next_end() - self._now()
            if to_end > _LEAST:
                yield min(left, step, to_end)
            self._stage.end(self._now() + _LEAST)

    def _now(self) -> float:
        return self._cluster.clock.monotonic()

    def _note(self) -> None:
        parts = self._cluster.store.slices(*self._key)
        found: Addresses = frozenset([one.address for part in parts for one in part.addresses])
        self.truth.note(self._now(), found)

    def _answered(self, query: LoggedQuery) -> None:
        if query.outcome in _ANSWERS:
            self._answers.append(query.at)


def _headless(cluster: Cluster, name: str) -> tuple[str, str]:
    if not isinstance(name, str):
        raise ConfigError(f"play: {told(name)} names no Service", advice="give NAMESPACE/NAME")
    namespace, _, service = name.partition("/")
    found = cluster.store.service(namespace, service)
    if found is None or not found.headless:
        problem = "there is no Service" if found is None else "it is no headless Service:"
        raise ConfigError(f"play: {problem} {told(name)}", advice="name one as NAMESPACE/NAME, in service=")
    return namespace, service


def _told(old_view: bool) -> str:
    return "a replica answered from an old view" if old_view else "nameservers failed"
