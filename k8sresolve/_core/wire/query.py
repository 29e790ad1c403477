"""Queries as octets (RFC 1035, section 4.1), on the path of every cold lookup."""

from functools import lru_cache

from k8sresolve._core.questions import Question
from k8sresolve._core.wire.names import name_octets

OPT_OCTETS = 11  # a query with EDNS ends with so many


def encode_query(question: Question, *, edns: int | None = 1232) -> bytes:
    """Write the query with id 0, RD set and, unless `edns` is None, an OPT record that takes replies of that size.

    Raises `Unsendable` for a name that no packet can carry.
    """
    return (_HEAD if edns is None else _HEAD_EDNS) + name_octets(question.name) + _tail(question.rdtype, edns)


_HEAD = b"\0\0\x01\0\0\x01\0\0\0\0\0\0"
_HEAD_EDNS = b"\0\0\x01\0\0\x01\0\0\0\0\0\x01"


@lru_cache(64)
def _tail(rdtype: int, edns: int | None) -> bytes:
    tail = rdtype.to_bytes(2, "big") + b"\0\x01"
    return tail if edns is None else tail + b"\0\0\x29" + edns.to_bytes(2, "big") + bytes(6)
