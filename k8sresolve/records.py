"""What lookups return: frozen records that compare by meaning.

`ttl` (seconds, the least as received), `expires_at` (Unix time), `candidate` (the name that answered) and `age` take no
part in equality. Addresses and targets are in canonical order, which is no preference: use `spread` and `select` to
connect.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any

import attrs

from k8sresolve._value import Value
from k8sresolve.errors import PortsDiffer
from k8sresolve.names import EndpointName, IPAddress, ServiceName

if TYPE_CHECKING:
    import random


def _fresh() -> random.Random:
    # Imported late: `random` brings hashlib along, and a lookup needs neither.
    import random

    return random.Random()  # noqa: S311 - spreading load is no secret


class _Aged(Value):
    """What may be made of answers that have expired."""

    __slots__ = ()

    age: float

    @property
    def stale(self) -> bool:
        """Whether an answer that has expired stands in, since none came in its place (`CacheConfig.serve_stale`).

        `age` is how many seconds ago the oldest such answer came, and 0 for a record that is not stale.
        """
        return self.age > 0.0


@attrs.frozen(eq=False, repr=False, weakref_slot=False)
class Cname(Value):
    """A CNAME chain, such as an ExternalName makes.

    `targets` are in order; `leaves_cluster` says whether one is outside the cluster domain.
    """

    targets: tuple[str, ...]
    leaves_cluster: bool


@attrs.frozen(eq=False, repr=False, weakref_slot=False)
class Target(Value):
    """One SRV record (RFC 2782) with its glue: `name` is absolute, `addresses` are those of that name."""

    name: str
    port: int
    priority: int
    weight: int
    addresses: tuple[IPAddress, ...]
    ranks: tuple[int, ...] = attrs.field(default=(), eq=False, repr=False)


@attrs.frozen(eq=False, repr=False, weakref_slot=False)
class Port(_Aged):
    """A Service's port, as SRV tells it.

    `name` and `protocol` are None from `ports()`, since SRV at the Service's own name does not tell them. `incomplete`:
    addresses are missing because of loss or a server's failure, or because more than 1,024 targets came without one.

    Source: RFC 2782; Kubernetes DNS specification, sections 2.3.2 and 2.4.2.
    """

    name: str | None
    protocol: str | None
    service: ServiceName
    targets: tuple[Target, ...]
    ttl: int = attrs.field(default=0, eq=False)
    expires_at: float = attrs.field(default=0.0, eq=False)
    incomplete: bool = False
    age: float = attrs.field(default=0.0, eq=False)

    @property
    def number(self) -> int:
        """The port's sole number: the Service port, or for a headless Service the pods' own port.

        Raises `PortsDiffer` where the pods of a headless Service disagree.
        """
        numbers = sorted({target.port for target in self.targets})
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
        """Yield (address, port) in the order in which to try them: RFC 2782, page 3.

        Targets come by priority and, within one, by weighted chance; each target's addresses by the classes of RFC 6724
        and within one at random. `rng` decides chance (default: a fresh generator).
        """
        rng = rng or _fresh()
        for target in _by_weight(self.targets, rng):
            for address in _shuffled(target.addresses, target.ranks, rng):
                yield address, target.port


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
        """Yield the addresses in a fresh random order, the classes of RFC 6724, section 6, first.

        `rng` decides chance (default: a fresh generator).
        """
        yield from _shuffled(self.addresses, self.ranks, rng or _fresh())


@attrs.frozen(eq=False, repr=False, weakref_slot=False)
class Service(_Spread):
    """A Service as DNS knows it: the ClusterIPs, or for a headless Service the pods' addresses.

    `ports` are those asked for. `cname` is the chain of an ExternalName. `incomplete`: addresses of one family are
    missing because of loss or a server's failure; such a result is not remembered.

    Source: Kubernetes DNS specification, sections 2.3 and 2.4.
    """

    name: ServiceName
    addresses: tuple[IPAddress, ...]
    ports: tuple[Port, ...] = ()
    cname: Cname | None = None
    candidate: str = attrs.field(default="", eq=False)
    ttl: int = attrs.field(default=0, eq=False)
    expires_at: float = attrs.field(default=0.0, eq=False)
    incomplete: bool = False
    ranks: tuple[int, ...] = attrs.field(default=(), eq=False, repr=False)
    age: float = attrs.field(default=0.0, eq=False)


@attrs.frozen(eq=False, repr=False, weakref_slot=False)
class Addresses(_Spread):
    """A host's addresses.

    `host` is as asked; `candidate` is the absolute name that answered, empty where none was asked. `incomplete`:
    addresses of one family are missing because of loss or a server's failure.
    """

    host: str
    addresses: tuple[IPAddress, ...]
    cname: Cname | None = None
    candidate: str = attrs.field(default="", eq=False)
    ttl: int = attrs.field(default=0, eq=False)
    expires_at: float = attrs.field(default=0.0, eq=False)
    incomplete: bool = False
    ranks: tuple[int, ...] = attrs.field(default=(), eq=False, repr=False)
    age: float = attrs.field(default=0.0, eq=False)


class _Unfrozen(_Spread):
    __slots__ = Addresses.__slots__  # and so it can become one


def addresses_of(  # noqa: PLR0917 - as each cold lookup makes one
    host: str,
    addresses: tuple[IPAddress, ...],
    cname: Cname | None,
    candidate: str,
    ttl: int,
    expires_at: float,
    incomplete: bool,
    ranks: tuple[int, ...],
    age: float,
) -> Addresses:
    """Make an `Addresses` in less than half the time: attrs sets each field of a frozen value by a call."""
    made: Any = _Unfrozen()
    made.host = host
    made.addresses = addresses
    made.cname = cname
    made.candidate = candidate
    made.ttl = ttl
    made.expires_at = expires_at
    made.incomplete = incomplete
    made.ranks = ranks
    made.age = age
    made.__class__ = Addresses
    return made  # type: ignore[no-any-return]


@attrs.frozen(repr=False, weakref_slot=False)
class Endpoint(_Aged):
    """One pod that a headless Service publishes.

    `port` is its number for the port asked for, None where none was. `name` is the endpoint's own name in DNS, and
    `hostname` its first label where that is a host name and no dashed address.
    """

    address: IPAddress
    port: int | None
    name: EndpointName | None
    hostname: str | None
    age: float = attrs.field(default=0.0, eq=False)


@attrs.frozen(eq=False, repr=False, weakref_slot=False)
class Answer(_Aged):
    """What `lookup()` returns: the RRset of any type.

    `records` are in presentation form (RFC 1035, section 5.1), as received.
    """

    name: str
    rdtype: str
    records: tuple[str, ...]
    cname: Cname | None = None
    candidate: str = attrs.field(default="", eq=False)
    ttl: int = attrs.field(default=0, eq=False)
    expires_at: float = attrs.field(default=0.0, eq=False)
    truncated: bool = False
    age: float = attrs.field(default=0.0, eq=False)


@attrs.frozen(eq=False, repr=False, weakref_slot=False)
class Stats(Value):
    """A resolver's counters since it was made, over all its configurations.

    `questions` were put to the engine, `cache_hits` of them answered by the cache; `sends` are packets and streams, of
    which `resends` were not a question's first; `in_flight` are the questions on the wire now.
    """

    questions: int
    sends: int
    resends: int
    cache_hits: int
    in_flight: int
