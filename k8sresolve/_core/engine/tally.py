"""The counters behind `Stats`: each desk counts by itself, and the sum is made when it is asked for."""

from __future__ import annotations

from typing import Protocol
from weakref import ref

from k8sresolve._core.engine.lock import UNSHARED, Lock


class Counted(Protocol):
    """What `Stats` tells, as one desk or one cache counted it."""

    @property
    def questions(self) -> int: ...
    @property
    def sends(self) -> int: ...
    @property
    def resends(self) -> int: ...
    @property
    def cache_hits(self) -> int: ...


class Counters:
    """What a desk counts: questions that were `alone`, each sent once, in one number; beside these, all others."""

    __slots__ = ("alone", "asked", "cache_hits", "resends", "sent")

    alone: int
    asked: int
    sent: int
    resends: int
    cache_hits: int

    def __init__(self) -> None:
        self.alone = self.asked = self.sent = self.resends = self.cache_hits = 0

    @property
    def questions(self) -> int:
        """The questions of all lookups."""
        return self.asked + self.alone

    @property
    def sends(self) -> int:
        """What was sent of them."""
        return self.sent + self.alone

    def add(self, other: Counted) -> None:
        """Take over what another one has counted."""
        self.asked += other.questions
        self.sent += other.sends
        self.resends += other.resends
        self.cache_hits += other.cache_hits


class Counting(Protocol):
    """A desk or a ledger, as far as it counts."""

    @property
    def active(self) -> int:
        """The questions under way."""
        ...


class Tally:
    """The counts of all desks and caches of a resolver that are and were.

    Each counts by itself, since several may count at once, in threads of their own.
    """

    __slots__ = ("_counting", "_past", "lock")

    def __init__(self, lock: Lock = UNSHARED) -> None:
        self.lock: Lock = lock
        self._past = Counters()  # of those that are no more
        self._counting: list[tuple[ref[Counting], Counted]] = []

    def enter(self, desk: Counting) -> Counters:
        """Let a new desk count."""
        counters = Counters()
        self.admit(desk, counters)
        return counters

    def admit(self, one: Counting, counted: Counted) -> None:
        """Let one that counts by itself be summed up too."""
        with self.lock:
            self._settle()
            self._counting.append((ref(one), counted))

    def total(self) -> tuple[Counters, int]:
        """Sum up what was counted, and how many questions are in flight."""
        total = Counters()
        with self.lock:
            self._settle()
            total.add(self._past)
            for _, counters in self._counting:
                total.add(counters)
            each = [one() for one, _ in self._counting]
        return total, sum(0 if one is None else one.active for one in each)

    def leave(self, one: Counting) -> None:
        """Let one go that nobody asks any more, though something may still hold it."""
        with self.lock:
            self._settle(one)

    def _settle(self, gone: Counting | None = None) -> None:
        """Keep only the sum of what those counted that are no more."""
        for entry in [entry for entry in self._counting if entry[0]() in (None, gone)]:
            self._counting.remove(entry)
            self._past.add(entry[1])
