"""An offline cluster that changes while threads ask it, and a balancer that they share."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import dns.message
import dns.rdatatype
import pytest

from k8sresolve.balance import Balancer
from k8sresolve.testing import Cluster, headless
from tests.at_once import at_once, beside, times
from tests.core.balancing import endpoints, in_flight

UNCACHED = ".:53 {\n  kubernetes cluster.local {\n    ttl 0\n  }\n}\n"
QUERY = dns.message.make_query("_sql._tcp.db.shop.svc.cluster.local", "SRV").to_wire()


def asked(cluster):
    """The targets of SRV, and those of them that have an address beside them."""
    reply = dns.message.from_wire(cluster.respond(QUERY, tcp=True))
    targets = {str(one.target) for rrset in reply.answer for one in rrset}
    glue = {str(rrset.name) for rrset in reply.additional if rrset.rdtype == dns.rdatatype.A}
    return targets, glue


def looked_up(cluster):
    found = cluster.resolver(namespace="shop").endpoints("db", "sql")
    return {str(one.name) for one in found}, {str(one.name) for one in found if one.address}


@pytest.mark.parametrize("ask", [asked, looked_up])
def test_no_answer_is_torn_by_what_is_applied_meanwhile(ask):
    cluster = Cluster.new(headless("db.shop", sql=5432, pods=4), corefile=UNCACHED)
    whole = {4: ask(cluster)[0]}
    cluster.apply(headless("db.shop", sql=5432, pods=12))
    whole[12] = ask(cluster)[0]

    def apply():
        for pods in (4, 12) * 25:
            cluster.apply(headless("db.shop", sql=5432, pods=pods))

    def look():
        targets, glue = ask(cluster)
        assert targets == glue == whole.get(len(targets))

    beside(apply, look)


def test_a_message_is_answered_while_nothing_can_change(monkeypatch):
    cluster = Cluster.new(headless("db.shop", sql=5432, pods=1))
    can_change = []

    def look(*_, **__):
        with ThreadPoolExecutor(1) as other:
            can_change.append(other.submit(cluster.network.hold().acquire, blocking=False).result())

    monkeypatch.setattr(cluster, "_responder", SimpleNamespace(respond=look))
    cluster.respond(QUERY)
    assert can_change == [False]


def test_all_that_is_picked_of_a_balancer_is_counted_and_given_back():
    balancer = Balancer(endpoints(*range(4)))
    counted = [Counter() for _ in range(4)]

    def pick(counted):
        with balancer.pick() as one, balancer.pick(avoid={one.endpoint}) as other:
            counted.update([one.endpoint, other.endpoint])

    at_once(*[times(200, lambda mine=mine: pick(mine)) for mine in counted])
    picked = sum(counted, Counter())
    assert {one.endpoint: one.count for one in balancer._available} == picked
    assert picked.total() == 4 * 200 * 2
    assert {*in_flight(balancer).values()} == {0}
