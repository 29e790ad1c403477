"""Names that hide others: a Service's a host on the Internet, by the search list; one in a hosts file a Service."""

from collections.abc import Iterator

from k8sresolve._core.files.search_list import is_like_top_level
from k8sresolve.findings import Finding
from k8sresolve.testing.checks.names.expanding import data_of
from k8sresolve.testing.checks.names.mentions import mentions
from k8sresolve.testing.checks.origins import Origin
from k8sresolve.testing.checks.subjects import AllObjects, NamespaceSubject, ServiceSubject
from k8sresolve.testing.checks.telling import listed


def check_namespace_name(subject: NamespaceSubject, _around: AllObjects) -> Iterator[Finding]:
    """Whether a namespace is called otherwise than a top-level domain."""
    if is_like_top_level(subject.name):
        hosts = [f"{service.name}.{subject.name}" for service in subject.services]
        told = f"is called like a top-level domain: a pod that means {listed(hosts)} on the Internet gets the Service"
        advice = f"rename the namespace, or write such hosts with a dot at the end ({hosts[0]}.)"
        yield subject.finding("namespace-hides-host", "remark", "metadata.name", told, advice)


def check_service_name(subject: ServiceSubject, _around: AllObjects) -> Iterator[Finding]:
    """Whether a Service whose endpoints have names is called otherwise than a top-level domain."""
    service = subject.service
    entries = [entry for part in subject.slices for entry in part.addresses if entry.hostname]
    if entries and is_like_top_level(service.name):
        hosts = [f"{entry.hostname}.{service.name}" for entry in entries]
        told = (
            f"is called like a top-level domain: a pod in namespace {service.namespace} that means {listed(hosts)} on "
            "the Internet gets the endpoint"
        )
        advice = f"rename the Service, or write such hosts with a dot at the end ({hosts[0]}.)"
        yield subject.finding("service-hides-host", "remark", "metadata.name", told, advice)


def check_host_aliases(origin: Origin, around: AllObjects) -> Iterator[Finding]:
    """Whether a Service that a pod's own texts name is one, and not what stands in its hosts file."""
    if not origin.spec.host_aliases:
        return
    named = {mention.host for key, text in _texts(origin, around) for mention in mentions(key, text)}
    for number, (address, names) in enumerate(origin.spec.host_aliases):
        for index, name in enumerate(names):
            target = around.world.target(name, origin.namespace) if name in named else None
            service = None if target is None or target.endpoint or target.port else around.world.service(target)
            if service is not None and address not in service.cluster_ips:
                told = (
                    f"the hosts file comes before DNS: where the containers are told {name}, they reach {address}, and "
                )
                told += f"not Service {service.namespace}/{service.name}"
                field = f"{origin.field('hostAliases')}[{number}].hostnames[{index}]"
                advice = "take the name out, if the Service is meant"
                yield origin.finding("host-alias-hides-service", "warning", field, told, advice)


def _texts(origin: Origin, around: AllObjects) -> Iterator[tuple[str, str]]:
    """What the containers are told, each text with what it is called, ConfigMaps among it."""
    told = around.takers.told(origin)
    yield from ((text.key, text.value) for text in told.texts)
    for taken in told.taken:
        if taken.source.kind == "ConfigMap":
            yield taken.key, data_of(taken.source, origin.namespace, around.store)[taken.source.key]
    for mounted in origin.written.texts.mounted:
        if mounted.kind == "ConfigMap":
            yield from data_of(mounted, origin.namespace, around.store).items()
