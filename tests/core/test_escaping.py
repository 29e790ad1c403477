"""Text from elsewhere as it is shown: one line, and nothing that a terminal or a CI log takes for its own."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8sresolve._escaping import escaped

# Unicode's categories of what moves, hides or reorders: controls, formats, lone surrogates, private use, unassigned,
# separators of lines and paragraphs, and blanks other than the plain one.
UNPRINTABLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("payments.shop", "payments.shop"),
        ("größe 東京", "größe 東京"),
        (r"a\.b\010", r"a\.b\010"),
        ("a\nb\r\tc", r"a\nb\r\tc"),
        ("\0\x1b[2J\x7f\x85\x9b", r"\x00\x1b[2J\x7f\x85\x9b"),
        ("\u202e\u2066\u200f\u200b\ufeff", r"\u202e\u2066\u200f\u200b\ufeff"),
        ("\u2028\u2029\xa0", r"\u2028\u2029\xa0"),
        ("\ud800", r"\ud800"),
        ("\U000e0001", r"\U000e0001"),
    ],
    ids=ascii,
)
def test_f11_what_cannot_be_printed_is_written_as_in_a_literal(text, shown):
    assert escaped(text) == shown


@given(st.text(st.characters()))
def test_f11_whatever_it_is_it_becomes_printable_and_says_the_same(text):
    shown = escaped(text)
    assert not any(unicodedata.category(letter) in UNPRINTABLE - {"Zs"} for letter in shown)
    assert shown.isprintable()
    assert escaped(shown) == shown
    if "\\" not in text and text.isascii():
        assert shown.encode().decode("unicode_escape") == text


@pytest.mark.parametrize("text", ["a" * 256, "\n" * 200, "東" * 1000])
def test_f11_what_is_endless_is_cut_and_says_so(text):
    shown = escaped(text, 255)
    assert len(shown) == 255
    assert shown.endswith(f"... ({len(escaped(text))} characters)")


@pytest.mark.parametrize("most", [0, 5, 255])
def test_what_fits_is_not_cut(most):
    assert escaped("a" * most, most) == "a" * most
