"""Names that hide others: what a pod takes for a host on the Internet, and the search list finds in the cluster."""

from collections.abc import Iterator

from k8sresolve._core.files.search_list import is_like_top_level
from k8sresolve.findings import Finding
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
