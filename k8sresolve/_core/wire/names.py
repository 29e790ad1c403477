r"""Names on the wire: from text to octets and back, with their limits, escapes and compression pointers (RFC 1035).

As text a name is in presentation form (section 5.1): absolute, with the dot at its end, `\.` and `\DDD` for octets
that would mean something else. As octets it stands uncompressed, as in a message without pointers.
Both keep letter case, which does not count where names are compared (RFC 4343).
"""

from __future__ import annotations

import re
from functools import lru_cache

MAX_NAME = 255  # octets on the wire; RFC 1035, section 2.3.4
_MAX_HOPS = 16  # compression pointers in one name; a server needs one, rarely two
_HOST_OCTETS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
_SPECIAL = frozenset(b'"().;\\@$')  # what has a meaning in zone files (RFC 1035, section 5.1)


class Unsendable(ValueError):
    """No packet can carry the name; the text says why."""


class Malformed(Exception):
    """What was received cannot be read: the text says why."""


# -- from text to octets -----------------------------------------------------------------------------------------------


def name_octets(name: str) -> bytes:
    r"""Write an absolute name in presentation form as octets, uncompressed. Raises `Unsendable`.

    >>> name_octets(r"a\.b.shop.")
    b'\x03a.b\x04shop\x00'
    """
    if not name.isascii():
        raise Unsendable("a name on the wire is ASCII; other octets are written as \\DDD")
    if name == ".":
        return b"\0"
    if "\\" in name:
        octets = b"".join(map(_pack_label, _split_escaped(name))) + b"\0"
    elif name.endswith("."):
        head, _, parent = name.partition(".")
        octets = _pack_label(head.encode()) + _pack_parent(parent)
    else:
        raise Unsendable("the name is not absolute")
    if len(octets) > MAX_NAME:
        raise Unsendable(f"the name has {len(octets)} octets on the wire, more than {MAX_NAME}")
    return octets


@lru_cache(256)
def _pack_parent(name: str) -> bytes:
    # Most names asked share few parents: a namespace's and those of the search list.
    return b"".join(_pack_label(label.encode()) for label in name.split(".")[:-1]) + b"\0"


def _pack_label(octets: bytes) -> bytes:
    if not octets:
        raise Unsendable("a label is empty")
    if len(octets) > 63:
        raise Unsendable(f"a label has {len(octets)} octets, more than 63")
    return _OCTET[len(octets)] + octets


_OCTET = [bytes((number,)) for number in range(64)]


@lru_cache(1)
def _escaped() -> re.Pattern[str]:
    # Compiled when it is needed, which is hardly ever.
    return re.compile(r"\\(?:(?P<number>[0-9]{3})|(?P<plain>[^0-9]))|(?P<dot>\.)|(?P<other>[^\\.]+)", re.DOTALL)


def _split_escaped(name: str) -> list[bytes]:
    """Split a name that has escapes (RFC 1035, section 5.1) into labels, the root's not included."""
    labels = [b""]
    at = 0
    while at < len(name):
        match = _escaped().match(name, at)
        number = int(match["number"]) if match and match["number"] else 0
        if match is None or number > 255:
            raise Unsendable(f"an escape is no \\DDD up to 255 and no \\X: {name[at : at + 4]!r}")
        at = match.end()
        if match["dot"]:
            labels.append(b"")
        else:
            labels[-1] += bytes((number,)) if match["number"] else (match["plain"] or match["other"]).encode()
    if labels.pop():
        raise Unsendable("the name is not absolute")
    return labels


# -- from octets to text -----------------------------------------------------------------------------------------------


def expand_name(message: bytes, at: int) -> tuple[bytes, int]:
    """Return the name at that offset as uncompressed octets, and the offset behind it.

    Pointers lead strictly backward and never into what was read already, so no name is read twice. Raises `Malformed`,
    and `IndexError` where the message ends within the name.
    """
    start = at
    while 0 < (length := message[at]) < 64:
        at += length + 1
    behind = at + 1
    wire = message[start:behind]
    if length:
        behind += 1
        wire = wire[:-1] + _follow_pointers(message, at, start)
    if len(wire) > MAX_NAME:
        raise Malformed(f"a name has more than {MAX_NAME} octets")
    return wire, behind


def _follow_pointers(message: bytes, at: int, start: int) -> bytes:
    """Return the rest of a name that goes on with a pointer at offset `at`, after labels from `start` on."""
    wire = b""
    for _ in range(_MAX_HOPS):
        if message[at] < 192:
            raise Malformed("a label of unknown type")
        limit, start = start, (message[at] & 63) << 8 | message[at + 1]
        at = start
        while 0 < (length := message[at]) < 64:
            at += length + 1
        wire += message[start:at]
        if at + (2 if length else 1) > limit:
            raise Malformed("a compression pointer leads forward, or into what led there")
        if not length:
            return wire + b"\0"
    raise Malformed("a name is too many compression pointers away")


@lru_cache(64)
def are_two_names(octets: bytes) -> bool:
    """Whether these octets are exactly two uncompressed names, as before the numbers of an SOA."""
    try:
        first, behind = expand_name(octets, 0)
        second, _ = expand_name(octets, behind)
    except (Malformed, IndexError):
        return False
    return first + second == octets


@lru_cache(512)
def name_text(octets: bytes) -> str:
    r"""Write a name (uncompressed octets) in presentation form.

    >>> name_text(b"\x03a.b\x04shop\x00")
    'a\\.b.shop.'
    """
    plain = _plain(octets)
    if plain is not None:
        return plain.replace(b"\0", b".")[1:].decode() or "."
    labels: list[str] = []
    at = 0
    while length := octets[at]:
        at += 1
        labels.append(_label_text(octets[at : at + length]))
        at += length
    return ".".join(labels) + "."


@lru_cache(8)
def _plain(octets: bytes) -> bytes | None:
    """Write a name with a zero in place of each length, if it has but octets that hosts' names have; None otherwise.

    Who sends names of 127 labels has each label looked at once in Python; the rest is done to all of them at once.
    """
    plain = bytearray(octets)
    at = labels = 0
    while length := octets[at]:
        plain[at] = 0
        at += length + 1
        labels += 1
    return bytes(plain) if bytes(plain.translate(None, _HOST_OCTETS)) == bytes(labels + 1) else None


def _label_text(octets: bytes) -> str:
    if not octets.translate(None, _HOST_OCTETS):
        return octets.decode()
    return "".join(
        f"\\{chr(octet)}" if octet in _SPECIAL else chr(octet) if 0x20 < octet < 0x7F else f"\\{octet:03}"
        for octet in octets
    )


# -- names that a host can have ----------------------------------------------------------------------------------------


def is_host_label(octets: bytes) -> bool:
    """Whether a label, which is not empty, may be part of a host's name."""
    return not octets.translate(None, _HOST_OCTETS) and octets[0] != 0x2D and octets[-1] != 0x2D


@lru_cache(256)
def host_parent(octets: bytes) -> str | None:
    """Write what follows a host's first label, if these octets are exactly an uncompressed name of a host."""
    try:
        name, behind = expand_name(octets, 0)
    except (Malformed, IndexError):
        return None
    return name_text(name) if behind == len(octets) and name == octets and is_host(octets) else None


@lru_cache(512)
def is_host(octets: bytes) -> bool:
    """Whether a name (uncompressed octets) may stand for a host in a typed record.

    Letters, digits, hyphens inside labels, and underscores, which SRV owners and some pods' names have; not digits and
    dots alone, which other programs would take for an address (RFC 1123, section 2.1).
    """
    plain = _plain(octets)
    if plain is None or b"\0-" in plain or b"-\0" in plain:
        return False
    return plain.translate(None, b"0123456789\0") != b""
