"""What a pod asks its names of, and what it is called: `dnsPolicy` beside `hostNetwork`, and `hostnameOverride`.

Source: `pkg/kubelet/network/dns` of Kubernetes, `getPodDNSType`; KEP-4762.
"""

from collections.abc import Iterator

from k8sresolve.findings import Finding
from k8sresolve.testing.checks.origins import Origin
from k8sresolve.testing.checks.subjects import AllObjects


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
