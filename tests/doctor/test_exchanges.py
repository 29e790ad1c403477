"""Questions on real sockets: what is sent, how often, and what is made of what comes back."""

import socket
import threading
from contextlib import contextmanager

import pytest

from k8sresolve.config import Nameserver
from k8sresolve.doctor import exchanges
from k8sresolve.doctor.exchanges import Ask, Asker
from k8sresolve.testing import Cluster
from tests.doctor.world import SHOP

A, AAAA, TXT = 1, 28, 16
KUBERNETES = "kubernetes.default.svc.cluster.local."


@pytest.fixture
def cluster():
    return Cluster.from_manifests(SHOP)


@pytest.fixture
def quick(monkeypatch):
    """Waits that a test can wait for."""
    monkeypatch.setattr(exchanges, "RESENDS", (0.0, 0.1, 0.2))
    monkeypatch.setattr(exchanges, "SILENCE", 0.3)


@contextmanager
def counted(cluster):
    """Serve a cluster, and have a way to wait until so many of its questions have come."""
    come = threading.Semaphore(0)
    cluster.queries.watch(lambda _query: come.release())
    with cluster.serve() as server:

        def wait_for(count):
            assert all(come.acquire(timeout=30) for _ in range(count))

        yield server, wait_for


@contextmanager
def scripted(reply):
    """A nameserver that answers each datagram with those that `reply` makes of it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))

        def serve():
            while (got := sock.recvfrom(4096))[0] != b"end":
                for data in reply(got[0]):
                    sock.sendto(data, got[1])

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield Nameserver(*sock.getsockname())
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(b"end", sock.getsockname())
            thread.join()


def test_all_that_are_asked_at_once_have_their_own_reply(cluster):
    with cluster.serve() as server:
        asker = Asker()
        plain, stream, nothing, small, large = asker.ask(
            [
                Ask(server.nameserver, KUBERNETES, A),
                Ask(server.nameserver, KUBERNETES, A, "tcp"),
                Ask(server.nameserver, "nothing.default.svc.cluster.local.", A),
                Ask(server.nameserver, KUBERNETES, A, edns=512, octets=250),
                Ask(server.nameserver, KUBERNETES, A, edns=1232, octets=512),
            ]
        )
    assert [str(heard.reply.data[0]) for heard in (plain, stream, small, large)] == ["10.96.0.1"] * 4
    assert nothing.rcode == 3
    assert small.octets < 512 < large.octets
    assert asker.sent == len(cluster.queries) == 5


def test_a_padded_question_is_as_long_as_it_says():
    nameserver = Nameserver("127.0.0.1")
    for octets in (250, 512):
        assert len(Ask(nameserver, KUBERNETES, A, edns=1232, octets=octets).message()) == octets
    assert Ask(nameserver, KUBERNETES, A, edns=1232).message() == Ask(nameserver, KUBERNETES, A, edns=1232).bare()


def test_what_is_lost_is_sent_again(cluster, quick):
    cluster.network.drop(next=2)
    with counted(cluster) as (server, wait_for):
        asker = Asker()
        (heard,) = asker.ask([Ask(server.nameserver, KUBERNETES, A)])
        wait_for(3)
    assert heard.reply.data
    assert asker.sent == len(cluster.queries) == 3


@pytest.mark.parametrize(("transport", "tries", "sent"), [("udp", 3, 3), ("udp", 1, 1), ("tcp", 3, 1)])
def test_silence_ends(cluster, quick, transport, tries, sent):
    cluster.network.drop()
    with counted(cluster) as (server, wait_for):
        asker = Asker()
        (heard,) = asker.ask([Ask(server.nameserver, KUBERNETES, A, transport, tries=tries)])
        wait_for(sent)
    assert (heard.reply, heard.problem, heard.asked) == (None, "no reply", True)
    assert asker.sent == len(cluster.queries) == sent


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_closed_port_says_so(cluster, transport):
    cluster.network.refuse(transport=transport)
    with cluster.serve() as server:
        (heard,) = Asker().ask([Ask(server.nameserver, KUBERNETES, A, transport)])
    assert (heard.reply, heard.problem) == (None, "connection refused")


def test_what_is_no_reply_to_the_question_is_passed_over(cluster):
    for kind in (cluster.network.wrong_id, cluster.network.wrong_question, cluster.network.garbage):
        kind(then_reply=True)
    with cluster.serve() as server:
        (heard,) = Asker().ask([Ask(server.nameserver, KUBERNETES, A)])
    assert heard.reply.data


def test_a_damaged_reply_is_told(quick):
    # A record is announced, and there is none.
    def cut(query):
        yield query[:2] + b"\x84\x00" + query[4:6] + b"\0\1" + bytes(4) + query[12:]

    with scripted(cut) as nameserver:
        (heard,) = Asker().ask([Ask(nameserver, KUBERNETES, A)])
    assert heard.reply is None
    assert heard.problem == "a damaged reply: the reply ends within a record"


def test_the_version_is_asked_for_in_class_chaos(quick):
    asked = []

    def tell(query):
        asked.append(query)
        yield (
            query[:2]
            + b"\x84\x00"
            + query[4:6]
            + b"\0\1"
            + bytes(4)
            + query[12:]
            + (b"\xc0\x0c\0\x10\0\3\0\0\0\0\0\x0f\x0eCoreDNS-1.14.7")
        )

    with scripted(tell) as nameserver:
        (heard,) = Asker().ask([Ask(nameserver, "version.bind.", TXT, chaos=True)])
    assert asked[0][12:] == b"\x07version\x04bind\0\0\x10\0\3"
    assert heard.reply.data == ("CoreDNS-1.14.7",)


def test_no_more_is_sent_than_the_bound_allows(cluster, quick):
    cluster.network.drop()
    told = []
    with counted(cluster) as (server, wait_for):
        asker = Asker(5, told.append)
        first = asker.ask([Ask(server.nameserver, KUBERNETES, A)] * 2)
        second = asker.ask([Ask(server.nameserver, KUBERNETES, A)])
        wait_for(5)
    assert asker.sent == len(cluster.queries) == 5
    assert [heard.asked for heard in (*first, *second)] == [True, True, False]
    assert list(dict.fromkeys(told)) == [0, 1, 2, 3]
