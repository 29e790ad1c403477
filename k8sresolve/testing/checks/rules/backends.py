"""Services to which Ingresses and routes of the Gateway API lead, and those that the API server asks."""

from collections.abc import Iterator, Sequence

from k8sresolve.findings import Finding, Severity
from k8sresolve.testing.checks.names.judging import ports_of
from k8sresolve.testing.checks.names.slips import is_akin
from k8sresolve.testing.checks.names.targets import Target
from k8sresolve.testing.checks.names.world import World
from k8sresolve.testing.checks.subjects import AllObjects
from k8sresolve.testing.checks.telling import finding_in, listed, place
from k8sresolve.testing.controllers.finding import titled
from k8sresolve.testing.objects.kinds import Routing, Service
from k8sresolve.testing.objects.routings import ROUTES
from k8sresolve.testing.objects.texts import Backend
from k8sresolve.testing.objects.written import UNWRITTEN


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
    if severity is None and (elsewhere := _elsewhere(routing, backend, target, world)):
        severity, there = "remark" if world.is_partial else "warning", [elsewhere]
    if severity is None:
        return
    told = f"there is no Service {target.key}" + (f", but {listed(one.key for one in there)}" if there else "")
    yield finding_in(
        routing.written,
        titled(routing),
        "backend-service-missing",
        severity=severity,
        field=f"{backend.field}.name",
        problem=told,
        advice=_advice(routing, target, there, around),
    )


def _advice(routing: Routing, target: Target, there: Sequence[Target], around: AllObjects) -> str:
    """Advise to write the Service that is meant, as it can be reached from there."""
    near = [one.service for one in there if one.namespace == target.namespace]
    if near:
        return f"write {near[0]}, if that is meant"
    if not there:
        return "correct the name"
    namespace = there[0].namespace
    if routing.kind == "Ingress":
        return f"put the Ingress into namespace {namespace}: it leads to Services of its own alone"
    if routing.kind in ROUTES and namespace != routing.namespace and not around.has_grant(namespace):
        return f"write namespace: {namespace}, if that is meant, and give a ReferenceGrant in it, which lacks, too"
    return f"write namespace: {namespace}, if that is meant"


def _elsewhere(routing: Routing, backend: Backend, target: Target, world: World) -> Target | None:
    """Find the one Service of that name, in another namespace, to which what states no namespace is to lead.

    A Service that states no namespace itself may be meant for this one, by -n.
    """
    if routing.kind not in ("Ingress", *ROUTES) or target.namespace != routing.namespace or world.may_come(target):
        return None
    there = [one for one in world.meant(target) if one.service == target.service]
    service = world.service(there[0]) if len(there) == 1 else None
    is_given = service is not None and service.written is not UNWRITTEN and service.written.has_namespace
    return there[0] if service is not None and is_given and _offers(service, backend.port) else None


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
