"""The fault proxy as a process: what comes out of it, and what it counts."""

import socket

import pytest

from tests.bench.faults import Faults
from tests.bench.machine import Proxies
from tests.bench.soaks.nameserver import running

HERE = "127.0.0.2"
QUESTION = b"\xab\xcd\1\0\0\1\0\0\0\0\0\0\3n-5\4shop\0\0\1\0\1"


@pytest.fixture
def port():
    with running(1, 0.0) as nameserver:
        yield int(nameserver.rpartition(":")[2])


def ask(port, count):
    """So many replies to one question."""
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.connect((HERE, port))
        sock.settimeout(20.0)
        sock.send(QUESTION)
        return [sock.recv(1500) for _ in range(count)]


def test_a_proxy_passes_on_loses_repeats_and_closes(port):
    with Proxies([HERE], ["127.0.0.1"], 1, port) as proxies:
        with pytest.raises(ConnectionRefusedError):
            ask(port, 1)
        proxies.change(Faults())
        (reply,) = ask(port, 1)
        assert reply[:2] == QUESTION[:2]
        assert reply[-4:] == socket.inet_aton("10.0.0.5")
        assert proxies.change(Faults(loss=1.0)) == [{"questions": 1, "replies": 1}]
        ask(port, 0)
        while not (counted := proxies.count()[0]):
            pass
        assert counted == {"questions": 1}
        proxies.change(Faults(duplicates=1.0, jitter=0.01))
        assert ask(port, 4) == [reply] * 4
        proxies.change(Faults(), closed=[["udp"]])
        with pytest.raises(ConnectionRefusedError):
            ask(port, 1)


def test_a_proxy_counts_connections_and_closes_its_port_for_them(port):
    with Proxies([HERE], ["127.0.0.1"], 1, port) as proxies:
        proxies.change(Faults())
        with socket.create_connection((HERE, port), 20.0) as sock:
            assert sock.recv(1) == b""  # this nameserver has no TCP
        assert proxies.change(Faults(), closed=[["tcp"]]) == [{"connections": 1}]
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((HERE, port), 20.0)
