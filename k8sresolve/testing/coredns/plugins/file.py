"""Zone files, served as CoreDNS's `file` plugin does. They also stand for the nameservers outside the cluster."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from k8sresolve._core.questions import AAAA, CNAME, NS, SOA, SRV, A
from k8sresolve._core.wire.rcodes import NOERROR, NXDOMAIN, REFUSED, SERVFAIL
from k8sresolve.errors import ConfigError
from k8sresolve.testing.coredns.chain import MAX_DEPTH, NOTIFY, Chain, Plugin, Reply, Request, unwritten
from k8sresolve.testing.coredns.corefile import Directive
from k8sresolve.testing.coredns.messages import as_text
from k8sresolve.testing.coredns.names import Labels, fqdn, is_below, split
from k8sresolve.testing.coredns.records import AXFR, DS, IXFR, MX, Record, soa_record
from k8sresolve.testing.coredns.setup import Block, Specification, zones
from k8sresolve.testing.coredns.zone_lines import rdata_parts
from k8sresolve.testing.versions import DEFAULT_COREDNS, SELF_ALIAS, SOA_OWNER, Version

EMPTY_INTERNET: Mapping[str, str] = MappingProxyType(
    {".": ". 86400 IN SOA a.root-servers.net. nstld.verisign-grs.com. 1 1800 900 604800 86400\n"}
)
"""Zone files of an upstream where no name exists: a root zone with nothing in it."""


def _read(text: str) -> Iterator[Record]:
    """Read all records of a zone file in its order, be they of the zone or not.

    CoreDNS keeps letter case in SRV records alone.
    """
    import dns.rdataclass
    import dns.tokenizer
    import dns.zonefile

    found: list[Any] = []

    class Collecting(dns.zonefile.RRsetsReaderTransaction):
        """Takes what no zone would, such as a second SOA."""

        def add(self, *record: Any) -> None:
            found.append(record)

    make: Any = Collecting
    into = make(dns.zonefile.RRSetsReaderManager(), replacement=True, read_only=False)
    dns.zonefile.Reader(dns.tokenizer.Tokenizer(text), dns.rdataclass.IN, into).read()
    for name, ttl, rdata in found:
        rdtype = int(rdata.rdtype)
        owner, parts = as_text(name.labels[:-1]), rdata_parts(rdata)
        if rdtype != SRV:
            owner, parts = owner.lower(), tuple(part.lower() if isinstance(part, str) else part for part in parts)
        yield Record(owner, rdtype, int(ttl), parts)


class _Zone:
    """One zone file, by owner and type, as a version of CoreDNS reads it.

    `soa` is the last SOA of the file, whatever its owner. `failing` are the names that are SERVFAIL, as they are
    aliases of themselves.
    """

    def __init__(self, origin: str, text: str, coredns: Version) -> None:
        import dns.exception
        import dns.name

        try:
            self.origin = dns.name.from_text(origin).to_text()
            found = list(_read(f"$TTL 300\n$ORIGIN {self.origin}\n{text}\n"))
        except (dns.exception.DNSException, ValueError) as error:
            raise ConfigError(f"the upstream zone {origin!r} cannot be read: {error}") from None
        self.labels = split(self.origin.lower())
        self._nodes: dict[Labels, dict[int, tuple[Record, ...]]] = {}
        for record in dict.fromkeys(found):
            if record.rdtype == SOA and split(record.name) != self.labels:
                continue  # it is no name of the zone, though it may be the zone's SOA record
            node = self._nodes.setdefault(split(record.name.lower()), {})
            node[record.rdtype] = (*node.get(record.rdtype, ()), record)
        self._inner = {owner[start:] for owner in self._nodes for start in range(1, len(owner))}
        soas = [record for record in found if record.rdtype == SOA]
        if coredns.has(SOA_OWNER):
            self._check_owners(soas)
        # Like the records of a test, a zone file may do without SOA and TTL.
        self.soa = tuple(soas[-1:]) or (soa_record(self.origin, 300, 1, 30),)
        aliases = [(owner, node[CNAME][0]) for owner, node in self._nodes.items() if CNAME in node]
        looping = {owner for owner, alias in aliases if split(_target(alias).lower()) == owner}
        self.failing = looping if coredns.has(SELF_ALIAS) else frozenset[Labels]()

    def _check_owners(self, soas: Iterable[Record]) -> None:
        for soa in soas:
            if split(soa.name) != self.labels:
                raise ConfigError(
                    f"CoreDNS does not start: an SOA record in the file of the zone {self.origin} is of {soa.name}"
                )

    def cut(self, labels: Labels, rdtype: int) -> tuple[Record, ...]:
        """Find the NS records by which another zone begins on the way to a name; its DS are still this one's."""
        ways = [labels[start:] for start in range(len(labels) - len(self.labels) - 1, -1, -1)]
        found = (self.at(way, NS) for way in ways if not (rdtype == DS and way == labels))
        return next(filter(None, found), ())

    def at(self, labels: Labels, rdtype: int) -> tuple[Record, ...]:
        return self._nodes.get(labels, {}).get(rdtype, ())

    def names(self) -> Iterator[str]:
        """The names of its records."""
        return (next(iter(node.values()))[0].name for node in self._nodes.values())

    def has(self, labels: Labels) -> bool:
        """Whether the name is an owner."""
        return labels in self._nodes

    def exists(self, labels: Labels) -> bool:
        """Whether the name is an owner, or has one below it (an empty non-terminal)."""
        return labels in self._nodes or labels in self._inner

    def wildcard(self, labels: Labels) -> Labels | None:
        """Find the owner `*` that stands for a name that does not exist (RFC 4592, section 3.3.1)."""
        for start in range(1, len(labels) + 1):
            if self.exists(labels[start:]) or labels[start:] == self.labels:
                owner = ("*", *labels[start:])
                return owner if owner in self._nodes else None
        return None


class Zones:
    """Zone files, served as CoreDNS's `file` plugin does: alias chains, glue, wildcards, empty non-terminals.

    DNAME and delegations of an alias's target are not modelled; with `whole`, no delegation is, as a resolver follows
    them. `files` maps each origin to a zone file's text, whose relative names belong
    to that origin, or to None where the file is missing: SERVFAIL. `fallthrough` are the zones in which a name that
    does not exist is left to the next plugin. Raises `ConfigError` for a text that is no zone file.
    """

    def __init__(
        self,
        files: Mapping[str, str | None],
        fallthrough: Iterable[str] = (),
        coredns: Version = DEFAULT_COREDNS,
        *,
        whole: bool = False,
    ) -> None:
        self._whole = whole
        found = [(split(fqdn(origin.lower())), text and _Zone(origin, text, coredns)) for origin, text in files.items()]
        self._zones = sorted(found, key=lambda zone: len(zone[0]), reverse=True)
        self._fallthrough = [split(fqdn(zone.lower())) for zone in fallthrough]

    def names(self) -> Iterator[str]:
        """Tell the names that have records."""
        return (name for _, zone in self._zones if isinstance(zone, _Zone) for name in zone.names())

    def answer(self, request: Request, rest: Chain) -> Reply:
        """Answer from the zone with the longest matching origin."""
        labels = split(request.name.lower())
        found = next((zone for zone in self._zones if is_below(labels, zone[0])), None)
        if found is None:
            return unwritten(REFUSED) if rest.ended else rest.answer(request)
        zone = found[1]
        if request.rdtype in (AXFR, IXFR):
            return unwritten(REFUSED)
        if request.opcode == NOTIFY:
            return Reply(sender="nobody")
        if not isinstance(zone, _Zone):
            return unwritten(SERVFAIL)
        servers = () if self._whole else zone.cut(labels, request.rdtype)
        if servers:
            return Reply(authority=servers, additional=_glue(zone, servers), authoritative=False)
        reply = _look_up(zone, labels, request, rest)
        if reply.rcode == NXDOMAIN and not reply.answer and any(is_below(labels, zone) for zone in self._fallthrough):
            return rest.answer(request)
        return reply


def _look_up(zone: _Zone, labels: Labels, request: Request, chain: Chain) -> Reply:
    if labels == zone.labels and request.rdtype in (SOA, NS):
        servers = zone.at(labels, NS)
        if request.rdtype == SOA:
            return Reply(answer=zone.soa, authority=servers)
        return Reply(answer=servers, additional=_glue(zone, servers))
    if zone.exists(labels):
        return _from_node(zone, labels, request, chain)
    wildcard = zone.wildcard(labels)
    if wildcard is not None:
        return _from_node(zone, wildcard, request, chain)
    return Reply(NXDOMAIN, authority=zone.soa)


def _from_node(zone: _Zone, node: Labels, request: Request, chain: Chain) -> Reply:
    owner = request.name.lower()
    alias = zone.at(node, CNAME)
    if alias and request.rdtype != CNAME:
        return _follow(zone, _owned(alias, node, owner), request, chain)
    records = _owned(zone.at(node, request.rdtype), node, owner)
    if not records:
        return Reply(authority=zone.soa)
    return Reply(answer=records, authority=zone.at(zone.labels, NS), additional=_glue(zone, records))


def _owned(records: tuple[Record, ...], node: Labels, owner: str) -> tuple[Record, ...]:
    """Give what a wildcard stands for the name that was asked (RFC 4592, section 3.3.1)."""
    return tuple(record._replace(name=owner) for record in records) if node[:1] == ("*",) else records


def _follow(zone: _Zone, chain_so_far: tuple[Record, ...], request: Request, chain: Chain) -> Reply:
    answer = list(chain_so_far)
    servers = zone.at(zone.labels, NS)
    target = _target(answer[-1])
    labels = split(target)
    for _ in range(MAX_DEPTH + 1):
        if _asks_again(zone, labels, request.rdtype) or not zone.at(labels, CNAME):
            break
        if labels in zone.failing:
            return unwritten(SERVFAIL)
        answer.extend(zone.at(labels, CNAME))
        target = _target(answer[-1])
        labels = split(target)
    if not _asks_again(zone, labels, request.rdtype):
        answer.extend(zone.at(labels, request.rdtype))
        return Reply(answer=tuple(answer), authority=servers, additional=_glue(zone, answer))
    rest = chain.look_up(target, request.rdtype, request)
    negative = rest.rcode == NXDOMAIN or (rest.rcode == NOERROR and not rest.answer)
    rcode = rest.rcode if rest.rcode in (NXDOMAIN, SERVFAIL) else NOERROR
    return Reply(rcode, answer=(*answer, *rest.answer), authority=zone.soa if negative else servers)


def _asks_again(zone: _Zone, target: Labels, rdtype: int) -> bool:
    """Whether an alias's target is looked up anew, through all plugins, rather than in this zone."""
    return not zone.has(target) or rdtype == NS or (rdtype == SOA and target == zone.labels)


def _glue(zone: _Zone, records: Iterable[Record]) -> tuple[Record, ...]:
    targets = dict.fromkeys(split(_target(record).lower()) for record in records if record.rdtype in (SRV, MX, NS))
    return tuple(record for target in targets for rdtype in (A, AAAA) for record in zone.at(target, rdtype))


def _target(record: Record) -> str:
    return next(part for part in record.rdata if isinstance(part, str))


def _set_up(block: Block, directives: Sequence[Directive]) -> Iterator[Plugin]:
    files: dict[str, str | None] = {}
    fallthrough: tuple[str, ...] = ()
    for directive in directives:
        path, *origins = directive.take(1)
        for option in block.options(directive):
            fallthrough = zones(option.arguments) or (".",)
        files.update(dict.fromkeys(block.zones_of(origins), block.read_file(path)))
    try:
        yield Zones(files, fallthrough, block.coredns)
    except ConfigError as problem:
        raise directives[0].token.error(problem.problem) from None


SPECIFICATION = Specification(
    "file",
    _set_up,
    options=frozenset({"fallthrough"}),
    without_effect=frozenset({"reload", "reload_by_mtime", "upstream"}),
)
