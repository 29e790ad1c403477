"""What can go wrong between a resolver and the cluster's nameservers.

A kind of fault is one method of `Faults`: its name is the fault's, in Python and in the command's words; its docstring
is what pages and the command's help tell of it; `@kind` says what the log calls its outcome. To add one, add a
method, and what the log calls it, if that is new, to `FaultOutcome`.
"""

import copy
import random
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, Self, TypeAlias, TypeVar, Unpack

import attrs

from k8sresolve._escaping import told
from k8sresolve._locks import Lock
from k8sresolve.config import is_finite
from k8sresolve.errors import ConfigError, Transport
from k8sresolve.testing.coredns.chain import Reply
from k8sresolve.testing.coredns.messages import Query, Responder
from k8sresolve.testing.network import effects
from k8sresolve.testing.network.clock import Clock
from k8sresolve.testing.network.criteria import Criteria, Traits, Which
from k8sresolve.testing.network.effects import Answered, Changed, Closed, Effect, Lost
from k8sresolve.testing.objects.store import Store

FaultOutcome: TypeAlias = Literal[
    "dropped", "truncated", "wrong id", "wrong question", "garbage", "wrong source", "reset"
]
"""What the log says of a query where, for a fault, no true reply gets through."""

_M = TypeVar("_M", bound=Callable[..., "Fault"])


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

    It is a context manager that stops it at the end. Made by `Network.drop` and the like.

    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> with cluster.network.rcode("SERVFAIL", rdtype="A", next=1) as fault:
    ...     with cluster.resolver(namespace="shop", family="ipv4") as resolver:
    ...         found = resolver.service("payments")  # it asks again
    ...
    >>> fault
    <rcode A next=1: 1 hit>
    """

    kind: str
    """The name of the method that made it."""

    hits: int
    """How many queries it has hit so far: 0 in a test means that the test did not test it."""

    def __init__(
        self,
        kind: str,
        criteria: Criteria,
        effect: Effect,
        outcome: FaultOutcome | None,
        ended: Callable[["Fault"], None],
    ) -> None:
        self.kind = kind
        self.hits: int = 0
        self.criteria = criteria
        self.effect = effect
        self.outcome: FaultOutcome | None = outcome
        self._ended = ended
        self._fitting = 0
        self._random = random.Random(criteria.seed)  # noqa: S311 - a test repeats itself

    def takes(self, traits: Traits) -> bool:
        """Whether it hits this query; counts it if so."""
        criteria = self.criteria
        if not criteria.fit(traits):
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
    """Several faults that make one story; it stops, and counts its `hits`, as one `Fault` does.

    It is a context manager, too.

    Args:
        faults: What methods of `Network` returned.

    >>> from k8sresolve.testing import Cluster, Scenario
    >>> network = Cluster.from_manifests("docs/examples/shop.yaml").network
    >>> with Scenario([network.drop(rdtype="AAAA"), network.delay(0.2, rdtype="A")]) as scenario:
    ...     print(scenario.hits)
    ...
    0
    """

    faults: tuple[Fault, ...]
    """Its faults, in the order in which they act."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)

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


@attrs.frozen
class FaultKind:
    """A kind of fault: the method that makes it, and what is logged where no true reply gets through.

    `outcome` is None where one always does, or where the nameserver's or another's reply has an outcome of its own.
    `only` is the transport where such a fault can happen, if not over both.
    """

    method: Callable[..., Fault]
    outcome: FaultOutcome | None
    only: Transport | None


KINDS: dict[str, FaultKind] = {}
"""All kinds of faults, by name."""


def kind(outcome: FaultOutcome | None = None, *, only: Transport | None = None) -> Callable[[_M], _M]:
    """Make a method a kind of fault."""

    def enter(method: _M) -> _M:
        KINDS[method.__name__] = FaultKind(method, outcome, only)
        return method

    return enter


class Faults:
    """The faults of a network: how each kind is made, and which of them stand. `responders` are by their addresses."""

    def __init__(self, responders: Mapping[str, Responder], clock: Clock, store: Store) -> None:
        self.responders = responders
        self.clock = clock
        self._store = store
        self._standing: list[Fault] = []
        self._watchers: list[Callable[[], None]] = []
        self._lock = Lock()

    @kind("dropped")
    def drop(self, name: str | None = None, rdtype: str | None = None, **which: Unpack[Which]) -> Fault:
        """Lose queries on their way: no reply comes.

        Args:
            name: Only queries for this name, with or without the dot; `*.shop.svc.cluster.local` stands for all names
                below that one. None stands for any.
            rdtype: Only queries for this type, such as `"A"` or `"SRV"`. None stands for any.
            **which: Only some of these: see `Which`.
        """
        return self._begin("drop", Lost(), name, rdtype, which)

    @kind()
    def delay(
        self, seconds: float, name: str | None = None, rdtype: str | None = None, **which: Unpack[Which]
    ) -> Fault:
        """Let replies come `seconds` later.

        Args:
            seconds: From 0 on, by the cluster's clock.
            name, rdtype: As in `drop`.
            **which: Only some of these: see `Which`.
        """
        return self._begin("delay", effects.late(effects.seconds("delay", seconds)), name, rdtype, which)

    @kind(only="udp")
    def duplicate(self, name: str | None = None, rdtype: str | None = None, **which: Unpack[Which]) -> Fault:
        """Let replies over UDP come twice.

        Args:
            name, rdtype: As in `drop`.
            **which: Only some of these: see `Which`.
        """
        return self._begin("duplicate", effects.twice(), name, rdtype, which)

    @kind(only="udp")
    def reorder(
        self, name: str | None = None, rdtype: str | None = None, *, within: float = 0.02, **which: Unpack[Which]
    ) -> Fault:
        """Let replies over UDP overtake one another: to queries that come in `within` seconds, in reverse order.

        A reply comes up to twice that late.

        Args:
            name, rdtype: As in `drop`.
            **which: Only some of these: see `Which`.
            within: Seconds above 0.
        """
        if not is_finite(within) or within <= 0:
            raise ConfigError(f"reorder: within={told(within)} is no time; give seconds above 0")
        effect = effects.reversed_within(effects.seconds("reorder", within))
        return self._begin("reorder", effect, name, rdtype, which)

    @kind("truncated")
    def truncate(self, name: str | None = None, rdtype: str | None = None, **which: Unpack[Which]) -> Fault:
        """Cut replies to nothing, with the flag TC: over UDP, unless `transport="tcp"` says otherwise.

        Args:
            name, rdtype: As in `drop`.
            **which: Only some of these: see `Which`.
        """
        # Whoever wants a truncated reply wants to see TCP at work.
        return self._begin("truncate", effects.damaged(effects.cut), name, rdtype, {"transport": "udp", **which})

    @kind()
    def rcode(self, rcode: str, name: str | None = None, rdtype: str | None = None, **which: Unpack[Which]) -> Fault:
        """Answer with nothing but an rcode: `SERVFAIL`, `REFUSED`, `FORMERR`, `NOTIMP`, `NXDOMAIN` and others.

        Args:
            rcode: One of `RCODES`, by its name.
            name, rdtype: As in `drop`.
            **which: Only some of these: see `Which`.

        Raises:
            ConfigError: There is no such rcode.
        """
        return self._begin("rcode", effects.bare(rcode), name, rdtype, which)

    @kind("wrong id")
    def wrong_id(
        self, name: str | None = None, rdtype: str | None = None, *, then_reply: bool = False, **which: Unpack[Which]
    ) -> Fault:
        """Answer with another query's id; with `then_reply` the true reply follows, as it does after a forged one.

        Args:
            name, rdtype: As in `drop`.
            **which: Only some of these: see `Which`.
            then_reply: Whether the true reply follows.
        """
        effect = effects.damaged(effects.with_other_id)
        return self._forge("wrong_id", effect, name, rdtype, which, then_reply=then_reply)

    @kind("wrong question")
    def wrong_question(
        self, name: str | None = None, rdtype: str | None = None, *, then_reply: bool = False, **which: Unpack[Which]
    ) -> Fault:
        """Answer a question about another name; with `then_reply` the true reply follows.

        Args:
            name, rdtype: As in `drop`.
            **which: Only some of these: see `Which`.
            then_reply: Whether the true reply follows.
        """
        effect = effects.damaged(effects.with_other_question)
        return self._forge("wrong_question", effect, name, rdtype, which, then_reply=then_reply)

    @kind("garbage")
    def garbage(
        self, name: str | None = None, rdtype: str | None = None, *, then_reply: bool = False, **which: Unpack[Which]
    ) -> Fault:
        """Answer with the query's id and then what is no DNS message; with `then_reply` the true reply follows.

        Args:
            name, rdtype: As in `drop`.
            **which: Only some of these: see `Which`.
            then_reply: Whether the true reply follows.
        """
        effect = effects.damaged(effects.noise)
        return self._forge("garbage", effect, name, rdtype, which, then_reply=then_reply)

    @kind("wrong source", only="udp")
    def wrong_source(
        self, name: str | None = None, rdtype: str | None = None, *, then_reply: bool = False, **which: Unpack[Which]
    ) -> Fault:
        """Answer over UDP from an address that was not asked; with `then_reply` the true reply follows.

        Args:
            name, rdtype: As in `drop`.
            **which: Only some of these: see `Which`.
            then_reply: Whether the true reply follows.
        """
        return self._forge("wrong_source", effects.elsewhere(), name, rdtype, which, then_reply=then_reply)

    @kind(only="tcp")
    def drip(
        self, interval: float, name: str | None = None, rdtype: str | None = None, **which: Unpack[Which]
    ) -> Fault:
        """Send replies over TCP octet by octet, each `interval` seconds after the one before it.

        Args:
            interval: Seconds, from 0 on.
            name, rdtype: As in `drop`.
            **which: Only some of these: see `Which`.
        """
        return self._begin("drip", effects.dripping(effects.seconds("drip", interval)), name, rdtype, which)

    @kind("reset", only="tcp")
    def reset(self, name: str | None = None, rdtype: str | None = None, **which: Unpack[Which]) -> Fault:
        """Reset TCP connections when the query has come, before any reply.

        Args:
            name, rdtype: As in `drop`.
            **which: Only some of these: see `Which`.
        """
        return self._begin("reset", effects.reset(), name, rdtype, which)

    @kind()
    def stale(self, name: str | None = None, rdtype: str | None = None, **which: Unpack[Which]) -> Fault:
        """Answer from the cluster as it is now, whatever changes in it: what CoreDNS does that has lost the API server.

        Its cache and the records' TTL go on as ever.

        Args:
            name, rdtype: As in `drop`.
            **which: Only some of these: see `Which`.
        """
        return self._begin("stale", self._copied({}, which), name, rdtype, which)

    @kind()
    def unsynced(self, name: str | None = None, rdtype: str | None = None, **which: Unpack[Which]) -> Fault:
        """Answer as CoreDNS does before it has heard from the API server: it knows no object yet.

        What does not exist then goes on to the next plugin where `fallthrough` says so, and is SERVFAIL elsewhere.

        Args:
            name, rdtype: As in `drop`.
            **which: Only some of these: see `Which`.
        """
        unsynced = Store.unsynced(self._store.serial + 1)
        return self._begin("unsynced", self._copied({id(self._store): unsynced}, which), name, rdtype, which)

    def _copied(self, others: dict[int, Any], which: Which) -> Answered:
        """Let copies of the nameservers that may be hit answer, in which others stand in for some objects."""
        alone = which.get("nameserver") or ""
        with self._lock:
            hit = {alone: self.responders[alone]} if alone in self.responders else dict(self.responders)
            copies = copy.deepcopy(hit, {id(self.clock): self.clock, **others})

        def answer(responder: Responder, query: Query, client: str) -> Reply:
            for address, replica in self.responders.items():
                if replica is responder:
                    return copies.get(address, responder).answer(query, client)
            return responder.answer(query, client)

        return Answered(answer)

    @kind()
    def refuse(self, *, transport: Transport | None = None, nameserver: str | None = None) -> Fault:
        """Close ports: of both transports or one, of all nameservers or of that address, until it is stopped.

        Nobody sees what question a closed port refuses, so it is not logged, and `hits` counts offline resolvers alone.

        Args:
            transport: `"udp"` or `"tcp"`; None is both.
            nameserver: An IP address; None is all.
        """
        which = Which()
        if transport is not None:
            which["transport"] = transport
        if nameserver is not None:
            which["nameserver"] = nameserver
        fault = self._begin("refuse", Closed(), None, None, which)
        self._tell()
        return fault

    def restore(self) -> None:
        """End all faults."""
        with self._lock:
            standing, self._standing = self._standing, []
        if any(isinstance(fault.effect, Closed) for fault in standing):
            self._tell()

    # -- what stands -------------------------------------------------------------------------------------------------

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
        for watcher in [*self._watchers]:
            watcher()

    def _closing(self, transport: Transport, nameserver: str) -> list[Fault]:
        traits = Traits("", "", transport, self.clock.monotonic(), nameserver, "")
        return [fault for fault in self._standing if isinstance(fault.effect, Closed) and fault.criteria.fit(traits)]

    def _hits(self, traits: Traits) -> list[Fault]:
        hits: list[Fault] = []
        for fault in self._standing:
            if not isinstance(fault.effect, Closed) and fault.takes(traits):
                hits.append(fault)
                if isinstance(fault.effect, Lost):
                    break
        return hits

    def _forge(
        self, kind: str, effect: Changed, name: str | None, rdtype: str | None, which: Which, *, then_reply: bool
    ) -> Fault:
        if then_reply:
            return self._begin(kind, effects.followed(effect), name, rdtype, which, true_reply=True)
        return self._begin(kind, effect, name, rdtype, which)

    def _begin(
        self,
        kind: str,
        effect: Effect,
        name: str | None,
        rdtype: str | None,
        which: Which,
        *,
        true_reply: bool = False,
    ) -> Fault:
        known = KINDS[kind]
        criteria = Criteria.of(kind, self.clock.monotonic(), name, rdtype, only=known.only, **which)
        fault = Fault(kind, criteria, effect, None if true_reply else known.outcome, self._end)
        with self._lock:
            self._standing.append(fault)
        return fault

    def _end(self, fault: Fault) -> None:
        with self._lock:
            if fault not in self._standing:
                return
            standing = self._standing.copy()  # this one may be walked over
            standing.remove(fault)
            self._standing = standing
        if isinstance(fault.effect, Closed):
            self._tell()
