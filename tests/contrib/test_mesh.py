"""How a mesh's proxy is seen, and told of once."""

import logging
import socket

import pytest

from k8sresolve import _proxies
from k8sresolve._proxies import listening, listening_lines, proxy_of
from k8sresolve.contrib import _mesh
from k8sresolve.contrib._mesh import warn_of_mesh

# In the form of linux/Documentation/networking/proc_net_tcp.rst: a listener on port 22, a connection of its.
LINES = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 20 1 0 100 0 0 10 0
   1: 0100007F:0016 0100007F:3A99 01 00000000:00000000 00:00000000 00000000     0        0 21 1 0 20 4 30 10 -1
   2: 0100007F:3A99 0100007F:0016 01 00000000:00000000 00:00000000 00000000     0        0 22 1 0 20 4 30 10 -1
"""
LISTENER = "   3: 00000000:{:04X} 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1337        0 23 1 0\n"
IPV6 = "   0: 00000000000000000000000000000000:{:04X} 00000000000000000000000000000000:0000 0A 0:0 00:0 0 1337 0 23\n"


@pytest.fixture
def network(tmp_path, monkeypatch):
    """What Linux shows, of IPv4 and IPv6."""
    files = tmp_path / "tcp", tmp_path / "tcp6"
    monkeypatch.setattr(_proxies, "FILES", [str(file) for file in files])
    monkeypatch.setattr(_mesh, "_told", False)

    def write(v4=(), v6=()):
        for file, line, ports in zip(files, (LISTENER, IPV6), (v4, v6), strict=True):
            file.write_text(LINES + "".join(map(line.format, ports)))

    return write


def test_who_listens_is_read_and_who_is_connected_is_not():
    assert listening(LINES.splitlines()) == {22}
    assert listening(["", "sl", LISTENER.format(15001), IPV6.format(15006)]) == {15001, 15006}


@pytest.mark.parametrize(
    ("address", "family"),
    [("127.0.0.1", socket.AF_INET), pytest.param("::1", socket.AF_INET6, marks=pytest.mark.ipv6)],
)
def test_who_listens_here_is_seen(address, family):
    with socket.create_server((address, 0), family=family) as server:
        assert server.getsockname()[1] in listening(listening_lines())


@pytest.mark.parametrize(
    ("ports", "mesh"),
    [
        ({8080, 15001, 15006, 15021}, "Istio"),
        ({8080, 4140, 4143, 4191}, "Linkerd"),
        ({15001}, None),  # a program of one's own
        ({4143}, None),
        (set(), None),
    ],
)
def test_a_proxy_is_one_that_takes_connections_both_ways(ports, mesh):
    assert proxy_of(ports) == mesh


@pytest.mark.parametrize("ports", [{"v4": (15001, 15006)}, {"v6": (15001, 15006)}, {"v4": (15001,), "v6": (15006,)}])
def test_it_is_told_once(network, caplog, ports):
    network(**ports)
    with caplog.at_level(logging.WARNING, "k8sresolve"):
        warn_of_mesh()
        warn_of_mesh()
    assert [record.name for record in caplog.records] == ["k8sresolve"]
    assert "a proxy of Istio takes the connections of this pod" in caplog.text
    assert "use the client's plain adapter" in caplog.text


def test_without_a_proxy_nothing_is_told(network, caplog):
    network(v4=(8080,))
    warn_of_mesh()
    assert caplog.records == []


def test_where_linux_shows_nothing_nothing_is_told(network, caplog):
    warn_of_mesh()
    assert caplog.records == []
