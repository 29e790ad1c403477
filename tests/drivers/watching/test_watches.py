"""One list of scenarios for watches, every driver: threads, asyncio and trio, on real sockets and in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio

from k8sresolve import AsyncResolver, Resolver
from k8sresolve._core.watching import pace
from tests.drivers.watching import scenarios
from tests.drivers.watching.players import REAL, VIRTUAL, cluster, play, play_in_task, served
from tests.drivers.watching.scenarios import SCENARIOS, Scenario, Stage

# Nothing that is remembered keeps what has come from who waits for it; failures do not end that.
CODES = {
    scenarios.what_comes_is_waited_for_past_what_is_remembered: ("K13", "K15"),
    scenarios.what_does_not_come_is_told: ("K15",),
}
each = pytest.mark.parametrize(
    "story",
    [pytest.param(s, id=s.__name__, marks=pytest.mark.behaviour(*CODES.get(s, ()))) for s in SCENARIOS],
)


def run_asyncio(run: Callable[[], Awaitable[Any]]) -> None:
    async def main() -> None:
        await run()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


LOOPS = pytest.mark.parametrize("run", [run_asyncio, trio.run], ids=["asyncio", "trio"])


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let real time be short."""
    monkeypatch.setattr(pace, "LEAST_JITTER", 0.0)
    monkeypatch.setattr(pace, "BACKOFF", (0.02, 0.02))
    monkeypatch.setattr(pace, "HINTS", 0.0)


@pytest.mark.drivers("virtual")
@each
def test_in_virtual_time(story: Scenario) -> None:
    there = cluster()
    with there.resolver(namespace="shop") as resolver:
        play(story, Stage(there, resolver, *VIRTUAL))


@pytest.mark.drivers("virtual")
@LOOPS
@each
def test_tasks_in_virtual_time(story: Scenario, run: Callable[[Any], None]) -> None:
    async def main() -> None:
        there = cluster()
        async with there.async_resolver(namespace="shop") as resolver:
            await play_in_task(story, Stage(there, resolver, *VIRTUAL))

    run(main)


@pytest.mark.drivers("blocking")
@each
@pytest.mark.usefixtures("quick")
def test_threads(story: Scenario) -> None:
    with served() as (there, config), Resolver(config) as resolver:
        play(story, Stage(there, resolver, *REAL))


@LOOPS
@each
@pytest.mark.usefixtures("quick")
def test_tasks(story: Scenario, run: Callable[[Any], None]) -> None:
    with served() as (there, config):

        async def main() -> None:
            async with AsyncResolver(config) as resolver:
                await play_in_task(story, Stage(there, resolver, *REAL))

        run(main)
