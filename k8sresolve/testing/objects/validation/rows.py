"""What a validation is: a row, of one field by itself; or a rule, of fields that go together."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias, cast

from k8sresolve.testing.objects.fields import FieldPath, Object
from k8sresolve.testing.objects.validation.formats import Format

_EACH = -1  # in a row's path: every item of the list
_PART = re.compile(r"([A-Za-z]+)|(\[\])")


class Refused(NamedTuple):
    """What is wrong with a field. `until` is the first version of Kubernetes that takes it; empty where none does."""

    rule: str
    path: FieldPath
    problem: str
    advice: str
    until: str = ""


Together: TypeAlias = Callable[[Object], Iterator[Refused]]
"""Says what is wrong with fields that go together."""


class Row(NamedTuple):
    """One field, and what is taken there. A field that is absent or null is for rules of fields that go together."""

    rule: str
    path: FieldPath
    format: Format
    advice: str
    until: str = ""

    def refused(self, obj: Object) -> Iterator[Refused]:
        """Look at each value that an object has there."""
        for path, value in _values(obj, self.path):
            if value is not None and (problem := self.format(value)):
                yield Refused(self.rule, path, problem, self.advice, self.until)


def row(rule: str, field: str, format_: Format, advice: str, until: str = "") -> Row:
    """Make a row of a field like `spec.ports[].name`."""
    path = tuple(_EACH if brackets else name for name, brackets in _PART.findall(field))
    return Row(rule, path, format_, advice, until)


def _values(obj: Object, path: FieldPath) -> list[tuple[FieldPath, Any]]:
    """Find the values at a place, each with its own path. A dump has a hundred thousand endpoints in few lists."""
    found: list[tuple[FieldPath, Any]] = [((), obj)]
    for part in path:
        if part == _EACH:
            found = [((*at, index), item) for at, value in found for index, item in enumerate(_list(value))]
        else:
            found = [((*at, part), mapping(value)[part]) for at, value in found if part in mapping(value)]
        if not found:
            break
    return found


def at(obj: Object, *names: str) -> Object:
    """Read a mapping within mappings; empty where there is none."""
    for name in names:
        obj = mapping(obj.get(name))
    return obj


def mapping(value: Any) -> Object:
    """Take a mapping; an empty one for what is none."""
    return cast(Object, value) if isinstance(value, dict) else {}


def items(obj: Object, key: str) -> Sequence[Any]:
    """Read a list; empty where there is none."""
    return _list(obj.get(key))


def _list(value: Any) -> Sequence[Any]:
    return cast("Sequence[Any]", value) if isinstance(value, list) else ()


def mappings(obj: Object, key: str) -> list[tuple[int, Object]]:
    """Read a list of mappings, each with its index; empty where there is none."""
    return [(index, cast(Object, item)) for index, item in enumerate(items(obj, key)) if isinstance(item, dict)]
