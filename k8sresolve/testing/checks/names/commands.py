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


def asked(text: str) -> Iterator[Mention]:
    """Find the hosts that commands ask; what is one for a shell may be another thing, so that they are likely.

    >>> [found[:2] for found in asked("until nc -z -w 1 db 5432; do sleep 1; done; mysql -hsql -ppassword")]
    [('sql', None), ('db', 5432)]
    """
    for pattern in _COMMANDS:
        for host, port in pattern.findall(text):
            mention = host_and_port(f"{host}:{port}" if port else host)
            if mention is not None:
                yield mention._replace(likely=True)
