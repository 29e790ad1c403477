"""GitLab's code quality report. Source: GitLab documentation, "Code Quality report format"."""

import json
from typing import Any

from k8sresolve._escaping import escaped
from k8sresolve.cli.formats.report import Report, path_of, with_object
from k8sresolve.findings import Finding, Severity

_SEVERITIES: dict[Severity, str] = {"error": "major", "warning": "minor", "remark": "info"}


def write(report: Report) -> str:
    """Write a list of issues."""
    return json.dumps([_issue(report, *each) for each in report.fingerprinted()], indent=2)


def _issue(report: Report, finding: Finding, fingerprint: str) -> dict[str, Any]:
    return {
        "description": with_object(finding),
        "check_name": finding.rule,
        "fingerprint": fingerprint,
        "severity": _SEVERITIES[finding.severity],
        # It takes none without a file and a line.
        "location": {"path": escaped(path_of(finding) or report.what), "lines": {"begin": finding.line or 1}},
    }
