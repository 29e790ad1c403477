"""How a plugin of a Corefile is set up: what it specifies, the server block that it stands in, and what is around it.

What is not modelled is noted and left out: the server answers as if it were not there.
"""

import ipaddress
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import attrs

from k8sresolve.testing.coredns.chain import Answering, CoreDNSServer, Plugin, Reply, Request
from k8sresolve.testing.coredns.corefile import Directive, Files, ServerBlock, Token
from k8sresolve.testing.coredns.names import Labels, split
from k8sresolve.testing.objects.store import Store
from k8sresolve.testing.versions import Version

DNS_PORT = 53
_CLUSTER_DNS = "__PILLAR__CLUSTER__DNS__"  # in NodeLocal DNSCache's ConfigMap, until its pod puts in the address

SetUp: TypeAlias = Callable[["Block", Sequence[Directive]], Iterator[Plugin]]
"""Makes plugins of the directives of one name in a server block. Raises `ManifestError` as CoreDNS would not start."""


@attrs.frozen
class Specification:
    """What a plugin's module exports as `SPECIFICATION`.

    `options` are those that are modelled, `without_effect` those that change nothing in what is answered. Others are
    noted.
    """

    name: str
    set_up: SetUp
    options: frozenset[str] = frozenset()
    without_effect: frozenset[str] = frozenset()


@attrs.frozen(kw_only=True)
class Surroundings:
    """What a server is built on.

    `outside` answers what it forwards, and `inside()` what it forwards to one of `inside_addresses`, where it is a
    cache on the node in front of the cluster's own nameserver. `clock` tells seconds, `rng` shuffles, and `coredns` is
    the version of the server.
    """

    store: Store
    outside: Answering
    inside: Callable[[], Answering]
    inside_addresses: frozenset[str]
    server_addresses: Sequence[str]
    clock: Callable[[], float]
    rng: random.Random
    files: Files
    coredns: Version


class Building:
    """What the server blocks of a Corefile have in common: their servers by port, and what is noted on the way.

    `cluster_domain` is that of the first block which tells one.
    """

    def __init__(self, surroundings: Surroundings) -> None:
        self.surroundings = surroundings
        self.servers: dict[int, CoreDNSServer] = {}
        self.cluster_domain = ""
        self.notes: list[str] = []

    def note(self, what: str, token: Token) -> None:
        """Note something that is not modelled."""
        self.notes.append(f"{what} ({token.file}, line {token.line})")


class Listener(NamedTuple):
    """Where a server block listens, as CoreDNS sees it: over UDP it does not know at which address it is asked."""

    ip_over_udp: str
    ip_over_tcp: str


class Block:
    """One server block, as its plugins see it when they are set up. `zones` are its own."""

    def __init__(
        self, building: Building, block: ServerBlock, zones: tuple[str, ...], registry: Sequence[Specification]
    ) -> None:
        self.surroundings: Surroundings = building.surroundings
        self.coredns: Version = building.surroundings.coredns
        self.zones = zones
        self.note: Callable[[str, Token], None] = building.note
        self._building = building
        self._registry = {specification.name: specification for specification in registry}
        self._plugins: dict[str, tuple[Plugin, ...]] = {}
        self._directives: dict[str, list[Directive]] = {}
        for directive in block.directives:
            self._directives.setdefault(directive.name, []).append(directive)
        roots = self._directives.get("root")
        self._root = roots[0].take(1, 1)[0].text if roots else ""

    def plugins(self, silent: frozenset[str]) -> tuple[Plugin, ...]:
        """Set up the plugins, in the registry's order, wherever they stand in the block; `silent` ones do nothing."""
        for name, (first, *_) in self._directives.items():
            if name not in self._registry and name not in silent:
                self.note(f"plugin {name}", first.token)
        return tuple(plugin for name in self._registry for plugin in self.named(name))

    def named(self, name: str) -> tuple[Plugin, ...]:
        """Give the plugins of a name, empty if there are none. They are set up once, be it for one before them."""
        if name not in self._plugins:
            there = name in self._registry and name in self._directives
            self._plugins[name] = tuple(self._registry[name].set_up(self, self._directives[name])) if there else ()
        return self._plugins[name]

    @property
    def listener(self) -> Listener:
        """Where it listens: at the first address of `bind`, or at every one."""
        bound = [word for directive in self._directives.get("bind", ()) for word in directive.words]
        over_tcp = [*bound, *self.surroundings.server_addresses, ""]
        return Listener([*bound, "::"][0], over_tcp[0])

    def options(self, directive: Directive) -> Iterator[Directive]:
        """Give the options that are modelled, and note the others."""
        specification = self._registry[directive.name]
        for option in directive.block:
            if option.name in specification.options:
                yield option
            elif option.name not in specification.without_effect:
                self.note(f"option {option.name} of {directive.name}", option.token)

    def zones_of(self, tokens: Iterable[Token]) -> tuple[str, ...]:
        """Read the zones that a plugin is given, or else take the block's own."""
        return zones(tokens) or self.zones

    def read_file(self, token: Token) -> str | None:
        """Read a file that a plugin names; None, and a note, if there is none."""
        path = token.text if token.text.startswith("/") or not self._root else f"{self._root}/{token.text}"
        text = self.surroundings.files.read_text(path)
        if text is None:
            self.note(f"file {path}, which is not there", token)
        return text

    def serve_cluster_domain(self, domain: str) -> None:
        """Tell the cluster domain that this block serves."""
        self._building.cluster_domain = self._building.cluster_domain or domain

    def target(self, token: Token) -> Answering:
        """Find what answers at an address that is forwarded to."""
        host, port = split_address(token.text.rpartition("://")[2])
        if host == _CLUSTER_DNS or host in self.surroundings.inside_addresses:
            return self.surroundings.inside()
        try:
            here = ipaddress.ip_address(host).is_loopback
        except ValueError:
            here = False
        outside = self.surroundings.outside
        return _Elsewhere(self._building.servers, port, outside) if here else outside


class _Elsewhere:
    """The server on another port of the same Corefile, if there is one; it may not be built yet."""

    def __init__(self, servers: Mapping[int, CoreDNSServer], port: int, outside: Answering) -> None:
        self._servers = servers
        self._port = port
        self._outside = outside

    def answer(self, request: Request) -> Reply:
        return self._servers.get(self._port, self._outside).answer(request)


def split_port(text: str) -> tuple[str, int]:
    """Part `HOST:PORT`; the port is 53 where none is stated."""
    host, colon, port = text.rpartition(":")
    return (host, int(port)) if colon and port.isascii() and port.isdecimal() else (text, DNS_PORT)


def split_address(text: str) -> tuple[str, int]:
    """Part `HOST`, `HOST:PORT`, `IP` or `[IP]:PORT`, without the brackets."""
    try:
        return str(ipaddress.ip_address(text)), DNS_PORT
    except ValueError:
        host, port = split_port(text)
        return host.strip("[]"), port


def zones(tokens: Iterable[Token]) -> tuple[str, ...]:
    """Read zones; a network may be several."""
    return tuple(zone for token in tokens for zone in token.zones())


def labels(zone_names: Iterable[str]) -> tuple[Labels, ...]:
    """Split zones into their labels."""
    return tuple(split(zone) for zone in zone_names)


def only(directives: Sequence[Directive]) -> Directive:
    """Take the directive of a plugin that may stand in a server block once. Raises `ManifestError` for a second one."""
    if len(directives) > 1:
        raise directives[1].token.error(f"the plugin {directives[1].name} stands in this server block twice")
    return directives[0]
