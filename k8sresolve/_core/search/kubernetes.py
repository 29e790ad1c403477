"""The default: glibc's candidates in glibc's order, without those in the cluster that nobody can answer.

Under the cluster domain neighbours are asked at once, and no failure is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from k8sresolve._core.questions import Results, is_under, outcome_of
from k8sresolve._core.search import glibc
from k8sresolve._core.search.rules import (
    NEGATIVE,
    ONION,
    ONION_RULE,
    Failure,
    Judgement,
    PolicyRules,
    Step,
    Tried,
    without,
)
from k8sresolve.config import ResolverConfig
from k8sresolve.errors import Outcome

# The names for which there is an answer below the cluster domain: a Service, an endpoint of it, a named port (DNS
# specification, sections 2.3 and 2.4), CoreDNS's zonal names, and a pod's name. Labels are those that Kubernetes allows
# (RFC 1123); an endpoint named for its IPv6 address may begin or end with a hyphen.
_LABEL = r"[a-z0-9]++(?:-++[a-z0-9]++)*+"


@lru_cache(1)
def _shapes() -> re.Pattern[str]:
    return re.compile(
        rf"""(?:[a-z0-9-]++\.)? {_LABEL}\.{_LABEL}\.svc
    | _[a-z0-9-]++\._[a-z]++\. {_LABEL}\.{_LABEL}\.svc
    | [a-z0-9_-]++\.(?:pin|prefer)\._zone\. {_LABEL}\.{_LABEL}\.svc
    | [0-9a-f]*+(?:-[0-9a-f]*+){{2,}}+\.{_LABEL}\.pod""",
        re.VERBOSE,
    )


def _has_shape(below: str) -> bool:
    # Most names have too few labels, or end otherwise, which is seen at less cost.
    return below.endswith((".svc", ".pod")) and below.count(".") > 1 and _shapes().fullmatch(below) is not None


def _steps(name: str, config: ResolverConfig, rdtypes: tuple[int, ...]) -> Iterator[Step]:
    domain = (config.cluster_domain or "").strip(".")
    typed = name if name.endswith(".") else f"{name}."
    seen: set[str] = set()
    for step in glibc.steps(name, config, rdtypes):
        lower = step.name.lower()
        if step.kind not in ("asked", "stand-in"):
            yield step
        elif lower.endswith(ONION):
            yield without(step, ONION_RULE)
        elif step.kind == "stand-in":
            yield step
        elif not is_under(lower, domain):
            yield without(step, "asked before", "repeated") if lower in seen else step
        elif lower in seen:
            # A second try would only be reached after the same negative answer.
            yield without(step, "asked before")
        elif step.listed and step.name != typed and not _has_shape(lower[: -len(domain) - 2]):
            yield without(step, f"no name under {domain.lower()} has this shape")
        else:
            yield Step(step.name, step.rule, "asked", step.listed, inside=True)
        seen.add(lower)


def _judge(step: Step, answers: Results) -> Judgement:
    """Under the cluster domain pass over negative answers only; outside it go on as glibc does."""
    outcome = _outcome(answers) if answers else step.unsent or "unsendable"
    if step.inside:
        return outcome, "go on" if outcome in ("nxdomain", "nodata") else "stop"
    return outcome, "stop" if outcome == "found" else glibc.judge(step, answers)[1]


def _outcome(answers: Results) -> Outcome:
    """Take any record. NXDOMAIN holds for every type (RFC 8020). NODATA does not outweigh a failure."""
    if len(answers) == 1:
        return outcome_of(answers[0])
    outcomes: list[Outcome] = [outcome_of(answer) for answer in answers]
    if "found" in outcomes:
        return "found"
    if "nxdomain" in outcomes and "dangling" not in outcomes:
        return "nxdomain"
    for outcome in outcomes:
        if outcome not in NEGATIVE:
            return outcome
    return "dangling" if "dangling" in outcomes else outcomes[0]


def _failure(tried: Sequence[Tried], _rdtypes: tuple[int, ...]) -> Failure:
    """Report a failure on the way as the end's failure, else NODATA wherever it was seen."""
    outcomes = [t.outcome for t in tried if t.outcome != "unsendable"]
    failures = [o for o in outcomes if o not in NEGATIVE]
    if failures:
        # FORMERR too is one nameserver's refusal, and another may answer.
        return "failed" if failures[-1] in ("bad", "internal") else "temporary"
    return "nxdomain" if {*outcomes} <= {"nxdomain"} else "nodata"


KUBERNETES = PolicyRules("kubernetes", _steps, _judge, _failure, asks_beyond=True)
