"""The walk: what is asked at once, where the asking stops, what decides, what is told, and the policies there are."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8sresolve._core.questions import AAAA, SRV, TXT, A, Failed, Found
from k8sresolve._core.search.rules import Then
from k8sresolve._core.search.walk import Search, masked, policy
from k8sresolve.config import Policy, ResolverConfig
from k8sresolve.errors import ConfigError
from tests.core.search.driving import (
    DANGLING,
    GLIBC,
    KUBERNETES,
    NO,
    NODE,
    NONE,
    POD,
    POLICIES,
    REFUSED,
    SERVFAIL,
    SHOP,
    TIMEOUT,
    V4,
    V6,
    drive,
)

# Rule 4: what is asked at once, and what decides.


@pytest.mark.parametrize(
    ("name", "answers", "batches"),
    [
        (
            "payments",
            {},
            [
                ["payments.shop.svc.cluster.local."],
                ["payments.corp.example."],
                ["payments.example.net."],
                ["payments."],
            ],
        ),
        (
            "payments.shop",
            {"payments.shop.svc.cluster.local.": V4},
            [["payments.shop.shop.svc.cluster.local.", "payments.shop.svc.cluster.local."]],
        ),
        (
            "payments.shop.svc.cluster.local",
            {"payments.shop.svc.cluster.local.corp.example.": V4},
            [["payments.shop.svc.cluster.local.corp.example."]],
        ),
    ],
)
def test_a_run_under_the_cluster_domain_is_asked_at_once_and_the_rest_one_by_one(name, answers, batches):
    assert drive(name, NODE, answers=answers)[1] == batches


def test_names_outside_are_asked_only_after_all_before_them_said_no():
    end, batches = drive("payments", NODE, answers={"payments.corp.example.": V4})
    assert batches == [["payments.shop.svc.cluster.local."], ["payments.corp.example."]]
    assert end.found.candidate.name == "payments.corp.example."
    assert [t.outcome for t in end.tried] == ["nxdomain", "found"]


def test_an_outside_domain_parts_two_runs():
    config = ResolverConfig(search=("a.svc.d.test", "corp.example", "b.svc.d.test", "c.svc.d.test"), ndots=5)
    _, batches = drive("x", config)
    assert batches == [["x.a.svc.d.test."], ["x.corp.example."], ["x.b.svc.d.test.", "x.c.svc.d.test."], ["x."]]


def test_search_order_decides_and_not_arrival():
    ask = next(Search(POD, KUBERNETES).walk("web-0.web", (A,)))
    assert not ask.enough((None, V4))
    assert not ask.usable((None, V4))
    assert ask.enough((V4, None))
    assert ask.enough((NO, V4))
    assert not ask.enough((NO, None))
    assert not ask.enough((NONE, None))
    assert ask.enough((SERVFAIL, None))
    assert ask.enough((NO, NO))


def test_candidates_behind_the_one_that_decided_are_told_as_overtaken():
    lookup = Search(POD, KUBERNETES).walk("web-0.web", (A,))
    next(lookup)
    with pytest.raises(StopIteration) as stop:
        lookup.send((V4, None))
    assert [t.outcome for t in stop.value.value.tried] == ["found", "overtaken"]
    assert stop.value.value.found.answers == (V4,)


def test_both_families_are_waited_for_but_one_is_usable():
    ask = next(Search(POD, KUBERNETES).walk("web-0.web", (A, AAAA)))
    assert not ask.enough((V4, None, None, None))
    assert ask.usable((V4, None, None, None))
    assert ask.usable((None, V6, None, None))
    assert not ask.usable((None, None, V4, V6))
    assert not ask.usable((NONE, None, V4, V6))
    assert ask.usable((NO, NONE, None, V6))
    assert not ask.usable((SERVFAIL, NONE, None, V6))
    assert not ask.usable((NO, NO, NO, NO))


@pytest.mark.parametrize(("name", "usable"), [("kubernetes", True), ("glibc", False), ("musl", False), ("go", True)])
def test_a_policy_that_would_not_forgive_the_loss_of_a_does_not_call_aaaa_usable(name, usable):
    ask = next(Search(POD, policy(name)).walk("x.test.", (A, AAAA)))
    assert ask.usable((None, V6)) is usable
    assert ask.usable((V4, None)) is (name != "musl")


@pytest.mark.parametrize(
    ("name", "found", "questions", "trips"),
    [
        ("payments.data", "payments.data.svc.cluster.local.", 2, 1),
        ("api.example.com", "api.example.com.", 2, 2),
    ],
)
@pytest.mark.parametrize("rdtypes", [(A,), (A, AAAA)])
def test_g7_questions_and_round_trips_for_any_host(name, found, questions, trips, rdtypes):
    end, batches = drive(name, rdtypes=rdtypes, answers={found: (V4, NONE)[: len(rdtypes)]})
    assert end.found.candidate.name == found
    assert sum(map(len, batches)) == questions
    assert len(batches) == trips


# Which negative is reported.


@pytest.mark.parametrize("policy", [KUBERNETES, GLIBC])
def test_a_cname_that_leads_nowhere_ends_the_walk(policy):
    end, batches = drive(
        "payments", policy=policy, answers={"payments.shop.svc.cluster.local.": DANGLING, "payments.": V4}
    )
    assert batches == [["payments.shop.svc.cluster.local."]]
    assert (end.found, end.failure, end.tried[-1].outcome) == (None, "nodata", "dangling")


# Names that are not sent.


def test_a_joined_name_that_no_packet_can_carry_ends_the_list_as_in_glibc():
    """S9: no exception, and no question."""
    long = ".".join(["l" * 60] * 4)
    config = ResolverConfig(search=("a.test", long, "b.test"), ndots=5)
    end, batches = drive("a-longer-name", config)
    assert batches == [["a-longer-name.a.test."], ["a-longer-name."]]
    assert [(c.asked, "cannot be sent" in c.rule) for c in Search(config, KUBERNETES).candidates("a-longer-name")] == [
        (True, False),
        (False, True),
        (False, True),
        (True, False),
    ]
    assert [t.outcome for t in end.tried] == ["nxdomain", "unsendable", "nxdomain"]
    assert end.failure == "nxdomain"


@pytest.mark.parametrize("octets", [254, 255])
def test_253_characters_can_be_sent_and_254_cannot(octets):
    name = ".".join(["l" * 63, "l" * 63, "l" * 63, "l" * (octets - 193)])
    assert len(name) == octets - 1
    assert drive(f"{name}.")[1] == ([[f"{name}."]] if octets == 254 else [])


@pytest.mark.parametrize("name", ["a..b.", ".a.", "l" * 64, "\u00fc.", "a\\", "..", "a\\999."])
def test_names_that_are_no_domain_names_are_never_asked(name):
    for row in POLICIES.values():
        end, batches = drive(name, ResolverConfig(), row)
        assert batches == []
        assert end.found is None


@pytest.mark.parametrize(
    ("name", "batches"), [("kubernetes", []), ("go", []), ("glibc", [["x.onion."]]), ("musl", [["x.onion."]])]
)
def test_s12_onion_names_are_not_for_dns(name, batches):
    assert drive("x.onion.", policy=policy(name))[1] == batches


# Entries that stand for the root, and names that come twice.


@pytest.mark.parametrize("entry", [".", ""])
def test_a_root_entry_asks_the_name_as_typed_in_its_place(entry):
    config = ResolverConfig(search=("a.test", entry, "b.test"), ndots=5)
    for row in (KUBERNETES, GLIBC):
        assert drive("x", config, row)[1] == [["x.a.test."], ["x."], ["x.b.test."]]


def test_the_name_as_typed_is_asked_after_all_where_the_list_is_left_before_its_root_entry():
    config = ResolverConfig(search=("a.test", "b.test", "."), ndots=5)
    for row in (KUBERNETES, GLIBC):
        assert drive("x", config, row, answers={"x.a.test.": REFUSED})[1] == [["x.a.test."], ["x."]]
        assert drive("x", config, row, answers={"x.": REFUSED})[1] == [["x.a.test."], ["x.b.test."], ["x."]]


def test_a_name_is_asked_once():
    config = ResolverConfig(search=("a.test", "A.test.", "b.test", "a.test"), ndots=0)
    assert drive("x", config)[1] == [["x."], ["x.a.test."], ["x.b.test."]]
    assert drive("x", config, GLIBC)[1] == [["x."], ["x.a.test."], ["x.A.test."], ["x.b.test."], ["x.a.test."]]


def test_a_name_that_comes_again_is_judged_by_the_answers_it_had():
    """As glibc, which would ask again: a refusal as typed goes on to the list, the same from the list ends it."""
    config = ResolverConfig(search=(".", "a.test"), ndots=0)
    assert drive("x", config, answers={"x.": REFUSED})[1] == [["x."]]
    assert drive("x", config, GLIBC, answers={"x.": REFUSED})[1] == [["x."], ["x."]]


# Any type.


def test_other_types_are_searched_as_addresses_are():
    answers = {"_http._tcp.payments.shop.svc.cluster.local.": Found((), 30, 30.0)}
    end, batches = drive("_http._tcp.payments", rdtypes=(SRV,), answers=answers)
    assert end.found.answers == (answers["_http._tcp.payments.shop.svc.cluster.local."],)
    assert batches == [["_http._tcp.payments.shop.svc.cluster.local."]]
    assert drive("x", rdtypes=(TXT,))[1] == [["x.shop.svc.cluster.local."], ["x."]]


# glibc's own ways.


@pytest.mark.parametrize("row", POLICIES.values(), ids=list(POLICIES))
def test_nothing_more_is_asked_of_a_resolver_that_was_closed(row):
    config = ResolverConfig(search=("a.test", "b.test"), ndots=5)
    end, batches = drive("x", config, row, answers={"x.a.test.": Failed("closed")})
    assert (end.failure, batches) == ("temporary", [["x.a.test."]])


# The table.


def test_every_policy_of_the_configuration_is_there_under_its_name():
    assert [row.name for row in POLICIES.values()] == [*get_args(Policy)]


def test_an_unknown_policy_is_a_config_error_that_lists_those_there_are():
    with pytest.raises(ConfigError, match=r"'bind'.*kubernetes, glibc, musl, musl-1\.2\.3, go"):
        policy("bind")


def test_every_outcome_has_a_successor_in_every_policy():
    steps = list(GLIBC.steps("x", ResolverConfig(search=("a.test",), ndots=5), (A,)))
    for row in POLICIES.values():
        for reason in ("timeout", "servfail", "refused", "notimp", "formerr", "network", "bad", "unsendable", "closed"):
            assert row.judge(steps[0], (Failed(reason),))[1] in get_args(Then)
        assert row.judge(steps[0], (V4,))[1] == "stop"
        assert row.judge(steps[0], (NO,))[1] == "go on"


TEXT = st.text(st.sampled_from("abc.-_\\\u00fc \x00") | st.characters(), max_size=70)
ANSWER = st.sampled_from([V4, NO, NONE, DANGLING, SERVFAIL, REFUSED, TIMEOUT, Failed("bad"), Failed("closed")])


@given(TEXT, st.lists(TEXT | st.sampled_from([".", "", *SHOP]), max_size=5), st.sampled_from([*POLICIES]), st.data())
def test_a_walk_never_raises_and_says_what_failed(name, search, row, data):
    config = ResolverConfig(search=tuple(search), ndots=data.draw(st.integers(0, 15)))
    rdtypes = data.draw(st.sampled_from([(A,), (A, AAAA), (SRV,)]))
    lookup = Search(config, policy(row)).walk(name, rdtypes)
    try:
        ask = next(lookup)
        while True:
            assert ask.questions
            ask = lookup.send(tuple(data.draw(ANSWER) for _ in ask.questions))
    except StopIteration as stop:
        end = stop.value
    assert (end.found is None) == (end.failure is not None)
    assert end.found is None or any(isinstance(answer, Found) for answer in end.found.answers)
    assert end.failed is None or end.failure in ("temporary", "failed")


# Which failure is told.


LISTED = ResolverConfig(search=("a.test", "b.test"), ndots=2)
FORMERR = Failed("formerr")


@pytest.mark.parametrize(
    ("row", "answers", "failure", "failed"),
    [
        # The name as typed went first and is reported; what failed later is not.
        ("glibc", {"x.y.z.": SERVFAIL, "x.y.z.a.test.": FORMERR}, "temporary", SERVFAIL),
        ("glibc", {"x.y.z.": FORMERR, "x.y.z.a.test.": SERVFAIL}, "failed", FORMERR),
        ("go", {"x.y.z.": SERVFAIL, "x.y.z.b.test.": REFUSED}, "temporary", SERVFAIL),
        ("go", {"x.y.z.": REFUSED, "x.y.z.b.test.": TIMEOUT}, "failed", REFUSED),
        ("musl", {"x.y.z.": FORMERR}, "temporary", FORMERR),
        ("kubernetes", {"x.y.z.": SERVFAIL, "x.y.z.b.test.": TIMEOUT}, "temporary", TIMEOUT),
    ],
)
def test_the_failure_told_is_of_the_class_that_is_reported(row, answers, failure, failed):
    end, _ = drive("x.y.z", LISTED, policy(row), (A, AAAA), answers)
    assert (end.failure, end.failed) == (failure, failed)


@pytest.mark.parametrize(
    ("row", "answers", "behind"),
    [
        # resolv.conf(5) has no word on it: a lookup that failed for now on its way ends as "no such name".
        ("glibc", {"x.a.test.": TIMEOUT}, "x.a.test."),
        ("glibc", {"x.a.test.": REFUSED}, "x.a.test."),
        ("glibc", {"x.a.test.": SERVFAIL}, None),
        ("glibc", {"x.a.test.": SERVFAIL, "x.b.test.": NONE}, "x.a.test."),
        ("glibc", {}, None),
        ("glibc", {"x.a.test.": TIMEOUT, "x.": V4}, None),
        ("go", {"x.b.test.": SERVFAIL}, "x.b.test."),
        ("musl", {"x.a.test.": SERVFAIL}, None),
        ("kubernetes", {"x.a.test.": TIMEOUT}, None),
    ],
)
def test_a_temporary_failure_that_is_reported_as_a_negative_answer_is_told(row, answers, behind):
    end, _ = drive("x", LISTED, policy(row), (A, AAAA), answers)
    tried = masked(end)
    assert (tried and tried.step.name) == behind


@pytest.mark.parametrize("row", POLICIES)
def test_a_rehearsal_ends_as_the_walk_and_tells_the_questions_in_order(row):
    answers = {"x.y.b.test.": V4, "x.y.a.test.": NO}
    end, asked = Search(LISTED, policy(row)).rehearse("x.y", (A,), lambda question: answers.get(question.name, NO))
    walked, batches = drive("x.y", LISTED, policy(row), (A,), answers)
    for one, other in zip((end.found, *end.tried), (walked.found, *walked.tried), strict=True):
        assert (one.step, one.answers, one.outcome) == (other.step, other.answers, other.outcome)
    assert (end.failure, end.failed) == (walked.failure, walked.failed)
    assert [question.name for question in asked] == [name for batch in batches for name in batch]
    assert end.found.step.name == "x.y.b.test."
