"""What the kubelet writes into a pod's /etc/resolv.conf.

Source: `pkg/kubelet/network/dns/dns.go` of Kubernetes 1.37.2 and 1.38.0-beta.0, and "DNS for Services and Pods",
kubernetes.io/docs/concepts/services-networking/dns-pod-service/.
"""

import re
from collections.abc import Iterable, Iterator
from ipaddress import IPv6Address, ip_address
from typing import Literal, assert_never

import attrs

from k8sresolve._escaping import told
from k8sresolve._log import logger
from k8sresolve.errors import ConfigError
from k8sresolve.testing.objects.kinds import DNSConfig, Pod
from k8sresolve.testing.versions import DEFAULT_KUBERNETES, NODE_NAMESERVERS, Version
from k8sresolve.testing.versions import kubernetes as kubernetes_version

MAX_NAMESERVERS = 3
MAX_SEARCHES = 32
MAX_SEARCH_CHARACTERS = 2048
_MAX_DOMAIN = 253  # DNS1123SubdomainMaxLength

NODE_RESOLV_CONF = "nameserver 192.0.2.53\n"
"""A node's own resolv.conf where a test says nothing else, with a nameserver outside the cluster."""

NODE_HOSTS = "127.0.0.1\tlocalhost\n::1\tlocalhost\n"
"""A node's own /etc/hosts where a test says nothing else."""

_WORD = re.compile(r"[^\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")  # Go's unicode.IsSpace
_LEADING_ZEROS = re.compile(r"(?<![0-9A-Fa-f])0+(?=[0-9A-Fa-f])")


_PodDNSType = Literal["none", "cluster", "host"]
"""Where a pod's settings come from (`podDNSType`): its dnsConfig alone, the cluster, or its node."""


@attrs.frozen
class KubeletEvent:
    """A warning that the kubelet sends. `PodDNS` and `ResolvConf` have those that came up.

    >>> from k8sresolve.testing import KubeletEvent
    >>> print(KubeletEvent("DNSConfigForming", "Search Line limits were exceeded"))
    DNSConfigForming: Search Line limits were exceeded
    """

    reason: Literal["MissingClusterDNS", "DNSConfigForming"]
    """`MissingClusterDNS`, or `DNSConfigForming` where a limit cut something."""

    message: str
    """The kubelet's own text."""

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}"


@attrs.frozen
class Kubelet:
    """What a node tells its pods about DNS.

    That of a cluster is `Cluster.kubelet`.

    Raises:
        ConfigError: A field is of another type than these, or the version is not known.

    >>> import attrs
    >>> from k8sresolve.testing import Cluster
    >>> pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"dnsPolicy": "Default"}}
    >>> cluster = Cluster.from_objects([pod])
    >>> cluster.kubelet = attrs.evolve(cluster.kubelet, resolv_conf="nameserver 192.0.2.1")
    >>> print(cluster.resolv_conf("default/a"), end="")
    nameserver 192.0.2.1
    """

    resolv_conf: str | None = NODE_RESOLV_CONF
    """The text of the file that `--resolv-conf` names, by default with the nameserver 192.0.2.53; None for an empty
    option."""

    cluster_dns: tuple[str, ...] = ("10.96.0.10",)
    """The flag, or field of KubeletConfiguration, of that name: addresses."""

    cluster_domain: str = "cluster.local"
    """The flag, or field of KubeletConfiguration, of that name."""

    node_ips: tuple[str, ...] = ()
    """The node's own addresses."""

    hosts: str = NODE_HOSTS
    """The text of the node's /etc/hosts, which pods with hostNetwork have; by default `localhost` alone."""

    kubernetes: Version = attrs.field(default=DEFAULT_KUBERNETES, converter=kubernetes_version)
    """The kubelet's version, one of `KUBERNETES_VERSIONS` or its text."""

    def __attrs_post_init__(self) -> None:
        texts = {"resolv_conf": self.resolv_conf or "", "cluster_domain": self.cluster_domain, "hosts": self.hosts}
        for name, text in texts.items():
            if not isinstance(text, str):
                raise ConfigError(f"{name}={told(text)} is no text", advice="give text")
        for name, addresses in (("cluster_dns", self.cluster_dns), ("node_ips", self.node_ips)):
            if not isinstance(addresses, tuple | list) or not all(isinstance(address, str) for address in addresses):
                raise ConfigError(f"{name}={told(addresses)} is no tuple of texts", advice='give ("10.96.0.10",)')


@attrs.frozen
class PodDNS:
    """The DNS settings of a pod, as the kubelet hands them to the container runtime. `pod_dns` works them out.

    >>> from k8sresolve.testing import PodDNS
    >>> print(PodDNS(nameservers=("10.96.0.10",)).text(), end="")
    nameserver 10.96.0.10
    """

    nameservers: tuple[str, ...] = ()
    """Addresses, in order: three at most."""

    searches: tuple[str, ...] = ()
    """The search domains, in order."""

    options: tuple[str, ...] = ()
    """As resolv.conf(5) has them, such as ``ndots:5``."""

    events: tuple[KubeletEvent, ...] = ()
    """What the kubelet warned of on the way."""

    def text(self) -> str:
        """Write the file as containerd does.

        Source: `parseDNSOptions`, `internal/cri/server/sandbox_run_linux.go` of containerd.

        >>> from k8sresolve.testing import PodDNS
        >>> print(PodDNS(("10.96.0.10",), ("shop.svc.cluster.local",), ("ndots:5",)).text(), end="")
        search shop.svc.cluster.local
        nameserver 10.96.0.10
        options ndots:5
        """
        lines = [f"search {' '.join(self.searches)}"] if self.searches else []
        lines += [f"nameserver {nameserver}" for nameserver in self.nameservers]
        lines += [f"options {' '.join(self.options)}"] if self.options else []
        return "".join(f"{line}\n" for line in lines)


class ResolvConf(str):  # noqa: SLOT000 - a text that carries something
    """The text of a pod's resolv.conf. Made by `Cluster.resolv_conf`.

    >>> from k8sresolve.testing import Cluster
    >>> spec = {"dnsConfig": {"nameservers": ["192.0.2.1", "192.0.2.2", "192.0.2.3"]}}
    >>> pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": spec}
    >>> [event.reason for event in Cluster.from_objects([pod]).resolv_conf("default/a").events]
    ['DNSConfigForming']
    """

    events: tuple[KubeletEvent, ...] = ()
    """The warnings that the kubelet sent while making it."""


def write_resolv_conf(pod: Pod, kubelet: Kubelet) -> ResolvConf:
    """Write the file that a pod would have. Each event is logged as a warning, too.

    Raises `ConfigError` where the kubelet would not start the pod.
    """
    dns = pod_dns(pod, kubelet)
    for event in dns.events:
        logger.warning("pod %s/%s: %s", pod.namespace, pod.name, event)
    # Without any setting, the container runtime copies the node's file.
    text = ResolvConf(dns.text() or kubelet.resolv_conf or "")
    text.events = dns.events
    return text


def pod_dns(pod: Pod, kubelet: Kubelet) -> PodDNS:
    """Work out a pod's DNS settings from its dnsPolicy, dnsConfig and hostNetwork.

    Options are in the order in which they come to be; the kubelet's own order is random where there is a dnsConfig.

    Args:
        pod: One of `Cluster.pods`, or one that is made here.
        kubelet: What its node tells.

    Raises:
        ConfigError: The kubelet cannot read the node's file: then it starts no pod at all.

    Source: `GetPodDNS`, `pkg/kubelet/network/dns/dns.go` of Kubernetes.

    >>> from k8sresolve.testing import Kubelet, Pod, pod_dns
    >>> dns = pod_dns(Pod("shop", "payments-0"), Kubelet())
    >>> dns.searches, dns.options
    (('shop.svc.cluster.local', 'svc.cluster.local', 'cluster.local'), ('ndots:5',))
    """
    node = _parse_node_file(kubelet.resolv_conf or "")
    servers = tuple(_cluster_dns(kubelet.cluster_dns))
    policy = _policy(pod)
    missing = _missing_cluster_dns(pod) if policy == "cluster" and not servers else ()
    if missing:
        policy = "host"
    match policy:
        case "none":
            dns = PodDNS()
        case "cluster":
            dns = PodDNS(servers, _cluster_searches(pod.namespace, kubelet.cluster_domain, node.searches), ("ndots:5",))
        case "host":
            dns = _of_node(node, pod, kubelet)
        case _:
            assert_never(policy)
    if pod.spec.dns_config is not None:
        dns = _merged(dns, pod.spec.dns_config)
    return _within_limits(attrs.evolve(dns, events=missing))


def _policy(pod: Pod) -> _PodDNSType:
    match pod.spec.dns_policy:
        case "None":
            return "none"
        case "Default":
            return "host"
        case "ClusterFirst" if pod.spec.host_network:
            return "host"
        case _:  # ClusterFirstWithHostNet, and one that it does not know
            return "cluster"


def _parse_node_file(text: str) -> PodDNS:
    """Read the node's file (`parseResolvConf`): less than libc does, and some things otherwise."""
    nameservers: list[str] = []
    searches: tuple[str, ...] = ()
    options: dict[str, str] = {}
    for line in text.split("\n"):
        match _WORD.findall(line):
            case ["nameserver"]:
                problem = "Encountered error while parsing resolv conf file. Error: nameserver list is empty"
                raise ConfigError(problem, advice="give each line 'nameserver' of the node's file an address")
            case ["nameserver", address, *_]:
                nameservers.append(address)
            case ["search", *domains]:
                searches = tuple(domain.removesuffix(".") for domain in domains)
                searches = tuple(filter(None, searches))
            case ["options", *words]:
                options |= {word.partition(":")[0]: word for word in words}
            case _:
                pass
    return PodDNS(tuple(nameservers), searches, tuple(options.values()))


def _cluster_dns(texts: Iterable[str]) -> Iterator[str]:
    """Read `--cluster-dns` as Go once read addresses: leading zeros are allowed, and what is none is skipped."""
    for text in texts:
        try:
            address = ip_address(_LEADING_ZEROS.sub("", text))
        except ValueError:
            continue
        if "%" not in text:
            mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
            yield str(mapped or address)


def _cluster_searches(namespace: str, domain: str, of_node: tuple[str, ...]) -> tuple[str, ...]:
    if not domain:
        return of_node
    return _unique((f"{namespace}.svc.{domain}", f"svc.{domain}", domain, *of_node))


def _of_node(node: PodDNS, pod: Pod, kubelet: Kubelet) -> PodDNS:
    """Take over the node's settings."""
    if kubelet.resolv_conf is None:
        return PodDNS(_loopbacks(kubelet.node_ips), (".",))
    if pod.spec.host_network or not kubelet.kubernetes.has(NODE_NAMESERVERS):
        return node
    reachable = tuple(filter(_is_address, node.nameservers))
    return attrs.evolve(node, nameservers=reachable or _loopbacks(kubelet.node_ips))


def _is_address(text: str) -> bool:
    """Whether Go's `netip.ParseAddr` reads it, without a zone."""
    try:
        return "%" not in text and bool(ip_address(text))
    except ValueError:
        return False


def _loopbacks(node_ips: Iterable[str]) -> tuple[str, ...]:
    # A nameserver on the pod's own loopback, where nobody listens, is the kubelet's way to switch DNS off.
    return tuple("::1" if ":" in ip else "127.0.0.1" for ip in node_ips) or ("127.0.0.1",)


def _missing_cluster_dns(pod: Pod) -> tuple[KubeletEvent, ...]:
    problem = "kubelet does not have ClusterDNS IP configured and cannot create Pod using"
    text = f'{problem} "ClusterFirst" policy. Falling back to "Default" policy.'
    of_pod = f'pod: "{pod.name}_{pod.namespace}". {text}'
    return KubeletEvent("MissingClusterDNS", text), KubeletEvent("MissingClusterDNS", of_pod)


def _merged(dns: PodDNS, config: DNSConfig) -> PodDNS:
    options = {name: value for name, _, value in (option.partition(":") for option in dns.options)}
    options |= dict(config.options)
    return PodDNS(
        _unique(dns.nameservers + config.nameservers),
        _unique(dns.searches + config.searches),
        tuple(f"{name}:{value}" if value else name for name, value in options.items()),
    )


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def _within_limits(dns: PodDNS) -> PodDNS:
    """Cut what is over the limits, with an event for each list that is cut (`formDNSConfigFitsLimits`)."""
    events = list(dns.events)
    nameservers = dns.nameservers[:MAX_NAMESERVERS]
    if nameservers != dns.nameservers:
        events.append(_cut("Nameserver limits", "nameservers", "nameserver", nameservers))
    searches = tuple(domain for domain in dns.searches[:MAX_SEARCHES] if len(domain) <= _MAX_DOMAIN)
    while len(" ".join(searches)) > MAX_SEARCH_CHARACTERS:
        searches = searches[:-1]
    if searches != dns.searches:
        events.append(_cut("Search Line limits", "search paths", "search", searches))
    return PodDNS(nameservers, searches, dns.options, tuple(events))


def _cut(limits: str, what: str, line: str, left: tuple[str, ...]) -> KubeletEvent:
    text = f"{limits} were exceeded, some {what} have been omitted, the applied {line} line is: {' '.join(left)}"
    return KubeletEvent("DNSConfigForming", text)
