"""`explain --compare`: lookups by several policies side by side, or below each other where the screen is narrow."""

from collections.abc import Iterable, Sequence

import attrs

from k8sresolve.cli.output import listed
from k8sresolve.cli.screen import Cell, Screen, Style
from k8sresolve.cli.steps import INDENT, saving, style_of
from k8sresolve.explanations import OUTCOMES, Explanation, summary


@attrs.frozen
class _Group:
    """Policies that ask the same and come to the same, with the lookup by the first of them."""

    policies: Sequence[str]
    told: Explanation

    @property
    def title(self) -> str:
        return ", ".join(self.policies)


def verdicts(on: Screen, explanations: Sequence[Explanation]) -> list[str]:
    """Say what came of the lookups, for each group of policies, and at which candidate they part ways."""
    lines: list[str] = []
    for group in _groups(explanations):
        told = group.told
        _, _, end = summary(told, listed(told.addresses)).removesuffix(f", policy {told.policy}").partition(": ")
        style: Style = "good" if told.outcome == "found" else "bad"
        lines.append(on.wrapped(f"{told.name} by {group.title}: {end}", style=style))
        lines += [on.wrapped(saved, indent=2) for saved in [saving(told)] if saved]
    return [*lines, *(on.wrapped(parting) for parting in _parting(explanations))]


def told(on: Screen, explanations: Sequence[Explanation]) -> list[str]:
    """Put the lookups side by side: a row for each candidate, a column for each group; or else group by group."""
    groups = _groups(explanations)
    columns = [
        {name: Cell(f"{number} {OUTCOMES[outcome]}", style_of(outcome)) for number, (name, outcome) in _numbered(group)}
        for group in groups
    ]
    rows = [(name, *(column.get(name, "") for column in columns)) for name in _in_order(explanations)]
    rows.append(("questions", *(str(group.told.questions) for group in groups)))
    header = ("CANDIDATE", *(group.title.upper() for group in groups))
    if on.fits(header, rows):
        return [on.table(header, rows)]
    steps = [step for group in groups for step in _outcomes(group.told).items()]
    beside = max((len(OUTCOMES[outcome]) for _, outcome in steps), default=0) + 2
    longest = max((len(name) for name, _ in steps), default=0)
    room = beside if INDENT + beside + longest <= on.width else 0
    return "\n\n".join(_block(on, group, room) for group in groups).split("\n")


def _block(on: Screen, group: _Group, beside: int) -> str:
    """Write what a group asks: each candidate behind its outcome, for which so many columns are kept, or above it."""
    lines = [on.line(group.title, "bold")]
    for number, (name, outcome) in _numbered(group):
        text, style = OUTCOMES[outcome], style_of(outcome)
        if beside:
            padding = " " * (beside - len(text))
            lines.append(f"{str(number).ljust(INDENT)}{on.painted(text, style)}{padding}{on.line(name)}")
        else:
            lines.append(on.wrapped(name, indent=INDENT, first=str(number)))
            lines.append(on.wrapped(text, indent=INDENT, style=style))
    return "\n".join(lines)


def _groups(explanations: Iterable[Explanation]) -> list[_Group]:
    found: dict[object, _Group] = {}
    for each in explanations:
        key = (tuple(_outcomes(each).items()), each.outcome, each.addresses, each.questions, saving(each))
        known = found.get(key)
        found[key] = (
            attrs.evolve(known, policies=[*known.policies, each.policy]) if known else _Group([each.policy], each)
        )
    return list(found.values())


def _outcomes(explanation: Explanation) -> dict[str, str]:
    """Tell what came of each candidate that was asked, in the order of asking."""
    return {candidate.name: candidate.outcome for candidate in explanation.candidates if candidate.questions}


def _numbered(group: _Group) -> list[tuple[int, tuple[str, str]]]:
    return list(enumerate(_outcomes(group.told).items(), 1))


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


def _parting(explanations: Sequence[Explanation]) -> list[str]:
    """Say at which candidate the policies first do not do the same."""
    columns = {explanation.policy: _outcomes(explanation) for explanation in explanations}
    for name in _in_order(explanations):
        parts: dict[str, list[str]] = {}
        for policy, outcomes in columns.items():
            told = OUTCOMES[outcomes[name]] if name in outcomes else "not asked"
            parts.setdefault(told, []).append(policy)
        if len(parts) > 1:
            each = "; ".join(f"{', '.join(policies)}: {outcome}" for outcome, policies in parts.items())
            return [f"they part ways at {name} ({each})"]
    return []
