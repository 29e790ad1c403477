"""What pods look up: the mix of names and rates that the page states, drawn with a seed."""

import heapq
import random
from collections.abc import Iterator
from typing import NamedTuple

import attrs

NAMESPACES, SERVICES = 40, 10  # 400 Services: 25 pods each
OUTSIDE = {
    "host.tld": "site-{n}.example",
    "x.host.tld": "api.vendor-{n}.example",
    "x.y.host.tld": "queue.eu.cloud-{n}.example",
}
INSIDE = {
    "svc": "app-{s}",
    "svc.ns": "app-{s}.team-{n}",
    "svc.ns.svc": "app-{s}.team-{n}.svc",
    "svc.ns.svc.cluster.local": "app-{s}.team-{n}.svc.cluster.local",
}
CLASSES = (*INSIDE, *OUTSIDE)


class Kind(NamedTuple):
    """A kind of pod: its share of all, and either the seconds after which it connects anew to each name it uses, or
    the connections that it opens a second."""

    name: str
    share: float
    renews_every: float = 0.0
    opens: float = 0.0


@attrs.frozen
class Mix:
    """What is assumed of a cluster. `names`: how many names of each class a pod uses. `life` is a pod's, in seconds."""

    kinds: tuple[Kind, ...] = (
        Kind("connections that are kept", 0.70, renews_every=60.0),
        Kind("a connection for each request", 0.25, opens=1.0),
        Kind("many connections", 0.05, opens=10.0),
    )
    names: tuple[int, ...] = (3, 3, 1, 2, 1, 2, 1)  # by CLASSES
    outside: float = 0.3  # of lookups
    life: float = 7200.0
    pods_on_a_node: int = 30


@attrs.frozen
class Pod:
    node: int
    namespace: str
    names: tuple[tuple[str, str], ...]  # class and name
    kind: Kind


class Lookup(NamedTuple):
    """At `at` the pod looks `name` up, or, without a name, is replaced by another that remembers nothing."""

    at: float
    pod: int
    kind: str = ""
    name: str = ""


def pods(mix: Mix, count: int, chance: random.Random) -> list[Pod]:
    """Draw pods, node by node. Kinds come in turn by their shares, so that a small sample has them all."""
    made: list[Pod] = []
    owed = [0.0] * len(mix.kinds)
    for number in range(count):
        owed = [debt + kind.share for debt, kind in zip(owed, mix.kinds, strict=True)]
        turn = max(range(len(owed)), key=owed.__getitem__)
        owed[turn] -= 1.0
        names: list[tuple[str, str]] = []
        for kind, some in zip(CLASSES, mix.names, strict=True):
            pattern = {**INSIDE, **OUTSIDE}[kind]
            drawn: dict[str, None] = {}
            while len(drawn) < some:
                drawn[pattern.format(s=chance.randrange(SERVICES), n=chance.randrange(NAMESPACES))] = None
            names += [(kind, name) for name in drawn]
        namespace = f"team-{chance.randrange(NAMESPACES)}"
        made.append(Pod(number // mix.pods_on_a_node, namespace, tuple(names), mix.kinds[turn]))
    return made


def lookups(mix: Mix, crowd: list[Pod], seconds: float, chance: random.Random) -> list[Lookup]:
    """Draw what all pods look up, in order of time: connections at random (Poisson), and pods that are replaced."""
    return list(heapq.merge(*[list(_of(mix, number, pod, seconds, chance)) for number, pod in enumerate(crowd)]))


def _of(mix: Mix, number: int, pod: Pod, seconds: float, chance: random.Random) -> Iterator[Lookup]:
    inside = [item for item in pod.names if item[0] in INSIDE]
    outside = [item for item in pod.names if item[0] in OUTSIDE]
    rate = pod.kind.opens or len(pod.names) / pod.kind.renews_every
    at, ends = chance.expovariate(rate), chance.expovariate(1 / mix.life)
    while at < seconds:
        if ends < at:
            yield Lookup(ends, number)
            # A program that starts connects to all that it uses.
            starts = sorted(ends + chance.uniform(0.0, 1.0) for _ in pod.names)
            yield from (Lookup(when, number, *item) for when, item in zip(starts, pod.names, strict=True))
            at, ends = starts[-1] + chance.expovariate(rate), starts[-1] + chance.expovariate(1 / mix.life)
            continue
        yield Lookup(at, number, *chance.choice(outside if chance.random() < mix.outside else inside))
        at += chance.expovariate(rate)


def storm(crowd: list[Pod], at: float, within: float, chance: random.Random) -> list[Lookup]:
    """Let every pod connect anew to all that it uses: as when a network or a mesh was away."""
    return sorted(
        Lookup(at + chance.uniform(0.0, within), number, *item)
        for number, pod in enumerate(crowd)
        for item in pod.names
    )
