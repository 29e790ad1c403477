"""What the same lookups would ask with one thing changed: made again on an offline cluster, by the real search code.

The cluster knows the names that the log says were answered. Where nothing is remembered, lookups that differ in their
first label alone ask as much as each other, and are made once.
"""

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from k8sresolve import CacheConfig, Family, ResolveError, Resolver, ResolverConfig
from k8sresolve.cli.profiling.walks import Lookup
from k8sresolve.errors import ConfigError
from k8sresolve.testing import Cluster

# What can stand in a zone file as it is. Names with anything else are left as they were logged.
_PLAIN = re.compile(r"(?:(?!-)[a-z0-9_-]{1,63}\.){1,40}")
_COREFILE = ".:53 {\n    forward . 192.0.2.1\n}\n"
_NAMESERVER = "10.96.0.10"
_OUTSIDE = 30  # seconds for which CoreDNS's cache hands out at most, of kubeadm's Corefile
_LONG_AFTER = 86_400.0  # seconds, by which all is forgotten
_DATA = {"A": "192.0.2.7", "AAAA": "2001:db8::7"}
_FAMILIES: Mapping[tuple[str, ...], Family] = {("A", "AAAA"): "both", ("A",): "ipv4", ("AAAA",): "ipv6"}

MOST_REMEMBERED = 30_000
"""So many lookups are made again with what was remembered, those of whole clients."""


_WAYS: Mapping[str, Mapping[str, Any]] = {
    "replayed": {"policy": "glibc"},
    "ndots_2": {"policy": "glibc", "ndots": 2},
    "full_names": {"policy": "glibc"},
    "library": {},
    "library_absolute": {},
}
"""Ways of asking that remember nothing, and how a resolver is made for each."""


def absolute_domains(lookups: Iterable[Lookup], domain: str, most: int = 20) -> tuple[str, ...]:
    """Tell which domains outside to name in `absolute`: those of two labels that most questions are wasted on."""
    votes: Counter[str] = Counter()
    for lookup in lookups:
        labels = lookup.name.split(".")
        if lookup.wasted and lookup.found and lookup.end == f"{lookup.name}." and len(labels) > 1:
            votes[".".join(labels[-2:])] += lookup.wasted
    under = f".{domain}"
    domains = [name for name, _ in votes.most_common() if not under.endswith(f".{name}") and _is_absolute(name)]
    return tuple(domains[:most])


def _is_absolute(domain: str) -> bool:
    try:
        ResolverConfig(absolute=(domain,))
    except ConfigError:
        return False
    return True


def is_replayable(lookup: Lookup) -> bool:
    """Whether a lookup can be made again: of addresses, answered or NXDOMAIN, of a name that a file can hold."""
    name = lookup.name.removesuffix(".")
    return not lookup.failed and lookup.rdtypes in _FAMILIES and _PLAIN.fullmatch(f"{name}.") is not None


def alike(lookup: Lookup) -> Hashable:
    """What lookups have in common that ask as much as each other."""
    behind = lookup.name.partition(".")[2]
    return behind, lookup.search, lookup.rdtypes, lookup.end.count("."), lookup.found


class Replay:
    """An offline cluster with the names that were answered.

    `ttl` are the seconds for which answers of the cluster's own are valid, which no log tells.
    """

    def __init__(self, lookups: Iterable[Lookup], domain: str, absolute: Sequence[str], ttl: int) -> None:
        names: dict[str, set[str]] = {}
        for lookup in lookups:
            if lookup.found and is_replayable(lookup):
                names.setdefault(lookup.end, set()).update(lookup.rdtypes)
        zones = {
            ".": [f". {_OUTSIDE} SOA a.root-servers.net. nstld.verisign-grs.com. 1 1800 900 604800 {_OUTSIDE}"],
            domain: [f"@ {ttl} SOA ns.dns hostmaster 1 7200 1800 86400 {ttl}"],  # as of the plugin kubernetes
        }
        for name, rdtypes in names.items():
            zone = domain if name.endswith(f".{domain}.") else "."
            # Of A and AAAA the log does not tell which has data; one is enough to be found.
            rdtype = "A" if "A" in rdtypes else "AAAA"
            valid = _OUTSIDE if zone == "." else ttl
            zones[zone].append(f"{name} {valid} {rdtype} {_DATA[rdtype]}")
        upstream = {zone: "\n".join(lines) for zone, lines in zones.items()}
        self._cluster = Cluster.from_objects([], corefile=_COREFILE, upstream=upstream)
        self._domain = domain
        self._absolute = tuple(absolute)

    def cold(self, lookup: Lookup) -> dict[str, int]:
        """Count what one such lookup asks by each way of asking that remembers nothing."""
        full = lookup.end if lookup.found else f"{lookup.name.removesuffix('.')}."
        asked: dict[str, int] = {}
        for way, how in _WAYS.items():
            absolute = self._absolute if way == "library_absolute" else ()
            nothing = CacheConfig(entries=0)
            with self._resolver(lookup.search, lookup.rdtypes, absolute=absolute, cache=nothing, **how) as resolver:
                asked[way] = self._asked(resolver, full if way == "full_names" else lookup.name)
        return asked

    def remembered(self, lookups: Sequence[Lookup], step: Callable[[], object]) -> int:
        """Count what one client's lookups ask that remembers, one after the other at their times."""
        resolvers: dict[Any, Resolver] = {}
        events = sorted((at, number) for number, lookup in enumerate(lookups) for at in lookup.times)
        search = next((lookup.search for lookup in lookups if lookup.search), ())
        if not events:
            return 0
        began = self._cluster.clock.monotonic() + _LONG_AFTER
        asked = 0
        for at, number in events:
            lookup = lookups[number]
            if lookup.rdtypes not in resolvers:
                resolvers[lookup.rdtypes] = self._resolver(search, lookup.rdtypes, absolute=self._absolute)
            self._cluster.clock.reach(began + at - events[0][0])
            asked += self._asked(resolvers[lookup.rdtypes], lookup.name)
            step()
        for resolver in resolvers.values():
            resolver.close()
        return asked

    def _resolver(
        self,
        search: tuple[str, ...],
        rdtypes: tuple[str, ...],
        *,
        ndots: int = 5,
        absolute: tuple[str, ...] = (),
        **how: Any,
    ) -> Resolver:
        config = ResolverConfig(
            nameservers=(_NAMESERVER,), search=search, ndots=ndots, cluster_domain=self._domain, absolute=absolute
        )
        return self._cluster.resolver(config=config, family=_FAMILIES[rdtypes], **how)

    def _asked(self, resolver: Resolver, name: str) -> int:
        """Look a name up, and count what that asks."""
        self._cluster.queries.clear()
        with suppress(ResolveError):  # it is asked for all the same
            resolver.addresses(name)
        return len(self._cluster.queries)
