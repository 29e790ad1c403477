"""Hosts in files that have blanks between words: of fluentd, Fluent Bit, rsyslog and whoever writes as they do.

Source: the elasticsearch and forward plugins of fluentd and Fluent Bit, and omfwd of rsyslog.
"""

import re
from collections.abc import Iterator

from k8sresolve.testing.checks.names.hosts import Mention, host_and_port

_NAME = r"[a-zA-Z][\w.-]{0,259}"
_PORT_NUMBER = r"[1-9][0-9]{0,4}"
_LINE = re.IGNORECASE | re.MULTILINE
_BLOCK = re.compile(r"^[ \t]*(?:<[^>\n]{0,300}>|\[[^\]\n]{0,300}\])[ \t\r]*$", re.MULTILINE)
_HOST = re.compile(rf"^[ \t]*host[ \t]+({_NAME})[ \t\r]*$", _LINE)
_PORT = re.compile(rf"^[ \t]*port[ \t]+({_PORT_NUMBER})[ \t\r]*$", _LINE)
_HOSTS = re.compile(rf"^[ \t]*hosts?[ \t]+((?:{_NAME}:{_PORT_NUMBER}(?:,[ \t]*|[ \t\r]*$))+)", _LINE)
_OUTPUT = re.compile(
    rf"\btarget=\"({_NAME})\"\s+(?:\w+=\"[^\"\n]{{0,99}}\"\s+){{0,9}}?port=\"({_PORT_NUMBER})\"", _LINE
)
_FORWARDED = re.compile(rf"^[ \t]*[\w.*,;!=-]{{1,99}}[ \t]+@@?({_NAME}):({_PORT_NUMBER})(?=[;\s]|$)", re.MULTILINE)


def directed(text: str) -> Iterator[Mention]:
    r"""Find the hosts of lines that are a word and what it holds; a word without dots may be another thing.

    >>> [found[:2] for found in directed("<match **>\n  host es\n  port 9200\n</match>")]
    [('es', 9200)]
    >>> [found[:2] for found in directed("hosts a:9200,b:9201\n*.* @@logs:514")]
    [('a', 9200), ('b', 9201), ('logs', 514)]
    """
    for block in _BLOCK.split(text):
        hosts, ports = _HOST.findall(block), _PORT.findall(block)
        paired = ports if len(ports) == len(hosts) else [""] * len(hosts)
        yield from _read(f"{host}:{port}" if port else host for host, port in zip(hosts, paired, strict=True))
    for line in _HOSTS.findall(text):
        yield from _read(part.strip() for part in line.split(","))
    for pattern in (_OUTPUT, _FORWARDED):
        yield from _read(f"{host}:{port}" for host, port in pattern.findall(text))


def _read(hosts: Iterator[str]) -> Iterator[Mention]:
    for mention in filter(None, map(host_and_port, hosts)):
        yield mention._replace(likely=mention.likely or "." not in mention.host)
