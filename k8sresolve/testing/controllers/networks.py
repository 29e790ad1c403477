"""The cluster's networks, and who gets which address of them.

Who gets an address gets one that depends on its own name and on nothing else, as long as that is free: objects that are
added or removed leave the others where they are.
"""

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from socket import AF_INET, AF_INET6, inet_pton
from typing import TypeAlias

import attrs

from k8sresolve._escaping import told
from k8sresolve.errors import ConfigError, ManifestError
from k8sresolve.testing.objects.addresses import IPFamily, family_of, read_address

IPNetwork: TypeAlias = IPv4Network | IPv6Network

SERVICE_CIDRS: Mapping[IPFamily, str] = {"IPv4": "10.96.0.0/16", "IPv6": "fd00:10:96::/112"}
"""Where ClusterIPs come from unless a test says otherwise."""

POD_CIDRS: Mapping[IPFamily, str] = {"IPv4": "10.244.0.0/16", "IPv6": "fd00:10:244::/56"}
"""Where pods' addresses come from unless a test says otherwise."""

NODE_IPS: Mapping[IPFamily, str] = {"IPv4": "172.18.0.2", "IPv6": "fc00:f853:ccd:e793::2"}
"""The addresses of the node that a cluster has where the manifests hold none, as kind gives them."""


def _read_networks(name: str, cidrs: Iterable[str]) -> tuple[IPNetwork, ...]:
    networks: list[IPNetwork] = []
    if isinstance(cidrs, str) or not isinstance(cidrs, Iterable):
        raise ConfigError(f"{name}={told(cidrs)} is no list of networks", advice=f"give [{SERVICE_CIDRS['IPv4']!r}]")
    for cidr in cidrs:
        try:
            networks.append(ip_network(cidr if isinstance(cidr, str) else told(cidr)))
        except ValueError as error:
            raise ConfigError(f"{name}: {error}", advice=f"write it as {SERVICE_CIDRS['IPv4']}") from None
    if not networks or len({network.version for network in networks}) != len(networks):
        raise ConfigError(f"{name}: {len(networks)} networks given", advice="give one, or one of each IP family")
    return tuple(networks)


@attrs.frozen
class Networks:
    """The networks that ClusterIPs and pods' addresses come from: one of each IP family, the first one first.

    `are_stated` says that those of Services are the cluster's own, and not taken for want of others.
    """

    services: tuple[IPNetwork, ...]
    pods: tuple[IPNetwork, ...]
    are_stated: bool = False

    @classmethod
    def of(
        cls, service_cidrs: Sequence[str] | None, pod_cidrs: Sequence[str] | None, families: Sequence[IPFamily]
    ) -> "Networks":
        """Read them as a test gives them. Where it gives neither, the cluster has `families`.

        Raises `ConfigError` for what is no network, and if the two have not the same families in the same order.

        >>> Networks.of(None, ["172.16.0.0/12"], ["IPv4", "IPv6"]).families
        ('IPv4',)
        """
        services = None if service_cidrs is None else _read_networks("service_cidrs", service_cidrs)
        pods = None if pod_cidrs is None else _read_networks("pod_cidrs", pod_cidrs)
        stated = services or pods
        if stated is not None:
            families = [family_of(str(network)) for network in stated]
        networks = cls(
            services or tuple(ip_network(SERVICE_CIDRS[family]) for family in families),
            pods or tuple(ip_network(POD_CIDRS[family]) for family in families),
            are_stated=services is not None,
        )
        if [one.version for one in networks.services] != [one.version for one in networks.pods]:
            raise ConfigError(
                "service_cidrs and pod_cidrs differ in their IP families", advice="give both the same, in one order"
            )
        return networks

    @property
    def families(self) -> tuple[IPFamily, ...]:
        """The cluster's IP families, the first one first: that of a Service that states none."""
        return tuple(family_of(str(network)) for network in self.services)

    def may_be_cluster_ip(self, ip: str) -> bool:
        """Whether a Service can have an address: it is one of the network's hosts (`pkg/registry/core/service`)."""
        address = read_address(ip)
        network = next((one for one in self.services if address in one), None)
        if network is None:
            return False
        # Of IPv6 networks the last address is no broadcast.
        return address not in (network[0], network[-1] if network.version == 4 else None)

    @property
    def api_server(self) -> str:
        """The ClusterIP of the API server: the first of the first network of Services."""
        return str(next(self.services[0].hosts()))

    @property
    def nameserver(self) -> str:
        """The ClusterIP that kubeadm gives to the nameserver: the tenth of the first network of Services."""
        network = self.services[0]
        return str(network[min(10, network.num_addresses - 1)])


class AddressPool:
    """The addresses of one network that nobody has.

    The first of them are left to who states one: `min(max(16, size/16), 256)`, as Kubernetes does for ClusterIPs
    (KEP-3070).
    """

    def __init__(self, network: IPNetwork) -> None:
        self._network = network
        self._family = AF_INET if network.version == 4 else AF_INET6
        self._base = int(network.network_address)
        self._first = min(max(16, network.num_addresses // 16), 256, network.num_addresses - 1)
        self._free = max(network.num_addresses - self._first - 1, 0)
        self._taken: set[int] = set()
        self._given: set[int] = set()

    def take(self, address: str) -> None:
        """Note that somebody has an address; one of another network changes nothing."""
        offset = self._offset(address)
        if offset is not None:
            self._taken.add(offset)

    def release(self, address: str) -> None:
        """Note that nobody has an address any more."""
        offset = self._offset(address)
        if offset is not None:
            self._taken.discard(offset)
            self._given.discard(offset)

    def gave(self, address: str) -> bool:
        """Whether somebody has an address from here, and states none."""
        return self._offset(address) in self._given

    def allocate(self, owner: str) -> str:
        """Give `owner` a free address. Raises `ManifestError` if there is none."""
        start = zlib.crc32(owner.encode())
        for step in range(self._free):
            offset = self._first + (start + step) % self._free
            if offset not in self._taken:
                self._taken.add(offset)
                self._given.add(offset)
                return str(self._network[offset])
        raise ManifestError(f"{self._network} has no free address for {owner}; give the cluster a larger network")

    def checkpoint(self) -> Callable[[], None]:
        """Return what puts everything back to where it is now."""
        taken, given = set(self._taken), set(self._given)

        def restore() -> None:
            self._taken, self._given = taken, given

        return restore

    def _offset(self, address: str) -> int | None:
        try:
            offset = int.from_bytes(inet_pton(self._family, address)) - self._base
        except (OSError, ValueError):
            return None
        return offset if 0 <= offset < self._network.num_addresses else None
