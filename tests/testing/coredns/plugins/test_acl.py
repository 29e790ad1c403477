"""The plugin `acl`, by its documentation; tests/live/test_blocks.py has its forms beside a real one."""

import dns.message
import pytest

from k8sresolve.errors import ManifestError
from tests.testing.coredns.world import KUBERNETES, WEB, answer, ask, cluster, outcome

HERE, THERE = "10.1.0.9", "192.0.2.1"


def test_the_first_policy_that_fits_decides():
    made = cluster("acl {\n allow net 10.0.0.0/8\n block\n}", KUBERNETES)
    assert answer(made, WEB, client=HERE)
    assert outcome(made, WEB, client=THERE) == "REFUSED"
    assert outcome(made, WEB) == "REFUSED"  # who is not known is in no network


def test_the_reply_says_why():
    blocked = ask(cluster("acl {\n block\n}"), WEB)
    filtered = ask(cluster("acl {\n filter type A\n}"), WEB)
    assert [[(option.otype, option.code) for option in reply.options] for reply in (blocked, filtered)] == [
        [(15, 15)],
        [(15, 17)],
    ]
    assert filtered.rcode() == 0
    assert filtered.answer == []


def test_a_policy_may_be_about_types():
    made = cluster("acl {\n filter type AAAA TXT\n}", KUBERNETES)
    assert ask(made, WEB, "AAAA").authority == []
    assert answer(made, WEB)


def test_what_is_dropped_gets_no_reply():
    made = cluster("acl {\n drop net *\n}", KUBERNETES)
    assert made.respond(dns.message.make_query(WEB, "A").to_wire()) is None


def test_directives_are_asked_in_order_for_their_zones():
    made = cluster(
        "acl com {\n block\n}", "acl shop.svc.cluster.local {\n allow type A\n}", "acl {\n block\n}", KUBERNETES
    )
    assert answer(made, WEB)
    assert outcome(made, WEB, "TXT") == "REFUSED"
    assert outcome(made, "x.com.") == "REFUSED"


@pytest.mark.parametrize(
    ("policy", "problem"),
    [
        ("block from 10.0.0.0/8", "type or net"),
        ("block net", "nothing stands behind"),
        ("block type A net", "nothing stands behind"),
        ("block type NONSENSE", "no record type"),
        ("block net 10.0.0.0/99", "no network"),
    ],
)
def test_policies_that_coredns_would_not_start_with(policy, problem):
    with pytest.raises(ManifestError, match=problem):
        cluster(f"acl {{\n {policy}\n}}")
