"""Where the C library's rules end: who finds names and addresses, and where the caller seems to be.

The rules ask for both by `Names`, whose lookups go wherever their maker says: by a resolver's policy, or by the C
library's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address
from socket import AF_INET
from typing import NamedTuple, Protocol

import attrs

from k8sresolve._core.questions import Found, Lookup
from k8sresolve._core.search.rules import Failure, Tried
from k8sresolve.errors import ResolveError
from k8sresolve.names import IPAddress


class Missing(Exception):
    """A name, or an address, has nothing.

    `failure` says why, `old` as glibc's gethostbyname2_r(3) reports it. `error` is what a resolver raises for it.
    """

    def __init__(self, failure: Failure, old: Failure | None = None, error: ResolveError | None = None) -> None:
        super().__init__(failure)
        self.failure: Failure = failure
        self.old: Failure = old or failure
        self.error = error


class HostEntry(NamedTuple):
    """What a name has: its canonical name, the aliases on the way there, and packed addresses in the order received."""

    canonical: str
    aliases: tuple[str, ...]
    addresses: tuple[bytes, ...]


class Names(Protocol):
    """Finds names, in whatever way."""

    def find(self, host: str, rdtypes: tuple[int, ...]) -> Lookup[HostEntry]:
        """Find a name's addresses of these types, A before AAAA. Raises `Missing`."""
        ...

    def pointers(self, address: str) -> Lookup[Sequence[str]]:
        """Find the names of an address, given as text. Raises `Missing`."""
        ...


@attrs.frozen
class Caller:
    """Where the caller seems to be: its own addresses, and how it finds names."""

    own: Callable[[], tuple[IPAddress, ...]]
    names: Names

    def has(self, family: int, *, loopback: bool) -> bool:
        """Whether it has an address of that family; `loopback`: one of those will do."""
        version = 4 if family == AF_INET else 6
        return any(address.version == version and (loopback or not address.is_loopback) for address in self.own())

    def sources(self) -> tuple[IPAddress, ...]:
        """The addresses that its packets may come from. Where no loopback address is told, it has the usual ones."""
        own = self.own()
        return own if any(address.is_loopback for address in own) else (*own, *_LOOPBACK)


_LOOPBACK = (IPv4Address("127.0.0.1"), IPv6Address("::1"))


def undotted(name: str) -> str:
    """A name without the dot at its end."""
    return name.removesuffix(".")


def host_of(tried: Tried) -> HostEntry:
    """What the candidate that was found has."""
    found = [answer for answer in tried.answers if isinstance(answer, Found)]
    path = (tried.candidate.name, *next((answer.chain for answer in found if answer.chain), ()))
    *aliases, canonical = map(undotted, path)
    return HostEntry(canonical, tuple(aliases), tuple(ip.packed for answer in found for ip in answer.data))
