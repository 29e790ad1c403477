"""A host in one variable and its port in another: `DB_HOST` and `DB_PORT`."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from k8sresolve.testing.checks.names.mentions import HOLD_HOSTS, words_of

_OWN = frozenset({"server", "app", "application", "service", "http", "grpc", "listen", "bind", "web", "container"})
"""Words before them with which a program is told where it listens itself."""


class Text(NamedTuple):
    """A text as a container is told it, and what it is called: a variable's name, a flag's or a file's.

    With `only_port`, it says at the place of the port which host is meant, and its name is judged at its own place.
    """

    field: str
    key: str
    value: str
    only_port: bool = False


def with_pairs(texts: Iterable[Text]) -> Iterator[Text]:
    """Add, for each port that has a host of the same name beside it, the two of them together.

    >>> texts = [Text("env[0]", "DB_HOST", "mysql"), Text("env[1]", "DB_PORT", "3306")]
    >>> [text.value for text in with_pairs(texts)]
    ['mysql', '3306', 'mysql:3306']
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
            yield Text(text.field, host.key, f"{host.value}:{text.value}", only_port=True)
