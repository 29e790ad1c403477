"""CoreDNS's `k8s_external` plugin: Services by their external IPs, in a zone of their own."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

import attrs

from k8sresolve._core.questions import AAAA, CNAME, NS, PTR, SOA, SRV, A
from k8sresolve._core.wire.rcodes import NXDOMAIN
from k8sresolve.testing.coredns.addresses import pack_address, reversed_address
from k8sresolve.testing.coredns.chain import Chain, Plugin, Reply, Request
from k8sresolve.testing.coredns.corefile import Directive
from k8sresolve.testing.coredns.names import Labels, fqdn, holds, is_below, split
from k8sresolve.testing.coredns.records import Record, address_record, soa_record, srv_fields
from k8sresolve.testing.coredns.setup import Block, Specification, labels, only, zones
from k8sresolve.testing.objects.kinds import NO_PORT

_MAX_TTL = 3600


class Shown(Protocol):
    """One host of a Service, at one port, and the name that it has below the zone."""

    @property
    def host(self) -> str: ...  # noqa: D102
    @property
    def port(self) -> int: ...  # noqa: D102
    @property
    def owner(self) -> str: ...  # noqa: D102


@runtime_checkable
class Externaler(Protocol):
    """A plugin that knows what Services show outside, as CoreDNS calls it."""

    @property
    def ttl(self) -> int:
        """The TTL of its own records."""
        ...

    @property
    def serial(self) -> int:
        """What stands for the time of the last change."""
        ...

    def external(self, labels: Labels, *, headless: bool) -> Sequence[Shown] | None:
        """Find what a name below the zone stands for; None where it does not exist."""
        ...

    def external_reverse(self, ip: str) -> Sequence[str]:
        """Name the Services that have an external IP, as `SVC.NS`."""
        ...

    def external_nameservers(self, *, headless: bool) -> Sequence[bytes]:
        """Tell the addresses at which the nameserver itself is reached."""
        ...


@attrs.frozen(kw_only=True)
class ExternalOptions:
    """The options of `k8s_external`. `zones` are absolute names; the nameserver is `ns1.APEX` below each."""

    zones: tuple[str, ...]
    ttl: int = 5
    apex: str = "dns"
    headless: bool = False
    fallthrough: tuple[Labels, ...] = ()


class K8sExternal:
    """The plugin."""

    def __init__(self, options: ExternalOptions, source: Externaler) -> None:
        self._options = options
        self._source = source
        self._zones = {split(zone): zone for zone in options.zones}
        self._apex = split(fqdn(options.apex))

    def answer(self, request: Request, rest: Chain) -> Reply:
        """Answer a question in one of the zones, or leave it to the next plugin."""
        name = split(request.name.lower())
        zone = max((zone for zone in self._zones if is_below(name, zone)), key=len, default=None)
        if zone is None:
            return rest.answer(request)
        if name in self._zones:
            return self._at_zone(request, zone)
        for one in self._zones:
            if is_below(name, (*self._apex, *one)):
                return self._below_apex(request, name, zone)
        return self._of_services(request, name, zone, rest)

    def _of_services(self, request: Request, name: Labels, zone: Labels, rest: Chain) -> Reply:
        ip = reversed_address(name) if request.rdtype == PTR else ""
        if ip:
            targets = dict.fromkeys(self._source.external_reverse(ip))
            if targets:
                first = self._options.zones[0]
                pointers = [Record(request.name, PTR, self._options.ttl, (f"{one}.{first}",)) for one in targets]
                return Reply(answer=tuple(pointers))
        found = None if ip else self._source.external(name[: -len(zone)], headless=self._options.headless)
        if found is None and holds(self._options.fallthrough, name):
            return rest.answer(request)
        answer, additional = self._records(request, found or (), zone, rest)
        rcode = NXDOMAIN if found is None else 0
        return Reply(rcode, answer, () if answer else (self._soa(zone),), additional)

    def _records(
        self, request: Request, found: Sequence[Shown], zone: Labels, rest: Chain
    ) -> tuple[tuple[Record, ...], tuple[Record, ...]]:
        if request.rdtype in (A, AAAA):
            return self._addresses(request, found, rest), ()
        return self._services(request, found, zone, rest) if request.rdtype == SRV else ((), ())

    def _addresses(self, request: Request, found: Sequence[Shown], rest: Chain) -> tuple[Record, ...]:
        size = 4 if request.rdtype == A else 16
        records: list[Record] = []
        for shown in found:
            packed = pack_address(shown.host)
            if packed is None:
                target = fqdn(shown.host)
                records.append(Record(request.name, CNAME, self._source.ttl, (target,)))
                records.extend(rest.look_up(target, request.rdtype, request).answer)
            elif len(packed) == size:
                record = address_record(request.name, self._options.ttl, packed)
                records.extend(() if record in records else (record,))
        return tuple(records)

    def _services(
        self, request: Request, found: Sequence[Shown], zone: Labels, rest: Chain
    ) -> tuple[tuple[Record, ...], tuple[Record, ...]]:
        weight = max(1, int(100 / (100 * len(found)) * 100)) if found else 0
        answer: dict[Record, None] = {}
        additional: dict[tuple[str, str], Sequence[Record]] = {}
        for shown in found:
            if shown.port == NO_PORT:
                continue
            packed = pack_address(shown.host)
            target = fqdn(shown.host) if packed is None else f"{shown.owner}.{self._zones[zone]}"
            answer[Record(request.name, SRV, self._source.ttl, (srv_fields(weight, shown.port), target))] = None
            if (target, shown.host) in additional:
                continue
            additional[target, shown.host] = (
                [record for rdtype in (A, AAAA) for record in rest.look_up(target, rdtype, request).answer]
                if packed is None
                else (address_record(target, self._options.ttl, packed),)
            )
        return tuple(answer), tuple(record for records in additional.values() for record in records)

    def _at_zone(self, request: Request, zone: Labels) -> Reply:
        text, ttl = self._zones[zone], self._options.ttl
        if request.rdtype == SOA:
            return Reply(answer=(self._soa(zone),))
        if request.rdtype != NS:
            return Reply(authority=(self._soa(zone),))
        glue = f"ns1.{self._options.apex}.{fqdn(request.name)}"
        addresses = [address_record(glue, ttl, packed) for packed in self._nameservers()]
        return Reply(answer=(Record(text, NS, ttl, (self._nameserver(text),)),), additional=tuple(addresses))

    def _below_apex(self, request: Request, name: Labels, zone: Labels) -> Reply:
        below = name[: -len(zone)]
        if len(below) > 2 or (len(below) == 2 and below[0] != "ns1"):
            return Reply(NXDOMAIN, authority=(self._soa(zone),))
        records = [address_record(request.name, self._options.ttl, packed) for packed in self._nameservers()]
        answer = tuple(record for record in records if record.rdtype == request.rdtype) if len(below) == 2 else ()
        return Reply(answer=answer, authority=() if answer else (self._soa(zone),))

    def _nameservers(self) -> Sequence[bytes]:
        return self._source.external_nameservers(headless=self._options.headless)

    def _nameserver(self, zone: str) -> str:
        return f"ns1.{self._options.apex}.{zone}"

    def _soa(self, zone: Labels) -> Record:
        ttl, apex = self._options.ttl, self._options.apex
        return soa_record(
            self._zones[zone], ttl, self._source.serial, ttl, nameserver=f"ns1.{apex}", mailbox=f"hostmaster.{apex}"
        )


def _set_up(block: Block, directives: Sequence[Directive]) -> Iterator[Plugin]:
    directive = only(directives)
    options: dict[str, Any] = {}
    for option in block.options(directive):
        match option.name:
            case "ttl":
                options["ttl"] = option.arguments[0].number(0, _MAX_TTL)
            case "apex":
                options["apex"] = option.arguments[0].text
            case "headless":
                options["headless"] = True
            case _:
                options["fallthrough"] = labels(zones(option.arguments) or (".",))
    knowing = [plugin for plugin in block.named("kubernetes") if isinstance(plugin, Externaler)]
    if not knowing:
        raise directive.token.error("k8s_external needs the plugin kubernetes in its server block")
    yield K8sExternal(ExternalOptions(zones=block.zones_of(directive.arguments), **options), knowing[0])


SPECIFICATION = Specification("k8s_external", _set_up, options=frozenset({"ttl", "apex", "headless", "fallthrough"}))
