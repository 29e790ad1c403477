"""Connecting to a name: which of its addresses to try when, and what came of each (RFC 8305, "Happy Eyeballs").

Nothing here knows of sockets, loops or a clock: a driver tells what happens, and when.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from errno import ECONNREFUSED, EHOSTUNREACH, EMFILE, ENETUNREACH, ENFILE, ETIMEDOUT
from itertools import chain, zip_longest
from math import inf
from typing import Any, NamedTuple, TypeAlias

from k8sresolve._core.lookups import hosts, services
from k8sresolve._escaping import told
from k8sresolve.attempts import ConnectAttempt
from k8sresolve.errors import ConnectFailed, ConnectTimeout, InvalidName, NoData
from k8sresolve.names import IPAddress, ServiceName, shown

ATTEMPT_DELAY = 0.25
"""Seconds from one attempt that is not answered to the next (RFC 8305, section 8)."""

_NO_DESCRIPTOR = "this process has no file descriptor left: close what it does not use, or raise `ulimit -n`"
ADVICE = {
    ECONNREFUSED: "refused: no process listens on the Service's targetPort there, or none of its pods is ready",
    ETIMEDOUT: "no answer: a NetworkPolicy drops it, or none of the Service's pods is ready",
    EHOSTUNREACH: "no route to a host: the pod or its node is gone",
    ENETUNREACH: "no route to that network from here; family='ipv4' and family='ipv6' leave out the other family",
    EMFILE: _NO_DESCRIPTOR,
    ENFILE: _NO_DESCRIPTOR,
}
"""What a failure means as a rule, by its errno."""


class Destination(NamedTuple):
    """Where a connection goes."""

    address: IPAddress
    port: int


Groups: TypeAlias = Iterable[tuple[int, list[IPAddress]]]
"""The port of each target, and its addresses, by preference (RFC 2782, RFC 6724)."""


def lookup_of(name: str | ServiceName, port: str | int) -> tuple[Any, ...]:
    """The call that finds where to connect: SRV for a port's name, addresses for a number.

    Raises `InvalidName` for what is no TCP port.
    """
    if isinstance(port, str) and not (port.isascii() and port.isdigit()):
        return services.port, name, port, "tcp"
    if isinstance(port, int) and not isinstance(port, bool) and 0 < port < 65536:
        return (services.service if isinstance(name, ServiceName) else hosts.addresses), name
    raise InvalidName(
        shown(port), f"{told(port)} is no TCP port", advice="give a port's name, or an int from 1 to 65535"
    )


def destinations(groups: Groups) -> tuple[Destination, ...]:
    """Where to connect, in the order in which to try: one target after the other, each one's addresses by RFC 8305."""
    each = [Destination(address, number) for number, addresses in groups for address in interleaved(addresses)]
    return tuple(dict.fromkeys(each))


def interleaved(addresses: list[IPAddress]) -> Iterator[IPAddress]:
    """Let families take turns, the first one's first (RFC 8305, section 4)."""
    first = [address for address in addresses if address.version == addresses[0].version]
    others = [address for address in addresses if address.version != addresses[0].version]
    return (address for address in chain(*zip_longest(first, others)) if address is not None)


def race(name: str | ServiceName, port: str | int, groups: Groups, deadline: float) -> Race:
    """The race for what a lookup found. Raises `NoData` where that has no address."""
    to = destinations(groups)
    if not to:
        raise NoData(str(name), f"port {port!r} has no address to connect to")
    return Race(str(name), port, to, deadline)


class Race:
    """Attempts to connect to one of several destinations, in order, until the first is connected.

    A driver begins what `next` gives and tells what failed, unless the race `is_lost`. An attempt begins as the last
    one fails, or `ATTEMPT_DELAY` after that began; those before go on meanwhile, until the deadline.
    """

    def __init__(self, name: str, port: str | int, to: Iterable[Destination], deadline: float) -> None:
        self.deadline = deadline
        self._name = name
        self._port = port
        self._left = deque(to)
        self._due = -inf
        self._last: Destination | None = None
        self._began: dict[Destination, float] = {}
        self._failed: dict[Destination, ConnectAttempt] = {}
        self._advice: dict[str, None] = {}

    def next(self, now: float) -> Destination | None:
        """Where to begin an attempt now, if that is due."""
        if not self._left or now < self._due or now >= self.deadline:
            return None
        self._last = self._left.popleft()
        self._began[self._last] = now
        self._due = now + ATTEMPT_DELAY
        return self._last

    def fail(self, at: Destination, code: int | None, outcome: str, now: float, *, explained: bool = False) -> None:
        """An attempt failed by an errno; an `outcome` that explains itself needs no advice."""
        self._failed[at] = self._attempt(at, code, outcome, now)
        if code in ADVICE and not explained:
            self._advice[ADVICE[code]] = None
        if at == self._last or len(self._failed) == len(self._began):
            self._due = -inf

    def _attempt(self, at: Destination, code: int | None, outcome: str, now: float) -> ConnectAttempt:
        return ConnectAttempt(str(at.address), at.port, code, outcome, (now - self._began[at]) * 1000)

    @property
    def wakes(self) -> float:
        """When the driver is to look again, if nothing happens before."""
        return min(self._due, self.deadline) if self._left else self.deadline

    def is_lost(self, now: float) -> bool:
        """Whether nothing more can come of it."""
        return now >= self.deadline or (not self._left and len(self._failed) == len(self._began))

    def failure(self, now: float) -> ConnectFailed:
        """What to raise for a race that is lost."""
        for at in self._began:
            if at not in self._failed:
                self.fail(at, ETIMEDOUT, "no answer", now)
        attempts = tuple([self._failed[at] for at in self._began])
        codes = [attempt.errno for attempt in attempts if attempt.errno != ETIMEDOUT]
        problem = f"no connection to port {self._port!r}"
        if self._left:
            problem += f", and no time was left for {len(self._left)} of its addresses"
        kind, code = (ConnectFailed, codes[0]) if codes else (ConnectTimeout, ETIMEDOUT)
        return kind(self._name, problem, code=code, attempts=attempts, advice="; ".join(self._advice))
