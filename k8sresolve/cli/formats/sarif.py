"""SARIF 2.1.0, as code scanning takes it. Source: OASIS, "Static Analysis Results Interchange Format"."""

import json
import os
from typing import Any
from urllib.parse import quote

from k8sresolve import __version__
from k8sresolve._escaping import escaped
from k8sresolve.cli.formats.report import Report, about, message_of, path_of
from k8sresolve.findings import Finding, Severity

_LEVELS: dict[Severity, str] = {"error": "error", "warning": "warning", "remark": "note"}


def write(report: Report) -> str:
    """Write a log of one run."""
    rules = list(dict.fromkeys(finding.rule for finding in report.findings))
    results = [_result(finding, rules.index(finding.rule), mark) for finding, mark in report.fingerprinted()]
    driver = {"name": "k8sresolve", "version": __version__, "rules": [{"id": rule} for rule in rules]}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    log = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2)


def _result(finding: Finding, rule: int, fingerprint: str) -> dict[str, Any]:
    return {
        "ruleId": finding.rule,
        "ruleIndex": rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": message_of(finding)},
        "locations": _locations(finding),
        "partialFingerprints": {"k8sresolve/v1": fingerprint},
    }


def _locations(finding: Finding) -> list[dict[str, Any]]:
    location: dict[str, Any] = {}
    if finding.source:
        physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(path_of(finding))}}
        if finding.line is not None:
            physical["region"] = {"startLine": finding.line}
        location["physicalLocation"] = physical
    if finding.object:
        name = {"name": escaped(finding.object), "fullyQualifiedName": about(finding)}
        location["logicalLocations"] = [name]
    return [location] if location else []


def _uri(path: str) -> str:
    quoted = quote(path.encode("utf-8", "surrogatepass"))
    return f"file://{quoted}" if os.path.isabs(path) else quoted  # noqa: PTH117 - as in `path_of`
