"""Reading what containers are told. Nothing of it is refused: what is no text names no host."""

from collections.abc import Iterator, Mapping
from functools import lru_cache

from k8sresolve.testing.objects.fields import FieldPath, Object
from k8sresolve.testing.objects.sources import field_name
from k8sresolve.testing.objects.texts import (
    NO_TEXTS,
    Annotation,
    ContainerTexts,
    PodTexts,
    Probe,
    Reference,
    Variable,
    Word,
)
from k8sresolve.testing.objects.validation.rows import items, mapping, mappings

_Path = tuple[str, ...]

_POD_SPEC: Mapping[str, _Path] = {
    "Pod": ("spec",),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
}
_TEMPLATE: _Path = ("spec", "template", "spec")
_PROBES = ("readinessProbe", "livenessProbe", "startupProbe")
_RUNS: tuple[_Path, ...] = (("lifecycle", "postStart"), ("lifecycle", "preStop"), *((probe,) for probe in _PROBES))
_WORDS: tuple[tuple[_Path, str], ...] = (
    ((), "command"),
    ((), "args"),
    *(((*run, "exec"), "command") for run in _RUNS),
)
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"  # what kubectl sent before
_PROBED = ("httpGet", "tcpSocket")  # the port of grpc is a number
_REFERENCES = {
    "configMapKeyRef": "ConfigMap",
    "configMapRef": "ConfigMap",
    "configMap": "ConfigMap",
    "secretKeyRef": "Secret",
    "secretRef": "Secret",
    "secret": "Secret",
}


def pod_spec_path(kind: str) -> tuple[str, ...]:
    """Tell where a kind has the spec of its pods; of one that is not known, where most have it."""
    return _POD_SPEC.get(kind, _TEMPLATE)


def read_pod_texts(kind: str, obj: Object) -> PodTexts:
    """Read the texts of a pod, or of what makes pods; of a pod that something made, they are read there."""
    if kind == "Pod" and mapping(obj.get("metadata")).get("ownerReferences"):
        return NO_TEXTS
    path = pod_spec_path(kind)
    spec = _below(obj, path)
    if not spec:
        return NO_TEXTS
    containers = [
        ContainerTexts(
            tuple(_variables(container, at)),
            tuple(_words(container, at)),
            tuple(_probes(container, at)),
            tuple(_asked(container, at)),
            text(container.get("image")),
        )
        for key in ("initContainers", "containers")
        for index, container in mappings(spec, key)
        for at in [(*path, key, index)]
    ]
    return PodTexts(tuple(containers), tuple(_mounted(spec))) if containers else NO_TEXTS


def _variables(container: Object, path: FieldPath) -> Iterator[Variable]:
    for index, entry in mappings(container, "envFrom"):
        for taken in _references(entry):
            yield Variable(text(entry.get("prefix")), field_name((*path, "envFrom", index)), taken=taken)
    for index, entry in mappings(container, "env"):
        yield from _variable(entry, (*path, "env", index))


def _variable(entry: Object, path: FieldPath) -> Iterator[Variable]:
    name, source = text(entry.get("name")), mapping(entry.get("valueFrom"))
    if not source:
        yield Variable(name, field_name((*path, "value")), text(entry.get("value")))
    elif mapping(source.get("fieldRef")).get("fieldPath") == "metadata.namespace":
        yield Variable(name, field_name(path), is_namespace=True)
    for taken in _references(source):
        yield Variable(name, field_name(path), taken=taken)


def _references(entry: Object) -> Iterator[Reference]:
    for field, kind in _REFERENCES.items():
        told = mapping(entry.get(field))
        if name := text(told.get("name")) or text(told.get("secretName")):
            yield Reference(kind, name, text(told.get("key")))


def _words(container: Object, path: FieldPath) -> Iterator[Word]:
    for way, key in _WORDS:
        for index, word in enumerate(items(_below(container, way), key)):
            if isinstance(word, str):
                yield Word(field_name((*path, *way, key, index)), word)


def read_annotations(kind: str, obj: Object) -> Iterator[Annotation]:
    """Read the annotations of an object, and those that it gives its pods."""
    for path in _annotated(kind):
        for key, value in _below(obj, (*path, "annotations")).items():
            if isinstance(value, str) and key != _LAST_APPLIED:
                yield Annotation(f"{field_name((*path, 'annotations'))}[{key}]", str(key), value)


@lru_cache(128)
def _annotated(kind: str) -> tuple[_Path, ...]:
    """Say where a kind has annotations: its own, and those of its pods."""
    return tuple(dict.fromkeys((("metadata",), (*pod_spec_path(kind)[:-1], "metadata"))))


def _below(obj: Object, path: _Path) -> Object:
    for part in path:
        obj = mapping(obj.get(part))
        if not obj:
            break
    return obj


def _probes(container: Object, path: FieldPath) -> Iterator[Probe]:
    """Find the probes of ports. What has no image is a patch, and its ports are declared elsewhere."""
    if not container.get("image"):
        return
    ports = [port for _, port in mappings(container, "ports")]
    declared = tuple(filter(None, (text(port.get("name")) for port in ports)))
    numbers = tuple(number for port in ports if isinstance(number := port.get("containerPort"), int))
    for kind in _PROBES:
        for handler in _PROBED:
            probe = mapping(mapping(container.get(kind)).get(handler))
            if port := _probed_port(probe.get("port")):
                where = field_name((*path, kind, handler, "port"))
                yield Probe(kind, where, port, declared, text(probe.get("path")), numbers)


def _probed_port(port: object) -> int | str:
    """Take a number, or a name; a number in quotes the API server refuses."""
    if isinstance(port, str) and not port.isdecimal():
        return port
    return port if isinstance(port, int) else 0


def _asked(container: Object, path: FieldPath) -> Iterator[Word]:
    for run in _RUNS:
        for handler in _PROBED:
            if host := text(_below(container, (*run, handler)).get("host")):
                yield Word(field_name((*path, *run, handler, "host")), host)


def _mounted(spec: Object) -> Iterator[Reference]:
    for _, volume in mappings(spec, "volumes"):
        yield from _references(volume)
        for _, source in mappings(mapping(volume.get("projected")), "sources"):
            yield from _references(source)


def text(value: object) -> str:
    """Take a text; an empty one for what is none."""
    return value if isinstance(value, str) else ""
