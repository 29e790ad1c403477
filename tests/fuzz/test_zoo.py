"""The zoo and the recorded answers: what is in them, and that both readers agree on every one as it is."""

from collections import Counter
from functools import cache

import pytest

from tests.core.wire.test_differential import compare
from tests.fuzz.goldens import goldens
from tests.fuzz.zoo import EACH, SPECIES, zoo

# What a class of the zoo may come to; the others may come to anything.
EXPECTED = {
    "addresses": {"read"},
    "ipv6_addresses": {"read"},
    "ports": {"read"},
    "reverse_names": {"read"},
    "aliases": {"read"},
    "negative": {"read"},
    "duplicates": {"read"},
    "lifetimes": {"read"},
    "letter_case": {"read"},
    "trailing_octets": {"read"},
    "referrals": {"read"},
    "truncated": {"read"},
    "huge_sets": {"read"},
    "costly_names": {"read"},
    "answers_in_nxdomain": {"read"},
    "text_types": {"odd"},
    "edns_options": {"odd"},
    "other_questions": {"None"},
    "no_replies": {"None"},
    "cut_short": {"damaged"},
}

DEAR = {"huge_sets", "costly_names"}  # half a second each, and alike


@cache
def packets():
    return tuple(zoo())


def test_there_are_32_classes_of_100_packets_and_each_says_what_it_is():
    assert len(SPECIES) == 32
    assert Counter(packet.kind for packet in packets()) == dict.fromkeys(SPECIES, EACH)
    assert EACH == 100


def test_the_packets_are_the_same_in_every_run():
    assert tuple(zoo()) == packets()


@pytest.mark.parametrize("kind", SPECIES)
def test_both_readers_agree_on_a_class(kind):
    """F20; P1-P13, M1-M15 as they come."""
    some = [packet for packet in packets() if packet.kind == kind][:: 20 if kind in DEAR else 1]
    seen = {compare(packet.message, packet.query, packet.question.rdtype) for packet in some}
    assert seen <= EXPECTED.get(kind, seen)


def test_recorded_answers_are_read_without_the_fallback():
    """Of types that it reads; what is odd in what CoreDNS sends would be asked of dnspython again and again."""
    seen = Counter(compare(packet.message, packet.query, packet.question.rdtype) for packet in goldens())
    assert seen["read"] > 2000
    assert seen["odd"] < 10
    assert set(seen) == {"read", "odd"}
