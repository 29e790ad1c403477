"""Findings for people: a row each, and their numbers."""

from collections import Counter
from collections.abc import Mapping

from k8sresolve.cli.formats.report import Report, about, message_of, path_of
from k8sresolve.cli.screen import AnyCell, Cell, Screen, Style
from k8sresolve.findings import Finding

_STYLES: Mapping[str, Style] = {"error": "bad", "warning": "warning", "remark": "dim"}


def write(report: Report, on: Screen) -> str:
    """Write the findings in columns."""
    if not report.findings:
        return on.line(f"{report.what}: nothing to improve", "good")
    rows = [[_cell(column, told(finding)) for column, told in report.columns.items()] for finding in report.findings]
    counts = Counter(finding.severity for finding in report.findings)
    total = ", ".join(f"{count} {severity}{'' if count == 1 else 's'}" for severity, count in counts.items())
    header = tuple(report.columns)
    body = on.table(header, rows) if on.fits(header, rows) else "\n\n".join(_block(on, row) for row in report.findings)
    return f"{body}\n\n{on.line(f'{report.what}: {total}', 'bold')}"


def _block(on: Screen, finding: Finding) -> str:
    place = path_of(finding) if finding.line is None else f"{path_of(finding)}:{finding.line}"
    head = f"{on.line(finding.severity, _STYLES[finding.severity])}  {on.line(f'{finding.rule}  {place}'.rstrip())}"
    told = [on.wrapped(text, indent=2) for text in (about(finding), message_of(finding)) if text]
    return "\n".join([head, *told])


def _cell(column: str, text: str) -> AnyCell:
    return Cell(text, _STYLES[text]) if column == "SEVERITY" else text
