"""The offline cluster's network: who is asked, what goes wrong on the way, and a log of it.

Virtual time and real sockets share it. A resolver's virtual driver asks `Network.exchange` what comes back for a
message and when, and moves the clock there; a `Server` asks `Network.receive`, and sends that.
"""

import copy
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from contextlib import AbstractContextManager
from ipaddress import ip_address
from typing import Any, Unpack

import attrs

from k8sresolve._core.engine.sends import Send
from k8sresolve.testing.coredns import messages as respond
from k8sresolve.testing.coredns.chain import Reply
from k8sresolve.testing.coredns.messages import Responder
from k8sresolve.testing.network import faults
from k8sresolve.testing.network.clock import Clock
from k8sresolve.testing.network.faults import RCODES, Asked, Criteria, Effect, Fault, Parcel, Transport, Which, followed
from k8sresolve.testing.network.query_log import Query, QueryLog, type_text
from k8sresolve.testing.network.virtual import Arrival

SOME_POD = ("10.244.0.77", "fd00:10:244::77")
"""The addresses of a pod that is in no manifest."""

_RCODE_NAMES = {number: name for name, number in RCODES.items()}
_MOST_FLOWS = 4096


class Network:
    """The way between resolvers and the cluster's nameservers, and what goes wrong on it.

    Each method below makes a fault, which hits the queries for `name` and `rdtype`, or any where that is None;
    `*.shop.svc.cluster.local` stands for all names below that one. The keyword arguments `**which` are those of
    `k8sresolve.testing.Which`: `transport`, `nameserver`, `next`, `every`, `probability` and `seed`, `after`
    and `lasting`. Without any it hits all such queries, until it is stopped. What can never match is a `ValueError`.

    What is returned is the `Fault`, with `hits` and `stop()`, and a context manager. Where several faults hit a query,
    they act in the order in which they were made. `latency` is the round trip in seconds for offline resolvers.
    """

    def __init__(
        self,
        responder: Responder,
        clock: Clock,
        queries: QueryLog,
        *,
        replicas: Sequence[str] = ("10.244.0.2",),
        latency: float = 0.0005,
    ) -> None:
        self.latency = latency
        self.responder = responder
        self.clock = clock
        self.replicas = tuple(replicas)
        self._queries = queries
        self._faults: list[Fault] = []
        self._flows: OrderedDict[Hashable, str] = OrderedDict()
        self._turn = 0
        self._watchers: list[Callable[[], None]] = []
        self._lock = threading.RLock()

    def hold(self) -> AbstractContextManager[Any]:
        """Let no query be answered while what answers them changes."""
        return self._lock

    # -- faults ------------------------------------------------------------------------------------------------------

    def drop(self, name: str | None = None, rdtype: str | None = None, **which: Unpack[Which]) -> Fault:
        """Lose queries on their way: no reply comes."""
        return self._add("drop", faults.lost("drop"), name, rdtype, which)

    def delay(
        self, seconds: float, name: str | None = None, rdtype: str | None = None, **which: Unpack[Which]
    ) -> Fault:
        """Let replies come `seconds` later."""
        return self._add("delay", faults.late(faults.seconds("delay", seconds)), name, rdtype, which)

    def duplicate(self, name: str | None = None, rdtype: str | None = None, **which: Unpack[Which]) -> Fault:
        """Let replies over UDP come twice."""
        return self._add("duplicate", faults.twice(), name, rdtype, which)

    def reorder(
        self, name: str | None = None, rdtype: str | None = None, *, within: float = 0.02, **which: Unpack[Which]
    ) -> Fault:
        """Let replies over UDP overtake one another: to queries that come `within` seconds, in reverse order.

        A reply comes up to twice that late.
        """
        if not within > 0:
            raise ValueError(f"reorder: within={within} is no time; give seconds above 0")
        effect = faults.reversed_within(faults.seconds("reorder", within))
        return self._add("reorder", effect, name, rdtype, which)

    def truncate(self, name: str | None = None, rdtype: str | None = None, **which: Unpack[Which]) -> Fault:
        """Cut replies to nothing, with the flag TC: over UDP, unless `transport="tcp"` says otherwise."""
        return self._add("truncate", faults.changed("truncate", faults.cut), name, rdtype, which)

    def rcode(self, rcode: str, name: str | None = None, rdtype: str | None = None, **which: Unpack[Which]) -> Fault:
        """Answer with nothing but an rcode: `SERVFAIL`, `REFUSED`, `FORMERR`, `NOTIMP`, `NXDOMAIN` and others.

        Raises `ValueError` for an rcode that there is not.
        """
        return self._add("rcode", faults.bare(rcode), name, rdtype, which)

    def wrong_id(
        self, name: str | None = None, rdtype: str | None = None, *, then_reply: bool = False, **which: Unpack[Which]
    ) -> Fault:
        """Answer with another query's id; with `then_reply` the true reply follows, as it does after a forged one."""
        return self._forge("wrong_id", faults.with_other_id, name, rdtype, which, then_reply=then_reply)

    def wrong_question(
        self, name: str | None = None, rdtype: str | None = None, *, then_reply: bool = False, **which: Unpack[Which]
    ) -> Fault:
        """Answer a question about another name; with `then_reply` the true reply follows."""
        return self._forge("wrong_question", faults.with_other_question, name, rdtype, which, then_reply=then_reply)

    def garbage(
        self, name: str | None = None, rdtype: str | None = None, *, then_reply: bool = False, **which: Unpack[Which]
    ) -> Fault:
        """Answer with the query's id and then what is no DNS message; with `then_reply` the true reply follows."""
        return self._forge("garbage", faults.noise, name, rdtype, which, then_reply=then_reply)

    def wrong_source(
        self, name: str | None = None, rdtype: str | None = None, *, then_reply: bool = False, **which: Unpack[Which]
    ) -> Fault:
        """Answer over UDP from an address that was not asked; with `then_reply` the true reply follows."""
        effect = faults.elsewhere("wrong_source")
        return self._add("wrong_source", followed(effect) if then_reply else effect, name, rdtype, which)

    def drip(
        self, interval: float, name: str | None = None, rdtype: str | None = None, **which: Unpack[Which]
    ) -> Fault:
        """Send replies over TCP octet by octet, each `interval` seconds after the one before it."""
        return self._add("drip", faults.dripping(faults.seconds("drip", interval)), name, rdtype, which)

    def reset(self, name: str | None = None, rdtype: str | None = None, **which: Unpack[Which]) -> Fault:
        """Reset TCP connections when the query has come, before any reply."""
        return self._add("reset", faults.reset("reset"), name, rdtype, which)

    def stale(self, name: str | None = None, rdtype: str | None = None, **which: Unpack[Which]) -> Fault:
        """Answer from the cluster as it is now, whatever changes in it: what CoreDNS does that has lost the API server.

        Its cache and the records' TTL go on as ever.
        """
        with self._lock:
            frozen = copy.deepcopy(self.responder, {id(self.clock): self.clock})

        def answer(responder: Responder, query: respond.Query, client: str) -> Reply:
            return (frozen if responder is self.responder else responder).answer(query, client)

        return self._add("stale", Effect(answer=answer), name, rdtype, which)

    def refuse(self, *, transport: Transport | None = None, nameserver: str | None = None) -> Fault:
        """Close ports: of both transports or one, of all nameservers or of that address, until it is stopped.

        Nobody sees what question a closed port refuses, so it is not logged, and `hits` counts offline resolvers alone.
        """
        which = Which()
        if transport is not None:
            which["transport"] = transport
        if nameserver is not None:
            which["nameserver"] = nameserver
        fault = self._add("refuse", Effect(), None, None, which)
        self._tell()
        return fault

    def restore(self) -> None:
        """End all faults."""
        with self._lock:
            standing, self._faults = self._faults, []
        if any(fault.kind == "refuse" for fault in standing):
            self._tell()

    def _forge(
        self,
        kind: str,
        change: Callable[[bytes], bytes],
        name: str | None,
        rdtype: str | None,
        which: Which,
        *,
        then_reply: bool,
    ) -> Fault:
        effect = faults.changed(kind, change)
        return self._add(kind, followed(effect) if then_reply else effect, name, rdtype, which)

    def _add(self, kind: str, effect: Effect, name: str | None, rdtype: str | None, which: Which) -> Fault:
        criteria = Criteria.of(kind, self.clock.monotonic(), name, rdtype, **which)
        fault = Fault(kind, criteria, effect, self._end)
        with self._lock:
            self._faults.append(fault)
        return fault

    def _end(self, fault: Fault) -> None:
        with self._lock:
            if fault not in self._faults:
                return
            # A new list, since this one may be walked over.
            self._faults = [other for other in self._faults if other is not fault]
        if fault.kind == "refuse":
            self._tell()

    # -- exchanges ---------------------------------------------------------------------------------------------------

    def exchange(
        self, send: Send, message: bytes, *, responder: Responder | None = None, client: str = SOME_POD[0]
    ) -> list[Arrival]:
        """Say what comes back for a message, and when (the virtual driver's question).

        `responder` is who answers where that is not the cluster's nameserver, `client` the address that asks.
        """
        address = send.nameserver.address
        for fault in self._closing(send.transport, address):
            fault.hits += 1
            return [Arrival(0.0, None, "connection refused")]
        parcels = self.receive(message, send.transport, nameserver=address, client=client, responder=responder)
        arrivals = [self._arrival(parcel) for parcel in parcels if parcel.manner != "elsewhere"]
        # Whoever sends one query over a connection reads one message from it.
        return arrivals if send.transport == "udp" else arrivals[:1]

    def receive(
        self,
        message: bytes,
        transport: str,
        *,
        nameserver: str,
        client: str = "",
        flow: Hashable = None,
        responder: Responder | None = None,
    ) -> list[Parcel]:
        """Take a message that came to the address `nameserver`, log it, and say what goes back, soonest first.

        `flow` tells the client's sockets apart: as kube-proxy does, the network leads one flow to one replica. Each
        message without one is a flow of its own.
        """
        query = respond.read_query(message, tcp=transport == "tcp")
        if query is None:
            return []
        with self._lock:
            replica = self._replica(nameserver, flow) if responder in (None, self.responder) else ""
            name, rdtype = (query.name or "").lower(), type_text(query.rdtype)
            asked = Asked(name, rdtype, transport, self.clock.monotonic(), nameserver, replica)
            hits = self._hits(asked)
            reply = _answer(query, client, responder or self.responder, hits)
            data = None if reply is None else respond.write_reply(query, reply)
            parcels = [] if data is None else [Parcel(0.0, data)]
            for fault in hits:
                if fault.effect.act is not None:
                    parcels = fault.effect.act(parcels, asked.at)
        spoilt = [fault.effect.outcome for fault in hits if fault.effect.outcome]
        outcome = spoilt[-1] if spoilt else _outcome(reply, data)
        answer = reply.answer if reply is not None and not spoilt and outcome != "truncated" else ()
        kinds = tuple(fault.kind for fault in hits)
        self._queries.note(Query(*asked[:4], outcome, client, nameserver, replica, kinds, answer))
        return sorted(parcels, key=lambda parcel: parcel.delay)

    def closed(self, transport: Transport, nameserver: str) -> bool:
        """Whether the port of a nameserver is closed."""
        return bool(self._closing(transport, nameserver))

    def watch(self, watcher: Callable[[], None]) -> None:
        """Call this when ports may have been closed or opened."""
        self._watchers.append(watcher)

    def unwatch(self, watcher: Callable[[], None]) -> None:
        """Do not call this any more."""
        self._watchers.remove(watcher)

    def _tell(self) -> None:
        for watcher in tuple(self._watchers):
            watcher()

    def _closing(self, transport: str, nameserver: str) -> list[Fault]:
        asked = Asked("", "", transport, self.clock.monotonic(), nameserver, "")
        return [fault for fault in self._faults if fault.kind == "refuse" and fault.criteria.fit(asked)]

    def _hits(self, asked: Asked) -> list[Fault]:
        hits: list[Fault] = []
        for fault in self._faults:
            if fault.kind != "refuse" and fault.takes(asked):
                hits.append(fault)
                if fault.effect.eaten:
                    break
        return hits

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
            return Arrival(delay, None, "connection reset by peer")
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
            return [Arrival(0.0, None, "Connection refused")]
        return self.network.exchange(send, message, responder=self.outside, client=self.client)


def _answer(query: respond.Query, client: str, responder: Responder, hits: Sequence[Fault]) -> Reply | None:
    """Let the nameserver, or the last fault that stands for it, answer; None if the query does not come there."""
    if hits and hits[-1].effect.eaten:
        return None
    answers = [fault.effect.answer for fault in hits if fault.effect.answer is not None]
    return answers[-1](responder, query, client) if answers else responder.answer(query, client)


def _outcome(reply: Reply | None, data: bytes | None) -> str:
    if reply is None or data is None:
        return "no reply"
    if data[2] & 0x02:
        return "truncated"
    if reply.rcode == 0 and not reply.answer:
        return "NODATA"
    return _RCODE_NAMES.get(reply.rcode, f"RCODE{reply.rcode}")
