"""How a host name was looked up, told candidate by candidate."""

from ipaddress import IPv4Address, IPv6Address
from typing import get_args

import attrs
import pytest

from k8sresolve import (
    BadResponse,
    ConfigError,
    InternalError,
    InvalidName,
    NoData,
    NoSuchName,
    Policy,
    Refused,
    ResolveError,
    ResolverConfig,
    ServerFailure,
    TemporaryFailure,
)
from k8sresolve._core.lookups.explaining import explain
from k8sresolve._core.lookups.hosts import addresses
from k8sresolve._core.questions import Empty, Failed, Found, NxDomain
from k8sresolve._core.search import walk as search
from k8sresolve.explanations import Candidate, Explanation
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


# One walk, one class of error: in the exception, in what is told, and by the policy that is asked for (F19).

FAILURES = ["timeout", "servfail", "refused", "notimp", "formerr", "network", "bad", "internal"]
ANSWERS = {
    "nxdomain": NxDomain(0.0),
    "nodata": Empty(0.0),
    "dangling": Empty(0.0, chain=("gone.example.",)),
    **{reason: Failed(reason, "why") for reason in FAILURES},
}
CLASSES = {NoSuchName: "nxdomain", NoData: "nodata", TemporaryFailure: "temporary", ResolveError: "failed"}
WORDS = {NoSuchName: "nxdomain", NoData: "nodata", InvalidName: "unsendable"}
LISTED = ResolverConfig(nameservers=["10.96.0.10"], search=("shop.svc.cluster.local", "example.com"), ndots=2)


PLACES = ("shop.svc", "example", "as typed")


class Unanswered(Exception):
    """A place that is asked, and for which no answer was chosen."""


def ended(lookup, outcomes):
    """What a lookup returns, or the error that it raises."""

    def answer(name):
        place = next((place for place in PLACES if place in name), PLACES[-1])
        if place not in outcomes:
            raise Unanswered(place)
        return ANSWERS[outcomes[place]]

    try:
        round_ = next(lookup)
        while True:
            round_ = lookup.send(tuple(answer(question.name) for question in round_.questions))
    except StopIteration as end:
        return end.value
    except ResolveError as error:
        return error


@pytest.mark.parametrize("policy", get_args(Policy))
@pytest.mark.parametrize("family", ["ipv4", "both"])
@pytest.mark.parametrize("name", ["web", "web.shop.x", f"{'x' * 63}.{'y' * 63}.{'z' * 63}.{'w' * 55}"], ids=[1, 3, 248])
def test_f19_the_class_of_error_is_the_policys_in_the_exception_and_in_what_is_told(name, policy, family):
    place = setting(LISTED, family=family).under(search.policy(policy))
    left = [{}]
    while left:  # whatever is answered, each way that a walk may take once
        outcomes = left.pop()
        try:
            error = ended(addresses(place, name), outcomes)
            told = ended(explain(place, name), outcomes)
            walked = ended(search.Search(place.config, place.policy).walk(name, place.rdtypes), outcomes)
        except Unanswered as unanswered:
            left += [{**outcomes, unanswered.args[0]: answer} for answer in ANSWERS]
            continue
        assert next(word for kind, word in CLASSES.items() if isinstance(error, kind)) == (
            "failed" if isinstance(error, InvalidName) else walked.failure
        )
        assert told.outcome == next((word for kind, word in WORDS.items() if isinstance(error, kind)), told.outcome)
        assert (told.outcome in FAILURES) == (not isinstance(error, (NoSuchName, NoData, InvalidName)))


@pytest.mark.parametrize(
    ("policy", "outcome", "kind"),
    [
        ("kubernetes", "refused", Refused),
        ("glibc", "refused", Refused),
        ("go", "refused", BadResponse),
        ("glibc", "formerr", BadResponse),
        ("kubernetes", "formerr", Refused),
        ("kubernetes", "bad", BadResponse),
        ("musl", "bad", ServerFailure),
        ("musl", "internal", InternalError),
    ],
)
def test_f19_what_is_final_is_the_policys_to_say(policy, outcome, kind):
    place = setting(LISTED).under(search.policy(policy))
    everywhere = dict.fromkeys(PLACES, outcome)
    assert type(ended(addresses(place, "web.shop.x"), everywhere)) is kind
    assert ended(explain(place, "web.shop.x"), everywhere).outcome == outcome


@pytest.mark.parametrize(
    ("name", "found", "config", "told"),
    [
        ("api.example.com", "api.example.com.", {}, True),
        ("api.example.com", "api.example.com.", {"absolute": ["example.com"]}, False),
        ("api.example.com", "api.example.com.", {"absolute": ["example.org"]}, True),
        ("api.example.com", "api.example.com.", {"ndots": 2}, False),  # as typed first
        ("api.example.com.", "api.example.com.", {}, False),
        ("api.example.com", "nothing.", {}, False),  # who can say that it is outside?
        ("web", INSIDE, {}, False),
        ("web.shop", INSIDE, {}, False),
        ("a.web.shop.svc.cluster.local", "a.web.shop.svc.cluster.local.", {}, False),
        ("intra", "intra.corp.example.", {"search": [*POD.search, "corp.example"]}, False),
        ("intra", "intra.", {}, False),  # one label has no domain
    ],
)
@pytest.mark.parametrize("policy", get_args(Policy))
def test_the_line_to_add_is_told_where_a_host_outside_cost_more_than_itself(name, found, config, told, policy):
    place = setting(attrs.evolve(POD, **config))
    explanation, _ = drive(explain(place, name, policy), {f"{found} A": Found((V4,), 30, 30.0)})
    assert ("K8SRESOLVE_ABSOLUTE=" in explanation.advice) == told
    assert told or explanation.advice == ""


TRAP = "192.0.2.69.nip.io"


@pytest.mark.parametrize("name", ["repo.ocm.svc.cluster.local", "api.example.com"])
def test_a_complete_name_that_a_domain_outside_answered_is_remarked_on(name):
    config = attrs.evolve(POD, search=(*POD.search, TRAP))
    answers = {f"{name}.{TRAP}. A": Found((IPv4Address("192.0.2.69"),), 30, 30.0)}
    explanation, _ = drive(explain(setting(config), name, "glibc"), answers)
    assert (explanation.outcome, explanation.addresses) == ("found", (IPv4Address("192.0.2.69"),))
    assert f"outside the cluster answered, with {name}.{TRAP}., for a name that was complete" in explanation.remark
    assert f"write {name}. with" in explanation.remark


@pytest.mark.parametrize("name", ["printer", "printer.lab"])
def test_a_short_name_is_what_a_domain_outside_is_for(name):
    config = attrs.evolve(POD, search=(*POD.search, "corp.example"))
    answers = {f"{name}.corp.example. A": Found((IPv4Address("192.0.2.69"),), 30, 30.0)}
    explanation, _ = drive(explain(setting(config), name, "glibc"), answers)
    assert (explanation.outcome, explanation.remark) == ("found", "")


# What a full name would save.

FULL = "web.shop.svc.cluster.local"
OUT = {"api.example.com. A": Found((V4,), 30, 30.0)}
IN = {f"{FULL}. A": Found((V4,), 30, 30.0)}


@pytest.mark.parametrize(
    ("name", "policy", "answers", "expected"),
    [
        ("web", "glibc", IN, (1, "", None)),
        ("web.shop", "kubernetes", IN, (2, FULL, 1)),
        ("web.shop", "glibc", IN, (2, f"{FULL}.", 1)),
        (FULL, "glibc", IN, (4, f"{FULL}.", 1)),
        (FULL, "kubernetes", IN, (1, "", None)),
        (f"{FULL}.", "glibc", IN, (1, "", None)),
        ("api.example.com", "glibc", OUT, (4, "api.example.com.", 1)),
        ("api.example.com", "kubernetes", OUT, (2, "api.example.com.", 1)),
        ("web.shop", "glibc", {}, (4, "", None)),
    ],
)
def test_what_a_full_name_or_a_dot_would_save_is_told(name, policy, answers, expected):
    told, _ = drive(explain(setting(), name, policy), answers)
    assert (told.questions, told.full_name, told.full_name_questions) == expected


@pytest.mark.parametrize("policy", get_args(Policy))
@pytest.mark.parametrize("family", ["ipv4", "ipv6", "both", "auto"])
def test_so_many_questions_are_asked_for_what_is_told(policy, family):
    answers = {f"{FULL}. AAAA": Found((V6,), 30, 30.0), f"{FULL}. A": Empty(30.0)}
    told, _ = drive(explain(setting(family=family), "web.shop", policy), answers)
    if told.full_name:
        again, rounds = drive(explain(setting(family=family), told.full_name, policy), answers)
        assert (again.questions, again.addresses) == (told.full_name_questions, told.addresses)
        assert sum(map(len, rounds)) == told.full_name_questions
    assert bool(told.full_name) is (told.outcome == "found")
