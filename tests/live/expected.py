"""What a lookup must give, worked out from the manifests alone. Nothing here comes from the library under test.

Rules: "Kubernetes DNS-Based Service Discovery" 1.1.0, what CoreDNS adds to it (SRV at a Service's own name), and how
the library reads names: relative ones never depend on ndots, an absolute one states its own domain, and what names no
Service is refused before any packet.
"""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple

import dns.rdatatype
import dns.zone

DOMAIN = "cluster.local"
LONGEST_CHAIN = 11  # CoreDNS follows so many CNAMEs inside the zone
SERVICE_LABEL = "kubernetes.io/service-name"
Object = Mapping[str, Any]
Records = Mapping[str, Mapping[str, Sequence[str]]]


class Want(NamedTuple):
    """What one call gives, a record (as `client.py` writes it) or `{"error": class}`, and the questions it asks.

    `beyond` are those about the target of an alias, which a CoreDNS without an upstream fails.
    """

    outcome: Any
    questions: tuple[str, ...]
    beyond: tuple[str, ...] = ()


class Entry(NamedTuple):
    """One address of a Service with the number of one port: `target` is the name that SRV gives for it."""

    target: str
    address: str
    number: int | None


def error(kind: str) -> dict[str, str]:
    return {"error": kind}


def _by_address(pair: tuple[str, Any]) -> tuple[int, int, Any]:
    address = ip_address(pair[0])
    return address.version, int(address), pair[1]


def sort_addresses(addresses: set[str]) -> list[str]:
    return sorted(addresses, key=lambda address: _by_address((address, 0)))


def read_zone(path: Path, origin: str) -> Records:
    """The zone that stands for the world outside: absolute name -> type -> data."""
    records: dict[str, dict[str, list[str]]] = {}
    for name, _, rdata in dns.zone.from_file(str(path), origin, relativize=False).iterate_rdatas():
        records.setdefault(str(name), {}).setdefault(dns.rdatatype.to_text(rdata.rdtype), []).append(rdata.to_text())
    return records


def service_of(spelling: str, pod_namespace: str) -> tuple[str, str] | None:
    """Which Service, as (name, namespace), a spelling names for a pod in `pod_namespace`; None: none at all."""
    labels = spelling.removesuffix(".").split(".")
    if spelling.endswith(".") and len(labels) < 4:
        return None
    if len(labels) > 2 and labels[2] != "svc":
        return None
    return labels[0], labels[1] if len(labels) > 1 else pod_namespace


class World:
    """The cluster that the manifests describe, with the zones outside that its nameserver can reach (maybe none)."""

    def __init__(self, objects: Sequence[Object], upstream: Records) -> None:
        self.upstream = upstream
        self.services = {_place(item): item for item in objects if item["kind"] == "Service"}
        self.slices: dict[tuple[str, str], list[Object]] = {}
        for item in objects:
            service = item["metadata"].get("labels", {}).get(SERVICE_LABEL)
            if item["kind"] == "EndpointSlice" and service:
                self.slices.setdefault((service, item["metadata"]["namespace"]), []).append(item)

    # -- what the objects say

    def is_headless(self, place: tuple[str, str]) -> bool:
        return self.services[place]["spec"].get("clusterIP") == "None"

    def external_name(self, place: tuple[str, str]) -> str | None:
        return self.services[place]["spec"].get("externalName")

    def exists(self, place: tuple[str, str]) -> bool:
        """Whether the Service's own name exists in DNS."""
        if place not in self.services:
            return False
        external = self.external_name(place)
        if external is not None:
            return not _is_address(external)
        return not self.is_headless(place) or any(True for _ in self.ready(place))

    def ready(self, place: tuple[str, str]) -> Iterator[tuple[Object, Object]]:
        """Each endpoint that is published, with its slice. `ready` not stated counts as ready."""
        for item in self.slices.get(place, ()):
            for endpoint in item["endpoints"] or ():
                if endpoint.get("conditions", {}).get("ready") is not False:
                    yield item, endpoint

    def entries(self, place: tuple[str, str], port: str | None, protocol: str | None) -> list[Entry]:
        """The Service's addresses with the port of that name and protocol, or with each of its ports."""

        def wanted(candidate: Object) -> bool:
            return port is None or (
                candidate.get("name", "") == port and candidate.get("protocol", "TCP").lower() == protocol
            )

        host = fqdn(place)
        if self.external_name(place) is not None:
            return []
        if self.is_headless(place):
            return [
                Entry(f"{_label(endpoint, address)}.{host}", address, candidate["port"])
                for item, endpoint in self.ready(place)
                for candidate in filter(wanted, item["ports"] or ())
                for address in endpoint["addresses"]
            ]
        spec = self.services[place]["spec"]
        return [
            Entry(host, address, candidate["port"])
            for address in spec["clusterIPs"]
            for candidate in filter(wanted, spec["ports"])
        ]

    def addresses(self, place: tuple[str, str], rdtype: str) -> tuple[list[str], set[str]] | None:
        """The CNAMEs and addresses of one type that the Service's own name leads to; None where it does not exist."""
        return self._follow(place, rdtype, 0) if self.exists(place) else None

    def _follow(self, place: tuple[str, str], rdtype: str, depth: int) -> tuple[list[str], set[str]]:
        external = self.external_name(place)
        if external is None:
            return [], {address for address in self._own(place) if _rdtype(address) == rdtype}
        target = f"{external.rstrip('.')}."
        if not target.endswith(f".{DOMAIN}."):
            chain, found = self._outside(target, rdtype)
            return [target, *chain], found
        inner = service_of(target, "")
        if inner is None or depth >= LONGEST_CHAIN or not self.exists(inner):
            return [], set()
        chain, found = self._follow(inner, rdtype, depth + 1)
        return ([target, *chain], found) if found else ([], set())

    def _own(self, place: tuple[str, str]) -> Iterator[str]:
        if not self.is_headless(place):
            yield from self.services[place]["spec"]["clusterIPs"]
        for _, endpoint in self.ready(place) if self.is_headless(place) else ():
            yield from endpoint["addresses"]

    def _outside(self, name: str, rdtype: str) -> tuple[list[str], set[str]]:
        chain: list[str] = []
        while aliases := self.upstream.get(name, {}).get("CNAME"):
            name = aliases[0]
            chain.append(name)
        return chain, set(self.upstream.get(name, {}).get(rdtype, ()))

    # -- what the calls give

    def service(self, spelling: str, pod_namespace: str, rdtypes: Sequence[str], rest: Sequence[str] = ()) -> Want:
        """`service(spelling)` where `rdtypes` are asked, and `rest` if they have no data."""
        place = service_of(spelling, pod_namespace)
        if place is None:
            return Want(error("InvalidName"), ())
        answers = [self.addresses(place, rdtype) for rdtype in rdtypes]
        asked = list(rdtypes)
        if rest and None not in answers and not any(answer[1] for answer in answers if answer):
            answers += [self.addresses(place, rdtype) for rdtype in rest]
            asked += rest
        questions = tuple(f"{rdtype} {fqdn(place)}" for rdtype in asked)
        known = [answer for answer in answers if answer is not None]
        if not known:
            return Want(error("NoSuchName"), questions)
        found = {address for _, addresses in known for address in addresses}
        if not found:
            # K9: an alias alone, without the SOA that would say that there is no address, brings one question more.
            beyond = tuple(
                f"{rdtype} {answer[0][-1]}" for rdtype, answer in zip(asked, known, strict=False) if answer[0]
            )
            return Want(error("NoData"), questions, beyond)
        chain = max((chain for chain, _ in known), key=len)
        outcome = {"name": fqdn(place), "addresses": sort_addresses(found), "cname": _cname(chain)}
        return Want(outcome, questions)

    def port(self, spelling: str, pod_namespace: str, port: str, protocol: str) -> Want:
        """`port(spelling, port, protocol)`: one question; one more tells a missing port from a missing Service."""
        place = service_of(spelling, pod_namespace)
        if place is None:
            return Want(error("InvalidName"), ())
        asked = f"SRV _{port}._{protocol}.{fqdn(place)}"
        entries = self.entries(place, port, protocol) if place in self.services else []
        if not entries:
            return Want(error("NoSuchName"), (asked, f"A {fqdn(place)}"))
        return Want(_port(port, protocol, place, entries, entries), (asked,))

    def ports(self, spelling: str, pod_namespace: str) -> Want:
        """`ports(spelling)`: every number that SRV at the Service's own name tells, without names."""
        place = service_of(spelling, pod_namespace)
        if place is None:
            return Want(error("InvalidName"), ())
        questions = (f"SRV {fqdn(place)}",)
        if not self.exists(place):
            return Want(error("NoSuchName"), questions)
        entries = self.entries(place, None, None)
        if not entries:
            return Want(error("NoData"), questions)
        numbers = sorted({entry.number for entry in entries if entry.number is not None})
        by_number = [[entry for entry in entries if entry.number == number] for number in numbers]
        return Want([_port(None, None, place, some, entries) for some in by_number], questions)

    def endpoints(self, spelling: str, pod_namespace: str, port: str, protocol: str) -> Want:
        """`endpoints(spelling, port, protocol)`: each published address that has the port."""
        found = self.port(spelling, pod_namespace, port, protocol)
        if "error" in found.outcome:
            return found
        place = service_of(spelling, pod_namespace)
        assert place is not None
        if not self.is_headless(place):
            return Want(error("NotHeadless"), found.questions)
        pairs = {(address, number) for _, number, addresses in found.outcome["targets"] for address in addresses}
        return Want([list(pair) for pair in sorted(pairs, key=_by_address)], found.questions)

    def published(self, place: tuple[str, str]) -> list[str]:
        """The addresses of a headless Service's endpoints, whatever ports they have."""
        return sort_addresses(set(self._own(place)))

    def reverse(self, address: str) -> list[str]:
        """The names that PTR gives for a canonical address: the Service that has it, else every endpoint that does."""
        owners = [fqdn(place) for place, item in self.services.items() if address in item["spec"].get("clusterIPs", ())]
        if owners:
            return owners[:1]
        return sorted(
            {
                f"{_label(endpoint, address)}.{fqdn(place)}"
                for place in self.slices
                for _, endpoint in self.ready(place)
                if address in endpoint["addresses"]
            }
        )


def fqdn(place: tuple[str, str]) -> str:
    return f"{place[0]}.{place[1]}.svc.{DOMAIN}."


def _place(item: Object) -> tuple[str, str]:
    return item["metadata"]["name"], item["metadata"]["namespace"]


def _label(endpoint: Object, address: str) -> str:
    """The endpoint's own label: its host name, else its address with hyphens."""
    if endpoint.get("hostname"):
        return str(endpoint["hostname"])
    dashed = address.replace(".", "-").replace(":", "-")
    # A label cannot end in a hyphen; CoreDNS writes the zero that `::` stands for.
    return f"{dashed}0" if dashed.endswith("-") else dashed


def _rdtype(address: str) -> str:
    return "A" if ip_address(address).version == 4 else "AAAA"


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _cname(chain: Sequence[str]) -> Any:
    if not chain:
        return None
    return {"targets": list(chain), "leaves_cluster": any(not name.endswith(f".{DOMAIN}.") for name in chain)}


def _port(
    name: str | None, protocol: str | None, place: tuple[str, str], entries: Sequence[Entry], glue: Sequence[Entry]
) -> Any:
    """A port as `client.py` writes it. A target's addresses are all of `glue` that share its name."""
    numbers = {entry.number for entry in entries}
    targets = {
        (entry.target, entry.number): {other.address for other in glue if other.target == entry.target}
        for entry in entries
    }
    return {
        "name": name,
        "protocol": protocol,
        "service": fqdn(place),
        "number": numbers.pop() if len(numbers) == 1 else "PortsDiffer",
        "headless": any(entry.target != fqdn(place) for entry in entries),
        "targets": [[*target, sort_addresses(targets[target])] for target in sorted(targets)],
    }
