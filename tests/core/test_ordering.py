"""RFC 6724: the classes of destinations, and the order that getaddrinfo(3) goes by."""

from ipaddress import IPv6Address, IPv6Network, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8sresolve._core.ordering import GLIBC, MUSL, RFC_6724, _number, ranks

POD_V4, POD_V6 = "10.244.0.7", "fd00:10:244::7"
GLOBAL_V6 = "2001:db8:1::7"


def order(destinations, own):
    """The destinations by rank, those of one rank together."""
    destinations = tuple(map(ip_address, destinations))
    ranked = ranks(destinations, tuple(map(ip_address, own)))
    return [
        {str(address) for address, rank in zip(destinations, ranked, strict=True) if rank == wanted}
        for wanted in range(max(ranked) + 1)
    ]


@pytest.mark.parametrize(
    ("destinations", "own", "expected"),
    [
        # Rule 1: avoid unusable destinations.
        (["10.96.0.1", "fd00::1"], [POD_V4], [{"10.96.0.1"}, {"fd00::1"}]),
        (["10.96.0.1", "fd00::1"], [POD_V6], [{"fd00::1"}, {"10.96.0.1"}]),
        (["192.0.2.1", "2001:db8::1"], [POD_V4], [{"192.0.2.1"}, {"2001:db8::1"}]),
        # Rule 2: prefer matching scope; 169.254/16 is link-local and private addresses are global (section 3.2).
        (["2001:db8::1", "192.0.2.1"], ["2001:db8:1::7", "169.254.1.1"], [{"2001:db8::1"}, {"192.0.2.1"}]),
        (["fe80::1", "2001:db8::1"], ["fe80::7"], [{"fe80::1"}, {"2001:db8::1"}]),
        (["10.96.0.1", "192.0.2.1"], [POD_V4], [{"10.96.0.1", "192.0.2.1"}]),
        # Rule 5: prefer matching label: a ULA source does not suit a global destination (section 10.6).
        (["2001:db8::1", "192.0.2.1"], [POD_V4, POD_V6], [{"192.0.2.1"}, {"2001:db8::1"}]),
        (["2002:c633:6401::1", "2001:db8::1"], ["2002:c633:6401::7"], [{"2002:c633:6401::1"}, {"2001:db8::1"}]),
        # Rule 6: prefer higher precedence.
        (["192.0.2.1", "2001:db8::1"], [POD_V4, GLOBAL_V6], [{"2001:db8::1"}, {"192.0.2.1"}]),
        (["10.96.0.1", "fd00::1"], [POD_V4, POD_V6], [{"10.96.0.1"}, {"fd00::1"}]),
        (["fd00::1", "2001:db8::1"], [POD_V6, GLOBAL_V6], [{"2001:db8::1"}, {"fd00::1"}]),
        # Without any address of our own the policy table alone decides.
        (["10.96.0.1", "fd00::1", "2001:db8::1"], [], [{"2001:db8::1"}, {"10.96.0.1"}, {"fd00::1"}]),
        # What the RFC would decide by the smaller scope or the longest matching prefix is one class here.
        (["10.244.0.1", "10.96.0.1"], [POD_V4], [{"10.244.0.1", "10.96.0.1"}]),
        (["fd00:10:244::1", "fd00:99::1"], [POD_V6], [{"fd00:10:244::1", "fd00:99::1"}]),
        (["fe80::1", "2001:db8::1"], ["fe80::7", GLOBAL_V6], [{"fe80::1", "2001:db8::1"}]),
    ],
)
def test_the_rules_of_section_6(destinations, own, expected):
    assert order(destinations, own) == expected
    assert order(destinations[::-1], own) == expected


def test_fewer_than_two_addresses_need_no_rank():
    assert ranks((), ()) == ()
    assert ranks((ip_address("fd00::1"),), ()) == (0,)


def test_the_own_addresses_may_come_one_by_one():
    both = (ip_address("10.96.0.1"), ip_address("fd00::1"))
    assert ranks(both, iter([ip_address(POD_V6)])) == (1, 0)


@given(addresses=st.lists(st.ip_addresses(), max_size=8), own=st.lists(st.ip_addresses(), max_size=3))
def test_ranks_are_dense_and_do_not_depend_on_the_order_given(addresses, own):
    got = ranks(tuple(addresses), own)
    assert len(got) == len(addresses)
    assert {*got} == {*range(len({*got}))}
    assert ranks(tuple(addresses[::-1]), own[::-1]) == got[::-1]


# The tables, as their sources print them.

TABLES = {
    # RFC 6724, section 2.1.
    "RFC_6724": (
        RFC_6724,
        {
            "::1/128": (50, 0),
            "::/0": (40, 1),
            "::ffff:0:0/96": (35, 4),
            "2002::/16": (30, 2),
            "2001::/32": (5, 5),
            "fc00::/7": (3, 13),
            "::/96": (1, 3),
            "fec0::/10": (1, 11),
            "3ffe::/16": (1, 12),
        },
    ),
    # glibc 2.36, getaddrinfo.c, default_labels and default_precedence, joined.
    "GLIBC": (
        GLIBC,
        {
            "::1/128": (50, 0),
            "::/0": (40, 1),
            "2002::/16": (30, 2),
            "::/96": (20, 3),
            "::ffff:0:0/96": (10, 4),
            "fec0::/10": (40, 5),
            "fc00::/7": (40, 6),
            "2001::/32": (40, 7),
        },
    ),
    # musl 1.2.5, lookup_name.c, defpolicy.
    "MUSL": (
        MUSL,
        {
            "::1/128": (50, 0),
            "::ffff:0:0/96": (35, 4),
            "2002::/16": (30, 2),
            "2001::/32": (5, 5),
            "fc00::/7": (3, 13),
            "::/0": (40, 1),
        },
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_every_row_holds_from_the_first_address_of_its_prefix_to_the_last_and_no_further(name):
    selection, rows = TABLES[name]
    networks = {IPv6Network(prefix): values for prefix, values in rows.items()}

    def expected(number):
        return max((net.prefixlen, values) for net, values in networks.items() if IPv6Address(number) in net)[1]

    for net in networks:
        first, last = int(net[0]), int(net[-1])
        for number in (first, last, first - 1, last + 1):
            if 0 <= number < 1 << 128:
                assert selection._row(number) == expected(number), IPv6Address(number)
    assert len(selection.table) == len(rows)


def source(destination, own):
    chosen = RFC_6724._source(_number(ip_address(destination)), [_number(ip_address(text)) for text in own])
    return next((text for text in own if _number(ip_address(text)) == chosen), None)


# RFC 6724, section 10.1 (without what a list of addresses does not tell: deprecated, temporary, home).


@pytest.mark.parametrize(
    ("destination", "own", "chosen"),
    [
        ("2001:db8:1::1", ["2001:db8:3::1", "fe80::1"], "2001:db8:3::1"),  # prefer appropriate scope
        ("ff05::1", ["2001:db8:3::1", "fe80::1"], "2001:db8:3::1"),  # prefer appropriate scope
        ("2001:db8:1::1", ["2001:db8:1::1", "2001:db8:2::1"], "2001:db8:1::1"),  # prefer same address
        ("fe80::1", ["fe80::2", "2001:db8:1::1"], "fe80::2"),  # prefer appropriate scope
        ("2001:db8:1::1", ["2001:db8:1::2", "2001:db8:3::2"], "2001:db8:1::2"),  # longest matching prefix
        (
            "2002:c633:6401::1",
            ["2002:c633:6401::d5e3:7953:13eb:22e8", "2001:db8:1::2"],
            "2002:c633:6401::d5e3:7953:13eb:22e8",
        ),
        ("fec0::1", ["fe80::1", "fec0::2", "2001:db8::1"], "fec0::2"),  # the smallest scope that is large enough
        ("2001:db8::1", ["fe80::1", "fec0::2"], "fec0::2"),  # else the largest
        ("fd00::1", ["2001:db8::1", "fd99::1"], "fd99::1"),  # prefer matching label
        ("2001:db8::1", ["2001::5", "3000::1"], "3000::1"),  # prefer matching label to the longer prefix
        ("2001:db8::7", ["2001:db8::5", "2001:db8::7"], "2001:db8::7"),  # prefer same address, of one network too
        ("ff05::1", ["2001:db8:3::1", "fec0::2"], "fec0::2"),  # multicast has its scope in the address
        ("127.0.0.1", ["10.244.0.7", "127.0.0.1"], "127.0.0.1"),
        ("10.96.0.1", ["127.0.0.1", "10.244.0.7"], "10.244.0.7"),
        ("10.96.0.1", ["127.0.0.1"], None),
        ("10.96.0.1", ["fd00::7"], None),
        ("::1", ["fd00::7"], "fd00::7"),
        ("::", ["fd00::7", "::1"], "::1"),
        ("0.0.0.0", ["10.244.0.7", "127.0.0.1"], "127.0.0.1"),
        ("169.254.1.1", ["192.0.2.7", "169.254.1.7"], "169.254.1.7"),
    ],
)
def test_the_source_is_chosen_as_in_section_5(destination, own, chosen):
    for came in (own, own[::-1]):
        assert source(destination, came) == chosen


@pytest.mark.parametrize(
    ("destination", "own"),
    [
        ("10.96.0.1", ["192.0.2.7", "10.244.0.7"]),  # IPv4 goes by routes, not by prefixes
        ("2001:db8::5", ["2001:db8::7", "2001:db8::4"]),  # of one network
    ],
)
def test_where_no_rule_decides_the_first_source_is_taken(destination, own):
    for came in (own, own[::-1]):
        assert source(destination, came) == came[0]


# RFC 6724, section 10.2, likewise.

SECTION_10_2 = [
    (["2001:db8:1::1", "198.51.100.121"], ["2001:db8:1::2", "fe80::1", "169.254.13.78"]),  # prefer matching scope
    (["198.51.100.121", "2001:db8:1::1"], ["fe80::1", "198.51.100.117"]),  # prefer matching scope
    (["2001:db8:1::1", "10.1.2.3"], ["2001:db8:1::2", "fe80::1", "10.1.2.4"]),  # prefer higher precedence
    (["fe80::1", "2001:db8:1::1"], ["2001:db8:1::2", "fe80::2"]),  # prefer smaller scope
    (["2001:db8:1::1", "2001:db8:3ffe::1"], ["2001:db8:1::2", "2001:db8:3f44::2", "fe80::2"]),  # longest prefix
    (["2002:c633:6401::1", "2001:db8:1::1"], ["2002:c633:6401::2", "fe80::2"]),  # prefer matching label
    (["2001:db8:1::1", "2002:c633:6401::1"], ["2002:c633:6401::2", "2001:db8:1::2", "fe80::2"]),  # higher precedence
]


def in_order(selection, destinations, own):
    destinations = list(map(ip_address, destinations))
    keys = selection.keys(destinations, map(ip_address, own))
    return [str(address) for _, address in sorted(zip(keys, destinations, strict=True), key=lambda pair: pair[0])]


@pytest.mark.parametrize(("expected", "own"), SECTION_10_2)
@pytest.mark.parametrize("name", TABLES)
def test_the_examples_of_section_10_2(name, expected, own):
    if "fe80::1" in expected and name != "RFC_6724":
        expected = expected[::-1]  # without a zone no library reaches it
    for came in (expected, expected[::-1]):
        assert in_order(TABLES[name][0], came, own) == expected


@pytest.mark.parametrize(
    ("name", "expected", "own"),
    [
        # Where the C libraries and the RFC part ways.
        ("RFC_6724", ["10.96.0.1", "fd00::1"], [POD_V4, POD_V6]),
        ("MUSL", ["10.96.0.1", "fd00::1"], [POD_V4, POD_V6]),
        ("GLIBC", ["fd00::1", "10.96.0.1"], [POD_V4, POD_V6]),
        ("MUSL", ["169.254.1.1", "fd00::1"], [POD_V4, POD_V6]),
        ("GLIBC", ["fd00::1", "169.254.1.1"], [POD_V4, POD_V6]),
        ("RFC_6724", ["fd00::1", "169.254.1.1"], [POD_V4, POD_V6]),
        ("MUSL", ["10.244.9.9", "10.96.0.1"], [POD_V4]),
        ("GLIBC", ["127.0.0.1", "127.9.9.9"], ["127.0.0.1"]),
    ],
)
def test_where_the_libraries_differ(name, expected, own):
    for came in (expected, expected[::-1]):
        assert in_order(TABLES[name][0], came, own) == expected


def test_what_ranks_alike_stays_as_it_came():
    for came in (["10.244.0.1", "10.96.0.1"], ["10.96.0.1", "10.244.0.1"]):
        assert in_order(GLIBC, came, [POD_V4]) == came


def test_a_source_of_another_label_is_no_match_though_a_link_local_one_has_the_label():
    # A pod with a unique local address has a link-local one, too, which no packet to elsewhere comes from.
    assert order(["2001:db8::1", "192.0.2.1"], [POD_V4, POD_V6, "fe80::7"]) == [{"192.0.2.1"}, {"2001:db8::1"}]


@pytest.mark.parametrize(
    ("expected", "own"),
    [
        # Rule 1 comes first: any source of another scope and label is better than none, whatever the precedence.
        (["2002:c633:6401::1", "192.0.2.1"], ["fe80::7"]),
        # Rule 2: loopback has link-local scope (section 3.4, RFC 4291, section 2.5.3), which a global source has not.
        (["2001:db8::1", "::1"], ["fd00::7"]),
    ],
)
def test_an_earlier_rule_decides_whatever_the_later_ones_say(expected, own):
    assert order(expected, own) == order(expected[::-1], own) == [{address} for address in expected]


def test_the_network_next_door_is_another_network():
    # 2001:db8:0:1::/64 has 63 bits in common with 2001:db8::/64.
    for own in (["2001:db8:0:1::5", "2001:db8::7"], ["2001:db8::7", "2001:db8:0:1::5"]):
        assert source("2001:db8::5", own) == "2001:db8::7"
