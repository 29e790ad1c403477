"""Ways to run the same scenario: threads, asyncio and trio, on real sockets and in virtual time."""

import asyncio
import ctypes
import pkgutil
import threading
import time
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from ipaddress import ip_address
from typing import Any

import attrs
import trio

from k8sresolve import _core, _drivers
from k8sresolve._core.engine.desk import Desk
from k8sresolve._drivers.loops import Loops
from k8sresolve.async_resolver import AsyncResolver
from k8sresolve.config import ResolverConfig
from k8sresolve.records import Addresses, Answer, Port, Service
from k8sresolve.resolver import Resolver
from k8sresolve.statistics import Stats
from k8sresolve.testing.network.virtual import AsyncVirtualDriver, VirtualDriver
from tests.drivers.nameservers import Loopback, Virtual
from tests.drivers.scenarios import Call, Scenario, Wait
from tests.drivers.script import Playing

# Ways run at once, and each loads what it needs, which pytest rewrites. Python 3.11 may raise SystemError where threads
# parse at once, and garbage is collected meanwhile: "AST constructor recursion depth mismatch".
for _package in (_core, _drivers):
    for _found in pkgutil.walk_packages(_package.__path__, f"{_package.__name__}."):
        import_module(_found.name)

_START = 1_700_000_000.0
_OWN = (ip_address("10.244.0.77"),)
GUARD = 20.0  # seconds of real time that no scenario comes near


@attrs.frozen
class Outcome:
    """What came of a scenario: what each call told, what each nameserver was asked, how long it took."""

    told: tuple[str, ...]
    errors: tuple[BaseException, ...]
    asked: tuple[Counter[str], ...]
    names: tuple[str, ...]
    seconds: float
    stats: Stats
    left: tuple[int, int, int]


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.seconds += seconds

    def reach(self, when: float) -> None:
        self.seconds = max(self.seconds, when)


class _Offline:
    def __init__(self, network: Virtual, clock: Clock, *args: Any, **options: Any) -> None:
        self._network, self._clock = network, clock
        super().__init__(*args, **options)

    def _wall(self) -> float:
        return _START + self._clock.seconds

    def _probe(self) -> tuple[Any, ...]:
        return _OWN


class VirtualResolver(_Offline, Resolver):
    def _connect(self, *books: Any) -> VirtualDriver:
        return VirtualDriver(*books, self._network, self._clock)


class AsyncVirtualResolver(_Offline, AsyncResolver):
    def _connect(self, rules: Any, ledger: Any, events: Any) -> Loops:
        def make(loop: Any) -> AsyncVirtualDriver:
            return AsyncVirtualDriver(rules, ledger, events, self._network, self._clock, loop=loop)

        return Loops(rules, ledger, self._clock.monotonic, make)


def tell(result: object) -> str:
    """Write a result so that it reads well in a list of scenarios."""
    match result:
        case BaseException():
            return "left" if isinstance(result, KeyboardInterrupt | asyncio.CancelledError) else type(result).__name__
        case Port():
            targets = (f"{t.name.split('.')[0]}={','.join(map(str, t.addresses)) or '?'}" for t in result.targets)
            words = [str(result.number), *targets]
        case Service() | Addresses():
            words = [*map(str, result.addresses)]
            if result.cname is not None:
                words.append(f"by {','.join(result.cname.targets)}")
        case Answer():
            return f"{', '.join(sorted(result.records))} at {result.candidate}"
        case _:
            return str(result)
    return " ".join([*words, *(word for word in ("incomplete", "stale") if getattr(result, word))])


def _config(scenario: Scenario, addresses: Any) -> ResolverConfig:
    search = ("shop.svc.cluster.local", "svc.cluster.local", "cluster.local")
    return ResolverConfig(**{"nameservers": tuple(addresses), "search": search, "ndots": 5, **scenario.config})


def _options(scenario: Scenario) -> dict[str, Any]:
    return {
        "family": scenario.family,
        "in_flight": scenario.in_flight,
        "cache": scenario.cache,
        "policy": scenario.policy,
        "retry_unreachable": scenario.retry_unreachable,
    }


def _outcome(results: list[Any], playing: list[Playing], seconds: float, resolver: Any) -> Outcome:
    counting = [known() for known, _ in resolver._tally._counting]
    desks = [one for one in counting if isinstance(one, Desk)]
    return Outcome(
        told=tuple(map(tell, results)),
        errors=tuple(result for result in results if isinstance(result, BaseException)),
        asked=tuple(one.asked for one in playing),
        names=tuple(dict.fromkeys(playing[0].names)),
        seconds=seconds,
        stats=resolver.stats(),
        left=(
            sum(len(desk.flights) for desk in desks),
            sum(desk.waiting for desk in desks),
            sum(desk.active for desk in desks),
        ),
    )


def _caught(call: Call, resolver: Resolver) -> Any:
    try:
        return call.of(resolver)
    except BaseException as error:  # noqa: BLE001 - whatever comes is the result
        return error


# -- threads ---------------------------------------------------------------------------------------------------------


def blocking(scenario: Scenario, loopback: Loopback) -> Outcome:
    playing = [Playing(nameserver) for nameserver in scenario.nameservers]
    opened = loopback.open(playing)
    resolver = Resolver(_config(scenario, (one.address for one in opened)), **_options(scenario))
    start = time.monotonic()
    try:
        if scenario.at_once:
            results = _in_threads(scenario, resolver, playing)
        else:
            results = _in_turn(scenario, resolver, time.sleep)
        seconds = time.monotonic() - start
    finally:
        resolver.close()
        loopback.close(opened)
    return _outcome(results, playing, seconds, resolver)


def _in_turn(scenario: Scenario, resolver: Resolver, sleep: Callable[[float], None]) -> list[Any]:
    results: list[Any] = []
    for call in scenario.calls:
        if isinstance(call, Wait):
            sleep(call.seconds)
        else:
            results.append(_caught(call, resolver))
    return results


def _in_threads(scenario: Scenario, resolver: Resolver, playing: list[Playing]) -> list[Any]:
    calls = scenario.lookups
    results: list[Any] = ["hung"] * len(calls)

    def work(index: int) -> None:
        results[index] = _caught(calls[index], resolver)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(calls))]
    due = threading.Event()
    _arrange(scenario, playing, due.set)
    for thread in threads:
        thread.start()
    if scenario.event is not None:
        assert due.wait(GUARD)
        if scenario.event.kind == "close":
            resolver.close()
        else:
            # What Ctrl-C does to the main thread: an exception out of nowhere while it waits.
            number = ctypes.c_ulong(threads[0].ident or 0)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(number, ctypes.py_object(KeyboardInterrupt))
    for thread in threads:
        thread.join(GUARD)
    return results


def _arrange(scenario: Scenario, playing: list[Playing], call: Callable[[], None]) -> None:
    if scenario.event is not None:
        playing[0].after(scenario.event.after, call, scenario.event.of)


# -- tasks, on real sockets and in virtual time ----------------------------------------------------------------------


def _on_loopback(scenario: Scenario, loopback: Loopback, run: Callable[..., Any]) -> Outcome:
    playing = [Playing(nameserver) for nameserver in scenario.nameservers]
    opened = loopback.open(playing)
    resolver = AsyncResolver(_config(scenario, (one.address for one in opened)), **_options(scenario))
    try:
        results, seconds = run(scenario, resolver, playing, time.monotonic)
    finally:
        loopback.close(opened)
    return _outcome(results, playing, seconds, resolver)


def _in_virtual_time(scenario: Scenario, run: Callable[..., Any]) -> Outcome:
    playing = [Playing(nameserver) for nameserver in scenario.nameservers]
    network, clock = Virtual(playing), Clock()
    resolver = AsyncVirtualResolver(network, clock, _config(scenario, network.playing), **_options(scenario))

    async def sleep(seconds: float) -> None:
        clock.advance(seconds)

    results, seconds = run(scenario, resolver, playing, clock.monotonic, sleep)
    return _outcome(results, playing, seconds, resolver)


# -- asyncio ---------------------------------------------------------------------------------------------------------


def asyncio_(scenario: Scenario, loopback: Loopback) -> Outcome:
    return _on_loopback(scenario, loopback, lambda *what: asyncio.run(_in_tasks(*what, asyncio.sleep)))


def virtual(scenario: Scenario) -> Outcome:
    return _in_virtual_time(scenario, lambda *what: asyncio.run(_in_tasks(*what)))


async def _in_tasks(
    scenario: Scenario, resolver: AsyncResolver, playing: list[Playing], now: Callable[[], float], sleep: Any
) -> tuple[list[Any], float]:
    start = now()
    loop = asyncio.get_running_loop()
    results: list[Any] = []
    async with asyncio.timeout(GUARD), resolver:
        if scenario.at_once:
            tasks = [asyncio.ensure_future(call.of(resolver)) for call in scenario.lookups]

            def happen() -> None:
                if scenario.event is not None and scenario.event.kind == "close":
                    resolver._line.driver.close()
                else:
                    tasks[0].cancel()

            _arrange(scenario, playing, lambda: loop.call_soon_threadsafe(happen))
            results = await asyncio.gather(*tasks, return_exceptions=True)
        else:
            for call in scenario.calls:
                if isinstance(call, Wait):
                    await sleep(call.seconds)
                else:
                    results += await asyncio.gather(call.of(resolver), return_exceptions=True)
        seconds = now() - start
    assert asyncio.all_tasks() == {asyncio.current_task()}
    return results, seconds


# -- trio ------------------------------------------------------------------------------------------------------------


def trio_(scenario: Scenario, loopback: Loopback) -> Outcome:
    return _on_loopback(scenario, loopback, lambda *what: trio.run(_in_trio, *what, trio.sleep))


def virtual_trio(scenario: Scenario) -> Outcome:
    return _in_virtual_time(scenario, lambda *what: trio.run(_in_trio, *what))


async def _in_trio(
    scenario: Scenario, resolver: AsyncResolver, playing: list[Playing], now: Callable[[], float], sleep: Any
) -> tuple[list[Any], float]:
    start = now()
    token = trio.lowlevel.current_trio_token()
    results: list[Any] = ["left"] * len(scenario.lookups)
    first = trio.CancelScope()

    async def look(index: int, call: Call, task_status: Any = trio.TASK_STATUS_IGNORED) -> None:
        task_status.started()  # trio lets tasks that are begun together run in any order
        with first if index == 0 else trio.CancelScope():
            try:
                results[index] = await call.of(resolver)
            except Exception as error:  # noqa: BLE001 - whatever comes is the result
                results[index] = error

    def happen() -> None:
        if scenario.event is not None and scenario.event.kind == "close":
            resolver._line.driver.close()
        else:
            first.cancel()

    with trio.fail_after(GUARD):
        async with resolver:
            if scenario.at_once:
                _arrange(scenario, playing, lambda: token.run_sync_soon(happen))
                async with trio.open_nursery() as nursery:
                    for index, call in enumerate(scenario.lookups):
                        await nursery.start(look, index, call)
            else:
                index = 0
                for call in scenario.calls:
                    if isinstance(call, Wait):
                        await sleep(call.seconds)
                    else:
                        await look(index, call)
                        index += 1
            seconds = now() - start
    return results, seconds


# -- virtual time, without a loop ------------------------------------------------------------------------------------


def virtual_blocking(scenario: Scenario) -> Outcome:
    playing = [Playing(nameserver) for nameserver in scenario.nameservers]
    network, clock = Virtual(playing), Clock()
    resolver = VirtualResolver(network, clock, _config(scenario, network.playing), **_options(scenario))
    with resolver:
        results = _in_turn(scenario, resolver, clock.advance)
    return _outcome(results, playing, clock.seconds, resolver)
