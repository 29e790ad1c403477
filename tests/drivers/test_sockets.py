"""What the drivers' sockets do by themselves: addresses, failures at once, and looks that find nothing."""

import socket

import pytest

from k8sresolve._core.engine.sends import Send
from k8sresolve._core.questions import A, Question
from k8sresolve._core.wire.query import encode_query
from k8sresolve._drivers import blocking
from k8sresolve._drivers.blocking import _Datagrams, _Waiter
from k8sresolve._drivers.sockets import Stream, address_of, open_datagram, text_of
from k8sresolve.config import Nameserver
from tests.drivers import held

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
    for attempt in (open_datagram, lambda nameserver: Stream(nameserver, PAYLOAD)):
        with pytest.raises(OSError, match=r"denied|unreachable"):
            attempt(BROADCAST)
    assert held.fds() == before


def test_nor_does_what_must_not_be_sent(monkeypatch):
    before = held.fds()
    monkeypatch.setattr(blocking, "open_datagram", lambda _: socket.SocketType(socket.AF_INET, socket.SOCK_DGRAM))
    with pytest.raises(OSError, match="Destination address required"):
        _Datagrams(Send(0, BROADCAST, "udp", PAYLOAD))
    assert held.fds() == before


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
    port = _Datagrams(Send(0, nameserver, "udp", PAYLOAD))
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
