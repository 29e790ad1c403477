"""CoreDNS's `cache` plugin: one TTL for all records of a reply, and replies that are given again while they count down.

Prefetching and serving stale are not modelled, nor that a full cache forgets replies at random: here the oldest goes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum, auto
from typing import Any

import attrs

from k8sresolve._core.questions import CNAME, NS, SOA
from k8sresolve._core.wire.rcodes import NOERROR, NOTIMP, NXDOMAIN, SERVFAIL
from k8sresolve.testing.coredns.chain import NOTIFY, UNMARKED, Chain, Plugin, Reply, Request
from k8sresolve.testing.coredns.corefile import Directive
from k8sresolve.testing.coredns.names import Labels, holds, split
from k8sresolve.testing.coredns.records import ANY, AXFR, IXFR, Record
from k8sresolve.testing.coredns.setup import Block, Specification, labels, only, zones

_SHORTEST = 5  # seconds: of a reply without records, and the least by default
_SHARDS, _LEAST_SHARD = 256, 4
_MANY = 1_000_000_000
_Key = tuple[str, int, int, bool, bool]


class _Kind(Enum):
    """What a reply is to the cache (plugin/pkg/response, `Type`)."""

    POSITIVE = auto()
    NEGATIVE = auto()
    FAILURE = auto()
    REFERRAL = auto()
    NEVER = auto()


@attrs.frozen(kw_only=True)
class CacheOptions:
    """The options of `cache`. `zones` are those it acts for; times are in seconds.

    `success` and `denial` are (capacity, longest, shortest) for positive and for negative replies, `failure` how long
    SERVFAIL is kept, `no_success` and `no_denial` the zones where nothing is kept, which does not spare their replies
    the one TTL, and `keep_ttl` ends the countdown.
    """

    zones: tuple[Labels, ...]
    success: tuple[int, int, int] = (10_000, 3600, _SHORTEST)
    denial: tuple[int, int, int] = (10_000, 1800, _SHORTEST)
    failure: int = _SHORTEST
    no_success: tuple[Labels, ...] = ()
    no_denial: tuple[Labels, ...] = ()
    keep_ttl: bool = False


@attrs.frozen
class _Item:
    reply: Reply
    ttl: int
    stored: float

    def left(self, now: float) -> int:
        return self.ttl - int(now - self.stored)


class _Half:
    """The items of one kind, of which the oldest goes when there are too many."""

    def __init__(self, capacity: int) -> None:
        self._capacity = max(capacity // _SHARDS, _LEAST_SHARD) * _SHARDS
        self._items: dict[_Key, _Item] = {}

    def get(self, key: _Key, now: float) -> _Item | None:
        item = self._items.get(key)
        return item if item is not None and item.left(now) > 0 else None

    def put(self, key: _Key, item: _Item) -> None:
        if key not in self._items and len(self._items) >= self._capacity:
            del self._items[next(iter(self._items))]
        self._items[key] = item


class Cache:
    """The plugin, by a clock that tells seconds."""

    def __init__(self, options: CacheOptions, clock: Callable[[], float]) -> None:
        self._options = options
        self._clock = clock
        self._positive = _Half(options.success[0])
        self._negative = _Half(options.denial[0])

    def answer(self, request: Request, rest: Chain) -> Reply:
        """Answer from memory, or have the next plugin answer and remember that."""
        name = request.name.lower()
        labels = split(name)
        if not holds(self._options.zones, labels):
            return rest.answer(request)
        key = (name, request.rdtype, request.rdclass, request.dnssec, request.unchecked)
        now = self._clock()
        item = self._find(key, now)
        if item is not None:
            ttl = item.ttl if self._options.keep_ttl else item.left(now)
            # CoreDNS sets AA on what it remembers, as some old clients want it.
            marks = UNMARKED._replace(recursion_available=item.reply.marks.recursion_available)
            return _with_ttl(item.reply, ttl)._replace(authoritative=True, marks=marks)
        reply = rest.answer(request)
        return self._keep(key, labels, reply, request, now) if reply.sender == "plugin" else reply

    def _find(self, key: _Key, now: float) -> _Item | None:
        negative = self._negative.get(key, now)
        if negative is not None and negative.reply.rcode != SERVFAIL:
            return negative
        return self._positive.get(key, now) or negative

    def _keep(self, key: _Key, labels: Labels, reply: Reply, request: Request, now: float) -> Reply:
        kind = _kind(reply, request)
        if kind is _Kind.FAILURE:
            ttl = self._options.failure
        else:
            _, longest, shortest = self._options.denial if kind is _Kind.NEGATIVE else self._options.success
            ttl = min(max(_least_ttl(reply, kind, longest), shortest), longest)
        reply = _with_ttl(reply, ttl)
        if ttl > 0 and _may_be_kept(reply, request, kind):
            item = _Item(reply, ttl, now)
            if kind in (_Kind.NEGATIVE, _Kind.FAILURE):
                if not holds(self._options.no_denial, labels):
                    self._negative.put(key, item)
            elif not holds(self._options.no_success, labels):
                self._positive.put(key, item)
        return reply


def _with_ttl(reply: Reply, ttl: int) -> Reply:
    def aged(records: Sequence[Record]) -> tuple[Record, ...]:
        return tuple(record._replace(ttl=ttl) for record in records)

    return reply._replace(answer=aged(reply.answer), authority=aged(reply.authority), additional=aged(reply.additional))


def _kind(reply: Reply, request: Request) -> _Kind:
    """Sort a reply as CoreDNS does (plugin/pkg/response, `Typify`)."""
    if request.opcode == NOTIFY or request.rdtype in (AXFR, IXFR):
        return _Kind.NEVER
    authority = {record.rdtype for record in reply.authority}
    if reply.answer:
        if reply.rcode != NOERROR:
            return _Kind.NEVER
        # RFC 2308, section 2.2: an alias that leads to nothing is NODATA, too.
        return _Kind.NEGATIVE if SOA in authority and not _answers(reply, request) else _Kind.POSITIVE
    if reply.rcode == NXDOMAIN or (reply.rcode == NOERROR and SOA in authority):
        return _Kind.NEGATIVE
    if reply.rcode in (SERVFAIL, NOTIMP):
        return _Kind.FAILURE
    if reply.rcode != NOERROR:
        return _Kind.NEVER
    return _Kind.REFERRAL if NS in authority else _Kind.POSITIVE


def _may_be_kept(reply: Reply, request: Request, kind: _Kind) -> bool:
    if kind is _Kind.NEVER or reply.marks.truncated:
        return False
    if any(record.rdtype == SOA for record in reply.authority):
        return True
    # RFC 2308, section 5: without an SOA record, nothing says for how long there is nothing.
    if kind is _Kind.NEGATIVE:
        return False
    return kind is not _Kind.POSITIVE or not reply.answer or _answers(reply, request)


def _answers(reply: Reply, request: Request) -> bool:
    """Whether the answer has a record of the type at the end of the alias chain (RFC 1034, section 3.6.2)."""
    owner = request.name.lower()
    if request.rdtype == ANY:
        return any(record.name.lower() == owner for record in reply.answer)
    seen: set[str] = set()
    while True:
        targets = {
            str(record.rdata[0]).lower()
            for record in reply.answer
            if record.rdtype == CNAME and record.name.lower() == owner
        }
        if request.rdtype == CNAME:
            return len(targets) == 1
        if not targets:
            return any(record.rdtype == request.rdtype and record.name.lower() == owner for record in reply.answer)
        if len(targets) > 1 or owner in seen:
            return False
        seen.add(owner)
        owner = targets.pop()


def _least_ttl(reply: Reply, kind: _Kind, longest: int) -> int:
    records = (*reply.answer, *reply.authority, *reply.additional)
    if kind not in (_Kind.POSITIVE, _Kind.NEGATIVE) or not records:
        return _SHORTEST
    return min(longest, *(record.ttl for record in records))


def _set_up(block: Block, directives: Sequence[Directive]) -> Iterator[Plugin]:
    directive = only(directives)
    arguments = list(directive.arguments)
    options: dict[str, Any] = {"success": (10_000, 3600, _SHORTEST), "denial": (10_000, 1800, _SHORTEST)}
    if arguments and arguments[0].text.lstrip("-").isdecimal():
        ttl = arguments.pop(0).number(1, _MANY)
        options = dict.fromkeys(options, (10_000, ttl, _SHORTEST))
    for option in block.options(directive):
        options |= _read_option(option, options)
    yield Cache(CacheOptions(zones=labels(block.zones_of(arguments)), **options), block.surroundings.clock)


def _read_option(option: Directive, so_far: Mapping[str, Any]) -> dict[str, Any]:
    """Read one option, as fields of `CacheOptions`."""
    match option.name:
        case "success" | "denial":
            return {option.name: _capacity_and_times(option, so_far[option.name])}
        case "servfail":
            return {"failure": int(option.take(1, 1)[0].seconds())}
        case "disable":
            kind, *disabled = option.take(1)
            if kind.text not in ("success", "denial"):
                raise kind.error("disable takes success or denial")
            return {f"no_{kind.text}": labels(zones(disabled) or (".",))}
        case _:
            return {"keep_ttl": True}


def _capacity_and_times(option: Directive, otherwise: tuple[int, int, int]) -> tuple[int, int, int]:
    """Read `success CAPACITY [TTL [MINIMUM]]`."""
    capacity, *times = option.take(1)[:3]
    longest = times[0].number(1, _MANY) if times else otherwise[1]
    shortest = times[1].number(0, _MANY) if len(times) > 1 else otherwise[2]
    return capacity.number(-_MANY, _MANY), longest, shortest


SPECIFICATION = Specification(
    "cache", _set_up, options=frozenset({"success", "denial", "servfail", "disable", "keepttl"})
)
