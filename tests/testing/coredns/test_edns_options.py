"""Options of OPT records (RFC 6891, section 6.1.2). What rules do is tested with the plugin `rewrite`."""

from k8sresolve.testing.coredns.edns_options import Option, joined_options, only_options, split_options

OPTIONS = [Option(10, b"cookie"), Option(8, b"\0\1\x18\0\x0a\1\2"), Option(65000, b""), Option(3, b"")]


def test_options_are_cut_and_joined():
    assert list(split_options(joined_options(OPTIONS))) == OPTIONS
    assert joined_options(OPTIONS[2:]) == bytes.fromhex("fde80000 00030000")


def test_options_are_left_by_their_codes():
    octets = joined_options(OPTIONS)
    assert [option.code for option in split_options(only_options(octets, {3, 65000}))] == [65000, 3]
    assert only_options(octets, frozenset()) == b""
