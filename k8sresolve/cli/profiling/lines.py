"""A line of a query log, by whatever way it came: as CoreDNS writes it, or as kubectl, stern and runtimes pass it on.

CoreDNS writes `{common}` and `{combined}` (plugin/log/log.go), and since 1.15 JSON with `-log-format=json`
(plugin/log/json.go). Before that may stand anything; a time in it (RFC 3339) is the line's.
"""

import json
import re
from datetime import datetime
from typing import Any, NamedTuple, cast

_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)", re.ASCII)
_OBJECT = '{"'
# What a shipper of logs calls the line itself: Docker's json-file and Fluent Bit, stern -o json and Elastic.
_WRAPPED = ("log", "message")
_TIMES = ("time", "timestamp", "@timestamp")

_LEAST_TIME = len("2026-01-01T00:00:00Z")
_LEAST_FIELDS = 6
_MILLISECONDS = 1e11  # as seconds, a time in the year 5138
_LAST = 253_402_300_799  # the last second of the year 9999

NO_REPLY = "-"
"""The rcode where CoreDNS sent no reply."""


class Query(NamedTuple):
    """One query that was logged. `at` is Unix time, None where the line has no time.

    `name` is absolute, in lower case and in presentation form, `client` an address without brackets, `rcode` text such
    as `NXDOMAIN`, or `NO_REPLY`.
    """

    at: float | None
    client: str
    name: str
    rdtype: str
    rcode: str
    protocol: str


def read_line(line: str) -> Query | None:
    """Read a line; None for what is no query.

    >>> line = '[INFO] 10.244.1.9:40212 - 42 "A IN Db.shop.svc.cluster.local. udp 29 false 512" NOERROR qr 29 0.001s'
    >>> read_line(line).name
    'db.shop.svc.cluster.local.'
    """
    start = line.find(_OBJECT)
    if start < 0:
        return _from_text(line)
    try:
        value: object = json.loads(line[start:])
    except (ValueError, RecursionError):
        return None
    return _from_object(cast("dict[str, Any]", value)) if isinstance(value, dict) else None


def _from_text(line: str) -> Query | None:
    """Read `ADDRESS:PORT - ID "TYPE CLASS NAME PROTOCOL SIZE DO BUFSIZE" RCODE FLAGS SIZE DURATION` in a line.

    By hand, which takes a third of a regular expression's time.
    """
    head, _, rest = line.partition(' "')
    asked, _, answered = rest.strip().rpartition('" ')
    fields = head.rsplit(" ", 3)
    if len(fields) < 3:
        return None
    *before, address, dash, number = fields
    # A name in presentation form may have blanks and quotation marks, each behind a backslash.
    rdtype, *middle = asked.split(" ")
    if dash != "-" or not number.isdigit() or len(middle) < _LEAST_FIELDS or middle[-2] not in ("true", "false"):
        return None
    client = address.rpartition(":")[0].strip("[]")
    rcode = answered.partition(" ")[0]
    if not client or not rcode:
        return None
    stamp = _TIME.search(before[0]) if before and len(before[0]) >= _LEAST_TIME else None
    at = None if stamp is None else _time(stamp[0])
    return Query(at, client, _absolute(" ".join(middle[1:-4])), rdtype, rcode, middle[-4])


def _from_object(value: dict[str, Any]) -> Query | None:
    at = next((_time(value[key]) for key in _TIMES if key in value), None)
    for key in _WRAPPED:
        if isinstance(text := value.get(key), str) and (query := read_line(text)):
            return query if query.at is not None else query._replace(at=at)
    fields: list[object] = [value.get(key) for key in ("client_ip", "qname", "qtype", "protocol")]
    rcode = value.get("rcode", NO_REPLY)
    client, name, rdtype, protocol = fields
    if not all(isinstance(field, str) and field for field in fields) or not isinstance(rcode, str | None):
        return None
    return Query(at, str(client), _absolute(str(name)), str(rdtype), rcode or NO_REPLY, str(protocol))


def _absolute(name: str) -> str:
    return name.lower() if name.endswith(".") else f"{name.lower()}."


def _time(value: object) -> float | None:
    """Read a time as text (RFC 3339), or as Unix time: seconds, or, as shippers write it, their 1000ths or less."""
    try:
        seconds = float(value) if isinstance(value, int | float) else _seconds(str(value))
    except (ValueError, OverflowError):
        return None
    if isinstance(value, int | float):
        for _ in range(3):
            seconds /= 1000 if seconds >= _MILLISECONDS else 1
    return seconds if 0 <= seconds <= _LAST else None


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text.replace(",", ".")).timestamp()
