"""What people look at by hand before they blame DNS: from the store as it is now, to findings.

Nothing is asked and nothing is connected to, so a check tells what the objects say, and not what a container does.
"""

import difflib
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TypeVar

from k8sresolve.errors import NoSuchName
from k8sresolve.findings import Finding, worst_first
from k8sresolve.names import ServiceName
from k8sresolve.testing.checks import registry
from k8sresolve.testing.checks.ignoring import misspelt, unignored
from k8sresolve.testing.checks.names.world import World
from k8sresolve.testing.checks.origins import Origin
from k8sresolve.testing.checks.rules.refusals import once_a_file
from k8sresolve.testing.checks.subjects import AllObjects, Rule, namespace_subjects, service_subjects
from k8sresolve.testing.checks.telling import listed
from k8sresolve.testing.controllers.networks import Networks
from k8sresolve.testing.coredns.settings import ServerSettings
from k8sresolve.testing.objects.kinds import ConfigMap, Endpoints, EndpointSlice, Resource, Routing, Secret, Service
from k8sresolve.testing.objects.store import Store
from k8sresolve.testing.versions import DEFAULT_KUBERNETES, Version

_Checked = TypeVar("_Checked")
_Kind = TypeVar("_Kind", bound=Resource)


def check(
    store: Store,
    networks: Networks,
    world: World,
    service: Service | None = None,
    *,
    kubernetes: Version = DEFAULT_KUBERNETES,
    settings: ServerSettings = ServerSettings(),  # noqa: B008 - a frozen value
) -> tuple[Finding, ...]:
    """Check one Service, with what is named after it, or all that is in the store; the worst comes first.

    Names are looked up in `world`, and Corefiles read as by `settings`.
    """
    around = AllObjects(store, networks, world, kubernetes, settings)
    services = around.services if service is None else [service]
    found = worst_first(
        chain(
            _apply(registry.OBJECT, _objects(store, service), around),
            _services(services, around),
            _apply(registry.NAMESPACE, namespace_subjects(services, around), around),
            _apply(registry.ORIGIN, _origins(service, around), around),
            _whole(store, around) if service is None else (),
            misspelt(store.everything() if service is None else [service]),
        )
    )
    return tuple(unignored(once_a_file(found), store.everything()))


def _apply(rules: Sequence[Rule[_Checked]], subjects: Iterable[_Checked], around: AllObjects) -> Iterator[Finding]:
    for subject in subjects:
        for rule in rules:
            yield from rule(subject, around)


def _services(services: Sequence[Service], around: AllObjects) -> Iterator[Finding]:
    for subject in service_subjects(services, around):
        rules = registry.ALIAS if subject.service.type == "ExternalName" else registry.SERVICE
        yield from _apply(rules, [subject], around)


def _origins(service: Service | None, around: AllObjects) -> Iterator[Origin]:
    """Walk over what pods come from; of one Service, over what is named after it."""
    if service is None:
        yield from around.origins.all()
    else:
        same = around.origins.of(service.namespace)
        yield from (origin for origin in same if origin.spec.subdomain == service.name)


def _objects(store: Store, service: Service | None) -> Iterator[Resource]:
    """Walk over all objects; of one Service, over that and what lists its endpoints."""
    if service is None:
        return store.everything()
    endpoints = store.get("Endpoints", service.namespace, service.name)
    slices = store.slices(service.namespace, service.name)
    return chain([service], slices, [] if endpoints is None else [endpoints])


def _whole(store: Store, around: AllObjects) -> Iterator[Finding]:
    """Check what is no Service's own."""
    listings: list[EndpointSlice | Endpoints] = [*_of(store, EndpointSlice), *_of(store, Endpoints)]
    data: list[ConfigMap | Secret] = [*_of(store, ConfigMap), *_of(store, Secret)]
    yield from _apply(registry.LISTING, listings, around)
    yield from _apply(registry.DATA, data, around)
    yield from _apply(registry.ROUTING, _of(store, Routing), around)
    yield from _apply(registry.TWICE, store.given_twice, around)


def _of(store: Store, kind: type[_Kind]) -> Iterator[_Kind]:
    return (item for item in store.all(kind.__name__) if isinstance(item, kind))


def find_service(store: Store, name: str, namespace: str, cluster_domain: str) -> Service:
    """Find the Service that a name stands for: `NAMESPACE/SERVICE`, or as `ServiceName.parse` reads it.

    Raises `InvalidName` for what names none, and `NoSuchName` where there is none.
    """
    space, slash, service = name.rpartition("/") if isinstance(name, str) else ("", "", name)
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
    services = (item for item in store.all("Service") if isinstance(item, Service))
    known = [f"{item.namespace}/{item.name}" for item in services]
    same = [name for name in known if name.partition("/")[2] == wanted.partition("/")[2]]
    near = same or difflib.get_close_matches(wanted, known, 3)
    return f"the nearest: {listed(near)}" if near else f"Services in all: {len(known)}"
