"""Texts in objects that may name hosts or ports: what containers are told, and where routes lead."""

from typing import NamedTuple


class Reference(NamedTuple):
    """A ConfigMap or Secret that a pod takes texts from: of all its keys where `key` is empty."""

    kind: str
    name: str
    key: str = ""


class Variable(NamedTuple):
    """An entry of `env` or `envFrom`; `name` of the latter is what is put before the keys.

    `value` is as written; one that is `taken` from elsewhere has none. `is_namespace` says that it is the pod's own.
    """

    name: str
    field: str
    value: str = ""
    taken: Reference | None = None
    is_namespace: bool = False


class Word(NamedTuple):
    """One text of `command` or `args`, of the container or of what runs in it, as written."""

    field: str
    text: str


class Annotation(NamedTuple):
    """An annotation of an object, or of the pods that it makes."""

    field: str
    key: str
    text: str


class Probe(NamedTuple):
    """A probe of a port, by its number or name: `kind` as `readinessProbe`, and the names that the container declares.

    `path` is that of a URL, empty where a connection alone is tried. `numbers` are those of all ports that it declares.
    """

    kind: str
    field: str
    port: int | str
    declared: tuple[str, ...]
    path: str = ""
    numbers: tuple[int, ...] = ()


class ContainerTexts(NamedTuple):
    """A container: its variables, those of `envFrom` first, its `command` and `args`, its probes, and its image.

    `asked` are the hosts that the kubelet asks for it, in place of the pod.
    """

    variables: tuple[Variable, ...]
    words: tuple[Word, ...]
    probes: tuple[Probe, ...] = ()
    asked: tuple[Word, ...] = ()
    image: str = ""


class PodTexts(NamedTuple):
    """What the containers of a pod are told, and what is mounted for them."""

    containers: tuple[ContainerTexts, ...] = ()
    mounted: tuple[Reference, ...] = ()


NO_TEXTS = PodTexts()


class Backend(NamedTuple):
    """A Service to which a route leads. `port` is its number or name, None where none is stated."""

    field: str
    namespace: str
    service: str
    port: int | str | None
