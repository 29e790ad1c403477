"""Reading in a thread beside a loop what would hold it up: large replies, and odd ones, which dnspython reads."""

from __future__ import annotations

import contextlib
from concurrent.futures import Future

from k8sresolve._core.engine.flights import Flight
from k8sresolve._core.engine.inquiry import Reading
from k8sresolve._core.wire.rules import Reply
from k8sresolve._drivers import forks
from k8sresolve._locks import Lock

_LONGEST = 1.0  # seconds that a fork waits for a reading


class _Turn:
    """One thread reads at a time, and none while the process forks.

    A child waits for ever to import what another thread of its parent was about to import. Among each other they lose
    nothing, since the interpreter lets one thread run at a time.
    """

    def __init__(self) -> None:
        self.after_fork()
        forks.register(self)
        forks.let_rest(self)

    def before_fork(self) -> None:
        """Let no thread be in the midst of a reading."""
        self.lock.acquire(timeout=_LONGEST)

    def after_fork_in_parent(self) -> None:
        """Go on."""
        with contextlib.suppress(RuntimeError):  # it was not to be had in time
            self.lock.release()

    def after_fork(self) -> None:
        """Have the lock free, whichever of the parent's threads had it."""
        self.lock = Lock()  # which only who has it can release


_turn = _Turn()


def read(flight: Flight, data: bytes) -> Reading:
    """Read a reply, unless nobody waits for it any more; returns what tells what that came to."""
    reading = Future[Reply | None]()
    with _turn.lock:
        try:
            reading.set_result(None if flight.landed else flight.read(data))
        except Exception as error:  # noqa: BLE001 - it is raised where it is asked for
            reading.set_exception(error)
    return reading.result
