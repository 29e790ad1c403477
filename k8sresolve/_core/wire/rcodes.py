"""Rcodes: what a nameserver says of a question beside the records (RFC 1035, section 4.1.1, and later ones)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = range(6)
YXDOMAIN, YXRRSET, NXRRSET, NOTAUTH, NOTZONE = range(6, 11)  # RFC 2136, section 2.2
BADVERS = 16  # RFC 6891, section 9

Rcode: TypeAlias = Literal[
    "NOERROR",
    "FORMERR",
    "SERVFAIL",
    "NXDOMAIN",
    "NOTIMP",
    "REFUSED",
    "YXDOMAIN",
    "YXRRSET",
    "NXRRSET",
    "NOTAUTH",
    "NOTZONE",
    "BADVERS",
]
"""An rcode that has a name here."""

RCODE_NAMES: Mapping[int, Rcode] = MappingProxyType(
    {
        NOERROR: "NOERROR",
        FORMERR: "FORMERR",
        SERVFAIL: "SERVFAIL",
        NXDOMAIN: "NXDOMAIN",
        NOTIMP: "NOTIMP",
        REFUSED: "REFUSED",
        YXDOMAIN: "YXDOMAIN",
        YXRRSET: "YXRRSET",
        NXRRSET: "NXRRSET",
        NOTAUTH: "NOTAUTH",
        NOTZONE: "NOTZONE",
        BADVERS: "BADVERS",
    }
)
"""The names of RFC 6895, section 2.3. Below 16 an rcode fits a header; the rest needs an OPT record."""


def rcode_name(rcode: int) -> str:
    """Write an rcode as text: `SERVFAIL`, or `RCODE3841` where it has no name here.

    >>> rcode_name(2), rcode_name(3841)
    ('SERVFAIL', 'RCODE3841')
    """
    return RCODE_NAMES.get(rcode, f"RCODE{rcode}")
