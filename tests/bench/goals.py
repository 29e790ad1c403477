"""The goals, and the one table that says how far each is reached. Pure.

A goal is a bound on our figure, or on our figure over a peer's of the same round. Its floor is what must not be missed.
"""

import statistics
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

Verdict = Literal["reached", "floor held", "floor missed", "one round", ""]


class Goal(NamedTuple):
    """A bound: `floor` and `goal` are the most, or, of what grows with speed, the least. None is only shown."""

    code: str
    what: str
    floor: float | None = None
    goal: float | None = None
    least: bool = False

    def meets(self, figure: float, bound: float) -> bool:
        return figure >= bound if self.least else figure <= bound


class Row(NamedTuple):
    """What was measured for a goal: a figure for each round, ours and, where the goal is a ratio, the peer's.

    `figure` stands in the place of the median where it is one of all rounds together. What is `exact` is a count, and
    the same in each round.
    """

    goal: Goal
    ours: Sequence[float]
    peer: Sequence[float] = ()
    figure: float | None = None
    exact: bool = False

    @property
    def rounds(self) -> list[float]:
        """What the goal bounds, in each round."""
        if not self.peer:
            return list(self.ours)
        return [a / b if b else float("inf") for a, b in zip(self.ours, self.peer, strict=True)]

    @property
    def middle(self) -> float:
        return statistics.median(self.rounds) if self.figure is None else self.figure

    @property
    def verdict(self) -> Verdict:
        """Whether the goal is reached, which one round cannot tell."""
        goal, floor = self.goal.goal, self.goal.floor
        if goal is None:
            return ""
        if len(self.ours) < 2 and not self.exact:
            return "one round"
        if self.goal.meets(self.middle, goal):
            return "reached"
        return "floor held" if floor is not None and self.goal.meets(self.middle, floor) else "floor missed"

    def told(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            **self.goal._asdict(),
            "ours": list(self.ours),
            "peer": list(self.peer),
            "rounds": self.rounds,
            "figure": self.middle,
            "verdict": self.verdict,
        }


HEAD = ("goal", "measure", "k8sresolve", "peer", "figure", "least to most", "floor", "goal", "")


def table(rows: Iterable[Row]) -> str:
    """The table, in Markdown; a figure is ours, or ours over the peer's."""
    cells = [HEAD, ("---",) * len(HEAD), *map(_cells, rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def _cells(row: Row) -> tuple[str, ...]:
    goal, rounds = row.goal, row.rounds
    bound = [("≥ " if goal.least else "≤ ") + number(one) if one is not None else "" for one in (goal.floor, goal.goal)]
    return (
        goal.code,
        goal.what,
        number(statistics.median(row.ours)),
        number(statistics.median(row.peer)) if row.peer else "",
        number(row.middle),
        "exact" if row.exact else f"{number(min(rounds))} to {number(max(rounds))}",
        *bound,
        row.verdict,
    )


def number(value: float) -> str:
    """Three digits that say something, and whole numbers whole."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3f}" if abs(value) < 1 else f"{value:.2f}"
