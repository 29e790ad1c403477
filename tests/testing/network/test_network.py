"""What comes back over the network, where no fault is: the rest is told with faults, the log and the server."""

import errno
import os

import dns.message
import pytest

from k8sresolve._core.engine.sends import Send
from k8sresolve._drivers.sockets import text_of
from k8sresolve.config import Nameserver, ResolverConfig
from k8sresolve.errors import LookupTimeout
from k8sresolve.testing import Cluster, Network, headless
from k8sresolve.testing.network.network import PodNetwork
from tests.testing.fault_scenarios import NAME, SHOP

DNS = "10.96.0.10"
QUERY = dns.message.make_query(NAME, "A").to_wire()


@pytest.fixture
def cluster() -> Cluster:
    return Cluster.from_manifests(SHOP)


def exchange(network: Network | PodNetwork, nameserver: str) -> list[str]:
    """Ask, and tell the errors that come back."""
    return [arrival.error for arrival in network.exchange(Send(0, Nameserver(nameserver), "udp", b""), QUERY)]


def test_a_closed_port_is_refused_as_the_drivers_on_real_sockets_say_it(cluster):
    refused = text_of(OSError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED)))
    pod = PodNetwork(cluster.network, frozenset({DNS}), cluster._outside)
    assert exchange(pod, DNS) == [""]
    assert exchange(pod, "127.0.0.1") == [refused]
    cluster.network.refuse()
    assert exchange(cluster.network, DNS) == exchange(pod, DNS) == [refused]


def test_on_the_node_s_network_something_listens_on_loopback(cluster):
    pod = PodNetwork(cluster.network, frozenset({DNS}), cluster._outside, on_node=True)
    assert exchange(pod, "127.0.0.1") == [""]


@pytest.mark.parametrize(
    ("query", "outcome"),
    [
        (dns.message.make_query(NAME, "A", use_edns=1), "BADVERS"),
        (dns.message.make_query(NAME, "A", rdclass="CH"), "REFUSED"),
        (dns.message.make_query(NAME, "TXT"), "NODATA"),
        (dns.message.make_query(f"nope.{NAME}", "A"), "NXDOMAIN"),
    ],
)
def test_a_reply_without_records_is_logged_by_its_rcode(cluster, query, outcome):
    assert len(cluster.network.receive(query.to_wire(), "udp", nameserver=DNS)) == 1
    assert [logged.outcome for logged in cluster.queries] == [outcome]


def test_what_is_no_message_is_neither_answered_nor_logged(cluster):
    assert cluster.network.receive(b"junk", "udp", nameserver=DNS) == []
    assert list(cluster.queries) == []


def test_each_replica_has_a_cache_of_its_own():
    corefile = ".:53 {\n  kubernetes cluster.local {\n    ttl 30\n  }\n  cache 30\n}\n"
    there = Cluster.new(
        headless("db.shop", sql=5432, pods=1), corefile=corefile, server_addresses=("10.244.0.2", "10.244.1.2")
    )
    told = []
    for first in there.network.replicas:
        with there.resolver(config=ResolverConfig(nameservers=(first,)), cluster_domain="cluster.local") as resolver:
            told.append(len(resolver.endpoints("db.shop", "sql")))
        there.scale("shop/db", 3)
    assert told == [1, 3]
    with there.resolver(config=ResolverConfig(nameservers=("10.244.0.2",)), cluster_domain="cluster.local") as resolver:
        assert len(resolver.endpoints("db.shop", "sql")) == 1
        there.clock.advance(30)
        assert len(resolver.endpoints("db.shop", "sql")) == 3


def test_what_stands_outside_is_one_for_all_replicas():
    there = Cluster.new(headless("db.shop", sql=5432), server_addresses=("10.244.0.2", "10.244.1.2"))
    there.upstream.reachable = False
    for first in there.network.replicas:
        with (
            there.resolver(config=ResolverConfig(nameservers=(first,)), timeout=1) as resolver,
            pytest.raises(LookupTimeout),
        ):
            resolver.addresses("api.example.com.")


def test_an_old_view_is_that_of_the_replica_alone():
    there = Cluster.new(headless("db.shop", sql=5432, pods=1), server_addresses=("10.244.0.2", "10.244.1.2"))
    with there.network.stale(nameserver="10.244.1.2"):
        there.scale("shop/db", 2)
        told = []
        for first in there.network.replicas:
            with there.resolver(
                config=ResolverConfig(nameservers=(first,)), cluster_domain="cluster.local"
            ) as resolver:
                told.append(len(resolver.endpoints("db.shop", "sql")))
    assert told == [2, 1]
