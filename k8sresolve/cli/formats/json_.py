"""Findings for programs: their fields."""

import json

from k8sresolve.cli.formats.report import Report


def write(report: Report) -> str:
    """Write the findings as one JSON object, under the command's name."""
    told = [{field: getattr(finding, field) for field in report.fields} for finding in report.findings]
    return json.dumps({report.command: told}, indent=2)
