"""How a lookup is told: its end in a line, and each candidate in a row, or as a step where rows are too wide."""

import attrs

from k8sresolve.attempts import remembered
from k8sresolve.cli.output import listed
from k8sresolve.cli.screen import Cell, Screen, Style
from k8sresolve.explanations import OUTCOMES, Candidate, Explanation, summary

INDENT = 3
_NEGATIVE = ("nodata", "nxdomain", "overtaken", "not asked", "")


def style_of(outcome: str) -> Style:
    """Tell how an outcome looks: nothing is wrong with a negative answer on the way."""
    return "good" if outcome == "found" else "dim" if outcome in _NEGATIVE else "bad"


def verdict(on: Screen, told: Explanation) -> str:
    """Say what came of a lookup."""
    return on.wrapped(summary(told, listed(told.addresses)), style="good" if told.outcome == "found" else "bad")


def saving(told: Explanation) -> str:
    """Say what a full name, or a dot at its end, would save; empty where nothing would."""
    if told.full_name_questions is None:
        return ""
    return f"{told.full_name} would ask {told.full_name_questions}, not {told.questions}"


def candidates_told(on: Screen, told: Explanation, *, is_wide: bool) -> list[str]:
    """Write the candidates in a table where that fits the screen, and else as numbered steps."""
    header = ("CANDIDATE", "ASKED", "OUTCOME", "NAMESERVER", "MS", "WHY")
    rows = [_row(candidate) for candidate in told.candidates]
    if is_wide or on.fits(header, rows):
        return [attrs.evolve(on, width=0 if is_wide else on.width).table(header, rows)]
    numbers = {id(each): str(number) for number, each in enumerate((c for c in told.candidates if c.questions), 1)}
    return [_step(on, numbers.get(id(candidate), "-"), candidate) for candidate in told.candidates]


def _row(candidate: Candidate) -> tuple[str | Cell, ...]:
    if not candidate.questions:
        why = "; ".join(filter(None, (candidate.rule, _unasked(candidate))))
        return Cell(candidate.name, "dim"), Cell("skipped", "dim"), "", "", "", Cell(why, "dim")
    outcome = Cell(OUTCOMES[candidate.outcome], style_of(candidate.outcome))
    milliseconds = "" if candidate.milliseconds is None else f"{candidate.milliseconds:.1f}"
    asked = ", ".join(candidate.questions)
    return candidate.name, asked, outcome, candidate.nameserver, milliseconds, candidate.rule


def _step(on: Screen, number: str, candidate: Candidate) -> str:
    if not candidate.questions:
        why = _unasked(candidate) or f"skipped: {candidate.rule.partition(': ')[2] or candidate.rule}"
        name = on.wrapped(candidate.name, indent=INDENT, first=number, style="dim")
        return f"{name}\n{on.wrapped(why, indent=INDENT, style='dim')}"
    came = f"{OUTCOMES[candidate.outcome]} for {', '.join(candidate.questions)}"
    if candidate.nameserver:
        came += f" from {candidate.nameserver}"
    if candidate.age is not None:
        came += f", {remembered(candidate.age, candidate.stale)}"
    elif candidate.milliseconds is not None:
        came += f" in {candidate.milliseconds:.1f} ms"
    return "\n".join(
        [
            on.wrapped(candidate.name, indent=INDENT, first=number),
            on.wrapped(came, indent=INDENT, style=style_of(candidate.outcome)),
            on.wrapped(candidate.rule, indent=INDENT, style="dim"),
        ]
    )


def _unasked(candidate: Candidate) -> str:
    return "not asked: an earlier one decided" if candidate.outcome == "not asked" else candidate.outcome
