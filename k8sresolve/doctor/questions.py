"""What is asked of the nameservers, round by round: each later question where those before it leave that open.

Nothing here does I/O: `examination` yields what is to be asked at once, and is sent what was heard.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Literal, TypeAlias

import attrs

from k8sresolve._core.files.search_list import plain
from k8sresolve._core.questions import AAAA, DNSKEY, SOA, SRV, TXT, A
from k8sresolve._core.wire.rcodes import NOERROR
from k8sresolve.config import Nameserver, ResolverConfig
from k8sresolve.doctor.exchanges import RESENDS, UNASKED, Ask, Heard
from k8sresolve.errors import Transport

MOST_NAMESERVERS = 3  # resolv.conf(5): MAXNS
SAMPLES = 20
PATIENCE = 3.9  # seconds, for all of them

SMALL, LARGE = 512, 1232
"""Octets: what every path lets through, and the size of replies that this library says it takes."""

_USUAL_DOMAIN = "cluster.local"
_MOST_GUESSES = 2
PADDED = 250  # octets of a question whose reply, with as much padding, stays well below 512
_USUAL_HOST = 9  # kubeadm has the API server at the first address of the Services' network, and DNS at the tenth


def kubernetes(domain: str) -> str:
    """Name the Service that every cluster has (Kubernetes DNS specification; "Kubernetes API Server")."""
    return f"kubernetes.default.svc.{plain(domain)}."


def no_such(domain: str) -> str:
    """Name a Service that no cluster has."""
    return f"k8sresolve-doctor-asks-for-nothing.default.svc.{plain(domain)}."


@attrs.define
class Server:
    """What was heard of one nameserver: `known` by cluster domain."""

    nameserver: Nameserver
    known: dict[str, Heard] = attrs.Factory(dict[str, Heard])
    tcp: Heard = UNASKED
    edns: Heard = UNASKED
    small: Heard = UNASKED
    large: Heard = UNASKED
    larger: Heard = UNASKED
    root: Heard = UNASKED
    root_tcp: Heard = UNASKED

    @property
    def udp(self) -> Heard:
        """What was heard over UDP first."""
        return next(
            (heard for heard in self.known.values() if heard.reply is not None), next(iter(self.known.values()))
        )

    @property
    def answers(self) -> bool:
        """Whether anything was heard of it."""
        return self.udp.reply is not None or self.tcp.reply is not None

    @property
    def is_padded(self) -> bool:
        """Whether padding came back, and more beside it."""
        return self.small.reply is not None and self.small.octets > PADDED

    @property
    def large_replies(self) -> Literal["come", "lost", "unknown"]:
        """Whether replies over 512 octets come over UDP: `come` where one of so many did."""
        tried = [heard for heard in (self.large, self.larger) if heard.reply is not None]
        if any(heard.octets > SMALL for heard in (*tried, self.root) if heard.reply is not None):
            return "come"
        if self.is_padded and self.larger.asked and not tried:
            return "lost"
        if self.root_tcp.rcode != NOERROR or self.root_tcp.octets <= SMALL or not self.root.asked:
            return "unknown"
        return "lost" if self.root.reply is None else "unknown"

    @property
    def transport(self) -> Transport:
        """The one by which it answers."""
        return "udp" if self.udp.reply is not None else "tcp"

    def knows(self, domain: str) -> bool:
        """Whether it has `kubernetes.default` in this cluster domain."""
        heard = self.known.get(domain, Heard())
        if heard.reply is None and domain == next(iter(self.known)):
            heard = self.tcp
        return heard.rcode == NOERROR and heard.reply is not None and not heard.reply.lame


@attrs.define
class Seen:
    """All that was heard. `domain` is the cluster domain that a nameserver knows, None where none is known to any.

    `asked` is the nameserver of which more was asked, `external` the name outside.
    """

    servers: list[Server]
    domain: str | None = None
    asked: Server | None = None
    external: str = ""
    outside: Heard = UNASKED
    outside_aaaa: Heard = UNASKED
    aaaa: Heard = UNASKED
    missing: Heard = UNASKED
    srv: Heard = UNASKED
    version: Heard = UNASKED
    schema: Heard = UNASKED
    soa: Heard = UNASKED
    samples: list[Heard] = attrs.Factory(list[Heard])
    usual: tuple[Nameserver, Heard] | None = None


Examination: TypeAlias = Generator[Sequence[Ask], Sequence[Heard], Seen]


def domains_of(config: ResolverConfig, *, in_pod: bool) -> tuple[str, ...]:
    """List the cluster domains to try: the one that is stated, or else those that it may be."""
    if config.cluster_domain is not None:
        return (plain(config.cluster_domain),)
    entries = [plain(entry) for entry in config.search] if in_pod else []
    behind = [entry.removeprefix("svc.") for entry in entries if entry.startswith("svc.")]
    others = [entry for entry in entries if entry and not entry.startswith("svc.")]
    return tuple(dict.fromkeys([*behind, _USUAL_DOMAIN, *others]))[:_MOST_GUESSES]


def usual_nameserver(api: str) -> Nameserver | None:
    """Tell where DNS is in most clusters whose API server has that address inside the cluster."""
    try:
        address = ip_address(api)
    except ValueError:
        return None
    number = int(address)
    if number & 0xFF != 1:
        return None
    kind = IPv4Address if isinstance(address, IPv4Address) else IPv6Address
    return Nameserver(str(kind(number + _USUAL_HOST)))


def planned(nameservers: int, domains: int) -> int:
    """Tell how many questions there are where all is well."""
    servers = min(nameservers, MOST_NAMESERVERS)
    return servers * (domains + 1 + 4) + 5 + 3 + SAMPLES


def examination(config: ResolverConfig, external: str, *, in_pod: bool, api: str = "") -> Examination:
    """Ask what there is to know."""
    domains = domains_of(config, in_pod=in_pod)
    seen = Seen([Server(nameserver) for nameserver in config.nameservers[:MOST_NAMESERVERS]], external=external)
    yield from _first(seen.servers, domains)
    answering = [server for server in seen.servers if server.answers]
    usual = usual_nameserver(api)
    if not answering:
        if usual is not None and usual not in config.nameservers:
            (heard,) = yield [Ask(usual, kubernetes(domains[0]), A)]
            seen.usual = usual, heard
        return seen
    seen.domain = _known(answering, domains)
    if seen.domain is None and _USUAL_DOMAIN not in domains:
        yield from _try_domain(answering, _USUAL_DOMAIN)
        seen.domain = _known(answering, (_USUAL_DOMAIN,))
    seen.asked = next((server for server in answering if seen.domain and server.knows(seen.domain)), answering[0])
    yield from _more(seen, answering, kubernetes(seen.domain or domains[0]))
    yield from _large_by_nature(
        [server for server in answering if server.edns.reply and server.large_replies == "unknown"]
    )
    if config.cluster_domain is None and seen.missing.reply is not None and seen.missing.reply.data:
        # Who has every name does not know this one.
        seen.domain, seen.aaaa, seen.missing, seen.srv = None, UNASKED, UNASKED, UNASKED
    yield from _about(seen, seen.domain or (domains[0] if config.cluster_domain else None))
    yield from _one_by_one(seen, seen.asked)
    return seen


def _known(servers: Sequence[Server], domains: Sequence[str]) -> str | None:
    return next((domain for domain in domains for server in servers if server.knows(domain)), None)


def _first(servers: Sequence[Server], domains: Sequence[str]) -> Generator[Sequence[Ask], Sequence[Heard], None]:
    """Ask each nameserver over UDP and TCP."""
    asks = [Ask(server.nameserver, kubernetes(domain), A) for server in servers for domain in domains]
    streams = [Ask(server.nameserver, kubernetes(domains[0]), A, "tcp") for server in servers]
    heard = iter((yield [*asks, *streams]))
    for server in servers:
        server.known = {domain: next(heard) for domain in domains}
    for server in servers:
        server.tcp = next(heard)


def _try_domain(servers: Sequence[Server], domain: str) -> Generator[Sequence[Ask], Sequence[Heard], None]:
    heard = yield [Ask(server.nameserver, kubernetes(domain), A, server.transport) for server in servers]
    for server, one in zip(servers, heard, strict=True):
        server.known[domain] = one


def _more(seen: Seen, answering: Sequence[Server], name: str) -> Generator[Sequence[Ask], Sequence[Heard], None]:
    """Ask how large replies may be, and for what tells apart what is there from what is not."""
    first, asked = answering[0], seen.asked
    by_udp = [server for server in answering if server.transport == "udp"]
    asks = [ask for server in by_udp for ask in _sizes(server.nameserver, name)]
    asks += [Ask(first.nameserver, seen.external, rdtype, first.transport) for rdtype in (A, AAAA)]
    if seen.domain is not None and asked is not None:
        inside = ((name, AAAA), (no_such(seen.domain), A), (f"_https._tcp.{name}", SRV))
        asks += [Ask(asked.nameserver, *question, asked.transport) for question in inside]
    heard = iter((yield from _whole(asks)))
    for server in by_udp:
        server.edns, server.small, server.large, server.larger = (next(heard) for _ in range(4))
    seen.outside, seen.outside_aaaa = next(heard), next(heard)
    if seen.domain is not None:
        seen.aaaa, seen.missing, seen.srv = heard


def _whole(asks: Sequence[Ask]) -> Generator[Sequence[Ask], Sequence[Heard], list[Heard]]:
    """Ask, and over TCP once more what comes truncated, unless it is the size of replies that is asked about."""
    heard = list((yield asks))
    cut = [at for at, ask in enumerate(asks) if heard[at].is_cut and ask.transport == "udp" and ask.edns is None]
    if cut:
        for at, again in zip(cut, (yield [asks[at]._replace(transport="tcp") for at in cut]), strict=True):
            heard[at] = heard[at] if again.reply is None else again
    return heard


def _large_by_nature(servers: Sequence[Server]) -> Generator[Sequence[Ask], Sequence[Heard], None]:
    """Ask for what is large by itself where a way leads outside: over TCP, which tells its size, and over UDP."""
    if not servers:
        return
    asks = [Ask(server.nameserver, ".", DNSKEY, edns=LARGE) for server in servers]
    heard = yield [*asks, *(ask._replace(transport="tcp") for ask in asks)]
    for server, by_udp, by_tcp in zip(servers, heard, heard[len(servers) :], strict=False):
        server.root, server.root_tcp = by_udp, by_tcp


def _one_by_one(seen: Seen, asked: Server) -> Generator[Sequence[Ask], Sequence[Heard], None]:
    """Ask the same over and over, to see how long replies take; no more once that has taken its time."""
    name = kubernetes(seen.domain) if seen.domain else seen.external
    left = PATIENCE
    while left > 0 and len(seen.samples) < SAMPLES:
        (heard,) = yield [Ask(asked.nameserver, name, A, asked.transport, tries=1)]
        seen.samples.append(heard)
        left -= RESENDS[1] if heard.reply is None else heard.milliseconds / 1000


def _sizes(nameserver: Nameserver, name: str) -> Iterator[Ask]:
    """Ask with EDNS, and so that the reply is small, or large where the padding comes back, as it does of CoreDNS."""
    yield Ask(nameserver, name, A, edns=LARGE)
    yield Ask(nameserver, name, A, edns=SMALL, octets=PADDED)
    yield Ask(nameserver, name, A, edns=LARGE, octets=SMALL)
    yield Ask(nameserver, name, A, edns=4096, octets=SMALL)


def _about(seen: Seen, domain: str | None) -> Generator[Sequence[Ask], Sequence[Heard], None]:
    """Ask what program answers."""
    assert seen.asked is not None  # noqa: S101 - it answers
    nameserver, transport = seen.asked.nameserver, seen.asked.transport
    asks = [Ask(nameserver, "version.bind.", TXT, transport, chaos=True, tries=2)]
    if domain is not None:
        asks += [
            Ask(nameserver, f"dns-version.{domain}.", TXT, transport, tries=2),
            Ask(nameserver, f"{domain}.", SOA, transport, tries=2),
        ]
    seen.version, *rest = yield from _whole(asks)
    if domain is not None:
        seen.schema, seen.soa = rest
