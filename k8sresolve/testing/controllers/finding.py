"""Objects by the names that people give them, and what to say where there is none of a name."""

import difflib
from collections.abc import Sequence
from typing import TypeVar

from k8sresolve._escaping import escaped, told
from k8sresolve.errors import ManifestError
from k8sresolve.testing.objects.kinds import WORKLOADS, CustomWorkload, Resource, Service, Workload
from k8sresolve.testing.objects.store import Store

_MOST_TOLD = 300  # more than any name has
_OUTSIDE = ("Namespace", "Node")  # these lie in no namespace

T = TypeVar("T", bound=Resource)


def key_of(resource: Resource) -> str:
    """Name an object: `NAMESPACE/NAME`, or by its name alone where it lies in no namespace."""
    return f"{resource.namespace}/{resource.name}" if resource.namespace else resource.name


def titled(resource: Resource) -> str:
    """Name an object with its kind, as findings do: `KIND NAMESPACE/NAME`."""
    return f"{resource.kind} {key_of(resource)}"


def parted(name: str) -> tuple[str, str]:
    """Part `NAMESPACE/NAME`; the namespace is empty where none is stated. Raises `ManifestError` for no text."""
    if not isinstance(name, str):
        raise ManifestError(f"an object is named by text, NAMESPACE/NAME, and not by {told(name)}")
    namespace, _, bare = name.rpartition("/")
    return namespace, bare


def find(store: Store, kinds: Sequence[type[T]], name: str) -> T:
    """Find the object of that name, `NAMESPACE/NAME`, of the first of these kinds that has one."""
    namespace, bare = parted(name)
    for kind in kinds:
        place = "" if kind.__name__ in _OUTSIDE else namespace or "default"
        found = _custom(store, place, bare) if kind is CustomWorkload else store.get(kind.__name__, place, bare)
        if isinstance(found, kind):
            return found
    bare = bare if kinds[0].__name__ in _OUTSIDE else f"{namespace or 'default'}/{bare}"
    raise ManifestError(missing(store, kinds, bare))


def find_with_pods(store: Store, name: str) -> Workload | Service:
    """Find the workload of that name, or else the Service."""
    try:
        found: Workload | Service = find(store, (*WORKLOADS, Service), name)
    except ManifestError:
        namespace, bare = parted(name)
        if pod := store.get("Pod", namespace or "default", bare):
            how = f"cluster.store.get('Pod', {pod.namespace!r}, {pod.name!r})"
            problem = f"{key_of(pod)} is a Pod; pods() takes a workload or a Service, and {how} tells of it"
            raise ManifestError(problem) from None
        raise
    return found


def _custom(store: Store, namespace: str, name: str) -> Resource | None:
    there = store.all("CustomWorkload")
    return next((item for item in there if (item.namespace, item.name) == (namespace, name)), None)


def missing(store: Store, kinds: Sequence[type[T]], name: str) -> str:
    """Say that there is no such object, and which names are near."""
    there = {key_of(item): item.kind for kind in reversed(kinds) for item in store.all(kind.__name__)}
    alike = [key for key in there if key.rpartition("/")[2] == name.rpartition("/")[2]]
    near = alike[:3] or difflib.get_close_matches(name, there, 3, 0.3) or sorted(there)[:3]
    nearest = ", ".join(f"{there[key]} {key}" for key in near)
    kind = " or ".join("custom workload" if kind is CustomWorkload else kind.__name__ for kind in kinds)
    return f"there is no {kind} {escaped(name, _MOST_TOLD)}; " + (
        f"the nearest are {nearest}" if near else "the cluster has none"
    )
