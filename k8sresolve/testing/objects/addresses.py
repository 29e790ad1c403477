"""IP addresses as Kubernetes objects state them: their families, and their canonical form."""

from collections.abc import Iterable
from ipaddress import ip_address
from typing import Literal, TypeAlias

IPFamily: TypeAlias = Literal["IPv4", "IPv6"]
"""As in a Service's `ipFamilies`."""


def family_of(address: str) -> IPFamily:
    """Tell the IP family of an address.

    >>> family_of("fd00::1")
    'IPv6'
    """
    return "IPv6" if ":" in address else "IPv4"


def families_of(addresses: Iterable[str]) -> tuple[IPFamily, ...]:
    """Tell the IP families of addresses, each once, in their order."""
    return tuple({family_of(address): None for address in addresses})


def canonical(address: str) -> str:
    """Write an address in canonical form; what is none stays as it is."""
    if ":" not in address:
        return address  # four numbers can be written in one way only
    try:
        return str(ip_address(address))
    except ValueError:
        return address
