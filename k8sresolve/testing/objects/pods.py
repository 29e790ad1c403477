"""Reading pods, what makes pods, and nodes, cut down to what DNS depends on."""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from sys import intern
from typing import TypeVar

import attrs

from k8sresolve._escaping import told
from k8sresolve.testing.objects.addresses import canonical
from k8sresolve.testing.objects.fields import (
    FieldPath,
    Meta,
    Object,
    Wrong,
    mappings,
    read_labels,
    read_meta,
    read_owner,
    read_port,
    take,
    take_name,
    take_text,
    texts,
    within,
)
from k8sresolve.testing.objects.kinds import (
    NO_PORT,
    CronJob,
    DaemonSet,
    Deployment,
    DNSConfig,
    HostPort,
    Job,
    Node,
    Pod,
    PodSpec,
    PodTemplate,
    PortEntry,
    ReplicaSet,
    ReplicationController,
    Selector,
    StatefulSet,
)
from k8sresolve.testing.objects.label_selector import read_selector
from k8sresolve.testing.objects.labels import MOST_LABEL
from k8sresolve.testing.objects.letters import letters

_INJECTED = "auto"  # the image of a container that Istio fills in when the pod is made
MOST_PODS = 2**31 - 1
"""The API has numbers of pods as an int32."""


def read_pod(obj: Object, path: FieldPath) -> Pod:
    """Read a Pod. One whose status names no phase is not running yet, as far as its manifest says."""
    meta, (spec, spec_path) = read_meta(obj, path), within(obj, "spec", path)
    status, at = within(obj, "status", path)
    ip, written = _addresses(status, at)
    ips = tuple(map(canonical, written))
    # Pods of one template, of which a dump may hold thousands, share what they have in common.
    return Pod(
        intern(meta.namespace),
        meta.name,
        ip=ip,
        ips=ips,
        spellings=tuple(pair for pair in zip(ips, written, strict=True) if pair[0] != pair[1]),
        phase=intern(take(status, "phase", str, "", at)),
        ready=_ready(status, at),
        terminating=meta.deleted,
        labels=_shared_labels(read_labels(meta.fields, "labels", meta.path)),
        node=intern(take(spec, "nodeName", str, "", spec_path)),
        owner=intern(read_owner(obj, path)),
        spec=_shared(_pod_spec(spec, spec_path)),
    )


@lru_cache(maxsize=1024)
def _shared(spec: PodSpec) -> PodSpec:
    return spec


@lru_cache(maxsize=1024)
def _shared_labels(labels: Selector) -> Mapping[str, str]:
    return dict(labels)


def _addresses(status: Object, path: FieldPath) -> tuple[str, tuple[str, ...]]:
    """Read `podIP` and `podIPs`, as written, of which the first wins (`pkg/apis/core/v1/conversion.go`)."""
    ip = take(status, "podIP", str, "", path)
    ips = tuple(take(entry, "ip", str, "", at) for entry, at in mappings(status, "podIPs", path))
    if ip and ip not in ips[:1]:
        ips = (ip,)
    return ip or next(iter(ips), ""), tuple(filter(None, ips))


def _ready(status: Object, path: FieldPath) -> bool | None:
    for condition, at in mappings(status, "conditions", path):
        if take(condition, "type", str, "", at) == "Ready":
            return take(condition, "status", str, "", at) == "True"
    return None


def _pod_spec(spec: Object, path: FieldPath) -> PodSpec:
    containers = _containers(spec, path)
    return PodSpec(
        hostname=take_name(spec, "hostname", path),
        subdomain=take_name(spec, "subdomain", path),
        ports=_container_ports(containers),
        undeclared=any(
            not container.get("ports") or container.get("image") == _INJECTED for container, _ in containers
        ),
        host_network=take(spec, "hostNetwork", bool, default=False, path=path),
        node_selector=read_labels(spec, "nodeSelector", path),
        dns_policy=take(spec, "dnsPolicy", str, "ClusterFirst", path),
        dns_config=_dns_config(spec, path),
        host_aliases=tuple(
            (take(alias, "ip", str, "", at), texts(alias, "hostnames", at))
            for alias, at in mappings(spec, "hostAliases", path)
        ),
        hostname_override=take_name(spec, "hostnameOverride", path),
        host_ports=_host_ports(spec, path, containers),
        gated=any(True for _ in mappings(spec, "schedulingGates", path)),
    )


def _containers(spec: Object, path: FieldPath) -> list[tuple[Object, FieldPath]]:
    # Named ports are looked for in this order: FindPort, k8s.io/endpointslice/util.
    containers = list(mappings(spec, "containers", path))
    for container, at in mappings(spec, "initContainers", path):
        if take(container, "restartPolicy", str, "", at) == "Always":
            containers.append((container, at))
    return containers


def _container_ports(containers: Iterable[tuple[Object, FieldPath]]) -> tuple[PortEntry, ...]:
    ports = [
        (read_port(port, at, least=1, key="containerPort"), at)
        for container, container_path in containers
        for port, at in mappings(container, "ports", container_path)
    ]
    for port, at in ports:
        if port.number == NO_PORT:
            raise Wrong("no port", (*at, "containerPort"))
    return tuple(port for port, _ in ports)


def _host_ports(spec: Object, path: FieldPath, containers: Iterable[tuple[Object, FieldPath]]) -> tuple[HostPort, ...]:
    """Read the ports of its node that a pod takes: with hostNetwork all of them (`SetDefaults_Pod`)."""
    on_node = take(spec, "hostNetwork", bool, default=False, path=path)
    found: list[HostPort] = []
    for container, container_path in containers:
        for port, at in mappings(container, "ports", container_path):
            number = take(port, "hostPort", int, 0, at) or (take(port, "containerPort", int, 0, at) if on_node else 0)
            if number:
                ip = take_text(port, "hostIP", at)
                found.append(HostPort(number, take_text(port, "protocol", at) or "TCP", "" if ip == "0.0.0.0" else ip))
    return tuple(found)


def _dns_config(spec: Object, path: FieldPath) -> DNSConfig | None:
    if spec.get("dnsConfig") is None:
        return None
    config, at = within(spec, "dnsConfig", path)
    options = [
        (take(option, "name", str, "", option_path), take(option, "value", str, "", option_path))
        for option, option_path in mappings(config, "options", at)
    ]
    return DNSConfig(texts(config, "nameservers", at), texts(config, "searches", at), tuple(options))


def read_template(spec: Object, path: FieldPath) -> PodTemplate:
    """Read the field `template` of a workload's spec."""
    template, at = within(spec, "template", path)
    metadata, metadata_path = within(template, "metadata", at)
    pod, pod_path = within(template, "spec", at)
    return PodTemplate(
        labels=dict(read_labels(metadata, "labels", metadata_path)),
        spec=_pod_spec(pod, pod_path),
        fingerprint=_fingerprint(template, at),
    )


def _fingerprint(template: Object, path: FieldPath) -> str:
    try:
        return letters(repr(template), 10)
    except (RecursionError, ValueError):  # a number of thousands of digits
        raise Wrong("nested too deep, or a number in it is too long", path) from None


def _count(obj: Object, key: str, default: int, path: FieldPath) -> int:
    count = take(obj, key, int, default, path)
    if count < 0:
        raise Wrong(f"{told(count)} is less than none", (*path, key))
    if count > MOST_PODS:
        raise Wrong(f"{told(count)} is more than the API server takes", (*path, key))
    return count


def _leaves_open(spec: Object) -> bool:
    return spec.get("replicas") is None


_Replicated = TypeVar("_Replicated", Deployment, ReplicaSet)


def _replicated(kind: type[_Replicated]) -> Callable[[Object, FieldPath], _Replicated]:
    def read_one(obj: Object, path: FieldPath) -> _Replicated:
        meta, (spec, at) = read_meta(obj, path), within(obj, "spec", path)
        replicas = _count(spec, "replicas", 1, at)
        template = read_template(spec, at)
        selector, owner, is_open = read_selector(spec), read_owner(obj, path), _leaves_open(spec)
        return kind(meta.namespace, meta.name, replicas, template, owner, selector=selector, leaves_open=is_open)

    return read_one


read_deployment: Callable[[Object, FieldPath], Deployment] = _replicated(Deployment)
read_replica_set: Callable[[Object, FieldPath], ReplicaSet] = _replicated(ReplicaSet)


def read_replication_controller(obj: Object, path: FieldPath) -> ReplicationController:
    """Read a ReplicationController. Its selector is a plain mapping, or else the labels of its template."""
    meta, (spec, at) = read_meta(obj, path), within(obj, "spec", path)
    template = read_template(spec, at)
    selector = read_selector({"selector": {"matchLabels": spec.get("selector") or template.labels}})
    replicas, owner = _count(spec, "replicas", 1, at), read_owner(obj, path)
    is_open = _leaves_open(spec)
    return ReplicationController(
        meta.namespace, meta.name, replicas, template, owner, selector=selector, leaves_open=is_open
    )


def read_stateful_set(obj: Object, path: FieldPath) -> StatefulSet:
    """Read a StatefulSet. Its pods' subdomain is its `serviceName`, whatever the template says."""
    meta, (spec, at) = read_meta(obj, path), within(obj, "spec", path)
    ordinals, ordinals_path = within(spec, "ordinals", at)
    template = read_template(spec, at)
    replicas, first = _count(spec, "replicas", 1, at), _count(ordinals, "start", 0, ordinals_path)
    return StatefulSet(
        meta.namespace,
        meta.name,
        replicas,
        attrs.evolve(
            template, spec=attrs.evolve(template.spec, subdomain=take_name(spec, "serviceName", at), hostname="")
        ),
        read_owner(obj, path),
        first=first,
        selector=read_selector(spec),
        leaves_open=_leaves_open(spec),
    )


def read_daemon_set(obj: Object, path: FieldPath) -> DaemonSet:
    """Read a DaemonSet."""
    meta, (spec, at) = read_meta(obj, path), within(obj, "spec", path)
    return DaemonSet(
        meta.namespace,
        meta.name,
        template=read_template(spec, at),
        owner=read_owner(obj, path),
        selector=read_selector(spec),
    )


def read_job(obj: Object, path: FieldPath) -> Job:
    """Read a Job. One that is suspended, or has ended by its status, runs no pods."""
    meta, (spec, at) = read_meta(obj, path), within(obj, "spec", path)
    parallel = _count(spec, "parallelism", 1, at)
    pods = 0 if _at_rest(obj, path) else min(parallel, _count(spec, "completions", parallel, at))
    indexed = take(spec, "completionMode", str, "", at) == "Indexed"
    if indexed:
        _check_host_names(meta, pods)
    return Job(meta.namespace, meta.name, pods, read_template(spec, at), read_owner(obj, path), indexed=indexed)


def read_cron_job(obj: Object, path: FieldPath) -> CronJob:
    """Read a CronJob. It is not known when its next Job runs, so it has no pods."""
    meta, (spec, at) = read_meta(obj, path), within(obj, "spec", path)
    job, job_path = within(spec, "jobTemplate", at)
    of_job, of_job_path = within(job, "spec", job_path)
    return CronJob(meta.namespace, meta.name, 0, read_template(of_job, of_job_path), read_owner(obj, path))


def _check_host_names(meta: Meta, end: int) -> None:
    """Refuse a workload of which the last pod, before `end`, would have a host name that the API server refuses."""
    last = f"{meta.name}-{max(end - 1, 0)}"
    octets = len(last.encode())
    if octets > MOST_LABEL:
        told = f"the host name {last!r} of its last pod has {octets} octets, and the API server takes {MOST_LABEL}"
        raise Wrong(told, (*meta.path, "name"))


def _at_rest(obj: Object, path: FieldPath) -> bool:
    spec, at = within(obj, "spec", path)
    if take(spec, "suspend", bool, default=False, path=at):
        return True
    status, at = within(obj, "status", path)
    return any(
        take(condition, "type", str, "", where) in ("Complete", "Failed")
        and take(condition, "status", str, "", where) == "True"
        for condition, where in mappings(status, "conditions", at)
    )


def read_node(obj: Object, path: FieldPath) -> Node:
    """Read a Node."""
    meta, (status, at) = read_meta(obj, path), within(obj, "status", path)
    ips = [
        canonical(take(entry, "address", str, "", where))
        for entry, where in mappings(status, "addresses", at)
        if take(entry, "type", str, "", where) == "InternalIP"
    ]
    return Node(meta.name, labels=meta.labels, ips=tuple(ips))
