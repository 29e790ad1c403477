"""What search policies are made of: candidates as steps, what their answers come to, and the row of rules of each.

`glibc`, `musl` and `go` reproduce those resolvers, their timers excepted; `kubernetes` gives glibc's answer without the
questions that nobody can answer. Each has a module of its own and exports its row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias, assert_never

from k8sresolve._core.questions import Question, Result, Results
from k8sresolve._core.search.limits import LONGEST_NAME
from k8sresolve.config import Policy, ResolverConfig
from k8sresolve.errors import Outcome

if TYPE_CHECKING:
    from k8sresolve.explanations import Candidate

Failure: TypeAlias = Literal["nxdomain", "nodata", "temporary", "failed"]

Unsent: TypeAlias = Literal["unsendable", "malformed"]
"""Why no packet carries a candidate: it has no form on the wire, or musl 1.2.3 makes one of it that is no question."""

Kind: TypeAlias = Literal["asked", "left out", "repeated", "stand-in", Unsent]
"""What a policy does with a candidate.

It is asked, left out, or not to be sent, which stands for an outcome. `"repeated"`: an earlier step outside the cluster
domain is the same name, and its answers count again. `"stand-in"`: it is asked after all where the search list was left
before the entry that makes the same name.
"""


class Step(NamedTuple):
    """A candidate in a policy's plan: its absolute `name`, and the `rule` by which it is asked or not.

    `listed`: the search list made it. `inside`: it is under the cluster domain, and asked together with its neighbours
    there.
    """

    name: str
    rule: str
    kind: Kind = "asked"
    listed: bool = False
    inside: bool = False

    @property
    def unsent(self) -> Unsent | None:
        """The outcome that stands for asking it, where no packet can carry it."""
        return self.kind if self.kind in ("unsendable", "malformed") else None

    @property
    def candidate(self) -> Candidate:
        """The candidate as users are told of it, before it was asked."""
        from k8sresolve.explanations import Candidate

        return Candidate(self.name, self.rule, self.kind == "asked")


Beyond: TypeAlias = tuple[tuple[Question, Result | None], ...]


class Tried:
    """A candidate and what it came to; `answers` are in the order of the types, empty where it could not be sent.

    `beyond` are the questions about its last alias, with their answers, where the first ones left it open.
    """

    __slots__ = ("answers", "beyond", "outcome", "step")

    def __init__(self, step: Step, answers: Results, outcome: Outcome, beyond: Beyond = ()) -> None:
        self.step = step
        self.answers = answers
        self.outcome: Outcome = outcome
        self.beyond = beyond

    @property
    def candidate(self) -> Candidate:
        """The candidate as users are told of it, before it was asked."""
        return self.step.candidate


Then: TypeAlias = Literal["go on", "leave the list", "stop"]
"""What follows a candidate.

The next one is asked; no more of the search list is, but the name as typed may still be; or nothing more is asked.
"""


MakeSteps: TypeAlias = Callable[[str, ResolverConfig, tuple[int, ...]], Iterator[Step]]
Judgement: TypeAlias = tuple[Outcome, Then]


class PolicyRules:
    """One way of searching, as a row of rules.

    `steps` makes the candidates; `judge` says what a step's answers come to, and what follows it; `failure` how a walk
    is reported in which nothing was found, for the types asked. `asks_beyond`: an alias whose target the answer leaves
    open is followed by one more question.
    """

    __slots__ = ("asks_beyond", "failure", "judge", "name", "steps")

    def __init__(
        self,
        name: Policy,
        steps: MakeSteps,
        judge: Callable[[Step, Results], Judgement],
        failure: Callable[[Sequence[Tried], tuple[int, ...]], Failure],
        *,
        asks_beyond: bool = False,
    ) -> None:
        self.name: Policy = name
        self.steps: MakeSteps = steps
        self.judge: Callable[[Step, Results], Judgement] = judge
        self.failure: Callable[[Sequence[Tried], tuple[int, ...]], Failure] = failure
        self.asks_beyond: bool = asks_beyond


# Candidates.

AS_TYPED_LAST = "as typed, after the search list"
ENDED_BY_DOT = "a dot at the end ends all searching"
ONION = ".onion."
ONION_RULE = "names under .onion are not for DNS (RFC 7686)"
_ESCAPE = r"\\(?:[01]\d\d|2[0-4]\d|25[0-5]|\D)"  # few names have one


def as_typed(name: str, rule: str) -> Step:
    """Make a step of the name as typed, which is not asked where no packet can carry it."""
    return _checked(_absolute(name), rule)


def joined(name: str, entry: str) -> Step:
    """Make a step of the name with an entry of the search list; an empty one is the root."""
    absolute = join(name, entry)
    rule = f"search domain {entry or '.'}"
    # An entry is looked at once, a name once for all entries.
    if len(absolute) <= LONGEST_NAME and name[-1:] != "." and _is_plain(name) and _is_plain(entry):
        return Step(absolute, rule, listed=True)
    return _checked(absolute, rule, listed=True)


def join(name: str, entry: str) -> str:
    """Write a name with an entry of the search list, absolute."""
    return _absolute(f"{name}.{entry}" if entry else name)


def _absolute(name: str) -> str:
    return name if name.endswith(".") else f"{name}."


@lru_cache(512)
def _is_plain(name: str) -> bool:
    """Whether each label is fit as it stands, whatever it is joined with, as it is without an escape."""
    return name not in {"", "."} and "\\" not in name and not _unfit(_absolute(name))


def _checked(name: str, rule: str, *, listed: bool = False) -> Step:
    unfit = _unfit(name)
    return (
        Step(name, f"{rule}: cannot be sent, {unfit}", "unsendable", listed)
        if unfit
        else Step(name, rule, "asked", listed)
    )


def _unfit(name: str) -> str:
    """Say why no packet can carry an absolute name (RFC 1035, section 2.3.4); empty if one can."""
    text = re.sub(_ESCAPE, "x", name) if "\\" in name else name
    if not text.endswith(".") or "\\" in text:
        return "it ends in the middle of an escape"
    if not text.isascii():
        return "it is not ASCII"
    labels = text[:-1].split(".")
    if "" in labels and text != ".":
        return "it has an empty label"
    if max(map(len, labels)) > 63:
        return "it has a label of more than 63 characters"
    return "it has more than 253 characters" if len(text) > LONGEST_NAME else ""


def without(step: Step, why: str, kind: Kind = "left out") -> Step:
    """Ask a step not, or not now."""
    return Step(step.name, f"{step.rule}: {why}", kind, step.listed)


def as_typed_first(name: str, config: ResolverConfig) -> str:
    """Say why the name as typed comes before the search list; empty if it does not. resolv.conf(5), ndots."""
    if name.endswith("."):
        return f"as typed, {ENDED_BY_DOT}"
    dots = name.count(".")
    return f"as typed, dots {dots}, ndots {config.ndots}" if dots >= config.ndots else ""


# Outcomes.

NEGATIVE: frozenset[Outcome] = frozenset({"nxdomain", "nodata", "dangling"})
TEMPORARY: frozenset[Outcome] = frozenset({"servfail", "refused", "notimp", "timeout", "network", "closed"})


def failure_of(outcome: Outcome) -> Failure:
    """Say how an outcome is reported that is not `"found"`."""
    match outcome:
        case "nxdomain":
            return "nxdomain"
        case "nodata" | "dangling":
            return "nodata"
        case "servfail" | "refused" | "notimp" | "timeout" | "network" | "closed":
            return "temporary"
        case "formerr" | "bad" | "unsendable" | "malformed" | "internal" | "found" | "overtaken":
            return "failed"
        case _:
            assert_never(outcome)
