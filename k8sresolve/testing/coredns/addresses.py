"""IP addresses as CoreDNS reads and writes them, and the names that stand for them in reverse."""

import socket
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from itertools import repeat

from k8sresolve.testing.coredns.names import Labels


@lru_cache(maxsize=8192)
def pack_address(text: str) -> bytes | None:
    r"""Read an IP address as Go's `net.ParseIP` does; an IPv4-mapped IPv6 address is IPv4. None if it is none.

    >>> pack_address("10.96.0.1"), pack_address("::ffff:10.96.0.1"), pack_address("api.example.com")
    (b'\n`\x00\x01', b'\n`\x00\x01', None)
    """
    try:
        if ":" not in text:
            return socket.inet_pton(socket.AF_INET, text)
        packed = socket.inet_pton(socket.AF_INET6, text)
    except (OSError, ValueError):
        return None
    return packed[12:] if packed.startswith(b"\0" * 10 + b"\xff\xff") else packed


def pack_addresses(texts: Sequence[str]) -> list[bytes | None]:
    """Read IP addresses, each as `pack_address` does."""
    if len(texts) > 1:  # most Services list IPv4 addresses, which need no look at each
        try:
            return list(map(socket.inet_pton, repeat(socket.AF_INET), texts))
        except (OSError, ValueError):
            pass
    return [pack_address(text) for text in texts]


def address_text(packed: bytes) -> str:
    """Write an address of 4 or 16 octets in canonical text."""
    return str(IPv4Address(packed) if len(packed) == 4 else IPv6Address(packed))


def reversed_address(labels: Labels) -> str:
    """Read the address of a reverse name, in canonical text (RFC 1035, section 3.5; RFC 3596, section 2.5)."""
    if len(labels) < 3 or labels[-1] != "arpa":
        return ""
    digits = labels[-3::-1]
    if labels[-2] == "in-addr":
        packed = pack_address(".".join(digits))
        return address_text(packed) if packed is not None and len(packed) == 4 else ""
    if labels[-2] != "ip6":
        return ""
    # Up to three labels too many are not looked at.
    groups = ["".join(digits[start : start + 4]) for start in range(0, len(digits) // 4 * 4, 4)]
    packed = pack_address(":".join(groups))
    return address_text(packed) if packed is not None else ""
