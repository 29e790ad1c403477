"""What the API server refuses of an object: found when its manifest was read, by `testing/objects/validation`."""

from collections.abc import Iterable, Iterator

from k8sresolve.findings import Finding
from k8sresolve.testing.checks.subjects import AllObjects
from k8sresolve.testing.controllers.finding import titled
from k8sresolve.testing.objects.kinds import Resource
from k8sresolve.testing.objects.manifested import Refusal
from k8sresolve.testing.objects.placeholders import placeholder
from k8sresolve.testing.versions import Version

# What is told where the version of an API is not served any more; that later ones ask for more goes without saying.
_OLD, _ASKED_SINCE = "api-version", "selector-missing"


def check_refusals(item: Resource, around: AllObjects) -> Iterator[Finding]:
    """Whether the cluster's API server takes the object: a remark where only an older one does not."""
    is_old = any(refusal.rule == _OLD for refusal in item.refused)
    for refusal in item.refused:
        unfilled = placeholder(refusal.rule, refusal.problem)
        if unfilled:
            yield _of_template(titled(item), refusal, unfilled)
        elif not (is_old and refusal.rule == _ASKED_SINCE):
            yield _finding(titled(item), refusal, around.kubernetes)


def _of_template(about: str, refusal: Refusal, unfilled: str) -> Finding:
    return Finding(
        severity="error",
        object=about,
        field=refusal.field,
        problem=f"{unfilled} is still to be filled in, so that this looks like a template: the API server refuses it",
        advice="give what is made of it",
        source=refusal.file,
        line=refusal.line,
        rule="template-unfilled",
    )


def once_a_file(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Leave out that a file looks like a template where that has been said."""
    seen: set[str] = set()
    for finding in findings:
        if finding.rule != "template-unfilled":
            yield finding
        elif finding.source not in seen:
            seen.add(finding.source)
            yield finding


def _finding(about: str, refusal: Refusal, kubernetes: Version) -> Finding:
    until = refusal.until
    is_past = until is not None and kubernetes.has(until)
    who = "the API server refuses" if until is None else f"API servers before {until.since} refuse"
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
