"""C13: what nobody waits for is asked in the thread of watches, where there is no loop."""

import threading
import time
from collections.abc import Callable

import pytest

from k8sresolve import CacheConfig, Resolver
from k8sresolve.testing import Cluster, headless

pytestmark = pytest.mark.behaviour("C13")


def threads() -> int:
    return sum(thread.name == "k8sresolve-watch" for thread in threading.enumerate())


def wait_until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


def made(ttl: int = 60) -> Cluster:
    """A cluster whose answers last so many seconds: in a minute no test gets late."""
    corefile = f".:53 {{\n  kubernetes cluster.local {{\n    ttl {ttl}\n  }}\n}}\n"
    return Cluster.new(headless("db.shop", sql=5432, pods=2), corefile=corefile)


def test_a_name_in_use_is_asked_ahead_and_the_thread_ends():
    cluster = made()
    with cluster.serve() as server, Resolver(_config(server), cache=CacheConfig(prefetch=0.001)) as resolver:
        resolver.endpoints("db.shop", "sql")
        time.sleep(0.2)
        cluster.scale("shop/db", 3)
        assert len(resolver.endpoints("db.shop", "sql")) == 2  # nobody waits for the new one
        wait_until(lambda: len(cluster.queries) == 2)
        wait_until(lambda: threads() == 0)
        assert len(resolver.endpoints("db.shop", "sql")) == 3
        assert len(cluster.queries) == 2


def test_a_question_goes_on_whose_caller_took_what_had_expired():
    cluster = made(ttl=1)
    with cluster.serve() as server, Resolver(_config(server), cache=CacheConfig(serve_stale=60.0)) as resolver:
        resolver.endpoints("db.shop", "sql")
        time.sleep(1.1)
        cluster.scale("shop/db", 3)
        with cluster.network.rcode("SERVFAIL", next=1):
            found = resolver.endpoints("db.shop", "sql")
        assert [one.stale for one in found] == [True, True]
        wait_until(lambda: threads() == 0)
        assert [one.stale for one in resolver.endpoints("db.shop", "sql")] == [False] * 3


def test_the_thread_ends_whoever_comes_between():
    cluster = made()
    with cluster.serve() as server, Resolver(_config(server), cache=CacheConfig(prefetch=0.001)) as resolver:
        resolver.endpoints("db.shop", "sql")
        time.sleep(0.2)
        follower = resolver._follow()
        with follower._hosting:  # as one that is about to ask has it, and is held up
            resolver.endpoints("db.shop", "sql")
            wait_until(lambda: len(cluster.queries) == 2)
            wait_until(lambda: not follower._host.is_asking)
            assert threads() == 1
        wait_until(lambda: threads() == 0)


def test_a_watch_keeps_the_thread():
    cluster = made()
    with cluster.serve() as server, Resolver(_config(server), cache=CacheConfig(prefetch=0.001)) as resolver:
        with resolver.watch("db.shop", "sql") as watch:
            watch.ready(2)
            resolver.addresses("db.shop.svc.cluster.local")
            time.sleep(0.2)
            resolver.addresses("db.shop.svc.cluster.local")
            wait_until(lambda: len(cluster.queries.of(rdtype="A")) == 2)
            assert threads() == 1
        assert threads() == 0


def test_nothing_is_asked_ahead_by_one_that_is_closed():
    cluster = made()
    with cluster.serve() as server:
        resolver = Resolver(_config(server), cache=CacheConfig(prefetch=0.01))
        resolver.endpoints("db.shop", "sql")
        time.sleep(0.05)
        resolver.endpoints("db.shop", "sql")
        resolver.close()
        assert threads() == 0


def _config(server):
    from k8sresolve import ResolverConfig

    return ResolverConfig.for_cluster(server.nameserver, namespace="shop")
