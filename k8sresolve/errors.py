"""Every error that k8sresolve raises. Nothing of dnspython, the operating system or YAML escapes instead.

`ResolveError` and below say what was asked, as the user typed it, what was tried, what came back and what to do. They
are `socket.gaierror` too, with the EAI code a libc would give, so `except OSError` in existing programs goes on
working. All fields survive pickle, copy and a process pool.
"""

from __future__ import annotations

import _socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from k8sresolve._escaping import escaped

if TYPE_CHECKING:
    from k8sresolve.attempts import Attempt, ConnectAttempt

__all__ = [
    "BadResponse",
    "ConfigError",
    "ConnectFailed",
    "ConnectTimeout",
    "Error",
    "InternalError",
    "InvalidHints",
    "InvalidName",
    "LookupTimeout",
    "ManifestError",
    "NetworkError",
    "NoData",
    "NoEndpoints",
    "NoSuchName",
    "NotFound",
    "NotHeadless",
    "Outcome",
    "PortsDiffer",
    "Purpose",
    "Reason",
    "Refused",
    "ResolveError",
    "ResolverClosed",
    "ServerFailure",
    "TemporaryFailure",
    "Transport",
    "WaitTimeout",
]

Transport: TypeAlias = Literal["udp", "tcp"]
"""What carries a question: datagrams, or a connection.

>>> from typing import get_args
>>> from k8sresolve import Transport
>>> get_args(Transport)
('udp', 'tcp')
"""

Purpose: TypeAlias = Literal["first", "resend", "failover", "tcp", "probe"]
"""Why a question is sent.

`"first"`: for the first time. `"resend"`: again, to the same nameserver. `"failover"`: to another one. `"tcp"`: after a
reply that was truncated, or too many that did not match. `"probe"`: a nameserver that failed a while ago is tried
beside a good one.

>>> from typing import get_args
>>> from k8sresolve import Purpose
>>> get_args(Purpose)
('first', 'resend', 'failover', 'tcp', 'probe')
"""

Reason: TypeAlias = Literal[
    "timeout", "servfail", "refused", "notimp", "formerr", "network", "bad", "unsendable", "closed", "internal"
]
"""Why a question has no answer.

`"servfail"`, `"refused"`, `"notimp"`, `"formerr"`: the nameserver said so. `"timeout"`: none answered. `"network"`:
none could be reached. `"bad"`: a reply that cannot be right. `"unsendable"`: no packet can carry the name. `"closed"`:
the resolver was closed, or nobody waited any more. `"internal"`: a fault of this library's own.

>>> from typing import get_args
>>> from k8sresolve.errors import Reason
>>> "servfail" in get_args(Reason)
True
"""

Outcome: TypeAlias = Literal["found", "nodata", "dangling", "nxdomain", Reason, "malformed", "overtaken"]
"""What a question or a candidate came to, in one word: one of these, or a `Reason`.

`"found"`: there are records. `"nodata"`: the name exists, without a record of this type. `"nxdomain"`: it does not
exist. `"dangling"`: a CNAME leads to no record. `"malformed"`: musl 1.2.3 makes a packet of it that is no question.
`"overtaken"`: an earlier candidate, asked together with it, decided.

>>> from typing import get_args
>>> from k8sresolve import Outcome
>>> "nxdomain" in get_args(Outcome)
True
"""


class Error(Exception):
    """The root of all errors of this library. As text it is one printable line, whatever it tells of.

    >>> from k8sresolve import Error, ResolverConfig
    >>> try:
    ...     ResolverConfig.for_cluster("kube-dns")
    ... except Error as error:
    ...     print(error)
    'kube-dns' is no nameserver; give an IP address, IP:PORT or [IPv6]:PORT
    """

    def __str__(self) -> str:
        return escaped(super().__str__())


def _rebuild(cls: Callable[..., Error], fields: dict[str, Any]) -> Error:
    return cls(**fields)


class _Fields(Error):
    """An error made of named fields, which are all that pickle and copy need."""

    FIELDS: ClassVar[tuple[str, ...]]

    def __reduce__(self) -> tuple[Any, ...]:
        extra = {key: value for key, value in self.__dict__.items() if key not in self.FIELDS}
        return _rebuild, (type(self), {key: getattr(self, key) for key in self.FIELDS}), extra


class ResolveError(_Fields, _socket.gaierror):
    """A lookup failed. Raised only as one of its subclasses.

    It is a `socket.gaierror` too: `errno` is the EAI code of getaddrinfo(3) that the subclass names, else EAI_FAIL. As
    text it tells all its fields; pickle and copy keep them.

    >>> import socket
    >>> from k8sresolve import ResolveError
    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> resolver = cluster.resolver(namespace="shop")
    >>> try:
    ...     resolver.service("paymets")
    ... except ResolveError as error:
    ...     print(error.problem, error.errno == socket.EAI_NONAME)
    ...     print(error.attempts[0])
    no such name True
    paymets.shop.svc.cluster.local. A (NXDOMAIN from 10.96.0.10 in 0.5 ms)
    """

    FIELDS: ClassVar[tuple[str, ...]] = ("name", "problem", "attempts", "advice")
    CODE: ClassVar[int] = _socket.EAI_FAIL

    name: str
    """What was asked for, as the caller typed it."""
    problem: str
    """What is wrong, in words."""
    attempts: tuple[Attempt, ...]
    """What was tried, in order. Empty where nothing was asked."""
    advice: str
    """What to do, in words. Empty where there is nothing to say."""

    def __init__(self, name: str, problem: str, *, attempts: tuple[Attempt, ...] = (), advice: str = "") -> None:
        super().__init__(self.CODE, problem)
        self.name = name
        self.problem = problem
        self.attempts: tuple[Attempt, ...] = tuple(attempts)
        self.advice = advice

    def __str__(self) -> str:
        text = f"{_short(self.name) or repr(self.name)}: {self.problem}"
        if self.attempts:
            from k8sresolve.attempts import summarise

            text += f"; tried {summarise(self.attempts)}"
        return escaped(f"{text}; {self.advice}" if self.advice else text)


def _short(name: str) -> str:
    # No name in DNS is longer; what is, would only hide the rest of the message.
    return name if len(name) <= 255 else f"{name[:200]}... ({len(name)} characters)"


class NotFound(ResolveError):
    """The cluster's DNS answered, and there is nothing: `NoSuchName` or `NoData`.

    >>> from k8sresolve import NotFound
    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> resolver = cluster.resolver(namespace="shop")
    >>> for host in ("paymets", "billing"):
    ...     try:
    ...         resolver.addresses(host)
    ...     except NotFound as error:
    ...         print(type(error).__name__, error.problem)
    NoSuchName no such name
    NoData an alias of api.example.com., which has no address
    """


class NoSuchName(NotFound):
    """NXDOMAIN: the name does not exist. EAI_NONAME.

    Source: RFC 8020.

    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> resolver = cluster.resolver(namespace="shop")
    >>> resolver.service("paymets")
    Traceback (most recent call last):
    ...
    k8sresolve.errors.NoSuchName: paymets: no such name; tried paymets.shop.svc.cluster.local. (NXDOMAIN from ...
    """

    CODE = _socket.EAI_NONAME


class NoData(NotFound):
    """NODATA: the name exists, but has no record of the type asked for. EAI_NODATA, or EAI_NONAME without it.

    Source: RFC 2308.

    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> resolver = cluster.resolver(namespace="shop", family="ipv6")
    >>> resolver.service("payments")
    Traceback (most recent call last):
    ...
    k8sresolve.errors.NoData: payments: the name exists, but has no IPv6 address; tried ...
    """

    CODE: ClassVar[int] = getattr(_socket, "EAI_NODATA", _socket.EAI_NONAME)


class TemporaryFailure(ResolveError):
    """No answer for now; the name may well exist. EAI_AGAIN.

    >>> from k8sresolve import TemporaryFailure
    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> resolver = cluster.resolver(namespace="shop")
    >>> with cluster.network.drop():
    ...     try:
    ...         resolver.service("payments", timeout=1.0)
    ...     except TemporaryFailure:
    ...         print("try again later")
    try again later
    """

    CODE = _socket.EAI_AGAIN


class LookupTimeout(TemporaryFailure, TimeoutError):
    """No nameserver answered within the lookup's deadline. EAI_AGAIN, and a `TimeoutError`.

    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> resolver = cluster.resolver(namespace="shop")
    >>> with cluster.network.drop():
    ...     resolver.service("payments", timeout=1.0)
    Traceback (most recent call last):
    ...
    k8sresolve.errors.LookupTimeout: payments: no answer in time, after 1.0 s; tried ...
    """


class ServerFailure(TemporaryFailure):
    """The nameservers answered SERVFAIL: CoreDNS not yet synced with the API server, or a failing upstream. EAI_AGAIN.

    Under the policies `musl` and `musl-1.2.3` a reply that cannot be right is one, too, as musl waits for another.

    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> resolver = cluster.resolver(namespace="shop")
    >>> with cluster.network.rcode("SERVFAIL"):
    ...     resolver.service("payments")
    Traceback (most recent call last):
    ...
    k8sresolve.errors.ServerFailure: payments: the nameserver failed (SERVFAIL); tried ...
    """


class Refused(TemporaryFailure):
    """The nameservers answered REFUSED, NOTIMP or FORMERR: they do not serve this question. EAI_AGAIN.

    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> resolver = cluster.resolver(namespace="shop")
    >>> with cluster.network.rcode("REFUSED"):
    ...     resolver.service("payments")
    Traceback (most recent call last):
    ...
    k8sresolve.errors.Refused: payments: the nameserver refuses the question (REFUSED); tried ...
    """


class WaitTimeout(LookupTimeout):
    """What was waited for did not come in time: see `Resolver.wait_for` and `Watch.ready`. EAI_AGAIN.

    >>> from k8sresolve.testing import Cluster, headless
    >>> cluster = Cluster.new(headless("db.data", sql=5432, pods=1))
    >>> resolver = cluster.resolver()
    >>> resolver.wait_for("db.data", "sql", at_least=2, timeout=10.0)
    Traceback (most recent call last):
    ...
    k8sresolve.errors.WaitTimeout: db.data: 1 of 2 endpoints after 10 s: 1 endpoint (5 times); see which pods are ...
    """


class NetworkError(TemporaryFailure):
    """No nameserver could be reached: closed port, no route, no socket left. EAI_AGAIN.

    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> resolver = cluster.resolver(namespace="shop")
    >>> with cluster.network.refuse():
    ...     resolver.service("payments")
    Traceback (most recent call last):
    ...
    k8sresolve.errors.NetworkError: payments: no nameserver can be reached (connection refused), after 2.0 s; tried ...
    """


class NoEndpoints(TemporaryFailure):
    """There is no endpoint to choose from, or to give a client as its first host: none is ready yet, or none any more.

    EAI_AGAIN. `name` is the Service as its watch was told, and `()` where there is only an empty tuple.

    >>> from k8sresolve.seeds import hostports
    >>> hostports([])
    Traceback (most recent call last):
    ...
    k8sresolve.errors.NoEndpoints: (): there is no endpoint; wait until one is ready before the client is made
    """


class BadResponse(ResolveError):
    """The nameserver's reply answers the question with something that cannot be right, such as a CNAME loop. EAI_FAIL.

    So is one that the search policy's resolver takes for the last word: FORMERR under `glibc` and `go`, and REFUSED and
    NOTIMP under `go`.

    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> resolver = cluster.resolver(namespace="shop", policy="go")
    >>> with cluster.network.rcode("REFUSED"):
    ...     resolver.addresses("payments")
    Traceback (most recent call last):
    ...
    k8sresolve.errors.BadResponse: payments: the nameserver refuses the question (REFUSED); tried ...
    """


class InternalError(ResolveError):
    """A fault of this library, not of a nameserver: k8sresolve itself failed while it asked. EAI_FAIL.

    Please report it.

    >>> from k8sresolve import InternalError
    >>> error = InternalError("payments", "KeyError: 7")
    >>> print(error)
    payments: KeyError: 7
    """


class NotHeadless(ResolveError):
    """`Resolver.endpoints` was asked of a Service that has a ClusterIP, whose pods DNS does not list. EAI_FAIL.

    >>> from k8sresolve import NotHeadless
    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> resolver = cluster.resolver(namespace="shop")
    >>> try:
    ...     resolver.endpoints("payments")
    ... except NotHeadless as error:
    ...     print(error.advice)
    connect to service().addresses, or set clusterIP: None
    """


class PortsDiffer(ResolveError):
    """There is no sole number: the pods of a headless Service have unlike ones for the port, or no port was named.

    The latter is of `Resolver.port` without a port, of a Service that has several. EAI_FAIL.

    >>> from k8sresolve import PortsDiffer
    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> resolver = cluster.resolver(namespace="shop")
    >>> try:
    ...     resolver.port("payments")
    ... except PortsDiffer as error:
    ...     print(error.problem)
    the Service has no sole port, but 80, 9090
    """


class InvalidName(ResolveError, ValueError):
    """What was given is no name that could be asked; no packet was sent. EAI_NONAME, and a `ValueError`.

    >>> from k8sresolve import ServiceName
    >>> ServiceName.parse("http://payments:80")
    Traceback (most recent call last):
    ...
    k8sresolve.errors.InvalidName: http://payments:80: this is a URL; give the host alone: 'payments'
    """

    CODE = _socket.EAI_NONAME


class InvalidHints(ResolveError, ValueError):
    """`Resolver.getaddrinfo` or `getnameinfo` was asked for what the C library refuses; no packet was sent.

    That is an unknown flag, family, socket type or service, or what does not go together. It is a `ValueError`, too.

    Source: getaddrinfo(3).

    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> resolver = cluster.resolver(namespace="shop")
    >>> resolver.getaddrinfo("payments", 80, family=99)
    Traceback (most recent call last):
    ...
    k8sresolve.errors.InvalidHints: payments: ai_family not supported (port 80, family 99, type 0, proto 0, flags 0x0)
    """

    FIELDS: ClassVar[tuple[str, ...]] = (*ResolveError.FIELDS, "code")
    CODE = _socket.EAI_BADFLAGS

    code: int
    """EAI_BADFLAGS, EAI_FAMILY, EAI_ADDRFAMILY, EAI_SOCKTYPE or EAI_SERVICE; `errno` is the same."""

    def __init__(
        self, name: str, problem: str, *, code: int = CODE, attempts: tuple[Attempt, ...] = (), advice: str = ""
    ) -> None:
        super().__init__(name, problem, attempts=attempts, advice=advice)
        self.args: tuple[Any, ...] = (code, problem)
        self.errno: int | None = code
        self.code: int = code


class ConnectFailed(_Fields, ConnectionError):
    """The name has addresses, and no connection to the port was made at any of them.

    >>> import socket
    >>> from k8sresolve.testing import Cluster
    >>> with socket.socket() as nobody:
    ...     nobody.bind(("127.0.0.1", 0))  # and nobody listens
    ...     cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    ...     cluster.route("payments.shop", "http", to=nobody.getsockname())
    ...     cluster.resolver(namespace="shop").create_connection("payments", "http")
    Traceback (most recent call last):
    ...
    k8sresolve.errors.ConnectFailed: payments: no connection to port 'http'; tried 10.96.20.1:80 (connection refused ...
    """

    FIELDS: ClassVar[tuple[str, ...]] = ("name", "problem", "code", "attempts", "advice")

    name: str
    """What was to be connected to, as the caller typed it."""
    problem: str
    """What is wrong, in words."""
    code: int | None
    """The code of the first attempt that was not just left without an answer, as the module `errno` names it; ETIMEDOUT
    where all were, None where the system gave none. `errno` is the same.
    """
    attempts: tuple[ConnectAttempt, ...]
    """What was tried, in order."""
    advice: str
    """What to do, in words. Empty where there is nothing to say."""

    def __init__(
        self,
        name: str,
        problem: str,
        *,
        code: int | None = None,
        attempts: tuple[ConnectAttempt, ...] = (),
        advice: str = "",
    ) -> None:
        super().__init__(code, problem)
        self.name = name
        self.problem = problem
        self.code = code
        self.attempts: tuple[ConnectAttempt, ...] = tuple(attempts)
        self.advice = advice

    def __str__(self) -> str:
        text = f"{_short(self.name)}: {self.problem}"
        if self.attempts:
            from k8sresolve.attempts import cut

            text += f"; tried {', '.join(cut([str(attempt) for attempt in self.attempts], 10))}"
        return escaped(f"{text}; {self.advice}" if self.advice else text)


class ConnectTimeout(ConnectFailed, TimeoutError):
    """No address had answered when the time was over. A `TimeoutError`, too, and so ETIMEDOUT.

    >>> import errno
    >>> from k8sresolve import ConnectAttempt, ConnectTimeout
    >>> silent = ConnectAttempt("10.96.20.1", 80, errno.ETIMEDOUT, "no answer", 5000.0)
    >>> print(ConnectTimeout("payments", "no connection", attempts=(silent,)))
    payments: no connection; tried 10.96.20.1:80 (no answer in 5000.0 ms)
    """


class ConfigError(_Fields, ValueError):
    """The resolver's configuration lacks something or cannot be read, or an argument is none. A `ValueError`, too.

    >>> from k8sresolve import CacheConfig
    >>> CacheConfig(negative_ttl=-1)
    Traceback (most recent call last):
    ...
    k8sresolve.errors.ConfigError: negative_ttl=-1 is no number of seconds; give a finite number of 0 or more
    """

    FIELDS: ClassVar[tuple[str, ...]] = ("problem", "advice")

    problem: str
    """What is wrong, in words."""
    advice: str
    """What to do, in words. Empty where there is nothing to say."""

    def __init__(self, problem: str, *, advice: str = "") -> None:
        super().__init__(f"{problem}; {advice}" if advice else problem)
        self.problem = problem
        self.advice = advice


class ManifestError(_Fields, ValueError):
    """A manifest cannot be used. A `ValueError`, too.

    >>> from k8sresolve.testing import Cluster, service
    >>> Cluster.new(service("payments.shop", http=99999))
    Traceback (most recent call last):
    ...
    k8sresolve.errors.ManifestError: document 1, Service shop/payments, spec.ports[0].port: 99999 is no port: 1 to 65535
    """

    FIELDS: ClassVar[tuple[str, ...]] = ("problem", "file", "document", "line", "column", "object", "field")

    problem: str
    """What is wrong, in words."""
    file: str
    """The file's path. Empty where there is none."""
    document: int | None
    """Which of the file's documents, from 1. None where it is not known."""
    line: int | None
    """The line in the file, from 1. None where it is not known."""
    column: int | None
    """The column in the line, from 1: known in a Corefile only, else None."""
    object: str
    """Kind and name, as `Service shop/payments`. Empty where it is not known."""
    field: str
    """The path of the field in the object, as `spec.ports[0].port`. Empty where it is not known."""

    def __init__(
        self,
        problem: str,
        *,
        file: str = "",
        document: int | None = None,
        line: int | None = None,
        column: int | None = None,
        object: str = "",  # noqa: A002 - as a `Finding` has it
        field: str = "",
    ) -> None:
        places = (
            file,
            f"document {document}" if document is not None else "",
            f"line {line}" if line is not None else "",
            f"column {column}" if column is not None else "",
            _short(object),
            field,
        )
        where = ", ".join(place for place in places if place)
        super().__init__(f"{where}: {problem}" if where else problem)
        self.problem = problem
        self.file = file
        self.document = document
        self.line = line
        self.column = column
        self.object = object
        self.field = field


class ResolverClosed(Error, RuntimeError):
    """The resolver was closed before or during the call, or the watch is not open. A `RuntimeError`, too.

    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> resolver = cluster.resolver()
    >>> resolver.close()
    >>> resolver.service("payments.shop")
    Traceback (most recent call last):
    ...
    k8sresolve.errors.ResolverClosed: this resolver is closed
    """
