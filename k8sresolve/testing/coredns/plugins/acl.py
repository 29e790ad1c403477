"""CoreDNS's `acl` plugin: who may ask what, by the address that asks and by type."""

import ipaddress
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias, cast, get_args

from k8sresolve._core.wire.rcodes import NOERROR, REFUSED
from k8sresolve.testing.coredns.chain import UNMARKED, Chain, Marks, Plugin, Reply, Request, extended_error
from k8sresolve.testing.coredns.corefile import Directive, Token
from k8sresolve.testing.coredns.names import Labels, holds, split
from k8sresolve.testing.coredns.setup import Block, Specification, labels
from k8sresolve.testing.coredns.words import read_type

_Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
_Action = Literal["allow", "block", "filter", "drop"]
_BLOCKED, _FILTERED = 15, 17  # RFC 8914, sections 4.16 and 4.18


class Policy(NamedTuple):
    """What is done with questions of these types from these networks; None stands for all."""

    action: _Action
    types: frozenset[int] | None = None
    networks: tuple[_Network, ...] | None = None

    def fits(self, request: Request) -> bool:
        """Whether a question is for this policy. A client that is not known is in no network."""
        if self.types is not None and request.rdtype not in self.types:
            return False
        if self.networks is None:
            return True
        client = request.client_address
        return client is not None and any(client in network for network in self.networks)


class Acl:
    """The plugin: the first policy that fits decides, in the order of the directives that are for the name."""

    def __init__(self, rules: Sequence[tuple[tuple[Labels, ...], Sequence[Policy]]]) -> None:
        self._rules = rules

    def answer(self, request: Request, rest: Chain) -> Reply:
        """Let the question pass, or deny it."""
        name = split(request.name.lower())
        for zones, policies in self._rules:
            policy = next((one for one in policies if one.fits(request)), None) if holds(zones, name) else None
            match policy and policy.action:
                case "allow":
                    break
                case "block":
                    return Reply(REFUSED, authoritative=False, marks=_denied(_BLOCKED))
                case "filter":
                    return Reply(NOERROR, authoritative=False, marks=_denied(_FILTERED))
                case "drop":
                    return Reply(sender="nobody")
                case _:
                    continue
        return rest.answer(request)


def _denied(code: int) -> Marks:
    return UNMARKED._replace(extended_error=extended_error(code))


def _set_up(block: Block, directives: Sequence[Directive]) -> Iterator[Plugin]:
    yield Acl(
        [
            (labels(block.zones_of(directive.arguments)), [_read_policy(option) for option in directive.block])
            for directive in directives
        ]
    )


def _read_policy(option: Directive) -> Policy:
    """Read `ACTION [type TYPE...] [net NETWORK...]`."""
    action = cast("_Action", option.name.lower())
    if action not in get_args(_Action):
        raise option.token.error(f"{option.name!r} is none of {', '.join(get_args(_Action))}")
    types: set[int] | None = None
    networks: list[_Network] | None = None
    for section, words in _sections(option):
        everything = next((index for index, word in enumerate(words) if word.text == "*"), None)
        words = words[:everything]  # noqa: PLW2901 - what stands behind `*` is not looked at
        if section == "type":
            read = {read_type(word) for word in words}
            types = None if everything is not None else {*(types or ()), *read}
        else:
            read_networks = [_read_network(word) for word in words]
            networks = None if everything is not None else [*(networks or ()), *read_networks]
    return Policy(
        action, frozenset(types) if types is not None else None, tuple(networks) if networks is not None else None
    )


def _sections(option: Directive) -> Iterator[tuple[str, list[Token]]]:
    words = list(option.arguments)
    while words:
        head = words.pop(0)
        if head.text.lower() not in ("type", "net"):
            raise head.error(f"{head.text!r} stands where type or net should")
        own: list[Token] = []
        while words and words[0].text.lower() not in ("type", "net"):
            own.append(words.pop(0))
        if not own:
            raise head.error(f"nothing stands behind {head.text}")
        yield head.text.lower(), own


def _read_network(word: Token) -> _Network:
    try:
        # Go's networks have no zone.
        return ipaddress.ip_network(word.text.replace("%", "/"), strict=False)
    except ValueError:
        raise word.error(f"{word.text!r} is no network, such as 10.0.0.0/8") from None


SPECIFICATION = Specification("acl", _set_up, options=frozenset(get_args(_Action)))
