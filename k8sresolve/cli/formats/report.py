"""What `check` and `lint` report in any form: findings, where they are, and what stays of each as files change."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from k8sresolve._escaping import escaped
from k8sresolve.findings import SEVERITIES, Finding

OF_MANIFESTS = ("rule", "severity", "source", "line", "object", "field", "problem", "advice")
OF_SETTINGS = ("rule", "severity", "problem", "advice", "source", "line", "text", "reference")
"""What a finding has to say of an object, and of a line of resolv.conf: the fields of its JSON."""

FindingColumns = Mapping[str, Callable[[Finding], str]]


@attrs.frozen
class Report:
    """Findings of a command about `what`, the columns and fields in which they are told, and from where they fail."""

    command: str
    what: str
    findings: Sequence[Finding]
    columns: FindingColumns
    fields: Sequence[str]
    fail_on: str = "error"

    def fails(self, finding: Finding) -> bool:
        """Whether a finding makes the command fail."""
        bound = SEVERITIES.index(self.fail_on) if self.fail_on in SEVERITIES else -1
        return SEVERITIES.index(finding.severity) <= bound

    @property
    def status(self) -> int:
        """The exit status."""
        return int(any(map(self.fails, self.findings)))

    def fingerprinted(self) -> Iterator[tuple[Finding, str]]:
        """Walk over the findings, each with what tells it from others as long as its object and field stay.

        That is not its line, nor its words, which may have numbers. Of those that are alike, each has its number.
        """
        import hashlib

        seen: Counter[str] = Counter()
        for finding in self.findings:
            parts = (finding.rule, path_of(finding), finding.object, finding.field, finding.text)
            same = "\0".join(map(escaped, parts))
            seen[same] += 1
            yield finding, hashlib.sha256(f"{same}\0{seen[same]}".encode()).hexdigest()


def fields_of(finding: Finding, fields: Sequence[str]) -> dict[str, Any]:
    """Turn a finding into a JSON object of these fields."""
    return {name: getattr(finding, name) for name in fields}


def path_of(finding: Finding) -> str:
    """Tell the file of a finding, relative to the current directory where it is below that."""
    source = finding.source
    if not os.path.isabs(source):  # noqa: PTH117 - texts that no path can have come here, too
        return source
    try:
        return Path(source).relative_to(Path.cwd()).as_posix()
    except (OSError, ValueError):
        return source


def message_of(finding: Finding) -> str:
    """Write what is wrong and what to do in one line."""
    return escaped(f"{finding.problem}; {finding.advice}" if finding.advice else finding.problem)


def with_object(finding: Finding) -> str:
    """Write that after the object and the field, where it is about one."""
    return ": ".join(filter(None, (about(finding), message_of(finding))))


def about(finding: Finding) -> str:
    """Write the object and the field."""
    return escaped(" ".join(filter(None, (finding.object, finding.field))))
