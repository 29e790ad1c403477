"""Objects in code, for `Cluster.new`: a Service with its pods in one line, as tests of drivers need them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, TypedDict, TypeVar, cast

from k8sresolve._escaping import told
from k8sresolve.errors import ConfigError, ManifestError
from k8sresolve.names import ServiceName
from k8sresolve.testing.coredns.plugins.kubernetes.options import KubernetesOptions
from k8sresolve.testing.versions import Version

Object: TypeAlias = Mapping[str, Any]
"""An object as `json.load` gives it."""

Objects: TypeAlias = tuple[Object, ...]
"""What a builder makes, for `Cluster.new` and `Cluster.apply`."""

_T = TypeVar("_T")

_MOST_PODS = 10_000
_REVISION = "1"


class ClusterOptions(TypedDict, total=False):
    """The options of `Cluster.new`: those of `Cluster.from_objects`."""

    apply_namespace: str
    options: KubernetesOptions | None
    corefile: str | None
    environment: Mapping[str, str]
    upstream: Mapping[str, str] | None
    upstream_authoritative: bool
    server_addresses: Sequence[str]
    seed: int
    service_cidrs: Sequence[str] | None
    pod_cidrs: Sequence[str] | None
    built_ins: bool
    coredns: str | Version
    kubernetes: str | Version


def service(
    name: str, *, pods: int = 1, ready: int | bool = True, udp: Mapping[str, int] | None = None, **tcp: int
) -> Objects:
    """Make a Service with a ClusterIP, called `SERVICE.NAMESPACE`, and a Deployment of its pods.

    Args:
        name: The Service's. Without a namespace it lies in the cluster's `apply_namespace`.
        pods: How many there are, up to 10,000. They listen on the numbers of the ports.
        ready: How many of them are ready, or whether all are.
        udp: The numbers of UDP ports, by name.
        **tcp: Those of TCP ports: `http=80`, and `grpc_web=8080` for the name `grpc-web`.

    Raises:
        ConfigError: It has no port, or no such number of pods.
        InvalidName: The name is none.

    >>> from k8sresolve.testing import Cluster, service
    >>> with Cluster.new(service("api.shop", http=80)).resolver(namespace="shop") as resolver:
    ...     resolver.port("api", "http").number
    ...
    80
    """
    meta, ports = _named(name), _ports(tcp, udp)
    if not ports:
        raise ConfigError(f"service {name} has no port", advice="give its ports by name, as http=80")
    count, able = _counts(pods, ready)
    return (_service(meta, ports), *_workload("Deployment", meta, ports, count, able))


def headless(
    name: str, *, pods: int = 1, ready: int | bool = True, udp: Mapping[str, int] | None = None, **tcp: int
) -> Objects:
    """Make a headless Service, called `SERVICE.NAMESPACE`, and a StatefulSet whose pods have names of their own below.

    Args:
        name, pods, ready, udp: As in `service`.
        **tcp: As there; here there may be no port.

    Raises:
        ConfigError: It has no such number of pods.
        InvalidName: The name is none.

    >>> from k8sresolve.testing import Cluster, headless
    >>> with Cluster.new(headless("db.shop", sql=5432, pods=3, ready=2)).resolver() as resolver:
    ...     for endpoint in resolver.endpoints("db.shop", "sql"):
    ...         print(endpoint.hostname, endpoint.port)
    ...
    db-0 5432
    db-1 5432
    """
    meta, ports = _named(name), _ports(tcp, udp)
    count, able = _counts(pods, ready)
    made = _service(meta, ports, clusterIP="None")
    return (made, *_workload("StatefulSet", meta, ports, count, able, serviceName=meta["name"]))


def external(name: str, host: str) -> Objects:
    """Make a Service of type ExternalName, called `SERVICE.NAMESPACE`, that stands for a host.

    Args:
        name: The Service's. Without a namespace it lies in the cluster's `apply_namespace`.
        host: Its `externalName`.

    Raises:
        InvalidName: The name is none.

    >>> from k8sresolve.testing import Cluster, external
    >>> with Cluster.new(external("pg.shop", "pg.example.com"), upstream=None).resolver() as resolver:
    ...     resolver.lookup("pg.shop.svc.cluster.local", "CNAME").records[0]
    ...
    'pg.example.com.'
    """
    return (_object("Service", _named(name), {"type": "ExternalName", "externalName": host}),)


def check_options(call: str, options: Iterable[str]) -> None:
    """Raise `ConfigError` for an option that a call does not have which takes those of `Cluster.new`."""
    known = ClusterOptions.__annotations__
    if strange := sorted(set(options) - known.keys()):
        raise ConfigError(f"{call} has no option {told(strange[0])}", advice=f"it has {', '.join(known)}")


def taken_apart(parts: Iterable[_T | Sequence[_T]]) -> Iterator[_T]:
    """Put what builders made, and lists of objects, in the place of each of them."""
    for part in parts:
        yield from part if isinstance(part, tuple | list) else (cast("_T", part),)


def flattened(parts: Iterable[Object | Sequence[Object]]) -> list[Object]:
    """Take apart what builders made, with the namespaces that it needs where others are told of.

    Raises `ManifestError` for what is neither an object nor made by a builder.
    """
    objects = list(taken_apart(parts))
    for item in objects:
        if not isinstance(item, Mapping):
            raise ManifestError(f"{told(item)} is neither an object nor made by a builder, as service('api.shop')")
    told_of = {item.get("metadata", {}).get("name") for item in objects if item.get("kind") == "Namespace"}
    built = [item for part in parts if isinstance(part, tuple) for item in part]
    needed = dict.fromkeys(item["metadata"].get("namespace", "") for item in built if told_of)
    lacking = [name for name in needed if name and name not in told_of]
    return [*({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in lacking), *objects]


def _named(name: str) -> Object:
    """Read a Service's name as metadata. One without a namespace leaves that to `apply_namespace`."""
    parsed = ServiceName.parse(name, namespace="default", cluster_domain="cluster.local")
    return {"name": parsed.service, **({"namespace": parsed.namespace} if "." in name else {})}


def _counts(pods: int, ready: int | bool) -> tuple[int, int]:
    """Tell how many pods there are, and how many of them are ready."""
    if type(pods) is not int or not 0 <= pods <= _MOST_PODS:
        raise ConfigError(f"pods={told(pods)} is no number of pods", advice=f"give one, up to {_MOST_PODS}")
    able = pods * ready if isinstance(ready, bool) else ready
    if type(able) is not int or not 0 <= able <= pods:
        raise ConfigError(f"ready={told(ready)} is no number of the {pods} pods", advice="give one, or True or False")
    return pods, able


def _ports(tcp: Mapping[str, int], udp: Mapping[str, int] | None) -> list[dict[str, Any]]:
    if not isinstance(udp, Mapping | None) or not all(isinstance(name, str) for name in udp or ()):
        raise ConfigError(f"udp={told(udp)} is no mapping of names to numbers", advice='give {"dns": 53}')
    return [
        {"name": name.replace("_", "-"), "port": number, "protocol": protocol}
        for protocol, ports in (("TCP", tcp), ("UDP", udp or {}))
        for name, number in ports.items()
    ]


def _object(kind: str, meta: Object, spec: Object, *, api: str = "v1") -> dict[str, Any]:
    return {"apiVersion": api, "kind": kind, "metadata": meta, "spec": spec}


def _labels(meta: Object) -> dict[str, str]:
    return {"app.kubernetes.io/name": meta["name"]}


def _service(meta: Object, ports: Sequence[Object], **spec: str) -> dict[str, Any]:
    return _object("Service", meta, {"selector": _labels(meta), "ports": ports, **spec})


def _workload(
    kind: str, meta: Object, ports: Sequence[Object], count: int, able: int, **spec: str
) -> Iterator[dict[str, Any]]:
    """Make a workload; its pods are stated only where some are not ready."""
    labels = _labels(meta)
    listens = [{"containerPort": port["port"], "protocol": port["protocol"]} for port in ports]
    of_pods = {"containers": [{"name": "main", "image": f"example.com/{meta['name']}", "ports": listens}]}
    template = {"metadata": {"labels": labels}, "spec": of_pods}
    yield _object(
        kind,
        meta,
        {"replicas": count, "selector": {"matchLabels": labels}, "template": template, **spec},
        api="apps/v1",
    )
    yield from _pods(kind, meta, of_pods, count, able) if able < count else ()


def _pods(kind: str, meta: Object, of_pods: Object, count: int, able: int) -> Iterator[dict[str, Any]]:
    """Make the pods of a workload, of which the first ones are ready."""
    name, labels = meta["name"], _labels(meta)
    for number in range(count):
        owner, revision = {"kind": kind, "name": name, "controller": True}, labels
        pod_spec = of_pods
        if kind == "Deployment":
            owner = {"kind": "ReplicaSet", "name": f"{name}-{_REVISION}", "controller": True}
            revision = {**labels, "pod-template-hash": _REVISION}
        own = f"{owner['name']}-{number}"
        if kind == "StatefulSet":
            pod_spec = {**of_pods, "hostname": own, "subdomain": name}
        of_pod = {**meta, "name": own, "labels": revision, "ownerReferences": [owner]}
        status = {"conditions": [{"type": "Ready", "status": "True" if number < able else "False"}]}
        yield {**_object("Pod", of_pod, pod_spec), "status": status}
