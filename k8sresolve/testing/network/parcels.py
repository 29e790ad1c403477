"""What comes back for a query: parcels, as a nameserver sends them, and arrivals, as the one who asks meets them."""

from typing import Literal, NamedTuple, TypeAlias

Manner: TypeAlias = Literal["whole", "elsewhere", "reset"]


class Parcel(NamedTuple):
    """Something that comes back for a query, `delay` seconds after it came.

    `manner` is `"whole"`, `"elsewhere"` (a datagram from another source) or `"reset"` (the TCP connection is). The
    octets of a TCP stream come `interval` seconds after one another.
    """

    delay: float
    data: bytes
    manner: Manner = "whole"
    interval: float = 0.0


class Arrival(NamedTuple):
    """What comes back for a send: `data`, or, where that is None, the network error `error`, after `delay` seconds."""

    delay: float
    data: bytes | None
    error: str = ""


# Spelled as the drivers on real sockets spell what the operating system says.
REFUSED = Arrival(0.0, None, "connection refused")
"""What comes back from a port where nobody listens."""


def reset_after(delay: float) -> Arrival:
    """Make what comes back over a TCP connection that is reset."""
    return Arrival(delay, None, "connection reset by peer")
