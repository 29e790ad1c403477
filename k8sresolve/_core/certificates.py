"""Reading a certificate as a server shows it, verified or not: the fields of RFC 5280 that people ask for, from DER.

Python's `ssl` tells them of verified ones alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address
from typing import NamedTuple

from k8sresolve._escaping import escaped

_SEQUENCE, _OID, _UTC_TIME, _GENERALIZED_TIME = 0x30, 0x06, 0x17, 0x18
_VERSION, _EXTENSIONS = 0xA0, 0xA3  # tagged [0] and [3]
_TEXTS = {0x1E: "utf-16-be", 0x1C: "utf-32-be", 0x0C: "utf-8"}  # BMPString, UniversalString, UTF8String
_MAIL, _DNS, _URI, _ADDRESS = 0x81, 0x82, 0x86, 0x87  # of a GeneralName (section 4.2.1.6)
_ALT_NAME = b"\x55\x1d\x11"
_ATTRIBUTES = {
    b"\x55\x04\x03": "CN",
    b"\x55\x04\x05": "serialNumber",
    b"\x55\x04\x06": "C",
    b"\x55\x04\x07": "L",
    b"\x55\x04\x08": "ST",
    b"\x55\x04\x0a": "O",
    b"\x55\x04\x0b": "OU",
    b"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19": "DC",
}
_MOST_NAMES = 1000
_TIME = re.compile(rb"(\d\d|\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z")


class Read(NamedTuple):
    """What a certificate says: see `reachability.Certificate`."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    starts_at: float
    expires_at: float


class _Malformed(Exception):
    """It is no certificate."""


def read(der: bytes) -> Read | None:
    """Read a certificate; None for what is none."""
    try:
        return _certificate(der)
    except _Malformed:
        return None


def _certificate(der: bytes) -> Read:
    parts = _parts(_only(_only(der, _SEQUENCE), _SEQUENCE))
    tags = [tag for tag, _ in parts]
    at = 1 if tags[:1] == [_VERSION] else 0
    if len(parts) < at + 6:
        raise _Malformed
    # serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo (section 4.1)
    _, _, (_, issuer), (_, validity), (_, subject), _, *others = parts[at:]
    times = _parts(validity)
    if len(times) != 2:
        raise _Malformed
    extensions = next((value for tag, value in others if tag == _EXTENSIONS), b"")
    return Read(_name(subject), _name(issuer), _alt_names(extensions), _time(*times[0]), _time(*times[1]))


def _take(data: bytes, at: int) -> tuple[int, bytes, int]:
    """Take one value: its tag, its octets, and where the next one begins."""
    if at + 2 > len(data) or data[at] & 0x1F == 0x1F:  # tags of several octets are none of ours
        raise _Malformed
    length, start = data[at + 1], at + 2
    if length & 0x80:
        start += length & 0x7F
        if not 1 <= length & 0x7F <= 4:
            raise _Malformed
        length = int.from_bytes(data[at + 2 : start], "big")
    if start + length > len(data):
        raise _Malformed
    return data[at], data[start : start + length], start + length


def _parts(data: bytes) -> list[tuple[int, bytes]]:
    """Take what stands one after another."""
    found: list[tuple[int, bytes]] = []
    at = 0
    while at < len(data):
        tag, value, at = _take(data, at)
        found.append((tag, value))
    return found


def _only(data: bytes, wanted: int) -> bytes:
    """Take the first value, which must have that tag."""
    tag, value, _ = _take(data, 0)
    if tag != wanted:
        raise _Malformed
    return value


def _name(data: bytes) -> str:
    return ", ".join(_attributes(data))


def _attributes(data: bytes) -> Iterator[str]:
    for _, several in _parts(data):
        for _, pair in _parts(several):
            parts = _parts(pair)
            if len(parts) != 2 or parts[0][0] != _OID:
                raise _Malformed
            (_, oid), (tag, value) = parts
            yield f"{_ATTRIBUTES.get(oid) or _dotted(oid)}={_text(tag, value)}"


def _text(tag: int, value: bytes) -> str:
    return escaped(value.decode(_TEXTS.get(tag, "latin-1"), "replace"))


def _dotted(oid: bytes) -> str:
    if not oid or len(oid) > 64:
        raise _Malformed
    numbers: list[int] = []
    number = 0
    for octet in oid:
        number = number << 7 | octet & 0x7F
        if not octet & 0x80:
            numbers.append(number)
            number = 0
    # X.690, section 8.19.4: the first two are one number.
    first = min(numbers[0] // 40, 2) if numbers else 0
    return ".".join(map(str, [first, numbers[0] - 40 * first, *numbers[1:]])) if numbers else "?"


def _alt_names(extensions: bytes) -> tuple[str, ...]:
    if not extensions:
        return ()
    for _, extension in _parts(_only(extensions, _SEQUENCE)):
        parts = _parts(extension)
        if len(parts) >= 2 and parts[0] == (_OID, _ALT_NAME):
            return tuple(_general_names(_only(parts[-1][1], _SEQUENCE)))
    return ()


def _general_names(data: bytes) -> Iterator[str]:
    for tag, value in _parts(data)[:_MOST_NAMES]:
        if tag in (_DNS, _URI, _MAIL):
            yield _text(tag, value)
        elif tag == _ADDRESS and len(value) in (4, 16):
            yield str(ip_address(value))


def _time(tag: int, value: bytes) -> float:
    """Read a time as Unix time (sections 4.1.2.5.1 and 2)."""
    found = _TIME.fullmatch(value)
    if found is None or tag not in (_UTC_TIME, _GENERALIZED_TIME) or (tag == _UTC_TIME) != (len(found[1]) == 2):
        raise _Malformed
    year, month, day, hour, minute, second = map(int, found.groups())
    if tag == _UTC_TIME:
        year += 2000 if year < 50 else 1900
    if not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and second < 61):
        raise _Malformed
    return float(_days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second)


def _days(year: int, month: int, day: int) -> int:
    """Count the days since 1970; a year is taken to begin with March, so that a leap day is its last."""
    year -= month <= 2
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return year * 365 + year // 4 - year // 100 + year // 400 + of_year - 719468
