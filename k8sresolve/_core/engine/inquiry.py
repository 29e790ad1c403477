"""One question as a state machine: what to send next, when to wake up, and what the answer is.

Either side may speak first: a reply, a late reply to an earlier send, junk, a network error or a timer. Each event
comes with the time, and returns what is to be sent now; afterwards `answer` and `wake` say how things stand. No
sockets here: a driver performs each `Send` and reports under its number.

      start                      no reply: resend, over UDP to the better nameserver (doubling waits)
        |                       .------------.
        v                       |            v
    over UDP ---- truncated, or too much junk ----> over TCP
     |  ^  |                                         |  |
     |  |  '--- SERVFAIL, port closed: pause, then --'  |    each nameserver that gave its last word
     |  '------ the same or another nameserver          |    (REFUSED, NOTIMP, ...) is asked no more
     v                                                  v
    answer: Found, Empty, NxDomain; or Failed: all spoke their last word, or `give_up` has come
"""

import math

from k8sresolve._core.engine.health import MOST_WAIT
from k8sresolve._core.engine.ledger import Ledger
from k8sresolve._core.engine.rules import Rules
from k8sresolve._core.engine.sends import Send, Sent
from k8sresolve._core.questions import Empty, Exchange, Failed, Found, NxDomain, Question, Result
from k8sresolve._core.wire.names import Malformed, Unsendable
from k8sresolve._core.wire.query import encode_query
from k8sresolve._core.wire.rcodes import BADVERS, FORMERR, NOERROR, NOTIMP, NXDOMAIN, REFUSED, SERVFAIL, rcode_name
from k8sresolve._core.wire.reply import read_reply
from k8sresolve._core.wire.rules import BadAnswer, Reply
from k8sresolve.errors import Transport
from k8sresolve.records import Purpose, Reason

EDNS_SIZE = 1232  # octets; the DNS flag day 2020 value, which fits every path without fragments
JUNK_LIMIT = 64  # packets that do not match; then the question goes on over TCP
TRIES = 3  # at least so many before SERVFAIL or an unreachable port is final
PAUSE = 0.025  # seconds before the same nameserver is asked again after SERVFAIL, doubling
EARLY = 0.25  # seconds; resends before that draw on the budget
STREAM_WAIT = 1.0  # seconds until another TCP connection is tried, doubling

_REASONS: dict[int, Reason] = {FORMERR: "formerr", SERVFAIL: "servfail", NOTIMP: "notimp", REFUSED: "refused"}
# The nameserver may be able to answer a moment later; every other setback is its last word on this question.
_PASSING: frozenset[Reason] = frozenset({"servfail", "network"})


class Inquiry:
    """One question, from the first send to its answer.

    `first` is the nameserver to prefer among equals, which `options rotate` advances. `give_up` is the time by which
    the answer must be there.
    """

    __slots__ = (
        "_due",
        "_final",
        "_first",
        "_junk",
        "_ledger",
        "_limit",
        "_passing",
        "_pausing",
        "_payloads",
        "_rules",
        "_tcp",
        "_tries",
        "_waits",
        "answer",
        "give_up",
        "question",
        "sent",
        "wake",
    )

    def __init__(self, question: Question, rules: Rules, ledger: Ledger, give_up: float, first: int = 0) -> None:
        self.question = question
        self.give_up = give_up
        self.answer: Result | None = None
        self.wake = give_up
        self.sent: list[Sent] = []
        self._rules = rules
        self._ledger = ledger
        self._first = first
        self._tcp = rules.use_tcp
        self._due = math.inf  # when to send again, whether or not that is before the end
        self._limit = math.inf
        self._waits = 0  # sends over this transport that were waited for in vain
        self._tries = 0
        self._junk = 0
        self._pausing = False
        self._final: dict[int, Reason] = {}  # what a nameserver said last, where it will not say anything else
        self._passing: dict[int, Reason] = {}
        self._payloads: dict[bool, bytes] = {}

    # -- events ------------------------------------------------------------------------------------------------------

    def start(self, now: float) -> list[Send]:
        """Begin. A question that no packet can carry, or whose time is up, sends nothing."""
        if now >= self.give_up:
            return self._fail(now, "timeout", "the deadline had passed")
        if self._rules.limit is not None:
            self._limit = now + self._rules.limit
            self.give_up = min(self.give_up, self._limit)
        self._ledger.budget.earn()
        best = self._best()
        assert best is not None  # noqa: S101 - no nameserver has said anything yet
        try:
            probes = self._probes(now, best)
            return [self._send(now, best), *probes]
        except Unsendable as error:
            return self._fail(now, "unsendable", str(error))

    def extend(self, until: float) -> None:
        """Let the answer come as late as that, if it is later and the configuration does not limit the question."""
        self.give_up = max(self.give_up, min(until, self._limit))
        self.wake = min(self._due, self.give_up)

    def on_datagram(self, now: float, number: int, data: bytes) -> list[Send]:
        """A datagram came on the socket of that send, with its id."""
        sent = self.sent[number]
        try:
            reading = None if len(data) > EDNS_SIZE else self._read(data)
        except BadAnswer as error:
            return self._setback(now, sent, "bad", str(error))
        if reading is None:
            return self._on_junk(now)
        self._reply_timed(now, sent)
        if not reading.truncated:
            return self._judge(now, sent, reading)
        sent.truncated = True
        sent.end(now, "truncated")
        if self._tcp:
            return []
        self._go_over_tcp()
        return [self._send(now, sent.server)]

    def on_stream(self, now: float, number: int, data: bytes) -> list[Send]:
        """A whole message came over TCP."""
        sent = self.sent[number]
        try:
            reading = self._read(data)
        except BadAnswer as error:
            return self._setback(now, sent, "bad", str(error))
        if reading is None:
            return self._setback(now, sent, "network", "a reply to something else")
        self._reply_timed(now, sent)
        return self._judge(now, sent, reading)

    def on_error(self, now: float, number: int, outcome: str) -> list[Send]:
        """The send failed: refused, unreachable, no socket left, or the stream ended early."""
        sent = self.sent[number]
        if sent.ended:
            return []
        self._ledger.healths[sent.server].failed(now)
        return self._setback(now, sent, "network", outcome)

    def on_timer(self, now: float) -> list[Send]:
        """The time in `wake` has come."""
        if now >= self.give_up:
            return self._fail(now, "timeout", "no nameserver answered in time")
        if now < self.wake:
            return []
        last = self.sent[-1]
        if not self._pausing and not last.ended:
            if now < last.at + EARLY and not self._ledger.budget.take():
                return self._wait_until(last.at + EARLY)
            self._waits += 1
            if now >= last.at + self._ledger.healths[last.server].wait:
                self._ledger.healths[last.server].failed(now)
        return self._again(now)

    def end(self, now: float, reason: Reason, detail: str = "") -> None:
        """Give up from outside: nobody waits any more, or the resolver is closed."""
        self.answer = Failed(reason, detail, self.exchanges(now), now)

    def exchanges(self, now: float) -> tuple[Exchange, ...]:
        """What was sent so far and what became of it; a send without a reply says so."""
        nameservers = self._rules.nameservers
        return tuple([sent.exchange(nameservers[sent.server], now) for sent in self.sent])

    # -- decisions ---------------------------------------------------------------------------------------------------

    def _best(self) -> int | None:
        """Choose the nameserver to ask next: by its record and the sends to it, never one that spoke its last word."""
        count = len(self._rules.nameservers)
        if count == 1:
            return self._room(0)
        sends = [0] * count
        for sent in self.sent:
            sends[sent.server] += 1
        candidates = [server for server in range(count) if server not in self._final and self._room(server) is not None]
        return min(
            candidates,
            key=lambda server: (
                self._ledger.healths[server].failures.bit_length() + sends[server],
                (server - self._first) % count,
            ),
            default=None,
        )

    def _again(self, now: float) -> list[Send]:
        """Send once more, or, where the stated attempts are used up, wait for what is under way."""
        server = self._best()
        return self._wait_until(math.inf) if server is None else [self._send(now, server)]

    def _wait_until(self, due: float) -> list[Send]:
        self._due = due
        self.wake = min(due, self.give_up)
        return []

    def _room(self, server: int) -> int | None:
        """The nameserver, if the stated attempts allow another send to it."""
        most = self._rules.most_sends
        if (
            most is None
            or sum(sent.server == server for sent in self.sent) < most
            or (self._tcp and not self._over_tcp(server))
        ):
            return server
        return None

    def _over_tcp(self, server: int) -> bool:
        return any(sent.server == server and sent.transport == "tcp" for sent in self.sent)

    def _probes(self, now: float, best: int) -> list[Send]:
        """Ask one nameserver that failed some time ago as well; nobody waits for it."""
        for server, health in enumerate(self._ledger.healths):
            if server != best and health.due_for_probe(now):
                return [self._put(now, server, "probe")]
        return []

    def _send(self, now: float, server: int) -> Send:
        send = self._put(now, server, self._purpose(server))
        first = STREAM_WAIT if self._tcp else self._ledger.healths[server].wait
        wait = first * (1 << min(self._waits, 10))
        self._wait_until(now + (wait if self._tcp else min(wait, MOST_WAIT)))
        self._pausing = False
        return send

    def _purpose(self, server: int) -> Purpose:
        last = next((sent for sent in reversed(self.sent) if sent.purpose != "probe"), None)
        if last is None:
            return "first"
        if self._tcp and last.transport == "udp":
            return "tcp"
        return "resend" if last.server == server else "failover"

    def _put(self, now: float, server: int, purpose: Purpose) -> Send:
        transport: Transport = "tcp" if self._tcp else "udp"
        edns = self._ledger.healths[server].edns
        payload = self._payload(edns)
        self.sent.append(Sent(server, transport, purpose, now, edns=edns))
        return Send(len(self.sent) - 1, self._rules.nameservers[server], transport, payload, purpose)

    def _go_over_tcp(self) -> None:
        self._tcp = True
        self._waits = 0

    def _payload(self, edns: bool) -> bytes:
        payload = self._payloads.get(edns)
        if payload is None:
            payload = self._payloads[edns] = encode_query(self.question, edns=EDNS_SIZE if edns else None)
        return payload

    def _read(self, data: bytes) -> Reply | None:
        """Read a reply; None for what is no reply to this question, or is damaged. Raises `BadAnswer`."""
        try:
            return read_reply(data, next(iter(self._payloads.values())), self.question.rdtype)
        except BadAnswer:
            raise
        except Malformed:
            return None

    def _reply_timed(self, now: float, sent: Sent) -> None:
        if not sent.ended:
            self._ledger.healths[sent.server].replied(now - sent.at)

    def _on_junk(self, now: float) -> list[Send]:
        # What does not match is not the nameserver's doing: keep listening, and at a flood go where it cannot follow.
        self._junk += 1
        if self._junk != JUNK_LIMIT or self._tcp:
            return []
        self._go_over_tcp()
        return self._again(now)

    def _judge(self, now: float, sent: Sent, reading: Reply) -> list[Send]:
        if reading.rcode == NOERROR and reading.data:
            sent.end(now, "NOERROR")
            ttl = reading.ttl or 0
            expires = now + min(ttl, self._rules.cache.max_ttl)
            told = self.exchanges(now)
            self.answer = Found(reading.data, ttl, expires, reading.chain, reading.glue, reading.truncated, told, now)
            return []
        if reading.rcode == NOERROR and reading.truncated:
            return self._setback(now, sent, "bad", "truncated over TCP too, before any record")
        if reading.rcode == NOERROR and not reading.lame:
            sent.end(now, "CNAME without a record" if reading.chain else "NODATA")
            expires, limit = self._negative(now, reading)
            self.answer = Empty(expires, limit, reading.chain, self.exchanges(now), now)
            return []
        if reading.rcode == NXDOMAIN and not reading.data:
            sent.end(now, "NXDOMAIN")
            expires, _ = self._negative(now, reading)
            self.answer = NxDomain(expires, reading.chain, self.exchanges(now), now)
            return []
        if reading.rcode in (FORMERR, BADVERS) and sent.edns:
            return self._without_edns(now, sent, rcode_name(reading.rcode))
        if reading.rcode == NOERROR:
            return self._setback(now, sent, "refused", "lame")
        if reading.rcode == NXDOMAIN:
            return self._setback(now, sent, "bad", "records in an NXDOMAIN")
        return self._setback(now, sent, _REASONS.get(reading.rcode, "refused"), rcode_name(reading.rcode))

    def _without_edns(self, now: float, sent: Sent, outcome: str) -> list[Send]:
        # RFC 6891, section 7: FORMERR from a nameserver that knows no EDNS; BADVERS should not occur with version 0.
        self._ledger.healths[sent.server].edns = False
        sent.end(now, outcome)
        if any(other.server == sent.server and not other.edns for other in self.sent):
            return []
        return [self._send(now, sent.server)]

    def _negative(self, now: float, reading: Reply) -> tuple[float, float]:
        seconds = self._ledger.cache.seconds(self.question.name, reading.soa_ttl, self._rules.cluster_domain)
        return now + seconds, now + (reading.soa_ttl or 0)

    def _setback(self, now: float, sent: Sent, reason: Reason, outcome: str) -> list[Send]:
        """That nameserver does not answer: ask another at once, the same one again after a pause, or fail."""
        if sent.ended:
            return []  # another copy of what it said already
        sent.end(now, outcome)
        self._tries += 1
        (self._passing if reason in _PASSING else self._final)[sent.server] = reason
        count = len(self._rules.nameservers)
        heard = self._final.keys() | self._passing.keys()
        if len(self._final) == count or (len(heard) == count and self._tries >= max(TRIES, count)) or self._spent():
            return self._fail(now, self._last_word(reason), self._detail(sent, outcome))
        if any(server not in heard and not self._waiting(server) for server in range(count)):
            return self._again(now)
        if self._passing:
            self._pausing = True
            self._wait_until(now + PAUSE * (1 << min(self._tries - 1, 5)))
        return []

    def _spent(self) -> bool:
        """Whether the stated attempts are used up, and nothing is under way any more."""
        return self._best() is None and all(sent.ended for sent in self.sent)

    def _waiting(self, server: int) -> bool:
        return any(sent.server == server and not sent.ended for sent in self.sent)

    def _last_word(self, reason: Reason) -> Reason:
        # SERVFAIL from one nameserver tells more than another's closed port.
        return "servfail" if "servfail" in self._passing.values() else reason

    def _detail(self, sent: Sent, outcome: str) -> str:
        if sent.transport == "tcp" and any(other.truncated for other in self.sent):
            return f"truncated over UDP, then over TCP: {outcome}"
        return outcome

    def _fail(self, now: float, reason: Reason, detail: str) -> list[Send]:
        self.end(now, reason, detail)
        return []
