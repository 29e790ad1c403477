"""Servers on loopback for HTTP clients, which say what came to them, and what clients of a test go there by."""

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer

import trustme

from k8sresolve.testing import Cluster

SHOP = "docs/examples/shop.yaml"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Web"

    def setup(self) -> None:
        super().setup()
        self.client_address = tuple(self.client_address[:2]) or ("", 0)
        self.server.open.add(self.client_address[1])

    def finish(self) -> None:
        super().finish()
        with self.server.closing:
            self.server.open.discard(self.client_address[1])
            self.server.closing.notify_all()

    def do_GET(self) -> None:
        told = {"host": self.headers["Host"], "path": self.path, "from": self.client_address}
        if "sni" in self.server.__dict__:
            told["sni"] = self.server.sni
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        half = len(body) // 2
        self.wfile.write(body[:half])
        if self.path == "/slow":
            self.server.go_on.wait()
        self.wfile.write(body[half:])

    def log_message(self, *_: object) -> None: ...


class Web(ThreadingHTTPServer):
    """Answers each GET with what it was: Host, path, where from, and with TLS the name of SNI.

    `open` are the client's ports of the connections there are. "/slow" sends its second half when `go_on` is set.
    """

    daemon_threads = True

    def __init__(self, certificate: trustme.LeafCert | None = None, path: str = "") -> None:
        if path:
            self.address_family = socket.AF_UNIX
        super().__init__(path or ("127.0.0.1", 0), _Handler)
        self.open: set[int] = set()
        self.closing = threading.Condition()
        self.go_on = threading.Event()
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            certificate.configure_cert(context)
            context.sni_callback = self._see
            self.socket = context.wrap_socket(self.socket, server_side=True)

    def _see(self, _socket: object, name: str | None, _context: object) -> None:
        self.sni = name

    def handle_error(self, *_: object) -> None:
        """A client that refuses the certificate, or goes away, is no error here."""

    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # HTTPServer's looks up the name of its address

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self.port

    @property
    def port(self) -> int:
        return self.server_address[1]

    def wait_until_closed(self, port: int) -> None:
        with self.closing:
            self.closing.wait_for(lambda: port not in self.open)


@contextmanager
def web(certificate: trustme.LeafCert | None = None, path: str = "") -> Iterator[Web]:
    """A server, with TLS by a certificate, or on a socket of this machine at a path."""
    with Web(certificate, path) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.go_on.set()
            server.shutdown()
            thread.join()


@contextmanager
def silence() -> Iterator[tuple[str, int]]:
    """An address where nothing is answered: Linux drops SYNs while the queue of those to be accepted is full."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        first = [socket.socket() for _ in range(3)]
        try:
            for each in first:
                each.setblocking(False)
                each.connect_ex(server.getsockname())
            yield server.getsockname()
        finally:
            for each in first:
                each.close()


@contextmanager
def closed() -> Iterator[tuple[str, int]]:
    """An address where connections are refused."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()


def shop() -> Cluster:
    return Cluster.from_manifests(SHOP)


def pods(cluster: Cluster, *to: tuple[str, int]) -> None:
    """Lead the pods of `cassandra.data`, each at its port `cql`, to these."""
    for number, address in enumerate(to):
        cluster.route(f"cassandra-{number}.cassandra.data.svc.cluster.local", "cql", to=address)


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and all that led to it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now
