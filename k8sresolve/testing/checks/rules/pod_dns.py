"""What a pod asks its names of, and how: `dnsPolicy` beside `hostNetwork`, options; and `hostnameOverride`.

Source: `pkg/kubelet/network/dns` of Kubernetes, `getPodDNSType`; KEP-4762.
"""

from collections.abc import Iterator

from k8sresolve._core.files.dialects import DIALECTS
from k8sresolve.config import Dialect
from k8sresolve.findings import Finding, Severity
from k8sresolve.testing.checks.origins import Origin
from k8sresolve.testing.checks.subjects import AllObjects

_LIBCS: tuple[Dialect, ...] = ("glibc", "musl")
_MOST_DIGITS = 10


def check_policy(origin: Origin, _around: AllObjects) -> Iterator[Finding]:
    """Whether a pod on its node's network still asks the cluster's nameserver."""
    if origin.spec.host_network and origin.spec.dns_policy == "ClusterFirst":
        yield origin.finding(
            "host-network-dns",
            "remark",
            origin.field("dnsPolicy"),
            "with hostNetwork, ClusterFirst is the node's own resolv.conf, in which no Service has a name",
            "write dnsPolicy: ClusterFirstWithHostNet, if the pods look up Services",
        )


def check_override(origin: Origin, _around: AllObjects) -> Iterator[Finding]:
    """Whether a pod's host name is taken for one that DNS knows."""
    if origin.spec.hostname_override:
        yield origin.finding(
            "hostname-override",
            "remark",
            origin.field("hostnameOverride"),
            "it is the host name inside the pod alone: no DNS record has it",
            "set hostname and subdomain for a name in DNS",
        )


def check_options(origin: Origin, _around: AllObjects) -> Iterator[Finding]:
    """Whether a number in `dnsConfig` is more than libcs take: resolv.conf(5); `resolvconf.c` of musl.

    It is a remark where one of them takes it, as nothing tells which one an image has.
    """
    config = origin.spec.dns_config
    for index, (name, value) in enumerate(() if config is None else config.options):
        bounds = {libc: DIALECTS[libc].bounds[name][1] for libc in _LIBCS if name in DIALECTS[libc].bounds}
        if not bounds or not (value.isascii() and value.isdecimal() and len(value) < _MOST_DIGITS):
            continue
        less = {libc: most for libc, most in bounds.items() if int(value) > most}
        if less:
            severity: Severity = "warning" if less == bounds else "remark"
            told = " and ".join(f"{libc} takes {most}" for libc, most in less.items())
            field = f"{origin.field('dnsConfig')}.options[{index}].value"
            problem = f"{name} {value} is more than there is: {told} in its place"
            yield origin.finding("dns-option-bound", severity, field, problem, f"write {min(less.values())} or less")
