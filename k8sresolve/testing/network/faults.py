"""What can go wrong between a resolver and the cluster's nameservers: faults, and which queries they hit.

A fault is made by a method of `Network`. Each query that it hits either gets another answer or has the reply's parcels
changed; the same parcels then go over real sockets or through virtual time.
"""

import math
import random
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from typing import Literal, NamedTuple, Self, TypedDict, get_args

import attrs

from k8sresolve.names import check_host
from k8sresolve.testing.coredns import messages as respond
from k8sresolve.testing.coredns.chain import Reply
from k8sresolve.testing.coredns.messages import Responder
from k8sresolve.testing.network.query_log import OUTCOMES, read_name, read_type

Transport = Literal["udp", "tcp"]
Manner = Literal["whole", "elsewhere", "drip", "reset"]

RCODES = {
    "NOERROR": 0,
    "FORMERR": 1,
    "SERVFAIL": 2,
    "NXDOMAIN": 3,
    "NOTIMP": 4,
    "REFUSED": 5,
    "YXDOMAIN": 6,
    "YXRRSET": 7,
    "NXRRSET": 8,
    "NOTAUTH": 9,
    "NOTZONE": 10,
}
"""The rcodes of a message's header (RFC 1035, section 4.1.1; RFC 2136, section 2.2)."""

# Where a fault can happen at all, if not over both.
_ONLY: dict[str, Transport] = {
    "duplicate": "udp",
    "reorder": "udp",
    "wrong_source": "udp",
    "drip": "tcp",
    "reset": "tcp",
}
_PLACES = 20  # replies that one window of `reorder` holds
_TRUNCATED = 0x02  # in the third octet of a message (RFC 1035, section 4.1.1)
_HEADER = 12  # octets
_NOISE = bytes(range(100, 150))


class Which(TypedDict, total=False):
    """Which of the queries that are about the fault's name and type it hits; without any of these, all of them.

    - `transport`: only those over `"udp"` or `"tcp"`; `nameserver`: only those sent to that address, or led to it as
      one of the cluster's replicas;
    - `next`: so many, then no more; `every=2`: the first and then each second one, and so on; `probability`: each by
      that chance, from 0 to 1, with a random generator of its own that starts from `seed`, 0 by default;
    - `after`: only when so many seconds have passed by the cluster's clock since the fault was made; `lasting`: only
      during so many seconds then.
    """

    transport: Transport
    nameserver: str
    next: int
    every: int
    probability: float
    seed: int
    after: float
    lasting: float


class Parcel(NamedTuple):
    """Something that comes back for a query, `delay` seconds after it came.

    `manner` is `"whole"`, `"elsewhere"` (a datagram from another source), `"drip"` (the octets of a TCP stream one by
    one, each `interval` seconds after the one before it) or `"reset"` (the TCP connection is).
    """

    delay: float
    data: bytes
    manner: Manner = "whole"
    interval: float = 0.0


class Asked(NamedTuple):
    """A query on its way, as far as faults look at it."""

    name: str
    rdtype: str
    transport: str
    at: float
    nameserver: str
    replica: str


Act = Callable[[list[Parcel], float], list[Parcel]]
Answer = Callable[[Responder, respond.Query, str], Reply]


@attrs.frozen
class Effect:
    """What a fault does: `act` changes what comes back for a query of that time, `answer` stands for the nameserver.

    `outcome` is what is logged where no true reply gets through. With `eaten` the query itself is lost on its way.
    """

    act: Act | None = None
    answer: Answer | None = None
    outcome: str = ""
    eaten: bool = False


@attrs.frozen
class Criteria:
    """Which queries a fault hits, checked."""

    name: str | None
    rdtype: str | None
    transport: str | None
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
        transport: Transport | None = None,
        nameserver: str | None = None,
        next: int | None = None,  # noqa: A002
        every: int = 1,
        probability: float | None = None,
        seed: int | None = None,
        after: float = 0.0,
        lasting: float = math.inf,
    ) -> "Criteria":
        """Read what a user gave. Raises `ValueError` for what no query can ever meet."""
        for word, number in (("next", next), ("every", every)):
            if number is not None and (not isinstance(number, int) or number < 1):
                raise ValueError(f"{kind}: {word}={number} hits nothing; give a whole number from 1 on")
        if probability is not None and not 0 < probability <= 1:
            raise ValueError(f"{kind}: probability={probability} is not above 0 and at most 1")
        if seed is not None and probability is None:
            raise ValueError(f"{kind}: seed={seed} does nothing without probability=")
        if not 0 <= after < math.inf:
            raise ValueError(f"{kind}: after={after} is no number of seconds from now on")
        if not lasting > 0:
            raise ValueError(f"{kind}: lasting={lasting} is no time; give seconds above 0")
        return cls(
            None if name is None else _pattern(kind, name),
            None if rdtype is None else read_type(rdtype),
            _transport(kind, transport),
            None if nameserver is None else _address(kind, nameserver),
            next,
            every,
            probability,
            seed or 0,
            now + after,
            now + after + lasting,
        )

    def fit(self, asked: Asked) -> bool:
        """Whether a query is one of those that the fault is about, counts and chance apart."""
        return (
            self.begin <= asked.at < self.end
            and (self.name is None or _matches(self.name, asked.name))
            and self.rdtype in (None, asked.rdtype)
            and self.transport in (None, asked.transport)
            and self.nameserver in (None, asked.nameserver, asked.replica)
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
        check_host(name.removeprefix("*."))
    except ValueError as error:
        raise ValueError(f"{kind}: no query can be for {name!r}: {error}") from None
    return read_name(name)


def _matches(pattern: str, name: str) -> bool:
    return name.endswith(pattern[1:]) if pattern.startswith("*.") else name == pattern


def _transport(kind: str, transport: str | None) -> str | None:
    only = _ONLY.get(kind)
    if transport is None:
        # Whoever wants a truncated reply wants to see TCP at work.
        return "udp" if kind == "truncate" else only
    if transport not in get_args(Transport):
        raise ValueError(f"{kind}: there is no transport {transport!r}; use 'udp' or 'tcp'")
    if only not in (None, transport):
        raise ValueError(f"{kind} cannot happen over {transport}, only over {only}")
    return transport


def _address(kind: str, nameserver: str) -> str:
    try:
        return str(ip_address(nameserver))
    except ValueError:
        raise ValueError(f"{kind}: the nameserver {nameserver!r} is no IP address") from None


class _Stoppable:
    """What ends with `stop()` or with a `with` block."""

    def stop(self) -> None:
        """End it; stopping twice is fine."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Fault(_Stoppable):
    """A fault of the network, from a method of `Network` on until it has hit its `next` queries, or `stop()`.

    It is a context manager that stops it at the end. `hits` says how many queries it has hit so far: 0 in a test means
    that the test did not test it. `kind` is the name of the method that made it.
    """

    def __init__(self, kind: str, criteria: Criteria, effect: Effect, ended: Callable[["Fault"], None]) -> None:
        self.kind = kind
        self.hits = 0
        self.criteria = criteria
        self.effect = effect
        self._ended = ended
        self._fitting = 0
        self._random = random.Random(criteria.seed)  # noqa: S311 - a test repeats itself

    def takes(self, asked: Asked) -> bool:
        """Whether it hits this query; counts it if so."""
        criteria = self.criteria
        if not criteria.fit(asked):
            return False
        self._fitting += 1
        if (self._fitting - 1) % criteria.every:
            return False
        if criteria.probability is not None and self._random.random() >= criteria.probability:
            return False
        self.hits += 1
        if self.hits == criteria.next:
            self.stop()
        return True

    def stop(self) -> None:
        """End it; stopping twice is fine."""
        self._ended(self)

    def __repr__(self) -> str:
        return f"<{' '.join(filter(None, [self.kind, str(self.criteria)]))}: {self.hits} hit>"


class Scenario(_Stoppable):
    """Several faults that make one story; it stops, and counts its `hits`, as one `Fault` does."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)

    @property
    def hits(self) -> int:
        """How many queries its faults have hit."""
        return sum(fault.hits for fault in self.faults)

    def stop(self) -> None:
        """End it; stopping twice is fine."""
        for fault in self.faults:
            fault.stop()

    def __repr__(self) -> str:
        return f"<{', '.join(map(repr, self.faults))}>"


# -- effects -----------------------------------------------------------------------------------------------------------


def seconds(kind: str, value: float) -> float:
    """Check a time. Raises `ValueError` for none that a reply could take."""
    if not 0 <= value < math.inf:
        raise ValueError(f"{kind}: a reply cannot come {value} s after its query")
    return value


def lost(kind: str) -> Effect:
    """Nothing comes back."""
    return Effect(lambda _parcels, _at: [], outcome=OUTCOMES[kind], eaten=True)


def reset(kind: str) -> Effect:
    """The connection is reset."""
    return Effect(lambda _parcels, _at: [Parcel(0.0, b"", "reset")], outcome=OUTCOMES[kind], eaten=True)


def late(by: float) -> Effect:
    """What comes back comes later."""
    return Effect(lambda parcels, _at: [parcel._replace(delay=parcel.delay + by) for parcel in parcels])


def twice() -> Effect:
    """What comes back does so twice."""
    return Effect(lambda parcels, _at: parcels * 2)


def dripping(interval: float) -> Effect:
    """What comes back does so octet by octet."""
    return Effect(lambda parcels, _at: [parcel._replace(manner="drip", interval=interval) for parcel in parcels])


def bare(rcode: str) -> Effect:
    """The nameserver says nothing but an rcode. Raises `ValueError` for one that there is not."""
    number = RCODES.get(str(rcode).upper())
    if number is None:
        raise ValueError(f"there is no rcode {rcode!r}; use one of {', '.join(RCODES)}")
    return Effect(answer=lambda _responder, _query, _client: Reply(number, authoritative=False))


def changed(kind: str, change: Callable[[bytes], bytes]) -> Effect:
    """What comes back is no true reply."""
    return Effect(
        lambda parcels, _at: [parcel._replace(data=change(parcel.data)) for parcel in parcels], outcome=OUTCOMES[kind]
    )


def elsewhere(kind: str) -> Effect:
    """What comes back comes from an address that was not asked."""
    return Effect(
        lambda parcels, _at: [parcel._replace(manner="elsewhere") for parcel in parcels], outcome=OUTCOMES[kind]
    )


def followed(effect: Effect) -> Effect:
    """What came back without the effect comes right after what comes with it."""
    act = effect.act
    return effect if act is None else Effect(lambda parcels, at: [*act(parcels, at), *parcels])


def reversed_within(within: float) -> Effect:
    """Replies to queries that come within some seconds of one another come in reverse order."""
    window = -math.inf
    count = 0

    def act(parcels: list[Parcel], at: float) -> list[Parcel]:
        nonlocal window, count
        if at >= window + within or count == _PLACES:
            window, count = at, 0
        # The later in the window a query comes, the earlier its reply goes, and none goes before the window's end.
        due = window + within * (2 - count / _PLACES)
        count += 1
        return [parcel._replace(delay=parcel.delay + due - at) for parcel in parcels]

    return Effect(act)


def cut(message: bytes) -> bytes:
    """Truncate a message to its header and question."""
    end = _question_end(message)
    return message[:2] + bytes((message[2] | _TRUNCATED, message[3])) + message[4:6] + bytes(6) + message[_HEADER:end]


def with_other_id(message: bytes) -> bytes:
    """Change a message's id."""
    return bytes((message[0] ^ 0xFF,)) + message[1:]


def with_other_question(message: bytes) -> bytes:
    """Change a letter of the name that a message is about; that of the root is left, and its type changed."""
    at = _HEADER + 1
    if len(message) < at + 2:
        return message  # another fault has left no question
    if message[_HEADER:at] == b"\0":
        return message[:at] + bytes((message[at], message[at + 1] ^ 1)) + message[at + 2 :]
    letter = b"y" if message[at : at + 1] in b"xX" else b"x"
    return message[:at] + letter + message[at + 1 :]


def noise(message: bytes) -> bytes:
    """Make what is no message, with the id of one."""
    return message[:2] + _NOISE


def _question_end(message: bytes) -> int:
    at = _HEADER
    if not int.from_bytes(message[4:6]):
        return at
    while at < len(message) and message[at]:  # a question is never compressed
        at += message[at] + 1
    return min(at + 5, len(message))  # it ends early where another fault has damaged it
