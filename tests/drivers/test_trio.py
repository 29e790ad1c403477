"""What only trio on real sockets can show: cancel scopes, the end of a run, tasks and sockets, asyncio beside it."""

import asyncio
import random
import threading
import warnings
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import trio
import trio.testing

from k8sresolve._drivers import pooled
from k8sresolve.async_resolver import AsyncResolver
from k8sresolve.config import CacheConfig
from k8sresolve.errors import LookupTimeout
from tests.drivers import held
from tests.drivers.names import ZONE, scripted
from tests.drivers.names import async_right as right
from tests.drivers.script import Nameserver, answer, late, silent, truncated

NOT_KEPT = CacheConfig(entries=0)


@pytest.fixture
def resolver_of(async_resolver_of):
    return async_resolver_of


def driver_of(resolver: Any) -> Any:
    """The driver of the sole run."""
    (driver,) = resolver._line.driver._drivers.values()
    return driver


def run(resolver: AsyncResolver, work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run it, close the resolver, and see that no flight, no socket and no task is left."""

    async def main() -> Any:
        tasks = trio.lowlevel.current_statistics().tasks_living
        with trio.fail_after(30):
            async with resolver:
                result = await work()
                desk, pool = driver_of(resolver).desk, driver_of(resolver)._pool
                assert (desk.flights, desk.waiting, desk.active) == ({}, 0, 0)
                assert not any(slot.waiting for slot in pool)
        await trio.testing.wait_all_tasks_blocked()
        assert trio.lowlevel.current_statistics().tasks_living == tasks
        return result

    return trio.run(main)


async def all_right(resolver: AsyncResolver, indexes: Any) -> bool:
    results: list[bool] = []

    async def one(index: int) -> None:
        results.append(await right(resolver, index))

    async with trio.open_nursery() as nursery:
        for index in indexes:
            nursery.start_soon(one, index)
    return all(results)


@pytest.mark.behaviour("N1")
def test_1000_different_names_at_once_get_their_own_answers(resolver_of):
    resolver = resolver_of()
    assert run(resolver, lambda: all_right(resolver, range(1000)))


# -- cancelling ------------------------------------------------------------------------------------------------------


@pytest.mark.behaviour("A2", "A4", "A6", "A7")
@pytest.mark.parametrize(
    ("nameserver", "after"),
    [
        (Nameserver({"A udp": (silent, answer)}, ZONE), {"A udp": 1}),
        (Nameserver({"A udp": (truncated, answer), "tcp": (silent,)}, ZONE), {"A udp": 1, "A tcp": 1}),
    ],
)
def test_a_cancel_scope_ends_it_and_passes_untouched(resolver_of, patient, nameserver, after):
    resolver = resolver_of(nameserver)

    async def work() -> None:
        with trio.move_on_after(0.1) as scope:
            await right(resolver, 0)
        assert scope.cancelled_caught
        assert dict(resolver.playing[0].asked) == after
        assert await right(resolver, 0)

    run(resolver, work)


@pytest.mark.behaviour("A6")
def test_fail_after_is_trios_own_error(resolver_of):
    resolver = resolver_of(scripted(silent))

    async def work() -> None:
        with pytest.raises(trio.TooSlowError), trio.fail_after(0.05):
            await right(resolver, 0)
        with pytest.raises(LookupTimeout), trio.fail_after(20):
            await right(resolver, 0, timeout=0.05)

    run(resolver, work)


@pytest.mark.behaviour("A1")
def test_in_a_scope_that_is_cancelled_already_nothing_comes_back(resolver_of):
    resolver = resolver_of()

    async def work() -> None:
        with trio.CancelScope() as scope:
            scope.cancel()
            await right(resolver, 0)
        assert scope.cancelled_caught
        assert await right(resolver, 0)
        with trio.CancelScope() as scope:
            scope.cancel()
            await right(resolver, 0)  # what is remembered is a checkpoint, too
        assert scope.cancelled_caught

    run(resolver, work)


@pytest.mark.behaviour("A5")
def test_a_thousand_are_cancelled_and_leave_nothing(resolver_of):
    resolver = resolver_of(scripted(silent), in_flight=100)

    async def work() -> None:
        with trio.move_on_after(0.05):
            await all_right(resolver, range(1000))

    run(resolver, work)


@pytest.mark.behaviour("A5", "C12")
def test_at_random_some_are_cancelled_and_all_others_get_theirs(resolver_of):
    chance = random.Random(7)
    resolver = resolver_of(scripted(late(0.02)), in_flight=30)
    found: list[int] = []
    left = set(chance.sample(range(300), 120))

    async def one(index: int) -> None:
        with trio.move_on_after(chance.uniform(0, 0.04) if index in left else 60):
            assert await right(resolver, index % 150)
            found.append(index)

    async def work() -> None:
        async with trio.open_nursery() as nursery:
            for index in range(300):
                nursery.start_soon(one, index)

    run(resolver, work)
    assert set(range(300)) - left <= set(found)


# -- runs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nameserver", [scripted(silent), Nameserver({"udp": (truncated,), "tcp": (silent,)}, ZONE)])
def test_as_a_run_ends_all_that_was_opened_in_it_is_closed(resolver_of, nameserver):
    resolver = resolver_of(nameserver)
    before = held.fds()

    async def look() -> Any:
        with trio.move_on_after(0.05):
            await all_right(resolver, range(20))
        assert held.fds() > before
        return driver_of(resolver)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        driver = trio.run(look)
        assert (driver.over, driver._open, driver.desk.active) == (True, set(), 0)
    del driver
    trio.run(resolver.close)


def test_a_lookup_of_a_task_that_outlives_the_main_one_ends_with_the_run(resolver_of):
    resolver = resolver_of(scripted(silent))
    ended: list[str] = []

    async def outlive() -> None:
        try:
            await right(resolver, 0)
        except BaseException as error:
            ended.append(type(error).__name__)
            raise

    async def main() -> None:
        trio.lowlevel.spawn_system_task(outlive)
        await trio.sleep(0.02)

    trio.run(main)
    assert ended == ["Cancelled"]
    assert resolver.stats().in_flight == 0
    trio.run(resolver.close)


def test_a_run_that_fails_leaves_nothing_open(resolver_of):
    resolver = resolver_of(scripted(late(0.01)))
    before = held.sockets()

    async def fail() -> None:
        assert await right(resolver, 0)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        trio.run(fail)
    assert held.sockets() == before
    assert trio.run(right, resolver, 1)
    trio.run(resolver.close)


@pytest.mark.behaviour("N5")
def test_trio_in_a_thread_beside_asyncio(resolver_of):
    resolver = resolver_of(scripted(late(0.002)))
    meet = threading.Barrier(2)
    results: list[bool] = []

    async def in_trio() -> None:
        meet.wait(20)
        results.append(await all_right(resolver, range(200)))

    async def in_asyncio() -> None:
        meet.wait(20)
        results.append(all(await asyncio.gather(*(right(resolver, index) for index in range(200)))))

    thread = threading.Thread(target=trio.run, args=(in_trio,))
    thread.start()
    asyncio.run(in_asyncio())
    thread.join(20)
    assert results == [True, True]
    asyncio.run(resolver.close())


# -- tasks and sockets -----------------------------------------------------------------------------------------------


def test_a_socket_that_is_closed_ends_its_task(resolver_of):
    resolver = resolver_of(cache=NOT_KEPT)

    async def work() -> None:
        assert await right(resolver, 0)
        await trio.testing.wait_all_tasks_blocked()
        before = trio.lowlevel.current_statistics().tasks_living
        for index in range(350):
            assert await right(resolver, index)
        await trio.testing.wait_all_tasks_blocked()
        assert trio.lowlevel.current_statistics().tasks_living == before
        assert len(driver_of(resolver)._open) == 1

    run(resolver, work)


def test_a_port_that_closed_costs_no_question_of_another_its_time(resolver_of, patient):  # R7
    resolver = resolver_of(Nameserver(udp=False, tcp=False), Nameserver(zone=ZONE))
    run(resolver, lambda: all_right(resolver, range(20)))


def test_a_fault_in_a_system_task_does_not_end_the_run(resolver_of, monkeypatch, caplog):
    resolver = resolver_of()

    def broken(self: Any, slot: Any) -> None:
        slot.sock.recv(65535)
        raise ZeroDivisionError

    async def work() -> None:
        with monkeypatch.context() as patch:
            patch.setattr(pooled.PooledDriver, "_readable", broken)
            with pytest.raises(LookupTimeout):
                await right(resolver, 0, timeout=0.1)
        assert await right(resolver, 0)

    run(resolver, work)
    assert {record.message for record in caplog.records} == {"a step of a lookup failed"}
