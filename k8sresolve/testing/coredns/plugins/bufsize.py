"""CoreDNS's `bufsize` plugin: replies over UDP have no more octets than this, whatever the client would take."""

from collections.abc import Iterator, Sequence

from k8sresolve.testing.coredns.chain import Chain, Plugin, Reply, Request
from k8sresolve.testing.coredns.corefile import Directive
from k8sresolve.testing.coredns.setup import Block, Specification

_DEFAULT = 1232
_LEAST, _MOST = 512, 4096


class BufSize:
    """The plugin, which takes down the payload size of the query's OPT record (RFC 6891, section 6.2.3)."""

    def __init__(self, most: int) -> None:
        self._most = most

    def answer(self, request: Request, rest: Chain) -> Reply:
        """Have it answered within the size."""
        room = request.room if request.tcp else min(request.room, self._most)
        return rest.answer(request._replace(room=room)).marked(payload=self._most)


def _set_up(_block: Block, directives: Sequence[Directive]) -> Iterator[Plugin]:
    size = directives[0].arguments  # CoreDNS looks at the first directive alone
    yield BufSize(size[0].number(_LEAST, _MOST) if size else _DEFAULT)


SPECIFICATION = Specification("bufsize", _set_up)
