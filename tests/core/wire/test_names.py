"""Names as text and as octets; what pointers, limits and escapes come to within replies is in `test_reply`."""

import dns.name
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from k8sresolve._core.wire.names import (
    MAX_NAME,
    Malformed,
    Unsendable,
    are_two_names,
    expand_name,
    host_parent,
    is_host,
    name_octets,
    name_text,
)

LABELS = st.lists(st.binary(min_size=1, max_size=63), max_size=6)


def octets_of(labels):
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


# From text to octets.


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        (".", b"\0"),
        ("A.b.", b"\x01A\x01b\0"),
        (r"a\.b.c.", b"\x03a.b\x01c\0"),  # P4
        (r"\065\\.", b"\x02A\\\0"),
        (r"\000\255.x.", b"\x02\x00\xff\x01x\0"),
        ("x" * 63 + ".", b"\x3f" + b"x" * 63 + b"\0"),
    ],
)
def test_names_are_written_label_by_label(text, octets):
    assert name_octets(text) == octets


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a.b",
        "..",
        "a..b.",
        ".a.",
        "x" * 64 + ".",
        "a." + "x" * 64 + ".",
        "é.",
        r"\256.",
        r"a\.",
        "a\\",
        r"\12.",
        r"\1x.",
    ],
)
def test_names_that_no_packet_can_carry_are_refused(text):
    with pytest.raises(Unsendable):
        name_octets(text)


def test_a_name_of_255_octets_is_sent_and_one_of_256_is_not():
    """P3"""
    longest = ".".join(["y" * 61] + ["x" * 63] * 3) + "."
    assert len(name_octets(longest)) == 255
    with pytest.raises(Unsendable, match="256 octets"):
        name_octets("y" + longest)
    with pytest.raises(Unsendable, match="256 octets"):
        name_octets("\\y" + longest)


# From octets to text, and back.


@given(LABELS.map(octets_of).filter(lambda octets: len(octets) <= MAX_NAME))
@example(b"\0")
@example(b"\x03a.b\x02\\ \0")
def test_a_name_survives_the_way_to_text_and_back(octets):
    assert name_octets(name_text(octets)) == octets
    assert name_text(octets) == dns.name.from_wire(octets, 0)[0].to_text()


@given(LABELS.map(octets_of).filter(lambda octets: len(octets) <= MAX_NAME), st.binary(max_size=20), st.binary())
def test_a_name_without_pointers_is_found_as_it_stands(octets, before, after):
    message = before + octets + after
    assert expand_name(message, len(before)) == (octets, len(before) + len(octets))


def test_a_pointer_is_followed():
    message = b"\x01a\x01b\0\x01c\xc0\x02rest"
    assert expand_name(message, 5) == (b"\x01c\x01b\0", 9)


@pytest.mark.parametrize(
    ("message", "at"),
    [
        (b"\xc0\x00", 0),  # to itself
        (b"\xc0\x02\x01a\0", 0),  # forward
        (b"\x01a\xc0\x00", 0),  # into itself
        (b"\x40" + b"a" * 64 + b"\0", 0),
        (b"\x80\0", 0),
        (octets_of([b"a" * 63] * 4), 0),
        (b"\0" + b"".join(bytes([0xC0, 2 * number - 1 if number else 0]) for number in range(18)), 35),
    ],
)
def test_a_name_that_cannot_be_is_malformed(message, at):
    """P3, M14, threat 7"""
    with pytest.raises(Malformed):
        expand_name(message, at)


def test_a_pointer_through_sixteen_others_is_the_longest_way():
    """Threat 7"""
    message = b"\0" + b"".join(bytes([0xC0, 2 * number - 1 if number else 0]) for number in range(17))
    assert expand_name(message, 31) == (b"\0", 33)
    with pytest.raises(Malformed, match="too many"):
        expand_name(message, 33)


@pytest.mark.parametrize("message", [b"", b"\x01", b"\x01a", b"\x01a\xc0"])
def test_a_name_that_the_message_cuts_off_is_no_name(message):
    with pytest.raises(IndexError):
        expand_name(message, 0)


@pytest.mark.parametrize(
    ("octets", "two"),
    [
        (b"\0\0", True),
        (b"\x02ns\x01a\0\x01h\0", True),
        (b"\x02ns\0\x01h\0x", False),
        (b"\x02ns\0\x01h", False),
        (b"\x02ns\0\xc0\0", False),
        (b"\x02ns\xc0\0\0", False),
        (b"\x02ns\0", False),
        (b"\x80\0\0", False),
        (b"", False),
    ],
)
def test_two_uncompressed_names_are_told_from_all_else(octets, two):
    assert are_two_names(octets) is two


# Names of hosts.


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("web.shop.svc.cluster.local.", True),
        ("_http._tcp.web.", True),
        ("10-244-0-7.", True),
        ("a_b.", True),
        (".", False),
        ("10.244.0.7.", False),
        ("-a.b.", False),
        ("a-.b.", False),
        ("a.-b.", False),
        (r"a\.b.", False),
        ("a/b.", False),
        (r"\195\188.", False),
    ],
)
def test_hosts_have_letters_digits_inner_hyphens_and_underscores(text, host):
    octets = name_octets(text)
    assert is_host(octets) is host
    assert host_parent(octets) == (text if host else None)


@pytest.mark.parametrize("octets", [b"\x01a\0\0", b"\x01a", b"\x01a\xc0\0", b""])
def test_octets_that_are_not_exactly_one_name_are_no_hosts_parent(octets):
    assert host_parent(octets) is None


# The words, and the bounds.


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("é.", r"a name on the wire is ASCII; other octets are written as \DDD"),
        ("a", "the name is not absolute"),
        (r"a\.", "the name is not absolute"),
        ("a..b.", "a label is empty"),
        (r"\065..b.", "a label is empty"),
        ("x" * 64 + ".", "a label has 64 octets, more than 63"),
        (r"\065" * 64 + ".", "a label has 64 octets, more than 63"),
        (r"ab\256cd.", r"an escape is no \DDD up to 255 and no \X: '\\256'"),
        (r"ab\12.", r"an escape is no \DDD up to 255 and no \X: '\\12.'"),
        (".".join(["x" * 63] * 3 + ["y" * 62]) + ".", "the name has 256 octets on the wire, more than 255"),
    ],
)
def test_a_name_that_is_refused_says_why(text, why):
    with pytest.raises(Unsendable) as caught:
        name_octets(text)
    assert str(caught.value) == why


@pytest.mark.parametrize("length", [1, 62, 63])
def test_labels_of_up_to_63_octets_are_read(length):
    octets = octets_of([b"x" * length, b"y"])
    assert expand_name(octets, 0) == (octets, length + 4)
    assert name_octets(name_text(octets)) == octets


@pytest.mark.parametrize("first", [64, 65, 127, 128, 190, 191])
def test_what_begins_with_the_bits_01_or_10_is_no_label(first):
    """RFC 1035, section 4.1.4: these are reserved."""
    with pytest.raises(Malformed, match="unknown type"):
        expand_name(bytes(3) + bytes([first]) + bytes(200), 3)


@pytest.mark.parametrize("target", [0, 1, 127, 128, 255, 256, 4095, 16383])
def test_a_pointer_has_fourteen_bits(target):
    """RFC 1035, section 4.1.4."""
    at = 16400
    message = bytes(target) + b"\x01a\0"
    message = message.ljust(at, b"\0") + bytes([0xC0 | target >> 8, target & 255])
    assert expand_name(message, at) == (b"\x01a\0", at + 2)


def test_a_name_that_is_put_together_has_255_octets_at_most():
    tail = octets_of([b"x" * 63] * 3)  # 193 octets
    fits, over = (b"".join(bytes([n]) + b"y" * n for n in lengths) + b"\xc0\x00" for lengths in ([61], [62]))
    assert len(expand_name(tail + fits, 193)[0]) == 255
    with pytest.raises(Malformed, match="more than 255 octets"):
        expand_name(tail + over, 193)


def test_octets_that_mean_something_in_zone_files_are_escaped():
    """RFC 1035, section 5.1: characters by a backslash, what is not printed by its number."""
    assert name_text(octets_of([b'".;\\()@$'])) == r"\"\.\;\\\(\)\@\$."
    assert name_text(octets_of([b"\x00\x1f\x20\x21\x7e\x7f\xff"])) == r"\000\031\032!~\127\255."
