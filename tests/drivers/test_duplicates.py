"""F3: late and double replies to other questions of a pooled socket cost no failure, and no connection over TCP."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import dns.message
import pytest
import trio

from k8sresolve._core.events import Observer
from k8sresolve.async_resolver import AsyncResolver
from k8sresolve.config import CacheConfig, ResolverConfig
from tests.drivers.nameservers import Loopback
from tests.drivers.script import Nameserver, Out, Playing, Step

AT_ONCE = 50
NAMES = [f"n{number}.shop.svc.cluster.local." for number in range(1600)]
ZONE = "\n".join(f"{name} 30 A 10.96.{number // 250}.{number % 250}" for number, name in enumerate(NAMES))


def doubled(chance: random.Random, share: float = 0.9, jitter: float = 0.05) -> Step:
    """What a path does that doubles that share of packets, questions and replies, and holds each up for a while."""

    def copies() -> int:
        return 2 if chance.random() < share else 1

    def step(_query: bytes, reply: dns.message.Message) -> list[Out]:
        wire = reply.to_wire()
        return [
            Out("message", chance.uniform(0, jitter) + chance.uniform(0, jitter), wire)
            for _ in range(copies())
            for _ in range(copies())
        ]

    return step


class Transports(Observer):
    def __init__(self) -> None:
        self.used: Counter[str] = Counter()

    def sent(self, *_: object, transport: str, **__: object) -> None:
        self.used[transport] += 1


async def look(resolver: AsyncResolver, numbers: list[int], failed: list[BaseException]) -> None:
    while numbers:
        number = numbers.pop()
        try:
            found = await resolver.addresses(NAMES[number], timeout=60.0)
        except Exception as error:  # noqa: BLE001 - whatever comes is judged
            failed.append(error)
        else:
            assert [str(address) for address in found.addresses] == [f"10.96.{number // 250}.{number % 250}"]


async def by_asyncio(work: Callable[..., Any], *what: Any) -> None:
    await asyncio.gather(*(work(*what) for _ in range(AT_ONCE)))


async def by_trio(work: Callable[..., Any], *what: Any) -> None:
    async with trio.open_nursery() as nursery:
        for _ in range(AT_ONCE):
            nursery.start_soon(work, *what)


RUN = {"asyncio": lambda *what: asyncio.run(by_asyncio(*what)), "trio": lambda *what: trio.run(by_trio, *what)}


def outcome(loopback: Loopback, driver: str, lookups: int) -> tuple[list[BaseException], Counter[str]]:
    """What failed, and what was sent over each transport."""
    playing = Playing(Nameserver({"": (doubled(random.Random(10)),)}, ZONE, tcp=False))
    opened = loopback.open([playing])
    transports, failed = Transports(), []
    config = ResolverConfig(nameservers=(opened[0].address,), cluster_domain="cluster.local")
    resolver = AsyncResolver(config, family="ipv4", cache=CacheConfig(entries=0), observers=[transports])
    try:
        RUN[driver](look, resolver, list(range(lookups)), failed)
    finally:
        asyncio.run(resolver.close())
        loopback.close(opened)
    return failed, transports.used


@pytest.mark.behaviour("F3")
@pytest.mark.parametrize("driver", RUN)
def test_duplicates_and_late_replies_of_other_questions_are_no_junk(loopback, driver):
    failed, sent = outcome(loopback, driver, 400)
    assert failed == []
    assert set(sent) == {"udp"}
