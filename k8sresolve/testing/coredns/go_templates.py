"""Go's text templates, as far as Corefiles use them: fields, functions, pipes, variables, `if`, `with`, `range`.

What else there is (`define`, `template`, `block`, `call`, `js`, the whole message) is `NotModelled`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias, cast

from k8sresolve.testing.coredns.go_functions import FUNCTIONS, NOTHING, Struct, is_list, shown
from k8sresolve.testing.coredns.go_syntax import (
    CONSTANTS,
    SHORT,
    VARIABLE,
    Control,
    Jump,
    Node,
    Pipe,
    Reader,
    TemplateError,
    Text,
    Word,
)

Fields: TypeAlias = Mapping[str, Any]
"""What a template is filled with; a value may have fields of its own, or be called with the words behind it."""

_MAX_ROUNDS = 10_000
_MAX_OUTPUT = 1_000_000  # octets, more than any record has


class Template:
    """A template. Raises `TemplateError` and `NotModelled`."""

    def __init__(self, text: str) -> None:
        self._nodes = Reader(text).all()

    def fill(self, fields: Fields) -> str:
        """Fill it. Raises `TemplateError`."""
        whole = Struct(fields)
        filling = _Filling(whole)
        try:
            filling.walk(self._nodes, whole)
        except (RecursionError, ValueError) as problem:
            raise TemplateError(str(problem)) from None
        return "".join(filling.out)


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

    def walk(self, nodes: Sequence[Node], dot: Any) -> None:
        for node in nodes:
            match node:
                case Text(text):
                    self._write(text)
                case Jump(word):
                    raise _Jumped(for_good=word == "break")
                case Pipe():
                    value = self._value(node, dot)
                    if not node.names:
                        self._write(shown(value))
                case Control():
                    known = len(self._variables)
                    self._control(node, dot)
                    del self._variables[known:]

    def _write(self, text: str) -> None:
        self._room -= len(text)
        if self._room < 0:
            raise TemplateError("too long")
        self.out.append(text)

    def _control(self, node: Control, dot: Any) -> None:
        if node.word == "range":
            self._range(node, dot)
        elif value := self._value(node.pipe, dot):
            self.walk(node.then, value if node.word == "with" else dot)
        else:
            self.walk(node.otherwise, dot)

    def _value(self, pipe: Pipe, dot: Any) -> Any:
        value = self._commands(list(pipe.words)[::-1], dot)
        for name in pipe.names:
            self._put(name, value, new=pipe.new)
        return value

    def _put(self, name: str, value: Any, *, new: bool) -> None:
        if new:
            self._variables.append((name, value))
        else:
            self._variables[self._place(name)] = name, value

    def _place(self, name: str) -> int:
        places = [place for place, (known, _) in enumerate(self._variables) if known == name]
        if not places:
            raise TemplateError(f"undefined variable {name!r}")
        return places[-1]

    def _range(self, node: Control, dot: Any) -> None:
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

    def _commands(self, words: list[Word], dot: Any) -> Any:
        """Work out commands parted by `|`, each of which takes what the one before gave as its last word.

        The next word is the last of the list.
        """
        value: tuple[Any, ...] = ()
        while True:
            if words[-1:] == [("word", "nil")]:
                raise TemplateError("nil is not a command")
            if words and words[-1][1] in SHORT:
                value = (self._short(SHORT[words.pop()[1]], words, value, dot),)
            else:
                operands: list[Any] = []
                while not _ended(words):
                    operands.append(self._operand(words, dot))
                value = (_called(operands, value),)
            if not words or words.pop() == ("mark", ")"):
                return value[0]

    def _short(self, end: bool, words: list[Word], piped: tuple[Any, ...], dot: Any) -> Any:
        """Work out arguments up to the first one that is as `end`; the last one, if none is."""
        values: list[Any] = []
        while not _ended(words):
            if values and bool(values[-1]) is end:
                _pass_over(words)
            else:
                operand = self._operand(words, dot)
                values.append(_called([operand], ()) if callable(operand) else operand)
        if not (values and bool(values[-1]) is end):
            values += piped
        if not values:
            raise TemplateError("and, or: an argument is missing")
        return values[-1]

    def _operand(self, words: list[Word], dot: Any) -> Any:
        kind, word = words.pop()
        if kind == "mark":
            return self._commands(words, dot)
        if kind == "text":
            return word[1:-1] if word[0] == "`" else re.sub(r"\\(.)", r"\1", word[1:-1])
        if word.startswith("."):
            return _field(dot, word)
        if variable := VARIABLE.fullmatch(word):
            return _field(self._variables[self._place(variable[1])][1], variable[2])
        return CONSTANTS[word] if word in CONSTANTS else FUNCTIONS.get(word) or int(word, 0)


def _ended(words: Sequence[Word]) -> bool:
    """Whether a command ends here."""
    return not words or words[-1] in (("mark", "|"), ("mark", ")"))


def _pass_over(words: list[Word]) -> None:
    """Pass over an operand, be it one in brackets."""
    depth = 0
    while True:
        kind, word = words.pop()
        depth += (word == "(") - (word == ")") if kind == "mark" else 0
        if not depth:
            return


def _pairs(value: Any, names: int) -> Iterator[tuple[Any, Any]]:
    """Give what `range` goes through, each with its place."""
    if value is NOTHING:
        return
    if type(value) is int and names < 2:
        yield from ((NOTHING, number) for number in range(min(value, _MAX_ROUNDS + 1)))
    elif isinstance(value, Mapping) and not isinstance(value, Struct):
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
            raise TemplateError(f"{first!r} is no command")
        return first
    # A function among the arguments is called, without any of its own.
    arguments = [_called([one], ()) if callable(one) else one for one in rest]
    try:
        return first(*arguments, *piped)
    except (TypeError, ValueError, LookupError, OverflowError, AttributeError) as problem:
        raise TemplateError(str(problem)) from None
