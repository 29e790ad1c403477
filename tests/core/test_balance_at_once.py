"""The balancer in threads and tasks, interrupted between any two lines, and in any order of what may happen to it."""

import asyncio
import contextlib
import sys
import threading
from collections import Counter

import pytest
import trio
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from k8sresolve import NoEndpoints, balance
from k8sresolve.balance import Balancer
from tests.core.balancing import (
    Unrelated,
    Watch,
    available,
    balancer_of,
    endpoints,
    in_flight,
    number_of,
    pick,
    picks,
    refuse,
)


@pytest.mark.parametrize("policy", ["p2c", "round_robin"])
def test_threads_share_one_while_endpoints_come_and_go(policy):
    watch = Watch(1, 2, 3)
    balancer = Balancer(watch, policy)
    errors = []
    start = threading.Barrier(9)

    def work():
        start.wait()
        try:
            for turn in range(400):
                with contextlib.suppress(OSError, Unrelated), balancer.pick():
                    raise (OSError, Unrelated, TimeoutError)[turn % 3]  # noqa: TRY301 - as a client would
        except BaseException as error:  # noqa: BLE001 - whatever comes
            errors.append(error)

    def change():
        start.wait()
        for turn in range(400):
            watch.current = endpoints(1, 2 + turn % 3, 7)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=work) for _ in range(8)] + [threading.Thread(target=change)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert errors == []
    assert {*in_flight(balancer).values()} == {0}


def test_threads_take_even_turns():
    balancer, _ = balancer_of(endpoints(*range(8)))
    counts = [Counter() for _ in range(8)]

    def work(counted):
        counted.update(picks(balancer, 300))

    threads = [threading.Thread(target=work, args=(counted,)) for counted in counts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts, Counter()) == dict.fromkeys(range(8), 300)


TEN = range(10)


async def ten_at_once(meet, run):
    """Ten requests, which meet inside of their blocks: one times out then, and another one is cancelled."""
    watch = Watch(1, 2)
    balancer, _ = balancer_of(watch, "p2c")
    most, done = [], []

    async def request(number, cancel):
        with contextlib.suppress(TimeoutError), balancer.pick():
            await meet()
            most.append(sum(in_flight(balancer).values()))
            await meet()
            if number == 5:
                raise TimeoutError
            if number == 9:
                await cancel()
        done.append(number)

    await run(request)
    assert sorted(done) == [*range(9)]
    assert most == [10] * 10
    assert in_flight(balancer) == {1: 0, 2: 0}
    assert len(watch.told) == 2


def test_ten_tasks_of_asyncio():
    barrier = asyncio.Barrier(10)

    async def cancel():
        asyncio.current_task().cancel()
        await asyncio.sleep(0)

    async def run(request):
        results = await asyncio.gather(*(request(number, cancel) for number in TEN), return_exceptions=True)
        assert [type(result) for result in results if result] == [asyncio.CancelledError]

    asyncio.run(ten_at_once(barrier.wait, run))


def test_ten_tasks_of_trio():
    lot = trio.lowlevel.ParkingLot()

    async def meet():
        if len(lot) == 9:
            lot.unpark_all()
            await trio.lowlevel.checkpoint()
        else:
            await lot.park()

    async def one(request, number):
        with trio.CancelScope() as scope:

            async def cancel():
                scope.cancel()
                await trio.lowlevel.checkpoint()

            await request(number, cancel)

    async def run(request):
        async with trio.open_nursery() as nursery:
            for number in TEN:
                nursery.start_soon(one, request, number)

    trio.run(ten_at_once, meet, run)


def test_ten_threads():
    barrier = threading.Barrier(10)

    async def meet():
        barrier.wait(60)

    async def cancel():
        raise Interruption

    def one(request, number):
        with contextlib.suppress(StopIteration, Interruption):
            request(number, cancel).send(None)

    async def run(request):
        threads = [threading.Thread(target=one, args=(request, number)) for number in TEN]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    with contextlib.suppress(StopIteration):
        ten_at_once(meet, run).send(None)


class Interruption(BaseException):
    pass


class Interrupter:
    """Raises at the n-th line that is run in the balancer's module, once."""

    def __init__(self, at, act):
        self._left = at
        self._act = act
        self.acted = False

    def trace(self, frame, event, _argument):
        if frame.f_code.co_filename != balance.__file__:
            return None
        if event == "line" and not self.acted:
            self._left -= 1
            if self._left < 0:
                self.acted = True
                sys.settrace(None)
                self._act()
        return self.trace

    @contextlib.contextmanager
    def at_work(self):
        before = sys.gettrace()
        sys.settrace(self.trace)
        try:
            yield
        finally:
            sys.settrace(before)


def at_every_line(prepare, call, act, check):
    """Do something at one line after the other of what a call runs; returns how many there were."""
    for at in range(2000):
        made = prepare()
        interrupter = Interrupter(at, lambda made=made: act(made))
        try:
            with interrupter.at_work():
                call(made)
        except Interruption as error:
            error.__traceback__ = None  # which holds the frames, and so what was picked
        check(made)
        if not interrupter.acted:
            return at
    raise AssertionError("it never came to an end")


def one_before_its_ejection():
    watch = Watch(1, 2, 3)
    balancer, _ = balancer_of(watch)
    refuse(balancer, 2, 4)
    while pick(balancer) != 1:
        pass
    watch.current = endpoints(2, 3, 4)  # so that the next pick, which is of 2, has something to look at
    return balancer


def request_that_fails(balancer):
    with contextlib.suppress(ConnectionRefusedError), balancer.pick(avoid=endpoints(9)):
        raise ConnectionRefusedError


def is_whole(balancer):
    assert {*in_flight(balancer).values()} <= {0}
    first = balancer._available
    assert available(balancer) in ({2, 3, 4}, {3, 4})
    assert {number_of(one.endpoint) for one in balancer._available} == available(balancer), first


def interrupt(_balancer):
    raise Interruption


def test_an_exception_at_any_line_leaves_nothing_in_flight_and_all_in_order():
    assert at_every_line(one_before_its_ejection, request_that_fails, interrupt, is_whole) > 40


def test_a_handler_that_picks_at_any_line_does_not_wait_for_its_own_thread():
    def handle(balancer):
        request_that_fails(balancer)

    assert at_every_line(one_before_its_ejection, request_that_fails, handle, is_whole) > 40


# -- any order ---------------------------------------------------------------------------------------------------------


class Machine(RuleBasedStateMachine):
    """Requests that begin and end, endpoints that come and go, and time, in any order."""

    @initialize(policy=st.sampled_from(["p2c", "round_robin"]), seed=st.integers(0, 99), count=st.integers(0, 25))
    def begin(self, policy, seed, count):
        self.watch = Watch(*range(count))
        self.balancer, self.time = balancer_of(self.watch, policy, seed)
        self.open = []  # a request, the number of its endpoint, and since when that had been there
        self.loads = dict.fromkeys(range(count), 0)
        self.since = dict.fromkeys(range(count), 0)
        self.row = Counter()  # failures since the endpoint came or a request to it went well, of all requests
        self.passed_over = {}  # since when
        self.turn = 0

    @precondition(lambda self: self.watch.current)
    @rule()
    def request(self):
        picked = self.balancer.pick()
        number = number_of(picked.endpoint)
        assert picked.endpoint in self.watch.current
        self.loads[number] += 1
        self.open.append((picked, number, self.since[number]))

    @precondition(lambda self: not self.watch.current)
    @rule()
    def request_of_none(self):
        with pytest.raises(NoEndpoints):
            self.balancer.pick()

    @precondition(lambda self: self.open)
    @rule(data=st.data(), error=st.sampled_from([None, OSError, TimeoutError, ValueError, KeyboardInterrupt]))
    def end(self, data, error):
        picked, number, since = self.open.pop(data.draw(st.integers(0, len(self.open) - 1)))
        with contextlib.suppress(BaseException), picked:
            if error is not None:
                raise error
        if self.since.get(number) == since:
            self.loads[number] -= 1
            if error in (OSError, TimeoutError):
                self.row[number] += 1

    @rule(number=st.integers(0, 25), times=st.integers(1, 6))
    def fail(self, number, times):
        """Requests that fail at once, to one endpoint, if it is picked."""
        for _ in range(times * len(self.watch.current)):
            picked = self.balancer.pick()
            if number_of(picked.endpoint) == number:
                picked.fail()
                self.row[number] += 1

    @rule(numbers=st.sets(st.integers(0, 25), max_size=4))
    def change(self, numbers):
        """Let those that are there leave, and those that are not come."""
        self.turn += 1
        there = {number_of(one) for one in self.watch.current} ^ numbers
        self.watch.current = endpoints(*there)
        for number in numbers:
            self.row.pop(number, None)
            self.passed_over.pop(number, None)
            if number in there:
                self.loads[number], self.since[number] = 0, self.turn
            else:
                del self.loads[number], self.since[number]

    @rule(seconds=st.sampled_from([1, 29, 30, 60, 300]))
    def wait(self, seconds):
        self.time.now += seconds

    @invariant()
    def it_holds(self):
        count = len(self.watch.current)
        if not count:
            return
        self.balancer.pick()  # and let go at once
        assert in_flight(self.balancer) == self.loads
        can_be_picked = {number_of(one.endpoint) for one in self.balancer._available}
        ejected = self.loads.keys() - can_be_picked
        assert can_be_picked
        assert len(ejected) <= max(1, count // 10)
        assert all(self.row[number] >= 5 for number in ejected), "nobody is ejected for less"
        self.passed_over = {number: self.passed_over.get(number, self.time.now) for number in ejected}
        assert all(self.time.now - since < 300 for since in self.passed_over.values())


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=settings.default.max_examples // 2, stateful_step_count=40)
