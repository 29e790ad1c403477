"""One client, one measure, in a process of its own: reads a job as JSON, prints what it cost or how long lookups took.

python -m tests.bench.measures <<< '{"client": "k8sresolve", "measure": "cold", "setting": {"port": 5300}}'
"""

import asyncio
import json
import resource
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.bench.clients import CLIENTS, AsyncLookUp, LookUp, Setting

NAMES = 10_000  # more than lookups in one run, since pycares' cache cannot be switched off
NAME = "svc-{}.shop.svc.cluster.local."


class Job(NamedTuple):
    """What to measure.

    `cold` and `hit` look up one name after another, the latter always the same; `hold` tells how long each lookup held
    the loop, in place of what it took. `crowd` has `callers` at once, until
    `count` lookups are made or `seconds` are over, each with a `pause` after each lookup.
    """

    client: str
    measure: str
    setting: Setting
    count: int = 3000
    callers: int = 50
    seconds: float = 0.0
    pause: float = 0.0
    name: str = NAME
    different: int = NAMES

    def names(self) -> Iterator[str]:
        """The names to look up; one is kept for warming up."""
        if self.seconds:
            until = time.monotonic() + self.seconds
            index = 0
            while time.monotonic() < until:
                yield self.name.format(index % self.different)
                index += 1
        else:
            yield from (
                self.name.format(0 if self.measure == "hit" else index % self.different) for index in range(self.count)
            )

    @property
    def warming(self) -> str:
        return self.name.format(0 if self.measure == "hit" else self.different - 1)


class Taken:
    """How long each of a crowd's lookups took, and which failed; what all took. Those in turn are too quick to time."""

    def __init__(self) -> None:
        self.milliseconds: list[float] = []
        self.errors: Counter[str] = Counter()
        self.began = time.perf_counter()
        self.cpu = _cpu()

    def add(self, began: float, error: BaseException | None = None) -> None:
        self.milliseconds.append((time.perf_counter() - began) * 1000)
        if error is not None:
            self.errors[f"{type(error).__name__}: {error}"[:120]] += 1

    def told(self, job: Job) -> dict[str, Any]:
        """What is printed, times in milliseconds."""
        count, seconds = len(self.milliseconds) or job.count, time.perf_counter() - self.began
        return {
            "cpu_us": (_cpu() - self.cpu) / count * 1e6,
            "per_second": count / seconds,
            "count": count,
            "failed": self.errors.total(),
            "errors": dict(self.errors.most_common(3)),
            "milliseconds": [round(one, 3) for one in self.milliseconds],
        }


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


# -- threads -----------------------------------------------------------------------------------------------------------


def run_threads(job: Job) -> Taken:
    client = CLIENTS[job.client]
    with client.open(job.setting) as opened:
        look_up = client.ask(opened)
        return _crowd(job, look_up) if job.measure == "crowd" else _in_turn(job, look_up)


def _in_turn(job: Job, look_up: LookUp) -> Taken:
    names = list(job.names())
    look_up(job.warming)
    taken = Taken()
    for name in names:
        look_up(name)
    return taken


def _crowd(job: Job, look_up: LookUp) -> Taken:
    names, lock = job.names(), threading.Lock()

    def work() -> None:
        while True:
            with lock:
                name = next(names, None)
            if name is None:
                return
            began, error = time.perf_counter(), None
            try:
                look_up(name)
            except Exception as raised:  # noqa: BLE001 - any failure counts
                error = raised
            taken.add(began, error)
            if job.pause:
                time.sleep(job.pause)

    threads = [threading.Thread(target=work) for _ in range(job.callers)]
    taken = Taken()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken


# -- tasks -------------------------------------------------------------------------------------------------------------


async def _async_in_turn(job: Job, look_up: AsyncLookUp) -> Taken:
    names = list(job.names())
    await look_up(job.warming)
    taken = Taken()
    for name in names:
        await look_up(name)
    return taken


async def _holding(job: Job, look_up: AsyncLookUp) -> Taken:
    """How long each lookup held the loop at most: by so much a task that sleeps for a millisecond was late."""
    await look_up(job.warming)
    taken = Taken()
    for name in job.names():
        lookup, longest = asyncio.ensure_future(look_up(name)), 0.0
        while not lookup.done():
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            longest = max(longest, time.perf_counter() - before - 0.001)
        await lookup
        taken.milliseconds.append(longest * 1000)
    return taken


async def _work(job: Job, names: Iterator[str], look_up: AsyncLookUp, taken: Taken, sleep: Any) -> None:
    for name in names:
        began, error = time.perf_counter(), None
        try:
            await look_up(name)
        except Exception as raised:  # noqa: BLE001 - any failure counts
            error = raised
        taken.add(began, error)
        if job.pause:
            await sleep(job.pause)


async def run_asyncio(job: Job) -> Taken:
    client = CLIENTS[job.client]
    async with client.open(job.setting) as opened:
        look_up = client.ask(opened)
        if job.measure == "hold":
            return await _holding(job, look_up)
        if job.measure != "crowd":
            return await _async_in_turn(job, look_up)
        names, taken = job.names(), Taken()
        await asyncio.gather(*(_work(job, names, look_up, taken, asyncio.sleep) for _ in range(job.callers)))
        return taken


async def run_trio(job: Job) -> Taken:
    import trio

    client = CLIENTS[job.client]
    async with client.open(job.setting) as opened:
        look_up = client.ask(opened)
        if job.measure != "crowd":
            return await _async_in_turn(job, look_up)
        names, taken = job.names(), Taken()
        async with trio.open_nursery() as nursery:
            for _ in range(job.callers):
                nursery.start_soon(_work, job, names, look_up, taken, trio.sleep)
        return taken


def run(job: Job) -> Taken:
    """Measure, in this process."""
    runs = CLIENTS[job.client].runs
    if runs == "threads":
        return run_threads(job)
    if runs == "asyncio":
        return asyncio.run(run_asyncio(job))
    if runs == "uvloop":
        import uvloop

        return uvloop.run(run_asyncio(job))
    import trio

    return trio.run(run_trio, job)


def main() -> None:
    said = json.load(sys.stdin)
    job = Job(**{**said, "setting": Setting(**said.get("setting", {}))})
    print(json.dumps(run(job).told(job)))


if __name__ == "__main__":
    main()
