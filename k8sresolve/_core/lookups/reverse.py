"""From addresses to names: PTR, and pods' names."""

from __future__ import annotations

from k8sresolve._core.lookups.setting import Setting
from k8sresolve._core.lookups.trail import Trail
from k8sresolve._core.questions import AAAA, PTR, A, Lookup
from k8sresolve.names import EndpointName, IPAddress, PodName, ServiceName, parse_address, parse_pointer

_UNTOLD = "CoreDNS tells of every ready endpoint; kube-dns only of ClusterIPs, and of pods with a hostname"


def reverse(setting: Setting, address: str | IPAddress) -> Lookup[tuple[ServiceName | EndpointName | str, ...]]:
    """PTR: which Service or endpoint has this address."""
    targets = yield from pointers(setting, address)
    return tuple(parse_pointer(target) for target in sorted(set(targets)))


def pointers(setting: Setting, address: str | IPAddress) -> Lookup[tuple[str, ...]]:
    """The absolute names of an address, as received."""
    ip = parse_address(address)
    trail = Trail(str(address), setting)
    found = trail.found(
        (yield from trail.one(pointer_of(ip), PTR)),
        nxdomain=lambda: ("no Service and no endpoint of one has this address, as far as DNS tells", _UNTOLD),
        nodata=lambda: ("the reverse name exists, but has no PTR record", ""),
    )
    return found.data


def pointer_of(address: IPAddress) -> str:
    return f"{address.reverse_pointer}."


def pod(setting: Setting, address: str | IPAddress, namespace: str | None = None) -> Lookup[PodName]:
    """The pod name of an address; an echo in most clusters."""
    ip = parse_address(address)
    text = str(address)
    name = PodName(ip, setting.namespace(text, namespace), setting.cluster_domain(text))
    trail = Trail(text, setting)
    trail.found(
        (yield from trail.one(name.fqdn, A if ip.version == 4 else AAAA)),
        nxdomain=lambda: (
            f"no pod name {name.fqdn}",
            "the namespace does not exist, CoreDNS has `pods disabled`, or, with `pods verified`, there is no such pod",
        ),
        nodata=lambda: (
            f"{name.fqdn} exists, but has no IPv{ip.version} address",
            "kube-dns, which GKE runs, has names of IPv4 addresses alone" if ip.version == 6 else "",
        ),
    )
    return name
