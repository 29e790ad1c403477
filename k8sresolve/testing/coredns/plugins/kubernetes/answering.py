"""From what a name leads to, the records that answer a question (`plugin/backend_lookup.go`)."""

from collections.abc import Sequence
from itertools import compress

from k8sresolve._core.questions import AAAA, CNAME, NS, PTR, SRV, TXT, A
from k8sresolve.testing.coredns.addresses import address_text, pack_address, pack_addresses, reversed_address
from k8sresolve.testing.coredns.chain import Chain, Request, Steps
from k8sresolve.testing.coredns.names import Labels, fqdn, is_below, split
from k8sresolve.testing.coredns.plugins.kubernetes.hits import Hits, find
from k8sresolve.testing.coredns.plugins.kubernetes.record_request import Zone, parse_request
from k8sresolve.testing.coredns.plugins.kubernetes.view import View
from k8sresolve.testing.coredns.records import (
    Record,
    Targets,
    address_record,
    address_records,
    rrset,
    soa_record,
    srv_fields,
)
from k8sresolve.testing.objects.kinds import NO_PORT

_SCHEMA_VERSION = "1.1.0"
_SCHEMA_TTL = 28800
_MAX_SOA_TTL = 300
_MAX_ALIASES = 10
_NO_ADDRESS = "<nil>"  # how Go writes an address that is none, which then passes for a name


class NoAddress(Exception):
    """A nameserver has no address, so that NS cannot be answered."""


def soa(view: View, zone: Zone) -> Record:
    """Make the zone's SOA record, as negative answers carry it (RFC 2308, section 3)."""
    ttl = view.options.ttl
    return soa_record(zone.text, min(ttl, _MAX_SOA_TTL), view.serial, ttl)


class Asking:
    """One question on its way to records. What is found is None where the name does not exist.

    `followed` says that an alias was followed on the way, and `truncated` that what it leads to was cut.
    """

    followed: bool
    truncated: bool

    def __init__(self, view: View, zone: Zone, request: Request, rest: Chain) -> None:
        self._view = view
        self._zone = zone
        self._request = request
        self._rest = rest
        self._ttl = view.options.ttl
        self.followed = self.truncated = False

    def records(self, labels: Labels) -> tuple[Sequence[Record], Sequence[Record]] | None:
        """Find the answer section and the additional section."""
        name, rdtype = self._request.name, self._request.rdtype
        match rdtype:
            case 1 | 28:
                return _alone(self._addresses(name, labels, rdtype, ()))
            case 33:
                return self._services(labels)
            case 12:
                return _alone(self._pointers(labels))
            case 5:
                return _alone(self._alias(labels))
            case 16:
                return _alone(self._texts(labels))
            case 6:
                # Any other name is NODATA, be it there or not.
                return ([soa(self._view, self._zone)] if labels == self._zone.labels else [], [])
            case 2 if name.lower() == self._zone.text:
                return self._nameservers()
            case _:
                return None if self._hits(labels, A) is None else ([], [])

    def _hits(self, labels: Labels, rdtype: int) -> list[Hits] | None:
        if self._is_own_name(labels):
            own = self._view.nameservers(self._zone.text)
            hosts = [
                _NO_ADDRESS if packed is None else address_text(packed)
                for _, packed in own
                if rdtype == (A if packed is not None and len(packed) == 4 else AAAA)
            ]
            return [Hits(hosts, (0,), "")] if hosts else []
        return self._found(labels)

    def _found(self, labels: Labels) -> list[Hits] | None:
        wanted = parse_request(labels, self._zone, zonal=self._view.options.zonal)
        if wanted is None or (wanted.kind and labels[-1:] == ("arpa",) and labels[-2:-1] in (("in-addr",), ("ip6",))):
            return None
        return find(self._view, wanted, self._zone.multicluster)

    def _is_own_name(self, labels: Labels) -> bool:
        """Whether this is `ns.dns` in the zone.

        CoreDNS looks for the zone's text behind `ns.dns.`, so that it finds it only in lower case, and also twice over.
        """
        return labels[:2] == ("ns", "dns") and f"{'.'.join(labels)}.".find(self._zone.text) == len("ns.dns.")

    def _addresses(
        self, name: str, labels: Labels, rdtype: int, previous: tuple[Record, ...]
    ) -> Sequence[Record] | None:
        hits = self._hits(labels, rdtype)
        if hits is None:
            return None
        hosts = hits[0].hosts if len(hits) == 1 else [host for some in hits for host in some.hosts]
        if len(hosts) == 1 and (address := pack_address(hosts[0])):
            return (address_record(name, self._ttl, address),) if (len(address) == 4) is (rdtype == A) else ()
        packed = dict(zip(hosts, pack_addresses(hosts), strict=True))
        size = 4 if rdtype == A else 16
        if None not in packed.values():
            found = [address for address in packed.values() if address and len(address) == size]
            return rrset(name, rdtype, self._ttl, found)
        records: list[Record] = []
        for host in (host for some in hits for host in some.hosts for _ in some.ports):
            if host not in packed:
                continue
            address = packed[host]
            if address is None:
                records.extend(self._aliased(name, labels, host, rdtype, previous))
            elif len(address) == size:
                records.append(address_record(name, self._ttl, address))
                del packed[host]  # an address has one record
        return records

    def _aliased(
        self, name: str, labels: Labels, host: str, rdtype: int, previous: tuple[Record, ...]
    ) -> Sequence[Record]:
        """Follow an alias: inside the zone it is dropped where it leads to nothing, outside it stands for itself."""
        self.followed = True
        target = fqdn(host)
        target_labels = split(target.lower())
        if is_below(target_labels, labels) or len(previous) > _MAX_ALIASES:
            return ()
        alias = Record(name, CNAME, self._ttl, (target,))
        if any(record.rdata == alias.rdata for record in previous):
            return ()
        steps = self._request.steps or Steps()
        self._request = self._request._replace(steps=steps)
        if is_below(target_labels, self._zone.labels):
            steps.spend(1)
            found = self._addresses(target, target_labels, rdtype, (*previous, alias)) or []
            records = (alias, *found) if found else ()
        else:
            reply = self._rest.look_up(target, rdtype, self._request)
            self.truncated = self.truncated or reply.marks.truncated
            records = (alias, *reply.answer)
        steps.spend(1 + len(records))
        return records

    def _alias(self, labels: Labels) -> list[Record] | None:
        hits = self._hits(labels, CNAME)
        if not hits or pack_address(hits[0].hosts[0]) is not None:
            return None if hits is None else []
        return [Record(self._request.name, CNAME, self._ttl, (fqdn(hits[0].hosts[0]),))]

    def _services(self, labels: Labels) -> tuple[Sequence[Record], Sequence[Record]] | None:
        hits = self._hits(labels, SRV)
        if hits is None:
            return None
        named = [(some.ports, *self._named(some)) for some in hits]
        # Weights are shared out before duplicates and ports that are not declared are dropped.
        count = sum([len(ports) * len(targets) for ports, targets, _, _ in named])
        weight = max(1, int(100 / (100 * count) * 100)) if count else 0
        answer: list[tuple[bytes, str]] = []
        glue: list[tuple[str, str, bytes]] = []
        for ports, targets, hosts, packed in named:
            fields = [srv_fields(weight, port) for port in ports if port != NO_PORT]
            if len(named) == len(fields) == len(targets) == 1:
                service = Record(self._request.name, SRV, self._ttl, (fields[0], targets[0]))
                return (service,), (address_record(targets[0], self._ttl, packed[0]),)
            if len(named) == len(fields) == 1 and len(set(targets)) == len(targets):  # nearly always: no duplicates
                services: Sequence[Record] = Targets(self._request.name, self._ttl, fields[0], targets)
                return services, address_records(self._ttl, targets, packed)
            if fields:
                answer += [(one, target) for target in targets for one in fields]
                glue += zip(targets, hosts, packed, strict=True)
        if not answer:
            return (), ()
        starts, ends = zip(*dict.fromkeys(answer), strict=True)
        names, _, addresses = zip(*dict.fromkeys(glue), strict=True)
        services = rrset(self._request.name, SRV, self._ttl, starts, ends)
        return services, address_records(self._ttl, names, addresses)

    def _named(self, hits: Hits) -> tuple[Sequence[str], Sequence[str], Sequence[bytes]]:
        """Name the hosts that are addresses: targets, addresses as text, and as octets."""
        hosts, found = hits.hosts, pack_addresses(hits.hosts)
        packed = list(filter(None, found))
        owner = f"{hits.owner}.{self._zone.text}"
        if not hits.endpoints:
            targets = [owner] * len(hosts)
        else:
            below = f".{owner}"
            targets = [name + below if name else owner for name in self._view.endpoint_names(hits.endpoints)]
        if len(packed) == len(found):
            return targets, hosts, packed
        there = [address is not None for address in found]
        return list(compress(targets, there)), list(compress(hosts, there)), packed

    def _pointers(self, labels: Labels) -> list[Record] | None:
        ip = reversed_address(labels)
        if not ip:
            return None if self._found(labels) is None else []
        targets = dict.fromkeys(self._view.reverse(ip))
        return [Record(self._request.name, PTR, self._ttl, (target,)) for target in targets] or None

    def _texts(self, labels: Labels) -> list[Record] | None:
        if labels == ("dns-version", *self._zone.labels):
            text = _SCHEMA_VERSION.encode()
            return [Record(self._request.name, TXT, _SCHEMA_TTL, (bytes([len(text)]) + text,))]
        hits = self._found(labels)
        if hits:
            return []
        # A name without records has no TXT either, but CoreDNS calls that NXDOMAIN; zonal names apart.
        wanted = parse_request(labels, self._zone, zonal=self._view.options.zonal)
        return [] if hits is not None and wanted is not None and wanted.zone else None

    def _nameservers(self) -> tuple[list[Record], list[Record]]:
        glue: list[Record] = []
        for name, packed in self._view.nameservers(self._zone.text):
            if packed is None:
                raise NoAddress
            glue.append(address_record(name, self._ttl, packed))
        names = dict.fromkeys(record.name for record in glue)
        return [Record(self._request.name, NS, self._ttl, (name,)) for name in names], glue


def _alone(records: Sequence[Record] | None) -> tuple[Sequence[Record], Sequence[Record]] | None:
    return None if records is None else (records, ())
