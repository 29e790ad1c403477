"""Where CoreDNS listens by its Corefile, beside where its pods are probed and where its Services lead.

Source: `setup.go` of the plugins health, ready, metrics and pprof, and `core/dnsserver/address.go`, CoreDNS 1.14.7.
"""

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_address
from typing import NamedTuple

from k8sresolve.findings import Finding
from k8sresolve.testing.checks.nameservers import CONFIG, Nameserver, coredns_containers
from k8sresolve.testing.checks.origins import Origin
from k8sresolve.testing.checks.subjects import AllObjects
from k8sresolve.testing.checks.telling import listed
from k8sresolve.testing.controllers.workloads import matches
from k8sresolve.testing.coredns.corefile import ServerBlock
from k8sresolve.testing.coredns.dns_service import dns_services
from k8sresolve.testing.coredns.setup import DNS_PORT, split_port
from k8sresolve.testing.coredns.values import split_host_port
from k8sresolve.testing.objects.kinds import ConfigMap, PortEntry, Secret, Service

_PORTS = {"dns": DNS_PORT, "tls": 853, "quic": 853, "https": 443, "https3": 443, "grpc": 443}
_OVER_UDP = frozenset({"dns", "quic", "https3"})
_SERVED = {"health": ":8080", "ready": ":8181", "prometheus": "localhost:9153", "pprof": "localhost:6053"}
_PROBED = {"health": "health", "ready": "ready"}
_UNREADY = "the pod never gets ready, so that nobody is sent to it"
_OUTCOMES = {
    "readinessProbe": _UNREADY,
    "startupProbe": "the container is started again and again",
    "livenessProbe": "the container is started again and again",
}


class _Listener(NamedTuple):
    """What listens: a plugin, or a scheme of server blocks; `is_local`: at the loopback of the pod alone."""

    what: str
    port: int
    protocols: frozenset[str]
    line: int
    is_local: bool = False


def check_probes(config: ConfigMap | Secret, around: AllObjects) -> Iterator[Finding]:
    """Whether the Corefile serves what CoreDNS's pods are probed for."""
    nameserver = around.nameservers.of(config)
    listeners = [] if nameserver is None else list(_listeners(nameserver.blocks))
    if nameserver is None or not listeners:
        return
    for origin in nameserver.origins:
        for probe in (probe for each in coredns_containers(origin) for probe in each.probes):
            number = probe.port if isinstance(probe.port, int) else origin.spec.number_of(probe.port, "TCP")
            plugin = _PROBED.get(probe.path.strip("/"), "")
            own = [each for each in listeners if each.what == plugin] if plugin else listeners
            if number is not None and not any(each.port == number and "TCP" in each.protocols for each in own):
                asks = f"{origin.title} is probed at :{number}{probe.path} ({probe.kind})"
                problem, advice = _of_probe(plugin, number, own)
                line = own[0].line if plugin and own else None
                told = f"{problem}, and {asks}: {_OUTCOMES[probe.kind]}"
                yield nameserver.finding("corefile-probe", "warning", line, told, advice)


def check_ports(config: ConfigMap | Secret, around: AllObjects) -> Iterator[Finding]:
    """Whether CoreDNS listens where its Services lead, or, without any, where its containers say that they do."""
    nameserver = around.nameservers.of(config)
    listeners = [] if nameserver is None else list(_listeners(nameserver.blocks))
    if nameserver is None or not listeners:
        return
    told: set[tuple[str, int]] = set()
    for whose, port, number in _expected(nameserver, around):
        reached = [each for each in listeners if each.port == number and port.protocol in each.protocols]
        if all(each.is_local for each in reached) and (whose, number) not in told:
            told.add((whose, number))
            yield _of_port(nameserver, whose, port, number, reached or listeners)


def _listeners(blocks: Iterable[ServerBlock]) -> Iterator[_Listener]:
    for block in blocks:
        for key in block.keys:
            scheme, found, rest = key.text.partition("://")
            scheme, text = (scheme, rest) if found else ("dns", key.text)
            host, port = split_port(text)
            port = _PORTS.get(scheme, DNS_PORT) if host == text else port
            yield _Listener(scheme, port, frozenset({"TCP", "UDP"} if scheme in _OVER_UDP else {"TCP"}), key.line)
        for directive in block.directives:
            if directive.name in _SERVED:
                place = directive.words[0] if directive.words else _SERVED[directive.name]
                host, given = split_host_port(place) or ("", "")
                if given.isascii() and given.isdecimal():
                    yield _Listener(
                        directive.name,
                        int(given[:6]),
                        frozenset({"TCP"}),
                        directive.token.line,
                        is_local=_is_local(host),
                    )


def _is_local(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _of_probe(plugin: str, number: int, own: Sequence[_Listener]) -> tuple[str, str]:
    """Say what the Corefile has in place of what is probed, and what to write."""
    if plugin and not own:
        written = plugin if _SERVED[plugin] == f":{number}" else f"{plugin} :{number}"
        return f"the Corefile has no {plugin}", f"write {written} into a server block"
    there = listed(f":{port}" for port in sorted({each.port for each in own if "TCP" in each.protocols}))
    advice = f"write {plugin} :{number}, or probe {there}" if plugin else f"probe {there}"
    return f"{plugin or 'CoreDNS'} listens at {there}", advice


def _expected(nameserver: Nameserver, around: AllObjects) -> Iterator[tuple[str, PortEntry, int]]:
    """Walk over where CoreDNS is to listen, in pods in which nothing else does."""
    origins = [origin for origin in nameserver.origins if len(origin.written.texts.containers) == 1]
    has_service = False
    for service, origin in _services(nameserver, origins, around):
        has_service = True
        for port in service.ports:
            number = _target(port, origin)
            if number is not None:
                yield f"Service {service.namespace}/{service.name}", port, number
    for origin in origins if not has_service else ():
        yield from ((str(origin), port, port.number) for port in origin.spec.ports if port.protocol == "UDP")


def _services(
    nameserver: Nameserver, origins: Sequence[Origin], around: AllObjects
) -> Iterator[tuple[Service, Origin | None]]:
    place = (nameserver.config.namespace, nameserver.config.name)
    if place == CONFIG and not nameserver.origins:
        yield from ((service, None) for service in dns_services(around.store) if service.type != "ExternalName")
    for service in around.services:
        for origin in origins:
            is_its = service.selects and service.namespace == origin.namespace and service.type != "ExternalName"
            if is_its and matches(service.selector, origin.labels):
                yield service, origin


def _target(port: PortEntry, origin: Origin | None) -> int | None:
    if isinstance(port.target, int):
        return port.target or port.number
    return None if origin is None else origin.spec.number_of(port.target, port.protocol)


def _of_port(
    nameserver: Nameserver, whose: str, port: PortEntry, number: int, listeners: Sequence[_Listener]
) -> Finding:
    leads = f"{whose} leads port {port.number} to" if whose.startswith("Service ") else f"{whose} declares"
    told, advice, line = _of_listeners(port.number == DNS_PORT, number, listeners)
    return nameserver.finding("corefile-port", "warning", line, f"{leads} {number}/{port.protocol}, {told}", advice)


def _of_listeners(is_dns: bool, number: int, listeners: Sequence[_Listener]) -> tuple[str, str, int | None]:
    """Say what listens instead, what to write, and where it is written."""
    local = next((each for each in listeners if each.port == number), None)
    own = [each for each in listeners if (each.what in _PORTS) == is_dns]
    there = listed(f"{each.what} at {each.port}" for each in own)
    if local is not None:
        told = f"where {local.what} listens at the pod's own loopback alone"
        return told, f"write {local.what} :{number}", local.line
    told = f"where nothing listens: the Corefile has {there or 'no plugin that does'}"
    if is_dns:
        advice = f"let the server blocks listen at {number}, or lead the port to {own[0].port}"
        return told, advice, own[0].line
    return told, f"write prometheus :{number} into a server block, or take the port out", None
