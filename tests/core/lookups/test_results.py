"""What several results of one lookup come to together."""

from ipaddress import ip_address
from types import SimpleNamespace

import pytest

from k8sresolve._core.lookups.results import (
    addresses_in,
    any_found,
    at_once,
    chain_of,
    cname_of,
    first_failed,
    in_canonical_order,
    is_lacking,
    lifetime,
    ranked,
)
from k8sresolve._core.questions import Empty, Failed, Found, NxDomain
from k8sresolve.config import ResolverConfig
from k8sresolve.records import Cname

V4, V6, LOW = ip_address("10.96.20.1"), ip_address("fd00::1"), ip_address("::1")
A, AAAA = Found((V4,), 30, 40.0), Found((V6,), 20, 50.0)
CUT = Found((V4,), 30, 40.0, truncated=True)
SERVFAIL, TIMEOUT = Failed("servfail"), Failed("timeout")
INSIDE, OUTSIDE = "web.shop.svc.cluster.local.", "api.example.com."


def setting(*own):
    config = ResolverConfig.for_cluster("10.96.0.10", namespace="shop")
    return SimpleNamespace(config=config, own=lambda: tuple(map(ip_address, own)), now=lambda: 0.0, wall=lambda: 1000.0)


def test_addresses_are_in_order_of_their_numbers_ipv4_first_each_once():
    nine, ten = ip_address("10.0.0.9"), ip_address("10.0.0.10")
    assert in_canonical_order([V6, ten, LOW, nine, V6]) == (nine, ten, LOW, V6)
    assert addresses_in((AAAA, None, A, Empty(5.0), NxDomain(5.0), SERVFAIL, A)) == (V4, V6)
    assert addresses_in((None, SERVFAIL)) == ()


def test_addresses_are_ranked_by_what_the_machine_has():
    assert ranked((V4, V6), setting("10.244.0.7")) == (0, 1)
    assert ranked((V4, V6), setting("fd00::7")) == (1, 0)
    assert ranked((), None) == ()
    assert ranked((V6,), None) == (0,)  # without a look at what it has


def test_what_is_found_lasts_as_long_as_the_first_part_of_it():
    assert lifetime((A, None, AAAA, Empty(1.0), SERVFAIL), setting()) == (20, 1040.0)
    assert lifetime((AAAA,), setting()) == (20, 1050.0)


@pytest.mark.parametrize(
    "kind",
    [
        lambda chain: Found((V4,), 30, 30.0, chain),
        lambda chain: Empty(5.0, chain=chain),
        lambda chain: NxDomain(5.0, chain=chain),
    ],
    ids=["found", "nodata", "nxdomain"],
)
def test_the_longest_chain_is_told(kind):
    assert chain_of((A, None, kind((INSIDE, OUTSIDE)), kind((INSIDE,)), SERVFAIL)) == (INSIDE, OUTSIDE)
    assert chain_of((A, None, SERVFAIL)) == ()
    assert chain_of(()) == ()


@pytest.mark.parametrize(
    ("chain", "leaves"), [((INSIDE,), False), ((OUTSIDE,), True), ((INSIDE, OUTSIDE), True), ((OUTSIDE, INSIDE), True)]
)
def test_a_chain_leaves_the_cluster_where_one_of_its_targets_does(chain, leaves):
    assert cname_of((Empty(5.0, chain=chain),), setting()) == Cname(chain, leaves_cluster=leaves)


def test_without_a_chain_there_is_none_to_tell_of():
    assert cname_of((A, None), setting()) is None


@pytest.mark.parametrize("lacking", [None, SERVFAIL, CUT])
def test_what_did_not_come_or_was_cut_is_lacking(lacking):
    assert is_lacking((A, lacking)) is True
    assert is_lacking((A, Empty(5.0), NxDomain(5.0))) is False


def test_any_found_and_the_first_failed():
    assert (any_found((None, Empty(5.0), A)), any_found((None, Empty(5.0), SERVFAIL)), any_found(())) == (
        True,
        False,
        False,
    )
    assert first_failed((A, None, TIMEOUT, SERVFAIL)) is TIMEOUT
    assert first_failed((A, None)) is None


def test_what_a_lookup_can_do_without_is_usable_at_once():
    assert at_once((None, None)) is True
