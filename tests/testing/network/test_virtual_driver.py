"""Virtual time: nothing waits, no socket is opened, and every run is the same."""

import asyncio
import logging
import socket
import time
from typing import Any

import pytest
import trio

from k8sresolve.config import CacheConfig, ResolverConfig
from k8sresolve.errors import InternalError, LookupTimeout, NoSuchName, ResolverClosed
from tests.drivers.nameservers import Virtual
from tests.drivers.runners import AsyncVirtualResolver, Clock, VirtualResolver
from tests.drivers.script import Nameserver, Playing, Step, answer, late, silent

NAME = "payments.shop.svc.cluster.local."
NOPE = "nope.shop.svc.cluster.local."


def scripted(*steps: Step) -> Nameserver:
    return Nameserver({"": steps})


def make(kind: type, *nameservers: Nameserver, **options: Any) -> Any:
    network = Virtual([Playing(nameserver) for nameserver in nameservers or (Nameserver(),)])
    clock = Clock()
    config = ResolverConfig(nameservers=tuple(network.playing), cluster_domain="cluster.local")
    resolver = kind(network, clock, config, **{"family": "ipv4", **options})
    resolver.clock, resolver.playing = clock, list(network.playing.values())
    return resolver


def test_five_seconds_of_silence_take_no_time_and_no_socket(monkeypatch):  # L10
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "SocketType", refuse)
    monkeypatch.setattr(socket.socket, "__init__", refuse)
    resolver = make(VirtualResolver, scripted(silent))
    start = time.monotonic()
    with pytest.raises(LookupTimeout):
        resolver.addresses(NAME)
    assert resolver.clock.seconds == 5.0
    assert time.monotonic() - start < 5.0
    assert resolver.playing[0].asked == {"A udp": 7}


def test_runs_repeat_to_the_octet():
    def ids() -> list[bytes]:
        resolver = make(VirtualResolver, scripted(silent, answer))
        for name in (NAME, NOPE, NAME):
            try:
                resolver.addresses(name, fresh=True)
            except NoSuchName:
                continue
        return resolver.playing[0].ids

    assert ids() == ids()


@pytest.mark.parametrize(("name", "seconds"), [(NOPE, 5.0), ("nope.example.com.", 30.0)])
def test_a_miss_is_kept_for_five_seconds_in_the_cluster_domain_and_thirty_outside(name, seconds):  # C7
    resolver = make(VirtualResolver)
    asked = []
    for moment in (0.0, seconds - 0.1, seconds + 0.1):
        resolver.clock.reach(moment)
        with pytest.raises(NoSuchName):
            resolver.addresses(name)
        asked.append(resolver.playing[0].asked.total())
    assert asked == [1, 1, 2]


def test_ttl_is_as_received_and_expiry_is_unix_time():  # C2
    resolver = make(VirtualResolver)
    first = resolver.addresses(NAME)
    resolver.clock.reach(20.0)
    again = resolver.addresses(NAME)
    assert (first.ttl, again.ttl) == (30, 30)
    assert first.expires_at == again.expires_at == pytest.approx(1_700_000_030.0005)


def test_a_chain_lives_as_long_as_its_shortest_link():  # C5
    resolver = make(VirtualResolver)
    found = resolver.addresses("alias.shop.svc.cluster.local.")
    assert found.ttl == 10
    resolver.clock.reach(9.9)
    resolver.addresses("alias.shop.svc.cluster.local.")
    resolver.clock.reach(10.1)
    resolver.addresses("alias.shop.svc.cluster.local.")
    assert resolver.playing[0].asked == {"A udp": 2}


def test_no_ttl_outlives_the_bound():
    zone = "forever.example. 2147483647 A 192.0.2.1"
    resolver = make(VirtualResolver, Nameserver(zone=zone), cache=CacheConfig(max_ttl=60))
    resolver.addresses("forever.example.")
    resolver.clock.reach(60.1)
    resolver.addresses("forever.example.")
    assert resolver.playing[0].asked == {"A udp": 2}


def test_forgetting_one_name_keeps_the_others():
    resolver = make(VirtualResolver)
    for _ in range(2):
        resolver.addresses(NAME)
        resolver.addresses("dual.shop.svc.cluster.local.")
        resolver.forget(NAME)
    assert resolver.playing[0].asked.total() == 3
    resolver.forget()
    resolver.addresses(NAME)
    resolver.addresses("dual.shop.svc.cluster.local.")
    assert resolver.playing[0].asked.total() == 5


def test_rotation_is_even():  # O2
    servers = (Nameserver(),) * 3
    network = Virtual([Playing(one) for one in servers])
    flags = frozenset({"rotate"})
    resolver = VirtualResolver(
        network, Clock(), ResolverConfig(nameservers=tuple(network.playing), flags=flags), family="ipv4"
    )
    for _ in range(300):
        resolver.addresses(NAME, fresh=True)
        resolver.forget()
    assert [playing.asked.total() for playing in network.playing.values()] == [100, 100, 100]


def test_a_failed_nameserver_comes_back_after_five_seconds():  # R11, R12
    # It is silent once; both fail in the meantime, and recovery is noticed all the same.
    resolver = make(VirtualResolver, scripted(silent, answer), scripted(answer, silent, answer))
    turns = []
    for moment in (0.0, 1.0, 6.5, 7.0):
        resolver.clock.reach(moment)
        before = [playing.asked.total() for playing in resolver.playing]
        start = resolver.clock.seconds
        resolver.addresses(NAME, fresh=True)
        after = [playing.asked.total() for playing in resolver.playing]
        turns.append(([b - a for a, b in zip(before, after, strict=True)], round(resolver.clock.seconds - start, 2)))
        resolver.forget()
    # Silent first; then the second is asked and silent, so the first again; the second is probed; the first stands.
    assert turns == [([1, 1], 0.25), ([1, 1], 0.05), ([1, 1], 0.0), ([1, 0], 0.0)]


def test_virtual_time_waits_for_tasks_that_can_run():
    resolver = make(AsyncVirtualResolver, scripted(late(0.3)))
    moments = []

    async def step(count: int) -> None:
        for _ in range(count):
            await asyncio.sleep(0)
        moments.append(resolver.clock.seconds)

    async def main() -> None:
        await asyncio.gather(resolver.addresses(NAME), step(3))

    asyncio.run(main())
    assert moments == [0.0]
    assert resolver.clock.seconds == pytest.approx(0.3005)


def test_it_serves_loops_one_after_another_and_a_run_of_trio_from_one_cache():
    resolver = make(AsyncVirtualResolver)
    found = [asyncio.run(resolver.addresses(NAME)), trio.run(resolver.addresses, NAME)]
    found.append(asyncio.run(resolver.addresses("dual.shop.svc.cluster.local.")))
    assert found[0] == found[1] != found[2]
    stats = resolver.stats()
    assert (stats.questions, stats.sends, stats.cache_hits) == (3, 2, 1)


@pytest.mark.parametrize("kind", [VirtualResolver, AsyncVirtualResolver])
def test_a_network_that_fails_ends_the_lookup(kind, monkeypatch, caplog):
    def broken(*_: object) -> None:
        raise ZeroDivisionError("the network's")

    resolver = make(kind)
    monkeypatch.setattr(resolver._network, "exchange", broken)
    look = resolver.addresses if kind is VirtualResolver else lambda name: asyncio.run(resolver.addresses(name))
    with caplog.at_level(logging.CRITICAL, "k8sresolve"), pytest.raises(InternalError, match="ZeroDivisionError"):
        look(NAME)


def test_closed_twice_and_asked_afterwards():
    with make(VirtualResolver) as resolver:
        resolver.addresses(NAME)
    resolver.close()
    with pytest.raises(ResolverClosed):
        resolver.addresses(NAME)
