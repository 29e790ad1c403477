"""The page of behaviours says what the tests show, and no more."""

import json

import pytest

from tests.docs.behaviours import page as pages
from tests.docs.behaviours.asking import PEERS, cannot, expected, verdict
from tests.docs.behaviours.collecting import collected
from tests.docs.behaviours.measuring import DATA
from tests.docs.behaviours.rules import BEHAVIOURS, LATER
from tests.drivers.scenarios import SCENARIOS, Call, Scenario
from tests.drivers.scenarios.vocabulary import DRIVERS, FOUND, NAME, addresses, one

COUNTS = {"P": 14, "M": 19, "T": 8, "R": 17, "O": 3, "X": 9, "S": 14, "C": 14, "A": 8, "N": 6, "L": 10}


@pytest.fixture(scope="module")
def shown():
    return collected()


def test_every_behaviour_is_listed():
    assert [code for group in BEHAVIOURS for code in group.rules] == [
        f"{letter}{number + 1}" for letter, count in COUNTS.items() for number in range(count)
    ]
    assert sum(COUNTS.values()) == 122


def test_the_page_is_that_of_the_tests(shown):
    (written,) = pages.BLOCK.findall(pages.PAGE.read_text())
    assert written == pages.page(shown), "run `python -m tests.docs.behaviours`"


def test_all_that_is_due_is_shown(shown):
    assert pages.missing(shown) == [code for code in pages.rules() if code in LATER and code[0] not in "KF"]


def test_tests_carry_no_code_that_means_nothing(shown):
    assert set(shown) <= set(pages.rules())


def test_scenarios_name_drivers_that_there_are():
    assert all(scenario.drivers and set(scenario.drivers) <= set(DRIVERS) for scenario in SCENARIOS)


def test_every_scenario_that_a_peer_can_be_asked_was_measured():
    seen = json.loads(DATA.read_text())["scenarios"]
    lacking = [s.name for s in SCENARIOS for peer in PEERS if not cannot(s, peer) and peer not in seen.get(s.name, {})]
    assert lacking == [], "run `python -m tests.docs.behaviours --measure-new`"


# -- how results compare ---------------------------------------------------------------------------------------------

ONE = one("one", FOUND, {"A udp": 1})


def seen(told, asked, seconds=0.0):
    return {"told": [told], "asked": [asked], "seconds": seconds}


@pytest.mark.parametrize(
    ("scenario", "told", "asked", "seconds", "says"),
    [
        (ONE, {"records": [FOUND]}, {"A udp": 1}, 0.1, "same"),
        (ONE, {"records": [FOUND]}, {"A udp": 2}, 0.1, "same result, 2 questions, not 1"),
        (ONE, {"records": [FOUND]}, {"A udp": 1}, 5.0, "same result, after 5.0 s, not 0.1"),
        (ONE, {"records": ["6.6.6.6"]}, {"A udp": 1}, 0.1, "returns 6.6.6.6"),
        (ONE, {"error": "EAI_AGAIN"}, {"A udp": 1, "A tcp": 1}, 0.1,
         "`EAI_AGAIN`, 1 over UDP and 1 over TCP, not 1 and 0"),
        (one("x", "NoSuchName", {"A udp": 1}), {"error": "NXDOMAIN"}, {"A udp": 1}, 0.1, "same"),
        (one("x", "NoSuchName", {"A udp": 1}), {"error": "NoAnswer"}, {"A udp": 1}, 0.1, "`NoAnswer`"),
        (one("x", "LookupTimeout", {"A udp": 1}), {"error": "ARES_ETIMEOUT"}, {"A udp": 1}, 0.1, "same"),
    ],
)  # fmt: skip
def test_results_are_compared_by_class_count_and_time(scenario, told, asked, seconds, says):
    assert verdict(scenario, seen(told, asked, seconds)) == says


@pytest.mark.parametrize(
    ("call", "told", "records"),
    [
        (addresses(), "10.96.20.2 fd00::2 incomplete by a.test.", ["10.96.20.2", "fd00::2"]),
        (Call("port", ("db", "sql"), {}), "5432 db-0=10.1.1.1 db-1=?", ["5432 db-0", "5432 db-1"]),
        (Call("lookup", (NAME, "TXT"), {}), f'"b", "a" at {NAME}', ['"a"', '"b"']),
    ],
)
def test_what_a_scenario_demands_is_told_as_peers_tell_it(call, told, records):
    assert expected(Scenario("x", (told,), ({},), calls=(call,))) == [{"records": records}]
