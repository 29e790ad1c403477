"""Reading manifests: files as given to `kubectl apply`, or objects as parsed from them, into the store's objects.

Whatever is wrong with one is a `ManifestError` that says where. Hostile input is refused before it can do harm: nesting
and aliases are counted over a document's events, as composing it is what would end in a crash.
"""

import json
import logging
import os
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, cast

import attrs

from k8sresolve.errors import ManifestError
from k8sresolve.testing.controllers.addresses import Networks, family_of
from k8sresolve.testing.controllers.control_plane import ControlPlane
from k8sresolve.testing.objects.fields import (
    FieldPath,
    Object,
    Wrong,
    described,
    mappings,
    read_labels,
    read_meta,
    read_port,
    take,
    texts,
)
from k8sresolve.testing.objects.kinds import (
    NAMESERVER_CONFIG,
    NO_PORT,
    ConfigMap,
    EndpointAddress,
    Endpoints,
    EndpointSlice,
    Namespace,
    Node,
    PodTemplate,
    PortEntry,
    Resource,
    Service,
    ServiceImport,
    StatefulSet,
    Workload,
)
from k8sresolve.testing.objects.pods import (
    read_daemon_set,
    read_deployment,
    read_job,
    read_node,
    read_pod,
    read_replica_set,
    read_stateful_set,
    read_template,
)
from k8sresolve.testing.objects.store import Store

_LOG = logging.getLogger("k8sresolve")
_SUFFIXES = (".yaml", ".yml", ".json")
_MAX_DEPTH = 100
_SERVICE_NAME_LABEL = "kubernetes.io/service-name"
_IMPORTED_NAME_LABEL = "multicluster.kubernetes.io/service-name"
_CLUSTER_LABEL = "multicluster.kubernetes.io/source-cluster"
_MANAGED_BY_LABEL = "endpointslice.kubernetes.io/managed-by"
_SKIP_MIRROR_LABEL = "endpointslice.kubernetes.io/skip-mirror"
_LEADER_ANNOTATION = "control-plane.alpha.kubernetes.io/leader"


class _Source(NamedTuple):
    """Where an object comes from. `line` finds the line of a field, counted from 1."""

    file: str
    document: int | None
    line: Callable[[FieldPath], int | None]

    def error(self, problem: str, path: FieldPath = ()) -> ManifestError:
        return ManifestError(
            problem, file=self.file, document=self.document, line=self.line(path), field=_field_name(path)
        )


def _field_name(path: FieldPath) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def read_manifests(paths: Iterable[str | os.PathLike[str]]) -> list[Resource]:
    """Read manifest files, and directories of them: `*.yaml`, `*.yml` and `*.json`, recursively, in sorted order.

    Several YAML documents in a file and the Lists of `kubectl get -o yaml` are taken apart. Kinds that DNS does not
    depend on are left out, with a message at level INFO. Raises `ManifestError`.
    """
    return [
        resource
        for path in paths
        for file in _files(Path(path))
        for part in _documents(file)
        for resource in _resources(*part)
    ]


def read_objects(objects: Iterable[Mapping[str, Any]]) -> list[Resource]:
    """Read objects as `json.load` or `yaml.safe_load` give them. Raises `ManifestError`; its document counts from 1."""
    return [
        resource
        for number, value in enumerate(objects, 1)
        for resource in _resources(value, _Source("", number, _no_line))
    ]


def read_pod_template(template: Mapping[str, Any], workload: Workload) -> PodTemplate:
    """Read the `template` of a workload's spec for a workload that there is. Raises `ManifestError`."""
    try:
        read = read_template({"template": template}, ())
    except Wrong as wrong:
        raise ManifestError(wrong.problem, field=_field_name(wrong.path)) from None
    if not read.labels:
        raise ManifestError("no selector fits pods without labels", field="template.metadata.labels")
    if not isinstance(workload, StatefulSet):
        return read
    spec = attrs.evolve(read.spec, subdomain=workload.template.spec.subdomain, hostname="")
    return attrs.evolve(read, spec=spec)


def apply(
    store: Store,
    resources: Sequence[Resource],
    *,
    service_cidrs: Sequence[str] | None = None,
    pod_cidrs: Sequence[str] | None = None,
) -> ControlPlane:
    """Put objects into the store as `kubectl apply` would, and let the controllers do their work.

    Of two with one kind, namespace and name the later holds. Where there is no Namespace among the objects, the
    namespaces that they lie in exist, and `default` and `kube-system`. Where there is one, only those given exist, as
    in a real cluster. Without networks given, the cluster has IPv4, and IPv6 if a Service asks for it.
    """
    seen: set[tuple[str, str, str]] = set()
    for resource in resources:
        key = (type(resource).__name__, resource.namespace, resource.name)
        if key in seen:
            _LOG.warning("%s %s/%s is given twice; the later one holds", *key)
        seen.add(key)
        store.add(resource)
    control_plane = ControlPlane(store, Networks.of(service_cidrs, pod_cidrs, _asked_families(store)))
    control_plane.start()
    _settle_namespaces(store, resources)
    return control_plane


def _asked_families(store: Store) -> list[str]:
    asked: set[str] = set()
    for service in store.all("Service"):
        if isinstance(service, Service) and service.type != "ExternalName":
            ips = () if service.headless else service.cluster_ips
            stated = service.families or tuple(map(family_of, ips))
            asked.update(("IPv4", "IPv6") if service.dual else stated or ("IPv4",))
    return sorted(asked) or ["IPv4"]


def _settle_namespaces(store: Store, resources: Sequence[Resource]) -> None:
    lived_in = dict.fromkeys(item.namespace for item in resources if not isinstance(item, (Namespace, Node)))
    if next(store.all("Namespace"), None) is None:
        for name in dict.fromkeys((*lived_in, "default", "kube-system")):
            store.add(Namespace(name))
        return
    for name in lived_in:
        if not store.has_namespace(name):
            _LOG.warning(
                "namespace %s has objects but no Namespace among the manifests: DNS does not answer for it", name
            )


def _no_line(_path: FieldPath) -> int | None:
    return None


# Files and documents.


def _files(path: Path) -> list[Path]:
    try:
        if not path.is_dir():
            return [path]
        found = sorted(entry for entry in path.rglob("*") if entry.suffix in _SUFFIXES and entry.is_file())
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    if not found:
        raise ManifestError(f"the directory holds no {', '.join('*' + suffix for suffix in _SUFFIXES)}", file=str(path))
    return found


def _read(file: Path) -> bytes:
    try:
        if file.exists() and not file.is_file():  # reading a FIFO would wait for ever
            raise ManifestError("not a regular file", file=str(file))
        return file.read_bytes()
    except OSError as error:
        raise _unreadable(file, error) from None


def _unreadable(path: Path, error: OSError | ValueError) -> ManifestError:
    problem = error.strerror if isinstance(error, OSError) else str(error)
    return ManifestError(f"cannot be read: {problem}", file=str(path))


_Part = tuple[Any, _Source, FieldPath, str]
"""A document and its source; or an item of a List, its place there, and the kind that the List gives its items."""


def _documents(file: Path) -> Iterator[_Part]:
    read = _json_documents if file.suffix == ".json" else _yaml_documents
    return read(str(file), _read(file))


def _json_documents(file: str, data: bytes) -> Iterator[_Part]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ManifestError(f"not UTF-8: octet {error.start} is {data[error.start]:#04x}", file=file) from None
    del data  # a file may be large
    number = 0
    start = _skip_blanks(text, 0)
    while start < len(text):
        number += 1
        source = _Source(file, number, partial(_json_line, text, start))
        try:
            start = _skip_blanks(text, (yield from _json_document(text, start, source)))
        except json.JSONDecodeError as error:
            raise ManifestError(f"not JSON: {error.msg}", file=file, document=number, line=error.lineno) from None
        except (RecursionError, ValueError) as error:
            problem = "nested too deep" if isinstance(error, RecursionError) else f"not JSON: {error}"
            raise ManifestError(problem, file=file, document=number) from None


def _json_document(text: str, start: int, source: _Source) -> Generator[_Part, None, int]:
    """Decode a document, a List item by item: what is kept of a cluster's is a small part of it. Returns its end."""
    opening = _LIST.match(text, start)
    if opening is None:
        value, end = _JSON.raw_decode(text, start)
        yield value, source, (), ""
        return end
    named = _KIND.search(opening[0])
    at = _skip_blanks(text, opening.end())
    index = 0
    while index or text[at : at + 1] != "]":
        item, at = _JSON.raw_decode(text, at)
        yield item, source, ("items", index), named[1] if named else ""
        index += 1
        at = _skip_blanks(text, at)
        if text[at : at + 1] != ",":
            break
        at = _skip_blanks(text, at + 1)
    at = _expect("]", text, at)
    while text[at : at + 1] == ",":
        _, at = _JSON.raw_decode(text, _skip_blanks(text, at + 1))
        _, at = _JSON.raw_decode(text, _expect(":", text, _skip_blanks(text, at)))
        at = _skip_blanks(text, at)
    return _expect("}", text, at)


def _expect(letter: str, text: str, at: int) -> int:
    if text[at : at + 1] != letter:
        raise json.JSONDecodeError(f"Expecting '{letter}'", text, at)
    return _skip_blanks(text, at + 1)


# How kubectl and the API server begin a list.
_LIST = re.compile(r'\{\s*(?:"(?:apiVersion"\s*:\s*"[\w./-]*"|kind"\s*:\s*"\w*List")\s*,\s*)+"items"\s*:\s*\[')
_KIND = re.compile(r'"kind"\s*:\s*"(\w*)List"')
_JSON = json.JSONDecoder()
_BLANKS = re.compile(r"[ \t\r\n]*")


def _skip_blanks(text: str, at: int) -> int:
    found = _BLANKS.match(text, at)
    return found.end() if found else at


def _json_line(text: str, at: int, path: FieldPath) -> int:
    """Find the line of a field of a JSON value that starts at `at`, or of the nearest that holds it."""
    place = at
    for part in path:
        members = _json_members(text, at)
        found = next(((start, value) for key, start, value in members if key == part), None)
        if found is None:
            break
        place, at = found
    return text.count("\n", 0, place) + 1


def _json_members(text: str, at: int) -> Iterator[tuple[str | int, int, int]]:
    """Walk over an object or array: key or index, where the member starts, and where its value does."""
    if text[at] not in "{[":
        return
    index = 0
    named = text[at] == "{"
    at = _skip_blanks(text, at + 1)
    while text[at] not in "}]":
        key, start = index, at
        if named:
            key, at = _JSON.raw_decode(text, at)
            at = _skip_blanks(text, _skip_blanks(text, at) + 1)
        yield key, start, at
        _, at = _JSON.raw_decode(text, at)
        at = _skip_blanks(text, at)
        if text[at] == ",":
            at = _skip_blanks(text, at + 1)
        index += 1


def _yaml_documents(file: str, data: bytes) -> Iterator[_Part]:
    try:
        from k8sresolve.testing.objects import yaml_ as _yaml
    except ModuleNotFoundError:
        raise ManifestError(
            "reading YAML needs PyYAML: pip install k8sresolve[yaml] (JSON needs nothing)", file=file
        ) from None
    try:
        _yaml.check(data)
        for number, (value, line) in enumerate(_yaml.documents(data), 1):
            if value is not None:  # an empty document, as `helm template` leaves them
                yield value, _Source(file, number, line), (), ""
    except _yaml.Problem as problem:
        raise ManifestError(problem.text, file=file, document=problem.document, line=problem.line) from None


# Objects.


def _resources(value: Any, source: _Source, path: FieldPath = (), kind: str = "") -> Iterator[Resource]:
    try:
        for resource in _taken_apart(value, path, kind):
            yield attrs.evolve(resource, source=source.file) if isinstance(resource, ConfigMap) else resource
    except Wrong as wrong:
        raise source.error(wrong.problem, wrong.path) from None


def _taken_apart(value: Any, path: FieldPath, kind_of_items: str) -> Iterator[Resource]:
    if not isinstance(value, dict):
        raise Wrong(f"{described(value)} is no Kubernetes object", path)
    if len(path) > _MAX_DEPTH:
        raise Wrong("Lists are nested too deep", path[:2])
    obj = cast(Object, value)
    kind = take(obj, "kind", str, kind_of_items, path)
    if not kind:
        raise Wrong("no kind: not a Kubernetes object", path)
    group = take(obj, "apiVersion", str, "", path).rpartition("/")[0]
    if kind.endswith("List") and "items" in obj:
        for index, item in enumerate(take(obj, "items", list, [], path)):
            yield from _taken_apart(item, (*path, "items", index), kind.removesuffix("List"))
        return
    # The version is not looked at: what is read here is the same in all that there have been.
    reader = _READERS.get((group, kind)) or (
        _READERS.get(_CORE.get(kind, ("", ""))) if "apiVersion" not in obj else None
    )
    resource = None if reader is None else reader(obj, path)
    if resource is None:
        name = take(obj, "metadata", dict, {}, path).get("name")
        _LOG.info("%s %s is left out: DNS does not depend on it", f"{group}/{kind}" if group else kind, name)
        return
    yield resource


def _service_ports(obj: Object, path: FieldPath) -> tuple[PortEntry, ...]:
    return tuple(_service_port(entry, at) for entry, at in mappings(obj, "ports", path))


def _service_port(entry: Object, path: FieldPath) -> PortEntry:
    port = read_port(entry, path, least=1)
    if port.number == NO_PORT:
        raise Wrong("no port", (*path, "port"))
    target = entry.get("targetPort")
    if not target:
        return port
    if type(target) is not str and (type(target) is not int or not 1 <= target <= 65535):
        raise Wrong(f"{target!r} is neither a port nor the name of one", (*path, "targetPort"))
    return port._replace(target=target)


def _namespace(obj: Object, path: FieldPath) -> Namespace:
    meta = read_meta(obj, path)
    return Namespace(meta.name, labels=meta.labels)


def _service(obj: Object, path: FieldPath) -> Service:
    meta, spec, at = read_meta(obj, path), take(obj, "spec", dict, {}, path), (*path, "spec")
    kind = take(spec, "type", str, "ClusterIP", at)
    if kind not in ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"):
        raise Wrong(f"{kind!r} is none of ClusterIP, NodePort, LoadBalancer, ExternalName", (*at, "type"))
    cluster_ip, families = take(spec, "clusterIP", str, "", at), texts(spec, "ipFamilies", at)
    for family in families:
        if family not in ("IPv4", "IPv6"):
            raise Wrong(f"{family!r} is neither IPv4 nor IPv6", (*at, "ipFamilies"))
    return Service(
        namespace=meta.namespace,
        name=meta.name,
        type=kind,
        cluster_ips=texts(spec, "clusterIPs", at) or ((cluster_ip,) if cluster_ip else ()),
        external_name=take(spec, "externalName", str, "", at),
        ports=_service_ports(spec, at),
        families=families,
        dual=_takes_both_families(spec, at),
        selector=read_labels(spec, "selector", at),
        publish_not_ready=take(spec, "publishNotReadyAddresses", bool, default=False, path=at),
        labels=meta.labels,
    )


def _takes_both_families(spec: Object, path: FieldPath) -> bool:
    policy = take(spec, "ipFamilyPolicy", str, "SingleStack", path)
    # Where both are stated, an API server has done its part.
    return policy != "SingleStack" and not (spec.get("ipFamilies") and spec.get("clusterIPs"))


def _endpoint_slice(obj: Object, path: FieldPath) -> EndpointSlice:
    meta = read_meta(obj, path)
    imported = meta.label(_IMPORTED_NAME_LABEL) if _IMPORTED_NAME_LABEL in meta.labels else None
    return EndpointSlice(
        namespace=meta.namespace,
        name=meta.name,
        service=meta.label(_SERVICE_NAME_LABEL),
        addresses=tuple(chain.from_iterable(_endpoint(entry, at) for entry, at in mappings(obj, "endpoints", path))),
        ports=tuple(read_port(entry, at, least=0) for entry, at in mappings(obj, "ports", path)),
        imported=imported,
        cluster_id=meta.label(_CLUSTER_LABEL),
        managed_by=meta.label(_MANAGED_BY_LABEL),
        labels=meta.labels,
    )


def _endpoint(entry: Object, path: FieldPath) -> Sequence[EndpointAddress]:
    """Read an endpoint. Ready is what is not said to be otherwise (EndpointConditions, discovery.k8s.io/v1)."""
    conditions = take(entry, "conditions", dict, {}, path)
    if not take(conditions, "ready", bool, default=True, path=(*path, "conditions")):
        return ()
    hostname = take(entry, "hostname", str, "", path)
    pod = _target_name(entry, path)
    zone = take(entry, "zone", str, "", path) if entry.get("zone") is not None else None
    return [EndpointAddress(address, hostname, pod, zone) for address in texts(entry, "addresses", path)]


def _target_name(entry: Object, path: FieldPath) -> str:
    target = take(entry, "targetRef", dict, {}, path)
    return take(target, "name", str, "", (*path, "targetRef"))


def _endpoints(obj: Object, path: FieldPath) -> Endpoints:
    meta = read_meta(obj, path)
    slices = tuple(
        EndpointSlice(
            namespace=meta.namespace,
            name=f"{meta.name}-{index}",
            service=meta.name,
            addresses=tuple(
                EndpointAddress(
                    take(entry, "ip", str, "", at), take(entry, "hostname", str, "", at), _target_name(entry, at)
                )
                for entry, at in mappings(subset, "addresses", subset_path)
            ),
            ports=tuple(read_port(entry, at, least=1) for entry, at in mappings(subset, "ports", subset_path)),
            labels=meta.labels,
        )
        for index, (subset, subset_path) in enumerate(mappings(obj, "subsets", path))
    )
    skip = meta.label(_SKIP_MIRROR_LABEL) == "true" or _LEADER_ANNOTATION in meta.annotations
    return Endpoints(meta.namespace, meta.name, slices, skip)


def _config_map(obj: Object, path: FieldPath) -> ConfigMap | None:
    meta = read_meta(obj, path)
    if (meta.namespace, meta.name) not in NAMESERVER_CONFIG:
        return None
    data = take(obj, "data", dict, {}, path)
    return ConfigMap(meta.namespace, meta.name, {key: text for key, text in data.items() if type(text) is str})


def _service_import(obj: Object, path: FieldPath) -> ServiceImport:
    meta, spec, at = read_meta(obj, path), take(obj, "spec", dict, {}, path), (*path, "spec")
    return ServiceImport(
        namespace=meta.namespace,
        name=meta.name,
        headless=take(spec, "type", str, "", at) == "Headless",
        ips=texts(spec, "ips", at),
        ports=_service_ports(spec, at),
        labels=meta.labels,
    )


_READERS: dict[tuple[str, str], Callable[[Object, FieldPath], Resource | None]] = {
    ("", "Namespace"): _namespace,
    ("", "Service"): _service,
    ("", "Endpoints"): _endpoints,
    ("", "Pod"): read_pod,
    ("", "Node"): read_node,
    ("apps", "Deployment"): read_deployment,
    ("apps", "ReplicaSet"): read_replica_set,
    ("apps", "StatefulSet"): read_stateful_set,
    ("apps", "DaemonSet"): read_daemon_set,
    ("batch", "Job"): read_job,
    ("", "ConfigMap"): _config_map,
    ("discovery.k8s.io", "EndpointSlice"): _endpoint_slice,
    ("multicluster.x-k8s.io", "ServiceImport"): _service_import,
}
# The items of a list that the API server gives state neither kind nor apiVersion.
_CORE = {kind: (group, kind) for group, kind in _READERS}
