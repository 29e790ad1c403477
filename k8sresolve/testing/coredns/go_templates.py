"""Go's text templates, as far as Corefiles use them: fields, functions, pipes, variables, `if`, `with`, `range`.

What else there is (`define`, `template`, `block`, `call`, `js`, the whole message) is `NotModelled`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias, cast

from k8sresolve.testing.coredns.go_functions import FUNCTIONS, NOT_MODELLED, NOTHING, is_list, shown

Fields: TypeAlias = Mapping[str, Any]
"""What a template is filled with; a value may have fields of its own, or be called with the words behind it."""


class Struct(dict[str, Any]):
    """Fields of which there are no others: to ask for one is an error, where a map has nothing for it."""


_KEYWORD = re.compile(r"\s*(if|with|range|else|end|break|continue)?(?![\w.])\s*(.*?)\s*", re.DOTALL)
_ACTION = re.compile(r"\{\{(-(?=\s))?(.*?)(?:(?<=\s)(-))?\}\}", re.DOTALL)
_WORD = re.compile(r'\s+|(?P<text>"(?:[^"\\]|\\.)*"|`[^`]*`)|(?P<mark>[()|])|(?P<word>[^\s()|"`]+)')
_DECLARED = re.compile(r"\s*(\$\w*)\s*(?:,\s*(\$\w*)\s*)?(:?=)(?!=)")
_VARIABLE = re.compile(r"(\$\w*)((?:\.\w+)*)")
_NUMBER = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|0|[1-9]\d*)")
_OTHER_CONSTANT = re.compile(r"[-+]?\.?\d.*|'.*", re.DOTALL)
_CONSTANTS: Mapping[str, Any] = {"true": True, "false": False, "nil": None}
_CONTROLS = ("if", "with", "range")
_KEYWORDS = frozenset({"define", "template", "block"})
_MAX_DEPTH = 50
_MAX_ROUNDS = 10_000
_MAX_OUTPUT = 1_000_000  # octets, more than any record has

_Word: TypeAlias = tuple[str, str]


class NotModelled(Exception):
    """A template uses what is not modelled."""


class TemplateError(Exception):
    """A template is none, or cannot be filled."""


class _Text(NamedTuple):
    text: str


class _Pipe(NamedTuple):
    """Commands. Their value goes into the variables `names`, where there are any: `new` ones, or those there are."""

    words: tuple[_Word, ...]
    names: tuple[str, ...] = ()
    new: bool = False


class _Control(NamedTuple):
    """`if`, `with` or `range`."""

    word: str
    pipe: _Pipe
    then: "tuple[_Node, ...]"
    otherwise: "tuple[_Node, ...]"


class _Jump(NamedTuple):
    word: Literal["break", "continue"]


_Node: TypeAlias = _Text | _Pipe | _Control | _Jump


class Template:
    """A template. Raises `TemplateError` and `NotModelled`."""

    def __init__(self, text: str) -> None:
        self._nodes = _Reader(text).all()

    def fill(self, fields: Fields) -> str:
        """Fill it. Raises `TemplateError`."""
        whole = Struct(fields)
        filling = _Filling(whole)
        try:
            filling.walk(self._nodes, whole)
        except (RecursionError, ValueError) as problem:
            raise TemplateError(str(problem)) from None
        return "".join(filling.out)


class _Reader:
    """Reads nodes from text and actions, one after the other."""

    def __init__(self, text: str) -> None:
        self._pieces = list(_pieces(text))[::-1]
        self._variables = ["$"]
        self._depth = self._ranges = 0

    def all(self) -> tuple[_Node, ...]:
        nodes, end = self._until()
        if end:
            raise TemplateError(f"{{{{{end}}}}} without an if")
        return nodes

    def _until(self) -> tuple[tuple[_Node, ...], str]:
        """Read nodes up to an `else` or an `end`, and say which it is, with what follows; or to the text's end."""
        nodes: list[_Node] = []
        while self._pieces:
            piece = self._pieces.pop()
            if isinstance(piece, _Text):
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
                    nodes.append(_Jump(first))
                case _ if not piece.lstrip().startswith("/*"):
                    nodes.append(self._pipe(piece, 1))
                case _:
                    pass
        return tuple(nodes), ""

    def _control(self, word: str, pipe: str) -> _Control:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise TemplateError("nested too deeply")
        known, is_range = len(self._variables), word == "range"
        condition = self._pipe(pipe, 2 if is_range else 1)
        self._ranges += is_range
        then, end = self._until()
        self._ranges -= is_range
        otherwise: tuple[_Node, ...] = ()
        first, rest = _keyword(end.removeprefix("else"))
        if end == "else":
            otherwise, end = self._until()
        elif end.startswith("else") and (first, word) in (("if", "if"), ("with", "with")):
            otherwise, end = (self._control(first, rest),), "end"
        if end != "end":
            raise TemplateError(f"{{{{{word}}}}} without its end")
        del self._variables[known:]
        self._depth -= 1
        return _Control(word, condition, then, otherwise)

    def _pipe(self, text: str, most: int) -> _Pipe:
        declared = _DECLARED.match(text)
        if declared is None:
            return _Pipe(self._words(text))
        names = tuple(name for name in declared.groups()[:2] if name is not None)
        new = declared[3] == ":="
        if len(names) > most:
            raise TemplateError("too many declarations")
        words = self._words(text[declared.end() :])
        if new:
            self._variables += names
        for name in names:
            self._check_variable(name)
        return _Pipe(words, names, new)

    def _words(self, action: str) -> tuple[_Word, ...]:
        words = _words(action)
        for kind, word in words:
            if kind == "word":
                self._check(word)
        return words

    def _check(self, word: str) -> None:
        if word in _KEYWORDS | NOT_MODELLED or word.removeprefix("$").startswith(".Message"):
            raise NotModelled(word)
        if variable := _VARIABLE.fullmatch(word):
            self._check_variable(variable[1])
        elif not (word.startswith(".") or word in FUNCTIONS or word in _CONSTANTS or _NUMBER.fullmatch(word)):
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


def _words(action: str) -> tuple[_Word, ...]:
    words: list[_Word] = []
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


class _Jumped(Exception):
    """A round of `range` ends early; with `for_good`, all of it."""

    def __init__(self, *, for_good: bool) -> None:
        self.for_good = for_good


class _Filling:
    """One filling of a template. The last variable of a name is meant."""

    def __init__(self, fields: Fields) -> None:
        self.out: list[str] = []
        self._variables: list[tuple[str, Any]] = [("$", fields)]
        self._rounds, self._room = 0, _MAX_OUTPUT

    def walk(self, nodes: Sequence[_Node], dot: Any) -> None:
        for node in nodes:
            match node:
                case _Text(text):
                    self._write(text)
                case _Jump(word):
                    raise _Jumped(for_good=word == "break")
                case _Pipe():
                    value = self._value(node, dot)
                    if not node.names:
                        self._write(shown(value))
                case _Control():
                    known = len(self._variables)
                    self._control(node, dot)
                    del self._variables[known:]

    def _write(self, text: str) -> None:
        self._room -= len(text)
        if self._room < 0:
            raise TemplateError("too long")
        self.out.append(text)

    def _control(self, node: _Control, dot: Any) -> None:
        if node.word == "range":
            self._range(node, dot)
        elif value := self._value(node.pipe, dot):
            self.walk(node.then, value if node.word == "with" else dot)
        else:
            self.walk(node.otherwise, dot)

    def _value(self, pipe: _Pipe, dot: Any) -> Any:
        value = self._commands(list(pipe.words)[::-1], dot)
        for name in pipe.names:
            self._put(name, value, new=pipe.new)
        return value

    def _put(self, name: str, value: Any, *, new: bool) -> None:
        if new:
            self._variables.append((name, value))
        else:
            at = max(index for index, (known, _) in enumerate(self._variables) if known == name)
            self._variables[at] = name, value

    def _range(self, node: _Control, dot: Any) -> None:
        names, new = node.pipe.names, node.pipe.new
        pairs = list(_pairs(self._commands(list(node.pipe.words)[::-1], dot), len(names)))
        known = len(self._variables)
        for pair in pairs:
            self._rounds += 1
            if self._rounds > _MAX_ROUNDS:
                raise TemplateError("too many rounds")
            # With one variable, it is the element.
            for name, value in zip(names, pair[-len(names) :] if names else (), strict=True):
                self._put(name, value, new=new)
            try:
                self.walk(node.then, pair[1])
            except _Jumped as jump:
                if jump.for_good:
                    break
            finally:
                del self._variables[known:]
        if not pairs:
            self.walk(node.otherwise, dot)

    def _commands(self, words: list[_Word], dot: Any) -> Any:
        """Work out commands parted by `|`, each of which takes what the one before gave as its last word.

        The next word is the last of the list.
        """
        value: tuple[Any, ...] = ()
        while True:
            operands: list[Any] = []
            while words and words[-1] not in (("mark", "|"), ("mark", ")")):
                operands.append(self._operand(words, dot))
            value = (_called(operands, value),)
            if not words or words.pop() == ("mark", ")"):
                return value[0]

    def _operand(self, words: list[_Word], dot: Any) -> Any:
        kind, word = words.pop()
        if kind == "mark":
            return self._commands(words, dot)
        if kind == "text":
            return word[1:-1] if word[0] == "`" else re.sub(r"\\(.)", r"\1", word[1:-1])
        if word.startswith("."):
            return _field(dot, word)
        if variable := _VARIABLE.fullmatch(word):
            value = next(value for name, value in reversed(self._variables) if name == variable[1])
            return _field(value, variable[2])
        return _CONSTANTS[word] if word in _CONSTANTS else FUNCTIONS.get(word) or int(word, 0)


def _pairs(value: Any, names: int) -> Iterator[tuple[Any, Any]]:
    """Give what `range` goes through, each with its place."""
    if value is NOTHING:
        return
    if type(value) is int and names < 2:
        yield from ((NOTHING, number) for number in range(min(value, _MAX_ROUNDS + 1)))
    elif isinstance(value, Mapping):
        yield from sorted(cast("Mapping[str, Any]", value).items())
    elif is_list(value):
        yield from enumerate(value)
    else:
        raise TemplateError(f"range can't iterate over {shown(value)}")


def _field(value: Any, path: str) -> Any:
    """Follow `.A.B` from a value."""
    for name in filter(None, path.split(".")):
        if not isinstance(value, Mapping) or (isinstance(value, Struct) and name not in value):
            raise TemplateError(f"can't evaluate field {name}")
        value = cast("Fields", value).get(name, NOTHING)
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
    except (TypeError, ValueError, LookupError, OverflowError, AttributeError) as problem:
        raise TemplateError(str(problem)) from None
