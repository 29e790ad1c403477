"""What lists endpoints: EndpointSlices, and Endpoints, which are mirrored to slices."""

from collections.abc import Iterator

from k8sresolve.findings import Finding
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
    yield finding_in(
        listing.written,
        titled(listing),
        "endpoints-without-service",
        severity="remark",
        field=field,
        problem=f"{told}: DNS has no name for these endpoints",
        advice="name the Service to which they belong",
    )


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
