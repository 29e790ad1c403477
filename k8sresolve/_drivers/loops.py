"""One line of service for any number of loops, asyncio's and trio's: a driver for each, made as the loop first asks."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from sys import modules
from typing import TYPE_CHECKING, Any, Protocol
from weakref import ref

from k8sresolve._core.engine.ledger import Ledger
from k8sresolve._core.engine.rules import Rules
from k8sresolve._core.events import Events
from k8sresolve._core.questions import Question, Results, Round, Terms
from k8sresolve._drivers import forks
from k8sresolve._locks import Lock
from k8sresolve.errors import ConfigError, ResolverClosed

if TYPE_CHECKING:
    from k8sresolve._drivers.connecting.asyncio_ import AsyncioAttempts
    from k8sresolve._drivers.connecting.trio_ import TrioAttempts
    from k8sresolve._drivers.probing.asyncio_ import AsyncioProbes
    from k8sresolve._drivers.probing.trio_ import TrioProbes


class LoopDriver(Protocol):
    """What serves one loop. Its thread alone calls what is here, `over` and `abandon` apart."""

    loop: ref[Any]

    @property
    def over(self) -> bool:
        """Whether nothing runs in the loop any more."""
        ...

    async def ask(self, asked: Question | Round, terms: Terms) -> Results:
        """Ask questions at once, and wait for what suffices."""
        ...

    def retire(self) -> None:
        """Hold nothing open between questions any more."""

    def close(self) -> None:
        """End what is pending, and close what is open."""

    def abandon(self) -> None:
        """Close what is open and forget what is pending: the loop can do nothing about it any more."""


def is_trio(loop: object) -> bool:
    """Whether this is a run of trio, of which a token tells."""
    return hasattr(loop, "run_sync_soon")


def _find_asyncios() -> Any:
    global asyncios  # noqa: PLW0603 - each call asks, and one of ours around asyncio's takes thrice as long
    # The public one raises where none runs. There is none yet where asyncio has only begun to load.
    find = getattr(modules.get("asyncio"), "_get_running_loop", None)
    if find is None:
        return None
    asyncios = find
    return find()


asyncios: Callable[[], Any] = _find_asyncios
"""Find the loop of asyncio's that runs here; None where none does. To be looked up here at each call."""


def running() -> Any:
    """The loop that runs here: asyncio's, or the token of trio's run; None where neither does."""
    # trio first: as a guest, it runs inside a loop of asyncio's.
    trio: Any = modules.get("trio")
    if trio is not None:
        try:
            trio.lowlevel.current_task()
        except RuntimeError:
            pass
        else:
            return trio.lowlevel.current_trio_token()
    return asyncios()


def let_do(loop: Any, act: Callable[[], None]) -> bool:
    """Let a loop do it, in its own thread; False where it is over."""
    try:
        (loop.run_sync_soon if is_trio(loop) else loop.call_soon_threadsafe)(act)
    except RuntimeError:
        return False
    return True


def _soon(driver: LoopDriver, act: Callable[[], None]) -> None:
    """Let the driver's loop do it."""
    loop = driver.loop()
    if loop is None or not let_do(loop, act):
        driver.abandon()


def _check_readers(loop: object) -> None:
    """Raise `ConfigError` for a loop of asyncio that cannot watch sockets, as Windows' ProactorEventLoop."""
    from asyncio import AbstractEventLoop

    kind = type(loop)
    if getattr(kind, "add_reader", None) is AbstractEventLoop.add_reader:  # which is none
        raise ConfigError(
            f"a {kind.__name__} cannot watch sockets",
            advice="run another one, as asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) does, or ask a Resolver "
            "in a thread",
        )


def loop_driver(rules: Rules, ledger: Ledger, events: Events, loop: Any) -> LoopDriver:
    """Make the driver of a loop, for real sockets."""
    if is_trio(loop):
        from k8sresolve._drivers.trio_ import TrioDriver

        return TrioDriver(rules, ledger, events, loop)
    _check_readers(loop)
    from k8sresolve._drivers.asyncio_ import AsyncioDriver

    return AsyncioDriver(rules, ledger, events, loop)


def _nowhere() -> ConfigError:
    return ConfigError("neither asyncio nor trio runs here", advice="await it in asyncio.run() or trio.run()")


def attempts_here() -> type[AsyncioAttempts | TrioAttempts]:
    """How the loop that runs here connects. Raises `ConfigError` where none does."""
    loop = running()
    if loop is None:
        raise _nowhere()
    if is_trio(loop):
        from k8sresolve._drivers.connecting.trio_ import TrioAttempts

        return TrioAttempts
    _check_readers(loop)
    from k8sresolve._drivers.connecting.asyncio_ import AsyncioAttempts

    return AsyncioAttempts


def probes_here() -> type[AsyncioProbes | TrioProbes]:
    """How the loop that runs here probes. Raises `ConfigError` where none does."""
    loop = running()
    if loop is None:
        raise _nowhere()
    if is_trio(loop):
        from k8sresolve._drivers.probing.trio_ import TrioProbes

        return TrioProbes
    _check_readers(loop)
    from k8sresolve._drivers.probing.asyncio_ import AsyncioProbes

    return AsyncioProbes


class Loops:
    """A driver for each loop, and one ledger for all: sockets, flights and `in_flight` are a loop's own.

    Loops are held weakly. What one leaves open is closed as it is collected, or as the next one begins.
    """

    def __init__(
        self, rules: Rules, ledger: Ledger, now: Callable[[], float], make: Callable[[Any], LoopDriver]
    ) -> None:
        self.rules = rules
        self.now = now
        self._ledger = ledger
        self._make = make
        self._drivers: dict[int, LoopDriver] = {}  # by the id of the loop, which another one may have later
        self._lock = Lock()
        self._retired = self._closed = False
        forks.register(self)

    def ask(self, asked: Question | Round, terms: Terms) -> Coroutine[Any, Any, Results]:
        """Ask questions at once, and wait for what suffices, in the loop that runs here."""
        loop = running() if "trio" in modules else asyncios()
        driver = self._drivers.get(id(loop))
        if driver is None or driver.loop() is not loop:
            driver = self._enter(loop)
        return driver.ask(asked, terms)

    def _enter(self, loop: Any) -> LoopDriver:
        """Make the driver of a loop that asks for the first time."""
        if loop is None:
            raise _nowhere()
        with self._lock:
            if self._closed:
                raise ResolverClosed("this resolver is closed")
            self._leave_those_over()
            driver = self._drivers[id(loop)] = self._make(loop)
            if self._retired:
                driver.retire()
        return driver

    def _leave_those_over(self) -> None:
        for key, other in tuple(self._drivers.items()):
            if other.over:
                other.abandon()
                del self._drivers[key]

    def forget(self, name: str | None) -> None:
        """Drop what the cache knows of a name, or everything."""
        self._ledger.cache.forget(name)

    def retire(self) -> None:
        """Close each socket as the last question that waits on it ends."""
        with self._lock:
            self._retired = True
            drivers = list(self._drivers.values())
        here = running()
        for driver in drivers:
            if driver.loop() is here:
                driver.retire()
            else:
                _soon(driver, driver.retire)

    def close(self) -> None:
        """End what is pending here now; other loops do so in their own time, for which nobody waits."""
        with self._lock:
            self._closed = True
            drivers = list(self._drivers.values())
            self._drivers.clear()
        here = running()
        for driver in drivers:
            if here is not None and driver.loop() is here:
                driver.close()
            else:
                _soon(driver, driver.close)

    def __del__(self) -> None:
        # Anything may be half done as this is collected, in whatever thread: the loops do it between two callbacks.
        for driver in self._drivers.values():
            _soon(driver, driver.close)

    def after_fork(self) -> None:
        """Drop what belongs to the parent: its loops, with their sockets and flights, and the holders of its locks."""
        self._lock = Lock()
        self._ledger.share(Lock())
        self._ledger.tally.lock = Lock()
        self._ledger.mend()
        drivers, self._drivers = self._drivers, {}
        for driver in drivers.values():
            driver.abandon()
