"""CoreDNS's `minimal` plugin: positive replies without what nobody asked for."""

from collections.abc import Iterator, Sequence

from k8sresolve._core.questions import NS, SOA
from k8sresolve._core.wire.rcodes import NOERROR
from k8sresolve.testing.coredns.chain import Chain, Crash, Plugin, Reply, Request
from k8sresolve.testing.coredns.corefile import Directive
from k8sresolve.testing.coredns.setup import Block, Specification
from k8sresolve.testing.versions import NO_REPLY


class Minimal:
    """The plugin: a positive reply keeps only its answer section, so that SRV comes without addresses.

    What comes without a reply is passed on with `no_reply`, and a crash without.
    """

    def __init__(self, *, no_reply: bool = False) -> None:
        self._no_reply = no_reply

    def answer(self, request: Request, rest: Chain) -> Reply:
        """Have it answered, and leave out the rest."""
        reply = rest.answer(request)
        if reply.sender == "error":
            return reply
        if reply.sender != "plugin":
            if self._no_reply:
                return reply
            raise Crash(request.name)  # CoreDNS takes apart a reply that is not there
        types = {record.rdtype for record in reply.authority}
        if reply.rcode != NOERROR or (not reply.answer and (SOA in types or NS in types)):
            return reply
        return reply._replace(authority=(), additional=())


def _set_up(block: Block, directives: Sequence[Directive]) -> Iterator[Plugin]:
    directives[-1].take(0, 0)
    yield Minimal(no_reply=block.coredns.has(NO_REPLY))


SPECIFICATION = Specification("minimal", _set_up)
