"""What comes back over the network, where no fault is: the rest is told with faults, the log and the server."""

import errno
import os

import dns.message
import pytest

from k8sresolve._core.engine.sends import Send
from k8sresolve._drivers.sockets import text_of
from k8sresolve.config import Nameserver
from k8sresolve.testing import Cluster, Network
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
    pod = PodNetwork(cluster.network, frozenset({DNS}), cluster.network.responder)
    assert exchange(pod, DNS) == [""]
    assert exchange(pod, "127.0.0.1") == [refused]
    cluster.network.refuse()
    assert exchange(cluster.network, DNS) == exchange(pod, DNS) == [refused]


def test_on_the_node_s_network_something_listens_on_loopback(cluster):
    pod = PodNetwork(cluster.network, frozenset({DNS}), cluster.network.responder, on_node=True)
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
