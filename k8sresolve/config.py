"""What a resolver is configured with: values, as resolv.conf(5) and the kubelet give them.

Nothing here reads a file.
"""

import ipaddress
import re
from collections.abc import Iterable
from typing import Literal, TypeAlias

import attrs

from k8sresolve.errors import ConfigError
from k8sresolve.findings import Finding

# An IPv6 address without brackets has colons of its own, and no port.
_WITH_PORT = re.compile(r"(?:\[(?P<ipv6>[^]]*)\]|(?P<ipv4>[^:]*))(?::(?P<port>[0-9]{1,5}))?")


def _canonical(address: str) -> str:
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        raise ConfigError(f"{address!r} is no IP address", advice="a nameserver is given by its address") from None


def _check_port(_self: object, _attribute: object, port: int) -> None:
    if not 0 < port < 65536:
        raise ConfigError(f"{port!r} is no port of a nameserver", advice="give a number from 1 to 65535")


@attrs.frozen
class Nameserver:
    """A nameserver: its `address` (canonical text, without scope), `port` and `scope`.

    The scope is the interface index of a link-local IPv6 address, 0 where there is none. `ConfigError` is raised for
    what is no address or no port.

    >>> str(Nameserver("10.96.0.10"))
    '10.96.0.10'
    >>> str(Nameserver("fd00::a", port=5353))
    '[fd00::a]:5353'
    """

    address: str = attrs.field(converter=_canonical)
    port: int = attrs.field(default=53, validator=_check_port)
    scope: int = 0

    @property
    def is_ipv6(self) -> bool:
        """Whether it is reached by IPv6."""
        return ":" in self.address

    @classmethod
    def parse(cls, text: str) -> "Nameserver":
        """Read `IP`, `IP:PORT` or `[IPv6]:PORT`.

        Raises `ConfigError` for anything else.

        >>> Nameserver.parse("[fd00::a]:1053")
        Nameserver(address='fd00::a', port=1053, scope=0)
        """
        match = _WITH_PORT.fullmatch(text) if isinstance(text, str) else None
        host, port = (match["ipv6"] or match["ipv4"], match["port"] or "53") if match else (text, "53")
        try:
            address, _, scope = host.partition("%")
            return cls(address, int(port), int(scope or 0))
        except (AttributeError, ValueError):
            raise ConfigError(
                f"{text!r} is no nameserver", advice="give an IP address, IP:PORT or [IPv6]:PORT"
            ) from None

    def __str__(self) -> str:
        if self.port == 53:
            return self.address
        return f"[{self.address}]:{self.port}" if self.is_ipv6 else f"{self.address}:{self.port}"


Policy: TypeAlias = Literal["kubernetes", "glibc", "musl", "musl-1.2.3", "go"]
"""A search policy: how a name is searched for, and how resolv.conf is read. `musl` is 1.2.4 and newer."""

Family: TypeAlias = Literal["auto", "ipv4", "ipv6", "both"]
"""Which addresses are asked for: `auto` asks AAAA where the pod has an IPv6 address, the others are exact."""


@attrs.frozen
class CacheConfig:
    """The cache's bounds: `entries` answers, and the most seconds that an answer is kept.

    `max_ttl` bounds every answer (RFC 2181, section 8), `negative_ttl` NXDOMAIN and NODATA outside the cluster domain
    and `cluster_negative_ttl` inside it, where programs wait for names to appear. `entries=0` keeps nothing.
    """

    entries: int = 4096
    max_ttl: float = 3600.0
    negative_ttl: float = 30.0
    cluster_negative_ttl: float = 5.0


def infer_cluster(search: Iterable[str]) -> tuple[str | None, str | None]:
    """Tell (namespace, cluster domain) from a search list: an entry `X.svc.D`, best one whose `svc.D` is listed too.

    >>> infer_cluster(["shop.svc.cluster.local", "svc.cluster.local", "cluster.local"])
    ('shop', 'cluster.local')
    """
    entries = [entry.strip(".").lower() for entry in search]
    found: list[tuple[str, str]] = []
    for entry in entries:
        namespace, _, rest = entry.partition(".")
        marker, _, domain = rest.partition(".")
        if marker == "svc" and domain and namespace:
            found.append((namespace, domain))
    for namespace, domain in found:
        if f"svc.{domain}" in entries:
            return namespace, domain
    return found[0] if found else (None, None)


@attrs.frozen
class ResolverConfig:
    """Everything that a resolver takes from its surroundings.

    `nameservers` are asked in this order. `search`, `ndots` and `flags` are those of resolv.conf(5), entries as
    written. `timeout` (seconds for one try) and `attempts` are None where the file does not state them: then the
    resolver's own timers hold. `namespace` and `cluster_domain` are told by the search list unless given. `hosts` are
    the lines of hosts(5): (name in lower case, addresses as text). `source` says where all this was read from, and
    `diagnostics` what was odd there.

    >>> config = ResolverConfig(search=("shop.svc.cluster.local", "svc.cluster.local", "cluster.local"), ndots=5)
    >>> config.namespace, config.cluster_domain
    ('shop', 'cluster.local')
    """

    nameservers: tuple[Nameserver, ...] = (Nameserver("127.0.0.1"),)
    search: tuple[str, ...] = ()
    ndots: int = 1
    timeout: int | None = None
    attempts: int | None = None
    flags: frozenset[str] = frozenset()
    namespace: str | None = attrs.field(
        default=attrs.Factory(lambda self: infer_cluster(self.search)[0], takes_self=True)
    )
    cluster_domain: str | None = attrs.field(
        default=attrs.Factory(lambda self: infer_cluster(self.search)[1], takes_self=True)
    )
    hosts: tuple[tuple[str, tuple[str, ...]], ...] = attrs.field(default=(), repr=False)
    source: str = ""
    diagnostics: tuple[Finding, ...] = ()

    @classmethod
    def for_cluster(
        cls, nameserver: str | Nameserver, *, namespace: str = "default", cluster_domain: str = "cluster.local"
    ) -> "ResolverConfig":
        """Make the configuration of a pod in `namespace` for a program outside it.

        CoreDNS is reached at `nameserver`: `IP`, `IP:PORT` or `[IPv6]:PORT`.

        >>> ResolverConfig.for_cluster("10.244.0.2", namespace="shop").search
        ('shop.svc.cluster.local', 'svc.cluster.local', 'cluster.local')
        """
        if isinstance(nameserver, str):
            nameserver = Nameserver.parse(nameserver)
        domain = cluster_domain.rstrip(".").lower()
        return cls(
            nameservers=(nameserver,),
            search=(f"{namespace}.svc.{domain}", f"svc.{domain}", domain),
            ndots=5,
            namespace=namespace,
            cluster_domain=domain,
            source=f"for_cluster({nameserver})",
        )
