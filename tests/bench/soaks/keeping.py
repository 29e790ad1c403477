"""What every long run keeps an eye on: that it goes on, what is left, and what it came to."""

import asyncio
import faulthandler
import gc
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import attrs

HUNG = 30.0  # seconds in which nothing at all ends


@attrs.define
class Books:
    """What happened so far. Threads count here without a lock, one key each or under their own."""

    counted: Counter[str] = attrs.field(factory=Counter)
    wrong: list[str] = attrs.field(factory=list)
    longest: float = 0.0

    def took(self, seconds: float) -> None:
        self.longest = max(self.longest, seconds)

    def miss(self, text: str) -> None:
        """Note what must not be; the first of them are shown."""
        self.counted["wrong"] += 1
        if len(self.wrong) < 10:
            self.wrong.append(text[:300])


def descriptors() -> int:
    """How many file descriptors this process has open."""
    return len(list(Path("/proc/self/fd").iterdir())) - 1  # the one that lists them


@attrs.frozen
class Left:
    """What a process holds: to be the same before and after."""

    descriptors: int
    threads: int
    tasks: int

    @classmethod
    def now(cls) -> "Left":
        gc.collect()
        try:
            tasks = len(asyncio.all_tasks())
        except RuntimeError:  # no loop runs
            tasks = 0
        return cls(descriptors(), threading.active_count(), tasks)


def settled(before: Left) -> Left:
    """What is left once what ends by itself has had its time to."""
    until = time.monotonic() + 5.0
    while (left := Left.now()) != before and time.monotonic() < until:
        time.sleep(0.05)
    return left


class Watchdog:
    """Ends the process, with the stacks of all threads, when nothing has ended for so long."""

    def __init__(self, books: Books, seconds: float = HUNG) -> None:
        self._books, self._seconds = books, seconds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        seen, since = -1, time.monotonic()
        while not self._over.wait(1.0):
            total = self._books.counted.total()
            if total != seen:
                seen, since = total, time.monotonic()
            elif time.monotonic() - since > self._seconds:
                print(f"nothing has ended for {self._seconds} s after {total:,}", file=sys.stderr, flush=True)
                faulthandler.dump_traceback()
                os._exit(3)

    def stop(self) -> None:
        self._over.set()
        self._thread.join()


def close(what: str, seed: int, began: float, figures: str, books: Books, broken: Sequence[str] = ()) -> int:
    """Print the closing line, and what is broken before it; the status that the process is to end with."""
    for text in (*books.wrong, *broken):
        print(f"BROKEN: {text}")
    verdict = "broken" if books.wrong or broken else "held"
    print(f"soak {what}: {verdict}; seed {seed}; {figures}; {time.monotonic() - began:.0f} s")
    return int(verdict == "broken")


def unlike(before: Left, after: Left, where: str) -> list[str]:
    """Tell what is more or less than before."""
    return [] if after == before else [f"{where}: {before} before, {after} after"]
