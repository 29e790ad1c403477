"""How findings tell of several things: a few of them, and the number of the others."""

from collections.abc import Iterable

from k8sresolve.testing.objects.kinds import NO_PORT, PortEntry, Selector


def listed(items: Iterable[object], most: int = 3) -> str:
    """Write a list for people, each item once, and tell how many are left out.

    >>> listed(["a", "b", "a", "c", "d", "e"])
    'a, b, c and 2 more'
    """
    told = list(dict.fromkeys(map(str, items)))
    more = f" and {len(told) - most} more" if len(told) > most else ""
    return ", ".join(told[:most]) + more


def labels_told(labels: Selector) -> str:
    """Write labels as kubectl does."""
    return ",".join(f"{key}={value}" for key, value in labels)


def ports_told(ports: Iterable[PortEntry]) -> str:
    """Write ports, by name where they have one.

    >>> ports_told([PortEntry("http", 8080, "TCP"), PortEntry("", 53, "UDP")])
    'http (8080/TCP), 53/UDP'
    """
    return listed(map(_told, ports), 5)


def _told(port: PortEntry) -> str:
    number = f"{'any' if port.number == NO_PORT else port.number}/{port.protocol}"
    return f"{port.name} ({number})" if port.name else number
