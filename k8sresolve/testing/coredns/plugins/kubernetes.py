"""The `kubernetes` plugin of CoreDNS 1.14.7: from a name, a type and the store to an answer.

Rules only, no I/O and no messages. The names are those of "Kubernetes DNS-Based Service Discovery", version 1.1.0.
Where CoreDNS answers more than that page says, or otherwise, CoreDNS is followed, since that is what programs meet.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, Protocol, TypeVar

import attrs

from k8sresolve._core.questions import AAAA, CNAME, NS, PTR, SRV, TXT, A
from k8sresolve.errors import ConfigError
from k8sresolve.testing.coredns.chain import (
    AXFR,
    FAILED,
    IXFR,
    NXDOMAIN,
    REFUSED,
    Budget,
    Chain,
    Labels,
    Record,
    Reply,
    Request,
    address_record,
    address_text,
    fqdn,
    holds,
    is_below,
    pack_address,
    reversed_address,
    soa_record,
    split,
    srv_record,
    unwritten,
)
from k8sresolve.testing.objects.kinds import (
    NO_PORT,
    UNDECLARED_PORT,
    EndpointAddress,
    EndpointSlice,
    Namespace,
    PortEntry,
    Service,
    ServiceImport,
)
from k8sresolve.testing.objects.label_selector import LabelSelector
from k8sresolve.testing.objects.store import Store

_SCHEMA_VERSION = "1.1.0"
_SCHEMA_TTL = 28800
_MAX_SOA_TTL = 300
_MAX_ALIASES = 10
_MAX_POD_LABEL = 63
_NO_ADDRESS = "<nil>"  # how Go writes an address that is none, which then passes for a name


def _zone_name(text: str) -> str:
    return fqdn(text.lower())


def _zone_names(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(_zone_name(text) for text in texts)


def _optional_zone_names(texts: Iterable[str] | None) -> tuple[str, ...] | None:
    return None if texts is None else _zone_names(texts)


def _optional_names(texts: Iterable[str] | None) -> frozenset[str] | None:
    return None if texts is None else frozenset(texts)


@attrs.frozen(kw_only=True)
class KubernetesOptions:
    """The options of the `kubernetes` plugin, as in a Corefile. The defaults are those of kubeadm's Corefile.

    `zones` are the zones it answers for, in order: PTR answers point into the first that is no reverse zone. `pods` is
    `"disabled"`, `"insecure"` (a pod's name answers whatever address it spells) or `"verified"`. `ttl` is in seconds, 0
    to 3600. `fallthrough`: zones where a name that does not exist goes on to the next plugin; empty for all, None for
    none. `namespaces`: the only ones served, or None for all. `namespace_labels` and `labels` are label selectors, of
    the namespaces that exist for it, and of its Services, EndpointSlices and Pods. `ignore_empty_service`: a Service
    without endpoints does not exist. `noendpoints`: endpoints are not read. `endpoint_pod_names`: an endpoint without a
    hostname is named after its pod. `zonal`: names `ZONE.pin|prefer._zone.SVC.NS.svc`. `multicluster`: those of `zones`
    that are answered from ServiceImports.

    Raises `ConfigError` for a value that CoreDNS would not start with. Source: the plugin's README in CoreDNS 1.14.7.

    >>> KubernetesOptions(zones=["k8s.corp.example"], pods="disabled").zones
    ('k8s.corp.example.',)
    """

    zones: tuple[str, ...] = attrs.field(default=("cluster.local", "in-addr.arpa", "ip6.arpa"), converter=_zone_names)
    pods: str = "insecure"
    ttl: int = 30
    fallthrough: tuple[str, ...] | None = attrs.field(
        default=("in-addr.arpa", "ip6.arpa"), converter=_optional_zone_names
    )
    ignore_empty_service: bool = False
    namespaces: frozenset[str] | None = attrs.field(default=None, converter=_optional_names)
    noendpoints: bool = False
    endpoint_pod_names: bool = False
    zonal: bool = False
    multicluster: tuple[str, ...] = attrs.field(default=(), converter=_zone_names)
    labels: str = ""
    namespace_labels: str = ""

    def __attrs_post_init__(self) -> None:
        if self.pods not in ("disabled", "insecure", "verified"):
            raise ConfigError(f"pods {self.pods!r} is none of disabled, insecure, verified")
        if not 0 <= self.ttl <= 3600:
            raise ConfigError(f"ttl {self.ttl} is not between 0 and 3600 seconds")
        if self.zonal and self.noendpoints:
            raise ConfigError("zonal needs the endpoints that noendpoints does not read")
        if not set(self.multicluster) <= set(self.zones):
            raise ConfigError("a multicluster zone is not among the zones")
        if self.namespaces and self.namespace_labels:
            raise ConfigError("namespaces and namespace_labels exclude each other")
        if self.primary_zone == "":
            raise ConfigError("zones holds no zone that is not for reverse lookups")

    @property
    def primary_zone(self) -> str:
        """The zone that PTR answers point into: the first one that is not below in-addr.arpa or ip6.arpa."""
        return next((zone for zone in self.zones if not zone.endswith((".in-addr.arpa.", ".ip6.arpa."))), "")


class _Query(NamedTuple):
    """A name below the zone, taken apart. `kind` is empty for the zone, `svc` and `pod`, which have no records."""

    kind: str = ""
    namespace: str = ""
    service: str = ""
    endpoint: str = ""
    cluster: str = ""
    port: str = ""
    protocol: str = ""
    zone: str = ""
    prefer: bool = False


class _Hit(NamedTuple):
    """One thing that a name leads to: an address (or another name) and port, and the name it has below the zone.

    That of an endpoint is below `owner`, and is made when it is needed.
    """

    host: str
    port: int
    owner: str
    endpoint: EndpointAddress | None = None


class _NoAddress(Exception):
    """A nameserver has no address, so that NS cannot be answered."""


class _Zone(NamedTuple):
    """The zone of a question: the text in the question's own letter case, and its labels in lower case."""

    text: str
    labels: Labels
    multicluster: bool


@lru_cache(maxsize=1024)  # nearly all questions write their zone in the same case
def _zone(original: Labels, labels: Labels, multicluster: bool) -> _Zone:
    return _Zone(".".join(original) + ".", labels, multicluster)


class _Labelled(Protocol):
    @property
    def labels(self) -> Mapping[str, str]: ...


_T = TypeVar("_T", bound=_Labelled)


def _selector(text: str) -> LabelSelector | None:
    return LabelSelector(text) if text else None


class Kubernetes:
    """The plugin over a store. NS answers name the Services that list one of the `server_addresses`."""

    def __init__(
        self, store: Store, options: KubernetesOptions | None = None, server_addresses: Sequence[str] = ()
    ) -> None:
        self.options = options if options is not None else KubernetesOptions()
        self._store = store
        self._server_addresses = tuple(server_addresses)
        self._zones = sorted((split(zone) for zone in self.options.zones), key=len, reverse=True)
        self._multicluster = [split(zone) for zone in self.options.multicluster]
        self._labels = _selector(self.options.labels)
        self._namespace_labels = _selector(self.options.namespace_labels)

    def answer(self, request: Request, rest: Chain) -> Reply:
        """Answer a question in one of the zones, or leave it to the next plugin."""
        name = request.name
        original = split(name)
        lowered = name.lower()
        labels = original if lowered == name else split(lowered)
        zone = self._find_zone(original, labels)
        if zone is None:
            return rest.answer(request)
        if request.rdtype in (AXFR, IXFR):
            return unwritten(REFUSED)
        try:
            found = _Asking(self, zone, request, rest).records(labels)
        except _NoAddress:
            return FAILED
        if found is None:
            if self._falls_through(labels):
                return rest.answer(request)
            return Reply(NXDOMAIN, authority=(self.soa(zone.text),))
        answer, additional = found
        if not answer:
            return Reply(authority=(self.soa(zone.text),))
        return Reply(answer=tuple(answer), additional=tuple(additional))

    def _find_zone(self, original: Labels, labels: Labels) -> _Zone | None:
        for zone in self._zones:
            if is_below(labels, zone):
                return _zone(original[len(original) - len(zone) :], zone, holds(self._multicluster, zone))
        return None

    def _falls_through(self, labels: Labels) -> bool:
        zones = self.options.fallthrough
        return zones is not None and (not zones or any(is_below(labels, split(zone)) for zone in zones))

    def soa(self, zone: str) -> Record:
        """Make the zone's SOA record, as negative answers carry it (RFC 2308, section 3)."""
        ttl = self.options.ttl
        return soa_record(zone, min(ttl, _MAX_SOA_TTL), self._store.serial, ttl)

    def exposes(self, namespace: str) -> bool:
        """Whether a namespace is served: it exists, and the options do not leave it out."""
        allowed = self.options.namespaces
        if (allowed is not None and namespace not in allowed) or not self._store.has_namespace(namespace):
            return False
        if self._namespace_labels is None:
            return True
        found = self._store.get("Namespace", "", namespace)
        return isinstance(found, Namespace) and self._namespace_labels.matches(found.labels)

    # Finding what a name stands for. None: the name does not exist; empty: it does, with nothing at it.

    def find(self, query: _Query, multicluster: bool) -> list[_Hit] | None:
        """Find what a name below the zone stands for."""
        if not query.kind:
            return []
        if not self.exposes(query.namespace):
            return None
        if query.kind == "pod":
            return self._find_pods(query)
        if not query.service:
            return []
        if multicluster:
            return self._find_import(query)
        return self._find_service(query)

    def _find_pods(self, query: _Query) -> list[_Hit] | None:
        if self.options.pods == "disabled":
            return None
        name = query.service
        if not name:
            return []
        ip = name.replace("-", "." if name.count("-") == 3 and "--" not in name else ":")
        hit = _Hit(ip, 0, f"{name}.{query.namespace}.pod")
        if self.options.pods == "insecure":
            return [hit] if pack_address(ip) is not None else None
        return [hit for pod in self._shown(self._store.pods_with(ip)) if pod.namespace == query.namespace] or None

    def _shown(self, found: Sequence[_T]) -> Sequence[_T]:
        """Leave out what the option `labels` does not select."""
        labels = self._labels
        return found if labels is None else [item for item in found if labels.matches(item.labels)]

    def _service(self, namespace: str, name: str) -> Service | None:
        service = self._store.service(namespace, name)
        return service if service is None or self._shown((service,)) else None

    def _find_service(self, query: _Query) -> list[_Hit] | None:
        service = self._service(query.namespace, query.service)
        if service is None:
            return None
        owner = f"{service.name}.{service.namespace}.svc"
        if service.type == "ExternalName":
            return self._find_external(service, query, owner)
        if not service.headless and (query.zone or self._is_empty(self.slices(service))):
            return None
        if service.headless or query.endpoint:
            return self._find_endpoints(self.slices(service), query, owner)
        ports = service.ports or (UNDECLARED_PORT,)
        return _cluster_ip_hits(ports, service.cluster_ips, query, owner)

    def _find_external(self, service: Service, query: _Query, owner: str) -> list[_Hit] | None:
        # It has no endpoints and no ports that could be asked for, and an address is no target for a CNAME.
        if query.endpoint or query.port or query.protocol or query.zone or pack_address(service.external_name):
            return None
        return [_Hit(service.external_name, 0, owner)]

    def _find_import(self, query: _Query) -> list[_Hit] | None:
        imported = self._store.service_import(query.namespace, query.service)
        # CoreDNS selects ServiceImports by the selector that is meant for namespaces.
        if imported is None or not (self._namespace_labels is None or self._namespace_labels.matches(imported.labels)):
            return None
        owner = f"{imported.name}.{imported.namespace}.svc"
        slices = self.imported_slices(imported)
        if not imported.headless and self._is_empty(slices):
            return None
        if imported.headless or query.endpoint:
            hits: list[_Hit] = []
            for part in slices:
                if not query.endpoint or query.cluster == part.cluster_id.lower():
                    hits.extend(self._slice_hits(part, query, f"{part.cluster_id}.{owner}"))
            return hits or None
        return _cluster_ip_hits(imported.ports, imported.ips, query, owner)

    def _is_empty(self, slices: Iterable[EndpointSlice]) -> bool:
        return self.options.ignore_empty_service and not any(part.addresses for part in slices)

    def _find_endpoints(self, slices: Sequence[EndpointSlice], query: _Query, owner: str) -> list[_Hit] | None:
        if not query.zone:
            return [hit for part in slices for hit in self._slice_hits(part, query, owner)] or None
        local = [hit for part in slices for hit in self._slice_hits(part, query, owner, _zones_of(part))]
        if local or not query.prefer:
            return local
        return [hit for part in slices for hit in self._slice_hits(part, query, owner)]

    def _slice_hits(
        self, part: EndpointSlice, query: _Query, owner: str, zones: dict[str, str] | None = None
    ) -> Iterator[_Hit]:
        ports = [port for port in part.ports or (UNDECLARED_PORT,) if _port_matches(port, query)]
        if not ports:
            return
        for entry in part.addresses:
            if zones is not None and zones.get(entry.address, "") != query.zone:
                continue
            if query.endpoint and self.endpoint_name(entry).lower() != query.endpoint:
                continue
            for port in ports:
                yield _Hit(entry.address, port.number, owner, entry)

    def slices(self, service: Service) -> Sequence[EndpointSlice]:
        """Find the EndpointSlices of a Service, as far as the options let them be read."""
        return () if self.options.noendpoints else self._shown(self._store.slices(service.namespace, service.name))

    def imported_slices(self, imported: ServiceImport) -> Sequence[EndpointSlice]:
        """Find the EndpointSlices of a ServiceImport."""
        return self._shown(self._store.imported_slices(imported.namespace, imported.name))

    def endpoint_name(self, entry: EndpointAddress) -> str:
        """Name an endpoint: by its hostname, else by its pod where the options say so, else by its address."""
        if entry.hostname:
            return entry.hostname
        if self.options.endpoint_pod_names and entry.pod and len(entry.pod) <= _MAX_POD_LABEL:
            return entry.pod
        if "." in entry.address:
            return entry.address.replace(".", "-")
        if ":" not in entry.address:
            return ""
        name = entry.address.replace(":", "-")
        return f"{name}0" if name.endswith("-") else name  # a label cannot end in a hyphen

    def reverse(self, ip: str) -> list[str]:
        """Find the names for an address: that of the first Service with this ClusterIP, else those of all endpoints."""
        zone = self.options.primary_zone
        for service in self._shown(self._store.services_with(ip)):
            if self._reverse_exposes(service.namespace):
                return [f"{service.name}.{service.namespace}.svc.{zone}"]
        return [
            f"{self.endpoint_name(entry)}.{part.service}.{part.namespace}.svc.{zone}"
            for part in self._slices_with(ip)
            if self._reverse_exposes(part.namespace)
            for entry in part.addresses
            if entry.address == ip
        ]

    def _reverse_exposes(self, namespace: str) -> bool:
        # CoreDNS asks whether the namespace exists only where `namespaces` is set; `namespace_labels` is not looked at.
        return self.options.namespaces is None or self.exposes(namespace)

    def _slices_with(self, ip: str) -> Sequence[EndpointSlice]:
        return () if self.options.noendpoints else self._shown(self._store.slices_with(ip))

    def search_path(self, request: Request) -> tuple[str, ...]:
        """Tell the search list of the pod that asks, for `autopath`; empty where `pods` is not `"verified"`.

        CoreDNS also walks the search list of its own resolv.conf, which is the node's: here it is empty.
        """
        labels = split(request.name.lower())
        zone = next((zone for zone in self._zones if is_below(labels, zone)), None)
        pods = self._shown(self._store.pods_with(request.client)) if self.options.pods == "verified" else ()
        if zone is None or not pods:
            return ()
        domain = "".join(f"{label}." for label in zone)
        return (f"{pods[0].namespace}.svc.{domain}", f"svc.{domain}", domain, "")

    def nameservers(self, zone: str) -> list[tuple[str, bytes | None]]:
        """Find the nameserver's names in a zone, with addresses: its Services, else `ns.dns` at its own.

        An address may be None, where the Service has no ClusterIP or an endpoint is no address.
        """
        found: list[tuple[str, str]] = []
        known = False
        for address in self._server_addresses:
            for part in self._slices_with(address):
                known = True
                service = self._service(part.namespace, part.service)
                if service is not None:
                    found.extend(self._own_names(service, part, zone))
        if not known:
            found = [(f"ns.dns.{zone}", address) for address in self._server_addresses]
        return [(name, pack_address(address)) for name, address in found]

    def _own_names(self, service: Service, part: EndpointSlice, zone: str) -> Iterator[tuple[str, str]]:
        name = f"{service.name}.{service.namespace}.svc.{zone}"
        if service.headless:
            yield from ((f"{self.endpoint_name(entry)}.{name}", entry.address) for entry in part.addresses)
        else:
            yield from ((name, ip) for ip in service.cluster_ips or ("",))

    # Reading a name.

    def parse(self, labels: Labels, zone: _Zone) -> _Query | None:
        """Take a name apart; None for a shape that no name has.

        The shapes are `SVC.NS.svc`, `ENDPOINT.SVC.NS.svc`, `_PORT._PROTOCOL.SVC.NS.svc`, `IP.NS.pod`, and by option
        `ENDPOINT.CLUSTER.SVC.NS.svc` and `ZONE.pin|prefer._zone.SVC.NS.svc`.
        """
        below = labels[: len(labels) - len(zone.labels)]
        if not below or below in (("svc",), ("pod",)):
            return _Query()
        kind = below[-1]
        if kind not in ("svc", "pod"):
            return None
        namespace = below[-2]
        service = below[-3] if len(below) > 2 else ""
        match below[:-3]:
            case ():
                return _Query(kind, namespace, service)
            case (endpoint,):
                return _Query(kind, namespace, service, endpoint=endpoint)
            case (left, right):
                if zone.multicluster and not left.startswith("_") and not right.startswith("_"):
                    return _Query(kind, namespace, service, endpoint=left, cluster=right)
                port, protocol = left.removeprefix("_"), right.removeprefix("_")
                return _Query(kind, namespace, service, port=port, protocol=protocol)
            case (*topology, directive, "_zone") if (
                self.options.zonal and not zone.multicluster and kind == "svc" and directive in ("pin", "prefer")
            ):
                return _Query(kind, namespace, service, zone=".".join(topology), prefer=directive == "prefer")
            case _:
                return None


class _Asking:
    """One question on its way to records. What is found is None where the name does not exist."""

    def __init__(self, plugin: Kubernetes, zone: _Zone, request: Request, rest: Chain) -> None:
        self._plugin = plugin
        self._zone = zone
        self._request = request
        self._rest = rest
        self._ttl = plugin.options.ttl

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
                return ([self._plugin.soa(self._zone.text)] if labels == self._zone.labels else [], [])
            case 2 if name.lower() == self._zone.text:
                return self._nameservers()
            case _:
                return None if self._hits(labels, A) is None else ([], [])

    def _hits(self, labels: Labels, rdtype: int) -> list[_Hit] | None:
        if self._is_own_name(labels):
            own = self._plugin.nameservers(self._zone.text)
            return [
                _Hit(_NO_ADDRESS if packed is None else address_text(packed), 0, "")
                for _, packed in own
                if rdtype == (A if packed is not None and len(packed) == 4 else AAAA)
            ]
        return self._found(labels)

    def _found(self, labels: Labels) -> list[_Hit] | None:
        query = self._plugin.parse(labels, self._zone)
        if query is None or (query.kind and labels[-1:] == ("arpa",) and labels[-2:-1] in (("in-addr",), ("ip6",))):
            return None
        return self._plugin.find(query, self._zone.multicluster)

    def _is_own_name(self, labels: Labels) -> bool:
        """Whether this is `ns.dns` in the zone.

        CoreDNS looks for the zone's text behind `ns.dns.`, so that it finds it only in lower case, and also twice over.
        """
        return labels[:2] == ("ns", "dns") and f"{'.'.join(labels)}.".find(self._zone.text) == len("ns.dns.")

    def _addresses(self, name: str, labels: Labels, rdtype: int, previous: tuple[Record, ...]) -> list[Record] | None:
        hits = self._hits(labels, rdtype)
        if hits is None:
            return None
        size = 4 if rdtype == A else 16
        seen: set[str] = set()
        records: list[Record] = []
        for hit in hits:
            packed = pack_address(hit.host)
            if packed is None:
                records.extend(self._aliased(name, labels, hit.host, rdtype, previous))
            elif len(packed) == size and hit.host not in seen:
                seen.add(hit.host)
                records.append(address_record(name, self._ttl, packed))
        return records

    def _aliased(
        self, name: str, labels: Labels, host: str, rdtype: int, previous: tuple[Record, ...]
    ) -> Sequence[Record]:
        """Follow an alias: inside the zone it is dropped where it leads to nothing, outside it stands for itself."""
        target = fqdn(host)
        target_labels = split(target.lower())
        if is_below(target_labels, labels) or len(previous) > _MAX_ALIASES:
            return ()
        alias = Record(name, CNAME, self._ttl, (target,))
        if any(record.rdata == alias.rdata for record in previous):
            return ()
        budget = self._request.budget or Budget()
        self._request = self._request._replace(budget=budget)
        if is_below(target_labels, self._zone.labels):
            budget.spend(1)
            found = self._addresses(target, target_labels, rdtype, (*previous, alias)) or []
            records = (alias, *found) if found else ()
        else:
            records = (alias, *self._rest.look_up(target, rdtype, self._request).answer)
        budget.spend(1 + len(records))
        return records

    def _alias(self, labels: Labels) -> list[Record] | None:
        hits = self._hits(labels, CNAME)
        if not hits or pack_address(hits[0].host) is not None:
            return None if hits is None else []
        return [Record(self._request.name, CNAME, self._ttl, (fqdn(hits[0].host),))]

    def _services(self, labels: Labels) -> tuple[list[Record], list[Record]] | None:
        hits = self._hits(labels, SRV)
        if hits is None:
            return None
        packed = [(hit, pack_address(hit.host)) for hit in hits]
        named = [(hit, address) for hit, address in packed if address is not None]
        # Weights are shared out before duplicates and ports that are not declared are dropped.
        weight = max(1, int(100 / (100 * len(named)) * 100)) if named else 0
        answer: dict[tuple[str, int], Record] = {}
        glue: dict[tuple[str, str], Record] = {}
        for hit, address in named:
            if hit.port == NO_PORT:
                continue
            below = "" if hit.endpoint is None else self._plugin.endpoint_name(hit.endpoint)
            target = f"{below}.{hit.owner}.{self._zone.text}" if below else f"{hit.owner}.{self._zone.text}"
            if (target, hit.port) not in answer:
                record = srv_record(self._request.name, self._ttl, weight, hit.port, target)
                answer[target, hit.port] = record
            if (target, hit.host) not in glue:
                glue[target, hit.host] = address_record(target, self._ttl, address)
        return list(answer.values()), list(glue.values())

    def _pointers(self, labels: Labels) -> list[Record] | None:
        ip = reversed_address(labels)
        if not ip:
            return None if self._found(labels) is None else []
        targets = dict.fromkeys(self._plugin.reverse(ip))
        return [Record(self._request.name, PTR, self._ttl, (target,)) for target in targets] or None

    def _texts(self, labels: Labels) -> list[Record] | None:
        if labels == ("dns-version", *self._zone.labels):
            text = _SCHEMA_VERSION.encode()
            return [Record(self._request.name, TXT, _SCHEMA_TTL, (bytes([len(text)]) + text,))]
        hits = self._found(labels)
        if hits:
            return []
        # A name without records has no TXT either, but CoreDNS calls that NXDOMAIN; zonal names apart.
        query = self._plugin.parse(labels, self._zone)
        return [] if hits is not None and query is not None and query.zone else None

    def _nameservers(self) -> tuple[list[Record], list[Record]]:
        glue: list[Record] = []
        for name, packed in self._plugin.nameservers(self._zone.text):
            if packed is None:
                raise _NoAddress
            glue.append(address_record(name, self._ttl, packed))
        names = dict.fromkeys(record.name for record in glue)
        return [Record(self._request.name, NS, self._ttl, (name,)) for name in names], glue


def _alone(records: list[Record] | None) -> tuple[Sequence[Record], Sequence[Record]] | None:
    return None if records is None else (records, ())


def _cluster_ip_hits(ports: Iterable[PortEntry], ips: Iterable[str], query: _Query, owner: str) -> list[_Hit] | None:
    matching = [port for port in ports if _port_matches(port, query)]
    return [_Hit(ip, port.number, owner) for port in matching for ip in ips] if matching else None


def _port_matches(port: PortEntry, query: _Query) -> bool:
    """Compare with `_PORT._PROTOCOL` of the name; an empty one matches any."""
    return (not query.port or query.port == port.name.lower()) and (
        not query.protocol or query.protocol == port.protocol.lower()
    )


def _zones_of(part: EndpointSlice) -> dict[str, str]:
    return {entry.address: entry.zone.lower() for entry in part.addresses if entry.zone is not None}
