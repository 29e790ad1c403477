"""Connecting for threads, each of which polls its own attempts."""

from __future__ import annotations

import socket

from k8sresolve._drivers.clock import monotonic
from k8sresolve._drivers.connecting.attempts import Attempts
from k8sresolve._drivers.polling import WRITE, new_poll, wait


class BlockingAttempts(Attempts):
    """Attempts of the thread that calls `connect`."""

    def connect(self) -> socket.socket:
        """Return the first socket that is connected; it blocks, as a new socket does."""
        try:
            while True:
                sock = self._step(monotonic())
                if sock is not None:
                    sock.settimeout(socket.getdefaulttimeout())
                    return sock
                self._wait()
        except BaseException:
            self._abandon()
            raise

    def _wait(self) -> None:
        poll = new_poll()
        pending = {sock.fileno(): sock for sock in self._open}
        for fd in pending:
            poll.register(fd, WRITE)
        ready = wait(poll, self._race.wakes - monotonic())
        self._writable.update(pending[fd] for fd, _ in ready)

    def _watch(self, sock: socket.socket) -> None:
        """Each `_wait` looks at all."""

    def _unwatch(self, sock: socket.socket) -> None:
        """Nothing is held between two of them."""
