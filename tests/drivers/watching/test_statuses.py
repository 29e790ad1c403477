"""What `watches()` tells of open watches, in whatever thread or loop they are, and that it asks nothing."""

import asyncio
import threading

import pytest
import trio

from k8sresolve import AsyncResolver, Resolver, ResolverConfig, ServiceName
from k8sresolve.testing import Cluster, headless
from tests.drivers.children import in_child, status_of

DB = ServiceName("db", "data")


@pytest.fixture
def there():
    return Cluster.new(headless("db.data", sql=5432, pods=2), headless("web.shop", pods=0))


def there_at(server):
    return ResolverConfig.for_cluster(server.nameserver)


def told(resolver):
    return sorted(
        (str(status.service), status.port or "", len(status.current), status.stale) for status in resolver.watches()
    )


def test_each_open_watch_is_told_and_no_other(there):
    resolver = there.resolver()
    assert resolver.watches() == ()
    with resolver.watch("db.data", "sql") as one, resolver.watch("db.data") as other:
        one.ready()
        other.ready()
        asked = len(there.queries)
        assert told(resolver) == [(str(DB), "", 2, False), (str(DB), "sql", 2, False)]
        assert len(there.queries) == asked
        other.close()
        assert told(resolver) == [(str(DB), "sql", 2, False)]
        resolver.close()
        assert resolver.watches() == ()


def test_ages_are_those_of_the_last_answer_and_of_the_last_change(there):
    with there.resolver() as resolver, resolver.watch("db.data", "sql", interval=(10.0, 10.0)) as watch:
        watch.ready()
        (status,) = resolver.watches()
        assert (status.age, status.unchanged) == (0.0, 0.0)
        there.clock.advance(100)
        (status,) = resolver.watches()
        assert status.age <= 11.0
        assert status.unchanged == pytest.approx(100.0)
        there.scale("data/db", 3)
        there.clock.advance(30)
        (status,) = resolver.watches()
        assert len(status.current) == 3
        assert status.unchanged <= 30.0


def test_while_dns_is_away_the_answer_grows_old_and_a_cause_is_there(there):
    with there.resolver() as resolver, resolver.watch("db.data", "sql") as watch:
        watch.ready()
        with there.network.rcode("SERVFAIL"):
            there.clock.advance(300)
        (status,) = resolver.watches()
        assert status.stale
        assert "SERVFAIL" in str(status.cause)
        assert status.age >= 270.0
        assert len(status.current) == 2


def test_one_that_was_never_answered_has_no_age(there):
    there.network.drop()
    with there.resolver() as resolver, resolver.watch("db.data", "sql"):
        there.clock.advance(10)
        (status,) = resolver.watches()
        assert (status.age, status.unchanged, status.stale) == (None, None, True)
        assert str(status) == "db.data.svc.cluster.local sql: not answered yet"


def run_in(run, main):
    run(main() if run is asyncio.run else main)


@pytest.mark.parametrize("run", [asyncio.run, trio.run], ids=["asyncio", "trio"])
def test_those_of_a_loop_are_told_in_another_thread_and_end_with_it(there, run):
    seen = []

    async def main():
        async with there.async_resolver() as resolver:
            assert resolver.watches() == ()
            async with resolver.watch("db.data", "sql") as watch:
                await watch.ready()
                other = threading.Thread(target=lambda: seen.extend(told(resolver)))
                other.start()
                other.join()
            assert resolver.watches() == ()

    run_in(run, main)
    assert seen == [(str(DB), "sql", 2, False)]


def test_the_thread_of_real_watches_tells_from_the_first_moment(there):
    with (
        there.serve() as server,
        Resolver(there_at(server)) as resolver,
        resolver.watch("db.data", "sql") as watch,
    ):
        assert [status.service for status in resolver.watches()] == [DB]
        watch.ready()
        (status,) = resolver.watches()
        assert len(status.current) == 2
        assert status.age >= 0.0
        assert status.unchanged >= 0.0


@pytest.mark.parametrize("run", [asyncio.run, trio.run], ids=["asyncio", "trio"])
def test_tasks_of_real_watches_tell(there, run):
    async def main():
        with there.serve() as server:
            async with (
                AsyncResolver(there_at(server)) as resolver,
                resolver.watch("db.data", "sql") as watch,
            ):
                await watch.ready()
                assert told(resolver) == [(str(DB), "sql", 2, False)]
            assert resolver.watches() == ()

    run_in(run, main)


def test_a_child_process_has_no_open_watch(there):
    with (
        there.serve() as server,
        Resolver(there_at(server)) as resolver,
        resolver.watch("db.data", "sql") as watch,
    ):
        watch.ready()
        assert status_of(in_child(lambda: len(resolver.watches()))) == 0
        assert len(resolver.watches()) == 1
