"""Connecting for a task of asyncio, or of a loop that does as asyncio's do."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from k8sresolve._core.connecting import Destination, Race
from k8sresolve._drivers.clock import monotonic
from k8sresolve._drivers.connecting.attempts import Attempts
from k8sresolve._drivers.forks import Known


class AsyncioAttempts(Attempts):
    """Attempts of the task that awaits `connect`."""

    def __init__(self, race: Race, reach: Callable[[Destination], Destination], among: Known[Any]) -> None:
        super().__init__(race, reach, among)
        self._loop = asyncio.get_running_loop()
        self._woken: asyncio.Future[None] = self._loop.create_future()

    async def connect(self) -> socket.socket:
        """Return the first socket that is connected; it does not block."""
        try:
            now = monotonic()
            while True:
                sock = self._step(now)
                if sock is not None:
                    return sock
                now = await self._wait()
        except BaseException:
            self._abandon()
            raise

    async def _wait(self) -> float:
        """Wait until there is something to do; returns the time, in which the loop's timer is trusted."""
        until = self._race.wakes
        self._woken = self._loop.create_future()
        timer = self._loop.call_later(max(0.0, until - monotonic()), self._wake)
        try:
            await self._woken
        finally:
            timer.cancel()
        return monotonic() if self._writable else max(monotonic(), until)

    def _wake(self) -> None:
        if not self._woken.done():
            self._woken.set_result(None)

    def _can_go_on(self, sock: socket.socket) -> None:
        self._writable.add(sock)
        self._wake()

    def _watch(self, sock: socket.socket) -> None:
        self._loop.add_writer(sock, self._can_go_on, sock)

    def _unwatch(self, sock: socket.socket) -> None:
        self._loop.remove_writer(sock)
