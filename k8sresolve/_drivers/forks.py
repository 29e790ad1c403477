"""After a fork the child must not share sockets, locks or query ids with its parent."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Protocol, TypeAlias, TypeVar
from weakref import WeakValueDictionary


class Forkable(Protocol):
    """What can drop what belongs to the parent."""

    def after_fork(self) -> None:
        """Called in the child."""


class Restable(Protocol):
    """What threads may be in the midst of when another one forks: a socket on its way from one hand to the other."""

    def before_fork(self) -> None:
        """Come to rest. Called in the parent, as what follows."""

    def after_fork_in_parent(self) -> None:
        """Go on."""


T = TypeVar("T")

Known: TypeAlias = WeakValueDictionary[int, T]
"""By id. Unlike a `WeakSet`, it can be looked through while other threads add to it."""


def alive_of(known: Known[T]) -> list[T]:
    """Return those that are there, whatever other threads add meanwhile."""
    return [one for alive in known.valuerefs() if (one := alive()) is not None]


class Turn:
    """Is one thread's at a time, and no other waits for it. A child process has it free, whoever had it at the fork."""

    __slots__ = ("__weakref__", "_lock")

    def __init__(self) -> None:
        self.after_fork()
        register(self)

    def take(self) -> bool:
        """Take it, if it is free."""
        return self._lock.acquire(blocking=False)

    def give_back(self) -> None:
        """Let others have it."""
        if self._lock.locked():  # not in a child that was forked in the midst of this thread's turn
            self._lock.release()

    def after_fork(self) -> None:
        """Forget who had it."""
        self._lock = threading.Lock()


_forkable: Known[Forkable] = WeakValueDictionary()


def register(one: Forkable) -> None:
    """Let it know when it wakes up in a child process."""
    _forkable[id(one)] = one


_first: list[Callable[[], None]] = []


def on_waking(drop: Callable[[], None]) -> None:
    """Let a child process do it before all that `register` names, which may use what is dropped here."""
    _first.append(drop)


# Threads of this library's own come to rest before what they may wait for.
_threads: Known[Restable] = WeakValueDictionary()
_restable: Known[Restable] = WeakValueDictionary()
_resting: dict[int, list[Restable]] = {}  # those that each thread has brought to rest, as it forks


def let_rest(one: Restable) -> None:
    """Let it come to rest before a fork."""
    _restable[id(one)] = one


def let_thread_rest(one: Restable) -> None:
    """Let its thread come to rest before a fork."""
    _threads[id(one)] = one


def _before_fork() -> None:
    resting = _resting[threading.get_ident()] = []
    for one in (*alive_of(_threads), *alive_of(_restable)):
        resting.append(one)
        one.before_fork()


def _after_fork_in_parent() -> None:
    for one in reversed(_resting.pop(threading.get_ident(), [])):
        one.after_fork_in_parent()


def _after_fork() -> None:
    _resting.clear()
    for drop in _first:
        drop()
    for one in alive_of(_forkable):
        one.after_fork()


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork)
