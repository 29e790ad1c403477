"""What lookups return: frozen records that compare by meaning.

`ttl` (seconds, the least as received), `expires_at` (Unix time), `candidate` (the name that answered) and `age` take no
part in equality. Addresses and targets are in canonical order, which is no preference: use `spread` and `select` to
connect. As text each is one short line for people, as the examples show; `repr` shows the fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from k8sresolve._escaping import escaped, few
from k8sresolve._value import Value
from k8sresolve.errors import InvalidName, PortsDiffer
from k8sresolve.names import EndpointName, IPAddress, PortName, ServiceName

if TYPE_CHECKING:
    import random


def _fresh() -> random.Random:
    # Imported late: `random` brings hashlib along, and a lookup needs neither.
    import random

    return random.Random()  # noqa: S311 - spreading load is no secret


def _line(subject: object, *parts: str) -> str:
    return escaped(f"{subject}: {'; '.join(filter(None, parts))}")


class _Aged(Value):
    """What may be made of answers that have expired."""

    __slots__ = ()

    age: float

    @property
    def stale(self) -> bool:
        """Whether an answer that has expired stands in for one that did not come (`CacheConfig.serve_stale`)."""
        return self.age > 0.0


def _unfrozen(kind: type[Value]) -> type[Any]:
    """Make a class whose objects become such values once their fields are set.

    That takes a third of the time: attrs sets each field of a frozen value by a call.
    """
    return type(kind.__name__, kind.__bases__, {"__slots__": kind.__slots__})


@attrs.frozen(eq=False, repr=False, weakref_slot=False)
class Cname(Value):
    """A CNAME chain, such as an ExternalName makes.

    >>> from k8sresolve import Cname
    >>> print(Cname(("www.example.com.", "api.example.com."), leaves_cluster=True))
    alias of www.example.com., api.example.com. (outside the cluster domain)
    """

    targets: tuple[str, ...]
    """The names that it leads to, in order, absolute."""
    leaves_cluster: bool
    """Whether one of them is outside the cluster domain."""

    def __str__(self) -> str:
        return escaped(f"alias of {few(self.targets)}{' (outside the cluster domain)' if self.leaves_cluster else ''}")


@attrs.frozen(eq=False, repr=False, weakref_slot=False)
class Target(Value):
    """One SRV record, with the addresses of its name.

    Source: RFC 2782.

    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> resolver = cluster.resolver(namespace="shop")
    >>> print(resolver.port("payments", "http").targets[0])
    payments.shop.svc.cluster.local:80 (10.96.20.1)
    """

    name: str
    """The target's absolute name."""
    port: int
    """The port's number there."""
    priority: int
    """The lower, the earlier it is tried."""
    weight: int
    """Its share of the tries among targets of one priority."""
    addresses: tuple[IPAddress, ...]
    """The addresses of that name, in canonical order. Empty where they are not known."""
    ranks: tuple[int, ...] = attrs.field(default=(), eq=False, repr=False)
    """The class of each address by RFC 6724, section 6, the least first; empty where all are alike."""

    def __str__(self) -> str:
        return escaped(f"{self.name.removesuffix('.')}:{self.port} ({few(self.addresses) or 'no address'})")


_Target = _unfrozen(Target)


def target_of(  # noqa: PLR0917 - as there are a thousand in a large answer
    name: str, port: int, priority: int, weight: int, addresses: tuple[IPAddress, ...], ranks: tuple[int, ...]
) -> Target:
    """Make a `Target`: see `_unfrozen`."""
    made: Any = _Target()
    made.name = name
    made.port = port
    made.priority = priority
    made.weight = weight
    made.addresses = addresses
    made.ranks = ranks
    made.__class__ = Target
    return made  # type: ignore[no-any-return]


@attrs.frozen(eq=False, repr=False, weakref_slot=False)
class Port(_Aged):
    """A Service's port, as SRV tells it.

    Source: RFC 2782; Kubernetes DNS specification, sections 2.3.2 and 2.4.2.

    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> resolver = cluster.resolver(namespace="shop")
    >>> port = resolver.port("payments", "http")
    >>> print(port)
    payments.shop.svc.cluster.local: http/tcp 80
    >>> for address, number in port.select():
    ...     print(address, number)
    10.96.20.1 80
    """

    name: str | None
    """The port's name. None from `Resolver.ports`, as SRV at the Service's own name does not tell it."""
    protocol: str | None
    """`tcp`, `udp` or `sctp`. None where `name` is None."""
    service: ServiceName
    """The Service."""
    targets: tuple[Target, ...]
    """The SRV records, in canonical order; to connect, use `select`."""
    ttl: int = attrs.field(default=0, eq=False)
    """Seconds, the least as received. No part in equality."""
    expires_at: float = attrs.field(default=0.0, eq=False)
    """Unix time at which it expires. No part in equality."""
    incomplete: bool = False
    """Whether addresses are missing: by loss, a server's failure, or as more than 1,024 targets came without one."""
    age: float = attrs.field(default=0.0, eq=False)
    """Seconds since the oldest answer came, where it is `stale`; else 0.0. No part in equality."""

    def __str__(self) -> str:
        return _line(self.service, _offered(self), _lacking(self.incomplete))

    @property
    def number(self) -> int:
        """The port's sole number: the Service port, or for a headless Service the pods' own port.

        Raises:
            PortsDiffer: The pods of a headless Service disagree.
        """
        numbers = _numbers(self)
        if len(numbers) > 1:
            raise PortsDiffer(
                self.service.host,
                f"its pods have unlike numbers for port {self.name!r}: {', '.join(map(str, numbers))}",
                advice="take each target's own port, from select() or endpoints()",
            )
        return numbers[0]

    @property
    def headless(self) -> bool:
        """Whether the targets are endpoints with names of their own, not the Service itself."""
        return any(target.name.lower() != self.service.fqdn for target in self.targets)

    def select(self, rng: random.Random | None = None) -> Iterator[tuple[IPAddress, int]]:
        """Yield (address, number) in the order in which to try them.

        Targets come by priority and, within one, by weighted chance; each target's addresses by the classes of RFC
        6724, and within one at random.

        Args:
            rng: What decides chance. None for a fresh generator.

        Source: RFC 2782, page 3; RFC 6724, section 6.
        """
        for number, addresses in targets_of(self, 0, rng):
            for address in addresses:
                yield address, number


Place: TypeAlias = tuple[int, int, int, str]


def place_of(endpoint: Endpoint) -> Place:
    """By which endpoints are in canonical order: IPv4 before IPv6, by number, then by port and name."""
    address = endpoint.address
    return address.version, int(address), endpoint.port or 0, str(endpoint.name or "")


def targets_of(
    found: Port | _Spread, port: str | int, rng: random.Random | None = None
) -> Iterator[tuple[int, list[IPAddress]]]:
    """Yield number and addresses of one target after the other, in the order in which to try them.

    A Service or a host is one target, whose number is `port`.
    """
    rng = rng or _fresh()
    if isinstance(found, Port):
        for target in _by_weight(found.targets, rng):
            yield target.port, _shuffled(target.addresses, target.ranks, rng)
    else:
        yield int(port), list(found.spread(rng))


def _numbers(port: Port) -> list[int]:
    return sorted({target.port for target in port.targets})


def _offered(port: Port) -> str:
    called = "port" if port.name is None else f"{port.name}/{port.protocol}"
    return f"{called} {few(_numbers(port))}"


def _lacking(incomplete: bool) -> str:
    return "incomplete" if incomplete else ""


def _by_weight(targets: tuple[Target, ...], rng: random.Random) -> Iterator[Target]:
    for _, group in groupby(sorted(targets, key=_priority), key=_priority):
        # Weight 0 comes first in the running sum, so it keeps its very small chance (RFC 2782, "Weight").
        order = sorted(group, key=lambda target: (target.weight > 0, rng.random()))
        left = _Weights([target.weight for target in order])
        for _ in order:
            yield order[left.take(rng.randint(0, left.total))]


def _priority(target: Target) -> int:
    return target.priority


class _Weights:
    """Running sums of weights that are taken one by one: a Fenwick tree, so that a long list costs little more."""

    def __init__(self, weights: list[int]) -> None:
        self.total = sum(weights)
        self._weights = weights
        self._taken = [False] * len(weights)
        self._first = 0  # the first that is left
        self._sums = [0, *weights]
        for at in range(1, len(self._sums)):
            above = at + (at & -at)
            if above < len(self._sums):
                self._sums[above] += self._sums[at]

    def take(self, mark: int) -> int:
        """Take the first of those left whose running sum is `mark` or more; returns its place in the list."""
        index = self._reaching(mark) if mark else self._first
        self._taken[index] = True
        while self._first < len(self._taken) and self._taken[self._first]:
            self._first += 1
        self.total -= self._weights[index]
        at = index + 1
        while at < len(self._sums):
            self._sums[at] -= self._weights[index]
            at += at & -at
        return index

    def _reaching(self, mark: int) -> int:
        index = 0
        for power in range(len(self._weights).bit_length() - 1, -1, -1):
            at = index + (1 << power)
            if at < len(self._sums) and self._sums[at] < mark:
                index = at
                mark -= self._sums[at]
        return index


def _shuffled(addresses: tuple[IPAddress, ...], ranks: tuple[int, ...], rng: random.Random) -> list[IPAddress]:
    ranked = [
        (rank, rng.random(), address) for rank, address in zip(ranks or (0,) * len(addresses), addresses, strict=True)
    ]
    return [address for _, _, address in sorted(ranked, key=lambda item: item[:2])]


class _Spread(_Aged):
    """Addresses that can be tried in a fresh random order."""

    __slots__ = ()

    addresses: tuple[IPAddress, ...]
    ranks: tuple[int, ...]

    def spread(self, rng: random.Random | None = None) -> Iterator[IPAddress]:
        """Yield the addresses in a fresh random order, the classes of RFC 6724 first.

        Args:
            rng: What decides chance. None for a fresh generator.

        Source: RFC 6724, section 6.
        """
        yield from _shuffled(self.addresses, self.ranks, rng or _fresh())


def _told(cname: Cname | None) -> str:
    return "" if cname is None else str(cname)


@attrs.frozen(eq=False, repr=False, weakref_slot=False)
class Service(_Spread):
    """A Service as DNS knows it: the ClusterIPs, or for a headless Service the pods' addresses.

    Source: Kubernetes DNS specification, sections 2.3 to 2.5.

    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> resolver = cluster.resolver(namespace="shop")
    >>> print(resolver.service("payments", ports=["http", "grpc"]))
    payments.shop.svc.cluster.local: 10.96.20.1; http/tcp 80, grpc/tcp 9090
    """

    name: ServiceName
    """The Service's name."""
    addresses: tuple[IPAddress, ...]
    """Its addresses, in canonical order; to connect, use `spread`."""
    ports: tuple[Port, ...] = ()
    """The ports that were asked for."""
    cname: Cname | None = None
    """The CNAME chain of an ExternalName, else None."""
    candidate: str = attrs.field(default="", eq=False)
    """The absolute name that answered. No part in equality."""
    ttl: int = attrs.field(default=0, eq=False)
    """Seconds, the least as received. No part in equality."""
    expires_at: float = attrs.field(default=0.0, eq=False)
    """Unix time at which it expires. No part in equality."""
    incomplete: bool = False
    """Whether addresses of one family are missing, by loss or a server's failure. Such a result is not remembered."""
    ranks: tuple[int, ...] = attrs.field(default=(), eq=False, repr=False)
    """The class of each address by RFC 6724, section 6, the least first; empty where all are alike."""
    age: float = attrs.field(default=0.0, eq=False)
    """Seconds since the oldest answer came, where it is `stale`; else 0.0. No part in equality."""

    def __str__(self) -> str:
        ports = few([_offered(port) for port in self.ports])
        return _line(self.name, _told(self.cname), few(self.addresses), ports, _lacking(self.incomplete))

    def port(self, port: str | PortName) -> Port:
        """Return one of the ports that were asked for.

        Args:
            port: Its name, or `name/protocol` where that is not TCP.

        Raises:
            InvalidName: It was not asked for.

        >>> from k8sresolve.testing import Cluster
        >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
        >>> resolver = cluster.resolver(namespace="shop")
        >>> resolver.service("payments", ports=["http", "grpc"]).port("http").number
        80
        """
        wanted = port if isinstance(port, PortName) else PortName.parse(port)
        for found in self.ports:
            if (found.name, found.protocol) == (wanted.port, wanted.protocol):
                return found
        asked = ", ".join(f"{each.name}/{each.protocol}" for each in self.ports) or "none"
        raise InvalidName(
            f"{wanted.port}/{wanted.protocol}",
            f"this port was not looked up with Service {self.name}; {asked} was",
            advice="list it in service(..., ports=[...]), or ask port()",
        )


@attrs.frozen(eq=False, repr=False, weakref_slot=False)
class Addresses(_Spread):
    """A host's addresses.

    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> resolver = cluster.resolver(namespace="shop")
    >>> found = resolver.addresses("payments")
    >>> print(found, next(found.spread()), found.candidate)
    payments: 10.96.20.1 10.96.20.1 payments.shop.svc.cluster.local.
    """

    host: str
    """The host as it was asked for."""
    addresses: tuple[IPAddress, ...]
    """Its addresses, in canonical order; to connect, use `spread`."""
    cname: Cname | None = None
    """The CNAME chain that leads to them, None where there is none."""
    candidate: str = attrs.field(default="", eq=False)
    """The absolute name that answered, empty where none was asked. No part in equality."""
    ttl: int = attrs.field(default=0, eq=False)
    """Seconds, the least as received. No part in equality."""
    expires_at: float = attrs.field(default=0.0, eq=False)
    """Unix time at which it expires. No part in equality."""
    incomplete: bool = False
    """Whether addresses of one family are missing, by loss or a server's failure. Such a result is not remembered."""
    ranks: tuple[int, ...] = attrs.field(default=(), eq=False, repr=False)
    """The class of each address by RFC 6724, section 6, the least first; empty where all are alike."""
    age: float = attrs.field(default=0.0, eq=False)
    """Seconds since the oldest answer came, where it is `stale`; else 0.0. No part in equality."""

    def __str__(self) -> str:
        return _line(self.host, _told(self.cname), few(self.addresses), _lacking(self.incomplete))


_Addresses = _unfrozen(Addresses)


def addresses_of(  # noqa: PLR0917 - as each cold lookup makes one
    host: str,
    candidate: str,
    addresses: tuple[IPAddress, ...],
    cname: Cname | None,
    ttl: int,
    expires_at: float,
    incomplete: bool,
    ranks: tuple[int, ...],
    age: float,
) -> Addresses:
    """Make an `Addresses`: see `_unfrozen`."""
    made: Any = _Addresses()
    made.host = host
    made.candidate = candidate
    made.addresses = addresses
    made.cname = cname
    made.ttl = ttl
    made.expires_at = expires_at
    made.incomplete = incomplete
    made.ranks = ranks
    made.age = age
    made.__class__ = Addresses
    return made  # type: ignore[no-any-return]


@attrs.frozen(eq=False, repr=False, weakref_slot=False)
class Endpoint(_Aged):
    """One pod that a headless Service publishes, or what else a watch has in its place.

    Source: Kubernetes DNS specification, section 2.4.

    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> resolver = cluster.resolver()
    >>> print(resolver.endpoints("cassandra.data", "cql")[0])
    10.244.1.21:9042 (cassandra-0)
    """

    address: IPAddress
    """Its address."""
    port: int | None
    """Its number for the port asked for, None where none was."""
    name: EndpointName | None
    """Its own name in DNS, None where it has none."""
    hostname: str | None
    """The first label of that name where it is a host name, None where it is an address with dashes."""
    age: float = attrs.field(default=0.0, eq=False)
    """Seconds since the oldest answer came, where it is `stale`; else 0.0. No part in equality."""

    def _meant(self) -> tuple[object, ...]:
        return self.address, self.port, self.name, self.hostname

    def __str__(self) -> str:
        host = f"[{self.address}]" if self.address.version == 6 and self.port is not None else str(self.address)
        place = host if self.port is None else f"{host}:{self.port}"
        return place if self.hostname is None else escaped(f"{place} ({self.hostname})")


_Endpoint = _unfrozen(Endpoint)


def endpoint_of(
    address: IPAddress, port: int | None, name: EndpointName | None, hostname: str | None, age: float
) -> Endpoint:
    """Make an `Endpoint`: see `_unfrozen`."""
    made: Any = _Endpoint()
    made.address = address
    made.port = port
    made.name = name
    made.hostname = hostname
    made.age = age
    made.__class__ = Endpoint
    return made  # type: ignore[no-any-return]


@attrs.frozen(eq=False, repr=False, weakref_slot=False)
class Answer(_Aged):
    """What `Resolver.lookup` returns: the RRset of any type.

    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> resolver = cluster.resolver()
    >>> print(resolver.lookup("dns-version.cluster.local.", "TXT"))
    dns-version.cluster.local. TXT: "1.1.0"
    """

    name: str
    """The name as it was asked for."""
    rdtype: str
    """The type, in capitals."""
    records: tuple[str, ...]
    """The records in presentation form (RFC 1035, section 5.1), as received."""
    cname: Cname | None = None
    """The CNAME chain that leads to them, None where there is none."""
    candidate: str = attrs.field(default="", eq=False)
    """The absolute name that answered. No part in equality."""
    ttl: int = attrs.field(default=0, eq=False)
    """Seconds, the least as received. No part in equality."""
    expires_at: float = attrs.field(default=0.0, eq=False)
    """Unix time at which it expires. No part in equality."""
    truncated: bool = False
    """Whether the nameserver cut the answer even over TCP."""
    age: float = attrs.field(default=0.0, eq=False)
    """Seconds since the answer came, where it is `stale`; else 0.0. No part in equality."""

    def __str__(self) -> str:
        cut = "truncated" if self.truncated else ""
        return _line(f"{self.name} {self.rdtype}", _told(self.cname), few(self.records), cut)
