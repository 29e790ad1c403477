"""JSON, with the line of each field. A List of thousands of objects is never whole in memory."""

import json
import re
from collections.abc import Generator, Iterator
from functools import partial

from k8sresolve.errors import ManifestError
from k8sresolve.testing.objects.fields import FieldPath
from k8sresolve.testing.objects.originals import Original
from k8sresolve.testing.objects.sources import Part, Source

# How kubectl and the API server begin a list.
_LIST = re.compile(r'\{\s*(?:"(?:apiVersion"\s*:\s*"[\w./-]*"|kind"\s*:\s*"\w*List")\s*,\s*)+"items"\s*:\s*\[')
_KIND = re.compile(r'"kind"\s*:\s*"(\w*)List"')
_JSON = json.JSONDecoder()
_BLOCK = 1 << 16
_BLANKS = re.compile(r"[ \t\r\n]*")


def json_parts(file: str, original: Original) -> Iterator[Part]:
    """Read the documents of a file, which may stand behind one another. Raises `ManifestError`."""
    try:
        lines = _Lines(original)
    except UnicodeDecodeError as error:
        raise ManifestError(f"not UTF-8: octet {error.start} is {error.object[error.start]:#04x}", file=file) from None
    text = lines.text()
    number, start = 0, _skip_blanks(text, 0)
    while start < len(text):
        number += 1
        source = Source(file, number, partial(lines.find, start))
        try:
            start = _skip_blanks(text, (yield from _json_document(text, start, lines, source)))
        except json.JSONDecodeError as error:
            raise ManifestError(f"not JSON: {error.msg}", file=file, document=number, line=error.lineno) from None
        except (RecursionError, ValueError) as error:
            problem = "nested too deep" if isinstance(error, RecursionError) else f"not JSON: {error}"
            raise ManifestError(problem, file=file, document=number) from None
    lines.let_go()


def _json_document(text: str, start: int, lines: "_Lines", source: Source) -> Generator[Part, None, int]:
    """Decode a document, a List item by item: what is kept of a cluster's is a small part of it. Returns its end."""
    opening = _LIST.match(text, start)
    if opening is None or text.startswith(
        "]", _skip_blanks(text, opening.end())
    ):  # one without items is a document, too
        value, end = _JSON.raw_decode(text, start)
        yield Part(value, source)
        return end
    named = _KIND.search(opening[0])
    at = _skip_blanks(text, opening.end())
    index, find = 0, lines.find_in_item
    while index or text[at : at + 1] != "]":
        own = Source(source.file, source.document, partial(find, at))
        item, at = _JSON.raw_decode(text, at)
        yield Part(item, own, ("items", index), named[1] if named else "")
        index += 1
        at = _skip_blanks(text, at)
        if text[at : at + 1] != ",":
            break
        at = _skip_blanks(text, at + 1)
    at = _expect("]", text, at)
    while text[at : at + 1] == ",":
        _, at = _JSON.raw_decode(text, _skip_blanks(text, at + 1))
        _, at = _JSON.raw_decode(text, _expect(":", text, _skip_blanks(text, at)))
        at = _skip_blanks(text, at)
    return _expect("}", text, at)


def _expect(letter: str, text: str, at: int) -> int:
    if text[at : at + 1] != letter:
        raise json.JSONDecodeError(f"Expecting '{letter}'", text, at)
    return _skip_blanks(text, at + 1)


def _skip_blanks(text: str, at: int) -> int:
    found = _BLANKS.match(text, at)
    return found.end() if found else at


class _Lines:
    """Finds lines of a file's text, which is let go of once the file is read."""

    def __init__(self, original: Original) -> None:
        self._original = original
        self._text: str | None = None
        self._before = [0]  # lines that end before each block: a file may have a million, and each be asked for
        self.text()
        original.let_go()

    def text(self) -> str:
        """The text of the file; empty where it says something else by now."""
        if self._text is None:
            octets = self._original.octets()
            if octets is None:
                return ""
            self._text = octets.decode("utf-8-sig")
        return self._text

    def let_go(self) -> None:
        """Say that the file has been read."""
        self._text = None

    def find(self, at: int, path: FieldPath) -> int | None:
        """Find the line of a field of the value that starts at `at`, or of the nearest that holds it."""
        text = self.text()
        return self._line(text, _place(text, at, path)) if text else None

    def find_in_item(self, at: int, path: FieldPath) -> int | None:
        """Find the line of a field in an item of a List, which starts at `at`: a List may have thousands."""
        return self.find(at, path[2:])

    def _line(self, text: str, at: int) -> int:
        block = at // _BLOCK
        for end in range(len(self._before) * _BLOCK, (block + 1) * _BLOCK, _BLOCK):
            self._before.append(self._before[-1] + text.count("\n", end - _BLOCK, end))
        return 1 + self._before[block] + text.count("\n", block * _BLOCK, at)


def _place(text: str, at: int, path: FieldPath) -> int:
    place = at
    for part in path:
        members = _json_members(text, at)
        found = next(((start, value) for key, start, value in members if key == part), None)
        if found is None:
            break
        place, at = found
    return place


def _json_members(text: str, at: int) -> Iterator[tuple[str | int, int, int]]:
    """Walk over an object or array: key or index, where the member starts, and where its value does."""
    if text[at] not in "{[":
        return
    index = 0
    named = text[at] == "{"
    at = _skip_blanks(text, at + 1)
    while text[at] not in "}]":
        key, start = index, at
        if named:
            key, at = _JSON.raw_decode(text, at)
            at = _skip_blanks(text, _skip_blanks(text, at) + 1)
        yield key, start, at
        _, at = _JSON.raw_decode(text, at)
        at = _skip_blanks(text, at)
        if text[at] == ",":
            at = _skip_blanks(text, at + 1)
        index += 1
