"""What C libraries have in common: a `Libc` answers as one of them does, and fails with its error codes.

Sources of each: glibc 2.36, `sysdeps/posix/getaddrinfo.c`, `inet/getnameinfo.c`, `resolv/nss_dns/dns-host.c`; musl
1.2.5, `src/network/getaddrinfo.c`, `lookup_name.c`, `lookup_serv.c`, `lookup_ipliteral.c`, `getnameinfo.c`.
"""

from __future__ import annotations

import socket
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from socket import AF_INET, AF_INET6, AF_UNSPEC
from typing import Literal, NamedTuple, TypeAlias

import attrs

from k8sresolve._core.ordering import Selection
from k8sresolve._core.questions import Lookup
from k8sresolve._core.search.rules import Failure
from k8sresolve._getaddrinfo.hints import Hints, Info
from k8sresolve._getaddrinfo.names import Caller, HostEntry, Missing, Names
from k8sresolve._getaddrinfo.numeric import Address
from k8sresolve.errors import ResolveError

LibcName: TypeAlias = Literal["glibc", "musl", "musl-1.2.3"]
"""A C library, by the name of its search policy; `musl` is 1.2.4 and newer."""

HostTuple: TypeAlias = tuple[str, list[str], list[str]]
"""What Python makes of a `struct hostent`: a name, its aliases, addresses."""

# HOST_NOT_FOUND, TRY_AGAIN, NO_RECOVERY and NO_DATA of <netdb.h>.
_HOST_CODES: Mapping[Failure, int] = {"nxdomain": 1, "temporary": 2, "failed": 3, "nodata": 4}


class Eai(Exception):
    """getaddrinfo(3) or getnameinfo(3) returns an error code; `error` is what a resolver raises for what is behind."""

    def __init__(self, code: int, error: ResolveError | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.error = error


class Named(NamedTuple):
    """What a host came to. `canonical` is empty where it has no name."""

    addresses: Sequence[Address]
    canonical: str = ""


@attrs.frozen
class Libc(ABC):
    """One C library.

    `messages` are those of gai_strerror(3) and `host_errors` those of hstrerror(3); `selection` is how it orders.
    """

    name: LibcName
    known_flags: int
    messages: Mapping[int, str]
    host_errors: Mapping[int, str]
    selection: Selection

    @abstractmethod
    def getaddrinfo(self, host: str | None, service: str | None, hints: Hints, caller: Caller) -> Lookup[list[Info]]:
        """Do as this library does, in Python's form. Raises `Eai`."""

    @abstractmethod
    def host_tuple(self, typed: str, host: HostEntry) -> HostTuple:
        """What gethostbyname_ex() makes of a name's addresses."""

    @abstractmethod
    def named(self, address: str, names: Names) -> Lookup[HostTuple]:
        """Do as gethostbyaddr(3). Raises `Missing` or `Eai`."""

    @abstractmethod
    def node(self, address: str, flags: int, names: Names) -> Lookup[str]:
        """Give the host of getnameinfo(3): a name of the address, or itself. Raises `Eai`."""

    def message(self, code: int) -> str:
        """What this library says to an error code."""
        return self.messages.get(code, "Unknown error")

    def error(self, code: int) -> socket.gaierror:
        """Make the error that this library and Python make of an error code."""
        return socket.gaierror(code, self.message(code))

    def host_error(self, failure: Failure) -> socket.herror:
        """Make the error of gethostbyname_ex() and gethostbyaddr()."""
        code = _HOST_CODES[failure]
        return socket.herror(code, self.host_errors[code])

    @abstractmethod
    def _code(self, failure: Failure) -> int: ...

    def _failed(self, missing: Missing, failure: Failure | None = None) -> Eai:
        return Eai(self._code(failure or missing.failure), missing.error)

    def _check(self, host: str | None, service: str | None, hints: Hints) -> None:
        if host is None and service is None:
            raise Eai(socket.EAI_NONAME)
        if hints.flags & ~self.known_flags:
            raise Eai(socket.EAI_BADFLAGS)

    def _check_family(self, hints: Hints) -> None:
        if hints.family not in (AF_UNSPEC, AF_INET, AF_INET6):
            raise Eai(socket.EAI_FAMILY)

    def _sorted(self, addresses: Sequence[Address], caller: Caller) -> Sequence[Address]:
        keys = self.selection.keys([ip_address(address.packed) for address in addresses], caller.sources())
        return [addresses[index] for index in sorted(range(len(keys)), key=keys.__getitem__)]
