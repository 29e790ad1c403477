"""Reading manifests: files as given to `kubectl apply`, or objects as parsed from them, into the store's objects.

Whatever is wrong with one is a `ManifestError` that says where. To add a kind, write its reader and enter it in
`_READERS`.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import attrs

from k8sresolve._escaping import escaped, told
from k8sresolve._log import logger
from k8sresolve.errors import ManifestError
from k8sresolve.testing.objects.fields import FieldPath, Object, Wrong, described, read_meta, take
from k8sresolve.testing.objects.files import manifest_files, read_parts
from k8sresolve.testing.objects.kinds import (
    NAMESERVER_CONFIG,
    ConfigMap,
    Namespace,
    PodTemplate,
    Refusal,
    Resource,
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
from k8sresolve.testing.objects.services import read_endpoint_slice, read_endpoints, read_service, read_service_import
from k8sresolve.testing.objects.sources import Part, Source, field_name
from k8sresolve.testing.objects.validation.refusals import refusals

_MAX_DEPTH = 100


def read_manifests(paths: Iterable[str | os.PathLike[str]]) -> list[Resource]:
    """Read manifest files, and directories of them: `*.yaml`, `*.yml` and `*.json`, recursively, in sorted order.

    Several YAML documents in a file and the Lists of `kubectl get -o yaml` are taken apart. Kinds that DNS does not
    depend on are left out, with a message at level INFO. Raises `ManifestError`.
    """
    return [
        resource
        for path in paths
        for file in manifest_files(_path(path))
        for part in read_parts(file)
        for resource in _resources(part)
    ]


def _path(given: str | os.PathLike[str]) -> Path:
    try:
        return Path(given)
    except TypeError:
        raise ManifestError(f"{told(given)} is no path of a file, which is a str or a Path") from None


def read_objects(objects: Iterable[Mapping[str, Any]]) -> list[Resource]:
    """Read objects as `json.load` or `yaml.safe_load` give them. Raises `ManifestError`; its document counts from 1."""
    if not isinstance(objects, Iterable):
        raise ManifestError(f"{told(objects)} is no list of objects")
    return [
        resource for number, value in enumerate(objects, 1) for resource in _resources(Part(value, Source("", number)))
    ]


def read_pod_template(template: Mapping[str, Any], workload: Workload) -> PodTemplate:
    """Read the `template` of a workload's spec for a workload that there is. Raises `ManifestError`."""
    try:
        read = read_template({"template": template}, ())
    except Wrong as wrong:
        raise ManifestError(wrong.problem, field=field_name(wrong.path)) from None
    if not read.labels:
        raise ManifestError("no selector fits pods without labels", field="template.metadata.labels")
    if not isinstance(workload, StatefulSet):
        return read
    spec = attrs.evolve(read.spec, subdomain=workload.template.spec.subdomain, hostname="")
    return attrs.evolve(read, spec=spec)


def _resources(part: Part) -> Iterator[Resource]:
    source = part.source
    try:
        for resource in _taken_apart(part.value, part.path, part.kind, source):
            yield attrs.evolve(resource, source=source.file) if isinstance(resource, ConfigMap) else resource
    except Wrong as wrong:
        raise source.error(wrong.problem, wrong.path, wrong.object) from None


def _taken_apart(value: Any, path: FieldPath, kind_of_items: str, source: Source) -> Iterator[Resource]:
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
            yield from _taken_apart(item, (*path, "items", index), kind.removesuffix("List"), source)
        return
    # The version is not looked at: what is read here is the same in all that there have been.
    known = _CORE.get(kind, ("", kind)) if "apiVersion" not in obj else (group, kind)
    reader = _READERS.get(known)
    try:
        resource = None if reader is None else reader(obj, path)
    except Wrong as wrong:
        wrong.object = _told(kind, obj)
        raise
    if resource is None:
        name = take(obj, "metadata", dict, {}, path).get("name")
        what = f"{group}/{kind}" if group else kind
        logger.info("%s %s is left out: DNS does not depend on it", escaped(what, 255), escaped(str(name), 255))
        return
    refused = tuple(_refused(known, obj, path, source))
    yield resource.with_refused(refused) if refused else resource


def _refused(kind: tuple[str, str], obj: Object, path: FieldPath, source: Source) -> Iterator[Refusal]:
    for rule, at, problem, advice, until in refusals(*kind, obj):
        yield Refusal(rule, field_name(at), problem, advice, until, source.file, source.line((*path, *at)))


def _told(kind: str, obj: Object) -> str:
    """Tell an object as people do: `Service shop/payments`. What of it is wrong may be its name."""
    meta = obj.get("metadata")
    fields = cast(Object, meta) if isinstance(meta, dict) else {}
    name, namespace = fields.get("name"), fields.get("namespace")
    if not isinstance(name, str) or not name:
        return kind
    if kind in ("Namespace", "Node"):
        return f"{kind} {name}"
    return f"{kind} {namespace if isinstance(namespace, str) and namespace else 'default'}/{name}"


def _read_namespace(obj: Object, path: FieldPath) -> Namespace:
    meta = read_meta(obj, path)
    meta.check_name()
    return Namespace(meta.name, labels=meta.labels)


def _read_config_map(obj: Object, path: FieldPath) -> ConfigMap | None:
    meta = read_meta(obj, path)
    if (meta.namespace, meta.name) not in NAMESERVER_CONFIG:
        return None
    data = take(obj, "data", dict, {}, path)
    return ConfigMap(meta.namespace, meta.name, {key: text for key, text in data.items() if type(text) is str})


_READERS: dict[tuple[str, str], Callable[[Object, FieldPath], Resource | None]] = {
    ("", "Namespace"): _read_namespace,
    ("", "Service"): read_service,
    ("", "Endpoints"): read_endpoints,
    ("", "Pod"): read_pod,
    ("", "Node"): read_node,
    ("apps", "Deployment"): read_deployment,
    ("apps", "ReplicaSet"): read_replica_set,
    ("apps", "StatefulSet"): read_stateful_set,
    ("apps", "DaemonSet"): read_daemon_set,
    ("batch", "Job"): read_job,
    ("", "ConfigMap"): _read_config_map,
    ("discovery.k8s.io", "EndpointSlice"): read_endpoint_slice,
    ("multicluster.x-k8s.io", "ServiceImport"): read_service_import,
}
# The items of a list that the API server gives state neither kind nor apiVersion.
_CORE = {kind: (group, kind) for group, kind in _READERS}
