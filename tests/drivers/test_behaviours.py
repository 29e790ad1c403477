"""Behaviours that no scenario can show, on each driver that has them: what the machine does, and large counts."""

import asyncio
import errno
import gc
import os
import random
import socket
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio

from k8sresolve._drivers import blocking, pooled, sockets
from k8sresolve.async_resolver import AsyncResolver
from k8sresolve.config import CacheConfig, ResolverConfig
from k8sresolve.errors import Error, LookupTimeout, NetworkError, TemporaryFailure
from k8sresolve.records import Addresses
from k8sresolve.resolver import Resolver
from tests.drivers import held
from tests.drivers.nameservers import Loopback, Virtual
from tests.drivers.runners import Clock, VirtualResolver
from tests.drivers.script import Nameserver, Playing, answer, late, silent, truncated

ROOT = Path(__file__).parents[2]
EACH = {f"n{n}.shop.svc.cluster.local.": f"10.96.{n // 100}.{n % 100}" for n in range(500)}
NAMES = list(EACH)
ZONE = "\n".join(f"{name} 30 A {address}\n{name} 30 AAAA fd00::{n}" for n, (name, address) in enumerate(EACH.items()))
NOT_KEPT = CacheConfig(entries=0)
PATIENCE = 60.0  # seconds for a lookup on a busy machine
FOREVER = repeat(PATIENCE)


def _blocking(
    config: ResolverConfig, names: list[str], timeouts: Iterable[float] = FOREVER, **options: Any
) -> list[Any]:
    with Resolver(config, **options) as resolver, ThreadPoolExecutor(50) as pool:

        def look(name: str, timeout: float) -> Any:
            try:
                return resolver.addresses(name, timeout=timeout)
            except Error as error:
                return error

        return list(pool.map(look, names, timeouts))


def _asyncio(
    config: ResolverConfig, names: list[str], timeouts: Iterable[float] = FOREVER, **options: Any
) -> list[Any]:
    async def main() -> list[Any]:
        async with AsyncResolver(config, **options) as resolver:
            lookups = [resolver.addresses(n, timeout=t) for n, t in zip(names, timeouts, strict=False)]
            results = await asyncio.gather(*lookups, return_exceptions=True)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return results

    return asyncio.run(main())


def _trio(config: ResolverConfig, names: list[str], timeouts: Iterable[float] = FOREVER, **options: Any) -> list[Any]:
    async def main() -> list[Any]:
        results: list[Any] = [None] * len(names)

        async def look(index: int, name: str, timeout: float) -> None:
            try:
                results[index] = await resolver.addresses(name, timeout=timeout)
            except Error as error:
                results[index] = error

        async with AsyncResolver(config, **options) as resolver, trio.open_nursery() as nursery:
            for index, (name, timeout) in enumerate(zip(names, timeouts, strict=False)):
                nursery.start_soon(look, index, name, timeout)
        return results

    return trio.run(main)


RUN = {"blocking": _blocking, "asyncio": _asyncio, "trio": _trio}
each_driver = pytest.mark.parametrize("driver", RUN)


@pytest.fixture
def stage(loopback: Loopback) -> Iterator[Callable[..., Any]]:
    """Open scripted nameservers; returns their configuration and what they are asked."""
    opened: list[Any] = []

    def make(*nameservers: Nameserver, flags: tuple[str, ...] = ()) -> tuple[ResolverConfig, list[Playing]]:
        playing = [Playing(nameserver) for nameserver in nameservers or (Nameserver(zone=ZONE),)]
        some = loopback.open(playing)
        opened.extend(some)
        addresses = tuple(one.address for one in some)
        return ResolverConfig(addresses, cluster_domain="cluster.local", flags=frozenset(flags)), playing

    make.opened = opened  # type: ignore[attr-defined]
    yield make
    loopback.close(opened)


def texts(found: Any) -> list[str]:
    return [str(address) for address in found.addresses]


# -- the machine -----------------------------------------------------------------------------------------------------


@pytest.mark.behaviour("R8")
@each_driver
@pytest.mark.parametrize("code", [errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENOBUFS, errno.EMFILE])
@pytest.mark.parametrize("times", [1, 10**6])
def test_what_the_machine_lacks_for_now_is_a_temporary_failure(stage, monkeypatch, driver, code, times):
    left = [times]

    class Socket(socket.SocketType):
        def connect(self, address: Any) -> None:
            if left[0]:
                left[0] -= 1
                raise OSError(code, os.strerror(code))
            super().connect(address)

    config, _ = stage()
    monkeypatch.setattr(sockets, "_Socket", Socket)
    if times == 1:
        (found,) = RUN[driver](config, NAMES[:1], family="ipv4")
        assert texts(found) == [EACH[NAMES[0]]]
    else:
        (error,) = RUN[driver](config, NAMES[:1], [0.5], family="ipv4")
        assert isinstance(error, NetworkError)
        assert isinstance(error, TemporaryFailure)
        assert os.strerror(code).lower() in str(error).lower()


@pytest.mark.behaviour("K1")
@each_driver
def test_a_and_aaaa_that_are_under_way_at_once_have_ports_of_their_own(stage, driver):
    config, (playing,) = stage(Nameserver({"": (late(0.02),)}, ZONE))
    results = RUN[driver](config, NAMES[:40], family="both", cache=NOT_KEPT, in_flight=128)
    assert all(len(found.addresses) == 2 for found in results)
    ports: dict[str, dict[str, set[Any]]] = {}
    for name, (kind, source) in zip(playing.names, playing.sources, strict=True):
        ports.setdefault(name, {}).setdefault(kind, set()).add(source)
    assert len(ports) == 40
    assert all(kinds["A"].isdisjoint(kinds["AAAA"]) for kinds in ports.values())


# -- many at once ----------------------------------------------------------------------------------------------------


@pytest.mark.behaviour("N2")
@each_driver
def test_ids_that_are_all_the_same_are_told_apart_by_their_sockets(stage, monkeypatch, driver):
    chance = random.Random(5)
    # Hardly more ids than the hundred that leave by one pooled socket, and each of them once.
    for module in (pooled, blocking, sockets):
        monkeypatch.setattr(module, "query_id", lambda: chance.randrange(120).to_bytes(2, "big"))
    config, _ = stage(Nameserver({"": (late(0.01),)}, ZONE))
    results = RUN[driver](config, NAMES[:300], family="ipv4", in_flight=64)
    assert [texts(found) for found in results] == [[EACH[name]] for name in NAMES[:300]]


@pytest.mark.behaviour("N4")
@pytest.mark.drivers("blocking")
def test_eight_threads_and_five_hundred_lookups_each_share_a_resolver(stage):
    config, _ = stage()
    with Resolver(config, family="ipv4", cache=NOT_KEPT) as resolver:

        def work(seed: int) -> int:
            order = random.Random(seed).sample(NAMES, 500)
            return sum(texts(resolver.addresses(name, timeout=PATIENCE)) == [EACH[name]] for name in order)

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(work, range(8))) == [500] * 8
        assert resolver.stats().in_flight == 0


@pytest.mark.behaviour("T6")
@each_driver
def test_tiny_deadlines_never_hang(stage, driver):
    config, _ = stage(Nameserver({"": (late(0.003),)}, ZONE))
    chance = random.Random(3)
    names, deadlines = NAMES[:100] * 10, [chance.uniform(0.0, 0.01) for _ in range(1000)]
    told = {type(result) for result in RUN[driver](config, names, deadlines, family="ipv4", cache=NOT_KEPT)}
    assert LookupTimeout in told
    assert told <= {LookupTimeout, Addresses}


@pytest.mark.behaviour("O2")
@pytest.mark.drivers("virtual")
def test_rotation_is_even_over_three_thousand():
    network = Virtual([Playing(Nameserver(zone=ZONE)) for _ in range(3)])
    config = ResolverConfig(nameservers=tuple(network.playing), flags=frozenset({"rotate"}))
    resolver = VirtualResolver(network, Clock(), config, family="ipv4", cache=NOT_KEPT)
    for n in range(3000):
        resolver.addresses(NAMES[n % 500])
    assert [playing.asked.total() for playing in network.playing.values()] == [1000] * 3


@pytest.mark.behaviour("O3", "F10")
@pytest.mark.drivers("blocking")
def test_children_do_not_all_start_with_the_same_nameserver(stage):
    config, playing = stage(*[Nameserver(zone=ZONE)] * 3, flags=("rotate",))
    with Resolver(config, family="ipv4", cache=NOT_KEPT) as resolver:
        resolver.addresses(NAMES[0], timeout=PATIENCE)
        before = [one.asked.total() for one in playing]
        for _ in range(18):
            _look_in_a_child(resolver)
    asked = [one.asked.total() - earlier for one, earlier in zip(playing, before, strict=True)]
    # All at one by chance: once in 129 million runs.
    assert max(asked) < sum(asked) >= 18


def _look_in_a_child(resolver: Resolver) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # CPython 3.12 warns of forks with threads about
        child = os.fork()
    if not child:
        try:
            resolver.addresses(NAMES[1], timeout=PATIENCE)
            os._exit(0)
        except BaseException:  # noqa: BLE001 - a child never returns into the test
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.behaviour("O3")
@pytest.mark.drivers("blocking")
def test_threads_go_on_where_the_others_were(stage):
    config, playing = stage(*[Nameserver(zone=ZONE)] * 3, flags=("rotate",))
    with Resolver(config, family="ipv4", cache=NOT_KEPT) as resolver:
        for name in NAMES[:30]:
            thread = threading.Thread(target=resolver.addresses, args=(name,), kwargs={"timeout": PATIENCE})
            thread.start()
            thread.join()
    resends = resolver.stats().resends
    assert all(10 - resends <= one.asked.total() <= 10 + resends for one in playing)


# -- cancelling ------------------------------------------------------------------------------------------------------


def _left_by_asyncio(config: ResolverConfig, names: list[str], due: Callable[[], bool], pause: float) -> list[str]:
    async def main() -> list[str]:
        async with asyncio.timeout(PATIENCE), AsyncResolver(config, family="ipv4") as resolver:
            tasks = [asyncio.ensure_future(resolver.addresses(name, timeout=PATIENCE)) for name in names]
            while not due():  # noqa: ASYNC110 - it is another thread's doing
                await asyncio.sleep(0.001)
            await asyncio.sleep(pause)
            for task in tasks:
                assert task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            assert {type(result) for result in results} == {asyncio.CancelledError}
            assert resolver.stats().in_flight == 0
            return texts(await resolver.addresses(NAMES[0], timeout=PATIENCE))

    return asyncio.run(main())


def _left_by_trio(config: ResolverConfig, names: list[str], due: Callable[[], bool], pause: float) -> list[str]:
    async def main() -> list[str]:
        with trio.fail_after(PATIENCE):
            async with AsyncResolver(config, family="ipv4") as resolver:
                async with trio.open_nursery() as nursery:
                    for name in names:
                        nursery.start_soon(partial(resolver.addresses, name, timeout=PATIENCE))
                    while not due():  # noqa: ASYNC110 - it is another thread's doing
                        await trio.sleep(0.001)
                    await trio.sleep(pause)
                    nursery.cancel_scope.cancel()
                assert nursery.cancel_scope.cancelled_caught
                assert resolver.stats().in_flight == 0
                return texts(await resolver.addresses(NAMES[0], timeout=PATIENCE))

    return trio.run(main)


LEFT = {"asyncio": _left_by_asyncio, "trio": _left_by_trio}
each_loop = pytest.mark.parametrize("driver", LEFT)
GONE = Nameserver({NAMES[0]: (answer,), "": (silent,)}, ZONE)


@pytest.mark.behaviour("A3", "A7")
@each_loop
def test_a_caller_leaves_while_tcp_connects(stage, driver):
    config, (playing,) = stage(Nameserver({NAMES[0]: (answer,), "udp": (truncated,)}, ZONE, tcp=False))
    due = threading.Event()
    playing.after(1, due.set)
    listening = stage.opened[0]._tcp
    listening.listen(0)
    fillers = [socket.socket() for _ in range(4)]
    for sock in fillers:
        sock.setblocking(False)
        sock.connect_ex(listening.getsockname())  # the queue is full with one; the kernel then lets others wait
    try:
        assert LEFT[driver](config, NAMES[1:2], due.is_set, 0.02) == [EACH[NAMES[0]]]
    finally:
        for sock in fillers:
            sock.close()
    assert playing.asked == {"A udp": 2}


@pytest.mark.behaviour("A5", "A7")
@each_loop
def test_ten_thousand_leave_at_once_and_the_next_one_is_answered(stage, driver):
    config, _ = stage(GONE)
    names = [f"x{n}.example." for n in range(10_000)]
    assert LEFT[driver](config, names, lambda: True, 0.01) == [EACH[NAMES[0]]]


# -- what is left ----------------------------------------------------------------------------------------------------


@pytest.mark.behaviour("K19")
@each_driver
def test_a_thousand_resolvers_opened_and_closed_leave_nothing(stage, driver):
    config, _ = stage()
    before = (held.fds(), threading.active_count())
    for n in range(1000):
        RUN[driver](config, NAMES[:1] if n % 20 == 0 else [], family="ipv4")
    gc.collect()
    assert (held.fds(), threading.active_count()) == before


@pytest.mark.behaviour("L3")
@each_driver
def test_python_warns_of_nothing_with_dash_w_error(stage, driver):
    config, _ = stage()
    nameserver = f"{config.nameservers[0].address}:{config.nameservers[0].port}"
    use = (
        "async def main():\n"
        "    async with AsyncResolver(config) as r: await r.addresses(name)\n"
        "    await AsyncResolver(config).addresses(name)\n"
    )
    code = {
        "blocking": "with Resolver(config) as r: r.addresses(name)\nResolver(config).addresses(name)",
        "asyncio": f"{use}asyncio.run(main())",
        "trio": f"{use}trio.run(main)",
    }[driver]
    head = (
        "import asyncio, trio\nfrom k8sresolve import *\n"
        f"config = ResolverConfig.for_cluster({nameserver!r}, namespace='shop')\nname = {NAMES[0]!r}\n"
    )
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", head + code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.behaviour("C14")
@each_driver
def test_a_returned_record_cannot_be_changed_and_the_next_one_is_equal(stage, driver):
    config, _ = stage()
    first, second = RUN[driver](config, NAMES[:1] * 2, family="ipv4")
    for change in (
        lambda: setattr(first, "addresses", ()),
        lambda: first.addresses.__setitem__(0, None),
        lambda: delattr(first, "ttl"),
    ):
        with pytest.raises((attrs.exceptions.FrozenInstanceError, AttributeError)):
            change()
    assert first == second
    assert texts(second) == [EACH[NAMES[0]]]
