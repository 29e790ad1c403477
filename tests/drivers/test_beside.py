"""What may hold up a loop is read in a thread beside it: large messages, and odd replies, with the import of dnspython.

Whatever comes meanwhile goes its way, and what reading comes to is passed over if nobody waits for it any more.
"""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import dns.edns
import pytest
import trio

from k8sresolve._core.engine import health, inquiry
from k8sresolve._drivers import beside
from k8sresolve.errors import InternalError, ResolverClosed
from tests.drivers.children import in_child, status_of
from tests.drivers.names import NAMES, ZONE, scripted
from tests.drivers.names import async_right as right
from tests.drivers.script import Nameserver, Playing, answer, changed, first, truncated
from tests.drivers.test_loops import each_loop, in_trio, in_uvloop, until

odd = changed(lambda reply: reply.use_edns(options=[dns.edns.GenericOption(3, b"ns1")]))  # NSID, RFC 5001
LARGE = Nameserver(
    {"udp": (truncated,)},
    "\n".join(f"big.example. 30 A 10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}" for n in range(1500))
    + "\nsmall.example. 30 A 10.96.20.1",
)


@pytest.fixture
def resolver_of(async_resolver_of):
    return async_resolver_of


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    """Let uvloop open what it never closes."""
    in_uvloop(lambda: asyncio.sleep(0))


async def reads_large(resolver: Any) -> bool:
    return len((await resolver.addresses("big.example.")).addresses) == 1500


async def reads_odd(resolver: Any) -> bool:
    return await right(resolver, 0)


each_kind = pytest.mark.parametrize(
    ("nameserver", "reads"), [(LARGE, reads_large), (scripted(odd), reads_odd)], ids=["large", "odd"]
)


# -- where -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def readers(monkeypatch) -> list[bool]:
    """Whether each reply was read in the main thread, where the loop is."""
    here: list[bool] = []

    def noting(read: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*what: Any) -> Any:
            here.append(threading.current_thread() is threading.main_thread())
            return read(*what)

        return noted

    for name in ("read_plain_reply", "read_reply"):
        monkeypatch.setattr(inquiry, name, noting(getattr(inquiry, name)))
    return here


@each_loop
def test_a_message_over_16_kib_is_read_beside_the_loop(resolver_of, patient, readers, run):  # threat 8
    async def main() -> list[int]:
        async with resolver_of(LARGE) as resolver:
            return [len((await resolver.addresses(name)).addresses) for name in ("big.example.", "small.example.")]

    assert run(main) == [1500, 1]
    assert readers == [True, False, True, True]  # truncated, and over TCP, each


@each_loop
@pytest.mark.parametrize("nameserver", [scripted(odd), Nameserver({"udp": (truncated,), "tcp": (odd,)}, ZONE)])
def test_an_odd_reply_is_read_beside_the_loop_once_it_is_seen_to_be_odd(resolver_of, patient, readers, nameserver, run):
    async def main() -> None:
        async with resolver_of(nameserver) as resolver:
            assert await right(resolver, 0)

    run(main)
    assert readers[-2:] == [True, False]
    assert readers.count(False) == 1


WATCHED = """
import sys
import threading

importers = set()


class Watch:
    @staticmethod
    def find_spec(name, *_):
        if name.partition(".")[0] == "dns":
            importers.add(threading.current_thread())


sys.meta_path.insert(0, Watch)

from k8sresolve import AsyncResolver, ResolverConfig

config = ResolverConfig(nameservers=(sys.argv[1],), cluster_domain="cluster.local")


async def main():
    async with AsyncResolver(config, family="ipv4", timeout=60) as resolver:
        {main}


{run}
assert importers
assert threading.main_thread() not in importers, importers
"""
RUNS = {
    "asyncio": "import asyncio; asyncio.run(main())",
    "trio": "import trio; trio.run(main)",
    "uvloop": "import asyncio, uvloop; asyncio.Runner(loop_factory=uvloop.new_event_loop).run(main())",
}


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_the_first_odd_reply_has_dnspython_imported_in_another_thread(loopback, run):
    program = WATCHED.format(main=f'await resolver.addresses("{NAMES[0]}")', run=run)
    run_beside(loopback, program)


FORKING = f"""lookup = asyncio.ensure_future(resolver.addresses("{NAMES[0]}"))
        while not importers:
            await asyncio.sleep(0)
        child = os.fork()
        if not child:
            from k8sresolve import Resolver

            signal.alarm(30)
            os._exit(len(Resolver(config, family="ipv4", timeout=60).addresses("{NAMES[1]}").addresses))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
        await lookup"""


def test_n6_a_child_forked_meanwhile_can_import_dnspython_itself(loopback):
    run_beside(loopback, "import asyncio, os, signal\n" + WATCHED.format(main=FORKING, run=RUNS["asyncio"]))


def run_beside(loopback: Any, program: str) -> None:
    opened = loopback.open([Playing(scripted(odd))])
    try:
        subprocess.run(
            [sys.executable, "-W", "ignore::DeprecationWarning", "-c", program, str(opened[0].address)],
            check=True,
            timeout=60,
        )
    finally:
        loopback.close(opened)


# -- meanwhile -------------------------------------------------------------------------------------------------------


class Gate:
    """Holds up what is read beside the loop."""

    def __init__(self) -> None:
        self.reached, self.open = threading.Event(), threading.Event()

    async def until_reached(self, run: object) -> None:
        while not self.reached.is_set():
            await (trio.sleep if run is in_trio else asyncio.sleep)(0.001)


@pytest.fixture
def gate(monkeypatch) -> Iterator[Gate]:
    gate = Gate()
    read = inquiry.read_reply

    def slow(*what: Any) -> Any:
        gate.reached.set()
        assert gate.open.wait(10)
        return read(*what)

    monkeypatch.setattr(inquiry, "read_reply", slow)
    yield gate
    gate.open.set()


async def beside_each_other(run: object, *works: Callable[[], Awaitable[Any]]) -> None:
    if run is in_trio:
        async with trio.open_nursery() as nursery:
            for work in works:
                nursery.start_soon(work)
    else:
        await asyncio.gather(*(work() for work in works))


@each_loop
def test_a_plain_reply_that_comes_meanwhile_counts_and_the_other_is_passed_over(
    resolver_of, patient, caplog, gate, run
):
    async def main() -> None:
        async with resolver_of(scripted(first(odd, answer), answer)) as resolver:
            assert await right(resolver, 0)  # the gate is closed still
            gate.open.set()
            assert await right(resolver, 1)
            assert (resolver.stats().sends, resolver.stats().in_flight) == (2, 0)

    run(main)
    assert caplog.records == []


@each_loop
def test_a_question_is_sent_again_meanwhile_and_the_first_reply_that_is_read_counts(
    resolver_of, monkeypatch, gate, run
):
    monkeypatch.setattr(health, "FIRST_WAIT", 0.01)

    async def open_when_sent_again(resolver: Any) -> None:
        while resolver.stats().sends < 2:
            await (trio.sleep if run is in_trio else asyncio.sleep)(0.001)
        gate.open.set()

    async def main() -> None:
        async with resolver_of(scripted(odd)) as resolver:

            async def look_up() -> None:
                assert await right(resolver, 0)

            await beside_each_other(run, look_up, lambda: open_when_sent_again(resolver))
            assert resolver.stats().in_flight == 0

    run(main)


@each_loop
@each_kind
def test_cancelled_meanwhile_nothing_is_left(resolver_of, nameserver, reads, patient, caplog, gate, run):
    async def main() -> None:
        async with resolver_of(nameserver) as resolver:
            if run is in_trio:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(reads, resolver)
                    await gate.until_reached(run)
                    nursery.cancel_scope.cancel()
            else:
                task = asyncio.ensure_future(reads(resolver))
                await gate.until_reached(run)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            assert resolver.stats().in_flight == 0
            gate.open.set()
            assert await reads(resolver)

    run(main)
    assert caplog.records == []


@each_loop
@each_kind
def test_closed_meanwhile_nothing_is_left(resolver_of, nameserver, reads, patient, caplog, gate, run):
    resolver = resolver_of(nameserver)

    async def look_up() -> None:
        with pytest.raises(ResolverClosed):
            await reads(resolver)

    async def close_meanwhile() -> None:
        await gate.until_reached(run)
        await resolver.close()
        gate.open.set()

    run(lambda: beside_each_other(run, look_up, close_meanwhile))
    assert caplog.records == []


@each_loop
def test_a_desk_that_was_given_up_meanwhile_is_told_nothing(resolver_of, patient, gate, run):
    async def begin_anew(resolver: Any) -> None:
        await gate.until_reached(run)
        (driver,) = resolver._line.driver._drivers.values()
        driver._begin_anew()
        gate.open.set()

    async def main() -> None:
        async with resolver_of(scripted(odd)) as resolver:

            async def look_up() -> None:
                assert await right(resolver, 0)

            await beside_each_other(run, look_up, lambda: begin_anew(resolver))
            assert resolver.stats().in_flight == 0

    run(main)


@each_loop
@each_kind
def test_what_cannot_be_read_ends_as_any_other(resolver_of, monkeypatch, nameserver, reads, patient, run):
    # A frame of this file would be taken for a signal handler's.
    broken = eval("lambda *_: {}['fault']", {"__name__": "k8sresolve.broken"})
    read = inquiry.read_reply
    monkeypatch.setattr(inquiry, "read_reply", broken)

    async def main() -> None:
        async with resolver_of(nameserver) as resolver:
            with pytest.raises(InternalError):
                await reads(resolver)
            monkeypatch.setattr(inquiry, "read_reply", read)
            assert await reads(resolver)

    run(main)


# -- forks -----------------------------------------------------------------------------------------------------------


def holding(taken: threading.Event, go_on: threading.Event, done: list[bool]) -> threading.Thread:
    """Have a reading under way."""

    def hold() -> None:
        with beside._turn.lock:
            taken.set()
            go_on.wait(10)
            done.append(True)

    thread = threading.Thread(target=hold)
    thread.start()
    assert taken.wait(10)
    return thread


def test_n6_a_fork_waits_for_what_is_read(monkeypatch):
    monkeypatch.setattr(beside, "_LONGEST", 10.0)
    taken, go_on, done = threading.Event(), threading.Event(), []
    thread = holding(taken, go_on, done)
    timer = threading.Timer(0.02, go_on.set)
    timer.start()
    assert status_of(in_child(lambda: done == [True])) == 1
    thread.join()
    timer.join()


def test_n6_a_fork_does_not_wait_long_and_parent_and_child_go_on_reading(monkeypatch):
    monkeypatch.setattr(beside, "_LONGEST", 0.01)
    taken, go_on, done = threading.Event(), threading.Event(), []
    thread = holding(taken, go_on, done)
    assert status_of(in_child(lambda: not done and beside._turn.lock.acquire(timeout=10))) == 1
    go_on.set()
    thread.join()
    assert status_of(in_child(lambda: beside._turn.lock.acquire(timeout=10))) == 1
    until(lambda: beside._turn.lock.acquire(blocking=False))
    beside._turn.lock.release()
