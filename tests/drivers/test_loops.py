"""One resolver, any number of loops: one after another, at once in threads, closed with lookups pending, abandoned."""

import asyncio
import gc
import logging
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import dns.message
import freezegun
import pytest
import trio
import trio.testing
import uvloop

from k8sresolve._core.engine import desk, health, inquiry
from k8sresolve._core.events import Observer
from k8sresolve._drivers import asyncio_, loops, pool, pooled, trio_
from k8sresolve._drivers.clock import monotonic
from k8sresolve.async_resolver import AsyncResolver
from k8sresolve.config import CacheConfig, ResolverConfig
from k8sresolve.errors import ConfigError, LookupTimeout, ResolverClosed
from tests.drivers import held
from tests.drivers.names import NAMES, ZONE, scripted
from tests.drivers.names import async_right as right
from tests.drivers.script import Nameserver, Out, Playing, answer, late, silent, truncated

NOT_KEPT = CacheConfig(entries=0)
Work = Callable[[], Coroutine[Any, Any, Any]]


@pytest.fixture
def resolver_of(async_resolver_of):
    return async_resolver_of


def in_trio(work: Work) -> Any:
    return trio.run(work)


def in_asyncio(work: Work) -> Any:
    return asyncio.run(work())


def in_uvloop(work: Work) -> Any:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work())


RUN = {"asyncio": in_asyncio, "trio": in_trio, "uvloop": in_uvloop}
each_loop = pytest.mark.parametrize("run", RUN.values(), ids=RUN)


def drivers_of(resolver: Any) -> list[Any]:
    return list(resolver._line.driver._drivers.values())


def in_thread(work: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()
    return thread, results


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    """Let uvloop open what it never closes."""
    in_uvloop(lambda: asyncio.sleep(0))


def until(condition: Callable[[], Any]) -> None:
    patience = monotonic() + 20
    while not condition():
        assert monotonic() < patience
        time.sleep(0.001)


# -- one after another -----------------------------------------------------------------------------------------------


@each_loop
def test_a_resolver_made_outside_a_loop_serves_one_after_another(resolver_of, run):
    resolver = resolver_of()
    assert [run(lambda index=index: right(resolver, index)) for index in (0, 1, 2)] == [True] * 3
    run(resolver.close)


def test_asyncio_and_trio_take_turns_and_share_what_is_remembered(resolver_of):  # C1
    resolver = resolver_of()
    for run in (in_asyncio, in_trio, in_uvloop, in_asyncio):
        assert run(lambda: right(resolver, 0))
    assert resolver.playing[0].asked.total() == 1
    assert resolver.stats().cache_hits == 3
    in_trio(resolver.close)


@each_loop
def test_two_hundred_loops_leave_no_descriptor(resolver_of, run):
    resolver = resolver_of(cache=NOT_KEPT)
    assert run(lambda: right(resolver, 0))
    gc.disable()  # nothing waits for the collector
    try:
        before = held.fds()
        for index in range(200):
            assert run(lambda index=index: right(resolver, index))
        assert held.fds() == before
    finally:
        gc.enable()
    assert len(drivers_of(resolver)) == 1
    assert resolver.stats().questions == 201
    run(resolver.close)


def test_the_round_trips_of_one_loop_set_the_timers_of_the_next(resolver_of):
    resolver = resolver_of(scripted(late(0.02)), cache=NOT_KEPT)  # long enough to be noted
    assert in_asyncio(lambda: right(resolver, 0))
    (health,) = resolver._line.driver._ledger.healths
    first = health.srtt
    assert first is not None
    assert in_trio(lambda: right(resolver, 1))
    assert health.srtt != first
    in_asyncio(resolver.close)


def test_a_loop_that_was_closed_but_is_still_held_is_swept_as_the_next_begins(resolver_of):
    resolver = resolver_of(scripted(late(0.01)))
    loop = asyncio.new_event_loop()
    assert loop.run_until_complete(right(resolver, 0))
    loop.close()
    (driver,) = drivers_of(resolver)
    assert len(driver._open) == 1
    assert in_asyncio(lambda: right(resolver, 1))
    assert driver._open == set()
    assert driver not in drivers_of(resolver)
    in_asyncio(resolver.close)


def test_a_loop_closed_with_lookups_pending_is_swept_too(resolver_of):
    resolver = resolver_of(scripted(silent, silent, answer))
    loop = asyncio.new_event_loop()
    tasks = [loop.create_task(right(resolver, index)) for index in (0, 1)]
    loop.run_until_complete(asyncio.sleep(0.01))
    loop.close()
    assert resolver.stats().in_flight == 2
    assert in_asyncio(lambda: right(resolver, 0))
    assert resolver.stats().in_flight == 0
    for task in tasks:
        task._log_destroy_pending = False  # asyncio would complain, and rightly so
    del tasks, task
    gc.collect()
    assert in_asyncio(lambda: right(resolver, 1))
    in_asyncio(resolver.close)


def test_a_loop_with_the_identity_of_an_earlier_one_gets_a_driver_of_its_own(resolver_of):
    resolver = resolver_of()
    assert in_asyncio(lambda: right(resolver, 0))
    (before,) = drivers_of(resolver)

    async def again() -> None:
        resolver._line.driver._drivers = {id(asyncio.get_running_loop()): before}
        assert await right(resolver, 1)
        assert drivers_of(resolver) != [before]

    in_asyncio(again)
    in_asyncio(resolver.close)


class Told(Observer):
    """What it is told, from any thread."""

    def __init__(self) -> None:
        self.sends: list[str] = []
        self.hits: list[str] = []

    def sent(self, name: str, *_: object, **__: object) -> None:
        self.sends.append(name)

    def remembered(self, name: str, *_: object) -> None:
        self.hits.append(name)


# -- at once ---------------------------------------------------------------------------------------------------------


def test_two_loops_at_once_in_two_threads_get_their_own_answers(resolver_of):  # N5
    told = Told()
    resolver = resolver_of(scripted(late(0.005)), observers=[told])
    meet = threading.Barrier(2)

    async def by_asyncio() -> bool:
        meet.wait(20)
        return all(await asyncio.gather(*(right(resolver, index) for index in range(300))))

    async def by_trio() -> bool:
        results: list[bool] = []

        async def one(index: int) -> None:
            results.append(await right(resolver, index))

        meet.wait(20)
        async with trio.open_nursery() as nursery:
            for index in range(300):
                nursery.start_soon(one, index)
        return all(results) and len(results) == 300

    for first, second in (
        ((in_asyncio, by_asyncio), (in_asyncio, by_asyncio)),
        ((in_asyncio, by_asyncio), (in_trio, by_trio)),
    ):
        with ThreadPoolExecutor(2) as pool:
            done = [pool.submit(run, work) for run, work in (first, second)]
            assert [one.result() for one in done] == [True, True]
        resolver.forget()
    stats = resolver.stats()
    assert (stats.questions, stats.in_flight, stats.cache_hits) == (1200, 0, len(told.hits))
    assert stats.sends == len(told.sends)
    in_asyncio(resolver.close)


def test_each_loop_has_in_flight_questions_of_its_own(resolver_of, patient):
    resolver = resolver_of(scripted(late(0.2)), in_flight=4)
    meet = threading.Barrier(2)

    async def look() -> bool:
        tasks = [asyncio.ensure_future(right(resolver, index)) for index in range(8)]
        await asyncio.sleep(0)
        await asyncio.get_running_loop().run_in_executor(None, meet.wait, 20)
        full = resolver.stats().in_flight
        await asyncio.get_running_loop().run_in_executor(None, meet.wait, 20)
        assert all(await asyncio.gather(*tasks))
        return full == 8

    with ThreadPoolExecutor(2) as pool:
        assert [one.result() for one in [pool.submit(in_asyncio, look) for _ in range(2)]] == [True, True]
    in_asyncio(resolver.close)


def test_trio_as_a_guest_of_asyncio_has_a_driver_beside_its_hosts(resolver_of, monkeypatch):
    monkeypatch.setattr(trio._core._thread_cache, "IDLE_TIMEOUT", 0.01)
    resolver = resolver_of()

    async def host() -> list[Any]:
        loop = asyncio.get_running_loop()
        done = loop.create_future()

        async def guest() -> bool:
            return await right(resolver, 0)

        trio.lowlevel.start_guest_run(
            guest,
            run_sync_soon_threadsafe=loop.call_soon_threadsafe,
            done_callback=done.set_result,
            host_uses_signal_set_wakeup_fd=True,
        )
        mine = await right(resolver, 1)
        return [mine, (await done).unwrap(), len(drivers_of(resolver))]

    assert in_asyncio(host) == [True, True, 2]
    in_asyncio(resolver.close)


def test_where_no_loop_runs_it_says_so(resolver_of):
    resolver = resolver_of()
    with pytest.raises(ConfigError, match="neither asyncio nor trio"):
        right(resolver, 0).send(None)


# -- closing ---------------------------------------------------------------------------------------------------------


@each_loop
def test_closed_by_another_thread_a_pending_lookup_ends(resolver_of, run):  # L2
    resolver = resolver_of(scripted(silent))

    async def look() -> bool:
        with pytest.raises(ResolverClosed):
            await right(resolver, 0)
        with pytest.raises(ResolverClosed):
            await right(resolver, 0)
        return True

    thread, results = in_thread(lambda: run(look))
    until(lambda: resolver.stats().sends)
    in_trio(resolver.close)
    thread.join(20)
    assert results == [True]
    assert resolver.stats().in_flight == 0


def test_closing_waits_for_no_other_loop(resolver_of):
    resolver = resolver_of()
    held_up, go_on = threading.Event(), threading.Event()

    async def busy() -> int:
        assert await right(resolver, 0)
        (driver,) = drivers_of(resolver)
        held_up.set()
        go_on.wait(20)  # this loop can do nothing in the meantime
        before = len(driver._open)
        await asyncio.sleep(0)
        return before - len(driver._open)

    thread, results = in_thread(lambda: in_asyncio(busy))
    assert held_up.wait(20)
    in_asyncio(resolver.close)
    go_on.set()
    thread.join(20)
    assert results == [1]


@pytest.mark.parametrize("end", ["closed", "collected"])
def test_what_a_loop_that_is_over_left_open_is_closed_with_the_resolver(resolver_of, end):  # L4
    template = resolver_of()
    resolver = AsyncResolver(template.config, family="ipv4")
    before = held.sockets()
    loop = asyncio.new_event_loop()
    assert loop.run_until_complete(right(resolver, 0))
    loop.close()
    assert held.sockets() == before + 1
    if end == "closed":
        in_asyncio(resolver.close)
    del resolver
    gc.collect()
    assert held.sockets() == before


@each_loop
def test_collected_without_closing_it_holds_nothing(resolver_of, run):  # L3, L4
    template = resolver_of(scripted(late(0.01)))
    sleep: Any = trio.sleep if run is in_trio else asyncio.sleep
    gc.collect()
    before = held.fds()

    async def look() -> None:
        resolver = AsyncResolver(template.config, family="ipv4")
        assert await right(resolver, 0)
        mine = held.sockets()
        del resolver
        gc.collect()
        await sleep(0.01)
        assert held.sockets() == mine - 1

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(look)
        gc.collect()
    assert held.fds() == before


def test_collected_in_another_thread_it_is_ended_by_its_loop(resolver_of):
    template = resolver_of()
    ended: list[int] = []
    original = pooled.PooledDriver.close

    async def look() -> None:
        resolver: Any = AsyncResolver(template.config, family="ipv4")
        assert await right(resolver, 0)
        (driver,) = drivers_of(resolver)
        driver.close = lambda: (ended.append(threading.get_ident()), original(driver))
        box = [resolver]
        del resolver

        def collect() -> None:
            box.clear()
            gc.collect()

        await asyncio.to_thread(collect)
        await asyncio.sleep(0)
        assert (ended, driver._open) == ([threading.get_ident()], set())
        del driver.close

    in_asyncio(look)


def test_a_loop_that_asks_first_as_the_resolver_is_closed_gets_no_driver(resolver_of, monkeypatch):
    resolver = resolver_of()
    original = loops.running

    def close_first() -> Any:
        monkeypatch.setattr(loops, "running", original)
        resolver._close()
        return original()

    async def look() -> None:
        monkeypatch.setattr(loops, "running", close_first)
        with pytest.raises(ResolverClosed):
            await right(resolver, 0)

    in_asyncio(look)
    assert drivers_of(resolver) == []


@each_loop
def test_retired_each_loop_keeps_no_socket_and_ends_what_is_under_way(resolver_of, run):  # L6
    retired = threading.Event()

    def answer_afterwards(query: bytes, reply: dns.message.Message) -> list[Out]:
        assert retired.wait(20)
        return answer(query, reply)

    resolver = resolver_of(scripted(answer_afterwards))

    async def look() -> tuple[bool, int]:
        found = await right(resolver, 0)
        (driver,) = drivers_of(resolver)
        return found, len(driver._open)

    thread, results = in_thread(lambda: run(look))
    until(lambda: resolver.stats().sends)
    resolver._line.driver.retire()
    retired.set()
    thread.join(20)
    assert results == [(True, 0)]
    assert run(look) == (True, 0)
    run(resolver.close)


def test_a_child_process_has_none_of_its_parents(resolver_of):  # N6
    resolver = resolver_of(scripted(silent, answer))

    async def main() -> int:
        task = asyncio.ensure_future(right(resolver, 0))
        await asyncio.sleep(0.02)
        resolver._lock.acquire()  # as another thread may, in the midst of a change
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # CPython 3.12 warns of forks with threads about
            child = os.fork()
        if not child:
            try:
                signal.alarm(30)
                fresh = threading.Thread(target=lambda: os._exit(0 if in_trio(lambda: right(resolver, 1)) else 1))
                ok = resolver.stats().in_flight == 0 and not drivers_of(resolver)
                fresh.start() if ok else os._exit(2)
                fresh.join()
            finally:
                os._exit(3)  # a child never returns into the test
        resolver._lock.release()
        assert await task
        await resolver.close()
        return child

    assert os.waitstatus_to_exitcode(os.waitpid(in_asyncio(main), 0)[1]) == 0


# -- time ------------------------------------------------------------------------------------------------------------


class _Hurried(asyncio.SelectorEventLoop):
    """A loop whose time stands still, and jumps to the next timer where nothing else is to do."""

    def __init__(self) -> None:
        super().__init__()
        self.passed = 0.0

    def time(self) -> float:
        return self.passed if hasattr(self, "passed") else 0.0

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:
            self.passed = max(self.passed, self._scheduled[0]._when)
        super()._run_once()


def test_in_a_loop_whose_time_is_its_own_a_lookup_ends_when_it_says(resolver_of):
    resolver = resolver_of(scripted(silent))
    with asyncio.Runner(loop_factory=_Hurried) as runner:
        began = time.monotonic()
        with pytest.raises(LookupTimeout):
            runner.run(right(resolver, 0, timeout=300.0))
        assert runner.get_loop().time() == pytest.approx(300.0, rel=0.01)
    assert time.monotonic() - began < 60
    in_asyncio(resolver.close)


def test_in_a_trio_whose_time_is_its_own_too(resolver_of):
    resolver = resolver_of(scripted(silent))
    clock = trio.testing.MockClock(rate=1000.0)

    async def look() -> float:
        began = trio.current_time()
        with pytest.raises(LookupTimeout):
            await right(resolver, 0, timeout=300.0)
        return trio.current_time() - began

    assert trio.run(look, clock=clock) > 299.0
    in_asyncio(resolver.close)


def test_a_clock_that_freezegun_stopped_hangs_asyncio_sleep_and_not_a_lookup_that_is_answered(resolver_of):  # F16
    resolver, silent_one = resolver_of(), resolver_of(scripted(silent))

    async def look(index: int) -> tuple[bool, bool]:
        sleep = asyncio.ensure_future(asyncio.sleep(0.001))
        found = await right(resolver, index, timeout=5.0)
        began = monotonic()
        until(lambda: monotonic() > began + 0.01)
        for _ in range(3):
            await asyncio.sleep(0)
        return found, sleep.done()

    with freezegun.freeze_time("2030-01-01"):
        assert in_asyncio(lambda: look(0)) == (True, False)
    with freezegun.freeze_time("2030-01-01", real_asyncio=True):
        assert in_asyncio(lambda: look(1)) == (True, True)
        with pytest.raises(LookupTimeout):
            in_asyncio(lambda: right(silent_one, 0, timeout=0.3))
    in_asyncio(resolver.close)


@each_loop
def test_a_loop_that_was_held_up_sends_nothing_again_whose_reply_is_here(resolver_of, run):
    resolver = resolver_of(cache=NOT_KEPT)
    found: list[bool] = []

    async def look(index: int) -> None:
        found.append(await right(resolver, index, timeout=60.0))

    async def hold_up() -> None:
        while resolver.stats().sends < 20:
            await (trio.sleep if run is in_trio else asyncio.sleep)(0)
        began = monotonic()
        until(lambda: monotonic() > began + 2 * health.FIRST_WAIT and resolver.playing[0].asked.total() >= 20)

    async def main() -> None:
        async with resolver:
            if run is in_trio:
                async with trio.open_nursery() as nursery:
                    for index in range(20):
                        nursery.start_soon(look, index)
                    nursery.start_soon(hold_up)
            else:
                await asyncio.gather(*(look(index) for index in range(20)), hold_up())

    run(main)
    assert found == [True] * 20
    assert resolver.stats().resends == 0


# -- exceptions ------------------------------------------------------------------------------------------------------


class Nowhere(Exception):
    """An exception that comes out of nowhere."""


OURS = tuple(str(Path(module.__file__)) for module in (pooled, pool, asyncio_, trio_, desk, inquiry))


def throwing(at: int) -> Any:
    """A tracer that throws at that line of ours, counted from now; it tells whether it came to that.

    Not as a timer begins to ring: a loop's timers ring once, and `asyncio.sleep` would wait for ever, too.
    """
    lines = count()
    thrown: list[str] = []
    destructors = {pooled._close_all.__code__, pooled.PooledDriver._bereave.__code__}  # Python drops what they throw
    ring = pooled.PooledDriver._ring.__code__
    begins = min(line for *_, line in ring.co_lines() if line and line > ring.co_firstlineno)

    def trace(frame: Any, event: str, _: Any) -> Any:
        if not frame.f_code.co_filename.startswith(OURS) or frame.f_code in destructors:
            return None
        if event == "line" and (frame.f_code, frame.f_lineno) != (ring, begins) and next(lines) == at:
            thrown.append(f"{frame.f_code.co_qualname}:{frame.f_lineno}")
            raise Nowhere
        return trace

    return trace, thrown


async def look_under(trace: Any, resolver: Any) -> list[Any]:
    """Two callers of one question, one of another, which goes over TCP, with resends in between, one of a plain one."""
    tasks = [asyncio.ensure_future(right(resolver, index, timeout=20.0)) for index in (0, 0, 1, 3)]
    before = sys.gettrace()  # such as what measures coverage
    sys.settrace(trace)
    try:
        return await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        sys.settrace(before)


async def through(trace: Any, resolver: Any) -> None:
    async with asyncio.timeout(15):
        results = await look_under(trace, resolver)
        assert {type(result) for result in results} <= {bool, Nowhere}, results
        assert results.count(True) >= 1
        assert await right(resolver, 2)
        assert resolver.stats().in_flight == 0
        await resolver.close()


# Each 23rd line in turn, from four on; all 1,200 hold, too.
@pytest.mark.parametrize("start", [0, 6, 12, 18])
def test_an_exception_at_any_line_reaches_its_caller_or_no_one_and_strands_nobody(loopback, monkeypatch, start):  # F1
    monkeypatch.setattr(health, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(logging.getLogger("asyncio"), "disabled", True)
    script = {NAMES[1] + " udp": (silent, truncated), NAMES[3] + " udp": (answer,), "udp": (silent, answer)}
    for at in count(start, 23):
        opened = loopback.open([Playing(Nameserver(script, ZONE))])
        config = ResolverConfig(nameservers=(opened[0].address,), cluster_domain="cluster.local")
        resolver = AsyncResolver(config, family="ipv4")
        trace, thrown = throwing(at)
        before = held.sockets()
        try:
            asyncio.run(through(trace, resolver))
        except (TimeoutError, AssertionError) as error:
            pytest.fail(f"after {thrown}: {error!r}")
        until(lambda before=before: held.sockets() == before)  # the nameserver closes its streams in callbacks
        loopback.close(opened)
        if not thrown:
            return
