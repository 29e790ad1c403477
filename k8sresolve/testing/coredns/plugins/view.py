"""CoreDNS's `view` plugin: of the server blocks for one zone, the first whose expressions are true answers."""

import ipaddress
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from k8sresolve._escaping import escaped, told
from k8sresolve.testing.coredns.chain import Chain, Plugin, Reply, Request
from k8sresolve.testing.coredns.corefile import Directive
from k8sresolve.testing.coredns.expressions import Expression, ExpressionError, NotModelled, parse_expression, work_out
from k8sresolve.testing.coredns.names import fqdn, name_to_wire
from k8sresolve.testing.coredns.setup import Block, Listener, Specification, only
from k8sresolve.testing.coredns.words import class_text, type_text

_FUNCTIONS = frozenset(
    {
        "incidr",
        "metadata",
        "type",
        "name",
        "class",
        "proto",
        "size",
        "client_ip",
        "port",
        "id",
        "opcode",
        "do",
        "bufsize",
    }
    | {"server_ip", "server_port"}
)
_HEADER, _QUESTION_END, _OPT = 12, 4, 11


@runtime_checkable
class _Collector(Protocol):
    def collected(self, request: Request) -> Request: ...


class View:
    """The plugin, which decides before the others are asked."""

    def __init__(
        self, name: str, expressions: Sequence[Expression], listener: Listener, collectors: Sequence[_Collector] = ()
    ) -> None:
        self._name = name
        self._expressions = expressions
        self._listener = listener
        self._collectors = collectors

    def metadata(self, _request: Request) -> Mapping[str, str]:
        """Say the view's name."""
        return {"view/name": self._name}

    def passes(self, request: Request, port: int) -> bool:
        """Whether all expressions are true. One that cannot be worked out is not."""
        for collector in self._collectors:
            request = collector.collected(request)
        environment = _environment(request, self._listener, port)
        try:
            return all(work_out(expression, environment) is True for expression in self._expressions)
        except ExpressionError:
            return False

    def answer(self, request: Request, rest: Chain) -> Reply:
        """Leave it to the next plugin."""
        return rest.answer(request)


def _environment(request: Request, listener: Listener, port: int) -> dict[str, Callable[..., Any]]:
    return {
        "incidr": _in_network,
        "metadata": request.metadata,
        "type": lambda: type_text(request.rdtype),
        "name": request.name.lower,
        "class": lambda: class_text(request.rdclass),
        "proto": lambda: "tcp" if request.tcp else "udp",
        "size": lambda: _size(request),
        "client_ip": lambda: request.client,
        # What CoreDNS says of a port that it does not know.
        "port": lambda: "0",
        "id": lambda: request.id,
        "opcode": lambda: request.opcode,
        "do": lambda: request.dnssec,
        "bufsize": lambda: request.room,
        "server_ip": lambda: listener.ip_over_tcp if request.tcp else listener.ip_over_udp,
        "server_port": lambda: str(port),
    }


def _size(request: Request) -> int:
    """Count the octets of a query, which holds its question, and maybe an OPT record."""
    opt = 0 if request.options is None else _OPT + len(request.options)
    return _HEADER + len(name_to_wire(fqdn(request.name))) + _QUESTION_END + opt


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
            expressions.append(parse_expression(text, _FUNCTIONS))
        except ExpressionError as problem:
            raise option.token.error(f"{told(text)} is no expression: {escaped(str(problem), 200)}") from None
        except NotModelled as word:
            block.note(f"server block of view {directive.words[0]}, by {word} of {escaped(text, 80)}", option.token)
            expressions.append(lambda _: False)
    collectors = [plugin for plugin in block.named("metadata") if isinstance(plugin, _Collector)]
    yield View(directive.words[0], expressions, block.listener, collectors)


SPECIFICATION = Specification("view", _set_up, options=frozenset({"expr"}))
