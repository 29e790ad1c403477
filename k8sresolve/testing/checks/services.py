"""What people look at by hand before they blame DNS: from the store as it is now, to findings.

A Service with its ports, its selector, its pods and its endpoints; what else is named after it; names that hide others.
Nothing is asked and nothing is connected to, so a check tells what the objects say, and not what a container does.
"""

import difflib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import get_args

from k8sresolve._core.files.search_list import is_like_top_level
from k8sresolve.errors import NoSuchName
from k8sresolve.names import ServiceName
from k8sresolve.testing.checks.endpoints import NXDOMAIN, check_endpoints
from k8sresolve.testing.checks.findings import Finding, Severity, Source, Sources, Subject, labels_told, listed
from k8sresolve.testing.checks.ports import check_declared, check_slices, check_targets
from k8sresolve.testing.controllers.slices import select
from k8sresolve.testing.controllers.workloads import matches
from k8sresolve.testing.coredns.addresses import pack_address
from k8sresolve.testing.objects.kinds import HEADLESS, Endpoints, EndpointSlice, Pod, Service
from k8sresolve.testing.objects.store import Store

_WORST_FIRST: tuple[Severity, ...] = get_args(Severity)


def find_service(store: Store, name: str, namespace: str, cluster_domain: str) -> Service:
    """Find the Service that a name stands for: `NAMESPACE/SERVICE`, or as `ServiceName.parse` reads it.

    Raises `InvalidName` for what names none, and `NoSuchName` where there is none.
    """
    space, slash, service = name.rpartition("/")
    if slash:
        parsed = ServiceName(service, space, cluster_domain)
    else:
        parsed = ServiceName.parse(name, namespace=namespace, cluster_domain=cluster_domain)
    if parsed.cluster_domain != cluster_domain:
        raise NoSuchName(name, f"{parsed.cluster_domain} is not this cluster's domain, which is {cluster_domain}")
    found = store.service(parsed.namespace, parsed.service)
    if found is not None:
        return found
    wanted = f"{parsed.namespace}/{parsed.service}"
    raise NoSuchName(name, f"there is no Service {wanted}", advice=_nearest_services(store, wanted))


def _nearest_services(store: Store, wanted: str) -> str:
    known = [f"{item.namespace}/{item.name}" for item in _services(store)]
    same = [name for name in known if name.partition("/")[2] == wanted.partition("/")[2]]
    near = same or difflib.get_close_matches(wanted, known, 3)
    return f"the nearest: {listed(near)}" if near else f"Services in all: {len(known)}"


def check(store: Store, service: Service | None = None) -> tuple[Finding, ...]:
    """Check one Service, with what is named after it, or all that is in the store; the worst comes first."""
    services = _services(store) if service is None else [service]
    sources = Sources(store)
    findings = [
        *_about_services(store, services, sources),
        *_hiding_namespaces(services),
        *_governed(store, service, sources),
        *(_orphans(store) if service is None else ()),
    ]
    return tuple(sorted(findings, key=lambda finding: _WORST_FIRST.index(finding.severity)))


def _services(store: Store) -> list[Service]:
    return [item for item in store.all("Service") if isinstance(item, Service)]


# Services.


def _about_services(store: Store, services: Sequence[Service], sources: Sources) -> Iterator[Finding]:
    pods = [item for item in store.all("Pod") if isinstance(item, Pod)]
    selected = {(service.namespace, service.name): found for service, found in select(services, pods)}
    for service in services:
        found = selected.get((service.namespace, service.name), [])
        subject = Subject(
            service,
            pods=[pod for pod in found if not pod.finished],
            ended=[pod for pod in found if pod.finished],
            slices=store.slices(service.namespace, service.name),
        )
        yield from _namespace(store, subject)
        if service.type == "ExternalName":
            yield from _external_name(subject)
        else:
            yield from _about(store, subject, sources)


def _about(store: Store, subject: Subject, sources: Sources) -> Iterator[Finding]:
    idle: list[Source] = []
    if subject.service.selects and not subject.pods and not subject.has_ready:
        fitting = sources.selected(subject.service.selector)
        idle = [source for source in fitting if source.namespace == subject.service.namespace]
    yield from check_declared(subject)
    yield from check_targets(subject, idle)
    if subject.has_ready and not subject.pods:
        yield from check_slices(subject)
    yield from check_endpoints(subject, idle, sources)
    yield from _cluster_ips(store, subject)
    yield from _hiding_service(subject)


def _namespace(store: Store, subject: Subject) -> Iterator[Finding]:
    namespace = subject.service.namespace
    if not store.has_namespace(namespace):
        told = f"the namespace {namespace} is not among the manifests, though others are: {NXDOMAIN}"
        yield subject.finding("error", "metadata.namespace", told, f"add the Namespace {namespace}")


def _cluster_ips(store: Store, subject: Subject) -> Iterator[Finding]:
    own = subject.service
    for ip in own.cluster_ips:
        others = [other for other in store.services_with(ip) if other is not own and ip != HEADLESS]
        if others:
            names = listed(f"{other.namespace}/{other.name}" for other in others)
            told = f"{ip} is the ClusterIP of Service {names} too, and the API server refuses the later one"
            yield subject.finding("error", "spec.clusterIP", told, "leave it out, so that each gets one of its own")


def _external_name(subject: Subject) -> Iterator[Finding]:
    service = subject.service
    if not service.external_name:
        told = "is missing, and the API server refuses that of an ExternalName Service"
        yield subject.finding("error", "spec.externalName", told, "write the name that the Service stands for")
    elif pack_address(service.external_name) is not None:
        yield subject.finding(
            "error",
            "spec.externalName",
            f"{service.external_name} is an IP address, to which no CNAME can lead: {NXDOMAIN}",
            "make a headless Service without a selector (clusterIP: None), and an EndpointSlice with the address",
        )
    if service.ports:
        told = "an ExternalName Service is an alias and no more: DNS has no SRV records for its ports"
        yield subject.finding("remark", "spec.ports", told, "leave them out, and let clients know the port")
    if service.selector:
        told = "an ExternalName Service is an alias and no more: its selector does nothing"
        yield subject.finding("remark", "spec.selector", told, "leave it out, or leave out type: ExternalName")


# Names that hide others.


def _hiding_namespaces(services: Iterable[Service]) -> Iterator[Finding]:
    hidden: dict[str, list[str]] = defaultdict(list)
    for service in services:
        if is_like_top_level(service.namespace):
            hidden[service.namespace].append(f"{service.name}.{service.namespace}")
    for namespace, hosts in hidden.items():
        yield Finding(
            "warning",
            f"Namespace {namespace}",
            "metadata.name",
            f"is called like a top-level domain: a pod that means {listed(hosts)} on the Internet gets the Service",
            f"rename the namespace, or write such hosts with a dot at the end ({hosts[0]}.)",
        )


def _hiding_service(subject: Subject) -> Iterator[Finding]:
    service = subject.service
    entries = [entry for part in subject.slices for entry in part.addresses if entry.hostname]
    if entries and is_like_top_level(service.name):
        hosts = [f"{entry.hostname}.{service.name}" for entry in entries]
        told = (
            f"is called like a top-level domain: a pod in namespace {service.namespace} that means {listed(hosts)} on "
            "the Internet gets the endpoint"
        )
        advice = f"rename the Service, or write such hosts with a dot at the end ({hosts[0]}.)"
        yield subject.finding("warning", "metadata.name", told, advice)


# What names a Service.


def _governed(store: Store, service: Service | None, sources: Sources) -> Iterator[Finding]:
    """Look at what gives pods names of their own below a Service, or below this one: `serviceName` and `subdomain`."""
    names: dict[str, list[str]] = defaultdict(list)
    for item in _services(store):
        names[item.namespace].append(item.name)
    for source in sources.all() if service is None else sources.of(service.namespace):
        if service is None or source.spec.subdomain == service.name:
            yield from _subdomain(store, source, names[source.namespace])


def _subdomain(store: Store, source: Source, names: Sequence[str]) -> Iterator[Finding]:
    name, kind = source.spec.subdomain, source.kind
    field = {"StatefulSet": "spec.serviceName", "Pod": "spec.subdomain"}.get(kind, "spec.template.spec.subdomain")
    if not name:
        if kind == "StatefulSet":
            told = "names no Service, so that DNS has no name for each pod"
            yield source.finding("remark", field, told, "name a headless Service, if clients need such names")
        return
    service = store.service(source.namespace, name)
    whole = f"Service {source.namespace}/{name}"
    if service is None:
        near = difflib.get_close_matches(name, names, 1)
        advice = f"write {near[0]}, or " if near else ""
        advice += f"make a headless Service {name} (clusterIP: None) with a selector for these pods"
        yield source.finding("warning", field, f"there is no {whole}, so that DNS has no name for each pod", advice)
    elif not service.headless:
        told = f"{whole} is not headless, and DNS has a name for each pod only below one that is"
        if service.type != "ExternalName":
            told += " (DNS specification for Kubernetes; CoreDNS alone answers all the same)"
        yield source.finding("warning", field, told, f"set clusterIP: None in Service {name}, or name another")
    elif service.selects and not matches(service.selector, source.labels):
        selector = labels_told(service.selector)
        told = f"{whole} does not find the pods by its selector {selector}, so that DNS has no name for each"
        yield source.finding("warning", field, told, f"let the selector of Service {name} be among the pods' labels")


# Endpoints of nobody.


def _orphans(store: Store) -> Iterator[Finding]:
    for part in store.all("EndpointSlice"):
        if isinstance(part, EndpointSlice) and part.imported is None and not _has(store, part.namespace, part.service):
            told = f"there is no Service {part.namespace}/{part.service}" if part.service else "is missing"
            yield _orphan(part, "metadata.labels[kubernetes.io/service-name]", told)
    for endpoints in store.all("Endpoints"):
        if isinstance(endpoints, Endpoints) and not (
            endpoints.skip or _has(store, endpoints.namespace, endpoints.name)
        ):
            yield _orphan(endpoints, "metadata.name", f"there is no Service {endpoints.namespace}/{endpoints.name}")


def _has(store: Store, namespace: str, service: str) -> bool:
    return store.service(namespace, service) is not None


def _orphan(thing: EndpointSlice | Endpoints, field: str, problem: str) -> Finding:
    name = f"{type(thing).__name__} {thing.namespace}/{thing.name}"
    problem, advice = f"{problem}: DNS has no name for these endpoints", "name the Service to which they belong"
    return Finding("remark", name, field, problem, advice)
