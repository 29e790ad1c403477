"""RFC 6724: which of several destination addresses a host with given addresses of its own should prefer.

The one table of each kind, and the one comparison, of the whole project: `RFC_6724` ranks what `addresses()` finds,
`GLIBC` and `MUSL` order what getaddrinfo(3) gives. Addresses are compared as 128 bits, IPv4 as it is mapped into IPv6.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from ipaddress import IPv6Network
from typing import TypeAlias

from k8sresolve.names import IPAddress

_MAPPED = 0xFFFF << 32
_LINK_LOCAL, _SITE_LOCAL, _GLOBAL = 0x2, 0x5, 0xE  # RFC 4291, section 2.7

Key: TypeAlias = tuple[int, ...]


_Row: TypeAlias = tuple[int, int, int, int]
"""A row of a policy table: a shift, the bits of a prefix from the first to that at the shift, precedence and label."""


def _table(rows: Iterable[tuple[str, int, int]]) -> tuple[_Row, ...]:
    """Read rows as the RFC writes them; the longest prefix comes first, so that the first that holds is the one."""
    read: list[_Row] = []
    for prefix, precedence, label in rows:
        network = IPv6Network(prefix)
        shift = 128 - network.prefixlen
        read.append((shift, int(network[0]) >> shift, precedence, label))
    return tuple(sorted(read))


class Selection:
    """One way of address selection: the policy table (RFC 6724, section 2.1), and where the libraries differ.

    `ipv4_scopes`: IPv4 has link-local addresses (section 3.2), or is global throughout. `ipv4_prefixes`: of two IPv4
    addresses, too, the one with the longer prefix in common with its source is better (section 6, rule 9). `zones`: an
    IPv6 link-local address can be reached. The C libraries connect to it without its zone, which no kernel does.
    """

    def __init__(
        self,
        *rows: tuple[str, int, int],
        ipv4_scopes: bool = True,
        ipv4_prefixes: bool = False,
        zones: bool = False,
    ) -> None:
        self._rows = rows
        self._ipv4_scopes = ipv4_scopes
        self._ipv4_prefixes = ipv4_prefixes
        self._zones = zones

    @cached_property
    def table(self) -> tuple[_Row, ...]:
        """The policy table. Most programs need none of the three, which take a fiftieth of the import to read."""
        return _table(self._rows)

    def keys(self, destinations: Iterable[IPAddress], own: Iterable[IPAddress]) -> list[Key]:
        """What to sort destinations by (section 6): rules 1, 2, 5, 6, 8 and 9, the best least.

        Sorting is stable, which is rule 10. Rules 3, 4 and 7 need what no list of addresses tells.
        """
        sources = tuple([_number(address) for address in own])
        return [self._key(_number(destination), sources) for destination in destinations]

    def _key(self, destination: int, sources: Sequence[int]) -> Key:
        precedence, label = self._row(destination)
        scope = self._scope(destination)
        source = self._source(destination, sources)
        if source is None:
            return 1, 1, 1, -precedence, scope, 0
        # glibc has prefixes of IPv4 count within the network of its source, which is no more than loopback in a pod.
        counts = self._ipv4_prefixes or not _is_ipv4(destination) or _is_loopback(destination)
        return (
            0,
            self._scope(source) != scope,
            self._row(source)[1] != label,
            -precedence,
            scope,
            -_common(source, destination) if counts else 0,
        )

    def _row(self, number: int) -> tuple[int, int]:
        """Precedence and label, by the longest prefix."""
        for shift, bits, precedence, label in self.table:
            if number >> shift == bits:
                return precedence, label
        raise AssertionError("every table has a row ::/0")

    def _scope(self, number: int) -> int:
        if _is_ipv4(number):
            local = _is_loopback(number) or number >> 16 & 0xFFFF == 0xA9FE
            return _LINK_LOCAL if local and self._ipv4_scopes else _GLOBAL
        if number >> 120 == 0xFF:
            return number >> 112 & 0xF
        if number == 1 or _is_link_local(number):
            return _LINK_LOCAL
        return _SITE_LOCAL if number >> 118 == 0xFEC0 >> 6 else _GLOBAL

    def _source(self, destination: int, sources: Sequence[int]) -> int | None:
        """The own address that a packet to there would come from (section 5): rules 1, 2, 6 and 8.

        IPv4 has no such rules; the first address of the right scope stands for what the routes say.
        """
        if _is_link_local(destination) and not self._zones:
            return None
        ipv4, stays = _is_ipv4(destination), _is_here(destination)
        reaching = [source for source in sources if _is_ipv4(source) == ipv4]
        # A loopback address is of no use on the way to another machine, and no other is needed on the way to this one.
        apt = [source for source in reaching if _is_loopback(source) == stays] or (reaching if stays else [])
        if len(apt) < 2:
            return apt[0] if apt else None
        scope, label = self._scope(destination), self._row(destination)[1]

        def drawback(source: int) -> Key:
            own = self._scope(source)
            by_scope = (source != destination, own < scope, own if own >= scope else -own)
            # No interface's network is smaller than /64 (RFC 4291, section 2.5.1).
            rest = (self._row(source)[1] != label, -min(_common(source, destination), 64))
            return by_scope if ipv4 else (*by_scope, *rest)

        return min(apt, key=drawback)


def ranks(addresses: tuple[IPAddress, ...], own: Iterable[IPAddress]) -> tuple[int, ...]:
    """Rank each address, the best 0: usable from here, matching scope, matching label, precedence.

    These are rules 1, 2, 5 and 6 of section 6. Within one rank the RFC leaves the order open but for the smaller scope
    and the longest matching prefix, which would make one pod hot.

    >>> from ipaddress import ip_address
    >>> both = (ip_address("10.96.0.1"), ip_address("fd00::1"))
    >>> ranks(both, [ip_address("10.244.0.7")])
    (0, 1)
    """
    if len(addresses) < 2:
        return (0,) * len(addresses)
    keys = [key[:4] for key in RFC_6724.keys(addresses, own)]
    order = {key: rank for rank, key in enumerate(sorted(set(keys)))}
    return tuple(order[key] for key in keys)


def _number(address: IPAddress) -> int:
    return int(address) | _MAPPED if address.version == 4 else int(address)


def _is_ipv4(number: int) -> bool:
    return number >> 32 == 0xFFFF


def _is_loopback(number: int) -> bool:
    return number == 1 or number >> 24 == 0xFFFF << 8 | 127


def _is_link_local(number: int) -> bool:
    return number >> 118 == 0xFE80 >> 6


def _is_here(number: int) -> bool:
    """Whether a packet to there does not leave the machine: a loopback address, or none (`::`, 0.0.0.0)."""
    return _is_loopback(number) or number in (0, _MAPPED)


def _common(one: int, other: int) -> int:
    """How many of the first bits two addresses have in common."""
    return 128 - (one ^ other).bit_length()


RFC_6724 = Selection(
    ("::1/128", 50, 0),
    ("::/0", 40, 1),
    ("::ffff:0:0/96", 35, 4),
    ("2002::/16", 30, 2),
    ("2001::/32", 5, 5),
    ("fc00::/7", 3, 13),
    ("::/96", 1, 3),
    ("fec0::/10", 1, 11),
    ("3ffe::/16", 1, 12),
    zones=True,
)
"""RFC 6724, section 2.1."""

GLIBC = Selection(
    ("::1/128", 50, 0),
    ("::/0", 40, 1),
    ("2002::/16", 30, 2),
    ("::/96", 20, 3),
    ("::ffff:0:0/96", 10, 4),
    ("fec0::/10", 40, 5),
    ("fc00::/7", 40, 6),
    ("2001::/32", 40, 7),
)
"""glibc: the table of RFC 3484, section 2.1, with three labels more; getaddrinfo.c, `default_labels`."""

MUSL = Selection(
    ("::1/128", 50, 0),
    ("::/0", 40, 1),
    ("::ffff:0:0/96", 35, 4),
    ("2002::/16", 30, 2),
    ("2001::/32", 5, 5),
    ("fc00::/7", 3, 13),
    ipv4_scopes=False,
    ipv4_prefixes=True,
)
"""musl: the table of RFC 6724 without the rows that it calls deprecated; lookup_name.c, `defpolicy`, `scopeof`."""
