"""Names as CoreDNS compares them, by their labels, and as they stand in messages."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TypeAlias

Labels: TypeAlias = tuple[str, ...]

_LABEL = re.compile(r"(?:\\.|[^.\\])+")
_LENGTHS = [bytes((length,)) for length in range(64)]
_ESCAPE = re.compile(r"\\(\d{3}|.)", re.DOTALL)


class Malformed(ValueError):
    """The message cannot be read, or a reply cannot be written."""


def split(name: str) -> Labels:
    r"""Split an absolute name into its labels. A dot that is escaped (`\\.`) belongs to its label.

    >>> split("payments.shop.svc.")
    ('payments', 'shop', 'svc')
    """
    if "\\" in name:
        return tuple(_LABEL.findall(name))
    return tuple(name.rstrip(".").split(".")) if name != "." else ()


def is_below(name: Labels, zone: Labels) -> bool:
    """Whether a name is the zone's own or below it. Both are in lower case."""
    return not zone or name[-len(zone) :] == zone


def holds(zones: Iterable[Labels], name: Labels) -> bool:
    """Whether a name is in one of the zones."""
    return any(is_below(name, zone) for zone in zones)


def fqdn(name: str) -> str:
    """Make a name absolute, as it stands."""
    return name if name.endswith(".") else name + "."


@lru_cache(maxsize=8192)
def name_to_wire(name: str) -> bytes:
    """Write an absolute name (RFC 1035, section 3.1). Raises `Malformed` if it has no such form."""
    if name == ".":
        return b"\0"
    try:
        labels = name.removesuffix(".").encode("ascii").split(b".") if "\\" not in name else _labels(name)
        wire = b"".join([_LENGTHS[len(label)] + label for label in labels]) + b"\0"
    except UnicodeEncodeError:
        raise Malformed(f"{name!r} has letters outside ASCII") from None
    except IndexError:
        raise Malformed(f"{name!r} has a label that is too long") from None
    if b"" in labels or len(wire) > 255:
        raise Malformed(f"{name!r} has an empty label or is too long")
    return wire


def _labels(name: str) -> list[bytes]:
    labels = [bytearray()]
    at = 0
    for found in _ESCAPE.finditer(name):
        _plain(name[at : found.start()], labels)
        code = found.group(1)
        labels[-1].append(int(code) & 0xFF if len(code) == 3 else ord(code) & 0xFF)
        at = found.end()
    _plain(name[at:].removesuffix("."), labels)
    return [bytes(label) for label in labels]


def _plain(text: str, labels: list[bytearray]) -> None:
    first, *rest = text.encode("ascii").split(b".")
    labels[-1] += first
    labels.extend(bytearray(part) for part in rest)
