"""Query logs that are written for a test: what programs ask, by walks that are spelled out here."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from k8sresolve.cli.profiling.counting import Counts
from k8sresolve.cli.profiling.lines import Query

DOMAIN = "cluster.local"


class Walk(NamedTuple):
    """A lookup of `name` from `namespace`, which ends at the search domain with that index; -1 is the name as typed."""

    client: str
    name: str
    namespace: str = "shop"
    end: int = -1
    times: Sequence[float] = (0.0,)
    rdtypes: Sequence[str] = ("A", "AAAA")
    found: bool = True
    beyond: Sequence[str] = ()

    def queries(self) -> Iterator[Query]:
        search = [f"{self.namespace}.svc.{DOMAIN}", f"svc.{DOMAIN}", DOMAIN, *self.beyond]
        names = [*(f"{self.name}.{entry}." for entry in search), f"{self.name}."]
        asked = names[: self.end + 1] if self.end >= 0 else names
        for at in self.times:
            for name in asked:
                answered = "NOERROR" if self.found and name == asked[-1] else "NXDOMAIN"
                yield from (Query(at, self.client, name, rdtype, answered, "udp") for rdtype in self.rdtypes)


def direct(
    client: str, name: str, count: int = 1, rcode: str = "NOERROR", rdtypes: Sequence[str] = ("A", "AAAA")
) -> Iterator[Query]:
    """Questions for an absolute name."""
    for at in range(count):
        yield from (Query(float(at), client, name, rdtype, rcode, "udp") for rdtype in rdtypes)


def counted(queries: Iterable[Query], sample: float = 1.0, **bounds: int) -> Counts:
    counts = Counts(sample, **bounds)
    for query in queries:
        counts.add(query)
    return counts
