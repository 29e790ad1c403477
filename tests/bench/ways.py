"""Lookups over bad ways: G14 to G16, duplicates, and 8,000 lookups at once.

Fault proxies stand before Knot, or before CoreDNS with Services of a cluster; each client asks 127.0.0.1, and where the
first nameserver is dead, 127.0.0.2 after it.
"""

import contextlib
from collections.abc import Iterator, Sequence

from tests.bench import clients, goals, machine
from tests.bench.clients import Setting
from tests.bench.faults import Faults
from tests.bench.goals import Goal, Row
from tests.bench.machine import COREDNS, KNOT, Proxies, measured
from tests.bench.tables import Table, percentile

ALL = ("k8sresolve", "k8sresolve-async", "k8sresolve-trio", "getaddrinfo", "dnspython", "dnspython-async", "aiodns")
OURS = ("k8sresolve", "k8sresolve-async", "k8sresolve-trio")
KINDS = ("knot", "coredns")
PROXIES = ("127.0.0.1", "127.0.0.2")
NONE = Faults()
CALLERS = 50
# Fewer where each lookup waits 5 s or 2 s for the dead nameserver, 50 of them at once.
FEW = {"getaddrinfo": 150, "dnspython": 500, "dnspython-async": 500}


@contextlib.contextmanager
def _nameserver(kind: str, seed: int) -> Iterator[Proxies]:
    """Proxies before a nameserver, Knot or CoreDNS."""
    with contextlib.ExitStack() as stack:
        if kind == "knot":
            stack.enter_context(machine.knot(KNOT))
        else:
            stack.enter_context(machine.CoreDNS(COREDNS))
        yield stack.enter_context(Proxies(PROXIES, [KNOT if kind == "knot" else COREDNS], seed))


def there(asked: Sequence[str] = ALL) -> list[str]:
    """Those whose packages are installed."""
    return [client for client in asked if client not in clients.left_out()]


def _end(table: Table) -> None:
    table.latencies()
    table.errors()
    print()


def loss(rounds: int, count: int, seed: int) -> None:
    """Each datagram is lost with 1 % or 5 % chance, each way; at 1 % once more with a busy process on the core."""
    table = lose(rounds, count, seed)
    _end(table)
    print(goals.table(loss_rows(table)))


def lose(rounds: int, count: int, seed: int, peers: Sequence[str] = ALL) -> Table:
    """Measure that."""
    machine.serve_api()
    machine.write_resolv_conf(PROXIES[:1])
    table = Table()
    for kind in KINDS:
        with _nameserver(kind, seed) as proxies:
            for _ in range(rounds):
                for lost in (0.01, 0.05):
                    proxies.change(Faults(loss=lost), NONE)
                    for client in there(peers):
                        machine.quiet()
                        figures = measured(client, "crowd", count=count, callers=CALLERS)
                        table.add(f"{kind}, {lost:.0%} loss", client, figures)
                proxies.change(Faults(loss=0.01), NONE)
                for client in there((*OURS, "aiodns")):
                    if client in peers:
                        with machine.busy():
                            figures = measured(client, "crowd", count=count, callers=CALLERS)
                        table.add(f"{kind}, 1% loss, core shared", client, figures)
    return table


def loss_rows(table: Table) -> list[Row]:
    """G14 and G15."""
    rows: list[Row | None] = []
    for kind in KINDS:
        for mine, theirs in (("k8sresolve", "dnspython"), ("k8sresolve-async", "dnspython-async")):
            rows.append(_row(table, "G14", f"{kind}, 1% loss", mine, theirs, 0.12, 0.03))
        for mine in OURS:
            rows += [
                _row(table, "G14", f"{kind}, 1% loss", mine, "aiodns", 0.5, 0.25),
                _row(table, "G14", f"{kind}, 1% loss, core shared", mine, "aiodns", 1.0, 0.5),
                _row(table, "G15", f"{kind}, 5% loss", mine, "aiodns", 0.6, 0.35),
            ]
            if runs := table.rows.get((f"{kind}, 5% loss", mine)):
                goal = Goal("G15", f"{kind}, 5% loss: {mine}, failed of a round", 0, 0)
                failed = [run["failed"] for run in runs]
                rows.append(Row(goal, failed, figure=max(failed)))
    return sorted((row for row in rows if row), key=lambda row: row.goal.code)


def _row(
    table: Table,
    code: str,
    what: str,
    mine: str,
    theirs: str,
    floor: float,
    goal: float,
    part: int = 99,
    other: str = "",
) -> Row | None:
    """A percentile beside a peer's, if both are there; `other` is another measure of the peer."""
    ours, peers = table.rows.get((what, mine)), table.rows.get((other or what, theirs))
    if not ours or not peers:
        return None
    figure, _ = table.beside((what, mine), (other or what, theirs), part)
    told = f"{what}, p{part}, ms: {mine} / {theirs}{f', {other}' if other else ''}"
    took = [[percentile(run["milliseconds"], part) for run in runs] for runs in (ours, peers)]
    return Row(Goal(code, told, floor, goal), *took, figure=figure)


def failover(rounds: int, count: int, seed: int) -> None:
    """The first of two nameservers is dead: silent, or its port is closed.

    The 50 lookups that come first meet it: more than one in twenty of 800, so that p95 is theirs.
    """
    table = fail_over(rounds, count, seed)
    _end(table)
    print(goals.table(failover_rows(table)))


def fail_over(rounds: int, count: int, seed: int, peers: Sequence[str] = ALL) -> Table:
    """Measure that."""
    machine.write_resolv_conf(PROXIES)
    table, setting = Table(), Setting(nameservers=list(PROXIES))
    states = {
        "healthy": (NONE, ()),
        "first silent": (Faults(loss=1.0), ()),
        "first closed": (NONE, (("udp", "tcp"), ())),
    }
    with _nameserver("knot", seed) as proxies:
        for _ in range(rounds):
            for what, (first, closed) in states.items():
                proxies.change(first, NONE, closed=closed)
                for client in there(peers):
                    machine.quiet()
                    few = count if what == "healthy" else FEW.get(client, count)
                    figures = measured(client, "crowd", setting, count=min(few, count), callers=CALLERS)
                    table.add(what, client, figures)
    return table


def failover_rows(table: Table) -> list[Row]:
    """G16."""
    rows = []
    for mine in OURS:
        rows += [
            _row(table, "G16", what, mine, mine, 1.3, 1.15, 50, "healthy") for what in ("first silent", "first closed")
        ]
        rows.append(_row(table, "G16", "first silent", mine, "aiodns", 0.3, 0.126, 95))
    return [row for row in rows if row]


def duplicates(rounds: int, count: int, seed: int) -> None:
    """Nine in ten datagrams come twice, each copy up to 50 ms late, so that many come out of order; no TCP is there."""
    machine.write_resolv_conf(PROXIES[:1])
    table = Table()
    bad = {
        "90% twice, 50 ms jitter": Faults(duplicates=0.9, jitter=0.05),
        "10% junk, 20% reordered": Faults(junk=0.1, reordering=0.2, jitter=0.002),
    }
    connections: dict[tuple[str, str], int] = {}
    with _nameserver("knot", seed) as proxies:
        for _ in range(rounds):
            for ports, closed in (("TCP open", ()), ("TCP closed", (("tcp",),))):
                for what, faults in bad.items():
                    proxies.change(faults, closed=closed)
                    for client in there():
                        machine.quiet()
                        proxies.count()
                        key = f"{what}, {ports}", client
                        table.add(*key, measured(client, "crowd", count=count, callers=CALLERS))
                        counted = proxies.count()[0]
                        connections[key] = connections.get(key, 0) + counted.get("connections", 0)
    _end(table)
    for (what, client), number in connections.items():
        if number or client in OURS:
            failed = sum(run["failed"] for run in table.rows[what, client])
            print(f"{what}: {client}: {failed} failed, {number} TCP connections")


def crowd(rounds: int, count: int, seed: int) -> None:
    """So many lookups at once, each 50 ms from its answer: F5."""
    table = Table()
    with _nameserver("knot", seed) as proxies:
        for _ in range(rounds):
            proxies.change(Faults(delay=0.025), NONE)
            for client in there(("k8sresolve-async", "k8sresolve-trio", "aiodns")):
                machine.quiet()
                figures = measured(client, "crowd", count=count, callers=count)
                table.add(f"{count:,} at once, 50 ms", client, figures)
    _end(table)
