"""Hosts that commands of a shell ask: `pg_isready -h db -p 5432`, `nc -z db 5432`, `nslookup db`."""

import re
from collections.abc import Iterator

from k8sresolve.testing.checks.names.hosts import Mention, host_and_port

_HOST = r"([a-zA-Z][\w.-]{0,259})(?=[\s;|&)\"':]|$)"
_PORT = r"([0-9]{1,5})\b"
_SAME = r"[^|;&\n]{0,200}?\s"  # in the same command
_OPTION = rf"(?={_SAME}(?:-h|--host)[ =]?{_HOST})"
_COMMANDS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?:pg_isready|psql|pg_dump|redis-cli)\b{_OPTION}(?:{_SAME}(?:-p|--port)[ =]?{_PORT})?",
        # Here -p is a password.
        rf"\b(?:mysql|mysqladmin|mysqldump|mariadb)\b{_OPTION}(?:{_SAME}(?:-P ?|--port[ =]){_PORT})?",
        rf"\bnc(?:\s+-[a-zA-Z]+(?:\s+[0-9]+)?){{0,8}}\s+{_HOST}\s+{_PORT}",
        rf"\b(?:nslookup|getent\s+a?hosts|wait-for-it(?:\.sh)?)\s+{_HOST}(?::{_PORT})?",
        rf"/dev/tcp/([a-zA-Z][\w.-]{{0,259}})/{_PORT}",
    )
)
# `nslookup NAME NAMESERVER`, `host NAME NAMESERVER` and `dig @NAMESERVER NAME` do not ask as the pod does.
_ADDRESS = r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}|[0-9a-f]{0,4}:[0-9a-f:]+"
_END = r"(?=[\s;|&)\"'>]|$)"
_OWN_NAMESERVER = re.compile(
    rf"\bnslookup(?:\s+-\S+){{0,8}}\s+[\w.-]+\s+(?:{_ADDRESS}|[a-z][\w.-]*){_END}"
    rf"|\bhost(?:\s+-\S+){{0,8}}\s+[\w.-]+\s+(?:{_ADDRESS}){_END}"
    r"|\bdig\s(?=[^\n;|&]{0,300}@)[^\n;|&]{0,300}",
    re.IGNORECASE,
)


def without_own_nameserver(text: str) -> str:
    """Leave out commands that say which nameserver they ask.

    >>> without_own_nameserver("nslookup web.shop.svc 127.0.0.1 && dig @10.96.0.10 web.svc; nslookup web")
    '  &&  ; nslookup web'
    """
    return _OWN_NAMESERVER.sub(" ", text)


def asked(text: str) -> Iterator[Mention]:
    """Find the hosts that commands ask; what is one for a shell may be another thing, so that they are likely.

    >>> [(each.host, each.port) for each in asked("until nc -z -w 1 db 5432; do sleep 1; done; mysql -hsql -ppassword")]
    [('sql', None), ('db', 5432)]
    """
    for pattern in _COMMANDS:
        for host, port in pattern.findall(text):
            mention = host_and_port(f"{host}:{port}" if port else host)
            if mention is not None:
                yield mention._replace(likely=True)
