"""Follows questions for the watches of one loop, asyncio's or a run of trio: a task for each asks when it is due."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from random import SystemRandom
from typing import Any, Protocol, TypeAlias

from k8sresolve._core.lookups.polls import Seen
from k8sresolve._core.questions import Asked
from k8sresolve._core.watching.poller import Following, Poller, Pollers
from k8sresolve._drivers import forks
from k8sresolve._drivers.clock import monotonic
from k8sresolve._drivers.loops import is_trio
from k8sresolve._drivers.running import Call, report
from k8sresolve.errors import Error, InternalError, ResolverClosed
from k8sresolve.records import Endpoint

Look: TypeAlias = Callable[[Call[Seen], Asked], Awaitable[Seen]]
"""Asks, past what is remembered, and notes what it asked."""

CLOSED = "this resolver is closed"


class Tasks(Protocol):
    """How to wait in a loop, and how to do something beside the tasks that are there."""

    def start(self, run: Callable[[], Coroutine[Any, Any, None]]) -> Any:
        """Begin a task that is nobody's child."""

    def cancel(self, task: Any) -> None:
        """Let it end."""

    def ended(self, task: Any) -> Awaitable[object]:
        """Wait for its end."""
        ...

    def event(self) -> Any:
        """Make an event."""

    async def wait(self, event: Any, seconds: float | None) -> bool:
        """Wait for an event; False where it did not come in so many seconds."""
        ...

    async def checkpoint(self) -> None:
        """Let others have their turn, where each call does that."""


def tasks_of(loop: Any) -> Tasks:
    """How to wait in a loop."""
    if is_trio(loop):
        from k8sresolve._drivers.trio_ import TrioTasks

        return TrioTasks()
    from k8sresolve._drivers.asyncio_ import AsyncioTasks

    return AsyncioTasks()


class LoopFollower(ABC):
    """The pollers of one loop, in whose thread all of this happens. `published` tells those in other threads."""

    def __init__(
        self,
        look: Look,
        pollers: Pollers,
        now: Callable[[], float],
        *,
        published: Callable[[], object] = lambda: None,
    ) -> None:
        self._look = look
        self._now = now
        self._published = published
        self._pollers = pollers
        self.closed: bool = False
        forks.register(self)

    # -- what watches call -------------------------------------------------------------------------------------------

    def join(self, following: Following) -> None:
        """Follow a question for one more watch."""
        self._require_open()
        poller = self._pollers.join(following, self._now())
        self._publish()
        self._stir(poller)

    async def leave(self, following: Following) -> None:
        """Follow it for one watch less, and wait until nothing more is asked for it."""
        task = self.drop(following)
        if task is not None:
            await self._ended(task)

    def drop(self, following: Following) -> Any:
        """Follow it for one watch less; returns the task that ends with it, if any."""
        poller = None if self.closed else self._pollers.leave(following)
        self._publish()  # others may wait on that watch
        return None if poller is None else self._end(poller)

    def hint(self, following: Following) -> None:
        """The answer may be another by now."""
        self._require_open()
        poller = self._pollers.of(following)
        if poller is not None:
            poller.hint(self._now())
            self._stir(poller)

    def suspect(self, following: Following, endpoint: Endpoint) -> None:
        """A connect to the endpoint failed."""
        self._require_open()
        following.belief.suspect(endpoint, self._now())

    def followed(self) -> Iterable[Following]:
        """What the watches know that are open, in whatever thread."""
        return () if self.closed else self._pollers.followed()

    @abstractmethod
    async def wait(self, until: Callable[[], bool], seconds: float | None) -> bool:
        """Wait until that is so; False where it was not in time."""

    def _require_open(self) -> None:
        if self.closed:
            raise ResolverClosed(CLOSED)

    # -- asking ------------------------------------------------------------------------------------------------------

    @abstractmethod
    def _stir(self, poller: Poller) -> None:
        """A question may be due at another time now."""

    @abstractmethod
    def _end(self, poller: Poller) -> Any:
        """Nobody follows it any more; returns the task that ends with it, if any."""

    @abstractmethod
    async def _ended(self, task: Any) -> None:
        """Wait for the end of such a task."""

    async def _ask(self, poller: Poller) -> None:
        asked: Asked = []
        began = self._now()
        call = poller.begin(began)
        error: Error | None = None
        seen = None
        try:
            seen = await self._look(call, asked)
        except ResolverClosed:
            self.close()
        except Error as failure:
            error = failure
        except Exception as fault:  # noqa: BLE001 - there is nobody above to be told
            error = fault_of(call, fault)
        if seen is not None:
            poller.saw(seen, asked, began, self._now())
        elif error is not None:
            poller.failed(error, self._now())
        self._publish()

    @abstractmethod
    def _publish(self) -> None:
        """Let all that wait look at what there is."""

    def close(self) -> None:
        """Ask nothing more; all that wait, and whoever comes, is told that the resolver is closed."""
        self.closed = True
        self._publish()

    async def end(self) -> None:
        """Close it, and wait until nothing is asked."""
        self.close()

    def after_fork(self) -> None:
        """Nothing asks in a child process."""
        self.closed = True


def fault_of(call: Call[Seen], fault: Exception) -> InternalError:
    """Report a fault of ours, or of an observer, and say so."""
    report("a watch could not ask", fault)
    return InternalError(str(call[1]), f"k8sresolve itself failed: {type(fault).__name__}")


class _Asking:
    """A question's task, and what wakes it from its pause."""

    __slots__ = ("stirred", "task")

    def __init__(self, stirred: Any) -> None:
        self.stirred = stirred
        self.task: Any = None


class TaskFollower(LoopFollower):
    """A task for each question."""

    def __init__(self, look: Look, tasks: Tasks, pollers: Pollers | None = None, **shared: Any) -> None:
        super().__init__(look, Pollers(SystemRandom().random) if pollers is None else pollers, monotonic, **shared)
        self._tasks = tasks
        self._asking: dict[Poller, _Asking] = {}
        self._waiting: set[Any] = set()
        for poller in self._pollers:
            self._stir(poller)

    def _stir(self, poller: Poller) -> None:
        asking = self._asking.get(poller)
        if asking is not None:
            asking.stirred.set()
            return
        asking = self._asking[poller] = _Asking(self._tasks.event())
        asking.task = self._tasks.start(lambda: self._keep_asking(poller, asking))

    def _end(self, poller: Poller) -> Any:
        task = self._asking.pop(poller).task
        self._tasks.cancel(task)
        return task

    async def _ended(self, task: Any) -> None:
        await self._tasks.ended(task)

    async def _keep_asking(self, poller: Poller, asking: _Asking) -> None:
        """Ask whenever it is due, until this is cancelled."""
        try:
            while True:
                if self.closed:
                    return
                await self._until_due(poller, asking)
                await self._ask(poller)
        finally:
            if self._asking.get(poller) is asking:
                self.close()  # the loop ends its tasks, whoever follows

    async def _until_due(self, poller: Poller, asking: _Asking) -> None:
        # A loop whose time is another than the clock's is trusted: its timer rings when it is due.
        while (pause := poller.due - monotonic()) > 0:
            asking.stirred = self._tasks.event()
            if not await self._tasks.wait(asking.stirred, pause):
                return

    async def wait(self, until: Callable[[], bool], seconds: float | None) -> bool:
        """Wait until that is so; False where it was not in time."""
        end = None if seconds is None else monotonic() + seconds
        await self._tasks.checkpoint()
        while not until():
            self._require_open()
            left = None if end is None else end - monotonic()
            if left is not None and left <= 0:
                return False
            event = self._tasks.event()
            self._waiting.add(event)
            try:
                if not await self._tasks.wait(event, left):
                    return until()
            finally:
                self._waiting.discard(event)
        return True

    def _publish(self) -> None:
        self._published()
        for event in self._waiting:
            event.set()

    def close(self) -> None:
        """Ask nothing more; all that wait, and whoever comes, is told that the resolver is closed."""
        super().close()
        self._cancel()

    def _cancel(self) -> list[Any]:
        tasks = [asking.task for asking in self._asking.values()]
        self._asking.clear()
        for task in tasks:
            self._tasks.cancel(task)
        return tasks

    async def rest(self) -> None:
        """Ask nothing more, until another one goes on with the same pollers."""
        for task in self._cancel():
            await self._tasks.ended(task)

    async def end(self) -> None:
        """Close it, and wait until nothing is asked."""
        tasks = self._cancel()
        self.close()
        for task in tasks:
            await self._tasks.ended(task)

    def after_fork(self) -> None:
        """Nothing asks in a child process."""
        super().after_fork()
        self._asking.clear()
        self._waiting.clear()
