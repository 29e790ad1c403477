"""Watches that several threads use, open and close at once, on real sockets, in virtual time and in loops."""

import asyncio
import contextlib
import threading
from collections import Counter

import pytest
import trio

from k8sresolve import AsyncResolver, Resolver, ResolverClosed
from k8sresolve._core.watching import pace
from k8sresolve._core.watching.poller import Following, Pollers
from k8sresolve._drivers.watch_thread import ThreadFollower
from k8sresolve.names import ServiceName
from k8sresolve.testing import Cluster, headless
from tests.at_once import at_once, beside, times
from tests.drivers.watching.players import REAL, served

QUICK = {"interval": REAL[0], "empty_hold": REAL[1]}


def following(name):
    return Following((None, name), ServiceName(name, "shop", "cluster.local"), name, (1.0, 2.0), 1.0)


def test_every_change_is_told_to_one_thread_while_others_look_hint_and_suspect(monkeypatch):
    monkeypatch.setattr(pace, "LEAST_JITTER", 0.0)
    monkeypatch.setattr(pace, "HINTS", 0.0)
    with served() as (cluster, config), Resolver(config) as resolver:
        changes = []
        with resolver.watch("db", "sql", **QUICK) as watch:
            watch.ready(2)

            def tell():
                for change in watch:
                    changes.append(change)  # noqa: PERF402 - as each comes

            def look():
                with contextlib.suppress(ResolverClosed):
                    while True:
                        current = watch.current
                        assert len({one.address for one in current}) == len(current)
                        assert len(resolver.watches()) >= watch._is_open
                        watch.suspect(current[0])
                        watch.resolve_now()

            def come_and_go():
                for _ in range(5):
                    with resolver.watch("db", "sql", **QUICK) as other:
                        assert other.ready(2)

            def change():
                for pods in range(3, 8):
                    cluster.scale("shop/db", pods)
                    assert len(watch.ready(pods)) == pods
                watch.close()

            at_once(tell, tell, look, look, come_and_go, change)
        told = Counter(change.previous for change in changes)
        came = Counter([(), *(change.current for change in changes)])
        assert not told - came
        (last,) = (came - told).elements()
        assert len(last) <= 7
        assert resolver.watches() == ()


def test_all_that_wait_are_woken_while_others_begin_to():
    follower = ThreadFollower(lambda: pytest.fail("nothing is asked"), None)
    bells = [threading.Lock() for _ in range(5000)]

    def wait():
        for bell in bells:
            bell.acquire(blocking=False)
            follower._bells.add(bell)
        for bell in bells:
            follower._bells.discard(bell)

    beside(times(10, wait), follower._ring)
    assert follower.wait(lambda: True, None)
    assert not follower._bells


def test_what_is_open_is_told_while_watches_open_and_close():
    follower, pollers = ThreadFollower(lambda: None, None), Pollers(lambda: 0.5)
    some = [following(f"db-{number}") for number in range(2000)]

    def come_and_go(mine):
        for one in mine:
            follower._open.add(one)
            pollers.join(one, 0.0)
        for one in mine:
            follower._open.discard(one)
            pollers.leave(one)

    def look():
        assert {*follower.followed()} <= {*some}
        assert {*pollers.followed()} <= {*some}

    beside(times(5, lambda: come_and_go(some)), look)
    assert not [*follower.followed(), *pollers.followed()]


def test_virtual_endpoints_are_suspected_while_time_goes_on():
    cluster = Cluster.new(headless("db.shop", sql=5432, pods=10))
    with cluster.resolver(namespace="shop") as resolver, resolver.watch("db", "sql") as watch:
        watch.ready(10)

        def suspect():
            for endpoint in watch.current:
                watch.suspect(endpoint)

        at_once(times(40, suspect), times(40, suspect), times(40, lambda: cluster.clock.advance(61)))
        assert len(watch.current) == 10


def test_watches_of_several_loops_are_told_and_closed_from_any_of_them(monkeypatch):
    """Some loops begin to follow as another one closes the resolver: each is told, and none of them waits for ever."""
    monkeypatch.setattr(pace, "LEAST_JITTER", 0.0)
    with served() as (_, config):
        for _ in range(3):
            resolver = AsyncResolver(config)

            async def follow(resolver=resolver):
                with contextlib.suppress(ResolverClosed):
                    while True:
                        async with resolver.watch("db", "sql", **QUICK) as watch:
                            assert len(await watch.ready(2)) == 2
                            resolver.watches()

            async def close(resolver=resolver):
                async with resolver.watch("db", "sql", **QUICK) as watch:
                    await watch.ready(2)
                    await resolver.close()

            in_asyncio = [lambda follow=follow: asyncio.run(follow())] * 3
            at_once(*in_asyncio, lambda follow=follow: trio.run(follow), lambda close=close: asyncio.run(close()))
