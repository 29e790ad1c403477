"""What gives pods names of their own below a Service: `serviceName` of a StatefulSet, and `subdomain`."""

from collections.abc import Iterator, Sequence

from k8sresolve.findings import Finding, Severity
from k8sresolve.testing.checks.names.slips import plain_slip
from k8sresolve.testing.checks.origins import Origin
from k8sresolve.testing.checks.subjects import AllObjects
from k8sresolve.testing.checks.telling import labels_told, listed
from k8sresolve.testing.controllers.workloads import matches
from k8sresolve.testing.objects.kinds import Selector, Service
from k8sresolve.testing.objects.validation.formats import label as wrong_label

_JOB_NAMES = ("job-name", "batch.kubernetes.io/job-name")
# Labels that controllers put onto pods, with values of their own (controllers/workloads.py).
_OF_JOBS = ("controller-uid", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-completion-index")
_REVISION = "controller-revision-hash"
_AT_RUN_TIME = {
    "Job": _OF_JOBS,
    "CronJob": (*_OF_JOBS, *_JOB_NAMES),
    "StatefulSet": ("statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index", _REVISION),
    "DaemonSet": ("pod-template-generation", _REVISION),
    "Deployment": ("pod-template-hash",),
}
_OWN_HOSTNAMES = ("StatefulSet", "Job")  # these may give each pod a hostname, whatever the template says


def check_subdomain(origin: Origin, around: AllObjects) -> Iterator[Finding]:
    """Whether the Service that is to name the pods is headless and finds them. Only a StatefulSet must name one."""
    name, kind = origin.spec.subdomain, origin.kind
    field = "spec.serviceName" if kind == "StatefulSet" else origin.field("subdomain")
    if not name:
        if kind == "StatefulSet":
            told = "names no Service, so that DNS has no name for each pod"
            yield origin.finding(
                "pod-names-unset", "remark", field, told, "name a headless Service, if clients need such names"
            )
        return
    if wrong_label(name):
        return  # the API server refuses it, and no Service can have that name
    # A StatefulSet has to name a Service, also where nobody asks for its pods by name.
    severity: Severity = "remark" if kind == "StatefulSet" else "warning"
    service = around.store.service(origin.namespace, name)
    whole = f"Service {origin.namespace}/{name}"
    if service is None:
        told = f"there is no {whole}, so that DNS has no name for each pod"
        near = [service.name for service in _headless(origin, around)]
        meant = plain_slip(name, near) or (origin.name if origin.name in near and name != origin.name else "")
        if meant:
            yield origin.finding(
                "pod-names-service-missing",
                "warning",
                field,
                f"{told}; {meant} is headless and finds these pods",
                f"write {meant}",
            )
        elif not around.store.is_partial:  # among what could not be read it may be
            advice = f"make a headless Service {name} (clusterIP: None) with a selector for these pods"
            yield origin.finding("pod-names-service-missing", severity, field, told, advice)
    elif service.type == "ExternalName":
        told = f"{whole} is an alias, and DNS has no name for each pod below one"
        yield origin.finding("pod-names-alias", severity, field, told, "name a headless Service")
    elif others := _of_others(service, origin, around):
        told = f"{whole} selects other pods, those of {listed(others)}, and none of these: DNS has no name for each"
        own = next((service.name for service in _headless(origin, around)), "")
        advice = f"write {own}, which is headless and finds these pods" if own else "name a headless Service of these"
        yield origin.finding("pod-names-selector", "warning", field, told, advice)
    elif not service.headless:
        told = (
            f"{whole} is not headless, and DNS has a name for each pod only below one that is (DNS specification for "
            "Kubernetes; CoreDNS alone answers all the same)"
        )
        advice = "name a headless Service, if clients need such names"
        idle = _idle(origin, around)
        if kind == "StatefulSet" and idle == [origin.name]:
            severity, advice = "warning", f"write {idle[0]}, which is headless and finds these pods"
            told += f"; {idle[0]} is, finds these pods, and is the serviceName of no StatefulSet"
        yield origin.finding("pod-names-not-headless", severity, field, told, advice)
    elif service.selects and not matches(_of_template(service.selector, origin), origin.labels):
        selector = labels_told(service.selector)
        told = f"{whole} does not find the pods by its selector {selector}, so that DNS has no name for each"
        yield origin.finding(
            "pod-names-selector",
            "warning",
            field,
            told,
            "name a headless Service whose selector is among the pods' labels",
        )
    elif not origin.spec.hostname and kind not in _OWN_HOSTNAMES and not origin.is_custom:
        told = f"without spec.hostname DNS has no name for each pod below {whole}: a pod's own name is not one"
        yield origin.finding(
            "pod-names-hostname",
            "warning",
            field,
            told,
            "make it a StatefulSet, or set hostname in a pod that is alone",
        )


def _of_template(selector: Selector, origin: Origin) -> Selector:
    """Leave out the labels that pods get when they are made; which values, is known of a Job's name."""
    return tuple(
        (key, value)
        for key, value in selector
        if not (key in _AT_RUN_TIME.get(origin.kind, ()) or (origin.is_custom and key not in origin.labels))
        and (origin.kind, key, value) not in {("Job", name, origin.name) for name in _JOB_NAMES}
    )


def _of_others(service: Service, origin: Origin, around: AllObjects) -> Sequence[Origin]:
    """What a Service selects, if its ClusterIP is one of other pods. One that selects none may do so later."""
    if service.headless or not service.selects or matches(service.selector, origin.labels):
        return ()
    return around.origins.selected_in(origin.namespace, service.selector)


def _idle(origin: Origin, around: AllObjects) -> list[str]:
    """The headless Services that find these pods and no others, and below which nobody's pods have names."""
    idle: list[str] = []
    for service in _headless(origin, around):
        beside = (other for other in around.origins.of(origin.namespace) if other is not origin)
        if not any(other.spec.subdomain == service.name or matches(service.selector, other.labels) for other in beside):
            idle.append(service.name)
    return idle


def _headless(origin: Origin, around: AllObjects) -> Sequence[Service]:
    """The headless Services that find the pods."""
    here = around.headless.get(origin.namespace, ())
    return [service for service in here if service.selects and matches(service.selector, origin.labels)]
