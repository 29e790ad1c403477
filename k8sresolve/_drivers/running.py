"""What a driver is, and the loops that run a call on one: one for callers that wait, one for tasks."""

import logging
from typing import Protocol, TypeVar

from k8sresolve._core.questions import Call, Results, Round, Terms

T = TypeVar("T")

logger = logging.getLogger("k8sresolve")


class Driver(Protocol):
    """What every driver has."""

    def now(self) -> float:
        """Seconds by the clock of deadlines and of the cache."""
        ...

    def forget(self, name: str | None) -> None:
        """Drop what the cache knows of a name, or everything."""
        ...

    def retire(self) -> None:
        """Hold nothing open between questions any more: what is under way ends, and there will hardly be others."""
        ...

    def close(self) -> None:
        """End what is pending."""
        ...


class SyncDriver(Driver, Protocol):
    """A driver for callers that wait."""

    def ask(self, round_: Round, terms: Terms) -> Results:
        """Ask questions at once, and wait for what suffices."""
        ...


class AsyncDriver(Driver, Protocol):
    """A driver for tasks."""

    async def ask(self, round_: Round, terms: Terms) -> Results:
        """Ask questions at once, and wait for what suffices."""
        ...


def run(driver: SyncDriver, call: Call[T], setting: object, timeout: float, *, fresh: bool) -> T:
    """Run a call to its end, `timeout` seconds at most."""
    terms = Terms(driver.now() + timeout, fresh)
    lookup = call.begin(setting)
    try:
        round_ = next(lookup)
        while True:
            round_ = lookup.send(driver.ask(round_, terms))
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]


async def run_async(driver: AsyncDriver, call: Call[T], setting: object, timeout: float, *, fresh: bool) -> T:
    """Run a call to its end, `timeout` seconds at most."""
    terms = Terms(driver.now() + timeout, fresh)
    lookup = call.begin(setting)
    try:
        round_ = next(lookup)
        while True:
            round_ = lookup.send(await driver.ask(round_, terms))
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]


def report(what: str, error: Exception) -> None:
    """Log what must not be lost, with its traceback."""
    logger.error("%s", what, exc_info=error)
