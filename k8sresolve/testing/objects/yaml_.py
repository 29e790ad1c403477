"""YAML as Kubernetes takes it, with limits. Importing this needs PyYAML.

Scalars are read as JSON has them: no dates, no numbers to the base 60. Values are built as the events come, so that no
tree of nodes is ever in memory, and so that what is too deep, or grows by its aliases, is refused on the way.
"""

import codecs
import io
import re
from base64 import b64decode
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple, cast

import yaml

from k8sresolve.testing.objects.originals import Original
from k8sresolve.testing.objects.written import Twice

MAX_DEPTH = 100
MAX_ALIASED = 1_000_000
_TAG = "tag:yaml.org,2002:"
_OWN_TAGS = frozenset(
    ("binary", "bool", "float", "int", "map", "merge", "null", "omap", "pairs", "seq", "set", "str", "timestamp")
)
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*|0o?[0-7]+|0x[0-9a-fA-F]+)\Z")
_FLOAT = re.compile(
    r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?\Z|[-+]?\.(?:inf|Inf|INF)\Z|\.nan\Z"
)
_TRUE = frozenset({"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"})
_FALSE = frozenset({"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"})
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LINE_END = re.compile(rb"\r\n|[\r\n]|\xc2\x85|\xe2\x80[\xa8\xa9]")  # as YAML counts lines
# In `[2001:db8::]` libyaml refuses the last colon of a word, which go-yaml takes for a part of it.
_LAST_COLON = re.compile(rb":[,\]}]")
_MOST_COLONS, _MOST_MENDED = 100, 1 << 18
_MERGE = object()
"""A key `<<`: the mappings under it give what the mapping itself does not have."""

Path = tuple[str | int, ...]


class Problem(Exception):
    """The data is no YAML, or more than is read. `document` and `line` count from 1."""

    def __init__(self, text: str, document: int, line: int | None) -> None:
        super().__init__(text)
        self.text = text
        self.document = document
        self.line = line


class Document(NamedTuple):
    """One document. `line` finds the line of the field at a path, or of the nearest that holds it."""

    value: Any
    line: Callable[[Path], int | None]
    twice: tuple[Twice, ...] = ()


def read_documents(original: Original) -> Iterator[Document]:
    """Read each document. Raises `Problem`: no YAML, nested too deep, or growing by its aliases."""
    reader, again = _Reader(_mended(original.octets() or b"")), _Again(original)
    for value in reader.values():
        twice = tuple(reader.twice) if any(each.differs for each in reader.twice) else ()
        yield Document(value, partial(again.find_line, reader.first_line), twice)
    original.let_go()


def _mended(data: bytes) -> bytes:
    """Put quotes around words in flow collections that end in a colon, as no other reader of Kubernetes needs them."""
    if len(data) > _MOST_MENDED or not _LAST_COLON.search(data):
        return data
    text = _as_utf_8(data).decode("utf-8", "replace")
    for _ in range(_MOST_COLONS):
        word = _with_last_colon(text)
        if word is None:
            break
        text = f"{text[: word.start]}'{text[word]}'{text[word.stop :]}"
    return text.encode()


def _with_last_colon(text: str) -> slice | None:
    """Find the first such word, without a quote in it, at which libyaml stops."""
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    try:
        while type(loader.get_event()) is not yaml.StreamEndEvent:
            pass
    except yaml.MarkedYAMLError as error:
        start, end = error.context_mark, error.problem_mark
        if error.problem == "found unexpected ':'" and start is not None and end is not None:
            word = slice(start.index, end.index + 1)
            is_last = text[word.stop : word.stop + 1] in (",", "]", "}")
            return word if is_last and "'" not in text[word] else None
    except yaml.YAMLError:
        pass
    return None


class _Again:
    """Reads a document of a file once more, with its lines: they are needed for what is wrong, and for little else."""

    def __init__(self, original: Original) -> None:
        self._original = original
        self._text = b""  # in UTF-8
        self._starts: list[int] = []  # where each line of the text does
        self._read: tuple[int, Any, _Lines] = (0, None, {})

    def __reduce__(self) -> tuple[type["_Again"], tuple[Original]]:
        # The lines are found by the identity of values, which a copy has not.
        return _Again, (self._original,)

    def find_line(self, first: int, path: Path) -> int | None:
        """Find the line of a field, or of the nearest that holds it, in the document that begins at line `first`.

        A number behind a text that keeps its lines (`|`) is that of one of them, from 1.
        """
        if self._read[0] != first:
            octets = self._original.octets()
            if octets is None:
                return None
            self._read = (first, *self._document(octets, first))
        _, value, lines = self._read
        line, places, before = lines[None][None], lines[None], None
        for part in path:
            if isinstance(part, int) and (before, _TEXT) in places:
                return places[before, _TEXT] + part + first - 2
            places = lines.get(id(value), {})
            if part not in places:
                break
            line, value, before = places[part], value[part], part
        return line + first - 1

    def _document(self, octets: bytes, first: int) -> tuple[Any, "_Lines"]:
        if not self._starts:
            self._text = _as_utf_8(_mended(octets))
            self._starts = [0, *(found.end() for found in _LINE_END.finditer(self._text))]
        rest = io.BytesIO(self._text)
        rest.seek(self._starts[first - 1])
        lines: _Lines = {}
        return next(_Reader(rest, lines).values()), lines


def _as_utf_8(data: bytes) -> bytes:
    if data[:2] in _UTF_16:
        return data.decode("utf-16", "replace").encode()
    return data.removeprefix(codecs.BOM_UTF8)


_Lines = dict[int | None, dict[Any, int]]
"""By the identity of a mapping or list the lines of its fields; under None that of the document's own value."""
_TEXT = "|"
"""Behind a key, in the lines of a mapping: where the first line of a text is that keeps its lines."""


class _Reader:
    """Builds values from events."""

    def __init__(self, data: bytes | io.BytesIO, lines: _Lines | None = None) -> None:
        self._data = data
        self._lines = lines
        self._document = 0
        self.first_line = 1  # of the document that is read
        self._depth = 0
        self._nodes = 0  # that the document would expand to
        self._aliased = 0
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._path: list[Any] = []  # to what is being read
        self.twice: list[Twice] = []  # in the document that is read

    def values(self) -> Iterator[Any]:
        """Read document after document."""
        try:
            # Not `yaml.parse`, whose own steps for each event cost as much as libyaml's.
            loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(self._data)
            self._next: Callable[[], Any] = loader.get_event
            while type(event := self._next()) is not yaml.StreamEndEvent:
                if type(event) is yaml.DocumentStartEvent:
                    self._document += 1
                    self.first_line = cast(Any, event).start_mark.line + 1
                    self._anchors.clear()
                    self.twice.clear()
                    event = self._next()
                    if self._lines is not None:
                        self._lines[None] = {None: event.start_mark.line + 1}
                    yield self._value(event)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = None if mark is None else mark.line + 1
            raise Problem(f"not YAML: {error.problem or error.context}", max(1, self._document), line) from None
        except yaml.YAMLError as error:
            raise Problem(f"not YAML: {str(error).splitlines()[0]}", max(1, self._document), None) from None

    def _problem(self, text: str, event: Any) -> Problem:
        return Problem(text, self._document, event.start_mark.line + 1)

    def _value(self, event: Any) -> Any:
        """Build the value that begins with an event."""
        value = self._node(event)
        if value is _MERGE:
            raise self._problem(_not_meant(f"{_TAG}merge"), event)
        return value

    def _node(self, event: Any) -> Any:
        """Build what begins with an event, be it a value or the key `<<`."""
        if type(event) is yaml.AliasEvent:
            return self._alias(event)
        before = self._nodes
        self._nodes += 1
        if type(event) is yaml.ScalarEvent:
            value = self._scalar(event)
            if event.anchor is None:
                return value
        else:
            self._anchors.pop(event.anchor, None)
            self._depth += 1
            if self._depth > MAX_DEPTH:
                raise self._problem(f"nested more than {MAX_DEPTH} levels deep", event)
            value = self._mapping(event) if type(event) is yaml.MappingStartEvent else self._sequence(event)
            self._depth -= 1
        if event.anchor:
            self._anchors[event.anchor] = value, self._nodes - before
        return value

    def _alias(self, event: Any) -> Any:
        if event.anchor not in self._anchors:
            raise self._problem(
                "this alias has no anchor before it, or is inside it; text that begins with * needs quotes", event
            )
        value, size = self._anchors[event.anchor]
        self._nodes += size
        self._aliased += size
        if self._aliased > MAX_ALIASED:
            raise self._problem(f"aliases stand for more than {MAX_ALIASED} nodes", event)
        return value

    def _scalar(self, event: Any) -> Any:
        tag = event.tag
        if tag is None or tag == "!":
            if not event.implicit[0]:
                return event.value
            construct: Callable[[str], Any] = _plain
        elif tag in _TAGGED:
            construct = _TAGGED[tag]
        elif _is_yamls(tag):
            raise self._problem(_not_meant(tag), event)
        else:
            return event.value  # as kubectl takes it, which passes over tags that mean nothing to it
        try:
            return construct(event.value)
        except ValueError as error:
            raise self._problem(f"not YAML: {error}", event) from None

    def _sequence(self, start: Any) -> list[Any]:
        if start.tag is not None and start.tag != f"{_TAG}seq" and _is_yamls(start.tag):
            raise self._problem(_not_meant(start.tag), start)
        items: list[Any] = []
        lines: dict[int, int] = {}
        while type(event := self._next()) is not yaml.SequenceEndEvent:
            if self._lines is not None:
                lines[len(items)] = event.start_mark.line + 1
            self._path.append(len(items))
            items.append(self._value(event))
            self._path.pop()
        if self._lines is not None:
            self._lines[id(items)] = lines
        return items

    def _mapping(self, start: Any) -> dict[Any, Any]:
        if start.tag is not None and start.tag != f"{_TAG}map" and _is_yamls(start.tag):
            raise self._problem(_not_meant(start.tag), start)
        own: dict[Any, Any] = {}
        lines: dict[Any, int] = {}
        merged: dict[Any, Any] = {}
        while type(event := self._next()) is not yaml.MappingEndEvent:
            key = self._node(event)
            if key is _MERGE:
                merged |= self._merged(self._next())
                continue
            if isinstance(key, (dict, list)):
                raise self._problem("not YAML: found unhashable key", event)
            if self._lines is not None:
                lines[key] = event.start_mark.line + 1
            start_of_value = self._next()
            if self._lines is not None and getattr(start_of_value, "style", None) == _TEXT:
                lines[key, _TEXT] = start_of_value.start_mark.line + 2
            self._path.append(key)
            value = self._value(start_of_value)
            if key in own:
                path = tuple(part if isinstance(part, int) else str(part) for part in self._path)
                self.twice.append(Twice(str(key), path, event.start_mark.line + 1, own[key] != value))
            self._path.pop()
            own[key] = value
        fields = {**merged, **own} if merged else own
        if self._lines is not None:
            self._lines[id(fields)] = lines
        return fields

    def _merged(self, event: Any) -> dict[Any, Any]:
        """Read what stands under `<<`: a mapping, or several, of which the first wins."""
        value = self._value(event)
        merged: dict[Any, Any] = {}
        several = cast(Sequence[Any], value) if isinstance(value, list) else (value,)
        for one in reversed(several):
            if not isinstance(one, dict):
                raise self._problem("not YAML: expected a mapping or list of mappings for merging", event)
            merged |= one
        return merged


def _is_yamls(tag: str) -> bool:
    return tag.startswith(_TAG) and tag.removeprefix(_TAG) in _OWN_TAGS


def _not_meant(tag: str) -> str:
    return f"not YAML: could not determine a constructor for the tag {tag!r}"


@lru_cache(maxsize=4096)
def _plain(text: str) -> Any:
    """Read a scalar without quotes and tag."""
    first = text[:1]
    if first in _STARTS_NUMBER and first:
        if _INT.match(text):
            return _integer(text)
        if _FLOAT.match(text):
            return _fraction(text)
        return text
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    return _MERGE if text == "<<" else text


_STARTS_NUMBER = "-+0123456789."


def _integer(text: str) -> int:
    if not _INT.match(text):
        raise ValueError("what is tagged !!int is no integer")
    digits = text.lstrip("+-").replace("0o", "0")
    octal = len(digits) > 1 and digits[0] == "0" and digits[1] != "x"
    return int(digits, 8 if octal else 16 if digits.startswith("0x") else 10) * (-1 if text[0] == "-" else 1)


def _fraction(text: str) -> float:
    try:
        return float(re.sub(r"\.(?=[a-zA-Z])", "", text))  # Python has no dot before inf and nan
    except ValueError:
        raise ValueError("what is tagged !!float is no number") from None


def _truth(text: str) -> bool:
    if text not in _TRUE and text not in _FALSE:
        raise ValueError("what is tagged !!bool is neither true nor false")
    return text in _TRUE


def _binary(text: str) -> str:
    """Read what is no text in base64 as sigs.k8s.io/yaml does, on its way through JSON."""
    try:
        return b64decode("".join(text.splitlines()), validate=True).decode("utf-8", "replace")
    except ValueError:
        raise ValueError("what is tagged !!binary is no base64") from None


def _merge(text: str) -> object:
    if text != "<<":
        raise ValueError("what is tagged !!merge is not <<")
    return _MERGE


_TAGGED: dict[str, Callable[[str], Any]] = {
    f"{_TAG}str": str,
    f"{_TAG}int": _integer,
    f"{_TAG}float": _fraction,
    f"{_TAG}bool": _truth,
    f"{_TAG}null": lambda _: None,
    f"{_TAG}binary": _binary,
    f"{_TAG}merge": _merge,
}
