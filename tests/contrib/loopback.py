"""A cluster whose pods have addresses of loopback, and listeners there that say what clients do."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Queue

from k8sresolve.testing import Cluster
from tests.ports import apart

COREFILE = """\
cluster.local in-addr.arpa ip6.arpa {
    kubernetes cluster.local in-addr.arpa ip6.arpa
}
. {
    template ANY ANY {
        rcode NXDOMAIN
    }
}
"""
Reply = Callable[[socket.socket, bytes], None]


def service(name, pods, port, *, cluster_ip="None", port_name="main", hostnames=True):
    """Make a Service of namespace `data`, and the EndpointSlice of its pods at these addresses."""
    labels = {"kubernetes.io/service-name": name}
    endpoints = [
        {"addresses": [address], **({"hostname": f"{name}-{number}"} if hostnames else {})}
        for number, address in enumerate(pods)
    ]
    ports = [{"name": port_name, "port": port, "protocol": "TCP"}]
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name, "namespace": "data"},
            "spec": {"clusterIP": cluster_ip, "ports": ports},
        },
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": f"{name}-1", "namespace": "data", "labels": labels},
            "addressType": "IPv4",
            "endpoints": endpoints,
            "ports": ports,
        },
    ]


def cluster_of(*services):
    """Make a cluster whose CoreDNS keeps no answers, so that what changes is told at once; nothing is outside."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "data"}}
    return Cluster.from_objects([namespace, *(part for parts in services for part in parts)], corefile=COREFILE)


class Listeners:
    """Listeners at several addresses and one port; `seen` has the address of each connection and its first octets."""

    def __init__(self, addresses: tuple[str, ...], port: int, reply: Reply | None, greeting: bytes) -> None:
        self.port = port or apart()
        self._greeting = greeting
        self.seen: Queue[tuple[str, bytes]] = Queue()
        self._reply = reply
        self._sockets: dict[str, socket.socket] = {}
        for address in addresses:
            self.add(address)

    def add(self, address: str) -> None:
        server = socket.create_server((address, self.port))
        self._sockets[address] = server
        threading.Thread(target=self._serve, args=(address, server), daemon=True).start()

    def close(self, address: str) -> None:
        server = self._sockets.pop(address)
        server.shutdown(socket.SHUT_RDWR)
        server.close()

    def close_all(self) -> None:
        for address in list(self._sockets):
            self.close(address)

    def all_seen(self) -> list[tuple[str, bytes]]:
        return [self.seen.get_nowait() for _ in range(self.seen.qsize())]

    def _serve(self, address: str, server: socket.socket) -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(address, client), daemon=True).start()

    def _answer(self, address: str, client: socket.socket) -> None:
        with client:
            try:
                client.sendall(self._greeting)
                first = client.recv(4096)
                self.seen.put((address, first))
                if self._reply is not None:
                    self._reply(client, first)
            except OSError:
                return


@contextmanager
def listening(*addresses: str, port: int = 0, reply: Reply | None = None, greeting: bytes = b"") -> Iterator[Listeners]:
    listeners = Listeners(addresses, port, reply, greeting)
    try:
        yield listeners
    finally:
        listeners.close_all()
