"""What the API server refuses of an object: found when its manifest was read, by `testing/objects/validation`."""

from collections.abc import Iterator

from k8sresolve.findings import Finding
from k8sresolve.testing.checks.subjects import AllObjects
from k8sresolve.testing.controllers.finding import titled
from k8sresolve.testing.objects.kinds import Resource
from k8sresolve.testing.objects.manifested import Refusal
from k8sresolve.testing.versions import Version


def check_refusals(item: Resource, around: AllObjects) -> Iterator[Finding]:
    """Whether the cluster's API server takes the object: a remark where only an older one does not."""
    for refusal in item.refused:
        yield _finding(titled(item), refusal, around.kubernetes)


def _finding(about: str, refusal: Refusal, kubernetes: Version) -> Finding:
    is_past = bool(refusal.until) and kubernetes.reaches(refusal.until)
    who = f"API servers before {refusal.until} refuse" if refusal.until else "the API server refuses"
    return Finding(
        severity="remark" if is_past else "error",
        object=about,
        field=refusal.field,
        problem=f"{refusal.problem}: {who} it",
        advice=refusal.advice,
        source=refusal.file,
        line=refusal.line,
        rule=refusal.rule,
    )
