"""The conversations of one probe, for every driver: each of these waits in its own way for what they wait for."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Generator
from contextlib import suppress
from functools import partial
from math import inf
from typing import Any, Literal, TypeAlias, TypeVar

from k8sresolve._core import certificates, probing
from k8sresolve._core.connecting import Destination
from k8sresolve._core.probing import Aim, Talk
from k8sresolve._drivers import forks
from k8sresolve._drivers.clock import monotonic
from k8sresolve._drivers.connecting.attempts import socket_address, words_of
from k8sresolve._drivers.probing import icmp
from k8sresolve.errors import ResolverClosed
from k8sresolve.reachability import Certificate, ProbedEndpoint, ProbeStage

T = TypeVar("T")
Want: TypeAlias = Literal["read", "write"]
Doing: TypeAlias = Generator[Want, None, T]
"""It yields what its socket is to be ready for before it goes on; as its time ends, a TimeoutError is thrown in."""

Come: TypeAlias = tuple[bool, str]
"""Whether a stage came to what it should, and what to in words."""


class _Rejected(Exception):
    """A connection was refused by ICMP."""


class Conversation:
    """What is tried at one endpoint: stage after stage, on a socket that never blocks."""

    def __init__(
        self, index: int, aim: Aim, talk: Talk, contexts: Contexts, reach: Callable[[Destination], Destination]
    ) -> None:
        self.index = index
        self.deadline = 0.0
        self.woken = inf
        self.sock: socket.socket | None = None
        self.doing = self._run()
        self._aim = aim
        self._talk = talk
        self._contexts = contexts
        self._reach = reach
        self._stages: list[ProbeStage] = []
        self._problem = ""
        self._certificate: Certificate | None = None
        self._status: int | None = None

    def told(self) -> ProbedEndpoint:
        """What came of it."""
        (address, port), target = self._aim
        return ProbedEndpoint(address, port, target, tuple(self._stages), self._certificate, self._status)

    def close(self) -> None:
        """Close what is open."""
        if self.sock is not None:
            self.sock.close()
            self.sock = None

    def shut(self) -> None:
        """Wake whoever waits for it, and leave that of TLS as it is, which its own thread may be at work with."""
        if (sock := self.sock) is not None:
            with suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def _run(self) -> Doing[None]:
        try:
            scheme = self._talk.scheme
            if not (yield from self._stage("tcp", self._connect())):
                return
            if scheme in ("tls", "https"):
                verified = yield from self._stage("tls", self._shake(self._contexts.verifying))
                if not verified and not (self._problem and (yield from self._look_again())):
                    return
            if scheme in ("http", "https"):
                yield from self._stage("http", self._ask())
        finally:
            self.close()

    def _stage(self, name: Literal["tcp", "tls", "http"], doing: Doing[Come]) -> Doing[bool]:
        began = monotonic()
        code: int | None = None
        try:
            ok, outcome = yield from doing
        except _Rejected:
            ok, outcome, code = False, probing.REJECTED, errno.ECONNREFUSED
        except OSError as error:
            ok, (code, outcome) = False, _told(error, self._aim.to)
        # Others are computed with between the time that a connection was there and the time that it is looked at.
        ended = max(began, min(self.woken, monotonic())) if name == "tcp" else monotonic()
        self._stages.append(ProbeStage(name, ok, outcome, code, (ended - began) * 1000))
        return ok

    def _connect(self) -> Doing[Come]:
        address = socket_address(self._reach(self._aim.to))
        self.sock = socket.socket(socket.AF_INET if len(address) == 2 else socket.AF_INET6, socket.SOCK_STREAM)
        self.sock.setblocking(False)
        icmp.listen_for(self.sock)
        try:
            yield from self._connected_to(address)
        except ConnectionRefusedError:
            if icmp.says(self.sock):
                raise _Rejected from None
            raise
        return True, "connected"

    def _connected_to(self, address: Any) -> Doing[None]:
        try:
            self._connected.connect(address)
        except BlockingIOError:
            yield "write"
            code = self._connected.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code:
                raise OSError(code, os.strerror(code)) from None

    def _shake(self, context: ssl.SSLContext) -> Doing[Come]:
        host = self._talk.host
        try:
            # In one line: an exception out of nowhere must not lose sight of what is open.
            self.sock = sock = context.wrap_socket(self._connected, server_hostname=host, do_handshake_on_connect=False)
        except ValueError as error:  # what the codec `idna` refuses
            return False, f"no name for TLS: {error}"
        try:
            yield from self._patiently(sock.do_handshake, "read")
        except ssl.SSLCertVerificationError as error:
            self._problem = _lowered(error.verify_message.removesuffix("."))
            return False, f"{probing.UNVERIFIED}{self._problem}"
        self._read_certificate(sock)
        return True, f"{sock.version()}, verified"

    def _look_again(self) -> Doing[bool]:
        """Connect once more without verification, to tell whose certificate it is."""
        self.close()
        try:
            yield from self._connect()
            yield from self._shake(self._contexts.trusting)
        except (OSError, _Rejected):
            return False
        return True

    def _read_certificate(self, sock: ssl.SSLSocket) -> None:
        read = certificates.read(sock.getpeercert(binary_form=True) or b"")
        if read is not None:
            self._certificate = Certificate(*read, self._talk.host, self._problem)

    def _ask(self) -> Doing[Come]:
        sock, left, reply = self._connected, self._talk.request, b""
        with suppress(ConnectionError, ssl.SSLError):  # why it was closed is read below
            while left:
                left = left[(yield from self._patiently(partial(sock.send, left), "write")) :]
        while not reply or not probing.is_whole(reply):
            got = yield from self._patiently(partial(sock.recv, probing.MOST_REPLY), "read")
            if not got:
                break
            reply += got
        ok, outcome, self._status = probing.read_reply(reply)
        return ok, outcome

    @property
    def _connected(self) -> socket.socket:
        assert self.sock is not None  # noqa: S101 - it comes after `_connect`
        return self.sock

    def _patiently(self, act: Callable[[], T], want: Want) -> Doing[T]:
        """Do it as soon as it does not block."""
        while True:
            try:
                return act()
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
                if not isinstance(error, BlockingIOError):
                    want = "read" if isinstance(error, ssl.SSLWantReadError) else "write"
            yield want


def _told(error: OSError, to: Destination) -> tuple[int | None, str]:
    """Tell an error's code and words; what explains itself is of nobody's system, and has no code."""
    if isinstance(error, ssl.SSLError):
        reason = error.reason or (error.strerror or str(error)).partition(" (_ssl.c:")[0]
        reason = reason.replace("_", " ").lower()
        return None, f"TLS failed: {reason}"
    if isinstance(error, TimeoutError):
        return errno.ETIMEDOUT, "no answer"
    code, text, explained = words_of(error, to)
    return None if explained else code, text


def _lowered(text: str) -> str:
    return text if text[:2].isupper() else text[:1].lower() + text[1:]  # IP stays


class Contexts:
    """How certificates are looked at: by what this machine trusts, and by nothing."""

    def __init__(self, talk: Talk) -> None:
        if talk.scheme in ("tls", "https"):
            self.verifying = ssl.create_default_context()
            self.trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            self.trusting.check_hostname = False
            self.trusting.verify_mode = ssl.CERT_NONE
            if talk.scheme == "https":
                for context in (self.verifying, self.trusting):
                    context.set_alpn_protocols(["http/1.1"])


class Probes(ABC):
    """Conversations with several endpoints, so many at once.

    `reach` and `among` are as those of `Attempts`. An exception may come out of nowhere, at any line: whatever is open
    belongs to a conversation in `_begun` then, and is closed with that.
    """

    def __init__(self, talk: Talk, reach: Callable[[Destination], Destination], among: forks.Known[Any]) -> None:
        self._among = among
        self._talk = talk
        contexts = Contexts(talk)
        self._left = deque(
            [Conversation(index, aim, talk, contexts, reach) for index, aim in enumerate(talk.endpoints)]
        )
        self._begun: dict[Conversation, Want | None] = {}  # what each waits for
        self._ready: set[Conversation] = set()
        self._told: dict[int, ProbedEndpoint] = {}
        self._until = monotonic() + talk.seconds
        self._shut = False
        forks.register(self)
        among[id(self)] = self

    def shut(self) -> None:
        """Let it end with `ResolverClosed`: whoever waits wakes, in whatever thread or loop that is."""
        self._shut = True
        for conversation in [*self._begun]:
            conversation.shut()

    def after_fork(self) -> None:
        """Close what is the parent's."""
        self._shut = True
        for conversation in self._begun:
            if conversation.sock is not None:
                conversation.sock.close()

    @abstractmethod
    def run(self) -> Any:
        """Return what came of all, or what is awaited for it. Raises `ResolverClosed`."""

    @abstractmethod
    def _watch(self, conversation: Conversation, want: Want) -> None:
        """Let the conversation be in `_ready` as soon as its socket is, and watch it no longer then."""

    @abstractmethod
    def _unwatch(self, conversation: Conversation) -> None:
        """It waits no more."""

    @property
    def _wakes(self) -> float:
        """When to look again, if nothing happens before."""
        return min([conversation.deadline for conversation in self._begun])

    def _step(self, now: float) -> tuple[ProbedEndpoint, ...] | None:
        """Go on with what is ready, end what is late, begin what there is room for. Returns what came of all."""
        self._check_open()
        for conversation in tuple(self._begun):
            if conversation in self._ready:
                conversation.woken = now
                self._go_on(conversation)
            elif conversation.deadline <= now:
                self._unwatch(conversation)
                self._end(conversation)
        while self._left and len(self._begun) < probing.AT_ONCE:
            conversation = self._left.popleft()
            conversation.deadline = min(self._until, now + self._talk.share)
            self._begun[conversation] = None
            self._go_on(conversation)
        self._check_open()  # at last, too: what was begun meanwhile was not shut
        if self._begun:
            return None
        self._among.pop(id(self), None)
        return tuple([self._told[index] for index in range(len(self._talk.endpoints))])

    def _check_open(self) -> None:
        if self._shut:
            raise ResolverClosed("this resolver is closed")

    def _go_on(self, conversation: Conversation) -> None:
        self._ready.discard(conversation)
        self._begun[conversation] = None
        try:
            want = next(conversation.doing)
        except StopIteration:
            self._finish(conversation)
        else:
            self._begun[conversation] = want
            self._watch(conversation, want)

    def _end(self, conversation: Conversation) -> None:
        """Let a conversation be over whose time is."""
        with suppress(StopIteration):
            while True:
                conversation.doing.throw(TimeoutError)
        self._finish(conversation)

    def _finish(self, conversation: Conversation) -> None:
        del self._begun[conversation]
        self._told[conversation.index] = conversation.told()

    def _abandon(self) -> None:
        """Close what is open."""
        self._among.pop(id(self), None)
        for conversation, want in tuple(self._begun.items()):
            if want is not None:
                self._unwatch(conversation)
            conversation.doing.close()
            conversation.close()  # which an exception may have come in between of
        self._begun.clear()
