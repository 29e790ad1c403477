"""The offline cluster's network: virtual time, faults, and a log of what was asked.

Nothing is sent and nothing waits: a resolver's virtual driver asks `Network.exchange` what comes back for a message and
when, and moves the clock there.
"""

from collections import deque
from collections.abc import Iterator
from ipaddress import ip_address
from typing import NamedTuple

import attrs

from k8sresolve._core.inquiry import Send
from k8sresolve._core.questions import type_name
from k8sresolve._drivers.virtual import Arrival
from k8sresolve.testing import respond
from k8sresolve.testing.plugins import Reply
from k8sresolve.testing.respond import Responder

RCODES = {
    "NOERROR": 0,
    "FORMERR": 1,
    "SERVFAIL": 2,
    "NXDOMAIN": 3,
    "NOTIMP": 4,
    "REFUSED": 5,
}
_RCODE_NAMES = {number: name for name, number in RCODES.items()}


class Clock:
    """A clock that goes on only when something waits for it, or when told.

    >>> clock = Clock()
    >>> clock.advance(30)
    >>> clock.monotonic()
    30.0
    """

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self._start = start
        self._seconds = 0.0

    def monotonic(self) -> float:
        """Seconds since the clock was made."""
        return self._seconds

    def time(self) -> float:
        """Unix time by this clock."""
        return self._start + self._seconds

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass. Raises `ValueError` for a step back."""
        if seconds < 0:
            raise ValueError(f"a clock does not go back: advance({seconds})")
        self._seconds += seconds

    def reach(self, when: float) -> None:
        """Go on to `when` seconds since the clock was made, if that is not past."""
        self._seconds = max(self._seconds, when)


@attrs.frozen
class Query:
    """One question that reached the network: `outcome` is the reply's rcode, `"NODATA"`, or the fault that ate it.

    `name` is absolute and in lower case, `at` in seconds by the cluster's clock, `transport` `"udp"` or `"tcp"`.
    """

    name: str
    rdtype: str
    transport: str
    at: float
    outcome: str

    def __str__(self) -> str:
        return f"{self.at:8.3f} s  {self.transport}  {self.name} {self.rdtype}  {self.outcome}"


class QueryLog:
    """What was asked of the cluster's nameserver, in order: the last 100,000 queries."""

    def __init__(self) -> None:
        self._queries: deque[Query] = deque(maxlen=100_000)

    def __iter__(self) -> Iterator[Query]:
        return iter(tuple(self._queries))

    def __len__(self) -> int:
        return len(self._queries)

    def asked(self, name: str | None = None, rdtype: str | None = None) -> int:
        """Count the queries for a name (with or without the dot) and type; None stands for any.

        >>> QueryLog().asked("payments.shop.svc.cluster.local", "A")
        0
        """
        wanted = None if name is None else f"{name.removesuffix('.').lower()}."
        kind = None if rdtype is None else rdtype.upper()
        return sum((wanted in (None, q.name)) and (kind in (None, q.rdtype)) for q in self._queries)

    def clear(self) -> None:
        """Forget what was asked."""
        self._queries.clear()

    def note(self, query: Query) -> None:
        """Add a query."""
        self._queries.append(query)

    def __repr__(self) -> str:
        return "\n".join(map(str, self._queries)) or "<no queries>"


@attrs.define
class _Fault:
    """Something that happens to matching queries, `left` times (None: always)."""

    kind: str
    name: str | None
    rdtype: str | None
    left: int | None
    delay: float = 0.0
    rcode: int = 0

    def takes(self, name: str, rdtype: str) -> bool:
        """Whether this query is hit; counts it if so."""
        if self.left == 0 or self.name not in (None, name) or self.rdtype not in (None, rdtype):
            return False
        if self.left is not None:
            self.left -= 1
        return True


class Network:
    """The way between resolvers and the cluster's nameserver, and what goes wrong on it.

    Each fault hits queries for `name` and `rdtype` (None: any), the `next` so many (None: all, until `restore()`).
    `latency` is the round trip in seconds.
    """

    def __init__(self, responder: Responder, clock: Clock, queries: QueryLog, *, latency: float = 0.0005) -> None:
        self.latency = latency
        self._responder = responder
        self._clock = clock
        self._queries = queries
        self._faults: list[_Fault] = []

    def drop(self, name: str | None = None, rdtype: str | None = None, *, next: int | None = None) -> None:  # noqa: A002
        """Lose matching queries: no reply comes."""
        self._add("drop", name, rdtype, next)

    def delay(
        self,
        seconds: float,
        name: str | None = None,
        rdtype: str | None = None,
        *,
        next: int | None = None,  # noqa: A002
    ) -> None:
        """Let replies to matching queries come `seconds` later."""
        self._add("delay", name, rdtype, next, delay=seconds)

    def rcode(
        self,
        rcode: str,
        name: str | None = None,
        rdtype: str | None = None,
        *,
        next: int | None = None,  # noqa: A002
    ) -> None:
        """Answer matching queries with nothing but an rcode: `SERVFAIL`, `REFUSED`, `FORMERR`, `NOTIMP`, `NXDOMAIN`.

        Raises `ValueError` for an rcode it does not know.
        """
        number = RCODES.get(rcode.upper())
        if number is None:
            raise ValueError(f"there is no rcode {rcode!r}; use one of {', '.join(RCODES)}")
        self._add("rcode", name, rdtype, next, rcode=number)

    def restore(self) -> None:
        """End all faults."""
        self._faults.clear()

    def exchange(
        self, send: Send, message: bytes, *, responder: Responder | None = None, client: str = ""
    ) -> list[Arrival]:
        """Say what comes back for a message, and when (the virtual driver's question).

        `responder` is who answers where that is not the cluster's nameserver, `client` the address that asks.
        """
        reply = self.reply(message, send.transport, self._clock.monotonic(), responder=responder, client=client)
        return [] if reply is None else [Arrival(self.latency + reply.delay, reply.data)]

    def reply(
        self, message: bytes, transport: str, at: float, *, responder: Responder | None = None, client: str = ""
    ) -> "LateReply | None":
        """Answer a message that came at that time, with the faults that hit it; None where nothing comes back."""
        query = respond.read(message, tcp=transport == "tcp")
        if query is None:
            return None
        name, rdtype = (query.name or "").lower(), type_name(query.rdtype)
        delay, forced = 0.0, None
        for fault in self._faults:
            if fault.takes(name, rdtype):
                if fault.kind == "drop":
                    self._queries.note(Query(name, rdtype, transport, at, "dropped"))
                    return None
                delay += fault.delay
                forced = fault.rcode if fault.kind == "rcode" else forced
        asked = responder or self._responder
        answer = asked.answer(query, client) if forced is None else Reply(forced, authoritative=False)
        self._queries.note(Query(name, rdtype, transport, at, _outcome(answer)))
        data = respond.write(query, answer)
        return None if data is None else LateReply(delay, data)

    def _add(
        self, kind: str, name: str | None, rdtype: str | None, count: int | None, *, delay: float = 0.0, rcode: int = 0
    ) -> None:
        if count is not None and count < 1:
            raise ValueError(f"next={count}: a fault that hits nothing is surely a mistake")
        if delay < 0:
            raise ValueError(f"a reply cannot come {-delay} s before its query")
        wanted = None if name is None else f"{name.removesuffix('.').lower()}."
        self._faults.append(_Fault(kind, wanted, None if rdtype is None else rdtype.upper(), count, delay, rcode))


@attrs.frozen
class PodNetwork:
    """The network as a pod sees it, whose resolv.conf may name nameservers besides the cluster's.

    Those of `inside` are the cluster's own, `outside` stands for all others, and on loopback nobody listens unless the
    pod shares the node's network. `client` is the pod's address.
    """

    network: Network
    inside: frozenset[str]
    outside: Responder
    client: str = ""
    on_node: bool = False

    def exchange(self, send: Send, message: bytes) -> list[Arrival]:
        """Say what comes back for a message, and when (the virtual driver's question)."""
        address = send.nameserver.address
        if address in self.inside:
            return self.network.exchange(send, message, client=self.client)
        if ip_address(address).is_loopback and not self.on_node:
            return [Arrival(0.0, None, "Connection refused")]
        return self.network.exchange(send, message, responder=self.outside, client=self.client)


class LateReply(NamedTuple):
    """A reply and the seconds by which faults delay it."""

    delay: float
    data: bytes


def _outcome(reply: Reply) -> str:
    if reply.rcode == 0 and not reply.answer:
        return "NODATA"
    return _RCODE_NAMES.get(reply.rcode, f"RCODE{reply.rcode}")
