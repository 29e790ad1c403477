"""YAML as Kubernetes takes it, with limits. Importing this needs PyYAML.

Scalars are read as JSON has them: no dates, no numbers to the base 60.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, cast

import yaml

MAX_DEPTH = 100
MAX_ALIASED = 1_000_000
_TAG = "tag:yaml.org,2002:"
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*|0o?[0-7]+|0x[0-9a-fA-F]+)\Z")
_FLOAT = re.compile(
    r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?\Z|[-+]?\.(?:inf|Inf|INF)\Z|\.nan\Z"
)
_BOOL = re.compile(r"(?:true|True|TRUE|yes|Yes|YES|on|On|ON|false|False|FALSE|no|No|NO|off|Off|OFF)\Z")
_NULL = re.compile(r"(?:~|null|Null|NULL|)\Z")

Path = tuple[str | int, ...]


class Problem(Exception):
    """The data is no YAML, or more than is read. `document` and `line` count from 1."""

    def __init__(self, text: str, document: int, line: int | None) -> None:
        super().__init__(text)
        self.text = text
        self.document = document
        self.line = line


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # libyaml is not everywhere
    pass


def _construct_int(loader: Any, node: yaml.ScalarNode) -> int:
    text = str(loader.construct_scalar(node))
    if not _INT.match(text):
        raise ValueError(f"{text[:20]!r} is no integer")
    digits = text.lstrip("+-").replace("0o", "0")
    octal = len(digits) > 1 and digits[0] == "0" and digits[1] != "x"
    return int(digits, 8 if octal else 16 if digits.startswith("0x") else 10) * (-1 if text[0] == "-" else 1)


def _prepare() -> None:
    kept = ("map", "seq", "str", "float", "bool", "null")
    undefined = yaml.SafeLoader.yaml_constructors[None]
    constructors = {_TAG + name: yaml.SafeLoader.yaml_constructors[_TAG + name] for name in kept}
    _Loader.yaml_constructors = {**constructors, _TAG + "int": _construct_int, None: undefined}
    _Loader.yaml_implicit_resolvers = {}
    for name, pattern, first in (
        ("int", _INT, "-+0123456789"),
        ("float", _FLOAT, "-+0123456789."),
        ("bool", _BOOL, "tTyYoOfFnN"),
        ("null", _NULL, ["~", "n", "N", ""]),
        ("merge", re.compile(r"<<\Z"), "<"),
    ):
        cast(Any, _Loader).add_implicit_resolver(_TAG + name, pattern, list(first))


_prepare()


def check(data: bytes) -> None:
    """Pass over the events of all documents. Raises `Problem`: no YAML, nested too deep, or growing by its aliases."""
    counter = _Counter()
    try:
        for event in yaml.parse(data, Loader=_Loader):
            counter.count(event)
    except yaml.YAMLError as error:
        raise _problem(error, max(1, counter.document)) from None


class _Counter:
    """Counts what a document would expand to."""

    def __init__(self) -> None:
        self.document = 0
        self._open: list[tuple[str | None, int]] = []
        self._sizes: dict[str, int] = {}
        self._total = 0
        self._aliased = 0

    def count(self, event: yaml.Event) -> None:
        match event:
            case yaml.ScalarEvent():
                self._total += 1
                if event.anchor:
                    self._sizes[event.anchor] = 1
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._open.append((event.anchor, self._total))
                self._total += 1
                if len(self._open) > MAX_DEPTH:
                    raise self._problem(f"nested more than {MAX_DEPTH} levels deep", event)
                if event.anchor:
                    self._sizes.pop(event.anchor, None)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                anchor, before = self._open.pop()
                if anchor:
                    self._sizes[anchor] = self._total - before
            case yaml.AliasEvent():
                self._alias(event)
            case yaml.DocumentStartEvent():
                self.document += 1
                self._sizes.clear()
            case _:
                pass

    def _alias(self, event: yaml.AliasEvent) -> None:
        size = self._sizes.get(event.anchor or "")
        if size is None:
            raise self._problem(f"the alias *{event.anchor} has no anchor before it, or is inside it", event)
        self._total += size
        self._aliased += size
        if self._aliased > MAX_ALIASED:
            raise self._problem(f"aliases stand for more than {MAX_ALIASED} nodes", event)

    def _problem(self, text: str, event: yaml.Event) -> Problem:
        return Problem(text, self.document, event.start_mark.line + 1 if event.start_mark else None)


def documents(data: bytes) -> Iterator[tuple[Any, Callable[[Path], int | None]]]:
    """Give each document, and a function that finds the line of a field in it. Only after `check`. Raises `Problem`."""
    loaded = yaml.load_all(data, Loader=_Loader)
    number = 0
    while True:
        number += 1
        try:
            value = next(loaded)
        except StopIteration:
            return
        except yaml.YAMLError as error:
            raise _problem(error, number) from None
        except RecursionError:
            raise Problem("nested too deep", number, None) from None
        except (ValueError, KeyError) as error:  # an explicit tag on what is none of its kind
            raise Problem(f"not YAML: {error}", number, None) from None
        yield value, _line_finder(data, number)


def _line_finder(data: bytes, number: int) -> Callable[[Path], int | None]:
    def find(path: Path) -> int | None:
        nodes = yaml.compose_all(data, Loader=_Loader)
        node = next(node for index, node in enumerate(nodes, 1) if index == number)
        return _line(node, path)

    return find


def _line(node: Any, path: Path) -> int:
    """Find the line of the field, or of the nearest that holds it."""
    line = int(node.start_mark.line) + 1
    for part in path:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == part]
            if not found:
                break
            line, node = int(found[-1][0].start_mark.line) + 1, found[-1][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = int(node.start_mark.line) + 1
        else:
            break
    return line


def _problem(error: yaml.YAMLError, document: int) -> Problem:
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        return Problem(f"not YAML: {error.problem or error.context}", document, mark.line + 1 if mark else None)
    return Problem(f"not YAML: {str(error).splitlines()[0]}", document, None)
