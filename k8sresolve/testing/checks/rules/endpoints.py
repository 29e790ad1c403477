"""Whether a Service has endpoints, and where it has none, why: its selector, its pods, or slices that nobody made."""

import difflib
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from k8sresolve.findings import Finding
from k8sresolve.testing.checks.origins import Origin, Origins
from k8sresolve.testing.checks.rules.services import NXDOMAIN
from k8sresolve.testing.checks.subjects import AllObjects, ServiceSubject
from k8sresolve.testing.checks.telling import labels_told, listed
from k8sresolve.testing.objects.kinds import Pod, Selector, Service

_REFUSED = "DNS answers its ClusterIP, where connections are refused"
_READY = "ready, but in no EndpointSlice"
# Of how many workloads of a namespace the labels are compared with a selector, as comparing texts takes long.
_MAX_COMPARED = 500
_CLOSE = 0.6  # what difflib takes for close by default


def check_endpoints(subject: ServiceSubject, around: AllObjects) -> Iterator[Finding]:
    """Look at a Service's endpoints."""
    if not subject.has_ready:
        yield _without_endpoints(subject, around.origins)
    elif not subject.service.publish_not_ready:
        yield from _partly_ready(subject)


def _without_endpoints(subject: ServiceSubject, origins: Origins) -> Finding:
    service = subject.service
    outcome = NXDOMAIN if service.headless else _REFUSED
    if subject.pods:
        return _none_ready(subject, outcome)
    if not service.selects:
        told = "its EndpointSlices list no ready endpoint" if subject.slices else "it has no EndpointSlice"
        return subject.finding(
            "warning",
            "spec.selector",
            f"the Service has no selector, and {told}: {outcome}",
            f"add a selector, or an EndpointSlice with the label kubernetes.io/service-name: {service.name}",
        )
    selector = labels_told(service.selector)
    if subject.ended or subject.idle:
        ended = listed(pod.name for pod in subject.ended)
        fits = f"pods that have ended ({ended})" if ended else f"{listed(subject.idle)}, of which no pod runs"
        return subject.finding(
            "warning",
            "spec.selector",
            f"the selector {selector} fits only {fits}: {outcome}",
            f"let pods run: kubectl -n {service.namespace} get deployments,statefulsets,daemonsets,jobs,pods",
        )
    near, advice = _nearest(service, origins)
    problem = f"the selector {selector} finds no pod in namespace {service.namespace}{near}: {outcome}"
    return subject.finding("warning", "spec.selector", problem, advice)


# Pods that are not ready.


def _none_ready(subject: ServiceSubject, outcome: str) -> Finding:
    states = Counter(map(_state, subject.pods))
    told = ", ".join(f"{count} {state}" for state, count in states.items())
    advice = f"see why: kubectl -n {subject.service.namespace} describe pod {subject.pods[0].name}"
    if set(states) == {_READY}:
        advice = f"compare ipFamilies with the pods' addresses, and nodeName with the Nodes; {advice}"
    problem = f"of the {len(subject.pods)} pods that it finds none is an endpoint ({told}): {outcome}"
    return subject.finding("warning", "spec.selector", problem, advice)


def _partly_ready(subject: ServiceSubject) -> Iterator[Finding]:
    waiting = [pod for pod in subject.pods if _state(pod) != _READY]
    if waiting:
        told = listed(f"{pod.name} ({_state(pod)})" for pod in waiting)
        yield subject.finding(
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


class _Near(NamedTuple):
    """Labels that differ from a selector in one: the one wanted, and the one in its place, if any."""

    closeness: float
    origin: Origin
    wanted: str
    there: str


def _nearest(service: Service, origins: Origins) -> tuple[str, str]:
    """Say what comes nearest to what a selector looks for, and what to do then."""
    near = _near(service.selector, origins.of(service.namespace))
    if near is not None and near.there:
        advice = f"write {near.there} in the selector, or {near.wanted} in the labels of {near.origin}"
        return f"; those of {near.origin} have {near.there} in place of {near.wanted}", advice
    if near is not None:
        advice = f"add the label {near.wanted} to the pods of {near.origin}, or leave it out of the selector"
        return f"; those of {near.origin} lack the label {near.wanted}", advice
    elsewhere = next(origins.selected(service.selector), None)
    if elsewhere is not None:
        advice = f"put the Service into namespace {elsewhere.namespace}: a selector finds pods of its own namespace"
        return f", but those of {elsewhere} in namespace {elsewhere.namespace}", advice
    if not origins.of(service.namespace):
        return ", where there is none", "add the workload of these pods to the manifests, or deploy it"
    return "", f"compare with the labels there: kubectl -n {service.namespace} get pods --show-labels"


def _near(selector: Selector, origins: Sequence[Origin]) -> _Near | None:
    """Find the nearest labels. Where the selector is one label, another is near only if it reads like it."""
    found = [_compared(selector, origin) for origin in islice(origins, _MAX_COMPARED)]
    near = max((each for each in found if each is not None), key=lambda each: each.closeness, default=None)
    return None if near is None or (len(selector) == 1 and near.closeness < _CLOSE) else near


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
    other = next((name for name, text in origin.labels.items() if text == value), None)
    if other is None:
        return _Near(0, origin, f"{key}={value}", "")
    return _Near(1, origin, f"{key}={value}", f"{other}={value}")
