"""When a question is asked again. Pure: the time and chance are arguments."""

from __future__ import annotations

from collections.abc import Callable

JITTER = 0.2  # of a pause, which is only added
LEAST_JITTER = 1.0  # seconds: what many programs remember of one cache expires at once
BACKOFF = (1.0, 32.0)  # seconds: the first pause after a failure, and the longest
HINTS = 1.0  # seconds between questions that hints bring about


class Pace:
    """When one question is due: as its answer expires, within an interval; after failures at growing pauses.

    `random` gives evenly spread numbers from 0 to 1.
    """

    __slots__ = ("_asked", "_failures", "_random", "due", "interval")

    def __init__(self, interval: tuple[float, float], random: Callable[[], float], now: float) -> None:
        self.interval = interval
        self.due = now
        self._asked = -HINTS
        self._failures = 0
        self._random = random

    def ask(self, now: float) -> None:
        """It is asked now."""
        self._asked = now

    def answered(self, expires: float, now: float) -> None:
        """An answer has come that holds until then."""
        self._failures = 0
        self.due = self._after(expires, now)

    def hasten(self, expires: float, now: float) -> None:
        """The interval is another by now, and an answer is there that holds until then."""
        self.due = min(self.due, self._after(expires, now))

    def _after(self, expires: float, now: float) -> float:
        least, most = self.interval
        pause = min(max(expires - now, least), most)
        return now + pause + self._random() * max(JITTER * pause, LEAST_JITTER)

    def failed(self, now: float) -> None:
        """No answer has come."""
        first, most = BACKOFF
        pause = min(first * 2**self._failures, most)
        self._failures += pause < most
        self.due = now + pause * (1 + JITTER * self._random())

    def hint(self, now: float) -> None:
        """Somebody has reason to think that the answer is another by now."""
        self.due = min(self.due, max(now, self._asked + HINTS))
