"""The driver for a loop of asyncio, or one that does as asyncio's do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import Context
from socket import SocketType
from typing import Any
from weakref import ref

from k8sresolve._core.engine.flights import Batch, Flight, Lone
from k8sresolve._core.engine.inquiry import Reading
from k8sresolve._core.engine.ledger import Ledger
from k8sresolve._core.engine.rules import Rules
from k8sresolve._core.events import Events
from k8sresolve._drivers.pool import Slot
from k8sresolve._drivers.pooled import PooledDriver
from k8sresolve._drivers.sockets import Stream


def _no_timer() -> None:
    return None


class AsyncioDriver(PooledDriver):
    """Runs lookups for the tasks of one loop."""

    def __init__(self, rules: Rules, ledger: Ledger, events: Events, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(rules, ledger, events, loop)
        # A timer knows its loop, which is not to be kept alive.
        self._timer: Callable[[], asyncio.TimerHandle | None] = _no_timer

    def _home(self) -> asyncio.AbstractEventLoop:
        loop: asyncio.AbstractEventLoop | None = self.loop()
        assert loop is not None  # noqa: S101 - it runs
        return loop

    @staticmethod
    def _has_ended(loop: asyncio.AbstractEventLoop) -> bool:
        return loop.is_closed()

    def _wait(self, batch: Batch | Lone) -> asyncio.Future[None]:
        loop = self.loop()
        assert loop is not None  # noqa: S101 - it runs
        waiter: asyncio.Future[None] = loop.create_future()
        if not isinstance(batch, Lone) and batch.done:
            waiter.set_result(None)
        batch.waiter = waiter
        return waiter

    def wake(self, batch: Batch | Lone) -> None:
        """Let the batch's task go on."""
        waiter = batch.waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def _soon(self, call: Callable[..., None], *what: Any) -> None:
        self._home().call_soon(call, *what)

    def _beside(self, read: Callable[[], Reading], then: Callable[[Reading], None]) -> None:
        self._home().run_in_executor(None, read).add_done_callback(lambda done: then(done.result()))

    def _set_timer(self, delay: float) -> None:
        self._stop()
        self._timer = ref(self._home().call_later(delay, self._ring))

    def _stop(self) -> None:
        timer = self._timer()
        if timer is not None:
            timer.cancel()

    def _listen(self, slot: Slot) -> None:
        self._home().add_reader(slot.sock, self._readable, slot)

    def _follow(self, flight: Flight | Lone, stream: Stream, number: int) -> None:
        self._home().add_writer(stream.sock, self._write, flight, stream, number)

    def _write(self, flight: Flight | Lone, stream: Stream, number: int) -> None:
        self._advance(flight, stream, number)
        if stream in flight.ports and not stream.wants_write:
            loop = self._home()
            loop.remove_writer(stream.sock)
            loop.add_reader(stream.sock, self._advance, flight, stream, number)

    def _unwatch(self, sock: SocketType) -> None:
        loop = self._home()
        loop.remove_reader(sock)
        loop.remove_writer(sock)


class AsyncioTasks:
    """How to wait in a loop of asyncio, which runs here."""

    def start(self, run: Callable[[], Coroutine[Any, Any, None]]) -> asyncio.Task[None]:
        """Begin a task, which has nothing of the context of whoever begins it."""
        return Context().run(lambda: asyncio.get_running_loop().create_task(run(), name="k8sresolve-watch"))

    def cancel(self, task: asyncio.Task[None]) -> None:
        """Let it end, unless its loop was closed without that."""
        if not task.get_loop().is_closed():
            task.cancel()

    def ended(self, task: asyncio.Task[None]) -> Awaitable[object]:
        """Wait for its end."""
        return asyncio.wait([task])

    event = asyncio.Event

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        """Wait for an event; False where it did not come in so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return False
        return True

    async def checkpoint(self) -> None:
        """In asyncio, what need not wait does not."""
