"""CoreDNS's `autopath` plugin: it walks the search list of the pod that asks, so that the pod need not."""

from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

from k8sresolve._core.questions import CNAME
from k8sresolve._core.wire.rcodes import NXDOMAIN, SERVFAIL
from k8sresolve.testing.coredns.chain import Chain, Crash, Plugin, Reply, Request, unwritten
from k8sresolve.testing.coredns.corefile import Directive
from k8sresolve.testing.coredns.names import Labels, holds, is_below, split
from k8sresolve.testing.coredns.records import Record
from k8sresolve.testing.coredns.setup import Block, Specification, labels
from k8sresolve.testing.versions import NO_REPLY


@runtime_checkable
class AutoPather(Protocol):
    """A plugin that knows who asks, as CoreDNS calls it."""

    def search_path(self, request: Request) -> Sequence[str]:
        """Tell the search list of the pod that asks: absolute names, and an empty one behind them. Empty if unknown."""
        ...


class AutoPath:
    """The plugin: asked for a name below a search list's first domain, it walks the list itself.

    A name for which no reply comes is passed over with `no_reply`, and a crash without.
    """

    def __init__(self, zones: tuple[Labels, ...], source: AutoPather, *, no_reply: bool = False) -> None:
        self._zones = zones
        self._source = source
        self._no_reply = no_reply

    def answer(self, request: Request, rest: Chain) -> Reply:
        """Answer with the first name that exists, behind a CNAME that leads there."""
        labels = split(request.name.lower())
        domains = self._source.search_path(request) if holds(self._zones, labels) else ()
        if not domains or not is_below(labels, split(domains[0])):
            return rest.answer(request)
        base = ".".join(split(request.name)[: len(labels) - len(split(domains[0]))])
        if not base:
            return unwritten(SERVFAIL)
        first: Reply | None = None
        for domain in domains:
            reply = rest.answer(request._replace(name=f"{base}.{domain}"))
            if reply.sender == "error":
                return reply
            if reply.sender == "nobody" and not self._no_reply:
                raise Crash(request.name)
            first = first or reply
            if reply.sender == "plugin" and reply.rcode != NXDOMAIN:
                return reply._replace(answer=_led_to(reply.answer, request.name))
        return first or unwritten(SERVFAIL)


def _led_to(records: Sequence[Record], name: str) -> Sequence[Record]:
    for record in records:
        if record.name.lower() != name.lower():
            return (Record(name, CNAME, record.ttl, (record.name,)), *records)
    return records


def _set_up(block: Block, directives: Sequence[Directive]) -> Iterator[Plugin]:
    *zones, source = directives[-1].take(1)
    there = block.named(source.text.removeprefix("@")) if source.text.startswith("@") else ()
    knowing = [plugin for plugin in there if isinstance(plugin, AutoPather)]
    if knowing:
        yield AutoPath(labels(block.zones_of(zones)), knowing[0], no_reply=block.coredns.has(NO_REPLY))
    else:
        block.note(f"autopath {source.text}", source)


SPECIFICATION = Specification("autopath", _set_up, options=frozenset({"@kubernetes"}))
