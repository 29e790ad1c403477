"""Objects of one kind, namespace and name: the later replaces the earlier, which nobody gets to see."""

from collections.abc import Iterator

from k8sresolve.findings import Finding, Severity
from k8sresolve.testing.checks.names.slips import is_akin
from k8sresolve.testing.checks.subjects import AllObjects
from k8sresolve.testing.checks.telling import finding_in, place
from k8sresolve.testing.controllers.finding import titled
from k8sresolve.testing.coredns.dns_service import DNS_SERVICE
from k8sresolve.testing.objects.kinds import WORKLOADS, CustomWorkload, Endpoints, EndpointSlice, Pod, Resource, Service
from k8sresolve.testing.objects.store import place_of

# Of custom resources another of the same name may be the next revision, as Knative's Service has it.
_LOOKED_AT = (Service, Endpoints, EndpointSlice, Pod, *(kind for kind in WORKLOADS if kind is not CustomWorkload))


def check_twice(pair: tuple[Resource, Resource], around: AllObjects) -> Iterator[Finding]:
    """Whether two objects of one name are alike. Those of several files are often a choice, of which one is applied."""
    earlier, later = pair
    held = around.store.get(*place_of(later))
    if held is None or held.written is not later.written:
        return  # it has been changed since, or deleted
    if isinstance(earlier, Service) and isinstance(later, Service):
        for copied, other in ((earlier, later), (later, earlier)):
            if meant := _meant(copied, other, around):
                yield _copied(copied, other, meant)
                return
    is_one_file = bool(later.written.file) and earlier.written.file == later.written.file
    if earlier != later and isinstance(later, _LOOKED_AT if is_one_file else Service):
        severity: Severity = "warning" if is_one_file else "remark"
        told = f"the one at {place(earlier)} has this name, too, and other contents: the later replaces it"
        advice = "take one of them out, or give it another name"
        if not is_one_file:
            advice = f"nothing, if only one is applied; else {advice}"
        yield _finding(later, severity, told, advice)


def _meant(copied: Service, other: Service, around: AllObjects) -> str:
    """Tell after what a copy should have been named: its selector finds a workload that has no Service of its name.

    The other one is called as its selector says, and that workload is not called alike (`hello`, `hello-green`), so
    that the two are no choice between versions. Between nameservers there is one, under a name that pods go by.
    """
    if not copied.selects or _says(copied) or not _says(other) or copied.name == DNS_SERVICE[1]:
        return ""
    origins = around.origins.selected_in(copied.namespace, copied.selector)
    names = [name for _, name in copied.selector if any(name == one.name for one in origins)]
    nameless = [name for name in names if around.store.service(copied.namespace, name) is None]
    return next((name for name in nameless if not is_akin(name, copied.name)), "")


def _says(service: Service) -> bool:
    return any(value == service.name for _, value in service.selector)


def _copied(copied: Service, other: Service, meant: str) -> Finding:
    told = (
        f"the one at {place(other)} has this name, too, and the later replaces the earlier; this one selects {meant}, "
    )
    told += "of which there is no Service"
    return _finding(copied, "warning", told, f"name it {meant}, if it is a copy")


def _finding(item: Resource, severity: Severity, problem: str, advice: str) -> Finding:
    return finding_in(
        item.written,
        titled(item),
        "object-twice",
        severity=severity,
        field="metadata.name",
        problem=problem,
        advice=advice,
    )
