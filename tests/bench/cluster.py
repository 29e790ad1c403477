"""The offline cluster at scale, G18 and G19: 5,000 Services and 100,000 endpoints, loaded, held and asked.

    python -m tests.bench cluster
    python -m tests.bench.cluster ten-times

Each measure runs in a fresh process; µs are divided by the machine's pace. Loading is compared with `json.load` of the
same file, and, of a tenth as YAML, with what libyaml takes to give its events to Python and with `yaml.load` by its C
parser. An answer is the mean CPU time over questions that differ, one in ten about a headless Service; then that of
long answers, asked for the first time and again. Resident octets are those that the process has more after loading.
`ten-times` measures 50,000 Services and 500,000 endpoints once.
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
from typing import TYPE_CHECKING, Any, NamedTuple

import dns.message

if TYPE_CHECKING:
    from k8sresolve.testing import Cluster

SERVICES = 5_000
ENDPOINTS = 20  # of each Service
NAMESPACES = 50
HEADLESS = 10  # one Service in so many
QUESTIONS = 20_000
ROUNDS = 5
TENTH = SERVICES // 10
TEN_TIMES = 50_000, 500_000  # Services and endpoints
LONG = (20, 100, 1000)  # pods of a headless Service
LONG_SERVICES = {20: 100, 100: 40, 1000: 8}


class Measure(NamedTuple):
    """A figure of `measures`, in what, and the most that it may be, now and as a goal.

    A `paced` one is in µs of the machine on which the goals were set: see `parts.pace`.
    """

    goal: str
    what: str
    key: str
    floor: float | None = None
    wanted: float | None = None
    paced: bool = False


FIGURES = (
    Measure("G18", "load / json.load", "load", 2, 1.3),
    Measure("", "YAML: load / libyaml's events", "yaml / events"),
    Measure("", "YAML: load / yaml.load with CSafeLoader", "yaml / load", None, 1.1),
    Measure("G18", "an answer of the mix, µs", "answer", 40, 22, paced=True),
    Measure("G19", "resident octets per endpoint", "octets", 800, 600),
    *(
        Measure(
            "G18" if (pods, rdtype, transport) == (20, "SRV", "UDP") else "",
            f"{rdtype} of {pods:,} pods, {transport}, {when}, µs",
            f"{rdtype} {pods} {transport} {when}",
            *((120, 60) if (pods, rdtype, transport) == (20, "SRV", "UDP") else (None, None)),
            paced=True,
        )
        for pods in LONG
        for rdtype in ("A", "SRV")
        for transport in ("UDP", "TCP")
        for when in ("first", "again")
    ),
)


def objects(services: int = SERVICES, pods: int = ENDPOINTS) -> dict[str, Any]:
    """What `kubectl get -o json` prints of such a cluster."""
    items: list[Any] = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"ns{number}"}} for number in range(NAMESPACES)
    ]
    for number in range(services):
        items += [service(number), endpoint_slice(number, pods)]
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


def endpoint_slice(number: int, pods: int = ENDPOINTS) -> dict[str, Any]:
    labels = {"kubernetes.io/service-name": f"svc-{number}"}
    return {
        "addressType": "IPv4",
        "apiVersion": "discovery.k8s.io/v1",
        "endpoints": [endpoint(number, number * pods + index) for index in range(pods)],
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


def questions(services: int = SERVICES) -> list[bytes]:
    """Questions of the usual kinds for Services at random, in wire form."""
    rng = random.Random(5)
    asked = []
    for _ in range(QUESTIONS):
        number = rng.randrange(services)
        name = f"svc-{number}.ns{number % NAMESPACES}.svc.cluster.local."
        name, rdtype = rng.choice(
            ((name, "A"), (name, "AAAA"), (f"_http._tcp.{name}", "SRV"), (f"x{name}", "A"), (f"{name}ns1.{name}", "A"))
        )
        asked.append(question(name, rdtype))
    return asked


def question(name: str, rdtype: str) -> bytes:
    """A question in wire form, with EDNS."""
    return dns.message.make_query(name, rdtype, use_edns=0, payload=1232).to_wire()


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

    services, endpoints = (SERVICES, SERVICES * ENDPOINTS) if path.endswith("cluster.json") else TEN_TIMES
    gc.collect()
    held, before = resident(), time.process_time()
    cluster = Cluster.from_manifests(path)
    seconds = time.process_time() - before
    gc.collect()
    used = resident() - held
    answer = mean(cluster, questions(services), tcp=False)
    return {"seconds": seconds, "octets": used / endpoints, "answer": answer, "resident": used}


def mean(cluster: "Cluster", asked: list[bytes], *, tcp: bool) -> float:
    """The CPU time of an answer in µs."""
    before = time.process_time()
    for message in asked:
        cluster.respond(message, tcp=tcp)
    return (time.process_time() - before) / len(asked) * 1e6


def measure_long(_path: str) -> dict[str, float]:
    """Ask for all pods of headless Services: as many Services as there are first answers."""
    from k8sresolve.testing import Cluster

    found = {}
    for pods in LONG:
        numbers = [number * HEADLESS for number in range(LONG_SERVICES[pods])]
        items = [item for number in numbers for item in (service(number), endpoint_slice(number, pods))]
        for rdtype, prefix in (("A", ""), ("SRV", "_http._tcp.")):
            names = [f"{prefix}svc-{number}.ns{number % NAMESPACES}.svc.cluster.local." for number in numbers]
            asked = [question(name, rdtype) for name in names]
            for transport in ("UDP", "TCP"):
                cluster = Cluster.from_objects(items)
                gc.collect()  # of the cluster before, whose end is not to be measured here
                warm, rest = asked[:2], asked[2:]
                mean(cluster, warm, tcp=transport == "TCP")
                found[f"{rdtype} {pods} {transport} first"] = mean(cluster, rest, tcp=transport == "TCP")
                again = asked[:2] * 100
                found[f"{rdtype} {pods} {transport} again"] = mean(cluster, again, tcp=transport == "TCP")
    return found


def measure_events(path: str) -> dict[str, float]:
    """What libyaml takes, with an object of Python for each event."""
    import yaml

    data = Path(path).read_bytes()
    before = time.process_time()
    loader = yaml.CSafeLoader(data)
    while type(loader.get_event()) is not yaml.StreamEndEvent:
        pass
    return {"seconds": time.process_time() - before}


def measure_yaml(path: str) -> dict[str, float]:
    """What PyYAML takes with libyaml."""
    import yaml

    data = Path(path).read_bytes()
    before = time.process_time()
    yaml.load(data, Loader=yaml.CSafeLoader)
    return {"seconds": time.process_time() - before}


def run(*what: str, part: str = "cluster") -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", f"tests.bench.{part}", *what], check=True, capture_output=True, text=True
    )
    return dict(json.loads(done.stdout))


def measures(big: Path, small: Path) -> dict[str, float]:
    """One round."""
    plain, load = run("json", str(big))["seconds"], run("load", str(big))
    events, theirs, ours = (run(what, str(small))["seconds"] for what in ("events", "yaml", "load-yaml"))
    ratios = {"load": load["seconds"] / plain, "yaml / events": ours / events, "yaml / load": ours / theirs}
    return load | ratios | run("pace", part="parts") | run("long", str(big))


def measure_load_yaml(path: str) -> dict[str, float]:
    from k8sresolve.testing import Cluster

    before = time.process_time()
    Cluster.from_manifests(path)
    return {"seconds": time.process_time() - before}


def written(folder: Path) -> tuple[Path, Path]:
    """Write the cluster as JSON, and a tenth of it as YAML."""
    import yaml

    big, small = folder / "cluster.json", folder / "tenth.yaml"
    big.write_text(json.dumps(objects(), indent=4))
    small.write_text(yaml.dump(objects(TENTH), Dumper=yaml.CSafeDumper))
    return big, small


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        big, small = written(Path(folder))
        rounds = [measures(big, small) for _ in range(ROUNDS)]
    print(f"{SERVICES:,} Services, {SERVICES * ENDPOINTS:,} endpoints; median (least to most) of {ROUNDS} rounds")
    for goal, what, key, floor, wanted, paced in FIGURES:
        values = sorted(found[key] / (found["pace"] if paced else 1) for found in rounds)
        digits = 2 if values[-1] < 10 else 0 if values[0] > 1000 else 1
        spread = f"{values[ROUNDS // 2]:,.{digits}f} ({values[0]:,.{digits}f} to {values[-1]:,.{digits}f})"
        bounds = "" if wanted is None else f"floor {floor}, goal {wanted}" if floor else f"goal {wanted}"
        print(f"{goal:4} {what:42} {spread:32} {bounds}".rstrip())


def ten_times() -> None:
    """Measure ten times as many Services once."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ten-times.json"
        path.write_text(json.dumps(objects(TEN_TIMES[0], TEN_TIMES[1] // TEN_TIMES[0])))
        plain, load = run("json", str(path))["seconds"], run("load", str(path))
    print(f"{TEN_TIMES[0]:,} Services, {TEN_TIMES[1]:,} endpoints, once")
    print(f"json.load {plain:.1f} s, load {load['seconds']:.1f} s, ratio {load['seconds'] / plain:.2f}")
    print(f"resident {load['resident'] / 1e6:,.0f} MB, {load['octets']:.0f} octets per endpoint")
    print(f"an answer of the mix {load['answer']:.1f} µs")


STEPS = {
    "json": measure_json,
    "load": measure_load,
    "long": measure_long,
    "events": measure_events,
    "yaml": measure_yaml,
    "load-yaml": measure_load_yaml,
}

if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(STEPS[sys.argv[1]](sys.argv[2])))
    elif sys.argv[1:] == ["ten-times"]:
        ten_times()
    else:
        main()
