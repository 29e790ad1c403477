"""Who looks names up: real code where there is any, on the offline cluster and in its virtual time.

k8sresolve and dnspython run as they are. Of glibc, musl and Go this package has the walks, recorded from the real ones,
which remember nothing. c-ares (aiodns) is C: its walk and its cache are written down here, as measured of 1.34.9.
"""

import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, NamedTuple, Protocol
from unittest.mock import patch

import attrs
import dns.name
import dns.resolver

from k8sresolve import CacheConfig, Policy, ResolverConfig
from k8sresolve._core.questions import AAAA, A, Question
from k8sresolve._core.wire.query import encode_query
from k8sresolve._core.wire.rcodes import NXDOMAIN
from k8sresolve._core.wire.reply import read_reply
from k8sresolve._core.wire.rules import Reply
from k8sresolve.errors import ResolveError
from k8sresolve.testing import Cluster

NAMESERVER = "10.96.0.10"
ARES_LONGEST = 3600.0  # seconds, ARES_OPT_QUERY_CACHE of c-ares 1.34; NODATA is kept as long, whatever its SOA says


@attrs.frozen
class Place:
    """Where a program runs."""

    cluster: Cluster
    namespace: str
    ndots: int

    def config(self, **more: Any) -> ResolverConfig:
        pod = ResolverConfig.for_cluster(NAMESERVER, namespace=self.namespace)
        return attrs.evolve(pod, ndots=self.ndots, **more)


class Program(Protocol):
    def look_up(self, name: str) -> None:
        """Ask for both families, or for those that the program wants."""
        ...


class Package:
    """k8sresolve as it is: in a pod that has IPv4 alone, `family="auto"` asks for A."""

    def __init__(self, place: Place, **options: Any) -> None:
        absolute = options.pop("absolute", ())
        self.resolver = place.cluster.resolver(config=place.config(absolute=absolute), **options)

    def look_up(self, name: str) -> None:
        with suppress(ResolveError):  # musl does not find all names with ndots:2
            self.resolver.addresses(name)


def walk(policy: Policy) -> Callable[[Place], Program]:
    """Walk as a resolver does that remembers nothing, for A and AAAA."""
    return lambda place: Package(place, policy=policy, family="both", cache=CacheConfig(entries=0))


class DnsPython:
    """dnspython's `resolve_name`, by the search list, as a program asks that does not give absolute names."""

    def __init__(self, place: Place, *, remembers: bool = False) -> None:
        config = place.config()
        # In place of the module, for the cache to go by the cluster's clock.
        self._time = SimpleNamespace(time=place.cluster.clock.time, sleep=place.cluster.clock.advance)
        self._resolver = dns.resolver.Resolver(configure=False)
        self._resolver.nameservers = [place.cluster.nameserver()]
        self._resolver.search = [dns.name.from_text(domain) for domain in config.search]
        self._resolver.ndots = config.ndots
        self._resolver.use_search_by_default = True
        self._resolver.cache = dns.resolver.LRUCache() if remembers else None

    def look_up(self, name: str) -> None:
        with patch.object(dns.resolver, "time", self._time):
            self._resolver.resolve_name(name, socket.AF_UNSPEC)


class CAres:
    """aiodns' `getaddrinfo`: the search list as Go's, and c-ares' cache of answers, which cannot be switched off."""

    def __init__(self, place: Place) -> None:
        self._cluster = place.cluster
        self._candidates = place.cluster.resolver(config=place.config(), policy="go", family="both").candidates
        self._kept: dict[Question, tuple[float, bool]] = {}

    def look_up(self, name: str) -> None:
        for candidate in self._candidates(name):
            # Both are asked for at once.
            found = [self._has(Question(candidate.name, rdtype)) for rdtype in (A, AAAA)]
            if any(found):
                return

    def _has(self, question: Question) -> bool:
        now = self._cluster.clock.monotonic()
        until, found = self._kept.get(question, (0.0, False))
        if now >= until:
            reply = self._ask(question)
            found = bool(reply.data)
            ttl = reply.soa_ttl if reply.rcode == NXDOMAIN else reply.ttl
            self._kept[question] = now + min(ARES_LONGEST if ttl is None else ttl, ARES_LONGEST), found
        return found

    def _ask(self, question: Question) -> Reply:
        query = encode_query(question, edns=None)
        (parcel,) = self._cluster.network.receive(query, "udp", nameserver=NAMESERVER)
        assert parcel.data is not None
        reply = read_reply(parcel.data, query, question.rdtype)
        assert reply is not None
        return reply


class Client(NamedTuple):
    """Who looks up. `remembers`: what a name costs depends on what was asked before.

    `flows`: what has a source port of its own, and so an entry in conntrack's table: each `"question"`, each
    `"candidate"`, or a `"channel"` for all.
    """

    make: Callable[[Place], Program]
    flows: str
    remembers: bool = False


CLIENTS: Mapping[str, Client] = {
    "glibc": Client(walk("glibc"), "candidate"),
    "musl": Client(walk("musl"), "candidate"),
    "Go": Client(walk("go"), "question"),
    "dnspython": Client(DnsPython, "question"),
    "dnspython, cache": Client(lambda place: DnsPython(place, remembers=True), "question", remembers=True),
    "aiodns": Client(CAres, "channel", remembers=True),
    "k8sresolve, both": Client(lambda place: Package(place, family="both"), "question", remembers=True),
    "k8sresolve": Client(Package, "question", remembers=True),
    "k8sresolve, absolute": Client(lambda place: Package(place, absolute=("example",)), "question", remembers=True),
}
