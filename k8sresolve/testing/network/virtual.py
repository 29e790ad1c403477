"""The virtual driver: no sockets and no waiting. A network function answers, and the clock jumps to what comes next.

The desk, and so single flight, the cap, resends and deadlines, is the one that real drivers use.
"""

import heapq
import math
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from weakref import ref

from k8sresolve._core.engine.alarms import Alarms
from k8sresolve._core.engine.desk import Desk
from k8sresolve._core.engine.flights import Batch, Flight, Lone, Sending
from k8sresolve._core.engine.ledger import Ledger
from k8sresolve._core.engine.rules import Rules
from k8sresolve._core.engine.sends import Send
from k8sresolve._core.events import Events
from k8sresolve._core.questions import Question, Results, Round, Terms
from k8sresolve._drivers.loops import is_trio
from k8sresolve._drivers.running import report
from k8sresolve._locks import Lock
from k8sresolve.errors import ResolverClosed
from k8sresolve.testing.network.parcels import Arrival

if TYPE_CHECKING:
    import asyncio


class Exchanging(Protocol):
    """What stands in for sockets."""

    def exchange(self, send: Send, message: bytes) -> list[Arrival]:
        """Say what comes back for a message; nothing is a lost packet."""
        ...


class VirtualTime(Protocol):
    """A clock that goes on only when told."""

    def monotonic(self) -> float:
        """Seconds since its start."""
        ...

    def reach(self, when: float) -> None:
        """Go on to that time, if it is not past."""
        ...


class _Delivery(NamedTuple):
    at: float
    serial: int
    flight: Flight | Lone
    number: int
    transport: str
    arrival: Arrival


class _VirtualDriver:
    """What the two faces share: the desk's host, and one step of virtual time."""

    def __init__(self, rules: Rules, ledger: Ledger, events: Events, network: Exchanging, clock: VirtualTime) -> None:
        self.rules = rules
        self.desk: Desk = Desk(rules, ledger, events, self)
        self._network = network
        self._clock = clock
        self._alarms = Alarms()
        self._deliveries: list[_Delivery] = []
        self._serial = 0
        self._closed = False

    def now(self) -> float:
        """Seconds by the virtual clock."""
        return self._clock.monotonic()

    def forget(self, name: str | None) -> None:
        """Drop what the cache knows of a name, or everything."""
        self.desk.ledger.cache.forget(name)

    def retire(self) -> None:
        """Hold nothing: there is nothing to give up."""

    def close(self) -> None:
        """End what is pending."""
        self._closed = True
        self.desk.close(self.now())

    def _catch_up(self) -> None:
        """Let happen what is past: nobody waited for it."""
        while self._next() < self.now():
            self._step()

    def _next(self) -> float:
        """When something happens next."""
        alarm = self._alarms.next()
        return min(math.inf if alarm is None else alarm, self._deliveries[0].at if self._deliveries else math.inf)

    def _step(self) -> None:
        """Go to the next delivery or alarm, and let it happen."""
        when = self._next()
        if self._deliveries and self._deliveries[0].at == when:
            delivery = heapq.heappop(self._deliveries)
            if delivery.flight.answer is None and delivery.number in delivery.flight.ports:
                self._clock.reach(when)
                self._deliver(delivery)
        elif when < math.inf:
            self._clock.reach(when)
            for flight in self._alarms.due(when):
                self.desk.ring(flight, when)

    def _deliver(self, delivery: _Delivery) -> None:
        now, flight, number, data = delivery.at, delivery.flight, delivery.number, delivery.arrival.data
        if data is None:
            self.desk.error(flight, number, delivery.arrival.error, now)
        elif data[:2] != _id_of(number):
            if delivery.transport == "tcp":
                self.desk.error(flight, number, "a reply with another id", now)
            else:
                self.desk.datagram(flight, number, b"", now)
        elif delivery.transport == "tcp":
            self.desk.message(flight, number, data, now)
        else:
            self.desk.datagram(flight, number, data, now)

    # -- the desk's host ---------------------------------------------------------------------------------------------

    def send(self, flight: Flight | Lone, send: Sending) -> int:
        """Hand the message to the network, and note what will arrive."""
        assert isinstance(send, Send)  # noqa: S101 - nothing is asked alone here
        now = send.at
        for arrival in self._network.exchange(send, _id_of(send.number) + send.payload[2:]):
            self._serial += 1
            delivery = _Delivery(now + arrival.delay, self._serial, flight, send.number, send.transport, arrival)
            heapq.heappush(self._deliveries, delivery)
        return send.number

    def give_up(self, port: int) -> None:
        """Nothing is held: what arrives for a send that is none of its flight's any more is lost."""

    def wake(self, batch: Batch | Lone) -> None:
        """A batch that is done is seen by whoever steps."""

    def alarm(self, flight: Flight | Lone) -> None:
        """Note the flight's alarm."""
        self._alarms.set(flight)

    def goes_on(self, question: Question) -> bool:  # noqa: ARG002
        """Time lets everything go on."""
        return True

    def report(self, what: str, error: Exception) -> None:
        """Log it."""
        report(what, error)


def _id_of(number: int) -> bytes:
    # Nobody can guess here, so the send's number will do, and runs repeat to the octet.
    return (number + 1).to_bytes(2)


class VirtualDriver(_VirtualDriver):
    """Runs lookups one after another; threads take turns."""

    def __init__(self, rules: Rules, ledger: Ledger, events: Events, network: Exchanging, clock: VirtualTime) -> None:
        super().__init__(rules, ledger, events, network, clock)
        self._lock = Lock()

    def ask(self, asked: Question | Round, terms: Terms) -> Results:
        """Ask questions at once, and let time go on until what suffices is there."""
        with self._lock:
            if self._closed:
                raise ResolverClosed("this resolver is closed")
            self._catch_up()
            batch = self.desk.ask(asked, terms, self.now())
            self._go_on_until(batch)
        return tuple(batch.answers)

    def _go_on_until(self, batch: Batch) -> None:
        while not batch.done:
            self._step()

    def close(self) -> None:
        """End what is pending, before or after another thread's turn."""
        with self._lock:
            super().close()


# A loop does not tell when no task can run any more: so many turns does a chain of them get before time goes on.
_TURNS = 3


class AsyncVirtualDriver(_VirtualDriver):
    """Runs lookups for the tasks of one loop. Virtual time goes on only when the tasks that can run have run."""

    def __init__(
        self, rules: Rules, ledger: Ledger, events: Events, network: Exchanging, clock: VirtualTime, *, loop: Any
    ) -> None:
        super().__init__(rules, ledger, events, network, clock)
        self.loop: ref[Any] = ref(loop)
        self._stepping = False
        self._waiting = 0  # tasks

    @property
    def over(self) -> bool:
        """Whether nothing runs in the loop any more."""
        loop = self.loop()
        return loop is None or (not is_trio(loop) and loop.is_closed())

    def abandon(self) -> None:
        """Forget what is pending, whose loop can do nothing about it any more."""
        self._closed = True
        self.desk.reset()

    async def ask(self, asked: Question | Round, terms: Terms) -> Results:
        """Ask questions at once, and let time go on until what suffices is there."""
        if self._closed:
            raise ResolverClosed("this resolver is closed")
        loop: Any = self.loop()
        self._catch_up()
        batch = self.desk.ask(asked, terms, self.now())
        self._waiting += 1
        try:
            if is_trio(loop):
                await self._step_in_trio(batch)
            elif not batch.done:
                batch.waiter = loop.create_future()
                self._keep_stepping(loop)
                await batch.waiter
        finally:
            self._waiting -= 1
            if not batch.done:
                self.desk.leave(batch, self.now())
        if self._closed:
            raise ResolverClosed("this resolver was closed during the lookup")
        return tuple(batch.answers)

    async def _step_in_trio(self, batch: Batch) -> None:
        """Step in turns with the other tasks, those that wait for answers among them."""
        import trio

        await trio.lowlevel.checkpoint()
        while not batch.done:
            for _ in range(_TURNS):
                await trio.lowlevel.checkpoint()
            if not batch.done:
                self._step()

    def _keep_stepping(self, loop: "asyncio.AbstractEventLoop") -> None:
        if not self._stepping and self._waiting and self.desk.flights:
            self._stepping = True
            loop.call_soon(self._tick, loop, _TURNS)

    def _tick(self, loop: "asyncio.AbstractEventLoop", turns: int) -> None:
        if turns:
            loop.call_soon(self._tick, loop, turns - 1)
            return
        self._stepping = False
        try:
            if self._waiting:
                self._step()
        finally:
            self._keep_stepping(loop)

    def wake(self, batch: Batch | Lone) -> None:
        """Let the batch's task go on."""
        if batch.waiter is not None and not batch.waiter.done():
            batch.waiter.set_result(None)
