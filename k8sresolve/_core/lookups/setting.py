"""What a resolver's lookups have in common: its configuration, search policy, families, own addresses and clock."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, lru_cache, partial

from k8sresolve._core.events import Events
from k8sresolve._core.questions import AAAA, A
from k8sresolve._core.search.rules import PolicyRules
from k8sresolve._core.search.walk import Search
from k8sresolve.config import Family, ResolverConfig
from k8sresolve.errors import ConfigError
from k8sresolve.names import IPAddress, ServiceName, check_namespace

_NAMES = 256  # of Services, that are kept as they were read
_FAMILY_NAMES = {"ipv4": "IPv4 address", "ipv6": "IPv6 address"}


class Setting:
    """What lookups take from their resolver.

    `own` tells the machine's own addresses; `now` is the driver's clock, and `wall` tells the Unix time.
    What follows from these is found once, when it is first needed.
    """

    def __init__(
        self,
        config: ResolverConfig,
        policy: PolicyRules,
        family: Family,
        *,
        own: Callable[[], tuple[IPAddress, ...]],
        now: Callable[[], float],
        wall: Callable[[], float],
        events: Events,
    ) -> None:
        self.config = config
        self.policy = policy
        self.family: Family = family
        self.own = own
        self.now = now
        self.wall = wall
        self.events = events
        self.hosts: dict[str, tuple[str, ...]] = dict(config.hosts)

    def under(self, policy: PolicyRules | None = None, family: Family | None = None) -> Setting:
        """The same with another policy or family."""
        return Setting(
            self.config,
            policy or self.policy,
            family or self.family,
            own=self.own,
            now=self.now,
            wall=self.wall,
            events=self.events,
        )

    @cached_property
    def search(self) -> Search:
        """How host names are searched for."""
        return Search(self.config, self.policy)

    @cached_property
    def rdtypes(self) -> tuple[int, ...]:
        """The address types to ask for at first."""
        match self.family:
            case "ipv4":
                return (A,)
            case "ipv6":
                return (AAAA,)
            case "both":
                return (A, AAAA)
            case "auto":
                return (A, AAAA) if self._takes_aaaa and self._has_ipv6() else (A,)

    @cached_property
    def only(self) -> int | None:
        """The only type that is asked for at first; None where there are two."""
        return self.rdtypes[0] if len(self.rdtypes) == 1 else None

    @cached_property
    def rest(self) -> tuple[int, ...]:
        """The address type that is asked for when the first has no data (`auto`)."""
        return (AAAA,) if self.family == "auto" and self._takes_aaaa and not self._has_ipv6() else ()

    @property
    def _takes_aaaa(self) -> bool:
        # resolv.conf(5), no-aaaa: suppress AAAA queries, unless the program insists on the family.
        return "no-aaaa" not in self.config.flags

    def _has_ipv6(self) -> bool:
        return any(a.version == 6 and not (a.is_loopback or a.is_link_local) for a in self.own())

    def takes(self, address: IPAddress) -> bool:
        """Whether the caller wants addresses of this family."""
        return self._version is None or address.version == self._version

    @cached_property
    def _version(self) -> int | None:
        return {"ipv4": 4, "ipv6": 6}.get(self.family)

    @property
    def wanted(self) -> str:
        """What the caller wants, for messages: `address`, or one of the family asked for."""
        return _FAMILY_NAMES.get(self.family, "address")

    def service_name(self, name: str | ServiceName) -> ServiceName:
        """Read a Service's name as users write it.

        Raises `InvalidName`, or `ConfigError` where the pod's place in the cluster is not known.
        """
        if isinstance(name, ServiceName):
            return name
        # What equals another of the user's own class need not mean the same.
        return self._read(name) if type(name) is str else _service_name(self.config, name)

    @cached_property
    def _read(self) -> Callable[[str], ServiceName]:
        """Reads a Service's name once: most programs ask for few, whenever a TTL has ended."""
        return lru_cache(_NAMES)(partial(_service_name, self.config))

    def cluster_domain(self, asked: str) -> str:
        """The cluster domain; `ConfigError`, which says what was asked, where it is not known."""
        return _cluster_domain(self.config, asked)

    def namespace(self, asked: str, given: str | None = None) -> str:
        """The namespace given, else the pod's own; `ConfigError`, which says what was asked, where it is not known."""
        return _namespace(self.config, asked, given)


def _service_name(config: ResolverConfig, name: str) -> ServiceName:
    # What is no Service's name at all shall be said first, whatever the configuration lacks.
    parsed = ServiceName.parse(name, namespace=config.namespace or "x", cluster_domain=config.cluster_domain or "x")
    dots = name.count(".")
    if dots < 3:
        _cluster_domain(config, name)
    if dots == 0 and "/" not in name:
        _namespace(config, name)
    return parsed


def _cluster_domain(config: ResolverConfig, asked: str) -> str:
    if config.cluster_domain is not None:
        return config.cluster_domain
    source = f" of {config.source}" if config.source else ""
    remark = remarks(config)
    raise ConfigError(
        f"{asked}: the cluster domain is not known: no entry NAMESPACE.svc.DOMAIN in the search list{source}"
        + (f" ({remark})" if remark else ""),
        advice="a pod with hostNetwork needs dnsPolicy: ClusterFirstWithHostNet; outside a pod give "
        "cluster_domain= or use ResolverConfig.for_cluster()",
    )


def _namespace(config: ResolverConfig, asked: str, given: str | None = None) -> str:
    found = config.namespace if given is None else given
    if found is None:
        raise ConfigError(f"{asked}: the namespace is not known", advice="write svc.ns, or give namespace=")
    return check_namespace(found)


def remarks(config: ResolverConfig) -> str:
    """What is odd about the configuration as a whole, for errors that it may explain."""
    return "; ".join(str(finding) for finding in config.diagnostics if finding.line is None)
