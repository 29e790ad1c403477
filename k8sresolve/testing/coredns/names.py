"""Names as CoreDNS compares them, by their labels, and as they stand in messages."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TypeAlias

from k8sresolve._core.wire.names import name_octets

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
    return any(is_below(name, zone) for zone in zones)


def fqdn(name: str) -> str:
    """Make a name absolute, as it stands."""
    return name if name.endswith(".") else name + "."


name_to_wire = lru_cache(maxsize=8192)(name_octets)
"""Write an absolute name. Raises `Unsendable`. Replies repeat few names, so that the octets are kept."""
