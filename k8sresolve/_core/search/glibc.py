"""How glibc searches: res_query.c and res_send.c, 2.36 and newer, and getaddrinfo(3)'s nss_dns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce

from k8sresolve._core.questions import AAAA, A, Results, outcome_of
from k8sresolve._core.search.rules import (
    AS_TYPED_LAST,
    TEMPORARY,
    Failure,
    Judgement,
    PolicyRules,
    Step,
    Then,
    Tried,
    as_typed,
    as_typed_first,
    failure_of,
    joined,
    without,
)
from k8sresolve.config import ResolverConfig
from k8sresolve.errors import Outcome


def steps(name: str, config: ResolverConfig, _rdtypes: tuple[int, ...]) -> Iterator[Step]:
    """Follow res_query.c, __res_context_search."""
    first = as_typed_first(name, config)
    if first:
        yield as_typed(name, first)
    if name.endswith("."):
        return
    given_up = False
    entries = [entry.removeprefix(".") for entry in config.search]
    for entry in entries:
        step = joined(name, entry)
        yield without(step, "not reached, as a name before it cannot be sent") if given_up else step
        given_up = given_up or step.unsent is not None
    if first or (entries and "no-tld-query" in config.flags and "." not in name):
        return
    last = as_typed(name, AS_TYPED_LAST)
    # The root entry stands for the name as typed, if the walk gets to it.
    yield without(last, "the root entry does that", "stand-in") if "" in entries and not last.unsent else last


_NEXT_SERVER = frozenset({"servfail", "notimp", "refused"})


def _pair(first: Outcome, second: Outcome) -> Outcome:
    """Join the outcomes of A and AAAA. res_send.c, send_dg, and res_query.c."""
    if first in _NEXT_SERVER:
        # Such a reply counts only where the other is one too, or none came.
        return first if second in _NEXT_SERVER or second == "timeout" else second
    if second in _NEXT_SERVER:
        return second if first == "timeout" else first
    # A lost AAAA is forgiven, a lost A is not.
    if first == "timeout" or second == "timeout":
        return first
    if first == "found" or second == "found":
        return "found"
    if first == "dangling" or second == "dangling":
        return "dangling"
    return second if first == "nodata" else first


def judge(step: Step, answers: Results) -> Judgement:
    """Join the answers, and go on, leave the list or stop as __res_context_search does."""
    outcome = step.unsent or _outcome(answers)
    return outcome, _then(step, outcome)


def _outcome(answers: Results) -> Outcome:
    outcomes: list[Outcome] = [outcome_of(answer) for answer in answers]
    return reduce(_pair, outcomes)


def _then(step: Step, outcome: Outcome) -> Then:
    if outcome in ("found", "dangling", "closed") or (outcome == "network" and step.listed):
        return "stop"
    if not step.listed or outcome in ("nxdomain", "nodata", "servfail"):
        return "go on"
    return "leave the list"


def _failure(tried: Sequence[Tried], rdtypes: tuple[int, ...]) -> Failure:
    """Follow res_query.c, end of __res_context_search, and nss_dns for what only addresses show."""
    last = tried[-1] if tried else None
    if last is None:
        return "nxdomain"
    if last.outcome == "dangling":
        # getaddrinfo() says EAI_NONAME except for AF_INET alone.
        return "nxdomain" if AAAA in rdtypes else "nodata"
    failure = failure_of(_reported(tried))
    # For AF_INET alone a failure that is only remembered is lost if the last query was answered.
    if rdtypes == (A,) and failure == "temporary" and last.outcome not in TEMPORARY:
        return "nxdomain"
    return failure


def _reported(tried: Sequence[Tried]) -> Outcome:
    first, last = tried[0], tried[-1]
    if _then(last.step, last.outcome) == "stop":
        return last.outcome
    if not first.step.listed:
        return first.outcome
    listed = [t.outcome for t in tried if t.step.listed]
    if "nodata" in listed:
        return "nodata"
    return "servfail" if "servfail" in listed else last.outcome


GLIBC = PolicyRules("glibc", steps, judge, _failure)
