"""A day of roll-outs in an offline cluster, in virtual time: each answer is right, or a typed temporary error.

Workloads are scaled, rolled out, moved and made unready, the network loses and damages packets, and programs look up
what they need every few seconds. An answer is right if it was true at some time within its TTL; one that was asked for
afresh must be true now. The memory in use must not grow with the hours.
"""

import asyncio
import random
import time
import tracemalloc
from collections.abc import Callable, Iterable
from typing import Any

from k8sresolve import NotFound, TemporaryFailure
from k8sresolve.testing import Cluster
from tests.bench.soaks import keeping
from tests.bench.soaks.keeping import Books
from tests.memory import in_use

COUNT = 24 * 3600  # virtual seconds
TTL = 30.0
NAMESPACE, WORKLOADS = "shop", ("web", "db")
MOST = 512 * 1024  # octets by which the memory in use may differ: what is in the cache, and how many pods there are


def soak(count: int, seed: int) -> int:
    """Live through 24 virtual hours of roll-outs: each answer is right, or a typed temporary error."""
    began, books, day = time.monotonic(), Books(), Day(seed)
    tracemalloc.start()
    asyncio.run(day.pass_(count, books))
    broken = []
    if day.grown > MOST:
        broken.append(f"{day.grown:,} octets more in use at the end than after the first tenth")
    tracemalloc.stop()
    counted = books.counted
    figures = (
        f"{day.seconds / 3600:.2f} virtual hours, {day.changes:,} changes: {counted['right']:,} right answers, "
        f"{counted['temporary']:,} temporary failures, {counted['wrong']} wrong; memory in use {day.grown:+,} octets"
    )
    return keeping.close("rollouts", seed, began, figures, books, broken)


class Day:
    """The cluster, what has been true of it, and what happens next."""

    def __init__(self, seed: int) -> None:
        self.seconds = 0.0
        self.changes = 0
        self.grown = 0
        self._rng = random.Random(seed)
        self._cluster = Cluster.from_objects(_objects())
        self._truths: dict[str, list[tuple[float, frozenset[str]]]] = {name: [] for name in WORKLOADS}
        self._rollouts: dict[str, Any] = {}
        self._resolver = self._cluster.resolver(namespace=NAMESPACE)
        self._async_resolver = self._cluster.async_resolver(namespace=NAMESPACE)
        self._note()

    async def pass_(self, seconds: float, books: Books) -> None:
        """Let so many seconds pass; memory is measured from after the first tenth on."""
        first = 0
        while self.seconds < seconds:
            self._happen()
            for _ in range(4):
                await self._look_up(books)
                self._wait(self._rng.uniform(0.0, 6.0))
            self._cluster.queries.clear()
            if not first and self.seconds >= seconds / 10:
                first = in_use()
        self.grown = in_use() - first
        self._resolver.close()
        await self._async_resolver.close()

    def _wait(self, seconds: float) -> None:
        self._cluster.clock.advance(seconds)
        self.seconds += seconds

    # -- what happens --------------------------------------------------------------------------------------------------

    def _happen(self) -> None:
        """Change something, and how well the network works."""
        workload = self._rng.choice(WORKLOADS)
        self._rng.choice((self._scale, self._step, self._step, self._step, self._ready, self._move))(workload)
        self.changes += 1
        self._cluster.network.restore()
        network, seed = self._cluster.network, self._rng.randrange(1 << 30)
        kind = self._rng.choice(("", "", "drop", "outage", "rcode", "duplicate", "truncate", "garbage", "refuse"))
        if kind == "drop":
            network.drop(probability=0.3, seed=seed)
        elif kind == "outage":
            network.drop()
        elif kind == "rcode":
            network.rcode(self._rng.choice(("SERVFAIL", "REFUSED")), probability=0.5, seed=seed)
        elif kind == "duplicate":
            network.duplicate(probability=0.9, seed=seed)
        elif kind == "truncate":
            network.truncate(probability=0.5, seed=seed)
        elif kind == "garbage":
            network.garbage(probability=0.5, seed=seed, then_reply=self._rng.random() < 0.5)
        elif kind == "refuse":
            network.refuse()
        self._note()

    def _scale(self, workload: str) -> None:
        self._rollouts.pop(workload, None)
        self._cluster.scale(f"{NAMESPACE}/{workload}", self._rng.randrange(9))

    def _step(self, workload: str) -> None:
        """Go on with a roll-out, or begin one."""
        rollout = self._rollouts.get(workload)
        if rollout is None or next(rollout, None) is None:
            self._rollouts[workload] = self._cluster.roll_out(f"{NAMESPACE}/{workload}")

    def _ready(self, workload: str) -> None:
        for pod in self._cluster.pods(f"{NAMESPACE}/{workload}"):
            self._cluster.set_ready(pod, self._rng.random() < 0.7)

    def _move(self, workload: str) -> None:
        for pod in self._cluster.pods(f"{NAMESPACE}/{workload}")[:1]:
            self._cluster.move(pod)

    def _note(self) -> None:
        """Keep what is true from now on, and as long as somebody may remember it."""
        now = self._cluster.clock.monotonic()
        for workload, truths in self._truths.items():
            pods = self._cluster.pods(f"{NAMESPACE}/{workload}")
            truths.append((now, frozenset(pod.ip for pod in pods if pod.ready and not pod.terminating)))
            while len(truths) > 1 and truths[1][0] < now - 2 * TTL - 60.0:
                truths.pop(0)

    # -- what programs see ---------------------------------------------------------------------------------------------

    async def _look_up(self, books: Books) -> None:
        workload, fresh = self._rng.choice(WORKLOADS), self._rng.random() < 0.3
        call, addresses_of = self._rng.choice(CALLS)
        waits = self._rng.random() < 0.5
        began = self._cluster.clock.monotonic()
        try:
            found = call(self._async_resolver if waits else self._resolver, workload, fresh)
            addresses = addresses_of(await found if waits else found)
        except NotFound:
            addresses = frozenset()
        except TemporaryFailure:
            books.counted["temporary"] += 1
            addresses = None
        except Exception as error:  # noqa: BLE001 - none but ours, and of these none but temporary ones
            books.miss(f"{workload} at {began}: {error!r}")
            return
        self.seconds += self._cluster.clock.monotonic() - began
        if addresses is None:
            return
        if addresses in self._true(workload, began if fresh else began - TTL):
            books.counted["right"] += 1
        else:
            books.miss(f"{workload} at {began}, fresh={fresh}: {sorted(addresses)}; {self._truths[workload][-3:]}")

    def _true(self, workload: str, since: float) -> list[frozenset[str]]:
        """What was true at that time or later."""
        truths = self._truths[workload]
        return [
            truth
            for index, (_, truth) in enumerate(truths)
            if index == len(truths) - 1 or truths[index + 1][0] >= since
        ]


def _texts(addresses: Iterable[Any]) -> frozenset[str]:
    return frozenset(map(str, addresses))


# What programs call, and the addresses in what they get.
CALLS: tuple[tuple[Callable[..., Any], Callable[[Any], frozenset[str]]], ...] = (
    (lambda r, name, fresh: r.addresses(name, fresh=fresh), lambda found: _texts(found.addresses)),
    (lambda r, name, fresh: r.service(name, fresh=fresh), lambda found: _texts(found.addresses)),
    (lambda r, name, fresh: r.endpoints(name, "sql", fresh=fresh), lambda found: _texts(e.address for e in found)),
    (
        lambda r, name, fresh: r.port(name, "sql", fresh=fresh),
        lambda found: _texts(address for target in found.targets for address in target.addresses),
    ),
)


def _objects() -> list[dict[str, Any]]:
    """A StatefulSet and a Deployment, each behind a headless Service."""
    objects: list[dict[str, Any]] = []
    for kind, name in (("Deployment", "web"), ("StatefulSet", "db")):
        labels = {"app": name}
        container = {"name": name, "image": name, "ports": [{"name": "sql", "containerPort": 5432}]}
        template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
        spec = {"replicas": 3, "selector": {"matchLabels": labels}, "template": template, "serviceName": name}
        meta = {"name": name, "namespace": NAMESPACE}
        if kind == "Deployment":
            del spec["serviceName"]
        service = {"clusterIP": "None", "selector": labels, "ports": [{"name": "sql", "port": 5432}]}
        objects += [
            {"apiVersion": "apps/v1", "kind": kind, "metadata": meta, "spec": spec},
            {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": service},
        ]
    return objects
