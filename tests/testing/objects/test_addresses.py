import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8sresolve.testing.objects.addresses import canonical, is_address, is_plain_ipv4, read_address


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("010.000.00.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("FD00:0:0::01", "fd00::1"),
    ],
)
def test_an_address_has_one_canonical_form(text, written):
    assert canonical(text) == str(read_address(text)) == written


@pytest.mark.parametrize(
    "text", ["", "none", "10.0.0", "10.0.0.256", "10.0.0.1/32", " 10.0.0.1", "fe80::1%eth0", "1.2.3.4."]
)
def test_what_is_none_stays_as_it_is(text):
    assert not is_address(text)
    assert canonical(text) == text


@given(st.ip_addresses(v=4).map(str))
def test_most_addresses_are_plain(text):
    assert is_plain_ipv4(text)
    assert is_address(text)


@given(st.text("0123456789.:", max_size=16))
def test_plain_is_what_the_library_writes_alike(text):
    try:
        want = str(ipaddress.IPv4Address(text)) == text
    except ValueError:
        want = False
    assert is_plain_ipv4(text) == want
