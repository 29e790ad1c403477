import pytest

from k8sresolve.errors import ManifestError
from k8sresolve.testing.coredns.corefile import Token
from k8sresolve.testing.coredns.words import read_class, read_rcode, read_regex, read_type


def word(text):
    return Token(text, "Corefile", 3, 7, first=False)


def test_words_stand_for_numbers():
    assert (read_type(word("AAAA")), read_type(word("any"), any_case=True)) == (28, 255)
    assert (read_class(word("IN")), read_class(word("ch"), any_case=True)) == (1, 3)
    assert (read_rcode(word("NXDOMAIN")), read_rcode(word("refused"), any_case=True)) == (3, 5)
    assert read_rcode(word("3"), any_case=True) == 3


@pytest.mark.parametrize(
    ("read", "text"),
    [
        *((read_type, text) for text in ("aaaa", "AAAAA", "TYPE28", "")),
        *((read_class, text) for text in ("in", "X")),
        *((read_rcode, text) for text in ("nxdomain", "3", "NXDOMAINS")),
    ],
)
def test_other_words_are_refused_at_their_place(read, text):
    with pytest.raises(ManifestError) as caught:
        read(word(text))
    assert (caught.value.line, caught.value.column) == (3, 7)


def test_regular_expressions_are_gos():
    found = read_regex(word(""), r"^(?<a>x)\.(?P<b>y)$").search("x.y")
    assert found
    assert found.groupdict() == {"a": "x", "b": "y"}
    assert not read_regex(word(""), "a$").search("a\n")
    for text in ("(", "a" * 10_001):
        with pytest.raises(ManifestError):
            read_regex(word(text), text)
