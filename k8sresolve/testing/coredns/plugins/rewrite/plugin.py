"""The plugin: which rules act on a question, and what is put back in its reply.

Rules for the targets of aliases are not modelled.
"""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from k8sresolve._core.wire.names import Unsendable
from k8sresolve._core.wire.rcodes import SERVFAIL
from k8sresolve.testing.coredns.chain import Chain, Plugin, Reply, Request, Sender, unwritten
from k8sresolve.testing.coredns.corefile import Directive
from k8sresolve.testing.coredns.edns_options import only_options
from k8sresolve.testing.coredns.messages import echoed_options
from k8sresolve.testing.coredns.names import name_to_wire
from k8sresolve.testing.coredns.plugins.rewrite.reading import read_rule
from k8sresolve.testing.coredns.plugins.rewrite.rules import EdnsRule, RcodeRule, ReplyRule, Rule
from k8sresolve.testing.coredns.records import Record
from k8sresolve.testing.coredns.setup import Block, Specification


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
            reply = _rewritten(reply, rules[::-1])
        elif not restored:
            # CoreDNS puts the question back only where a rule says `stop` or is about the reply.
            reply = _unrestored(reply, asked, request)
        if self._for_options and request.options is not None:
            return reply.marked(options=only_options(request.options, self._echoed))
        return reply


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


def _rewritten(reply: Reply, rules: Sequence[ReplyRule]) -> Reply:
    def records(section: Sequence[Record]) -> tuple[Record, ...]:
        changed: list[Record] = []
        for record in section:
            for rule in rules:
                record = rule.record(record)  # noqa: PLW2901 - one rule after the other
            changed.append(record)
        return tuple(changed)

    answer, authority, additional = map(records, (reply.answer, reply.authority, reply.additional))
    # CoreDNS goes through the rules once for each record, those for rcodes among them.
    rcode = reply.rcode
    for _ in range(len(answer) + len(authority) + len(additional) or 1):
        for rule in rules:
            if isinstance(rule, RcodeRule) and rcode == rule.old:
                rcode = rule.new
    # The reply of nobody's making is made here, so that it is a plugin's.
    sender: Sender = "plugin" if reply.sender in ("server", "error") else reply.sender
    return reply._replace(rcode=rcode, sender=sender, answer=answer, authority=authority, additional=additional)


def _set_up(block: Block, directives: Sequence[Directive]) -> Iterator[Plugin]:
    rules = [rule for directive in directives if (rule := read_rule(directive, block)) is not None]
    if rules:
        yield Rewrite(rules, echoed_options(block.coredns))


SPECIFICATION = Specification("rewrite", _set_up, options=frozenset({"name", "type", "class", "ttl", "rcode", "edns0"}))
