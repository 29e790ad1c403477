"""One question that is asked again and again, and the watches that it is asked for. Pure: time and chance come in."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, NamedTuple

from k8sresolve._core.lookups.polls import Seen
from k8sresolve._core.questions import Asked, Failed, Found, Result
from k8sresolve._core.watching.belief import Belief, Sight
from k8sresolve._core.watching.pace import Pace
from k8sresolve.changes import Change
from k8sresolve.errors import Error, NotFound
from k8sresolve.names import ServiceName
from k8sresolve.records import Endpoint


class Shown(NamedTuple):
    """What is there after a poll, as one value: a reader in another thread never sees half of a change."""

    known: bool = False
    current: tuple[Endpoint, ...] = ()
    cause: Error | None = None
    answered: float = 0.0  # when the last answer came
    changed: float = 0.0  # when it became known what is there, or otherwise than before


class Following:
    """What one watch knows, and what of it its reader was told.

    `call` is what is looked up of `place`, and `question` what that asks, which is the same for several ways to write
    it.
    """

    __slots__ = ("_told", "_told_stale", "belief", "call", "error", "interval", "place", "question", "shown")

    def __init__(
        self,
        call: tuple[Any, ...],
        place: ServiceName,
        question: Hashable,
        interval: tuple[float, float],
        empty_hold: float,
    ) -> None:
        self.call: tuple[Any, ...] = call
        self.place: ServiceName = place
        self.question: Hashable = question
        self.interval: tuple[float, float] = interval
        self.belief: Belief = Belief(empty_hold)
        self.error: Error | None = None  # why there can never be an endpoint
        self.shown: Shown = Shown()
        self._told: tuple[Endpoint, ...] | None = None
        self._told_stale = False

    @property
    def has_news(self) -> bool:
        """Whether its reader has not been told of all that there is."""
        shown = self.shown
        return shown.known and (shown.current != self._told or (shown.cause is not None) is not self._told_stale)

    def show(self, answered: float | None = None) -> None:
        """Let readers have what is believed now; `answered` is when the answer came that makes believe so, if any."""
        belief, before = self.belief, self.shown
        if answered is None:
            self.shown = before._replace(cause=belief.cause)
            return
        same = before.known and belief.current == before.current
        self.shown = Shown(belief.known, belief.current, belief.cause, answered, before.changed if same else answered)

    def tell(self) -> Change | None:
        """Tell the reader what is new since the last time, as one change; None if nothing is."""
        if not self.has_news:
            return None
        shown, previous = self.shown, self._told or ()
        current, cause = shown.current, shown.cause
        before, now = frozenset(previous), frozenset(current)
        change = Change(
            current=current,
            previous=previous,
            added=tuple([one for one in current if one not in before]),
            removed=tuple([one for one in previous if one not in now]),
            stale=cause is not None,
            cause=cause,
        )
        self._told, self._told_stale = current, change.stale
        return change


class Poller:
    """A question: when it is due, and who follows what comes of it."""

    __slots__ = ("_call", "_last", "_pace", "followers")

    def __init__(self, following: Following, random: Callable[[], float], now: float) -> None:
        self._call = following.call
        self._pace = Pace(following.interval, random, now)
        self._last: Sight | None = None
        self.followers: list[Following] = []

    @property
    def due(self) -> float:
        """When it is to be asked next."""
        return self._pace.due

    def join(self, following: Following, now: float) -> None:
        """Let one more watch follow: what is still known is its first state, else it is asked now."""
        self.followers.append(following)
        before = self._pace.interval
        self._settle()
        if self._last is None or now >= self._last.expires:
            self._pace.hint(now)
            return
        following.belief.see(self._last)
        following.show(self._last.came)
        if self._pace.interval != before:
            self._pace.hasten(self._last.expires, now)

    def leave(self, following: Following) -> None:
        """One watch follows no more."""
        self.followers.remove(following)
        if self.followers:
            self._settle()

    def _settle(self) -> None:
        """Take the least interval of those that follow."""
        least, most = zip(*(following.interval for following in self.followers), strict=True)
        self._pace.interval = min(least), min(most)

    def hint(self, now: float) -> None:
        """Ask soon: somebody has reason to think that the answer is another by now."""
        self._pace.hint(now)

    def begin(self, now: float) -> tuple[Any, ...]:
        """It is asked now, by the call that is returned."""
        self._pace.ask(now)
        return *self._call, self._last is None

    def saw(self, seen: Seen, asked: Asked, began: float, now: float) -> None:
        """An answer has come to what was asked then."""
        sight = Sight(seen.endpoints, began, now, _expiry(asked, now), seen.cause, seen.unseen)
        self._last = sight
        for following in tuple(self.followers):  # one may leave meanwhile, as it is collected
            following.error = None
            following.belief.see(sight)
            following.show(now)
        self._pace.answered(sight.expires, now)

    def failed(self, error: Error, now: float) -> None:
        """No answer has come, or one that there can be nothing."""
        for following in tuple(self.followers):
            if isinstance(error, NotFound) and not following.belief.known:
                following.error = error
            following.belief.fail(error)
            following.show()
        self._pace.failed(now)


class Pollers:
    """Those of one resolver, or of one loop that it serves: one for each question that somebody follows."""

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._pollers: dict[Hashable, Poller] = {}

    def __iter__(self) -> Iterator[Poller]:
        return iter([*self._pollers.values()])

    def __len__(self) -> int:
        return len(self._pollers)

    def of(self, following: Following) -> Poller | None:
        """The one that a watch follows; None if it follows no more."""
        return self._pollers.get(following.question)

    def join(self, following: Following, now: float) -> Poller:
        """Let a watch follow its question."""
        poller = self._pollers.get(following.question)
        if poller is None:
            poller = self._pollers[following.question] = Poller(following, self._random, now)
        poller.join(following, now)
        return poller

    def leave(self, following: Following) -> Poller | None:
        """Let a watch follow no more; returns the poller if nobody follows it now. Leaving twice is fine."""
        poller = self._pollers.get(following.question)
        if poller is None or following not in poller.followers:
            return None
        poller.leave(following)
        return None if poller.followers else self._pollers.pop(following.question)

    def followed(self) -> list[Following]:
        """What all watches know, in whatever thread."""
        return [following for poller in self for following in tuple(poller.followers)]

    def first(self) -> Poller | None:
        """The one that is due first."""
        return min(self, key=_due, default=None)

    @property
    def due(self) -> float:
        """When the first one is due."""
        first = self.first()
        return math.inf if first is None else first.due


def _due(poller: Poller) -> float:
    return poller.due


def _expiry(asked: Asked, now: float) -> float:
    """When the first of the answers expires, as their nameserver has it: of negative ones less may be kept."""
    answers: Iterable[Result | None] = (answer for _, results in asked for answer in results)
    return min([_limit(answer) for answer in answers if answer is not None and not isinstance(answer, Failed)] or [now])


def _limit(answer: Result) -> float:
    if isinstance(answer, Failed):
        return answer.at
    return answer.expires if isinstance(answer, Found) else max(answer.expires, answer.limit)
