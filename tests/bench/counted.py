"""What is counted under callgrind: a program that calls `os.getppid` between its parts, and prints their names.

    python -s -m tests.bench.counted PROGRAM PORT

`instructions.py` runs it, with `responder.py` at that port. Timers are put off, since under valgrind all takes fifty
times as long.
"""

import asyncio
import contextlib
import gc
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from tests.bench import clients

WARMING, COLD, HITS = 60, 300, 300  # repeats: before a part, and in one
TASKS = 50
OTHERS = 500  # the first of the names that no whole lookup has asked for, which would be known
NAME = "svc-{}.shop.svc.cluster.local"
CALLS: dict[str, Callable[[Any], Any]] = {
    "addresses": lambda resolver: resolver.addresses("svc-1.shop.svc.cluster.local"),
    "service": lambda resolver: resolver.service("svc-1", ports=("http",)),
    "port": lambda resolver: resolver.port("svc-1", "http"),
    "ports": lambda resolver: resolver.ports("svc-1"),
    "endpoints": lambda resolver: resolver.endpoints("db", "http"),
    "reverse": lambda resolver: resolver.reverse("10.96.0.1"),
    "pod": lambda resolver: resolver.pod("10.244.0.1"),
    "lookup": lambda resolver: resolver.lookup("svc-1", "A"),
}


@contextlib.contextmanager
def part(name: str, repeats: int) -> Iterator[None]:
    """What runs in here is a part: callgrind counts anew at each call of getppid(2)."""
    # A collection of all that is loaded costs as much as some lookups, and comes when it likes.
    gc.collect()
    gc.freeze()
    os.getppid()
    yield
    os.getppid()
    print("-", 1)
    print(name, repeats)


def names(*, warming: bool, first: int = 0) -> Iterator[str]:
    """Names of Services, each once: for warming up those from `first` on, and then the next."""
    numbers = range(WARMING) if warming else range(WARMING, WARMING + COLD)
    return (NAME.format(first + number) for number in numbers)


def rooted(*, warming: bool, first: int = 0) -> Iterator[str]:
    """The same with the dot at the end, which peers need."""
    return (f"{name}." for name in names(warming=warming, first=first))


def opened(kind: str, port: int) -> Any:
    """Make a resolver that asks again only after minutes."""
    import k8sresolve
    from k8sresolve._core.engine import health, inquiry

    for module, waits in ((health, ("FIRST_WAIT", "LEAST_WAIT", "MOST_WAIT")), (inquiry, ("MOST_WAIT",))):
        for wait in waits:
            if not hasattr(module, wait):
                raise AttributeError(f"{module.__name__} has no {wait}: say here how timers of questions are put off")
            setattr(module, wait, 600.0)
    config = k8sresolve.ResolverConfig.for_cluster(f"127.0.0.1:{port}", namespace="shop")
    return getattr(k8sresolve, kind)(config, family="ipv4", timeout=600.0)


def asked_once(resolver: Any) -> None:
    if resends := resolver.stats().resends:
        raise RuntimeError(f"{resends} questions were asked again, and were counted: their timers were not put off")


def sync(port: int) -> None:
    with clients.raw(clients.Setting(port=port)) as look_up:
        for name in rooted(warming=True):
            look_up(name)
        with part("raw-sync", COLD):
            for name in rooted(warming=False):
                look_up(name)
    with opened("Resolver", port) as resolver:
        for name in names(warming=True):
            resolver.addresses(name)
        with part("cold-sync", COLD):
            for name in names(warming=False):
                resolver.addresses(name)
        asked_once(resolver)
        layers(resolver, port)
    with opened("Resolver", port) as resolver:
        for call, look in CALLS.items():
            for _ in range(WARMING):
                look(resolver)
            with part(f"hit-sync-{call}", HITS):
                for _ in range(HITS):
                    look(resolver)


def layers(resolver: Any, port: int) -> None:
    """Those that run without the others: a lookup whose result is there, and the codec of one A with OPT."""
    from ipaddress import IPv4Address

    from k8sresolve._core.lookups.hosts import addresses
    from k8sresolve._core.questions import A, Found, Question
    from k8sresolve._core.wire.query import encode_query
    from k8sresolve._core.wire.reply import read_one_address

    setting, results = resolver._line.setting, (Found((IPv4Address("10.96.0.1"),), 30, 1e9),)

    def look_up(name: str) -> None:
        lookup = addresses(setting, name)
        next(lookup)
        try:
            lookup.send(results)
        except StopIteration:
            return
        raise RuntimeError(f"{name} was asked for twice")

    for name in names(warming=True, first=OTHERS):
        look_up(name)
    with part("layer-lookup", COLD):
        for name in names(warming=False, first=OTHERS):
            look_up(name)
    for warming in (True, False):
        asked = [Question(name, A) for name in rooted(warming=warming, first=OTHERS)]
        with part("-" if warming else "layer-encode", COLD):
            queries = [encode_query(question) for question in asked]
    replies = []
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", port))
        for query in queries:
            sock.send(query)
            replies.append(sock.recv(1232))
    for query, reply in zip(queries[:WARMING], replies, strict=False):
        assert read_one_address(reply, query, A)
    with part("layer-read", COLD):
        for query, reply in zip(queries, replies, strict=True):
            read_one_address(reply, query, A)


async def tasks(port: int) -> None:
    ways = {"1": in_turn, str(TASKS): crowd}
    for number, run in ways.items():
        async with clients.raw_pool(clients.Setting(port=port)) as look_up:
            await run(rooted(warming=True), look_up)
            with part(f"raw-asyncio-{number}", COLD):
                await run(rooted(warming=False), look_up)
    for number, run in ways.items():
        async with opened("AsyncResolver", port) as resolver:
            await run(names(warming=True), resolver.addresses)
            with part(f"cold-asyncio-{number}", COLD):
                await run(names(warming=False), resolver.addresses)
            asked_once(resolver)
    async with opened("AsyncResolver", port) as resolver:
        for call, look in CALLS.items():
            for _ in range(WARMING):
                await look(resolver)
            with part(f"hit-asyncio-{call}", HITS):
                for _ in range(HITS):
                    await look(resolver)


async def in_turn(asked: Iterator[str], look_up: Callable[[str], Awaitable[Any]]) -> None:
    for name in asked:
        await look_up(name)


async def crowd(asked: Iterator[str], look_up: Callable[[str], Awaitable[Any]]) -> None:
    await asyncio.gather(*(in_turn(asked, look_up) for _ in range(TASKS)))


if __name__ == "__main__":
    if sys.argv[1] == "sync":
        sync(int(sys.argv[2]))
    else:
        asyncio.run(tasks(int(sys.argv[2])))
