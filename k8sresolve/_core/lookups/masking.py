"""Temporary failures that a resolver reports as "no such name": whose fault it is, said in a sentence."""

from __future__ import annotations

from k8sresolve._core.questions import Failed, Found, NxDomain, Question, Result, type_name
from k8sresolve._core.search import walk as search
from k8sresolve._core.search.rules import PolicyRules, Tried
from k8sresolve._core.search.walk import Search, Walked, masked
from k8sresolve.config import Policy, ResolverConfig

# The resolvers of programs. What musl 1.2.3 does with a failure, musl does.
_LIBCS: tuple[Policy, ...] = ("glibc", "musl", "go")
_SAYS = {"nxdomain": "no such name", "nodata": "no address"}


def remark(name: str, config: ResolverConfig, policy: PolicyRules, rdtypes: tuple[int, ...], end: Walked) -> str:
    """Point out a temporary failure that `policy`, or another resolver in its place, reports as a negative answer.

    Empty where there is none. What the others would have asked and `policy` did not is taken not to exist, unless no
    nameserver can be reached at all.
    """
    if halved := _halved(rdtypes, policy, end):
        return halved
    tried = masked(end)
    if tried is not None and end.failure is not None:
        said = _SAYS[end.failure]
        return f"{_failed(tried)}, and {policy.name} reports {said!r} all the same: this may pass"
    if end.failure != "temporary":
        return ""
    others = [other for other in _LIBCS if other != policy.name and _masks(name, config, other, rdtypes, end)]
    if not others:
        return ""
    return f"programs on {' and '.join(others)} may be told 'no such name' here, though it is a temporary failure"


def _halved(rdtypes: tuple[int, ...], policy: PolicyRules, end: Walked) -> str:
    """Say of a candidate which type was found, and which failed: other resolvers take the one or the other for all."""
    tried = end.found or (end.tried[-1] if end.tried else None)
    if tried is None:
        return ""
    pairs = list(zip(rdtypes, tried.answers, strict=False))
    found = [type_name(rdtype) for rdtype, answer in pairs if isinstance(answer, Found)]
    failed = {type_name(rdtype): answer.reason for rdtype, answer in pairs if isinstance(answer, Failed)}
    if not found or not failed:
        return ""
    came = ", ".join(f"{rdtype} failed for now ({reason})" for rdtype, reason in failed.items())
    who = "musl (Alpine)" if end.found else policy.name
    return f"{tried.step.name} has {', '.join(found)}, and {came}: {who} reports that the whole lookup failed"


def _failed(tried: Tried) -> str:
    return f"{tried.step.name} failed for now ({tried.outcome})"


def _masks(name: str, config: ResolverConfig, policy: Policy, rdtypes: tuple[int, ...], end: Walked) -> bool:
    answers = {
        Question(tried.step.name.lower(), rdtype): answer
        for tried in end.tried
        for rdtype, answer in zip(rdtypes, tried.answers, strict=False)
    }

    unknown: Result = end.failed if end.failed and end.failed.reason == "network" else NxDomain(0.0)

    def known(question: Question) -> Result:
        return answers.get(Question(question.name.lower(), question.rdtype)) or unknown

    walked, _ = Search(config, search.policy(policy)).rehearse(name, rdtypes, known)
    return masked(walked) is not None
