"""The clock of deadlines: what freezes or moves time in a test does not reach it (T7, F16)."""

import asyncio
import runpy
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import freezegun
import pytest
import time_machine

from k8sresolve import AsyncResolver, ResolverConfig
from k8sresolve._drivers import clock
from k8sresolve._drivers.clock import monotonic
from k8sresolve.errors import LookupTimeout
from tests.drivers.names import NAMES, ZONE, right
from tests.drivers.script import Nameserver, silent

FROZEN: dict[str, Callable[[], Any]] = {
    "freezegun": lambda: freezegun.freeze_time("2030-01-01"),
    "time-machine": lambda: time_machine.travel("2030-01-01", tick=False),
}
MOVED = {
    "an hour forth": lambda: time_machine.travel(time.time() + 3600, tick=True),
    "an hour back": lambda: time_machine.travel(time.time() - 3600, tick=True),
}


@pytest.fixture(params=[*FROZEN.values(), *MOVED.values()], ids=[*FROZEN, *MOVED])
def odd_time(request):
    """Time that stands still, or the wall clock an hour off."""
    return request.param


def test_t7_f16_it_goes_on_whatever_is_done_to_time(odd_time):
    before = monotonic()
    with odd_time():
        began = monotonic()
        time.sleep(0.001)
        assert before <= began < monotonic() < before + 3000


def test_f16_freezegun_stops_the_one_that_this_clock_is_not():
    with freezegun.freeze_time("2030-01-01"):
        frozen = time.monotonic()
        time.sleep(0.001)
        assert time.monotonic() == frozen


def test_f16_imported_in_stopped_time_it_goes_on_too():
    with freezegun.freeze_time("2030-01-01"):
        fresh = runpy.run_path(clock.__file__)["monotonic"]
        began = fresh()
        time.sleep(0.001)
        assert began < fresh() < monotonic() + 3000


def test_t7_f16_a_blocking_lookup_ends_at_its_deadline(resolver_of, odd_time):
    resolver = resolver_of(Nameserver({NAMES[1]: (silent,)}, ZONE))
    with odd_time():
        assert right(resolver, 0)
        began = monotonic()
        with pytest.raises(LookupTimeout):
            right(resolver, 1, timeout=0.3)
        assert 0.3 <= monotonic() - began < 60


def test_t7_f16_what_is_remembered_lasts_as_long_as_it_would(resolver_of, odd_time):
    resolver = resolver_of(Nameserver(zone="short.example. 1 A 10.96.20.3"))
    with odd_time():
        for _ in range(2):
            resolver.addresses("short.example.")
        assert resolver.stats().cache_hits == 1
        time.sleep(1.1)  # its TTL is a second
        resolver.addresses("short.example.")
        assert (resolver.stats().questions, resolver.stats().cache_hits) == (3, 1)


async def _timed_out(resolver: AsyncResolver) -> bool:
    with pytest.raises(LookupTimeout):
        await resolver.addresses(NAMES[1], timeout=0.2)
    return True


@pytest.fixture
def silent_config(resolver_of) -> ResolverConfig:
    """The configuration of a resolver whose nameserver says nothing."""
    config: ResolverConfig = resolver_of(Nameserver({"": (silent,)}, ZONE)).config
    return config


@pytest.mark.parametrize(
    "odd",
    [lambda: freezegun.freeze_time("2030-01-01", real_asyncio=True), FROZEN["time-machine"], *MOVED.values()],
    ids=["freezegun, real_asyncio=True", "time-machine", *MOVED],
)
def test_t7_f16_on_asyncio_it_holds_where_sleep_does(silent_config, odd):
    async def main() -> bool:
        async with AsyncResolver(silent_config, family="ipv4") as resolver:
            with odd():
                await asyncio.sleep(0.01)
                return await _timed_out(resolver)

    assert asyncio.run(asyncio.wait_for(main(), 20))


def test_f16_where_the_loops_own_time_stands_still_asyncio_sleep_does_not_end_either(silent_config):
    ended: list[str] = []
    tasks: list[asyncio.Task[None]] = []
    began = threading.Event()

    async def sleep() -> None:
        await asyncio.sleep(0.05)
        ended.append("sleep")

    async def look_up() -> None:
        async with AsyncResolver(silent_config, family="ipv4") as resolver:
            await _timed_out(resolver)
        ended.append("lookup")

    async def main() -> None:
        tasks.extend(asyncio.ensure_future(one()) for one in (sleep, look_up))
        began.set()
        await asyncio.wait(tasks)

    thread = threading.Thread(target=asyncio.run, args=(main(),))
    with freezegun.freeze_time("2030-01-01"):
        thread.start()
        assert began.wait(10)
        time.sleep(0.5)
        assert ended == []
        for task in tasks:
            task.get_loop().call_soon_threadsafe(task.cancel)
        thread.join(10)
    assert all(task.cancelled() for task in tasks)


_WITHOUT_CLOCK_GETTIME = """
import time

del time.clock_gettime
import pytest


class Plugin:
    @pytest.fixture
    def clock(self):
        from k8sresolve._drivers import clock

        return clock


raise SystemExit(pytest.main(["-q", "-p", "no:cacheprovider", {path!r}], plugins=[Plugin()]))
"""


def test_f16_where_there_is_no_clock_gettime_the_pytest_plugin_tells_freezegun(tmp_path):
    (tmp_path / "test_frozen.py").write_text(
        "import time\n"
        "import freezegun\n"
        "@freezegun.freeze_time('2030-01-01')\n"
        "def test_it_goes_on(clock):\n"
        "    assert not hasattr(time, 'clock_gettime')\n"
        "    before = clock.monotonic()\n"
        "    time.sleep(0.001)\n"
        "    assert clock.monotonic() > before\n"
    )
    program = _WITHOUT_CLOCK_GETTIME.format(path=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
