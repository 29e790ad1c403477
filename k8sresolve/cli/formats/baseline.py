"""A baseline: what was found before, of which nothing is to be told again."""

import json
from typing import Any

import attrs

from k8sresolve._escaping import escaped
from k8sresolve.cli.files import read_bounded
from k8sresolve.cli.formats.report import Report, path_of
from k8sresolve.errors import ConfigError

_MOST_BYTES = 1 << 24
_ADVICE = "write one with -o baseline=FILE"


def write(report: Report) -> str:
    """Write the findings by what stays of them, so that the file changes only where they do."""
    known = [
        {
            "fingerprint": mark,
            "rule": finding.rule,
            "file": escaped(path_of(finding)),
            "object": escaped(finding.object),
        }
        for finding, mark in report.fingerprinted()
    ]
    known.sort(key=lambda each: (each["file"], each["object"], each["rule"], each["fingerprint"]))
    return json.dumps({"baseline": known}, indent=2)


def without_known(report: Report, path: str) -> Report:
    """Leave out what a baseline has. Raises `ConfigError` for a file that is none."""
    known = _read(path)
    return attrs.evolve(report, findings=[each for each, mark in report.fingerprinted() if mark not in known])


def _read(path: str) -> set[str]:
    data = read_bounded(path, _MOST_BYTES, called="the baseline", advice=_ADVICE)
    try:
        read: Any = json.loads(data)
        return {str(each["fingerprint"]) for each in read["baseline"]}
    except (ValueError, LookupError, TypeError, RecursionError):
        raise ConfigError(f"{path!r} is no baseline", advice=_ADVICE) from None
