"""The nameserver on loopback: where it listens, how long, and how its ports are closed and opened."""

import asyncio
import gc
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import dns.rcode
import pytest

from k8sresolve.errors import ConfigError
from k8sresolve.testing import Cluster, headless
from k8sresolve.testing.network import server as server_module
from k8sresolve.testing.network.server import Server
from tests.ports import apart

PAYMENTS = "payments.shop.svc.cluster.local."
QUERY = dns.message.make_query(PAYMENTS, "A")


@pytest.fixture
def cluster() -> Cluster:
    return Cluster.from_manifests("docs/examples/shop.yaml", server_addresses=("10.244.0.2", "10.244.1.2"))


@pytest.fixture
def server(cluster) -> Iterator[Server]:
    with cluster.serve() as server:
        yield server


def udp(server: Server, timeout: float = 5.0) -> list[str]:
    return _told(dns.query.udp(QUERY, server.host, port=server.port, timeout=timeout))


def tcp(server: Server, timeout: float = 5.0) -> list[str]:
    return _told(dns.query.tcp(QUERY, server.host, port=server.port, timeout=timeout))


def _told(reply: dns.message.Message) -> list[str]:
    return [str(record) for rrset in reply.answer for record in rrset]


def test_it_answers_over_both_transports_on_one_port(server):
    assert udp(server) == tcp(server) == ["10.96.20.1"]


@pytest.mark.ipv6
def test_it_listens_on_ipv6_loopback(cluster):
    with cluster.serve("::1") as server:
        assert udp(server) == tcp(server) == ["10.96.20.1"]
    assert [query.client for query in cluster.queries] == ["::1", "::1"]


def test_async_with_is_the_same(cluster):
    async def ask() -> list[str]:
        async with cluster.serve() as server:
            return await asyncio.to_thread(udp, server)

    assert asyncio.run(ask()) == ["10.96.20.1"]


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "100.64.0.1", "172.32.0.1", "2001:db8::1", "8.8.8.8"])
def test_addresses_that_are_neither_loopback_nor_private_are_refused_unless_it_is_open(cluster, host):
    with pytest.raises(ConfigError, match=r"is neither a loopback nor a private address, .* open=True where that is m"):
        cluster.serve(host)
    assert cluster.serve(host, open=True).host == host


@pytest.mark.parametrize("host", ["10.1.2.3", "172.31.0.1", "192.168.1.1", "169.254.20.10", "fd00::1", "127.1.2.3"])
def test_private_addresses_are_fine(cluster, host):
    assert cluster.serve(host).host == host


@pytest.mark.parametrize("host", ["localhost", "", None, 5, "10.0.0.1/8"])
def test_what_is_no_address_is_refused(cluster, host):
    with pytest.raises(ConfigError, match="is no address to listen on; give one of this machine, as 127"):
        cluster.serve(host)


@pytest.mark.parametrize("payload", [None, 700, 1232, 4096])
@pytest.mark.parametrize(("host", "corefile"), [("127.0.0.1", ""), ("0.0.0.0", "bufsize 1232")])
def test_beyond_loopback_a_udp_reply_is_cut_as_coredns_cuts_it(host, corefile, payload):
    objects = headless("many.shop", pods=200)
    edns = {} if payload is None else {"use_edns": 0, "payload": payload}
    query = dns.message.make_query("many.shop.svc.cluster.local.", "A", **edns)
    text = f".:53 {{\n{corefile}\nkubernetes cluster.local\n}}\n"
    expected = Cluster.new(objects, corefile=text).respond(query.to_wire())
    plain = Cluster.new(objects, corefile=".:53 {\nkubernetes cluster.local\n}\n")
    with plain.serve(host, open=True) as server, socket.socket(type=socket.SOCK_DGRAM) as asking:
        asking.settimeout(10)
        asking.sendto(query.to_wire(), ("127.0.0.1", server.port))
        reply = asking.recv(65535)
        # Over TCP there is room for all.
        over_tcp = dns.query.tcp(query, "127.0.0.1", port=server.port, timeout=10)
    assert reply == expected
    assert sum(map(len, over_tcp.answer)) == 200


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_port_in_use_is_told_and_nothing_is_left_open(cluster, kind):
    threads = threading.active_count()
    port = apart()
    with socket.socket(type=kind) as taken:
        taken.bind(("127.0.0.1", port))
        with pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1:{port}: .*; choose another port"):
            cluster.serve(port=port).start()
    assert threading.active_count() == threads
    with cluster.serve(port=port) as server:
        assert udp(server) == ["10.96.20.1"]


@pytest.mark.parametrize("port", [65536, -1])
def test_a_port_that_is_none_is_told(cluster, port):
    with pytest.raises(ConfigError, match=f"^{port} is no port to listen on; give 0 for any, or one up to 65535"):
        cluster.serve(port=port)


def test_starting_twice_is_refused_and_stopping_twice_is_fine(cluster):
    server = cluster.serve()
    server.start()
    try:
        with pytest.raises(RuntimeError, match="listens already"):
            server.start()
        assert udp(server) == ["10.96.20.1"]
    finally:
        server.stop()
    server.stop()


def test_it_may_be_started_again(cluster):
    server = cluster.serve()
    for _ in range(2):
        with server:
            assert udp(server) == ["10.96.20.1"]


def test_nothing_is_left_when_it_stops(cluster):
    threads = threading.active_count()
    with cluster.serve() as server, socket.create_connection((server.host, server.port)) as idle:
        cluster.network.refuse()
        cluster.network.restore()
        cluster.network.delay(60)
        idle.settimeout(5)
        with pytest.raises(dns.exception.Timeout):
            udp(server, 0.05)
    assert threading.active_count() == threads
    gc.collect()  # a socket that was left open would warn, and warnings are errors
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((server.host, server.port))


def test_the_cluster_s_clock_goes_on_by_itself_while_it_listens(cluster):
    with cluster.serve():
        time.sleep(0.02)
        assert cluster.clock.monotonic() >= 0.02
        cluster.clock.advance(100)
        assert cluster.clock.monotonic() >= 100.02
    stood = cluster.clock.monotonic()
    assert cluster.clock.monotonic() == stood


def test_a_closed_port_is_closed_at_once_and_keeps_its_number(cluster, server):
    with socket.create_connection((server.host, server.port)) as stream:
        with cluster.network.refuse():
            stream.settimeout(5)
            assert stream.recv(1) == b""
            with pytest.raises(ConnectionRefusedError):
                tcp(server)
            with socket.socket(type=socket.SOCK_DGRAM) as client:
                client.settimeout(5)
                client.connect((server.host, server.port))
                client.send(QUERY.to_wire())
                with pytest.raises(ConnectionRefusedError):
                    client.recv(512)
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                with socket.socket(type=kind) as other, pytest.raises(OSError, match="in use"):
                    other.bind((server.host, server.port))
        assert udp(server) == tcp(server) == ["10.96.20.1"]
    assert len(cluster.queries) == 2


def test_one_transport_may_be_closed(cluster, server):
    with cluster.network.refuse(transport="tcp"):
        assert udp(server) == ["10.96.20.1"]
        with pytest.raises(ConnectionRefusedError):
            tcp(server)


def test_two_faults_that_close_a_port_end_one_after_the_other(cluster, server):
    first, second = cluster.network.refuse(), cluster.network.refuse(transport="tcp")
    first.stop()
    assert udp(server) == ["10.96.20.1"]
    with pytest.raises(ConnectionRefusedError):
        tcp(server)
    second.stop()
    assert tcp(server) == ["10.96.20.1"]


def test_a_server_that_starts_while_its_port_is_to_be_closed_has_it_closed(cluster):
    fault = cluster.network.refuse(transport="tcp")
    with cluster.serve() as server:
        with pytest.raises(ConnectionRefusedError):
            tcp(server)
        fault.stop()
        assert tcp(server) == ["10.96.20.1"]


def test_a_server_may_stand_for_one_replica(cluster):
    with cluster.serve(replica="10.244.0.2") as first, cluster.serve(replica="10.244.1.2") as second:
        cluster.network.refuse(nameserver="10.244.0.2")
        cluster.network.rcode("REFUSED", nameserver="10.244.1.2", next=1)
        with pytest.raises(ConnectionRefusedError):
            tcp(first)
        assert dns.query.udp(QUERY, second.host, port=second.port, timeout=5).rcode() == dns.rcode.REFUSED
        assert udp(second) == ["10.96.20.1"]
    assert {query.nameserver for query in cluster.queries} == {"10.244.1.2"}


def test_a_replica_that_there_is_not_is_told(cluster):
    with pytest.raises(
        ConfigError, match=r"no nameserver .* has the address '10\.9\.9\.9'; it has 10\.244\.0\.2, 10\."
    ):
        cluster.serve(replica="10.9.9.9")


def test_k4_one_socket_is_led_to_one_replica_and_others_to_the_others(cluster, server):
    replicas = []
    for _ in range(2):
        with socket.socket(type=socket.SOCK_DGRAM) as client:
            client.settimeout(5)
            for _ in range(3):
                client.sendto(QUERY.to_wire(), (server.host, server.port))
                client.recv(512)
            replicas.append({query.replica for query in list(cluster.queries)[-3:]})
    assert replicas == [{"10.244.0.2"}, {"10.244.1.2"}]


def test_the_client_in_the_log_is_its_address(cluster, server):
    udp(server)
    (query,) = cluster.queries
    assert (query.client, query.nameserver) == ("127.0.0.1", "10.96.0.10")


def test_several_queries_over_one_connection_are_answered_in_turn(server):
    with socket.create_connection((server.host, server.port)) as stream:
        stream.settimeout(5)
        for _ in range(2):
            dns.query.send_tcp(stream, QUERY.to_wire())
        for _ in range(2):
            assert _told(dns.query.receive_tcp(stream)[0]) == ["10.96.20.1"]


def test_a_reset_connection_is_reset_and_not_closed(cluster, server):
    cluster.network.reset()
    with socket.create_connection((server.host, server.port)) as stream:
        stream.settimeout(5)
        dns.query.send_tcp(stream, QUERY.to_wire())
        with pytest.raises(ConnectionResetError):
            stream.recv(1)


def test_a_drip_comes_octet_by_octet(cluster, server):
    cluster.network.drip(0.005)
    with socket.create_connection((server.host, server.port)) as stream:
        stream.settimeout(5)
        start = time.monotonic()
        dns.query.send_tcp(stream, QUERY.to_wire())
        received = stream.recv(100)
        assert len(received) < 20
        while len(received) < 2 or len(received) < int.from_bytes(received[:2]) + 2:
            received += stream.recv(100)
        assert time.monotonic() - start >= 0.005 * (len(received) - 1)


def test_a_reply_from_elsewhere_has_another_source(cluster, server):
    cluster.network.wrong_source(then_reply=True)
    with socket.socket(type=socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        client.sendto(QUERY.to_wire(), (server.host, server.port))
        (_, first), (_, second) = client.recvfrom(512), client.recvfrom(512)
    assert first != (server.host, server.port)
    assert second == (server.host, server.port)


def test_replies_are_reordered_on_the_wire(cluster, server):
    cluster.network.reorder()
    with socket.socket(type=socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        for number in range(3):
            message = dns.message.make_query(PAYMENTS, "A", id=number + 1)
            client.sendto(message.to_wire(), (server.host, server.port))
        assert [client.recv(512)[1] for _ in range(3)] == [3, 2, 1]


def test_junk_does_not_end_it(cluster, server):
    with socket.socket(type=socket.SOCK_DGRAM) as client:
        for junk in (b"", b"x", b"\xff" * 600):
            client.sendto(junk, (server.host, server.port))
    with socket.create_connection((server.host, server.port)) as stream:
        stream.sendall(b"\x00\x03abc\x00")
    assert udp(server) == ["10.96.20.1"]
    assert len(cluster.queries) == 1


def test_several_threads_may_ask_and_change_faults_at_once(cluster, server):
    failures: list[BaseException] = []

    def ask() -> None:
        try:
            for _ in range(30):
                assert udp(server) == ["10.96.20.1"]
        except BaseException as error:  # noqa: BLE001 - reported below
            failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(50):
        with cluster.network.delay(0.001):
            pass
    for thread in threads:
        thread.join()
    assert failures == []
    assert cluster.queries.asked(PAYMENTS, "A") == 120


# What a client cannot do to it (F15): connections that bring nothing, or take nothing, end.


def connected(server: Server, **options: int) -> socket.socket:
    sock = socket.socket()
    for name, value in options.items():
        sock.setsockopt(socket.SOL_SOCKET, getattr(socket, name), value)
    sock.settimeout(30.0)  # so long it hangs where it should end
    sock.connect((server.host, server.port))
    return sock


def framed(query: dns.message.Message = QUERY) -> bytes:
    wire = query.to_wire()
    return len(wire).to_bytes(2) + wire


def reply(sock: socket.socket) -> bytes:
    """The next reply over a connection; empty where it has ended."""
    try:
        length = sock.recv(2, socket.MSG_WAITALL)
        return sock.recv(int.from_bytes(length), socket.MSG_WAITALL) if length else b""
    except ConnectionError:
        return b""


def test_f15_the_limits_are_those_of_the_page():
    assert (server_module._IDLE, server_module._MOST_CONNECTIONS) == (10.0, 512)


@pytest.mark.parametrize("sent", [b"", b"\0", framed()[:-1]], ids=["nothing", "half a length", "half a query"])
def test_f15_a_connection_that_brings_no_query_is_closed(server, monkeypatch, sent):
    monkeypatch.setattr(server_module, "_IDLE", 0.05)
    with connected(server) as sock:
        sock.sendall(sent)
        assert reply(sock) == b""


def test_f15_a_connection_idle_after_a_reply_is_closed(cluster, server, monkeypatch):
    # From the query on, which so may take its time to come.
    cluster.queries.watch(lambda _query: monkeypatch.setattr(server_module, "_IDLE", 0.05))
    with connected(server) as sock:
        sock.sendall(framed())
        assert reply(sock)
        assert reply(sock) == b""


def test_f15_a_query_that_drips_for_ever_is_cut_off(server, monkeypatch):
    monkeypatch.setattr(server_module, "_IDLE", 0.2)
    with connected(server) as sock:
        sock.sendall(b"\xff\xff")
        sock.settimeout(0.01)  # each octet comes long before the time is up, and all of them after it
        for _ in range(1000):
            try:
                sock.sendall(b"x")
                if sock.recv(1) == b"":
                    return
            except TimeoutError:
                continue
            except ConnectionError:
                return
    pytest.fail("it waits for 65,535 octets, however slow they are")


def test_f15_a_connection_is_not_idle_while_its_reply_is_under_way(cluster, server, monkeypatch):
    cluster.queries.watch(lambda _query: monkeypatch.setattr(server_module, "_IDLE", 0.001))
    cluster.network.delay(0.3)
    with connected(server) as sock:
        sock.sendall(framed())
        assert reply(sock)


def is_held(sock, query):
    """Send once more; whether the connection is still there."""
    try:
        sock.send(query)
    except TimeoutError:
        return True
    except ConnectionError:
        return False
    return True


def test_f15_a_client_that_takes_no_replies_is_dropped_and_holds_little_memory(server, cluster, monkeypatch):
    monkeypatch.setattr(server_module, "_IDLE", 0.3)
    with connected(server, SO_RCVBUF=4096) as sock:
        sock.settimeout(0.05)
        query = framed() * 100
        while is_held(sock, query):  # the kernel may take megabytes before the first of them waits
            pass
    # What it was asked for and did not get rid of: a reply has some 100 octets.
    assert len(cluster.queries) * 100 < 4 * server_module._UNSENT
    monkeypatch.undo()
    assert tcp(server) == ["10.96.20.1"]


@pytest.fixture
def four(server, monkeypatch) -> Iterator[list[socket.socket]]:
    """A server that lets four connections in, and four that were opened one after another, of which each has asked."""
    monkeypatch.setattr(server_module, "_MOST_CONNECTIONS", 4)
    there = [connected(server) for _ in range(4)]
    for sock in there:
        sock.sendall(framed())
        assert reply(sock)
    yield there
    for sock in there:
        sock.close()


def test_f15_of_too_many_connections_the_idlest_gives_way(server, four):
    first, second, third, fourth = four
    first.sendall(framed())
    assert reply(first)
    with connected(server) as fifth:
        for sock in (fifth, third, fourth, first):
            sock.sendall(framed())
            assert reply(sock)
        assert reply(second) == b""


def test_f15_where_all_are_being_answered_a_new_connection_is_closed(cluster, server, four):
    cluster.network.delay(0.5)
    for sock in four:
        sock.sendall(framed())
    while len(cluster.queries) < 8:
        time.sleep(0.001)
    with connected(server) as fifth:
        assert reply(fifth) == b""
    assert all(map(reply, four))


def open_files() -> int:
    return len([*Path("/proc/self/fd").iterdir()])


@pytest.mark.parametrize("taking", [True, False], ids=["idle", "slow"])
def test_f15_no_task_thread_or_descriptor_is_left_by_connections_that_were_open(cluster, taking):
    gc.collect()
    before = threading.active_count(), open_files()
    with cluster.serve() as server:
        there = [connected(server, SO_RCVBUF=4096) for _ in range(20)]
        for sock in there:
            sock.sendall(framed() if taking else framed() * 200)
        if taking:
            assert all(map(reply, there))
    for sock in there:
        sock.close()
    gc.collect()
    assert (threading.active_count(), open_files()) == before
