"""What every cluster holds before anything is applied to it, recorded from Kubernetes 1.37.2.

Source: `pkg/controlplane/controller/systemnamespaces` and `kubernetesservice` of Kubernetes.
"""

from collections.abc import Iterator

import attrs

from k8sresolve.testing.controllers.networks import NODE_IPS, Networks
from k8sresolve.testing.objects.kinds import EndpointAddress, EndpointSlice, Namespace, PortEntry, Service
from k8sresolve.testing.objects.store import Store

NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")

API_SERVER = ("default", "kubernetes")
"""Namespace and name of the Service of the API server."""

_SERVICE = Service(
    *API_SERVER,
    ports=(PortEntry("https", 443, "TCP", target=6443),),
    labels={"component": "apiserver", "provider": "kubernetes"},
)


def add_built_ins(store: Store, networks: Networks) -> None:
    """Put in the namespaces, and the Service of the API server with its EndpointSlice; what is stated stands."""
    for name in NAMESPACES:
        if not store.has_namespace(name):
            store.add(Namespace(name))
    service = store.service(*API_SERVER) or _SERVICE
    ips = service.cluster_ips or tuple(_first_address(store, networks))
    service = attrs.evolve(service, cluster_ips=() if service.type == "ExternalName" else ips)
    store.add(service)
    if not service.selects and not store.slices(service.namespace, service.name):
        store.add(_slice(networks))


def _first_address(store: Store, networks: Networks) -> Iterator[str]:
    """Tell the first address of the Services' network, which is the API server's unless an object states it."""
    if not store.services_with(networks.api_server):
        yield networks.api_server


def _slice(networks: Networks) -> EndpointSlice:
    (namespace, name), family = API_SERVER, networks.families[0]
    return EndpointSlice(
        namespace,
        name,
        name,
        (EndpointAddress(NODE_IPS[family]),),
        (PortEntry("https", 6443, "TCP"),),
        address_type=family,
        labels={"kubernetes.io/service-name": name},
    )
