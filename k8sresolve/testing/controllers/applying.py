"""From manifests to a cluster that runs: objects in the store, and controllers that have done their work."""

from collections.abc import Sequence

from k8sresolve._log import logger
from k8sresolve.testing.controllers.built_ins import add_built_ins
from k8sresolve.testing.controllers.control_plane import ControlPlane
from k8sresolve.testing.controllers.finding import titled
from k8sresolve.testing.controllers.networks import Networks
from k8sresolve.testing.objects.addresses import FAMILIES, IPFamily, families_of
from k8sresolve.testing.objects.kinds import Namespace, Resource, Service
from k8sresolve.testing.objects.store import Store


def apply(
    store: Store,
    resources: Sequence[Resource],
    *,
    service_cidrs: Sequence[str] | None = None,
    pod_cidrs: Sequence[str] | None = None,
    built_ins: bool = False,
) -> ControlPlane:
    """Put objects into the store as `kubectl apply` would, and let the controllers do their work.

    Of two with one kind, namespace and name the later holds. Where there is no Namespace among the objects, the
    namespaces that they lie in exist, and `default` and `kube-system`. Where there is one, only those given exist, as
    in a real cluster. With `built_ins`, there is besides what every cluster has. Without networks given, the cluster
    has IPv4, and IPv6 if a Service asks for it.
    """
    for resource in resources:
        previous = store.add(resource)
        if previous is not None:
            logger.warning("%s is given twice; the later one holds", titled(resource))
            store.given_twice.append((previous, resource))
    networks = Networks.of(service_cidrs, pod_cidrs, _asked_families(store))
    any_namespace = next(store.all("Namespace"), None) is None
    if built_ins:
        add_built_ins(store, networks)
    control_plane = ControlPlane(store, networks)
    control_plane.start()
    _settle_namespaces(store, resources, any_namespace=any_namespace)
    return control_plane


def _asked_families(store: Store) -> list[IPFamily]:
    asked: set[IPFamily] = set()
    for service in store.all("Service"):
        if isinstance(service, Service) and service.type != "ExternalName":
            ips = () if service.headless else service.cluster_ips
            stated = service.families or families_of(ips)
            asked.update(FAMILIES if _asks_for_both(service) else stated or ("IPv4",))
    return sorted(asked) or ["IPv4"]


def _asks_for_both(service: Service) -> bool:
    """Whether a Service asks for both families. A headless one that prefers both may be one of a cluster with one."""
    if service.policy == "PreferDualStack" and service.headless and service.families:
        return False
    return service.policy != "SingleStack" and not service.has_any_families


def _settle_namespaces(store: Store, resources: Sequence[Resource], *, any_namespace: bool) -> None:
    lived_in = dict.fromkeys(item.namespace for item in resources if item.namespace)
    if any_namespace:
        for name in dict.fromkeys((*lived_in, "default", "kube-system")):
            if not store.has_namespace(name):
                store.add(Namespace(name))
        return
    for name in lived_in:
        if not store.has_namespace(name):
            logger.warning(
                "namespace %s has objects but no Namespace among the manifests: DNS does not answer for it", name
            )
