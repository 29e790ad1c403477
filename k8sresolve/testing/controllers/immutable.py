"""What the API server lets nobody change of an object that there is.

Source: `ValidateServiceUpdate` and `ValidatePodUpdate` (`pkg/apis/core/validation`), `ValidateStatefulSetUpdate`
(`pkg/apis/apps/validation`), `ValidateJobUpdate` (`pkg/apis/batch/validation`), `ValidateEndpointSliceUpdate`
(`pkg/apis/discovery/validation`) and the strategies of `pkg/registry/apps`, Kubernetes 1.37.2.
"""

from collections.abc import Mapping
from operator import attrgetter
from typing import NamedTuple, cast

from k8sresolve._escaping import told
from k8sresolve.errors import ManifestError
from k8sresolve.testing.controllers.finding import key_of, titled
from k8sresolve.testing.objects.kinds import (
    DaemonSet,
    Deployment,
    EndpointSlice,
    Job,
    Pod,
    PortEntry,
    ReplicaSet,
    Resource,
    Service,
    StatefulSet,
)
from k8sresolve.testing.objects.label_selector import Term


class _Fixed(NamedTuple):
    """A field, and where an object keeps its value. One that says `left_out` of it leaves it as it is."""

    field: str
    attribute: str
    left_out: str | None = ""


def _of_spec(place: str, attribute: str, *, may_leave_out: bool) -> tuple[_Fixed, ...]:
    """The fields of a pod's spec, which lies at that place of an object."""
    fields = {
        "subdomain": "subdomain",
        "hostNetwork": "host_network",
        "dnsPolicy": "dns_policy",
        "dnsConfig": "dns_config",
        "hostAliases": "host_aliases",
        "hostnameOverride": "hostname_override",
        "containers": "ports",
    }
    silent = {"dnsPolicy": "ClusterFirst"}
    return tuple(
        _Fixed(f"{place}.{name}", f"{attribute}.{own}", silent.get(name, "") if may_leave_out else None)
        for name, own in fields.items()
    )


_SELECTOR = _Fixed("spec.selector", "selector")
_NODE_SELECTOR = _Fixed("spec.nodeSelector", "spec.node_selector")
_FIXED: dict[type[Resource], tuple[_Fixed, ...]] = {
    Deployment: (_SELECTOR,),
    ReplicaSet: (_SELECTOR,),
    DaemonSet: (_SELECTOR,),
    StatefulSet: (_SELECTOR, _Fixed("spec.serviceName", "template.spec.subdomain", None)),
    Job: (
        _Fixed("spec.completionMode", "completion_mode", None),
        _Fixed("spec.template.metadata.labels", "template.labels", None),
        _Fixed("spec.template.spec.hostname", "template.spec.hostname", None),
        *_of_spec("spec.template.spec", "template.spec", may_leave_out=False),
    ),
    EndpointSlice: (_Fixed("addressType", "address_type"),),
    Pod: (
        _Fixed("spec.hostname", "hostname"),
        _Fixed("spec.nodeName", "node"),
        _NODE_SELECTOR,
        *_of_spec("spec", "spec", may_leave_out=True),
    ),
}


def _told(value: object) -> str:
    """Write a value of any field; what nobody stated is empty."""
    match value:
        case None | False:
            return ""
        case True:
            return "true"
        case PortEntry():
            return f"{value.name} {value.number}/{value.protocol}"
        case Term():
            return str(value)
        case (str(), str()):
            return "=".join(cast("tuple[str, str]", value))  # a label
        case Mapping():
            return _told(tuple(sorted(cast("Mapping[str, str]", value).items())))
        case tuple():
            return ", ".join(map(_told, cast("tuple[object, ...]", value)))
        case _:
            return str(value)


def check_update(new: Resource, old: Resource | None) -> None:
    """Raise `ManifestError` for an object that differs from the one of its name where it may not."""
    if old is None:
        return
    if isinstance(new, Service) and isinstance(old, Service):
        _check_service(new, old)
    for fixed in _FIXED.get(type(new), ()):
        value_of = attrgetter(fixed.attribute)
        before, after = _told(value_of(old)), _told(value_of(new))
        if before != after and fixed.left_out not in (before, after) and not _may_yet_change(fixed, old):
            raise _refused(new, fixed.field, before, after)


def _may_yet_change(fixed: _Fixed, old: Resource) -> bool:
    """Whether a field may change until a pod is to get a node (KEP-3838)."""
    return fixed is _NODE_SELECTOR and isinstance(old, Pod) and old.spec.gated


def _refused(new: Resource, field: str, before: str, after: str) -> ManifestError:
    problem = (
        f"it is {told(before)} and cannot become {told(after)}: the API server takes no other value once it is set"
    )
    how = f"cluster.delete({new.kind!r}, {key_of(new)!r}) first makes it a new object"
    return _at(new, field, f"{problem}; {how}")


def _at(new: Resource, field: str, problem: str) -> ManifestError:
    written = new.written
    return ManifestError(problem, file=written.file, line=written.line(field), object=titled(new), field=field)


# Services.


def _check_service(new: Service, old: Service) -> None:
    """Look at what a Service may not change unless it is or was an alias."""
    if "ExternalName" in (new.type, old.type):
        return
    stays_headless = old.headless and (new.headless or not new.cluster_ips)
    if stays_headless and new.type != "ClusterIP":
        problem = (
            f"it is None, which stays where a manifest leaves it out, and a Service of type {new.type} is not headless"
        )
        raise _at(new, "spec.clusterIP", f"{problem}; cluster.delete('Service', {key_of(new)!r}) first")
    if not stays_headless and new.families[:1] not in ((), old.families[:1]):
        raise _refused(new, "spec.ipFamilies", old.families[0], new.families[0])
    # A second address may come and go.
    fields = ("spec.clusterIP", "spec.clusterIPs")
    for field, before, after in zip(fields, old.cluster_ips, new.cluster_ips, strict=False):
        if before != after:
            raise _refused(new, field, before, after)
