"""Expressions as expr-lang's language definition has them."""

import contextlib

import pytest

from k8sresolve.testing.coredns.expressions import ExpressionError, NotModelled, parse_expression, work_out
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
        ("+1 == 3 - 2", True),
        ("split(name(), '.')[0]", "a"),
        ("split(name(), '.')[-2]", "corp"),
        ("split('a.b.c', '.', 2)", ["a", "b.c"]),
        ("split('abc', '')[1:]", ["b", "c"]),
        ("name()[2:-1]", "corp"),
        ("name()[:1] + name()[90:]", "a"),
        ("len(name()) > 6 and len(['a']) == 1", True),
        ("upper(lower('Ab'))", "AB"),
        ("trim(' a\t') + trim('.a.', '.')", "aa"),
        ("trimPrefix(name(), 'a.') + trimSuffix('x ')", "corp.x"),
        ("replace(replace('aaa', 'a', 'b', 2), 'b', '')", "a"),
        ("join(['a', 'b'], '-') + join(['c', 'd'])", "a-bcd"),
        ("indexOf(name(), '.') * 10 + lastIndexOf(name(), '.')", 16),
        ("hasPrefix(name(), 'a') and not hasSuffix(name(), 'a')", True),
        ("repeat('ab', 2) + string(12) + string(true)", "abab12true"),
        ("int('12') + abs(-3) + max(1, 2) + min([4, 5], 3)", 20),
        ("first(['a', 'b']) + last(['a', 'b'])", "ab"),
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
    "text",
    [
        "len(1)",
        "name()[0]",
        "[1][1]",
        "lower(1)",
        "int('a')",
        "repeat('a', 9999999)",
        "name() < 1",
        "both('a')",
        "name() matches '('",
        "'a' * 9",
        "'%d' % 1",
        "name() and true",
        "not name()",
    ],
)
def test_what_cannot_be_worked_out_fails(text):
    with pytest.raises(ExpressionError):
        value(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "any(['a'], # == name())",
            "filter([1], # > 0)",
            "1.5 < 2",
            "{'a': 1}",
            "name() | lower()",
            "4 / 2",
            "2 ** 3",
        ),
        *("let x = 1; x", "name()?.x", "name().x", "nil ?? 'a'"),
    ],
)
def test_what_is_not_modelled_says_so(text):
    with pytest.raises(NotModelled):
        parse_expression(text, FUNCTIONS.keys())


@pytest.mark.parametrize("text", ["true" + " and true" * 20_000, "9" * 5000, "not " * 50_000 + "true", "[" * 50_000])
def test_hostile_text_is_an_error_soon(text):
    def attempt():
        with contextlib.suppress(ExpressionError):
            value(text)

    assert cpu_seconds(attempt) < 5
