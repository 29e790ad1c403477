"""Findings for programs: their fields."""

from k8sresolve.cli.formats.report import Report, fields_of
from k8sresolve.cli.forms import data_text


def write(report: Report) -> str:
    """Write the findings as one JSON object, under the command's name."""
    told = [fields_of(finding, report.fields) for finding in report.findings]
    return data_text("json", {report.command: told})
