"""What in the manifests stands behind the answer for a name, or why there is none: told only where it is certain."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import attrs

from k8sresolve.errors import Outcome
from k8sresolve.names import IPAddress
from k8sresolve.testing.checks.names.slips import plain_slip
from k8sresolve.testing.checks.names.targets import Target, target_of
from k8sresolve.testing.checks.names.world import World
from k8sresolve.testing.checks.origins import origin_of
from k8sresolve.testing.controllers.finding import titled
from k8sresolve.testing.objects.addresses import canonical
from k8sresolve.testing.objects.kinds import EndpointAddress, EndpointSlice, Pod, Resource, Service
from k8sresolve.testing.objects.store import Store

_MOST_MEANT = 3


@attrs.frozen
class Behind:
    """Something that the manifests say of an answer: of which object, and where that is written, if it is of one."""

    text: str
    object: str = ""
    file: str = ""
    line: int | None = None


def behind_found(
    store: Store,
    cluster_domain: str,
    candidate: str,
    addresses: Iterable[IPAddress],
    aliases: Callable[[str], Sequence[str]],
) -> list[Behind]:
    """Tell which objects have the addresses with which a candidate was found; `aliases` looks up the CNAME of a name.

    Empty where none has just these, as where the Corefile answers.
    """
    target = target_of(candidate, "", cluster_domain)
    service = None if target is None or not target.is_explicit else store.service(target.namespace, target.service)
    if target is None or service is None:
        return []
    title = titled(service)
    if service.type == "ExternalName":
        is_own = not target.endpoint and [*map(_plain, aliases(candidate))] == [_plain(service.external_name)]
        text = f"{title} is an alias of {service.external_name}"
        return [_of(service, text, "spec.externalName")] if is_own else []
    wanted = {str(address) for address in addresses}
    if not service.headless:
        has_them = wanted <= set(map(canonical, service.cluster_ips)) and not target.endpoint
        return [_of(service, f"{title} has {'this address' if len(wanted) == 1 else 'these addresses'}")] * has_them
    listed = [
        (part, endpoint)
        for part in store.slices(service.namespace, service.name)
        for endpoint in part.addresses
        if canonical(endpoint.address) in wanted
    ]
    if {canonical(endpoint.address) for _, endpoint in listed} != wanted:
        return []
    return [_of(service, f"{title} is headless: these are its pods"), *_listing(store, listed)]


def _listing(store: Store, listed: Iterable[tuple[EndpointSlice, EndpointAddress]]) -> Iterator[Behind]:
    """Tell which slices that are written list these endpoints, or else which workloads and pods they come from."""
    found: dict[str, Resource] = {}
    for part, endpoint in listed:
        item: Resource | None = part
        if not part.written.file:
            item = store.get("Pod", part.namespace, endpoint.pod)
            if isinstance(item, Pod) and item.owner:
                item = store.workload(item.namespace, "/".join(origin_of(item))) or item
        if item is not None and item.written.file:
            found.setdefault(titled(item), item)
    for title, item in found.items():
        yield _of(item, f"{title} {'lists' if isinstance(item, EndpointSlice) else 'makes'} them")


def behind_missing(
    world: World, name: str, namespace: str, candidates: Iterable[str], outcome: Outcome
) -> list[Behind]:
    """Tell why a name for which a program in a namespace asked for these candidates has no address."""
    target = world.target(name.removesuffix("."), namespace)
    if target is None or target.port is not None or outcome not in ("nxdomain", "nodata"):
        return []
    service = world.service(target)
    if service is not None:
        return list(_lacking(world, service, target, candidates, outcome))
    is_short = "." not in name.removesuffix(".")
    if target.endpoint or not (is_short or target.is_explicit or world.has_namespace(target.namespace)):
        return [] if target.endpoint else _meant(world, _in_namespace_like(world, target))
    missing = f"the manifests have no Service {target.service} in namespace {target.namespace}"
    return [Behind(missing), *_meant(world, _named_so(world, target))]


def _lacking(
    world: World, service: Service, target: Target, candidates: Iterable[str], outcome: Outcome
) -> Iterator[Behind]:
    """Tell why a Service that is there does not answer."""
    own = f"{target.service}.{target.namespace}.svc.{_plain(world.cluster_domain)}."
    title = titled(service)
    if service.type == "ExternalName" and not target.endpoint:
        yield _of(service, f"{title} is an alias of {service.external_name}", "spec.externalName")
    elif (f"{target.endpoint}.{own}" if target.endpoint else own) not in {each.lower() for each in candidates}:
        yield _of(service, f"{title} is there, but no search domain leads to {own}")
    elif service.headless and not any(part.addresses for part in world.store.slices(service.namespace, service.name)):
        yield _of(service, f"{title} is headless, and none of its pods is ready")
    elif outcome == "nodata" and not target.endpoint:
        yield _of(service, f"{title} has no address of the family asked for")
    elif target.endpoint:
        yield _of(service, f"{title} has no ready pod that is called {target.endpoint}")


def _named_so(world: World, target: Target) -> Sequence[Target]:
    """Find the Services of that name in other namespaces, or else the one for whose name it is a plain slip."""
    services = [item for item in world.store.all("Service") if isinstance(item, Service)]
    elsewhere = [target._replace(namespace=item.namespace) for item in services if item.name == target.service]
    here = [item.name for item in services if item.namespace == target.namespace]
    slip = "" if elsewhere else plain_slip(target.service, here)
    return [target._replace(service=slip)] if slip else elsewhere


def _in_namespace_like(world: World, target: Target) -> Sequence[Target]:
    """Find the Service of that name in the namespace for whose name that of one which is not there is a plain slip."""
    services = [item for item in world.store.all("Service") if isinstance(item, Service)]
    slip = plain_slip(target.namespace, [item.namespace for item in services if item.name == target.service])
    return [target._replace(namespace=slip)] if slip else []


def _meant(world: World, targets: Iterable[Target]) -> list[Behind]:
    found = [service for target in targets if (service := world.service(target)) is not None]
    return [_of(each, f"did you mean {titled(each)}?") for each in found[:_MOST_MEANT] if each.written.file]


def _of(item: Resource, text: str, field: str = "metadata.name") -> Behind:
    return Behind(text, titled(item), item.written.file, item.written.line(field))


def _plain(name: str) -> str:
    return name.removesuffix(".").lower()
