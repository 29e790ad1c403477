"""What every cluster holds before anything is applied to it, recorded from Kubernetes 1.37.2.

Source: `pkg/controlplane/controller/systemnamespaces` and `kubernetesservice` of Kubernetes.
"""

from collections.abc import Iterator

import attrs

from k8sresolve.testing.controllers.networks import NODE_IPS, Networks
from k8sresolve.testing.objects.addresses import family_of
from k8sresolve.testing.objects.kinds import EndpointAddress, EndpointSlice, Namespace, PortEntry, Service
from k8sresolve.testing.objects.store import Store

NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")

_API_SERVER = Service(
    namespace="default",
    name="kubernetes",
    ports=(PortEntry("https", 443, "TCP", target=6443),),
    labels={"component": "apiserver", "provider": "kubernetes"},
)


def add_built_ins(store: Store, networks: Networks) -> None:
    """Put in the namespaces, and the Service of the API server with its EndpointSlice; what is stated stands."""
    for name in NAMESPACES:
        if not store.has_namespace(name):
            store.add(Namespace(name))
    service = store.service(_API_SERVER.namespace, _API_SERVER.name) or _API_SERVER
    ips = service.cluster_ips or tuple(_first_address(store, networks))
    service = attrs.evolve(service, cluster_ips=() if service.type == "ExternalName" else ips)
    store.add(service)
    if not service.selects and not store.slices(service.namespace, service.name):
        store.add(_slice(networks))


def _first_address(store: Store, networks: Networks) -> Iterator[str]:
    """Tell the first address of the Services' network, which is the API server's unless an object states it."""
    first = str(next(networks.services[0].hosts()))
    if not store.services_with(first):
        yield first


def _slice(networks: Networks) -> EndpointSlice:
    address = NODE_IPS[family_of(str(networks.services[0]))]
    return EndpointSlice(
        _API_SERVER.namespace,
        _API_SERVER.name,
        _API_SERVER.name,
        (EndpointAddress(address),),
        (PortEntry("https", 6443, "TCP"),),
        labels={"kubernetes.io/service-name": _API_SERVER.name},
    )
