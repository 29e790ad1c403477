"""Where an object is written, field by field, and which rules its author wants to hear nothing of."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from k8sresolve.testing.objects.texts import NO_TEXTS, Annotation, PodTexts

IGNORE_ANNOTATION = "k8sresolve.io/ignore"
"""The annotation that names rules, with commas between them."""

Ignored: TypeAlias = Mapping[int, frozenset[str]]
"""By line, the rules that a comment there names."""

_NOTHING: Ignored = {}
_OF_OBJECTS = ("apiVersion", "kind", "metadata")
_MOST_TOLD = 3
_COMMENT = re.compile(r"(?:^|\s)#\s*k8sresolve:\s*ignore\[([^\]\n]*)\]")
_RULES = re.compile(r"[\w*?-]+")
_PART = re.compile(r"\[(\d+)\]|\[([^\]]*)\]|([^.\[]+)")


def no_line(_path: tuple[str | int, ...]) -> int | None:
    """Find no line, as where an object did not come from a file."""
    return None


class Twice(NamedTuple):
    """A key that a mapping has again, at the end of its `path`; what it has there counts."""

    key: str
    path: tuple[str | int, ...]
    line: int
    differs: bool


class Written(NamedTuple):
    """Where an object is written. `ignored` are the rules of its annotation, `comments` those of its file's lines.

    `texts` are what its containers are told there, and `twice` are keys that come again, one with another value. Where
    it `has_namespace`, that is stated and not given by -n.
    """

    file: str = ""
    find: Callable[[tuple[str | int, ...]], int | None] = no_line
    ignored: frozenset[str] = frozenset()
    comments: Ignored = _NOTHING
    texts: PodTexts = NO_TEXTS
    has_namespace: bool = True
    twice: tuple[Twice, ...] = ()
    annotations: tuple[Annotation, ...] = ()

    def line(self, field: str) -> int | None:
        """Find the line of a field like `spec.ports[0].name`, or of the nearest that holds it."""
        parts = _PART.findall(field)
        return self.find(tuple(int(index) if index else key or name for index, key, name in parts))


UNWRITTEN = Written()
"""Of an object that is in no manifest."""


def told_twice(twice: Sequence[Twice]) -> tuple[Twice, str, str]:
    """Say where keys come twice, which, and what to do: of an object's own, a `---` between two objects may be lost."""
    lost = [each for each in twice if len(each.path) == 1 and each.key in _OF_OBJECTS]
    if any(each.differs and each.key != "apiVersion" for each in lost):
        first = min(lost, key=lambda each: each.line)
        told = f"{_keys(lost)} come again in one document, and the later ones count: what stands before them is lost"
        return first, told, f"put --- before line {first.line}, where another object begins"
    others = [each for each in twice if each.differs]
    told = f"{_keys(others)} comes again in one mapping with another value, and the later one counts"
    return others[0], told, "write each key once"


def _keys(twice: Sequence[Twice]) -> str:
    return ", ".join(list(dict.fromkeys(each.key for each in twice))[:_MOST_TOLD])


def rules_named(text: str) -> frozenset[str]:
    """Read the rules that a comment or annotation names, with commas or blanks between them."""
    return frozenset(_RULES.findall(text))


def comments(text: str) -> Ignored:
    """Find `# k8sresolve: ignore[rule]` in YAML: behind a line, or on lines of its own before it."""
    if "k8sresolve:" not in text:
        return _NOTHING
    found: dict[int, frozenset[str]] = {}
    before: set[str] = set()
    for number, line in enumerate(text.split("\n"), 1):
        if comment := _COMMENT.search(line):
            before |= rules_named(comment[1])
        if before and not re.match(r"\s*(?:#|$)", line):
            found[number] = frozenset(before)
            before.clear()
    return found
