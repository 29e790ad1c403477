"""C11: under random names, a million of them on demand, the cache keeps to its bounds and keeps what is used."""

import os
import random
from ipaddress import IPv4Address

import pytest

from k8sresolve._core.engine.cache import Cache
from k8sresolve._core.questions import A, Found, NxDomain, Question
from k8sresolve.config import CacheConfig

pytestmark = pytest.mark.behaviour("C11")

NAMES = int(os.environ.get("K8SRESOLVE_RANDOM_NAMES", "10000"))
USED = [Question(f"svc-{n}.shop.svc.cluster.local.", A) for n in range(100)]
FOUND = Found((IPv4Address("10.96.0.1"),), 30, 1e9)


def attacked(config, answer_of):
    """Ask for names that nobody asks for again, while a hundred others are in use; returns the cache and its bounds."""
    cache, chance = Cache(config), random.Random(11)
    for question in USED:
        cache.put(question, FOUND, 0.0)
    entries = octets = missed = 0
    for n in range(NAMES):
        cache.put(Question(f"{chance.getrandbits(64):x}.example.com.", A), answer_of(chance), 0.0)
        missed += cache.get(USED[n % len(USED)], 0.0) is None
        entries, octets = max(entries, len(cache)), max(octets, cache.octets)
    return cache, entries, octets, missed


@pytest.mark.parametrize("entries", [200, 4096])
def test_entries_are_bounded_and_what_is_used_stays(entries):
    _, most, _, missed = attacked(CacheConfig(entries=entries), lambda _: NxDomain(1e9))
    assert most == entries
    assert missed == 0


def test_octets_are_bounded_and_what_is_used_stays():
    def large(chance):
        return Found(tuple(IPv4Address(chance.getrandbits(32)) for _ in range(chance.choice([1, 20]))), 30, 1e9)

    bound = 1 << 20
    cache, _, most, missed = attacked(CacheConfig(octets=bound), large)
    assert bound * 0.9 < most <= bound
    assert missed == 0
    cache.forget(None)
    assert (len(cache), cache.octets) == (0, 0)
