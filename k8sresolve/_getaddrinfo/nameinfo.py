"""getnameinfo(3) on any resolver."""

from __future__ import annotations

import _socket
import socket
from typing import Any

from k8sresolve._core.questions import Lookup
from k8sresolve._getaddrinfo.libc import Eai, Libc
from k8sresolve._getaddrinfo.names import Names


def numeric_nameinfo(sockaddr: Any, flags: int) -> tuple[str, str]:
    """Give host and service of a socket address, the host as a number; nothing is asked. Raises `Eai`.

    This machine's C library does so, past whatever stands in for the function of `socket`.
    """
    try:
        return _socket.getnameinfo(sockaddr, flags | socket.NI_NUMERICHOST)
    except socket.gaierror as error:
        raise Eai(error.errno or socket.EAI_FAIL) from None


def getnameinfo(libc: Libc, sockaddr: Any, flags: int, names: Names) -> Lookup[tuple[str, str]]:
    """Do as a C library does, in Python's form. Raises `Eai`."""
    if flags & socket.NI_NUMERICHOST:
        return numeric_nameinfo(sockaddr, flags)
    host, service = numeric_nameinfo(sockaddr, flags & ~socket.NI_NAMEREQD)
    bare = host.partition("%")[0]
    name = yield from libc.node(bare, flags, names)
    return host if name == bare else name, service
