"""The plugin: which rules act on a question, and what is put back in its reply."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from k8sresolve._core.wire.names import Unsendable
from k8sresolve._core.wire.rcodes import SERVFAIL
from k8sresolve.testing.coredns.chain import IN, MAX_DEPTH, Chain, Plugin, Reply, Request, unwritten
from k8sresolve.testing.coredns.corefile import Directive
from k8sresolve.testing.coredns.edns_options import only_options
from k8sresolve.testing.coredns.messages import echoed_options
from k8sresolve.testing.coredns.names import name_to_wire
from k8sresolve.testing.coredns.plugins.rewrite.reading import read_rule
from k8sresolve.testing.coredns.plugins.rewrite.replies import rewritten
from k8sresolve.testing.coredns.plugins.rewrite.rules import EdnsRule, ReplyRule, Rule
from k8sresolve.testing.coredns.setup import Block, Specification


class _Circle(Exception):
    """Aliases lead back to where they came from."""


class Rewrite:
    """The plugin."""

    def __init__(self, rules: Sequence[Rule], echoed: AbstractSet[int] = frozenset()) -> None:
        self._rules = rules
        options = [rule.rule for rule in rules if isinstance(rule, EdnsRule)]
        self._for_options = bool(options)
        # CoreDNS gives back what rules are for.
        self._echoed = echoed | {rule.code for rule in options if rule.local}

    def answer(self, request: Request, rest: Chain) -> Reply:
        """Rewrite the question, have it answered, and rewrite the reply."""
        try:
            return self._answer(request, rest)
        except _Circle:
            if request.depth:
                raise
            return Reply(sender="nobody")

    def _answer(self, request: Request, rest: Chain) -> Reply:
        asked, rules, restored = request, list[ReplyRule](), False
        for rule in self._rules:
            applied = rule.apply(request)
            if applied is None:
                continue
            request = applied.request
            if not applied.done:
                continue
            if not _is_name(request.name):
                return unwritten(SERVFAIL)
            rules += applied.replies
            restored = restored or applied.restored or not rule.go_on
            if not rule.go_on:
                break
        reply = rest.answer(request)
        if rules:
            reply = rewritten(reply, rules[::-1], lambda target: _behind(target, request, rest))
        elif not restored:
            # CoreDNS puts the question back only where a rule says `stop` or is about the reply.
            reply = _unrestored(reply, asked, request)
        if self._for_options and request.options is not None:
            return reply.marked(options=only_options(request.options, self._echoed))
        return reply


def _behind(target: str, request: Request, rest: Chain) -> Reply:
    """Ask the server for what is behind an alias. Rules that lead in a circle do so until CoreDNS ends."""
    if request.depth >= MAX_DEPTH:
        raise _Circle
    return rest.look_up(target, request.rdtype, request._replace(rdclass=IN))


def _unrestored(reply: Reply, asked: Request, request: Request) -> Reply:
    if request.name != asked.name:
        reply = reply._replace(question=request.name)
    return reply if request.rdtype == asked.rdtype else reply.marked(rdtype=request.rdtype)


def _is_name(name: str) -> bool:
    try:
        name_to_wire(name if name.endswith(".") else f"{name}.")
    except Unsendable:
        return False
    return True


def _set_up(block: Block, directives: Sequence[Directive]) -> Iterator[Plugin]:
    rules = [rule for directive in directives if (rule := read_rule(directive, block)) is not None]
    if rules:
        yield Rewrite(rules, echoed_options(block.coredns))


SPECIFICATION = Specification(
    "rewrite", _set_up, options=frozenset({"name", "type", "class", "ttl", "rcode", "edns0", "cname"})
)
