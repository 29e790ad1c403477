"""Keys that a mapping of YAML has twice: kubectl and Helm take the later one, without a word."""

from collections.abc import Iterator

from k8sresolve.findings import Finding
from k8sresolve.testing.checks.subjects import AllObjects
from k8sresolve.testing.controllers.finding import titled
from k8sresolve.testing.objects.kinds import Resource
from k8sresolve.testing.objects.sources import field_name
from k8sresolve.testing.objects.written import told_twice


def check_keys(item: Resource, _around: AllObjects) -> Iterator[Finding]:
    """Whether each key comes once, as where two objects are written without a line `---` between them."""
    written = item.written
    if written.twice:
        first, problem, advice = told_twice(written.twice)
        yield Finding(
            severity="warning",
            problem=problem,
            advice=advice,
            source=written.file,
            line=first.line,
            object=titled(item),
            field=field_name(first.path),
            rule="key-duplicate",
        )
