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

Transport: TypeAlias = Literal["udp", "tcp"]
"""What carries a question: datagrams, or a connection."""

Purpose: TypeAlias = Literal["first", "resend", "failover", "tcp", "probe"]
"""Why a question is sent: see `Observer.sent`."""

Reason: TypeAlias = Literal[
    "timeout", "servfail", "refused", "notimp", "formerr", "network", "bad", "unsendable", "closed", "internal"
]
"""Why a question has no answer.

`"bad"`: a reply that cannot be right. `"unsendable"`: no packet can carry the name. `"closed"`: the resolver was
closed, or nobody waited any more. `"internal"`: a fault of this library's own.
"""

Outcome: TypeAlias = Literal["found", "nodata", "dangling", "nxdomain", Reason, "malformed", "overtaken"]
"""What a question or a candidate came to, in one word.

`"dangling"`: a CNAME leads to no record. `"malformed"`: musl 1.2.3 makes a packet of it that is no question.
`"overtaken"`: an earlier candidate, asked together with it, decided.
"""


class Error(Exception):
    """The root of all errors of this library. As text it is one printable line, whatever it tells of."""

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

    `name` is what the user typed, `problem` what is wrong with it, `attempts` what was tried, in order, `advice` what
    to do, where there is something to say. `errno` is the EAI code of `getaddrinfo(3)`.
    """

    FIELDS: ClassVar[tuple[str, ...]] = ("name", "problem", "attempts", "advice")
    CODE: ClassVar[int] = _socket.EAI_FAIL

    def __init__(self, name: str, problem: str, *, attempts: tuple[Attempt, ...] = (), advice: str = "") -> None:
        super().__init__(self.CODE, problem)
        self.name = name
        self.problem = problem
        self.attempts = tuple(attempts)
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
    """The cluster's DNS answered, and there is nothing: `NoSuchName` or `NoData`."""


class NoSuchName(NotFound):
    """NXDOMAIN: the name does not exist (RFC 8020). EAI_NONAME."""

    CODE = _socket.EAI_NONAME


class NoData(NotFound):
    """NODATA: the name exists, but has no record of the type asked for (RFC 2308).

    EAI_NODATA; EAI_NONAME on a system that has none.
    """

    CODE: ClassVar[int] = getattr(_socket, "EAI_NODATA", _socket.EAI_NONAME)


class TemporaryFailure(ResolveError):
    """No answer for now; the name may well exist. EAI_AGAIN."""

    CODE = _socket.EAI_AGAIN


class LookupTimeout(TemporaryFailure, TimeoutError):
    """No nameserver answered within the lookup's deadline."""


class ServerFailure(TemporaryFailure):
    """The nameservers answered SERVFAIL: CoreDNS not yet synced with the API server, or an upstream that fails.

    Under the policies `musl` and `musl-1.2.3` a reply that cannot be right is one, too, as musl waits for another.
    """


class Refused(TemporaryFailure):
    """The nameservers answered REFUSED, NOTIMP or FORMERR: they do not serve this question."""


class WaitTimeout(LookupTimeout):
    """What was waited for did not come in time: see `wait_for()`, and `ready()` of a watch."""


class NetworkError(TemporaryFailure):
    """No nameserver could be reached: closed port, no route, no socket left."""


class NoEndpoints(TemporaryFailure):
    """There is no endpoint to choose from, or to give a client as its first host: none is ready yet, or none any more.

    `name` is the Service as its watch was told, and `()` where there is only an empty tuple.
    """


class BadResponse(ResolveError):
    """The nameserver's reply answers the question with something that cannot be right, such as a CNAME loop.

    So is one that the search policy's resolver takes for the last word: FORMERR under `glibc` and `go`, and REFUSED and
    NOTIMP under `go`.
    """


class InternalError(ResolveError):
    """k8sresolve itself failed while it asked: a fault of this library, not of a nameserver. Please report it."""


class NotHeadless(ResolveError):
    """`endpoints()` was asked of a Service that has a ClusterIP, whose pods DNS does not list."""


class PortsDiffer(ResolveError):
    """There is no sole number: the pods of a headless Service have unlike ones for the port, or no port was named.

    The latter is of `port()` without a port, of a Service that has several.
    """


class InvalidName(ResolveError, ValueError):
    """What was given is no name that could be asked; no packet was sent."""

    CODE = _socket.EAI_NONAME


class InvalidHints(ResolveError, ValueError):
    """`getaddrinfo()` or `getnameinfo()` was asked for what the C library refuses; no packet was sent.

    That is an unknown flag, family, socket type or service, or what does not go together. `code`, and so `errno`, is
    EAI_BADFLAGS, EAI_FAMILY, EAI_ADDRFAMILY, EAI_SOCKTYPE or EAI_SERVICE: see getaddrinfo(3).
    """

    FIELDS = (*ResolveError.FIELDS, "code")
    CODE = _socket.EAI_BADFLAGS

    def __init__(
        self, name: str, problem: str, *, code: int = CODE, attempts: tuple[Attempt, ...] = (), advice: str = ""
    ) -> None:
        super().__init__(name, problem, attempts=attempts, advice=advice)
        self.args = (code, problem)
        self.errno = self.code = code


class ConnectFailed(_Fields, ConnectionError):
    """The name has addresses, and no connection to the port was made at any of them.

    `name` is what the user typed, `problem` what is wrong, `attempts` what was tried, in order, `advice` what to do.
    `code`, and so `errno`, is that of the first attempt that was not just left without an answer.
    """

    FIELDS = ("name", "problem", "code", "attempts", "advice")

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
        self.attempts = tuple(attempts)
        self.advice = advice

    def __str__(self) -> str:
        text = f"{_short(self.name)}: {self.problem}"
        if self.attempts:
            from k8sresolve.attempts import cut

            text += f"; tried {', '.join(cut([str(attempt) for attempt in self.attempts], 10))}"
        return escaped(f"{text}; {self.advice}" if self.advice else text)


class ConnectTimeout(ConnectFailed, TimeoutError):
    """No address had answered when the time was over."""


class ConfigError(_Fields, ValueError):
    """The resolver's configuration lacks something, or cannot be read. `problem` and `advice` are its fields."""

    FIELDS = ("problem", "advice")

    def __init__(self, problem: str, *, advice: str = "") -> None:
        super().__init__(f"{problem}; {advice}" if advice else problem)
        self.problem = problem
        self.advice = advice


class ManifestError(_Fields, ValueError):
    """A manifest cannot be used.

    `file`, `document`, `line` and `column` (counted from 1), `object` (kind and name), `field` and `problem` say where
    and why; a column is known in a Corefile only.
    """

    FIELDS = ("problem", "file", "document", "line", "column", "object", "field")

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
    """The resolver was closed before or during the call."""
