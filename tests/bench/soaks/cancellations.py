"""Lookups cancelled at each point at which they wait: nothing is left, others get their answers, and so does the next.

A lookup is driven by hand to its Nth suspension, and cancelled there, or up to 4 ms later, for N = 1, 2, ... until it
ends of itself; under asyncio also in the moment in which it would go on, under trio by a cancel scope. The nameserver
is the offline cluster on loopback, which loses packets, has answers that need TCP, and some that take several
questions.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable, Coroutine, Generator
from functools import partial
from typing import Any, NamedTuple

from k8sresolve import AsyncResolver, ResolverConfig, TemporaryFailure
from k8sresolve.testing import Cluster
from tests.bench.soaks import keeping
from tests.bench.soaks.keeping import Books, Left, Watchdog

COUNT = 10_000
PODS = 60  # of a headless Service: its SRV answer is truncated over UDP
LOSS = 0.02
LATE = 0.004  # seconds, in which a lookup gets to connect and read

Lookup = Callable[[AsyncResolver], Coroutine[Any, Any, Any]]
LOOKUPS: tuple[Lookup, ...] = (
    lambda r: r.addresses("payments", fresh=True),
    lambda r: r.addresses("api.example.com", fresh=True),
    lambda r: r.addresses("alias", fresh=True),
    lambda r: r.service("payments", ports=["http"], fresh=True),
    lambda r: r.port("payments", "http", fresh=True),
    lambda r: r.endpoints("many", "sql", fresh=True),
    lambda r: r.getaddrinfo("payments", 80, fresh=True),
    lambda r: r.reverse("10.96.20.1", fresh=True),
    lambda r: r.lookup("payments", "TXT", fresh=True),
    lambda r: r.addresses("nothing.shop", fresh=True),
)


def soak(count: int, seed: int) -> int:
    """Cancel 10,000 lookups, at every point at which they wait: nothing is left, and the next one works."""
    began, books, broken = time.monotonic(), Books(), []
    watchdog = Watchdog(books)
    cluster = Cluster.from_objects(_objects(), upstream={"example.com": ZONE})
    cluster.network.drop(probability=LOSS, seed=seed)
    with cluster.serve() as server:
        config = ResolverConfig.for_cluster(f"{server.host}:{server.port}", namespace="shop")
        for runs in (_asyncio, _trio):
            before = Left.now()
            runs(Run(config, count // 2, seed, books, cluster))
            broken += keeping.unlike(before, keeping.settled(before), runs.__name__)
    watchdog.stop()
    counted = books.counted
    points = {what: number for what, number in sorted(counted.items()) if what.startswith("at ")}
    figures = f"{sum(points.values()):,} cancellations ({points}), {counted['ended']:,} that ended before, "
    return keeping.close("cancellations", seed, began, f"{figures}{counted['wrong']} wrong", books, broken)


class Struck:
    """A coroutine that is cancelled at its Nth suspension: `cancel` is called there, or, without, it is thrown in."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], number: int, cancel: Callable[[], Any] | None) -> None:
        self._coroutine, self._number, self._cancel = coroutine, number, cancel
        self.reached = False

    def __await__(self) -> Generator[Any, Any, Any]:
        seen, go_on = 0, partial(self._coroutine.send, None)
        while True:
            try:
                waits = go_on()
            except StopIteration as end:
                return end.value
            seen += 1
            here = seen == self._number
            self.reached |= here
            if here and self._cancel is not None:
                self._cancel()
            try:
                value = yield waits
            except BaseException as error:  # noqa: BLE001 - passed on as it is
                go_on = partial(self._coroutine.throw, error)
            else:
                go_on = partial(self._coroutine.send, value)
                if here and self._cancel is None:
                    go_on = partial(self._coroutine.throw, asyncio.CancelledError())


class Came(NamedTuple):
    """What came of a strike: whether there was such a suspension, whether it cancelled, what another lookup got."""

    reached: bool
    cancelled: bool
    other: Any


Strike = Callable[[AsyncResolver, Lookup, int, bool], Awaitable[Came]]


class Run:
    """So many cancellations under one loop."""

    def __init__(self, config: ResolverConfig, count: int, seed: int, books: Books, cluster: Cluster) -> None:
        self.config, self.books = config, books
        self._left, self._rng, self._cluster = count, random.Random(seed), cluster

    async def go(self, strike: Strike) -> None:
        """Strike each lookup at each of its suspensions, until the count is reached."""
        async with AsyncResolver(self.config, family="ipv4") as resolver:
            right = [await _outcome(lookup(resolver)) for lookup in LOOKUPS]
            while self._left:
                index = self._rng.randrange(len(LOOKUPS))
                await self._strike_all(resolver, LOOKUPS[index], right[index], strike)
                self._cluster.queries.clear()

    def chance(self) -> bool:
        """One in two."""
        return self._rng.random() < 0.5

    def delay(self) -> float:
        """When to cancel: at once, in one of two."""
        return 0.0 if self.chance() else self._rng.uniform(0.0, LATE)

    async def _strike_all(self, resolver: AsyncResolver, lookup: Lookup, right: Any, strike: Strike) -> None:
        number, reached, beside = 0, True, self.chance()
        while reached and self._left:
            number += 1
            reached, cancelled, other = await strike(resolver, lookup, number, beside)
            self._left -= cancelled
            self.books.counted[f"at {number}" if cancelled else "ended"] += 1
            if resolver.stats().in_flight:
                self.books.miss(f"{right!r}: {resolver.stats()} after a cancellation at {number}")
            if beside:
                self._check(other, right, f"beside a cancellation at {number}")
        self._check(await _outcome(lookup(resolver)), right, f"after a cancellation at {number}")

    def _check(self, outcome: Any, right: Any, when: str) -> None:
        """A lookup that was not cancelled ended as it does undisturbed; temporary failures are those of the network."""
        if outcome != right and not isinstance(outcome, TemporaryFailure):
            self.books.miss(f"{outcome!r} {when}, not {right!r}")


async def _outcome(lookup: Coroutine[Any, Any, Any]) -> Any:
    """What a lookup came to: its result, or the kind of its error."""
    try:
        return await lookup
    except TemporaryFailure as error:
        return error
    except Exception as error:  # noqa: BLE001 - compared with the undisturbed one's
        return type(error)


def _asyncio(run: Run) -> None:
    async def strike(resolver: AsyncResolver, lookup: Lookup, number: int, beside: bool) -> Came:
        loop, delay, throw = asyncio.get_running_loop(), run.delay(), run.chance()

        def cancel() -> None:
            if delay:
                loop.call_later(delay, task.cancel)
            else:
                task.cancel()

        async def cancelled() -> Any:
            return await struck

        other = asyncio.create_task(_outcome(lookup(resolver))) if beside else None
        struck = Struck(lookup(resolver), number, None if throw else cancel)
        task = asyncio.create_task(cancelled())
        await asyncio.wait([task])
        if struck.reached and not task.cancelled() and (throw or not delay):
            run.books.miss(f"{task!r} after a cancellation")
        if not task.cancelled():
            task.exception()  # it ended of itself, in whatever way
        return Came(struck.reached, task.cancelled(), None if other is None else await other)

    asyncio.run(run.go(strike))


def _trio(run: Run) -> None:
    import trio

    async def strike(resolver: AsyncResolver, lookup: Lookup, number: int, beside: bool) -> Came:
        delay, others = run.delay(), list[Any]()

        def cancel() -> None:
            if delay:
                scope.deadline = trio.current_time() + delay
            else:
                scope.cancel()

        async def look_up() -> None:
            others.append(await _outcome(lookup(resolver)))

        async with trio.open_nursery() as nursery:
            if beside:
                nursery.start_soon(look_up)
            with trio.CancelScope() as scope:
                struck = Struck(lookup(resolver), number, cancel)
                with contextlib.suppress(Exception):  # it ended of itself
                    await struck
            if struck.reached and not scope.cancelled_caught and not delay:
                run.books.miss("a cancellation came to nothing")
        return Came(struck.reached, scope.cancelled_caught, others[0] if others else None)

    trio.run(run.go, strike)


ZONE = """\
@ 300 IN SOA ns.example.com. hostmaster.example.com. 1 7200 1800 86400 300
api 60 IN A 192.0.2.7
db 60 IN A 192.0.2.8
"""


def _objects() -> list[dict[str, Any]]:
    def meta(name: str) -> dict[str, str]:
        return {"name": name, "namespace": "shop"}

    ports = [{"name": "sql", "port": 5432}]
    labels = {"kubernetes.io/service-name": "many"}
    endpoints = [{"addresses": [f"10.244.1.{index + 1}"], "hostname": f"db-{index}"} for index in range(PODS)]
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": meta("payments"),
            "spec": {"clusterIP": "10.96.20.1", "ports": [{"name": "http", "port": 80}]},
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": meta("alias"),
            "spec": {"type": "ExternalName", "externalName": "db.example.com"},
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": meta("many"),
            "spec": {"clusterIP": "None", "ports": ports},
        },
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {**meta("many-x"), "labels": labels},
            "addressType": "IPv4",
            "endpoints": endpoints,
            "ports": ports,
        },
    ]
