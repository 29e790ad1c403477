"""What a client leaves behind besides questions: source ports, entries in conntrack's table, and resends under loss."""

import random
from collections import defaultdict
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import dns.rdatatype

from docs.load.clients import CLIENTS, Package, Place
from docs.load.mix import Mix, lookups, pods
from docs.load.simulation import STEADY, WARM, Asked, Run, Setup, make_cluster
from k8sresolve import CacheConfig, ResolveError
from k8sresolve._drivers.pool import Pool
from k8sresolve.testing import Cluster, headless

# nf_conntrack_udp_timeout and nf_conntrack_udp_timeout_stream; the second holds for a flow that is 2 s old
# (Linux, Documentation/networking/nf_conntrack-sysctl.rst; net/netfilter/nf_conntrack_proto_udp.c).
ENTRY, STREAM, IS_STREAM_AFTER = 30.0, 120.0, 2.0

HOUR = 3600  # seconds


def conntrack(run: Run, *, flows: str = "") -> tuple[float, float]:
    """Tell the new source ports a second of a pod, and the entries that it keeps in the table, on the average."""
    count = len(run.crowd)
    spans = [
        span
        for asked in _by_pod(run.asked).values()
        for span in _spans(asked, flows or CLIENTS[run.setup.client].flows)
    ]
    opened = sum(WARM <= begin < WARM + STEADY for begin, _ in spans)
    kept = sum(_counted(begin, end) for begin, end in spans)
    return opened / STEADY / count, kept / STEADY / count


def _by_pod(asked: Iterable[Asked]) -> dict[int, list[Asked]]:
    found: dict[int, list[Asked]] = defaultdict(list)
    for question in asked:
        found[question.pod].append(question)
    return found


def _counted(begin: float, end: float) -> float:
    """Tell the seconds for which an entry is in the table while we count."""
    until = end + (STREAM if end - begin > IS_STREAM_AFTER else ENTRY)
    return max(0.0, min(until, WARM + STEADY) - max(begin, WARM))


def _spans(asked: list[Asked], flows: str) -> list[tuple[float, float]]:
    """Tell when each source port of a pod was first and last used."""
    match flows:
        case "question":
            return [(a.at, a.at) for a in asked]
        case "candidate":
            return [(at, at) for at, _ in {(a.at, a.name): None for a in asked}]
        case "channel":
            return [(asked[0].at, asked[-1].at)]
        case _:
            return _pooled(asked)


def _pooled(asked: list[Asked]) -> list[tuple[float, float]]:
    """Let the questions leave by the asyncio driver's pool of sockets."""
    pool = Pool(lambda _sock: None)
    spans: dict[int, tuple[float, float]] = {}
    for at, together in _at_once(asked).items():
        tickets: list[Any] = []
        for question in together:
            rdtype = dns.rdatatype.from_text(question.rdtype)
            slot = pool.choose(0, rdtype, at)
            if slot is None:
                slot = pool.add(0, rdtype, SimpleNamespace(number=len(spans)), at)  # type: ignore[arg-type]
            number = slot.sock.number  # type: ignore[attr-defined]
            spans[number] = spans.get(number, (at, at))[0], at
            nobody: Any = None
            tickets.append(slot.enter(len(slot.ids).to_bytes(2), nobody, 0))
        for ticket in tickets:
            pool.give_up(ticket)
    return list(spans.values())


def _at_once(asked: list[Asked]) -> dict[float, list[Asked]]:
    found: dict[float, list[Asked]] = defaultdict(list)
    for question in asked:
        found[question.at].append(question)
    return found


def under_loss(loss: float, count: int, seed: int = 1) -> tuple[int, int, int]:
    """Tell the questions, the resends and the failures of k8sresolve where that share of packets is lost."""
    mix, chance = Mix(), random.Random(seed)
    crowd = pods(mix, count, chance)
    cluster = make_cluster(Setup("k8sresolve"))
    if loss:
        cluster.network.drop(probability=loss, seed=seed)
    programs = [Package(Place(cluster, pod.namespace, 5)) for pod in crowd]
    failed = 0
    for event in lookups(mix, crowd, WARM + STEADY, chance):
        if event.name:
            cluster.clock.reach(event.at)
            try:
                programs[event.pod].resolver.addresses(event.name)
            except ResolveError:
                failed += 1
    stats = [program.resolver.stats() for program in programs]
    return sum(s.sends - s.resends for s in stats), sum(s.resends for s in stats), failed


def following(ttl: int) -> tuple[float, float, float]:
    """Questions in an hour: of a watch, of a name that is looked up every two seconds, and of one asked for ahead."""
    corefile = f".:53 {{\n  kubernetes cluster.local {{\n    ttl {ttl}\n  }}\n}}\n"

    def cluster() -> Cluster:
        return Cluster.new(headless("db.data", sql=5432, pods=3), corefile=corefile)

    there = cluster()
    with there.resolver() as resolver, resolver.watch("db.data", "sql") as watch:
        watch.ready()
        there.clock.advance(HOUR)
        counts = [len(there.queries)]
    for cache in (CacheConfig(), CacheConfig(prefetch=0.8)):
        there = cluster()
        with there.resolver(cache=cache) as resolver:
            for _ in range(HOUR // 2):
                resolver.endpoints("db.data", "sql")
                there.clock.advance(2)
        counts.append(len(there.queries))
    watched, asked, ahead = counts
    return watched, asked, ahead
