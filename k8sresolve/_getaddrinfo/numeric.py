"""Numeric hosts, and addresses in packed form."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from socket import AF_INET, AF_INET6
from typing import NamedTuple

from k8sresolve._core.addresses import parse_inet_aton

MAPPED = b"\0" * 10 + b"\xff\xff"
ANY: Mapping[int, bytes] = {AF_INET: bytes(4), AF_INET6: bytes(16)}
LOOPBACK: Mapping[int, bytes] = {AF_INET: b"\x7f\0\0\1", AF_INET6: bytes(15) + b"\1"}


class Address(NamedTuple):
    """An address, packed, with the index of its interface, or 0."""

    packed: bytes
    scope: int = 0


class Literal(NamedTuple):
    """A numeric host; `scope` is what stands behind a `%`."""

    packed: bytes
    scope: str | None


def address_family(packed: bytes) -> int:
    """AF_INET or AF_INET6."""
    return AF_INET if len(packed) == 4 else AF_INET6


def mapped(packed: bytes) -> bytes:
    """The IPv6 address that stands for an IPv4 one (RFC 4291, section 2.5.5.2); IPv6 as it is."""
    return MAPPED + packed if len(packed) == 4 else packed


def address_text(packed: bytes) -> str:
    """Write an address as the C library does."""
    return socket.inet_ntop(address_family(packed), packed)


def literal(host: str) -> Literal | None:
    """Read a numeric host: IPv4 as inet_aton(3) does, IPv6 as inet_pton(3). None for a name."""
    ipv4 = parse_inet_aton(host)
    if ipv4 is not None:
        return Literal(ipv4.packed, None)
    text, percent, scope = host.partition("%")
    try:
        return Literal(socket.inet_pton(AF_INET6, text), scope if percent else None)
    except (OSError, ValueError):
        return None


def literal_text(host: str) -> str | None:
    """Write a numeric host in the usual form, without its scope; None for a name."""
    read = literal(host)
    return None if read is None else address_text(read.packed)


def interface(packed: bytes, name: str) -> int:
    """The index of an interface of this machine; 0 if there is none, or the address is not link-local."""
    if not (packed[0] == 0xFE and packed[1] & 0xC0 == 0x80) and not (packed[0] == 0xFF and packed[1] & 0xF == 2):
        return 0
    try:
        return socket.if_nametoindex(name)
    except (OSError, ValueError):
        return 0
