"""Search: which absolute names a user's name may stand for, in which order they are asked, and where the asking stops.

How candidates are made, what is made of their answers, what is done next, and how a failure is reported is a policy's;
see `rules`. Nothing here does I/O or looks at a clock: `walk` yields what it wants to know and gets answers. Its plans
are made anew for every lookup, hence the tuples.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, get_args

from k8sresolve._core.questions import AAAA, A, Failed, Lookup, Question, Result, Results, Round
from k8sresolve._core.search.absolute import plan
from k8sresolve._core.search.aliases import at_alias, completed, unsaid
from k8sresolve._core.search.rules import TEMPORARY, Beyond, Failure, PolicyRules, Step, Then, Tried
from k8sresolve._escaping import told
from k8sresolve.config import Policy, ResolverConfig
from k8sresolve.errors import ConfigError
from k8sresolve.records import Candidate

_NOTHING_BEYOND: Beyond = ()


class Walked(NamedTuple):
    """The end of a walk: the candidate that was found, or how the policy reports that none was.

    `failure` is None exactly where something was found: `"nxdomain"`, `"nodata"`, `"temporary"`, or `"failed"`, where
    nothing is to be gained by trying again. `failed` is the answer behind the last two, None where the name could not
    be sent. `tried` are the candidates that were asked, in search order.
    """

    found: Tried | None
    tried: tuple[Tried, ...]
    failure: Failure | None = None
    failed: Failed | None = None


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


def candidates(
    name: str, config: ResolverConfig, policy: PolicyRules, *, rdtypes: tuple[int, ...] = (A, AAAA)
) -> tuple[Candidate, ...]:
    """Tell every candidate for `name` in search order, with those left out (`asked=False`) and why.

    >>> config = ResolverConfig.for_cluster("10.96.0.10", namespace="shop")
    >>> [candidate.name for candidate in candidates("payments", config, policy("kubernetes")) if candidate.asked]
    ['payments.shop.svc.cluster.local.', 'payments.']
    """
    return tuple(step.candidate for step in plan(name, config, policy, rdtypes))


def walk(
    name: str,
    config: ResolverConfig,
    policy: PolicyRules,
    rdtypes: tuple[int, ...],
    decided: Callable[[Tried], None] | None = None,
) -> Lookup[Walked]:
    """Ask for `name` along the search list until the policy has its answer; A stands before AAAA in `rdtypes`.

    Never raises: a name that cannot be sent is one more outcome. `decided` is told of each candidate as the policy has
    judged it.
    """
    tried: list[Tried] = []
    left_list = False
    for planned in _runs(plan(name, config, policy, rdtypes)):
        steps = _due(planned, tried) if left_list else planned
        run = _Run(steps, policy, len(rdtypes))
        questions = tuple([Question(s.name, rdtype) for s in steps if s.kind == "asked" for rdtype in rdtypes])
        answers = (yield run.ask(questions)) if questions else _before(steps, tried)
        then = Then.GO_ON
        for step, received in run.answered(answers):
            if then is Then.STOP:
                tried.append(Tried(step, received, "overtaken"))
                continue
            got, beyond = received, _NOTHING_BEYOND
            outcome, then = policy.judge(step, got)
            if outcome == "dangling" and policy.asks_beyond and (questions := unsaid(got, rdtypes)):
                more = yield at_alias(questions)
                got, beyond = completed(got, rdtypes, questions, more), tuple(zip(questions, more, strict=True))
                outcome, then = policy.judge(step, got)
            if step.kind != "repeated":
                tried.append(Tried(step, got, outcome, beyond))
                if decided is not None:
                    decided(tried[-1])
        if then is Then.STOP:
            break
        left_list = left_list or then is Then.LEAVE_LIST
    return _walked(tuple(tried), policy, rdtypes)


def rehearse(
    name: str,
    config: ResolverConfig,
    policy: PolicyRules,
    rdtypes: tuple[int, ...],
    known: Callable[[Question], Result],
) -> tuple[Walked, tuple[Question, ...]]:
    """Walk where each answer is known beforehand; return the end, and the questions in the order asked."""
    asked: list[Question] = []
    lookup = walk(name, config, policy, rdtypes)
    try:
        ask = next(lookup)
        while True:
            asked += ask.questions
            ask = lookup.send(tuple(map(known, ask.questions)))
    except StopIteration as end:
        return end.value, tuple(asked)


def masked(end: Walked) -> Tried | None:
    """Return the last candidate that failed for now in a walk that is reported as a negative answer all the same."""
    if end.failure not in ("nxdomain", "nodata"):
        return None
    return next((t for t in reversed(end.tried) if t.outcome in TEMPORARY or t.outcome == "formerr"), None)


def _runs(steps: Iterable[Step]) -> Iterator[tuple[Step, ...]]:
    """Part the steps that matter into those asked at once: a run unbroken under the cluster domain, else one by one."""
    run: list[Step] = []
    for step in steps:
        if step.inside:
            run.append(step)
        elif step.kind != "left out":
            if run:
                yield tuple(run)
                run.clear()
            yield (step,)
    if run:
        yield tuple(run)


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


class _Run:
    """Steps asked at once. Search order decides among them, not the order in which answers arrive."""

    __slots__ = ("policy", "steps", "width")

    def __init__(self, steps: tuple[Step, ...], policy: PolicyRules, width: int) -> None:
        self.steps = steps
        self.policy = policy
        self.width = width

    def ask(self, questions: tuple[Question, ...]) -> Round:
        if len(questions) == 1:
            return Round(questions)
        return Round(questions, self._enough, self._usable)

    def answered(self, answers: Results) -> Iterator[tuple[Step, Results]]:
        """Pair each step with its own answers: none for a name that cannot be sent."""
        at = 0
        for step in self.steps:
            if step.kind in ("asked", "repeated"):
                yield step, answers[at : at + self.width]
                at += self.width
            elif step.kind != "stand-in":
                yield step, ()

    def _enough(self, answers: Results) -> bool:
        for step, got in self.answered(answers):
            if None in got:
                return False
            if self.policy.judge(step, got)[1] is Then.STOP:
                return True
        return True

    def _usable(self, answers: Results) -> bool:
        """Tell whether the policy would take the deciding candidate as found if what is missing were lost."""
        for step, got in self.answered(answers):
            outcome, then = self.policy.judge(step, got)
            if None in got:
                return outcome == "found"
            if then is Then.STOP:
                return False
        return False


def _walked(tried: tuple[Tried, ...], policy: PolicyRules, rdtypes: tuple[int, ...]) -> Walked:
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
