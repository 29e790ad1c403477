"""CoreDNS's `hosts` plugin: names and addresses from lines as in hosts(5), in the Corefile and in a file."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

import attrs

from k8sresolve._core.questions import AAAA, PTR, A
from k8sresolve._core.wire.rcodes import SERVFAIL
from k8sresolve.testing.coredns.addresses import address_text, pack_address, reversed_address
from k8sresolve.testing.coredns.chain import Chain, Plugin, Reply, Request, unwritten
from k8sresolve.testing.coredns.corefile import Directive
from k8sresolve.testing.coredns.names import Labels, fqdn, holds, split
from k8sresolve.testing.coredns.records import Record, address_record
from k8sresolve.testing.coredns.setup import Block, Specification, labels, only, zones
from k8sresolve.testing.versions import DEFAULT_COREDNS, HOSTS_LINES, Version

_OWN_HOSTS = "/etc/hosts"
_LONGEST_WORD, _TOO_LONG = 1024, 65536  # octets
_WORD = re.compile(r"[^ \t\v\f\r]+")
_GO_WORD = re.compile(r"[^\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")  # Go's unicode.IsSpace

POD_HOSTS = """\
127.0.0.1 localhost
::1 localhost ip6-localhost ip6-loopback
fe00::0 ip6-localnet
fe00::0 ip6-mcastprefix
fe00::1 ip6-allnodes
fe00::2 ip6-allrouters
"""
"""The /etc/hosts that the kubelet gives a pod, but for the pod's own line: what `hosts` reads without a file."""


@attrs.frozen(kw_only=True)
class HostsOptions:
    """The options of `hosts`. `texts` are the file and the lines in the Corefile, in that order.

    `zones` are those it answers for, `fallthrough` those in which a name that is not there is left to the next plugin,
    and with `unsupported` other types than A, AAAA and PTR, too. `ttl` is in seconds.
    """

    texts: Sequence[str]
    zones: tuple[Labels, ...]
    fallthrough: tuple[Labels, ...] = ()
    unsupported: bool = False
    ttl: int = 3600
    reverse: bool = True


def lines_of(text: str, coredns: Version) -> Iterator[list[str]]:
    """Part a text into the words of its lines, comments left out: an address, and names."""
    return _words(text) if coredns.has(HOSTS_LINES) else _words_until_a_long_line(text)


def _words(text: str) -> Iterator[list[str]]:
    """Leave out words that are too long for a name; without an address, a line is nothing."""
    for line in text.split("\n"):
        words = _WORD.findall(line.partition("#")[0])
        if words and _octets(words[0]) <= _LONGEST_WORD:
            yield [word for word in words if _octets(word) <= _LONGEST_WORD]


def _words_until_a_long_line(text: str) -> Iterator[list[str]]:
    """Read no further than to a line that is too long."""
    for line in text.split("\n"):
        if _octets(line) >= _TOO_LONG:
            return
        words = _GO_WORD.findall(line.partition("#")[0])
        if words:
            yield words


def _octets(text: str) -> int:
    return len(text.encode(errors="surrogatepass"))


class _Table:
    """The words of a text's lines, by name and by address. The first label of a name may be `*`."""

    def __init__(self, lines: Iterable[Sequence[str]], zones: tuple[Labels, ...]) -> None:
        self._by_name: dict[tuple[str, int], list[bytes]] = defaultdict(list)
        self._by_address: dict[str, list[str]] = defaultdict(list)
        for address, *names in lines:
            packed = pack_address(address.partition("%")[0])
            for name in map(_normal, names) if packed is not None else ():
                if packed is not None and holds(zones, split(name)):
                    self._by_name[name, A if len(packed) == 4 else AAAA].append(packed)
                    if not name.startswith("*."):
                        self._by_address[address_text(packed)].append(name)

    def addresses(self, name: str, rdtype: int) -> Iterable[bytes]:
        below = name.partition(".")[2]
        return self._by_name.get((name, rdtype)) or (self._by_name.get((f"*.{below}", rdtype)) if below else None) or ()

    def names(self, address: str) -> Iterable[str]:
        return self._by_address.get(address, ())

    def all_names(self) -> Iterator[str]:
        yield from (name for name, _ in self._by_name)


def _normal(name: str) -> str:
    return fqdn(name.lower())


class Hosts:
    """The plugin. A name that is not there and does not fall through is SERVFAIL: there is no SOA to deny it with."""

    def __init__(self, options: HostsOptions, coredns: Version = DEFAULT_COREDNS) -> None:
        self._options = options
        self._tables = [_Table(lines_of(text, coredns), options.zones) for text in options.texts]

    def answer(self, request: Request, rest: Chain) -> Reply:
        """Answer, or leave it to the next plugin."""
        name, rdtype, ttl = request.name.lower(), request.rdtype, self._options.ttl
        labels = split(name)
        if rdtype == PTR:
            found = self._names(labels)
            records = tuple(Record(name, PTR, ttl, (target,)) for target in found)
            return Reply(answer=records) if records else rest.answer(request)
        if not holds(self._options.zones, labels):
            return rest.answer(request)
        if rdtype not in (A, AAAA) and self._options.unsupported and holds(self._options.fallthrough, labels):
            return rest.answer(request)
        records = tuple(address_record(name, ttl, packed) for packed in self._addresses(name, rdtype))
        if records or self._addresses(name, A) or self._addresses(name, AAAA):
            return Reply(answer=records)
        return rest.answer(request) if holds(self._options.fallthrough, labels) else unwritten(SERVFAIL)

    def names(self) -> Iterator[str]:
        """Tell the names that lines have."""
        return chain.from_iterable(table.all_names() for table in self._tables)

    def _addresses(self, name: str, rdtype: int) -> list[bytes]:
        return [packed for table in self._tables for packed in table.addresses(name, rdtype)]

    def _names(self, labels: Labels) -> list[str]:
        address = reversed_address(labels) if self._options.reverse else ""
        return [name for table in self._tables for name in table.names(address)] if address else []


def _set_up(block: Block, directives: Sequence[Directive]) -> Iterator[Plugin]:
    directive = only(directives)
    file, served = directive.arguments[:1], directive.arguments[1:]
    lines: list[str] = []
    options: dict[str, Any] = {}
    for option in directive.block:
        match option.name:
            case "fallthrough":
                options["fallthrough"] = labels(zones(option.arguments) or (".",))
            case "fallthrough_unsupported":
                options["unsupported"] = True
            case "no_reverse":
                options["reverse"] = False
            case "ttl":
                options["ttl"] = option.take(1)[0].number(1, 65535)
            case "reload":
                option.take(1, 1)[0].seconds()
            case _ if "fallthrough" in options:
                raise option.token.error("the lines of hosts stand before fallthrough")
            case _:
                lines.append(" ".join((option.name, *option.words)))
    text = POD_HOSTS if not file or file[0].text == _OWN_HOSTS else block.read_file(file[0]) or ""
    yield Hosts(
        HostsOptions(texts=(text, "\n".join(lines)), zones=labels(block.zones_of(served)), **options), block.coredns
    )


SPECIFICATION = Specification(
    "hosts",
    _set_up,
    options=frozenset({"fallthrough", "fallthrough_unsupported", "no_reverse", "ttl"}),
    without_effect=frozenset({"reload"}),
)
