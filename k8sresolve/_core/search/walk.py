"""Search: which absolute names a user's name may stand for, in which order they are asked, and where the asking stops.

How candidates are made, what is made of their answers, what is done next, and how a failure is reported is a policy's;
see `rules`. Nothing here does I/O or looks at a clock: `Search.walk` yields what it wants to know and gets answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING, get_args

from k8sresolve._core.questions import (
    AAAA,
    A,
    Failed,
    Lookup,
    Question,
    Result,
    Results,
    Round,
    all_there,
    new,
)
from k8sresolve._core.search.absolute import steps_for
from k8sresolve._core.search.aliases import at_alias, completed, unsaid
from k8sresolve._core.search.plans import PLANS, Plan, Run, begun_with, plan_behind, runs
from k8sresolve._core.search.rules import TEMPORARY, Beyond, Failure, PolicyRules, Step, Then, Tried
from k8sresolve._escaping import told
from k8sresolve.config import Policy, ResolverConfig
from k8sresolve.errors import ConfigError
from k8sresolve.names import LABEL_CHARACTERS, is_label

if TYPE_CHECKING:
    from k8sresolve.explanations import Candidate

_NOTHING_BEYOND: Beyond = ()


class Walked:
    """The end of a walk: the candidate that was found, or how the policy reports that none was.

    `failure` is None exactly where something was found: `"nxdomain"`, `"nodata"`, `"temporary"`, or `"failed"`, where
    nothing is to be gained by trying again. `failed` is the answer behind the last two, None where the name could not
    be sent. `tried` are the candidates that were asked, in search order.
    """

    __slots__ = ("failed", "failure", "found", "tried")

    def __init__(
        self,
        found: Tried | None,
        tried: tuple[Tried, ...],
        failure: Failure | None = None,
        failed: Failed | None = None,
    ) -> None:
        self.found = found
        self.tried = tried
        self.failure: Failure | None = failure
        self.failed = failed


def policy(name: Policy) -> PolicyRules:
    """Find a policy by its name, and load its module. Raises `ConfigError`, which lists those there are."""
    match name:
        case "kubernetes":
            from k8sresolve._core.search.kubernetes import KUBERNETES

            return KUBERNETES
        case "glibc":
            from k8sresolve._core.search.glibc import GLIBC

            return GLIBC
        case "musl":
            from k8sresolve._core.search.musl import MUSL

            return MUSL
        case "musl-1.2.3":
            from k8sresolve._core.search.musl import MUSL_1_2_3

            return MUSL_1_2_3
        case "go":
            from k8sresolve._core.search.go import GO

            return GO
        case _:
            names = ", ".join(get_args(Policy))
            raise ConfigError(f"there is no search policy {told(name)}", advice=f"use one of {names}")


class Search:
    """One way of searching by one configuration, with the plans that it has made."""

    __slots__ = ("_config", "_planned", "policy")

    def __init__(self, config: ResolverConfig, policy: PolicyRules) -> None:
        self.policy = policy
        self._config = config
        # It holds no reference to this: both are let go of at once.
        self._planned = lru_cache(PLANS)(partial(plan_behind, config, policy))

    def candidates(self, name: str, rdtypes: tuple[int, ...] = (A, AAAA)) -> tuple[Candidate, ...]:
        """Tell every candidate for `name` in search order, with those left out (`asked=False`) and why.

        >>> search = Search(ResolverConfig.for_cluster("10.96.0.10", namespace="shop"), policy("kubernetes"))
        >>> [candidate.name for candidate in search.candidates("payments") if candidate.asked]
        ['payments.shop.svc.cluster.local.', 'payments.']
        """
        return tuple(step.candidate for step in steps_for(name, self._config, self.policy, rdtypes))

    def lone(self, name: str, rdtypes: tuple[int, ...]) -> str | None:
        """The first candidate, if it is asked alone; None also where no plan is kept for such names.

        None for all that `check_host` refuses, for what may be a literal, and for `localhost`.
        """
        head, dot, rest = name.partition(".")
        plan = self._planned(dot + rest, rdtypes) if head >= "a" else None
        if (
            plan is None
            or len(head) > plan.lone_room
            # With these it is as `is_label` has it, which takes longer to call.
            or head.strip(LABEL_CHARACTERS)
            or head[-1] == "-"
            or head in plan.unlike
        ):
            return None
        return head + plan.lone

    def walk(
        self,
        name: str,
        rdtypes: tuple[int, ...],
        decided: Callable[[Tried], None] | None = None,
        known: Results | None = None,
    ) -> Lookup[Walked]:
        """Ask for `name` along the search list until the policy has its answer; A stands before AAAA in `rdtypes`.

        Never raises: a name that cannot be sent is one more outcome. `decided` is told of each candidate as the policy
        has judged it. `known` are the answers to the questions that come first, where they were asked before.
        """
        policy = self.policy
        tried: list[Tried] = []
        left_list = False
        for planned in self._runs(name, rdtypes):
            steps = _due(planned, tried) if left_list else planned
            questions = tuple(
                [new(Question, (s.name, rdtype)) for s in steps if s.kind == "asked" for rdtype in rdtypes]
            )
            if known is not None:
                answers, known = known, None
            else:
                answers = (yield _round(questions, steps, policy)) if questions else _before(steps, tried)
            then: Then = "go on"
            for step, received in _answered(steps, answers, len(rdtypes)):
                if then == "stop":
                    tried.append(Tried(step, received, "overtaken"))
                    continue
                got, beyond = received, _NOTHING_BEYOND
                outcome, then = policy.judge(step, got)
                if outcome == "dangling" and policy.asks_beyond and (questions := unsaid(got, rdtypes)):
                    more = yield at_alias(questions)
                    got, beyond = completed(got, rdtypes, questions, more), tuple(zip(questions, more, strict=True))
                    outcome, then = policy.judge(step, got)
                if outcome == "found" and decided is None and not tried and len(steps) == 1:
                    found = Tried(step, got, outcome, beyond)
                    return Walked(found, (found,))
                if step.kind != "repeated":
                    tried.append(Tried(step, got, outcome, beyond))
                    if decided is not None:
                        decided(tried[-1])
            if then == "stop":
                break
            left_list = left_list or then == "leave the list"
        return _walked(tuple(tried), policy, rdtypes)

    def rehearse(
        self, name: str, rdtypes: tuple[int, ...], known: Callable[[Question], Result]
    ) -> tuple[Walked, tuple[Question, ...]]:
        """Walk where each answer is known beforehand; return the end, and the questions in the order asked."""
        asked: list[Question] = []
        lookup = self.walk(name, rdtypes)
        try:
            ask = next(lookup)
            while True:
                asked += ask.questions
                ask = lookup.send(tuple(map(known, ask.questions)))
        except StopIteration as end:
            return end.value, tuple(asked)

    def _runs(self, name: str, rdtypes: tuple[int, ...]) -> Iterable[Run]:
        """Plan the walk: steps asked at once."""
        head, plan = self._plan(name, rdtypes)
        if plan is None:
            return runs(steps_for(name, self._config, self.policy, rdtypes))
        return (begun_with(head, planned) for planned in plan.runs)

    def _plan(self, name: str, rdtypes: tuple[int, ...]) -> tuple[str, Plan | None]:
        """The name's first label, and the plan for what follows that, if there is one that holds for the name."""
        head, dot, rest = name.partition(".")
        behind = dot + rest
        if is_label(head):
            plan = self._planned(behind, rdtypes)
            if plan is not None and plan.holds_for(head):
                return head, plan
        return head, None


def masked(end: Walked) -> Tried | None:
    """Return the last candidate that failed for now in a walk that is reported as a negative answer all the same."""
    if end.failure not in ("nxdomain", "nodata"):
        return None
    return next((t for t in reversed(end.tried) if t.outcome in TEMPORARY or t.outcome == "formerr"), None)


def _due(steps: tuple[Step, ...], tried: Sequence[Tried]) -> tuple[Step, ...]:
    """Keep what is still to be asked once the search list was left: the name as typed, unless an entry asked it."""
    names = {t.step.name for t in tried}
    return tuple(
        s._replace(kind="asked") if s.kind == "stand-in" else s
        for s in steps
        if not s.listed and not (s.kind == "stand-in" and s.name in names)
    )


def _before(steps: tuple[Step, ...], tried: Sequence[Tried]) -> Results:
    """Return the answers that a repeated name had before."""
    repeated = {s.name.lower() for s in steps if s.kind == "repeated"}
    return next((t.answers for t in tried if t.step.name.lower() in repeated), ())


def _round(questions: tuple[Question, ...], steps: Run, policy: PolicyRules) -> Round:
    """Ask a run at once. Search order decides among its steps, not the order in which answers arrive."""
    if len(questions) == 1:
        return Round(questions)
    width = len(questions) // sum(step.kind == "asked" for step in steps)

    def enough(answers: Results) -> bool:
        for step, got in _answered(steps, answers, width):
            if not all_there(got):
                return False
            if policy.judge(step, got)[1] == "stop":
                return True
        return True

    def usable(answers: Results) -> bool:
        """Tell whether the policy would take the deciding candidate as found if what is missing were lost."""
        for step, got in _answered(steps, answers, width):
            outcome, then = policy.judge(step, got)
            if not all_there(got):
                return outcome == "found"
            if then == "stop":
                return False
        return False

    return Round(questions, enough, usable)


def _answered(steps: Run, answers: Results, width: int) -> list[tuple[Step, Results]]:
    """Pair each step with its own answers: none for a name that cannot be sent."""
    if len(steps) == 1 and steps[0].kind == "asked":
        return [(steps[0], answers)]
    pairs: list[tuple[Step, Results]] = []
    at = 0
    for step in steps:
        if step.kind in ("asked", "repeated"):
            pairs.append((step, answers[at : at + width]))
            at += width
        elif step.kind != "stand-in":
            pairs.append((step, ()))
    return pairs


def _walked(tried: tuple[Tried, ...], policy: PolicyRules, rdtypes: tuple[int, ...]) -> Walked:
    if tried and tried[-1].outcome == "found":
        return Walked(tried[-1], tried)
    decided = [t for t in tried if t.outcome != "overtaken"]
    if decided and decided[-1].outcome == "found":
        return Walked(decided[-1], tried)
    failure = policy.failure(decided, rdtypes)
    if failure not in ("temporary", "failed"):
        return Walked(None, tried, failure)
    # Alone, too, the candidate that the report is about would be reported so.
    reported = [t for t in decided if policy.failure((t,), rdtypes) == failure]
    return Walked(None, tried, failure, _deciding(reported))


def _deciding(tried: Iterable[Tried]) -> Failed | None:
    """Return the failure to tell of: the last one that decided its candidate."""
    decided = [a for t in tried for a in t.answers if isinstance(a, Failed) and a.reason == t.outcome]
    return decided[-1] if decided else None
