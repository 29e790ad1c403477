"""Probing for a task of trio: a system task watches each socket, so that nothing wraps what is raised here."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import trio

from k8sresolve._core.connecting import Destination
from k8sresolve._core.probing import Talk
from k8sresolve._drivers.clock import monotonic
from k8sresolve._drivers.forks import Known
from k8sresolve._drivers.probing.conversations import Conversation, Probes, Want
from k8sresolve._drivers.trio_ import can
from k8sresolve.reachability import ProbedEndpoint


class TrioProbes(Probes):
    """Conversations of the task that awaits `run`."""

    def __init__(self, talk: Talk, reach: Callable[[Destination], Destination], among: Known[Any]) -> None:
        super().__init__(talk, reach, among)
        self._woken = trio.Event()

    async def run(self) -> tuple[ProbedEndpoint, ...]:
        """Return what came of all."""
        try:
            await trio.lowlevel.checkpoint()
            now = monotonic()
            while True:
                told = self._step(now)
                if told is not None:
                    return told
                now = await self._wait()
        finally:
            self._abandon()

    async def _wait(self) -> float:
        """Wait until there is something to do; returns the time, in which the run's clock is trusted."""
        until = self._wakes
        self._woken = trio.Event()
        with trio.move_on_after(max(0.0, until - monotonic())):
            await self._woken.wait()
        return monotonic() if self._ready else max(monotonic(), until)

    async def _look_out(self, conversation: Conversation, sock: socket.socket, want: Want) -> None:
        wait = trio.lowlevel.wait_readable if want == "read" else trio.lowlevel.wait_writable
        if await can(wait, sock):
            self._ready.add(conversation)
            self._woken.set()

    def _watch(self, conversation: Conversation, want: Want) -> None:
        if conversation.sock is not None:
            trio.lowlevel.spawn_system_task(self._look_out, conversation, conversation.sock, want)

    def _unwatch(self, conversation: Conversation) -> None:
        if conversation.sock is not None and conversation.sock.fileno() != -1:
            trio.lowlevel.notify_closing(conversation.sock)
