"""Reading the fields of Kubernetes objects as the API server takes them: a null is an absent field.

A field of a wrong type raises `Wrong`, which says what is wrong and in which field.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeVar

from k8sresolve._escaping import told
from k8sresolve.testing.objects.kinds import NO_PORT, PortEntry, Selector
from k8sresolve.testing.objects.labels import wrong_with_name, wrong_with_text
from k8sresolve.testing.objects.letters import letters
from k8sresolve.testing.objects.placeholders import about_template

FieldPath = tuple[str | int, ...]
Object = dict[str, Any]

_MOST_BASE = 58  # k8s.io/apiserver/pkg/storage/names: 63 characters with the five that are added

T = TypeVar("T")


class Wrong(Exception):
    """A field is not what it should be; becomes a `ManifestError` where file, document and object are known."""

    object = ""

    def __init__(self, problem: str, path: FieldPath) -> None:
        super().__init__(problem)
        self.problem = problem
        self.path: FieldPath = path

    def below(self, path: FieldPath) -> "Wrong":
        """Put the place that the field's path starts from before it."""
        self.path = path + self.path
        return self


_DESCRIPTIONS: dict[type, str] = {
    dict: "a mapping",
    list: "a list",
    str: "text",
    int: "a whole number",
    float: "a fraction",
    bool: "true or false",
}


_NUMBER = re.compile("[0-9]{1,10}")


def described(value: object) -> str:
    """Say of what type a value is."""
    return _named(type(value))


def _named(kind: type) -> str:
    return _DESCRIPTIONS.get(kind, "nothing")


def take(obj: Object, key: str, kind: type[T], default: T, path: FieldPath) -> T:
    """Read a field of that type, with a default where it is absent."""
    value = obj.get(key)
    if value is None:
        return default
    if type(value) is not kind:
        raise Wrong(_instead(value, kind), (*path, key))
    return value


def _instead(value: object, kind: type) -> str:
    """Say that a value is not of the type that it should have."""
    quotes = "; put it in quotes" if kind is str and type(value) in (int, float, bool) else ""
    if kind is int and isinstance(value, str) and _NUMBER.fullmatch(value):
        quotes = f"; write {value}, without quotes"
    unfilled = about_template(value) if isinstance(value, str) else ""
    return f"{described(value)} where {_named(kind)} should be{quotes}{unfilled}"


def take_name(obj: Object, key: str, path: FieldPath, default: str = "") -> str:
    """Read a text that stands in names of DNS, as a label or as several. An empty one counts as absent."""
    text = take(obj, key, str, default, path)
    if text and (wrong := wrong_with_name(text)):
        check(wrong, (*path, key))
    return text


def take_text(obj: Object, key: str, path: FieldPath, default: str = "") -> str:
    """Read a text that is compared with names: of any length, as one that is too long for a packet is never asked."""
    text = take(obj, key, str, default, path)
    if wrong := wrong_with_text(text):
        check(wrong, (*path, key))
    return text


def check(wrong: str, path: FieldPath) -> None:
    """Raise what is wrong with a name, if anything is."""
    if wrong:
        raise Wrong(f"no packet can carry this name: {wrong}", path)


def texts(obj: Object, key: str, path: FieldPath) -> tuple[str, ...]:
    """Read a list of texts."""
    values = take(obj, key, list, [], path)
    for index, value in enumerate(values):
        if type(value) is not str:
            raise Wrong(_instead(value, str), (*path, key, index))
    return tuple(values)


def not_a_mapping(value: object, path: FieldPath) -> Wrong:
    """Make what is raised for a value that should be a mapping."""
    return Wrong(f"{described(value)} where a mapping should be", path)


def mappings(obj: Object, key: str, path: FieldPath) -> Iterator[tuple[Object, FieldPath]]:
    """Walk over a list of mappings, each with its path."""
    for index, value in enumerate(take(obj, key, list, [], path)):
        if type(value) is not dict:
            raise not_a_mapping(value, (*path, key, index))
        yield value, (*path, key, index)


def within(obj: Object, key: str, path: FieldPath) -> tuple[Object, FieldPath]:
    """Read a mapping, empty where it is absent, and its path."""
    return take(obj, key, dict, {}, path), (*path, key)


_OF_OTHER_SELECTORS = frozenset({"matchLabels", "matchExpressions"})


def read_labels(obj: Object, key: str, path: FieldPath) -> Selector:
    """Read a mapping of texts, sorted by key."""
    labels, at = within(obj, key, path)
    if not {str}.issuperset(map(type, labels.values())):
        for name in labels.keys() & _OF_OTHER_SELECTORS:
            if type(labels[name]) in (dict, list):
                raise Wrong(f"{_instead(labels[name], str)}; write the labels below {key} itself", (*at, name))
        labels = {name: take(labels, name, str, "", at) for name in labels}
    return tuple(sorted(labels.items()))


class Meta(NamedTuple):
    """The metadata of an object."""

    namespace: str
    name: str
    labels: Object
    annotations: Object
    deleted: bool
    fields: Object
    path: FieldPath

    def label(self, key: str, default: str = "") -> str:
        """Read a label."""
        return take_name(self.labels, key, (*self.path, "labels"), default) if key in self.labels else default

    def check_name(self) -> None:
        """Refuse a name that no label can have. Other kinds may have longer ones, which are in no name of DNS."""
        check(wrong_with_name(self.name), (*self.path, "name"))


def read_meta(obj: Object, path: FieldPath) -> Meta:
    """Read the metadata of an object, in namespace `default` if it names none."""
    meta, at = within(obj, "metadata", path)
    name = take(meta, "name", str, "", at) or _generated_name(obj, meta, at)
    if not name:
        raise Wrong("no name", (*at, "name"))
    check(wrong_with_text(name), (*at, "name"))
    return Meta(
        namespace=take_name(meta, "namespace", at) or "default",
        name=name,
        labels=take(meta, "labels", dict, {}, at),
        annotations=take(meta, "annotations", dict, {}, at),
        deleted=meta.get("deletionTimestamp") is not None,
        fields=meta,
        path=at,
    )


def _generated_name(obj: Object, meta: Object, path: FieldPath) -> str:
    """Make a name as the API server does of `generateName`: its letters depend on all that the object says."""
    base = take(meta, "generateName", str, "", path)
    if not base:
        return ""
    try:
        return base[:_MOST_BASE] + letters(repr(obj), 5)
    except (RecursionError, ValueError):  # a number of thousands of digits
        raise Wrong("nested too deep, or a number in it is too long", path) from None


LEAST_INT32, MOST_INT32 = -(2**31), 2**31 - 1
MOST_PORT = 2**16 - 1


def read_port(entry: Object, path: FieldPath, *, least: int, most: int = MOST_PORT, key: str = "port") -> PortEntry:
    """Read a port. Its number, from `least` to `most`, may be absent; its protocol is TCP if it is."""
    number = take(entry, key, int, NO_PORT, path)
    if number != NO_PORT and not least <= number <= most:
        raise Wrong(f"{told(number)} is no port: {least} to {most}", (*path, key))
    return PortEntry(
        take_text(entry, "name", path),
        number,
        take_text(entry, "protocol", path) or "TCP",
        take(entry, "appProtocol", str, "", path),
    )


def read_owner(obj: Object, path: FieldPath) -> str:
    """Read which controller an object belongs to, as `KIND/NAME`; empty if to none."""
    meta, at = within(obj, "metadata", path)
    for owner, owner_path in mappings(meta, "ownerReferences", at):
        if take(owner, "controller", bool, default=False, path=owner_path):
            return f"{take(owner, 'kind', str, '', owner_path)}/{take(owner, 'name', str, '', owner_path)}"
    return ""
