"""Pods on the offline cluster, and the questions that leave them: how many reach CoreDNS."""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

import attrs

from docs.load.clients import CLIENTS, Place, Program
from docs.load.mix import NAMESPACES, OUTSIDE, SERVICES, Lookup, Mix, Pod, lookups, pods, storm
from k8sresolve.testing import Cluster
from k8sresolve.testing.coredns.plugins.file import EMPTY_INTERNET

WARM, STEADY, STORM = 60.0, 240.0, 10.0  # seconds: not counted, counted, all connections anew
PODS = 10_000  # of the cluster that is spoken of

# kubeadm's Corefile (kubernetes, cmd/kubeadm/app/phases/addons/dns/manifests.go), as far as answers depend on it.
COREDNS = """
.:53 {{
    kubernetes cluster.local in-addr.arpa ip6.arpa {{
        pods insecure
        ttl {ttl}
    }}
    forward . 192.0.2.1
    cache 30 {{
        disable success cluster.local
        disable denial cluster.local
    }}
}}
"""
# kubernetes, cluster/addons/dns/nodelocaldns/nodelocaldns.yaml. `kubernetes` stands for the CoreDNS to which NodeLocal
# forwards names under the cluster domain; all others it forwards past CoreDNS.
NODE_LOCAL = """
cluster.local:53 {{
    kubernetes cluster.local {{
        pods insecure
        ttl {ttl}
    }}
    cache {{
        success 9984 30
        denial 9984 5
    }}
}}
.:53 {{
    forward . 192.0.2.1
    cache 30
}}
"""
OUTSIDE_TTL = 60  # of names outside; CoreDNS and NodeLocal hand out 30 at most


@attrs.frozen
class Setup:
    """What is varied."""

    client: str
    ttl: int = 30
    ndots: int = 5
    node_local: bool = False


class Asked(NamedTuple):
    """A question that left a pod, for a name of that kind, and whether the answer had data."""

    at: float
    pod: int
    kind: str
    name: str
    rdtype: str
    found: bool


@attrs.frozen
class Run:
    """What a sample of pods asked."""

    setup: Setup
    crowd: Sequence[Pod]
    events: Sequence[Lookup]
    asked: Sequence[Asked]

    def rate(self, *, storm: bool = False) -> float:
        """Questions a second that reach CoreDNS of all pods."""
        return self._per_second(self.at_coredns, storm=storm)

    def lookups(self) -> float:
        """Lookups a second of all pods."""
        return self._per_second([event for event in self.events if event.name], storm=False)

    def each_second(self) -> list[float]:
        """Questions that reach CoreDNS of all pods, second by second, from the first that counts."""
        counted = Counter(int(a.at - WARM) for a in self.at_coredns)
        return [counted[second] * PODS / len(self.crowd) for second in range(int(STEADY + STORM))]

    def each(self) -> dict[str, float]:
        """Questions that reach CoreDNS for a lookup of each kind of name."""
        asked = Counter(a.kind for a in self.at_coredns if _is_steady(a.at))
        made = Counter(event.kind for event in self.events if event.name and _is_steady(event.at))
        return {kind: asked[kind] / made[kind] for kind in made}

    @property
    def at_coredns(self) -> Sequence[Asked]:
        return missed(self.asked, self.crowd, self.setup.ttl) if self.setup.node_local else self.asked

    def _per_second(self, what: Iterable[Asked | Lookup], *, storm: bool) -> float:
        begin, end = (WARM + STEADY, WARM + STEADY + STORM) if storm else (WARM, WARM + STEADY)
        count = sum(begin <= item.at < end for item in what)
        return count / (end - begin) * PODS / len(self.crowd)


def _is_steady(at: float) -> bool:
    return WARM <= at < WARM + STEADY


def missed(asked: Iterable[Asked], crowd: Sequence[Pod], ttl: int) -> list[Asked]:
    """Leave out what a node's cache answers, the plugin `cache` with the bounds above, and what goes past CoreDNS."""
    kept: dict[tuple[int, str, str], float] = {}
    through: list[Asked] = []
    for question in asked:
        key = crowd[question.pod].node, question.name, question.rdtype
        if question.name.endswith(".cluster.local.") and question.at >= kept.get(key, 0.0):
            kept[key] = question.at + (min(max(ttl, 5), 30) if question.found else 5)
            through.append(question)
    return through


def make_cluster(setup: Setup) -> Cluster:
    spaces = [f"team-{n}" for n in range(NAMESPACES)]
    objects = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}} for space in spaces]
    objects += [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": f"app-{s}", "namespace": space},
            "spec": {"ports": [{"name": "http", "port": 80}]},
        }
        for space in spaces
        for s in range(SERVICES)
    ]
    hosts = [pattern.format(n=n).removesuffix(".example") for pattern in OUTSIDE.values() for n in range(NAMESPACES)]
    zone = "@ 300 SOA ns hostmaster 1 7200 1800 86400 300\n"
    zone += "".join(f"{host} {OUTSIDE_TTL} A 192.0.2.7\n" for host in hosts)
    corefile = (NODE_LOCAL if setup.node_local else COREDNS).format(ttl=setup.ttl)
    return Cluster.from_objects(objects, corefile=corefile, upstream={**EMPTY_INTERNET, "example": zone})


@cache
def questions(client: str, namespace: str, ndots: int, name: str) -> tuple[tuple[str, str, bool], ...]:
    """Tell what a client that remembers nothing asks for a name: each time the same."""
    cluster = _plain_cluster()
    cluster.queries.clear()
    CLIENTS[client].make(Place(cluster, namespace, ndots)).look_up(name)
    return tuple((query.name, query.rdtype, query.outcome == "NOERROR") for query in cluster.queries)


@cache
def _plain_cluster() -> Cluster:
    return make_cluster(Setup("glibc"))


def simulate(setup: Setup, mix: Mix, count: int, seed: int = 1) -> Run:
    """Let a sample of `count` pods live for a while, and then connect anew all at once."""
    chance = random.Random(seed)  # the same pods, names and times for every client
    crowd = pods(mix, count, chance)
    events = lookups(mix, crowd, WARM + STEADY, chance)
    events += storm(crowd, WARM + STEADY, STORM, chance)
    return Run(setup, crowd, events, _asked(setup, crowd, events))


def _asked(setup: Setup, crowd: Sequence[Pod], events: Sequence[Lookup]) -> list[Asked]:
    client = CLIENTS[setup.client]
    clusters: dict[int, Cluster] = {}
    programs: dict[int, Program] = {}
    asked: list[Asked] = []
    for at, number, kind, name in events:
        pod = crowd[number]
        if not name:
            programs.pop(number, None)
            continue
        if not client.remembers:
            asked += [
                Asked(at, number, kind, *told) for told in questions(setup.client, pod.namespace, setup.ndots, name)
            ]
            continue
        where = pod.node if setup.node_local else 0
        if where not in clusters:
            clusters[where] = make_cluster(setup)
        cluster = clusters[where]
        cluster.clock.reach(at)
        if number not in programs:
            programs[number] = client.make(Place(cluster, pod.namespace, setup.ndots))
        programs[number].look_up(name)
        if len(cluster.queries):
            asked += [Asked(at, number, kind, q.name, q.rdtype, q.outcome == "NOERROR") for q in cluster.queries]
            cluster.queries.clear()
    return asked
