"""Queries as octets (RFC 1035, section 4.1), on the path of every cold lookup."""

from __future__ import annotations

from functools import lru_cache

from k8sresolve._core.questions import Question
from k8sresolve._core.wire.names import MAX_NAME, Unsendable, name_octets

EDNS_SIZE = 1232  # octets; the DNS flag day 2020 value, which fits every path without fragments
OPT_OCTETS = 11  # a query with EDNS ends with so many


def encode_query(question: Question, edns: int | None = EDNS_SIZE) -> bytes:
    """Write the query with id 0, RD set and, unless `edns` is None, an OPT record that takes replies of that size.

    Raises `Unsendable` for a name that no packet can carry.
    """
    name, rdtype = question
    label, _, parent = name.partition(".")
    begin = (_BEGINS if edns is None else _BEGINS_EDNS).get(len(label))
    # Where the text is short, so are the octets: no escape is shorter than what it stands for.
    if begin and parent and len(name) < MAX_NAME and "\\" not in label and label.isascii():
        return (begin + label).encode() + _behind_label(parent, rdtype, edns)
    header = _HEADER if edns is None else _HEADER_EDNS
    return header.encode() + name_octets(name) + _tail(rdtype, edns)


def has_edns(query: bytes) -> bool:
    """Whether `encode_query` made it with EDNS."""
    return query[11] != 0


_HEADER = "\0\0\x01\0\0\x01\0\0\0\0\0\0"
_HEADER_EDNS = "\0\0\x01\0\0\x01\0\0\0\0\0\x01"
# With the length of the first label, as text: all these octets are ASCII.
_BEGINS = {number: _HEADER + chr(number) for number in range(1, 64)}
_BEGINS_EDNS = {number: _HEADER_EDNS + chr(number) for number in range(1, 64)}


@lru_cache(512)
def _behind_label(parent: str, rdtype: int, edns: int | None) -> bytes:
    # Most names asked share few parents: a namespace's and those of the search list.
    if parent == ".":
        raise Unsendable("a label is empty")
    return name_octets(parent) + _tail(rdtype, edns)


def _tail(rdtype: int, edns: int | None) -> bytes:
    tail = rdtype.to_bytes(2, "big") + b"\0\x01"
    return tail if edns is None else tail + b"\0\0\x29" + edns.to_bytes(2, "big") + bytes(6)
