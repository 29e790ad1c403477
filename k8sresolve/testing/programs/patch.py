"""`cluster.patch()`: programs in this process find the cluster's names through `socket`, asyncio and trio.

The process's own resolvers, which adapters and the module's calls take where they are given none, are the cluster's.

What is replaced is Python's: code in C that calls the C library's getaddrinfo itself, as libpq does, is not reached,
and neither is a function that was imported by its name before (`from socket import getaddrinfo`).
"""

import atexit
import contextlib
import socket
import sys
import warnings
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from ipaddress import IPv6Address, ip_address
from typing import Any, Self, get_args

import k8sresolve._default as own
from k8sresolve._core.lookups.hosts import is_localhost
from k8sresolve._core.questions import A
from k8sresolve._escaping import told
from k8sresolve._facade import Options
from k8sresolve._getaddrinfo.hints import Hints, Info, read_host, read_service
from k8sresolve._getaddrinfo.libc import Eai, HostTuple, LibcName
from k8sresolve._getaddrinfo.libcs import libc
from k8sresolve._getaddrinfo.nameinfo import getnameinfo, numeric_nameinfo
from k8sresolve._getaddrinfo.names import Caller, Missing
from k8sresolve._getaddrinfo.numeric import literal_text
from k8sresolve._locks import Lock
from k8sresolve._replacing import put
from k8sresolve.async_resolver import AsyncResolver
from k8sresolve.errors import ConfigError
from k8sresolve.resolver import Resolver
from k8sresolve.testing.network.clock import Clock
from k8sresolve.testing.programs.libc_names import Elsewhere, LibcNames, LibcResolver, Outside
from k8sresolve.testing.programs.replacing import Functions, Sockets, replace
from k8sresolve.testing.programs.resolvers import OfflineAsyncResolver, OfflineResolver, Place
from k8sresolve.testing.programs.routes import Routes


def _is_no_host(host: str | None) -> bool:
    """Whether a host is a word that Python itself reads, in all functions but `getaddrinfo`."""
    return host in (None, "", "<broadcast>", "255.255.255.255")


def _is_pair(address: object) -> bool:
    return isinstance(address, tuple) and len(address) > 1  # pyright: ignore[reportUnknownArgumentType]


def _is_loopback(address: str) -> bool:
    ip = ip_address(address)
    return ip.is_loopback or ip.is_unspecified


class Patch:
    """A context manager: inside, this process finds names as a pod of the cluster does. Made by `Cluster.patch`.

    It holds for all threads, and there is one at a time. It may be entered again once it was left.

    >>> import socket
    >>> from k8sresolve.testing import Cluster
    >>> with Cluster.from_manifests("docs/examples/shop.yaml").patch(namespace="shop"):
    ...     socket.gethostbyname("payments")
    ...
    '10.96.20.1'
    """

    def __init__(self, place: Place, clock: Clock, routes: Routes, *, libc_: LibcName, outside: Outside) -> None:
        if outside not in get_args(Outside):
            raise ConfigError(
                f"there is no way out {told(outside)}", advice=f"use one of {', '.join(get_args(Outside))}"
            )
        self._libc = libc(libc_)
        self._resolver = LibcResolver(place, clock, self._libc)
        self._names = LibcNames(place.config, self._libc, outside)
        addresses = tuple(ip for ip in map(ip_address, place.addresses) if ip.version in place.versions)
        self._caller = Caller(lambda: addresses, self._names)
        self._routes = routes
        self._own: dict[type[Any], Any] = {
            Resolver: OfflineResolver(place, clock, Options()),
            AsyncResolver: OfflineAsyncResolver(place, clock, Options()),
        }
        self._undo = ExitStack()
        self._machine = Functions.of(socket)

    # -- the functions of `socket` -----------------------------------------------------------------------------------

    def getaddrinfo(  # noqa: PLR0917 - as `socket` has it
        self,
        host: Any,
        port: Any,
        family: int = 0,
        type: int = 0,  # noqa: A002 - the names are those of `socket`
        proto: int = 0,
        flags: int = 0,
    ) -> list[Info]:
        """Do as `socket.getaddrinfo` does in a pod.

        Args:
            host, port, family, type, proto, flags: As that function has them.
        """
        name = read_host(host)
        rest = (port, family, type, proto, flags)
        if name is not None and is_localhost(name):
            return self._machine.getaddrinfo(host, *rest)
        try:
            hints = Hints(family, type, proto, flags)
            return self._resolver.run(self._libc.getaddrinfo, name, read_service(port), hints, self._caller)
        except Eai as eai:
            raise self._libc.error(eai.code) from None
        except Elsewhere as elsewhere:
            there = elsewhere.name
        return self._machine.getaddrinfo(there or host, *rest)

    def gethostbyname(self, hostname: Any) -> str:
        """Do as `socket.gethostbyname` does in a pod.

        Args:
            hostname: As that function has it.
        """
        # Unlike the others it leaves ASCII as it is.
        host = hostname if isinstance(hostname, str) and hostname.isascii() else read_host(hostname)
        if host is None or _is_no_host(host):
            return self._machine.gethostbyname(hostname)
        return self.getaddrinfo(host.encode("latin-1"), None, socket.AF_INET)[0][4][0]

    def gethostbyname_ex(self, hostname: Any) -> HostTuple:
        """Do as `socket.gethostbyname_ex` does in a pod.

        Args:
            hostname: As that function has it.
        """
        host = read_host(hostname)
        if host is None or _is_no_host(host) or is_localhost(host) or literal_text(host):
            return self._machine.gethostbyname_ex(hostname)
        # Python asks with getaddrinfo first, whose errors are the ones that one sees.
        self.getaddrinfo(host, None, socket.AF_INET)
        try:
            return self._libc.host_tuple(host, self._resolver.run(self._names.find, host, (A,)))
        except Elsewhere as elsewhere:
            return self._machine.gethostbyname_ex(elsewhere.name or hostname)
        except Missing as missing:
            raise self._libc.host_error(missing.old) from None

    def gethostbyaddr(self, ip_address: Any) -> HostTuple:
        """Do as `socket.gethostbyaddr` does in a pod.

        Args:
            ip_address: As that function has it.
        """
        host = read_host(ip_address)
        if host is None or _is_no_host(host):
            return self._machine.gethostbyaddr(ip_address)
        address = str(self.getaddrinfo(host, None)[0][4][0])
        with suppress(Elsewhere):
            try:
                if not _is_loopback(address):
                    return self._resolver.run(self._libc.named, address, self._names)
            except Missing as missing:
                raise self._libc.host_error(missing.failure) from None
        return self._machine.gethostbyaddr(address)

    def getnameinfo(self, sockaddr: Any, flags: int) -> tuple[str, str]:
        """Do as `socket.getnameinfo` does in a pod.

        Args:
            sockaddr, flags: As that function has them.
        """
        with suppress(Elsewhere):
            try:
                if not _is_loopback(numeric_nameinfo(sockaddr, flags & ~socket.NI_NAMEREQD)[0]):
                    return self._resolver.run(getnameinfo, self._libc, sockaddr, flags, self._names)
            except Eai as eai:
                raise self._libc.error(eai.code) from None
        return self._machine.getnameinfo(sockaddr, flags)

    # -- connections -------------------------------------------------------------------------------------------------

    def reach(self, address: Any, family: int, kind: int) -> Any:
        """Tell where a connection to `address` goes. Raises `ConnectionRefusedError`, and `socket.gaierror`."""
        if family not in (socket.AF_INET, socket.AF_INET6) or not _is_pair(address):
            return address
        host, port, *rest = address
        name = read_host(host) if isinstance(host, (str, bytes)) else None
        if name is None or _is_no_host(name) or not isinstance(port, int):
            return address
        text = literal_text(name)
        if text is None:
            # The C function under `connect` would ask the machine's own libc.
            text = str(self.getaddrinfo(name, None, family, kind)[0][4][0])
            address = (text, port, *rest)
        to = self._routes.find(_unmapped(text), port, "UDP" if kind == socket.SOCK_DGRAM else "TCP")
        if to is None:
            return address
        return (f"::ffff:{to[0]}", to[1]) if family == socket.AF_INET6 else to

    # -- entering and leaving ----------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        where = _caller()
        with _ENTERING:
            if _ENTERED:
                ((other, (file, line)),) = _ENTERED.items()
                raise ConfigError(
                    f"{'this' if other is self else 'another'} cluster.patch() is in force, entered at {file}:{line}",
                    advice="leave it first, best by `with`",
                )
            with ExitStack() as undo:
                self._machine = Functions.of(socket)
                replace(Sockets(Functions.of(self), self.reach), undo, sys.modules)
                put(undo, own, "of_process", self._own.__getitem__)
                self._undo = undo.pop_all()
            _ENTERED[self] = where
        return self

    def __exit__(self, *_: object) -> None:
        with _ENTERING:
            if _ENTERED.pop(self, None) is None:
                raise ConfigError("this cluster.patch() is not in force", advice="enter it by `with`, once")
            self._undo.close()


_ENTERED: dict[Patch, tuple[str, int]] = {}  # one at most
_ENTERING = Lock()


def in_force() -> Mapping[Patch, tuple[str, int]]:
    """The patch that is in force, if there is one, with the file and line where it was entered."""
    return dict(_ENTERED)


@atexit.register
def _warn_of_those_left_open() -> None:
    for file, line in _ENTERED.values():
        warnings.warn_explicit("cluster.patch() was entered here and never left", ResourceWarning, file, line)


def _caller() -> tuple[str, int]:
    frame = sys._getframe(1)  # noqa: SLF001 - inspect.stack() reads source files
    while frame.f_back is not None and frame.f_code.co_filename in (__file__, contextlib.__file__):
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno


def _unmapped(address: str) -> str:
    ip = ip_address(address)
    return str(ip.ipv4_mapped if isinstance(ip, IPv6Address) and ip.ipv4_mapped else ip)
