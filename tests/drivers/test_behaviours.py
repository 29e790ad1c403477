"""Behaviours that no scenario can show, on each driver that has them: what the machine does, and large counts."""

import errno
import gc
import os
import random
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import attrs
import pytest

from k8sresolve._drivers import blocking, pooled, sockets
from k8sresolve.config import ResolverConfig
from k8sresolve.errors import LookupTimeout, NetworkError, TemporaryFailure
from k8sresolve.records import Addresses
from k8sresolve.resolver import Resolver
from tests.drivers import held
from tests.drivers.lookups import EACH, NAMES, NOT_KEPT, PATIENCE, RUN, ZONE, texts
from tests.drivers.nameservers import Virtual
from tests.drivers.runners import Clock, VirtualResolver
from tests.drivers.script import Nameserver, Playing, late

ROOT = Path(__file__).parents[2]
each_driver = pytest.mark.parametrize("driver", RUN)


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
def test_a_and_aaaa_that_are_under_way_at_once_have_ports_of_their_own(stage, driver, patient):
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
    # Replies that a loop held up are read before a caller is told that it is too late; one of these is at once.
    names, deadlines = NAMES[:100] * 10, [0.0, *(chance.uniform(0.0, 0.01) for _ in range(999))]
    told = {type(result) for result in RUN[driver](config, names, deadlines, family="ipv4", cache=NOT_KEPT)}
    assert LookupTimeout in told
    assert told <= {LookupTimeout, Addresses}


@pytest.mark.behaviour("N5")
@pytest.mark.drivers("asyncio", "trio")
def test_loops_in_several_threads_get_their_own_answers(stage):
    config, _ = stage()
    parts = [NAMES[start::3] for start in range(3)]
    with ThreadPoolExecutor(3) as pool:
        runs = [
            pool.submit(RUN[kind], config, part, family="ipv4")  # the rest of a name whose AAAA is here gets a second
            for kind, part in zip(("asyncio", "trio", "asyncio"), parts, strict=True)
        ]
    for run, part in zip(runs, parts, strict=True):
        assert [texts(found)[0] for found in run.result()] == [EACH[name] for name in part]


@pytest.mark.behaviour("O2")
@pytest.mark.drivers("virtual")
def test_rotation_is_even_over_three_thousand():
    network = Virtual([Playing(Nameserver(zone=ZONE)) for _ in range(3)])
    config = ResolverConfig(nameservers=tuple(network.playing), flags=frozenset({"rotate"}))
    resolver = VirtualResolver(network, Clock(), config, family="ipv4", cache=NOT_KEPT)
    for n in range(3000):
        resolver.addresses(NAMES[n % 500])
    assert [playing.asked.total() for playing in network.playing.values()] == [1000] * 3


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
        [sys.executable, "-W", "error", "-c", head + code],
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
