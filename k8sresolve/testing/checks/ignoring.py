"""What authors of manifests want to hear nothing of: rules that an annotation or a comment names."""

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from k8sresolve.findings import Finding
from k8sresolve.testing.controllers.finding import titled
from k8sresolve.testing.objects.kinds import Resource

_NONE: frozenset[str] = frozenset()


def unignored(findings: Iterable[Finding], items: Iterable[Resource]) -> Iterator[Finding]:
    """Leave out what an object's annotation names, or a comment at the line of a finding."""
    of_objects: dict[str, frozenset[str]] = {}
    of_lines: dict[tuple[str, int | None], frozenset[str]] = {}
    files: set[str] = set()
    for item in items:
        written = item.written
        if written.ignored:
            of_objects[titled(item)] = written.ignored
        if written.comments and written.file not in files:
            files.add(written.file)
            of_lines |= {(written.file, line): rules for line, rules in written.comments.items()}
    for finding in findings:
        named = of_objects.get(finding.object, _NONE) | of_lines.get((finding.source, finding.line), _NONE)
        if not any(fnmatchcase(finding.rule, pattern) for pattern in named):
            yield finding
