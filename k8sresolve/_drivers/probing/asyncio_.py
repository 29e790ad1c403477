"""Probing for a task of asyncio, or of a loop that does as asyncio's do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from k8sresolve._core.connecting import Destination
from k8sresolve._core.probing import Talk
from k8sresolve._drivers.clock import monotonic
from k8sresolve._drivers.forks import Known
from k8sresolve._drivers.probing.conversations import Conversation, Probes, Want
from k8sresolve.reachability import ProbedEndpoint


class AsyncioProbes(Probes):
    """Conversations of the task that awaits `run`."""

    def __init__(self, talk: Talk, reach: Callable[[Destination], Destination], among: Known[Any]) -> None:
        super().__init__(talk, reach, among)
        self._loop = asyncio.get_running_loop()
        self._woken: asyncio.Future[None] = self._loop.create_future()

    async def run(self) -> tuple[ProbedEndpoint, ...]:
        """Return what came of all."""
        try:
            now = monotonic()
            while True:
                told = self._step(now)
                if told is not None:
                    return told
                now = await self._wait()
        finally:
            self._abandon()

    async def _wait(self) -> float:
        """Wait until there is something to do; returns the time, in which the loop's timer is trusted."""
        until = self._wakes
        self._woken = self._loop.create_future()
        timer = self._loop.call_later(max(0.0, until - monotonic()), self._wake)
        try:
            if not self._ready:
                await self._woken
        finally:
            timer.cancel()
        return monotonic() if self._ready else max(monotonic(), until)

    def _wake(self) -> None:
        if not self._woken.done():
            self._woken.set_result(None)

    def _can_go_on(self, conversation: Conversation) -> None:
        self._unwatch(conversation)
        self._ready.add(conversation)
        self._wake()

    def _watch(self, conversation: Conversation, want: Want) -> None:
        add = self._loop.add_reader if want == "read" else self._loop.add_writer
        if conversation.sock is not None:
            add(conversation.sock, self._can_go_on, conversation)

    def _unwatch(self, conversation: Conversation) -> None:
        if conversation.sock is not None and conversation.sock.fileno() != -1:
            self._loop.remove_reader(conversation.sock)
            self._loop.remove_writer(conversation.sock)
