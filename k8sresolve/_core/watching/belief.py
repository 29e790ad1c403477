"""What a watch takes for the endpoints of a Service, from one answer to the next. Pure: the time is an argument.

Replicas of CoreDNS disagree for a while, caches give the same answer again, and a Service that is restarted has no pod
for a moment. So an answer that takes something away is believed when a second one says the same, and one that says
there is nothing only after a while. An endpoint that came back is believed at its second sight.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from k8sresolve.errors import Error
from k8sresolve.records import Endpoint, place_of

RECENT = 60.0  # seconds at least for which what was removed, or was reported, is remembered as such
ENOUGH = 2  # observations that agree


class Sight(NamedTuple):
    """What a poll saw: the endpoints, when it was asked and answered, and when that answer expires.

    `cause` says why there are none. `unseen` are the IP versions whose question failed, as `cause` says: their
    endpoints are neither there nor gone.
    """

    endpoints: tuple[Endpoint, ...]
    asked: float
    came: float
    expires: float
    cause: Error | None = None
    unseen: frozenset[int] = frozenset()


class Belief:
    """The endpoints that are believed to be there, in canonical order.

    `known` once an answer has come. `stale` while the last poll failed, or while what it said is not believed yet; then
    `cause` tells why. `lack` is what the last answer was if it said that there is nothing.
    """

    __slots__ = (
        "_absent",
        "_came",
        "_empty_hold",
        "_empty_since",
        "_expires",
        "_removed",
        "_returning",
        "_round_trip",
        "_suspects",
        "cause",
        "current",
        "known",
        "lack",
    )

    def __init__(self, empty_hold: float) -> None:
        self.current: tuple[Endpoint, ...] = ()
        self.known: bool = False
        self.cause: Error | None = None
        self.lack: Error | None = None
        self._empty_hold = empty_hold
        self._empty_since: float | None = None
        self._absent: dict[Endpoint, int] = {}  # of the current ones: observations in a row that lack it
        self._returning: dict[Endpoint, int] = {}  # of those that were removed lately: observations that have it
        self._removed: dict[Endpoint, float] = {}  # until when each counts as removed lately
        self._suspects: dict[Endpoint, float] = {}  # until when each is one
        # Of the last observation.
        self._came = self._expires = self._round_trip = 0.0

    @property
    def stale(self) -> bool:
        """Whether it may be otherwise by now, for all that is known."""
        return self.cause is not None

    def see(self, sight: Sight) -> None:
        """Take an answer."""
        self.lack = None if sight.endpoints else sight.cause
        if not self.known:
            self.known = True
            self._note(sight)
            self.current = _in_order(sight.endpoints)
            self._absent = dict.fromkeys(self.current, 0)
            self.cause = sight.cause if sight.unseen else None
            return
        if not self._is_new(sight):
            # The nameserver can be reached again; what it says has been counted.
            self.cause = sight.cause if sight.unseen or self._empty_since is not None else None
            return
        self._note(sight)
        self._count(sight)
        if sight.endpoints:
            self._empty_since = None
            self.cause = sight.cause if sight.unseen else None
            self._believe(sight)
        else:
            self._doubt(sight)

    def fail(self, cause: Error) -> None:
        """A poll came to nothing: what was is kept."""
        self.cause = cause

    def suspect(self, endpoint: Endpoint, now: float) -> None:
        """A connect to it failed: one answer without it is enough, for a while."""
        if endpoint in self._absent:
            self._suspects[endpoint] = now + RECENT

    # -- inside ------------------------------------------------------------------------------------------------------

    def _is_new(self, sight: Sight) -> bool:
        """Whether it is an observation of its own, and not the last one's answer, which a cache has given once more.

        A cache counts whole seconds down, so that one answer seems to expire within a second and the time on the way.
        """
        if sight.asked < self._came:
            return False
        if sight.expires <= sight.came:
            return True  # no cache has kept it
        return abs(sight.expires - self._expires) >= 1.0 + max(self._round_trip, sight.came - sight.asked)

    def _note(self, sight: Sight) -> None:
        self._came, self._expires, self._round_trip = sight.came, sight.expires, sight.came - sight.asked

    def _count(self, sight: Sight) -> None:
        """Count what the observation lacks, and what it has of those that were removed lately."""
        seen = frozenset(sight.endpoints)
        for endpoint in self.current:
            if endpoint in seen:
                self._absent[endpoint] = 0
            elif endpoint.address.version not in sight.unseen:
                self._absent[endpoint] += 1
        self._removed = {endpoint: until for endpoint, until in self._removed.items() if until > sight.came}
        self._suspects = {endpoint: until for endpoint, until in self._suspects.items() if until > sight.came}
        self._returning = {
            endpoint: self._returning.get(endpoint, 0) + 1 for endpoint in seen if endpoint in self._removed
        }

    def _believe(self, sight: Sight) -> None:
        """Take in what has come, and leave out what is gone."""
        came = [one for one in sight.endpoints if self._returning.get(one, ENOUGH) >= ENOUGH]
        stays = [one for one in self.current if self._absent[one] < (1 if one in self._suspects else ENOUGH)]
        # Rather what came back too soon than nothing, which nobody has said; where nothing is believed, it waits.
        self._set({*came, *stays} or (sight.endpoints if self.current else ()), sight)

    def _doubt(self, sight: Sight) -> None:
        """There is nothing, it says: that is believed once it has been said for long enough."""
        if not self.current:
            self.cause = None
            return
        if self._empty_since is None:
            self._empty_since = sight.came
        elif sight.came >= self._empty_since + self._empty_hold:
            self._empty_since = self.cause = None
            self._set((), sight)
            return
        self.cause = sight.cause

    def _set(self, endpoints: Iterable[Endpoint], sight: Sight) -> None:
        until = sight.came + max(RECENT, 2 * (sight.expires - sight.came))
        before, self.current = self.current, _in_order(endpoints)
        now = frozenset(self.current)
        self._removed |= {endpoint: until for endpoint in before if endpoint not in now}
        for known in (self._removed, self._returning):
            for endpoint in now & known.keys():
                del known[endpoint]
        self._absent = {endpoint: self._absent.get(endpoint, 0) for endpoint in self.current}


def _in_order(endpoints: Iterable[Endpoint]) -> tuple[Endpoint, ...]:
    """IPv4 before IPv6, by number, then by port and name."""
    return tuple(sorted(endpoints, key=place_of))
