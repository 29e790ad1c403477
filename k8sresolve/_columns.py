"""Text in columns, for people: what the command prints, and the log of an offline cluster. Cells are escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest

from k8sresolve._escaping import escaped


class Columns:
    """Columns two spaces apart, each as wide as its widest cell so far, and at least as wide as is said at first.

    The last one is never padded.

    >>> columns = Columns([("NAME", "IS"), ("payments.shop", "a Service")])
    >>> print(columns.line(("db.shop", "a Service")))
    db.shop        a Service
    """

    def __init__(self, rows: Iterable[Sequence[str]] = (), *, widths: Sequence[int] = ()) -> None:
        self.widths = list(widths)
        for row in rows:
            self.fit(row)

    def fit(self, row: Sequence[str]) -> None:
        """Make room for a row."""
        self.widths = [max(pair) for pair in zip_longest(self.widths, map(len, map(escaped, row)), fillvalue=0)]

    @property
    def indent(self) -> int:
        """How far from the left the last column begins."""
        return sum(width + 2 for width in self.widths[:-1])

    def pad(self, row: Sequence[str]) -> list[str]:
        """Make the cells as wide as their columns."""
        *cells, last = map(escaped, row)
        return [*map(str.ljust, cells, self.widths), last]

    def line(self, row: Sequence[str]) -> str:
        """Write a row."""
        return "  ".join(self.pad(row)).rstrip()


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Write rows below each other."""
    columns = Columns(rows)
    return [columns.line(row) for row in rows]
