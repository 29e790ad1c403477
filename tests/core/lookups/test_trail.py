"""What a lookup keeps of its questions, and the errors that they come to."""

from ipaddress import IPv4Address

import attrs
import pytest

from k8sresolve import (
    Attempt,
    BadResponse,
    Finding,
    InternalError,
    InvalidName,
    LookupTimeout,
    NetworkError,
    NoData,
    NoSuchName,
    Observer,
    Refused,
    ResolverClosed,
    ServerFailure,
)
from k8sresolve._core.lookups.trail import Trail
from k8sresolve._core.questions import AAAA, A, Empty, Exchange, Failed, Found, NxDomain, Question, Round
from k8sresolve._core.search.rules import Step, Tried
from k8sresolve.explanations import Candidate
from tests.core.lookups.driving import POD, drive, setting

NAME = "web.shop.svc.cluster.local."
FIRST = Exchange("10.96.0.10", "udp", "no reply", 700.0)
SECOND = Exchange("10.96.0.11", "tcp", "NOERROR", 2.34567)
BOTH = (A, AAAA)


def found(**more):
    return Found((IPv4Address("10.96.20.1"),), 30, 130.0, **more)


def trail(**more):
    return Trail("web", setting(**more))


def test_a_round_is_asked_as_it_is_and_its_results_are_kept_in_order():
    kept = trail()
    round_ = Round((Question(NAME, A), Question(NAME, AAAA)), enough=lambda _: True)
    lookup = kept.ask(round_)
    assert next(lookup) is round_
    with pytest.raises(StopIteration) as end:
        lookup.send((found(), Empty(5.0)))
    assert end.value.value == (found(), Empty(5.0))
    assert kept.log == [(Question(NAME, A), found()), (Question(NAME, AAAA), Empty(5.0))]


def test_what_was_not_waited_for_is_not_kept():
    kept = trail()
    kept.note([Question(NAME, A), Question(NAME, AAAA)], (None, found()))
    kept.note([Question("web.", A)], ())
    assert kept.log == [(Question(NAME, AAAA), found())]


def test_a_single_question_is_a_round_of_its_own_and_has_one_result():
    kept = trail()
    assert drive(kept.one(NAME, A), {f"{NAME} A": found()}) == (found(), [[f"{NAME} A"]])
    assert kept.log == [(Question(NAME, A), found())]


def test_an_answer_that_came_before_the_lookup_began_is_as_old_as_it_was_then():
    times = iter([100.0, 107.0, 108.0])
    kept = trail(clock=lambda: next(times))
    assert kept.age(found(at=90.0)) == 10.0
    assert kept.age(NxDomain(5.0, at=99.5)) == 0.5
    assert kept.age(Empty(5.0, at=100.0)) == 0.0


@pytest.mark.parametrize("answer", [found(at=100.5), NxDomain(5.0, at=101.0), Failed("timeout", at=90.0)])
def test_what_the_lookup_asked_for_itself_has_no_age_nor_has_a_failure(answer):
    assert trail().age(answer) is None


def told(*answers, step=None, rdtypes=BOTH, outcome="found"):
    return trail().told(Tried(step or Step(NAME, "search domain shop"), answers, outcome), rdtypes)


def test_a_candidate_tells_who_answered_last_and_what_took_longest():
    assert told(found(exchanges=(FIRST, SECOND), at=101.0), None) == Candidate(
        NAME,
        "search domain shop",
        asked=True,
        questions=("A", "AAAA"),
        outcome="found",
        nameserver="10.96.0.11",
        milliseconds=700.0,
        age=None,
    )
    quick = told(found(exchanges=(SECOND,), at=101.0), Empty(5.0, exchanges=(FIRST,), at=101.0))
    assert (quick.nameserver, quick.milliseconds) == ("10.96.0.10", 700.0)
    assert told(found(exchanges=(SECOND,), at=101.0), rdtypes=(A,)).milliseconds == 2.346


def test_a_candidate_of_which_an_answer_was_remembered_tells_the_oldest_and_no_time():
    old = told(found(exchanges=(SECOND,), at=90.0), Empty(5.0, exchanges=(FIRST,), at=80.0))
    assert (old.age, old.milliseconds, old.nameserver) == (20.0, None, "10.96.0.10")
    half = told(found(exchanges=(SECOND,), at=101.0), Empty(5.0, exchanges=(FIRST,), at=100.0))
    assert (half.age, half.milliseconds) == (0.0, None)


@pytest.mark.behaviour("C13")
def test_a_candidate_and_an_error_say_what_is_stale():
    stale = found(exchanges=(FIRST,), at=60.0).outlived(105.0)
    candidate = told(stale, None)
    assert (candidate.stale, candidate.age) == (True, 40.0)
    assert str(candidate) == f"{NAME} A/AAAA found from {FIRST.nameserver} stale, 40 s old"
    kept = trail()
    kept.note([Question(NAME, A)], (stale,))
    with pytest.raises(NoData, match="stale, 40 s old") as raised:
        kept.fail(NoData, "no address")
    assert raised.value.attempts == (Attempt(NAME, "A", *FIRST, age=40.0, stale=True),)
    assert "stale, 40 s old" in str(raised.value.attempts[0])


def test_a_candidate_that_was_not_sent_tells_its_outcome_alone():
    step = Step(NAME, "as typed: cannot be sent", "unsendable")
    assert told(step=step, outcome="unsendable") == Candidate(
        NAME, "as typed: cannot be sent", asked=False, outcome="unsendable"
    )


def test_observers_are_told_of_the_name_as_typed_and_of_the_candidate():
    heard = []

    class Ear(Observer):
        def decided(self, name, candidate):
            heard.append((name, candidate))

    tried = Tried(Step(NAME, "search domain shop"), (NxDomain(5.0, at=101.0),), "nxdomain")
    trail(observers=[Ear()]).tell((A,), tried)
    assert heard == [("web", Candidate(NAME, "search domain shop", questions=("A",), outcome="nxdomain"))]


STORIES = {"nxdomain": lambda: ("no such Service", "deploy it"), "nodata": lambda: ("it has no address", "")}


def test_an_answer_with_records_is_returned():
    assert trail().found(found(), **STORIES) == found()


@pytest.mark.parametrize(
    ("answer", "kind", "problem", "advice"),
    [
        (NxDomain(5.0), NoSuchName, "no such Service", "deploy it"),
        (Empty(5.0), NoData, "it has no address", ""),
        (Failed("refused"), Refused, "the nameserver refuses the question", "check that this nameserver serves such"),
    ],
    ids=["nxdomain", "nodata", "refused"],
)
def test_any_other_answer_is_the_error_that_its_story_tells(answer, kind, problem, advice):
    with pytest.raises(kind) as raised:
        trail().found(answer, **STORIES)
    assert type(raised.value) is kind
    assert (raised.value.name, raised.value.problem) == ("web", problem)
    assert raised.value.advice.startswith(advice)
    assert bool(raised.value.advice) == bool(advice)


def test_an_error_tells_of_every_sending_and_how_old_what_was_remembered_is():
    kept = trail()
    asked = Failed("timeout", exchanges=(FIRST, SECOND), at=101.0)
    kept.note(
        [Question(NAME, A), Question("web.", AAAA), Question("web.", 65280)],
        (asked, Empty(5.0, exchanges=(SECOND,), at=90.0), NxDomain(5.0)),
    )
    with pytest.raises(NoData) as raised:
        kept.fail(NoData, "no address")
    assert (raised.value.problem, raised.value.advice) == ("no address", "")
    assert raised.value.attempts == (
        Attempt(NAME, "A", *FIRST),
        Attempt(NAME, "A", *SECOND),
        Attempt("web.", "AAAA", *SECOND, age=10.0),
    )


def test_an_answer_that_only_tcp_could_bring_is_told_so():
    cut, unheard = Exchange("10.96.0.10", "udp", "truncated", 1.3), Exchange("10.96.0.10", "tcp", "no reply", 5000.0)
    with pytest.raises(LookupTimeout) as raised:
        trail().give_up(Failed("timeout", exchanges=(cut, unheard)))
    assert raised.value.advice == (
        "the nameserver is there by UDP, and the answer needs TCP: let TCP to its port through"
    )


# The rcodes of RFC 1035, section 4.1.1, by name.
FAILURES = {
    "timeout": (LookupTimeout, "no answer in time", "check that the nameserver is up and reachable from here"),
    "servfail": (
        ServerFailure,
        "the nameserver failed (SERVFAIL)",
        "CoreDNS says so until it has synced with the API server, or when its upstream fails; try again",
    ),
    "refused": (
        Refused,
        "the nameserver refuses the question (by policy)",
        "check that this nameserver serves such names",
    ),
    "notimp": (Refused, "the nameserver does not implement the question (NOTIMP)", ""),
    "formerr": (Refused, "the nameserver takes the question for malformed (FORMERR)", ""),
    "network": (
        NetworkError,
        "no nameserver can be reached (by policy)",
        "check the nameserver's address, and that it is up",
    ),
    "bad": (BadResponse, "the nameserver's reply cannot be right (by policy)", ""),
    "unsendable": (InvalidName, "no packet can carry this name (by policy)", ""),
    "internal": (
        InternalError,
        "k8sresolve itself failed, not the nameserver (by policy)",
        "please report it, with the traceback that the logger k8sresolve has",
    ),
}


@pytest.mark.parametrize("reason", FAILURES)
def test_a_failure_is_an_error_by_its_reason_and_its_detail_where_that_leaves_something_open(reason):
    kind, problem, advice = FAILURES[reason]
    with pytest.raises(kind) as raised:
        trail().give_up(Failed(reason, "by policy"))
    assert type(raised.value) is kind
    assert (raised.value.problem, raised.value.advice) == (problem, advice)
    with pytest.raises(kind) as bare:
        trail().give_up(Failed(reason))
    assert bare.value.problem == problem.removesuffix(" (by policy)")


def test_a_resolver_closed_during_the_lookup_is_no_failure_of_the_name():
    with pytest.raises(ResolverClosed, match=r"^this resolver was closed during the lookup$"):
        trail().give_up(Failed("closed"))


@pytest.mark.parametrize("reason", FAILURES)
def test_an_odd_configuration_may_explain_why_nobody_answers_and_nothing_else(reason):
    whole = Finding(severity="warning", problem="there is no such file", source="/etc/resolv.conf")
    config = attrs.evolve(POD, diagnostics=[whole, attrs.evolve(whole, problem="odd", line=3)])
    advice = FAILURES[reason][2]
    with pytest.raises(FAILURES[reason][0]) as raised:
        trail(config=config).give_up(Failed(reason))
    more = "; /etc/resolv.conf: there is no such file" if reason in ("timeout", "network") else ""
    assert raised.value.advice == f"{advice}{more}"
