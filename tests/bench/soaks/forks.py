"""Forks at random points of a run: children look up at once, nobody gets another's answer, nothing leaks.

Half of them while threads look up with one `Resolver`, half while tasks of asyncio do with one `AsyncResolver`. Each
child uses the resolver that it inherited, tells by a pipe what came of it, and is killed if it hangs.
"""

import asyncio
import json
import os
import random
import signal
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

from k8sresolve import AsyncResolver, Resolver, ResolverConfig, TemporaryFailure
from tests.bench.soaks import keeping
from tests.bench.soaks.keeping import Books, Watchdog
from tests.bench.soaks.nameserver import address_of, name_of, running

COUNT = 4_000
CALLERS = 6
EACH = 10  # lookups of each of a child's two callers
HUNG = 20  # seconds
LOSS = 0.02


def soak(count: int, seed: int) -> int:
    """Fork 4,000 times in the midst of lookups: no answer is another's, no child hangs, no descriptor is left."""
    began, books = time.monotonic(), Books()
    # CPython 3.12 warns of any fork with threads about, which is what is tested.
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    watchdog = Watchdog(books)
    with running(seed, LOSS) as nameserver:
        config = ResolverConfig.for_cluster(nameserver, namespace="shop")
        _threads(config, count // 2, seed, books)
        _asyncio(config, count // 2, seed, books)
    watchdog.stop()
    counted = books.counted
    figures = (
        f"{counted['children']:,} children: {counted['right']:,} right, {counted['temporary']:,} temporary failures, "
        f"{counted['wrong']} wrong, {counted['hung']} hung; {counted['descriptors']} descriptors left in them"
    )
    return keeping.close("forks", seed, began, figures, books)


def _judge(told: Counter[str], number: int, found: Any) -> None:
    if isinstance(found, TemporaryFailure):
        told["temporary"] += 1
    elif not isinstance(found, Exception) and found.addresses == (address_of(number),):
        told["right"] += 1
    else:
        told[f"{name_of(number)}: {found!r}"] += 1


def _fork(work: Callable[[Counter[str]], None], rest: int) -> tuple[int, int]:
    """Fork a child that does that; its process id, and where to read what it tells."""
    reads, writes = os.pipe()
    child = os.fork()
    if child:
        os.close(writes)
        return child, reads
    try:
        signal.alarm(HUNG)
        os.close(reads)
        told: Counter[str] = Counter()
        work(told)
        told["descriptors"] = keeping.descriptors() - rest - 1
        os.write(writes, json.dumps(told).encode())
    finally:
        os._exit(0)


def _reap(children: list[tuple[int, int]], books: Books) -> None:
    for child, reads in children:
        text = b""
        while data := os.read(reads, 65536):
            text += data
        os.close(reads)
        _, status = os.waitpid(child, 0)
        books.counted["children"] += 1
        if not text:
            books.counted["hung"] += os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM
            books.miss(f"a child ended with status {status}")
        for what, number in json.loads(text or b"{}").items():
            if what not in ("right", "temporary", "descriptors"):
                books.miss(f"a child: {what}")
            else:
                books.counted[what] += number
            if what == "descriptors" and number:
                books.miss(f"a child has {number} descriptors more than its parent at rest")
    children.clear()


# -- threads -----------------------------------------------------------------------------------------------------------


def _look_up(resolver: Resolver, numbers: range, told: Counter[str]) -> None:
    for number in numbers:
        try:
            found: Any = resolver.addresses(name_of(number))
        except Exception as error:  # noqa: BLE001 - judged below
            found = error
        _judge(told, number, found)


def _threads(config: ResolverConfig, count: int, seed: int, books: Books) -> None:
    rng, over = random.Random(seed), threading.Event()

    def caller(first: int) -> None:
        told: Counter[str] = Counter()
        while not over.is_set():
            first = (first + EACH) % 10_000_000
            _look_up(resolver, range(first, first + EACH), told)
        for what in told.keys() - {"right", "temporary"}:
            books.miss(f"the parent: {what}")

    def child(told: Counter[str]) -> None:
        thread = threading.Thread(target=_look_up, args=(resolver, range(1000, 1000 + EACH), other := Counter()))
        thread.start()
        _look_up(resolver, range(EACH), told)
        thread.join()
        told.update(other)

    with Resolver(config, family="ipv4") as resolver:
        rest = keeping.descriptors()
        threads = [threading.Thread(target=caller, args=(index * 1_000_000,)) for index in range(CALLERS)]
        for thread in threads:
            thread.start()
        children: list[tuple[int, int]] = []
        for _ in range(count):
            time.sleep(rng.uniform(0.0, 0.003))
            children.append(_fork(child, rest + len(children)))
            if len(children) == 2:
                _reap(children, books)
        _reap(children, books)
        over.set()
        for thread in threads:
            thread.join()


# -- asyncio -----------------------------------------------------------------------------------------------------------


async def _alook_up(resolver: AsyncResolver, numbers: range, told: Counter[str]) -> None:
    for number in numbers:
        try:
            found: Any = await resolver.addresses(name_of(number))
        except Exception as error:  # noqa: BLE001 - judged below
            found = error
        _judge(told, number, found)


def _asyncio(config: ResolverConfig, count: int, seed: int, books: Books) -> None:
    rng, told = random.Random(seed), Counter[str]()

    def child(told: Counter[str]) -> None:
        async def look_up() -> None:
            await asyncio.gather(
                _alook_up(resolver, range(EACH), told), _alook_up(resolver, range(1000, 1000 + EACH), told)
            )
            await resolver.close()

        asyncio.run(look_up())

    async def caller(first: int) -> None:
        while not over:
            first = (first + EACH) % 10_000_000
            await _alook_up(resolver, range(first, first + EACH), told)

    over: list[bool] = []

    async def main() -> None:
        rest = keeping.descriptors()
        tasks = [asyncio.create_task(caller(index * 1_000_000)) for index in range(CALLERS)]
        for _ in range(count):
            await asyncio.sleep(rng.uniform(0.0, 0.003))
            children = [_fork(child, rest)]
            await asyncio.to_thread(_reap, children, books)
        over.append(True)
        await asyncio.gather(*tasks)
        await resolver.close()

    resolver = AsyncResolver(config, family="ipv4")
    asyncio.run(main())
    for what in told.keys() - {"right", "temporary"}:
        books.miss(f"the parent: {what}")
