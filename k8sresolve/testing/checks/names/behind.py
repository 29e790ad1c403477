"""What in the manifests stands behind the answer for a name, or why there is none: told only where it is certain."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

import attrs

from k8sresolve.errors import Outcome
from k8sresolve.names import IPAddress
from k8sresolve.testing.checks.names.slips import plain_slip
from k8sresolve.testing.checks.names.targets import Target, target_of
from k8sresolve.testing.checks.names.world import World
from k8sresolve.testing.checks.origins import origin_of
from k8sresolve.testing.controllers.finding import titled
from k8sresolve.testing.objects.addresses import canonical
from k8sresolve.testing.objects.kinds import EndpointAddress, Endpoints, EndpointSlice, Pod, Resource, Service
from k8sresolve.testing.objects.store import Store

_LISTING = (EndpointSlice, Endpoints)
_MOST_MEANT = 3


@attrs.frozen
class Behind:
    """Something that the manifests say of an answer: of which object, and where that is written, if it is of one.

    `made_up` says that the addresses are in no manifest, and that the offline cluster gave them.
    """

    text: str
    object: str = ""
    file: str = ""
    line: int | None = None
    made_up: bool = False


def behind_found(
    store: Store,
    cluster_domain: str,
    candidate: str,
    addresses: Iterable[IPAddress],
    aliases: Callable[[str], Sequence[str]],
    *,
    is_made_up: Callable[[str], bool],
) -> list[Behind]:
    """Tell which objects have the addresses with which a candidate was found; `aliases` looks up the CNAME of a name.

    `is_made_up` says of an address that no manifest states it. Empty where none has just these, as where the Corefile
    answers.
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
    invented = {address for address in wanted if is_made_up(address)}
    if not service.headless:
        has_them = wanted <= set(map(canonical, service.cluster_ips)) and not target.endpoint
        text = f"{title} has {'this address' if len(wanted) == 1 else 'these addresses'}{_invented(invented, wanted)}"
        return [attrs.evolve(_of(service, text), made_up=bool(invented))] * has_them
    listed = [
        (part, endpoint)
        for part in store.slices(service.namespace, service.name)
        for endpoint in part.addresses
        if canonical(endpoint.address) in wanted
    ]
    if {canonical(endpoint.address) for _, endpoint in listed} != wanted:
        return []
    text = f"{title} is headless: these are its pods{_invented(invented, wanted, 'with addresses ')}"
    return [attrs.evolve(_of(service, text), made_up=bool(invented)), *_listing(store, listed)]


def _invented(invented: Collection[str], wanted: Collection[str], of: str = "") -> str:
    """Say that addresses are made up, and which, where others are not."""
    if not invented:
        return ""
    which = "" if len(invented) == len(wanted) else f": {', '.join(sorted(invented))}"
    return f", {of}made up here{which}"


def _listing(store: Store, listed: Iterable[tuple[EndpointSlice, EndpointAddress]]) -> Iterator[Behind]:
    """Tell which slices that are written list these endpoints, or else which workloads and pods they come from."""
    found: dict[str, Resource] = {}
    for part, endpoint in listed:
        item = part if part.written.file else _origin(store, part, endpoint)
        if item is not None and item.written.file:
            found.setdefault(titled(item), item)
    for title, item in found.items():
        says = (
            "lists them" if isinstance(item, _LISTING) else "is one of them" if isinstance(item, Pod) else "makes them"
        )
        yield _of(item, f"{title} {says}")


def _origin(store: Store, part: EndpointSlice, endpoint: EndpointAddress) -> Resource | None:
    """Find what an endpoint comes from that a controller listed: a workload, a pod of none, or Endpoints."""
    pod = store.get("Pod", part.namespace, endpoint.pod)
    if not isinstance(pod, Pod):
        return store.get("Endpoints", part.namespace, part.service)
    return (store.workload(pod.namespace, "/".join(origin_of(pod))) if pod.owner else None) or pod


def behind_missing(world: World, name: str, namespace: str, outcomes: Mapping[str, str], end: Outcome) -> list[Behind]:
    """Tell why a name for which a program in a namespace asked has no address, by what came of each candidate.

    Empty where no nameserver has said so of the Service's own name, or of all that the lookup asked for.
    """
    target = world.target(name.removesuffix("."), namespace)
    if target is None or target.port is not None:
        return []
    below = f"{target.endpoint}." * bool(target.endpoint)
    own = f"{below}{target.service}.{target.namespace}.svc.{_plain(world.cluster_domain)}."
    outcome = {name.lower(): came for name, came in outcomes.items()}.get(own)
    service = world.service(target)
    is_alias = service is not None and service.type == "ExternalName"
    if (outcome or end) not in ("nxdomain", "nodata", *(["dangling"] if is_alias else [])):
        return []
    if service is not None:
        return list(_lacking(world, service, target, own, outcome))
    is_short = "." not in name.removesuffix(".")
    if target.endpoint or not (is_short or target.is_explicit or world.has_namespace(target.namespace)):
        return [] if target.endpoint else _meant(world, _in_namespace_like(world, target))
    missing = f"the manifests have no Service {target.service} in namespace {target.namespace}"
    return [Behind(missing), *_meant(world, _named_so(world, target))]


def _lacking(world: World, service: Service, target: Target, own: str, outcome: str | None) -> Iterator[Behind]:
    """Tell why a Service that is there does not answer; `outcome` is None where its own name was not asked for."""
    title = titled(service)
    if service.type == "ExternalName" and not target.endpoint:
        yield _of(service, f"{title} is an alias of {service.external_name}", "spec.externalName")
    elif outcome is None:
        yield _of(service, f"{title} is there, but no search domain leads to {own}")
    elif not world.store.has_namespace(target.namespace):
        yield _of(service, f"{title} lies in a namespace that the manifests do not have")
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
