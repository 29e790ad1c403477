"""From a host that a text names to what is wrong with it: looked up as the pod that is told it would."""

import re
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from typing import NamedTuple

from k8sresolve._core.files.search_list import is_like_top_level
from k8sresolve.findings import Severity
from k8sresolve.testing.checks.names.hosts import Mention
from k8sresolve.testing.checks.names.slips import is_akin, is_plain_slip
from k8sresolve.testing.checks.names.targets import Target
from k8sresolve.testing.checks.names.world import World
from k8sresolve.testing.checks.telling import is_beside, listed
from k8sresolve.testing.objects.kinds import Pod, PodSpec, Service

_SECURE = ("https", "wss")
_NOT_GIVEN = "correct it, or add the Service to what is checked"
# How documentation calls a Helm release of which nobody says what it is.
_ANY_RELEASE = ("my-release-", "release-name-", "myrelease-")
# Nameservers on the Internet that people write by heart. Any other may be one of the cluster's own.
_PUBLIC = frozenset({"8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9", "208.67.222.222", "208.67.220.220"})


class Wrong(NamedTuple):
    """What is wrong with a name: the rule, and the finding's texts.

    `lacks` is the Service that is not there; that it `is_slip` for another speaks for itself, whatever else may come.
    """

    rule: str
    severity: Severity
    problem: str
    advice: str
    lacks: str = ""
    is_slip: bool = False


def judge(mention: Mention, pod: Pod, world: World) -> Iterator[Wrong]:
    """Look a host up as a program in that pod, and hold what it means against what there is."""
    if mention.is_key:
        yield from _of_key(mention, world)
        return
    lost = _without_namespace(mention.host, pod, world)
    if lost is not None:
        yield lost
        return
    target = world.target(mention.host, pod.namespace)
    if target is None:
        yield from _misspelt(mention.host, pod, world)
        return
    service = world.service(target)
    may_be = service is None and _is_meant(mention, target, world)
    lacks = list(missing(mention.host, target, pod, world, mention.port)) if may_be else []
    if mention.vague and not target.endpoint and target.namespace == pod.namespace:  # a name, and no host
        meant = world.slip(target) or world.word_slip(target)
        lacks = [wrong._replace(advice=f"write {meant}, if that is meant") for wrong in lacks]
    if (service is None and not lacks) or (mention.vague and service is not None and not target.endpoint):
        return  # nothing could be said of it, so that it need not be looked up
    answered = world.find(pod, mention.host)
    if answered:
        yield from _answered(mention, answered, pod, world)
    elif answered is None and service is None:
        yield from lacks
    elif answered is None and service is not None:
        if not target.endpoint:
            yield from _of_service(mention, target, service, world)
        yield from _unanswered(mention, target, service, pod, world)


def _is_meant(mention: Mention, target: Target, world: World) -> bool:
    """Whether what is not there is taken for a host: what may be something else is where it is like one that is."""
    if world.sets.of(target) is not None or world.swapped(target) is not None:
        return True
    if mention.vague:
        is_slip = world.slip(target) or world.word_slip(target, mention.port)
        return bool(is_slip) and not world.sets.is_called(target.namespace, target.service)
    return not mention.likely or world.is_meant(target, mention.port)


def _answered(mention: Mention, name: str, pod: Pod, world: World) -> Iterator[Wrong]:
    """Judge a host for which a nameserver answered, by the name that did; it may not be a Service's."""
    target = world.target(name, pod.namespace)
    service = None if target is None else world.service(target)
    if target is None or service is None:
        return
    hidden = _hidden(mention, target, service, world)
    yield from _of_service(mention, target, service, world) if hidden is None else [hidden]
    if target.endpoint and service.cluster_ips and not service.headless and world.sets.of(target) is not None:
        told = (
            f"{mention.host} is a pod below Service {target.key}, which is not headless: such names are promised only "
            "below one that is (DNS specification for Kubernetes), though CoreDNS answers all the same"
        )
        yield Wrong("pod-names-not-headless", "remark", told, "write clusterIP: None in the Service")


# What is not there.


def _of_key(mention: Mention, world: World) -> Iterator[Wrong]:
    """Judge NAMESPACE/SERVICE, for which a program asks the API server, and not DNS."""
    name, _, namespace = mention.host.partition(".")
    target = Target(name, namespace)
    if world.service(target) is not None:
        return
    absence = world.absence(target) if world.has_namespace(namespace) else world.absence_of_namespace(target)
    severity, there, is_slip = absence
    if severity is not None:
        told = f"there is no Service {target.key}" + (f", but {listed(one.key for one in there)}" if there else "")
        advice = f"write {there[0].key}, if that is meant" if there else _NOT_GIVEN
        is_elsewhere = bool(there) and there[0].namespace != namespace
        rule = "name-namespace" if is_elsewhere else "name-service-missing"
        yield Wrong(rule, severity, told, advice, target.key, is_slip)


def _without_namespace(host: str, pod: Pod, world: World) -> Wrong | None:
    """Say that the namespace lacks in a Service's full name: `web.svc`, `web.svc.cluster.local`."""
    name, _, rest = host.partition(".")
    is_so = rest in ("svc", f"svc.{world.cluster_domain}") and not world.has_namespace("svc")
    if not is_so or world.store.service(pod.namespace, name) is None or world.find(pod, host):
        return None
    own = Target(name, pod.namespace)
    told = f"{host} is no name: the namespace of Service {own.key} lacks before svc"
    return Wrong("name-namespace", "warning", told, _write([own], pod, world))


def _misspelt(host: str, pod: Pod, world: World) -> Iterator[Wrong]:
    """Find a Service's full name of which a part behind the namespace lacks, or is a slip."""
    whole = ["svc", *world.cluster_domain.split(".")]
    labels = host.split(".")
    for at in (2, 3):
        front, rest = labels[:at], labels[at:]
        if len(rest) < 2 or not _is_slip_of_domain(rest, whole):
            continue
        *_, service, namespace = front
        if world.store.service(namespace, service) is not None and not world.find(pod, host):
            told = (
                f"{host} is no name: there is Service {namespace}/{service}, whose full name ends in .{'.'.join(whole)}"
            )
            yield Wrong("name-service-missing", "warning", told, f"write {'.'.join(front + whole)}")


def _is_slip_of_domain(labels: Sequence[str], whole: Sequence[str]) -> bool:
    if len(labels) == len(whole):
        differing = [pair for pair in zip(labels, whole, strict=True) if pair[0] != pair[1]]
        return len(differing) == 1 and is_plain_slip(*differing[0])
    left = iter(whole)
    return len(labels) < len(whole) and all(label in left for label in labels)


def missing(host: str, target: Target, pod: Pod | None, world: World, port: int | None = None) -> Iterator[Wrong]:
    """Say that there is no such Service, where that can be known. Without a pod, only full names work."""
    may_be_outside = not target.is_explicit and "." in host and is_like_top_level(target.namespace)
    swapped = None if may_be_outside else world.swapped(target)
    if swapped is not None:
        told = f"{host} is no name: the namespace stands before the Service, which is {swapped.key}"
        severity: Severity = "error" if world.severity(target) == "error" else "warning"
        yield Wrong("name-namespace", severity, told, _write([swapped], pod, world), target.key, is_slip=True)
        return
    if not world.has_namespace(target.namespace):
        yield from _in_no_namespace(host, target, pod, world)
        return
    weight, there, is_slip = world.absence(target, port)
    may_be_other = target.endpoint and not target.is_explicit and world.sets.of(target) is None
    if weight is None or may_be_outside or may_be_other:
        return
    severity = "remark" if weight == "warning" and target.service.startswith(_ANY_RELEASE) else weight
    told = f"{host} is no name: there is no Service {target.key}"
    elsewhere = [one for one in there if one.namespace != target.namespace]
    if elsewhere:
        told += f", but {listed(one.key for one in elsewhere)}"
        advice = _moving(elsewhere[0], target, world) or _write(there, pod, world)
        yield Wrong("name-namespace", severity, told, advice, target.key, is_slip)
    else:
        yield Wrong("name-service-missing", severity, told, _write(there, pod, world), target.key, is_slip)


def _in_no_namespace(host: str, target: Target, pod: Pod | None, world: World) -> Iterator[Wrong]:
    """Judge a name in a namespace of which nothing is known: it may be a host's outside, unless it says otherwise."""
    severity, slips, _ = world.absence_of_namespace(target)
    if severity is None and world.is_inventoried and target.is_explicit:
        severity = "error"
    is_known = target.is_explicit or not is_like_top_level(target.namespace)
    if severity is not None and is_known and (slips or target.is_explicit):
        there = slips or world.meant(target)
        told = f"{host} is no name: there is no namespace {target.namespace}"
        told += f", but Service {listed(one.key for one in there)}" if there else ""
        yield Wrong("name-namespace", severity, told, _write(there, pod, world), target.key, bool(slips))


def _moving(there: Target, target: Target, world: World) -> str:
    """Advise to put a Service where a name has it, if it lies in the one of both namespaces that is not given."""
    if world.store.has_namespace(there.namespace) or not world.store.has_namespace(target.namespace):
        return ""
    return f"put that Service into namespace {target.namespace}, as {there.namespace} is not among the manifests"


def _write(there: Sequence[Target], pod: Pod | None, world: World) -> str:
    """Advise what to write in place of a name: the shortest that works from that pod, or from any."""
    if not there:
        return _NOT_GIVEN
    return f"write {' or '.join(_working(one, pod, world) for one in there[:3])}, if that is meant"


def _working(target: Target, pod: Pod | None, world: World) -> str:
    host = target.service if world.sets.of(target) is None else f"{target.endpoint}.{target.service}"
    if target.port is not None:
        name, protocol = target.port
        host = f"_{name}._{protocol.lower()}.{host}"
    whole = f"{host}.{target.namespace}.svc.{world.cluster_domain}"
    if pod is None:
        return whole
    short = host if target.namespace == pod.namespace else f"{host}.{target.namespace}"
    return short if world.find(pod, short) == f"{whole}." else whole


# What is there, and not as meant.


def _hidden(mention: Mention, target: Target, service: Service, world: World) -> Wrong | None:
    """Say that a host on the Internet is a Service here, where the name and the port tell that the former is meant."""
    labels = mention.host.split(".")
    own = world.target(mention.host, target.namespace)
    if len(labels) < 2 or (own is not None and own.is_explicit):
        return None
    is_outside = is_like_top_level(labels[-1])
    offered = mention.port is None or mention.port in _numbers(service)
    if not (is_outside if len(labels) > 2 else mention.scheme in _SECURE and (is_outside or not offered)):
        return None
    severity: Severity = "remark" if offered and len(labels) == 2 else "warning"
    told = f"{mention.host} is Service {target.key} for this pod, by its search list, and no host on the Internet"
    return Wrong("name-hidden", severity, told, f"write {mention.host}. with a dot at the end, if that host is meant")


def _of_service(mention: Mention, target: Target, service: Service, world: World) -> Iterator[Wrong]:
    """Compare the port with those of the Service; a headless one leads to pods, which may have others, as one pod."""
    if target.port is not None:
        name, protocol = target.port
        if service.ports and (name, protocol) not in {(entry.name, entry.protocol) for entry in service.ports}:
            told = f"Service {target.key} has no port named {name} with protocol {protocol}; it has {ports_of(service)}"
            like = [one.name for one in service.ports if one.protocol == protocol and is_akin(name, one.name)]
            advice = f"write _{like[0]}._{protocol.lower()}, if that is meant" if len(like) == 1 else "correct the name"
            yield Wrong("name-port", world.severity_of_port(target.namespace), told, advice)
        return
    port = mention.port
    if port is None or target.endpoint or service.type == "ExternalName" or service.headless or not service.ports:
        return
    if port in _numbers(service):
        return
    told = f"{mention.host} is Service {target.key}, which has no port {port}: it has {ports_of(service)}"
    to = [entry.number for entry in service.ports if entry.target == port]
    if to:
        told += f"; {listed(to)} leads to {port} of the pods"
    if all(is_beside(entry.name) for entry in service.ports):
        yield Wrong("name-port", "remark", told, "write the port and the Service that are meant")
        return
    numbers = to or [entry.number for entry in service.ports]
    advice = f"write port {numbers[0]}" if len(numbers) == 1 else "write one that it has"
    yield Wrong("name-port", world.severity_of_port(target.namespace), told, advice)


def _numbers(service: Service) -> frozenset[int]:
    return frozenset(port.number for port in service.ports)


def ports_of(service: Service) -> str:
    """Write the ports of a Service."""
    return listed((f"{port.number} ({port.name})" if port.name else port.number for port in service.ports), 5)


def _unanswered(mention: Mention, target: Target, service: Service, pod: Pod, world: World) -> Iterator[Wrong]:
    """Say why there is no answer, where the Service is there: the endpoint is not, or the pod asks somebody else."""
    slices = world.store.slices(target.namespace, target.service)
    names = {entry.hostname for part in slices for entry in part.addresses if entry.hostname}
    is_host_name = not re.fullmatch("[0-9-]*", target.endpoint)  # and no address with dashes
    may_lack = is_host_name and target.endpoint not in names
    wrong = _of_pod(mention.host, target, None if names else service, pod, world) if may_lack else None
    if wrong is not None:
        yield wrong
    elif may_lack and names:
        severity = world.severity(target)
        stem = target.endpoint.rstrip("0123456789")
        if severity is not None and not any(name.startswith(stem) for name in names):
            told = f"{mention.host} is no name: Service {target.key} has no endpoint {target.endpoint}"
            yield Wrong("name-endpoint", severity, f"{told}; it has {listed(sorted(names))}", "correct the name")
    elif _should_be_found(target, service, world) and not _is_the_clusters(pod):
        told = f"{mention.host} is not found: the pod's resolv.conf does not lead to it, although there is "
        # What is surely asked for is told at its cause, in the pod; a word may be looked up by the API in place of DNS,
        # and who writes nameservers may know what they answer.
        if not (is_surely_asked(mention, target, service) and asks_elsewhere(pod.spec, world.cluster_domain)):
            advice = asking_the_cluster(pod, world)
            yield Wrong("name-not-searched", "remark", f"{told}Service {target.key}", advice)


def _of_pod(host: str, target: Target, unnamed: Service | None, pod: Pod, world: World) -> Wrong | None:
    """Say why there is no pod of that name below a Service, by what makes its pods. One that is `unnamed` has none."""
    small, above, told = world.sets.lacks(target), world.above(target), f"{host} is no name: "
    if above is not None:
        told += f"StatefulSet {target.endpoint.rpartition('-')[0]} has Service {above.key} for the names of its pods"
        return Wrong("name-endpoint", "warning", told, _write([above], pod, world))
    if small is not None:
        told += f"{small.kind} {small.name} has replicas: {small.replicas}"
        last = f"{small.name}-{small.first + small.replicas - 1}"
        told += f", {small.name}-{small.first} to {last}" if small.replicas > 1 else f", {last}"
        is_before = int(target.endpoint.rpartition("-")[2]) < small.first
        field = "spec.ordinals.start" if is_before else "spec.replicas"
        return Wrong("name-endpoint", "warning", told, f"correct the name, or {field}")
    made = None if unnamed is None else world.sets.nameless(unnamed)
    if made is None or world.may_come(target):
        return None
    told += f"{made.kind} {made.name} makes the pods of Service {target.key}, which have no names there"
    return Wrong("name-endpoint", "warning", told, _write([target._replace(endpoint="")], pod, world))


def is_surely_asked(mention: Mention, target: Target, service: Service) -> bool:
    """Whether a mention is a host's and nothing else: by its scheme, its whole name, the Service's port, or its key.

    The latter says so of a word alone, as in `DB_HOST=db`.
    """
    has_port = mention.port is not None and mention.port in _numbers(service)
    is_word = mention.port is None and "." not in mention.host and not (mention.likely or mention.vague)
    return bool(mention.scheme) or target.is_explicit or has_port or is_word


def _should_be_found(target: Target, service: Service, world: World) -> bool:
    """Whether a Service has an address, and its namespace is there, without which DNS knows nothing of it."""
    has_address = not target.endpoint and not target.port and service.cluster_ips and not service.headless
    return bool(has_address) and world.store.has_namespace(target.namespace)


def _is_the_clusters(pod: Pod) -> bool:
    """Whether a pod's resolv.conf is as the cluster makes it for all."""
    spec = pod.spec
    own = "ClusterFirstWithHostNet" if spec.host_network else "ClusterFirst"
    return spec.dns_policy.startswith(own) and spec.dns_config is None


def asks_elsewhere(spec: PodSpec, cluster_domain: str) -> bool:
    """Whether a pod asks a nameserver that does not know of the cluster.

    It does if that is its node's, or one on the Internet; a private one may be a cache on the node, and so may one that
    only looks public beside the cluster's own search domains.
    """
    config = spec.dns_config
    if spec.dns_policy != "None":
        return config is None and (
            spec.dns_policy == "Default" or (spec.host_network and spec.dns_policy == "ClusterFirst")
        )
    if config is None or not config.nameservers or not all(map(_is_global, config.nameservers)):
        return False
    has_domains = any(domain.rstrip(".").endswith(cluster_domain.rstrip(".")) for domain in config.searches)
    return not has_domains or not _PUBLIC.isdisjoint(config.nameservers)


def _is_global(address: str) -> bool:
    try:
        return ip_address(address).is_global
    except ValueError:
        return False


def asking_the_cluster(pod: Pod, world: World) -> str:
    """Advise how a pod comes to ask the cluster's nameserver, by what its manifest says of that."""
    if pod.spec.dns_policy == "None":
        domain = f"{pod.namespace}.svc.{world.cluster_domain}"
        listed_already = pod.spec.dns_config is not None and domain in pod.spec.dns_config.searches
        return f"list the cluster's nameserver{'' if listed_already else f' and {domain}'} in dnsConfig"
    if pod.spec.host_network:
        return "write dnsPolicy: ClusterFirstWithHostNet"
    if pod.spec.dns_policy == "Default":
        return "leave dnsPolicy: Default out, which is the node's own resolv.conf"
    return "look at ndots and searches in dnsConfig"
