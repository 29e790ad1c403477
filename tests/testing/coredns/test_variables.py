"""Variables in a Corefile: values that are given, and names that stand for nothing."""

import pytest

from k8sresolve.testing.coredns.variables import Variables


@pytest.mark.parametrize(
    ("word", "filled"),
    [
        ("{$ZONE}", "corp.example"),
        ("{%ZONE%}", "corp.example"),
        ("a{$ZONE}b{%ZONE%}c", "acorp.examplebcorp.examplec"),
        ("{$ZONE", "{$ZONE"),
        ("$ZONE", "$ZONE"),
        ("{$}", "{$}"),
        ("{ZONE}", "{ZONE}"),
        ("{$EMPTY}", ""),
    ],
)
def test_a_variable_stands_for_its_value_in_both_spellings(word, filled):
    # github.com/coredns/caddy, caddyfile/parse.go, replaceEnvReferences.
    variables = Variables({"ZONE": "corp.example", "EMPTY": ""})
    assert variables.put_in(word, "Corefile", 1) == filled
    assert variables.unset == {}


def test_a_value_is_not_read_again_for_variables():
    assert Variables({"A": "{$B}", "B": "b"}).put_in("{$A}", "Corefile", 1) == "{$B}"


def test_f14_what_is_not_given_stands_for_nothing_and_is_told_once_with_its_first_place():
    variables = Variables()
    assert [variables.put_in("x{$TOKEN}", "Corefile", line) for line in (3, 7)] == ["x", "x"]
    assert variables.unset == {"TOKEN": "Corefile, line 3"}
