"""Small plugins of CoreDNS that change replies or pass questions on: loadbalance, minimal, autopath and forward."""

import random
from collections.abc import Callable, Sequence

from k8sresolve._core.questions import AAAA, CNAME, NS, SOA, A
from k8sresolve.testing.coredns.chain import (
    AXFR,
    FAILED,
    IXFR,
    MX,
    NOERROR,
    NXDOMAIN,
    SERVFAIL,
    Answering,
    Budget,
    Chain,
    Crash,
    Labels,
    Record,
    Reply,
    Request,
    holds,
    is_below,
    split,
    unwritten,
)

_HOP = 5000  # of the budget: nameservers that forward to each other would do so for ever


class LoadBalance:
    """The plugin `loadbalance`: addresses in a fresh order each time.

    CNAMEs come first, then what is no address, then the addresses, and MX records last.
    """

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def answer(self, request: Request, rest: Chain) -> Reply:
        """Have it answered, and shuffle."""
        reply = rest.answer(request)
        if reply.rcode != NOERROR or request.rdtype in (AXFR, IXFR):
            return reply
        return reply._replace(
            answer=self._shuffled(reply.answer),
            authority=self._shuffled(reply.authority),
            additional=self._shuffled(reply.additional),
        )

    def _shuffled(self, records: tuple[Record, ...]) -> tuple[Record, ...]:
        if len(records) < 2:
            return records
        addresses = [record for record in records if record.rdtype in (A, AAAA)]
        exchanges = [record for record in records if record.rdtype == MX]
        self._rng.shuffle(addresses)
        self._rng.shuffle(exchanges)
        aliases = [record for record in records if record.rdtype == CNAME]
        others = [record for record in records if record.rdtype not in (A, AAAA, MX, CNAME)]
        return (*aliases, *others, *addresses, *exchanges)


class Minimal:
    """The plugin `minimal`: a positive reply keeps only its answer section, so that SRV comes without addresses."""

    def answer(self, request: Request, rest: Chain) -> Reply:
        """Have it answered, and leave out the rest."""
        reply = rest.answer(request)
        if reply is FAILED:
            return reply
        if not reply.written:
            raise Crash(request.name)  # CoreDNS takes apart a reply that is not there
        types = {record.rdtype for record in reply.authority}
        if reply.rcode != NOERROR or (not reply.answer and (SOA in types or NS in types)):
            return reply
        return reply._replace(authority=(), additional=())


SearchPath = Callable[[Request], Sequence[str]]
"""Gives the search list of the pod that asks: absolute names, and an empty one behind them. Empty if none is known."""


class AutoPath:
    """The plugin `autopath`: asked for a name below a search list's first domain, it walks the list itself."""

    def __init__(self, zones: tuple[Labels, ...], search_path: SearchPath) -> None:
        self._zones = zones
        self._search_path = search_path

    def answer(self, request: Request, rest: Chain) -> Reply:
        """Answer with the first name that exists, behind a CNAME that leads there."""
        labels = split(request.name.lower())
        domains = self._search_path(request) if holds(self._zones, labels) else ()
        if not domains or not is_below(labels, split(domains[0])):
            return rest.answer(request)
        base = ".".join(split(request.name)[: len(labels) - len(split(domains[0]))])
        if not base:
            return unwritten(SERVFAIL)
        first: Reply | None = None
        for domain in domains:
            reply = rest.answer(request._replace(name=f"{base}.{domain}"))
            first = first or reply
            if reply.written and reply.rcode != NXDOMAIN:
                return reply._replace(answer=_led_to(reply.answer, request.name))
        return first or unwritten(SERVFAIL)


def _led_to(records: tuple[Record, ...], name: str) -> tuple[Record, ...]:
    for record in records:
        if record.name.lower() != name.lower():
            return (Record(name, CNAME, record.ttl, (record.name,)), *records)
    return records


class Forward:
    """The plugin `forward`: names in a zone, those under `excluded` apart, are asked of another nameserver."""

    def __init__(self, zone: Labels, excluded: tuple[Labels, ...], target: Answering) -> None:
        self._zone = zone
        self._excluded = excluded
        self._target = target

    def answer(self, request: Request, rest: Chain) -> Reply:
        """Ask the other nameserver, or leave it to the next plugin."""
        labels = split(request.name.lower())
        if not is_below(labels, self._zone) or (labels != self._zone and holds(self._excluded, labels)):
            return rest.answer(request)
        budget = request.budget or Budget()
        budget.spend(_HOP)
        reply = self._target.answer(request._replace(depth=0, budget=budget))
        return unwritten(SERVFAIL) if reply.dropped else reply._replace(written=True)
