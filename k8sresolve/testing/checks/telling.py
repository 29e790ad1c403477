"""How findings tell of where they are, and of several things: a few of them, and the number of the others."""

import difflib
import re
from collections.abc import Iterable, Sequence

from k8sresolve.findings import Finding, Severity
from k8sresolve.testing.objects.kinds import NO_PORT, PortEntry, Selector
from k8sresolve.testing.objects.manifested import Manifested
from k8sresolve.testing.objects.written import Written

CLOSE = 0.8
"""Of two texts that are this much alike, by difflib's ratio, one is likely to be a slip for the other."""


# How ports are called that are not for a program's own clients.
_BESIDE = re.compile("admin|debug|health|live|metric|monitor|probe|prof|prom|ready|status")


def is_beside(port_name: str) -> bool:
    """Whether the name of a port says that it is not for a program's own clients.

    >>> is_beside("http-metrics"), is_beside("http")
    (True, False)
    """
    return _BESIDE.search(port_name) is not None


def finding_in(
    written: Written, about: str, rule: str, *, severity: Severity, field: str, problem: str, advice: str
) -> Finding:
    """Find something about an object, at its place."""
    return Finding(
        severity=severity,
        problem=problem,
        advice=advice,
        source=written.file,
        line=written.line(field),
        object=about,
        field=field,
        rule=rule,
    )


def place(item: Manifested) -> str:
    """Tell where an object is written."""
    line = item.written.line("metadata.name")
    return f"{item.written.file}:{line}" if item.written.file and line else item.written.file or "another place"


def slip_for(name: str, names: Sequence[str], closeness: float = CLOSE) -> str:
    """Find the one of these names for which a name is likely to be a slip; empty where none is near.

    >>> slip_for("payment", ["ledger", "payments"]), slip_for("web", ["ledger"])
    ('payments', '')
    """
    return next(iter(difflib.get_close_matches(name, names, 1, closeness)), "")


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
