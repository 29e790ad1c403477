"""What a validation is: a row, of one field by itself; or a rule, of fields that go together."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

from k8sresolve.testing.objects.fields import FieldPath, Object
from k8sresolve.testing.objects.validation.formats import Format
from k8sresolve.testing.versions import Difference

_EACH = -1  # in a row's path: every item of the list
_PART = re.compile(r"([A-Za-z]+)|(\[\])")


class Refused(NamedTuple):
    """What is wrong with a field. `until` is the difference by which newer Kubernetes takes it, if any does."""

    rule: str
    path: FieldPath
    problem: str
    advice: str
    until: Difference | None = None


Together: TypeAlias = Callable[[Object], Iterator[Refused]]
"""Says what is wrong with fields that go together."""


class Row(NamedTuple):
    """One field, and what is taken there. A field that is absent or null is for rules of fields that go together."""

    rule: str
    path: FieldPath
    format: Format
    advice: str
    until: Difference | None = None


def row(rule: str, field: str, format_: Format, advice: str, until: Difference | None = None) -> Row:
    """Make a row of a field like `spec.ports[].name`."""
    path = tuple(_EACH if brackets else name for name, brackets in _PART.findall(field))
    return Row(rule, path, format_, advice, until)


class Rows:
    """Rows by their fields, so that an object is walked once for all, and only where it has something."""

    __slots__ = ("_here", "_inner", "_leaves", "below", "formats")

    def __init__(self, rows: Iterable[Row], depth: int = 0) -> None:
        below: dict[str | int, list[Row]] = {}
        for one in rows:
            if len(one.path) > depth:
                below.setdefault(one.path[depth], []).append(one)
        self._here = tuple([one for one in rows if len(one.path) == depth])
        inner = [(part, Rows(tuple(found), depth + 1)) for part, found in below.items()]
        self.below: tuple[tuple[str | int, Rows], ...] = tuple(inner)
        self.formats: tuple[Format, ...] = tuple([one.format for one in self._here])
        is_leaf = {part: part != _EACH and not found.below for part, found in self.below}
        self._leaves = tuple([(part, found.formats) for part, found in self.below if is_leaf[part]])
        self._inner = tuple([(part, found) for part, found in self.below if not is_leaf[part]])

    def take(self, value: Any) -> bool:
        """Whether nothing is refused, as in nearly all objects: for that no path need be noted."""
        for wrong in self.formats:
            if wrong(value):
                return False
        fields: dict[Any, Any] = mapping(value)
        for part, formats in self._leaves:
            if (item := fields.get(part)) is not None:
                for wrong in formats:
                    if wrong(item):
                        return False
        for part, rows in self._inner:
            if part == _EACH:
                for item in sequence(value):
                    if item is not None and not rows.take(item):
                        return False
            elif (item := fields.get(part)) is not None and not rows.take(item):
                return False
        return True

    def refused(self, value: Any, path: FieldPath = ()) -> Iterator[Refused]:
        """Look at each value that an object has in these fields."""
        for one in self._here:
            if problem := one.format(value):
                yield Refused(one.rule, path, problem, one.advice, one.until)
        fields: dict[Any, Any] = mapping(value)
        for part, rows in self.below:
            if part == _EACH:
                for index, item in enumerate(sequence(value)):
                    if item is not None:
                        yield from rows.refused(item, (*path, index))
            elif (item := fields.get(part)) is not None:
                yield from rows.refused(item, (*path, part))


def at(obj: Object, *names: str) -> Object:
    """Read a mapping within mappings; empty where there is none."""
    for name in names:
        obj = mapping(obj.get(name))
    return obj


def mapping(value: Any) -> Object:
    """Take a mapping; an empty one for what is none."""
    # A call of cast() would take as long as all the rest.
    return value if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def items(obj: Object, key: str) -> Sequence[Any]:
    """Read a list; empty where there is none."""
    return sequence(obj.get(key))


def sequence(value: Any) -> Sequence[Any]:
    """Take a list; an empty one for what is none."""
    return value if isinstance(value, list) else ()  # pyright: ignore[reportUnknownVariableType]


def mappings(obj: Object, key: str) -> list[tuple[int, Object]]:
    """Read a list of mappings, each with its index; empty where there is none."""
    return [(index, item) for index, item in enumerate(items(obj, key)) if isinstance(item, dict)]  # pyright: ignore[reportUnknownVariableType]
