"""How `lint` and `check` show what they find: a row each and their numbers for people, fields for programs."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from k8sresolve.cli.output import Shown, table
from k8sresolve.findings import Finding

FindingColumns = Mapping[str, Callable[[Finding], str]]


def show(command: str, what: str, findings: Sequence[Finding], columns: FindingColumns, fields: Sequence[str]) -> Shown:
    """Show findings about `what`: in columns, or as JSON with these fields. The status is 0 if all are remarks."""
    return Shown(
        _text(what, findings, columns),
        {command: [{field: getattr(finding, field) for field in fields} for finding in findings]},
        int(any(finding.severity != "remark" for finding in findings)),
    )


def _text(what: str, findings: Sequence[Finding], columns: FindingColumns) -> str:
    if not findings:
        return f"{what}: nothing to improve"
    rows = [[told(finding) for told in columns.values()] for finding in findings]
    counts = Counter(finding.severity for finding in findings)
    total = ", ".join(f"{count} {severity}{'' if count == 1 else 's'}" for severity, count in counts.items())
    return f"{table(tuple(columns), rows)}\n\n{what}: {total}"


def with_advice(finding: Finding) -> str:
    """Write what is wrong, what to do, and where that is written."""
    advice = f"; {finding.advice}" if finding.advice else ""
    reference = f" [{finding.reference}]" if finding.reference else ""
    return f"{finding.problem}{advice}{reference}"
