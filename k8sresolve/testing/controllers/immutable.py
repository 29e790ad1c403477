"""What the API server lets nobody change of an object that there is.

Source: `ValidateServiceUpdate` and `ValidatePodUpdate` (`pkg/apis/core/validation`), `ValidateStatefulSetUpdate`
(`pkg/apis/apps/validation`), `ValidateJobUpdate` (`pkg/apis/batch/validation`), `ValidateEndpointSliceUpdate`
(`pkg/apis/discovery/validation`) and the strategies of `pkg/registry/apps`, Kubernetes 1.37.2.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from k8sresolve._escaping import told
from k8sresolve.errors import ManifestError
from k8sresolve.testing.controllers.finding import key_of, titled
from k8sresolve.testing.objects.kinds import (
    DaemonSet,
    Deployment,
    EndpointSlice,
    Job,
    Pod,
    PodSpec,
    ReplicaSet,
    Resource,
    Service,
    StatefulSet,
)


class _Fixed(NamedTuple):
    """A field, and how its value is told. With `unless_left_out`, an object that is silent of it leaves it as it is."""

    field: str
    of: Callable[[Any], str]
    unless_left_out: bool = False


def _listed(items: Iterable[object]) -> str:
    return ", ".join(map(str, items))


def _labels(labels: Iterable[tuple[str, str]]) -> str:
    return _listed(map("=".join, sorted(labels)))


def _of_spec(place: str, spec_of: Callable[[Any], PodSpec], *, unless_left_out: bool) -> tuple[_Fixed, ...]:
    """The fields of a pod's spec, which lies at that place of an object."""
    fields: tuple[tuple[str, Callable[[PodSpec], str]], ...] = (
        ("subdomain", lambda spec: spec.subdomain),
        ("hostNetwork", lambda spec: "true" if spec.host_network else ""),
        ("dnsPolicy", lambda spec: "" if spec.dns_policy == "ClusterFirst" else spec.dns_policy),
        ("dnsConfig", lambda spec: str(spec.dns_config or "")),
        ("hostAliases", lambda spec: _listed(f"{ip} {' '.join(names)}" for ip, names in spec.host_aliases)),
        ("hostnameOverride", lambda spec: spec.hostname_override),
        ("containers", lambda spec: _listed(f"{port.name} {port.number}/{port.protocol}" for port in spec.ports)),
    )

    def told_of(of: Callable[[PodSpec], str]) -> Callable[[Any], str]:
        return lambda item: of(spec_of(item))

    return tuple(_Fixed(f"{place}.{name}", told_of(of), unless_left_out) for name, of in fields)


_SELECTOR = _Fixed("spec.selector", lambda item: _listed(item.selector), unless_left_out=True)
_FIXED: dict[type[Resource], tuple[_Fixed, ...]] = {
    Deployment: (_SELECTOR,),
    ReplicaSet: (_SELECTOR,),
    DaemonSet: (_SELECTOR,),
    StatefulSet: (_SELECTOR, _Fixed("spec.serviceName", lambda item: item.template.spec.subdomain)),
    Job: (
        _Fixed("spec.completionMode", lambda item: "Indexed" if item.indexed else "NonIndexed"),
        _Fixed("spec.template.metadata.labels", lambda item: _labels(item.template.labels.items())),
        _Fixed("spec.template.spec.hostname", lambda item: item.template.spec.hostname),
        *_of_spec("spec.template.spec", lambda item: item.template.spec, unless_left_out=False),
    ),
    EndpointSlice: (_Fixed("addressType", lambda item: item.address_type, unless_left_out=True),),
    Pod: (
        _Fixed("spec.hostname", lambda item: item.hostname, unless_left_out=True),
        _Fixed("spec.nodeName", lambda item: item.node, unless_left_out=True),
        _Fixed(
            "spec.nodeSelector",
            lambda item: "" if item.spec.gated else _labels(item.spec.node_selector),
            unless_left_out=True,
        ),
        *_of_spec("spec", lambda item: item.spec, unless_left_out=True),
    ),
}


def check_update(new: Resource, old: Resource | None) -> None:
    """Raise `ManifestError` for an object that differs from the one of its name where it may not."""
    if old is None:
        return
    if isinstance(new, Service) and isinstance(old, Service):
        _check_service(new, old)
    for field, of, unless_left_out in _FIXED.get(type(new), ()):
        before, after = of(old), of(new)
        if before != after and not (unless_left_out and "" in (before, after)):
            raise _refused(new, field, before, after)


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
