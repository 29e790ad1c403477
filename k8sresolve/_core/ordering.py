"""RFC 6724: which of several destination addresses a host with given addresses of its own should prefer."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_network

from k8sresolve.names import IPAddress

# RFC 6724, section 2.1: prefix, precedence, label.
_POLICY = tuple(
    (network, precedence, label)
    for text, precedence, label in (
        ("::1/128", 50, 0),
        ("::ffff:0:0/96", 35, 4),
        ("2002::/16", 30, 2),
        ("2001::/32", 5, 5),
        ("fc00::/7", 3, 13),
        ("::/96", 1, 3),
        ("fec0::/10", 1, 11),
        ("3ffe::/16", 1, 12),
        ("::/0", 40, 1),
    )
    if isinstance(network := ip_network(text), IPv6Network)
)


def ranks(addresses: tuple[IPAddress, ...], own: Iterable[IPAddress]) -> tuple[int, ...]:
    """Rank each address, the best 0: usable from here, matching scope, matching label, precedence.

    These are rules 1, 2, 5 and 6 of section 6. Within one rank the RFC leaves the order open but for the longest
    matching prefix, which would make one pod hot.

    >>> from ipaddress import ip_address
    >>> both = (ip_address("10.96.0.1"), ip_address("fd00::1"))
    >>> ranks(both, [ip_address("10.244.0.7")])
    (0, 1)
    """
    if len(addresses) < 2:
        return (0,) * len(addresses)
    sources = [_mapped(address) for address in own]
    keys = [_key(_mapped(address), sources) for address in addresses]
    order = {key: rank for rank, key in enumerate(sorted(set(keys)))}
    return tuple(order[key] for key in keys)


def _key(destination: IPv6Address, sources: list[IPv6Address]) -> tuple[bool, bool, bool, int]:
    precedence, label = _classify(destination)
    reachable = [source for source in sources if (source.ipv4_mapped is None) == (destination.ipv4_mapped is None)]
    # The source that would be used: same scope and same label, as far as there is one (section 5, rules 2 and 6).
    scope = any(_scope(source) == _scope(destination) for source in reachable)
    matching = any(_classify(source)[1] == label for source in reachable)
    return (not reachable, not scope, not matching, -precedence)


def _mapped(address: IPAddress) -> IPv6Address:
    if isinstance(address, IPv4Address):
        return IPv6Address(b"\0" * 10 + b"\xff\xff" + address.packed)
    return IPv6Address(address.packed)


def _classify(address: IPv6Address) -> tuple[int, int]:
    best = max((entry for entry in _POLICY if address in entry[0]), key=lambda entry: entry[0].prefixlen)
    return best[1], best[2]


def _scope(address: IPv6Address) -> int:
    # Section 3.1 and 3.2: link-local (0x2) includes IPv4's 169.254/16 and 127/8; all else is global (0xe).
    ipv4 = address.ipv4_mapped
    local = (ipv4.is_link_local or ipv4.is_loopback) if ipv4 else (address.is_link_local or address.is_loopback)
    return 0x2 if local else 0xE
