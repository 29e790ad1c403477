"""`cluster.route()`: connections to the cluster's addresses that go to local ports."""

import asyncio
import errno
import http.client
import socket
import ssl
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import trio
import uvloop

from k8sresolve import ConfigError, EndpointName, InvalidName, ServiceName
from k8sresolve.testing import Cluster

SHOP = Path(__file__).parents[3] / "docs/examples/shop.yaml"


@pytest.fixture
def cluster() -> Cluster:
    return Cluster.from_manifests(SHOP)


class Greeting(BaseHTTPRequestHandler):
    """Says who was asked, by the Host header."""

    def do_GET(self) -> None:
        body = f"{self.server.server_port} as {self.headers['Host']}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def ports() -> Iterator[list[int]]:
    """Three local HTTP servers."""
    servers = [HTTPServer(("127.0.0.1", 0), Greeting) for _ in range(3)]
    threads = [threading.Thread(target=server.serve_forever, args=(0.01,)) for server in servers]
    for thread in threads:
        thread.start()
    yield [server.server_port for server in servers]
    for server in servers:
        server.shutdown()
        server.server_close()
    for thread in threads:
        thread.join()


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as reply:
        return reply.read().decode()


def refusal(address: tuple[str, int]) -> str:
    with pytest.raises(ConnectionRefusedError) as caught:
        socket.create_connection(address)
    assert caught.value.errno == errno.ECONNREFUSED
    return caught.value.strerror or ""


def test_a_client_reaches_a_local_server_by_the_services_name(cluster: Cluster, ports: list[int]) -> None:
    cluster.route("payments.shop", "http", to=("127.0.0.1", ports[0]))
    with cluster.patch(namespace="shop"):
        assert get("http://payments/") == f"{ports[0]} as payments"
        assert get("http://payments.shop.svc.cluster.local/") == f"{ports[0]} as payments.shop.svc.cluster.local"
        assert get("http://10.96.20.1/") == f"{ports[0]} as 10.96.20.1"


def test_a_name_alone_is_of_the_namespace_in_which_programs_run(cluster: Cluster, ports: list[int]) -> None:
    cluster.namespace = "shop"
    cluster.route("payments", "http", to=("127.0.0.1", ports[0]))
    with cluster.patch():
        assert get("http://payments/") == f"{ports[0]} as payments"


def test_where_programs_run_must_be_a_namespace(cluster: Cluster, ports: list[int]) -> None:
    cluster.namespace = "shop.svc"
    with pytest.raises(InvalidName, match=r"'shop\.svc'"):
        cluster.route("payments", "http", to=("127.0.0.1", ports[0]))


def test_each_spelling_of_service_and_port_will_do(cluster: Cluster, ports: list[int]) -> None:
    for name in (
        "payments.shop",
        "payments.shop.svc",
        "payments.shop.svc.cluster.local.",
        ServiceName("payments", "shop"),
    ):
        for port in ("http", 80):
            cluster = Cluster.from_manifests(SHOP)
            cluster.route(name, port, to=("127.0.0.1", ports[1]))
            with cluster.patch():
                assert get("http://payments.shop/").startswith(str(ports[1]))


def test_a_services_route_holds_for_its_pods_at_their_own_port(cluster: Cluster, ports: list[int]) -> None:
    cluster.route("payments.shop", "http", to=("127.0.0.1", ports[0]))
    with cluster.patch():
        assert get("http://10.244.1.11:8080/").startswith(str(ports[0]))
        assert "has no such TCP port; its ports are http (80/TCP), grpc (9090/TCP)" in refusal(("10.244.1.11", 80))


def test_an_endpoint_may_have_a_route_of_its_own(cluster: Cluster, ports: list[int]) -> None:
    cluster.route("cassandra.data", "cql", to=("127.0.0.1", ports[0]))
    cluster.route("cassandra-1.cassandra.data.svc.cluster.local", "cql", to=("127.0.0.1", ports[1]))
    third = EndpointName.parse("cassandra-2.cassandra.data.svc.cluster.local")
    cluster.route(third, "cql", to=("127.0.0.1", ports[2]))
    with cluster.patch(namespace="data"):
        for pod in range(3):
            assert get(f"http://cassandra-{pod}.cassandra:9042/").startswith(str(ports[pod]))


def test_ipv6_addresses_are_routed_too(cluster: Cluster, ports: list[int]) -> None:
    cluster.route("web.shop", "https", to=("127.0.0.1", ports[0]))
    with cluster.patch():
        assert get("http://[fd00:10:96::20:2]:443/").startswith(str(ports[0]))
        with socket.socket(socket.AF_INET6) as sock:
            sock.connect(("::ffff:10.96.20.2", 443))


def test_what_is_missing_is_said(cluster: Cluster) -> None:
    with cluster.patch(namespace="shop"):
        assert refusal(("payments", 80)) == (
            "10.96.20.1:80 is port http of payments.shop, where no route leads: "
            "call cluster.route('payments.shop', 'http', to=('127.0.0.1', PORT))"
        )
        assert refusal(("payments", 81)) == (
            "10.96.20.1:81 is an address of payments.shop, which has no such TCP port; "
            "its ports are http (80/TCP), grpc (9090/TCP)"
        )
        assert refusal(("10.244.99.99", 80)) == (
            "10.244.99.99:80 is in the cluster's networks, but no Service and no endpoint of one has this address"
        )
        with socket.socket() as sock:
            assert sock.connect_ex(("10.96.20.1", 80)) == errno.ECONNREFUSED


def test_udp_and_tcp_ports_are_told_apart(cluster: Cluster) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server, socket.socket(type=socket.SOCK_DGRAM) as client:
        server.bind(("127.0.0.1", 0))
        cluster.route("kube-dns.kube-system", "dns", to=server.getsockname())
        with cluster.patch():
            client.connect(("kube-dns.kube-system", 53))
            client.send(b"hello")
            assert server.recv(100) == b"hello"
            assert "call cluster.route('kube-dns.kube-system', 'dns-tcp'" in refusal(("10.96.0.10", 53))


def test_pods_that_come_later_are_routed_and_those_that_go_are_not(cluster: Cluster, ports: list[int]) -> None:
    cluster.route("cassandra.data", "cql", to=("127.0.0.1", ports[0]))
    with cluster.patch():
        assert get("http://10.244.3.21:9042/")
        cluster.store.remove("EndpointSlice", "data", "cassandra-m8d2c")
        assert "no endpoint of one has this address" in refusal(("10.244.3.21", 9042))


def test_other_addresses_are_left_alone(cluster: Cluster, ports: list[int]) -> None:
    with cluster.patch():
        assert get(f"http://127.0.0.1:{ports[0]}/").startswith(str(ports[0]))
        assert get(f"http://localhost:{ports[0]}/").startswith(str(ports[0]))
        with socket.socket(socket.AF_UNIX) as sock, pytest.raises(FileNotFoundError):
            sock.connect("/nowhere/at/all")
        with socket.socket() as sock, pytest.raises(TypeError):
            sock.connect("payments")  # type: ignore[arg-type]


async def fetch(url_port: int) -> str:
    reader, writer = await asyncio.open_connection("payments", 80)
    writer.write(b"GET / HTTP/1.0\r\nHost: payments\r\n\r\n")
    reply = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert str(url_port).encode() in reply
    with pytest.raises(ConnectionRefusedError, match=r"cluster\.route\('payments.shop', 'grpc'"):
        await asyncio.open_connection("payments", 9090)
    with pytest.raises(OSError, match=r"cluster\.route\('web.shop', 'https'"):
        await asyncio.open_connection("web", 443)
    with pytest.raises(ConnectionRefusedError, match="fd00:10:96::20:2"):
        await asyncio.open_connection("web", 443, family=socket.AF_INET6)
    with socket.socket() as sock:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("10.96.20.1", 80))
        assert sock.getpeername() == ("127.0.0.1", url_port)
    return reply.decode()


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_asyncio_and_uvloop_connections_are_routed(cluster: Cluster, ports: list[int], run: Any) -> None:
    cluster.route("payments.shop", "http", to=("127.0.0.1", ports[0]))
    with cluster.patch(namespace="shop"):
        assert "as payments" in run(fetch(ports[0]))


def test_trios_connections_are_routed(cluster: Cluster, ports: list[int]) -> None:
    async def main() -> bytes:
        async with await trio.open_tcp_stream("payments", 80) as stream:
            await stream.send_all(b"GET / HTTP/1.0\r\nHost: payments\r\n\r\n")
            return b"".join([part async for part in stream])

    cluster.route("payments.shop", "http", to=("127.0.0.1", ports[0]))
    with cluster.patch(namespace="shop"):
        assert str(ports[0]).encode() in trio.run(main)


def test_tls_sockets_are_routed(cluster: Cluster, ports: list[int]) -> None:
    cluster.route("payments.shop", "http", to=("127.0.0.1", ports[0]))
    with cluster.patch(namespace="shop"):
        connection = http.client.HTTPSConnection("payments", 80, context=ssl.create_default_context())
        with pytest.raises(ssl.SSLError):  # the local server speaks no TLS, so it was reached
            connection.request("GET", "/")
        connection.close()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("payment.shop", "http", ("127.0.0.1", 1)), r"no Service payment\.shop; near it are payments\.shop"),
        (("payments", "http", ("127.0.0.1", 1)), r"no Service payments\.default"),
        (("payments.shop", "https", ("127.0.0.1", 1)), r"no port 'https'; it has http \(80/TCP\), grpc \(9090/TCP\)"),
        (("payments.shop", 8080, ("127.0.0.1", 1)), "no port 8080"),
        (("billing.shop", "http", ("127.0.0.1", 1)), r"an alias of api\.example\.com"),
        (("payments.shop", "http", ("192.0.2.1", 1)), "is no local address and port"),
        (("payments.shop", "http", ("::1", 1)), "is no local address and port"),
        (("payments.shop", "http", ("localhost", 1)), "is no local address and port"),
        (("payments.shop", "http", ("127.0.0.1", 0)), "is no local address and port"),
        (("payments.shop", "http", "127.0.0.1:1"), "is no local address and port"),
    ],
)
def test_a_route_that_cannot_be_is_refused_where_it_is_made(cluster: Cluster, arguments: Any, message: str) -> None:
    name, port, to = arguments
    with pytest.raises(ConfigError, match=message):
        cluster.route(name, port, to=to)


def test_what_is_no_name_of_the_cluster_is_no_name_to_route(cluster: Cluster) -> None:
    with pytest.raises(InvalidName):
        cluster.route("a.b.c.d.e", "http", to=("127.0.0.1", 1))
