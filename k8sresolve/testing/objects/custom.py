"""Reading objects of kinds that Kubernetes does not have, as far as they tell of pods."""

from collections.abc import Iterator, Sequence
from typing import Any, cast

from k8sresolve.testing.objects.fields import Object, Wrong
from k8sresolve.testing.objects.kinds import CustomResource, CustomWorkload, PodTemplate
from k8sresolve.testing.objects.pods import MOST_PODS, read_template

# API groups of Kubernetes (k8s.io/api) with a dot, which that of a CustomResourceDefinition has to have
# (apiextensions, ValidateCustomResourceDefinitionSpec): `skaffold/v4` is no API of a cluster.
_K8S_GROUPS = frozenset(
    f"{group}.k8s.io"
    for group in (
        "admissionregistration",
        "apiextensions",
        "apiregistration",
        "authentication",
        "authorization",
        "certificates",
        "coordination",
        "discovery",
        "events",
        "flowcontrol.apiserver",
        "internal.apiserver",
        "networking",
        "node",
        "rbac.authorization",
        "resource",
        "scheduling",
        "storage",
        "storagemigration",
    )
)
_DEEPEST = 8  # levels below `spec`; a JobSet has its template at the fifth


def is_custom(group: str) -> bool:
    """Whether Kubernetes itself knows no kinds of an API group; "" is its core.

    >>> is_custom("argoproj.io"), is_custom("apps"), is_custom("")
    (True, False, False)
    """
    return "." in group and group not in _K8S_GROUPS


def read_custom(obj: Object, kind: str) -> Iterator[CustomWorkload | CustomResource]:
    """Read what may make pods: a workload for each template of pods in it, and what is left is only remembered.

    Nothing of it is refused: what its fields mean is up to whoever made the kind.
    """
    meta, spec = obj.get("metadata"), obj.get("spec")
    fields = cast(Object, meta) if isinstance(meta, dict) else {}
    namespace, name = fields.get("namespace"), fields.get("name")
    if not isinstance(namespace, str) or not isinstance(name, str) or not name:
        return
    replicas = cast(Object, spec).get("replicas") if isinstance(spec, dict) else None
    known = type(replicas) is int and 0 <= replicas <= MOST_PODS
    found = [template for template in map(_read, _templates(spec, _DEEPEST)) if template is not None]
    for number, template in enumerate(found):
        own = name if number == 0 else f"{name}-{number}"
        count = cast(int, replicas) if known else 1
        yield CustomWorkload(namespace, own, count, template, custom_kind=kind)
    if not found:
        yield CustomResource(namespace, name, kind)


def _templates(value: Any, depth: int) -> Iterator[Object]:
    """Look for templates of pods: under a key that says so, with containers."""
    if depth and isinstance(value, list):
        for item in cast(Sequence[Any], value):
            yield from _templates(item, depth - 1)
    if not depth or not isinstance(value, dict):
        return
    for key, below in cast(Object, value).items():
        spec = cast(Object, below).get("spec") if isinstance(below, dict) else None
        if str(key).lower().endswith("template") and isinstance(spec, dict) and cast(Object, spec).get("containers"):
            yield cast(Object, below)
        else:
            yield from _templates(below, depth - 1)


def _read(template: Object) -> PodTemplate | None:
    try:
        return read_template({"template": template}, ())
    except Wrong:
        return None
