"""Which words of several parts stand anywhere in the objects: what things are called, and what anybody is told."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from k8sresolve.testing.checks.origins import Origin
from k8sresolve.testing.objects.kinds import ConfigMap
from k8sresolve.testing.objects.store import Store

_WORD = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+")


class Said:
    """How often each word is `told` to containers, files and readers of annotations, and anything is `called` so."""

    def __init__(self, origins: Iterable[Origin], store: Store) -> None:
        given = list(origins)
        self.told: Counter[str] = _counted(_told(given, store))
        self.called: Counter[str] = _counted(_called(given, store))


def stem(name: str) -> str:
    """Take the last part of a name away.

    >>> stem("azure-vote-back")
    'azure-vote'
    """
    return name.rpartition("-")[0]


def _counted(texts: Iterable[str]) -> Counter[str]:
    return Counter(word for text in texts if "-" in text for word in _WORD.findall(text))


def _told(origins: Iterable[Origin], store: Store) -> Iterator[str]:
    for item in store.everything():
        yield from (each.text for each in item.written.annotations)
        if isinstance(item, ConfigMap):
            yield from item.data.values()
    for origin in origins:
        for container in origin.written.texts.containers:
            yield from (word.text for word in container.words)
            yield from (variable.value for variable in container.variables)


def _called(origins: Iterable[Origin], store: Store) -> Iterator[str]:
    for item in store.everything():
        if item.kind != "Service":
            yield item.name
        if isinstance(item, ConfigMap):
            yield from item.data
    for origin in origins:
        yield from origin.labels.values()
        yield from (each.name for each in origin.written.texts.mounted)
        for container in origin.written.texts.containers:
            yield container.image
            taken = (variable.taken for variable in container.variables)
            yield from (f"{each.name} {each.key}" for each in taken if each is not None)
