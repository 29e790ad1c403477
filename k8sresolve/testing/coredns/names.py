"""Names as CoreDNS compares them, by their labels, and as they stand in messages."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TypeAlias

from k8sresolve._core.wire.names import MAX_NAME, name_octets
from k8sresolve.testing.objects.labels import MOST_LABEL

Labels: TypeAlias = tuple[str, ...]

_LABEL = re.compile(r"(?:\\.|[^.\\])+")


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
    for zone in zones:  # noqa: SIM110 - on the path of every answer
        if not zone or name[-len(zone) :] == zone:
            return True
    return False


def fqdn(name: str) -> str:
    """Make a name absolute, as it stands."""
    return name if name.endswith(".") else name + "."


def name_to_wire(name: str) -> bytes:
    """Write an absolute name. Raises `Unsendable`."""
    label, _, parent = name.partition(".")
    if parent and label and label.isascii() and len(label) <= MOST_LABEL and "\\" not in label:
        octets = _LENGTHS[len(label)] + label.encode() + _parent_to_wire(parent)
        if len(octets) <= MAX_NAME:
            return octets
    return name_octets(name)


def siblings_to_wire(names: Sequence[str]) -> list[bytes] | None:
    r"""Write absolute names that have the same parent all at once; None where they have not, or one is unusual.

    >>> siblings_to_wire(["web-0.shop.", "web-1.shop."])
    [b'\x05web-0\x04shop\x00', b'\x05web-1\x04shop\x00']
    """
    lines = "\n".join(names) + "\n"
    parent = names[0].partition(".")[2]
    heads = lines.replace(f".{parent}\n", "\n")
    if (
        len(lines) - len(heads) != len(names) * (1 + len(parent))
        or "." in heads
        or "\\" in heads
        or not heads.isascii()
    ):
        return None
    labels = heads.encode().split(b"\n")[:-1]
    end = _parent_to_wire(parent) if parent else b""
    if not 0 < len(end) < MAX_NAME - MOST_LABEL or len(labels) != len(names) or b"" in labels:
        return None
    try:
        return [_LENGTHS[len(label)] + label + end for label in labels]
    except IndexError:
        return None


_LENGTHS = [bytes((length,)) for length in range(MOST_LABEL + 1)]
# The names in a reply, and those of many, have few parents.
_parent_to_wire = lru_cache(maxsize=8192)(name_octets)
