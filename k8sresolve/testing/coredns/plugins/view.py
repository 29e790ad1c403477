"""CoreDNS's `view` plugin: of the server blocks for one zone, the first whose expressions are true answers."""

import ipaddress
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from k8sresolve.testing.coredns.chain import Chain, Plugin, Reply, Request, metadata
from k8sresolve.testing.coredns.corefile import Directive
from k8sresolve.testing.coredns.expressions import Expression, ExpressionError, parse_expression, work_out
from k8sresolve.testing.coredns.setup import Block, Specification, only
from k8sresolve.testing.coredns.words import class_text, type_text

_MODELLED = frozenset({"incidr", "metadata", "type", "name", "class", "proto", "client_ip", "opcode", "do", "bufsize"})
_KNOWN = _MODELLED | {"size", "port", "id", "server_ip", "server_port"}


class View:
    """The plugin, which decides before the others are asked."""

    def __init__(self, expressions: Sequence[Expression]) -> None:
        self._expressions = expressions

    def passes(self, request: Request) -> bool:
        """Whether all expressions are true. One that cannot be worked out is not."""
        environment = _environment(request)
        try:
            return all(work_out(expression, environment) is True for expression in self._expressions)
        except ExpressionError:
            return False

    def answer(self, request: Request, rest: Chain) -> Reply:
        """Leave it to the next plugin."""
        return rest.answer(request)


def _environment(request: Request) -> dict[str, Callable[..., Any]]:
    return {
        "incidr": _in_network,
        "metadata": metadata,
        "type": lambda: type_text(request.rdtype),
        "name": request.name.lower,
        "class": lambda: class_text(request.rdclass),
        "proto": lambda: "tcp" if request.tcp else "udp",
        "client_ip": lambda: request.client,
        "opcode": lambda: request.opcode,
        "do": lambda: request.dnssec,
        "bufsize": lambda: request.room,
    }


def _in_network(ip: str, network: str) -> bool:
    if "/" not in network:
        raise ValueError(f"{network!r} is no network")
    return ipaddress.ip_address(ip) in ipaddress.ip_network(network, strict=False)


def _set_up(block: Block, directives: Sequence[Directive]) -> Iterator[Plugin]:
    directive = only(directives)
    expressions: list[Expression] = []
    for option in block.options(directive):
        text = " ".join(option.words)
        try:
            expressions.append(parse_expression(text, _KNOWN))
        except ExpressionError as problem:
            raise option.token.error(f"{text!r} is no expression: {problem}") from None
        try:
            parse_expression(text, _MODELLED)
        except ExpressionError:
            block.note(f"server block of view {directive.words[0]}, by {text}", option.token)
            expressions.append(lambda _: False)
    yield View(expressions)


SPECIFICATION = Specification("view", _set_up, options=frozenset({"expr"}))
