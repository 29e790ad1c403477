"""`candidates` and `explain`: which names a host name stands for, and what came of each."""

import argparse
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import get_args

import attrs

from k8sresolve.cli.asking import add_ask_each, add_names, show_each
from k8sresolve.cli.forms import add_forms
from k8sresolve.cli.opening import open_resolvers
from k8sresolve.cli.options import ASKING, Commands
from k8sresolve.cli.output import Shown, listed, plain, record, rendered
from k8sresolve.cli.screen import Screen
from k8sresolve.config import Policy
from k8sresolve.explanations import OUTCOMES, Candidate, Explanation, summary
from k8sresolve.resolver import Resolver

_STATUS = {"found": 0, "nodata": 1, "nxdomain": 1, "unsendable": 2}
_TEMPORARY = 3


def register(commands: Commands) -> None:
    """Add the subcommands."""
    candidates = add_ask_each(
        commands,
        "candidates",
        "list the absolute names that a host name may stand for, and ask nothing",
        _candidates,
        takes=(*(option for option in ASKING if option != "timeout"), "policy"),
    )
    add_names(candidates, "NAME", "a host name, as given to `addresses`")
    explain = commands.add(
        "explain",
        "look a host up and tell of every candidate what came of it",
        _run_explain,
        "The exit status is that of the lookup: 0 found, 1 no such name or no data, 3 no usable answer for now; with "
        "--compare it is the greatest of them.",
        takes=(*ASKING, "policy", "family"),
    )
    add_names(explain, "NAME", "a host name, as given to `addresses`")
    add_forms(explain, ("text", "json", "yaml"))
    explain.add_argument(
        "--compare",
        metavar="POLICIES",
        type=_policies,
        help="look it up by each of these policies, separated by commas, and show side by side where they part ways; "
        "each reads resolv.conf as its resolver does, and but for `kubernetes` asks for both families",
    )


def _policies(text: str) -> list[str]:
    names = list(dict.fromkeys(text.split(",")))
    policies = get_args(Policy)
    unknown = [name for name in names if name not in policies]
    if unknown:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is no policy: choose from {', '.join(policies)}")
    return names


def _run_explain(args: argparse.Namespace) -> int:
    policies: list[str] = args.compare or [args.policy]
    changes = [{"policy": policy, **(_families(args, policy) if args.compare else {})} for policy in policies]
    with ExitStack() as opened:
        resolvers = [opened.enter_context(resolver) for resolver in open_resolvers(args, changes)]
        return show_each(args, partial(_explain, _compared if args.compare else _explained, resolvers))


def _explain(show: Callable[[Sequence[Explanation]], Shown], resolvers: Iterable[Resolver], name: str) -> Shown:
    shown = show([resolver.explain(name) for resolver in resolvers])
    notes = [note for resolver in resolvers for note in _notes(resolver)]

    def text(on: Screen) -> str:
        return "\n".join([rendered(shown.text, on), *_notes_told(on, notes)])

    return attrs.evolve(shown, text=text)


def _families(args: argparse.Namespace, policy: str) -> dict[str, str]:
    """Let resolvers of programs ask for what they ask for: getaddrinfo(3) and Go take both families unless told."""
    return {} if policy == "kubernetes" or args.family != "auto" else {"family": "both"}


def _candidates(resolver: Resolver, _args: argparse.Namespace, name: str) -> Shown:
    candidates = resolver.candidates(name)
    rows = [(candidate.name, "yes" if candidate.asked else "skipped", candidate.rule) for candidate in candidates]

    def text(on: Screen) -> str:
        return "\n".join([on.table(("CANDIDATE", "ASKED", "WHY"), rows), *_notes_told(on, _notes(resolver))])

    names = [candidate.name for candidate in candidates if candidate.asked]
    return Shown(text, {"candidates": plain(candidates)}, names=names)


def _explained(explanations: Sequence[Explanation]) -> Shown:
    [explanation] = explanations
    header = ("CANDIDATE", "ASKED", "OUTCOME", "NAMESERVER", "MS", "WHY")
    rows = [_row(candidate) for candidate in explanation.candidates]

    def text(on: Screen) -> str:
        ends = [_summary(explanation), *_remarks(explanation)]
        return "\n".join([on.table(header, rows), "", *map(on.wrapped, ends)])

    return Shown(text, record(explanation), _status(explanation))


def _status(explanation: Explanation) -> int:
    return _STATUS.get(explanation.outcome, _TEMPORARY)


def _remarks(*explanations: Explanation) -> list[str]:
    """Say what else there is to say of a lookup, each thing once."""
    texts = [text for explanation in explanations for text in (explanation.remark, explanation.advice) if text]
    return [f"note: {text}" for text in dict.fromkeys(texts)]


def _compared(explanations: Sequence[Explanation]) -> Shown:
    """Put explanations side by side: a row for each candidate, a column for each policy."""
    names = _in_order(explanations)
    columns = [
        {name: f"{number} {outcome}" for number, (name, outcome) in enumerate(_outcomes(explanation).items(), 1)}
        for explanation in explanations
    ]
    rows = [(name, *(column.get(name, "") for column in columns)) for name in names]
    rows.append(("questions", *(str(explanation.questions) for explanation in explanations)))
    header = ("CANDIDATE", *(explanation.policy.upper() for explanation in explanations))
    ends = [_summary(explanation) for explanation in explanations]
    told = [*ends, *_parting(names, explanations), *_remarks(*explanations)]

    def text(on: Screen) -> str:
        return "\n".join([on.table(header, rows), "", *map(on.wrapped, told)])

    return Shown(text, {"explain": plain(tuple(explanations))}, max(map(_status, explanations)))


def _in_order(explanations: Iterable[Explanation]) -> list[str]:
    """Merge the candidates; one that only a later policy has stands behind the one before it there."""
    names: list[str] = []
    for explanation in explanations:
        place = 0
        for candidate in explanation.candidates:
            if candidate.name not in names:
                names.insert(place, candidate.name)
            place = names.index(candidate.name) + 1
    return names


def _outcomes(explanation: Explanation) -> dict[str, str]:
    """Tell what came of each candidate that was asked, in the order of asking."""
    return {c.name: OUTCOMES[c.outcome] for c in explanation.candidates if c.questions}


def _parting(names: Sequence[str], explanations: Sequence[Explanation]) -> list[str]:
    """Say at which candidate the policies first do not do the same."""
    columns = {explanation.policy: _outcomes(explanation) for explanation in explanations}
    for name in names:
        parts: dict[str, list[str]] = {}
        for policy, outcomes in columns.items():
            parts.setdefault(outcomes.get(name, "not asked"), []).append(policy)
        if len(parts) > 1:
            told = "; ".join(f"{', '.join(policies)}: {outcome}" for outcome, policies in parts.items())
            return [f"they part ways at {name} ({told})"]
    return []


def _notes(resolver: Resolver) -> list[str]:
    """Say what is odd about the configuration, which may explain the candidates."""
    return [f"note: {finding}" for finding in resolver.config.diagnostics]


def _notes_told(on: Screen, notes: Iterable[str]) -> list[str]:
    return [on.wrapped(note) for note in dict.fromkeys(notes)]


def _row(candidate: Candidate) -> tuple[str, ...]:
    if not candidate.questions:
        told = "not asked: an earlier one decided" if candidate.outcome == "not asked" else candidate.outcome
        why = f"{candidate.rule}; {told}" if told else candidate.rule
        return candidate.name, "skipped", "", "", "", why
    outcome = OUTCOMES[candidate.outcome]
    milliseconds = "" if candidate.milliseconds is None else f"{candidate.milliseconds:.1f}"
    return candidate.name, ", ".join(candidate.questions), outcome, candidate.nameserver, milliseconds, candidate.rule


def _summary(explanation: Explanation) -> str:
    return summary(explanation, listed(explanation.addresses))
