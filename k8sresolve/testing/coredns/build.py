"""From the server blocks of a Corefile to servers, by port."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from k8sresolve._core.wire.names import Unsendable
from k8sresolve.testing.coredns.chain import Answering, CoreDNSServer, Plugin
from k8sresolve.testing.coredns.corefile import ServerBlock, Token
from k8sresolve.testing.coredns.directives import check_known
from k8sresolve.testing.coredns.names import name_to_wire
from k8sresolve.testing.coredns.registry import PLUGINS, SILENT
from k8sresolve.testing.coredns.setup import DNS_PORT, Block, Building, Surroundings, split_port
from k8sresolve.testing.coredns.values import check_values

_FOR_ANY_CLASS = frozenset({"chaos", "forward"})
"""Plugins beside which a server takes questions of other classes than IN (`EnableChaos` in its `server.go`)."""


class Built(NamedTuple):
    """A server, the cluster domain that it serves, empty if none, and what of its Corefile is not modelled.

    `names` are those that the Corefile itself gives, in `hosts` and zone files.
    """

    server: Answering
    cluster_domain: str
    notes: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()


def build(blocks: Sequence[ServerBlock], surroundings: Surroundings) -> Built:
    """Build the server that a Corefile describes: the one on port 53, or else on the port of its first block.

    Raises `ManifestError` for what CoreDNS would not start with.
    """
    building = Building(surroundings)
    zones: dict[int, list[tuple[str, Sequence[Plugin]]]] = {}
    served: set[tuple[int, str]] = set()
    any_class: set[int] = set()
    for block in blocks:
        for directive in block.directives:
            check_known(directive, surroundings.coredns)
            check_values(directive)
        keys = [(zone, port, key) for key in block.keys for zone, port in _read_key(key, building)]
        if not keys:
            continue
        plugins = Block(building, block, tuple(zone for zone, _, _ in keys), PLUGINS).plugins(SILENT)
        names = {directive.name for directive in block.directives}
        for zone, port, key in keys:
            if names & _FOR_ANY_CLASS:
                any_class.add(port)
            if "view" not in names:
                if (port, zone) in served:
                    raise key.error(f"{zone} on port {port} is served by another server block already")
                served.add((port, zone))
            zones.setdefault(port, []).append((zone, plugins))
    building.servers.update(
        {port: CoreDNSServer(found, any_class=port in any_class, port=port) for port, found in zones.items()}
    )
    server = building.servers.get(DNS_PORT) or next(iter(building.servers.values()), CoreDNSServer({}))
    own = frozenset(name for one in building.servers.values() for name in one.names)
    return Built(server, building.cluster_domain, tuple(building.notes), own)


def _read_key(key: Token, building: Building) -> Iterator[tuple[str, int]]:
    """Read a block's key, `[dns://]ZONE[:PORT]`: its zones, of which a network may have several, and its port."""
    scheme, found, rest = key.text.partition("://")
    if found and scheme != "dns":
        building.note(f"{scheme}://", key)
        return
    if found and not rest:
        raise key.error("no zone stands behind dns://")
    text, port = split_port(rest if found else key.text)
    if not 0 < port < 65536:
        raise key.error(f"{port} is no port")
    for zone in key._replace(text=text).zones():
        try:
            name_to_wire(zone)
        except Unsendable as problem:
            raise key.error(f"no zone: {problem}") from None
        yield zone, port
