"""What changes as questions are asked: the nameservers' records, the budget, the cache and the counters."""

from __future__ import annotations

from k8sresolve._core.engine.cache import Cache
from k8sresolve._core.engine.health import Budget, Health
from k8sresolve._core.engine.lock import UNSHARED, Lock
from k8sresolve._core.engine.rules import Rules
from k8sresolve._core.engine.tally import Tally


class Ledger:
    """The books of one configuration: another one starts with empty ones, so that nothing leaks from one to the next.

    All its desks share them, in whatever thread they are. `healths` are in the order of the rules' nameservers; the
    `tally` is the resolver's, of every configuration that it has had.
    """

    __slots__ = ("__weakref__", "budget", "cache", "healths", "tally")

    active = 0  # it asks nothing itself: see `tally.Counting`

    def __init__(self, rules: Rules, tally: Tally | None = None, lock: Lock = UNSHARED) -> None:
        self.healths: tuple[Health, ...] = tuple(Health(str(nameserver), lock) for nameserver in rules.nameservers)
        self.budget: Budget = Budget(lock)
        self.tally: Tally = Tally(lock) if tally is None else tally
        self.cache: Cache = Cache(rules.cache, lock)
        self.tally.admit(self, self.cache.recalled)

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
