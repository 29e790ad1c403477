"""Connecting to the addresses of a name by means of a client, and telling what became of each."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Iterable, Iterator
from errno import ETIMEDOUT
from socket import gaierror
from time import monotonic
from typing import Any, NamedTuple, TypeVar

from k8sresolve import ConnectAttempt, ConnectFailed, ConnectTimeout

T = TypeVar("T")

ATTEMPT_DELAY = 0.25
"""Seconds that an attempt has to be answered in before the next one begins, at least (RFC 8305, section 8)."""

_NO_ANSWER = "no answer"


class Destination(NamedTuple):
    """Where a connection goes."""

    address: str
    port: int


def destinations(infos: Iterable[tuple[Any, ...]]) -> tuple[Destination, ...]:
    """Read the addresses that a getaddrinfo returned, in its order."""
    return tuple(dict.fromkeys(Destination(*info[4][:2]) for info in infos))


class Attempts:
    """What is tried for a name and a port within `timeout` seconds from now, and what became of it."""

    def __init__(self, name: str, port: str | int, timeout: float | None) -> None:
        self._name = name
        self._port = port
        self._deadline = None if timeout is None else monotonic() + timeout
        self._among = 0
        self._began: dict[Destination, float] = {}
        self._failed: dict[Destination, ConnectAttempt] = {}

    def left(self) -> float | None:
        """How many seconds are left."""
        return None if self._deadline is None else max(0.0, self._deadline - monotonic())

    def share(self) -> float | None:
        """How many seconds the attempt that has begun may take, if each waits for the one before."""
        left = self.left()
        return left and max(left / max(1, self._among - len(self._began) + 1), min(ATTEMPT_DELAY, left))

    def begin(self, at: Destination, among: int) -> None:
        """An attempt begins, with one of so many addresses."""
        self._began[at] = monotonic()
        self._among = among

    def each(self, to: tuple[Destination, ...]) -> Iterator[Destination]:
        """Begin an attempt with one after the other, while there is time."""
        for at in to:
            if self.left() == 0.0:
                break
            self.begin(at, len(to))
            yield at

    def fail(self, at: Destination, error: BaseException) -> None:
        """An attempt came to an error of the client, whose causes end with what the operating system said."""
        error = _origin(error)
        code = getattr(error, "errno", None)
        if isinstance(error, TimeoutError) and code is None:
            self._tell(at, ETIMEDOUT, _NO_ANSWER)
        else:
            self._tell(at, code, _words(at, error, code))

    def _tell(self, at: Destination, code: int | None, outcome: str) -> None:
        milliseconds = (monotonic() - self._began[at]) * 1000
        self._failed[at] = ConnectAttempt(at.address, at.port, code, outcome, milliseconds)

    def failure(self) -> ConnectFailed:
        """What to raise where none succeeded."""
        for at in self._began:
            if at not in self._failed:
                self._tell(at, ETIMEDOUT, _NO_ANSWER)
        tried = tuple([self._failed[at] for at in self._began])
        problem = f"no connection to port {self._port!r}"
        if len(tried) < self._among and self.left() == 0.0:
            problem += f", and no time was left for {self._among - len(tried)} of its addresses"
        codes = [attempt.errno for attempt in tried if attempt.errno != ETIMEDOUT]
        kind, code = (ConnectFailed, codes[0]) if codes else (ConnectTimeout, ETIMEDOUT)
        return kind(self._name, problem, code=code, attempts=tried)


def _origin(error: BaseException) -> BaseException:
    cause: BaseException | None = getattr(error, "exceptions", (error.__cause__,))[0]  # trio's group has one here
    return error if cause is None else _origin(cause)


def _words(at: Destination, error: BaseException, code: int | None) -> str:
    text = getattr(error, "strerror", None) or str(error)
    its_own = text.removeprefix(f"{at.address}:{at.port} ")  # what stands in for the network explains what is missing
    if its_own != text or code is None or isinstance(error, ssl.SSLError | gaierror):  # whose codes are others
        return its_own
    text = os.strerror(code)
    return text[:1].lower() + text[1:]


def in_turn(
    attempts: Attempts,
    to: tuple[Destination, ...],
    connect: Callable[[Destination, float | None], T],
    failures: tuple[type[Exception], ...],
) -> T:
    """Try one address after the other, each for its share of the time that is left. Raises `ConnectFailed`."""
    for at in attempts.each(to):
        try:
            return connect(at, attempts.share())
        except failures as error:
            attempts.fail(at, error)
    raise attempts.failure()
