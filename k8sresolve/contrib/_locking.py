"""A lock that no fork leaves taken."""

from __future__ import annotations

import os
import threading


class Lock:
    """A lock of each process: a child after fork finds it open, whichever of its parent's threads held it."""

    def __init__(self) -> None:
        self._locks: dict[int, threading.Lock] = {}

    def __enter__(self) -> None:
        self._locks.setdefault(os.getpid(), threading.Lock()).acquire()

    def __exit__(self, *_: object) -> None:
        self._locks[os.getpid()].release()
