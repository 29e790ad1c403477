"""Kinds of which it is not known what becomes of them: each is told once, however many objects there are of it."""

import difflib
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from k8sresolve._escaping import escaped
from k8sresolve.errors import ManifestError
from k8sresolve.testing.objects.custom import is_custom

Place: TypeAlias = Callable[[str], ManifestError]
"""Says of an object's place what is wrong there."""

# Kinds of the API groups without a dot (k8s.io/api) that neither make pods nor are in DNS. All other groups with a dot
# are Kubernetes' own as well, or somebody else's.
_WITHOUT_EFFECT = {
    "": frozenset(
        {"Binding", "ComponentStatus", "ConfigMap", "Event", "LimitRange", "PersistentVolume", "PersistentVolumeClaim"}
        | {"PodTemplate", "ResourceQuota", "Secret", "ServiceAccount"}
    ),
    "apps": frozenset({"ControllerRevision"}),
    "autoscaling": frozenset({"Scale"}),
    "extensions": frozenset({"NetworkPolicy", "PodSecurityPolicy"}),
    "policy": frozenset({"Eviction", "PodDisruptionBudget", "PodSecurityPolicy"}),
}


class UnknownKinds:
    """The kinds that were met and not understood, with the place of the first object of each and how many there are."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, str], tuple[Place, int]] = {}

    def meet(self, group: str, kind: str, place: Place) -> bool:
        """Count an object of which nothing is made, unless its kind is known to be without effect: then say so."""
        if not is_custom(group) and ("." in group or kind in _WITHOUT_EFFECT.get(group, ())):
            return False
        first, count = self._first.get((group, kind), (place, 0))
        self._first[group, kind] = (first, count + 1)
        return True

    def told(self, known: Mapping[str, str]) -> Iterator[str]:
        """Say of each kind that it is not understood. It may be a slip for one of the `known`, which have groups."""
        for (group, kind), (place, count) in self._first.items():
            of = f" of {escaped(group, 255)}" if group else ""
            number = "one object" if count == 1 else f"{count:,} objects, of which this is the first"
            near = "" if is_custom(group) else next(iter(difflib.get_close_matches(kind, known, 1)), "")
            meant = f"did you mean {near} of {known[near] or 'v1'}?" if near else ""
            what = meant or "what a controller makes of it is not here"
            yield str(place(f"kind {escaped(kind, 255)}{of} is not understood ({number}); {what}"))
