"""Reading manifests: files as given to `kubectl apply`, or objects as parsed from them, into the store's objects.

Whatever is wrong with one is a `ManifestError` that says where. To add a kind, write its reader and enter it in
`_READERS`.
"""

from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, TypeAlias, cast

import attrs

from k8sresolve._escaping import escaped, told
from k8sresolve._log import logger
from k8sresolve.errors import ManifestError
from k8sresolve.testing.objects.custom import is_custom, read_custom
from k8sresolve.testing.objects.fields import FieldPath, Object, Wrong, described, read_meta, take
from k8sresolve.testing.objects.files import (
    IS_HELM_TEMPLATE,
    File,
    Manifests,
    Note,
    check_stream,
    goes_with,
    is_on_disk,
    manifest_files,
    only_below,
    read_otherwise,
    read_parts,
)
from k8sresolve.testing.objects.kinds import (
    ConfigMap,
    HorizontalPodAutoscaler,
    Namespace,
    PodTemplate,
    Resource,
    Secret,
    StatefulSet,
    Workload,
)
from k8sresolve.testing.objects.manifested import Refusal
from k8sresolve.testing.objects.pod_texts import read_annotations, read_pod_texts, text
from k8sresolve.testing.objects.pods import (
    read_cron_job,
    read_daemon_set,
    read_deployment,
    read_job,
    read_node,
    read_pod,
    read_replica_set,
    read_replication_controller,
    read_stateful_set,
    read_template,
)
from k8sresolve.testing.objects.routings import (
    ROUTES,
    read_api_service,
    read_definition,
    read_ingress,
    read_route,
    read_webhooks,
)
from k8sresolve.testing.objects.services import read_endpoint_slice, read_endpoints, read_service, read_service_import
from k8sresolve.testing.objects.sources import Part, Source, field_name
from k8sresolve.testing.objects.unknown import UnknownKinds
from k8sresolve.testing.objects.validation.refusals import refusals
from k8sresolve.testing.objects.validation.rows import mapping
from k8sresolve.testing.objects.written import IGNORE_ANNOTATION, UNWRITTEN, Twice, Written, rules_named, told_twice

_MAX_DEPTH = 100

Refuse: TypeAlias = Callable[[ManifestError], object]
"""Is told of a file that cannot be read."""


def read_manifests(
    places: Iterable[Manifests],
    *,
    recursive: bool = False,
    apply_namespace: str = "default",
    secrets: bool = False,
    note: Note = logger.warning,
    refused: Refuse | None = None,
) -> list[Resource]:
    """Read manifest files, and directories of them: `*.yaml`, `*.yml` and `*.json`, in sorted order.

    Several YAML documents in a file and the Lists of `kubectl get -o yaml` are taken apart. Objects that state no
    namespace lie in `apply_namespace`. Secrets are read with `secrets` alone. Kinds that DNS does not
    depend on are left out, with a message at level INFO; documents that are no Kubernetes objects are, with a `note`.
    Raises `ManifestError`; with `refused`, which is told of each file that is left out for that, only where no file
    can be read.
    """
    reader = _Reader(apply_namespace, note, secrets=secrets, refused=refused)
    read = [resource for given in places for resource in reader.manifests(given, recursive=recursive)]
    reader.check_read()
    reader.tell_unknown()
    return _with_namespace(read, apply_namespace)


def read_objects(
    objects: Iterable[Mapping[str, Any]],
    *,
    apply_namespace: str = "default",
    note: Note = logger.warning,
    secrets: bool = False,
) -> list[Resource]:
    """Read objects as `json.load` or `yaml.safe_load` give them. Raises `ManifestError`; its document counts from 1."""
    if not isinstance(objects, Iterable):
        raise ManifestError(f"{told(objects)} is no list of objects")
    reader = _Reader(apply_namespace, note, secrets=secrets)
    read = [
        resource
        for number, value in enumerate(objects, 1)
        for resource in reader.resources(Part(value, Source("", number)))
    ]
    reader.tell_unknown()
    return _with_namespace(read, apply_namespace)


def _with_namespace(read: list[Resource], apply_namespace: str) -> list[Resource]:
    """Add the Namespace that `kubectl apply -n` needs to be there for what lies in it, where others are told of."""
    told_of = {item.name for item in read if isinstance(item, Namespace)}
    lived_in = {item.namespace for item in read if item.namespace}
    is_needed = apply_namespace != "default" and told_of and apply_namespace in lived_in - told_of
    return [Namespace(apply_namespace), *read] if is_needed else read


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


class _Reader:
    """Takes documents apart, and tells `note` of those that are passed over."""

    def __init__(self, apply_namespace: str, note: Note, *, secrets: bool, refused: Refuse | None = None) -> None:
        self._refused = refused
        self._first: ManifestError | None = None
        self._apply_namespace = apply_namespace
        self._tell = note
        self._readers = {**_READERS, **_SECRETS} if secrets else _READERS
        self._objects = 0
        self._unknown = UnknownKinds()

    def tell_unknown(self) -> None:
        """Tell of the kinds that were not understood, at the end."""
        for problem in self._unknown.told({kind: group for kind, (group, _) in _CORE.items()}):
            self._tell(problem)

    def manifests(self, given: Manifests, *, recursive: bool) -> Iterator[Resource]:
        """Read what is given. Raises `ManifestError`, also where nothing in it is an object and more was meant."""
        before, has_read = self._objects, False
        for file in self._files(given, recursive=recursive):
            for resource in file:
                has_read = True
                yield resource
        if self._objects == before:
            check_stream(given)
        is_all = not has_read and not recursive and self._first is None  # what was refused is told itself
        if is_all and (error := only_below(given)):
            if self._objects == before:
                raise error
            self._tell(str(error))

    def check_read(self) -> None:
        """Raise what was refused first, where nothing else was read."""
        if self._first is not None and not self._objects:
            raise self._first

    def _files(self, given: Manifests, *, recursive: bool) -> Iterator[Iterable[Resource]]:
        """Read file by file, without those that are refused, and what they say is meant to be read otherwise."""
        otherwise: list[ManifestError] = []
        for file in manifest_files(given, recursive=recursive, note=self._tell):
            if self._refused is None or not is_on_disk(file):
                yield self._file(file)
                continue
            before = self._objects
            try:
                if not any(goes_with(error.file, file) for error in otherwise):
                    yield list(self._file(file))
            except ManifestError as error:
                self._objects = before
                self._first = self._first or error
                otherwise.append(error)
                self._refused(error)

    def _file(self, file: File) -> Iterator[Resource]:
        for part in read_parts(file):
            if problem := self._passed_over(part, named=not file.found):
                self._tell(str(part.source.error(f"{problem}; passed over")))
                continue
            yield from self.resources(part)

    def _passed_over(self, part: Part, *, named: bool) -> str:
        """Say why a document is no Kubernetes object and need not be one; empty where it is read, or refused."""
        value = part.value
        if part.path:
            return ""
        if not isinstance(value, dict):
            return "" if named else f"{described(value)} is no Kubernetes object"
        obj = cast(Object, value)
        kind, version = obj.get("kind"), obj.get("apiVersion")
        if how := read_otherwise(part.source.file, kind, version):
            raise part.source.error(how)
        if not kind:
            return "no kind: not a Kubernetes object"
        is_known = not isinstance(kind, str) or kind in _CORE or "items" in obj
        return "" if version or is_known else "no apiVersion: not a Kubernetes object"

    def resources(self, part: Part) -> Iterator[Resource]:
        """Read a document, or an item of a List. Raises `ManifestError` with its place."""
        source = part.source
        try:
            for resource in self._taken_apart(part.value, part.path, part.kind, source):
                yield attrs.evolve(resource, source=source.file) if isinstance(resource, ConfigMap) else resource
        except Wrong as wrong:
            raise source.error(wrong.problem, wrong.path, wrong.object) from None

    def _taken_apart(self, value: Any, path: FieldPath, kind_of_items: str, source: Source) -> Iterator[Resource]:
        if not isinstance(value, dict):
            raise Wrong(f"{described(value)} is no Kubernetes object", path)
        if len(path) > _MAX_DEPTH:
            raise Wrong("Lists are nested too deep", path[:2])
        self._objects += 1
        obj = cast(Object, value)
        kind = take(obj, "kind", str, kind_of_items, path)
        if not kind:
            raise Wrong("no kind: not a Kubernetes object", path)
        group = take(obj, "apiVersion", str, "", path).rpartition("/")[0]
        if kind.endswith("List") and "items" in obj:
            for index, item in enumerate(take(obj, "items", list, [], path)):
                yield from self._taken_apart(item, (*path, "items", index), kind.removesuffix("List"), source)
            return
        as_stated, obj = obj, self._applied(obj)
        # The version is not looked at: what is read here is the same in all that there have been.
        known = _CORE.get(kind, ("", kind)) if "apiVersion" not in obj else _NEWER.get((group, kind), (group, kind))
        reader = self._readers.get(known)
        try:
            _check_is_made(obj, path)
            resource = None if reader is None or _runs_for_helm(kind, obj) else reader(obj, path)
        except Wrong as wrong:
            wrong.object = _told(kind, obj)
            raise
        if resource is not None:
            written = _written(kind, as_stated, path, source, () if path else source.twice)
            yield resource.as_written(written, tuple(_refused(known, obj, path, source)))
            return
        if source.twice and not path:
            self._tell(str(source.error("; ".join(told_twice(source.twice)[1:]), path, _told(kind, obj))))
        if is_custom(group):
            written = _written(kind, as_stated, path, source)
            read = list(read_custom(obj, kind))
            yield from (made.as_written(written) for made in read)
            if any(isinstance(made, Workload) for made in read):
                return
        about = _told(kind, obj)
        if reader is None and self._unknown.meet(known[0], kind, lambda problem: source.error(problem, path, about)):
            return
        name = take(obj, "metadata", dict, {}, path).get("name")
        what = f"{group}/{kind}" if group else kind
        logger.info("%s %s is left out: DNS does not depend on it", escaped(what, 255), escaped(str(name), 255))

    def _applied(self, obj: Object) -> Object:
        """Put an object that states no namespace into the one that it is applied to."""
        meta = obj.get("metadata")
        if not isinstance(meta, dict) or cast(Object, meta).get("namespace"):
            return obj
        return {**obj, "metadata": {**cast(Object, meta), "namespace": self._apply_namespace}}


def _check_is_made(obj: Object, path: FieldPath) -> None:
    """Refuse an object whose name is still to be filled in: a template that happens to be YAML."""
    name = take(obj, "metadata", dict, {}, path).get("name")
    if isinstance(name, str) and "{{" in name:
        raise Wrong(IS_HELM_TEMPLATE, (*path, "metadata", "name"))


_INSTALLED = {"pre-install", "post-install", "crd-install"}


def _runs_for_helm(kind: str, obj: Object) -> bool:
    """Whether an object is there only while Helm waits for it: a Job that has ended, or what `helm test` makes."""
    told_ = take(take(obj, "metadata", dict, {}, ()), "annotations", dict, {}, ()).get("helm.sh/hook")
    if not told_:
        return False
    hooks = {hook.strip() for hook in str(told_).split(",")} - {""}
    return bool(hooks) and (kind in ("Job", "Pod") or not hooks & _INSTALLED)


def _written(kind: str, obj: Object, path: FieldPath, source: Source, twice: tuple[Twice, ...] = ()) -> Written:
    meta = mapping(obj.get("metadata"))
    ignored = mapping(meta.get("annotations")).get(IGNORE_ANNOTATION)
    return Written(
        source.file,
        partial(_line_below, source.line, path) if path else source.line,
        rules_named(str(ignored)) if ignored else UNWRITTEN.ignored,
        source.comments,
        read_pod_texts(kind, obj),
        bool(meta.get("namespace")),
        twice,
        tuple(read_annotations(kind, obj)),
    )


def _line_below(find: Callable[[FieldPath], int | None], path: FieldPath, field: FieldPath) -> int | None:
    return find((*path, *field))


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


def _read_config_map(obj: Object, path: FieldPath) -> ConfigMap:
    meta = read_meta(obj, path)
    data = take(obj, "data", dict, {}, path)
    return ConfigMap(meta.namespace, meta.name, _texts(data))


def _read_secret(obj: Object, path: FieldPath) -> Secret:
    meta = read_meta(obj, path)
    data = {key: decoded for key, text in _texts(obj.get("data")).items() if (decoded := _decoded(text)) is not None}
    stated = _texts(obj.get("stringData"))
    return Secret(meta.namespace, meta.name, {**data, **stated}, frozenset(stated))


def _read_autoscaler(obj: Object, path: FieldPath) -> HorizontalPodAutoscaler:
    meta, of = read_meta(obj, path), mapping(mapping(obj.get("spec")).get("scaleTargetRef"))
    return HorizontalPodAutoscaler(meta.namespace, meta.name, f"{text(of.get('kind'))}/{text(of.get('name'))}")


def _texts(data: object) -> dict[str, str]:
    """Take the texts of a mapping; a key of YAML that is a number becomes text, as in JSON."""
    return {str(key): text for key, text in mapping(data).items() if type(text) is str}


def _decoded(text: str) -> str | None:
    try:
        return b64decode("".join(text.split()), validate=True).decode()
    except ValueError:  # no base64, or no text
        return None


_READERS: dict[tuple[str, str], Callable[[Object, FieldPath], Resource | None]] = {
    ("", "Namespace"): _read_namespace,
    ("", "Service"): read_service,
    ("", "Endpoints"): read_endpoints,
    ("", "Pod"): read_pod,
    ("", "Node"): read_node,
    ("apps", "Deployment"): read_deployment,
    ("apps", "ReplicaSet"): read_replica_set,
    ("", "ReplicationController"): read_replication_controller,
    ("apps", "StatefulSet"): read_stateful_set,
    ("apps", "DaemonSet"): read_daemon_set,
    ("batch", "Job"): read_job,
    ("batch", "CronJob"): read_cron_job,
    ("", "ConfigMap"): _read_config_map,
    ("autoscaling", "HorizontalPodAutoscaler"): _read_autoscaler,
    ("discovery.k8s.io", "EndpointSlice"): read_endpoint_slice,
    ("multicluster.x-k8s.io", "ServiceImport"): read_service_import,
    ("networking.k8s.io", "Ingress"): read_ingress,
    **{("gateway.networking.k8s.io", kind): read_route for kind in ROUTES},
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): read_webhooks,
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): read_webhooks,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): read_definition,
    ("apiregistration.k8s.io", "APIService"): read_api_service,
}
_SECRETS: dict[tuple[str, str], Callable[[Object, FieldPath], Resource | None]] = {("", "Secret"): _read_secret}
# The items of a list that the API server gives state neither kind nor apiVersion.
_CORE = {kind: (group, kind) for group, kind in _READERS}
# Where kinds are now that were of `extensions` once, which no API server serves any more.
_NEWER = {
    ("extensions", kind): (group, kind)
    for group, kind in _READERS
    if kind in ("Deployment", "ReplicaSet", "DaemonSet", "Ingress")
}
