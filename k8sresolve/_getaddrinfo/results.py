"""What Python's `getaddrinfo` returns: a tuple for each address and each kind of socket."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from typing import cast

from k8sresolve._getaddrinfo.hints import Info
from k8sresolve._getaddrinfo.numeric import Address, address_family, address_text
from k8sresolve._getaddrinfo.services import Triple


def infos(addresses: Sequence[Address], triples: Sequence[Triple], canonical: str = "") -> Iterator[Info]:
    """Make the tuples: each address with every kind of socket."""
    for packed, scope in addresses:
        text = address_text(packed)
        family = socket.AddressFamily(address_family(packed))
        for kind, protocol, port in triples:
            place = (text, port) if len(packed) == 4 else (text, port, 0, scope)
            yield family, _kind(kind), protocol, canonical, place


def _kind(kind: int) -> socket.SocketKind:
    """Return the type as Python does: a number where it has no name for it, as for DCCP."""
    try:
        return socket.SocketKind(kind)
    except ValueError:
        return cast("socket.SocketKind", kind)
