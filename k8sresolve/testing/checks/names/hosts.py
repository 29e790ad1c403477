"""A host as a text has it: its name, its port, how surely it is one; and ranges that stand for several."""

import re
from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from k8sresolve.testing.checks.names.words import word_set
from k8sresolve.testing.objects.labels import MOST_LABEL


class Mention(NamedTuple):
    """A host that a text names, in lower case. `port` is the one stated, or else its scheme's; None where none is.

    What is `likely` stands where hosts do and other things, too: `HOST=web`, `server: primary` or `id=web:80` in a
    file. What is `vague` stands where a Service's name may, and other names as well: `--join=web`. `whole` is the range
    that it is one of: `web-{0...3}.web`. What `is_key` is no host, but was NAMESPACE/SERVICE.
    """

    host: str
    port: int | None = None
    scheme: str = ""
    likely: bool = False
    vague: bool = False
    whole: str = ""
    is_key: bool = False


RANGE = r"\{[0-9]{1,4}\.{2,3}[0-9]{1,4}\}"
"""A range of numbers, as MinIO and shells have it."""

# What stands in the place of a host.
_NEVER = word_set("localhost host hostname example changeme change-me set-me setme replace-me replaceme todo your-host")
_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?")
_MOST_HOST = 260
_MOST_OF_RANGE = 256


def host_and_port(text: str) -> Mention | None:
    """Read `host` or `host:port`; None where it is neither, or stands for this machine or for any.

    >>> host_and_port("Web.Shop:80")
    Mention(host='web.shop', port=80, scheme='', likely=False, vague=False, whole='', is_key=False)
    """
    if len(text) > _MOST_HOST:
        return None
    host, colon, port = text.lower().partition(":")
    host = host.removesuffix(".") if host.count(".") > 1 else host
    labels = host.split(".")
    if not _HOST.fullmatch(host) or not re.search("[a-z]", labels[-1]) or host in _NEVER or labels[-1] == "localhost":
        return None
    if any(len(label) > MOST_LABEL for label in labels):
        return None
    likely = "_" in labels[-1]  # no host has that, but slips for one do
    if colon and not (re.fullmatch("[1-9][0-9]{0,4}", port) and int(port) < 1 << 16):
        return None
    return Mention(host, int(port) if colon else None, likely=likely)


def each_host(text: str) -> Iterator[Mention]:
    """Read a host with its port, or each of those that a range of numbers stands for.

    >>> [each.host for each in each_host("db-{0...2}.db:80")]
    ['db-0.db', 'db-1.db', 'db-2.db']
    """
    for one in expanded_ranges(text):
        mention = host_and_port(one)
        if mention is not None:
            yield mention if one == text else mention._replace(whole=text.lower())


def expanded_ranges(text: str) -> Iterator[str]:
    """Write out ranges of numbers; a text without any is itself, and of one that stands for very many nothing comes."""
    parts = re.split(f"({RANGE})", text) if len(text) <= _MOST_HOST else [text]
    lists = [_numbers(part) if place % 2 else [part] for place, part in enumerate(parts)]
    count = 1
    for each in lists:
        count *= len(each)
    return map("".join, product(*lists)) if count <= _MOST_OF_RANGE else iter(())


def _numbers(text: str) -> list[str]:
    """Count a range up, with as many digits as it begins with where that has a zero before it."""
    first, last = re.findall("[0-9]+", text)
    digits = len(first) if first[0] == "0" else 0
    return [f"{number:0{digits}}" for number in range(int(first), int(last) + 1)]
