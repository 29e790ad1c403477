"""What a resolver is configured with: values, as resolv.conf(5) and the kubelet give them.

Nothing here reads a file. All is checked where it is made: what cannot be meant is `ConfigError`, which says what to
give.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeGuard, assert_never

import attrs

from k8sresolve._escaping import told
from k8sresolve._value import Value
from k8sresolve.errors import ConfigError, InvalidName
from k8sresolve.names import check_domain, check_namespace

if TYPE_CHECKING:
    from k8sresolve.findings import Finding

__all__ = ["CacheConfig", "Dialect", "Family", "Nameserver", "Policy", "ResolverConfig"]

Policy: TypeAlias = Literal["kubernetes", "glibc", "musl", "musl-1.2.3", "go"]
"""A search policy: how a name is searched for, and how resolv.conf is read. `"musl"` is 1.2.4 and newer.

>>> from typing import get_args
>>> from k8sresolve import Policy
>>> get_args(Policy)
('kubernetes', 'glibc', 'musl', 'musl-1.2.3', 'go')
"""

Dialect: TypeAlias = Literal["glibc", "musl", "go"]
"""A way of reading resolv.conf: the resolvers do not take the same of a file.

>>> from typing import get_args
>>> from k8sresolve import Dialect
>>> get_args(Dialect)
('glibc', 'musl', 'go')
"""

Family: TypeAlias = Literal["auto", "ipv4", "ipv6", "both"]
"""Which addresses are asked for: `"auto"` asks AAAA where the pod has an IPv6 address, the others are exact.

>>> from typing import get_args
>>> from k8sresolve import Family
>>> get_args(Family)
('auto', 'ipv4', 'ipv6', 'both')
"""

_INT = 2**31  # no C int is larger, and glibc keeps what it reads in one, with its sign

# An IPv6 address without brackets has colons of its own, and no port.
_WITH_PORT = r"(?:\[(?P<ipv6>[^]]*)\]|(?P<ipv4>[^:]*))(?::(?P<port>[0-9]{1,5}))?"


def is_finite(value: object) -> TypeGuard[float]:
    """Whether this is a number that a float can hold."""
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:
        return False


def check_seconds(name: str, value: object, least: float = -math.inf) -> float:
    """Return a finite number of seconds, `least` or more; raises `ConfigError` for anything else."""
    if is_finite(value) and value >= least:
        return value
    if isinstance(value, int) and not isinstance(value, bool) and not is_finite(value):
        raise ConfigError(f"{name} is too large a number of seconds", advice="give a finite number")
    bound = "" if least == -math.inf else f" of {least:g} or more"
    raise ConfigError(f"{name}={told(value)} is no number of seconds", advice=f"give a finite number{bound}")


def read_seconds(text: str) -> float:
    """Read a number of seconds, more than 0; raises `ConfigError` for anything else."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not (math.isfinite(seconds) and seconds > 0):
        raise ConfigError(f"{told(text)} is no number of seconds", advice="give a number above 0, such as 5")
    return seconds


def check_whole(name: str, value: object, least: int, most: float = math.inf) -> int:
    """Return a whole number within its bounds; raises `ConfigError` for anything else."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        bounds = f"of {least} or more" if most == math.inf else f"from {least} to {most:.0f}"
        raise ConfigError(f"{name}={told(value)} is no number for this", advice=f"give a whole number {bounds}")
    return value


def _seconds(_owner: object, attribute: attrs.Attribute[Any], value: float) -> None:
    check_seconds(attribute.name, value, 0)


def _part(_owner: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if value is not None and not (is_finite(value) and 0 < value < 1):
        raise ConfigError(
            f"{attribute.name}={told(value)} is no part of a TTL", advice="give a number between 0 and 1, such as 0.8"
        )


def _whole(least: int, most: float = math.inf) -> Callable[[object, attrs.Attribute[Any], Any], None]:
    def check(_owner: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is None and attribute.default is None:
            return
        check_whole(attribute.name, value, least, most)

    return check


def _text(_owner: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, str):
        raise ConfigError(f"{attribute.name}={told(value)} is no text", advice="give text")


def _placed(check: Callable[[str], str], value: str, what: str, advice: str) -> str:
    try:
        return check(value)
    except InvalidName as error:
        refused = f"{told(value)} is no {what}"
        problem = error.problem if error.problem.startswith(refused) else f"{refused}: {error.problem}"
        raise ConfigError(problem, advice=advice) from None


def _namespace(value: str) -> str:
    return _placed(check_namespace, value, "namespace", "give one label, such as 'default'")


def _domain(value: str) -> str:
    return _placed(check_domain, value, "cluster domain", "give a domain, such as 'cluster.local'")


def optional_namespace(value: str | None) -> str | None:
    """Return a namespace in lower case, or None; raises `ConfigError` for what is none."""
    return None if value is None else _namespace(value)


def optional_domain(value: str | None) -> str | None:
    """Return a domain in lower case and without a dot at its end, or None; raises `ConfigError` for what is none."""
    return None if value is None else _domain(value)


def _items(name: str, value: Any, example: str) -> tuple[Any, ...]:
    """Take several values; one alone is no list of itself."""
    try:
        if not isinstance(value, str | bytes):
            return tuple(value)
    except TypeError:
        pass
    raise ConfigError(f"{name}={told(value)} is no list", advice=f"give {name}={example}")


def _texts(name: str, value: object, example: str) -> tuple[str, ...]:
    texts = _items(name, value, example)
    for text in texts:
        if not isinstance(text, str):
            raise ConfigError(f"{name} has {told(text)}, which is no text", advice=f"give {name}={example}")
    return texts


def _canonical(address: str) -> str:
    try:
        # ip_address() takes numbers and octets as well, which are nobody's address here.
        if isinstance(address, str | IPv4Address | IPv6Address):
            return str(ip_address(address))
    except ValueError:
        pass
    raise ConfigError(f"{told(address)} is no IP address", advice="a nameserver is given by its address")


def dialect_of(policy: Policy) -> Dialect:
    """Tell how the resolver whose search a policy is reads resolv.conf."""
    match policy:
        case "musl" | "musl-1.2.3":
            return "musl"
        case "go":
            return "go"
        case "glibc" | "kubernetes":
            return "glibc"
        case _:
            assert_never(policy)


@attrs.frozen(eq=False, repr=False)
class Nameserver(Value):
    """A nameserver: its address, port and scope.

    Raises:
        ConfigError: The address, the port or the scope is none.

    >>> from k8sresolve import Nameserver
    >>> str(Nameserver("10.96.0.10"))
    '10.96.0.10'
    >>> str(Nameserver("fd00::a", port=5353))
    '[fd00::a]:5353'
    >>> str(Nameserver("fe80::a", scope=2))
    'fe80::a%2'
    """

    address: str = attrs.field(converter=_canonical)
    """Its address: canonical text, without scope."""
    port: int = attrs.field(default=53, validator=_whole(1, 65535))
    """Its port, 1 to 65535. Default: 53."""
    scope: int = attrs.field(default=0, validator=_whole(0))
    """The interface index of a link-local IPv6 address. Default: 0, where there is none."""

    @property
    def is_ipv6(self) -> bool:
        """Whether it is reached by IPv6."""
        return ":" in self.address

    @classmethod
    def parse(cls, text: str) -> Nameserver:
        """Read `IP`, `IP:PORT` or `[IPv6]:PORT`; the address may have a scope, `%2`.

        Args:
            text: What to read.

        Raises:
            ConfigError: The text is anything else.

        >>> from k8sresolve import Nameserver
        >>> Nameserver.parse("[fd00::a]:1053")
        Nameserver(address='fd00::a', port=1053, scope=0)
        """
        match = re.fullmatch(_WITH_PORT, text) if isinstance(text, str) else None
        host, port = (match["ipv6"] or match["ipv4"], match["port"] or "53") if match else (text, "53")
        try:
            address, _, scope = host.partition("%")
            return cls(address, int(port), int(scope or 0))
        except (AttributeError, TypeError, ValueError):
            raise ConfigError(
                f"{told(text)} is no nameserver", advice="give an IP address, IP:PORT or [IPv6]:PORT"
            ) from None

    def __str__(self) -> str:
        address = f"{self.address}%{self.scope}" if self.scope else self.address
        if self.port == 53:
            return address
        return f"[{address}]:{self.port}" if self.is_ipv6 else f"{address}:{self.port}"


@attrs.frozen(eq=False, repr=False)
class CacheConfig(Value):
    """What a resolver remembers, how much, and for how long.

    `entries=0` or `octets=0` keeps nothing. Failures are never kept.

    Raises:
        ConfigError: A field is no such number.

    Source: RFC 2181, section 8; RFC 2308; RFC 8767.

    >>> from k8sresolve import CacheConfig
    >>> CacheConfig(negative_ttl=5, serve_stale=300).negative_ttl
    5
    """

    entries: int = attrs.field(default=4096, validator=_whole(0))
    """The most entries: answers, and what calls came to. Default: 4,096."""
    octets: int = attrs.field(default=16 << 20, validator=_whole(0))
    """The most octets of memory, as estimated; what takes more than an eighth of them is not kept. Default: 16 MiB."""
    max_ttl: float = attrs.field(default=3600.0, validator=_seconds)
    """The most seconds that an answer is kept, whatever its TTL. Default: 3,600."""
    negative_ttl: float = attrs.field(default=30.0, validator=_seconds)
    """The most seconds that NXDOMAIN and NODATA outside the cluster domain are kept. Default: 30."""
    cluster_negative_ttl: float = attrs.field(default=5.0, validator=_seconds)
    """The same inside the cluster domain, where programs wait for names to appear. Default: 5."""
    serve_stale: float = attrs.field(default=0.0, validator=_seconds)
    """Seconds after it has expired for which an answer stands in for one that does not come. Default: 0."""
    prefetch: float | None = attrs.field(default=None, validator=_part)
    """The part of its TTL, such as 0.8, after which a name that is asked for is asked again before it expires, once in
    a TTL and without the caller waiting. Between 0 and 1. Default: None, never.
    """


def infer_cluster(search: Iterable[str]) -> tuple[str | None, str | None]:
    """Tell (namespace, cluster domain) from a search list: an entry `X.svc.D`, best one whose `svc.D` is listed too.

    An entry of which no namespace or domain can be made tells nothing.

    >>> infer_cluster(["shop.svc.cluster.local", "svc.cluster.local", "cluster.local"])
    ('shop', 'cluster.local')
    """
    entries = [entry.strip(".").lower() for entry in search]
    found: list[tuple[str, str]] = []
    for entry in entries:
        namespace, _, rest = entry.partition(".")
        marker, _, domain = rest.partition(".")
        if marker == "svc" and _are_names(namespace, domain):
            found.append((namespace, domain))
    for namespace, domain in found:
        if f"svc.{domain}" in entries:
            return namespace, domain
    return found[0] if found else (None, None)


def _are_names(namespace: str, domain: str) -> bool:
    try:
        return bool(check_namespace(namespace) and check_domain(domain))
    except InvalidName:
        return False


def _nameservers(given: Iterable[str | Nameserver]) -> tuple[Nameserver, ...]:
    servers = _items("nameservers", given, '["10.96.0.10"]')
    return tuple(server if isinstance(server, Nameserver) else Nameserver.parse(server) for server in servers)


def _flags(given: Iterable[str]) -> frozenset[str]:
    return frozenset(_texts("flags", given, '["rotate"]'))


def _search(given: Iterable[str]) -> tuple[str, ...]:
    return _texts("search", given, '["shop.svc.cluster.local", "svc.cluster.local"]')


# Labels have letters, digits, hyphens, and underscores (RFC 8552); that of a top-level domain is no number (RFC 3696,
# section 2). Compiled where there is such a domain, which is seldom.
_OUTSIDE = r"(?=.{1,253}\Z)(?:[a-z0-9_-]{1,63}\.)*(?![0-9]+\Z)[a-z0-9_-]{1,63}"
_OF_THE_CLUSTER = frozenset({"svc", "pod"})


def check_absolute(domain: str) -> str:
    """Return a domain for `absolute` in lower case and without the dot at its end; raises `ConfigError` for none.

    >>> check_absolute("Amazonaws.com.")
    'amazonaws.com'
    """
    lower = domain.lower().removesuffix(".")
    if not (domain.isascii() and re.fullmatch(_OUTSIDE, lower)):
        raise ConfigError(
            f"{told(domain)} is no domain",
            advice="give it alone, as 'example.com', and an international one in its xn-- form: "
            "the names below it are meant too",
        )
    if lower in _OF_THE_CLUSTER:
        raise ConfigError(
            f"{told(domain)} is no domain outside the cluster: short names such as x.ns.{lower} end in it",
            advice="leave it out",
        )
    return lower


def _absolute(given: Iterable[str]) -> tuple[str, ...]:
    domains = _texts("absolute", given, '["example.com"]')
    return tuple(dict.fromkeys(map(check_absolute, domains)))


def _hosts(given: Iterable[tuple[str, Iterable[str]]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    example = '[("db", ["192.0.2.7"])]'
    lines = _items("hosts", given, example)
    try:
        return tuple((name.lower(), tuple(map(_canonical, _several(addresses)))) for name, addresses in lines)
    except ConfigError:
        raise
    except (AttributeError, TypeError, ValueError):
        raise ConfigError(
            f"hosts={told(given)} is no list of names with their addresses", advice=f"give hosts={example}"
        ) from None


def _several(addresses: Any) -> Any:
    if isinstance(addresses, str | bytes):
        raise TypeError  # each of its characters is one too
    return addresses


def _findings(given: Iterable[Finding]) -> tuple[Finding, ...]:
    findings = _items("diagnostics", given, "()")
    if not findings:
        return ()
    from k8sresolve.findings import Finding

    for finding in findings:
        if not isinstance(finding, Finding):
            raise ConfigError(f"diagnostics has {told(finding)}, which is no finding", advice="leave it out")
    return findings


@attrs.frozen(eq=False, repr=False)
class ResolverConfig(Value):
    """Everything that a resolver takes from its surroundings.

    Raises:
        ConfigError: A field can be none of what it says.

    Source: resolv.conf(5), hosts(5).

    >>> from k8sresolve import ResolverConfig
    >>> search = ["shop.svc.cluster.local", "svc.cluster.local", "cluster.local"]
    >>> config = ResolverConfig(search=search, ndots=5)
    >>> config.namespace, config.cluster_domain
    ('shop', 'cluster.local')
    """

    nameservers: tuple[Nameserver, ...] = attrs.field(default=(Nameserver("127.0.0.1"),), converter=_nameservers)
    """Whom to ask, in this order; text is read by `Nameserver.parse`. Default: `127.0.0.1`."""
    search: tuple[str, ...] = attrs.field(default=(), converter=_search)
    """The search list, entries as written. Default: empty."""
    ndots: int = attrs.field(default=1, validator=_whole(0))
    """A name with so many dots is asked for as typed first. Default: 1."""
    timeout: int | None = attrs.field(default=None, validator=_whole(-_INT, _INT))
    """Seconds for one try. Default: None, where the file states none: the resolver's own timers hold."""
    attempts: int | None = attrs.field(default=None, validator=_whole(-_INT, _INT))
    """How many times to ask. Default: None, where the file states none: until the lookup's deadline."""
    flags: frozenset[str] = attrs.field(default=frozenset(), converter=_flags)
    """The other options of resolv.conf(5), such as `rotate`, `use-vc` or `no-reload`. Default: none."""
    namespace: str | None = attrs.field(
        default=attrs.Factory(lambda self: infer_cluster(self.search)[0], takes_self=True),
        converter=optional_namespace,
    )
    """The pod's namespace. Default: what the search list tells, None where it tells none."""
    cluster_domain: str | None = attrs.field(
        default=attrs.Factory(lambda self: infer_cluster(self.search)[1], takes_self=True),
        converter=optional_domain,
    )
    """The cluster domain. Default: what the search list tells, None where it tells none."""
    hosts: tuple[tuple[str, tuple[str, ...]], ...] = attrs.field(default=(), converter=_hosts, repr=False)
    """The lines of hosts(5): a name in lower case, and its addresses as text. Default: none."""
    source: str = attrs.field(default="", validator=_text)
    """Where all this was read from. Default: empty."""
    diagnostics: tuple[Finding, ...] = attrs.field(default=(), converter=_findings)
    """What was odd there. Default: nothing."""
    absolute: tuple[str, ...] = attrs.field(default=(), converter=_absolute)
    """Domains: they and names under them are asked as typed only, as if a dot stood at their end. Default: none."""

    @classmethod
    def for_cluster(
        cls, nameserver: str | Nameserver, *, namespace: str = "default", cluster_domain: str = "cluster.local"
    ) -> ResolverConfig:
        """Make the configuration of a pod, for a program outside the cluster.

        Args:
            nameserver: Where CoreDNS is reached: a `Nameserver`, or `IP`, `IP:PORT` or `[IPv6]:PORT`.
            namespace: The pod's namespace.
            cluster_domain: The cluster domain.

        Raises:
            ConfigError: One of them is none.

        >>> from k8sresolve import ResolverConfig
        >>> ResolverConfig.for_cluster("10.244.0.2", namespace="shop").search
        ('shop.svc.cluster.local', 'svc.cluster.local', 'cluster.local')
        """
        server = nameserver if isinstance(nameserver, Nameserver) else Nameserver.parse(nameserver)
        place, domain = _namespace(namespace), _domain(cluster_domain)
        return cls(
            nameservers=(server,),
            search=(f"{place}.svc.{domain}", f"svc.{domain}", domain),
            ndots=5,
            namespace=place,
            cluster_domain=domain,
            source=f"for_cluster({server})",
        )


def check_config(config: object) -> ResolverConfig:
    """Return a configuration; raises `ConfigError`, which says how to make one, for anything else."""
    if not isinstance(config, ResolverConfig):
        raise ConfigError(
            f"{told(config)} is no ResolverConfig",
            advice='give ResolverConfig.for_cluster("10.96.0.10") or ResolverConfig(nameservers=["10.96.0.10"])',
        )
    return config
