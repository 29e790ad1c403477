"""What a pod asks its names of, and how: `dnsPolicy` beside `hostNetwork`, options; and `hostnameOverride`.

Source: `pkg/kubelet/network/dns` of Kubernetes, `getPodDNSType`; KEP-4762.
"""

from collections.abc import Iterator

from k8sresolve._core.files.dialects import DIALECTS
from k8sresolve.config import Dialect
from k8sresolve.findings import Finding, Severity
from k8sresolve.testing.checks.names.judging import asking_the_cluster, asks_elsewhere, is_surely_asked
from k8sresolve.testing.checks.names.mentions import mentions
from k8sresolve.testing.checks.names.pairs import Text
from k8sresolve.testing.checks.names.takers import pod_of
from k8sresolve.testing.checks.origins import Origin
from k8sresolve.testing.checks.rules.names import texts_of
from k8sresolve.testing.checks.subjects import AllObjects
from k8sresolve.testing.checks.telling import listed
from k8sresolve.testing.objects.kinds import ConfigMap
from k8sresolve.testing.objects.written import UNWRITTEN

_LIBCS: tuple[Dialect, ...] = ("glibc", "musl")
_MOST_DIGITS = 10


def check_policy(origin: Origin, around: AllObjects) -> Iterator[Finding]:
    """Whether a pod that is told of Services asks the cluster's nameserver, also on its node's network."""
    hosts = list(dict.fromkeys(_unfound(origin, around))) if asks_elsewhere(origin.spec, around.cluster_domain) else []
    if hosts:
        told = f"the pod's resolv.conf does not lead to the cluster's nameserver, and it is told of {listed(hosts)}"
        advice = asking_the_cluster(pod_of(origin), around.world)
        yield origin.finding(
            "name-not-searched", "warning", origin.field("dnsPolicy"), f"{told}: none of them is found", advice
        )
    elif origin.spec.host_network and origin.spec.dns_policy == "ClusterFirst":
        yield origin.finding(
            "host-network-dns",
            "remark",
            origin.field("dnsPolicy"),
            "with hostNetwork, ClusterFirst is the node's own resolv.conf, in which no Service has a name",
            "write dnsPolicy: ClusterFirstWithHostNet, if the pods look up Services",
        )


def _unfound(origin: Origin, around: AllObjects) -> Iterator[str]:
    """The hosts that are surely Services given here, of which the pod is told, and which it does not find."""
    pod, world = pod_of(origin), around.world
    for text in _texts(origin, around):
        for mention in mentions(text.key, text.value):
            target = world.target(mention.host, origin.namespace)
            service = None if target is None else world.service(target)
            if target is None or service is None or service.written is UNWRITTEN:
                continue
            if is_surely_asked(mention, target, service) and world.find(pod, mention.host) is None:
                yield mention.host


def _texts(origin: Origin, around: AllObjects) -> Iterator[Text]:
    """What the pod's containers are told, and what stands in ConfigMaps that no pod takes that asks the cluster."""
    told = around.takers.told(origin)
    yield from (text for text in told.texts if not text.only)
    taken = [*origin.written.texts.mounted, *(each.source for each in told.taken)]
    for name in dict.fromkeys(each.name for each in taken if each.kind == "ConfigMap"):
        source = around.store.get("ConfigMap", origin.namespace, name)
        if isinstance(source, ConfigMap) and asks_elsewhere(around.takers.pod(source).spec, around.cluster_domain):
            yield from texts_of(source, around)


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
