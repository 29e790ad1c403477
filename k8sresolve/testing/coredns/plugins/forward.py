"""CoreDNS's `forward` plugin: other nameservers are asked, which here are the upstream, or the cluster's own."""

from collections.abc import Iterator, Sequence

from k8sresolve.testing.coredns.chain import FAILED, Answering, Chain, Plugin, Reply, Request, Steps
from k8sresolve.testing.coredns.corefile import Directive
from k8sresolve.testing.coredns.messages import cut_for
from k8sresolve.testing.coredns.names import Labels, holds, is_below, split
from k8sresolve.testing.coredns.setup import Block, Specification, labels, zones

_HOP = 5000  # of the steps: nameservers that forward to each other would do so for ever

_OVER_TCP = frozenset({"force_tcp", "prefer_udp"})
"""Options by which a reply that is cut over UDP is had over TCP, at once or on a second try."""


class Forward:
    """The plugin: names in a zone, those under `excluded` apart, are asked of another nameserver.

    It is asked as the client asks, over UDP or TCP: what it cuts over UDP is passed on so, but with `whole`.
    """

    def __init__(self, zone: Labels, excluded: tuple[Labels, ...], target: Answering, *, whole: bool = False) -> None:
        self._zone = zone
        self._excluded = excluded
        self._target = target
        self._whole = whole

    def answer(self, request: Request, rest: Chain) -> Reply:
        """Ask the other nameserver, or leave it to the next plugin."""
        labels = split(request.name.lower())
        if not is_below(labels, self._zone) or (labels != self._zone and holds(self._excluded, labels)):
            return rest.answer(request)
        steps = request.steps or Steps()
        steps.spend(_HOP)
        reply = self._target.answer(request._replace(depth=0, steps=steps))
        if reply.sender == "nobody":
            return FAILED
        reply = reply._replace(sender="plugin")
        return reply if self._whole or request.tcp else cut_for(request, reply)


def _set_up(block: Block, directives: Sequence[Directive]) -> Iterator[Plugin]:
    for directive in directives:
        source, target, *_ = directive.take(2)
        options = list(block.options(directive))
        excluded = [token for option in options if option.name == "except" for token in option.arguments]
        whole = any(option.name in _OVER_TCP for option in options)
        yield Forward(split(source.zones()[0]), labels(zones(excluded)), block.target(target), whole=whole)


SPECIFICATION = Specification(
    "forward",
    _set_up,
    options=frozenset({"except", "force_tcp", "prefer_udp"}),
    without_effect=frozenset(
        {"doh_method", "expire", "failfast_all_unhealthy_upstreams", "health_check", "max_age"}
        | {"max_concurrent", "max_connect_attempts", "max_fails", "max_idle_conns", "policy"}
        | {"read_timeout", "resolver", "source_address", "tls", "tls_servername"}
    ),
)
