"""GitHub's workflow commands: an annotation for each finding.

Source: "Workflow commands for GitHub Actions"; `escapeData` and `escapeProperty` of actions/toolkit, command.ts.
"""

from k8sresolve._escaping import escaped
from k8sresolve.cli.formats.report import Report, path_of, with_object
from k8sresolve.cli.manifests import KUSTOMIZED, STANDARD_INPUT
from k8sresolve.findings import Finding, Severity

_COMMANDS: dict[Severity, str] = {"error": "error", "warning": "warning", "remark": "notice"}
_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def write(report: Report) -> str:
    """Write a command a line."""
    return "\n".join(map(_command, report.findings))


def _command(finding: Finding) -> str:
    line = "" if finding.line is None else str(finding.line)
    message = with_object(finding)
    properties = {"file": path_of(finding), "line": line, "title": finding.rule}
    if finding.source == STANDARD_INPUT or finding.source.startswith(KUSTOMIZED):  # no file that could be annotated
        message = f"{escaped(finding.source)}{line and f':{line}'}: {message}"
        properties = {"title": finding.rule}
    told = ",".join(f"{name}={escaped(text).translate(_PROPERTY)}" for name, text in properties.items() if text)
    return f"::{_COMMANDS[finding.severity]} {told}::{message.translate(_DATA)}"
