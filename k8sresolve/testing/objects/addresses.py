"""IP addresses as Kubernetes objects state them: their families, and their canonical form."""

import re
from collections.abc import Hashable, Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from itertools import repeat
from socket import AF_INET, inet_pton
from typing import Literal, TypeAlias, cast, get_args

_ZEROS = re.compile("(?<![0-9])0+(?=[0-9])")

IPFamily: TypeAlias = Literal["IPv4", "IPv6"]
"""As in a Service's `ipFamilies`."""

FAMILIES: tuple[IPFamily, ...] = get_args(IPFamily)


def family_of(address: str) -> IPFamily:
    """Tell the IP family of an address.

    >>> family_of("fd00::1")
    'IPv6'
    """
    return "IPv6" if ":" in address else "IPv4"


def families_of(addresses: Iterable[str]) -> tuple[IPFamily, ...]:
    """Tell the IP families of addresses, each once, in their order."""
    return tuple({family_of(address): None for address in addresses})


def read_address(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address as Kubernetes once did (`ParseIPSloppy`): zeros before a number count for nothing.

    An IPv4 address in the form of IPv6 is an IPv4 one. None for what is no address.

    >>> read_address("010.0.0.1"), read_address("::ffff:10.0.0.1"), read_address("none")
    (IPv4Address('10.0.0.1'), IPv4Address('10.0.0.1'), None)
    """
    if "%" in text:
        return None
    try:
        address = ip_address(text if ":" in text else _ZEROS.sub("", text))
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def is_plain_ipv4(text: str) -> bool:
    """Tell whether a text is an IPv4 address in canonical form, as most are: inet_pton(3) takes no other."""
    try:
        inet_pton(AF_INET, text)
    except (OSError, ValueError):
        return False
    return True


@lru_cache(maxsize=8)  # the addresses of a slice are looked at again as soon as it is read
def packed_ipv4(texts: tuple[Hashable, ...]) -> bytes | None:
    """Pack IPv4 addresses in canonical form, one behind another; None where one of the texts is none.

    >>> packed_ipv4(("10.0.0.1", "10.0.0.2")).hex(".", 4)
    '0a000001.0a000002'
    """
    try:
        return b"".join(map(inet_pton, repeat(AF_INET), cast("tuple[str, ...]", texts)))
    except (OSError, TypeError, ValueError):
        return None


def is_address(text: str) -> bool:
    """Tell whether a text is an address in any spelling."""
    return is_plain_ipv4(text) or read_address(text) is not None


def canonical(address: str) -> str:
    """Write an address in canonical form; what is none stays as it is."""
    if is_plain_ipv4(address):
        return address
    return str(read_address(address) or address)
