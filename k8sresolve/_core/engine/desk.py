"""Who asks what: flights, the in-flight cap with its queue, the cache, deadlines and timers.

A flight is one inquiry, shared by all callers of its question; nobody's task owns it, so a caller that is cancelled
only leaves. A batch is one `Round` of one caller. The desk is pure and takes no lock: its host performs sends, wakes
callers and serialises calls. Every call takes the time.
"""

import heapq
import logging
import math
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from k8sresolve._core.engine.cache import key_of
from k8sresolve._core.engine.inquiry import Inquiry, Send, Terms
from k8sresolve._core.questions import Failed, Question, Result, Round

logger = logging.getLogger("k8sresolve")

SETTLE = 1.0  # seconds that the rest of a batch gets once what has come is usable


class Batch:
    """One caller's questions that are asked at once, and the answers so far."""

    __slots__ = ("answers", "ask", "deadline", "done", "flights", "waiter")

    def __init__(self, ask: Round, deadline: float) -> None:
        self.ask = ask
        self.deadline = deadline
        self.answers: list[Result | None] = [None] * len(ask.questions)
        self.flights: dict[int, Flight] = {}
        self.done = False
        self.waiter: Any = None  # whom the host wakes when the batch is done; the desk does not look at it


class Flight(Inquiry):
    """An inquiry under way, the batches that wait for it, and what the host keeps for it."""

    __slots__ = ("alarm", "batches", "key", "launched", "ports")

    def __init__(self, key: Question, question: Question, terms: Terms, give_up: float, first: int) -> None:
        super().__init__(question, terms, give_up, first)
        self.key = key
        self.batches: list[tuple[Batch, int]] = []
        self.alarm = math.inf
        self.launched = False
        self.ports: list[Any] = []

    def reset_alarm(self) -> bool:
        """Compute when this flight wants to be woken; True if that changed."""
        alarm = min((batch.deadline for batch, _ in self.batches), default=self.wake)
        alarm = min(alarm, self.wake)
        changed = alarm != self.alarm
        self.alarm = alarm
        return changed


class Host(Protocol):
    """What the desk needs of a driver."""

    def send(self, flight: Flight, send: Send) -> str | None:
        """Perform a send; an error's text if that fails at once.

        Its outcome comes by `datagram`, `message` or `error`.
        """

    def release(self, flight: Flight) -> None:
        """The flight has ended: close or give back what it used."""

    def wake(self, batch: Batch) -> None:
        """The batch is done."""

    def alarm(self, flight: Flight) -> None:
        """`flight.alarm` has a new value: call `Desk.ring` then."""


class Desk:
    """The flights of one resolver."""

    def __init__(self, terms: Terms, host: Host, cap: int, *, rotate: bool = False) -> None:
        self.terms = terms
        self.flights: dict[Question, Flight] = {}
        self.questions = self.sends = self.resends = self.cache_hits = 0
        self.active = 0
        self._host = host
        self._cap = cap
        self._queue: deque[Flight] = deque()
        self._rotate = rotate
        self._turn = 0
        self._filling = False

    # -- callers -----------------------------------------------------------------------------------------------------

    def ask(self, ask: Round, deadline: float, now: float, *, fresh: bool = False, waiter: Any = None) -> Batch:
        """Ask a batch of questions; it may be done at once. `fresh` passes over the cache, not over flights."""
        batch = Batch(ask, deadline)
        batch.waiter = waiter
        keys = [key_of(question) for question in ask.questions]
        self.questions += len(keys)
        if not fresh:
            for index, key in enumerate(keys):
                answer = self.terms.cache.get(key, now)
                if answer is not None:
                    batch.answers[index] = answer
                    self.cache_hits += 1
        self.expire(batch, now)
        if batch.done or self._check(batch, now):
            return batch
        started = [self._join(batch, index, key) for index, key in enumerate(keys) if batch.answers[index] is None]
        for flight in started:
            if flight is not None and not batch.done:
                self._launch(flight, now)
        return batch

    def leave(self, batch: Batch, now: float) -> None:
        """The caller no longer waits. Flights that nobody else waits for end; the others go on."""
        batch.done = True
        left = tuple(batch.flights.items())
        batch.flights.clear()
        for index, flight in left:
            flight.batches.remove((batch, index))
        for _, flight in left:
            if not flight.batches and flight.answer is None:
                flight.end(now, "closed")
                self._land(flight, now)
        self._fill(now)

    def close(self, now: float) -> None:
        """End every flight; their callers get `Failed("closed")`."""
        self._queue.clear()
        for flight in list(self.flights.values()):
            # One batch that is done with may have ended others of these.
            if flight.answer is None:
                flight.end(now, "closed")
                self._land(flight, now)

    def reset(self) -> None:
        """Forget all flights without telling anyone: they belong to another process."""
        self.flights.clear()
        self._queue.clear()
        self.active = 0

    # -- the host ----------------------------------------------------------------------------------------------------

    def datagram(self, flight: Flight, number: int, data: bytes, now: float) -> None:
        """A datagram came for that send."""
        self._event(flight, now, lambda: flight.on_datagram(now, number, data))

    def message(self, flight: Flight, number: int, data: bytes, now: float) -> None:
        """A whole message came over that send's stream."""
        self._event(flight, now, lambda: flight.on_stream(now, number, data))

    def error(self, flight: Flight, number: int, outcome: str, now: float) -> None:
        """That send failed."""
        self._event(flight, now, lambda: flight.on_error(now, number, outcome))

    def ring(self, flight: Flight, now: float) -> None:
        """The flight's alarm is due."""
        for batch, _ in list(flight.batches):
            self.expire(batch, now)
        if flight.answer is not None:
            return
        if flight.wake <= now and flight.launched:
            self._event(flight, now, lambda: flight.on_timer(now))
        else:
            self._alarm(flight)

    def expire(self, batch: Batch, now: float) -> None:
        """End the batch if its deadline has come: what is missing has timed out."""
        if batch.done or now < batch.deadline:
            return
        for index, answer in enumerate(batch.answers):
            if answer is None:
                flight = batch.flights.get(index)
                exchanges = () if flight is None else flight.exchanges(now)
                batch.answers[index] = Failed("timeout", "the deadline passed", exchanges)
        self._check(batch, now)

    # -- inside ------------------------------------------------------------------------------------------------------

    def _join(self, batch: Batch, index: int, key: Question) -> Flight | None:
        """Let the batch wait for the question's flight; returns it if it is new."""
        flight = self.flights.get(key)
        new = flight is None
        if flight is None:
            flight = Flight(key, batch.ask.questions[index], self.terms, batch.deadline, self._first())
            self.flights[key] = flight
        flight.batches.append((batch, index))
        batch.flights[index] = flight
        if not new:
            flight.extend(batch.deadline)
            self._alarm(flight)
        return flight if new else None

    def _first(self) -> int:
        if not self._rotate:
            return 0
        self._turn += 1
        return self._turn - 1

    def _launch(self, flight: Flight, now: float) -> None:
        if self.active >= self._cap:
            self._queue.append(flight)
            self._alarm(flight)
        else:
            self._start(flight, now)

    def _start(self, flight: Flight, now: float) -> None:
        self.active += 1
        flight.launched = True
        self._event(flight, now, lambda: flight.start(now))

    def _fill(self, now: float) -> None:
        """Start flights from the queue, as many as the cap allows."""
        if self._filling:
            return  # one that ends as it starts gets here again; the loop below goes on
        self._filling = True
        try:
            while self._queue and self.active < self._cap:
                self._start(self._queue.popleft(), now)
        finally:
            self._filling = False

    def _event(self, flight: Flight, now: float, event: Callable[[], list[Send]]) -> None:
        """Let the flight take an event, perform what it sends, and see what has become of it."""
        if flight.answer is not None:
            return
        try:
            self._perform(flight, event(), now)
        except Exception as error:
            # An error of ours must not strand those who wait for this flight.
            logger.exception("asking %s failed", flight.question)
            flight.end(now, "bad", f"internal error: {error!r}")
        if flight.answer is not None:
            self._land(flight, now)
            self._fill(now)
        else:
            self._alarm(flight)

    def _perform(self, flight: Flight, sends: list[Send], now: float) -> None:
        while sends and flight.answer is None:
            send = sends.pop(0)
            self.sends += 1
            self.resends += send.number > 0
            error = self._host.send(flight, send)
            if error is not None:
                sends += flight.on_error(now, send.number, error)

    def _land(self, flight: Flight, now: float) -> None:
        """The flight has its answer: keep it, and tell the batches. The caller lets the next one start."""
        answer = flight.answer
        assert answer is not None  # noqa: S101 - callers have checked
        if self.flights.get(flight.key) is not flight:
            return  # it has landed already
        del self.flights[flight.key]
        if flight.launched:
            self.active -= 1
        elif flight in self._queue:
            self._queue.remove(flight)
        self._release(flight)
        self.terms.cache.put(flight.key, answer, now)
        for batch, index in flight.batches:
            batch.answers[index] = answer
            del batch.flights[index]
        batches, flight.batches = flight.batches, []
        for batch, _ in batches:
            if not batch.done:
                self._check(batch, now)

    def _release(self, flight: Flight) -> None:
        try:
            self._host.release(flight)
        except Exception:
            logger.exception("releasing what %s used failed", flight.question)

    def _check(self, batch: Batch, now: float) -> bool:
        """See whether the batch's answers suffice."""
        if self._suffices(batch):
            batch.done = True
            self._host.wake(batch)
            self.leave(batch, now)
        elif now + SETTLE < batch.deadline and batch.ask.usable(tuple(batch.answers)):
            batch.deadline = now + SETTLE
            for flight in batch.flights.values():
                self._alarm(flight)
        return batch.done

    @staticmethod
    def _suffices(batch: Batch) -> bool:
        if None not in batch.answers:
            return True
        try:
            return batch.ask.enough(tuple(batch.answers))
        except Exception as error:
            # An error of ours is this caller's alone, and must not leave it waiting.
            logger.exception("judging the answers to %s failed", batch.ask.questions)
            failed = Failed("bad", f"internal error: {error!r}")
            batch.answers = [failed if answer is None else answer for answer in batch.answers]
            return True

    def _alarm(self, flight: Flight) -> None:
        if flight.reset_alarm():
            self._host.alarm(flight)


class Alarms:
    """One heap for the alarms of many flights, for hosts that have one timer."""

    __slots__ = ("_heap", "_serial")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Flight]] = []
        self._serial = 0

    def set(self, flight: Flight) -> None:
        """Note the flight's alarm; an earlier note of another time no longer counts."""
        self._serial += 1
        heapq.heappush(self._heap, (flight.alarm, self._serial, flight))

    def next(self) -> float | None:
        """When the next alarm is due."""
        while self._heap and not _live(self._heap[0]):
            heapq.heappop(self._heap)
        # Notes that no longer count lie behind live ones too; they must not pile up.
        if len(self._heap) > _CROWDED and self._serial % _CROWDED == 0:
            self._heap = [note for note in self._heap if _live(note)]
            heapq.heapify(self._heap)
        return self._heap[0][0] if self._heap else None

    def due(self, now: float) -> list[Flight]:
        """Take the flights whose alarm is due."""
        flights: list[Flight] = []
        while (when := self.next()) is not None and when <= now:
            flight = heapq.heappop(self._heap)[2]
            flight.alarm = math.inf
            flights.append(flight)
        return flights


_CROWDED = 256


def _live(note: tuple[float, int, Flight]) -> bool:
    return note[2].answer is None and note[2].alarm == note[0]
