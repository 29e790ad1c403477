"""Questions that are each judged alone: to one nameserver, over one transport, with one size of replies taken.

A resolver chooses all of these itself, and asks elsewhere where one of them fails: that is what is looked at here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import Any, NamedTuple

from k8sresolve._core.questions import NO_GLUE, TXT, Question
from k8sresolve._core.wire.names import Malformed
from k8sresolve._core.wire.query import encode_query
from k8sresolve._core.wire.reply import read_reply
from k8sresolve._core.wire.rules import Reply
from k8sresolve._drivers import sockets
from k8sresolve._drivers.clock import monotonic
from k8sresolve._drivers.polling import READ, WRITE, Poll, new_poll
from k8sresolve._drivers.sockets import MOST_DATAGRAM, Stream, open_datagram, query_id, text_of
from k8sresolve.config import Nameserver
from k8sresolve.errors import Transport

RESENDS = (0.0, 0.8, 2.0)  # seconds after the first send
SILENCE = 3.2  # seconds, after which nothing is waited for any more
MOST = 100  # sends of one examination

_PADDING = 12  # RFC 7830
_CHAOS = b"\0\3"


class Ask(NamedTuple):
    """A question. `edns` is the size of replies that it says are taken, None for none; `tries` how often it is sent.

    With `octets` it has an option of padding that makes it so long. `chaos` asks in that class for text (RFC 4892).
    """

    nameserver: Nameserver
    name: str
    rdtype: int
    transport: Transport = "udp"
    edns: int | None = None
    octets: int = 0
    chaos: bool = False
    tries: int = len(RESENDS)

    def bare(self) -> bytes:
        """Write it without padding, with id 0."""
        plain = encode_query(Question(self.name, self.rdtype), self.edns)
        return plain[:-2] + _CHAOS if self.chaos else plain

    def message(self) -> bytes:
        """Write it, with id 0."""
        plain = self.bare()
        room = self.octets - len(plain) - 4
        if self.edns is None or room < 0:
            return plain
        return b"".join([plain[:-2], (room + 4).to_bytes(2), _PADDING.to_bytes(2), room.to_bytes(2), bytes(room)])


class Heard(NamedTuple):
    """What came of it: the reply, None where none came, or why. `asked` is whether it was sent at all."""

    reply: Reply | None = None
    octets: int = 0
    milliseconds: float = 0.0
    problem: str = "no reply"
    asked: bool = True

    @property
    def rcode(self) -> int | None:
        """The reply's rcode."""
        return None if self.reply is None else self.reply.rcode

    @property
    def is_cut(self) -> bool:
        """Whether the reply is truncated, and what it lacks is unknown."""
        return self.reply is not None and self.reply.truncated


UNASKED = Heard(problem="not asked", asked=False)


class Asker:
    """Asks so many questions at most, all of those that are given at once at the same time."""

    def __init__(self, most: int = MOST, progress: Callable[[int], object] = lambda _done: None) -> None:
        self.sent: int = 0
        self._most = most
        self._progress = progress
        self._done = 0

    def ask(self, asks: Iterable[Ask]) -> list[Heard]:
        """Ask, and wait for each until it has its reply, or has been silent for too long."""
        # What reads unusual replies is loaded first: that takes longer than they do.
        import_module("k8sresolve._core.wire.fallback")
        begun = monotonic()
        waits = [_Wait(ask, begun) for ask in asks]
        try:
            self._wait_for(waits)
        finally:
            for wait in waits:
                wait.close()
        return [wait.result for wait in waits]

    def _wait_for(self, waits: Sequence[_Wait]) -> None:
        while True:
            now = monotonic()
            for wait in waits:
                while wait.heard is None and now >= wait.due:
                    self._go_on(wait, now)
            open_ = [wait for wait in waits if wait.heard is None]
            if not open_:
                return
            poll = new_poll()
            by_fd = {fd: wait for wait in open_ for fd in wait.register(poll)}
            for fd, _ in poll.poll(max(0.0, min(wait.due for wait in open_) - now) * 1000 + 1):
                wait = by_fd[fd]
                if wait.heard is None:
                    wait.receive(fd)
                    if wait.heard is not None:
                        self._conclude()

    def _go_on(self, wait: _Wait, now: float) -> None:
        wait.receive_all()  # this process may have stood still, and the reply be here
        if wait.heard is None and wait.is_spent():
            wait.heard = Heard()
        elif wait.heard is None and self.sent >= self._most:
            wait.heard = Heard() if wait.sends else UNASKED
        elif wait.heard is None:
            self.sent += 1
            wait.send(now)
            self._progress(self._done)
        if wait.heard is not None:
            self._conclude()

    def _conclude(self) -> None:
        self._done += 1
        self._progress(self._done)


class _Wait:
    """A question that is waited for."""

    def __init__(self, ask: Ask, begun: float) -> None:
        self.ask = ask
        self.sends: list[_Datagram | _Stream] = []
        self.due = begun
        self.heard: Heard | None = None
        self._begun = begun
        self._message = ask.message()
        self._tries = 1 if ask.transport == "tcp" else ask.tries

    @property
    def result(self) -> Heard:
        assert self.heard is not None  # noqa: S101 - each has been waited for
        return self.heard

    def is_spent(self) -> bool:
        return len(self.sends) == self._tries

    def send(self, now: float) -> None:
        number = len(self.sends) + 1
        self.due = self._begun + (RESENDS[number] if number < self._tries else SILENCE)
        if self.ask.tries == 1 and self.ask.transport == "udp":
            self.due = self._begun + RESENDS[1]
        make = _Stream if self.ask.transport == "tcp" else _Datagram
        try:
            self.sends.append(make(self.ask.nameserver, self._message, now))
        except OSError as error:
            self._fail(error)

    def register(self, poll: Poll) -> list[int]:
        for send in self.sends:
            poll.register(send.sock.fileno(), WRITE if send.wants_write else READ)
        return [send.sock.fileno() for send in self.sends]

    def receive_all(self) -> None:
        for send in self.sends:
            if self.heard is None:
                self.receive(send.sock.fileno())

    def receive(self, fd: int) -> None:
        send = next(send for send in self.sends if send.sock.fileno() == fd)
        try:
            data = send.advance()
        except OSError as error:
            self._fail(error)
            return
        if data is None:
            return
        took = (monotonic() - send.at) * 1000
        try:
            reply = _read_chaos(data) if self.ask.chaos else read_reply(data, self.ask.bare(), self.ask.rdtype)
        except Malformed as error:
            self.heard = Heard(octets=len(data), milliseconds=took, problem=f"a damaged reply: {error}")
            return
        if reply is not None:
            self.heard = Heard(reply, len(data), took, "")

    def _fail(self, error: OSError) -> None:
        self.heard = Heard(problem=text_of(error))

    def close(self) -> None:
        for send in self.sends:
            send.sock.close()


class _Datagram:
    """One send over UDP, from a port of its own."""

    wants_write = False

    def __init__(self, nameserver: Nameserver, message: bytes, at: float) -> None:
        self.at = at
        self._id = query_id()
        self.sock = open_datagram(sockets.address_of(nameserver))
        try:
            self.sock.send(self._id + message[2:])
        except BaseException:
            self.sock.close()
            raise

    def advance(self) -> bytes | None:
        try:
            data = self.sock.recv(MOST_DATAGRAM)
        except BlockingIOError:
            return None
        return data if data[:2] == self._id else None


class _Stream(Stream):
    """One send over TCP."""

    def __init__(self, nameserver: Nameserver, message: bytes, at: float) -> None:
        self.at = at
        super().__init__(nameserver, message)


def _read_chaos(data: bytes) -> Reply | None:
    """Read a reply in the class CH, of which the engine knows nothing."""
    import dns.exception
    import dns.message

    try:
        message = dns.message.from_wire(data, ignore_trailing=True)
    except (dns.exception.DNSException, ValueError):
        return None
    answer: Any = message.answer
    texts = tuple(str(record).strip('"') for rrset in answer if rrset.rdtype == TXT for record in rrset)
    return Reply(message.rcode(), False, texts, (), None, NO_GLUE, None, lame=False, answers=len(texts))
