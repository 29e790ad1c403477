"""What changes as questions are asked: the nameservers' records, the budget, the cache and the counters."""

from k8sresolve._core.engine.cache import Cache
from k8sresolve._core.engine.health import Budget, Health
from k8sresolve._core.engine.rules import Rules


class Counters:
    """What `Stats` tells, counted by the desk."""

    __slots__ = ("cache_hits", "questions", "resends", "sends")

    def __init__(self) -> None:
        self.questions = self.sends = self.resends = self.cache_hits = 0

    def add(self, other: "Counters") -> None:
        """Take over what another one has counted."""
        self.questions += other.questions
        self.sends += other.sends
        self.resends += other.resends
        self.cache_hits += other.cache_hits


class Ledger:
    """The books of one configuration: another one starts with empty ones, so that nothing leaks from one to the next.

    `healths` are in the order of the rules' nameservers.
    """

    __slots__ = ("budget", "cache", "counters", "healths")

    def __init__(self, rules: Rules) -> None:
        self.healths = tuple(Health() for _ in rules.nameservers)
        self.budget = Budget()
        self.cache = Cache(rules.cache)
        self.counters = Counters()

    def mend(self) -> None:
        """Make whole what an exception out of nowhere may have left half done."""
        self.cache.mend()
