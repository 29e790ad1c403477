"""Questions and results: what lookups yield to the engine, and what they get back.

A question is one name and one type. Its result is a value, never an exception: `Found`, `Empty`, `NxDomain` or
`Failed`. Only a lookup turns a result into an error.

Nobody changes a result once it is made. That attrs should see to it would cost as much as reading the reply does, and
its classes a fiftieth of the import. What is made for every lookup, and is a tuple, is made by `new`, which is twice as
fast as to call the class.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple, Protocol, TypeAlias, TypeVar

from k8sresolve.errors import Outcome, Reason, Transport
from k8sresolve.names import IPAddress

A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, SRV = 1, 2, 5, 6, 12, 15, 16, 28, 33
NAPTR, OPT, DS, RRSIG, DNSKEY, TLSA, SVCB, HTTPS, ANY, CAA = 35, 41, 43, 46, 48, 52, 64, 65, 255, 257

TYPE_NAMES = {
    A: "A",
    NS: "NS",
    CNAME: "CNAME",
    SOA: "SOA",
    PTR: "PTR",
    MX: "MX",
    TXT: "TXT",
    AAAA: "AAAA",
    SRV: "SRV",
    NAPTR: "NAPTR",
    DS: "DS",
    RRSIG: "RRSIG",
    DNSKEY: "DNSKEY",
    TLSA: "TLSA",
    SVCB: "SVCB",
    HTTPS: "HTTPS",
    ANY: "ANY",
    CAA: "CAA",
}
"""Types by number (IANA, "Resource Record (RR) TYPEs"): those that people ask for."""


N = TypeVar("N", bound=tuple[Any, ...])


class _New(Protocol):
    def __call__(self, kind: type[N], items: tuple[Any, ...], /) -> N: ...


new: _New = tuple.__new__  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
"""Make a NamedTuple of all its items: `new(Question, ("payments.shop.svc.cluster.local.", A))`."""


blank = object.__new__
"""Make what is made for every lookup without `__init__`, a call of which takes longer than to set each field."""


def type_name(rdtype: int) -> str:
    """Write a type as text: `A`, or `TYPE65280` (RFC 3597) where it has no name here."""
    return TYPE_NAMES.get(rdtype, f"TYPE{rdtype}")


def is_under(name: str, domain: str | None) -> bool:
    """Whether an absolute name is the domain's own or one below it, whatever the letter case (RFC 4343).

    The domain may be written with the dot at its end or without. Nothing is under one that is not known: None or empty.

    >>> is_under("payments.shop.svc.Cluster.local.", "cluster.local"), is_under("mycluster.local.", "cluster.local")
    (True, False)
    """
    return bool(domain) and f".{name}".lower().endswith(suffix_of(domain))


@lru_cache(64)
def suffix_of(domain: str) -> str:
    """How the absolute names below a domain end, in lower case.

    >>> suffix_of("Cluster.local")
    '.cluster.local.'
    """
    return f".{domain.strip('.').lower()}."


class Question(NamedTuple):
    """One name, absolute (in presentation form, with the dot at its end, in the case it is sent), and one type."""

    name: str
    rdtype: int


class SrvData(NamedTuple):
    """One SRV record (RFC 2782). `target` is absolute."""

    priority: int
    weight: int
    port: int
    target: str


class Exchange(NamedTuple):
    """One sending of a question and what became of it: see `k8sresolve.errors.Attempt`."""

    nameserver: str
    transport: Transport
    outcome: str
    milliseconds: float


class _Result:
    """What the four results have in common. `FIELDS` are told by `repr`, and compared but for the last two."""

    __slots__ = ("at",)

    FIELDS: ClassVar[tuple[str, ...]]
    truncated = stale = False

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(getattr(self, field) == getattr(other, field) for field in self.FIELDS[:-2])

    __hash__: ClassVar[None] = None  # type: ignore[assignment] # a result is found by its question

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join([f'{field}={getattr(self, field)!r}' for field in self.FIELDS])})"


NO_GLUE: Mapping[str, tuple[IPAddress, ...]] = MappingProxyType({})


class Found(_Result):
    """The question has records.

    `data` are the records in the order received: addresses for A and AAAA, `SrvData` for SRV, absolute names for PTR,
    NS and CNAME, presentation text for the rest. `chain` are the CNAME targets from the question's name to the
    records' owner. `glue` are the addresses of the additional section, by name in lower case. `ttl` is the least TTL
    as received, in seconds. `truncated`: the nameserver cut the answer even over TCP. Here as in every result,
    `expires` is when it ceases to hold, `exchanges` are the sendings that it took, and `at` is when it came, by the
    driver's clock. Most are brought by the first datagram: then its nameserver is given as `exchanges`, and the
    milliseconds as `took`, since every answer that is remembered has this (`by`, `took`).
    """

    __slots__ = ("by", "chain", "data", "expires", "glue", "took", "truncated", "ttl")

    FIELDS: ClassVar[tuple[str, ...]] = "data", "ttl", "expires", "chain", "glue", "truncated", "exchanges", "at"
    outcome: ClassVar[Outcome] = "found"

    def __init__(  # noqa: PLR0917 - as each cold lookup makes one
        self,
        data: tuple[Any, ...],
        ttl: int,
        expires: float,
        chain: tuple[str, ...] = (),
        glue: Mapping[str, tuple[IPAddress, ...]] = NO_GLUE,
        truncated: bool = False,
        exchanges: tuple[Exchange, ...] | str = (),
        at: float = 0.0,
        took: float = 0.0,
    ) -> None:
        self.data: tuple[Any, ...] = data
        self.ttl: int = ttl
        self.expires: float = expires
        self.chain: tuple[str, ...] = chain
        self.glue: Mapping[str, tuple[IPAddress, ...]] = glue
        self.truncated: bool = truncated
        self.at = at
        self.by: tuple[Exchange, ...] | str = exchanges
        self.took: float = took

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """The sendings that it took."""
        by = self.by
        return (Exchange(by, "udp", "NOERROR", self.took),) if isinstance(by, str) else by

    def outlived(self, recheck: float) -> Stale:
        """The same as it is given after it has expired."""
        stale = Stale(
            self.data,
            self.ttl,
            self.expires,
            self.chain,
            self.glue,
            self.truncated,
            self.by,
            self.at,
            self.took,
        )
        stale.recheck = recheck
        return stale


class Stale(Found):
    """A `Found` that has expired, and stands in for an answer that does not come (RFC 8767).

    `recheck` is until when it is given at once, since its question failed a moment ago.
    """

    __slots__ = ("recheck",)

    stale = True
    recheck: float


class Empty(_Result):
    """The name exists and has no record of the type (RFC 2308, section 2.2).

    With a `chain`, the CNAMEs lead to no record. `limit` is when the SOA's minimum ends: beside a positive answer of
    the other family this one may live so long.
    """

    __slots__ = ("chain", "exchanges", "expires", "limit")

    FIELDS: ClassVar[tuple[str, ...]] = "expires", "limit", "chain", "exchanges", "at"

    def __init__(
        self,
        expires: float,
        limit: float = 0.0,
        chain: tuple[str, ...] = (),
        exchanges: tuple[Exchange, ...] = (),
        at: float = 0.0,
    ) -> None:
        self.exchanges: tuple[Exchange, ...] = exchanges
        self.at = at
        self.expires: float = expires
        self.limit: float = limit
        self.chain: tuple[str, ...] = chain

    @property
    def outcome(self) -> Outcome:
        """See `outcome_of`."""
        return "dangling" if self.chain else "nodata"


class NxDomain(_Result):
    """The name does not exist, for any type (RFC 2308, section 2.1).

    With a `chain`, it is the last target that does not. `limit` is when the SOA's minimum ends, whatever is kept of it.
    """

    __slots__ = ("chain", "exchanges", "expires", "limit")

    FIELDS: ClassVar[tuple[str, ...]] = "expires", "limit", "chain", "exchanges", "at"
    outcome: ClassVar[Outcome] = "nxdomain"

    def __init__(
        self,
        expires: float,
        limit: float = 0.0,
        chain: tuple[str, ...] = (),
        exchanges: tuple[Exchange, ...] = (),
        at: float = 0.0,
    ) -> None:
        self.exchanges: tuple[Exchange, ...] = exchanges
        self.at = at
        self.expires: float = expires
        self.limit: float = limit
        self.chain: tuple[str, ...] = chain


class Failed(_Result):
    """No nameserver gave an answer; `detail` says more than the `reason`."""

    __slots__ = ("detail", "exchanges", "reason")

    FIELDS: ClassVar[tuple[str, ...]] = "reason", "detail", "exchanges", "at"

    def __init__(self, reason: Reason, detail: str = "", exchanges: tuple[Exchange, ...] = (), at: float = 0.0) -> None:
        self.exchanges: tuple[Exchange, ...] = exchanges
        self.at = at
        self.reason: Reason = reason
        self.detail: str = detail

    @property
    def outcome(self) -> Outcome:
        """See `outcome_of`."""
        return self.reason


Result: TypeAlias = Found | Empty | NxDomain | Failed
Results: TypeAlias = tuple[Result | None, ...]
Asked: TypeAlias = list[tuple[tuple[Question, ...], Results]]
"""What a call asked, round by round, and what came of it."""


def outcome_of(result: Result | None) -> Outcome:
    """Say in one word what a result is; one that was not waited for is lost."""
    return "timeout" if result is None else result.outcome


def all_there(answers: Results) -> bool:
    """Wait for every answer."""
    return all(answers)  # of the values that are results none is false


def never(_answers: Results) -> bool:
    """Do without no answer."""
    return False


class Round:
    """What a lookup yields: questions to be asked at once, and when their answers suffice.

    It is resumed with a tuple of results in the order of the questions, None where one was not waited for. `enough`
    is called with that tuple as it fills; when it is true the lookup goes on. When `usable` becomes true first, the
    answers still missing get no more than a second (`Failed("timeout")` then): a lost AAAA must not hold up an A that
    is here.
    """

    __slots__ = ("enough", "questions", "usable")

    def __init__(
        self,
        questions: tuple[Question, ...],
        enough: Callable[[Results], bool] = all_there,
        usable: Callable[[Results], bool] = never,
    ) -> None:
        self.questions: tuple[Question, ...] = questions
        self.enough: Callable[[Results], bool] = enough
        self.usable: Callable[[Results], bool] = usable


class Patience:
    """How long nameservers that cannot be reached are asked again, in seconds: one budget for a whole lookup.

    It begins when it is first needed, and then has an `end`.
    """

    __slots__ = ("end", "seconds")

    def __init__(self, seconds: float) -> None:
        self.seconds: float = seconds
        self.end: float | None = None

    def until(self, now: float) -> float:
        """Until when to go on, if it is needed now."""
        if not self.seconds:
            return now
        if self.end is None:
            self.end = now + self.seconds
        return self.end

    def or_more(self, other: Patience) -> Patience:
        """Whichever lasts longer."""
        if not self.seconds:
            return other
        if self.end is None or not other.seconds:
            return self
        return other if other.end is None or other.end > self.end else self


IMPATIENT = Patience(0.0)


class Terms:
    """On which terms a call's questions are asked.

    `deadline` is by when, on the driver's clock; `fresh`: past the cache; nameservers that cannot be reached are asked
    again for `retry_unreachable` seconds.
    """

    __slots__ = ("_patience", "deadline", "fresh", "retry_unreachable")

    def __init__(self, deadline: float, fresh: bool = False, retry_unreachable: float = 0.0) -> None:
        self.deadline: float = deadline
        self.fresh: bool = fresh
        self.retry_unreachable: float = retry_unreachable

    @property
    def patience(self) -> Patience:
        """The one of all these questions; most calls need none."""
        try:
            return self._patience
        except AttributeError:
            self._patience: Patience = Patience(self.retry_unreachable)
            return self._patience


def round_of(asked: Question | Round) -> Round:
    """Return the round that asks for this: a question by itself, or a round."""
    return asked if isinstance(asked, Round) else Round((asked,))


T = TypeVar("T")
Lookup: TypeAlias = Generator[Round, Results, T]
