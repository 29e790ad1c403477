"""CoreDNS's `hosts` plugin: names and addresses from lines as in hosts(5), in the Corefile and in a file."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import attrs

from k8sresolve._core.questions import AAAA, PTR, A
from k8sresolve.testing.coredns.chain import (
    SERVFAIL,
    Chain,
    Labels,
    Record,
    Reply,
    Request,
    address_record,
    address_text,
    fqdn,
    holds,
    pack_address,
    reversed_address,
    split,
    unwritten,
)

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


class _Table:
    """One text, by name and by address. The first label of a name may be `*`."""

    def __init__(self, text: str, zones: tuple[Labels, ...]) -> None:
        self._by_name: dict[tuple[str, int], list[bytes]] = defaultdict(list)
        self._by_address: dict[str, list[str]] = defaultdict(list)
        for line in text.splitlines():
            address, *names = line.partition("#")[0].split() or ("",)
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


def _normal(name: str) -> str:
    return fqdn(name.lower())


class Hosts:
    """The plugin. A name that is not there and does not fall through is SERVFAIL: there is no SOA to deny it with."""

    def __init__(self, options: HostsOptions) -> None:
        self._options = options
        self._tables = [_Table(text, options.zones) for text in options.texts]

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

    def _addresses(self, name: str, rdtype: int) -> list[bytes]:
        return [packed for table in self._tables for packed in table.addresses(name, rdtype)]

    def _names(self, labels: Labels) -> list[str]:
        address = reversed_address(labels) if self._options.reverse else ""
        return [name for table in self._tables for name in table.names(address)] if address else []
