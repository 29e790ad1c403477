"""One list of scenarios, every driver: the same result, the same questions, within the same time."""

import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import pytest

from k8sresolve._core.engine.inquiry import EARLY
from tests.drivers import runners
from tests.drivers.nameservers import Loopback
from tests.drivers.runners import Outcome
from tests.drivers.scenarios import SCENARIOS, Scenario

REAL = {"blocking": runners.blocking, "asyncio": runners.asyncio_, "trio": runners.trio_}


def _each(drivers: Iterable[str], scenarios: Iterable[Scenario] = SCENARIOS) -> pytest.MarkDecorator:
    """Run those that any of the drivers can show; each carries the codes of its behaviours."""
    chosen = [scenario for scenario in scenarios if not set(drivers).isdisjoint(scenario.drivers)]
    return pytest.mark.parametrize(
        "scenario", [pytest.param(s, id=s.name, marks=pytest.mark.behaviour(*s.codes)) for s in chosen]
    )


@pytest.mark.drivers(*REAL)
@_each(REAL)
def test_on_real_sockets(scenario: Scenario, loopback: Loopback) -> None:
    # At once, since most of any one's time is waiting; but not where threads would keep each other from their replies.
    with ThreadPoolExecutor(len(REAL) if len(scenario.calls) < 100 else 1) as pool:
        runs = [pool.submit(run, scenario, loopback) for name, run in REAL.items() if name in scenario.drivers]
    for run in runs:
        outcome = run.result()
        _judge(scenario, outcome)
        least, most = scenario.seconds
        assert least - 0.01 <= outcome.seconds <= most + 60  # it does not hang; virtual time is held to `most`
        _judge_sends(scenario, outcome)


def _judge_sends(scenario: Scenario, outcome: Outcome) -> None:
    # Where a busy machine held a reply up, a question may have been sent again; a last resend may come too late.
    sends = sum(asked.total() for asked in outcome.asked)
    assert sends - sum(sum(asked.values()) for asked in scenario.asked) <= outcome.stats.resends + scenario.later
    for asked, expected in zip(outcome.asked, scenario.asked, strict=True):
        assert set(asked) == set(expected)
        assert scenario.seconds[0] >= EARLY or all(asked[kind] >= count for kind, count in expected.items())


@pytest.mark.drivers("virtual")
@_each(["virtual"])
def test_asyncio_in_virtual_time(scenario: Scenario) -> None:
    _judge_exactly(scenario, runners.virtual(scenario))


# trio begins tasks in no order, and virtual time would go on while they wait for their turns.
@pytest.mark.drivers("virtual")
@_each(["virtual"], [scenario for scenario in SCENARIOS if not scenario.at_once])
def test_trio_in_virtual_time(scenario: Scenario) -> None:
    _judge_exactly(scenario, runners.virtual_trio(scenario))


@pytest.mark.drivers("virtual")
@_each(["virtual"], [scenario for scenario in SCENARIOS if not scenario.at_once])
def test_without_a_loop_in_virtual_time(scenario: Scenario) -> None:
    _judge_exactly(scenario, runners.virtual_blocking(scenario))


def _judge_exactly(scenario: Scenario, outcome: Outcome) -> None:
    _judge(scenario, outcome)
    least, most = scenario.seconds
    assert least <= outcome.seconds <= most
    assert tuple(map(dict, outcome.asked)) == tuple(map(dict, scenario.asked))


def _judge(scenario: Scenario, outcome: Outcome) -> None:
    assert outcome.told == scenario.told
    for error in outcome.errors:
        assert re.search(scenario.says, str(error)), str(error)
    assert scenario.names in ((), outcome.names)
    assert outcome.left == (0, 0, 0)


def test_scenarios_are_told_apart_by_their_names() -> None:
    names = [scenario.name for scenario in SCENARIOS]
    assert len(names) == len(set(names))
