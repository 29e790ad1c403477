"""A lock that no fork leaves taken."""

from __future__ import annotations

import os

from k8sresolve._locks import Lock


class ProcessLock:
    """A lock of each process: a child after fork finds it open, whichever of its parent's threads held it."""

    def __init__(self) -> None:
        self._locks: dict[int, Lock] = {}

    def here(self) -> Lock:
        """Return that of this process, for `with`."""
        return self._locks.setdefault(os.getpid(), Lock())
