"""Names, types and rcodes as text, as faults take them and the log has them."""

from collections.abc import Mapping
from types import MappingProxyType

from k8sresolve._core.questions import TYPE_NAMES, type_name
from k8sresolve._core.wire.rcodes import RCODE_NAMES
from k8sresolve._escaping import told
from k8sresolve.errors import ConfigError

RCODES: Mapping[str, int] = MappingProxyType({name: number for number, name in RCODE_NAMES.items() if number < 16})
"""The numbers of the rcodes that a fault may answer with: those that fit a header, which is all that its reply has.

>>> from k8sresolve.testing import RCODES
>>> RCODES["SERVFAIL"]
2
"""

_NUMBERS = {name: number for number, name in TYPE_NAMES.items()}


def type_text(number: int) -> str:
    """Write a record type as text: `A`, or `TYPE65280` (RFC 3597) where it has no name."""
    if number in TYPE_NAMES:
        return type_name(number)
    import dns.rdatatype

    return dns.rdatatype.to_text(dns.rdatatype.RdataType.make(number))


def read_type(text: str) -> str:
    """Read a record type in any letter case. Raises `ConfigError` for what is none.

    >>> read_type("aaaa")
    'AAAA'
    """
    import dns.exception
    import dns.rdatatype

    name = text.upper() if isinstance(text, str) else ""
    if name in _NUMBERS:
        return name
    try:
        return type_text(dns.rdatatype.from_text(name))
    except (dns.exception.DNSException, ValueError):
        raise ConfigError(f"there is no record type {told(text)}") from None


def read_name(text: str) -> str:
    """Make a name absolute and lower-case, as the log has it. Raises `ConfigError` for what is no text."""
    if not isinstance(text, str):
        raise ConfigError(f"{told(text)} is no name", advice="give text")
    return f"{text.removesuffix('.').lower()}."
