"""What lookups cost beside peers: `python tests/bench/run.py [ROUNDS]`.

Peers take turns inside each round, each in a fresh process on core 0; the nameserver (Knot DNS, from Debian's `knot`)
has core 1. Figures are medians over the rounds with min and max; only ratios travel between machines. Peers that are
not installed (`pip install aiodns`) are left out, and said to be.
"""

import importlib.util
import json
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from peers import NAMES

HERE = Path(__file__).parent
KNOT = """
server:
    listen: 127.0.0.1@{port}
    rundir: {folder}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: {folder}
zone:
  - domain: cluster.local
    file: {folder}/zone
"""
# measure, peers, lookups in one process
RUNS = [
    (
        "cold",
        ("raw", "k8sresolve", "k8sresolve-service", "dnspython", "k8sresolve-async", "dnspython-async", "aiodns"),
        3000,
    ),
    ("hit", ("k8sresolve", "k8sresolve-service", "k8sresolve-async", "dnspython", "aiodns"), 3000),
    ("crowd", ("k8sresolve-async", "dnspython-async", "aiodns"), 3000),
]
# goal, measure, ours, peer, figure, the goal of the design
GOALS = [
    ("G1", "cold", "k8sresolve", "dnspython", "cpu_us", "<= 0.16"),
    ("G1", "cold", "k8sresolve", "raw", "cpu_us", "<= 1.6"),
    ("G2", "cold", "k8sresolve-async", "dnspython-async", "cpu_us", "<= 0.10"),
    ("G3", "cold", "k8sresolve-async", "aiodns", "cpu_us", "<= 0.40"),
    ("G4", "crowd", "k8sresolve-async", "dnspython-async", "per_second", ">= 8"),
    ("G4", "crowd", "k8sresolve-async", "aiodns", "per_second", ">= 1.2"),
    ("G9", "hit", "k8sresolve", "dnspython", "cpu_us", "<= 0.12"),
    ("G9", "hit", "k8sresolve-service", "dnspython", "cpu_us", "<= 0.12"),
    ("G10", "hit", "k8sresolve-async", "aiodns", "cpu_us", "<= 0.06"),
]
IMPORTS = [
    ("G17", "from k8sresolve import Resolver", "import dns.resolver", "<= 0.55"),
    ("G17", "from k8sresolve import AsyncResolver", "import dns.asyncresolver", "<= 0.80"),
]


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def start_knot(folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    knotd = shutil.which("knotd") or "/usr/sbin/knotd"
    port = free_port()
    records = [f"svc-{i}.shop.svc A 10.96.{i >> 8}.{i & 255}" for i in range(NAMES)]
    soa = "@ SOA ns.dns hostmaster 1 7200 1800 86400 30\n@ NS ns.dns\nns.dns A 10.96.0.10"
    (folder / "zone").write_text("\n".join(["$ORIGIN cluster.local.", "$TTL 3600", soa, *records, ""]))
    (folder / "knot.conf").write_text(KNOT.format(port=port, folder=folder))
    process = subprocess.Popen(
        ["taskset", "-c", "1", knotd, "-c", str(folder / "knot.conf")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(2)
    return process, port


def measure(rounds: int, port: int, left_out: set[str]) -> dict[tuple[str, str], list[dict[str, float]]]:
    figures: dict[tuple[str, str], list[dict[str, float]]] = defaultdict(list)
    for _ in range(rounds):
        for kind, peers, count in RUNS:
            for peer in peers:
                if peer in left_out:
                    continue
                arguments = [sys.executable, str(HERE / "peers.py"), peer, kind, str(port), str(count)]
                done = subprocess.run(["taskset", "-c", "0", *arguments], capture_output=True, text=True, check=True)
                figures[kind, peer].append(json.loads(done.stdout))
    return figures


def import_cpu(statement: str) -> float:
    code = f"import resource\n{statement}\nu = resource.getrusage(resource.RUSAGE_SELF)\nprint(u.ru_utime + u.ru_stime)"
    done = subprocess.run(
        ["taskset", "-c", "0", sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def row(goal: str, what: str, ratios: list[float], wanted: str) -> None:
    median = statistics.median(ratios)
    print(f"{goal:4} {what:66} {median:7.3f} ({min(ratios):.3f}-{max(ratios):.3f})  goal {wanted}")


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    left_out = set() if importlib.util.find_spec("aiodns") else {"aiodns"}
    with tempfile.TemporaryDirectory() as text:
        process, port = start_knot(Path(text))
        try:
            figures = measure(rounds, port, left_out)
        finally:
            process.terminate()
            process.wait()
    for (kind, peer), runs in figures.items():
        costs = [run["cpu_us"] for run in runs]
        failed = sum(run["failed"] for run in runs)
        rate = statistics.median(run["per_second"] for run in runs)
        print(
            f"{kind:6} {peer:20} {statistics.median(costs):7.1f} us CPU ({min(costs):.1f}-{max(costs):.1f})"
            f"  {rate:9.0f}/s  failed {failed:.0f}"
        )
    for goal, kind, mine, peer, figure, wanted in GOALS:
        if peer in left_out:
            print(f"{goal:4} {mine} / {peer}: {peer} is not installed")
            continue
        pairs = zip(figures[kind, mine], figures[kind, peer], strict=True)
        row(goal, f"{kind}, {figure}: {mine} / {peer}", [a[figure] / b[figure] for a, b in pairs], wanted)
    for goal, mine, peer, wanted in IMPORTS:
        row(goal, f"{mine} / {peer}", [import_cpu(mine) / import_cpu(peer) for _ in range(rounds)], wanted)


if __name__ == "__main__":
    main()
