"""What the API server refuses of an object: found when its manifest was read, by `testing/objects/validation`."""

from collections.abc import Iterator

from k8sresolve.findings import Finding
from k8sresolve.testing.checks.subjects import AllObjects
from k8sresolve.testing.controllers.finding import titled
from k8sresolve.testing.objects.kinds import Resource
from k8sresolve.testing.objects.manifested import Refusal

KUBERNETES = "1.37"
"""The version whose API server is meant."""


def check_refusals(item: Resource, _around: AllObjects) -> Iterator[Finding]:
    """Whether an API server takes the object: an error where none does, a remark where only an older one does not."""
    for refusal in item.refused:
        yield _finding(titled(item), refusal)


def _finding(about: str, refusal: Refusal) -> Finding:
    is_past = bool(refusal.until) and _parts(refusal.until) <= _parts(KUBERNETES)
    who = f"API servers before {refusal.until} refuse" if is_past else "the API server refuses"
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


def _parts(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
