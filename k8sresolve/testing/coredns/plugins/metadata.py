"""CoreDNS's `metadata` plugin: it collects what plugins of the block say of a request, for others to read."""

from collections.abc import Callable, Iterator, Sequence

from k8sresolve.testing.coredns.chain import Chain, Plugin, Provider, Reply, Request
from k8sresolve.testing.coredns.corefile import Directive
from k8sresolve.testing.coredns.names import Labels, holds, split
from k8sresolve.testing.coredns.setup import Block, Specification, labels, only

_PROVIDERS = ("kubernetes", "view")


class Metadata:
    """The plugin. `providers` are asked for late: one of them may read what is collected."""

    def __init__(self, zones: tuple[Labels, ...], providers: Callable[[], Sequence[Provider]]) -> None:
        self._zones = zones
        self._providers = providers

    def collected(self, request: Request) -> Request:
        """Give a request with what is said of it."""
        told: dict[str, str] = {}
        if holds(self._zones, split(request.name.lower())):
            for provider in self._providers():
                told |= provider.metadata(request)
        return request._replace(told=told)

    def answer(self, request: Request, rest: Chain) -> Reply:
        """Leave it to the next plugin, with what is said."""
        return rest.answer(self.collected(request))


def _set_up(block: Block, directives: Sequence[Directive]) -> Iterator[Plugin]:
    directive = only(directives)

    def providers() -> list[Provider]:
        found = (plugin for name in _PROVIDERS for plugin in block.named(name))
        return [plugin for plugin in found if isinstance(plugin, Provider)]

    yield Metadata(labels(block.zones_of(directive.arguments)), providers)


SPECIFICATION = Specification("metadata", _set_up)
