"""`python -m docs.promise` measures in virtual time what a watch sees when, for the page `what-dns-can-promise`."""

import math
import random
import re
import statistics
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

from k8sresolve.testing import Cluster, headless
from k8sresolve.watches import Watch

PAGE = Path(__file__).parents[1] / "explanation/what-dns-can-promise.md"
KUBEADM = """.:53 {
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        ttl 30
    }
    cache 30
}
"""
NODE_LOCAL = """cluster.local:53 {
    cache {
        success 9984 30
        denial 9984 5
    }
    forward . __PILLAR__CLUSTER__DNS__ {
        force_tcp
    }
}
"""
COREDNS = """.:53 {
    kubernetes cluster.local
}
"""
RUNS = 400
NAME, PORT, WORKLOAD = "db.data", "sql", "data/db"
JITTER = 1.2  # of a pause, at most
HOLD = 30.0


class Setup(NamedTuple):
    """A way that answers take, how long they may be kept on it, and how often a watch asks."""

    told: str
    corefile: str
    kept: float
    interval: tuple[float, float] = (5.0, 30.0)

    @property
    def pause(self) -> float:
        """The longest between two questions of a watch."""
        return max(self.interval[1] * JITTER, self.interval[1] + 1.0)


SETUPS = (
    Setup("kubeadm's Corefile: `ttl 30`, `cache 30`", KUBEADM, 30.0),
    Setup("the same behind NodeLocal DNSCache", NODE_LOCAL, 30.0),
    Setup("the same, `interval=(5, 10)`", NODE_LOCAL, 30.0, (5.0, 10.0)),
    Setup("CoreDNS's own `ttl 5`, no cache, `interval=(1, 5)`", COREDNS, 0.0, (1.0, 5.0)),
)


def _until(watch: Watch, cluster: Cluster, is_so: Callable[[], bool], most: float) -> float:
    """Seconds until that is so."""
    began = cluster.clock.monotonic()
    while not is_so():
        if cluster.clock.monotonic() - began > most:
            raise RuntimeError(f"not within {most:.0f} s: {watch.current}")
        next(watch)
    return cluster.clock.monotonic() - began


def once(setup: Setup, seed: int) -> tuple[float, float, float]:
    """Seconds until a watch has a pod that came, has not one that went, and has none when the last went."""
    chance = random.Random(seed)
    cluster = Cluster.new(headless(NAME, sql=5432, pods=3), corefile=setup.corefile)
    # Others ask, too, so that what is remembered on the way is of any age.
    with cluster.resolver() as others, cluster.resolver() as resolver:
        cluster.clock.advance(chance.uniform(0, 60))
        others.endpoints(NAME, PORT)
        cluster.clock.advance(chance.uniform(0, 60))
        with resolver.watch(NAME, PORT, interval=setup.interval, empty_hold=HOLD) as watch:
            watch.ready(3)
            seconds = []
            for pods in (4, 3, 0):
                # Long enough for what was removed lately to be forgotten.
                cluster.clock.advance(chance.uniform(300, 400))
                others.endpoints(NAME, PORT)
                cluster.clock.advance(chance.uniform(0, 30))
                cluster.scale(WORKLOAD, pods)
                seconds.append(_until(watch, cluster, lambda pods=pods: len(watch.current) == pods, 300))
    added, removed, empty = seconds
    return added, removed, empty


def _bounds(setup: Setup) -> tuple[float, float, float]:
    kept, pause = setup.kept, setup.pause
    # An answer that is given again is no second one.
    another = pause if setup.kept <= setup.interval[1] else kept + pause
    return kept + pause, kept + pause + another, kept + pause + another + HOLD


def rows(runs: int) -> Iterator[tuple[str, ...]]:
    yield "answers come by", "a pod that came", "a pod that went", "the last pod went"
    with ProcessPoolExecutor() as pool:
        for setup in SETUPS:
            told = pool.map(once, [setup] * runs, range(runs), chunksize=20)
            cells = []
            for seconds, bound in zip(zip(*told, strict=True), _bounds(setup), strict=True):
                if max(seconds) > bound:
                    raise RuntimeError(f"{setup.told}: {max(seconds):.1f} s, over {bound:.1f}")
                cells.append(f"{statistics.median(seconds):.0f}, {math.ceil(max(seconds))} (≤ {bound:.0f})")
            yield setup.told, *cells


def table(runs: int = RUNS) -> str:
    head, *lines = rows(runs)
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ("---",) * len(head), *lines)) + "\n"


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    page = PAGE.read_text()
    found = re.compile(r"(?<=<!-- seconds -->\n).*?(?=<!-- /seconds -->)", re.DOTALL)
    PAGE.write_text(found.sub(lambda _: table(runs), page))


if __name__ == "__main__":
    main()
