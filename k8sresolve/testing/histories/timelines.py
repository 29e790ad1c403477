"""What held when: the endpoints of a Service over time, and the times at which something was in the way."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeAlias

Addresses: TypeAlias = frozenset[str]
"""The IP addresses of endpoints."""


class Timeline:
    """What held, and since when: pairs of a time, in seconds by the cluster's clock, and addresses.

    >>> from k8sresolve.testing.histories import Timeline
    >>> timeline = Timeline()
    >>> timeline.note(0.0, frozenset({"10.244.1.7"}))
    >>> timeline.note(4.0, frozenset())
    >>> sorted(timeline.at(3.9)), sorted(timeline.at(4.0))
    (['10.244.1.7'], [])
    """

    def __init__(self) -> None:
        self._times: list[float] = []
        self._states: list[Addresses] = []

    def note(self, when: float, addresses: Addresses) -> None:
        """Take what holds from then on, which is not before what was noted last.

        Args:
            when: Seconds by the cluster's clock.
            addresses: IP addresses, as texts.
        """
        if self._states and self._states[-1] == addresses:
            return
        self._times.append(when)
        self._states.append(addresses)

    def __iter__(self) -> Iterator[tuple[float, Addresses]]:
        return zip(self._times, self._states, strict=True)

    def __len__(self) -> int:
        return len(self._times)

    def at(self, when: float) -> Addresses:
        """Tell what held then; before all, what came first.

        Args:
            when: Seconds by the cluster's clock.
        """
        return self._states[max(0, bisect_right(self._times, when) - 1)]

    def during(self, begin: float, end: float) -> list[Addresses]:
        """Tell all that held at some time.

        Args:
            begin, end: Seconds by the cluster's clock, both inclusive.
        """
        first = max(0, bisect_right(self._times, begin) - 1)
        return self._states[first : max(first + 1, bisect_right(self._times, end))]

    def ever(self) -> Addresses:
        """All addresses that were there at some time."""
        return frozenset[str]().union(*self._states)

    def spells(self, address: str, begin: float, end: float) -> Iterator[Spell]:
        """Cut a time into spells in which an address was there, or was not.

        Args:
            address: An IP address.
            begin, end: Seconds by the cluster's clock.
        """
        spell: Spell | None = None
        for when, state in self:
            there = address in state
            if spell is None or when <= begin:
                spell = Spell(begin, end, there)
            elif there is not spell.there and when < end:
                yield spell._replace(end=when)
                spell = Spell(when, end, there)
        if spell is not None:
            yield spell

    def __repr__(self) -> str:
        return "\n".join(f"{when:9.1f} s  {', '.join(sorted(state)) or 'none'}" for when, state in self)


class Spell(NamedTuple):
    """From `begin` on, and before `end`, an address was there or not."""

    begin: float
    end: float
    there: bool


class Disturbance(NamedTuple):
    """A time in which nameservers failed or were out of reach, or some answered from an old view.

    >>> from k8sresolve.testing.histories import Disturbance
    >>> Disturbance(10.0, 20.0, old_view=True).end
    20.0
    """

    begin: float
    """Since when, in seconds by the cluster's clock."""

    end: float
    """And until when."""

    old_view: bool
    """Whether some answered from what was true at its beginning; else they failed."""


class Undisturbed:
    """Counts the seconds in which nothing is in the way. What lasted so many seconds takes `recovery` to be over."""

    def __init__(self, disturbances: Iterable[Disturbance], recovery: Callable[[float], float]) -> None:
        self._spans: list[tuple[float, float]] = []
        ended = 0.0
        for begin, end, _ in sorted(disturbances):
            if self._spans and begin <= self._spans[-1][1]:
                begin, last = self._spans.pop()  # noqa: PLW2901 - one goes over into the other
                end = max(end, ended)  # noqa: PLW2901
                self._spans.append((begin, max(last, end + recovery(end - begin))))
            else:
                self._spans.append((begin, end + recovery(end - begin)))
            ended = end

    def after(self, when: float, seconds: float) -> float:
        """Tell when so many undisturbed seconds have passed since then."""
        for begin, end in self._spans:
            if end <= when:
                continue
            if when + seconds <= begin:
                break
            seconds -= max(0.0, begin - when)
            when = end
        return when + seconds
