"""Findings about a file: at their place, and no more of them than anyone reads."""

import pytest

from k8sresolve._core.files.findings import Findings, TextLine, odd, placed, quote
from k8sresolve._core.files.resolv_conf import parse_resolv_conf, parse_statements
from k8sresolve.findings import Finding

GOOD = b"nameserver 10.96.0.10\n"


def test_what_is_odd_is_placed_at_a_line_or_at_the_file():
    said = odd("a-rule", "is odd", "do so", "error")
    assert said == Finding(severity="error", problem="is odd", advice="do so", rule="a-rule")
    at_line = placed(said, TextLine(3, "search\n"), "RESOLV", "resolv.conf(5)")
    assert (at_line.source, at_line.line, at_line.text, at_line.reference) == ("RESOLV", 3, "search", "resolv.conf(5)")
    at_file = placed(odd("a-rule", "is odd", "do so", reference="RFC 1035"), None, "RESOLV", "resolv.conf(5)")
    assert (at_file.line, at_file.text, at_file.reference) == (None, "", "RFC 1035")


def test_of_a_long_line_the_beginning_is_shown():
    assert placed(odd("a-rule", "x", "y"), TextLine(1, "z" * 300), "").text == "z" * 200
    assert quote("z" * 80) == repr("z" * 80)
    assert quote("z" * 81) == repr("z" * 77 + "...")


def test_those_of_the_whole_come_first_then_line_by_line():
    findings = Findings("RESOLV", "resolv.conf(5)")
    findings.add(odd("a-rule", "third", "x"), TextLine(9, ""))
    findings.add(odd("a-rule", "second", "x"), TextLine(2, ""))
    findings.add(odd("a-rule", "of a variable", "x"), None, "RES_OPTIONS")
    findings.on_whole(odd("a-rule", "of the file", "x"))
    told = [(each.problem, each.source) for each in findings.in_order()]
    assert told == [
        ("of a variable", "RES_OPTIONS"),
        ("of the file", "RESOLV"),
        ("second", "RESOLV"),
        ("third", "RESOLV"),
    ]


def test_beyond_a_hundred_nothing_is_put_into_words_but_the_file_as_a_whole():
    findings = Findings("", "")
    for number in range(100):
        findings.add(odd("a-rule", "x", "y"), TextLine(number + 1, ""))
    findings.on_part(TextLine(101, ""), pytest.fail)
    findings.on_whole(odd("a-rule", "of the file", "x"))
    assert [each.problem for each in findings.in_order()[:2]] == ["of the file", "1 more findings are left out"]
    assert len(findings.in_order()) == 102


def test_where_nobody_keeps_them_nothing_is_put_into_words():
    findings = Findings("", "", keeps=False)
    findings.on_part(TextLine(1, ""), pytest.fail)
    findings.on_whole(odd("a-rule", "of the file", "x"))
    assert findings.in_order() == ()
    text = b"nonsense\noptions nonsense ndots:99 attempts:0\nsearch a,b\n" * 3
    silent, heard = (parse_statements(text, with_findings=keeps).configure("") for keeps in (False, True))
    assert silent.diagnostics == ()
    assert len(heard.diagnostics) > 10
    for field in ("nameservers", "search", "ndots", "timeout", "attempts", "flags"):
        assert getattr(silent, field) == getattr(heard, field)


def problems(text):
    return [str(finding) for finding in parse_resolv_conf(text).diagnostics]


def test_findings_are_bounded_and_the_rest_is_counted():
    config = parse_resolv_conf(b"nonsense\n" * 1000, env={"RES_OPTIONS": "nonsense " * 1000})
    said = [remark.problem for remark in config.diagnostics]
    assert len(said) == 102
    assert any("1900 more findings" in problem for problem in said)
    assert any("no line names a usable nameserver" in problem for problem in said)
    assert max(map(len, problems(GOOD + b"x" * 100_000))) < 400


def test_what_is_odd_is_a_warning_of_the_file_unless_it_says_otherwise():
    findings = Findings("RESOLV", "resolv.conf(5)")
    findings.on_part(None, lambda: odd("a-rule", "x", "y"))
    assert findings.in_order() == (
        Finding(
            severity="warning", problem="x", advice="y", source="RESOLV", reference="resolv.conf(5)", rule="a-rule"
        ),
    )


def test_of_a_line_only_its_end_is_cut_off():
    assert placed(odd("a-rule", "x", "y"), TextLine(1, "Xsearch a.testX\n"), "").text == "Xsearch a.testX"
