"""After a fork the child must not share sockets, locks or query ids with its parent."""

import os
from typing import Protocol
from weakref import WeakSet


class Forkable(Protocol):
    """A driver that can drop what belongs to the parent."""

    def after_fork(self) -> None:
        """Called in the child."""


_drivers: WeakSet[Forkable] = WeakSet()


def register(driver: Forkable) -> None:
    """Let the driver know when it wakes up in a child process."""
    _drivers.add(driver)


def _after_fork() -> None:
    for driver in list(_drivers):
        driver.after_fork()


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(after_in_child=_after_fork)
