"""CoreDNS's `loadbalance` plugin: addresses in a fresh order each time."""

import random
from collections.abc import Iterator, Sequence

from k8sresolve._core.questions import AAAA, CNAME, A
from k8sresolve._core.wire.rcodes import NOERROR
from k8sresolve.testing.coredns.chain import Chain, Plugin, Reply, Request
from k8sresolve.testing.coredns.corefile import Directive
from k8sresolve.testing.coredns.records import AXFR, IXFR, MX, Record
from k8sresolve.testing.coredns.setup import Block, Specification


class LoadBalance:
    """The plugin. CNAMEs come first, then what is no address, then the addresses, and MX records last."""

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


def _set_up(block: Block, directives: Sequence[Directive]) -> Iterator[Plugin]:
    directive = directives[-1]
    for option in directive.block if directive.words[:1] != ("weighted",) else ():
        if option.name == "reload":
            raise option.token.error("reload is an option of loadbalance weighted")
    if directive.words in ((), ("round_robin",)):
        for _ in block.options(directive):
            pass
        yield LoadBalance(block.surroundings.rng)
    else:
        block.note(f"loadbalance {directive.words[0]}", directive.token)


SPECIFICATION = Specification("loadbalance", _set_up)
