"""Services to which Ingresses and routes of the Gateway API lead, and those that the API server asks."""

from collections.abc import Iterator

from k8sresolve.findings import Finding, Severity
from k8sresolve.testing.checks.names.judging import ports_of
from k8sresolve.testing.checks.names.slips import is_akin
from k8sresolve.testing.checks.names.targets import Target
from k8sresolve.testing.checks.subjects import AllObjects
from k8sresolve.testing.checks.telling import finding_in, listed, place
from k8sresolve.testing.controllers.finding import titled
from k8sresolve.testing.objects.kinds import Routing, Service
from k8sresolve.testing.objects.texts import Backend


def check_backends(routing: Routing, around: AllObjects) -> Iterator[Finding]:
    """Whether each backend is there, and has the port."""
    for backend in routing.backends:
        target = Target(backend.service, backend.namespace)
        service = around.world.service(target)
        if service is None:
            yield from _missing(routing, backend, target, around)
        elif not _offers(service, backend.port):
            told = f"Service {target.key} has no port {backend.port}: it has {ports_of(service)}"
            told += _other_of_it(service, backend.port, around)
            severity: Severity = around.world.severity_of_port(target.namespace)
            if routing.kind != "Ingress" and around.is_of_consul:
                severity = "remark"
            yield finding_in(
                routing.written,
                titled(routing),
                "backend-port",
                severity=severity,
                field=f"{backend.field}.port",
                problem=told,
                advice="write one that it has",
            )


def _other_of_it(service: Service, port: int | str | None, around: AllObjects) -> str:
    """Say that the Service was given twice, and the one that was replaced has the port."""
    for earlier, later in around.store.given_twice:
        if isinstance(earlier, Service) and later.written is service.written and _offers(earlier, port):
            return f"; the Service is given twice, and the one at {place(earlier)}, which has the port, is replaced"
    return ""


def _missing(routing: Routing, backend: Backend, target: Target, around: AllObjects) -> Iterator[Finding]:
    world = around.world
    if world.has_namespace(target.namespace):
        severity, there, _ = world.absence(target, backend.port)
        if not there and (akin := _akin(backend, target, around, is_known=severity is not None)):
            severity, there = severity or "warning", [akin]
    else:
        severity, there, _ = world.absence_of_namespace(target)
    if severity is None:
        return
    told = f"there is no Service {target.key}" + (f", but {listed(one.key for one in there)}" if there else "")
    near = [one.service for one in there if one.namespace == target.namespace]
    if near:
        advice = f"write {near[0]}, if that is meant"
    elif routing.kind == "Ingress" and there:
        advice = "put the Ingress into that namespace: it leads to Services of its own alone"
    elif there:
        advice = f"write namespace {there[0].namespace}, if that is meant"
    else:
        advice = "correct the name"
    yield finding_in(
        routing.written,
        titled(routing),
        "backend-service-missing",
        severity=severity,
        field=f"{backend.field}.name",
        problem=told,
        advice=advice,
    )


def _akin(backend: Backend, target: Target, around: AllObjects, *, is_known: bool) -> Target | None:
    """Find the Service that is meant: the only one with the port, of much the same name.

    Where it is not known that there is no such Service, nothing else leads to the other one.
    """
    name = around.world.only_with_port(target, backend.port)
    meant = target._replace(service=name)
    may_be = is_known or (meant.namespace, meant.service) not in around.led_to
    return meant if name and may_be and is_akin(target.service, name) else None


def _offers(service: Service, port: int | str | None) -> bool:
    """Whether a Service has a port of this number or name, as far as is known: an alias need not state any."""
    if port is None or service.type == "ExternalName" or not service.ports:
        return True
    return any(port in (entry.number, entry.name) for entry in service.ports)
