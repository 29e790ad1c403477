"""Who asks what: flights, their places and queue, the cache, deadlines and timers.

A flight is one inquiry, shared by all callers of its question; nobody's task owns it, so a caller that is cancelled
only leaves. A batch is one `Round` of one caller. The desk is pure and takes no lock: its host performs sends, wakes
callers and serialises calls; where that is by the ledger's own lock, the desk is `locked`. Every call takes the time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol

from k8sresolve._core.engine.cache import Answer, key_of
from k8sresolve._core.engine.flights import Batch, Flight, Lone, Sending
from k8sresolve._core.engine.health import BURST
from k8sresolve._core.engine.inquiry import Reading, is_found, read_lone
from k8sresolve._core.engine.ledger import Ledger
from k8sresolve._core.engine.places import Places
from k8sresolve._core.engine.rules import Rules
from k8sresolve._core.engine.sends import Send
from k8sresolve._core.engine.tally import Counters
from k8sresolve._core.events import Events
from k8sresolve._core.questions import (
    IMPATIENT,
    NO_GLUE,
    Empty,
    Failed,
    Found,
    Question,
    Result,
    Results,
    Round,
    Stale,
    Terms,
    all_there,
    blank,
    never,
    round_of,
    suffix_of,
)
from k8sresolve._core.wire.names import Unsendable
from k8sresolve._core.wire.query import EDNS_SIZE, encode_query, has_edns
from k8sresolve._core.wire.reply import Odd, read_one_address
from k8sresolve._core.wire.rules import Reply
from k8sresolve.names import IPAddress

SETTLE = 1.0  # seconds that the rest of a batch gets once what has come is usable
RESPOND = 1.8  # seconds until an expired answer is given for one that does not come: RFC 8767, section 5
ALONE = 5.0  # seconds that a question goes on for which nobody waits
SOCKETS = 3  # that one flight holds at most: a reply to an older send would hardly come


_PASSED = Failed("timeout", "the deadline had passed")


class Unsent(Exception):
    """A send failed at once, for this reason."""


class Host(Protocol):
    """What the desk needs of a driver."""

    def send(self, flight: Flight | Lone, send: Sending) -> Any:
        """Perform a send, and return what it uses: one of `flight.ports` from then on. Raises `Unsent`.

        Its outcome comes by `datagram`, `message` or `error`.
        """

    def give_up(self, port: Any) -> None:
        """Close or give back what a send used."""

    def wake(self, batch: Batch | Lone) -> None:
        """The batch is done."""

    def goes_on(self, question: Question) -> bool:
        """Whether a question can be asked here that nobody waits for; if not, it may be asked elsewhere."""
        ...

    def alarm(self, flight: Flight | Lone) -> None:
        """`flight.alarm` has a new value: call `Desk.ring` then."""

    def report(self, what: str, error: Exception) -> None:
        """A fault of this library's own, or of an observer, that must not be lost: log it."""


class Desk:
    """The flights of one resolver.

    Where reading is `left` to the host, what may take long to read is not read here: the event raises `Odd`, and the
    host reads it with `flight.read` in another thread, and tells what that came to by the same event.
    """

    def __init__(
        self,
        rules: Rules,
        ledger: Ledger,
        events: Events,
        host: Host,
        *,
        turn: int = 0,
        locked: bool = False,
        left: bool = False,
    ) -> None:
        self.rules = rules
        self.ledger = ledger
        self.flights: dict[Question, Flight | Lone] = {}
        # As keys of flights under the cluster domain end. Where that is not known, none does.
        self._suffix: str | tuple[()] = suffix_of(rules.cluster_domain) if rules.cluster_domain else ()
        self.places: Places[Flight] = Places(rules.in_flight)
        self.counters: Counters = ledger.tally.enter(self)
        self._events = events
        self._host = host
        cache = ledger.cache
        self._find = cache.find
        self._recall, self._remember = (cache.use, cache.take) if locked else (cache.get, cache.put)
        self._locked = locked
        self._turn = turn  # which nameserver the next question prefers, where they rotate
        self._left = left
        self._filling = False
        # The only nameserver, if lone questions may be asked of it.
        self._only = ledger.healths[0] if len(rules.nameservers) == 1 and not rules.use_tcp else None
        self._serves_stale = rules.cache.serve_stale > 0.0
        self._prefetches = rules.cache.prefetch is not None

    @property
    def active(self) -> int:
        """The questions under way."""
        return self.places.taken

    @property
    def waiting(self) -> int:
        """The questions in line."""
        return self.places.waiting

    # -- callers -----------------------------------------------------------------------------------------------------

    def begin(self, asked: Question | Round, terms: Terms, now: float, waiter: Any = None) -> Batch | Lone:
        """Ask as `ask` does, but a question by itself as a lone one, where all about it is plain.

        It is not where it is known, if only by an answer that has expired, or is under way already, or has to wait in
        line.
        """
        if isinstance(asked, Question):
            key = asked
        elif len(asked.questions) == 1 and key_of(asked.questions[0]) is asked.questions[0]:
            key = asked.questions[0]
        else:
            return self.ask(asked, terms, now, waiter)
        health, deadline = self._only, terms.deadline
        if (
            health is None
            or now >= deadline
            or key in self.flights
            # The first of these needs no lock, and says of nearly all such questions that they are not known.
            or (self._find(key) is not None and not terms.fresh and self._is_at_hand(key, now))
        ):
            return self.ask(asked, terms, now, waiter)
        try:
            payload = encode_query(key, EDNS_SIZE if now >= health.edns_from else None)
        except Unsendable:
            return self.ask(asked, terms, now, waiter)
        inside = key[0].endswith(self._suffix)
        if not self.places.enter(inside):
            return self.ask(asked, terms, now, waiter)
        lone = Lone()
        lone.key = key
        lone.terms = terms
        lone.waiter = waiter
        lone.at = now
        lone.inside = inside
        lone.payload = payload
        lone.forgotten = self.ledger.cache.forgotten
        alarm = now + health.wait
        lone.alarm = alarm if alarm < deadline else deadline  # noqa: FURB136 - a call takes ten times as long
        lone.port = lone.answer = lone.unfolded = None
        self.flights[key] = lone
        self.counters.alone += 1
        if self._events.observers:
            self._events.asked(key)
            self._events.sent(key, nameserver=health.nameserver, transport="udp", purpose="first", waited=0.0)
        try:
            lone.port = self._host.send(lone, lone)
        except Unsent as error:
            flight = self.unfold(lone)
            self._let(flight, now, flight.on_error, 0, str(error))
        except Exception as error:  # noqa: BLE001 - as in `_let`
            self._end_by(error, self.unfold(lone), now)
        else:
            if not self._locked:
                self._host.alarm(lone)
            return lone
        assert lone.batch is not None  # noqa: S101 - it was unfolded
        return lone.batch

    def unfold(self, one: Flight | Lone) -> Flight:
        """Make a flight and its batch of a question that was alone, to go on from where that stands."""
        if not isinstance(one, Lone):
            return one
        if one.unfolded is None:
            batch = Batch(Round((one.key,)), one.terms, one.waiter)
            flight = batch.flights[0] = self.flights[one.key] = self._flight(batch, 0, one.key, one.at)
            flight.forgotten, flight.launched, flight.ports = one.forgotten, True, one.ports
            one.unfolded = flight, batch
            edns = has_edns(one.payload)
            flight.go_on(Send(0, self.rules.nameservers[0], "udp", one.payload, at=one.at, edns=edns))
            one.alarm = math.inf
            self._alarm(flight)
        return one.unfolded[0]

    def ask(self, asked: Question | Round, terms: Terms, now: float, waiter: Any = None) -> Batch:
        """Ask questions at once; that may be done at once. Fresh ones pass over the cache, not over flights."""
        round_ = round_of(asked)
        batch = Batch(round_, terms, waiter)
        self.counters.asked += batch.missing
        keys = [key_of(question) for question in round_.questions]
        if not terms.fresh:
            self._answer_known(batch, keys, now)
        if batch.missing < len(keys) or round_.usable is not never or now >= batch.deadline:
            self.expire(batch, now)
            if batch.done or self._check(batch, now):
                return batch
        started: list[Flight] = []
        for index, key in enumerate(keys):
            if batch.answers[index] is not None:
                continue
            known = self.flights.get(key)
            if known is None:
                flight = self._flight(batch, index, key, now)
                batch.flights[index] = self.flights[key] = flight
                started.append(flight)
                if self._events.observers:
                    self._events.asked(flight.question)
            else:
                batch.flights[index] = flight = self.unfold(known)
                flight.join(batch, index)
                self._alarm(flight)
        for flight in started:
            if not batch.done:
                self._launch(flight, now)
        return batch

    def leave(self, batch: Batch | Lone, now: float) -> None:
        """The caller no longer waits. Flights that nobody else waits for end; the others go on."""
        if isinstance(batch, Lone):
            if batch.done:
                return
            self.unfold(batch)
            assert batch.batch is not None  # noqa: S101 - it was unfolded
            batch = batch.batch
        batch.done = True
        left = tuple(batch.flights.items())
        batch.flights.clear()
        for index, flight in left:
            del flight.batches[batch, index]
        for _, flight in left:
            if not flight.batches and flight.answer is None and not flight.unbound:
                flight.end(now, "closed")
                self._land(flight, now)
        self._fill(now)

    def close(self, now: float) -> None:
        """End every flight; their callers get `Failed("closed")`, and nothing is asked any more."""
        self._filling = True
        for flight in map(self.unfold, list(self.flights.values())):
            # One batch that is done with may have ended others of these.
            if flight.answer is None:
                flight.end(now, "closed")
                self._land(flight, now)

    def reset(self) -> None:
        """Forget all flights without telling anyone: nobody is left who could be told."""
        self.flights.clear()
        self.places = Places(self.rules.in_flight)

    # -- the host ----------------------------------------------------------------------------------------------------

    def alone(self) -> list[Lone]:
        """Find the questions that are alone."""
        return [one for one in self.flights.values() if isinstance(one, Lone) and one.unfolded is None]

    def drop(self, flight: Flight | Lone, port: Any) -> None:
        """Let go of one of `flight.ports`."""
        self._host.give_up(port)
        self.unfold(flight).ports.remove(port)

    def datagram(self, flight: Flight | Lone, number: int, data: bytes | Reading, now: float) -> None:
        """A datagram came for that send, or was read meanwhile."""
        if flight.answer is not None:
            return
        if isinstance(flight, Lone):
            if flight.unfolded is None:
                # What is read elsewhere is a flight's: this one is octets.
                octets: Any = data
                try:
                    plain = read_one_address(octets, flight.payload, flight.key[1])
                    reading = read_lone(octets, flight.payload, flight.key[1]) if plain is None else None
                except Exception as error:  # noqa: BLE001 - as in `_let`
                    self._end_by(error, self.unfold(flight), now)
                    return
                if plain is not None:
                    records, ttl = plain
                    self._land_alone(flight, records, ttl, now)
                    return
                if reading is not None:
                    if is_found(reading):
                        self._land_alone(flight, reading.data, reading.ttl or 0, now, reading.chain, reading.glue)
                        return
                    data = partial(_give, reading)
            flight = self.unfold(flight)
        self._let(flight, now, flight.on_datagram, number, data)

    def message(self, flight: Flight | Lone, number: int, data: bytes | Reading, now: float) -> None:
        """A whole message came over that send's stream, or was read meanwhile."""
        flight = self.unfold(flight)
        self._let(flight, now, flight.on_stream, number, data)

    def error(self, flight: Flight | Lone, number: int, outcome: str, now: float) -> None:
        """That send failed."""
        if flight.answer is not None:
            return
        flight = self.unfold(flight)
        self._let(flight, now, flight.on_error, number, outcome)

    def ring(self, flight: Flight | Lone, now: float) -> None:
        """The flight's alarm is due."""
        if flight.answer is not None:
            return
        flight = self.unfold(flight)
        if flight.soonest <= now:
            for batch, _ in list(flight.batches):
                self.expire(batch, now)
            flight.soonest = min((batch.due for batch, _ in flight.batches), default=math.inf)
        if flight.answer is not None:
            return
        if flight.wake > now or not flight.launched:
            self._alarm(flight)
            return
        self._let(flight, now, flight.on_timer)
        if flight.late and not flight.was_late and flight.answer is None:
            flight.was_late = True
            self.places.note_late(flight)
            self._fill(now)

    def expire(self, batch: Batch, now: float) -> None:
        """End the batch if its deadline has come: what is missing has timed out, or is given from what has expired."""
        if batch.done or now < batch.due:
            return
        if self._serves_stale:
            self._take_all_stale(batch, now)
        if now >= batch.deadline and not batch.done:
            self._settle(batch, now)
            self._check(batch, now)

    # -- inside ------------------------------------------------------------------------------------------------------

    def _answer_known(self, batch: Batch, keys: list[Question], now: float) -> None:
        """Answer what the cache knows."""
        for index, key in enumerate(keys):
            answer = self._recall(key, now)
            if answer is None:
                if self._serves_stale and self.ledger.cache.find(key) is not None:
                    self._remember_stale(batch, index, key, now)
                continue
            batch.take(index, answer)
            self.counters.cache_hits += 1
            if self._events.observers:
                self._events.remembered(batch.round.questions[index], now - answer.at)
            if self._prefetches and now < batch.deadline:
                self._ask_ahead(batch.round.questions[index], key, answer, now)

    # -- expired answers, and those about to expire ------------------------------------------------------------------

    def _is_at_hand(self, key: Question, now: float) -> bool:
        """Whether there is an answer to give, now or after a setback."""
        return self._recall(key, now) is not None or self.ledger.cache.find(key) is not None

    def _remember_stale(self, batch: Batch, index: int, key: Question, now: float) -> None:
        """Answer what has failed a moment ago; what else has expired is to be given in a while."""
        answer = self.ledger.cache.stale(key, now)
        if answer is None:
            batch.due = min(batch.deadline, now + RESPOND)
        else:
            self._take_stale(batch, index, answer, now)

    def _take_stale(self, batch: Batch, index: int, answer: Stale | Empty, now: float) -> None:
        batch.take(index, answer)
        if self._events.observers:
            self._events.served_stale(batch.round.questions[index], now - answer.at)

    def _take_all_stale(self, batch: Batch, now: float) -> None:
        """Answer what has expired, as far as it is still missing: it was waited for in vain."""
        batch.due = batch.deadline
        for flight in tuple(batch.flights.values()):
            if not batch.done:
                self._stand_in(flight, now)

    def _stand_in(self, flight: Flight, now: float) -> None:
        """Give an expired answer, if there is one, to all who take it; the question goes on."""
        answer = self.ledger.cache.fail(flight.key, now)
        waiting = [(batch, index) for batch, index in flight.batches if not batch.fresh]
        if answer is None or not waiting:
            return
        for batch, index in waiting:
            self._take_stale(batch, index, answer, now)
            del batch.flights[index], flight.batches[batch, index]
        self._unbind(flight, now)
        for batch, _ in waiting:
            if not batch.done:
                self._check(batch, now)

    def _unbind(self, flight: Flight, now: float) -> None:
        """Let a question go on that is not waited for any more, or by others."""
        if flight.batches:
            self._host.alarm(flight)  # one of them may have to poll for it now
        elif self._host.goes_on(flight.question):
            flight.unbound = True
            flight.extend(now + ALONE, IMPATIENT)
        else:
            flight.end(now, "closed")
            self._land_and_fill(flight, now)

    def _ask_ahead(self, question: Question, key: Question, known: Answer, now: float) -> None:
        """Ask for what is about to expire, if it is due, and let nobody wait for it."""
        if key in self.flights or not self.ledger.cache.is_due_ahead(key, known, now):
            return
        if not self._host.goes_on(question):
            return
        flight = self._flight(Batch(Round((question,)), Terms(now + ALONE, fresh=True), None), 0, key, now)
        flight.batches.clear()
        flight.unbound = True
        self.flights[key] = flight
        if self._events.observers:
            self._events.asked(question)
        self._launch(flight, now)

    # -- flights -----------------------------------------------------------------------------------------------------

    def _flight(self, batch: Batch, index: int, key: Question, now: float) -> Flight:
        """Make a flight for one of the batch's questions. resolv.conf(5), rotate: each prefers the next nameserver."""
        first = self._turn if self.rules.rotate else 0
        self._turn += 1
        inside = 1 if key.name.endswith(self._suffix) else 0
        return Flight(batch, index, key, self.rules, self.ledger, first=first, inside=inside, now=now)

    def _launch(self, flight: Flight, now: float) -> None:
        if self.places.take(flight):
            self._let(flight, now, flight.start)
        else:
            self._alarm(flight)

    def _fill(self, now: float) -> None:
        """Start flights from the queue, as many as there are places."""
        if self._filling:
            return  # one that ends as it starts gets here again; the loop below goes on
        self._filling = True
        try:
            for flight in iter(self.places.next, None):
                self._let(flight, now, flight.start)
        finally:
            self._filling = False

    def _let(
        self, flight: Flight, now: float, event: Callable[..., list[Send]], number: int = -1, what: Any = None
    ) -> None:
        """Let the flight take an event, of a send if it says so, perform what it sends, and see what becomes of it."""
        if flight.answer is not None:
            return
        try:
            sends = event(now) if number < 0 else event(now, number, what)
            if sends or self._events.observers:
                self._perform(flight, sends, now)
        except Odd:
            if self._left:
                raise
            self._let(flight, now, event, number, partial(flight.read, what))
            return
        except Exception as error:  # noqa: BLE001
            # An error of ours must not strand those who wait for this flight.
            self._end_by(error, flight, now)
            return
        if flight.answer is not None:
            self._land_and_fill(flight, now)
            return
        self._alarm(flight)
        if self._serves_stale and flight.batches and flight.sent.said(since=0):
            self._stand_in(flight, now)
        if flight.unreachable:
            for batch, _ in list(flight.batches):
                if not batch.done:
                    self._check(batch, now)

    def _end_by(self, error: Exception, flight: Flight, now: float) -> None:
        """An error of ours ends the flight."""
        self._host.report(f"asking {flight.question} failed", error)
        flight.end(now, "internal", repr(error))
        self._land_and_fill(flight, now)

    def _land_and_fill(self, flight: Flight, now: float) -> None:
        self._land(flight, now)
        if self.places.queued:
            self._fill(now)

    def _perform(self, flight: Flight, sends: list[Send], now: float) -> None:
        if self._events.observers:
            self._tell_answered(flight, now)
        while sends and flight.answer is None:
            send = sends.pop(0)
            if len(flight.ports) >= SOCKETS:
                self.drop(flight, flight.ports[0])
            self.counters.sent += 1
            if len(flight.sent) > 1 and send.purpose not in ("first", "probe"):
                self.counters.resends += 1
            if self._events.observers:
                self._tell_sent(flight, send, now)
            try:
                flight.ports.append(self._host.send(flight, send))
            except Unsent as error:
                sends += flight.on_error(now, send.number, str(error))
                if self._events.observers:
                    self._tell_answered(flight, now)

    def _tell_sent(self, flight: Flight, send: Send, now: float) -> None:
        before = flight.sent[send.number - 1].at if send.number else now
        self._events.sent(
            flight.question,
            nameserver=str(send.nameserver),
            transport=send.transport,
            purpose=send.purpose,
            waited=(now - before) * 1000,
        )

    def _tell_answered(self, flight: Flight, now: float) -> None:
        """Tell of the sends that have come to something."""
        for number, sent in enumerate(flight.sent):
            if sent.ended and number not in flight.told:
                flight.told += (number,)
                self._events.answered(flight.question, sent.exchange(self.ledger.healths[sent.server].nameserver, now))

    def _land_alone(  # noqa: PLR0917 - as each cold lookup comes here
        self,
        lone: Lone,
        data: tuple[Any, ...],
        ttl: int,
        now: float,
        chain: tuple[str, ...] = (),
        glue: Mapping[str, tuple[IPAddress, ...]] = NO_GLUE,
    ) -> None:
        """The question that is alone has its answer, which is a plain one."""
        health: Any = self._only  # one that is alone is asked of it
        took = now - lone.at
        health.replied(took)
        if self.ledger.budget.tokens < BURST:
            self.ledger.budget.earn()
        answer = blank(Found)
        answer.data = data
        answer.ttl = ttl
        most = self.rules.cache.max_ttl
        answer.expires = now + (ttl if ttl < most else most)  # noqa: FURB136 - a call takes ten times as long
        answer.chain = chain
        answer.glue = glue
        answer.truncated = False
        answer.at = now
        answer.by = health.nameserver
        answer.took = took * 1000
        lone.answer = answer  # whole: who waits for it may look at any moment, if an exception comes out of nowhere
        # As `_put_down` does it.
        key = lone.key
        del self.flights[key]
        self.places.give_back(lone.inside, False)
        try:
            self._host.give_up(lone.port)
            lone.port = None
        except Exception as error:  # noqa: BLE001
            self._report_release(lone, error)
        self._remember(key, answer, now, lone.forgotten)
        if self._events.observers:
            self._events.answered(lone.question, answer.exchanges[0])
            self._events.landed(lone.question, answer, took)
        if not self._locked:
            self._host.wake(lone)
        if self.places.queued:
            self._fill(now)

    def _put_down(self, flight: Flight, answer: Result, now: float) -> None:
        """It is under way no more: let go of what it used, and keep the answer."""
        key = flight.key
        del self.flights[key]
        if flight.launched:
            self.places.give_back(flight.inside, flight.was_late)
        try:
            for port in flight.ports:
                self._host.give_up(port)
            flight.ports.clear()
        except Exception as error:  # noqa: BLE001 - the answer is there all the same
            self._report_release(flight, error)
        self._remember(key, answer, now, flight.forgotten)

    def _report_release(self, flight: Flight | Lone, error: Exception) -> None:
        self._host.report(f"releasing what {flight.question} used failed", error)

    def _land(self, flight: Flight, now: float) -> None:
        """The flight has its answer: keep it, and tell the batches. The caller lets the next one start."""
        answer = flight.answer
        assert answer is not None  # noqa: S101 - callers have checked
        if self.flights.get(flight.key) is not flight:
            return  # it has landed already
        self._put_down(flight, answer, now)
        if self._events.observers:
            self._events.landed(flight.question, answer, now - flight.began)
        batches, flight.batches = flight.batches, {}
        stale = None
        if self._serves_stale and isinstance(answer, Failed) and answer.reason != "closed":
            stale = self.ledger.cache.fail(flight.key, now)
        for batch, index in batches:
            if stale is None or batch.fresh:
                batch.take(index, answer)
            else:
                self._take_stale(batch, index, stale, now)
            del batch.flights[index]
        for batch, _ in batches:
            if not batch.done:
                self._check(batch, now)

    def _check(self, batch: Batch, now: float) -> bool:
        """See whether the batch's answers suffice."""
        round_ = batch.round
        enough = not batch.missing or (round_.enough is not all_there and self._judged(batch, round_.enough))
        if not enough and round_.usable is not never and self._judged(batch, round_.usable):
            self._hurry(batch, now)
        if enough or not batch.missing:
            batch.done = True
            self._host.wake(batch)
            if batch.flights:
                self.leave(batch, now)
        return batch.done

    def _hurry(self, batch: Batch, now: float) -> None:
        """What is there is usable: wait a little for the rest, or, where nobody can be reached, no longer."""
        if batch.flights and all(flight.unreachable for flight in batch.flights.values()):
            self._settle(batch, now)
        elif now + SETTLE < batch.deadline:
            batch.deadline = now + SETTLE
            batch.due = min(batch.due, batch.deadline)
            for flight in batch.flights.values():
                flight.soonest = min(flight.soonest, batch.due)
                self._alarm(flight)

    @staticmethod
    def _settle(batch: Batch, now: float) -> None:
        """Take for the batch's missing answers what their flights come to as they stand."""
        for index, answer in enumerate(batch.answers):
            if answer is None:
                flight = batch.flights.get(index)
                batch.take(index, _PASSED if flight is None else flight.failed(now))

    def _judged(self, batch: Batch, rule: Callable[[Results], bool]) -> bool:
        """Let the lookup judge the answers so far."""
        try:
            return rule(tuple(batch.answers))
        except Exception as error:  # noqa: BLE001
            # An error of ours is this caller's alone, and must not leave it waiting.
            self._host.report(f"judging the answers to {batch.round.questions} failed", error)
            failed = Failed("internal", repr(error))
            batch.answers = [failed if answer is None else answer for answer in batch.answers]
            batch.missing = 0
            return True

    def _alarm(self, flight: Flight) -> None:
        """See when the flight wants to be woken, and tell the host if that has changed."""
        wake, soonest = flight.wake, flight.soonest
        alarm = min(soonest, wake)
        if alarm != flight.alarm:
            flight.alarm = alarm
            self._host.alarm(flight)


def _give(reading: Reply) -> Reply:
    return reading
