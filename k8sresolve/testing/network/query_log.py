"""The log of what was asked of the offline cluster, and counts that tell the whole story when a test fails."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, Literal, TypeAlias

import attrs

from k8sresolve._columns import Columns
from k8sresolve._core.wire.rcodes import Rcode
from k8sresolve._escaping import escaped
from k8sresolve._locks import Lock
from k8sresolve.errors import Transport
from k8sresolve.testing.coredns.records import Record
from k8sresolve.testing.network.faults import KINDS, FaultOutcome
from k8sresolve.testing.network.text import read_name, read_type

_MOST = 100_000  # queries and records that are kept
_RECORDS_SHOWN = 3
_ROOM = 200  # characters; pytest cuts what it shows of a value at 240

LoggedOutcome: TypeAlias = Rcode | Literal["NODATA", "truncated", "no reply"] | FaultOutcome


# github.com/miekg/dns, ClassToString.
_CLASSES = {1: "IN", 2: "CSNET", 3: "CHAOS", 4: "HESIOD", 254: "NONE", 255: "ANY"}


@attrs.frozen
class Exchange:
    """What the log has of a query and its reply besides: ports, headers, and octets as they were sent.

    `duration` are seconds until the reply went, and `rcode` is None where none did.
    """

    port: int
    id: int
    opcode: int
    rdclass: int
    request_size: int
    dnssec_ok: bool
    bufsize: int
    rcode: str | None
    response_size: int
    duration: float


@attrs.frozen
class LoggedQuery:
    """One question that came to a nameserver, and what its asker was sent. Made by `Network`, for `QueryLog`.

    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> with cluster.resolver(namespace="shop", family="ipv4") as resolver:
    ...     found = resolver.service("payments")
    ...
    >>> for query in cluster.queries:
    ...     print(query)
    ...
    0.000 s  udp  10.244.0.77  10.96.0.10  payments.shop.svc.cluster.local. A  NOERROR 10.96.20.1
    """

    name: str
    """Absolute, and in lower case."""

    rdtype: str
    """The record type, such as `"SRV"`."""

    transport: Transport
    """`"udp"` or `"tcp"`."""

    at: float
    """When it came, in seconds by the cluster's clock."""

    outcome: LoggedOutcome
    """The reply's rcode, `"NODATA"`, `"truncated"`, or what a fault made of it.

    That is `"dropped"`, `"reset"`, `"wrong id"`, `"wrong question"`, `"wrong source"` or `"garbage"`; and `"no reply"`
    where CoreDNS itself sends none.
    """

    client: str = ""
    """The address that asked; empty where it is not known."""

    nameserver: str = ""
    """The address that was asked."""

    replica: str = ""
    """The one of the cluster's nameservers that this led to, empty where the question went elsewhere."""

    faults: tuple[str, ...] = ()
    """The kinds of all faults that hit it, in the order of their effect."""

    answer: tuple[Record, ...] = attrs.field(default=(), repr=False)
    """The answer section, empty where a fault spoilt the reply; see `records`."""

    _exchange: Exchange | None = attrs.field(default=None, repr=False, eq=False)

    def coredns_fields(self) -> Mapping[str, str | int | float | bool | None]:
        """Tell it by the fields of the JSON log of CoreDNS 1.15's plugin `log`, sizes in octets.

        `response_size` is what was sent, where CoreDNS tells what it would be without compression. Fields about the
        messages themselves are left out of a query that was not logged by a cluster.

        >>> from k8sresolve.testing import LoggedQuery
        >>> LoggedQuery("db.shop.svc.cluster.local.", "A", "udp", 0.5, "NXDOMAIN").coredns_fields()["qtype"]
        'A'
        """
        asked: dict[str, str | int | float | bool | None] = {"client_ip": self.client}
        exchange = self._exchange
        if exchange is None:
            return {**asked, "qname": self.name, "qtype": self.rdtype, "protocol": self.transport}
        return {
            **asked,
            "client_port": exchange.port,
            "qname": self.name or ".",
            "qtype": self.rdtype,
            "qclass": _CLASSES.get(exchange.rdclass, f"CLASS{exchange.rdclass}"),
            "protocol": self.transport,
            "id": exchange.id,
            "opcode": exchange.opcode,
            "request_size": exchange.request_size,
            "dnssec_ok": exchange.dnssec_ok,
            "bufsize": exchange.bufsize,
            "rcode": exchange.rcode,
            "response_size": exchange.response_size,
            "duration_seconds": round(exchange.duration, 9),
        }

    @property
    def records(self) -> tuple[str, ...]:
        """The answer section as lines of a zone file: name, TTL, type and data."""
        return tuple(map(str, self.answer))

    def __str__(self) -> str:
        return escaped("  ".join(self.cells()))

    def cells(self, *, replicas: bool = False) -> Sequence[str]:
        """Tell it in columns: time, transport, client, nameserver, question, outcome with data and faults.

        With `replicas` also which of them it was led to.
        """
        way = [self.nameserver, self.replica] if replicas and self.replica != self.nameserver else [self.nameserver]
        return (
            f"{self.at:.3f} s",
            self.transport,
            self.client or "-",
            " > ".join(filter(None, way)) or "-",
            f"{self.name} {self.rdtype}",
            self.result(),
        )

    def result(self) -> str:
        """Tell the outcome, the first records' data, and the faults that it does not tell already."""
        shown = [self._data(record) for record in self.answer[:_RECORDS_SHOWN]]
        more = len(self.answer) - len(shown)
        faults = [fault for fault in self.faults if KINDS[fault].outcome != self.outcome]
        word = "fault" if len(faults) == 1 else "faults"
        parts = [
            ", ".join(shown),
            f"and {more} more" if more else "",
            f"({word}: {', '.join(faults)})" if faults else "",
        ]
        return " ".join(filter(None, [self.outcome, *parts]))

    def _data(self, record: Record) -> str:
        _, _, rdtype, data = str(record).split(maxsplit=3)
        return data if rdtype == self.rdtype else f"{rdtype} {data}"


class QueryCount(int):
    """How often something was asked: a number, whose `repr`, which pytest shows, tells what else was asked.

    Made by `QueryLog.asked`.

    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> with cluster.resolver(namespace="shop", family="ipv4") as resolver:
    ...     found = resolver.service("payments")
    ...
    >>> cluster.queries.asked("payments.shop.svc.cluster.local", "AAAA")
    0 (asked in all: payments.shop.svc.cluster.local. A NOERROR)
    """

    _log: "QueryLog"

    @classmethod
    def of(cls, number: int, log: "QueryLog") -> "QueryCount":
        """Make a count of queries in a log."""
        count = cls(number)
        count._log = log
        return count

    @property
    def story(self) -> Sequence[str]:
        """The whole exchange, a line for each query."""
        return str(self._log).splitlines()

    def __str__(self) -> str:
        return int.__repr__(self)

    def __format__(self, spec: str) -> str:
        return int(self).__format__(spec)

    def __repr__(self) -> str:
        kinds = Counter(escaped(f"{query.name} {query.rdtype} {query.outcome}") for query in self._log)
        told = [kind if number == 1 else f"{number} x {kind}" for kind, number in kinds.items()]
        shown = told[: max(1, sum(length < _ROOM for length in accumulate(len(text) + 2 for text in told)))]
        more = [f"and {len(told) - len(shown)} more"] if len(told) > len(shown) else []
        return f"{self} (asked in all: {'; '.join(shown + more) or 'nothing'})"

    def __reduce__(self) -> tuple[Any, ...]:
        return int, (int(self),)


class QueryLog:
    """What was asked of the cluster's nameservers, in order. It is bounded: the oldest of some 100,000 give way.

    That of a cluster is `Cluster.queries`. It can be iterated, has a length, and as text is a table.

    Args:
        queries: What it begins with.

    >>> from k8sresolve.testing import QueryLog
    >>> log = QueryLog()
    >>> log.asked("payments.shop.svc.cluster.local", "A") == 0
    True
    >>> print(log)
    nothing was asked
    """

    def __init__(self, queries: Iterable[LoggedQuery] = ()) -> None:
        self._queries = deque(queries)
        self._size = 0
        self._watchers: list[Callable[[LoggedQuery], object]] = []
        self._lock = Lock()

    def __iter__(self) -> Iterator[LoggedQuery]:
        with self._lock:
            return iter(tuple(self._queries))

    def __len__(self) -> int:
        return len(self._queries)

    def of(self, name: str | None = None, rdtype: str | None = None) -> "QueryLog":
        """Pick the queries for a name (with or without the dot) and type, as a log; None stands for any.

        Args:
            name: With or without the dot at its end, in any letter case.
            rdtype: Such as `"A"`.

        Raises:
            ConfigError: There is no such type.
        """
        wanted = None if name is None else read_name(name)
        kind = None if rdtype is None else read_type(rdtype)
        return QueryLog(query for query in self if wanted in (None, query.name) and kind in (None, query.rdtype))

    def asked(self, name: str | None = None, rdtype: str | None = None) -> QueryCount:
        """Count the queries for a name (with or without the dot) and type; None stands for any.

        What is returned is an `int`. When an assertion about it fails, pytest shows what was asked instead.

        Args:
            name, rdtype: As in `of`.

        Raises:
            ConfigError: There is no such type.
        """
        return QueryCount.of(len(self.of(name, rdtype)), self)

    def clear(self) -> None:
        """Forget what was asked."""
        with self._lock:
            self._queries.clear()
            self._size = 0

    def note(self, query: LoggedQuery) -> None:
        """Add a query."""
        with self._lock:
            self._queries.append(query)
            self._size += 1 + len(query.answer)
            self._keep_to_bounds()
        for watcher in self._watchers:
            watcher(query)

    def _keep_to_bounds(self) -> None:
        while self._size > _MOST:
            self._size -= 1 + len(self._queries.popleft().answer)

    def watch(self, watcher: Callable[[LoggedQuery], object]) -> None:
        """Call this for each query as it comes, in whatever thread that is.

        Args:
            watcher: Is given the query; what it returns counts for nothing.
        """
        self._watchers.append(watcher)

    def __repr__(self) -> str:
        return f"<QueryLog: {len(self)} queries>"

    def __str__(self) -> str:
        queries = tuple(self)
        if not queries:
            return "nothing was asked"
        several = len({query.replica for query in queries}) > 1
        rows = [query.cells(replicas=several) for query in queries]
        columns = Columns(rows)
        return "\n".join(columns.line([time.rjust(columns.widths[0]), *cells]) for time, *cells in rows)
