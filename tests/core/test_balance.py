"""The balancer: who is picked, what is a failure, who is ejected for how long; in threads, tasks and any order."""

import asyncio
import contextlib
import gc
import socket
import sys
import threading
from collections import Counter, deque
from ipaddress import ip_address
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from k8sresolve import ConfigError, Endpoint, LookupTimeout, NoEndpoints, NoSuchName, ResolverClosed, balance
from k8sresolve._drivers.clock import monotonic
from k8sresolve.balance import Balancer
from tests.odd import ODD, Call, Mine


def endpoints(*numbers):
    return tuple(Endpoint(ip_address(f"10.0.0.{number}"), 80, None, None) for number in numbers)


def number_of(endpoint):
    return int(endpoint.address) & 0xFF


class Watch:
    """What a balancer takes for a watch."""

    name = "web.shop"

    def __init__(self, *numbers):
        self.current = endpoints(*numbers)
        self.told = []

    def suspect(self, endpoint):
        self.told.append(number_of(endpoint))

    def resolve_now(self):
        self.told.append("ask")


class Closed(Watch):
    def suspect(self, endpoint):
        raise ResolverClosed("this watch is closed")


class Time:
    """A clock that goes as it is told."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def balancer_of(source, policy="round_robin", seed=1):
    """Make a balancer by a clock of its own."""
    time = Time()
    return Balancer(source, policy, rng=Random(seed), clock=time), time


def pick(balancer):
    """One request that tells nothing."""
    with contextlib.suppress(Mine), balancer.pick() as picked:
        raise Mine
    return number_of(picked.endpoint)


def picks(balancer, count):
    return [pick(balancer) for _ in range(count)]


def refuse(balancer, number, times=1):
    """Let requests to this endpoint fail, and those that meet others tell nothing."""
    for _ in range(1000):
        with contextlib.suppress(ConnectionRefusedError, Mine), balancer.pick() as picked:
            if number_of(picked.endpoint) == number:
                times -= 1
                raise ConnectionRefusedError
            raise Mine
        if not times:
            return
    raise AssertionError(f"{number} is picked no more")


def succeed(balancer, number):
    for _ in range(1000):
        with contextlib.suppress(Mine), balancer.pick() as picked:
            if number_of(picked.endpoint) != number:
                raise Mine
            return
    raise AssertionError(f"{number} is picked no more")


def available(balancer):
    """The endpoints that can be picked, by round robin."""
    return {*picks(balancer, 2 * len(balancer._source.current))}


def in_flight(balancer):
    return {number_of(one): len(standing.in_flight) for one, standing in balancer._standings.items()}


# -- two policies ------------------------------------------------------------------------------------------------------


def test_round_robin_takes_one_after_the_other_in_canonical_order():
    balancer, _ = balancer_of(endpoints(3, 1, 4, 2))
    seen = picks(balancer, 12)
    first = seen[0]
    assert seen == [(first - 1 + turn) % 4 + 1 for turn in range(12)]


def test_round_robin_begins_anywhere_since_clients_begin_together():
    begun = Counter(pick(balancer_of(endpoints(1, 2, 3), seed=seed)[0]) for seed in range(60))
    assert {*begun} == {1, 2, 3}


def test_canonical_order_is_ipv4_before_ipv6_then_by_number_port_and_name():
    odd = [("fd00::1", 1), ("10.0.0.10", 1), ("10.0.0.9", 2), ("10.0.0.9", 1), ("10.0.0.9", None)]
    balancer, _ = balancer_of([Endpoint(ip_address(address), port, None, None) for address, port in odd])
    seen = deque()
    for _ in odd:
        with balancer.pick() as picked:
            seen.append(picked.endpoint)
    while seen[-1].address.version == 4:
        seen.rotate()
    assert [(str(one.address), one.port) for one in seen] == [*reversed(odd[3:]), odd[2], odd[1], odd[0]]


@given(st.lists(st.sets(st.integers(1, 9), max_size=6), min_size=1, max_size=30), st.integers(0, 9))
def test_round_robin_comes_to_each_once_between_two_picks_of_another(sets, seed):
    """Whatever comes and goes meanwhile: of two that are there all the time, none comes twice without the other."""
    always = (20, 40, 60)
    watch = Watch()
    balancer, _ = balancer_of(watch, seed=seed)
    seen = []
    for numbers in sets:
        watch.current = endpoints(*always, *(number * 7 for number in numbers))
        seen += picks(balancer, 2)
    turns = [number for number in seen if number in always]
    assert all(after == always[(always.index(before) + 1) % 3] for before, after in pairwise(turns))


class Scripted:
    """Chance as it is told."""

    def __init__(self, *numbers):
        self._numbers = deque(numbers)

    def randrange(self, count):
        number = self._numbers.popleft()
        assert 0 <= number < count
        return number


@given(st.data(), st.integers(2, 6))
def test_of_two_at_random_the_one_with_fewer_requests_in_flight(data, count):
    """And where they are even, the first."""
    rng = Scripted()
    balancer = Balancer(endpoints(*range(count)), rng=rng)
    open_picks = []
    loads = Counter()
    for _ in range(data.draw(st.integers(1, 20))):
        one = data.draw(st.integers(0, count - 1))
        other = data.draw(st.integers(0, count - 1).filter(lambda number, one=one: number != one))
        rng._numbers.extend([one, other - (other > one)])  # the second is drawn from those that are left
        picked = balancer.pick()
        open_picks.append(picked)
        expected = other if loads[other] < loads[one] else one
        assert number_of(picked.endpoint) == expected
        loads[expected] += 1
    assert in_flight(balancer) == {number: loads[number] for number in range(count)}


@pytest.mark.parametrize("seed", range(20))
def test_p2c_keeps_the_busiest_near_the_mean_where_chance_alone_would_not(seed):
    """Of n endpoints the busiest has ln ln n / ln 2 requests more than the mean, and a constant; at random sqrt(n)."""
    balancer, _ = balancer_of(endpoints(*range(20)), "p2c", seed)
    held = [balancer.pick() for _ in range(2000)]
    loads = in_flight(balancer)
    assert sum(loads.values()) == len(held) == 2000
    assert max(loads.values()) <= 100 + 4
    chance = Random(seed)
    assert max(Counter(chance.randrange(20) for _ in range(2000)).values()) > 100 + 4


@pytest.mark.parametrize("seed", range(5))
def test_p2c_is_even_where_nothing_is_in_flight(seed):
    counts = Counter(picks(balancer_of(endpoints(*range(5)), "p2c", seed)[0], 5000))
    # Five standard deviations of a binomial distribution with p = 1/5.
    assert all(abs(counts[number] - 1000) < 5 * (5000 * 0.2 * 0.8) ** 0.5 for number in range(5))


def test_p2c_gives_a_slow_endpoint_less():
    balancer, _ = balancer_of(endpoints(1, 2, 3, 4), "p2c")
    slow = deque()
    counts = Counter()
    for _ in range(4000):
        picked = balancer.pick()
        with picked:
            counts[number_of(picked.endpoint)] += 1
            if number_of(picked.endpoint) == 1:  # its requests take as long as twenty others
                slow.append(balancer.pick())
        if len(slow) > 20:
            slow.popleft().ok()
    assert counts[1] < min(counts[number] for number in (2, 3, 4)) / 2


@pytest.mark.parametrize("policy", ["p2c", "round_robin"])
def test_the_same_chance_and_time_give_the_same_picks(policy):
    def story():
        watch = Watch(1, 2, 3, 4, 5)
        balancer, time = balancer_of(watch, policy, seed=7)
        for step in range(200):
            with contextlib.suppress(OSError), balancer.pick() as picked:
                yield number_of(picked.endpoint)
                if number_of(picked.endpoint) == 3:
                    raise TimeoutError
            time.now += 1
            if step == 100:
                watch.current = endpoints(2, 3, 4, 6)

    assert [*story()] == [*story()]


def test_what_is_not_given_is_fresh_chance_and_a_clock_that_tests_do_not_stop():
    assert Balancer(endpoints(1))._clock is monotonic
    assert len({tuple(picks(Balancer(endpoints(*range(50))), 10)) for _ in range(3)}) == 3


# -- what counts as a failure ------------------------------------------------------------------------------------------

FAILURES = [ConnectionRefusedError(), TimeoutError(), socket.gaierror(), trio.TooSlowError()]
NEITHER = [
    ValueError(),
    KeyboardInterrupt(),
    asyncio.CancelledError(),
    GeneratorExit(),
    SystemExit(),
    NoSuchName("web", "no such name"),
    LookupTimeout("web", "no answer"),
    NoEndpoints("web", "none"),
]


def leave(balancer, error, say=lambda picked: None):
    """Leave a block by an exception, or by its end."""
    with contextlib.ExitStack() as stack:
        if error is not None:
            stack.enter_context(pytest.raises(type(error)))
        say(stack.enter_context(balancer.pick()))
        if error is not None:
            raise error


def failures(balancer):
    return sum(standing.failures for standing in balancer._standings.values())


@pytest.mark.parametrize("error", FAILURES, ids=repr)
def test_an_os_error_or_a_timeout_that_leaves_the_block_is_a_failure(error):
    watch = Watch(1)
    balancer, _ = balancer_of(watch)
    leave(balancer, error)
    assert (failures(balancer), in_flight(balancer), watch.told) == (1, {1: 0}, [1, "ask"])


@pytest.mark.parametrize("error", NEITHER, ids=repr)
def test_anything_else_says_nothing_of_the_endpoint(error):
    watch = Watch(1)
    balancer, _ = balancer_of(watch)
    leave(balancer, OSError())
    leave(balancer, error)
    assert (failures(balancer), in_flight(balancer), watch.told) == (1, {1: 0}, [1, "ask"])


def test_an_end_without_an_exception_makes_failures_forgotten():
    balancer, _ = balancer_of(Watch(1))
    leave(balancer, OSError())
    leave(balancer, None)
    assert failures(balancer) == 0


def test_what_the_block_says_decides():
    watch = Watch(1)
    balancer, _ = balancer_of(watch)
    leave(balancer, OSError(), lambda picked: picked.ok())
    assert (failures(balancer), watch.told) == (0, [])
    leave(balancer, None, lambda picked: picked.fail())
    assert (failures(balancer), watch.told) == (1, [1, "ask"])
    leave(balancer, ValueError(), lambda picked: picked.fail())
    assert failures(balancer) == 2
    leave(balancer, ValueError(), lambda picked: picked.ok())
    assert failures(balancer) == 0


def test_it_counts_once_at_once_and_as_it_was_said_last():
    balancer, _ = balancer_of(Watch(1))
    with balancer.pick() as picked:
        picked.fail()
        picked.fail()
        assert failures(balancer) == 1
        picked.ok()
        assert failures(balancer) == 0
        picked.fail()
    assert failures(balancer) == 1


def test_a_nested_pick_without_endpoints_is_no_failure_of_the_outer_one():
    watch = Watch(1)
    outer, _ = balancer_of(watch)
    with pytest.raises(NoEndpoints), outer.pick(), Balancer(()).pick():
        pass
    assert (failures(outer), watch.told) == (0, [])


def test_a_closed_watch_takes_nobody_s_exception_away():
    watch = Closed(1)
    balancer, _ = balancer_of(watch)
    leave(balancer, ConnectionRefusedError())
    leave(balancer, None, lambda picked: picked.fail())
    assert failures(balancer) == 2


def test_a_source_needs_nothing_but_its_endpoints():
    class Source:
        current = endpoints(1)

    balancer, _ = balancer_of(Source())
    leave(balancer, OSError())
    assert failures(balancer) == 1


# -- ejection ----------------------------------------------------------------------------------------------------------


def test_after_five_failures_in_a_row_it_is_passed_over_for_30_seconds():
    balancer, time = balancer_of(Watch(1, 2, 3))
    refuse(balancer, 2, 4)
    assert available(balancer) == {1, 2, 3}
    refuse(balancer, 2)
    assert available(balancer) == {1, 3}
    time.now += 29.9
    assert available(balancer) == {1, 3}
    time.now += 0.1
    assert available(balancer) == {1, 2, 3}


def test_a_success_in_between_makes_them_no_row():
    balancer, _ = balancer_of(Watch(1, 2, 3))
    for _ in range(3):
        refuse(balancer, 2, 4)
        succeed(balancer, 2)
    assert available(balancer) == {1, 2, 3}


def test_back_again_its_next_failure_ejects_it_for_twice_as_long_up_to_300_seconds():
    balancer, time = balancer_of(Watch(1, 2, 3))
    refuse(balancer, 2, 4)
    for pause in (30, 60, 120, 240, 300, 300):
        refuse(balancer, 2)
        time.now += pause - 0.1
        assert available(balancer) == {1, 3}
        time.now += 0.1
        assert available(balancer) == {1, 2, 3}


def test_a_success_makes_that_forgotten():
    balancer, time = balancer_of(Watch(1, 2, 3))
    refuse(balancer, 2, 5)
    time.now += 30
    succeed(balancer, 2)
    refuse(balancer, 2, 4)
    assert available(balancer) == {1, 2, 3}
    refuse(balancer, 2)
    time.now += 30
    assert available(balancer) == {1, 2, 3}


def test_what_was_picked_before_it_counts_no_more():
    """Ten requests at once to a pod that has died are one ejection; nor does a late success end it."""
    balancer, time = balancer_of(Watch(1, 2))
    held = [balancer.pick() for _ in range(24)]
    of_two = [picked for picked in held if number_of(picked.endpoint) == 2]
    assert len(of_two) == 12
    for picked in of_two[:10]:
        picked.fail()
    of_two[10].ok()
    assert available(balancer) == {1}
    time.now += 30
    assert available(balancer) == {1, 2}
    of_two[11].fail()
    assert available(balancer) == {1, 2}
    refuse(balancer, 2)
    time.now += 59
    assert available(balancer) == {1}
    time.now += 1
    assert available(balancer) == {1, 2}


@pytest.mark.parametrize(("count", "most"), [(1, 0), (2, 1), (3, 1), (19, 1), (20, 2), (29, 2), (30, 3), (100, 10)])
def test_at_most_one_in_ten_is_ejected_or_one_and_never_the_last(count, most):
    balancer, _ = balancer_of(Watch(*range(count)))
    for _ in range(6):
        held = [balancer.pick() for _ in range(count)]
        for picked in held:
            picked.fail()
    assert len(available(balancer)) == count - most


def test_whose_room_was_taken_is_ejected_by_its_next_failure_once_there_is_some():
    balancer, time = balancer_of(Watch(1, 2, 3))
    refuse(balancer, 1, 5)
    refuse(balancer, 2, 9)
    assert available(balancer) == {2, 3}
    time.now += 30
    succeed(balancer, 1)
    refuse(balancer, 2)
    assert available(balancer) == {1, 3}


def test_where_fewer_are_left_the_first_that_would_return_are_back():
    watch = Watch(*range(30))
    balancer, time = balancer_of(watch)
    for number in (4, 5, 6):
        refuse(balancer, number, 5)
        time.now += 1
    assert available(balancer) == {*range(30)} - {4, 5, 6}
    watch.current = endpoints(1, 4, 5, 6)
    assert available(balancer) == {1, 4, 5}
    watch.current = endpoints(6)
    assert available(balancer) == {6}


# -- endpoints that come and go ----------------------------------------------------------------------------------------


def test_each_pick_takes_what_the_watch_has():
    watch = Watch(1, 2)
    balancer, _ = balancer_of(watch)
    assert available(balancer) == {1, 2}
    watch.current = endpoints(2, 3)
    assert available(balancer) == {2, 3}


def test_what_was_picked_before_its_endpoint_left_can_finish():
    watch = Watch(1)
    balancer, _ = balancer_of(watch)
    with contextlib.suppress(OSError), balancer.pick() as gone:
        watch.current = endpoints(2)
        assert pick(balancer) == 2
        assert in_flight(balancer) == {2: 0}
        raise OSError
    assert number_of(gone.endpoint) == 1
    assert (failures(balancer), watch.told) == (0, [])


def test_what_was_known_of_it_goes_with_it():
    watch = Watch(1, 2)
    balancer, _ = balancer_of(watch)
    refuse(balancer, 1, 5)
    held = [balancer.pick() for _ in range(3)]
    watch.current = endpoints(2)
    assert available(balancer) == {2}
    assert in_flight(balancer) == {2: 3}
    watch.current = endpoints(1, 2)
    assert available(balancer) == {1, 2}
    assert (failures(balancer), in_flight(balancer)) == (0, {1: 0, 2: 3})
    for picked in held:
        picked.ok()


def test_one_that_is_given_twice_is_one():
    balancer, _ = balancer_of((*endpoints(1, 1), *endpoints(1, 2)))
    assert [*Counter(picks(balancer, 10)).values()] == [5, 5]


def test_where_there_is_none_it_says_of_what():
    with pytest.raises(NoEndpoints, match=r"web\.shop: there is no endpoint to choose; wait for one") as caught:
        Balancer(Watch()).pick()
    assert caught.value.name == "web.shop"
    with pytest.raises(NoEndpoints, match=r"\(\): there is no endpoint"), Balancer(()).pick():
        pass


def test_a_watch_that_is_closed_is_told_as_such():
    class ClosedWatch:
        @property
        def current(self):
            raise ResolverClosed("this watch is closed")

    with pytest.raises(ResolverClosed):
        Balancer(ClosedWatch()).pick()


def test_one_that_is_never_entered_is_in_flight_while_it_is_held():
    balancer, _ = balancer_of(Watch(1))
    picked = balancer.pick()
    assert in_flight(balancer) == {1: 1}
    del picked
    gc.collect()
    assert in_flight(balancer) == {1: 0}


# -- threads, tasks, interruptions -------------------------------------------------------------------------------------


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
                with contextlib.suppress(OSError, Mine), balancer.pick():
                    raise (OSError, Mine, TimeoutError)[turn % 3]  # noqa: TRY301 - as a client would
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
    with contextlib.suppress(ConnectionRefusedError), balancer.pick():
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


def test_the_module_is_the_one_that_is_traced():
    assert Path(balance.__file__).name == "balance.py"


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
        gc.collect(0)
        assert in_flight(self.balancer) == self.loads
        can_be_picked = {number_of(one.endpoint) for one in self.balancer._available}
        ejected = self.loads.keys() - can_be_picked
        assert can_be_picked
        assert len(ejected) <= max(1, count // 10)
        assert all(self.row[number] >= 5 for number in ejected), "nobody is ejected for less"
        self.passed_over = {number: self.passed_over.get(number, self.time.now) for number in ejected}
        assert all(self.time.now - since < 300 for since in self.passed_over.values())


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


# -- bad input ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Balancer("web.shop"), "'web.shop' is no source of endpoints; give what endpoints() returns"),
        (lambda: Balancer([5]), "5 is no Endpoint"),
        (lambda: Balancer(None), "None is no source of endpoints"),
        (lambda: Balancer((), "random"), 'policy=\'random\' is no way to choose; give "p2c" or "round_robin"'),
        (lambda: Balancer((), rng=5), "rng=5 is no generator of chance; give a random.Random"),
        (lambda: Balancer((), clock=5.0), "clock=5.0 is no clock; give a function that returns seconds"),
    ],
)
def test_an_argument_that_cannot_be_meant(make, said):
    with pytest.raises(ConfigError) as caught:
        make()
    assert said in str(caught.value)


def test_f12_odd_arguments_come_to_a_typed_error_or_are_taken():
    call = Call("Balancer", Balancer, {"source": endpoints(1)})
    for argument in call.arguments:
        for value in ODD:
            call.given(argument, value)
