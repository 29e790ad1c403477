"""What changes as questions are asked: the nameservers' records, the budget, the cache and the counters."""

from typing import Protocol
from weakref import ref

from k8sresolve._core.engine.cache import Cache
from k8sresolve._core.engine.health import Budget, Health
from k8sresolve._core.engine.lock import UNSHARED, Lock
from k8sresolve._core.engine.rules import Rules


class Counters:
    """What `Stats` tells, counted by one desk."""

    __slots__ = ("cache_hits", "questions", "resends", "sends")

    def __init__(self) -> None:
        self.questions = self.sends = self.resends = self.cache_hits = 0

    def add(self, other: "Counters") -> None:
        """Take over what another one has counted."""
        self.questions += other.questions
        self.sends += other.sends
        self.resends += other.resends
        self.cache_hits += other.cache_hits


class Counting(Protocol):
    """A desk, as far as it counts."""

    @property
    def active(self) -> int:
        """The questions under way."""
        ...


class Tally:
    """The counts of all desks of a resolver that are and were.

    Each desk counts by itself, since several may count at once, in threads of their own.
    """

    __slots__ = ("_desks", "_past", "lock")

    def __init__(self, lock: Lock = UNSHARED) -> None:
        self.lock = lock
        self._past = Counters()  # of desks that are no more
        self._desks: list[tuple[ref[Counting], Counters]] = []

    def enter(self, desk: Counting) -> Counters:
        """Let a new desk count."""
        counters = Counters()
        with self.lock:
            self._settle()
            self._desks.append((ref(desk), counters))
        return counters

    def total(self) -> tuple[Counters, int]:
        """Sum up what was counted, and how many questions are in flight."""
        total = Counters()
        with self.lock:
            self._settle()
            total.add(self._past)
            for _, counters in self._desks:
                total.add(counters)
            desks = [desk() for desk, _ in self._desks]
        return total, sum(0 if desk is None else desk.active for desk in desks)

    def leave(self, desk: Counting) -> None:
        """Let a desk go that nobody asks any more, though something may still hold it."""
        with self.lock:
            self._settle(desk)

    def _settle(self, gone: Counting | None = None) -> None:
        """Keep only the sum of what desks counted that are no more."""
        for entry in [entry for entry in self._desks if entry[0]() in (None, gone)]:
            self._desks.remove(entry)
            self._past.add(entry[1])


class Ledger:
    """The books of one configuration: another one starts with empty ones, so that nothing leaks from one to the next.

    All its desks share them, in whatever thread they are. `healths` are in the order of the rules' nameservers; the
    `tally` is the resolver's, of every configuration that it has had.
    """

    __slots__ = ("budget", "cache", "healths", "tally")

    def __init__(self, rules: Rules, tally: Tally | None = None, lock: Lock = UNSHARED) -> None:
        self.healths = tuple(Health(str(nameserver), lock) for nameserver in rules.nameservers)
        self.budget = Budget(lock)
        self.cache = Cache(rules.cache, lock)
        self.tally = Tally(lock) if tally is None else tally

    def mend(self) -> None:
        """Make whole what an exception out of nowhere may have left half done."""
        self.cache.mend()

    def share(self, lock: Lock) -> None:
        """Take another lock, such as one that the desk is under anyway.

        In a child process that must be: nobody can let go of the one before, if its holder was a thread of the parent.
        """
        for health in self.healths:
            health.lock = lock
        self.budget.lock = self.cache.lock = lock
