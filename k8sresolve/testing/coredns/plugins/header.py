"""CoreDNS's `header` plugin: flags of queries and replies are set or cleared."""

from collections.abc import Iterator, Sequence

from k8sresolve.testing.coredns.chain import Chain, Plugin, Reply, Request
from k8sresolve.testing.coredns.corefile import Directive
from k8sresolve.testing.coredns.setup import Block, Specification

_FLAGS = ("aa", "ra", "rd")
_States = dict[str, bool]


class Header:
    """The plugin. Of a query, RD alone comes back in the reply; replies that no plugin makes are not changed."""

    def __init__(self, query: _States, response: _States) -> None:
        self._query = query
        self._response = response

    def answer(self, request: Request, rest: Chain) -> Reply:
        """Have it answered, and set the flags."""
        reply = rest.answer(request)
        if request.opcode == 0 and "rd" in self._query:
            reply = reply.marked(recursion_desired=self._query["rd"])
        if reply.sender != "plugin":
            return reply
        states = self._response
        reply = reply._replace(authoritative=states.get("aa", reply.authoritative))
        return reply.marked(
            recursion_available=states.get("ra", reply.marks.recursion_available),
            recursion_desired=states.get("rd", reply.marks.recursion_desired),
        )


def _set_up(_block: Block, directives: Sequence[Directive]) -> Iterator[Plugin]:
    # CoreDNS takes the first directive that has rules, and wants one that has.
    directive = next((directive for directive in directives if directive.block), None)
    if directive is None:
        raise directives[-1].token.error("header needs a block with rules, such as `response set ra`")
    states: dict[str, _States] = {"query": {}, "response": {}}
    for option in directive.block:
        action, *flags = option.take(2)
        if action.text.lower() not in ("set", "clear"):
            raise action.error(f"{action.text!r} is neither set nor clear")
        for flag in flags:
            if flag.text.lower() not in _FLAGS:
                raise flag.error(f"{flag.text!r} is none of {', '.join(_FLAGS)}")
            states[option.name.lower()][flag.text.lower()] = action.text.lower() == "set"
    yield Header(states["query"], states["response"])


SPECIFICATION = Specification("header", _set_up, options=frozenset({"query", "response"}))
