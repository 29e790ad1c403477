"""What is given for a name and is a URL, or has a port or a user: what to give instead, and no password told of it."""

from __future__ import annotations

import re

from k8sresolve._escaping import told
from k8sresolve.errors import InvalidName

_SCHEME = re.compile(r"(?:(?:jdbc:)?[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_PLACE = re.compile(
    r"(?P<host>[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_.])?|\[(?P<address>[0-9a-f:.]+)\])(?::(?P<port>[a-z0-9-]*))?",
    re.IGNORECASE,
)


def refusal(name: str) -> InvalidName | None:
    """Make the error for a URL, `user@host`, `host:port` or an address in brackets; None for any other name.

    It tells of it what can be no secret: neither the user and password, nor a path or query.
    """
    found = _SCHEME.match(name)
    scheme = found[0] if found else ""
    authority, *more = re.split(r"(?=[/?#])", name[len(scheme) :], maxsplit=1)
    _, at, behind = authority.rpartition("@")
    place = _PLACE.fullmatch(behind)
    if scheme:
        what = "this is a URL"
    elif ("._tcp." in name.lower() or "._udp." in name.lower()) and ":" not in name.rpartition("@")[0]:
        return None  # DNS-SD has names like `alice@laptop._ssh._tcp.local` (RFC 6763)
    elif "@" in name.replace("\\@", ""):
        what = "this has a user before the host"
    elif place and place["address"]:
        what = "an address in brackets is for URLs"
    elif place and place["port"] is not None:
        what = "this has a port behind the host"
    else:
        return None
    # A password may hold a slash or `@` itself, and then what looks like the host, or its port, is a part of it.
    if place is None or name.count("@") > len(at) or (scheme and not (place["port"] or "0").isdecimal()):
        return InvalidName(f"{scheme}...", what, advice="give the host alone, without scheme, user, port and path")
    shown = f"{scheme}{'***@' if at else ''}{behind}{'/...' if more else ''}"
    return InvalidName(shown, what, advice=f"give the host alone: {told(place['address'] or place['host'])}")
