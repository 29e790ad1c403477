"""Fields that the API does not know: kubectl asks the server to refuse them, Helm sees them dropped.

Names count with their capitals (`sigs.k8s.io/json`, strict decoding).
"""

import difflib
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from k8sresolve._escaping import told
from k8sresolve.testing.objects.fields import FieldPath, Object
from k8sresolve.testing.objects.sources import field_name
from k8sresolve.testing.objects.validation.known_fields import KINDS, TYPES, Field
from k8sresolve.testing.objects.validation.rows import Refused, mapping, sequence
from k8sresolve.testing.versions import NEW_FIELDS

# Others are for what reads the file before an API server does: `$patch` for kustomize, `(length(@))` for Chainsaw.
_NAME = re.compile(r"[A-Za-z_][\w.-]*")
_CLOSE = 0.8  # of a name that is a slip for a field's, by difflib's ratio
# One of these is in what is whole: else it is a patch, as kustomize has them, which may make another kind of it.
_OF_WHOLE = ("selector", "template", "jobTemplate", "ports", "containers")
_MOVED = {
    ("IngressSpec", "backend"): "defaultBackend",
    ("IngressBackend", "serviceName"): "service.name",
    ("IngressBackend", "servicePort"): "service.port.number, or service.port.name",
}
_NEW = {NEW_FIELDS.since: NEW_FIELDS}
_NONE = frozenset[Any]()
_DEEPEST = 2  # levels below its place at which a field is looked for: `spec.template.spec` from `spec`


class _Place(NamedTuple):
    """A mapping of an object, and what holds it, the outermost first."""

    type: str
    path: FieldPath
    around: tuple["_Place", ...] = ()

    @property
    def fields(self) -> Mapping[str, Field]:
        return TYPES[self.type].fields


def unknown_fields(group: str, kind: str, obj: Object) -> Iterator[Refused]:
    """Find the fields that no API server has in their place. Of versions but v1 nothing is said where they differ."""
    type_ = KINDS.get((group, kind))
    if type_ is None or _is_known(obj, type_) or _is_patch(type_, obj):
        return
    if TYPES[type_].open or str(obj.get("apiVersion", "v1")).rpartition("/")[2] == "v1":
        yield from _unknown(obj, _Place(type_, ()))


def _is_known(value: Object, type_: str) -> bool:
    """Whether there is nothing to find in a mapping, as in nearly all: for that no place need be noted."""
    typed = _typed(type_, *value)
    if typed is None:
        return False
    for name, below in typed:
        inner: Any = value[name]
        is_known = _is_known(mapping(inner), below) if isinstance(inner, dict) else _are_known(sequence(inner), below)
        if not is_known:
            return False
    return True


def _are_known(values: Sequence[Any], type_: str) -> bool:
    """Whether these are mappings in which there is nothing to find: all at once, as a slice has a hundred endpoints."""
    if not {dict}.issuperset(map(type, values)):
        return False
    typed = _typed(type_, *_NONE.union(*values))
    if typed is None:
        return False
    for name, below in typed:
        inner: list[Any] = [value[name] for value in values if name in value]
        if list in map(type, inner):
            inner = [item for value in inner for item in (sequence(value) if isinstance(value, list) else (value,))]
        if not _are_known(inner, below):
            return False
    return True


@lru_cache(maxsize=1024)  # thousands of objects have the same fields
def _typed(type_: str, *names: Any) -> tuple[tuple[str, str], ...] | None:
    """Find the fields among these that have a type in the table, and which; None where one is not in all versions."""
    fields, is_open = TYPES[type_]
    found = [(name, fields.get(name)) for name in names]
    if any(field.since if field else not is_open for _, field in found):
        return None
    return tuple([(name, field.type) for name, field in found if field and field.type])


def _is_patch(type_: str, obj: Object) -> bool:
    spec = TYPES[type_].fields.get("spec")
    whole = [key for key in _OF_WHOLE if spec is not None and spec.type and key in TYPES[spec.type].fields]
    return bool(whole) and not any(_near(str(key), whole, _CLOSE) for key in mapping(obj.get("spec")))


def _unknown(value: Any, place: _Place) -> Iterator[Refused]:
    if isinstance(value, list):
        for index, item in enumerate(sequence(value)):
            yield from _unknown(item, place._replace(path=(*place.path, index)))
        return
    for name, below in mapping(value).items():
        field = place.fields.get(name)
        if field is None:
            if not TYPES[place.type].open and isinstance(name, str) and _NAME.fullmatch(name):
                yield _refused(name, below, place)
        elif field.since:
            yield _too_new(name, field.since, place)
        elif field.type:
            yield from _unknown(below, _Place(field.type, (*place.path, name), (*place.around, place)))


def _refused(name: str, value: Any, place: _Place) -> Refused:
    whose = next((part for part in reversed(place.path) if isinstance(part, str)), place.type)
    problem = f"{told(name)} is no field of {whose}"
    return Refused("unknown-field", (*place.path, name), problem, _advice(name, value, place))


def _too_new(name: str, since: str, place: _Place) -> Refused:
    problem, advice = f"{name} is a field since Kubernetes {since}", "leave it out, if older clusters are to take it"
    return Refused("unknown-field", (*place.path, name), problem, advice, _NEW[since])


def _advice(name: str, value: Any, place: _Place) -> str:
    """Say which field is likely to be meant: one of this place, or one of this name elsewhere."""
    if "matchLabels" in place.fields and isinstance(value, str):
        return "put it into matchLabels"
    if meant := _MOVED.get((place.type, name)) or _near(name, place.fields, 1):
        return f"write {meant}"
    if where := _below(name, place.type, 1):
        return f"put it {where}"
    if meant := _near(name, place.fields, _CLOSE):
        return f"write {meant}"
    if where := _below(name, place.type, _DEEPEST) or _above(name, place):
        return f"put it {where}"
    meant = _held(name, place.fields)
    return f"write {meant}" if meant else f"leave it out, or see kubectl explain {_explained(place)}"


def _near(name: str, fields: Iterable[str], closeness: float) -> str:
    by_letters = {_folded(one): one for one in fields}
    found = difflib.get_close_matches(_folded(name), by_letters, 1, closeness)
    return by_letters[found[0]] if found else ""


def _held(name: str, fields: Iterable[str]) -> str:
    """Find the longest field whose name is a part of this one: `host` of `hostname`, `data` of `stringData`."""
    return max((one for one in fields if _folded(one) in _folded(name)), key=len, default="")


def _folded(name: str) -> str:
    return re.sub("[_.-]", "", name).lower()


def _below(name: str, type_: str, depth: int) -> str:
    """Find a field of this name below a place, the nearest first."""
    left = deque([(type_, FieldPath())])
    while left:
        inner, path = left.popleft()
        for key, field in TYPES[inner].fields.items():
            if field.type and name in TYPES[field.type].fields:
                return f"into {field_name((*path, key))}"
            if field.type and len(path) + 1 < depth:
                left.append((field.type, (*path, key)))
    return ""


def _above(name: str, place: _Place) -> str:
    """Find a field of this name in what holds a place, or beside it there."""
    for outer in reversed(place.around):
        if name in outer.fields:
            return f"into {field_name(outer.path)}" if outer.path else "at the top"
        for key, field in outer.fields.items():
            if field.type and field.type != place.type and name in TYPES[field.type].fields:
                return f"into {field_name((*outer.path, key))}"
    return ""


def _explained(place: _Place) -> str:
    """Name a place as kubectl explain takes it."""
    root = place.around[0].type if place.around else place.type
    return field_name((root.lower(), *(part for part in place.path if isinstance(part, str))))
