"""RFC 6724: the classes of destinations."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8sresolve._core.ordering import ranks

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
        # What the RFC would decide by the longest matching prefix is one class here.
        (["10.244.0.1", "10.96.0.1"], [POD_V4], [{"10.244.0.1", "10.96.0.1"}]),
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
