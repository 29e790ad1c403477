"""`candidates` and `explain`: which names a host name stands for, and what came of each."""

import argparse
from collections.abc import Iterable, Sequence
from typing import get_args

import attrs

from k8sresolve.cli.options import Commands, open_resolvers
from k8sresolve.cli.output import Shown, listed, plain, record, table, write
from k8sresolve.config import Policy
from k8sresolve.explanations import Candidate, Explanation
from k8sresolve.resolver import Resolver

_OUTCOMES = {
    "found": "found",
    "nodata": "NODATA",
    "nxdomain": "NXDOMAIN",
    "dangling": "alias of nothing",
    "overtaken": "not needed",
    "timeout": "timeout",
    "network": "unreachable",
    "servfail": "SERVFAIL",
    "refused": "REFUSED",
    "notimp": "NOTIMP",
    "formerr": "FORMERR",
    "bad": "bad reply",
    "unsendable": "cannot be sent",
    "closed": "CLOSED",
    "internal": "INTERNAL",
    "malformed": "MALFORMED",
}
_ENDS = {
    "nodata": "the name exists, but has no address",
    "nxdomain": "no such name",
    "unsendable": "no packet can carry this name",
}
_STATUS = {"found": 0, "nodata": 1, "nxdomain": 1, "unsendable": 2}
_TEMPORARY = 3


def register(commands: Commands) -> None:
    """Add the subcommands."""
    candidates = commands.ask(
        "candidates", "list the absolute names that a host name may stand for, and ask nothing", _candidates
    )
    candidates.add_argument("name", metavar="NAME", help="a host name, as given to `addresses`")
    explain = commands.add(
        "explain",
        "look a host up and tell of every candidate what came of it",
        _run_explain,
        "The exit status is that of the lookup: 0 found, 1 no such name or no data, 3 no usable answer for now; with "
        "--compare it is the greatest of them.",
    )
    explain.add_argument("name", metavar="NAME", help="a host name, as given to `addresses`")
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
    explanations: list[Explanation] = []
    notes: list[str] = []
    for resolver in open_resolvers(args, changes):
        with resolver:
            explanations.append(resolver.explain(args.name))
            notes += _notes(resolver)
    shown = _compared(explanations) if args.compare else _explained(explanations[0])
    text = "\n".join([shown.text, *dict.fromkeys(notes)])
    write(attrs.evolve(shown, text=text), as_json=args.json)
    return shown.status


def _families(args: argparse.Namespace, policy: str) -> dict[str, str]:
    """Let resolvers of programs ask for what they ask for: getaddrinfo(3) and Go take both families unless told."""
    return {} if policy == "kubernetes" or args.family != "auto" else {"family": "both"}


def _candidates(resolver: Resolver, args: argparse.Namespace) -> Shown:
    candidates = resolver.candidates(args.name)
    rows = [(candidate.name, "yes" if candidate.asked else "skipped", candidate.rule) for candidate in candidates]
    text = "\n".join([table(("CANDIDATE", "ASKED", "WHY"), rows), *_notes(resolver)])
    return Shown(text, {"candidates": plain(candidates)})


def _explained(explanation: Explanation) -> Shown:
    header = ("CANDIDATE", "ASKED", "OUTCOME", "NAMESERVER", "MS", "WHY")
    rows = [_row(candidate) for candidate in explanation.candidates]
    text = "\n".join([table(header, rows), "", _summary(explanation), *_remarks(explanation)])
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
    text = "\n".join([table(header, rows), "", *ends, *_parting(names, explanations), *_remarks(*explanations)])
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
    return {c.name: _outcome(c.outcome) for c in explanation.candidates if c.questions}


def _outcome(outcome: str) -> str:
    return _OUTCOMES[outcome]


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


def _row(candidate: Candidate) -> tuple[str, ...]:
    if not candidate.questions:
        told = "not asked: an earlier one decided" if candidate.outcome == "not asked" else candidate.outcome
        why = f"{candidate.rule}; {told}" if told else candidate.rule
        return candidate.name, "skipped", "", "", "", why
    outcome = _outcome(candidate.outcome)
    milliseconds = "" if candidate.milliseconds is None else f"{candidate.milliseconds:.1f}"
    return candidate.name, ", ".join(candidate.questions), outcome, candidate.nameserver, milliseconds, candidate.rule


def _summary(explanation: Explanation) -> str:
    outcome, count = explanation.outcome, explanation.questions
    if outcome == "found":
        end = f"found {listed(explanation.addresses)}"
    else:
        end = _ENDS.get(outcome, f"no usable answer ({_outcome(outcome)})")
    return f"{explanation.name}: {end}; {count} question{'' if count == 1 else 's'} asked, policy {explanation.policy}"
