"""The balancer: who is picked, what is a failure, and who is ejected for how long."""

import asyncio
import contextlib
import gc
import socket
from collections import Counter, deque
from ipaddress import ip_address
from itertools import pairwise
from random import Random

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from k8sresolve import (
    ConfigError,
    Endpoint,
    EndpointName,
    LookupTimeout,
    NoEndpoints,
    NoSuchName,
    ResolverClosed,
    ServiceName,
)
from k8sresolve._drivers.clock import monotonic
from k8sresolve.balance import Balancer
from tests.core.balancing import (
    Closed,
    Watch,
    available,
    balancer_of,
    endpoints,
    in_flight,
    number_of,
    pick,
    picks,
    refuse,
    succeed,
)
from tests.odd import ODD, Call

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
    service = ServiceName("db", "data")
    in_order = [
        Endpoint(ip_address(address), port, EndpointName(label, service) if label else None, label)
        for address, port, label in [
            ("10.0.0.9", None, None),
            ("10.0.0.9", 1, None),
            ("10.0.0.9", 2, "db-0"),
            ("10.0.0.9", 2, "db-1"),
            ("10.0.0.10", 1, None),
            ("fd00::1", 1, None),
        ]
    ]
    balancer, _ = balancer_of(in_order[::-1])
    seen = deque()
    for _ in in_order:
        with balancer.pick() as picked:
            seen.append(picked.endpoint)
    while seen[-1].address.version == 4:
        seen.rotate()
    assert [*seen] == in_order


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


@pytest.mark.parametrize("policy", ["p2c", "round_robin"])
def test_those_to_avoid_are_passed_over_however_busy_the_others_are(policy):
    balancer, _ = balancer_of(Watch(1, 2, 3, 4), policy)
    held = [balancer.pick(avoid=endpoints(1, 2)) for _ in range(20)]
    assert {number_of(one.endpoint) for one in held} == {3, 4}
    assert {number_of(balancer.pick(avoid=endpoints(1, 2)).endpoint) for _ in range(20)} == {3, 4}


def test_round_robin_goes_on_behind_those_to_avoid():
    balancer, _ = balancer_of(Watch(1, 2, 3, 4))
    first = pick(balancer)
    around = [(first + turn) % 4 + 1 for turn in range(4)]
    assert number_of(balancer.pick(avoid=endpoints(around[0])).endpoint) == around[1]
    assert pick(balancer) == around[2]


def test_where_all_are_to_be_avoided_there_is_no_other():
    with pytest.raises(NoEndpoints, match=r"web\.shop: there is no other endpoint to choose"):
        Balancer(Watch(1, 2)).pick(avoid=frozenset(endpoints(1, 2)))


def test_a_watch_that_is_closed_is_told_as_such():
    class ClosedWatch:
        @property
        def current(self):
            raise ResolverClosed("this watch is closed")

    balancer = Balancer(ClosedWatch())
    with pytest.raises(ResolverClosed):
        balancer.pick()


def test_one_that_is_never_entered_is_in_flight_while_it_is_held():
    balancer, _ = balancer_of(Watch(1))
    picked = balancer.pick()
    assert in_flight(balancer) == {1: 1}
    del picked
    gc.collect()
    assert in_flight(balancer) == {1: 0}


# -- bad input ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Balancer("web.shop"), "'web.shop' is no source of endpoints; give what endpoints() returns"),
        (lambda: Balancer([5]), "5 is no Endpoint"),
        (lambda: Balancer(None), "None is no source of endpoints"),
        (lambda: Balancer((), "random"), 'policy=\'random\' is no way to choose; give "p2c" or "round_robin"'),
        (lambda: Balancer(endpoints(1)).pick(avoid=5), "avoid=5 are no endpoints; give a set or a tuple of them"),
        (lambda: Balancer(endpoints(1)).pick(avoid="web"), "avoid='web' are no endpoints"),
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
