"""The offline cluster's network: who is asked, what comes back, and a log of it.

Virtual time and real sockets share it. A resolver's virtual driver asks `Network.exchange` what comes back for a
message and when, and moves the clock there; a `Server` asks `Network.receive`, and sends that.
"""

from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from contextlib import AbstractContextManager
from ipaddress import ip_address
from typing import Any, assert_never

import attrs

from k8sresolve._core.engine.sends import Send
from k8sresolve._core.wire.rcodes import NOERROR, RCODE_NAMES
from k8sresolve.errors import Transport
from k8sresolve.testing.coredns.chain import Reply
from k8sresolve.testing.coredns.messages import Query, Responder, write_reply
from k8sresolve.testing.coredns.records import Record
from k8sresolve.testing.network.clock import Clock
from k8sresolve.testing.network.criteria import Traits
from k8sresolve.testing.network.effects import Answered, Changed, Closed, Lost, is_cut
from k8sresolve.testing.network.faults import Fault, Faults
from k8sresolve.testing.network.parcels import REFUSED, Arrival, Parcel, reset_after
from k8sresolve.testing.network.query_log import Exchange, LoggedOutcome, LoggedQuery, QueryLog
from k8sresolve.testing.network.text import type_text
from k8sresolve.testing.objects.store import Store

SOME_POD = ("10.244.0.77", "fd00:10:244::77")
"""The addresses of a pod that is in no manifest."""

_MOST_FLOWS = 4096


class Network(Faults):
    """The way between resolvers and the cluster's nameservers, and what goes wrong on it.

    It is `Cluster.network`. Each method but `restore` makes a fault, and returns it: a `Fault`, with `hits` and
    `stop()`, which is a context manager, too. Where several faults hit a query, they act in the order in which they
    were made. Made by `Cluster.from_manifests` and the like.

    All raise `ConfigError` for what no query can ever meet.

    >>> from k8sresolve import LookupTimeout
    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> with cluster.network.drop() as lost, cluster.resolver(namespace="shop") as resolver:
    ...     try:
    ...         resolver.service("payments", timeout=2)
    ...     except LookupTimeout:
    ...         print(lost.hits > 0, cluster.clock.monotonic())
    ...
    True 2.0
    """

    latency: float
    """The round trip in seconds that offline resolvers see; 0.0005, and another may be put in its place."""

    replicas: tuple[str, ...]
    """The addresses of the cluster's nameservers, as given by `server_addresses`."""

    clock: Clock
    """The cluster's."""

    def __init__(
        self,
        responders: Mapping[str, Responder],
        clock: Clock,
        queries: QueryLog,
        *,
        store: Store,
        latency: float = 0.0005,
    ) -> None:
        super().__init__(responders, clock, store)
        self.latency = latency
        self.replicas: tuple[str, ...] = tuple(responders)
        self._queries = queries
        self._flows: OrderedDict[Hashable, str] = OrderedDict()
        self._turn = 0

    def hold(self) -> AbstractContextManager[Any]:
        """Let no query be answered while what answers them changes."""
        return self._lock

    def exchange(
        self, send: Send, message: bytes, *, responder: Responder | None = None, client: str = SOME_POD[0]
    ) -> list[Arrival]:
        """Say what comes back for a message, and when (the virtual driver's question).

        `responder` is who answers where that is not the cluster's nameserver, `client` the address that asks.
        """
        address, transport = send.nameserver.address, send.transport
        for fault in self._closing(transport, address):
            with self._lock:
                fault.hits += 1
            return [REFUSED]
        parcels = self.receive(message, transport, nameserver=address, client=client, responder=responder)
        arrivals = [self._arrival(parcel) for parcel in parcels if parcel.manner != "elsewhere"]
        # Whoever sends one query over a connection reads one message from it.
        return arrivals if transport == "udp" else arrivals[:1]

    def receive(
        self,
        message: bytes,
        transport: Transport,
        *,
        nameserver: str,
        client: str = "",
        port: int = 0,
        flow: Hashable = None,
        responder: Responder | None = None,
        payload: int = 0,
    ) -> list[Parcel]:
        """Take a message that came to the address `nameserver`, log it, and say what goes back, soonest first.

        `flow` tells the client's sockets apart: as kube-proxy does, the network leads one flow to one replica. Each
        message without one is a flow of its own. `payload` is the most octets of a UDP reply, whatever the client
        says, as of CoreDNS's plugin `bufsize`; 0 stands for no bound.
        """
        query = (responder or self._any()).read(message, tcp=transport == "tcp")
        if query is None:
            return []
        if payload and query.edns is not None and query.edns.size > payload:
            query = query._replace(edns=query.edns._replace(size=payload))
        with self._lock:
            replica = self._replica(nameserver, flow) if responder is None else ""
            responder = responder or self.responders[replica]
            name, rdtype = (query.name or "").lower(), type_text(query.rdtype)
            traits = Traits(name, rdtype, transport, self.clock.monotonic(), nameserver, replica)
            hits = self._hits(traits)
            reply = _answer(query, client, responder, hits)
            data = None if reply is None else write_reply(query, reply)
            parcels = sorted(_parcels(data, traits.at, hits), key=lambda parcel: parcel.delay)
        outcome, shown = _outcome(reply, data, hits)
        kinds = tuple(fault.kind for fault in hits)
        exchange = _exchange(
            query, reply, parcels, octets=len(message), port=port, took=self.clock.monotonic() - traits.at
        )
        self._queries.note(
            LoggedQuery(
                name, rdtype, transport, traits.at, outcome, client, nameserver, replica, kinds, shown, exchange
            )
        )
        return parcels

    def _any(self) -> Responder:
        """One of the replicas, which read alike."""
        return next(iter(self.responders.values()))

    def _replica(self, nameserver: str, flow: Hashable) -> str:
        if nameserver in self.replicas:
            return nameserver
        known = self._flows.get(flow) if flow is not None else None
        if known is not None:
            return known
        chosen = self.replicas[self._turn % len(self.replicas)]
        self._turn += 1
        if flow is not None:
            self._flows[flow] = chosen
            if len(self._flows) > _MOST_FLOWS:
                self._flows.popitem(last=False)
        return chosen

    def _arrival(self, parcel: Parcel) -> Arrival:
        delay = self.latency + parcel.delay
        if parcel.manner == "reset":
            return reset_after(delay)
        octets = len(parcel.data) + 2  # with their number before them (RFC 1035, section 4.2.2)
        return Arrival(delay + parcel.interval * (octets - 1), parcel.data)


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
            return [REFUSED]
        return self.network.exchange(send, message, responder=self.outside, client=self.client)


def _answer(query: Query, client: str, responder: Responder, hits: Sequence[Fault]) -> Reply | None:
    """Let the nameserver, or the last fault that stands for it, answer; None if the query does not come there."""
    if hits and isinstance(hits[-1].effect, Lost):
        return None
    instead = [fault.effect for fault in hits if isinstance(fault.effect, Answered)]
    return instead[-1].answer(responder, query, client) if instead else responder.answer(query, client)


def _parcels(data: bytes | None, at: float, hits: Sequence[Fault]) -> list[Parcel]:
    """Say what comes back where the nameserver sends `data`, after all that faults do to it."""
    parcels = [] if data is None else [Parcel(0.0, data)]
    for fault in hits:
        match fault.effect:
            case Changed(change):
                parcels = change(parcels, at)
            case Lost(instead):
                parcels = list(instead)
            case Answered() | Closed():
                pass
            case _:
                assert_never(fault.effect)
    return parcels


def _exchange(
    query: Query, reply: Reply | None, parcels: Sequence[Parcel], *, octets: int, port: int, took: float
) -> Exchange:
    """Tell of the messages what the log has of them besides."""
    first = parcels[0] if parcels else None
    return Exchange(
        port=port,
        id=query.id,
        opcode=query.opcode,
        rdclass=query.rdclass,
        request_size=octets,
        dnssec_ok=query.dnssec_ok,
        bufsize=query.size,
        rcode=RCODE_NAMES[reply.rcode] if reply is not None and first is not None else None,
        response_size=len(first.data) if first is not None else 0,
        duration=took + (first.delay if first is not None else 0.0),
    )


def _outcome(
    reply: Reply | None, data: bytes | None, hits: Sequence[Fault]
) -> tuple[LoggedOutcome, tuple[Record, ...]]:
    """Say what the asker was sent: the outcome, and the answer's records where they got through."""
    spoilt: list[LoggedOutcome] = [fault.outcome for fault in hits if fault.outcome is not None]
    if spoilt:
        return spoilt[-1], ()
    if reply is None or data is None:
        return "no reply", ()
    if is_cut(data):
        return "truncated", ()
    if reply.rcode == NOERROR and not reply.answer:
        return "NODATA", ()
    return RCODE_NAMES[reply.rcode], tuple(reply.answer)
