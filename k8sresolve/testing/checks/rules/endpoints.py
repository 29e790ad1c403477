"""Whether a Service has endpoints, and where it has none, why: its selector, its pods, or slices that nobody made."""

import difflib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from k8sresolve.findings import Finding, Severity
from k8sresolve.testing.checks.names.slips import is_plain_slip
from k8sresolve.testing.checks.origins import Origin
from k8sresolve.testing.checks.rules.services import NXDOMAIN
from k8sresolve.testing.checks.subjects import AllObjects, ServiceSubject
from k8sresolve.testing.checks.telling import CLOSE, labels_told, listed
from k8sresolve.testing.controllers.workloads import matches
from k8sresolve.testing.coredns.dns_service import DNS_SERVICE
from k8sresolve.testing.objects.kinds import Pod, Selector, Service

_REFUSED = "DNS answers its ClusterIP, where connections are refused"
_READY = "ready, but in no EndpointSlice"
# Of how many workloads of a namespace the labels are compared with a selector, as comparing texts takes long.
_MAX_COMPARED = 500
_OWN_NAMESPACE = "kube-system"
# Kinds of custom resources of which no operator makes pods.
_MAKE_NONE = re.compile(
    r"\w*(?:Authentication|Autoscaler|Certificate|Entry|Filter|Grant|Issuer|Middleware|Monitor|Monitoring|Policy"
    r"|Profile|Route|RouteTCP|RouteUDP|Rule|Secret|SecretStore|VirtualService)"
)
_NAMESERVERS = ("coredns", "kube-dns")


def check_endpoints(subject: ServiceSubject, around: AllObjects) -> Iterator[Finding]:
    """Look at a Service's endpoints."""
    if not subject.has_ready:
        yield _without_endpoints(subject, around)
    elif not subject.service.publish_not_ready:
        yield from _partly_ready(subject)


def _without_endpoints(subject: ServiceSubject, around: AllObjects) -> Finding:
    service = subject.service
    outcome = NXDOMAIN if service.headless else _REFUSED
    if subject.pods:
        return _none_ready(subject, outcome)
    if not service.selects:
        return _unselected(subject, outcome, around)
    selector = labels_told(service.selector)
    if subject.ended or subject.idle:
        ended = listed(pod.name for pod in subject.ended)
        fits = f"pods that have ended ({ended})" if ended else f"{listed(subject.idle)}, of which no pod runs"
        return subject.finding(
            "selector-idle",
            "remark",
            "spec.selector",
            f"the selector {selector} fits only {fits}: {outcome}",
            f"let pods run: kubectl -n {service.namespace} get deployments,statefulsets,daemonsets,jobs,pods",
        )
    found = _unfound(service, around)
    problem = f"the selector {selector} finds no pod in namespace {service.namespace}{found.because}: {outcome}"
    return subject.finding("selector-no-pods", found.severity, "spec.selector", problem, found.advice)


def _unselected(subject: ServiceSubject, outcome: str, around: AllObjects) -> Finding:
    """Tell of a Service without a selector, for which something has to list ready endpoints."""
    service = subject.service
    if any(part.is_waiting for part in subject.slices):
        is_mirrored = around.store.get("Endpoints", service.namespace, service.name) is not None
        kind, how = ("Endpoints", "notReadyAddresses") if is_mirrored else ("EndpointSlices", "ready: false")
        told = f"its {kind} list only addresses that are not ready ({how}): unless that changes at run time"
        right = "addresses in place of notReadyAddresses" if is_mirrored else "ready: true"
        advice = f"write {right}, or nothing, if a program does"
    else:
        there = "its EndpointSlices list no address" if subject.slices else "it has no EndpointSlice"
        told = f"{there}: unless something makes one at run time"
        advice = f"nothing, or an EndpointSlice with the label kubernetes.io/service-name: {service.name}"
    problem = f"the Service has no selector, and {told}, {outcome}"
    return subject.finding("no-endpoints", "remark", "spec.selector", problem, advice)


# Pods that are not ready.


def _none_ready(subject: ServiceSubject, outcome: str) -> Finding:
    states = Counter(map(_state, subject.pods))
    told = ", ".join(f"{count} {state}" for state, count in states.items())
    advice = f"see why: kubectl -n {subject.service.namespace} describe pod {subject.pods[0].name}"
    if set(states) == {_READY}:
        advice = f"compare ipFamilies with the pods' addresses, and nodeName with the Nodes; {advice}"
    problem = f"of the {len(subject.pods)} pods that it finds none is an endpoint ({told}): {outcome}"
    return subject.finding("pods-not-ready", "warning", "spec.selector", problem, advice)


def _partly_ready(subject: ServiceSubject) -> Iterator[Finding]:
    waiting = [pod for pod in subject.pods if _state(pod) != _READY]
    if waiting:
        told = listed(f"{pod.name} ({_state(pod)})" for pod in waiting)
        yield subject.finding(
            "pods-not-ready",
            "remark",
            "spec.selector",
            f"of the {len(subject.pods)} pods that it finds {len(waiting)} cannot be endpoints: {told}",
            f"see why: kubectl -n {subject.service.namespace} describe pod {waiting[0].name}",
        )


def _state(pod: Pod) -> str:
    if pod.terminating:
        return "terminating"
    if pod.phase != "Running":
        return pod.phase or "Pending"
    return _READY if pod.ready else "not ready"


# A selector that finds nothing.


class _Unfound(NamedTuple):
    """Why a selector may find nothing here, how bad that is, and what to do."""

    severity: Severity
    because: str
    advice: str


class _Near(NamedTuple):
    """Labels that differ from a selector in one: the one wanted, and the one in its place; empty where they lack it."""

    closeness: float
    origin: Origin
    wanted: str
    there: str

    def __str__(self) -> str:
        has = f"have {self.there} in place of" if self.there else "lack"
        return f"those of {self.origin} {has} {self.wanted}"


def _unfound(service: Service, around: AllObjects) -> _Unfound:
    """Judge a selector that fits nothing: what is here may be wrong, or not all that there is."""
    origins, namespace = around.origins, service.namespace
    here = origins.of(namespace)
    elsewhere = next(origins.selected(service.selector), None)
    if elsewhere is not None:
        return _elsewhere(service, elsewhere)
    if not here:
        return _Unfound("remark", ", of which no workload is among the manifests", "nothing, if they are elsewhere")
    near = _near(service.selector, here)
    because = "" if near is None else f"; {near}"
    hint = _hint(service, around)
    if hint:
        return _Unfound("remark", f"{because}; {hint}", "nothing, if its pods come from there")
    operated = around.may_make_pods
    is_close = near is not None and near.closeness >= CLOSE and not _is_anothers(near, service, around)
    if near is not None and is_close and not any(_may_label(item, near.wanted) for item in operated):
        return _Unfound("warning", because, _agreeing(near))
    unset = _set_at_run_time(service.selector, here)
    if unset:
        told = f"; no template has the label {unset}, so it is set at run time or wrong"
        return _Unfound("remark", told, "nothing, if a program sets it; else correct the selector")
    if namespace == _OWN_NAMESPACE and not _is_of_nameserver(service, here):
        return _Unfound("remark", ", where the cluster runs pods of its own", "nothing, if they are these")
    if operated:
        told = f"; {listed(operated)} may make such pods"
        return _Unfound("remark", told, "nothing, if an operator makes them")
    because = because if len(service.selector) > 1 else ""
    compare = f"compare with the labels there: kubectl -n {namespace} get pods --show-labels"
    meant, absent = _lost(service, around)
    if not absent or _is_of_nameserver(service, here):
        return _Unfound("warning", because or meant, _agreeing(near) if near is not None and because else compare)
    return _Unfound("remark", because or absent, f"nothing, if its pods are applied from elsewhere; else {compare}")


def _is_anothers(near: _Near, service: Service, around: AllObjects) -> bool:
    """Whether pods have a Service of their own name already, so that this one means them by a plain slip at most."""
    own = around.store.service(service.namespace, near.origin.name)
    if own is None or own is service or not own.selects or not matches(own.selector, near.origin.labels):
        return False
    wanted, there = (label.partition("=")[2] for label in (near.wanted, near.there))
    return wanted != there and not is_plain_slip(wanted, there)


def _agreeing(near: _Near) -> str:
    way = f"write {near.there} in it, if those are meant" if near.there else f"give {near.origin} {near.wanted}"
    return f"let the selector and the labels of its pods agree: {way}"


def _hint(service: Service, around: AllObjects) -> str:
    """Say what tells that not all is here of which the pods may come; empty where nothing does."""
    if not around.store.has_namespace(service.namespace):
        return "the namespace is not among the manifests, so that more of it may be elsewhere"
    if around.is_partial:
        return "not every file could be read"
    if service.owner:
        return f"{service.owner.replace('/', ' ')} owns the Service, and what makes its pods may, too"
    return ""


# What its pods may come of: the workloads that no Service finds.


def _lost(service: Service, around: AllObjects) -> tuple[str, str]:
    """Say what a selector that fits none may mean, or why nothing is here that it can mean.

    Where more Services find nothing than workloads are left, others are applied from elsewhere.
    """
    unmet = around.unmet[service.namespace]
    stem = service.name.removesuffix("-svc").removesuffix("-service").removesuffix("-headless")
    if any(origin.name in (service.name, stem) for origin in unmet.serving):
        return "", ""
    if not unmet.serving:
        return "", ", where no workload is that serves"
    if len(unmet.selectors) > max(1, len(unmet.left)):
        count = len(unmet.selectors) - 1
        return "", f", nor do {count} other Services, so that their pods seem to come from elsewhere"
    return (f"; no Service finds those of {unmet.left[0]}", "") if unmet.left else ("", "")


def _elsewhere(service: Service, origin: Origin) -> _Unfound:
    """Judge a selector that fits pods of another namespace, unless an operator puts them where it likes.

    OLM is one: `namespace: placeholder` of a bundle's ClusterServiceVersion stands for that of its Services.
    """
    namespace = origin.namespace
    because = f", but those of {origin} in namespace {namespace}"
    if origin.is_custom:
        return _Unfound("remark", because, "nothing, if an operator puts the pods into the Service's namespace")
    advice = f"put the Service into namespace {namespace}"
    if not origin.written.has_namespace:
        advice = f"give -n {service.namespace}, as to kubectl, or state that namespace in {origin}"
    elif not service.written.has_namespace:
        advice = f"give -n {namespace}, as to kubectl, or state that namespace in the Service"
    return _Unfound("warning", because, f"{advice}: a selector finds pods of its own namespace")


def _may_label(operated: str, label: str) -> bool:
    """Whether pods that an operator makes of an object may have a label, of which the value has its name or kind."""
    kind, _, name = operated.partition(" ")
    value = label.partition("=")[2]
    is_named = f"-{name}-" in f"-{value}-" or value.replace("-", "") == kind.lower()
    return is_named and not _MAKE_NONE.fullmatch(kind)


def _is_of_nameserver(service: Service, here: Sequence[Origin]) -> bool:
    """Whether it is the DNS Service, and its nameserver is here: then no other pods of the cluster are meant."""
    return service.name == DNS_SERVICE[1] and any(origin.name in _NAMESERVERS for origin in here)


def _set_at_run_time(selector: Selector, origins: Sequence[Origin]) -> str:
    """The labels of a selector of which the key stands in no template here; programs label pods as they take turns."""
    keys = {key for origin in origins for key in origin.labels}
    return labels_told(tuple((key, value) for key, value in selector if key not in keys))


def _near(selector: Selector, origins: Sequence[Origin]) -> _Near | None:
    """Find the labels that differ from a selector in one, and in that least, or those of what is called as it wants."""
    found = [_compared(selector, origin) for origin in islice(origins, _MAX_COMPARED)]
    near = [each for each in found if each is not None]
    return max(near, key=lambda each: (each.wanted.endswith(f"={each.origin.name}"), each.closeness), default=None)


def _compared(selector: Selector, origin: Origin) -> _Near | None:
    wrong = [(key, value) for key, value in selector if origin.labels.get(key) != value]
    if len(wrong) != 1:
        return None
    [(key, value)] = wrong
    if key in origin.labels:
        there = origin.labels[key]
        closeness = difflib.SequenceMatcher(None, value, there).ratio()
        return _Near(closeness, origin, f"{key}={value}", f"{key}={there}")
    # The same value may stand under another key: `app` or `app.kubernetes.io/name`.
    same = [name for name, text in origin.labels.items() if text == value]
    other = next((name for name in same if (name, value) not in selector), "")
    return _Near(1, origin, f"{key}={value}", f"{other}={value}" if other else "") if same else None
