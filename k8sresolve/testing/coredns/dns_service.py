"""The Service of the cluster's nameserver, which distributions name as they like."""

from collections.abc import Iterator

from k8sresolve.testing.objects.kinds import Service
from k8sresolve.testing.objects.store import Store

DEFAULT_NAMESERVER = "10.96.0.10"
"""The nameserver in resolv.conf where no Service says otherwise: kubeadm's."""

DNS_SERVICE = ("kube-system", "kube-dns")
"""Namespace and name of the DNS Service, unless a distribution has another."""
_OPENSHIFT = ("openshift-dns", "dns-default")  # its selector is of its own
_PODS = ("k8s-app", "kube-dns")
_UPSTREAM = "kube-dns-upstream"  # by which NodeLocal DNSCache asks the nameserver, and no pod


def dns_services(store: Store) -> Iterator[Service]:
    """Find the Services that lead to the cluster's nameserver; that which pods are told to ask comes first."""
    usual = store.service(*DNS_SERVICE)
    if usual is not None:
        yield usual
    others = [service for service in store.services_of_dns() if service is not usual]
    yield from sorted(filter(_is_dns, others), key=lambda service: service.name == _UPSTREAM)


def _is_dns(service: Service) -> bool:
    labelled = _PODS in service.selector or service.labels.get(_PODS[0]) == _PODS[1]
    return labelled or (service.namespace, service.name) == _OPENSHIFT


def cluster_dns(store: Store, default: str = DEFAULT_NAMESERVER) -> str:
    """Find the address of the cluster's nameserver, as pods know it: `default` where no Service is that."""
    service = next(dns_services(store), None)
    return default if service is None or service.headless or not service.cluster_ips else service.cluster_ips[0]


def dns_addresses(store: Store) -> frozenset[str]:
    """Find all addresses at which pods, and a cache on their node, ask the cluster's nameserver."""
    return frozenset(
        [cluster_dns(store), *(ip for one in dns_services(store) if not one.headless for ip in one.cluster_ips)]
    )
