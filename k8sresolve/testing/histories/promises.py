"""What may be expected of a client that follows a Service by DNS, and what of it a history has shown not to hold.

DNS cannot tell a change before the caches on the way have let go of what was, and nobody learns of it before asking.
Within that, the promises of `Resolver.watch()` are those below; other clients may be held to them, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import attrs

from k8sresolve._escaping import told
from k8sresolve.config import check_seconds
from k8sresolve.errors import ConfigError
from k8sresolve.names import IPAddress, parse_address
from k8sresolve.records import Endpoint
from k8sresolve.testing.histories.timelines import Addresses, Disturbance, Spell, Timeline, Undisturbed

NO_LOST_DELETE = "no delete is lost"
REMOVED_IN_TIME = "a removal is seen in time"
ADDED_IN_TIME = "an addition is seen in time"
ANSWERED = "what is published was answered"
NO_FLAP = "no flap"
EMPTY_IF_TRUE = "empty is published only when true"

_RECENT = 60.0  # seconds: what was removed so lately is believed at its second sight
_LONGEST_PAUSE = 32.0  # seconds: after failures
_JITTER = 1.2  # times as long a pause may be
_LOOKUP = 5.0  # seconds that a lookup takes which fails
_MOMENT = 1e-6  # seconds
_IN_A_ROW = 4  # observations in which there is one removal and one return at most


class Broken(NamedTuple):
    """A promise that did not hold.

    >>> from k8sresolve.testing.histories import Broken
    >>> print(Broken("no delete is lost", 40.0, "10.244.1.7 is there still, gone since 3.0 s"))
    no delete is lost: at 40.0 s 10.244.1.7 is there still, gone since 3.0 s
    """

    promise: str
    """Which one."""

    at: float
    """When, in seconds by the cluster's clock."""

    what: str
    """What was the matter."""

    def __str__(self) -> str:
        return f"{self.promise}: at {self.at:.1f} s {self.what}"


class Told(NamedTuple):
    """What there is to judge by: what was true, what a client published until `end`, and what was in the way.

    `answers` are the times at which nameservers gave an answer; without any, flaps are not counted by observations.
    """

    truth: Timeline
    published: Timeline
    disturbances: Sequence[Disturbance]
    end: float
    answers: Sequence[float] = ()


def _seconds(_: object, attribute: attrs.Attribute[float], value: object) -> None:
    check_seconds(attribute.name, value, 0)


@attrs.frozen(kw_only=True)
class Promises:
    """What a client promises: by default what `Resolver.watch()` does, where no DNS cache is on the way.

    - An addition is seen within `caches + interval`, or `caches + 2 interval` if it was removed shortly before.
    - A removal is seen within `caches + 2 interval`, where no endpoint is left `empty_hold` later.
    - No delete is lost: no endpoint is still there at the end that should be gone by then.
    - What is published was answered by some replica, in the time for which its answer may be kept.
    - There is no flap while replicas disagree for no longer than one TTL, else one removal and one return in four
      observations at most.
    - After the first state, empty is published only when it is true.

    The time in which nameservers fail or disagree is not counted, nor what it takes to be over.

    >>> from k8sresolve.testing.histories import Promises
    >>> Promises(caches=30).removal
    102.0
    """

    caches: float = attrs.field(default=0.0, validator=_seconds)
    """Seconds for which all DNS caches between CoreDNS's records and the client may keep an answer, added up."""

    interval: float = attrs.field(default=36.0, validator=_seconds)
    """The most seconds between two questions, with all jitter; no fewer than `ttl`."""

    empty_hold: float = attrs.field(default=30.0, validator=_seconds)
    """Seconds for which an empty answer is doubted."""

    ttl: float = attrs.field(default=30.0, validator=_seconds)
    """Seconds, that of the records."""

    slack: float = attrs.field(default=1.5, validator=_seconds)
    """How many seconds later than it happens something is seen by whoever notes it, such as the step of a history."""

    @property
    def addition(self) -> float:
        """Seconds within which an addition is seen."""
        return self.caches + self.interval

    @property
    def removal(self) -> float:
        """Seconds within which a removal is seen, where other endpoints are left; and so a return."""
        return self.caches + 2 * self.interval

    def broken(self, told: Told) -> tuple[Broken, ...]:
        """Tell which of them did not hold, in the order of time."""
        return tuple(sorted(_Judge(self, told).judge(), key=lambda broken: broken.at))


class _Judge:
    """Holds what was published beside what was true."""

    def __init__(self, promises: Promises, told_: Told) -> None:
        self._promises = promises
        self._truth, self._published, self._disturbances, self._end, self._answers = told_
        self._undisturbed = Undisturbed(self._disturbances, self._recovery)
        self._old_views = [one for one in self._disturbances if one.old_view]

    def _recovery(self, lasted: float) -> float:
        """Tell when it is asked again at the latest, after pauses that double, and what caches took in is gone."""
        pause = _JITTER * min(lasted + 1.0, _LONGEST_PAUSE) + _LOOKUP
        return self._promises.caches + max(self._promises.interval, pause)

    def judge(self) -> Iterator[Broken]:
        changes = list(self._published)
        if not changes:
            return
        start = changes[0][0]
        before: Addresses | None = None
        for when, state in changes:
            yield from self._judge_change(when, before, state)
            before = state
        for address in self._truth.ever() | self._published.ever():
            for spell in self._truth.spells(address, start, self._end):
                yield from self._judge_spell(address, spell)
            yield from self._judge_rows(address, start)

    # -- what each change may say --------------------------------------------------------------------------------------

    def _judge_change(self, when: float, before: Addresses | None, state: Addresses) -> Iterator[Broken]:
        possible = self._possible(when)
        for address in sorted(state - (before or frozenset())):
            if not any(address in each for each in possible):
                yield Broken(ANSWERED, when, f"{address} came, which no replica said")
            elif before is not None and self._has_come_back(address, when) and not self._may_flap(when):
                yield Broken(NO_FLAP, when, f"{address} came back, which is gone")
        if before is None:
            return
        if not state and frozenset() not in possible:
            yield Broken(EMPTY_IF_TRUE, when, "nothing is left, which no replica said")
        for address in sorted(before - state):
            if all(address in each for each in possible):
                yield Broken(NO_FLAP, when, f"{address} went, which every replica said")
            elif self._was_known(address, when, empty=not state) and not self._may_flap(when):
                yield Broken(NO_FLAP, when, f"{address} went, which is there")

    def _possible(self, when: float) -> list[Addresses]:
        """All that may have been answered then."""
        slack = self._promises.slack
        states = self._truth.during(when - self._promises.caches - slack, when)
        for begin, end, _ in self._old_views:
            if begin <= when <= end + slack:
                # All that was true at that moment: events may happen at once.
                states += self._truth.during(begin - _MOMENT, begin)
        return states

    def _recently(self, when: float, more: float = 0.0) -> list[Addresses]:
        return self._truth.during(when - self._promises.caches - self._promises.slack - more, when)

    def _was_known(self, address: str, when: float, *, empty: bool) -> bool:
        """Whether it had been published since it was there, or was there at both observations that removed it."""
        hold = self._promises.empty_hold if empty else 0.0
        if all(address in state for state in self._recently(when, self._promises.interval + hold)):
            return True
        if not all(address in state for state in self._recently(when)):
            return False
        begin = list(self._truth.spells(address, -1.0, when))[-1].begin
        return any(spell.there and spell.begin >= begin for spell in self._published.spells(address, -1.0, when))

    def _has_come_back(self, address: str, when: float) -> bool:
        """Whether it was published and removed since it is gone for good reason."""
        if any(address in state for state in self._recently(when)):
            return False
        gone = [spell.begin for spell in self._truth.spells(address, -1.0, when)][-1]
        return any(address in state for state in self._published.during(gone, when - self._promises.slack))

    def _may_flap(self, when: float) -> bool:
        """Whether replicas have disagreed for longer than a TTL."""
        since = when - self._promises.removal - self._promises.ttl
        seconds, reached = 0.0, since
        for begin, end, _ in sorted(self._old_views):
            until = min(end, when)
            seconds += max(0.0, until - max(begin, reached))
            reached = max(reached, until)
        return seconds > self._promises.ttl - self._promises.slack

    # -- in time -------------------------------------------------------------------------------------------------------

    def _judge_spell(self, address: str, spell: Spell) -> Iterator[Broken]:
        due = self._addition_due(address, spell) if spell.there else self._removal_due(spell)
        due += self._promises.slack
        if due >= spell.end:
            return
        for seen in self._published.spells(address, due, spell.end):
            if seen.there is spell.there:
                continue
            if spell.there:
                yield Broken(ADDED_IN_TIME, seen.begin, f"{address} is not there, since {spell.begin:.1f} s")
            elif seen.end >= self._end:
                yield Broken(NO_LOST_DELETE, seen.begin, f"{address} is there still, gone since {spell.begin:.1f} s")
            else:
                yield Broken(REMOVED_IN_TIME, seen.begin, f"{address} is there, gone since {spell.begin:.1f} s")

    def _addition_due(self, address: str, spell: Spell) -> float:
        due = self._undisturbed.after(spell.begin, self._promises.addition)
        recent = max(_RECENT, 2 * self._promises.ttl)
        removals = [when for when in self._removals(address) if when > spell.begin - recent]
        for when in removals:
            if when <= due + self._promises.slack:
                due = max(due, self._undisturbed.after(max(when, spell.begin), self._promises.removal))
        return due

    def _removals(self, address: str) -> list[float]:
        spells = list(self._published.spells(address, 0.0, self._end))
        return [spell.begin for spell in spells[1:] if not spell.there]

    def _removal_due(self, spell: Spell) -> float:
        promises = self._promises
        due = self._undisturbed.after(spell.begin, promises.removal)
        empty = [when for when, state in self._truth if not state and when <= due]
        if empty and (empty[-1] >= spell.begin or not self._truth.at(spell.begin)):
            hold = promises.removal + promises.empty_hold
            due = max(due, self._undisturbed.after(max(empty[-1], spell.begin), hold))
        return due

    # -- by observations -----------------------------------------------------------------------------------------------

    def _judge_rows(self, address: str, start: float) -> Iterator[Broken]:
        if not self._answers:
            return
        turns = list(self._published.spells(address, start, self._end))[1:]
        for first, second, third in zip(turns, turns[1:], turns[2:], strict=False):
            since, last = first.begin - self._promises.slack, third.begin
            if self._is_true(address, second) and self._is_true(address, third):
                continue
            if any(begin <= last and end >= since for begin, end, old_view in self._disturbances if not old_view):
                continue
            if sum(since <= when <= last for when in self._answers) <= _IN_A_ROW:
                yield Broken(
                    NO_FLAP, last, f"{address} came and went thrice since {first.begin:.1f} s, in four answers"
                )

    def _is_true(self, address: str, turn: Spell) -> bool:
        """Whether it came, or went, as what was true then did."""
        return any((address in state) is turn.there for state in self._recently(turn.begin))


def addresses_of(endpoints: Iterable[Endpoint | IPAddress | str]) -> Addresses:
    """Tell the addresses of endpoints, of addresses, or of texts of them. Raises `InvalidName` for what is none."""
    if isinstance(endpoints, str) or not isinstance(endpoints, Iterable):
        raise ConfigError(f"{told(endpoints)} are no endpoints", advice="give a tuple of them, or of their addresses")
    return frozenset([str(one.address if isinstance(one, Endpoint) else parse_address(one)) for one in endpoints])
