"""What containers are told in the end: ConfigMaps looked up, and `$(VAR)` put in, as the kubelet does.

Source: `makeEnvironmentVariables` in `pkg/kubelet/kubelet_pods.go` and `third_party/forked/golang/expansion` of
Kubernetes 1.37.2. What is not known here, as the environment that Services make, stays as it is written.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from k8sresolve.testing.checks.names.mentions import MOST_TEXT, holds_hosts, holds_none, words_of
from k8sresolve.testing.checks.names.pairs import Text, with_pairs
from k8sresolve.testing.checks.origins import Origin
from k8sresolve.testing.objects.kinds import ConfigMap, Secret
from k8sresolve.testing.objects.store import Store
from k8sresolve.testing.objects.texts import ContainerTexts, Reference, Variable

_REFERENCE = re.compile(r"\$\$|\$\(([^()]*)\)")
_CREDENTIALS = frozenset("uUap")  # flags of curl, mysql and redis-cli: `-u user:password`
_MEANT = {"h": "host"}  # of psql, mysql and redis-cli
_FLAG = re.compile(r"--?([A-Za-z][\w.-]*)(?:=(.*))?", re.DOTALL)


class Taken(NamedTuple):
    """A key of a ConfigMap or Secret, and what a container calls it."""

    source: Reference
    key: str


class Told(NamedTuple):
    """What stands in a pod's own manifest, and what its containers take from elsewhere under a name."""

    texts: tuple[Text, ...]
    taken: tuple[Taken, ...]


def told(origin: Origin, store: Store) -> Told:
    """Gather what a pod's containers are told."""
    texts: list[Text] = []
    taken: list[Taken] = []
    for container in origin.written.texts.containers:
        environment: dict[str, str] = {}
        own: list[Text] = []
        for variable in container.variables:
            for name, value, reference in _values(variable, origin.namespace, store):
                value = expanded(value, environment) if reference is None else value  # noqa: PLW2901 - as the kubelet
                if _may_be_put_in(name, reference):
                    environment[name] = value
                if reference is not None:
                    taken.append(Taken(reference, name))
                elif not variable.is_namespace:
                    own.append(Text(variable.field, name, value))
        texts += [*with_pairs(own), *_words(container, environment)]
    return Told(tuple(texts), tuple(taken))


def _may_be_put_in(name: str, source: Reference | None) -> bool:
    """Whether a variable can be a part of a host, as a namespace is: not what is secret, lest it be shown as one."""
    if source is not None and source.kind == "Secret":
        return holds_hosts(name) and not holds_none(source.key)
    return not holds_none(name) or words_of(name)[-1:] == ("namespace",)


def _values(variable: Variable, namespace: str, store: Store) -> Iterator[tuple[str, str, Reference | None]]:
    """Tell the names and values that an entry of the environment comes to, and where they were taken from."""
    taken = variable.taken
    if taken is None:
        yield variable.name, namespace if variable.is_namespace else variable.value, None
        return
    data = data_of(taken, namespace, store)
    for key in [taken.key] if taken.key else data:
        if key in data:
            name = variable.name if taken.key else variable.name + key
            yield name, data[key], taken._replace(key=key)


def data_of(reference: Reference, namespace: str, store: Store) -> Mapping[str, str]:
    """Find what a ConfigMap or Secret holds; nothing where it is not there."""
    found = store.get(reference.kind, namespace, reference.name)
    return found.data if isinstance(found, ConfigMap | Secret) else {}


def _words(container: ContainerTexts, environment: Mapping[str, str]) -> Iterator[Text]:
    """Tell the arguments, each with the flag that it belongs to."""
    before, beside = "", ""
    for word in container.words:
        field, text = word.field, expanded(word.text, environment)
        part = field.rpartition("[")[0]
        flag = _FLAG.fullmatch(text)
        if flag is None:
            if part != beside or before not in _CREDENTIALS:
                yield Text(field, before if part == beside else "", text)
            before = ""
        elif flag[2] is not None:
            yield Text(field, flag[1], flag[2])
            before = ""
        else:
            before = _MEANT.get(flag[1], flag[1])
        beside = part


def expanded(text: str, environment: Mapping[str, str]) -> str:
    """Put in variables that are known; a text that would get too long to be looked at is none.

    >>> expanded("http://$(HOST):$(PORT)/$$(HOST)", {"HOST": "web"})
    'http://web:$(PORT)/$(HOST)'
    """
    length = 0

    def put_in(found: re.Match[str]) -> str:
        nonlocal length
        value = "$" if found[1] is None else environment.get(found[1], found[0])
        length += len(value)
        return value if length <= MOST_TEXT else ""

    put = _REFERENCE.sub(put_in, text)
    return put if length <= MOST_TEXT else ""
