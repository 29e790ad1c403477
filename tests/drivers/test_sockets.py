"""What the drivers' sockets do by themselves: addresses, failures at once, and looks that find nothing."""

import os
import socket
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from k8sresolve._core.engine.sends import Send
from k8sresolve._core.questions import A, Question
from k8sresolve._core.wire.query import encode_query
from k8sresolve._drivers import blocking, sockets
from k8sresolve._drivers.blocking import _Datagrams, _Waiter
from k8sresolve._drivers.sockets import Stream, address_of, open_datagram, query_id, text_of
from k8sresolve.config import Nameserver
from tests.drivers import held
from tests.drivers.children import in_child, status_of

BROADCAST = Nameserver("255.255.255.255")  # ip(7): nobody connects to it
PAYLOAD = encode_query(Question("payments.shop.svc.cluster.local.", A))


@pytest.mark.parametrize(
    ("nameserver", "address"),
    [
        (Nameserver("10.96.0.10"), ("10.96.0.10", 53)),
        (Nameserver("fd00::a", 5353), ("fd00::a", 5353, 0, 0)),
        (Nameserver("fe80::1", scope=3), ("fe80::1", 53, 0, 3)),  # ipv6(7): sin6_scope_id
    ],
)
def test_a_nameserver_has_a_socket_address(nameserver, address):
    assert address_of(nameserver) == address


def test_what_cannot_be_reached_at_all_costs_no_file_descriptor():
    before = held.fds()
    for attempt in (lambda it: open_datagram(address_of(it)), lambda it: Stream(it, PAYLOAD)):
        with pytest.raises(OSError, match=r"denied|unreachable"):
            attempt(BROADCAST)
    assert held.fds() == before


def test_nor_does_what_must_not_be_sent(monkeypatch):
    before = held.fds()
    monkeypatch.setattr(blocking, "open_datagram", lambda _: socket.SocketType(socket.AF_INET, socket.SOCK_DGRAM))
    with pytest.raises(OSError, match="Destination address required"):
        _Datagrams.of(Send(0, BROADCAST, "udp", PAYLOAD), address_of(BROADCAST))
    assert held.fds() == before


@pytest.fixture
def drawn(monkeypatch):
    """What the system's generator gave, of which no two octets are the same two again; none before."""
    given: list[bytes] = []
    numbers = count()

    def urandom(size: int) -> bytes:
        given.append(b"".join(next(numbers).to_bytes(2) for _ in range(size // 2)))
        return given[-1]

    monkeypatch.setattr(os, "urandom", urandom)
    monkeypatch.setattr(sockets, "_drawn", [])
    return given


def test_ids_are_the_octets_of_the_systems_generator_each_used_once_by_one_thread(drawn):
    with ThreadPoolExecutor(8) as pool:
        ids = [id_ for part in pool.map(lambda _: [query_id() for _ in range(4000)], range(8)) for id_ in part]
    assert len(set(ids)) == len(ids) == 32_000
    assert set(ids) <= {octets[at : at + 2] for octets in drawn for at in range(0, len(octets), 2)}


def test_a_child_draws_ids_of_its_own():
    query_id()  # some are drawn ahead now
    reading, writing = os.pipe()
    child = in_child(lambda: os.write(writing, b"".join(query_id() for _ in range(64))) - 128)
    mine = b"".join(query_id() for _ in range(64))
    assert status_of(child) == 0
    assert len(theirs := os.read(reading, 128)) == 128
    os.close(reading)
    os.close(writing)
    assert theirs != mine


def test_an_error_without_a_number_is_told_by_its_text():
    assert text_of(OSError("A frame too short")) == "a frame too short"
    assert text_of(ConnectionRefusedError(111, "Connection refused")) == "connection refused"


@pytest.fixture
def nameserver():
    """A port on loopback for UDP and TCP that answers nothing."""
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        tcp.bind(("127.0.0.1", 0))
        tcp.listen()
        udp.bind(tcp.getsockname())
        yield Nameserver(*tcp.getsockname())


def test_a_look_that_finds_nothing_is_no_failure(nameserver):
    # select(2), BUGS: a datagram with a wrong checksum makes a socket readable, and is gone when it is read.
    port = _Datagrams.of(Send(0, nameserver, "udp", PAYLOAD), address_of(nameserver))
    stream = Stream(nameserver, PAYLOAD)
    try:
        assert port.advance() is None
        while stream.wants_write:
            assert stream.advance() is None
        assert stream.advance() is None
    finally:
        port.sock.close()
        stream.sock.close()


def test_who_is_poked_more_often_than_a_bell_can_hold_is_poked():
    waiter = _Waiter()
    waiter.poke()  # before it listens there is nothing to be woken from
    assert waiter.listen()
    try:
        for _ in range(100_000):
            waiter.poke()
        waiter.drain()
        while waiter.bell[0].recv(1 << 20):
            pass
    except BlockingIOError:
        waiter.drain()  # nothing is left, which is no failure either
    finally:
        waiter.close()
