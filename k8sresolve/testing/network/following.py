"""Watches in virtual time: what is due happens in order as time goes on, in whatever thread or loop lets it go on.

A pause of a watch lets no time go on. What waits for its news does: from one poll to the next.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable
from random import Random
from typing import Any
from weakref import WeakSet, ref

from k8sresolve._core.lookups.polls import Seen
from k8sresolve._core.questions import Asked, Question
from k8sresolve._core.watching.poller import Following, Poller, Pollers
from k8sresolve._drivers.following import CLOSED, Look, LoopFollower, fault_of, tasks_of
from k8sresolve._drivers.loops import is_trio, let_do, running
from k8sresolve._drivers.running import Call
from k8sresolve._locks import Lock
from k8sresolve.errors import Error, ResolverClosed
from k8sresolve.records import Endpoint
from k8sresolve.testing.network.clock import Clock, check_step

_SEED = 1  # of the jitter
_TURNS = 3  # of a loop, in which what came of a poll goes from task to task; see `virtual`
_CUSHION = 0.05  # seconds that a loop has nothing to do but what others wait for


def _pollers() -> Pollers:
    return Pollers(Random(_SEED).random)  # noqa: S311 - so that a test comes to the same each time


class VirtualFollower:
    """The pollers of one resolver for callers that wait: each poll happens in the thread that lets time go on."""

    def __init__(self, clock: Clock, look: Callable[[Call[Seen], Asked], Seen]) -> None:
        self._clock = clock
        self._look = look
        self._pollers = _pollers()
        self.closed: bool = False
        self._state = Lock()
        clock.follow(self)

    def join(self, following: Following) -> None:
        """Follow a question for one more watch."""
        self._require_open()
        with self._state:
            self._pollers.join(following, self._clock.monotonic())

    def leave(self, following: Following) -> None:
        """Follow it for one watch less."""
        with self._state:
            if not self.closed:
                self._pollers.leave(following)

    def hint(self, following: Following) -> None:
        """The answer may be another by now."""
        self._require_open()
        with self._state:
            poller = self._pollers.of(following)
            if poller is not None:
                poller.hint(self._clock.monotonic())

    def suspect(self, following: Following, endpoint: Endpoint) -> None:
        """A connect to the endpoint failed."""
        self._require_open()
        with self._state:
            following.belief.suspect(endpoint, self._clock.monotonic())

    def followed(self) -> Iterable[Following]:
        """What the watches know that are open, in whatever thread."""
        return self._pollers.followed()

    def wait(self, until: Callable[[], bool], seconds: float | None) -> bool:
        """Let time go on until that is so; False where it was not in time."""
        end = math.inf if seconds is None else self._clock.monotonic() + seconds
        while not until():
            self._require_open()
            if not self._clock.go_on(end) and end < math.inf:
                self._clock.reach(end)
                return until()
        return True

    def ask(self, questions: Iterable[Question]) -> None:
        """There is nothing: in virtual time each question goes on by itself."""

    def close(self) -> None:
        """Ask nothing more."""
        with self._state:
            self.closed = True
            self._pollers = _pollers()

    def _require_open(self) -> None:
        if self.closed:
            raise ResolverClosed(CLOSED)

    @property
    def due(self) -> float:
        """When the next question is due."""
        return self._pollers.due

    def fall_due(self, when: float) -> None:
        """Ask what is due first, if that is due by then, and was not asked by another thread meanwhile."""
        with self._state:
            poller = self._pollers.first()
            if poller is None or poller.due > when:
                return
            began = self._clock.monotonic()
            call = poller.begin(began)
            asked: Asked = []
            try:
                seen = self._look(call, asked)
            except ResolverClosed:
                self.close()
            except Error as error:
                poller.failed(error, self._clock.monotonic())
            except Exception as fault:  # noqa: BLE001 - as the real one, which has nobody above to be told
                poller.failed(fault_of(call, fault), self._clock.monotonic())
            else:
                poller.saw(seen, asked, began, self._clock.monotonic())


class VirtualLoopFollower(LoopFollower):
    """The pollers of one resolver for the tasks of one loop."""

    def __init__(self, clock: Clock, time: LoopTime, look: Look) -> None:
        super().__init__(look, _pollers(), clock.monotonic)
        self._time = time
        time.followers.add(self)

    @property
    def due(self) -> float:
        """When the next question is due."""
        return math.inf if self.closed else self._pollers.due

    async def fall_due(self) -> None:
        """Ask what is due first."""
        poller = self._pollers.first()
        if poller is not None:
            await self._ask(poller)

    async def wait(self, until: Callable[[], bool], seconds: float | None) -> bool:
        """Let time go on until that is so; False where it was not in time."""
        end = None if seconds is None else self._now() + seconds
        await self._time.turn()
        while not until():
            self._require_open()
            if not await self._time.pass_by(end, until):
                return until()
        return True

    def _stir(self, poller: Poller) -> None:
        """It is looked at whenever time goes on."""

    def _end(self, poller: Poller) -> None:
        """It is asked no more."""

    async def _ended(self, task: None) -> None:
        """There is no task."""

    def _publish(self) -> None:
        self._time.wake()


class LoopTime:
    """Lets time go on for what the tasks of one loop follow, one poll after the other."""

    def __init__(self, clock: Clock, loop: Any) -> None:
        self._clock = clock
        self._loop = ref(loop)
        self._tasks = tasks_of(loop)
        self._in_trio = is_trio(loop)
        self._lock = self._new_lock()
        self._listening: dict[Any, int] = {}  # tasks that wait for news, and for nothing else
        self._events: set[Any] = set()
        self._advancing = 0
        self.followers: WeakSet[VirtualLoopFollower] = WeakSet()

    def _new_lock(self) -> Any:
        if self._in_trio:
            import trio

            return trio.Lock()
        return asyncio.Lock()

    async def turn(self) -> None:
        """Let the other tasks have some turns."""
        for _ in range(_TURNS):
            if self._in_trio:
                await self._tasks.checkpoint()
            else:
                await asyncio.sleep(0)

    def wake(self) -> None:
        """There may be news."""
        for event in self._events:
            event.set()

    async def advance(self, seconds: float) -> None:
        """Let so many seconds go by, with every poll that is due meanwhile."""
        end = self._clock.monotonic() + seconds
        self._advancing += 1
        try:
            await self._advance_to(end)
        finally:
            self._advancing -= 1

    async def _advance_to(self, end: float) -> None:
        while await self.go_on(end):
            await self.turn()
        self._clock.reach(end)
        await self.turn()

    def catch_up(self) -> None:
        """Ask in the loop what should have been asked by now: somebody let time go on who cannot wait for that."""
        loop = self._loop()
        if loop is not None:
            let_do(loop, self._catch_up)

    def _catch_up(self) -> None:
        if any(follower.due <= self._clock.monotonic() for follower in self.followers):
            self._tasks.start(lambda: self.advance(0.0))

    async def go_on(self, end: float) -> bool:
        """Go on to the poll that is due next, of callers that wait too; False where none is before the end."""
        async with self._lock:
            await self._let_look()
            first = min(self.followers, key=_due, default=None)
            due = math.inf if first is None else first.due
            if self._clock.due <= min(due, end):
                return self._clock.go_on(end)
            if first is None or due > end:
                return False
            self._clock.reach(due)
            await first.fall_due()
            return True

    async def _let_look(self) -> None:
        while self._clock.looking:  # lookups let time go on themselves
            await self.turn()

    async def pass_by(self, end: float | None, until: Callable[[], bool]) -> bool:
        """Let time go on to the next poll for a task that waits; False where its own time is over before.

        Without an end it listens to whatever comes, so that other tasks go first, and what they wait for outside.
        """
        if end is None:
            if not await self._has_leisure(until):
                return True
            return await self.go_on(math.inf)
        if await self.go_on(end):
            return True
        self._clock.reach(end)
        return False

    async def _has_leisure(self, until: Callable[[], bool]) -> bool:
        """Wait until nothing but news can happen in this loop, as far as one can tell; False where there are some."""
        task = None if self._in_trio else asyncio.current_task()
        self._listening[task] = self._listening.get(task, 0) + 1
        event = self._tasks.event()
        self._events.add(event)
        try:
            return await self._is_quiet(event, until)
        finally:
            self._events.discard(event)
            self._listening[task] -= 1
            if not self._listening[task]:
                del self._listening[task]

    async def _is_quiet(self, event: Any, until: Callable[[], bool]) -> bool:
        await self.turn()
        if until():
            return False
        alone = not self._in_trio and asyncio.all_tasks() <= self._listening.keys()
        while self._advancing or not alone:
            if await self._tasks.wait(event, _CUSHION) or until():
                return False
            if not self._advancing:
                break
        return True


def _due(follower: VirtualLoopFollower) -> float:
    return follower.due


def time_of(clock: Clock) -> LoopTime:
    """What lets a clock go on for the loop that runs here."""
    loop = running()
    known = clock.loops.get(loop)
    if isinstance(known, LoopTime):
        return known
    made = clock.loops[loop] = LoopTime(clock, loop)
    return made


async def advance(clock: Clock, seconds: float) -> None:
    """Let so many seconds go by for the tasks of the loop that runs here."""
    check_step(seconds)
    await time_of(clock).advance(seconds)
