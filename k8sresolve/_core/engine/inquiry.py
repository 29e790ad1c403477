"""One question as a state machine: what to send next, when to wake up, and what the answer is.

Either side may speak first: a reply, a late reply to an earlier send, junk, a network error or a timer. Each event
comes with the time, and returns what is to be sent now; afterwards `answer` and `wake` say how things stand. No
sockets here: a driver performs each `Send` and reports under its number.

      start                      no reply: resend, over UDP to the better nameserver (doubling waits)
        |                       .------------.
        v                       |            v
    over UDP ----------- truncated ------------> over TCP     too much junk: over TCP as well
     |  ^  |                                      |  |
     |  |  '-- SERVFAIL, port closed: another --'  |          each nameserver that gave its last word
     |  '----- nameserver, or a pause, then again  |          (REFUSED, NOTIMP, ...) is asked no more
     v                                             v
    answer: Found, Empty, NxDomain; or Failed: all spoke their last word, SERVFAIL three times in all, nobody
            reachable for as long as the patience lasts, or `give_up` has come
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TypeAlias

from k8sresolve._core.engine.health import MOST_WAIT
from k8sresolve._core.engine.ledger import Ledger
from k8sresolve._core.engine.rules import Rules
from k8sresolve._core.engine.sends import Send, Sends
from k8sresolve._core.questions import (
    IMPATIENT,
    Empty,
    Exchange,
    Failed,
    Found,
    NxDomain,
    Patience,
    Question,
    Result,
)
from k8sresolve._core.wire.names import Malformed, Unsendable
from k8sresolve._core.wire.query import EDNS_SIZE, encode_query
from k8sresolve._core.wire.rcodes import BADVERS, FORMERR, NOERROR, NOTIMP, NXDOMAIN, REFUSED, SERVFAIL, rcode_name
from k8sresolve._core.wire.reply import Odd, read_plain_reply, read_reply
from k8sresolve._core.wire.rules import BadAnswer, Reply
from k8sresolve.errors import Purpose, Reason, Transport

LARGE = 16_384  # octets; a larger message may take long to read
JUNK_LIMIT = 64  # packets that do not match; then the question goes over TCP as well
TRIES = 3  # at least so many before SERVFAIL, or what cannot be right, is final
PAUSE = 0.025  # seconds before the same nameserver is asked again after SERVFAIL or an unreachable port, doubling
MOST_PAUSE = 0.5
EARLY = 0.25  # seconds; resends before that draw on the budget
STREAM_WAIT = 1.0  # seconds until another TCP connection is tried, doubling

_REASONS: dict[int, Reason] = {FORMERR: "formerr", SERVFAIL: "servfail", NOTIMP: "notimp", REFUSED: "refused"}


Reading: TypeAlias = Callable[[], Reply | None]
"""Returns or raises what `Inquiry.read` came to, maybe in another thread."""


_Reader: TypeAlias = Callable[[bytes, bytes, int], Reply | None]


def _read_small(message: bytes, query: bytes, rdtype: int) -> Reply | None:
    if len(message) > LARGE:
        raise Odd
    return read_plain_reply(message, query, rdtype)


def is_found(reading: Reply) -> bool:
    """Whether a reply has what was asked for, whole."""
    return reading.rcode == NOERROR and bool(reading.data) and not reading.truncated


def _found_in(reading: Reply, rules: Rules, told: tuple[Exchange, ...] | str, now: float, took: float) -> Found:
    """What a reply came to that has records; `took` milliseconds."""
    ttl, most = reading.ttl or 0, rules.cache.max_ttl
    expires = now + (ttl if ttl < most else most)  # noqa: FURB136 - a call takes thrice as long
    return Found(reading.data, ttl, expires, reading.chain, reading.glue, reading.truncated, told, now, took)


def read_lone(message: bytes, query: bytes, rdtype: int) -> Reply | None:
    """Read the reply to a lone question; None for what is no sound one, of which its flight is to judge."""
    if len(message) > EDNS_SIZE:
        return None
    try:
        return read_plain_reply(message, query, rdtype)
    except (Odd, Malformed):
        return None


class Inquiry:
    """One question, from the first send to its answer.

    `first` is the nameserver to prefer among equals, which `options rotate` advances. `give_up` is the time by which
    the answer must be there, `patience` how long unreachable nameservers are asked again. It is `late` once a timer
    has run, and `unreachable` while no nameserver can be reached.
    """

    __slots__ = (
        "_cycle",
        "_due",
        "_first",
        "_junk",
        "_ledger",
        "_limit",
        "_patience",
        "_pauses",
        "_pausing",
        "_plain",
        "_rules",
        "_soft",
        "_tcp",
        "_waits",
        "_with_edns",
        "_without",
        "answer",
        "give_up",
        "late",
        "question",
        "sent",
        "unreachable",
        "wake",
    )

    give_up: float
    wake: float
    late: bool
    unreachable: bool

    def __init__(
        self,
        question: Question,
        rules: Rules,
        ledger: Ledger,
        give_up: float,
        *,
        first: int = 0,
        patience: Patience = IMPATIENT,
    ) -> None:
        self.question: Question = question
        self.give_up = self.wake = give_up
        self.answer: Result | None = None
        self.sent: Sends = Sends()
        self.late = self.unreachable = self._pausing = False
        self._rules = rules
        self._ledger = ledger
        self._first = first
        self._patience = patience
        self._tcp = rules.use_tcp
        self._due = self._soft = self._limit = math.inf
        # When to send again, whether or not that is before the end; when it ends, if those that have said nothing yet
        # still say nothing; when it ends by the configuration.
        self._waits = self._pauses = self._cycle = self._junk = 0
        # Sends over this transport that were waited for in vain; pauses; the first send since the last of these; junk.
        self._plain: tuple[int, ...] = ()  # the nameservers that this question is asked of without EDNS
        self._with_edns: bytes | None = None  # the query as it is sent
        self._without: bytes | None = None

    # -- events ------------------------------------------------------------------------------------------------------

    def start(self, now: float) -> list[Send]:
        """Begin. A question that no packet can carry, or whose time is up, sends nothing."""
        if now >= self.give_up:
            return self._fail(now, "timeout", "the deadline had passed")
        rules = self._rules
        self._begin(now)
        try:
            if len(rules.nameservers) == 1:
                return [self._send(now, 0, "first")]
            best = self._best() or 0
            probes = self._probes(now, best)
            return [self._send(now, best, "first"), *probes]
        except Unsendable as error:
            return self._fail(now, "unsendable", str(error))

    def _begin(self, now: float) -> None:
        if self._rules.limit is not None:
            self._limit = now + self._rules.limit
            self.give_up = min(self.give_up, self._limit)
        self._ledger.budget.earn()

    def go_on(self, sent: Send) -> None:
        """Begin with a first send to the only nameserver that was made before."""
        self._begin(sent.at)
        if sent.edns:
            self._with_edns = sent.payload
        else:
            self._without = sent.payload
        self.sent.append(sent)
        self._wait_until(sent.at + self._ledger.healths[0].wait)

    def extend(self, until: float, patience: Patience) -> None:
        """Let the answer come as late as another caller lets it, unless the configuration limits the question."""
        self.give_up = max(self.give_up, min(until, self._limit))
        self._patience = self._patience.or_more(patience)
        self._wait_until(self._due)

    def on_datagram(self, now: float, number: int, data: bytes | Reading) -> list[Send]:
        """A datagram came on the socket of that send, with its id; or what reading it came to.

        Raises `Odd`, as `on_stream` does, for what may take long to read: tell what that came to by the same event.
        """
        sent = self.sent[number]
        try:
            if isinstance(data, bytes):
                reading = None if len(data) > EDNS_SIZE else self._read_by(read_plain_reply, data)
            else:
                reading = data()
        except BadAnswer as error:
            return self._doubt(now, sent, "bad", str(error))
        except Odd:
            sent.heard = now
            raise
        if reading is None:
            return self._on_junk(now, sent)
        return self._truncated(now, sent) if reading.truncated else self._judge(now, sent, reading)

    def on_stream(self, now: float, number: int, data: bytes | Reading) -> list[Send]:
        """A whole message came over TCP; or what reading it came to."""
        sent = self.sent[number]
        try:
            reading = self._read_by(_read_small, data) if isinstance(data, bytes) else data()
        except BadAnswer as error:
            return self._doubt(now, sent, "bad", str(error))
        except Odd:
            sent.heard = now
            raise
        if reading is None:
            return self._setback(now, sent, "network", "a reply to something else")
        return self._judge(now, sent, reading)

    def on_error(self, now: float, number: int, outcome: str) -> list[Send]:
        """The send failed: refused, unreachable, no socket left, or the stream ended early."""
        sent = self.sent[number]
        if sent.ended:
            return []
        if sent.transport == "tcp" and not self._tcp:
            # It was asked beside UDP, where the answer may still come.
            sent.end(now, outcome)
            return []
        self._ledger.healths[sent.server].failed(now)
        return self._setback(now, sent, "network", outcome)

    def on_timer(self, now: float) -> list[Send]:
        """The time in `wake` has come."""
        if now >= self.give_up:
            return self._fail(now, *self.verdict())
        if now < self.wake:
            return []
        self.late = True
        if self._is_over(now):
            return self._fail(now, *self.verdict())
        if now < self._due:
            return self._wait_until(self._due)
        if self._pausing:
            # The silent ones have timers of their own.
            heard = set(range(len(self._rules.nameservers))).difference(self._silent())
            self._cycle = len(self.sent)
            return self._again(now, heard)
        last = next((sent for sent in reversed(self.sent) if not sent.ended), None)
        if last is not None:
            if now < last.at + EARLY and not self._ledger.budget.take():
                return self._wait_until(last.at + EARLY)
            if now >= last.at + self._ledger.healths[last.server].wait:
                self._ledger.healths[last.server].failed(now)
        self._waits += 1
        return self._again(now)

    def read(self, data: bytes) -> Reply | None:
        """Read a reply; None for what is no reply to this question, or is damaged. Raises `BadAnswer`.

        It changes nothing, and so may be done in another thread.
        """
        return self._read_by(read_reply, data)

    def _read_by(self, read: _Reader, data: bytes) -> Reply | None:
        query = self._with_edns or self._without
        assert query is not None  # noqa: S101 - it was sent
        try:
            return read(data, query, self.question.rdtype)
        except BadAnswer:
            raise
        except Malformed:
            return None

    def end(self, now: float, reason: Reason, detail: str = "") -> None:
        """Give up from outside: nobody waits any more, or the resolver is closed."""
        self.answer = Failed(reason, detail, self.exchanges(now), now)

    def exchanges(self, now: float) -> tuple[Exchange, ...]:
        """What was sent so far and what became of it; a send without a reply says so."""
        healths = self._ledger.healths
        if len(self.sent) == 1:
            (sent,) = self.sent
            return (sent.exchange(healths[sent.server].nameserver, now),)
        return tuple([sent.exchange(healths[sent.server].nameserver, now) for sent in self.sent])

    def verdict(self) -> tuple[Reason, str]:
        """What it comes to without an answer: what a nameserver said tells more than another's silence.

        SERVFAIL tells more than a refusal, either more than a closed port, and what cannot be right least.
        """
        sent = self.sent.weightiest()
        if sent is None or sent.reason is None:
            return "timeout", "no nameserver answered in time"
        if sent.transport == "tcp" and self.sent.was_truncated():
            return sent.reason, f"truncated over UDP, then over TCP: {sent.outcome}"
        return sent.reason, sent.outcome

    # -- decisions ---------------------------------------------------------------------------------------------------

    def _best(self, among: Iterable[int] | None = None) -> int | None:
        """Choose the nameserver to ask next: by its record and the sends to it, never one that spoke its last word."""
        count = len(self._rules.nameservers)
        if count == 1:
            return self._room(0)
        sends = [0] * count
        for sent in self.sent:
            sends[sent.server] += 1
        done = self.sent.dismissed()
        if self._is_tried():
            done |= self.sent.said(since=len(self.sent))
        candidates = [
            server for server in among or range(count) if server not in done and self._room(server) is not None
        ]
        return min(
            candidates,
            key=lambda server: (
                self._ledger.healths[server].failures.bit_length() + sends[server],
                (server - self._first) % count,
            ),
            default=None,
        )

    def _again(self, now: float, among: Iterable[int] | None = None) -> list[Send]:
        """Send once more, or, where the stated attempts are used up, wait for what is under way."""
        server = self._best(among)
        return self._wait_until(math.inf) if server is None else [self._send(now, server)]

    def _wait_until(self, due: float) -> list[Send]:
        self._due = due
        self.wake = due if due < self.give_up and due < self._soft else min(self.give_up, self._soft)
        return []

    def _room(self, server: int) -> int | None:
        """The nameserver, if the stated attempts allow another send to it."""
        most = self._rules.most_sends
        if most is None:
            return server
        sent = [sent.transport for sent in self.sent if sent.server == server]
        return server if len(sent) < most or (self._tcp and "tcp" not in sent) else None

    def _probes(self, now: float, best: int) -> list[Send]:
        """Ask one nameserver that failed some time ago as well; nobody waits for it."""
        for server, health in enumerate(self._ledger.healths):
            if server != best and health.due_for_probe(now):
                return [self._put(now, server, "probe")]
        return []

    def _send(self, now: float, server: int, purpose: Purpose | None = None) -> Send:
        send = self._put(now, server, purpose or self._purpose(server))
        wait = STREAM_WAIT if self._tcp else self._ledger.healths[server].wait
        if self._waits:
            wait *= 1 << min(self._waits, 10)
            wait = wait if self._tcp else min(wait, MOST_WAIT)
        self._pausing = False
        self._wait_until(now + wait)
        return send

    def _purpose(self, server: int) -> Purpose:
        last = next((sent for sent in reversed(self.sent) if sent.purpose != "probe"), None)
        if last is None:
            return "first"
        if self._tcp and last.transport == "udp":
            return "tcp"
        return "resend" if last.server == server else "failover"

    def _put(self, now: float, server: int, purpose: Purpose) -> Send:
        transport: Transport = "tcp" if self._tcp or purpose == "tcp" else "udp"
        edns = now >= self._ledger.healths[server].edns_from and server not in self._plain
        payload = (self._with_edns if edns else self._without) or self._payload(edns)
        nameserver = self._rules.nameservers[server]
        send = Send(len(self.sent), nameserver, transport, payload, purpose, server=server, at=now, edns=edns)
        self.sent.append(send)
        return send

    def _payload(self, edns: bool) -> bytes:
        if edns:
            self._with_edns = payload = encode_query(self.question)
        else:
            self._without = payload = encode_query(self.question, None)
        return payload

    # -- replies -----------------------------------------------------------------------------------------------------

    def _replied(self, now: float, sent: Send, outcome: str) -> None:
        """It was a reply, and so tells of the nameserver's round trip."""
        if not sent.ended:
            self._ledger.healths[sent.server].replied((now if sent.heard is None else sent.heard) - sent.at)
        sent.end(now, outcome)

    def _on_junk(self, now: float, sent: Send) -> list[Send]:
        # What does not match is not the nameserver's doing: keep listening, and at a flood ask where it cannot follow.
        self._junk += 1
        if self._junk != JUNK_LIMIT or self._tcp:
            return []
        return [self._put(now, sent.server, "tcp")]

    def _truncated(self, now: float, sent: Send) -> list[Send]:
        sent.truncated = True
        self._replied(now, sent, "truncated")
        if self._tcp:
            return []
        self._tcp = True
        self._waits = 0
        return [] if self.sent.is_asked(sent.server, over="tcp") else [self._send(now, sent.server)]

    def _judge(self, now: float, sent: Send, reading: Reply) -> list[Send]:
        if reading.rcode == NOERROR and reading.data:
            self._replied(now, sent, "NOERROR")
            first = len(self.sent) == 1 and sent.transport == "udp"
            told = self._ledger.healths[sent.server].nameserver if first else self.exchanges(now)
            self.answer = _found_in(reading, self._rules, told, now, sent.milliseconds)
            return []
        if reading.rcode == NOERROR and reading.truncated:
            return self._setback(now, sent, "bad", "truncated over TCP too, before any record", replied=True)
        if reading.rcode == NOERROR and not reading.lame:
            self._replied(now, sent, "CNAME without a record" if reading.chain else "NODATA")
            expires, limit = self._negative(now, reading)
            self.answer = Empty(expires, limit, reading.chain, self.exchanges(now), now)
            return []
        if reading.rcode == NXDOMAIN and not reading.data:
            self._replied(now, sent, "NXDOMAIN")
            expires, limit = self._negative(now, reading)
            self.answer = NxDomain(expires, limit, reading.chain, self.exchanges(now), now)
            return []
        return self._refusal(now, sent, reading)

    def _negative(self, now: float, reading: Reply) -> tuple[float, float]:
        seconds = self._ledger.cache.seconds(self.question.name, reading.soa_ttl, self._rules.cluster_domain)
        return now + seconds, now + (reading.soa_ttl or 0)

    def _refusal(self, now: float, sent: Send, reading: Reply) -> list[Send]:
        """The reply answers nothing."""
        outcome = rcode_name(reading.rcode)
        if reading.rcode in (FORMERR, BADVERS) and sent.edns:
            return self._without_edns(now, sent, outcome, known=reading.questioned)
        if reading.rcode == NOERROR:
            return self._setback(now, sent, "refused", "lame", replied=True)
        if reading.rcode == NXDOMAIN:
            return self._doubt(now, sent, "bad", "records in an NXDOMAIN")
        reason = _REASONS.get(reading.rcode)
        if reason is None or not reading.questioned:
            return self._doubt(now, sent, reason or "refused", outcome)
        return self._setback(now, sent, reason, outcome, replied=True)

    def _without_edns(self, now: float, sent: Send, outcome: str, *, known: bool) -> list[Send]:
        # RFC 6891, section 7: FORMERR from a nameserver that knows no EDNS; BADVERS should not occur with version 0.
        # What does not carry the question may be anybody's, and so is no reason to think less of the nameserver.
        if known:
            self._ledger.healths[sent.server].refused_edns(now)
        self._replied(now, sent, outcome)
        if sent.server in self._plain:
            return []
        self._plain += (sent.server,)
        return [self._send(now, sent.server)]

    # -- setbacks ----------------------------------------------------------------------------------------------------

    def _setback(
        self, now: float, sent: Send, reason: Reason, outcome: str, *, replied: bool = False, doubted: bool = False
    ) -> list[Send]:
        """That nameserver does not answer: ask another at once, the same one again after a pause, or fail."""
        if sent.ended:
            return []  # another copy of what it said already
        if replied:
            self._replied(now, sent, outcome)
        else:
            sent.end(now, outcome)
        sent.reason, sent.doubted = reason, doubted
        if len(self.sent.dismissed()) == len(self._rules.nameservers) or self._is_spent():
            return self._fail(now, *self.verdict())
        silent = self._silent()
        if silent:
            self._curtail(now)
        if unasked := [server for server in silent if not self.sent.is_asked(server)]:
            return self._again(now, unasked)
        if silent:
            if reason == "network" and all(self._was_waited_for(server, now) for server in silent):
                return self._again(now, silent)
            if reason != "servfail" or self._is_tried():
                return self._wait_until(self._due)
        elif self._is_tried():
            return self._fail(now, *self.verdict())
        return self._pause(now)

    def _doubt(self, now: float, sent: Send, reason: Reason, outcome: str) -> list[Send]:
        """What came cannot be right. It is no last word, and over UDP a right one may follow: its timer goes on."""
        if sent.ended or sent.reason is not None:
            return []
        if sent.transport == "tcp":
            return self._setback(now, sent, reason, outcome, doubted=True)
        sent.reason, sent.outcome, sent.doubted = reason, outcome, True
        unasked = [server for server in self._silent() if not self.sent.is_asked(server)]
        return self._again(now, unasked) if unasked else []

    def _pause(self, now: float) -> list[Send]:
        """Ask again in a while; where nobody can be reached, only as long as the patience lasts."""
        pause = min(MOST_PAUSE, PAUSE * (1 << min(self._pauses, 5)))
        self.unreachable = not self.sent.tries()
        if self.unreachable:
            until = self._patience.until(now)
            if now >= until:
                return self._fail(now, *self.verdict())
            pause = min(pause, until - now)
        self._pauses += 1
        self._pausing = True
        return self._wait_until(now + pause)

    def _curtail(self, now: float) -> None:
        """Once a nameserver has said that it cannot answer, the silent ones do not get all the time there is.

        They get what the patience gives, and each its first timer.
        """
        if self.sent.spoke():
            timers = [self.sent.first(server) + self._ledger.healths[server].wait for server in self._silent()]
            self._soft = max(self._patience.until(now), *timers)

    def _is_over(self, now: float) -> bool:
        """Whether nothing is left to wait for, when a timer has run."""
        if not self._silent():
            self._soft = math.inf
            return not self._pausing and self._is_tried()
        if now >= self._soft:
            self._curtail(now)
        return now >= self._soft

    def _is_spent(self) -> bool:
        """Whether the stated attempts are used up, and nothing is under way any more."""
        return self._best() is None and all(sent.ended for sent in self.sent)

    def _silent(self) -> list[int]:
        """The nameservers that have said nothing; of those that could not be reached, since the last pause."""
        said = self.sent.said(since=self._cycle)
        return [server for server in range(len(self._rules.nameservers)) if server not in said]

    def _is_tried(self) -> bool:
        """Whether nameservers have failed often enough to take that for their last word."""
        return self.sent.tries() >= max(TRIES, len(self._rules.nameservers))

    def _was_waited_for(self, server: int, now: float) -> bool:
        """Whether the timer of the last send to a nameserver has run."""
        return now >= self.sent.last(server, now) + self._ledger.healths[server].wait

    def _fail(self, now: float, reason: Reason, detail: str) -> list[Send]:
        self.end(now, reason, detail)
        return []
