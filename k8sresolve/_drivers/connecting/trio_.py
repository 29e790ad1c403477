"""Connecting for a task of trio: a system task watches each attempt, so that nothing wraps what is raised here."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import trio

from k8sresolve._core.connecting import Destination, Race
from k8sresolve._drivers.clock import monotonic
from k8sresolve._drivers.connecting.attempts import Attempts
from k8sresolve._drivers.forks import Known
from k8sresolve._drivers.trio_ import can


class TrioAttempts(Attempts):
    """Attempts of the task that awaits `connect`."""

    def __init__(self, race: Race, reach: Callable[[Destination], Destination], among: Known[Any]) -> None:
        super().__init__(race, reach, among)
        self._woken = trio.Event()

    async def connect(self) -> trio.SocketStream:
        """Return the stream of the first socket that is connected."""
        try:
            await trio.lowlevel.checkpoint()
            now = monotonic()
            while True:
                sock = self._step(now)
                if sock is not None:
                    return trio.SocketStream(trio.socket.from_stdlib_socket(sock))
                now = await self._wait()
        except BaseException:
            self._abandon()
            raise

    async def _wait(self) -> float:
        """Wait until there is something to do; returns the time, in which the run's clock is trusted."""
        until = self._race.wakes
        self._woken = trio.Event()
        with trio.move_on_after(max(0.0, until - monotonic())):
            await self._woken.wait()
        return monotonic() if self._writable else max(monotonic(), until)

    async def _look_out(self, sock: socket.socket) -> None:
        if await can(trio.lowlevel.wait_writable, sock):
            self._writable.add(sock)
            self._woken.set()

    def _watch(self, sock: socket.socket) -> None:
        trio.lowlevel.spawn_system_task(self._look_out, sock)

    def _unwatch(self, sock: socket.socket) -> None:
        trio.lowlevel.notify_closing(sock)
