"""A Service on this machine's loopback: what an adapter connects to while the cluster is offline."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from k8sresolve.testing import Cluster

CORRECT = b"this is payments"


class _Greeting(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.sendall(CORRECT)


@contextmanager
def service(address: str = "127.0.0.1") -> Iterator[Cluster]:
    """A cluster whose Service `payments`, of namespace `shop`, has a port `hello` where a listener greets."""
    with socketserver.ThreadingTCPServer((address, 0), _Greeting) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield Cluster.from_objects([payments(address, server.server_address[1])])
        finally:
            server.shutdown()
            thread.join()


def payments(address: str, port: int) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "payments", "namespace": "shop"},
        "spec": {"clusterIP": address, "ports": [{"name": "hello", "port": port, "protocol": "TCP"}]},
    }
