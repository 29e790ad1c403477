"""Which of the queries a fault hits, counts and chance apart."""

import math
from typing import NamedTuple, TypedDict, get_args

import attrs

from k8sresolve._escaping import told
from k8sresolve.config import is_finite
from k8sresolve.errors import ConfigError, InvalidName, Transport
from k8sresolve.names import check_host, parse_address
from k8sresolve.testing.network.text import read_name, read_type


class Which(TypedDict, total=False):
    """Which of the queries that are about the fault's name and type it hits; without any of these, all of them.

    They are the keyword arguments of each method of `Network` that makes a fault, and hold together.

    >>> from k8sresolve.testing import Cluster, Which
    >>> only = Which(transport="udp", next=2)
    >>> Cluster.from_manifests("docs/examples/shop.yaml").network.drop(**only)
    <drop transport=udp next=2: 0 hit>
    """

    next: int
    """So many, from 1 on, then no more: the fault ends. By default without end."""

    every: int
    """The first, and then each second one for 2, each third for 3 and so on; by default 1, each."""

    probability: float
    """Each by this chance, above 0 and at most 1; by default all."""

    seed: int
    """What the random generator of the fault's own starts from, beside `probability`; by default 0."""

    after: float
    """Only when so many seconds have passed by the cluster's clock since the fault was made; by default 0."""

    lasting: float
    """Only during so many seconds from then on, by the same clock; by default without end."""

    transport: Transport
    """Only those over `"udp"`, or over `"tcp"`; by default both, as far as the fault can happen there."""

    nameserver: str
    """Only those sent to this IP address, or led to it as one of the cluster's replicas; by default all."""


class Traits(NamedTuple):
    """What faults tell queries apart by: the question, the way it is sent, and when, by the cluster's clock."""

    name: str
    rdtype: str
    transport: Transport
    at: float
    nameserver: str
    replica: str


@attrs.frozen
class Criteria:
    """Which queries a fault hits, checked."""

    name: str | None
    rdtype: str | None
    transport: Transport | None
    nameserver: str | None
    next: int | None
    every: int
    probability: float | None
    seed: int
    begin: float
    end: float

    @classmethod
    def of(
        cls,
        kind: str,
        now: float,
        name: str | None = None,
        rdtype: str | None = None,
        *,
        only: Transport | None = None,
        next: int | None = None,  # noqa: A002
        every: int = 1,
        probability: float | None = None,
        seed: int | None = None,
        after: float = 0.0,
        lasting: float = math.inf,
        transport: Transport | None = None,
        nameserver: str | None = None,
    ) -> "Criteria":
        """Read what a user gave for a fault of that kind, which happens over the transport `only`, if that is given.

        Raises `ConfigError` for what no query can ever meet.
        """
        for word, number in (("next", next), ("every", every)):
            if number is not None and (not isinstance(number, int) or number < 1):
                raise ConfigError(f"{kind}: {word}={told(number)} hits nothing; give a whole number from 1 on")
        if probability is not None and not (is_finite(probability) and 0 < probability <= 1):
            raise ConfigError(f"{kind}: probability={told(probability)} is not above 0 and at most 1")
        if seed is not None and not isinstance(seed, int):
            raise ConfigError(f"{kind}: seed={told(seed)} is no whole number")
        if seed is not None and probability is None:
            raise ConfigError(f"{kind}: seed={told(seed)} does nothing without probability=")
        if not is_finite(after) or after < 0:
            raise ConfigError(f"{kind}: after={told(after)} is no number of seconds from now on")
        if lasting != math.inf and not (is_finite(lasting) and lasting > 0):
            raise ConfigError(f"{kind}: lasting={told(lasting)} is no time; give seconds above 0")
        return cls(
            None if name is None else _pattern(kind, name),
            None if rdtype is None else read_type(rdtype),
            _transport(kind, transport, only),
            None if nameserver is None else _address(kind, nameserver),
            next,
            every,
            probability,
            seed or 0,
            now + after,
            now + after + lasting,
        )

    def fit(self, traits: Traits) -> bool:
        """Whether a query is one of those that the fault is about, counts and chance apart."""
        return (
            self.begin <= traits.at < self.end
            and (self.name is None or _matches(self.name, traits.name))
            and self.rdtype in (None, traits.rdtype)
            and self.transport in (None, traits.transport)
            and self.nameserver in (None, traits.nameserver, traits.replica)
        )

    def __str__(self) -> str:
        stated = {
            "transport": self.transport,
            "nameserver": self.nameserver,
            "next": self.next,
            "every": self.every if self.every > 1 else None,
            "probability": self.probability,
        }
        words = [self.name, self.rdtype, *(f"{word}={value}" for word, value in stated.items() if value is not None)]
        return " ".join(word for word in words if word)


def _pattern(kind: str, name: str) -> str:
    """Check a name, or `*.` and the name that all others are below."""
    try:
        check_host(name.removeprefix("*.") if isinstance(name, str) else name)
    except ValueError as error:
        raise ConfigError(f"{kind}: no query can be for {told(name)}: {error}") from None
    return read_name(name)


def _matches(pattern: str, name: str) -> bool:
    return name.endswith(pattern[1:]) if pattern.startswith("*.") else name == pattern


def _transport(kind: str, transport: Transport | None, only: Transport | None) -> Transport | None:
    if transport is None:
        return only
    if transport not in get_args(Transport):
        raise ConfigError(f"{kind}: there is no transport {told(transport)}; use 'udp' or 'tcp'")
    if only not in (None, transport):
        raise ConfigError(f"{kind} cannot happen over {transport}, only over {only}")
    return transport


def _address(kind: str, nameserver: str) -> str:
    try:
        return str(parse_address(nameserver))
    except InvalidName:
        raise ConfigError(f"{kind}: the nameserver {told(nameserver)} is no IP address") from None
