"""Go's text templates, as far as Corefiles use them: fields, `index`, `printf`, comparisons, `if`, pipes.

What else there is (`range`, `with`, `define`, variables) is `NotModelled`.
"""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias, cast

Fields: TypeAlias = Mapping[str, Any]
"""What a template is filled with; a value may have fields of its own, or be called with the words behind it."""

_ACTION = re.compile(r"\{\{(-(?=\s))?(.*?)(?:(?<=\s)(-))?\}\}", re.DOTALL)
_WORD = re.compile(r'\s+|(?P<text>"(?:[^"\\]|\\.)*"|`[^`]*`)|(?P<mark>[()|])|(?P<word>[^\s()|"`]+)')
_NUMBER = re.compile(r"-?(?:0x[0-9a-fA-F]+|\d+)")
_VERB = re.compile(r"%([-+# 0]{0,5}\d{0,3})([sdxXvqc%])")
_KEYWORDS = frozenset({"range", "with", "define", "template", "block", "break", "continue"})
_MAX_DEPTH = 50


class NotModelled(Exception):
    """A template uses what is not modelled."""


class TemplateError(Exception):
    """A template is none, or cannot be filled."""


class _Text(NamedTuple):
    text: str


class _Action(NamedTuple):
    words: tuple[tuple[str, str], ...]


class _If(NamedTuple):
    condition: tuple[tuple[str, str], ...]
    then: "tuple[_Node, ...]"
    otherwise: "tuple[_Node, ...]"


_Node: TypeAlias = _Text | _Action | _If


class Template:
    """A template. Raises `TemplateError` and `NotModelled`."""

    def __init__(self, text: str) -> None:
        self._nodes = _Reader(text).all()

    def fill(self, fields: Fields) -> str:
        """Fill it. Raises `TemplateError`."""
        try:
            return "".join(_filled(node, fields) for node in self._nodes)
        except (RecursionError, ValueError) as problem:
            raise TemplateError(str(problem)) from None


class _Reader:
    """Reads nodes from text and actions, one after the other."""

    def __init__(self, text: str) -> None:
        self._pieces = list(_pieces(text))
        self._depth = 0

    def all(self) -> tuple[_Node, ...]:
        nodes, end = self._until()
        if end:
            raise TemplateError(f"{{{{{end}}}}} without an if")
        return nodes

    def _until(self) -> tuple[tuple[_Node, ...], str]:
        """Read nodes up to an `else` or an `end`, and say which it is, with its condition; or to the text's end."""
        nodes: list[_Node] = []
        while self._pieces:
            piece = self._pieces.pop(0)
            if isinstance(piece, _Text):
                nodes.append(piece)
                continue
            first = piece.strip().split(None, 1)[:1]
            if first in (["else"], ["end"]):
                return tuple(nodes), piece.strip()
            if first == ["if"]:
                nodes.append(self._if(piece.strip()[2:]))
            elif not piece.lstrip().startswith("/*"):
                nodes.append(_Action(_words(piece)))
        return tuple(nodes), ""

    def _if(self, condition: str) -> _If:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise TemplateError("nested too deeply")
        then, end = self._until()
        otherwise: tuple[_Node, ...] = ()
        if end == "else":
            otherwise, end = self._until()
        elif end.startswith("else"):
            otherwise, end = (self._if(end.removeprefix("else").strip().removeprefix("if")),), "end"
        if end != "end":
            raise TemplateError("an if without its end")
        self._depth -= 1
        return _If(_words(condition), then, otherwise)


def _pieces(text: str) -> "list[_Text | str]":
    """Cut a template into texts and actions; `{{-` and `-}}` take the blanks beside them away."""
    pieces: list[_Text | str] = []
    at, trim = 0, False
    for found in _ACTION.finditer(text):
        before = text[at : found.start()]
        before = before.lstrip() if trim else before
        pieces += [_Text(before.rstrip() if found[1] else before), found[2]]
        at, trim = found.end(), bool(found[3])
    last = text[at:]
    if "{{" in last:
        raise TemplateError("{{ is never closed")
    return [*pieces, _Text(last.lstrip() if trim else last)]


def _words(action: str) -> tuple[tuple[str, str], ...]:
    words: list[tuple[str, str]] = []
    at = 0
    while at < len(action):
        found = _WORD.match(action, at)
        if found is None:
            raise TemplateError(f"{action!r} is no action")
        at = found.end()
        if found.lastgroup:
            words.append((found.lastgroup, found[0]))
    if not words:
        raise TemplateError("an action without a command")
    for kind, word in words:
        if kind != "word":
            continue
        if word in _KEYWORDS or word.startswith("$"):
            raise NotModelled(word)
        if not (word.startswith(".") or word in _FUNCTIONS or word in _CONSTANTS or _NUMBER.fullmatch(word)):
            raise TemplateError(f"function {word!r} not defined")
    if sum((word == "(") - (word == ")") for kind, word in words if kind == "mark"):
        raise TemplateError(f"{action!r} has a bracket without its other")
    return tuple(words)


def _filled(node: _Node, fields: Fields) -> str:
    match node:
        case _Text(text):
            return text
        case _Action(words):
            return _shown(_pipeline(list(words), fields))
        case _If(condition, then, otherwise):
            chosen = then if _pipeline(list(condition), fields) else otherwise
            return "".join(_filled(one, fields) for one in chosen)


def _shown(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _pipeline(words: list[tuple[str, str]], fields: Fields) -> Any:
    """Work out commands parted by `|`, each of which takes what the one before gave as its last word."""
    value: tuple[Any, ...] = ()
    while True:
        operands: list[Any] = []
        while words and words[0] not in (("mark", "|"), ("mark", ")")):
            operands.append(_operand(words, fields))
        value = (_called(operands, value),)
        if not words or words.pop(0) == ("mark", ")"):
            return value[0]


def _operand(words: list[tuple[str, str]], fields: Fields) -> Any:
    kind, word = words.pop(0)
    if kind == "mark":
        return _pipeline(words, fields)
    if kind == "text":
        return word[1:-1] if word[0] == "`" else re.sub(r"\\(.)", r"\1", word[1:-1])
    if word.startswith("."):
        return _field(word, fields)
    return _CONSTANTS[word] if word in _CONSTANTS else _FUNCTIONS.get(word) or int(word, 0)


def _field(path: str, fields: Fields) -> Any:
    value: Any = fields
    for name in path[1:].split("."):
        if name:
            if not isinstance(value, Mapping) or (value is fields and name not in fields):
                raise TemplateError(f"can't evaluate field {name}")
            value = cast("Fields", value).get(name, "<no value>")
    return value


def _called(operands: Sequence[Any], piped: tuple[Any, ...]) -> Any:
    if not operands:
        raise TemplateError("a command is missing")
    first, *rest = operands
    if not callable(first):
        if rest or piped:
            raise TemplateError(f"can't give argument to {first!r}")
        return first
    try:
        return first(*rest, *piped)
    except (TypeError, ValueError, LookupError, OverflowError) as problem:
        raise TemplateError(str(problem)) from None


def _index(value: Any, *keys: Any) -> Any:
    for key in keys:
        if isinstance(key, int) and key < 0:
            raise IndexError("index out of range")
        try:
            value = value[key]
        except KeyError:
            value = ""
    return value


def _printf(text: str, *values: Any) -> str:
    left = list(values)

    def written(found: "re.Match[str]") -> str:
        flags, verb = found[1], found[2]
        if verb == "%":
            return "%"
        if not left:
            return f"%!{verb}(MISSING)"
        value = left.pop(0)
        if verb in "dxXc" and not isinstance(value, int):
            return f"%!{verb}(string={value})" if verb != "x" else str(value).encode().hex()
        return f"%{flags}{verb}" % value if verb in "dxXc" else f"%{flags}s" % _shown(value)

    return _VERB.sub(written, text)


def _print(*values: Any) -> str:
    return "".join(map(_shown, values))


def _equal(first: Any, *others: Any) -> bool:
    return any(first == other for other in others)


def _parse_int(text: str, base: int, _bits: int) -> int:
    return int(text, base)


def _and(*values: Any) -> Any:
    return next((value for value in values if not value), values[-1])


def _or(*values: Any) -> Any:
    return next((value for value in values if value), values[-1])


_CONSTANTS: Mapping[str, Any] = {"true": True, "false": False}
_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "and": _and,
    "eq": _equal,
    "ge": operator.ge,
    "gt": operator.gt,
    "index": _index,
    "le": operator.le,
    "len": len,
    "lt": operator.lt,
    "ne": operator.ne,
    "not": operator.not_,
    "or": _or,
    "parseInt": _parse_int,
    "print": _print,
    "printf": _printf,
}
