"""A nameserver for counting: the offline cluster on loopback, whose answers are CoreDNS's, as no time counts there.

    python -m tests.bench.responder

Prints its port; the end of its input is its end.
"""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from k8sresolve.testing import Cluster
from tests.live.sandbox import ROOT

SERVICES = 1000
_PORT = {"name": "http", "port": 80, "targetPort": 8080}
# Hours, so that nothing is forgotten while it is counted.
_COREFILE = ".:53 {\n    kubernetes cluster.local in-addr.arpa {\n        pods insecure\n        ttl 3600\n    }\n}\n"


def objects() -> Iterator[dict[str, Any]]:
    """Services `svc-N` with ClusterIPs, and a headless one, `db`, with three pods."""
    yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    for number in range(SERVICES):
        yield _service(f"svc-{number}", f"10.96.{number >> 8}.{number & 255}")
    yield from headless(3)


def headless(pods: int) -> Iterator[dict[str, Any]]:
    """The headless Service `db`, with pods that have no names."""
    yield _service("db", "None")
    yield {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "db-x", "namespace": "shop", "labels": {"kubernetes.io/service-name": "db"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [f"10.244.{index >> 8}.{index & 255}"]} for index in range(pods)],
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
    }


def _service(name: str, ip: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"clusterIP": ip, "ports": [_PORT]},
    }


def main() -> None:
    with Cluster.from_objects(objects(), corefile=_COREFILE).serve() as server:
        print(server.port, flush=True)
        sys.stdin.read()


@contextlib.contextmanager
def running() -> Iterator[int]:
    """Run one in a process of its own: its port."""
    command = [sys.executable, "-m", "tests.bench.responder"]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdout, process.stdin:
        yield int(process.stdout.readline())
    process.wait()


if __name__ == "__main__":
    main()
