"""How Go's own resolver searches: net/dnsclient_unix.go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from k8sresolve._core.questions import AAAA, A, Results, outcome_of
from k8sresolve._core.search.limits import LONGEST_NAME
from k8sresolve._core.search.rules import (
    AS_TYPED_LAST,
    NEGATIVE,
    ONION,
    ONION_RULE,
    Failure,
    Judgement,
    PolicyRules,
    Step,
    Tried,
    as_typed,
    as_typed_first,
    failure_of,
    joined,
    without,
)
from k8sresolve.config import ResolverConfig
from k8sresolve.errors import Outcome


def _steps(name: str, config: ResolverConfig, _rdtypes: tuple[int, ...]) -> Iterator[Step]:
    """Follow nameList."""
    first = as_typed_first(name, config)
    typed = as_typed(name, first or AS_TYPED_LAST)
    if typed.name.lower().endswith(ONION):
        typed = without(typed, ONION_RULE)
    if typed.unsent or name.endswith("."):
        yield typed
        return
    if first:
        yield typed
    for entry in config.search:
        if entry.strip("."):
            step = joined(name, entry)
            yield without(step, "passed over") if len(step.name) > LONGEST_NAME else step
    if not first:
        yield typed


def _judge(step: Step, answers: Results) -> Judgement:
    outcome = step.unsent or _outcome(answers)
    return outcome, "stop" if outcome in ("found", "closed") else "go on"


def _outcome(answers: Results) -> Outcome:
    """Take any record; of unlike failures Go takes the first or last to arrive, here the graver one."""
    outcomes: list[Outcome] = [outcome_of(answer) for answer in answers]
    if "found" in outcomes:
        return "found"
    for outcome in outcomes:
        if outcome not in NEGATIVE:
            return outcome
    return outcomes[0]


def _failure(tried: Sequence[Tried], rdtypes: tuple[int, ...]) -> Failure:
    """For addresses the failure of the name as typed, else the first; for other types the last."""
    if not tried:
        return "nxdomain"
    typed = [t for t in tried if not t.step.listed]
    outcome = (typed or tried)[0].outcome if {*rdtypes} <= {A, AAAA} else tried[-1].outcome
    if outcome == "unsendable" and not tried[-1].step.listed:
        return "nxdomain"
    return "failed" if outcome in ("refused", "notimp") else failure_of(outcome)


GO = PolicyRules("go", _steps, _judge, _failure)
