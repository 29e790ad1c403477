"""Waiting for many sockets at once: by poll(2), or by select(2) where there is no poll, as on Windows."""

from __future__ import annotations

import select
import time
from typing import Any, Protocol

READ: int = getattr(select, "POLLIN", 1)
WRITE: int = getattr(select, "POLLOUT", 4)

_LONGEST = 60.0  # seconds in one poll(), which takes no more milliseconds than a C int has


class Poll(Protocol):
    """What `select.poll()` returns, as far as it is used here."""

    def register(self, fd: int, eventmask: int, /) -> object:
        """Wait for READ or WRITE of this descriptor, too."""

    def poll(self, timeout: float, /) -> list[tuple[int, int]]:
        """Return what is ready, after so many milliseconds at the latest."""
        ...


class Selecting:
    """A poll that is made of select()."""

    def __init__(self) -> None:
        self._masks: dict[int, int] = {}

    def register(self, fd: int, eventmask: int, /) -> None:
        """Wait for READ or WRITE of this descriptor, too."""
        self._masks[fd] = eventmask

    def poll(self, timeout: float, /) -> list[tuple[int, int]]:
        """Return what is ready, after so many milliseconds at the latest."""
        if not self._masks:  # for which Windows does not wait
            time.sleep(timeout / 1000)
            return []
        reads, writes = ([fd for fd, mask in self._masks.items() if mask & kind] for kind in (READ, WRITE))
        # Windows tells of a connection that failed among the exceptional ones.
        ready = {fd for found in select.select(reads, writes, writes, timeout / 1000) for fd in found}
        return [(fd, mask) for fd, mask in self._masks.items() if fd in ready]


def new_poll() -> Poll:
    """Make what waits for one turn."""
    modules: Any = select
    try:
        poll: Poll = modules.poll()  # looked for each time: gevent puts its own there
    except AttributeError:
        return Selecting()
    return poll


def wait(poll: Poll, seconds: float) -> list[tuple[int, int]]:
    """Return what is ready, after so many seconds at the latest, or a minute; at once if they are over."""
    if seconds < 0.0:
        return poll.poll(0.0)
    return poll.poll(seconds * 1000 if seconds < _LONGEST else _LONGEST * 1000)
