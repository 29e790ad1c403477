"""Services: port numbers as text, and names as services(5) lists them, for each kind of socket."""

from __future__ import annotations

import re
import socket
from socket import SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET, SOCK_STREAM
from typing import NamedTuple

from k8sresolve._getaddrinfo.hints import Hints

_STRTOUL = re.compile(r"[ \t-\r]*([+-]?)([0-9]+)", re.ASCII)


def number(text: str) -> int | None:
    """Read a number as strtoul(3) to its end; None where it does not end there."""
    match = _STRTOUL.fullmatch(text)
    if match is None:
        return None
    # strtoul(3) gives its greatest number for all that are longer, and Python refuses very long ones.
    value = min(int(match[2].lstrip("0")[:21] or "0"), 2**64 - 1)
    return -value % 2**64 if match[1] == "-" else value


def port_of(service: str, protocol: str) -> int | None:
    """The port of a service, by this machine's list; None where there is none."""
    try:
        return socket.getservbyname(service, protocol)
    except (OSError, ValueError):
        return None


class Triple(NamedTuple):
    """Socket type, protocol and port."""

    kind: int
    protocol: int
    port: int


class Socket(NamedTuple):
    """A kind of socket that services are listed for. A `usual` one is given to who states neither type nor protocol."""

    kind: int
    protocol: int
    name: str
    usual: bool

    @property
    def raw(self) -> bool:
        """Whether it takes any protocol, and no service."""
        return self.kind == SOCK_RAW

    def fits(self, hints: Hints) -> bool:
        """Whether it is what the caller asks for."""
        return hints.kind in (0, self.kind) and (self.raw or hints.protocol in (0, self.protocol))

    def at(self, port: int, hints: Hints) -> Triple:
        """Make the triple for a port."""
        return Triple(self.kind, hints.protocol if self.raw else self.protocol, port)


TCP = Socket(SOCK_STREAM, socket.IPPROTO_TCP, "tcp", usual=True)
UDP = Socket(SOCK_DGRAM, socket.IPPROTO_UDP, "udp", usual=True)

_SOCK_DCCP, _DCCP, _SCTP, _UDPLITE = 6, 33, 132, 136

GLIBC_SOCKETS = (
    TCP,
    UDP,
    Socket(_SOCK_DCCP, _DCCP, "dccp", usual=False),
    Socket(SOCK_DGRAM, _UDPLITE, "udplite", usual=False),
    Socket(SOCK_STREAM, _SCTP, "sctp", usual=False),
    Socket(SOCK_SEQPACKET, _SCTP, "sctp", usual=False),
    Socket(SOCK_RAW, 0, "raw", usual=True),
)
"""glibc, getaddrinfo.c, `gaih_inet_typeproto`."""

MUSL_SOCKETS = (TCP, UDP)
"""musl, lookup_serv.c."""
