"""What watches ask: counted in virtual time, and after a reload."""

import asyncio
from typing import Any

import pytest

from k8sresolve import Resolver
from k8sresolve.testing import Cluster, headless
from tests.drivers.watching.players import REAL, cluster, served

HOUR = 3600.0
KUBEADM = ".:53 {\n  kubernetes cluster.local {\n    ttl 30\n  }\n  cache 30\n}\n"


def _asked(there: Cluster) -> int:
    return len(there.queries)


@pytest.mark.parametrize("ttl", [5, 10, 30])
@pytest.mark.parametrize("port", ["sql", None])
def test_a_question_a_lifetime_and_a_tenth_at_most(ttl: int, port: str | None) -> None:
    corefile = f".:53 {{\n  kubernetes cluster.local {{\n    ttl {ttl}\n  }}\n}}\n"
    there = Cluster.new(headless("db.shop", sql=5432, pods=2), corefile=corefile)
    with there.resolver(family="ipv4") as resolver, resolver.watch("db.shop", port) as watch:
        watch.ready(2)
        before = _asked(there)
        there.clock.advance(HOUR)
        assert HOUR / (1.25 * ttl) <= _asked(there) - before <= 1.1 * HOUR / ttl


def test_a_cache_that_counts_down_is_asked_no_more_often() -> None:
    there = Cluster.new(headless("db.shop", sql=5432, pods=2), corefile=KUBEADM)
    with there.resolver() as resolver, there.resolver() as other:
        other.endpoints("db.shop", "sql")  # what the cache has is half as old by now
        there.clock.advance(15)
        with resolver.watch("db.shop", "sql") as watch:
            watch.ready(2)
            before = _asked(there)
            there.clock.advance(10 * HOUR)
            assert _asked(there) - before <= 1.1 * 10 * HOUR / 30


def test_a_thousand_watches_of_a_question_ask_as_one() -> None:
    counts = []
    for many in (1, 1000):
        there = cluster()
        with there.resolver(namespace="shop") as resolver:
            watches = [resolver.watch("db", "sql") for _ in range(many)]
            for watch in watches:
                watch.__enter__()
            watches[0].ready(2)
            there.clock.advance(HOUR / 10)
            assert all(len(watch.current) == 2 for watch in watches)
            counts.append(_asked(there))
            for watch in watches:
                watch.close()
    assert counts[0] == counts[1]


def test_a_thousand_questions_ask_a_thousand_times_as_much() -> None:
    there = Cluster.new(*(headless(f"db-{number}.shop", sql=5432) for number in range(1000)))

    async def main() -> int:
        async with there.async_resolver(namespace="shop") as resolver:
            watches = [resolver.watch(f"db-{number}", "sql") for number in range(1000)]
            for watch in watches:
                await watch.__aenter__()
            await there.advance(0)
            assert _asked(there) == 1000
            await there.advance(100)
            for watch in watches:
                await watch.close()
            return _asked(there)

    # The offline cluster's answers last 30 s, as kubeadm's do: a question at the start, and then each 30 to 36 s.
    assert 1000 * (1 + 100 // 36) <= asyncio.run(main()) <= 1000 * (1 + 100 // 30)


def test_a_poll_asks_anew_and_puts_its_answer_where_lookups_find_it() -> None:
    there = cluster()
    with there.resolver(namespace="shop") as resolver:
        resolver.endpoints("db", "sql")
        assert _asked(there) == 1
        with resolver.watch("db", "sql") as watch:
            watch.ready(2)
            assert _asked(there) == 2
            there.scale("shop/db", 3)
            next(watch)
            next(watch)
            asked = _asked(there)
            assert len(resolver.endpoints("db", "sql")) == 3
            assert _asked(there) == asked


def test_a_missing_port_is_told_from_an_alias_once() -> None:
    there = cluster()
    there.scale("shop/db", 0)
    with there.resolver(namespace="shop") as resolver, resolver.watch("db", "sql") as watch:
        next(watch)
        assert [query.rdtype for query in there.queries] == ["SRV", "A"]
        there.clock.advance(HOUR)
        assert {query.rdtype for query in list(there.queries)[2:]} == {"SRV"}
        assert 100 <= _asked(there) <= 2 + 1.1 * HOUR / 30


class Reloaded:
    """A configuration that changes when told."""

    due = 0.0

    def __init__(self) -> None:
        self.next: Any = None

    def changed(self, _: float) -> Any:
        config, self.next = self.next, None
        return config


def test_a_reload_moves_a_watch_and_keeps_what_was() -> None:
    with served() as (first, config), served() as (second, other):
        second.scale("shop/db", 3)
        with Resolver(config) as resolver:
            reloader = Reloaded()
            resolver._reloader = reloader  # type: ignore[assignment]
            with resolver.watch("db", "sql", interval=REAL[0], empty_hold=REAL[1]) as watch:
                assert len(watch.ready(2)) == 2
                next(watch)
                reloader.next = other
                change = next(watch)
                # Pods have addresses by the seed: those of both are the same.
                assert [one.hostname for one in change.added] == ["db-2"]
                assert change.removed == ()
                first.scale("shop/db", 0)
                watch.resolve_now()
                assert len(watch.current) == 3
