"""Virtual time that several threads let go on, while others open and close watches."""

import math
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from k8sresolve import Observer, Watch
from k8sresolve.errors import ResolverClosed
from k8sresolve.testing import Cluster
from tests.drivers.watching.players import cluster


@pytest.fixture
def taking_turns() -> Iterator[None]:
    """Let threads take turns between any two steps."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


class Asked(Observer):
    def __init__(self, there: Cluster) -> None:
        self.times: list[float] = []
        self._there = there

    def asked(self, name: str, rdtype: str) -> None:
        self.times.append(self._there.clock.monotonic())


def at_once(*acts: Callable[[], object]) -> None:
    errors: list[Exception] = []

    def run(act: Callable[[], object]) -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001 - told below
            errors.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


@pytest.mark.usefixtures("taking_turns")
def test_watches_come_and_go_while_time_goes_on() -> None:
    there = cluster()
    with there.resolver(namespace="shop") as resolver:
        left = [*range(3)]

        def advance() -> None:
            try:
                for _ in range(200):
                    there.clock.advance(7)
            finally:
                left.pop()

        def open_and_close() -> None:
            while left:
                with there.resolver(namespace="shop") as another, another.watch("db") as one, resolver.watch("web"):
                    assert len(one.ready(2)) == 2

        at_once(*[advance] * len(left), *[open_and_close] * 3)


@pytest.mark.usefixtures("taking_turns")
def test_no_poll_is_early_though_several_threads_let_time_go_on() -> None:
    there = cluster()
    asked = Asked(there)
    with there.resolver(namespace="shop", observers=[asked]) as resolver, resolver.watch("db", "sql") as watch:
        watch.ready(2)
        at_once(*[lambda: [there.clock.advance(10) for _ in range(100)]] * 4)
    assert min(after - before for before, after in zip(asked.times, asked.times[1:], strict=False)) >= 5.0


def test_a_watch_that_is_closed_during_a_poll_is_not_ready_any_more() -> None:
    there = cluster()
    watches: list[Watch] = []

    class Closing(Observer):
        def asked(self, name: str, rdtype: str) -> None:
            if there.clock.monotonic() > 20:
                watches[0].close()

    with there.resolver(namespace="shop", observers=[Closing()]) as resolver, resolver.watch("db", "sql") as watch:
        watches.append(watch)
        with pytest.raises(ResolverClosed, match="this watch was closed"):
            watch.ready(3, timeout=None)
        assert there.clock.monotonic() < math.inf
