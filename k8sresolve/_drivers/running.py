"""What a driver is, and the loops that run a call on one: one for callers that wait, one for tasks."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any, Protocol, TypeAlias, TypeVar

from k8sresolve._core.engine.rules import Rules
from k8sresolve._core.questions import Asked, Lookup, Question, Results, Round, Terms, blank

S = TypeVar("S")
T = TypeVar("T")

Call: TypeAlias = tuple[Callable[..., Lookup[T]], *tuple[Any, ...]]
"""A lookup as a value: its function, and the arguments after the setting."""


class Driver(Protocol):
    """What every driver has."""

    rules: Rules

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

    def ask(self, asked: Question | Round, terms: Terms) -> Results:
        """Ask questions at once, and wait for what suffices."""
        ...


class AsyncDriver(Driver, Protocol):
    """A driver for tasks."""

    def ask(self, asked: Question | Round, terms: Terms) -> Coroutine[Any, Any, Results]:
        """Ask questions at once, and wait for what suffices."""
        ...


def run(  # noqa: PLR0917 - as lookups come here
    driver: SyncDriver, call: Call[T], setting: Any, timeout: float, asked: Asked, fresh: bool
) -> T:
    """Run a call to its end, `timeout` seconds at most, and note what it asks."""
    return go_on(driver, call[0](setting, *call[1:]), begin(driver, driver.now() + timeout, fresh), asked)


def run_async(  # noqa: PLR0917 - as lookups come here
    driver: AsyncDriver, call: Call[T], setting: Any, timeout: float, asked: Asked, fresh: bool
) -> Coroutine[Any, Any, T]:
    """Run a call to its end, `timeout` seconds at most, and note what it asks."""
    return go_on_async(driver, call[0](setting, *call[1:]), begin(driver, driver.now() + timeout, fresh), asked)


def begin(driver: Driver, deadline: float, fresh: bool) -> Terms:
    """On which terms a call's questions are asked from now on."""
    terms = blank(Terms)
    terms.deadline = deadline
    terms.fresh = fresh
    terms.retry_unreachable = driver.rules.retry_unreachable
    return terms


def go_on(driver: SyncDriver, lookup: Lookup[T], terms: Terms, asked: Asked) -> T:
    """Run a lookup to its end, and note what it asks."""
    try:
        round_ = next(lookup)
        while True:
            results = driver.ask(round_, terms)
            asked.append((round_.questions, results))
            round_ = lookup.send(results)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]


async def go_on_async(driver: AsyncDriver, lookup: Lookup[T], terms: Terms, asked: Asked) -> T:
    """Run a lookup to its end, and note what it asks."""
    try:
        round_ = next(lookup)
        while True:
            results = await driver.ask(round_, terms)
            asked.append((round_.questions, results))
            round_ = lookup.send(results)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]


def take_steps(steps: Generator[S, object, T], take: Callable[[S], object]) -> T:
    """Take the steps of a story, one after another, and send back what each came to."""
    try:
        step = next(steps)
        while True:
            step = steps.send(take(step))
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]


async def take_steps_async(steps: Generator[S, object, T], take: Callable[[S], Awaitable[object]]) -> T:
    """Take the steps of a story, one after another, and send back what each came to."""
    try:
        step = next(steps)
        while True:
            step = steps.send(await take(step))
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]


# Whose code may run in the midst of ours without being called by it: that of signal handlers and tracers.
_OURS = frozenset({"k8sresolve", "attr", "attrs", "dns", "outcome", "trio"}) | sys.stdlib_module_names


def is_ours(error: Exception) -> bool:
    """Whether an exception is a fault of this library's, and not one that somebody else's code threw in.

    A signal handler runs between two instructions of ours, and then its frame is on the traceback. One that was set in
    the thread from outside has no frame of its own, but is hardly of a type that Python itself raises.
    """
    modules = [type(error).__module__]
    frames = error.__traceback__
    while frames is not None:
        modules.append(frames.tb_frame.f_globals.get("__name__", ""))
        frames = frames.tb_next
    return all(module.partition(".")[0] in _OURS for module in modules)


def report_fault(what: str, error: Exception) -> None:
    """Log a fault of ours; what is none, such as a signal handler's exception, goes on to the caller."""
    if not is_ours(error):
        raise error
    report(what, error)


def report(what: str, error: Exception) -> None:
    """Log what must not be lost, with its traceback."""
    from k8sresolve._log import logger

    logger.error("%s", what, exc_info=error)
