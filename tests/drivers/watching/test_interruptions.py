"""Exceptions out of nowhere, such as Ctrl-C, at every line of what a watch does in the caller's thread."""

import contextlib
import gc
import threading
import time
from collections.abc import Callable

import pytest

from k8sresolve import Resolver, ResolverConfig, Watch
from k8sresolve._core.watching import pace
from k8sresolve.errors import ResolverClosed
from tests.drivers.test_interruptions import Interrupter, Interruption, at_every_line
from tests.drivers.watching.players import REAL, served

QUICK = {"interval": REAL[0], "empty_hold": REAL[1]}


def hosts() -> int:
    return sum(thread.name == "k8sresolve-watch" for thread in threading.enumerate())


def comes(there: Callable[[], bool]) -> bool:
    """Wait for what the thread does by itself."""
    until = time.monotonic() + 10
    while not there() and time.monotonic() < until:
        time.sleep(0.001)
    return there()


@pytest.fixture
def config(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pace, "LEAST_JITTER", 0.0)
    with served() as (_, config):
        yield config


@pytest.mark.parametrize("kind", [Interruption, KeyboardInterrupt])
def test_an_exception_at_any_line_of_a_watch_leaves_nothing(config: ResolverConfig, kind: type[BaseException]) -> None:
    with Resolver(config) as resolver:

        def follow() -> None:
            with resolver.watch("db", "sql", **QUICK) as watch:
                assert len(watch.ready(2)) == 2
                watch.resolve_now()
                assert next(watch).previous == ()

        def check() -> None:
            gc.collect()
            assert comes(lambda: hosts() == 0)
            in_another_thread(follow)
            assert hosts() == 0

        assert at_every_line(follow, check, kind) > 50


@pytest.mark.parametrize("kind", [Interruption, KeyboardInterrupt])
def test_an_exception_at_any_line_leaves_the_other_watches_as_they_are(
    config: ResolverConfig, kind: type[BaseException]
) -> None:
    with Resolver(config) as resolver, resolver.watch("web", "http", **QUICK) as other:
        other.ready()
        (poller,) = resolver._follower._pollers  # type: ignore[union-attr]

        def follow() -> None:
            with resolver.watch("db", "sql", **QUICK) as watch:
                watch.ready(2)

        def check() -> None:
            gc.collect()
            in_another_thread(lambda: other.suspect(other.ready()[0]))
            assert hosts() == 1
            assert comes(lambda: list(resolver._follower._pollers) == [poller])  # type: ignore[union-attr]

        assert at_every_line(follow, check, kind) > 30


def in_another_thread(act: Callable[[], object]) -> None:
    """Do it there, where what this thread holds is a lock to wait for; raises what it raised."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - told below
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive(), "something is locked for good"
    assert errors == []


def at_every_line_do(handler: Callable[[], object], act: Callable[[], object]) -> int:
    """Call a handler at one line after the other of what is done; returns how many there were."""
    for at in range(5000):
        interrupter = Interrupter(at, Interruption, handler=handler)
        with interrupter.at_work():
            act()
        if not interrupter.raised:
            return at
    raise AssertionError("it never came to an end")


def test_a_signal_handler_may_wait_for_another_watch_in_the_midst_of_one(config: ResolverConfig) -> None:
    with Resolver(config) as resolver, resolver.watch("web", "http", **QUICK) as other:
        other.ready()

        def handle() -> None:
            other.resolve_now()
            with resolver.watch("db", **QUICK) as another:
                assert len(another.ready(2, timeout=10)) == 2

        def follow() -> None:
            with resolver.watch("db", "sql", **QUICK) as watch:
                watch.ready(2)
                watch.suspect(next(watch).current[0])

        assert at_every_line_do(handle, follow) > 50


def test_a_signal_handler_may_close_the_watch_in_the_midst_of_it(
    config: ResolverConfig, caplog: pytest.LogCaptureFixture
) -> None:
    with Resolver(config) as resolver, resolver.watch("web", "http", **QUICK) as other:
        opened: list[Watch] = []

        def follow() -> None:
            with contextlib.suppress(ResolverClosed), resolver.watch("db", "sql", **QUICK) as watch:
                opened.append(watch)
                watch.ready(2)
                watch.resolve_now()
                next(watch, None)

        assert at_every_line_do(lambda: opened and opened[-1].close(), follow) > 50
        other.ready()
    assert caplog.text == ""
