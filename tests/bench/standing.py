"""How things stand: each goal G1 to G22 beside what was measured, in one table.

Peers take turns inside each round, each in a fresh process on core 0; Knot, and after it CoreDNS, has core 1. What a
goal bounds is a ratio within one round; the table has the medians, and the least and the most of the rounds.
"""

import contextlib
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from tests.bench import clients, cluster, goals, instructions, machine, page, ways
from tests.bench.clients import Setting
from tests.bench.goals import Goal, Row
from tests.bench.machine import COREDNS, KNOT, measured, on
from tests.bench.tables import Table, percentile
from tests.live import servers
from tests.live.sandbox import ROOT

SEED = 1
LOSS_PEERS = ("k8sresolve", "k8sresolve-async", "dnspython", "dnspython-async", "aiodns")


class Extent(NamedTuple):
    """How many rounds, and by how much each has fewer lookups than a full one."""

    rounds: int = 5
    divisor: int = 1

    def of(self, count: int) -> int:
        return count // self.divisor


# -- lookups beside peers ----------------------------------------------------------------------------------------------

COLD = (
    *("raw", "k8sresolve", "dnspython", "getaddrinfo"),
    *("raw-pool", "k8sresolve-async", "dnspython-async", "aiodns"),
    *("k8sresolve-uvloop", "dnspython-uvloop", "aiodns-uvloop"),
)
COLD_GOALS = (
    ("G1", "k8sresolve", "dnspython", 0.25, 0.16),
    ("G1", "k8sresolve", "raw", 2.2, 1.6),
    ("G1", "k8sresolve", "getaddrinfo", None, None),
    ("G2", "k8sresolve-async", "dnspython-async", 0.15, 0.10),
    ("G2", "k8sresolve-async", "raw-pool", 1.7, 1.3),
    ("G2", "raw-pool", "dnspython-async", None, None),
    ("G2", "k8sresolve-uvloop", "dnspython-uvloop", None, None),
    ("G3", "k8sresolve-async", "aiodns", 0.50, 0.33),
    ("G3", "raw-pool", "aiodns", None, None),
    ("G3", "k8sresolve-uvloop", "aiodns-uvloop", None, None),
)
CROWD = (
    *("k8sresolve-async", "dnspython-async", "aiodns", "getaddrinfo"),
    *("k8sresolve-uvloop", "dnspython-uvloop", "aiodns-uvloop"),
)
CROWD_GOALS = (
    ("k8sresolve-async", "dnspython-async", 4.5, 8),
    ("k8sresolve-async", "aiodns", 0.75, 1.2),
    ("k8sresolve-async", "getaddrinfo", None, None),
    ("k8sresolve-uvloop", "dnspython-uvloop", None, None),
    ("k8sresolve-uvloop", "aiodns-uvloop", None, None),
)


def cold(extent: Extent) -> Iterator[Row]:
    """G1 to G3."""
    table = _beside("cold", COLD, extent, extent.of(3000))
    for kind in ways.KINDS:
        for code, mine, peer, floor, goal in COLD_GOALS:
            yield from _rows(table, kind, Goal(code, "cold A, CPU µs", floor, goal), mine, peer, "cpu_us")


def crowd(extent: Extent) -> Iterator[Row]:
    """G4."""
    table = _beside("crowd", CROWD, extent, extent.of(6000))
    for kind in ways.KINDS:
        for mine, peer, floor, goal in CROWD_GOALS:
            bound = Goal("G4", "50 tasks, lookups a second", floor, goal, least=True)
            yield from _rows(table, kind, bound, mine, peer, "per_second")


def _beside(measure: str, peers: Sequence[str], extent: Extent, count: int) -> Table:
    """Run peers in turn, first with Knot and then with CoreDNS."""
    table = Table()
    machine.serve_api()
    for kind in ways.KINDS:
        address = KNOT if kind == "knot" else COREDNS
        machine.write_resolv_conf([address])
        with machine.knot(KNOT) if kind == "knot" else machine.CoreDNS(COREDNS):
            for _ in range(extent.rounds):
                for peer in ways.there(peers):
                    table.add(kind, peer, measured(peer, measure, Setting([address]), count=count))
    return table


def _rows(table: Table, kind: str, goal: Goal, mine: str, peer: str, figure: str) -> Iterator[Row]:
    if not {mine, peer} & clients.left_out():
        ours, theirs = ([run[figure] for run in table.rows[kind, client]] for client in (mine, peer))
        yield Row(goal._replace(what=f"{kind}, {goal.what}: {mine} / {peer}"), ours, theirs)


def many(extent: Extent) -> Iterator[Row]:
    """G5."""
    with machine.knot(KNOT):
        for callers in (500, 5000):
            runs = [
                measured("k8sresolve-async", "crowd", Setting([KNOT]), count=10_000, callers=callers)
                for _ in range(extent.rounds)
            ]
            failed = [run["failed"] for run in runs]
            yield Row(Goal("G5", f"{callers:,} tasks, failed of 10,000", 0, 0), failed, figure=max(failed))


# -- what is remembered ------------------------------------------------------------------------------------------------

REMEMBERED = {
    "k8sresolve": "svc-0.shop.svc.cluster.local.",
    "k8sresolve-service": "svc-0.shop.svc.cluster.local.",
    "k8sresolve-port": "svc-0.shop.svc.cluster.local.",
    "k8sresolve-endpoints": "pods-3.shop.svc.cluster.local.",
    "dnspython": "svc-0.shop.svc.cluster.local.",
    "k8sresolve-async": "svc-0.shop.svc.cluster.local.",
    "aiodns": "svc-0.shop.svc.cluster.local.",
    "getaddrinfo": "svc-0.shop.svc.cluster.local.",
}


def remembered(extent: Extent) -> Iterator[Row]:
    """G9 and G10."""
    table = Table()
    machine.write_resolv_conf([KNOT])
    with machine.knot(KNOT):
        for _ in range(extent.rounds):
            for client in ways.there(tuple(REMEMBERED)):
                count = 20_000 if client.startswith("k8sresolve") else 5_000
                setting = Setting([KNOT], remembers=True)
                figures = measured(client, "hit", setting, count=extent.of(count), name=REMEMBERED[client])
                table.add("knot", client, figures)
    goal = Goal("G9", "remembered, CPU µs", 0.08, 0.05)
    for client in ("k8sresolve", "k8sresolve-service", "k8sresolve-port", "k8sresolve-endpoints"):
        yield from _rows(table, "knot", goal, client, "dnspython", "cpu_us")
    yield from _rows(table, "knot", Goal("G9", "remembered, CPU µs"), "k8sresolve", "getaddrinfo", "cpu_us")
    yield from _rows(
        table, "knot", Goal("G10", "remembered, CPU µs", 0.06, 0.035), "k8sresolve-async", "aiodns", "cpu_us"
    )


# -- large answers -----------------------------------------------------------------------------------------------------


def large(extent: Extent) -> Iterator[Row]:
    """G12 and G13."""
    wall: dict[str, list[float]] = {}
    holds: dict[str, list[float]] = {}
    with machine.knot(KNOT):
        for _ in range(extent.rounds):
            for client, pods in (
                *(("k8sresolve-async-srv", 100), ("aiodns-srv", 100)),
                *(("k8sresolve-srv", 1000), ("dnspython-srv", 1000)),
            ):
                if client not in clients.left_out():
                    run = measured(client, "cold", Setting([KNOT]), count=extent.of(30), name=_pods(pods))
                    wall.setdefault(client, []).append(1e3 / run["per_second"])
            for client in ("k8sresolve-async-srv", "dnspython-async-srv"):
                run = measured(client, "hold", Setting([KNOT]), count=extent.of(10), name=_pods(1000))
                holds.setdefault(client, []).append(percentile(run["milliseconds"], 50))
    if "aiodns-srv" in wall:
        goal = Goal("G12", "100 SRV over TC and TCP, ms: port() / aiodns", 0.8, 0.5)
        yield Row(goal, wall["k8sresolve-async-srv"], wall["aiodns-srv"])
    goal = Goal("G13", "1,000 SRV, longest hold of the loop, ms: port() / dnspython", 0.07, 0.05)
    yield Row(goal, holds["k8sresolve-async-srv"], holds["dnspython-async-srv"])
    goal = Goal("G13", "1,000 SRV and missing glue, ms: port() / dnspython's resolve", 1.2, 0.9)
    yield Row(goal, wall["k8sresolve-srv"], wall["dnspython-srv"])


def _pods(pods: int) -> str:
    return f"pods-{pods}.shop.svc.cluster.local."


# -- bad ways ----------------------------------------------------------------------------------------------------------


def loss(extent: Extent) -> Iterator[Row]:
    """G14 and G15."""
    yield from ways.loss_rows(ways.lose(extent.rounds, extent.of(2000), SEED, LOSS_PEERS))


def failover(extent: Extent) -> Iterator[Row]:
    """G16."""
    peers = ("k8sresolve", "k8sresolve-async", "aiodns")
    yield from ways.failover_rows(ways.fail_over(extent.rounds, 800, SEED, peers))


# -- without a nameserver ----------------------------------------------------------------------------------------------


def counts(_: Extent) -> Iterator[Row]:
    """G6 to G8."""
    told = _part("questions")
    for family, most in (("ipv4", 1), ("both", 2)):
        goal = Goal("G6", f"questions for svc, svc.ns, svc.ns.svc and the whole name, family {family}", most, most)
        yield Row(goal, [told[f"service {family}"]], exact=True)
    for name, trips in (("payments.data", 1), ("api.example.com", 2)):
        yield Row(Goal("G7", f"{name}, questions", 2, 2), [told[f"{name}, questions"]], exact=True)
        yield Row(Goal("G7", f"{name}, round trips", trips, trips), [told[f"{name}, round trips"]], exact=True)
    yield Row(Goal("G8", "questions for a miss that is remembered", 0, 0), [told["again"]], exact=True)


def reading(extent: Extent) -> Iterator[Row]:
    """G11."""
    told = [_part("reading") for _ in range(extent.rounds)]
    for pods in (3, 100, 1000):
        ours, theirs = ([one[f"{who} {pods}"] for one in told] for who in ("ours", "dnspython"))
        yield Row(Goal("G11", f"reading {pods:,} SRV, CPU µs / dnspython", 0.06, 0.04), ours, theirs)
    ours, theirs = [one["record 100"] for one in told], [one["dnspython 100"] for one in told]
    yield Row(Goal("G11", "reading 100 SRV, and the Port, CPU µs / dnspython", 0.07, 0.045), ours, theirs)


def counted(_: Extent) -> Iterator[Row]:
    """G17 and G20."""
    _, known = instructions.read(instructions.FILE.read_text())
    counted_now = instructions.count()
    bounds = {"import-Resolver": 300, "import-AsyncResolver": 320}
    for part, floor in bounds.items():
        goal = Goal("G17", f"instructions, millions: {part}", floor, (known[part].goal or 0) / 1e6)
        yield Row(goal, [counted_now[part] / 1e6], exact=True)
    for part, figure in counted_now.items():
        if part.startswith(("cold", "hit")):
            floors = {"cold-sync": 250, "cold-asyncio-1": 300, "cold-asyncio-50": 345}
            goal = Goal("G20", f"instructions, thousands: {part}", floors.get(part, 12), (known[part].goal or 0) / 1e3)
            yield Row(goal, [figure / 1e3], exact=True)
    few, crowd = counted_now["cold-asyncio-1"] / 1e3, counted_now["cold-asyncio-50"] / 1e3
    yield Row(Goal("G20", "instructions, thousands: 50 tasks / 1 task", 1.15, 1.05), [crowd], [few], exact=True)


_BY_PACE = " / this machine's pace"


def offline(extent: Extent) -> Iterator[Row]:
    """G18 and G19."""
    with machine.folder() as place:
        big, small = cluster.written(place)
        found = [cluster.measures(big, small) for _ in range(extent.rounds)]
    for code, what, key, floor, wanted, paced in cluster.FIGURES:
        if wanted is not None:
            goal = Goal(code or "G18", f"offline cluster, {what}{_BY_PACE if paced else ''}", floor, wanted)
            yield Row(goal, [one[key] for one in found], [one["pace"] for one in found] if paced else ())


def pods(extent: Extent) -> Iterator[Row]:
    """G21."""
    told = [_part("records") for _ in range(extent.rounds)]
    goal = Goal("G21", f"endpoints() of 1,000 pods after the codec, CPU µs a pod{_BY_PACE}", 8, 5)
    yield Row(goal, [one["a pod"] for one in told], [one["pace"] for one in told])


def memory(_: Extent) -> Iterator[Row]:
    """G22."""
    told = _part("memory")
    yield Row(Goal("G22", "octets of a remembered answer"), [told["answer"]], exact=True)
    both = told["answer"] + told["result"]
    yield Row(Goal("G22", "octets of a remembered result, and its answer", 1000, 1000), [both], exact=True)
    yield Row(Goal("G22", "octets of an idle Resolver", 6000, 4000), [told["idle"]], exact=True)


def _part(what: str) -> dict[str, float]:
    command = [*on(0), sys.executable, "-m", "tests.bench.parts", what]
    return dict(json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout))


# -- the command -------------------------------------------------------------------------------------------------------

MEASURES: dict[tuple[str, ...], Callable[[Extent], Iterator[Row]]] = {
    ("G1", "G2", "G3"): cold,
    ("G4",): crowd,
    ("G5",): many,
    ("G6", "G7", "G8"): counts,
    ("G9", "G10"): remembered,
    ("G11",): reading,
    ("G12", "G13"): large,
    ("G14", "G15"): loss,
    ("G16",): failover,
    ("G17", "G20"): counted,
    ("G18", "G19"): offline,
    ("G21",): pods,
    ("G22",): memory,
}
ALL = tuple(f"G{number}" for number in range(1, 23))


def main(only: Sequence[str], extent: Extent, *, as_json: bool, on_page: bool) -> None:
    """Measure those goals, and print the table; `on_page` puts it into the page too."""
    before = os.getloadavg()
    rows: list[Row] = []
    for codes, measure in MEASURES.items():
        if set(codes) & set(only):
            rows += [row for row in measure(extent) if row.goal.code in only]
            print(f"measured: {', '.join(codes)}", file=sys.stderr, flush=True)
    rows.sort(key=lambda row: ALL.index(row.goal.code))
    here = {**with_what(), "rounds": str(extent.rounds), "load": f"{before[0]:.1f} to {os.getloadavg()[0]:.1f}"}
    if as_json:
        print(json.dumps({"with": here, "rows": [row.told() for row in rows]}, indent=1))
        return
    missing = ", ".join(sorted(clients.left_out()))
    text = f"""\
{", ".join(f"{what} {which}" for what, which in here.items())}{f"; not installed: {missing}" if missing else ""}

{goals.table(rows)}
"""
    print(text)
    if on_page:
        page.write("goals", text)


def with_what() -> dict[str, str]:
    """The machine, and versions."""
    cpu = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    packages = {}
    for package in ("attrs", "dnspython", "aiodns", "pycares", "uvloop"):
        with contextlib.suppress(PackageNotFoundError):  # not all peers need be there
            packages[package] = version(package)
    return {
        "k8sresolve": _said("git", "describe", "--always", "--dirty"),
        "on": f"{os.cpu_count()} cores of {cpu.partition(': ')[2]}",
        "Linux": platform.release(),
        "Python": platform.python_version(),
        "glibc": platform.libc_ver()[1],
        **packages,
        "Knot": _said("/usr/sbin/knotd", "--version").split()[-1],
        "CoreDNS": servers.COREDNS_VERSION,
    }


def _said(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "?"
