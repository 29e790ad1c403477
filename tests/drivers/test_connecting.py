"""create_connection on threads, asyncio, uvloop and trio, to real listeners on loopback: one list of scenarios."""

import asyncio
import errno
import gc
import resource
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import attrs
import pytest
import trio
import uvloop

from k8sresolve import AsyncResolver, Resolver, ResolverConfig
from k8sresolve._drivers import forks
from k8sresolve._drivers.connecting.attempts import Attempts
from k8sresolve.errors import ConnectFailed, ConnectTimeout, LookupTimeout, NoSuchName, ResolverClosed
from tests.drivers import held
from tests.drivers.children import fds_in_child, in_child, status_of
from tests.drivers.script import Nameserver, silent
from tests.drivers.test_blocking import wait_for
from tests.drivers.test_interruptions import Interrupter, Interruption, at_every_line, holds_no_more_than
from tests.drivers.test_loops import in_asyncio, in_trio, in_uvloop
from tests.ports import apart

PATIENCE = 60.0  # seconds, on a busy machine
SERVICE = "web.shop.svc.cluster.local."


# -- listeners -------------------------------------------------------------------------------------------------------


class Machines:
    """Addresses of loopback with one port: some listen there, some are silent, and the others refuse."""

    def __init__(self, alive: tuple[str, ...], quiet: tuple[str, ...]) -> None:
        self._stack = ExitStack()
        self.listening = {}
        with self._stack as stack:
            self.port = apart()
            for address in alive or ("127.0.0.99",):
                server = stack.enter_context(_bound(address, self.port))
                server.listen(8)
                self.listening[address] = server
            for address in quiet:
                stack.enter_context(_silent(address, self.port))
            self._stack = stack.pop_all()

    def greet(self, address: str) -> None:
        """Let who connected to an address hear of it."""
        connection, _ = self.listening[address].accept()
        with connection:
            connection.sendall(b"hello")

    def forget(self) -> None:
        """Take those who connected and left, whom nobody greeted, out of the listeners' queues."""
        for listening in self.listening.values():
            listening.setblocking(False)
            with suppress(BlockingIOError):
                while True:
                    listening.accept()[0].close()
            listening.setblocking(True)

    def close(self) -> None:
        self._stack.close()


def _bound(address: str, port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((address, port))
    return sock


@contextmanager
def _silent(address: str, port: int) -> Iterator[None]:
    with _bound(address, port) as listening, ExitStack() as fillers:
        listening.listen(0)
        for _ in range(4):  # its queue is full with one; the kernel then lets others wait
            sock = fillers.enter_context(socket.socket(listening.family))
            sock.setblocking(False)
            sock.connect_ex((address, port))
        yield


@pytest.fixture
def machines() -> Iterator[Callable[..., Machines]]:
    made: list[Machines] = []

    def make(*alive: str, quiet: tuple[str, ...] = ()) -> Machines:
        made.append(Machines(alive, quiet))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(autouse=True)
def _both_families(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("k8sresolve._system.own_addresses", lambda: ("127.0.0.1", "::1"))


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    """Let uvloop open what it never closes."""
    in_uvloop(lambda: asyncio.sleep(0))


# -- drivers ---------------------------------------------------------------------------------------------------------

Greet = Callable[[str], None]
Call = tuple[str, "str | int"]


def _blocking(config: ResolverConfig, call: Call, timeout: float, greet: Greet) -> tuple[str, bytes]:
    with Resolver(config, family="both") as resolver:
        sock = resolver.create_connection(*call, timeout=timeout)
    with sock:  # it is the caller's, whatever becomes of the resolver
        assert type(sock) is socket.socket
        assert sock.gettimeout() is None
        greet(sock.getpeername()[0])
        return sock.getpeername()[0], sock.recv(10)


async def _in_loop(config: ResolverConfig, call: Call, timeout: float, greet: Greet) -> tuple[str, bytes]:
    async with AsyncResolver(config, family="both") as resolver:
        sock = await resolver.create_connection(*call, timeout=timeout)
    assert type(sock) is socket.socket
    assert sock.gettimeout() == 0.0
    address = sock.getpeername()[0]
    reader, writer = await asyncio.open_connection(sock=sock)
    greet(address)
    try:
        return address, await reader.read(10)
    finally:
        writer.close()
        await writer.wait_closed()


async def _in_trio(config: ResolverConfig, call: Call, timeout: float, greet: Greet) -> tuple[str, bytes]:
    async with AsyncResolver(config, family="both") as resolver:
        stream = await resolver.create_connection(*call, timeout=timeout)
    assert type(stream) is trio.SocketStream
    async with stream:
        address = stream.socket.getpeername()[0]
        greet(address)
        return address, bytes(await stream.receive_some(10))


CONNECT: dict[str, Callable[..., tuple[str, bytes]]] = {
    "blocking": _blocking,
    "asyncio": lambda *what: in_asyncio(lambda: _in_loop(*what)),
    "uvloop": lambda *what: in_uvloop(lambda: _in_loop(*what)),
    "trio": lambda *what: in_trio(lambda: _in_trio(*what)),
}
each_driver = pytest.mark.parametrize("driver", CONNECT)


# -- scenarios -------------------------------------------------------------------------------------------------------


@attrs.frozen
class Scenario:
    """What the Service's targets are, who is there, and what must come of connecting.

    A target is written with its priority: `"0 127.0.0.2 ::1"`. `port` None stands for the number. `tried` are the
    addresses and outcomes that the error tells, in order.
    """

    name: str
    targets: tuple[str, ...]
    alive: tuple[str, ...] = ()
    quiet: tuple[str, ...] = ()
    port: str | None = "http"
    timeout: float = PATIENCE
    connected: str = ""
    error: type[Exception] = AssertionError
    tried: tuple[tuple[str, str], ...] = ()
    says: str = ""

    def zone(self, port: int) -> str:
        lines: list[str] = []
        for number, target in enumerate(self.targets):
            priority, *addresses = target.split()
            name = SERVICE if self.port is None else f"t{number}.{SERVICE}"
            lines.append(f"_http._tcp.{SERVICE} 30 SRV {priority} 10 {port} {name}")
            lines += [f"{name} 30 {'AAAA' if ':' in address else 'A'} {address}" for address in addresses]
        return "\n".join(lines)

    @property
    def needs_ipv6(self) -> bool:
        return "::1" in (*self.alive, *self.quiet, *(address for address, _ in self.tried))

    def call(self, port: int) -> Call:
        return (SERVICE, port if self.port is None else self.port)


REFUSED, NO_ANSWER = "connection refused", "no answer"
SCENARIOS = (
    Scenario("one target", ("0 127.0.0.2",), alive=("127.0.0.2",), connected="127.0.0.2"),
    Scenario("by number", ("0 127.0.0.2",), port=None, alive=("127.0.0.2",), connected="127.0.0.2"),
    Scenario("IPv6 alone", ("0 ::1",), alive=("::1",), connected="::1"),
    Scenario(
        "of two priorities the first one's",
        ("1 127.0.0.3", "0 127.0.0.2"),
        alive=("127.0.0.2", "127.0.0.3"),
        connected="127.0.0.2",
    ),
    Scenario("the first target refuses", ("0 127.0.0.2", "1 127.0.0.3"), alive=("127.0.0.3",), connected="127.0.0.3"),
    Scenario(
        "the first target is silent",
        ("0 127.0.0.2", "1 127.0.0.3"),
        alive=("127.0.0.3",),
        quiet=("127.0.0.2",),
        connected="127.0.0.3",
    ),
    Scenario(
        "one silent, one refusing, one alive",
        ("0 127.0.0.2", "1 127.0.0.3", "2 127.0.0.4"),
        alive=("127.0.0.4",),
        quiet=("127.0.0.2",),
        connected="127.0.0.4",
    ),
    # TCP has no broadcasts, so that no packet leaves.
    Scenario(
        "one that fails at once, one silent, one alive",
        ("0 255.255.255.255", "1 127.0.0.3", "2 127.0.0.2"),
        alive=("127.0.0.2",),
        quiet=("127.0.0.3",),
        connected="127.0.0.2",
    ),
    Scenario("IPv6 is first and refuses", ("0 127.0.0.2 ::1",), port=None, alive=("127.0.0.2",), connected="127.0.0.2"),
    Scenario(
        "IPv6 is first and silent", ("0 127.0.0.2 ::1",), alive=("127.0.0.2",), quiet=("::1",), connected="127.0.0.2"
    ),
    Scenario(
        "all refuse, each told in the order tried",
        ("0 127.0.0.2 ::1", "1 127.0.0.3"),
        error=ConnectFailed,
        tried=(("::1", REFUSED), ("127.0.0.2", REFUSED), ("127.0.0.3", REFUSED)),
        says="refused: no process listens on the Service's targetPort there",
    ),
    Scenario(
        "all silent",
        ("0 127.0.0.2", "1 127.0.0.3"),
        quiet=("127.0.0.2", "127.0.0.3"),
        timeout=0.4,
        error=ConnectTimeout,
        tried=(("127.0.0.2", NO_ANSWER), ("127.0.0.3", NO_ANSWER)),
        says="no answer: a NetworkPolicy drops it",
    ),
    Scenario(
        "one silent and one that refuses",
        ("0 127.0.0.2", "1 127.0.0.3"),
        quiet=("127.0.0.2",),
        timeout=0.4,
        error=ConnectFailed,
        tried=(("127.0.0.2", NO_ANSWER), ("127.0.0.3", REFUSED)),
        says="no answer: .*; refused|refused: .*; no answer",
    ),
    Scenario("no such Service", (), error=NoSuchName, says="no port 'http'"),
    Scenario("no such host", (), port=None, error=NoSuchName, says="no such name"),
)


@each_driver
@pytest.mark.parametrize(
    "scenario", [pytest.param(one, id=one.name, marks=[pytest.mark.ipv6] * one.needs_ipv6) for one in SCENARIOS]
)
def test_scenarios(stage, machines, scenario, driver):
    there = machines(*scenario.alive, quiet=scenario.quiet)
    config, _ = stage(Nameserver(zone=scenario.zone(there.port)))
    call = scenario.call(there.port)
    if scenario.connected:
        assert CONNECT[driver](config, call, scenario.timeout, there.greet) == (scenario.connected, b"hello")
        return
    with pytest.raises(scenario.error, match=scenario.says) as caught:
        CONNECT[driver](config, call, scenario.timeout, there.greet)
    assert type(caught.value) is scenario.error
    if scenario.tried:
        assert caught.value.name == SERVICE
        told = [(attempt.address, attempt.port, attempt.outcome) for attempt in caught.value.attempts]
        assert told == [(address, there.port, outcome) for address, outcome in scenario.tried]


@each_driver
def test_where_dns_is_silent_its_error_comes_as_it_is(stage, driver):
    config, _ = stage(Nameserver({"": (silent,)}))
    with pytest.raises(LookupTimeout):
        CONNECT[driver](config, (SERVICE, "http"), 0.2, lambda _: None)


@each_driver
@pytest.mark.parametrize("host", ["127.0.0.2", pytest.param("::1", marks=pytest.mark.ipv6)])
def test_an_ip_literal_asks_nothing(stage, machines, driver, host):
    there = machines(host)
    config, (playing,) = stage(Nameserver())
    assert CONNECT[driver](config, (host, there.port), PATIENCE, there.greet) == (host, b"hello")
    assert playing.asked.total() == 0


@each_driver
def test_without_a_descriptor_left_that_is_told(stage, driver, monkeypatch):
    config, _ = stage(Nameserver())
    begin = Attempts._begin

    def begin_without(self: Attempts, to: Any) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (held.lowest_free(), hard))
        try:
            begin(self, to)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    monkeypatch.setattr(Attempts, "_begin", begin_without)
    with pytest.raises(ConnectFailed, match="too many open files in") as caught:
        CONNECT[driver](config, ("127.0.0.2", 1), PATIENCE, lambda _: None)
    assert caught.value.errno == errno.EMFILE
    assert "this process has no file descriptor left" in caught.value.advice


def test_a_new_socket_s_timeout_is_the_program_s_default(stage, machines, monkeypatch):
    there = machines("127.0.0.2")
    config, _ = stage(Nameserver())
    with Resolver(config) as resolver, monkeypatch.context() as patch:
        patch.setattr(socket, "getdefaulttimeout", lambda: 7.0)
        with resolver.create_connection("127.0.0.2", there.port) as sock:
            assert sock.gettimeout() == 7.0


@pytest.mark.parametrize("run", [in_asyncio, in_uvloop, in_trio], ids=["asyncio", "uvloop", "trio"])
def test_a_loop_keeps_nothing_of_what_is_connected(stage, machines, run):
    there = machines("127.0.0.2")
    config, _ = stage(Nameserver())

    async def main() -> list[Any]:
        async with AsyncResolver(config) as resolver:
            connected: Any = await resolver.create_connection("127.0.0.2", there.port, timeout=PATIENCE)
            await connected.aclose() if run is in_trio else connected.close()
            gc.collect()
            return [one for one in forks.alive_of(forks._forkable) if isinstance(one, Attempts)]

    assert run(main) == []


# -- leaving and closing ---------------------------------------------------------------------------------------------


def waits(resolver: Any) -> bool:
    """Whether one waits for an attempt."""
    return any(attempts._open for attempts in forks.alive_of(resolver._under_way()))


@pytest.fixture
def into_silence(stage, machines) -> tuple[ResolverConfig, Call]:
    """Where no connection comes of it."""
    there = machines(quiet=("127.0.0.2",))
    config, _ = stage(Nameserver())
    return config, ("127.0.0.2", there.port)


def test_closing_the_resolver_ends_it_in_another_thread(into_silence):
    config, call = into_silence
    with ThreadPoolExecutor(1) as pool:
        resolver = Resolver(config)
        waiting = pool.submit(resolver.create_connection, *call, timeout=PATIENCE)
        wait_for(lambda: waits(resolver))
        resolver.close()
        with pytest.raises(ResolverClosed):
            waiting.result(10)
    assert not resolver._under_way()


def test_a_resolver_that_is_closed_connects_no_more(into_silence):
    config, call = into_silence
    resolver = Resolver(config)
    resolver.close()
    with pytest.raises(ResolverClosed):
        resolver.create_connection(*call)


def test_closed_between_lookup_and_connecting(into_silence, monkeypatch):
    config, call = into_silence
    resolver = Resolver(config)
    look = resolver._look

    def look_and_close(*what: Any, **options: Any) -> Any:
        found = look(*what, **options)
        resolver.close()
        return found

    monkeypatch.setattr(resolver, "_look", look_and_close)
    with pytest.raises(ResolverClosed):
        resolver.create_connection(*call, timeout=PATIENCE)
    assert not resolver._under_way()


@pytest.mark.parametrize("run", [in_asyncio, in_uvloop], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("end", ["cancel", "close", "close from another thread"])
def test_a_task_that_is_cancelled_or_whose_resolver_is_closed(into_silence, run, end):
    config, call = into_silence

    async def main() -> None:
        resolver = AsyncResolver(config)
        task = asyncio.ensure_future(resolver.create_connection(*call, timeout=PATIENCE))
        while not waits(resolver):  # noqa: ASYNC110 - it is shown by no event
            await asyncio.sleep(0.001)
        if end == "cancel":
            task.cancel()
        elif end == "close":
            await resolver.close()
        else:
            await asyncio.get_running_loop().run_in_executor(None, resolver._close)
        with pytest.raises(asyncio.CancelledError if end == "cancel" else ResolverClosed):
            await task
        assert not resolver._under_way()
        await resolver.close()

    run(main)


@pytest.mark.parametrize("end", ["cancel", "close", "close from another thread"])
def test_the_same_in_trio(into_silence, end):
    config, call = into_silence
    came: list[BaseException] = []

    async def connect(resolver: AsyncResolver, scope: trio.CancelScope) -> None:
        with scope:
            try:
                await resolver.create_connection(*call, timeout=PATIENCE)
            except BaseException as error:
                came.append(error)
                raise

    async def main() -> None:
        resolver, scope = AsyncResolver(config), trio.CancelScope()
        with trio.fail_after(PATIENCE):
            try:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(connect, resolver, scope)
                    while not waits(resolver):  # noqa: ASYNC110 - it is shown by no event
                        await trio.sleep(0.001)
                    if end == "cancel":
                        scope.cancel()
                    elif end == "close":
                        await resolver.close()
                    else:
                        await trio.to_thread.run_sync(resolver._close)
            except* ResolverClosed:
                assert end != "cancel"
        assert not resolver._under_way()
        await resolver.close()

    trio.run(main)
    assert [type(error) for error in came] == [trio.Cancelled if end == "cancel" else ResolverClosed]


@pytest.mark.parametrize("make", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_a_task_that_its_loop_left_pending_leaves_nothing_open(into_silence, make):
    config, call = into_silence
    resolver = AsyncResolver(config)
    loop = make()
    task = loop.create_task(resolver.create_connection(*call, timeout=PATIENCE))
    while not waits(resolver):
        loop.run_until_complete(asyncio.sleep(0.001))
    loop.close()
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    del task
    gc.collect()
    assert not resolver._under_way()


def test_a_child_process_does_not_hold_what_its_parent_connects(into_silence):
    config, call = into_silence
    resolver = Resolver(config)
    with ThreadPoolExecutor(1) as pool:
        idle = held.fds()
        idle_in_child = fds_in_child()
        waiting = pool.submit(resolver.create_connection, *call, timeout=PATIENCE)
        wait_for(lambda: waits(resolver))
        assert held.fds() == idle + 1
        assert status_of(in_child(held.fds)) == idle_in_child
        resolver.close()
        with pytest.raises(ResolverClosed):
            waiting.result(10)


# -- exceptions out of nowhere (F1) ----------------------------------------------------------------------------------


@pytest.fixture
def refused_first(stage, machines) -> tuple[ResolverConfig, Machines]:
    """A Service whose first target refuses, and whose second and third are there."""
    there = machines("127.0.0.3", "127.0.0.4")
    refusing = Scenario("", ("0 127.0.0.2", "1 127.0.0.3", "2 127.0.0.4"))
    config, _ = stage(Nameserver(zone=refusing.zone(there.port)))
    return config, there


@pytest.mark.parametrize("kind", [Interruption, KeyboardInterrupt])
def test_f1_an_exception_at_any_line_of_connecting_leaves_nothing_open(refused_first, kind):
    config, there = refused_first
    with Resolver(config, family="ipv4") as resolver:

        def connect() -> None:
            with resolver.create_connection(SERVICE, "http", timeout=PATIENCE) as sock:
                there.greet(sock.getpeername()[0])

        connect()
        idle = held.fds()

        def check() -> None:
            there.forget()
            assert not resolver._under_way()
            assert holds_no_more_than(idle)

        assert at_every_line(connect, check, kind) > 60


@pytest.mark.parametrize("driver", ["asyncio", "trio"])
def test_exceptions_at_any_line_in_a_loop_leave_nothing_open(refused_first, driver, caplog):
    """What is raised in a callback is the loop's to tell; whatever comes, nothing stays open, and nobody waits."""
    config, there = refused_first
    CONNECT[driver](config, (SERVICE, "http"), PATIENCE, there.greet)
    idle = held.fds()
    lines = 0
    for at in range(1000):
        interrupter = Interrupter(at, KeyboardInterrupt)
        resolver = AsyncResolver(config, family="ipv4")

        async def connect(resolver: AsyncResolver = resolver) -> None:
            sock: Any = await resolver.create_connection("127.0.0.3", there.port, timeout=PATIENCE)
            there.greet("127.0.0.3")
            if driver == "trio":
                await sock.aclose()
            else:
                sock.close()

        try:
            with interrupter.at_work():
                trio.run(connect) if driver == "trio" else asyncio.run(connect())
        except BaseException as error:
            if not interrupter.raised:
                raise
            error.__traceback__ = None
        resolver._close()
        there.forget()
        gc.collect()
        assert not resolver._under_way()
        assert holds_no_more_than(idle)
        if not interrupter.raised:
            lines = at
            break
    assert lines > 40
