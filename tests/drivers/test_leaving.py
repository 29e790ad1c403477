"""Callers that leave, on asyncio and trio: before anything is sent, in TCP's handshake, ten thousand at once (A)."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable
from functools import partial

import pytest
import trio

from k8sresolve.async_resolver import AsyncResolver
from k8sresolve.config import ResolverConfig
from k8sresolve.errors import ResolverClosed
from tests.drivers.lookups import EACH, NAMES, PATIENCE, ZONE, texts
from tests.drivers.script import Nameserver, answer, silent, truncated


def _left_by_asyncio(config: ResolverConfig, names: list[str], due: Callable[[], bool], pause: float) -> list[str]:
    async def main() -> list[str]:
        async with asyncio.timeout(PATIENCE), AsyncResolver(config, family="ipv4") as resolver:
            tasks = [asyncio.ensure_future(resolver.addresses(name, timeout=PATIENCE)) for name in names]
            while not due():  # noqa: ASYNC110 - it is another thread's doing
                await asyncio.sleep(0.001)
            await asyncio.sleep(pause)
            for task in tasks:
                assert task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            assert {type(result) for result in results} == {asyncio.CancelledError}
            assert resolver.stats().in_flight == 0
            return texts(await resolver.addresses(NAMES[0], timeout=PATIENCE))

    return asyncio.run(main())


def _left_by_trio(config: ResolverConfig, names: list[str], due: Callable[[], bool], pause: float) -> list[str]:
    async def main() -> list[str]:
        with trio.fail_after(PATIENCE):
            async with AsyncResolver(config, family="ipv4") as resolver:
                async with trio.open_nursery() as nursery:
                    for name in names:
                        nursery.start_soon(partial(resolver.addresses, name, timeout=PATIENCE))
                    while not due():  # noqa: ASYNC110 - it is another thread's doing
                        await trio.sleep(0.001)
                    await trio.sleep(pause)
                    nursery.cancel_scope.cancel()
                assert nursery.cancel_scope.cancelled_caught
                assert resolver.stats().in_flight == 0
                return texts(await resolver.addresses(NAMES[0], timeout=PATIENCE))

    return trio.run(main)


LEFT = {"asyncio": _left_by_asyncio, "trio": _left_by_trio}
each_loop = pytest.mark.parametrize("driver", LEFT)
GONE = Nameserver({NAMES[0]: (answer,), "": (silent,)}, ZONE)


@pytest.mark.behaviour("A3", "A7")
@each_loop
def test_a_caller_leaves_while_tcp_connects(stage, driver, patient):
    config, (playing,) = stage(Nameserver({NAMES[0]: (answer,), "udp": (truncated,)}, ZONE, tcp=False))
    due = threading.Event()
    playing.after(1, due.set)
    listening = stage.opened[0]._tcp
    listening.listen(0)
    fillers = [socket.socket() for _ in range(4)]
    for sock in fillers:
        sock.setblocking(False)
        sock.connect_ex(listening.getsockname())  # the queue is full with one; the kernel then lets others wait
    try:
        assert LEFT[driver](config, NAMES[1:2], due.is_set, 0.02) == [EACH[NAMES[0]]]
    finally:
        for sock in fillers:
            sock.close()
    assert playing.asked == {"A udp": 2}


@pytest.mark.behaviour("A5", "A7")
@each_loop
def test_ten_thousand_leave_at_once_and_the_next_one_is_answered(stage, driver):
    config, _ = stage(GONE)
    names = [f"x{n}.example." for n in range(10_000)]
    assert LEFT[driver](config, names, lambda: True, 0.01) == [EACH[NAMES[0]]]


def _in_trio(config: ResolverConfig, work: Callable[[AsyncResolver], Awaitable[None]]) -> None:
    async def main() -> None:
        with trio.fail_after(PATIENCE):
            async with AsyncResolver(config, family="ipv4") as resolver:
                await work(resolver)
                assert resolver.stats().in_flight == 0
                assert texts(await resolver.addresses(NAMES[0], timeout=PATIENCE)) == [EACH[NAMES[0]]]

    trio.run(main)


@pytest.mark.behaviour("A1", "A7")
@pytest.mark.drivers("trio")
def test_cancelled_before_it_began_it_ends_at_once(stage):
    config, _ = stage(GONE)

    async def work(resolver: AsyncResolver) -> None:
        with trio.CancelScope() as scope:
            scope.cancel()
            await resolver.addresses(NAMES[1])
        assert scope.cancelled_caught

    _in_trio(config, work)


@pytest.mark.behaviour("A6", "A7")
@pytest.mark.drivers("trio")
@pytest.mark.parametrize("over_tcp", [False, True])
def test_a_scope_that_ends_in_time_is_no_timeout_of_ours(stage, over_tcp):
    steps = {NAMES[0]: (answer,), "udp": (truncated if over_tcp else silent,), "tcp": (silent,)}
    config, _ = stage(Nameserver(steps, ZONE))

    async def work(resolver: AsyncResolver) -> None:
        with pytest.raises(trio.TooSlowError), trio.fail_after(0.1):
            await resolver.addresses(NAMES[1])
        with trio.move_on_after(0.1) as scope:
            await resolver.addresses(NAMES[2])
        assert scope.cancelled_caught

    _in_trio(config, work)


@pytest.mark.behaviour("A8", "A7")
@pytest.mark.drivers("trio")
def test_one_that_ends_cancels_another(stage):
    config, _ = stage(GONE)

    async def work(resolver: AsyncResolver) -> None:
        other = trio.CancelScope()

        async def look() -> None:
            with other:
                await resolver.addresses(NAMES[1])

        async with trio.open_nursery() as nursery:
            nursery.start_soon(look)
            await resolver.addresses(NAMES[0], timeout=PATIENCE)
            other.cancel()
        assert other.cancelled_caught

    _in_trio(config, work)


@pytest.mark.behaviour("L1")
@pytest.mark.drivers("trio")
def test_closed_twice_and_asked_afterwards(stage):
    config, _ = stage()

    async def main() -> None:
        resolver = AsyncResolver(config, family="ipv4")
        assert texts(await resolver.addresses(NAMES[0], timeout=PATIENCE)) == [EACH[NAMES[0]]]
        await resolver.close()
        await resolver.close()
        with pytest.raises(ResolverClosed):
            await resolver.addresses(NAMES[0])

    trio.run(main)
