"""Findings for people: a row each, and their numbers."""

from collections import Counter

from k8sresolve._escaping import escaped
from k8sresolve.cli.formats.report import Report
from k8sresolve.cli.output import table


def write(report: Report) -> str:
    """Write the findings in columns."""
    if not report.findings:
        return escaped(f"{report.what}: nothing to improve")
    rows = [[told(finding) for told in report.columns.values()] for finding in report.findings]
    counts = Counter(finding.severity for finding in report.findings)
    total = ", ".join(f"{count} {severity}{'' if count == 1 else 's'}" for severity, count in counts.items())
    return f"{table(tuple(report.columns), rows)}\n\n{escaped(f'{report.what}: {total}')}"
