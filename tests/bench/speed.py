"""What lookups cost beside peers, on a way without faults: G1 to G4, G9, G10 and G17.

Peers take turns inside each round, each in a fresh process on core 0; the nameserver (Knot DNS, from Debian's `knot`)
has core 1. Figures are medians over the rounds with min and max; only ratios travel between machines.
"""

import socket
import statistics
import subprocess
import sys

from tests.bench import clients
from tests.bench.clients import Setting
from tests.bench.machine import knot, measured, on
from tests.bench.tables import Table, ratio

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


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _import_cpu(statement: str) -> float:
    code = f"import resource\n{statement}\nu = resource.getrusage(resource.RUSAGE_SELF)\nprint(u.ru_utime + u.ru_stime)"
    done = subprocess.run([*on(0), sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout)


def main(rounds: int) -> None:
    """Measure and print."""
    table, left_out, port = Table(), clients.left_out(), _free_port()
    with knot("127.0.0.1", port):
        for _ in range(rounds):
            for measure, peers, count in RUNS:
                for peer in peers:
                    if peer not in left_out:
                        setting = Setting(port=port, remembers=measure == "hit")
                        table.add(measure, peer, measured(peer, measure, setting, count=count))
    for (measure, peer), runs in table.rows.items():
        costs = [run["cpu_us"] for run in runs]
        rate = statistics.median(run["per_second"] for run in runs)
        print(
            f"{measure:6} {peer:20} {statistics.median(costs):7.1f} us CPU ({min(costs):.1f}-{max(costs):.1f})"
            f"  {rate:9.0f}/s  failed {sum(run['failed'] for run in runs):.0f}"
        )
    for goal, measure, mine, peer, figure, wanted in GOALS:
        if peer in left_out:
            print(f"{goal:4} {mine} / {peer}: {peer} is not installed")
        else:
            what = f"{measure}, {figure}: {mine} / {peer}"
            ratio(goal, what, table.ratios((measure, mine), (measure, peer), figure), wanted)
    for goal, mine, peer, wanted in IMPORTS:
        ratio(goal, f"{mine} / {peer}", [_import_cpu(mine) / _import_cpu(peer) for _ in range(rounds)], wanted)
