"""What gives pods names of their own below a Service: `serviceName` of a StatefulSet, and `subdomain`."""

import difflib
from collections.abc import Iterator

from k8sresolve.findings import Finding
from k8sresolve.testing.checks.origins import Origin
from k8sresolve.testing.checks.subjects import AllObjects
from k8sresolve.testing.checks.telling import labels_told
from k8sresolve.testing.controllers.workloads import matches


def check_subdomain(origin: Origin, around: AllObjects) -> Iterator[Finding]:
    """Whether the Service that is to name the pods is headless and finds them. Only a StatefulSet must name one."""
    name, kind = origin.spec.subdomain, origin.kind
    field = {"StatefulSet": "spec.serviceName", "Pod": "spec.subdomain"}.get(kind, "spec.template.spec.subdomain")
    if not name:
        if kind == "StatefulSet":
            told = "names no Service, so that DNS has no name for each pod"
            yield origin.finding("remark", field, told, "name a headless Service, if clients need such names")
        return
    service = around.store.service(origin.namespace, name)
    whole = f"Service {origin.namespace}/{name}"
    if service is None:
        near = difflib.get_close_matches(name, around.service_names.get(origin.namespace, ()), 1)
        advice = f"write {near[0]}, or " if near else ""
        advice += f"make a headless Service {name} (clusterIP: None) with a selector for these pods"
        yield origin.finding("warning", field, f"there is no {whole}, so that DNS has no name for each pod", advice)
    elif not service.headless:
        told = f"{whole} is not headless, and DNS has a name for each pod only below one that is"
        if service.type != "ExternalName":
            told += " (DNS specification for Kubernetes; CoreDNS alone answers all the same)"
        yield origin.finding("warning", field, told, f"set clusterIP: None in Service {name}, or name another")
    elif service.selects and not matches(service.selector, origin.labels):
        selector = labels_told(service.selector)
        told = f"{whole} does not find the pods by its selector {selector}, so that DNS has no name for each"
        yield origin.finding("warning", field, told, f"let the selector of Service {name} be among the pods' labels")
