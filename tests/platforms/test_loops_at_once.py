"""One `AsyncResolver` in the loops of several threads at once."""

import asyncio
import contextlib

import pytest
import trio

from k8sresolve import AsyncResolver, ResolverClosed
from k8sresolve.testing import Cluster
from tests.at_once import at_once
from tests.drivers.watching.players import served

RUNS = [lambda work: asyncio.run(work()), trio.run]
NAMES = ("payments.shop.svc.cluster.local.", "cassandra.data.svc.cluster.local.")


def in_loops(count, work):
    """The work in so many loops, by turns asyncio's and trio's."""
    return [lambda run=RUNS[number % 2]: run(work) for number in range(count)]


def test_the_lookups_of_all_loops_are_counted_and_none_is_left_over():
    cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    resolver = cluster.async_resolver(namespace="shop", family="ipv4")

    async def look():
        for _ in range(15):
            for name in NAMES:
                assert (await resolver.addresses(name, fresh=True)).addresses

    at_once(*in_loops(4, look))
    stats = resolver.stats()
    assert stats.questions == stats.sends == len(cluster.queries) == 4 * 15 * len(NAMES)
    assert stats.in_flight == 0
    assert not cluster.clock.looking


def test_loops_come_and_go_while_others_look_up():
    """What a loop leaves is swept up by whichever comes next."""
    with served() as (_, config):
        resolver = AsyncResolver(config, family="ipv4")

        async def look():
            assert (await resolver.addresses("web", fresh=True)).addresses

        async def keep_looking():
            for _ in range(15):
                await look()

        def come_and_go():
            for run in RUNS * 8:
                run(look)

        at_once(come_and_go, come_and_go, *in_loops(2, keep_looking))
        assert resolver.stats().questions == 2 * 16 + 2 * 15
        assert resolver.stats().in_flight == 0
        asyncio.run(resolver.close())


def test_a_loop_that_asks_as_another_one_closes_is_told():
    with served() as (_, config):
        for _ in range(5):
            resolver = AsyncResolver(config, family="ipv4")

            async def look(resolver=resolver):
                with pytest.raises(ResolverClosed):  # noqa: PT012 - at whichever it comes
                    while True:
                        await resolver.addresses("web", fresh=True)

            async def close(resolver=resolver):
                with contextlib.suppress(ResolverClosed):
                    await resolver.addresses("web", fresh=True)
                await resolver.close()

            at_once(*in_loops(3, look), *in_loops(1, close))
            assert resolver.stats().in_flight == 0
