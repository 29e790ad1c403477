"""The offline cluster's clock."""

import math
import time
from operator import itemgetter
from typing import Any, Protocol
from weakref import WeakKeyDictionary, WeakValueDictionary

from k8sresolve._escaping import told
from k8sresolve._locks import Lock
from k8sresolve.config import is_finite
from k8sresolve.errors import ConfigError


def check_step(seconds: float) -> None:
    """Raise `ConfigError` for what is no step of a clock."""
    if not is_finite(seconds):
        raise ConfigError(f"advance({told(seconds)}): give a number of seconds")
    if seconds < 0:
        raise ConfigError(f"a clock does not go back: advance({seconds})")


class Follower(Protocol):
    """What asks again and again, as watches do: see `following`."""

    @property
    def due(self) -> float:
        """When it asks next."""
        ...

    def fall_due(self, when: float) -> None:
        """Ask what is due first, if that is due by then."""


class Catching(Protocol):
    """What lets time go on for the tasks of a loop."""

    def catch_up(self) -> None:
        """Ask in the loop what should have been asked by now."""


class Clock:
    """A clock that goes on only when something waits for it, or when told.

    While a `Server` listens, it also goes on by itself, as the clients' clocks do. That of a cluster is
    `Cluster.clock`.

    Args:
        start: The Unix time at which it begins, in seconds.

    >>> from k8sresolve.testing import Clock
    >>> clock = Clock()
    >>> clock.advance(30)
    >>> clock.monotonic()
    30.0
    """

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self._start = start
        # One value, so that a reader in another thread never sees half of a change: the seconds passed until the clock
        # began to go by itself, and when by the machine's clock that was; None while it does not.
        self._passed: tuple[float, float | None] = (0.0, None)
        self._running = 0
        self._lock = Lock()
        # Of callers that wait, by id: other threads add some while one looks for the first that is due.
        self._followers: WeakValueDictionary[int, Follower] = WeakValueDictionary()
        self.loops: WeakKeyDictionary[Any, Catching] = WeakKeyDictionary()  # whose tasks follow something
        self.looking: set[object] = set()  # lookups of tasks that let it go on now, in whatever thread

    def monotonic(self) -> float:
        """Seconds since the clock was made."""
        seconds, since = self._passed
        return seconds if since is None else seconds + time.monotonic() - since

    def time(self) -> float:
        """Unix time by this clock."""
        return self._start + self.monotonic()

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass, and what watches ask meanwhile; for those of tasks see `Cluster.advance()`.

        Args:
            seconds: From 0 on.

        Raises:
            ConfigError: It is a step back, or no number.
        """
        check_step(seconds)
        end = self.monotonic() + seconds
        while self.go_on(end):
            pass
        self.reach(end)
        for loop in [loop for alive in self.loops.keyrefs() if (loop := alive()) is not None]:
            catching = self.loops.get(loop)
            if catching is not None:
                catching.catch_up()

    def follow(self, follower: Follower) -> None:
        """Let it ask what is due, as time goes on."""
        self._followers[id(follower)] = follower

    def _first(self) -> tuple[float, Follower | None]:
        """The one that is due first, and when."""
        known = [(one.due, one) for alive in self._followers.valuerefs() if (one := alive()) is not None]
        return min(known, key=itemgetter(0), default=(math.inf, None))

    @property
    def due(self) -> float:
        """When the next question of a watch is due."""
        return self._first()[0]

    def go_on(self, end: float) -> bool:
        """Go on to the next question of a watch, and let it be asked; False where none is due before the end."""
        due, first = self._first()
        if first is None or due > end or due == math.inf:
            return False
        self.reach(due)
        first.fall_due(due)
        return True

    def reach(self, when: float) -> None:
        """Go on to `when` seconds since the clock was made, if that is not past."""
        with self._lock:
            passed, since = self._passed
            self._passed = passed + max(0.0, when - self.monotonic()), since

    def run(self) -> None:
        """Go on by itself, until `halt` has been called as often as this."""
        with self._lock:
            self._running += 1
            if self._running == 1:
                self._passed = self._passed[0], time.monotonic()

    def halt(self) -> None:
        """Stop going on by itself."""
        with self._lock:
            self._running -= 1
            if self._running == 0:
                self._passed = self.monotonic(), None
