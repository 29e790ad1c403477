"""CoreDNS's `any` plugin: a question of type ANY is answered with next to nothing (RFC 8482, section 4.2)."""

from collections.abc import Iterator, Sequence

from k8sresolve.testing.coredns.chain import Chain, Plugin, Reply, Request
from k8sresolve.testing.coredns.corefile import Directive
from k8sresolve.testing.coredns.records import ANY, Record
from k8sresolve.testing.coredns.setup import Block, Specification

_HINFO = 13
_TTL = 8482
_DATA = b"".join(bytes([len(text)]) + text for text in (b"ANY obsoleted", b"See RFC 8482"))


class Any:
    """The plugin."""

    def answer(self, request: Request, rest: Chain) -> Reply:
        """Answer ANY with an HINFO record, and leave all else to the next plugin."""
        if request.rdtype != ANY:
            return rest.answer(request)
        return Reply(answer=(Record(request.name, _HINFO, _TTL, (_DATA,)),), authoritative=False)


def _set_up(_block: Block, _directives: Sequence[Directive]) -> Iterator[Plugin]:
    yield Any()


SPECIFICATION = Specification("any", _set_up)
