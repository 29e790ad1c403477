"""The manual page is what the command's parser says now."""

import re

import pytest

from tests.docs import manual


def test_the_page_is_current() -> None:
    assert manual.PAGE.read_text() == manual.written(), "run `python -m tests.docs.manual`"


def test_each_command_and_option_of_the_parser_is_there_once() -> None:
    page = manual.PAGE.read_text()
    for name in ("service", "explain", "check", "completion"):
        assert len(re.findall(rf"^\.SS \\fB{name}\\fR", page, re.MULTILINE)) == 1
    for option in (r"\-\-nameserver", r"\-\-resolv\-conf"):
        assert page.count(f".TP\n\\fB{option}\\fR ") == 1


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (".k8s", r"\&.k8s"),
        ("it's a\\b", r"it\(aqs a\eb"),
        ("as `a -n` has it", r"as \fBa \-n\fR has it"),
        ("give --from, see resolv.conf(5)", r"give \fB\-\-from\fR, see \fBresolv.conf\fR(5)"),
        ("so. And so.", "so.\nAnd so."),
        ("well-known", r"well\-known"),
    ],
)
def test_prose_is_written_as_roff(text: str, written: str) -> None:
    assert manual.prose(text) == written
