"""One lookup's questions and answers, in order, and the errors that they come to.

Answers are values until a lookup can do nothing with one; here it becomes an exception that says what was asked, as the
user typed it, what was tried, what came back and what to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Literal, NoReturn, TypeAlias

from k8sresolve._core.lookups.setting import Setting, remarks
from k8sresolve._core.questions import (
    Empty,
    Failed,
    Found,
    Lookup,
    NxDomain,
    Question,
    Result,
    Results,
    Round,
    type_name,
)
from k8sresolve._core.search.rules import Tried
from k8sresolve.errors import (
    BadResponse,
    InternalError,
    InvalidName,
    LookupTimeout,
    NetworkError,
    NoData,
    NoSuchName,
    Reason,
    Refused,
    ResolveError,
    ResolverClosed,
    ServerFailure,
    TemporaryFailure,
)

if TYPE_CHECKING:
    from k8sresolve.attempts import Attempt
    from k8sresolve.config import ResolverConfig
    from k8sresolve.explanations import Candidate

Story: TypeAlias = tuple[str, str]
"""What is wrong, and what to do about it (or nothing)."""

_FAILURES: dict[Reason, tuple[type[ResolveError], str, str]] = {
    "timeout": (LookupTimeout, "no answer in time", "check that the nameserver is up and reachable from here"),
    "servfail": (
        ServerFailure,
        "the nameserver failed (SERVFAIL)",
        "CoreDNS says so until it has synced with the API server, or when its upstream fails; try again",
    ),
    "refused": (Refused, "the nameserver refuses the question", "check that this nameserver serves such names"),
    "notimp": (Refused, "the nameserver does not implement the question (NOTIMP)", ""),
    "formerr": (Refused, "the nameserver takes the question for malformed (FORMERR)", ""),
    "network": (NetworkError, "no nameserver can be reached", "check the nameserver's address, and that it is up"),
    "bad": (BadResponse, "the nameserver's reply cannot be right", ""),
    "unsendable": (InvalidName, "no packet can carry this name", ""),
    "internal": (
        InternalError,
        "k8sresolve itself failed, not the nameserver",
        "please report it, with the traceback that the logger k8sresolve has",
    ),
}
# Where the reason leaves open what happened, the failure's own detail says it.
_DETAILED = frozenset({"refused", "network", "bad", "unsendable", "internal"})
_WORTH_TELLING = 0.1  # seconds
# What a configuration that was not there, and so points at 127.0.0.1, may explain.
_CONFIGURED = frozenset({"timeout", "network"})


def domain_advice(kind: Literal["slip", "other"], name: str, config: ResolverConfig) -> str:
    """Say which domain is right, as `domains` does; empty where no descriptor is left to load that by."""
    try:
        from k8sresolve._core.lookups.domains import domain_slip, other_domain
    except OSError:
        return ""
    return domain_slip(name, config) if kind == "slip" else other_domain(name, config)


class Trail:
    """What a lookup for `name`, as the user typed it, has asked so far."""

    __slots__ = ("_began", "_log", "followed", "name", "setting")

    def __init__(self, name: str, setting: Setting, began: float | None = None) -> None:
        self.name = name
        self.setting = setting
        self.followed: dict[str, Results] = {}  # see `following`
        self._log: list[tuple[Iterable[Question], Results]] = []
        self._began = setting.now() if began is None else began

    def ask(self, round_: Round) -> Lookup[Results]:
        """Ask questions at once."""
        answers = yield round_
        self.note(round_.questions, answers)
        return answers

    def one(self, name: str, rdtype: int) -> Lookup[Result]:
        """Ask a single question."""
        (answer,) = yield from self.ask(Round((Question(name, rdtype),)))
        assert answer is not None  # noqa: S101 - a `Round` without `enough` waits for every answer
        return answer

    def note(self, questions: Iterable[Question], answers: Results) -> None:
        """Keep what was asked, and what came of it."""
        self._log.append((questions, answers))

    @property
    def log(self) -> list[tuple[Question, Result]]:
        """All questions that have an answer, with it."""
        return [
            (question, answer)
            for questions, answers in self._log
            for question, answer in zip(questions, answers, strict=False)
            if answer is not None
        ]

    def age(self, answer: Result) -> float | None:
        """Tell how old an answer is that was remembered, in seconds; None for one that this lookup asked for."""
        if isinstance(answer, Failed) or answer.at > self._began:
            return None  # failures are not remembered
        return self._began - answer.at

    def told(self, tried: Tried, rdtypes: tuple[int, ...]) -> Candidate:
        """Tell users of a candidate that was tried for these types."""
        from k8sresolve.explanations import Candidate

        answers = [answer for answer in tried.answers if answer is not None]
        exchanges = [exchange for answer in answers for exchange in answer.exchanges]
        age = max([age for answer in answers if (age := self.age(answer)) is not None], default=None)
        took = max((exchange.milliseconds for exchange in exchanges), default=None)
        return Candidate(
            tried.step.name,
            tried.step.rule,
            tried.step.kind == "asked",
            questions=tuple(type_name(rdtype) for rdtype, _ in zip(rdtypes, tried.answers, strict=False)),
            outcome=tried.outcome,
            nameserver=exchanges[-1].nameserver if exchanges else "",
            milliseconds=None if took is None or age is not None else round(took, 3),
            age=age,
            stale=any(answer.stale for answer in answers),
        )

    def tell(self, rdtypes: tuple[int, ...], tried: Tried) -> None:
        """Tell observers of a candidate that was decided."""
        self.setting.events.decided(self.name, self.told(tried, rdtypes))

    def found(self, answer: Result, *, nxdomain: Callable[[], Story], nodata: Callable[[], Story]) -> Found:
        """Return an answer that has records; raise what any other one means, of which is told only then."""
        if isinstance(answer, NxDomain):
            self.fail(NoSuchName, *nxdomain())
        if isinstance(answer, Empty):
            self.fail(NoData, *nodata())
        if isinstance(answer, Failed):
            self.give_up(answer)
        return answer

    def fail(self, kind: type[ResolveError], problem: str, advice: str = "") -> NoReturn:
        """Raise an error that tells of all that was tried."""
        attempts: tuple[Attempt, ...] = ()
        try:
            from k8sresolve.attempts import Attempt
        except OSError:  # no descriptor is left to read the module by, which the problem says
            pass
        else:
            attempts = tuple(
                Attempt(question.name, type_name(question.rdtype), *exchange, age=self.age(answer), stale=answer.stale)
                for question, answer in self.log
                for exchange in answer.exchanges
            )
        raise kind(self.name, problem, attempts=attempts, advice=advice)

    def give_up(self, failed: Failed, *, final: bool | None = None) -> NoReturn:
        """Raise the error for a question that got no answer.

        `final` is what a search policy takes it for: its resolver would not try again, or would. Without one, the
        failure itself tells.
        """
        if failed.reason == "closed":
            raise ResolverClosed("this resolver was closed during the lookup")
        kind, problem, advice = _FAILURES[failed.reason]
        if failed.reason == "timeout" and any(exchange.outcome == "truncated" for exchange in failed.exchanges):
            advice = "the nameserver is there by UDP, and the answer needs TCP: let TCP to its port through"
        if failed.detail and failed.reason in _DETAILED:
            problem += f" ({failed.detail})"
        spent = self.setting.now() - self._began
        if issubclass(kind, TemporaryFailure) and spent >= _WORTH_TELLING:
            problem += f", after {spent:.1f} s"
        if failed.reason in _CONFIGURED:
            advice = "; ".join(filter(None, (advice, remarks(self.setting.config))))
        advice = domain_advice("slip", self.name, self.setting.config) or advice
        if final and issubclass(kind, TemporaryFailure):
            kind = BadResponse
        elif final is False and kind is BadResponse:
            kind = ServerFailure
        self.fail(kind, problem, advice)
