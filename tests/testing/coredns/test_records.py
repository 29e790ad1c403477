"""Records that are kept by their columns."""

import copy

from k8sresolve.testing.coredns.records import rrset

NAME = "db.shop.svc.cluster.local."


def test_a_copy_says_the_same():
    """Some columns are endless, which Python copies no longer: a DeprecationWarning from 3.12 on."""
    records = rrset(NAME, 1, 30, (b"\x0a\x00\x00\x01", b"\x0a\x00\x00\x02"))
    assert list(copy.deepcopy(records)) == list(records)
