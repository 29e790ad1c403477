"""What getaddrinfo(3) takes and gives: its flags and hints, what Python makes of them, and of what is returned."""

from __future__ import annotations

import socket
import sys
from socket import AF_INET, AF_INET6, AF_UNSPEC
from typing import Final, NamedTuple, TypeAlias

from k8sresolve._core.questions import AAAA, A

PASSIVE: Final = int(socket.AI_PASSIVE)
CANONNAME: Final = int(socket.AI_CANONNAME)
NUMERICHOST: Final = int(socket.AI_NUMERICHOST)
NUMERICSERV: Final = int(socket.AI_NUMERICSERV)
ADDRCONFIG: Final = int(socket.AI_ADDRCONFIG)
V4MAPPED: Final = int(socket.AI_V4MAPPED)
ALL: Final = int(socket.AI_ALL)
FLAGS: Final = PASSIVE | CANONNAME | NUMERICHOST | NUMERICSERV | ADDRCONFIG | V4MAPPED | ALL

Info: TypeAlias = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[str, int] | tuple[str, int, int, int]]
"""Family, socket type, protocol, canonical name, and address: `(host, port)`, or for IPv6 with flow and scope, too."""


class Hints(NamedTuple):
    """What the caller wants: address family, socket type, protocol, and `AI_` flags."""

    family: int = AF_UNSPEC
    kind: int = 0
    protocol: int = 0
    flags: int = 0

    def has(self, flag: int) -> bool:
        """Whether a flag is set."""
        return self.flags & flag != 0

    def takes(self, family: int) -> bool:
        """Whether addresses of that family are wanted."""
        return self.family in (AF_UNSPEC, family)

    @property
    def rdtypes(self) -> tuple[int, ...]:
        """The types of the addresses that are wanted."""
        return tuple(rdtype for family, rdtype in ((AF_INET, A), (AF_INET6, AAAA)) if self.takes(family))


def read_host(host: object) -> str | None:
    """Read a host as `socket.getaddrinfo` does. Raises `TypeError`, and `UnicodeError` for what IDNA cannot write."""
    if host is None or isinstance(host, str):
        return host and host.encode("idna").decode()
    if isinstance(host, bytes):
        return host.decode("latin-1")
    raise TypeError("getaddrinfo() argument 1 must be string or None")


def read_service(port: object) -> str | None:
    """Read a port as `socket.getaddrinfo` does. Raises `OSError`."""
    if port is None or isinstance(port, str):
        return port
    if isinstance(port, bytes):
        return port.decode("latin-1")
    if type(port) is int or (isinstance(port, int) and sys.version_info >= (3, 14)):
        return int.__repr__(port)
    raise OSError("Int or String expected")
