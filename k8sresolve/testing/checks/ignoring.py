"""What authors of manifests want to hear nothing of: rules that an annotation or a comment names."""

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from k8sresolve._rule_ids import unknown
from k8sresolve.findings import Finding
from k8sresolve.testing.controllers.finding import titled
from k8sresolve.testing.objects.kinds import Resource
from k8sresolve.testing.objects.written import IGNORE_ANNOTATION

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


def misspelt(items: Iterable[Resource]) -> Iterator[Finding]:
    """Tell which rules authors name that there are not, in annotations and in comments."""
    files: set[str] = set()
    field = f"metadata.annotations[{IGNORE_ANNOTATION}]"
    for item in items:
        written = item.written
        if written.ignored:
            yield from _unknown(written.ignored, written.file, written.line(field), titled(item), field)
        if written.comments and written.file not in files:
            files.add(written.file)
            for line, patterns in written.comments.items():
                yield from _unknown(patterns, written.file, line)


def _unknown(
    patterns: Iterable[str], file: str, line: int | None, about: str = "", field: str = ""
) -> Iterator[Finding]:
    for problem in filter(None, map(unknown, sorted(patterns))):
        yield Finding(
            severity="warning",
            problem=problem,
            advice="write the id of a rule, as a finding has it",
            source=file,
            line=line,
            object=about,
            field=field,
            rule="rule-unknown",
        )
