"""The expressions of CoreDNS's `view` (github.com/expr-lang/expr), as far as questions are told apart by them.

Calls, texts, numbers, lists, their items and parts, comparisons, `and`, `or`, `not`, `in`, `matches`, `contains`,
`startsWith`, `endsWith`, choices by `?`. What else there is (predicates, maps, fractions, pipes) is `NotModelled`.
Each part is a function of the environment, which gives functions by their names.
"""

import operator
import re
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, TypeAlias

from k8sresolve.testing.coredns.expression_functions import BUILT_IN, NOT_MODELLED, end_of, index, part
from k8sresolve.testing.coredns.regular_expressions import compiled

Environment: TypeAlias = Mapping[str, Callable[..., Any]]
Expression: TypeAlias = Callable[[Environment], Any]

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`[^`]*`)|(?P<number>\d{1,18}(?![\d.])|\d{1,18}(?=\.\.))|(?P<name>[A-Za-z_]\w*)"""
    r"""|(?P<beyond>\?\?|\?\.|\*\*|//|\d+\.\d*|\.(?!\.)|[{|^/](?!\|))"""
    r"""|(?P<mark>==|!=|<=|>=|&&|\|\||\.\.|[-+*%<>!()\[\],?:#};=]))"""
)
_MAX_DEPTH = 100
_Operator: TypeAlias = Callable[[Any, Any], Any]


class ExpressionError(Exception):
    """A text is no expression, or it cannot be worked out."""


class NotModelled(Exception):
    """An expression uses what is not modelled."""


def _matches(text: str, expression: str) -> bool:
    return compiled(expression).search(text) is not None


def _numbers(join: _Operator) -> _Operator:
    def joined(first: Any, second: Any) -> Any:
        if type(first) is not int or type(second) is not int:
            raise TypeError(f"{first!r} and {second!r} are not both numbers")
        return join(first, second)

    return joined


def _range(first: int, last: int) -> range:
    return range(first, last + 1)


_SAME = {"&&": "and", "||": "or", "!": "not"}
# Ranks as in expr's parser: what binds tighter has more.
_OPERATORS: Mapping[str, tuple[int, _Operator]] = {
    "==": (20, operator.eq),
    "!=": (20, operator.ne),
    "<": (20, operator.lt),
    "<=": (20, operator.le),
    ">": (20, operator.gt),
    ">=": (20, operator.ge),
    "in": (20, lambda item, items: item in items),
    "matches": (20, _matches),
    "contains": (20, lambda text, part: part in text),
    "startsWith": (20, str.startswith),
    "endsWith": (20, str.endswith),
    "..": (25, _range),
    "+": (30, operator.add),
    "-": (30, _numbers(operator.sub)),
    "*": (60, _numbers(operator.mul)),
    "%": (60, _numbers(operator.mod)),
}
_OR, _AND, _NOT_RANK, _SIGN_RANK = 10, 15, 50, 90
_CONSTANTS: Mapping[str, Any] = {"true": True, "false": False, "nil": None}


def parse_expression(text: str, functions: AbstractSet[str]) -> Expression:
    """Read an expression that may call these functions. Raises `ExpressionError` and `NotModelled`."""
    parser = _Parser(_tokens(text), functions)
    expression = parser.expression(0)
    parser.expect("")
    return expression


def work_out(expression: Expression, environment: Environment) -> Any:
    """Work an expression out. Raises `ExpressionError`."""
    try:
        return expression(environment)
    except (TypeError, ValueError, LookupError, ArithmeticError, AttributeError, RecursionError) as problem:
        raise ExpressionError(str(problem)) from None


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    at, text = 0, text.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ExpressionError(f"{text[at : at + 20]!r} is not understood")
        kind = found.lastgroup or ""
        word = found[kind]
        tokens.append((kind, _SAME.get(word, word) if kind != "text" else word))
        at = found.end()
    return [*tokens, ("end", "")]


class _Parser:
    """Reads by precedence (Pratt)."""

    def __init__(self, tokens: list[tuple[str, str]], functions: AbstractSet[str]) -> None:
        self._tokens = tokens[::-1]
        self._functions = functions
        self._depth = 0

    def expect(self, word: str) -> None:
        _, found = self._tokens.pop()
        if found != word:
            raise ExpressionError(f"{found or 'the end'!r} stands where {word or 'the end'!r} should")

    def expression(self, least: int) -> Expression:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise ExpressionError("it is nested too deeply")
        left = self._items(self._operand())
        while (rank := self._rank()) > least:
            left = self._joined(left, rank)
        if least == 0 and self._ahead() == "?":
            left = self._choice(left)
        self._depth -= 1
        return left

    def _ahead(self) -> str:
        kind, word = self._tokens[-1]
        if kind == "beyond":
            raise NotModelled(word)
        return word if kind in ("mark", "name") else ""

    def _rank(self) -> int:
        word = self._ahead()
        if word == "not" and self._tokens[-2][1] in _OPERATORS:
            return 20
        return {"or": _OR, "and": _AND}.get(word) or _OPERATORS.get(word, (0, None))[0]

    def _joined(self, left: Expression, rank: int) -> Expression:
        _, word = self._tokens.pop()
        negated = word == "not"
        if negated:
            _, word = self._tokens.pop()
        right = self.expression(rank)
        if word == "and":
            return lambda given: _truth(left(given)) and _truth(right(given))
        if word == "or":
            return lambda given: _truth(left(given)) or _truth(right(given))
        join = _OPERATORS[word][1]
        return (lambda given: not join(left(given), right(given))) if negated else _binary(join, left, right)

    def _choice(self, condition: Expression) -> Expression:
        self.expect("?")
        then = self.expression(0)
        self.expect(":")
        otherwise = self.expression(0)
        return lambda given: then(given) if _truth(condition(given)) else otherwise(given)

    def _items(self, operand: Expression) -> Expression:
        """Read `[INDEX]` and `[FIRST:END]` behind an operand."""
        while self._ahead() == "[":
            self._tokens.pop()
            first = self.expression(0) if self._ahead() != ":" else _zero
            if self._ahead() == ":":
                self._tokens.pop()
                end = self.expression(0) if self._ahead() != "]" else None
                operand = _part(operand, first, end)
            else:
                operand = _binary(index, operand, first)
            self.expect("]")
        return operand

    def _operand(self) -> Expression:
        kind, word = self._tokens.pop()
        if kind == "beyond" or (kind, word) == ("name", "let"):
            raise NotModelled(word)
        if kind == "text":
            text = word[1:-1] if word[0] == "`" else re.sub(r"\\(.)", r"\1", word[1:-1])
            return lambda _: text
        if kind == "number":
            number = int(word)
            return lambda _: number
        if word == "not":
            inner = self.expression(_NOT_RANK)
            return lambda given: not _truth(inner(given))
        if word in ("-", "+"):
            inner = self.expression(_SIGN_RANK)
            return lambda given: -inner(given) if word == "-" else +inner(given)
        if word == "(":
            inner = self.expression(0)
            self.expect(")")
            return inner
        if word == "[":
            items = self._list("]")
            return lambda given: [item(given) for item in items]
        return self._named(kind, word)

    def _named(self, kind: str, word: str) -> Expression:
        if word in _CONSTANTS:
            return lambda _: _CONSTANTS[word]
        own = word in self._functions
        if kind == "name" and not own and word in NOT_MODELLED:
            raise NotModelled(word)
        if kind != "name" or not (own or word in BUILT_IN):
            raise ExpressionError(f"unknown name {word or 'the end'!r}")
        self.expect("(")
        arguments = self._list(")")
        if not own:
            return lambda given: BUILT_IN[word](*(argument(given) for argument in arguments))
        return lambda given: given[word](*(argument(given) for argument in arguments))

    def _list(self, end: str) -> list[Expression]:
        items: list[Expression] = []
        while self._ahead() != end:
            items.append(self.expression(0))
            if self._ahead() == ",":
                self._tokens.pop()
            elif self._ahead() != end:
                break
        self.expect(end)
        return items


def _zero(_: Environment) -> int:
    return 0


def _part(operand: Expression, first: Expression, end: Expression | None) -> Expression:
    def cut(given: Environment) -> Any:
        whole = operand(given)
        return part(whole, first(given), end_of(whole) if end is None else end(given))

    return cut


def _binary(join: _Operator, left: Expression, right: Expression) -> Expression:
    return lambda given: join(left(given), right(given))


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is neither true nor false")
    return value
