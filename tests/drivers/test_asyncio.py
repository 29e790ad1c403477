"""What only asyncio on real sockets can show: cancelling, loops, the pool of sockets, many at once."""

import asyncio
import gc
import logging
import os
import random
import socket
import time
import warnings
from collections.abc import Callable, Coroutine
from itertools import chain
from typing import Any

import pytest

from k8sresolve._core.engine import health, inquiry
from k8sresolve._drivers import clock, pooled
from k8sresolve._drivers.pool import CROWD
from k8sresolve._drivers.pooled import AT_ONCE
from k8sresolve.async_resolver import AsyncResolver
from k8sresolve.config import CacheConfig
from k8sresolve.errors import InternalError, LookupTimeout, NoSuchName, ResolverClosed
from tests.drivers import held
from tests.drivers.names import NAMES, WORLD, ZONE, scripted
from tests.drivers.names import async_right as right
from tests.drivers.script import Nameserver, answer, late, silent, truncated

NOT_KEPT = CacheConfig(entries=0)


@pytest.fixture
def resolver_of(async_resolver_of):
    return async_resolver_of


def run(resolver: AsyncResolver, work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run it, close the resolver, and see that no task and no flight is left."""

    async def main() -> Any:
        async with asyncio.timeout(30), resolver:
            result = await work()
            assert idle(resolver)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return result

    return asyncio.run(main())


def driver_of(resolver: Any) -> Any:
    """The driver of the sole loop."""
    (driver,) = resolver._line.driver._drivers.values()
    return driver


def held_up_until(condition: Callable[[], bool]) -> None:
    """Let nothing run in this loop until then, and until what was sent by then is here."""
    while not condition():
        time.sleep(0.001)
    time.sleep(0.1)


def idle(resolver: Any) -> bool:
    desk = driver_of(resolver).desk
    waiting = [w for slot in driver_of(resolver)._pool for w in slot.waiting]
    return (desk.flights, desk.waiting, desk.active, waiting) == ({}, 0, 0, [])


def test_1000_different_names_at_once_get_their_own_answers(resolver_of):  # N1
    resolver = resolver_of()

    async def work() -> None:
        assert all(await asyncio.gather(*(right(resolver, index) for index in range(1000))))

    run(resolver, work)


def test_ids_that_collide_are_told_apart(resolver_of, monkeypatch):  # N2
    chance = random.Random(5)
    monkeypatch.setattr(pooled, "query_id", lambda: chance.randrange(150).to_bytes(2, "big"))
    resolver = resolver_of(scripted(late(0.01)))

    async def work() -> None:
        lookups = [asyncio.ensure_future(right(resolver, index)) for index in range(300)]
        await asyncio.sleep(0)
        waiting = [len(slot.waiting) for slot in driver_of(resolver)._pool]
        assert sum(waiting) == resolver.stats().in_flight == 128
        assert all(await asyncio.gather(*lookups))

    run(resolver, work)


# -- cancelling ------------------------------------------------------------------------------------------------------


def test_a_thousand_are_cancelled_and_leave_nothing(resolver_of):  # A5
    resolver = resolver_of(scripted(silent), in_flight=100)

    async def work() -> None:
        tasks = [asyncio.ensure_future(right(resolver, index)) for index in range(1000)]
        await asyncio.sleep(0.05)
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(result) for result in results} == {asyncio.CancelledError}

    run(resolver, work)


def test_at_random_some_are_cancelled_and_all_others_get_theirs(resolver_of):
    chance = random.Random(7)
    resolver = resolver_of(scripted(late(0.02)), in_flight=30)

    async def work() -> None:
        tasks = {index: asyncio.ensure_future(right(resolver, index % 150)) for index in range(300)}
        cancelled = chance.sample(sorted(tasks), 120)
        for index in cancelled:
            await asyncio.sleep(0.0005)
            tasks[index].cancel()
        results = await asyncio.gather(*tasks.values(), return_exceptions=True)
        for index, result in zip(tasks, results, strict=True):
            assert result is True or (index in cancelled and isinstance(result, asyncio.CancelledError))

    run(resolver, work)


def test_cancelled_before_it_began(resolver_of):  # A1, A7
    resolver = resolver_of()

    async def work() -> None:
        task = asyncio.ensure_future(right(resolver, 0))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert resolver.playing[0].asked.total() == 0
        assert await right(resolver, 0)

    run(resolver, work)


@pytest.mark.parametrize(
    ("nameserver", "after"),
    [
        (scripted(silent), {"A udp": 1}),  # A2
        (Nameserver({"udp": (truncated,), "tcp": (silent,)}, ZONE), {"A udp": 1, "A tcp": 1}),  # A4
    ],
)
def test_a_timeout_block_ends_it_with_timeout_error(resolver_of, nameserver, after):  # A6
    resolver = resolver_of(nameserver)

    async def work() -> None:
        with pytest.raises(TimeoutError) as caught:
            async with asyncio.timeout(0.1):
                await right(resolver, 0)
        assert not isinstance(caught.value, LookupTimeout)
        assert dict(resolver.playing[0].asked) == after

    run(resolver, work)


def test_one_ends_another_in_its_callback(resolver_of):  # A8
    resolver = resolver_of()

    async def work() -> None:
        first, second = (asyncio.ensure_future(right(resolver, index)) for index in (0, 1))
        first.add_done_callback(lambda _: second.cancel())
        results = await asyncio.gather(first, second, return_exceptions=True)
        assert results[0] is True
        assert results[1] is True or isinstance(results[1], asyncio.CancelledError)
        assert await right(resolver, 1)

    run(resolver, work)


def test_tiny_deadlines_never_hang(resolver_of):  # T6
    chance = random.Random(3)
    resolver = resolver_of(scripted(late(0.003)), cache=NOT_KEPT)

    async def one(index: int) -> bool:
        try:
            return await right(resolver, index, timeout=chance.uniform(0.0, 0.01))
        except LookupTimeout:
            return False

    async def work() -> None:
        for _ in range(10):
            await asyncio.gather(*(one(chance.randrange(1000)) for _ in range(200)))

    run(resolver, work)


# -- loops and lifecycle ---------------------------------------------------------------------------------------------


def test_closed_twice_and_asked_afterwards(resolver_of):  # L1
    resolver = resolver_of()

    async def main() -> None:
        assert await right(resolver, 0)
        await resolver.close()
        await resolver.close()
        with pytest.raises(ResolverClosed):
            await right(resolver, 0)

    asyncio.run(main())


@pytest.mark.parametrize("where", ["in its loop", "after its loop", "with a lookup pending"])
def test_forgotten_without_closing_it_holds_nothing(resolver_of, where):  # L3, L4
    template = resolver_of(scripted(late(0.05)))
    gc.collect()
    before = held.sockets()

    async def look() -> None:
        resolver = AsyncResolver(template.config, family="ipv4")
        if where == "with a lookup pending":
            task = asyncio.ensure_future(right(resolver, 0))
            await asyncio.sleep(0.01)
            del resolver
            gc.collect()
            assert await task
            return
        assert await right(resolver, 0)
        if where == "in its loop":
            assert held.sockets() > before
            del resolver
            gc.collect()
            await asyncio.sleep(0)
            assert held.sockets() == before + 2  # the loop's own pair

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        asyncio.run(look())
        gc.collect()
    assert held.sockets() == before


@pytest.mark.parametrize("end", ["closed", "forgotten"])
def test_a_loop_closed_with_lookups_pending_leaves_nothing(resolver_of, caplog, end):
    resolver = resolver_of(Nameserver({"A udp": (truncated, silent), "tcp": (silent,)}, ZONE), in_flight=50)
    before = held.sockets()
    loop = asyncio.new_event_loop()
    tasks = [loop.create_task(right(resolver, index)) for index in range(100)]
    loop.run_until_complete(asyncio.sleep(0.02))
    assert held.sockets() > before + 2
    loop.close()
    for task in tasks:
        task._log_destroy_pending = False  # asyncio would complain, and rightly so
    del tasks, task
    if end == "closed":
        asyncio.run(resolver.close())
        assert resolver.stats().in_flight == 0
    del resolver
    gc.collect()
    assert caplog.records == []
    assert held.sockets() <= before + 1  # the nameserver's end of the stream may not know yet


def test_the_next_use_in_a_forked_child_has_sockets_of_its_own(resolver_of):
    resolver = resolver_of(scripted(silent, answer))

    async def main() -> int:
        task = asyncio.ensure_future(right(resolver, 0))
        await asyncio.sleep(0.02)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # CPython 3.12 warns of forks with threads about
            child = os.fork()
        if not child:
            try:
                os._exit(0 if not resolver._line.driver._drivers and asyncio.run(right(resolver, 1)) else 1)
            except BaseException:  # noqa: BLE001 - a child never returns into the test
                os._exit(2)
        assert await task
        await resolver.close()
        return child

    child = asyncio.run(main())
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_an_error_of_ours_strands_nobody(resolver_of, monkeypatch, caplog):
    resolver = resolver_of()

    async def work() -> None:
        monkeypatch.setattr(inquiry, "read_plain_reply", len)  # which takes no three arguments
        with caplog.at_level(logging.CRITICAL, "k8sresolve"):
            results = await asyncio.gather(*(right(resolver, index % 3) for index in range(9)), return_exceptions=True)
        assert {type(result) for result in results} == {InternalError}
        monkeypatch.undo()
        assert await right(resolver, 0)

    run(resolver, work)


# -- the pool of sockets ---------------------------------------------------------------------------------------------


@pytest.fixture
def opened(monkeypatch) -> list[socket.SocketType]:
    """The UDP sockets that were opened, in order."""
    made: list[socket.SocketType] = []
    original = pooled.open_datagram

    def note(nameserver: Any) -> socket.SocketType:
        made.append(original(nameserver))
        return made[-1]

    monkeypatch.setattr(pooled, "open_datagram", note)
    return made


def test_a_socket_carries_about_a_hundred_questions_one_after_another(resolver_of, opened):
    resolver = resolver_of(cache=NOT_KEPT)

    async def work() -> None:
        for index in range(250):
            assert await right(resolver, index)

    run(resolver, work)
    # A resend, for which a busy machine may give cause, takes a fresh one.
    assert 3 <= len(opened) <= 3 + resolver.stats().resends
    assert all(sock.fileno() == -1 for sock in opened)


def test_after_30_seconds_questions_leave_by_another_socket_and_may_reach_a_new_replica(
    resolver_of, opened, monkeypatch, patient
):
    resolver = resolver_of(cache=NOT_KEPT)
    passed = 0.0
    monkeypatch.setattr(pooled, "monotonic", lambda: clock.monotonic() + passed)

    async def work() -> None:
        nonlocal passed
        assert await right(resolver, 1)
        passed = 20.0  # some seconds more may go by here, on a busy machine
        assert await right(resolver, 2)
        assert len(opened) == 1
        passed = 30.0
        assert await right(resolver, 3)
        assert [sock.fileno() == -1 for sock in opened] == [True, False]

    run(resolver, work)


def test_and_32_at_once(resolver_of, opened):
    resolver = resolver_of(scripted(late(0.05)), in_flight=100)

    async def work() -> None:
        lookups = [asyncio.ensure_future(right(resolver, index)) for index in range(100)]
        await asyncio.sleep(0)
        assert len(opened) == 4
        await asyncio.gather(*lookups)

    run(resolver, work)


def test_what_came_while_the_loop_was_held_up_is_taken_in_a_few_turns(resolver_of, patient):
    resolver = resolver_of()

    async def work() -> None:
        lookups = [asyncio.ensure_future(right(resolver, index)) for index in range(30)]
        await asyncio.sleep(0)
        held_up_until(lambda: resolver.playing[0].asked.total() == 30)
        for _ in range(30 // AT_ONCE + 3):  # what is readable; who waited for it; and this task
            await asyncio.sleep(0)
        assert all(lookup.done() for lookup in lookups)

    run(resolver, work)


def test_one_turn_takes_some_of_a_flood_and_before_a_timer_no_more_than_may_be_waited_for(resolver_of, patient):
    resolver = resolver_of(scripted(silent))

    class Flooded:
        """A socket that never runs dry."""

        def __init__(self, sock: socket.SocketType) -> None:
            self.sock, self.reads = sock, 0

        def recv(self, _size: int) -> bytes:
            self.reads += 1
            return b"junk"

    async def work() -> None:
        lookup = asyncio.ensure_future(right(resolver, 0))
        await asyncio.sleep(0)
        (slot,) = driver_of(resolver)._pool
        flooded = slot.sock = Flooded(slot.sock)
        driver_of(resolver)._readable(slot)
        assert flooded.reads == AT_ONCE
        (flight,) = driver_of(resolver).desk.flights.values()
        driver_of(resolver)._look(flight)
        slot.sock = flooded.sock
        assert flooded.reads == AT_ONCE + CROWD
        lookup.cancel()
        with pytest.raises(asyncio.CancelledError):
            await lookup

    run(resolver, work)


def test_lookups_that_are_answered_in_time_set_and_cancel_no_timer_after_the_first(resolver_of, monkeypatch, patient):
    monkeypatch.setattr(health, "LEAST_WAIT", 600.0)
    set_: list[float] = []

    class Noting(asyncio.SelectorEventLoop):
        def call_at(self, when: float, *what: Any, **how: Any) -> asyncio.TimerHandle:
            set_.append(when)
            return super().call_at(when, *what, **how)

        def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
            set_.append(handle.when())
            super()._timer_handle_cancelled(handle)

    resolver = resolver_of(cache=NOT_KEPT)

    async def work() -> int:
        for index in range(300):
            assert await right(resolver, index, timeout=600.0)
        await asyncio.gather(*(right(resolver, index, timeout=600.0) for index in range(300)))
        timers = len(set_)
        await resolver.close()
        return timers

    with asyncio.Runner(loop_factory=Noting) as runner:
        assert runner.run(work()) == 1


def test_a_and_aaaa_of_one_name_never_share_a_port(resolver_of, opened):  # K1
    resolver = resolver_of(scripted(late(0.01)), family="both", cache=NOT_KEPT)
    shared: list[bool] = []

    async def work() -> None:
        lookups = [asyncio.ensure_future(right(resolver, index)) for index in range(20)]
        await asyncio.sleep(0)
        for slot in driver_of(resolver)._pool:
            names = [flight.key.name for _, _, flight, _ in slot.waiting.values()]
            shared.append(len(names) != len(set(names)))
        assert len(opened) == 2
        await asyncio.gather(*lookups)

    run(resolver, work)
    assert shared == [False, False]


def test_a_resend_takes_another_socket(resolver_of, opened):  # K4
    resolver = resolver_of(scripted(silent, silent, answer))

    async def work() -> None:
        assert await right(resolver, 0)
        assert [sock.fileno() == -1 for sock in opened] == [True, True, False]

    run(resolver, work)


def test_a_port_that_closed_costs_no_question_of_another_its_time(resolver_of, opened, patient):  # R7
    # The first question's ICMP error is reported when the second is sent on the same socket.
    resolver = resolver_of(Nameserver(udp=False, tcp=False), WORLD)

    async def work() -> None:
        assert all(await asyncio.gather(*(right(resolver, index) for index in range(20))))

    run(resolver, work)


def test_questions_that_share_a_socket_never_share_an_id(resolver_of, monkeypatch, patient):
    ids = chain([b"\1\1"] * 3, (number.to_bytes(2) for number in range(1000, 2000)))
    monkeypatch.setattr(pooled, "query_id", lambda: next(ids))
    resolver = resolver_of(scripted(late(0.01)))

    async def work() -> None:
        assert all(await asyncio.gather(*(right(resolver, index) for index in range(3))))

    run(resolver, work)
    assert resolver.stats().resends == 0


def test_what_is_forgotten_is_asked_anew(resolver_of):
    resolver = resolver_of()

    async def work() -> None:
        assert [await right(resolver, 0), await right(resolver, 0)] == [True, True]
        resolver.forget(NAMES[0])
        assert await right(resolver, 0)

    run(resolver, work)
    assert resolver.playing[0].asked.total() == 2 + resolver.stats().resends


def test_a_driver_that_is_retired_keeps_no_socket_between_questions(resolver_of, opened):
    resolver = resolver_of()

    async def work() -> None:
        assert await right(resolver, 0)
        resolver._line.driver.retire()
        assert await right(resolver, 1)
        assert [sock.fileno() for sock in opened] == [-1, -1]

    run(resolver, work)


def test_a_miss_for_one_is_none_for_another(resolver_of):
    resolver = resolver_of(scripted(late(0.01)))

    async def work() -> None:
        missing = [resolver.addresses(f"m{index}.shop.svc.cluster.local.") for index in range(50)]
        present = [right(resolver, index) for index in range(50)]
        results = await asyncio.gather(*missing, *present, return_exceptions=True)
        assert {type(result) for result in results[:50]} == {NoSuchName}
        assert set(results[50:]) == {True}

    run(resolver, work)
