"""One question that is asked again and again, and the watches that it is asked for. Pure: time and chance come in."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from k8sresolve._core.engine.cache import Asked
from k8sresolve._core.lookups.polls import Seen
from k8sresolve._core.questions import Failed, Found, Result
from k8sresolve._core.watching.belief import Belief, Sight
from k8sresolve._core.watching.pace import Pace
from k8sresolve.changes import Change
from k8sresolve.errors import Error, NotFound
from k8sresolve.records import Endpoint


class Following:
    """What one watch knows, and what of it its reader was told."""

    __slots__ = ("_told", "_told_stale", "belief", "error", "interval")

    def __init__(self, interval: tuple[float, float], empty_hold: float) -> None:
        self.interval = interval
        self.belief = Belief(empty_hold)
        self.error: NotFound | None = None  # why there can never be an endpoint
        self._told: tuple[Endpoint, ...] | None = None
        self._told_stale = False

    @property
    def has_news(self) -> bool:
        """Whether its reader has not been told of all that there is."""
        belief = self.belief
        return belief.known and (belief.current != self._told or belief.stale is not self._told_stale)

    def tell(self) -> Change | None:
        """Tell the reader what is new since the last time, as one change; None if nothing is."""
        if not self.has_news:
            return None
        belief, previous = self.belief, self._told or ()
        self._told, self._told_stale = belief.current, belief.stale
        before, now = frozenset(previous), frozenset(belief.current)
        return Change(
            current=belief.current,
            previous=previous,
            added=tuple([one for one in belief.current if one not in before]),
            removed=tuple([one for one in previous if one not in now]),
            stale=belief.stale,
            cause=belief.cause,
        )


class Poller:
    """A question: when it is due, and who follows what comes of it."""

    __slots__ = ("_last", "_pace", "_random", "followers")

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._pace: Pace | None = None
        self._last: Sight | None = None
        self.followers: list[Following] = []

    @property
    def due(self) -> float:
        """When it is to be asked next."""
        return float("inf") if self._pace is None else self._pace.due

    def join(self, following: Following, now: float) -> None:
        """Let one more watch follow: what is still known is its first state, else it is asked now."""
        self.followers.append(following)
        self._settle(now)
        assert self._pace is not None  # noqa: S101 - somebody follows
        if self._last is not None and now < self._last.expires:
            following.belief.see(self._last)
            self._pace.due = min(self._pace.due, self._last.expires + self.interval[0])
        else:
            self._pace.hint(now)

    def leave(self, following: Following, now: float) -> None:
        """One watch follows no more."""
        self.followers.remove(following)
        self._settle(now)

    @property
    def interval(self) -> tuple[float, float]:
        """The least of those of its watches."""
        least, most = zip(*(following.interval for following in self.followers), strict=True)
        return min(least), min(most)

    def _settle(self, now: float) -> None:
        if not self.followers:
            self._pace = None
        elif self._pace is None:
            self._pace = Pace(self.interval, self._random, now)
        else:
            self._pace.interval = self.interval

    def hint(self, now: float) -> None:
        """Ask soon: somebody has reason to think that the answer is another by now."""
        if self._pace is not None:
            self._pace.hint(now)

    def begin(self, now: float) -> None:
        """It is asked now."""
        if self._pace is not None:
            self._pace.ask(now)

    def saw(self, seen: Seen, asked: Asked, began: float, now: float) -> None:
        """An answer has come to what was asked then."""
        sight = Sight(seen.endpoints, began, now, _expiry(asked, now), seen.cause, seen.unseen)
        self._last = sight
        for following in self.followers:
            following.belief.see(sight)
        if self._pace is not None:
            self._pace.answered(sight.expires, now)

    def failed(self, error: Error, now: float) -> None:
        """No answer has come, or one that there can be nothing."""
        for following in self.followers:
            if isinstance(error, NotFound) and not following.belief.known:
                following.error = error
            following.belief.fail(error)
        if self._pace is not None:
            self._pace.failed(now)


def _expiry(asked: Asked, now: float) -> float:
    """When the first of the answers expires, as their nameserver has it: of negative ones less may be kept."""
    answers: Iterable[Result | None] = (answer for _, results in asked for answer in results)
    return min([_limit(answer) for answer in answers if answer is not None and not isinstance(answer, Failed)] or [now])


def _limit(answer: Result) -> float:
    if isinstance(answer, Failed):
        return answer.at
    return answer.expires if isinstance(answer, Found) else max(answer.expires, answer.limit)
