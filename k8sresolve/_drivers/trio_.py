"""The driver for a run of trio: a system task for each socket, and one for the timer, which ends with the run."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Coroutine
from socket import SocketType
from typing import Any

import trio

from k8sresolve._core.engine.flights import Batch, Flight, Lone
from k8sresolve._core.engine.inquiry import Reading
from k8sresolve._core.engine.ledger import Ledger
from k8sresolve._core.engine.rules import Rules
from k8sresolve._core.events import Events
from k8sresolve._core.questions import Question, Results, Round, Terms
from k8sresolve._drivers.pool import Slot
from k8sresolve._drivers.pooled import PooledDriver
from k8sresolve._drivers.running import report
from k8sresolve._drivers.sockets import Stream


class TrioDriver(PooledDriver):
    """Runs lookups for the tasks of one run."""

    def __init__(self, rules: Rules, ledger: Ledger, events: Events, token: trio.lowlevel.TrioToken) -> None:
        super().__init__(rules, ledger, events, token)
        self._sleep = trio.CancelScope()
        trio.lowlevel.spawn_system_task(self._keep_time)

    def _home(self) -> trio.lowlevel.TrioToken:
        token: trio.lowlevel.TrioToken | None = self.loop()
        assert token is not None  # noqa: S101 - its run goes on
        return token

    @staticmethod
    def _has_ended(loop: object) -> bool:  # noqa: ARG004
        return False  # the end of the run closes this driver

    async def ask(self, asked: Question | Round, terms: Terms) -> Results:
        """Ask questions at once, and wait for what suffices. In a scope that is cancelled already, nothing is asked."""
        await trio.lowlevel.checkpoint_if_cancelled()
        return await super().ask(asked, terms)

    def _wait(self, batch: Batch | Lone) -> Awaitable[None]:
        event = batch.waiter = trio.Event()
        if batch.done:
            event.set()
        return event.wait()  # a checkpoint in any case, as each call of trio is one

    def wake(self, batch: Batch | Lone) -> None:
        """Let the batch's task go on."""
        if batch.waiter is not None:
            batch.waiter.set()

    def _soon(self, call: Callable[..., None], *what: Any) -> None:
        self._home().run_sync_soon(call, *what)

    def _beside(self, read: Callable[[], Reading], then: Callable[[Reading], None]) -> None:
        trio.lowlevel.spawn_system_task(self._in_thread, read, then)

    async def _in_thread(self, read: Callable[[], Reading], then: Callable[[Reading], None]) -> None:
        self._safely(then, await trio.to_thread.run_sync(read))

    # -- time --------------------------------------------------------------------------------------------------------

    async def _keep_time(self) -> None:
        """Ring when it is time. The run cancels this as it ends, and that ends the driver."""
        try:
            await self._ring_in_time()
        finally:
            self.close()

    async def _ring_in_time(self) -> None:
        while not self._closed:
            with self._sleep:
                await trio.sleep_forever()
            self._sleep = trio.CancelScope()
            if not self._closed:
                self._safely(self._ring)

    def _set_timer(self, delay: float) -> None:
        self._sleep.deadline = trio.current_time() + delay

    def _stop(self) -> None:
        self._sleep.cancel()

    # -- sockets -----------------------------------------------------------------------------------------------------

    def _listen(self, slot: Slot) -> None:
        trio.lowlevel.spawn_system_task(self._read, slot)

    async def _read(self, slot: Slot) -> None:
        while await can(trio.lowlevel.wait_readable, slot.sock):
            self._safely(self._readable, slot)

    def _follow(self, flight: Flight | Lone, stream: Stream, number: int) -> None:
        trio.lowlevel.spawn_system_task(self._go_on, flight, stream, number)

    async def _go_on(self, flight: Flight | Lone, stream: Stream, number: int) -> None:
        while await can(
            trio.lowlevel.wait_writable if stream.wants_write else trio.lowlevel.wait_readable, stream.sock
        ):
            self._safely(self._advance, flight, stream, number)

    def _unwatch(self, sock: SocketType) -> None:
        trio.lowlevel.notify_closing(sock)

    def _safely(self, call: Callable[..., None], *what: Any) -> None:
        try:
            call(*what)
        except Exception as error:  # noqa: BLE001 - a system task that fails ends the whole run
            report("a step of a lookup failed", error)


async def can(wait: Callable[[SocketType], Awaitable[None]], sock: SocketType) -> bool:
    """Wait until the socket can go on; False once it is closed."""
    if sock.fileno() != -1:
        try:
            await wait(sock)
        except trio.ClosedResourceError:
            return False
    return sock.fileno() != -1


class TrioTasks:
    """How to wait in a run of trio."""

    def start(self, run: Callable[[], Coroutine[Any, Any, None]]) -> tuple[trio.CancelScope, trio.Event]:
        """Begin a task of the run's own, which ends as the run does."""
        scope, ended = trio.CancelScope(), trio.Event()

        async def within() -> None:
            try:
                with scope:
                    await run()
            finally:
                ended.set()

        trio.lowlevel.spawn_system_task(within, name="k8sresolve-watch")
        return scope, ended

    def cancel(self, task: tuple[trio.CancelScope, trio.Event]) -> None:
        """Let it end."""
        task[0].cancel()

    async def ended(self, task: tuple[trio.CancelScope, trio.Event]) -> None:
        """Wait for its end, which comes at once."""
        with trio.CancelScope(shield=True):
            await task[1].wait()

    event = trio.Event

    async def wait(self, event: trio.Event, seconds: float | None) -> bool:
        """Wait for an event; False where it did not come in so many seconds."""
        with trio.move_on_after(math.inf if seconds is None else seconds) as scope:
            await event.wait()
        return not scope.cancelled_caught

    async def checkpoint(self) -> None:
        """Let others have their turn, as each call of trio does."""
        await trio.lowlevel.checkpoint()
