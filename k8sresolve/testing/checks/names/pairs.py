"""A host in one variable and its port in another: `DB_HOST` and `DB_PORT`."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from k8sresolve.testing.checks.names.mentions import HOLD_HOSTS, words_of

_OWN = frozenset({"server", "app", "application", "service", "http", "grpc", "listen", "bind", "web", "container"})
"""Words before them with which a program is told where it listens itself."""


class Text(NamedTuple):
    """A text as a container is told it, and what it is called: a variable's name, a flag's or a file's.

    `only` is the one rule by which it is judged: of a host and its port together, the port at its place, and at the
    host's whether it is a slip for a Service with that port.
    """

    field: str
    key: str
    value: str
    only: str = ""


def with_pairs(texts: Iterable[Text]) -> Iterator[Text]:
    """Add, for each port that has a host of the same name beside it, the two of them together.

    >>> texts = [Text("env[0]", "DB_HOST", "mysql"), Text("env[1]", "DB_PORT", "3306")]
    >>> [text.value for text in with_pairs(texts)]
    ['mysql', '3306', 'mysql:3306', 'mysql:3306']
    """
    known = list(texts)
    yield from known
    hosts = {words[:-1]: text for text in known if (words := words_of(text.key))[-1:] and words[-1] in HOLD_HOSTS}
    for text in known:
        *before, last = words_of(text.key) or ("",)
        host = hosts.get(tuple(before))
        if last != "port" or host is None or not before or before[-1] in _OWN:
            continue
        if re.fullmatch("[0-9]{1,5}", text.value) and re.fullmatch(r"[\w.-]+", host.value):
            both = f"{host.value}:{text.value}"
            yield Text(text.field, host.key, both, only="name-port")
            yield Text(host.field, host.key, both, only="name-service-missing")
