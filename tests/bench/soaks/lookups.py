"""Lookups with deadlines of 10 ms at a lossy nameserver: each ends in time, with its own answer or a typed error (K20).

A third of them by threads, a third by tasks of asyncio, a third by those of trio, each third by one resolver.
"""

import asyncio
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from k8sresolve import AsyncResolver, Resolver, ResolverConfig, TemporaryFailure
from tests.bench.soaks import keeping
from tests.bench.soaks.keeping import Books, Left, Watchdog
from tests.bench.soaks.nameserver import address_of, name_of, running

COUNT = 2_000_000
DEADLINE = 0.010
SLOW = 5.0  # seconds that no lookup takes, however busy the machine is
LOSS = 0.03
THREADS = 8
TASKS = 16
NAMES = 100_000


def soak(count: int, seed: int) -> int:
    """Make 2,000,000 lookups with deadlines of 10 ms at a lossy nameserver: none hangs, none has another's answer."""
    began, books, broken = time.monotonic(), Books(), []
    watchdog = Watchdog(books)
    with running(seed, LOSS) as nameserver:
        config = ResolverConfig.for_cluster(nameserver, namespace="shop")
        for runs in (_threads, _asyncio, _trio):
            before = Left.now()
            runs(config, count // 3, seed, books)
            broken += keeping.unlike(before, keeping.settled(before), runs.__name__)
    watchdog.stop()
    if books.longest > SLOW:
        broken.append(f"a lookup took {books.longest:.1f} s")
    counted = books.counted
    figures = (
        f"{counted.total():,} lookups with {DEADLINE * 1000:.0f} ms: {counted['right']:,} right, {counted['late']:,} "
        f"temporary failures, {counted['wrong']} wrong, 0 hung; longest {books.longest * 1000:.0f} ms"
    )
    return keeping.close("lookups", seed, began, figures, books, broken)


def _numbers(count: int, seed: int) -> Iterator[int]:
    rng = random.Random(seed)
    return (rng.randrange(NAMES) for _ in range(count))


def _judge(books: Books, counted: Counter[str], number: int, began: float, found: Any) -> None:
    books.took(time.monotonic() - began)
    if isinstance(found, TemporaryFailure):
        counted["late"] += 1
    elif not isinstance(found, Exception) and found.addresses == (address_of(number),):
        counted["right"] += 1
    else:
        books.miss(f"{name_of(number)}: {found!r}")


def _threads(config: ResolverConfig, count: int, seed: int, books: Books) -> None:
    lock = threading.Lock()

    def work(numbers: Iterator[int]) -> None:
        counted: Counter[str] = Counter()
        for done, number in enumerate(numbers, 1):
            began = time.monotonic()
            try:
                found: Any = resolver.addresses(name_of(number))
            except Exception as error:  # noqa: BLE001 - judged below
                found = error
            _judge(books, counted, number, began, found)
            if done % 100 == 0:
                add(counted)
        add(counted)

    def add(counted: Counter[str]) -> None:
        with lock:
            books.counted.update(counted)
        counted.clear()

    with Resolver(config, family="ipv4", timeout=DEADLINE) as resolver:
        threads = [
            threading.Thread(target=work, args=(_numbers(count // THREADS, seed + index),)) for index in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if resolver.stats().in_flight:
            books.miss(f"threads: {resolver.stats()} at the end")


async def _work(resolver: AsyncResolver, numbers: Iterator[int], books: Books) -> None:
    for number in numbers:
        began = time.monotonic()
        try:
            found: Any = await resolver.addresses(name_of(number))
        except Exception as error:  # noqa: BLE001 - judged below
            found = error
        _judge(books, books.counted, number, began, found)


def _asyncio(config: ResolverConfig, count: int, seed: int, books: Books) -> None:
    async def main() -> None:
        numbers = _numbers(count, seed)
        async with AsyncResolver(config, family="ipv4", timeout=DEADLINE) as resolver:
            await asyncio.gather(*(_work(resolver, numbers, books) for _ in range(TASKS)))
            if resolver.stats().in_flight:
                books.miss(f"asyncio: {resolver.stats()} at the end")

    asyncio.run(main())


def _trio(config: ResolverConfig, count: int, seed: int, books: Books) -> None:
    import trio

    async def main() -> None:
        numbers = _numbers(count, seed)
        async with AsyncResolver(config, family="ipv4", timeout=DEADLINE) as resolver:
            async with trio.open_nursery() as nursery:
                for _ in range(TASKS):
                    nursery.start_soon(_work, resolver, numbers, books)
            if resolver.stats().in_flight:
                books.miss(f"trio: {resolver.stats()} at the end")

    trio.run(main)
