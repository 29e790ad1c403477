"""The cluster's names as a program of the C library finds them, by the library's own search and timers."""

import socket
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import Literal, TypeVar, TypeVarTuple

import attrs

from k8sresolve._core.engine.ledger import Ledger
from k8sresolve._core.engine.rules import Rules
from k8sresolve._core.engine.sends import Send
from k8sresolve._core.events import Events
from k8sresolve._core.questions import AAAA, PTR, A, Empty, Found, Lookup, NxDomain, is_under
from k8sresolve._core.search import walk as search
from k8sresolve._drivers.running import Call
from k8sresolve._facade import Options
from k8sresolve._getaddrinfo.libc import Libc
from k8sresolve._getaddrinfo.names import HostEntry, Missing, host_of, undotted
from k8sresolve.config import CacheConfig, ResolverConfig
from k8sresolve.testing.network.clock import Clock
from k8sresolve.testing.network.parcels import Arrival
from k8sresolve.testing.network.virtual import Exchanging, VirtualDriver
from k8sresolve.testing.programs.resolvers import OfflineResolver, Place

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

Outside = Literal["refuse", "pass"]
"""What becomes of names that are not the cluster's: nobody has them, or this machine is asked."""

_TIMEOUT, _ATTEMPTS = 5, 2  # of glibc and musl where resolv.conf does not state them
_WHOLE_LOOKUP = 3600.0  # virtual seconds: neither libc has a deadline for all candidates together


class Elsewhere(Exception):
    """A name or an address is not the cluster's: this machine is to be asked, for `name` if it is another one."""

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name)
        self.name = name


class _Plain:
    """The network as a libc uses it: without EDNS, unless resolv.conf says so, and old ones without TCP."""

    def __init__(self, network: Exchanging, *, edns: bool, tcp: bool) -> None:
        self._network = network
        self._edns = edns
        self._tcp = tcp

    def exchange(self, send: Send, message: bytes) -> list[Arrival]:
        if not self._edns and message[10:12] == b"\0\1":
            message = message[:10] + b"\0\0" + message[12:-_OPT_OCTETS]
        arrivals = self._network.exchange(send, message)
        return arrivals if self._tcp else [arrival._replace(data=_as_whole(arrival.data)) for arrival in arrivals]


_OPT_OCTETS = 11  # of an OPT record without options (RFC 6891, section 6.1.2)


def _as_whole(reply: bytes | None) -> bytes | None:
    """Take a truncated reply for a whole one: clear TC."""
    return reply[:2] + bytes([reply[2] & ~0x02]) + reply[3:] if reply is not None and len(reply) > 2 else reply


class LibcResolver(OfflineResolver):
    """A resolver that asks as a C library does: by its search policy and with its timers, and remembers nothing."""

    def __init__(self, place: Place, clock: Clock, libc: Libc) -> None:
        config = place.config
        stated = attrs.evolve(config, timeout=config.timeout or _TIMEOUT, attempts=config.attempts or _ATTEMPTS)
        # musl before 1.2.4 knows no DNS over TCP.
        network = _Plain(place.network, edns="edns0" in config.flags, tcp=libc.name != "musl-1.2.3")
        # musl: `timeout:` bounds all tries together.
        self._limit = float(stated.timeout or _TIMEOUT) if libc.name != "glibc" else None
        options = Options(policy=libc.name, cache=CacheConfig(entries=0), timeout=_WHOLE_LOOKUP)
        super().__init__(place._replace(config=stated, network=network), clock, options)

    def _connect(self, rules: Rules, ledger: Ledger, events: Events) -> VirtualDriver:
        if self._limit is not None:
            rules.limit = self._limit
        return super()._connect(rules, ledger, events)

    def run(self, function: Callable[[*Ts], Lookup[T]], *arguments: *Ts) -> T:
        """Run to its end a lookup that takes nothing of a resolver's setting."""
        call: Call[T] = (_without_setting, function, *arguments)
        return self._run(call, None, fresh=True)


def _without_setting(_setting: object, function: Callable[[*Ts], Lookup[T]], *arguments: *Ts) -> Lookup[T]:
    return function(*arguments)


class LibcNames:
    """The cluster's DNS as a libc asks it, and the pod's hosts file before it."""

    def __init__(self, config: ResolverConfig, libc: Libc, outside: Outside) -> None:
        self._config = attrs.evolve(config, absolute=())  # of these no C library knows
        self._hosts = dict(config.hosts)
        self._libc = libc
        self._policy = search.policy(libc.name)
        self._search = search.Search(self._config, self._policy)
        self._outside = outside

    def find(self, host: str, rdtypes: tuple[int, ...]) -> Lookup[HostEntry]:
        """Find addresses of these types. Raises `Missing`, or `Elsewhere`."""
        listed = [ip_address(text) for text in self._hosts.get(host.lower(), ())]
        known = tuple(ip.packed for ip in listed if (A if ip.version == 4 else AAAA) in rdtypes)
        if known:
            return HostEntry(host, (), known)
        if listed and self._libc.name != "glibc":
            raise Missing("nodata")  # musl asks no nameserver about a name of the hosts file
        rdtypes = tuple(rdtype for rdtype in rdtypes if rdtype != AAAA or "no-aaaa" not in self._config.flags)
        if not rdtypes:
            raise Missing("nodata")
        end = yield from self._search.walk(host, rdtypes)
        if end.found is None:
            self._leave(host, end)
            raise self._missing(end, rdtypes)
        return host_of(end.found)

    def _missing(self, end: search.Walked, rdtypes: tuple[int, ...]) -> Missing:
        old = end.failure or "failed"
        if rdtypes != (A,):
            return Missing(old)
        # What the policies say of IPv4 alone is what glibc's old function reports.
        return Missing(self._policy.failure(end.tried, (AAAA,)), old)

    def pointers(self, address: str) -> Lookup[Sequence[str]]:
        """Find the names of an address. Raises `Missing`, or `Elsewhere`."""
        listed = [name for name, addresses in self._hosts.items() if address in addresses]
        if listed:
            return listed
        pointer = f"{ip_address(address).reverse_pointer}."
        end = yield from self._search.walk(pointer, (PTR,))
        if end.found is not None:
            return [undotted(name) for answer in end.found.answers if isinstance(answer, Found) for name in answer.data]
        if end.failure == "nxdomain" and self._outside == "pass":
            raise Elsewhere
        raise Missing(end.failure or "failed")

    def _leave(self, host: str, end: search.Walked) -> None:
        """Raise `Elsewhere` for a name outside the cluster that its DNS says nothing of, as far as it is let through.

        This machine's own name is always let through.
        """
        answers = [answer for tried in end.tried for answer in tried.answers]
        chains = [answer.chain for answer in answers if isinstance(answer, (Empty, NxDomain)) and answer.chain]
        target = undotted(chains[-1][-1] if chains else host)
        negative = ("nxdomain", "nodata") if chains else ("nxdomain",)
        domain = self._config.cluster_domain or "cluster.local"
        if end.failure not in negative or is_under(f"{target}.", domain):
            return
        if self._outside == "pass" or target.lower() == socket.gethostname().lower():
            raise Elsewhere(target if chains else None)
