"""Expressions whose ways multiply are followed all at once; beside Python's own, which find the same in small texts."""

import itertools
import re

import pytest

from k8sresolve.testing.coredns.regular_expressions import Linear, RegexError, compiled

MANY = [
    r"(a+)+$",
    r"(a|a)*b",
    r"^(?P<x>a|ab)+(?P<y>b?c)*",
    r"(a*)(b*)(c*)(d*)(a*)$",
    r"(?:a?){24}a{3}",
    r"(a|b|ab){2,}?(c|\.)",
    r"(\w+\b\.?)*\B",
    r"(?i:(A|[^B.])+)(\.|b)",
    r"(?s)(.+)+\.(?-s:.*)*$",
    r"(?m)^((a|b)+$\n?)*",
    r"([^\W\d]+|\s)*\Z",
    r"(a+?)+?b",
    r"(?:(a)|(b)|c)*d?",
]


@pytest.mark.parametrize("text", MANY)
def test_the_same_is_found_as_by_going_back(text):
    linear, quick = compiled(text), re.compile(text.removesuffix("$") + r"\Z" if text.endswith("$") else text)
    assert isinstance(linear, Linear)
    assert (linear.groups, linear.names) == (quick.groups, quick.groupindex)
    for letters in itertools.chain(*(itertools.product("abcdA.\n", repeat=length) for length in range(1, 5))):
        found, expected = linear.search("".join(letters)), quick.search("".join(letters))
        assert (found is None) == (expected is None), letters
        if found is not None and expected is not None:
            assert (found[0], found.groups(), found.groupdict()) == (
                expected[0],
                expected.groups(),
                expected.groupdict(),
            ), letters


@pytest.mark.parametrize(
    "text",
    [
        *(r"(a+)+$", r"(a|a)+$", r"(a|aa)+$", r"^(a*)*$", r"^((a?)*)*$", r"^(.*)(.*)(.*)(.*)(.*)(.*)(.*)$"),
        *(r"([a-z]{1,63}a?){1,8}$", r"a?" * 40 + "a" * 40 + "$"),
    ],
)
def test_no_expression_takes_for_ever(text):
    # 2^200 ways would not end in this world.
    assert compiled(text).search("a" * 200 + "!\n") is None


def test_an_empty_text_has_no_edge_of_a_word():
    # As in Go; before 3.14, Python's \B is not found there.
    expression = compiled(r"(a+)+|\B")
    assert isinstance(expression, Linear)
    assert expression.search("") is not None


@pytest.mark.parametrize("text", [r"(.*)\.example\.(org|com)$", r"^([a-z0-9-]+)\.(.*)", "a", r"(?<a>x)\.(?P<b>y)"])
def test_the_usual_ones_are_pythons(text):
    assert isinstance(compiled(text), re.Pattern)


@pytest.mark.parametrize("text", [r"(a)\1", r"a(?=b)", r"(?<!a)b", r"a++", r"(?>a)b", "(", "((a?){1000}){1000}"])
def test_what_go_does_not_have_is_none(text):
    with pytest.raises(RegexError):
        compiled(text)
