"""How musl searches: lookup_name.c, resolvconf.c and res_search, 1.2.4 and newer; and 1.2.3, where that differs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from k8sresolve._core.questions import AAAA, A, Results, outcome_of
from k8sresolve._core.search.limits import MUSL_LINE
from k8sresolve._core.search.rules import (
    AS_TYPED_LAST,
    NEGATIVE,
    Failure,
    Judgement,
    PolicyRules,
    Step,
    Tried,
    as_typed,
    as_typed_first,
    failure_of,
    join,
    joined,
    without,
)
from k8sresolve.config import ResolverConfig
from k8sresolve.errors import Outcome

_ADDRESSES = {A, AAAA}


def _steps(name: str, config: ResolverConfig, rdtypes: tuple[int, ...], *, old: bool) -> Iterator[Step]:
    """Follow lookup_name.c, name_from_dns_search; musl searches for addresses only (res_search is res_query)."""
    if not _ADDRESSES.issuperset(rdtypes):
        yield as_typed(name, "as typed, musl searches for addresses only")
        return
    if name in ("", "."):
        return
    first = as_typed_first(name, config)
    # resolvconf.c passes over a line that does not fit.
    fits = len("search " + " ".join(config.search)) <= MUSL_LINE
    if not first and fits:
        for entry in config.search:
            yield _listed(name, entry, old=old)
    yield as_typed(name, first or AS_TYPED_LAST)


def _listed(name: str, entry: str, *, old: bool) -> Step:
    if entry == ".":
        rule = f"search domain {entry}: musl makes no name of it"
        return Step(join(name, entry), rule, "malformed" if old else "left out", listed=True)
    step = joined(name, entry)
    fits_buffer = len(name) + 1 + len(entry) < 256
    if step.unsent and not (old and fits_buffer):
        return without(step, "passed over")
    return step


def _judge(step: Step, answers: Results) -> Judgement:
    outcome = step.unsent or _outcome(answers)
    return outcome, "go on" if outcome == "nxdomain" else "stop"


def _outcome(answers: Results) -> Outcome:
    """Judge A, then AAAA: no usable reply and NXDOMAIN decide at once. lookup_name.c, name_from_dns."""
    outcomes: list[Outcome] = [outcome_of(answer) for answer in answers]
    for outcome in outcomes:
        if outcome not in ("found", "nodata", "dangling"):
            return outcome
    return "found" if "found" in outcomes else outcomes[0]


def _failure(tried: Sequence[Tried], rdtypes: tuple[int, ...]) -> Failure:
    outcome = tried[-1].outcome if tried else "nxdomain"
    if outcome in NEGATIVE:
        return failure_of(outcome)
    if outcome == "unsendable":
        return "nxdomain" if _ADDRESSES.issuperset(rdtypes) else "failed"
    # What is wrong in this library is wrong the next time too.
    return "failed" if outcome == "internal" else "temporary"


def _old_failure(tried: Sequence[Tried], rdtypes: tuple[int, ...]) -> Failure:
    failure = _failure(tried, rdtypes)
    # EAI_NODATA came with 1.2.4.
    return "nxdomain" if failure == "nodata" and _ADDRESSES.issuperset(rdtypes) else failure


MUSL = PolicyRules("musl", partial(_steps, old=False), _judge, _failure)
MUSL_1_2_3 = PolicyRules("musl-1.2.3", partial(_steps, old=True), _judge, _old_failure)
