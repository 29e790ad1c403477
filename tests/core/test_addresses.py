"""Addresses are read as this machine's libc reads them."""

import socket
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8sresolve._core.addresses import parse_inet_aton

WORDS = "0 00 1 7 08 010 0377 0400 0x 0x0 0xff 0X1F 0x100 127 255 256 65535 65536 16777216"
PARTS = st.sampled_from(WORDS.split(" "))
NUMBERS = st.one_of(PARTS, st.integers(0, 1 << 33).map(str), st.integers(0, 1 << 33).map(hex))


def by_libc(text):
    try:
        return IPv4Address(socket.inet_aton(text))
    except OSError:
        return None


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("10.96.0.10", "10.96.0.10"),
        ("127.1", "127.0.0.1"),
        ("10.1.258", "10.1.1.2"),
        ("010.0.0.1", "8.0.0.1"),
        ("0x0a600001", "10.96.0.1"),
        ("4294967295", "255.255.255.255"),
        ("4294967296", None),
        ("10.0.0.256", None),
        ("256.1", None),
        ("1.2.3.4.5", None),
        ("1.2.3.", None),
        ("08.0.0.1", None),
        ("", None),
        ("-1", None),
        ("9" * 5000, None),
    ],
)
def test_numbers_and_dots(text, address):
    assert parse_inet_aton(text) == (IPv4Address(address) if address else None)
    assert parse_inet_aton(text) == by_libc(text)


@given(st.lists(NUMBERS, min_size=1, max_size=5).map(".".join))
def test_any_numbers_are_read_as_the_libc_does(text):
    assert parse_inet_aton(text) == by_libc(text)


def test_what_follows_a_blank_is_not_passed_over():
    assert parse_inet_aton("10.0.0.1 x") is None
