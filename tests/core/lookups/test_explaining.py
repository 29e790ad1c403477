"""How a host name was looked up, told candidate by candidate."""

from ipaddress import IPv4Address, IPv6Address

import attrs
import pytest

from k8sresolve import ConfigError, InvalidName
from k8sresolve._core.lookups.explaining import explain
from k8sresolve._core.questions import Empty, Failed, Found
from k8sresolve.records import Candidate, Explanation
from tests.core.lookups.driving import POD, drive, setting

V4, V6 = IPv4Address("10.96.20.1"), IPv6Address("fd00::1")
INSIDE = "web.shop.svc.cluster.local."
HERE = "answered here, without a question: an IP literal, a line of the hosts file or localhost"


@pytest.mark.parametrize(
    ("name", "family", "outcome", "addresses"),
    [
        ("10.96.20.1", "ipv4", "found", (V4,)),
        ("10.96.20.1", "ipv6", "nodata", ()),
        ("db", "ipv4", "found", (IPv4Address("192.0.2.7"),)),
        ("localhost", "ipv6", "found", (IPv6Address("::1"),)),
    ],
)
def test_what_is_answered_here_has_one_candidate_that_is_not_asked(name, family, outcome, addresses):
    config = attrs.evolve(POD, hosts=[("db", ["192.0.2.7"])])
    assert drive(explain(setting(config, family=family), name)) == (
        Explanation(name, "kubernetes", (Candidate(name, HERE, asked=False),), outcome, addresses, 0),
        [],
    )


def outcomes(explanation):
    return [(candidate.name, candidate.outcome) for candidate in explanation.candidates]


def test_candidates_are_told_in_search_order_with_those_that_were_not_reached():
    answers = {f"{INSIDE} A": Found((V4,), 30, 30.0), f"{INSIDE} AAAA": Found((V6,), 30, 30.0)}
    explanation, rounds = drive(explain(setting(family="both"), "web", "glibc"), answers)
    assert rounds == [[f"{INSIDE} A", f"{INSIDE} AAAA"]]
    assert outcomes(explanation) == [
        (INSIDE, "found"),
        ("web.svc.cluster.local.", "not asked"),
        ("web.cluster.local.", "not asked"),
        ("web.", "not asked"),
    ]
    assert (explanation.name, explanation.policy, explanation.outcome) == ("web", "glibc", "found")
    assert (explanation.addresses, explanation.questions, explanation.remark) == ((V4, V6), 2, "")


def test_what_a_policy_leaves_out_is_told_at_its_place_with_the_reason():
    explanation, _ = drive(explain(setting(), "web"), {f"{INSIDE} A": Found((V4,), 30, 30.0)})
    assert explanation.policy == "kubernetes"
    assert [candidate.name for candidate in explanation.candidates] == [
        INSIDE,
        "web.svc.cluster.local.",
        "web.cluster.local.",
        "web.",
    ]
    left_out = explanation.candidates[1:3]
    assert [candidate.asked for candidate in left_out] == [False, False]
    assert all(candidate.outcome == "" and ": " in candidate.rule for candidate in left_out)
    assert explanation.candidates[3].outcome == "not asked"


def test_a_family_asked_for_afterwards_has_candidates_beside_those_of_the_first():
    answers = {f"{INSIDE} A": Empty(5.0), f"{INSIDE} AAAA": Found((V6,), 30, 30.0)}
    explanation, rounds = drive(explain(setting(family="auto"), "web", "glibc"), answers)
    assert rounds[0] == [f"{INSIDE} A"]
    assert rounds[-1] == [f"{INSIDE} AAAA"]
    assert outcomes(explanation)[:2] == [(INSIDE, "nodata"), (INSIDE, "found")]
    assert [candidate.questions for candidate in explanation.candidates[:2]] == [("A",), ("AAAA",)]
    assert (explanation.outcome, explanation.addresses) == ("found", (V6,))
    assert explanation.questions == sum(map(len, rounds))


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [({}, "nxdomain"), ({f"{INSIDE} A": Empty(5.0)}, "nodata"), ({f"{INSIDE} A": Failed("servfail")}, "servfail")],
    ids=["nxdomain", "nodata", "servfail"],
)
def test_what_goes_wrong_is_told_and_not_raised(answers, outcome):
    explanation, rounds = drive(explain(setting(), "web", "musl"), answers)
    assert (explanation.outcome, explanation.addresses) == (outcome, ())
    assert explanation.questions == sum(map(len, rounds))


def test_a_failure_that_another_resolver_would_hide_is_pointed_out():
    explanation, _ = drive(explain(setting(), "web", "musl"), {f"{INSIDE} A": Failed("timeout")})
    assert explanation.remark == (
        "programs on glibc and go may be told 'no such name' here, though it is a temporary failure"
    )


def test_what_is_no_policy_or_no_name_is_refused():
    with pytest.raises(ConfigError, match="no search policy 'bind'"):
        next(explain(setting(), "web", "bind"))
    with pytest.raises(InvalidName):
        next(explain(setting(), ""))
