"""Lookups, cancellations, closing, forks, reloads and time in any order, over a network that loses and forges.

A Hypothesis state machine drives the async facade on the virtual driver. What holds after each step: counters never go
back; where nobody waits, no flight is left and nothing counts as in flight. What holds at the end of each lookup: it
ended in time, with an address that its name has had, or with an error of ours that fits what happened on the way.

K8SRESOLVE_MACHINES=2000 runs so many.
"""

import asyncio
import math
import os
import struct
from ipaddress import IPv4Address
from typing import Any, NamedTuple

import attrs
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from k8sresolve import Error, InternalError, LookupTimeout, NotFound, ResolverClosed, ResolverConfig, TemporaryFailure
from k8sresolve._core.engine.flights import Sending
from k8sresolve._facade import Options
from k8sresolve.config import CacheConfig
from k8sresolve.testing.network.clock import Clock
from k8sresolve.testing.network.parcels import REFUSED, Arrival
from k8sresolve.testing.programs.resolvers import OfflineAsyncResolver, Place
from tests.fuzz.telling import told

MACHINES = int(os.environ.get("K8SRESOLVE_MACHINES") or 150)
IN_FLIGHT = 2  # so that there is a queue
TIMEOUT = 5.0
TURNS = 30_000  # of the loop, after which a lookup that has not ended never will
ALWAYS = ("web", "db", "cache")
SOMETIMES = "flip"
NEVER = "ghost"
NAMES = (*ALWAYS, SOMETIMES, NEVER)
FAULTS = ("lost", "refused", "servfail", "formerr", "forged", "junk", "late", "twice", "truncated", "cut")
CONFIG = ResolverConfig.for_cluster("10.96.0.10", namespace="shop")
CACHES = (CacheConfig(), CacheConfig(serve_stale=60.0, prefetch=0.5))
OTHER_CONFIG = attrs.evolve(CONFIG, nameservers=(*CONFIG.nameservers, "10.96.0.11"))


class World:
    """A nameserver, and what goes wrong on the way to it."""

    def __init__(self) -> None:
        self.addresses: dict[str, IPv4Address] = {name: IPv4Address(f"10.0.0.{n}") for n, name in enumerate(ALWAYS, 1)}
        self.history = {name: {self.addresses.get(name)} for name in NAMES}
        self.faults: list[str] = []
        self.spoilt = 0
        self._last = 10

    def move(self, name: str) -> None:
        """Give a name another address."""
        self._last += 1
        self.addresses[name] = IPv4Address(0x0A000000 + self._last)
        self.history[name].add(self.addresses[name])

    def remove(self, name: str) -> None:
        """Let a name be there no more."""
        self.addresses.pop(name, None)
        self.history[name].add(None)

    def exchange(self, send: Sending, message: bytes) -> list[Arrival]:
        """Say what comes back for a message."""
        right = self._reply(message)
        if not self.faults:
            return [Arrival(0.001, right)]
        self.spoilt += 1
        tcp = send.transport == "tcp"
        match self.faults.pop():
            case "lost":
                return []
            case "refused":
                return [REFUSED]
            case "servfail":
                return [Arrival(0.001, _with_rcode(right, 2))]
            case "formerr":
                return [Arrival(0.001, _with_rcode(right, 1))]
            case "forged":
                forged = [right[:2] + right[2:].replace(b"shop", b"shoq"), b"\xff\xff" + right[2:]]
                return [Arrival(0.001, data) for data in forged[:1] * tcp or [*forged, right]]
            case "junk":
                return [Arrival(0.001, right[:2])] * 70
            case "late":
                return [Arrival(1.5, right)]
            case "twice":
                return [Arrival(0.001, right), Arrival(0.002, right)][: 1 if tcp else 2]
            case "truncated":
                return [Arrival(0.001, right[:2] + bytes((right[2] | 2,)) + right[3:])]
            case _:
                return [Arrival(0.001, right[:-3])]

    def _reply(self, message: bytes) -> bytes:
        behind = message.index(b"\0", 12) + 5
        label = message[13 : 13 + message[12]].decode().lower()
        address = self.addresses.get(label)
        if address is None:
            return message[:2] + b"\x85\x83\0\1" + bytes(6) + message[12:behind]
        head = message[:2] + b"\x85\x80\0\1\0\1" + bytes(4) + message[12:behind]
        return head + b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 5, 4) + address.packed


def _with_rcode(message: bytes, rcode: int) -> bytes:
    """The question, and that."""
    behind = message.index(b"\0", 12) + 5
    return message[:3] + bytes((0x80 | rcode,)) + message[4:6] + bytes(6) + message[12:behind]


class OneReload:
    """The file was written anew; see `_system.Reloader`."""

    def __init__(self, config: ResolverConfig) -> None:
        self._configs = [config]
        self.due = -math.inf

    def changed(self, _now: float) -> ResolverConfig | None:
        """Return the configuration, once."""
        return self._configs.pop() if self._configs else None


class Waiting(NamedTuple):
    """A lookup under way, and how things stood as it began."""

    task: "asyncio.Task[Any]"
    name: str
    timeout: float
    fresh: bool
    began: float
    spoilt: int
    jumps: int
    closings: int


class Machine(RuleBasedStateMachine):
    """What a program may do, and what may happen to it."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.world = World()
        self.clock = Clock()
        self.lines = told()
        self.told = self.lines.__enter__()
        self.waiting: list[Waiting] = []
        self.loops: list[Any] = []  # of each configuration so far: a driver for each loop, of which there is one
        self.drivers: list[Any] = []
        self.jumps = 0
        self.closings = 0
        self.spoilt = 0  # how much was when nothing was under way the last time: a lookup may join what is
        self.counted: tuple[int, ...] = (0, 0, 0, 0)

    @initialize(cache=st.sampled_from(CACHES))
    def open(self, cache: CacheConfig) -> None:
        """Make a resolver; the counters begin anew."""
        self.cache = cache
        place = Place(CONFIG, self.world, frozenset({4}))
        options = Options(in_flight=IN_FLIGHT, family="ipv4", cache=cache)
        self.resolver = OfflineAsyncResolver(place, self.clock, options)
        self.counted = (0, 0, 0, 0)
        self._note_driver()

    def _note_driver(self) -> None:
        loops = self.resolver._line.driver
        self.loops += [loops] if loops not in self.loops else []
        drivers = loops._drivers.values()
        self.drivers += [driver for driver in drivers if driver not in self.drivers]

    # -- what a program does -------------------------------------------------------------------------------------------

    @rule(
        names=st.lists(st.sampled_from(NAMES), min_size=1, max_size=6),
        timeout=st.sampled_from([0.2, TIMEOUT, TIMEOUT]),
        fresh=st.booleans(),
    )
    def look_up(self, names: list[str], timeout: float, fresh: bool) -> None:
        """Begin lookups, more than there is room for."""
        if not any(driver.desk.flights for driver in self.drivers):
            self.spoilt = self.world.spoilt
        for name in names:
            task = self.loop.create_task(self.resolver.service(name, timeout=timeout, fresh=fresh))
            now = self.clock.monotonic()
            self.waiting.append(Waiting(task, name, timeout, fresh, now, self.spoilt, self.jumps, self.closings))
        self._turn(1)
        self._note_driver()

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """Give one of them up."""
        waiting = data.draw(st.sampled_from(self.waiting))
        waiting.task.cancel()
        self._turn(2)
        assert waiting.task.done()

    @rule(name=st.sampled_from([None, *NAMES]))
    def forget(self, name: str | None) -> None:
        """Drop what is remembered."""
        self.resolver.forget(name)

    @rule(config=st.sampled_from([CONFIG, OTHER_CONFIG]))
    def reload(self, config: ResolverConfig) -> None:
        """Let the configuration change; the next lookup sees it."""
        self.resolver._reloader = OneReload(config)
        self.resolver._calm_down()

    @rule()
    def close(self) -> None:
        """Close, with lookups pending or not, twice, and open another resolver."""
        for _ in range(2):
            self.loop.run_until_complete(self.resolver.close())
        self.closings += 1
        self._turn(3)
        assert all(waiting.task.done() for waiting in self.waiting)
        self._take_ended()
        self._check_idle()
        self.open(self.cache)

    @rule()
    def fork(self) -> None:
        """Go on as a child would: flights and timers are the parent's; tasks that waited are forgotten one by one."""
        for driver in self.loops:
            driver.after_fork()
        for waiting in self.waiting:
            waiting.task.cancel()
        self._turn(3)
        self.waiting.clear()
        self._check_idle()

    # -- what happens --------------------------------------------------------------------------------------------------

    @rule(turns=st.integers(1, 12))
    def run(self, turns: int) -> None:
        """Let the loop run."""
        self._turn(turns)

    @rule(seconds=st.sampled_from([0.01, 0.3, 1, 6, 40]))
    def advance(self, seconds: float) -> None:
        """Let time pass at once, as when the machine slept."""
        self.clock.advance(seconds)
        self.jumps += 1

    @rule(faults=st.lists(st.sampled_from(FAULTS), min_size=1, max_size=6))
    def spoil(self, faults: list[str]) -> None:
        """Let the next packets meet faults."""
        self.world.faults += faults

    @rule(name=st.sampled_from([*ALWAYS, SOMETIMES]))
    def move(self, name: str) -> None:
        """Give a name another address."""
        self.world.move(name)

    @rule()
    def remove(self) -> None:
        """Take away the name that is there sometimes."""
        self.world.remove(SOMETIMES)

    @rule(name=st.sampled_from(NAMES))
    def settle(self, name: str) -> None:
        """Let everything come to its end; then a fresh lookup over a sound network tells how things stand."""
        self._drain()
        self._check_idle()
        self.world.faults.clear()
        self.clock.advance(600)  # past what is known of the nameservers' ill health
        self.look_up([name], TIMEOUT, True)
        task = self.waiting[-1].task
        self._drain()
        address = self.world.addresses.get(name)
        if address is None:
            assert isinstance(task.exception(), NotFound)
        else:
            assert task.result().addresses == (address,)

    # -- what holds ----------------------------------------------------------------------------------------------------

    @invariant()
    def counters_never_go_back(self) -> None:
        """And what is in flight is bounded."""
        if not hasattr(self, "resolver"):
            return
        stats = self.resolver.stats()
        counted = (stats.questions, stats.sends, stats.resends, stats.cache_hits)
        assert all(now >= before for now, before in zip(counted, self.counted, strict=True))
        assert stats.resends <= stats.sends
        assert stats.cache_hits <= stats.questions
        self.counted = counted

    @invariant()
    def nothing_is_left_where_nobody_waits(self) -> None:
        """Nor reported as a fault of the library's own."""
        self._take_ended()
        if not self.waiting:
            self._check_idle()
        assert not self.told

    def teardown(self) -> None:
        """Let all end, and close."""
        try:
            self._drain()
            self._check_idle()
            self.loop.run_until_complete(self.resolver.close())
            assert not self.told
        finally:
            self.lines.__exit__(None, None, None)
            self.loop.close()

    # -- the parts -----------------------------------------------------------------------------------------------------

    def _turn(self, turns: int) -> None:
        async def turn() -> None:
            for _ in range(turns):
                await asyncio.sleep(0)

        self.loop.run_until_complete(turn())

    def _drain(self) -> None:
        for _ in range(TURNS // 100):
            if all(waiting.task.done() for waiting in self.waiting):
                break
            self._turn(100)
        self._take_ended()
        assert not self.waiting, "a lookup was lost"

    def _check_idle(self) -> None:
        unbound = 0
        for driver in self.drivers:
            flights = driver.desk.flights.values()
            assert all(flight.unbound and not flight.batches for flight in flights)
            assert driver.desk.active == sum(flight.launched for flight in flights)
            unbound += driver.desk.active
        assert self.resolver.stats().in_flight == unbound
        assert not unbound or self.cache.serve_stale

    def _take_ended(self) -> None:
        ended = [waiting for waiting in self.waiting if waiting.task.done()]
        self.waiting = [waiting for waiting in self.waiting if not waiting.task.done()]
        for waiting in ended:
            self._judge(waiting)

    def _judge(self, waiting: Waiting) -> None:
        task, name = waiting.task, waiting.name
        if task.cancelled():
            return
        error = task.exception()
        undisturbed = self.world.spoilt == waiting.spoilt and self.jumps == waiting.jumps
        match error:
            case None:
                assert set(task.result().addresses) <= self.world.history[name] - {None}
                assert not task.result().stale or (self.cache.serve_stale and not waiting.fresh)
            case ResolverClosed():
                assert self.closings > waiting.closings
            case NotFound():
                assert None in self.world.history[name], error
            case InternalError():
                raise error
            case LookupTimeout():
                assert not undisturbed or waiting.timeout < TIMEOUT, error
            case Error():
                assert not undisturbed, error
                assert isinstance(error, TemporaryFailure), error
            case _:
                raise error
        if self.jumps == waiting.jumps:
            assert self.clock.monotonic() <= waiting.began + waiting.timeout + 600.1


TestMachine = Machine.TestCase
TestMachine.settings = settings(
    max_examples=MACHINES,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
