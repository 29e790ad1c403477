"""F1: exceptions out of nowhere during a blocking lookup, at every line of the driver and its desk, and by signals."""

import contextlib
import linecache
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from types import FrameType
from typing import Any

import dns.message
import pytest

import k8sresolve
from k8sresolve import CacheConfig
from k8sresolve.errors import Error, NetworkError, ResolverClosed
from tests.drivers import held
from tests.drivers.names import NAMES, NOT_KEPT, WORLD, ZONE, right
from tests.drivers.script import Nameserver, Out, answer, late, rcode, silent, truncated
from tests.drivers.test_blocking import wait_for

_ROOT = Path(k8sresolve.__file__).parent
_TRACED = {
    str(_ROOT / name)
    for name in (
        "watches.py",
        "_drivers/blocking.py",
        "_drivers/running.py",
        "_drivers/sockets.py",
        "_drivers/watch_thread.py",
    )
} | {
    str(path)
    for room in ("_core/engine", "_drivers/connecting", "_drivers/probing")
    for path in (_ROOT / room).glob("*.py")
}


class Interruption(Exception):
    """What a handler of SIGALRM may raise."""


def _releases(frame: FrameType) -> bool:
    """Whether the line is that of a `with`, where the interpreter looks for signals only once a lock is released.

    What it does otherwise, in some versions, is in `test_guards`.
    """
    return linecache.getline(frame.f_code.co_filename, frame.f_lineno).lstrip().startswith("with ")


class Interrupter:
    """Raises an exception at the n-th line that is run in the traced files, once, or calls a handler there."""

    def __init__(self, at: int, kind: type[BaseException], *, handler: Callable[[], object] | None = None) -> None:
        self.error = kind("out of nowhere")
        self._handler = handler
        self._left = at
        self.raised = False

    def trace(self, frame: FrameType, event: str, _argument: object) -> Any:
        if frame.f_code.co_filename not in _TRACED:
            return None
        if event == "line" and not self.raised and not _releases(frame):
            self._left -= 1
            if self._left < 0:
                self.raised = True
                if self._handler is None:
                    raise self.error
                sys.settrace(None)
                self._handler()
        return self.trace

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        before = sys.gettrace()
        sys.settrace(self.trace)
        try:
            yield
        finally:
            sys.settrace(before)


def at_every_line(look_up: Callable[[], object], check: Callable[[], object], kind: type[BaseException]) -> int:
    """Raise at one line after the other of what a lookup runs; returns how many there were."""
    for at in range(5000):
        interrupter = Interrupter(at, kind)
        came: BaseException | None = None
        try:
            with interrupter.at_work():
                look_up()
        except BaseException as error:  # noqa: BLE001 - whatever comes
            came = error
        assert came is (interrupter.error if interrupter.raised else None), "it must reach the caller, unchanged"
        if came is not None:
            came.__traceback__ = None  # which holds the frames, and so what was under way
        check()
        if not interrupter.raised:
            return at
    raise AssertionError("it never came to an end")


def at_rest() -> int:
    """Count the open descriptors, once the scripted nameserver has closed its streams, which it does in callbacks."""
    before, now = -1, held.fds()
    while before != now:
        time.sleep(0.2)
        before, now = now, held.fds()
    return now


def holds_no_more_than(idle: int) -> bool:
    """Look until it does, for five seconds: what leaked stays, and a late accept() of the nameserver's goes again."""
    until = time.monotonic() + 5
    while held.fds() > idle:
        if time.monotonic() > until:
            return False
        time.sleep(0.001)
    return True


def is_idle(resolver: Any) -> bool:
    desk = resolver._line.driver.desk
    return (desk.flights, desk.waiting, resolver.stats().in_flight) == ({}, 0, 0)


@pytest.mark.parametrize(
    ("nameserver", "lines", "kind"),
    [
        (WORLD, 120, Interruption),
        (WORLD, 120, KeyboardInterrupt),
        (Nameserver({"udp": (truncated,)}, ZONE), 250, Interruption),
    ],
    ids=["UDP", "UDP, KeyboardInterrupt", "TCP"],
)
def test_f1_an_exception_at_any_line_leaves_nothing_and_passes_unchanged(resolver_of, nameserver, lines, kind):
    resolver = resolver_of(nameserver, cache=NOT_KEPT)
    assert right(resolver, 0)
    idle = at_rest()

    def check() -> None:
        assert holds_no_more_than(idle)
        assert is_idle(resolver)
        assert right(resolver, 0)

    assert at_every_line(lambda: right(resolver, 0), check, kind) > lines


def test_f1_an_exception_at_any_line_of_a_lookup_whose_first_answer_is_servfail(resolver_of):
    first = [True]

    def servfail_first(query: bytes, reply: dns.message.Message) -> list[Out]:
        return (rcode("SERVFAIL") if first and first.pop() else answer)(query, reply)

    resolver = resolver_of(Nameserver({"": (servfail_first,)}, ZONE), cache=NOT_KEPT)
    idle = at_rest()

    def look_up() -> None:
        first.append(True)
        assert right(resolver, 0)

    def check() -> None:
        first.clear()
        assert holds_no_more_than(idle)
        assert is_idle(resolver)
        assert right(resolver, 0)

    assert at_every_line(look_up, check, Interruption) > 250


def test_f1_what_is_remembered_is_whole_after_an_exception_at_any_line(resolver_of):
    """One result is kept here, and another one recalled, whose answers are looked up since something has changed."""
    resolver = resolver_of()
    cache = resolver._line.cache
    assert right(resolver, 0)

    def look_up() -> None:
        assert right(resolver, 1)
        assert right(resolver, 0)

    with ThreadPoolExecutor(1) as pool:

        def check() -> None:
            counted = cache.octets
            cache.mend()
            assert cache.octets == counted
            assert right(resolver, 0)
            assert pool.submit(right, resolver, 1).result(10)
            resolver.forget(NAMES[1])

        check()
        assert at_every_line(look_up, check, Interruption) > 150


def test_f1_a_handler_that_looks_up_the_same_in_the_midst_of_a_recall(resolver_of):
    resolver = resolver_of()
    assert right(resolver, 0)
    lines = 0
    for at in range(1000):
        resolver.forget(NAMES[1])
        assert right(resolver, 1)  # something has changed, so that the other's answer is looked up
        caller = Interrupter(at, Interruption, handler=lambda: right(resolver, 0))
        with caller.at_work():
            assert right(resolver, 0)
        if not caller.raised:
            lines = at
            break
    assert lines > 5
    counted = resolver._line.cache.octets
    resolver._line.cache.mend()
    assert resolver._line.cache.octets == counted


def test_f1_with_a_closed_port(resolver_of):
    resolver = resolver_of(Nameserver(udp=False, tcp=False), retry_unreachable=0.03, cache=NOT_KEPT)
    idle = at_rest()

    def look_up() -> None:
        with pytest.raises(NetworkError):
            resolver.addresses(NAMES[0])

    def check() -> None:
        assert holds_no_more_than(idle)
        assert is_idle(resolver)

    assert at_every_line(look_up, check, Interruption) > 250


def test_f1_who_follows_the_interrupted_thread_gets_the_answer(resolver_of, patient):
    resolver = resolver_of(Nameserver({"": (late(0.01),)}, ZONE), cache=NOT_KEPT)
    assert right(resolver, 0)
    idle = at_rest()
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(right, resolver, 0).result(10)
        followers: list[Future[bool]] = []

        def look_up() -> None:
            followers.append(pool.submit(right, resolver, 0))
            right(resolver, 0)

        def check() -> None:
            assert followers.pop().result(10)
            assert is_idle(resolver)
            assert holds_no_more_than(idle)

        assert at_every_line(look_up, check, Interruption) > 100


def test_f1_a_name_that_waited_in_line_behind_it_is_asked(resolver_of, patient):
    resolver = resolver_of(Nameserver({"": (late(0.005),)}, ZONE), in_flight=1, cache=NOT_KEPT)
    with ThreadPoolExecutor(2) as pool:
        others: list[Future[bool]] = []

        def look_up() -> None:
            others.extend(pool.submit(right, resolver, index) for index in (1, 2))
            right(resolver, 0)

        def check() -> None:
            while others:
                assert others.pop().result(10)
            assert is_idle(resolver)

        assert at_every_line(look_up, check, Interruption) > 100


# -- signals -----------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def on_alarm(handler: Callable[..., object]) -> Iterator[None]:
    before = signal.signal(signal.SIGALRM, handler)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def interrupt(_number: int, _frame: FrameType | None) -> None:
    raise Interruption


# Between the call that opens a socket and our next step only the interpreter knows of it, which then closes it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_f1_alarms_at_random_moments(resolver_of):
    resolver = resolver_of(Nameserver({"n9.shop.svc.cluster.local.": (silent,)}, ZONE), cache=NOT_KEPT)
    assert right(resolver, 0)
    idle, chance = at_rest(), random.Random(10)
    interrupted = 0
    with on_alarm(interrupt):
        for _ in range(1000):
            try:
                signal.setitimer(signal.ITIMER_REAL, chance.uniform(0.00001, 0.0003))
                right(resolver, 0)
                signal.setitimer(signal.ITIMER_REAL, 0)
            except Interruption as error:
                error.__traceback__ = None
                interrupted += 1
    assert interrupted > 100
    assert is_idle(resolver)
    assert holds_no_more_than(idle)
    assert right(resolver, 1)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # as above
def test_f1_alarms_at_random_moments_leave_nothing_to_other_threads_that_is_locked(resolver_of):
    resolver = resolver_of(cache=CacheConfig(entries=3))

    def look_up(numbers: Iterable[int]) -> None:
        for number in numbers:
            assert right(resolver, number)
            resolver.forget(NAMES[0])

    look_up([0, 1, 2, 3] * 3)  # what is loaded late is not loaded again by what an exception leaves of it
    chance = random.Random(13)
    with on_alarm(interrupt):
        for _ in range(500):
            with contextlib.suppress(Interruption):
                # Again, where an object's end has it to itself, and drops what it raises.
                signal.setitimer(signal.ITIMER_REAL, chance.uniform(0.00001, 0.002), 0.1)
                look_up(cycle(range(4)))
            signal.setitimer(signal.ITIMER_REAL, 0)
            assert not resolver._line.driver._lock._is_owned()
    assert is_idle(resolver)


def test_f1_an_alarm_ends_a_lookup_that_waits(resolver_of):
    resolver = resolver_of(Nameserver({"": (silent,)}, ZONE))
    with on_alarm(interrupt):
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(Interruption):
            right(resolver, 0)
    assert is_idle(resolver)


def test_f1_a_handler_that_looks_up_itself_at_any_line(resolver_of):
    """It runs apart where its thread is at work in the resolver, and as ever where that only waits."""
    resolver = resolver_of(cache=NOT_KEPT)
    assert right(resolver, 0)
    idle = at_rest()
    lines, rung = 0, list[bool]()
    for at in range(1000):
        caller = Interrupter(at, Interruption, handler=lambda: rung.append(right(resolver, 0)))
        with caller.at_work():
            assert right(resolver, 1)
        assert is_idle(resolver)
        assert holds_no_more_than(idle)
        if not caller.raised:
            lines = at
            break
    assert lines > 150
    assert rung == [True] * lines


def test_f1_a_handler_of_a_signal_that_looks_up_itself(resolver_of):
    resolver = resolver_of(cache=NOT_KEPT)
    chance = random.Random(11)
    rung: list[bool] = []
    with on_alarm(lambda *_: rung.append(right(resolver, 2))):
        for _ in range(300):
            signal.setitimer(signal.ITIMER_REAL, chance.uniform(0.00001, 0.0005))
            assert right(resolver, 1)
            signal.setitimer(signal.ITIMER_REAL, 0)
    assert len(rung) > 30
    assert all(rung)
    assert is_idle(resolver)


@pytest.mark.parametrize("call", ["close", "forget", "stats"])
def test_f1_a_handler_that_closes_or_forgets_does_not_wait_for_its_own_thread(resolver_of, call):
    resolver = resolver_of(cache=NOT_KEPT)
    driver = resolver._line.driver

    def handle(*_: object) -> None:
        getattr(resolver, call)()

    with on_alarm(handle), driver._lock:
        signal.raise_signal(signal.SIGALRM)
    if call == "close":
        with pytest.raises(ResolverClosed):
            right(resolver, 1)
    else:
        assert right(resolver, 1)


@pytest.mark.parametrize("at", range(0, 170, 24))
def test_f1_closed_by_a_handler_in_the_midst_of_a_lookup_all_are_told(resolver_of, patient, at):
    resolver = resolver_of(Nameserver({"n3.shop.svc.cluster.local.": (silent,)}, ZONE), cache=NOT_KEPT)
    assert right(resolver, 0)
    idle = at_rest()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(right, resolver, 3)
        wait_for(lambda: bool(resolver._line.driver.desk.flights))
        interrupter = Interrupter(at, Interruption, handler=resolver.close)
        with interrupter.at_work(), contextlib.suppress(ResolverClosed):
            right(resolver, 1)
        assert interrupter.raised
        with pytest.raises(ResolverClosed):
            waiting.result(10)
    assert holds_no_more_than(idle)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_f1_an_exception_set_in_the_thread_from_outside_is_not_ours(resolver_of):
    """As `signal.pthread_kill` and timeouts of test runners do: by PyThreadState_SetAsyncExc, which has no frame."""
    import ctypes

    resolver = resolver_of(Nameserver({"": (silent,)}, ZONE))
    came: list[BaseException] = []

    def work() -> None:
        try:
            right(resolver, 0, timeout=0.5)
        except BaseException as error:  # noqa: BLE001 - whatever comes
            came.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    wait_for(lambda: bool(resolver._line.driver.desk.flights))
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(Interruption))
    thread.join(10)
    assert [type(error) for error in came] == [Interruption]
    assert is_idle(resolver)


def test_f1_a_fault_of_ours_is_told_as_such_and_strands_nobody(resolver_of, monkeypatch, caplog):
    from k8sresolve._core.engine import desk

    resolver = resolver_of()
    # The code under test would raise it in a frame of its own.
    monkeypatch.setattr(desk, "read_one_address", eval("lambda *_: {}['fault']", {"__name__": "k8sresolve.wire"}))
    with pytest.raises(Error, match="k8sresolve itself failed"):
        right(resolver, 0)
    assert is_idle(resolver)
    monkeypatch.undo()
    assert right(resolver, 0)
