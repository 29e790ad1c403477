"""Follows questions for watches of callers that wait: in one thread, whose loop nobody else uses.

It is there while a watch is open, or a question is asked that nobody waits for; it rests while the process forks.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from random import SystemRandom
from typing import Any, Protocol, TypeAlias
from weakref import finalize

from k8sresolve._core.engine.ledger import Ledger
from k8sresolve._core.events import Events
from k8sresolve._core.lookups.polls import Seen
from k8sresolve._core.questions import Asked, Question, Round, Terms
from k8sresolve._core.watching.poller import Following, Pollers
from k8sresolve._drivers import forks
from k8sresolve._drivers.asyncio_ import AsyncioTasks
from k8sresolve._drivers.clock import monotonic
from k8sresolve._drivers.following import CLOSED, TaskFollower
from k8sresolve._drivers.loops import Loops, loop_driver
from k8sresolve._drivers.running import Call, Driver, run_async
from k8sresolve._locks import Lock
from k8sresolve.errors import NetworkError, ResolverClosed
from k8sresolve.records import Endpoint

_REST = 1.0  # seconds that one waits for the thread's end, which takes a millisecond
_SOON = 0.01  # seconds until the thread looks again for a lock that others hold for less
_LONGEST = 3600.0  # seconds of one wait for a lock, which takes no more than the system's time can hold


class Line(Protocol):
    """What is asked by: see the facade's."""

    @property
    def setting(self) -> object: ...
    @property
    def driver(self) -> Driver: ...
    @property
    def ledger(self) -> Ledger: ...


ToAsk: TypeAlias = Callable[[], tuple[Line, float]]
"""What to ask by now, and for how many seconds. Raises `ResolverClosed`."""


class _Loop(asyncio.SelectorEventLoop):
    """A loop that keeps this library's time, and has no threads beside it: what takes long holds up nobody here."""

    def time(self) -> float:
        """Seconds by the clock of deadlines, which no test stops."""
        return monotonic()

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]  # noqa: ARG002 - which is generic
        """Do it here."""
        done: asyncio.Future[Any] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - as a future has it
            done.set_exception(error)
        return done

    def __del__(self) -> None:
        with suppress(AttributeError):  # of what was not made: no descriptor was left, or an exception out of nowhere
            self.close()


class _Host:
    """The thread, and what happens in it."""

    def __init__(
        self,
        to_ask: ToAsk,
        events: Events,
        pollers: Pollers,
        published: Callable[[], None],
        lost: Callable[[], None],
    ) -> None:
        self.loop = _Loop()
        self._end = asyncio.Event()
        self._to_ask = to_ask
        self._events = events
        self._lost = lost
        self._line: Line | None = None
        self._loops: Loops | None = None
        self._asks: set[asyncio.Task[None]] = set()
        self._make = partial(TaskFollower, self._look, AsyncioTasks(), pollers, published=published)
        self.follower: TaskFollower | None = None
        self.loop.call_soon(self._begin)  # the first that happens in the loop
        self._thread = threading.Thread(target=self._serve, name="k8sresolve-watch", daemon=True)
        self._at_exit = finalize(self, _stop, self.loop, self._end, self._thread)

    def start(self) -> None:
        """Begin. Raises RuntimeError where there can be no thread."""
        try:
            self._thread.start()
        except RuntimeError:
            self._at_exit.detach()
            self.loop.close()
            raise

    def stop(self) -> None:
        """End it, and wait for that. Doing so twice is fine."""
        _stop(self.loop, self._end, self._thread)
        self._at_exit.detach()

    def _begin(self) -> None:
        self.follower = self._make()

    def _serve(self) -> None:
        try:
            self.loop.run_until_complete(self._main())
        finally:
            if not self._end.is_set():
                self._lost()
            self.loop.close()

    async def _main(self) -> None:
        assert self.follower is not None  # noqa: S101 - the loop has begun with it
        try:
            await self._end.wait()
            await self.follower.rest()
        finally:
            for ask in self._asks:
                ask.cancel()
            if self._loops is not None:
                self._loops.close()

    async def _look(self, call: Call[Seen], asked: Asked) -> Seen:
        line, lifetime, loops = self._lay()
        return await run_async(loops, call, line.setting, lifetime, asked, True)

    def ask(self, questions: Iterable[Question], then: Callable[[], None]) -> None:
        """Ask them past what is remembered, and put the answers there."""
        task = self.loop.create_task(self._ask(tuple(questions)))
        self._asks.add(task)

        def end(_: object) -> None:
            self._asks.discard(task)
            then()

        task.add_done_callback(end)

    async def _ask(self, questions: tuple[Question, ...]) -> None:
        with suppress(ResolverClosed):
            line, lifetime, loops = self._lay()
            await loops.ask(Round(questions), Terms(monotonic() + lifetime, True, line.driver.rules.retry_unreachable))

    @property
    def is_asking(self) -> bool:
        """Whether something is asked that nobody waits for."""
        return bool(self._asks)

    def _lay(self) -> tuple[Line, float, Loops]:
        """What to ask by now."""
        line, lifetime = self._to_ask()
        if self._loops is None or line is not self._line:
            if self._loops is not None:
                self._loops.retire()
            rules, ledger = line.driver.rules, line.ledger
            make = partial(loop_driver, rules, ledger, self._events)
            self._line, self._loops = line, Loops(rules, ledger, monotonic, make)
        return line, lifetime, self._loops

    def do(self, act: Callable[[TaskFollower], Any]) -> bool:
        """Do it there, as soon as may be; False where it is over."""
        try:
            self.loop.call_soon_threadsafe(self._act, act)
        except RuntimeError:
            return False
        return True

    def _act(self, act: Callable[[TaskFollower], Any]) -> None:
        assert self.follower is not None  # noqa: S101 - the loop has begun with it
        if not self.follower.closed:
            act(self.follower)


def _stop(loop: _Loop, end: asyncio.Event, thread: threading.Thread) -> None:
    if thread.ident is not None and not thread.is_alive():
        return  # it has ended, or this is a child process
    with suppress(RuntimeError):  # it ends just now, or was interrupted as it began
        loop.call_soon_threadsafe(end.set)
        if thread is not threading.current_thread():
            thread.join(_REST)


class ThreadFollower:
    """The pollers of one resolver, for callers that wait in whatever thread."""

    def __init__(self, to_ask: ToAsk, events: Events) -> None:
        self._to_ask = to_ask
        self._events = events
        self._pollers = Pollers(SystemRandom().random)
        self._open: set[Following] = set()
        self._host: _Host | None = None
        self.closed = False
        self._forking: int | None = None  # the thread that forks, and holds `_hosting` meanwhile
        self._new_locks()
        forks.register(self)
        forks.let_thread_rest(self)

    def _new_locks(self) -> None:
        self._hosting = Lock()  # of the thread itself
        # One for each that waits. A condition of `threading` is no match for exceptions out of nowhere, such as Ctrl-C:
        # in the midst of its `__enter__` they would leave it locked.
        self._bells: set[threading.Lock] = set()

    def join(self, following: Following) -> None:
        """Follow a question for one more watch."""
        with self._hosting:
            self._require_open()
            self._open.add(following)  # first of all, so that a signal handler that ends the others ends no thread
            self._hand_over(following)

    def _hand_over(self, following: Following) -> None:
        while not self._up(str(following.call[1])).do(lambda follower: follower.join(following)):
            self._require_open()

    def _up(self, name: str) -> _Host:
        """The thread, which is begun if there is none."""
        if self._host is not None:
            return self._host
        try:
            host = self._host = self._new_host()
            host.start()
        except BaseException as error:
            self._halt()
            if isinstance(error, OSError | RuntimeError):
                problem = f"no thread can be started for a watch ({getattr(error, 'strerror', None) or error})"
                raise NetworkError(name, problem) from None
            raise
        return host

    def _new_host(self) -> _Host:
        return _Host(self._to_ask, self._events, self._pollers, self._ring, self._lose)

    def _ring(self) -> None:
        """Let all that wait look again."""
        for bell in [*self._bells]:
            with suppress(RuntimeError):  # it has rung already
                bell.release()

    def _lose(self) -> None:
        """The thread has ended by itself, by a fault that Python tells of."""
        self.closed = True
        self._ring()

    def leave(self, following: Following) -> None:
        """Follow it for one watch less; the thread ends with the last one."""
        with self._hosting:
            if following in self._open:
                if self._host is not None:
                    self._host.do(lambda follower: follower.drop(following))
                if len(self._open) == 1:
                    self._halt()
                self._open.discard(following)  # at the end: who was interrupted before that leaves once more
        self._ring()  # others may wait on that watch

    def _halt(self) -> None:
        host = self._host
        if host is not None:
            try:
                host.stop()
            except BaseException:
                host.stop()  # out of nowhere, before it was told to end
                raise
            finally:
                self._host = None

    def ask(self, questions: Iterable[Question]) -> None:
        """Ask what nobody waits for; the thread ends with the last of it, if no watch is open."""
        with self._hosting, suppress(NetworkError, ResolverClosed):
            self._require_open()
            host = self._up("")
            host.do(lambda _: host.ask(questions, lambda: self._rest_if_idle(host)))

    def _rest_if_idle(self, host: _Host) -> None:
        """In the thread: end it, if there is nothing to do. It waits for no lock whose holder may wait for it."""
        if not self._hosting.acquire(blocking=False):
            host.loop.call_later(_SOON, self._rest_if_idle, host)
            return
        try:
            if self._host is host and not self._open and not host.is_asking:
                self._halt()
        finally:
            self._hosting.release()

    def hint(self, following: Following) -> None:
        """The answer may be another by now."""
        with self._hosting:
            self._require_open()
            if following in self._open and self._host is not None:
                self._host.do(lambda follower: follower.hint(following))

    def suspect(self, following: Following, endpoint: Endpoint) -> None:
        """A connect to the endpoint failed."""
        with self._hosting:
            self._require_open()
            if self._host is not None:
                self._host.do(lambda follower: follower.suspect(following, endpoint))

    def followed(self) -> Iterable[Following]:
        """What the watches know that are open, in whatever thread."""
        return [*self._open]

    def wait(self, until: Callable[[], bool], seconds: float | None) -> bool:
        """Wait until that is so; False where it was not in time."""
        end = None if seconds is None else monotonic() + seconds
        bell = threading.Lock()
        bell.acquire()
        self._bells.add(bell)
        try:
            while True:
                if until():
                    return True
                self._require_open()
                left = _LONGEST if end is None else min(end - monotonic(), _LONGEST)
                if left <= 0:
                    return False
                bell.acquire(timeout=left)
        finally:
            self._bells.discard(bell)

    def _require_open(self) -> None:
        if self.closed:
            raise ResolverClosed(CLOSED)

    def close(self) -> None:
        """Ask nothing more; all that wait, and whoever comes, is told that the resolver is closed."""
        self._lose()
        with self._hosting:
            self._open.clear()
            self._halt()

    # -- forks -------------------------------------------------------------------------------------------------------

    def before_fork(self) -> None:
        """Have no thread, whose sockets and locks a child process would have too."""
        if self._hosting.acquire(timeout=_REST):
            self._forking = threading.get_ident()
            self._halt()

    def after_fork_in_parent(self) -> None:
        """Go on."""
        if self._forking != threading.get_ident():
            return  # another thread forks, too, and has waited in vain
        self._forking = None
        try:
            if self._open and not self.closed:
                self._up("")
        except NetworkError:
            self._lose()
        finally:
            self._hosting.release()

    def after_fork(self) -> None:
        """Nothing asks in a child process."""
        self.closed = True
        self._forking = None
        self._host = None
        self._open.clear()
        self._new_locks()
