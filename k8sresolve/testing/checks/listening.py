"""What tells on which ports a container listens, besides what it declares."""

import re
from collections.abc import Iterator

from k8sresolve.testing.checks.names.expanding import data_of
from k8sresolve.testing.checks.origins import Origin
from k8sresolve.testing.checks.subjects import AllObjects
from k8sresolve.testing.controllers.workloads import matches
from k8sresolve.testing.objects.kinds import PortEntry, Service

# What stands before the colon of a port on which a program itself listens; any other name is that of another host.
_OWN_HOST = re.compile(r"(?:^|[^\w.$)-])(?:[\d.]*|localhost|\w*port|\$[({]\w+[)}])\Z", re.IGNORECASE)
_MOST_HOST = 64
_WEB_SERVER = re.compile(r"nginx|httpd|apache|caddy|haproxy|traefik|php|wordpress|web|front-?end|echo|\bui\b")


def is_told(number: int, origin: Origin, around: AllObjects) -> bool:
    """Whether what the containers are told, or a ConfigMap that they take, has a number, not as another host's port."""
    numbers = re.compile(rf"(?<![\w.]){number}(?!\w|\.\d)")
    return any(_is_own(text, found.start()) for text in _texts(origin, around) for found in numbers.finditer(text))


def _is_own(text: str, at: int) -> bool:
    return text[at - 1 : at] != ":" or _OWN_HOST.search(text[max(0, at - _MOST_HOST) : at - 1]) is not None


def _texts(origin: Origin, around: AllObjects) -> Iterator[str]:
    texts = origin.written.texts
    references = [*texts.mounted]
    for container in texts.containers:
        yield from (word.text for word in container.words)
        yield from (variable.value for variable in container.variables)
        references += [variable.taken for variable in container.variables if variable.taken is not None]
    for reference in dict.fromkeys(reference._replace(key="") for reference in references):
        if reference.kind == "ConfigMap":
            yield from data_of(reference, origin.namespace, around.store).values()


def is_probed(number: int, name: str, origin: Origin) -> bool:
    """Whether a probe asks a port by its number, or by the name that it has."""
    asked = {probe.port for container in origin.written.texts.containers for probe in container.probes}
    return number in asked or (name != "" and name in asked)


def serves_web(origin: Origin) -> bool:
    """Whether an image is a web server's, which listens on 80 unless it is told otherwise."""
    return any(_WEB_SERVER.search(container.image) for container in origin.written.texts.containers)


def is_reached(declared: PortEntry, own: Service, origin: Origin, around: AllObjects) -> bool:
    """Whether another Service leads to a port that the pods declare: then it is not the one that is meant here."""
    return any(
        (port.target or port.number) in (declared.number, declared.name)
        for other in around.services
        if other is not own and other.namespace == own.namespace
        if other.selects and matches(other.selector, origin.labels)
        for port in other.ports
        if port.protocol == declared.protocol
    )
