"""What threads share, where they run at the same time, as they do without the GIL, or are interrupted at any step.

Each of these fails, on a Python without the GIL or on any, where what it is about is left without its lock.
"""

import asyncio
import sys
import sysconfig
import threading
from collections import deque
from types import SimpleNamespace

import attrs
import pytest
import trio

from k8sresolve import AsyncResolver, LookupTimeout, Observer, Resolver, ResolverClosed, _default
from k8sresolve._core.engine.cache import Recalled
from k8sresolve._core.questions import A, Question
from k8sresolve.testing import Cluster, headless
from tests.at_once import at_once, beside, times

_TIMES = 10_000


def test_the_gil_is_there_where_the_interpreter_was_built_with_it_and_nothing_here_brings_it_back():
    has_gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    assert has_gil is not bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


@pytest.fixture
def shop():
    with Cluster.from_manifests("docs/examples/shop.yaml").resolver(namespace="shop") as resolver:
        yield resolver


# -- counts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("_", range(5))  # each loses some, about every second time, where the lock is left out
def test_recalls_of_eight_threads_are_all_counted(shop, _):
    shop.addresses("payments")
    each = shop.stats().questions
    at_once(*[times(_TIMES, lambda: shop.addresses("payments"))] * 8)
    assert shop.stats().questions == each * (1 + 8 * _TIMES)


def test_what_is_recalled_is_summed_up_while_more_kinds_of_it_come():
    recalled = Recalled()

    def recall():
        for questions in range(20_000):
            recalled.worth(questions, 1).times += 1

    beside(recall, lambda: recalled.questions, lambda: recalled.cache_hits)
    assert recalled.questions == sum(range(20_000))


def test_counts_never_go_back_while_lookups_and_reloads_go_on(shop):
    """A configuration that goes hands its counts over; none is lost, and none counted twice."""

    class Reloader:
        due = float("-inf")

        def changed(self, _):
            self.ndots = 9 - self.ndots
            return attrs.evolve(shop._line.config, ndots=self.ndots)

        ndots = 4

    shop.addresses("payments")
    each = shop.stats().questions
    shop._reloader = Reloader()
    shop._calm_down()
    seen = []

    def look():
        seen.append(shop.stats().questions)

    at_once(*[times(100, lambda: shop.addresses("payments"))] * 4, times(200, look))
    assert seen == sorted(seen)
    assert shop.stats().questions == each * (1 + 4 * 100)
    assert shop.stats().in_flight == 0


def test_what_a_closed_port_refused_is_all_counted():
    cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    send = SimpleNamespace(nameserver=SimpleNamespace(address="10.96.0.10"), transport="udp")
    with cluster.network.refuse() as fault:
        at_once(*[times(5000, lambda: cluster.network.exchange(send, b""))] * 4)
        assert fault.hits == 4 * 5000


# -- what is forgotten ------------------------------------------------------------------------------------------------


UNCACHED = ".:53 {\n  kubernetes cluster.local {\n    ttl 5\n  }\n}\n"


@pytest.fixture
def growing():
    """A cluster whose headless Service has a pod more after each change."""
    return Cluster.new(headless("db.shop", sql=5432, pods=1), corefile=UNCACHED)


def grow(cluster, forget):
    """Return what lets it, how many pods there are at least by then, and what tells that these are all."""
    least, done = [1], threading.Event()

    def change():
        try:
            for pods in range(2, 30):
                cluster.scale("shop/db", pods)
                forget()
                least.append(pods)
        finally:
            done.set()

    return change, least, done


def test_after_forget_threads_are_given_nothing_older(growing):
    with growing.resolver(namespace="shop") as resolver:
        change, least, done = grow(growing, resolver.forget)

        def look():
            while not done.is_set():
                known = least[-1]
                assert len(resolver.endpoints("db", "sql")) >= known

        at_once(change, look, look, look)
        assert len(resolver.endpoints("db", "sql")) == 29


def test_after_forget_tasks_of_several_loops_are_given_nothing_older(growing):
    resolver = growing.async_resolver(namespace="shop")
    change, least, done = grow(growing, resolver.forget)

    async def look():
        while not done.is_set():
            known = least[-1]
            assert len(await resolver.endpoints("db", "sql")) >= known

    at_once(change, lambda: asyncio.run(look()), lambda: asyncio.run(look()), lambda: trio.run(look))


def test_what_another_thread_forgets_just_before_an_answer_is_kept_is_not_kept(growing):
    resolver = growing.async_resolver(namespace="shop")
    cache = resolver._line.cache

    class Late:
        """A lock that is got when another thread has just forgotten something."""

        def __enter__(self):
            cache.forgotten += 1

        def __exit__(self, *_):
            pass

    cache.lock = Late()
    assert asyncio.run(resolver.endpoints("db", "sql"))
    assert len(cache) == 0


# -- what is made when it is first needed ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Resolver, AsyncResolver])
def test_a_process_has_one_resolver_of_its_own_whoever_asks_first(monkeypatch, kind):
    monkeypatch.setenv("K8SRESOLVE_TIMEOUT", "1")
    for _ in range(5):
        # What a parent has left a child drops.
        monkeypatch.setattr(_default, "_made", {(-number, kind): None for number in range(1, 50)})
        made = []
        at_once(*[lambda made=made: made.append(_default.of_process(kind))] * 8)
        assert {*map(id, made)} == {id(made[0])}
        assert [*_default._made.values()] == [made[0]]


def test_what_another_thread_takes_meanwhile_nobody_asks_here(shop):
    class Taken(deque):
        def __bool__(self):
            return True  # and then another thread was faster

    shop._elsewhere = Taken([Question("a.", A)])
    asked = []
    shop._follow = lambda: SimpleNamespace(ask=asked.append)
    shop._ask_elsewhere()
    shop._ask_elsewhere()
    assert asked == [[Question("a.", A)]]


class Counting(Observer):
    def __init__(self):
        self.asked_for = 0

    def asked(self, name, rdtype):
        self.asked_for += 1


def test_observers_come_and_go_and_those_that_stay_are_told(shop):
    stays = Counting()

    def come_and_go():
        shop.observe(Counting())()

    at_once(*[times(100, come_and_go)] * 4, lambda: shop.observe(stays))
    assert shop._events.observers == (stays,)


def test_the_log_is_told_as_it_is_wanted_however_often_that_changes(shop, monkeypatch):
    """Each lookup sees to that, in whatever thread."""
    wanted = [False]
    monkeypatch.setattr("k8sresolve._facade._wanted", lambda _level: wanted[0])

    def change():
        wanted[0] = not wanted[0]

    for _ in range(4):
        at_once(*[times(100, lambda: shop.config)] * 3, times(101, change))
        assert shop.config
        assert bool(shop._events.observers) is wanted[0]
        assert len(shop._observers) == wanted[0]


# -- what ends -------------------------------------------------------------------------------------------------------


def test_who_pauses_as_another_thread_closes_does_not_wait(shop):
    shop._closed = True  # by another thread, which looked for those that pause before this one began
    shop._pause = Resolver._pause.__get__(shop)
    shop._pause(3600.0)


def test_who_begins_to_follow_as_another_thread_closes_is_told(shop):
    make = shop._new_follower

    def closed_meanwhile():
        follower = make()
        shop.close()  # which sees no follower yet
        return follower

    shop._new_follower = closed_meanwhile
    with pytest.raises(ResolverClosed), shop.watch("payments"):
        pass


def test_lookups_end_with_an_answer_or_are_told_that_the_resolver_was_closed():
    cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    cluster.network.drop(rdtype="A")
    for _ in range(5):
        resolver = cluster.resolver(namespace="shop", timeout=2)

        def look(resolver=resolver):
            with pytest.raises((LookupTimeout, ResolverClosed)):
                resolver.addresses("payments", fresh=True)

        at_once(look, look, look, resolver.close)
        assert resolver.stats().in_flight == 0
