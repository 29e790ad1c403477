"""What the `kubernetes` plugin sees of the cluster, by its options."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

from k8sresolve.testing.coredns.addresses import pack_address
from k8sresolve.testing.coredns.plugins.kubernetes.options import KubernetesOptions
from k8sresolve.testing.objects.kinds import EndpointAddress, EndpointSlice, Namespace, Pod, Service, ServiceImport
from k8sresolve.testing.objects.label_selector import LabelSelector
from k8sresolve.testing.objects.store import Store
from k8sresolve.testing.versions import POD_IPS, Version

_MAX_POD_LABEL = 63


class _Labelled(Protocol):
    @property
    def labels(self) -> Mapping[str, str]: ...


_T = TypeVar("_T", bound=_Labelled)


def _selector(text: str) -> LabelSelector | None:
    return LabelSelector(text) if text else None


class View:
    """The objects of a store that the options do not leave out, and the names that these have."""

    def __init__(
        self, store: Store, options: KubernetesOptions, server_addresses: Sequence[str], coredns: Version
    ) -> None:
        self.options = options
        self._by_any_address = coredns.has(POD_IPS)
        self._store = store
        self._server_addresses = tuple(server_addresses)
        self._labels = _selector(options.labels)
        self._namespace_labels = _selector(options.namespace_labels)

    @property
    def serial(self) -> int:
        """What stands for the time of the last change."""
        return self._store.serial

    @property
    def is_synced(self) -> bool:
        """Whether it is known which objects there are."""
        return self._store.is_synced

    def exposes(self, namespace: str) -> bool:
        """Whether a namespace is served: it exists, and the options do not leave it out."""
        allowed = self.options.namespaces
        if (allowed is not None and namespace not in allowed) or not self._store.has_namespace(namespace):
            return False
        if self._namespace_labels is None:
            return True
        found = self._store.get("Namespace", "", namespace)
        return isinstance(found, Namespace) and self._namespace_labels.matches(found.labels)

    def _shown(self, found: Sequence[_T]) -> Sequence[_T]:
        """Leave out what the option `labels` does not select."""
        labels = self._labels
        return found if labels is None else [item for item in found if labels.matches(item.labels)]

    def service(self, namespace: str, name: str) -> Service | None:
        """Find a Service."""
        found, labels = self._store.service(namespace, name), self._labels
        return found if found is None or labels is None or labels.matches(found.labels) else None

    def service_import(self, namespace: str, name: str) -> ServiceImport | None:
        """Find a ServiceImport. CoreDNS selects them by the selector that is meant for namespaces."""
        found = self._store.service_import(namespace, name)
        labels = self._namespace_labels
        return found if found is None or labels is None or labels.matches(found.labels) else None

    def pods_with(self, ip: str) -> Sequence[Pod]:
        """Find the Pods that have an IP, by its exact text."""
        found = self._store.pods_with(ip)
        return self._shown(found if self._by_any_address else [pod for pod in found if pod.ip == ip])

    def slices(self, service: Service) -> Sequence[EndpointSlice]:
        """Find the EndpointSlices of a Service, as far as the options let them be read."""
        return () if self.options.noendpoints else self._shown(self._store.slices(service.namespace, service.name))

    def imported_slices(self, imported: ServiceImport) -> Sequence[EndpointSlice]:
        """Find the EndpointSlices of a ServiceImport."""
        return self._shown(self._store.imported_slices(imported.namespace, imported.name))

    def endpoint_name(self, entry: EndpointAddress) -> str:
        """Name an endpoint: by its hostname, else by its pod where the options say so, else by its address."""
        if entry.hostname:
            return entry.hostname
        if self.options.endpoint_pod_names and entry.pod and len(entry.pod) <= _MAX_POD_LABEL:
            return entry.pod
        if "." in entry.address:
            return entry.address.replace(".", "-")
        if ":" not in entry.address:
            return ""
        name = entry.address.replace(":", "-")
        return f"{name}0" if name.endswith("-") else name  # a label cannot end in a hyphen

    def endpoint_names(self, entries: Iterable[EndpointAddress]) -> list[str]:
        """Name endpoints, each as `endpoint_name` does."""
        if self.options.endpoint_pod_names:
            return [self.endpoint_name(entry) for entry in entries]
        return [
            entry[0].replace(".", "-") if "." in entry[0] and not entry[1] else self.endpoint_name(entry)
            for entry in entries
        ]

    def reverse(self, ip: str) -> list[str]:
        """Find the names for an address: that of the first Service with this ClusterIP, else those of all endpoints."""
        zone = self.options.primary_zone
        for service in self._shown(self._store.services_with(ip)):
            if self._reverse_exposes(service.namespace):
                return [f"{service.name}.{service.namespace}.svc.{zone}"]
        return [
            f"{self.endpoint_name(entry)}.{part.service}.{part.namespace}.svc.{zone}"
            for part in self._slices_with(ip)
            if self._reverse_exposes(part.namespace)
            for entry in part.addresses
            if entry.address == ip
        ]

    def _reverse_exposes(self, namespace: str) -> bool:
        # CoreDNS asks whether the namespace exists only where `namespaces` is set; `namespace_labels` is not looked at.
        return self.options.namespaces is None or self.exposes(namespace)

    def _slices_with(self, ip: str) -> Sequence[EndpointSlice]:
        return () if self.options.noendpoints else self._shown(self._store.slices_with(ip))

    def nameservers(self, zone: str) -> list[tuple[str, bytes | None]]:
        """Find the nameserver's names in a zone, with addresses: its Services, else `ns.dns` at its own.

        An address may be None, where the Service has no ClusterIP or an endpoint is no address.
        """
        found: list[tuple[str, str]] = []
        known = False
        for address in self._server_addresses:
            for part in self._slices_with(address):
                known = True
                service = self.service(part.namespace, part.service)
                if service is not None:
                    found.extend(self._own_names(service, part, zone))
        if not known:
            found = [(f"ns.dns.{zone}", address) for address in self._server_addresses]
        return [(name, pack_address(address)) for name, address in found]

    def _own_names(self, service: Service, part: EndpointSlice, zone: str) -> Iterator[tuple[str, str]]:
        name = f"{service.name}.{service.namespace}.svc.{zone}"
        if service.headless:
            yield from ((f"{self.endpoint_name(entry)}.{name}", entry.address) for entry in part.addresses)
        else:
            yield from ((name, ip) for ip in service.cluster_ips or ("",))

    def external_reverse(self, ip: str) -> list[str]:
        """Name the Services that have an external IP, as `SVC.NS`."""
        return [
            f"{service.name}.{service.namespace}"
            for service in self._shown(self._store.services_outside(ip))
            if self._reverse_exposes(service.namespace)
        ]

    def external_nameservers(self, *, headless: bool) -> list[bytes]:
        """Find the nameserver's addresses outside: those of its Services, else its own."""
        parts = [part for address in self._server_addresses for part in self._slices_with(address)]
        found: list[str] = [] if parts else list(self._server_addresses)
        for part in parts:
            service = self.service(part.namespace, part.service)
            if service is not None and headless and service.headless:
                found += [entry.address for entry in part.addresses]
            elif service is not None:
                found += service.external_ips
        packed = map(pack_address, found)
        return [address for address in packed if address is not None]
