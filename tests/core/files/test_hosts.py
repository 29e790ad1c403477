from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from k8sresolve._core.files.hosts import parse_hosts


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", {}),
        (b"127.0.0.1 localhost\n::1 localhost\n", {"localhost": ("127.0.0.1", "::1")}),
        (b"10.0.0.1\tWeb.Example\tweb\n", {"web.example": ("10.0.0.1",), "web": ("10.0.0.1",)}),
        (b"10.0.0.1 a b\n10.0.0.2 b\n", {"a": ("10.0.0.1",), "b": ("10.0.0.1", "10.0.0.2")}),
        (b"10.0.0.1 a\n10.0.0.1 a a\n", {"a": ("10.0.0.1",)}),
        (b"  10.0.0.1 \v a \f\r\n", {"a": ("10.0.0.1",)}),
        (b"# 10.0.0.1 a\n10.0.0.2 b # c\n10.0.0.3 d#e f\n#", {"b": ("10.0.0.2",), "d": ("10.0.0.3",)}),
        (b"10.0.0.1#a b\n10.0.0.2\n", {}),
        (b"10.0.0.1 a", {"a": ("10.0.0.1",)}),
        (b"10.0.0.1 a\0b c\n", {"a": ("10.0.0.1",)}),
        (b"FD00:0:0::000A a\n", {"a": ("fd00::a",)}),
        (b"10.0.0.1 caf\xc9\n", {"caf\xc9": ("10.0.0.1",)}),  # case is a matter of ASCII letters
        (b"10.0.0.1 a.\n", {"a.": ("10.0.0.1",)}),
    ],
)
def test_reads_names_and_addresses(data, expected):
    assert dict(parse_hosts(data)) == expected


@pytest.mark.parametrize(
    "address",
    [b"127.1", b"010.0.0.1", b"0x7f.0.0.1", b"1.2.3", b"1.2.3.256", b"fe80::1%eth0", b"x", b"::1::", b"\xb9.0.0.1"],
)
def test_a_line_whose_address_inet_pton_refuses_is_passed_over(address):
    assert parse_hosts(address + b" a\n10.0.0.1 b\n") == (("b", ("10.0.0.1",)),)


def test_order_is_that_of_the_file():
    assert [name for name, _ in parse_hosts(b"10.0.0.1 b a\n10.0.0.2 c a\n")] == ["b", "a", "c"]


PIECES = st.sampled_from([b"10.0.0.1", b"::1", b" ", b"\t", b"\n", b"#", b"\0", b"a", b"B.test", b"\r\n", b"\xff"])


@settings(max_examples=3 * settings.default.max_examples)
@given(st.one_of(st.binary(max_size=200), st.lists(PIECES, max_size=40).map(b"".join)))
def test_any_bytes_give_names_with_addresses(data):
    for name, addresses in parse_hosts(data):
        assert name
        assert not set(name) & set(" \t\n\v\f\r#\0ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        assert addresses
        assert [str(ip_address(address)) for address in addresses] == list(addresses)
