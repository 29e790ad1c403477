"""The sockets of one race, for every driver: each of these waits in its own way, and has what is writable looked at."""

from __future__ import annotations

import os
import socket
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from ipaddress import IPv6Address
from typing import Any

from k8sresolve._core.connecting import Destination, Race
from k8sresolve._drivers import forks
from k8sresolve._drivers.clock import monotonic
from k8sresolve.errors import ResolverClosed


class Attempts(ABC):
    """Attempts to connect, of which one wins.

    `reach` tells where a connection to a destination goes, which the offline cluster decides. `among` are those of the
    resolver that are under way, for it to `shut` them as it is closed. An exception may come out of nowhere, at any
    line: whatever is open is found in `_open` or `_won` then, and closed.
    """

    def __init__(self, race: Race, reach: Callable[[Destination], Destination], among: forks.Known[Any]) -> None:
        self._race = race
        self._reach = reach
        self._among = among
        self._open: dict[socket.socket, Destination] = {}
        self._writable: set[socket.socket] = set()
        self._won: socket.socket | None = None
        self._shut = False
        forks.register(self)
        among[id(self)] = self

    def shut(self) -> None:
        """Let it end with `ResolverClosed`: whoever waits wakes, in whatever thread or loop that is."""
        self._shut = True
        for sock in [*self._open]:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def after_fork(self) -> None:
        """Close what is the parent's."""
        self._shut = True
        for sock in self._open:
            sock.close()

    @abstractmethod
    def connect(self) -> Any:
        """Return what is connected first, or what is awaited for it. Raises `ConnectFailed`, or `ResolverClosed`."""

    @abstractmethod
    def _watch(self, sock: socket.socket) -> None:
        """Let the socket be in `_writable` as soon as it is writable."""

    @abstractmethod
    def _unwatch(self, sock: socket.socket) -> None:
        """The socket is about to be closed, or to be the caller's."""

    def _step(self, now: float) -> socket.socket | None:
        """Look at what is writable, and begin what is due. Returns what is connected; raises as `connect`."""
        while True:
            won = self._look()
            if self._shut:
                raise ResolverClosed("this resolver is closed")
            if won is not None:
                return won
            due = self._race.next(now)
            if due is None:
                break
            self._begin(due)
        if self._race.is_lost(now):
            raise self._race.failure(now)
        return None

    def _begin(self, to: Destination) -> None:
        sock: socket.socket | None = None
        try:
            address = socket_address(self._reach(to))
            sock = socket.socket(socket.AF_INET if len(address) == 2 else socket.AF_INET6, socket.SOCK_STREAM)
            self._open[sock] = to
            sock.setblocking(False)
            try:
                sock.connect(address)
            except BlockingIOError:
                self._watch(sock)
            else:
                self._writable.add(sock)
        except OSError as error:
            if sock is not None:
                self._drop(sock)
            self._fail(to, error)
        except BaseException:
            if sock is not None and sock not in self._open:
                sock.close()
            raise

    def _look(self) -> socket.socket | None:
        """See what became of those that are writable."""
        for sock in tuple(self._writable):
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if not code:
                return self._win(sock)
            to = self._open[sock]
            self._drop(sock)
            self._fail(to, OSError(code, os.strerror(code)))
        return None

    def _fail(self, to: Destination, error: OSError) -> None:
        code, outcome, explained = words_of(error, to)
        self._race.fail(to, code, outcome, monotonic(), explained=explained)

    def _win(self, sock: socket.socket) -> socket.socket:
        self._won = sock
        self._unwatch(sock)
        del self._open[sock]
        self._end()
        return sock

    def _drop(self, sock: socket.socket) -> None:
        if sock.fileno() != -1:
            self._unwatch(sock)
            sock.close()  # first: an exception in between must not lose sight of what is open
        self._open.pop(sock, None)
        self._writable.discard(sock)

    def _end(self) -> None:
        """Close what is open, but for the winner."""
        self._among.pop(id(self), None)
        for sock in tuple(self._open):
            self._drop(sock)

    def _abandon(self) -> None:
        """An exception ends it: close the winner, too."""
        self._end()
        if self._won is not None:
            self._won.close()


def words_of(error: OSError, to: Destination) -> tuple[int | None, str, bool]:
    """Tell an error's code, what it says, and whether that are words of its own, which explain themselves."""
    text = error.strerror or str(error)
    # What stands in for the network, the test kit for one, says in its own words what is missing.
    explained = error.errno is None or text != os.strerror(error.errno)
    outcome = text.removeprefix(f"{to.address}:{to.port} ") if explained else text[:1].lower() + text[1:]
    return error.errno, outcome, explained


def socket_address(to: Destination) -> Any:
    """Write a destination as `socket` has it."""
    address = to.address
    if not isinstance(address, IPv6Address):
        return str(address), to.port
    zone = address.scope_id
    if zone is None:
        return str(address), to.port, 0, 0
    return str(address).partition("%")[0], to.port, 0, int(zone) if zone.isdigit() else socket.if_nametoindex(zone)
