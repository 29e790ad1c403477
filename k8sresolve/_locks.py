"""Locks that are free again after `with`, whatever a signal's handler raises meanwhile."""

from __future__ import annotations

import sys
from _thread import RLock
from contextlib import suppress
from typing import TYPE_CHECKING


class GuardedLock(RLock):  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues] - it is not final
    """A lock that its thread may take again, for CPython 3.14.

    That one calls a lock's `__enter__` as any other function, after which it looks for signals, and only then begins
    what `with` guards: an exception that comes just there leaves the lock taken for good. Where `__enter__` is in
    Python, signals are looked for inside of it. `__exit__` has to be in C, so that they are looked for after it.
    """

    def __enter__(self) -> bool:  # type: ignore[override]
        """Wait for it."""
        try:
            return self.acquire()
        except BaseException:
            with suppress(RuntimeError):  # it was still waited for
                self.release()
            raise


# A lock that its thread may take again, as a signal's handler does: for `with`.
if TYPE_CHECKING or sys.version_info[:2] != (3, 14):
    Lock = RLock
else:
    Lock = GuardedLock
