"""Names of a whole process: the functions of `socket` that find them, replaced for a while.

It is for programs whose client has no adapter. What is replaced is Python's: code in C that calls the C library itself
is not reached, as libpq's or grpc's, nor a socket that is told to connect to a name, nor a function that was imported
by its name before (`from socket import getaddrinfo`).
"""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from typing import Any

from k8sresolve._replacing import replace_functions
from k8sresolve.contrib._names import Info, Names, Scope
from k8sresolve.errors import ConfigError
from k8sresolve.resolver import Resolver

__all__ = ["override"]

_in_force = threading.Lock()


@contextmanager
def override(resolver: Resolver | None = None, *, scope: Scope = "cluster") -> Generator[None]:
    """Have `socket` find names by a resolver in all threads, within a `with`.

    Its ``getaddrinfo``, ``gethostbyname``, ``gethostbyname_ex`` and ``getnameinfo`` are replaced, and what calls them
    with them: `create_connection`, and asyncio's loops; in a program that gevent has patched, gevent's, too. One is in
    force at a time. With K8SRESOLVE_DISABLE=1 nothing changes.

    Args:
        resolver: A `Resolver`, which stays the caller's to close; None is the process's own.
        scope: Which names it finds: `"cluster"`, those that are or may be the cluster's, or `"all"`. Others go where
            they went before.

    Raises:
        ConfigError: An argument cannot be, or one is in force already.

    >>> import socket
    >>> from k8sresolve.contrib.socket import override
    >>> from k8sresolve.testing import Cluster
    >>> with override(Cluster.from_manifests("docs/examples/shop.yaml").resolver(namespace="shop")):
    ...     socket.gethostbyname("payments")
    ...
    '10.96.20.1'
    """
    names = Names(resolver, scope)
    if not _in_force.acquire(blocking=False):
        raise ConfigError("an override() is in force in this process already", advice="leave that first")
    with ExitStack() as undo:
        undo.callback(_in_force.release)
        if not names.disabled:
            replacements = _Replacements(names)
            replace_functions({name: getattr(replacements, name) for name in _REPLACED}, undo, sys.modules)
        yield


_ADDRESSES = ("", b"", "<broadcast>", b"<broadcast>")
"""What those that find IPv4 addresses take for one, as `socket` says of address families."""

_REPLACED = ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "getnameinfo")


class _Replacements:
    """What is put in place, and what was there."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._before = {name: getattr(socket, name) for name in _REPLACED}

    def getaddrinfo(  # noqa: PLR0917 - as `socket` has it
        self,
        host: bytes | str | None,
        port: bytes | str | int | None,
        family: int = 0,
        type: int = 0,  # noqa: A002 - the names are those of `socket`
        proto: int = 0,
        flags: int = 0,
    ) -> list[Info]:
        hints = (family, type, proto, flags)
        if self._names.takes(host):
            return self._names.getaddrinfo(host, port, *hints)
        return self._before["getaddrinfo"](host, port, *hints)  # type: ignore[no-any-return]

    def gethostbyname(self, hostname: str) -> str:
        if hostname in _ADDRESSES or not self._names.takes(hostname):
            return self._before["gethostbyname"](hostname)  # type: ignore[no-any-return]
        return self._ipv4(hostname)[0][4][0]

    def gethostbyname_ex(self, hostname: str) -> tuple[str, list[str], list[str]]:
        if hostname in _ADDRESSES or not self._names.takes(hostname):
            return self._before["gethostbyname_ex"](hostname)  # type: ignore[no-any-return]
        found = self._ipv4(hostname)
        canonical = found[0][3] or hostname
        return canonical, [] if canonical == hostname else [hostname], [address[0] for *_, address in found]

    def _ipv4(self, hostname: str) -> list[Info]:
        return self._names.getaddrinfo(hostname, None, socket.AF_INET, socket.SOCK_STREAM, flags=socket.AI_CANONNAME)

    def getnameinfo(self, sockaddr: Any, flags: int) -> tuple[str, str]:
        if not self._names.takes_addresses:
            return self._before["getnameinfo"](sockaddr, flags)  # type: ignore[no-any-return]
        return self._names.resolver.getnameinfo(sockaddr, flags)
