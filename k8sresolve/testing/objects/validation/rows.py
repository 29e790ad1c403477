"""What a validation is: a row, of one field by itself; or a rule, of fields that go together."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

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
            lists = [(at, value) for at, value in found if isinstance(value, list)]
            found = [((*at, index), item) for at, value in lists for index, item in enumerate(value)]
        else:
            found = [((*at, part), value[part]) for at, value in found if isinstance(value, dict) and part in value]
        if not found:
            break
    return found


def at(obj: Object, *names: str) -> Object:
    """Read a mapping within mappings; empty where there is none."""
    value: Any = obj
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def items(obj: Object, key: str) -> Sequence[Any]:
    """Read a list; empty where there is none."""
    value = obj.get(key)
    return value if isinstance(value, list) else ()
