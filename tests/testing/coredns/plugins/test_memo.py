"""Long replies that are given again: until an object changes, and no other. Answers follow the DNS specification."""

import copy

import dns.message
import pytest

from k8sresolve.testing import Cluster
from k8sresolve.testing.coredns.chain import Chain, Reply, Request
from k8sresolve.testing.coredns.plugins.kubernetes.memo import Memo
from k8sresolve.testing.coredns.plugins.kubernetes.plugin import Kubernetes
from k8sresolve.testing.coredns.records import Record, rrset
from k8sresolve.testing.objects.kinds import EndpointAddress, EndpointSlice, Namespace, PortEntry, Service
from k8sresolve.testing.objects.store import Store

DB = "db.shop.svc.cluster.local."
PORT = (PortEntry("pg", 5432, "TCP"),)
HEADLESS = Service("shop", "db", cluster_ips=("None",), ports=PORT)


def part(count, name="db-1", port=PORT):
    return EndpointSlice("shop", name, "db", tuple(EndpointAddress(f"10.1.0.{n}") for n in range(count)), port)


def store_of(*resources):
    store = Store()
    for resource in (Namespace("shop"), HEADLESS, *resources):
        store.add(resource)
    return store


def reply(count):
    return Reply(answer=rrset(DB, 1, 30, [bytes((10, 1, n >> 8, n & 255)) for n in range(count)]))


def addresses(given):
    return [".".join(map(str, record.rdata[0])) for record in given.answer]


class Counting:
    """A plugin behind, whose every answer is another."""

    def __init__(self):
        self.asked = 0

    def answer(self, request, _rest):
        self.asked += 1
        return Reply(answer=(Record(request.name, 1, 30, (bytes((192, 0, 2, self.asked)),)),))


def test_a_long_reply_is_made_once_as_long_as_nothing_changes(monkeypatch):
    store, found = store_of(part(9)), []
    original = store.slices
    monkeypatch.setattr(store, "slices", lambda *asked: found.append(asked) or original(*asked))
    chain = Chain([Kubernetes(store)])
    first = chain.answer(Request(DB, 1))
    assert addresses(first) == [f"10.1.0.{n}" for n in range(9)]
    assert chain.answer(Request(DB, 1)) == first
    assert len(found) == 1
    assert len(chain.answer(Request(DB, 33)).answer) == 1 * 9
    assert chain.answer(Request(DB.upper(), 1)).answer[0].name == DB.upper()
    assert len(found) == 3


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda store: store.add(part(7)), 7),
        (lambda store: store.add(part(8, port=(PortEntry("pg", 1, "TCP"),))), 8),
        (lambda store: store.remove("EndpointSlice", "shop", "db-1"), 0),
        (lambda store: store.remove("Service", "shop", "db"), 0),
        (lambda store: store.remove("Namespace", "", "shop"), 0),
        (lambda store: store.add(Service("shop", "db", cluster_ips=("10.96.0.9",), ports=PORT)), 1),
        (lambda store: store.add(EndpointSlice("shop", "db-2", "db", (EndpointAddress("10.2.0.1"),), PORT)), 10),
    ],
)
def test_no_reply_outlives_a_change(change, expected):
    store = store_of(part(9))
    chain = Chain([Kubernetes(store)])
    before = [list(chain.answer(Request(DB, rdtype)).answer) for rdtype in (1, 33)]
    restore = store.checkpoint()
    change(store)
    for rdtype in (1, 33):
        assert len(chain.answer(Request(DB, rdtype)).answer) == expected
    restore()
    assert [list(chain.answer(Request(DB, rdtype)).answer) for rdtype in (1, 33)] == before


def test_no_octets_outlive_a_change():
    objects = [
        {"kind": "Service", "metadata": {"name": "db", "namespace": "shop"}, "spec": {"clusterIP": "None"}},
    ]
    cluster = Cluster.from_objects(objects)
    asked = dns.message.make_query(DB, "A", use_edns=0, payload=1232).to_wire()
    for count in (40, 9, 200, 5, 0):
        cluster.store.add(part(count))
        for tcp in (False, True, False, True):
            message = dns.message.from_wire(cluster.respond(asked, tcp=tcp))
            there = len(message.answer[0]) if message.answer else 0
            assert there == (count if tcp else min(count, 73))  # 12 + 31 octets before them, 16 for each, 11 behind


def test_what_another_plugin_makes_of_it_is_not_what_was_written_before():
    objects = [{"kind": "Service", "metadata": {"name": "db", "namespace": "shop"}, "spec": {"clusterIP": "None"}}]
    corefile = ".:53 {\n loadbalance\n cache 30\n kubernetes cluster.local {\n ttl 30\n }\n}\n"
    cluster = Cluster.from_objects(objects, corefile=corefile)
    cluster.store.add(part(9))
    asked = dns.message.make_query(DB, "A").to_wire()
    seen = []
    for _ in range(6):
        message = dns.message.from_wire(cluster.respond(asked, tcp=True), one_rr_per_rrset=True)
        seen.append(tuple(rrset[0].address for rrset in message.answer))
        assert {rrset.ttl for rrset in message.answer} == {30 - (len(seen) - 1)}
        cluster.clock.advance(1)
    assert len(set(seen)) > 1
    assert {frozenset(order) for order in seen} == {frozenset(f"10.1.0.{n}" for n in range(9))}


def test_what_an_alias_leads_to_outside_is_looked_up_each_time():
    behind = Counting()
    names = tuple(EndpointAddress(f"api-{n}.example.com") for n in range(9))
    chain = Chain([Kubernetes(store_of(EndpointSlice("shop", "db-1", "db", names, PORT))), behind])
    assert len(chain.answer(Request(DB, 1)).answer) == 2 * 9
    assert behind.asked == 9
    assert chain.answer(Request(DB, 1)).answer[1].rdata == (bytes((192, 0, 2, 10)),)


def test_a_reply_that_a_thread_makes_while_something_changes_is_not_given_later():
    memo = Memo()
    assert memo.get(DB, 1, 1) is None
    assert memo.get(DB, 1, 2) is None  # another thread sees the change first
    memo.put(DB, 1, 1, reply(9))
    assert memo.get(DB, 1, 2) is None
    kept = memo.put(DB, 1, 2, reply(7))
    assert memo.get(DB, 1, 2) is kept


def test_a_copy_of_a_server_keeps_its_own():
    store = store_of(part(9))
    chain = Chain([Kubernetes(store)])
    first = chain.answer(Request(DB, 1))
    frozen = copy.deepcopy(chain)
    store.add(part(5))
    assert len(chain.answer(Request(DB, 1)).answer) == 5
    assert list(frozen.answer(Request(DB, 1)).answer) == list(first.answer)


def test_records_are_bounded_and_the_oldest_go():
    memo = Memo()
    for number in range(200):
        memo.put(f"{number}.", 1, 0, reply(100))
    there = [number for number in range(200) if memo.get(f"{number}.", 1, 0) is not None]
    assert there == list(range(200 - len(there), 200))
    assert len(there) * 100 == 8100
    assert memo.put("long.", 1, 0, reply(9000)).written is None
    for _ in range(300):
        memo.put("same.", 1, 0, reply(100))
    assert memo.get("199.", 1, 0) is not None
