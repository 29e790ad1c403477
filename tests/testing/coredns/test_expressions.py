"""Expressions as expr-lang's language definition has them."""

import contextlib

import pytest

from k8sresolve.testing.coredns.expressions import ExpressionError, parse_expression, work_out
from tests.effort import cpu_seconds

FUNCTIONS = {"name": lambda: "a.corp.", "type": lambda: "A", "size": lambda: 40, "both": lambda a, b: f"{a}{b}"}


def value(text):
    return work_out(parse_expression(text, FUNCTIONS.keys()), FUNCTIONS)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("name() == 'a.corp.'", True),
        ('type() in ["A", "AAAA"]', True),
        ("type() not in ['A']", False),
        ("not (type() == 'A')", False),
        ("!(type() == 'A') || size() >= 40 && true", True),
        ("true or false and false", True),
        ("name() matches '^[a-c][.]corp'", True),
        ("name() contains 'corp' and name() startsWith 'a' and name() endsWith '.'", True),
        ("size() in 1..40", True),
        ("size() + 2 * 3 == 46", True),
        ("size() > 50 ? 'big' : 'small'", "small"),
        ("both('a', `b`)", "ab"),
        ("-1 < 0", True),
    ],
)
def test_expressions_are_worked_out(text, want):
    assert value(text) == want


@pytest.mark.parametrize(
    "text",
    ["", "name", "nothing()", "name() ==", "(true", "true)", "['a'", "name() 'a'", "#", "'a", "true ? 1", "(" * 500],
)
def test_what_is_no_expression_is_refused(text):
    with pytest.raises(ExpressionError):
        parse_expression(text, FUNCTIONS.keys())


@pytest.mark.parametrize(
    "text", ["name() < 1", "both('a')", "name() matches '('", "'a' * 9", "'%d' % 1", "name() and true", "not name()"]
)
def test_what_cannot_be_worked_out_fails(text):
    with pytest.raises(ExpressionError):
        value(text)


@pytest.mark.parametrize("text", ["true" + " and true" * 20_000, "9" * 5000, "not " * 50_000 + "true", "[" * 50_000])
def test_hostile_text_is_an_error_soon(text):
    def attempt():
        with contextlib.suppress(ExpressionError):
            value(text)

    assert cpu_seconds(attempt) < 5
