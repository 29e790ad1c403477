"""Names, types and rcodes as text, as faults take them and the log has them."""

from collections.abc import Mapping
from types import MappingProxyType

from k8sresolve._core.questions import TYPE_NAMES, type_name
from k8sresolve._core.wire.rcodes import RCODE_NAMES

RCODES: Mapping[str, int] = MappingProxyType({name: number for number, name in RCODE_NAMES.items() if number < 16})
"""The numbers of the rcodes that a fault may answer with: those that fit a header, which is all that its reply has."""

_NUMBERS = {name: number for number, name in TYPE_NAMES.items()}


def type_text(number: int) -> str:
    """Write a record type as text: `A`, or `TYPE65280` (RFC 3597) where it has no name."""
    if number in TYPE_NAMES:
        return type_name(number)
    import dns.rdatatype

    return dns.rdatatype.to_text(dns.rdatatype.RdataType.make(number))


def read_type(text: str) -> str:
    """Read a record type in any letter case. Raises `ValueError` for what is none.

    >>> read_type("aaaa")
    'AAAA'
    """
    import dns.exception
    import dns.rdatatype

    name = str(text).upper()
    if name in _NUMBERS:
        return name
    try:
        return type_text(dns.rdatatype.from_text(name))
    except (dns.exception.DNSException, ValueError):
        raise ValueError(f"there is no record type {text!r}") from None


def read_name(text: str) -> str:
    """Make a name absolute and lower-case, as the log has it."""
    return f"{text.removesuffix('.').lower()}."
