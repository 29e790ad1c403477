"""Inside a `Kube`: change what is in the cluster, and take its DNS away."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection

from tests.live.changing_api import endpoint_slice, namespace, service
from tests.live.kube_api import Object
from tests.live.sandbox import API_PORT

AWAY = """\
table ip away {
    chain input {
        type filter hook input priority 0; policy accept;
        meta l4proto { tcp, udp } th dport 53 drop
    }
}
"""


def apply(*objects: Object) -> None:
    """Put objects in, or in place of those of their names."""
    _send("PUT", "/", json.dumps(objects))


def delete(kind: str, place: str, name: str) -> None:
    """Take an object away."""
    _send("DELETE", f"/{kind}/{place}/{name}")


def _send(method: str, path: str, body: str | None = None) -> None:
    connection = HTTPConnection("127.0.0.1", API_PORT, timeout=20)
    try:
        connection.request(method, path, body)
        reply = connection.getresponse()
        if reply.read() != b"{}":
            raise RuntimeError(f"{method} {path}: {reply.status} {reply.reason}")
    finally:
        connection.close()


def headless(name: str, ports: Mapping[str, int], pods: Mapping[str, str]) -> None:
    """Have a headless Service, `NAMESPACE/NAME`, of ready pods: hostnames by address."""
    place, _, short = name.partition("/")
    apply(namespace(place), service(place, short, ports), endpoint_slice(place, short, pods, ports))


def cluster_ip(
    name: str, address: str, ports: Mapping[str, int], pods: Mapping[str, str], targets: Mapping[str, int] | None = None
) -> None:
    """Have a Service with an address, whose pods listen on `targets`, or on the Service's own ports."""
    place, _, short = name.partition("/")
    ready = endpoint_slice(place, short, pods, targets or ports)
    apply(namespace(place), service(place, short, ports, address), ready)


@contextmanager
def dns_away() -> Iterator[None]:
    """Have CoreDNS hear nothing, as when its node is lost: whoever asks waits in vain."""
    _nft(AWAY)
    try:
        yield
    finally:
        _nft("delete table ip away\n")


def _nft(text: str) -> None:
    subprocess.run(["nft", "-f", "-"], input=text, check=True, text=True)
