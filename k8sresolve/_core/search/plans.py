"""Plans: a policy's steps, parted into runs, and kept by what follows a name's first label.

A policy is asked once for the plan of `.shop.svc`, and all names that end so have theirs by putting their first label
before it. That is right for labels that are like any other: see `is_label` and `Plan.holds_for`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from k8sresolve._core.questions import new
from k8sresolve._core.search.absolute import steps_for
from k8sresolve._core.search.limits import LONGEST_NAME
from k8sresolve._core.search.rules import Kind, PolicyRules, Step
from k8sresolve.config import ResolverConfig
from k8sresolve.errors import InvalidName
from k8sresolve.names import MAX_LABEL, check_hostname

Run: TypeAlias = tuple[Step, ...]
"""Steps that are asked at once."""

PLANS = 256
"""So many are kept. Most names asked share few endings: a namespace's, and those of the search list."""

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Plan:
    """The runs of all names that end alike, without the first label, which has `room` characters.

    `lone` is the candidate that is asked first, if it is asked alone; only where it is in lower case, and the name may
    not be this machine's: for heads of up to `lone_room` characters, 0 where there is none.
    `unlike` are the labels with which the name would itself be a domain that the plan depends on, or this machine.
    """

    __slots__ = ("lone", "lone_room", "room", "runs", "unlike")

    def __init__(self, behind: str, planned: Iterable[Run], room: int, unlike: frozenset[str]) -> None:
        # Plain tuples are taken apart in a tenth of the time that a Step is.
        self.runs: tuple[tuple[tuple[str, str, Kind, bool, bool], ...], ...] = tuple(
            [tuple([(step.name, step.rule, step.kind, step.listed, step.inside) for step in run]) for run in planned]
        )
        first = self.runs[0] if self.runs else None
        self.lone = first[0][0] if first is not None and len(first) == 1 and first[0][2] == "asked" else ""
        whole = behind + self.lone
        is_plain = whole == whole.lower() and "localhost" not in behind
        self.lone_room = min(room, MAX_LABEL) if self.lone and is_plain else 0
        self.room = room
        self.unlike = unlike

    def holds_for(self, head: str) -> bool:
        """Whether it is the plan of the name with that label, too."""
        return len(head) <= self.room and head not in self.unlike


def begun_with(head: str, planned: tuple[tuple[str, str, Kind, bool, bool], ...]) -> Run:
    """Put the label first."""
    if len(planned) == 1:
        ((name, rule, kind, listed, inside),) = planned
        return (new(Step, (head + name, rule, kind, listed, inside)),)
    return tuple([new(Step, (head + name, rule, kind, listed, inside)) for name, rule, kind, listed, inside in planned])


def plan_behind(config: ResolverConfig, policy: PolicyRules, behind: str, rdtypes: tuple[int, ...]) -> Plan | None:
    """Make the plan of names that end so; None where more than their length depends on the first label.

    None, too, for what can be no host name.
    """
    domains = (config.cluster_domain or "", *config.absolute)
    unlike = frozenset(["localhost", *(domain.strip(".").lower().partition(".")[0] for domain in domains)])
    head = next((letter for letter in _LETTERS if letter not in unlike), None)
    if head is None:
        return None
    try:
        check_hostname(head + behind)
    except InvalidName:
        return None
    planned = steps_for(head + behind, config, policy, rdtypes)
    steps = [step._replace(name=step.name.removeprefix(head)) for step in planned]
    # What cannot be sent is too long, as a rule; and a pod's name begins with its address.
    if any(step.unsent or ".pod." in step.name.lower() for step in steps):
        return None
    longest = max([len(step.name) for step in steps], default=0)
    return Plan(behind, runs(steps), LONGEST_NAME - longest, unlike)


def runs(steps: Iterable[Step]) -> Iterator[Run]:
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
