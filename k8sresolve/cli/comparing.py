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
    blocks = [[on.line(group.title, "bold"), *(_step(on, *step) for step in _numbered(group))] for group in groups]
    return "\n\n".join("\n".join(block) for block in blocks).split("\n")


def _step(on: Screen, number: int, step: tuple[str, str]) -> str:
    name, outcome = step
    text, style = OUTCOMES[outcome], style_of(outcome)
    beside = INDENT + max(map(len, ("NXDOMAIN", text))) + 2
    if beside + len(name) <= on.width:
        padded = on.painted(text, style) + " " * (beside - INDENT - len(text))
        return f"{str(number).ljust(INDENT)}{padded}{on.line(name)}"
    return f"{on.wrapped(name, indent=INDENT, first=str(number))}\n{on.wrapped(text, indent=INDENT, style=style)}"


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
