"""Resolvers opened and closed, with a lookup, without, and in the middle of one: nothing is left (K19).

A third are `Resolver`s, a third `AsyncResolver`s under asyncio, a third those under trio.
"""

import asyncio
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from k8sresolve import AsyncResolver, Resolver, ResolverClosed, ResolverConfig, TemporaryFailure
from tests.bench.soaks import keeping
from tests.bench.soaks.keeping import Books, Left, Watchdog
from tests.bench.soaks.nameserver import address_of, name_of, running

COUNT = 100_000
WAYS = ("unused", "used", "closed in the middle")


def soak(count: int, seed: int) -> int:
    """Open and close 100,000 resolvers: no descriptor, thread or task is left."""
    began, books, broken = time.monotonic(), Books(), []
    watchdog = Watchdog(books)
    with running(seed, 0.0) as answers, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        configs = {
            way: ResolverConfig.for_cluster(answers if way == "used" else f"127.0.0.1:{silent.getsockname()[1]}")
            for way in WAYS
        }
        for runs in (_blocking, _asyncio, _trio):
            before = Left.now()
            runs(configs, _ways(count // 3, seed), books)
            broken += keeping.unlike(before, keeping.settled(before), runs.__name__)
    watchdog.stop()
    told = ", ".join(f"{number:,} {way}" for way, number in sorted(books.counted.items()))
    figures = f"{books.counted.total():,} resolvers: {told}; descriptors, threads, tasks left: {broken or 0}"
    return keeping.close("cycles", seed, began, figures, books, broken)


def _ways(count: int, seed: int) -> Iterator[tuple[int, str]]:
    rng = random.Random(seed)
    return ((number, rng.choice(WAYS)) for number in range(count))


def _judge(books: Books, way: str, number: int, found: Any) -> None:
    if way == "used":
        # The nameserver's replies are late at times, and never lost.
        fits = not isinstance(found, Exception) and found.addresses == (address_of(number),)
    else:
        fits = isinstance(found, ResolverClosed)
    if fits:
        books.counted[way] += 1
    else:
        books.miss(f"{way}: {found!r}")


def _blocking(configs: dict[str, ResolverConfig], ways: Iterator[tuple[int, str]], books: Books) -> None:
    for number, way in ways:
        resolver = Resolver(configs[way], family="ipv4")
        if way == "unused":
            resolver.close()
            books.counted[way] += 1
        elif way == "used":
            _judge(books, way, number, _found(resolver, number))
            resolver.close()
        else:
            found: list[Any] = []
            thread = threading.Thread(target=lambda r=resolver, n=number, f=found: f.append(_found(r, n)))
            thread.start()
            _until(lambda r=resolver: r.stats().sends)
            resolver.close()
            thread.join()
            _judge(books, way, number, found[0])


def _found(resolver: Resolver, number: int) -> Any:
    try:
        return resolver.addresses(name_of(number))
    except (TemporaryFailure, ResolverClosed) as error:
        return error


def _until(condition: Callable[[], Any]) -> None:
    while not condition():
        time.sleep(0)


async def _afound(resolver: AsyncResolver, number: int, found: list[Any]) -> None:
    try:
        found.append(await resolver.addresses(name_of(number)))
    except (TemporaryFailure, ResolverClosed) as error:
        found.append(error)


async def _cycle(config: ResolverConfig, way: str, number: int, books: Books, beside: Any) -> None:
    resolver, found = AsyncResolver(config, family="ipv4"), list[Any]()
    if way == "unused":
        books.counted[way] += 1
    elif way == "used":
        await _afound(resolver, number, found)
        _judge(books, way, number, found[0])
    else:
        await beside(resolver, number, found)
        _judge(books, way, number, found[0])
    await resolver.close()


def _asyncio(configs: dict[str, ResolverConfig], ways: Iterator[tuple[int, str]], books: Books) -> None:
    async def beside(resolver: AsyncResolver, number: int, found: list[Any]) -> None:
        task = asyncio.create_task(_afound(resolver, number, found))
        while not resolver.stats().sends:  # noqa: ASYNC110 - nobody tells of a send
            await asyncio.sleep(0)
        await resolver.close()
        await task

    async def main() -> None:
        before = Left.now()
        for number, way in ways:
            await _cycle(configs[way], way, number, books, beside)
        for text in keeping.unlike(before, Left.now(), "in the loop"):
            books.miss(text)

    asyncio.run(main())


def _trio(configs: dict[str, ResolverConfig], ways: Iterator[tuple[int, str]], books: Books) -> None:
    import trio

    async def beside(resolver: AsyncResolver, number: int, found: list[Any]) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_afound, resolver, number, found)
            while not resolver.stats().sends:
                await trio.lowlevel.checkpoint()
            await resolver.close()

    async def main() -> None:
        before = Left.now()
        for number, way in ways:
            await _cycle(configs[way], way, number, books, beside)
        for text in keeping.unlike(before, Left.now(), "in trio"):
            books.miss(text)

    trio.run(main)
