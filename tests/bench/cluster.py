"""The offline cluster at scale, G18 and G19: 5,000 Services and 100,000 endpoints, loaded, held and asked.

    python -m tests.bench cluster

Each measure runs in a fresh process. Loading is compared with `json.load` of the same file; an answer is the mean CPU
time over questions that differ, one in ten about a headless Service; resident octets are those that the process has
more after loading.
"""

import gc
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import dns.message

SERVICES = 5_000
ENDPOINTS = 20  # of each Service
NAMESPACES = 50
HEADLESS = 10  # one Service in so many
QUESTIONS = 20_000
ROUNDS = 5
LOAD_GOAL, ANSWER_GOAL, RESIDENT_GOAL = 3, 30, 800
LOAD_FLOOR, ANSWER_FLOOR, RESIDENT_FLOOR = 6, 60, 2_000


def objects() -> dict[str, Any]:
    """What `kubectl get -o json` prints of such a cluster."""
    items: list[Any] = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"ns{number}"}} for number in range(NAMESPACES)
    ]
    for number in range(SERVICES):
        items += [service(number), endpoint_slice(number)]
    return {"apiVersion": "v1", "items": items, "kind": "List", "metadata": {"resourceVersion": ""}}


def service(number: int) -> dict[str, Any]:
    ip = "None" if number % HEADLESS == 0 else f"10.96.{number // 250}.{number % 250}"
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": meta(f"svc-{number}", number),
        "spec": {
            "clusterIP": ip,
            "clusterIPs": [ip],
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080}],
            "selector": {"app": f"svc-{number}"},
            "type": "ClusterIP",
        },
    }


def endpoint_slice(number: int) -> dict[str, Any]:
    labels = {"kubernetes.io/service-name": f"svc-{number}"}
    return {
        "addressType": "IPv4",
        "apiVersion": "discovery.k8s.io/v1",
        "endpoints": [endpoint(number, number * ENDPOINTS + index) for index in range(ENDPOINTS)],
        "kind": "EndpointSlice",
        "metadata": meta(f"svc-{number}-x7k2p", number, labels),
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
    }


def endpoint(number: int, index: int) -> dict[str, Any]:
    pod = f"svc-{number}-7d9c5b8f6d-{index:05d}"
    return {
        "addresses": [f"10.{128 + index // 62500}.{index // 250 % 250}.{index % 250}"],
        "conditions": {"ready": True, "serving": True, "terminating": False},
        "nodeName": f"node-{index % 100}",
        "targetRef": {
            "kind": "Pod",
            "name": pod,
            "namespace": f"ns{number % NAMESPACES}",
            "uid": f"00000000-0000-0000-0000-{index:012d}",
        },
        "zone": f"zone-{index % 3}",
    }


def meta(name: str, number: int, labels: dict[str, str] | None = None) -> dict[str, Any]:
    return {
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "labels": {"app": f"svc-{number}", **(labels or {})},
        "name": name,
        "namespace": f"ns{number % NAMESPACES}",
        "resourceVersion": str(1000 + number),
        "uid": f"10000000-0000-0000-0000-{number:012d}",
    }


def questions() -> list[bytes]:
    """Questions of the usual kinds for Services at random, in wire form."""
    rng = random.Random(5)
    asked = []
    for _ in range(QUESTIONS):
        number = rng.randrange(SERVICES)
        name = f"svc-{number}.ns{number % NAMESPACES}.svc.cluster.local."
        name, rdtype = rng.choice(
            ((name, "A"), (name, "AAAA"), (f"_http._tcp.{name}", "SRV"), (f"x{name}", "A"), (f"{name}ns1.{name}", "A"))
        )
        asked.append(dns.message.make_query(name, rdtype, use_edns=0, payload=1232).to_wire())
    return asked


def resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def measure_json(path: str) -> dict[str, float]:
    before = time.process_time()
    with Path(path).open(encoding="utf-8") as file:
        json.load(file)
    return {"seconds": time.process_time() - before}


def measure_load(path: str) -> dict[str, float]:
    from k8sresolve.testing import Cluster

    gc.collect()
    held, before = resident(), time.process_time()
    cluster = Cluster.from_manifests(path)
    seconds = time.process_time() - before
    gc.collect()
    used = resident() - held
    asked = questions()
    before = time.process_time()
    for message in asked:
        cluster.respond(message)
    answer = (time.process_time() - before) / QUESTIONS * 1e6
    return {"seconds": seconds, "octets": used / (SERVICES * ENDPOINTS), "answer": answer}


def run(what: str, path: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.cluster", what, str(path)], check=True, capture_output=True, text=True
    )
    return dict(json.loads(done.stdout))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cluster.json"
        path.write_text(json.dumps(objects(), indent=4))
        rounds = [(run("json", path), run("load", path)) for _ in range(ROUNDS)]
    load = sorted(ours["seconds"] / theirs["seconds"] for theirs, ours in rounds)
    answer = sorted(ours["answer"] for _, ours in rounds)
    octets = sorted(ours["octets"] for _, ours in rounds)
    middle = ROUNDS // 2
    print(f"{SERVICES:,} Services, {SERVICES * ENDPOINTS:,} endpoints; median (least to most) of {ROUNDS} rounds")
    for goal, what, values, floor, wanted in (
        ("G18", "load / json.load", load, LOAD_FLOOR, LOAD_GOAL),
        ("G18", "an answer, µs", answer, ANSWER_FLOOR, ANSWER_GOAL),
        ("G19", "resident octets per endpoint", octets, RESIDENT_FLOOR, RESIDENT_GOAL),
    ):
        spread = f"{values[middle]:8.1f} ({values[0]:.1f} to {values[-1]:.1f})"
        print(f"{goal}  {what:30} {spread:28} floor {floor:,}, goal {wanted:,}")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps({"json": measure_json, "load": measure_load}[sys.argv[1]](sys.argv[2])))
    else:
        main()
