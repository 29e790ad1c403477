"""The syntax of Go's text templates: nodes, and how they are read."""

import re
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

from k8sresolve.testing.coredns.go_functions import FUNCTIONS, NOT_MODELLED

_KEYWORD = re.compile(r"\s*(if|with|range|else|end|break|continue)?(?![\w.])\s*(.*?)\s*", re.DOTALL)
_ACTION = re.compile(r"\{\{(-(?=\s))?(.*?)(?:(?<=\s)(-))?\}\}", re.DOTALL)
_WORD = re.compile(r'\s+|(?P<text>"(?:[^"\\]|\\.)*"|`[^`]*`)|(?P<mark>[()|])|(?P<word>[^\s()|"`]+)')
_DECLARED = re.compile(r"\s*(\$\w*)\s*(?:,\s*(\$\w*)\s*)?(:?=)(?!=)")
VARIABLE = re.compile(r"(\$\w*)((?:\.\w+)*)")
_NUMBER = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|0|[1-9]\d*)")
_OTHER_CONSTANT = re.compile(r"[-+]?\.?\d.*|'.*", re.DOTALL)
CONSTANTS: Mapping[str, Any] = {"true": True, "false": False, "nil": None}
# Functions that end with the first argument that is true, or false, and what is behind it is not worked out.
SHORT = {"or": True, "and": False}
_KEYWORDS = frozenset({"define", "template", "block"})
_MAX_DEPTH = 50

Word: TypeAlias = tuple[str, str]


class NotModelled(Exception):
    """A template uses what is not modelled."""


class TemplateError(Exception):
    """A template is none, or cannot be filled."""


class Text(NamedTuple):
    """What stands outside of actions."""

    text: str


class Pipe(NamedTuple):
    """Commands. Their value goes into the variables `names`, where there are any: `new` ones, or those there are."""

    words: tuple[Word, ...]
    names: tuple[str, ...] = ()
    new: bool = False


class Control(NamedTuple):
    """`if`, `with` or `range`."""

    word: str
    pipe: Pipe
    then: "tuple[Node, ...]"
    otherwise: "tuple[Node, ...]"


class Jump(NamedTuple):
    """`break` or `continue`."""

    word: Literal["break", "continue"]


Node: TypeAlias = Text | Pipe | Control | Jump


class Reader:
    """Reads nodes from text and actions, one after the other."""

    def __init__(self, text: str) -> None:
        self._pieces = list(_pieces(text))[::-1]
        self._variables = ["$"]
        self._depth = self._ranges = 0

    def all(self) -> tuple[Node, ...]:
        """Read the whole text. Raises `TemplateError` and `NotModelled`."""
        nodes, end = self._until()
        if end:
            raise TemplateError(f"{{{{{end}}}}} without an if")
        return nodes

    def _until(self) -> tuple[tuple[Node, ...], str]:
        """Read nodes up to an `else` or an `end`, and say which it is, with what follows; or to the text's end."""
        nodes: list[Node] = []
        while self._pieces:
            piece = self._pieces.pop()
            if isinstance(piece, Text):
                nodes.append(piece)
                continue
            first, rest = _keyword(piece)
            match first:
                case "else" | "end":
                    return tuple(nodes), piece.strip()
                case "if" | "with" | "range":
                    nodes.append(self._control(first, rest))
                case "break" | "continue" if not rest:
                    if not self._ranges:
                        raise TemplateError(f"{{{{{first}}}}} outside {{{{range}}}}")
                    nodes.append(Jump(first))
                case _ if not piece.lstrip().startswith("/*"):
                    nodes.append(self._pipe(piece, 1))
                case _:
                    pass
        return tuple(nodes), ""

    def _control(self, word: str, pipe: str) -> Control:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise TemplateError("nested too deeply")
        known, is_range = len(self._variables), word == "range"
        condition = self._pipe(pipe, 2 if is_range else 1)
        self._ranges += is_range
        then, end = self._until()
        self._ranges -= is_range
        otherwise: tuple[Node, ...] = ()
        first, rest = _keyword(end.removeprefix("else"))
        if end == "else":
            otherwise, end = self._until()
        elif end.startswith("else") and (first, word) in (("if", "if"), ("with", "with")):
            otherwise, end = (self._control(first, rest),), "end"
        if end != "end":
            raise TemplateError(f"{{{{{word}}}}} without its end")
        del self._variables[known:]
        self._depth -= 1
        return Control(word, condition, then, otherwise)

    def _pipe(self, text: str, most: int) -> Pipe:
        declared = _DECLARED.match(text)
        if declared is None:
            return Pipe(self._words(text))
        names = tuple(name for name in declared.groups()[:2] if name is not None)
        new = declared[3] == ":="
        if len(names) > most:
            raise TemplateError("too many declarations")
        # Go looks for a variable that is only assigned to when the template is filled.
        self._variables += names
        return Pipe(self._words(text[declared.end() :]), names, new)

    def _words(self, action: str) -> tuple[Word, ...]:
        words = _words(action)
        for (_, before), (kind, word) in zip((("", ""), *words), words, strict=False):
            if kind == "word":
                self._check(word)
            if before == "|" and (kind == "text" or word in CONSTANTS or word == "." or _NUMBER.fullmatch(word)):
                raise TemplateError(f"{word} takes nothing from a pipe")
        return words

    def _check(self, word: str) -> None:
        if word in _KEYWORDS | NOT_MODELLED or word.removeprefix("$").startswith(".Message"):
            raise NotModelled(word)
        if variable := VARIABLE.fullmatch(word):
            self._check_variable(variable[1])
        elif not (
            word.startswith(".") or word in FUNCTIONS or word in CONSTANTS or word in SHORT or _NUMBER.fullmatch(word)
        ):
            if _OTHER_CONSTANT.fullmatch(word):
                raise NotModelled(word)
            raise TemplateError(f"function {word!r} not defined")

    def _check_variable(self, name: str) -> None:
        if name not in self._variables:
            raise TemplateError(f"undefined variable {name!r}")


def _keyword(action: str) -> tuple[str, str]:
    """Cut an action into its first word, where that is a keyword, and the rest."""
    found = _KEYWORD.fullmatch(action)
    return ("", action) if found is None else (found[1] or "", found[2])


def _pieces(text: str) -> "list[Text | str]":
    """Cut a template into texts and actions; `{{-` and `-}}` take the blanks beside them away."""
    pieces: list[Text | str] = []
    at, trim = 0, False
    for found in _ACTION.finditer(text):
        before = text[at : found.start()]
        before = before.lstrip() if trim else before
        pieces += [Text(before.rstrip() if found[1] else before), found[2]]
        at, trim = found.end(), bool(found[3])
    last = text[at:]
    if "{{" in last:
        raise TemplateError("{{ is never closed")
    return [*pieces, Text(last.lstrip() if trim else last)]


def _words(action: str) -> tuple[Word, ...]:
    words: list[Word] = []
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
    if sum((word == "(") - (word == ")") for kind, word in words if kind == "mark"):
        raise TemplateError(f"{action!r} has a bracket without its other")
    return tuple(words)
