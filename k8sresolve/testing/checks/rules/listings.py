"""What lists endpoints: EndpointSlices, and Endpoints, which are mirrored to slices."""

from collections.abc import Iterator

from k8sresolve.findings import Finding
from k8sresolve.testing.checks.names.slips import is_plain_slip
from k8sresolve.testing.checks.subjects import AllObjects
from k8sresolve.testing.checks.telling import finding_in
from k8sresolve.testing.controllers.finding import titled
from k8sresolve.testing.objects.kinds import Endpoints, EndpointSlice


def check_owner(listing: EndpointSlice | Endpoints, around: AllObjects) -> Iterator[Finding]:
    """Whether there is the Service to which the endpoints belong. Those of an imported one need none."""
    if isinstance(listing, EndpointSlice):
        service, field = listing.service, "metadata.labels[kubernetes.io/service-name]"
        is_free = listing.imported is not None
    else:
        service, field = listing.name, "metadata.name"
        is_free = listing.skip
    if is_free or around.store.service(listing.namespace, service) is not None:
        return
    told = f"there is no Service {listing.namespace}/{service}" if service else "is missing"
    meant = _meant(service, listing.namespace, around)
    if meant:
        told += f", but {meant}, which has neither a selector nor endpoints"
    yield finding_in(
        listing.written,
        titled(listing),
        "endpoints-without-service",
        severity="warning" if meant else "remark",
        field=field,
        problem=f"{told}: DNS has no name for these endpoints",
        advice=f"write {meant}, or give that Service this name" if meant else "name the Service to which they belong",
    )


def _meant(name: str, namespace: str, around: AllObjects) -> str:
    """Find the one Service that waits for endpoints to be listed, where a name is a slip for its name or its plural."""
    waiting = [service.name for service in around.waiting.get(namespace, ())]
    [other] = waiting if len(waiting) == 1 else [""]
    return other if other and (is_plain_slip(name, other) or name in (f"{other}s", other.removesuffix("s"))) else ""


def check_kind(listing: EndpointSlice | Endpoints, _around: AllObjects) -> Iterator[Finding]:
    """Whether endpoints are listed in the kind that Kubernetes goes on with."""
    if isinstance(listing, Endpoints) and not listing.skip:
        yield finding_in(
            listing.written,
            titled(listing),
            "endpoints-deprecated",
            severity="remark",
            field="kind",
            problem="Endpoints are deprecated since Kubernetes 1.33; they are mirrored to EndpointSlices",
            advice=f"write an EndpointSlice with the label kubernetes.io/service-name: {listing.name}",
        )


def check_overwritten(listing: EndpointSlice | Endpoints, around: AllObjects) -> Iterator[Finding]:
    """Whether somebody reads Endpoints that are made by hand: beside a selector, the controller writes its own."""
    if not isinstance(listing, Endpoints) or listing.of_pods or not any(part.addresses for part in listing.slices):
        return
    service = around.store.service(listing.namespace, listing.name)
    if service is not None and service.selects and service.type != "ExternalName":
        yield finding_in(
            listing.written,
            titled(listing),
            "endpoints-overwritten",
            severity="warning",
            field="subsets",
            problem="the Service of this name has a selector: the controller overwrites these endpoints by its pods",
            advice="take the selector out of the Service, if these addresses are meant",
        )
