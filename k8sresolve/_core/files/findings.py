"""What is odd in a resolv.conf: findings, and the line, variable or file at which each is set down."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from k8sresolve.findings import Finding, Severity

# A file may hold half a million mistakes; nobody reads more than a few.
_MOST = 100


def quote(text: str, most: int = 80) -> str:
    """Write what stands in a file, so that it can be printed, and cut it where it is long."""
    return repr(text if len(text) <= most else text[: most - 3] + "...")


class TextLine:
    """What a resolver sees of one line, and what there is to say of what it passes over there."""

    __slots__ = ("number", "passed_over", "text")

    def __init__(self, number: int, text: str, passed_over: Callable[[], Finding] | None = None) -> None:
        self.number = number
        self.text = text
        self.passed_over = passed_over


def odd(rule: str, problem: str, advice: str, severity: Severity = "warning", reference: str = "") -> Finding:
    """Make a finding by a rule that does not tell yet where it is."""
    from k8sresolve.findings import Finding

    return Finding(severity=severity, problem=problem, advice=advice, reference=reference, rule=rule)


def placed(finding: Finding, line: TextLine | None, source: str, reference: str = "") -> Finding:
    """Set a finding down at a line, or at `source` as a whole; `reference` holds where it has none of its own."""
    number, text = (line.number, line.text[:200].rstrip("\n")) if line else (None, "")
    return attrs.evolve(finding, source=source, line=number, text=text, reference=finding.reference or reference)


class Findings:
    """What is odd in one file, as one resolver reads it.

    Of what is odd in a line or a variable only the first ones are put into words, and the others are counted; where
    nobody `keeps` them, as where only the configuration is wanted, none is.
    """

    def __init__(self, source: str, reference: str, *, keeps: bool = True) -> None:
        self.keeps = keeps
        self._source = source
        self._reference = reference
        self._found: list[Finding] = []
        self._unsaid = 0

    def on_part(self, line: TextLine | None, tell: Callable[[], Finding], variable: str = "") -> None:
        """Find something odd in a line or a variable; `tell` puts it into words, only where it will be read."""
        if self.keeps and len(self._found) < _MOST:
            self._found.append(placed(tell(), line, variable or self._source, self._reference))
        else:
            self._unsaid += 1

    def add(self, finding: Finding, line: TextLine | None, variable: str = "") -> None:
        """Find what is in words already in a line or a variable."""
        self.on_part(line, lambda: finding, variable)

    def on_whole(self, finding: Finding) -> None:
        """Find something odd about the file as a whole."""
        if self.keeps:
            self._found.append(placed(finding, None, self._source, self._reference))

    def in_order(self) -> tuple[Finding, ...]:
        """List them by line, those on no line first, with what is to say of those that were only counted."""
        if not self.keeps:
            return ()
        found = self._found
        if self._unsaid:
            more = odd("more-findings", f"{self._unsaid} more findings are left out", "correct those shown first")
            found = [*found, placed(more, None, self._source, self._reference)]
        return tuple(sorted(found, key=lambda finding: finding.line or 0))
