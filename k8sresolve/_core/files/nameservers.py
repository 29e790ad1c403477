"""What is odd about the nameservers beside a cluster's: each has a view of its own, and one answer counts for all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, ip_address, ip_network

from k8sresolve._core.files.findings import TextLine, odd
from k8sresolve._core.files.search_list import plain
from k8sresolve.config import Nameserver, ResolverConfig
from k8sresolve.findings import Finding, Severity

# Where a cluster's nameserver may be: private and shared networks, and the addresses that NodeLocal takes on a node.
_INSIDE = tuple(
    map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8"))
)
_INSIDE_IPV6 = tuple(map(ip_network, ("fc00::/7", "fe80::/10", "::1/128")))
_ON_A_NODE = tuple(map(ip_network, ("169.254.0.0/16", "127.0.0.0/8")))
# What AWS and Google have behind such an address on each node knows no cluster.
_CLOUDS = ("169.254.169.253", "169.254.169.254", "fd00:ec2::253")
# Services are rarely in a wider network: it is kubeadm's.
_SERVICES = 12
_REFERENCE = "resolv.conf(5), nameserver and rotate; musl, res_msend.c"


def look_at_nameservers(
    config: ResolverConfig, lines: Sequence[TextLine], rotate: TextLine | None
) -> Iterator[tuple[Finding, TextLine | None]]:
    """Find nameservers that do not know the cluster, and `rotate` beside one that does, each with its line.

    `lines` are those of the nameservers, and `rotate` the option's. Silent where the search list is no cluster's.
    """
    inside = [nameserver for nameserver in config.nameservers if _may_be_inside(nameserver)]
    if config.cluster_domain is None or not inside or len(config.nameservers) < 2:
        return
    first, domain = inside[0], plain(config.cluster_domain)
    strangers: list[Nameserver] = []
    for nameserver, line in zip(config.nameservers, lines, strict=False):
        severity = _doubt(nameserver, first)
        if severity is not None:
            strangers.append(nameserver)
            asked_first = nameserver == config.nameservers[0]
            yield _stranger(nameserver.address, first.address, domain, severity, asked_first=asked_first), line
    if "rotate" in config.flags:
        yield _rotated(config.nameservers, strangers, domain), rotate


def _doubt(nameserver: Nameserver, first: Nameserver) -> Severity | None:
    """Say how bad it is to have a nameserver beside the cluster's; None where it may be another of the cluster's."""
    if not _may_be_inside(nameserver):
        return "warning"
    return None if _are_near(nameserver, first) else "remark"


def _may_be_inside(nameserver: Nameserver) -> bool:
    address = ip_address(nameserver.address)
    networks = _INSIDE if isinstance(address, IPv4Address) else _INSIDE_IPV6
    return nameserver.address not in _CLOUDS and any(address in network for network in networks)


def _are_near(one: Nameserver, other: Nameserver) -> bool:
    """Whether one cluster may have both: in one network of Services, in two IP families, or one of them on the node."""
    first, second = ip_address(one.address), ip_address(other.address)
    if not isinstance(first, IPv4Address) or not isinstance(second, IPv4Address):
        return True
    on_a_node = any(address in network for address in (first, second) for network in _ON_A_NODE)
    return on_a_node or second in ip_network(f"{first}/{_SERVICES}", strict=False)


def _stranger(address: str, first: str, domain: str, severity: Severity, *, asked_first: bool) -> Finding:
    is_known = "is no nameserver of the cluster" if severity == "warning" else "may be no nameserver of the cluster"
    asked = "glibc and Go ask it first" if asked_first else f"glibc and Go ask it while {first} is silent"
    return odd(
        "nameserver-outside",
        f"{address} {is_known}, and its answers count for {domain} as well: musl (Alpine) asks all at once and takes "
        f"the first answer, {asked}, and 'no such name' is final",
        f"leave only the cluster's nameserver, and let CoreDNS forward to {address}",
        severity,
        _REFERENCE,
    )


def _rotated(nameservers: Sequence[Nameserver], strangers: Sequence[Nameserver], domain: str) -> Finding:
    if strangers:
        told = ", ".join(nameserver.address for nameserver in strangers)
        return odd(
            "rotate",
            f"'rotate' lets glibc and Go begin with {told} in turn, where {domain} may not be known: lookups of "
            "Services fail now and then",
            "remove 'rotate'",
            "warning",
            _REFERENCE,
        )
    told = ", ".join(nameserver.address for nameserver in nameservers)
    return odd(
        "rotate",
        f"'rotate' lets glibc and Go begin with each of {told} in turn, and a cache on the node is passed by",
        "remove 'rotate', so that the others are asked only where the first is silent",
        "remark",
        _REFERENCE,
    )
