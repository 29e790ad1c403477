"""Sockets that never block, for every driver that waits on file descriptors."""

from __future__ import annotations

import _socket
import os
import sys
from _socket import AF_INET, AF_INET6, SOCK_DGRAM, SOCK_STREAM
from collections.abc import Iterable
from errno import EINPROGRESS, EWOULDBLOCK
from struct import Struct
from typing import TypeAlias

from k8sresolve._drivers import forks
from k8sresolve.config import Nameserver

# What `socket` is made of: that would take a twentieth of the import, and its sockets have methods in Python on top.
_Socket = _socket.socket


def _pair() -> tuple[_socket.socket, _socket.socket]:
    # Such sockets, unlike numbers of descriptors, are closed with the last reference to them, whatever has happened.
    if sys.platform != "win32":
        return _socket.socketpair()
    import socket

    return socket.socketpair()  # made of two that connect on loopback


MOST_DATAGRAM = 65535
# Where the system can, a socket is made so that it never blocks, which saves a system call.
_AT_ONCE: int = getattr(_socket, "SOCK_NONBLOCK", 0)
_DGRAM = SOCK_DGRAM | _AT_ONCE
_FAMILIES = {2: AF_INET, 4: AF_INET6}  # by the length of a socket address
_HEADER = 12  # octets of the shortest DNS message

_IDS = Struct("2s" * 256)
_drawn: list[bytes] = []  # for all threads: `pop` gives each id to one of them
forks.on_waking(_drawn.clear)  # what a parent draws next, a child must not


def query_id() -> bytes:
    """Return a query id from the system's generator (RFC 5452, section 9.2)."""
    try:
        return _drawn.pop()
    except IndexError:
        ids: tuple[bytes, ...] = _IDS.unpack(os.urandom(_IDS.size))
        _drawn.extend(ids[1:])
        return ids[0]


def text_of(error: OSError) -> str:
    """Say what the operating system said, in a few words for an error message."""
    return (error.strerror or str(error)).lower()


Address: TypeAlias = tuple[str, int] | tuple[str, int, int, int]
"""As `socket` has it."""


def address_of(nameserver: Nameserver) -> Address:
    """Return the socket address of a nameserver."""
    if nameserver.is_ipv6:
        return nameserver.address, nameserver.port, 0, nameserver.scope
    return nameserver.address, nameserver.port


def addresses_of(nameservers: Iterable[Nameserver]) -> tuple[Address, ...]:
    """Return the socket addresses of all, for drivers that need one of them at each question."""
    return tuple([address_of(nameserver) for nameserver in nameservers])


def open_datagram(address: Address) -> _socket.socket:
    """Open a UDP socket on a port of its own, connected so that the kernel drops what others send; raises OSError."""
    sock: _socket.socket | None = None
    try:
        sock = _Socket(_FAMILIES[len(address)], _DGRAM)
        if not _AT_ONCE:
            sock.setblocking(False)
        sock.connect(address)
        return sock  # noqa: TRY300 - here nothing can come in between
    except BaseException:
        if sock is not None:
            sock.close()
        raise


def open_pair() -> tuple[_socket.socket, _socket.socket]:
    """Open two sockets, of which one hears what the other sends; raises OSError."""
    pair: tuple[_socket.socket, ...] = ()
    try:
        pair = near, far = _pair()
        near.setblocking(False)
        far.setblocking(False)
        return near, far  # noqa: TRY300
    except BaseException:
        for sock in pair:
            sock.close()
        raise


class Stream:
    """One query over TCP (RFC 7766, section 8: two octets of length, then the message)."""

    __slots__ = ("_id", "_received", "_unsent", "sock")

    def __init__(self, nameserver: Nameserver, payload: bytes) -> None:
        """Begin to connect; raises OSError if that fails at once."""
        self._id = query_id()
        message = self._id + payload[2:]
        self._unsent = len(message).to_bytes(2) + message
        self._received = b""
        address = address_of(nameserver)
        sock: _socket.socket | None = None
        try:
            self.sock = sock = _Socket(_FAMILIES[len(address)], SOCK_STREAM)
            sock.setblocking(False)
            code = sock.connect_ex(address)
            if code not in (0, EINPROGRESS, EWOULDBLOCK):
                raise OSError(code, os.strerror(code))  # noqa: TRY301
        except BaseException:
            if sock is not None:
                sock.close()
            raise

    @property
    def wants_write(self) -> bool:
        """Whether it waits for the socket to become writable, not readable."""
        return bool(self._unsent)

    def advance(self) -> bytes | None:
        """Do what the socket allows now. Returns the message once it is whole.

        Raises OSError when the connection fails, ends early, or carries something else.
        """
        try:
            if self._unsent:
                self._unsent = self._unsent[self.sock.send(self._unsent) :]
                return None
            chunk = self.sock.recv(MOST_DATAGRAM)
        except BlockingIOError:
            return None
        self._received += chunk
        message = self._message()
        if message is None and not chunk:
            raise ConnectionResetError("connection closed before the reply was whole")
        return message

    def _message(self) -> bytes | None:
        if len(self._received) < 2:
            return None
        length = int.from_bytes(self._received[:2])
        if length < _HEADER:
            raise OSError("a frame too short for a message")
        if len(self._received) < 2 + length:
            return None
        message = self._received[2 : 2 + length]
        if message[:2] != self._id:
            raise OSError("a reply with another id")
        return message
