"""CoreDNS's `cache` plugin: one TTL for all records of a reply, and replies that are given again while they count down.

What CoreDNS refreshes in the background is refreshed here as soon as the reply is made. It is not modelled that a full
cache forgets replies at random: here the oldest goes.
"""

import math
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
from k8sresolve.testing.versions import DEFAULT_COREDNS, FAILURES_KEPT, NOTIFY_PASSED, STORED_AA, Version

_SHORTEST = 5  # seconds: of a reply without records, and the least by default
_SHARDS, _LEAST_SHARD = 256, 4
_MANY = 1_000_000_000
_LONGEST_RECHECK = 300  # seconds
_Key = tuple[str, int, int, bool, bool]


class _Kind(Enum):
    """What a reply is to the cache (plugin/pkg/response, `Type`)."""

    POSITIVE = auto()
    NEGATIVE = auto()
    FAILURE = auto()
    REFERRAL = auto()
    NEVER = auto()


@attrs.frozen(kw_only=True)
class Prefetch:
    """When a reply is refreshed before its end: after `hits` of which none is `apart` seconds from the next.

    `share` is the part of the TTL that is then left at most. Without hits, nothing is.
    """

    hits: int = 0
    apart: float = 60.0
    share: float = 0.1


@attrs.frozen(kw_only=True)
class Stale:
    """How replies are given after their end (RFC 8767), for `most` seconds; 0 is never.

    With `verify`, they are refreshed first, and given where that fails; `detached`, apart from the client. `ttl` is
    theirs, and `recheck` the seconds after a failure in which it is not tried again. `positive` prefers a positive
    reply of old to a denial.
    """

    most: float = 0.0
    verify: bool = False
    detached: bool = False
    ttl: int = 0
    recheck: float = 0.0
    positive: bool = False


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
    prefetch: Prefetch = Prefetch()
    stale: Stale = Stale()


@attrs.define(eq=False)
class _Item:
    reply: Reply
    ttl: int
    stored: float
    hits: int = 0
    last_hit: float = -math.inf
    not_before: float = -math.inf

    def left(self, now: float) -> int:
        return self.ttl - int(now - self.stored)

    def hit(self, now: float, apart: float) -> None:
        self.hits = self.hits + 1 if self.last_hit >= now - apart else 1
        self.last_hit = now


class _Half:
    """The items of one kind, of which the oldest goes when there are too many."""

    def __init__(self, capacity: int) -> None:
        self._capacity = max(capacity // _SHARDS, _LEAST_SHARD) * _SHARDS
        self._items: dict[_Key, _Item] = {}

    def get(self, key: _Key, now: float, stale: float) -> _Item | None:
        """Find an item that has time left, or is not older than `stale` seconds past its end."""
        item = self._items.get(key)
        return item if item is not None and (item.left(now) > 0 or -item.left(now) < int(stale)) else None

    def known(self, key: _Key) -> _Item | None:
        """Find an item, however old it is."""
        return self._items.get(key)

    def drop(self, key: _Key) -> None:
        """Forget an item, if it is there."""
        self._items.pop(key, None)

    def put(self, key: _Key, item: _Item) -> None:
        if key not in self._items and len(self._items) >= self._capacity:
            del self._items[next(iter(self._items))]
        self._items[key] = item


class Cache:
    """The plugin of a version of CoreDNS, by a clock that tells seconds."""

    def __init__(self, options: CacheOptions, clock: Callable[[], float], coredns: Version = DEFAULT_COREDNS) -> None:
        self._options = options
        self._clock = clock
        self._passes_notify = coredns.has(NOTIFY_PASSED)
        self._keeps_failures = coredns.has(FAILURES_KEPT)
        self._keeps_authority = coredns.has(STORED_AA)
        self._positive = _Half(options.success[0])
        self._negative = _Half(options.denial[0])

    def answer(self, request: Request, rest: Chain) -> Reply:
        """Answer from memory, or have the next plugin answer and remember that."""
        labels = split(request.name.lower())
        if not holds(self._options.zones, labels) or (request.opcode and self._passes_notify):
            return rest.answer(request)
        key = _key(request)
        now = self._clock()
        item = self._find(key, now)
        if item is None:
            reply = rest.answer(request)
            if reply.sender == "error" and self._keeps_failures:
                self._keep(key, labels, reply._replace(sender="plugin"), request, now)
            return self._keep(key, labels, reply, request, now) if reply.sender == "plugin" else reply
        stale = self._options.stale
        if item.left(now) > 0:
            if self._is_due(item, now):
                self._refresh(item, request, rest, now, whatever=True)
        elif now >= item.not_before:
            refreshed = self._refresh(item, request, rest, now, whatever=False)
            if refreshed is not None and stale.verify:
                kept = self._find(key, now) if stale.detached else None
                return refreshed if kept is None else self._given(kept, now)
        return self._given(item, now)

    def _given(self, item: _Item, now: float) -> Reply:
        ttl = item.ttl if self._options.keep_ttl else max(item.left(now), 0)
        if item.left(now) <= 0 and self._options.stale.ttl:
            ttl = self._options.stale.ttl
        marks = UNMARKED._replace(recursion_available=item.reply.marks.recursion_available)
        # Before it kept AA, CoreDNS set it on what it remembers, as some old clients want it.
        authoritative = item.reply.authoritative if self._keeps_authority else True
        return _with_ttl(item.reply, ttl)._replace(authoritative=authoritative, marks=marks)

    def _is_due(self, item: _Item, now: float) -> bool:
        prefetch = self._options.prefetch
        if prefetch.hits <= 0:
            return False
        item.hit(now, prefetch.apart)
        return item.hits >= prefetch.hits and item.left(now) <= math.ceil(prefetch.share * item.ttl)

    def _refresh(self, item: _Item, request: Request, rest: Chain, now: float, *, whatever: bool) -> Reply | None:
        """Have it answered anew and remember that if it is good for it, or `whatever` it is; None where it is not."""
        key, labels = _key(request), split(request.name.lower())
        stale = self._options.stale
        reply = rest.answer(request)
        if reply.sender != "plugin":
            fresh = False
        elif stale.positive and not whatever:
            fresh = _is_usable(reply, request)
        else:
            fresh = whatever or (not reply.marks.truncated and reply.rcode in (NOERROR, NXDOMAIN))
        if fresh or (stale.positive and reply.sender == "plugin" and not reply.marks.truncated):
            reply = self._keep(key, labels, reply, request, now)
            kept = self._negative.known(key) or self._positive.known(key)
            if self._positive.known(key) is not item and (not stale.verify or stale.detached):
                self._negative.drop(key)
            if fresh and kept is not None:
                kept.hits, kept.last_hit = item.hits, now
        item.not_before = -math.inf if fresh else now + stale.recheck
        return reply if fresh else None

    def _find(self, key: _Key, now: float) -> _Item | None:
        stale = self._options.stale
        positive = self._positive.get(key, now, stale.most)
        if stale.positive and positive is not None and positive.reply.answer:
            return positive
        negative = self._negative.get(key, now, stale.most)
        if negative is not None and negative.reply.rcode != SERVFAIL:
            return negative
        return positive or negative

    def _keep(self, key: _Key, labels: Labels, reply: Reply, request: Request, now: float) -> Reply:
        kind = _kind(reply, request)
        if kind is _Kind.FAILURE:
            ttl = self._options.failure
        else:
            _, longest, shortest = self._options.denial if kind is _Kind.NEGATIVE else self._options.success
            ttl = min(max(_least_ttl(reply, kind, longest), shortest), longest)
        reply = _with_ttl(reply, ttl).marked(options=None)
        if ttl > 0 and _may_be_kept(reply, request, kind):
            item = _Item(reply, ttl, now)
            if kind in (_Kind.NEGATIVE, _Kind.FAILURE):
                if not holds(self._options.no_denial, labels):
                    self._negative.put(key, item)
            elif not holds(self._options.no_success, labels):
                self._positive.put(key, item)
        return reply


def _key(request: Request) -> _Key:
    return request.name.lower(), request.rdtype, request.rdclass, request.dnssec, request.unchecked


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


def _is_usable(reply: Reply, request: Request) -> bool:
    """Whether a reply is whole, and answers the question."""
    positive = _kind(reply, request) is _Kind.POSITIVE and _answers(reply, request)
    return not reply.marks.truncated and reply.rcode == NOERROR and positive


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
    names = [option.name for option in directive.block]
    if "serve_stale_policy" in names and ("serve_stale" not in names or names.count("serve_stale_policy") > 1):
        raise directive.token.error("serve_stale_policy stands once, and beside serve_stale")
    for option in block.options(directive):
        options |= _read_option(option, options)
    yield Cache(
        CacheOptions(zones=labels(block.zones_of(arguments)), **options), block.surroundings.clock, block.coredns
    )


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
        case "prefetch":
            return {"prefetch": _read_prefetch(option)}
        case "serve_stale":
            positive = so_far["stale"].positive if "stale" in so_far else False
            return {"stale": attrs.evolve(_read_stale(option), positive=positive)}
        case "serve_stale_policy":
            (policy,) = option.arguments
            if policy.text.lower() != "prefer_positive":
                raise policy.error(f"{policy.text!r} is no policy: prefer_positive is the only one")
            return {"stale": attrs.evolve(so_far.get("stale", Stale()), positive=True)}
        case _:
            return {"keep_ttl": True}


def _read_prefetch(option: Directive) -> Prefetch:
    """Read `prefetch AMOUNT [DURATION [PERCENTAGE%]]`."""
    hits, *rest = option.take(1, 3)
    share = 10
    if len(rest) > 1:
        if not rest[1].text.endswith("%"):
            raise rest[1].error(f"{rest[1].text!r} is no percentage, such as 10%")
        share = rest[1]._replace(text=rest[1].text[:-1]).number(10, 90)
    return Prefetch(hits=hits.number(0, _MANY), apart=rest[0].seconds() if rest else 60.0, share=share / 100)


def _read_stale(option: Directive) -> Stale:
    """Read `serve_stale [DURATION [immediate|verify [VERIFY_TIMEOUT] [TTL [RECHECK]]]]`."""
    words = list(option.arguments)
    most = words.pop(0).seconds() if words else 3600.0
    mode = words.pop(0) if words else None
    if mode is not None and mode.text.lower() not in ("immediate", "verify"):
        raise mode.error(f"{mode.text!r} is neither immediate nor verify")
    verify = mode is not None and mode.text.lower() == "verify"
    detached = bool(words.pop(0).seconds()) if verify and words else False
    ttl, recheck = (words[0].seconds() if words else 0.0), (words[1].seconds() if len(words) > 1 else 0.0)
    if len(words) > 2 or ttl != int(ttl) or recheck > _LONGEST_RECHECK:
        raise option.token.error("serve_stale takes a TTL of whole seconds, and a recheck of 5 minutes at most")
    return Stale(most=most, verify=verify, detached=detached, ttl=int(ttl), recheck=recheck)


def _capacity_and_times(option: Directive, otherwise: tuple[int, int, int]) -> tuple[int, int, int]:
    """Read `success CAPACITY [TTL [MINIMUM]]`."""
    capacity, *times = option.take(1)[:3]
    longest = times[0].number(1, _MANY) if times else otherwise[1]
    shortest = times[1].number(0, _MANY) if len(times) > 1 else otherwise[2]
    return capacity.number(-_MANY, _MANY), longest, shortest


SPECIFICATION = Specification(
    "cache",
    _set_up,
    options=frozenset(
        {"success", "denial", "servfail", "disable", "keepttl", "prefetch", "serve_stale", "serve_stale_policy"}
    ),
)
