"""What a child process has of its parent's resolver: what is remembered, and nothing that is open or under way."""

import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from k8sresolve import Resolver, ResolverConfig
from k8sresolve._drivers import forks
from k8sresolve.errors import LookupTimeout
from tests.drivers import held
from tests.drivers.children import fds_in_child, in_child, status_of
from tests.drivers.names import NAMES, NOT_KEPT, WORLD, ZONE, right
from tests.drivers.nameservers import Loopback
from tests.drivers.script import Nameserver, Playing, late, silent
from tests.drivers.test_blocking import wait_for


def test_four_children_forked_in_mid_lookup_and_their_parent_all_get_their_own_answers(resolver_of):  # N6
    resolver = resolver_of(Nameserver({"": (late(0.01),)}, ZONE), cache=NOT_KEPT)
    stop = threading.Event()
    wrong: list[int] = []

    def busy(seed: int) -> None:
        step = seed
        while not stop.is_set():
            step = (step + 1) % len(NAMES)
            if not right(resolver, step):
                wrong.append(step)

    threads = [threading.Thread(target=busy, args=(seed * 50,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    wait_for(lambda: resolver.stats().in_flight >= 2)
    children = [
        in_child(lambda part=part: sum(not right(resolver, (part * 31 + step) % 200) for step in range(30)))
        for part in range(4)
    ]
    assert all(right(resolver, step) for step in range(30))
    assert [status_of(child) for child in children] == [0] * 4
    stop.set()
    for thread in threads:
        thread.join(10)
    assert wrong == []


def bells(resolver: Any) -> list[Any]:
    """The bells of those who wait; None for the one who leads."""
    flights = list(resolver._line.driver.desk.flights.values())
    return [batch.waiter.bell for flight in flights for batch, _ in list(flight.batches)]


def test_a_child_has_its_parents_results_and_may_forget_them(resolver_of):
    resolver = resolver_of()
    assert right(resolver, 0)

    def work() -> int:
        remembered = right(resolver, 0) and resolver.stats().sends == 1
        resolver.forget()
        return not (remembered and right(resolver, 0) and resolver.stats().sends == 2)

    assert status_of(in_child(work)) == 0
    assert right(resolver, 0)
    assert resolver.stats().sends == 1


def test_a_child_does_not_hold_its_parents_sockets_and_bells(resolver_of):
    resolver = resolver_of(Nameserver({"a.example.": (silent,)}, ZONE))
    assert right(resolver, 0)  # what is imported late by anybody here is imported now
    idle = held.fds()
    idle_in_child = fds_in_child()
    with ThreadPoolExecutor(3) as pool:
        lookups = [pool.submit(resolver.addresses, "a.example.", timeout=0.6) for _ in range(3)]
        wait_for(lambda: len([bell for bell in bells(resolver) if bell]) == 2)
        assert held.fds() >= idle + 5
        with resolver._line.driver._lock:  # so that no thread is just opening something
            child = in_child(lambda: 10 * (held.fds() - idle_in_child) + resolver.stats().in_flight)
        assert status_of(child) == 0
        for lookup in lookups:
            with pytest.raises(LookupTimeout):
                lookup.result(10)


def test_a_child_forked_while_the_lock_is_held_is_not_stuck(resolver_of):
    resolver = resolver_of()
    with resolver._line.driver._lock:
        child = in_child(lambda: not right(resolver, 1))
    assert status_of(child) == 0
    assert right(resolver, 2)


# -- F2: at any moment -------------------------------------------------------------------------------------------------


@contextmanager
def busy(resolver: Resolver, threads: int) -> Iterator[None]:
    """Let threads look up without end; their answers are right."""
    stop = threading.Event()
    wrong: list[int] = []

    def work(seed: int) -> None:
        step = seed
        while not stop.is_set():
            step = (step + 7) % len(NAMES)
            if not right(resolver, step):
                wrong.append(step)

    crowd = [threading.Thread(target=work, args=(seed * 13,)) for seed in range(threads)]
    for thread in crowd:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in crowd:
            thread.join(30)
    assert wrong == []


@pytest.mark.parametrize("in_flight", [1, 3])
def test_f2_children_forked_while_others_start_questions_from_a_full_queue(resolver_of, in_flight):
    resolver = resolver_of(in_flight=in_flight, cache=NOT_KEPT)
    assert right(resolver, 0)
    idle = fds_in_child()

    def work() -> int:
        left = held.fds() - idle
        wrong = sum(not right(resolver, step, timeout=10) for step in range(4))
        return 10 * abs(left) + wrong + resolver.stats().in_flight

    with busy(resolver, 6):
        wait_for(lambda: resolver._line.driver.desk.waiting > 0)
        assert [status_of(in_child(work)) for _ in range(40)] == [0] * 40


def test_f2_a_child_forked_out_of_the_midst_of_its_own_lookup_goes_on(resolver_of):
    """By an observer, as by a signal handler: the same thread, in the child, is in the midst of it, too."""
    from k8sresolve import Observer

    children: list[int] = []

    class Forking(Observer):
        def sent(self, *_: Any, **__: Any) -> None:
            if not children:
                children.append(in_child_that_goes_on())

    def in_child_that_goes_on() -> int:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            return os.fork()

    resolver = resolver_of(observers=[Forking()])
    try:
        found = right(resolver, 1)
        if children == [0]:
            signal.alarm(20)
            os._exit(0 if found and right(resolver, 2) and not resolver.stats().in_flight else 1)
    except BaseException:
        if children == [0]:
            os._exit(99)
        raise
    assert found
    assert status_of(children[0]) == 0


# -- F10: rotation -----------------------------------------------------------------------------------------------------


@pytest.fixture
def three(loopback: Loopback) -> Iterator[tuple[list[Playing], ResolverConfig]]:
    playing = [Playing(WORLD) for _ in range(3)]
    opened = loopback.open(playing)
    yield playing, ResolverConfig(nameservers=tuple(one.address for one in opened), flags=frozenset({"rotate"}))
    loopback.close(opened)


def test_f10_o3_fresh_resolvers_begin_with_a_random_nameserver(three):
    playing, config = three
    for _ in range(60):
        with Resolver(config, family="ipv4") as resolver:
            assert right(resolver, 0)
    # Each is left out by all sixty but once in ten thousand million runs.
    assert all(one.asked.total() > 0 for one in playing)


def test_f10_o3_and_so_do_children(three):
    playing, config = three
    with Resolver(config, family="ipv4", cache=NOT_KEPT) as resolver:
        for _ in range(60):
            assert status_of(in_child(lambda: not right(resolver, 0))) == 0
    assert all(one.asked.total() > 0 for one in playing)


def test_threads_may_register_while_another_one_forks():
    class Restable:
        rests = 0

        def before_fork(self):
            self.rests += 1

        def after_fork_in_parent(self):
            self.rests -= 1

    known = []

    def register():
        for _ in range(200):
            known.append(Restable())
            forks.let_rest(known[-1])

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    thread = threading.Thread(target=register)
    thread.start()
    try:
        while thread.is_alive():
            forks._before_fork()
            forks._after_fork_in_parent()
    finally:
        sys.setswitchinterval(before)
        thread.join()
    assert {one.rests for one in known} == {0}
