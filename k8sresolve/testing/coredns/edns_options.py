"""Rules of `rewrite` for EDNS options (RFC 6891, section 6.1.2): a query's are changed, and so the reply's.

A reply gives the query's options back, as far as CoreDNS knows them: those of its own, and those that rules are for.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Literal, NamedTuple, cast, get_args

from k8sresolve.testing.coredns.chain import Request
from k8sresolve.testing.coredns.corefile import Token

NSID, SUBNET = 3, 8
_KINDS = {"nsid": NSID, "subnet": SUBNET}
# Options that CoreDNS's library has a form of its own for: no rule of kind local finds them.
_OWN_FORM = frozenset({*range(1, 13), 15, 18, 19})
_METADATA = re.compile(r"\{[^{}/]+/[^{}]+\}")
_Action = Literal["set", "append", "replace", "unset"]
_MAX_CODE = 0xFFFF


class NotModelled(Exception):
    """A rule uses what is not modelled."""


class Option(NamedTuple):
    """One option."""

    code: int
    data: bytes


class OptionRule(NamedTuple):
    """One rule. `data` makes the option's data, None where it cannot; with `revert`, the reply does not show it.

    `beside` adds another option to one that is there.
    """

    action: _Action
    code: int
    local: bool
    data: Callable[[Request], bytes | None]
    revert: bool = False
    beside: bool = False

    def apply(self, options: Sequence[Option], data: bytes) -> Sequence[Option] | None:
        """Give the options changed, by the data that was made; None where nothing is done."""
        if self.action == "unset":
            return [option for option in options if option.code != self.code]
        at = next((index for index, option in enumerate(options) if self._finds(option)), None)
        if at is not None and self.action in ("replace", "set"):
            return [*options[:at], Option(self.code, data), *options[at + 1 :]]
        adds = self.action == "set" or (self.action == "append" and (at is None or self.beside))
        return [*options, Option(self.code, data)] if adds else None

    def _finds(self, option: Option) -> bool:
        return option.code == self.code and not (self.local and option.code in _OWN_FORM)


def split_options(octets: bytes) -> Iterator[Option]:
    """Cut the data of an OPT record into options."""
    at = 0
    while at + 4 <= len(octets):
        code, length = int.from_bytes(octets[at : at + 2], "big"), int.from_bytes(octets[at + 2 : at + 4], "big")
        yield Option(code, octets[at + 4 : at + 4 + length])
        at += 4 + length


def joined_options(options: Sequence[Option]) -> bytes:
    """Write options as the data of an OPT record."""
    return b"".join(code.to_bytes(2, "big") + len(data).to_bytes(2, "big") + data for code, data in options)


def only_options(octets: bytes, codes: AbstractSet[int]) -> bytes:
    """Leave the options of these codes."""
    return joined_options([option for option in split_options(octets) if option.code in codes])


def read_option_rule(words: Sequence[Token], directive: Token) -> OptionRule:
    """Read `local|nsid|subnet set|append|replace|unset ... [revert]`. Raises `ManifestError` and `NotModelled`."""
    if len(words) < 2:
        raise directive.error("rewrite edns0 takes a kind and an action")
    kind, action = words[0].text.lower(), cast("_Action", words[1].text.lower())
    if kind not in ("local", *_KINDS):
        raise words[0].error(f"{words[0].text!r} is none of local, nsid, subnet")
    if action not in get_args(_Action):
        raise words[1].error(f"{words[1].text!r} is none of {', '.join(get_args(_Action))}")
    rest = list(words[2:])
    revert = action != "unset" and bool(rest) and rest[-1].text == "revert"
    rest = rest[:-1] if revert else rest
    wanted = {"local": 1, "nsid": 0, "subnet": 0} if action == "unset" else {"local": 2, "nsid": 0, "subnet": 2}
    if len(rest) != wanted[kind]:
        raise directive.error(f"rewrite edns0 {kind} {action} takes {wanted[kind]} words more, not {len(rest)}")
    code = _KINDS.get(kind) or _number(rest[0], _MAX_CODE)
    data = _data(kind, rest[-2:] if action != "unset" else ())
    local = kind == "local"
    beside = kind == "nsid" or (local and not _is_variable(rest[-1].text))
    return OptionRule(action, code, local, data, revert, beside)


def _data(kind: str, words: Sequence[Token]) -> Callable[[Request], bytes | None]:
    if kind == "subnet" and words:
        lengths = _number(words[0], 32), _number(words[1], 128)
        return lambda request: _subnet(request, *lengths)
    if kind == "nsid" or not words:
        return lambda _: b""
    text = words[1].text
    if _is_variable(text):
        return _variable(words[1])
    try:
        data = bytes.fromhex(text[2:]) if text.startswith("0x") else text.encode()
    except ValueError:
        raise words[1].error(f"{text!r} is not hexadecimal") from None
    return lambda _: data


def _is_variable(text: str) -> bool:
    return text.startswith("{") and text.endswith("}")


def _variable(word: Token) -> Callable[[Request], bytes | None]:
    match word.text:
        case "{qname}":
            return lambda request: request.name.encode()
        case "{qtype}":
            return lambda request: request.rdtype.to_bytes(2, "big")
        case "{client_ip}":
            return _client_octets
        case "{protocol}":
            return lambda request: b"tcp" if request.tcp else b"udp"
        case "{client_port}" | "{server_ip}" | "{server_port}":
            raise NotModelled(word.text)
        case other if _METADATA.fullmatch(other):
            label = other[1:-1]
            return lambda request: request.metadata(label).encode() or None
        case other:
            raise word.error(f"{other!r} is no variable")


def _client_octets(request: Request) -> bytes | None:
    client = request.client_address
    return None if client is None else client.packed


def _subnet(request: Request, v4: int, v6: int) -> bytes | None:
    """Write the subnet of the client (RFC 7871, section 6)."""
    client = request.client_address
    if client is None:
        return None
    family, length = (1, v4) if client.version == 4 else (2, v6)
    network = ipaddress.ip_network((client, length), strict=False).network_address.packed
    return family.to_bytes(2, "big") + bytes((length, 0)) + network[: -(-length // 8)]


def _number(word: Token, most: int) -> int:
    """Read a number as Go's `ParseUint` does with base 0."""
    try:
        number = int(word.text, 0) if not re.fullmatch(r"0\d+", word.text) else int(word.text, 8)
    except ValueError:
        number = -1
    if not 0 <= number <= most:
        raise word.error(f"{word.text!r} is no number from 0 to {most}")
    return number
