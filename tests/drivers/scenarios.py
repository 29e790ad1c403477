"""The scenarios that every driver must show: what nameservers do, and what must come of the lookup.

One list, run unchanged by `test_scenarios` on threads with real sockets, on asyncio with real sockets, and in virtual
time. The codes are those of the behaviours a stub resolver must have: M malformed and forged, T timeouts, R retries and
failover, O rotation, X truncation and TCP, C cache, A cancelling, N many at once, L lifecycle, G questions on the wire.
"""

from collections.abc import Mapping
from typing import Any

import attrs

from k8sresolve.config import CacheConfig
from tests.drivers import script
from tests.drivers.script import SHOP, Nameserver, answer, late, rcode, silent, truncated, twice, without_edns

NAME = "payments.shop.svc.cluster.local."
FOUND = "10.96.20.1"
UDP, TCP = {"A udp": 1}, {"A tcp": 1}


@attrs.frozen
class Call:
    method: str
    args: tuple[Any, ...]
    options: Mapping[str, Any]

    def of(self, resolver: Any) -> Any:
        return getattr(resolver, self.method)(*self.args, **self.options)


@attrs.frozen
class Wait:
    """Let time pass between two calls."""

    seconds: float


@attrs.frozen
class Event:
    """What happens when the first nameserver has had so many messages: `"close"`, or `"cancel"` of the first call."""

    kind: str
    after: int


def call(method: str, *args: Any, **options: Any) -> Call:
    return Call(method, args, options)


def addresses(name: str = NAME, **options: Any) -> Call:
    return call("addresses", name, **options)


@attrs.frozen
class Scenario:
    """`told` is what each call comes to, `asked` what each nameserver was asked, `seconds` how long it may take.

    The calls come one after another, or `at_once`. `says` is a pattern that the errors' texts match.
    """

    name: str
    told: tuple[str, ...]
    asked: tuple[Mapping[str, int], ...]
    nameservers: tuple[Nameserver, ...] = (Nameserver(),)
    calls: tuple[Call | Wait, ...] = (addresses(),)
    says: str = ""
    seconds: tuple[float, float] = (0.0, 0.1)
    at_once: bool = False
    event: Event | None = None
    in_flight: int = 64
    family: str = "ipv4"
    cache: CacheConfig = attrs.field(factory=CacheConfig)
    config: Mapping[str, Any] = attrs.field(factory=dict)

    @property
    def lookups(self) -> list[Call]:
        return [call for call in self.calls if isinstance(call, Call)]


def at(*steps: script.Step, kind: str = "", **options: Any) -> Nameserver:
    """Make a nameserver that takes these steps, in all that is asked or in queries of one kind."""
    return Nameserver({kind: steps}, **options)


def one(name: str, told: str, asked: Mapping[str, int], *steps: script.Step, **options: Any) -> Scenario:
    """Make a scenario of one call to one nameserver."""
    return Scenario(name, (told,), (asked,), (at(*steps or (answer,)),), **options)


def _over_tcp(name: str, told: str, tcp: int, *steps: script.Step, **options: Any) -> Scenario:
    """Make a scenario whose UDP reply is truncated; the steps are those of TCP."""
    nameserver = Nameserver({"udp": (truncated,), "tcp": steps})
    return Scenario(name, (told,), ({"A udp": 1, "A tcp": tcp},), (nameserver,), **options)


CLOSED = Nameserver(udp=False, tcp=False)
GONE = Nameserver({"": (silent,)})
FLOOD = (script.noise,) * 64

ANSWERS = (
    one("found", FOUND, UDP),
    one("found by the search list", FOUND, UDP, calls=(addresses("payments"),)),
    one("R14 nxdomain is final", "NoSuchName", UDP, calls=(addresses("nope.shop.svc.cluster.local."),)),
    one("R14 nodata is final", "NoData", {"AAAA udp": 1}, family="ipv6"),
    one("both families", "10.96.20.2 fd00::20:2", {"A udp": 1, "AAAA udp": 1}, family="both",
        calls=(addresses("dual.shop.svc.cluster.local."),)),
    one("the other family is asked before NODATA", "NoData", {"A udp": 1, "AAAA udp": 1}, family="auto",
        calls=(addresses("_http._tcp.payments.shop.svc.cluster.local."),)),
    one("a chain of aliases", "192.0.2.80 by second.example.com.,third.example.com.", UDP,
        calls=(addresses("alias.shop.svc.cluster.local."),)),
    one("an alias of nothing", "NoData", UDP, calls=(addresses("dangling.shop.svc.cluster.local."),),
        says="alias of nothing.example.com."),
    one("a ring of aliases is no answer, at once", "BadResponse", UDP,
        calls=(addresses("ring.shop.svc.cluster.local."),)),
)  # fmt: skip

SRV = (
    one("G6 a port with glue is one question", "80 payments=10.96.20.1", {"SRV udp": 1},
        calls=(call("port", "payments", "http"),)),
    one("a service and its port in one round", "10.96.20.1", {"A udp": 1, "SRV udp": 1},
        calls=(call("service", "payments", ports=["http"]),)),
    one("missing glue is asked for", "9042 cassandra-0=10.244.1.10 cassandra-1=10.244.1.11",
        {"SRV udp": 1, "A udp": 2}, script.no_glue, calls=(call("port", "cassandra", "cql"),)),
    one("partial glue: only the rest is asked for", "9042 cassandra-0=10.244.1.10 cassandra-1=10.244.1.11",
        {"SRV udp": 1, "A udp": 1}, script.partial_glue, calls=(call("port", "cassandra", "cql"),)),
    one("a target '.' is decidedly nothing", "NoData", {"SRV udp": 1}, says="not offered",
        calls=(call("port", "payments", "none"),)),
    one("a port that is missing, of a Service that is there", "NoSuchName", {"SRV udp": 1, "A udp": 1},
        says="the Service has no port 'htp'", calls=(call("port", "payments", "htp"),)),
    one("a port of a Service that is missing", "NoSuchName", {"SRV udp": 1, "A udp": 1},
        says="there is no Service 'nope'", calls=(call("port", "nope", "http"),)),
)  # fmt: skip

FAILURES = (
    one("R1 servfail, then found", FOUND, {"A udp": 2}, rcode("SERVFAIL"), answer),
    one("R2 servfail for ever", "ServerFailure", {"A udp": 3}, rcode("SERVFAIL"), says="SERVFAIL from .*, 3 sends"),
    one("R3 refused", "Refused", UDP, rcode("REFUSED"), says="REFUSED"),
    one("R4 notimp", "Refused", UDP, rcode("NOTIMP"), says="NOTIMP"),
    one("R5 formerr even without EDNS", "Refused", {"A udp": 2}, rcode("FORMERR"), says="FORMERR"),
    one("R6 formerr to EDNS", FOUND, {"A udp": 2}, without_edns(rcode("FORMERR"))),
    Scenario("R6 and that is remembered", (FOUND, "10.96.20.2"), ({"A udp": 3},), (at(without_edns(rcode("FORMERR"))),),
        calls=(addresses(), addresses("dual.shop.svc.cluster.local."))),
    one("R6 formerr to EDNS, in two copies", FOUND, {"A udp": 2}, without_edns(twice(rcode("FORMERR")))),
    one("a refusal in two copies to EDNS and to what follows", "Refused", {"A udp": 2}, twice(rcode("FORMERR"))),
    one("R15 a lame nameserver", "Refused", UDP, script.lame, says="lame"),
    one("R15 a referral", "Refused", UDP, script.referral, says="lame"),
    one("servfail in two copies counts once", FOUND, {"A udp": 3}, twice(rcode("SERVFAIL")), twice(rcode("SERVFAIL")),
        answer),
    one("T1 a silent nameserver", "LookupTimeout", {"A udp": 2}, silent, calls=(addresses(timeout=0.3),),
        seconds=(0.3, 0.31), says="no answer in time.*no reply"),
    one("T4 a deadline of 0 sends nothing", "LookupTimeout", {}, calls=(addresses(timeout=0),), seconds=(0, 0.05)),
    one("T4 a deadline that is past sends nothing", "LookupTimeout", {}, calls=(addresses(timeout=-1),),
        seconds=(0, 0.05)),
    one("T5 a late reply to the first send counts", FOUND, {"A udp": 2}, late(0.35), silent, seconds=(0.35, 0.36)),
    one("a reply after the deadline does not", "LookupTimeout", {"A udp": 1}, late(0.2), seconds=(0.1, 0.11),
        calls=(addresses(timeout=0.1),)),
    Scenario("R7 a closed port", ("NetworkError",), ({},), (CLOSED,), says="connection refused", seconds=(0.07, 0.1)),
)  # fmt: skip

_JUNK = {
    "M1 an empty datagram": script.empty,
    "M2 eleven octets": script.short,
    "M3 noise": script.noise,
    "M4 a wrong id": script.wrong_id,
    "M5 a query": script.no_qr,
    "M6 a wrong opcode": script.wrong_opcode,
    "M7 a wrong name": script.wrong_name,
    "M8 a wrong type": script.wrong_type,
    "M9 a wrong class": script.wrong_class,
    "M10 no question": script.no_question,
    "M11 two questions": script.two_questions,
    "M13 a truncated reply with a wrong id": script.wrong_id_truncated,
    "M14 a pointer loop": script.pointer_loop,
    "M16 a reply larger than advertised": script.oversize,
}

JUNK = (
    *(one(f"{name} first", FOUND, UDP, script.junk(item)) for name, item in _JUNK.items()),
    one("all junk first", FOUND, UDP, script.junk(*_JUNK.values())),
    one("only junk", "LookupTimeout", {"A udp": 2}, script.junk(*_JUNK.values(), then=silent),
        calls=(addresses(timeout=0.3),), seconds=(0.3, 0.31)),
    one("M12 a reply from elsewhere", FOUND, {"A udp": 2}, script.elsewhere(), answer, seconds=(0.25, 0.26)),
    Scenario("M17 a duplicate reply", (FOUND, "10.96.20.2", "10.96.20.3"), ({"A udp": 3},), (at(twice()),),
        calls=(addresses(), addresses("dual.shop.svc.cluster.local."), addresses("short.shop.svc.cluster.local."))),
    Scenario("M19 64 packets of junk, then TCP", (FOUND,), ({"A udp": 1, "A tcp": 1},),
        (at(script.junk(*FLOOD, then=silent), kind="udp"),)),
    Scenario("M19 64 packets with foreign ids, then TCP", (FOUND,), ({"A udp": 1, "A tcp": 1},),
        (at(script.junk(*(script.wrong_id,) * 64, then=silent), kind="udp"),)),
    one("63 packets of junk are no flood", FOUND, UDP, script.junk(*FLOOD[1:])),
)  # fmt: skip

TRUNCATION = (
    _over_tcp("X1 truncated, then TCP", FOUND, 1, answer),
    _over_tcp("X4 reset after the whole frame", FOUND, 1, script.reset_after),
    _over_tcp("X5 reset within the frame, then whole", FOUND, 2, script.reset_early, answer),
    _over_tcp("X5 closed within the frame, then whole", FOUND, 2, script.close_early, answer),
    _over_tcp("reset at once for ever", "NetworkError", 3, script.reset_at_once,
        says=r"truncated.*connection reset by peer"),
    _over_tcp("X6 a length of 0", "NetworkError", 3, script.raw(b"\0\0"), says="too short"),
    _over_tcp("X6 a length of 1", "NetworkError", 3, script.raw(b"\0\1x"), says="too short"),
    _over_tcp("X6 a length of 65,535 and no more", "LookupTimeout", 1, script.raw(b"\xff\xff"),
        calls=(addresses(timeout=0.3),), seconds=(0.3, 0.31)),
    _over_tcp("X7 two frames at once", FOUND, 1, script.two_frames),
    _over_tcp("X7 a frame in pieces of one octet", FOUND, 1, script.in_pieces(0.0001)),
    _over_tcp("T8 a dripping stream ends at the deadline", "LookupTimeout", 1, script.in_pieces(0.02, 40),
        calls=(addresses(timeout=0.3),), seconds=(0.3, 0.31)),
    _over_tcp("TCP with another id", FOUND, 2, script.other_id, answer),
    _over_tcp("TCP with another question", FOUND, 2, script.other_question, answer),
    _over_tcp("a silent TCP port", "LookupTimeout", 1, silent, calls=(addresses(timeout=0.3),), seconds=(0.3, 0.31)),
    _over_tcp("X2 truncated over TCP too: what there is, and said so", f"{FOUND} incomplete", 1, script.partly),
    _over_tcp("X2 truncated over TCP and empty is no NODATA", "BadResponse", 1, truncated, says="truncated"),
    Scenario("X8 TCP refused after truncation", ("NetworkError",), ({"A udp": 1},), (at(truncated, tcp=False),),
        says="truncated.*connection refused", seconds=(0.07, 0.1)),
    one("a truncated reply in two copies", FOUND, {"A udp": 1, "A tcp": 1}, twice(truncated), answer),
    one("X3 use-vc: no UDP at all", FOUND, TCP, config={"flags": frozenset({"use-vc"})}),
    _over_tcp("X9 nothing of a truncated reply is kept", "NetworkError", 3, script.reset_at_once),
)  # fmt: skip

FAILOVER = (
    Scenario("O1 the first nameserver is asked first", (FOUND,), (UDP, {}), (Nameserver(), Nameserver())),
    Scenario("R10 a silent first nameserver", (FOUND,), (UDP, UDP), (GONE, Nameserver()), seconds=(0.25, 0.26)),
    Scenario("R10 and the next lookup does not ask it", (FOUND, "10.96.20.2"), (UDP, {"A udp": 2}),
        (GONE, Nameserver()), calls=(addresses(), addresses("dual.shop.svc.cluster.local.")), seconds=(0.25, 0.27)),
    Scenario("R7 a closed first nameserver", (FOUND,), ({}, UDP), (CLOSED, Nameserver()), seconds=(0, 0.05)),
    Scenario("R9 the third nameserver answers", (FOUND,), ({}, UDP, UDP), (CLOSED, at(rcode("REFUSED")), Nameserver())),
    Scenario("R9 the third answers, two are silent", (FOUND,), (UDP, UDP, UDP), (GONE, GONE, Nameserver()),
        seconds=(0.75, 0.76)),
    Scenario("R3 REFUSED, then another", (FOUND,), (UDP, UDP), (at(rcode("REFUSED")), Nameserver())),
    Scenario("R1 SERVFAIL, then another", (FOUND,), (UDP, UDP), (at(rcode("SERVFAIL")), Nameserver())),
    Scenario("R15 lame, then another", (FOUND,), (UDP, UDP), (at(script.lame), Nameserver())),
    Scenario("R2 SERVFAIL from both", ("ServerFailure",), ({"A udp": 2}, UDP),
        (at(rcode("SERVFAIL")), at(rcode("SERVFAIL")))),
    Scenario("REFUSED from both", ("Refused",), (UDP, UDP), (at(rcode("REFUSED")), at(rcode("REFUSED")))),
    Scenario("all closed", ("NetworkError",), ({}, {}), (CLOSED, CLOSED), says="connection refused"),
    Scenario("a silent and a closed one", ("LookupTimeout",), ({"A udp": 2}, {}), (GONE, CLOSED),
        calls=(addresses(timeout=0.3),), seconds=(0.3, 0.31)),
    Scenario("R14 NXDOMAIN is not asked of another", ("NoSuchName",), (UDP, {}), (Nameserver(), Nameserver()),
        calls=(addresses("nope.shop.svc.cluster.local."),)),
    Scenario("R14 nor NODATA", ("NoData",), ({"AAAA udp": 1}, {}), (Nameserver(), Nameserver()), family="ipv6"),
    Scenario("TCP refused after truncation, then another nameserver", (FOUND,), ({"A udp": 1}, TCP),
        (at(truncated, tcp=False), Nameserver()), seconds=(0, 0.1)),
    Scenario("rotate", (FOUND, "10.96.20.2", "10.96.20.3"), (UDP, UDP, UDP), (Nameserver(),) * 3,
        calls=(addresses(), addresses("dual.shop.svc.cluster.local."), addresses("short.shop.svc.cluster.local.")),
        config={"flags": frozenset({"rotate"})}),
    one("attempts: 1 is one send", "LookupTimeout", UDP, silent, calls=(addresses(timeout=0.3),),
        config={"attempts": 1}, seconds=(0.3, 0.31)),
    one("attempts: 2 are two sends", "LookupTimeout", {"A udp": 2}, silent, calls=(addresses(timeout=0.8),),
        config={"attempts": 2}, seconds=(0.8, 0.81)),
    one("attempts: 1 and SERVFAIL", "ServerFailure", UDP, rcode("SERVFAIL"), config={"attempts": 1}),
    one("attempts: 2 and SERVFAIL", "ServerFailure", {"A udp": 2}, rcode("SERVFAIL"), config={"attempts": 2}),
    Scenario("attempts: 1 at each of two", ("LookupTimeout",), (UDP, UDP), (GONE, GONE), config={"attempts": 1},
        calls=(addresses(timeout=0.8),), seconds=(0.8, 0.81)),
    Scenario("attempts: 1 does not forbid TCP after truncation", (FOUND,), ({"A udp": 1, "A tcp": 1},),
        (Nameserver({"udp": (truncated,)}),), config={"attempts": 1}),
    one("timeout: 1 and attempts: 1 bound the lookup", "LookupTimeout", UDP, silent,
        config={"timeout": 1, "attempts": 1}, seconds=(1.0, 1.01)),
)  # fmt: skip

BOTH = "dual.shop.svc.cluster.local."
_NO_AAAA = at(silent, kind="AAAA")

PARTIAL = (
    Scenario("R16 a lost AAAA keeps A", ("10.96.20.2 incomplete",), ({"A udp": 1, "AAAA udp": 2},), (_NO_AAAA,),
        calls=(addresses(BOTH, timeout=0.3),), family="both", seconds=(0.3, 0.31)),
    Scenario("R16 and is asked for again", ("10.96.20.2 incomplete", "10.96.20.2 fd00::20:2"),
        ({"A udp": 1, "AAAA udp": 3},), (at(silent, silent, answer, kind="AAAA"),),
        calls=(addresses(BOTH, timeout=0.3), addresses(BOTH)), family="both", seconds=(0.3, 0.32)),
    Scenario("R16 a lost AAAA holds A up for a second at most", ("10.96.20.2 incomplete",),
        ({"A udp": 1, "AAAA udp": 5},), (_NO_AAAA,), calls=(addresses(BOTH),), family="both", seconds=(1.0, 1.01)),
    Scenario("R17 AAAA fails", ("10.96.20.2 incomplete",), ({"A udp": 1, "AAAA udp": 3},),
        (at(rcode("SERVFAIL"), kind="AAAA"),), calls=(addresses(BOTH),), family="both"),
    Scenario("R17 A fails", ("fd00::20:2 incomplete",), ({"A udp": 3, "AAAA udp": 1},),
        (at(rcode("SERVFAIL"), kind="A"),), calls=(addresses(BOTH),), family="both"),
    Scenario("a lost AAAA beside NODATA is no NODATA", ("LookupTimeout",), ({"A udp": 1, "AAAA udp": 2},), (_NO_AAAA,),
        calls=(addresses("_http._tcp.payments.shop.svc.cluster.local.", timeout=0.3),), family="both",
        seconds=(0.3, 0.31)),
)  # fmt: skip

_NOPE = addresses("nope.shop.svc.cluster.local.")
_SHORT, _UNKEPT = addresses("short.shop.svc.cluster.local."), addresses("unkept.shop.svc.cluster.local.")

CACHE = (
    Scenario("C1 a repeat asks nothing", (FOUND,) * 3, (UDP,), calls=(addresses(),) * 3),
    Scenario("C1 whatever the letters' case", (FOUND,) * 2, (UDP,), calls=(addresses(), addresses(NAME.upper()))),
    Scenario("fresh asks again", (FOUND,) * 2, ({"A udp": 2},), calls=(addresses(), addresses(fresh=True))),
    Scenario("C3 until the TTL is over", ("10.96.20.3",) * 3, ({"A udp": 2},),
        calls=(_SHORT, _SHORT, Wait(1.05), _SHORT), seconds=(1.05, 1.1)),
    Scenario("C4 a TTL of 0 is not kept", ("10.96.20.4",) * 2, ({"A udp": 2},), calls=(_UNKEPT, _UNKEPT)),
    Scenario("G8 a repeat of a miss asks nothing", ("NoSuchName",) * 2, (UDP,), calls=(_NOPE,) * 2),
    Scenario("G8 nor one by the search list", ("NoSuchName",) * 2, ({"A udp": 3},),
        calls=(addresses("nope.nowhere"),) * 2),
    Scenario("C7 a miss is kept for so long", ("NoSuchName",) * 3, ({"A udp": 2},),
        calls=(_NOPE, _NOPE, Wait(0.2), _NOPE), cache=CacheConfig(cluster_negative_ttl=0.15), seconds=(0.2, 0.25)),
    Scenario("C7 outside the cluster domain for longer", ("NoSuchName",) * 2, (UDP,),
        calls=(addresses("nope.example.com."), Wait(0.2), addresses("nope.example.com.")),
        cache=CacheConfig(cluster_negative_ttl=0.15), seconds=(0.2, 0.25)),
    Scenario("C7 NODATA beside a positive answer lives as long", (FOUND,) * 2, ({"A udp": 1, "AAAA udp": 1},),
        calls=(addresses(), Wait(0.2), addresses()), family="both", cache=CacheConfig(cluster_negative_ttl=0.15),
        seconds=(0.2, 0.25)),
    Scenario("C9 SERVFAIL is not kept", ("ServerFailure", FOUND), ({"A udp": 4},),
        (at(*[rcode("SERVFAIL")] * 3, answer),), calls=(addresses(), addresses()), seconds=(0.07, 0.15)),
    Scenario("C9 a timeout is not kept", ("LookupTimeout", FOUND), ({"A udp": 2},), (at(silent, answer),),
        calls=(addresses(timeout=0.1), addresses()), seconds=(0.1, 0.11)),
    Scenario("entries=0 keeps nothing", (FOUND,) * 2, ({"A udp": 2},), calls=(addresses(), addresses()),
        cache=CacheConfig(entries=0)),
)  # fmt: skip

TOGETHER = (
    Scenario("C12 a hundred callers, one question", (FOUND,) * 100, (UDP,), (at(late(0.2)),),
        calls=(addresses(),) * 100, at_once=True, seconds=(0.2, 0.21)),
    Scenario("C12 one caller's deadline does not end it for the others", ("LookupTimeout", *(FOUND,) * 20), (UDP,),
        (at(late(0.2)),), calls=(addresses(timeout=0.1), *(addresses(),) * 20), at_once=True, seconds=(0.2, 0.21)),
    Scenario("nor does a stated timeout make one caller's deadline all others'", ("LookupTimeout", *(FOUND,) * 3),
        (UDP,), (at(late(0.2)),), calls=(addresses(timeout=0.1), *(addresses(),) * 3), at_once=True,
        config={"timeout": 5}, seconds=(0.2, 0.21)),
    Scenario("C12 one caller that leaves does not end it for the others", ("left", *(FOUND,) * 99), ({"A udp": 2},),
        (at(silent, late(0.1)),), calls=(addresses(),) * 100, at_once=True, event=Event("cancel", 1),
        seconds=(0.35, 0.36)),
    Scenario("A7 the question of a caller that left can be asked again", ("left", "10.96.20.2"), ({"A udp": 2},),
        (at(silent, late(0.1), kind=NAME),), calls=(addresses(), addresses("dual.shop.svc.cluster.local.")),
        at_once=True, event=Event("cancel", 2), seconds=(0.0, 0.26)),
    Scenario("A3 a caller leaves while TCP is silent", ("left",), ({"A udp": 1, "A tcp": 1},),
        (Nameserver({"udp": (truncated,), "tcp": (silent,)}),), at_once=True, event=Event("cancel", 2),
        calls=(addresses(),), seconds=(0.0, 1.1)),
    Scenario("L2 closed while lookups are pending", ("ResolverClosed",) * 5, ({"A udp": 2},), (GONE,), at_once=True,
        calls=(*(addresses(),) * 4, addresses("dual.shop.svc.cluster.local.")), event=Event("close", 2),
        seconds=(0.0, 0.26)),
    Scenario("L2 closed while lookups are queued", ("ResolverClosed",) * 5, (UDP,), (GONE,), at_once=True, in_flight=1,
        calls=tuple(addresses(f"x{n}.shop.svc.cluster.local.") for n in range(5)), event=Event("close", 1),
        seconds=(0.0, 0.26)),
    Scenario("L2 closed while TCP is pending", ("ResolverClosed",), ({"A udp": 1, "A tcp": 1},),
        (Nameserver({"udp": (truncated,), "tcp": (silent,)}),), at_once=True, event=Event("close", 2),
        seconds=(0.0, 0.26)),
    *(
        Scenario(f"N3 a cap of {cap}", ("NoSuchName",) * 6, ({"A udp": 6},), (at(late(0.05)),), at_once=True,
            calls=tuple(addresses(f"x{n}.shop.svc.cluster.local.") for n in range(6)), in_flight=cap, seconds=took)
        for cap, took in ((1, (0.3, 0.32)), (3, (0.1, 0.12)), (6, (0.05, 0.07)))
    ),
    Scenario("N3 those in the queue keep their deadlines", ("LookupTimeout",) * 3, ({"A udp": 2},), (GONE,),
        at_once=True, in_flight=1, seconds=(0.3, 0.31),
        calls=tuple(addresses(f"x{n}.shop.svc.cluster.local.", timeout=0.3 - n / 10) for n in range(3))),
    Scenario("N3 one from the queue has what is left of its time", ("LookupTimeout", "NoSuchName"), ({"A udp": 2},),
        (at(silent, answer),), at_once=True, in_flight=1, seconds=(0.1, 0.11),
        calls=(addresses("x0.shop.svc.cluster.local.", timeout=0.1),
               addresses("x1.shop.svc.cluster.local.", timeout=0.22))),
    Scenario("N3 callers of unlike deadlines share a question in the queue", ("LookupTimeout",) * 2 + (FOUND,),
        ({"A udp": 2},), (at(late(0.2, silent), answer),), at_once=True, in_flight=1, seconds=(0.2, 0.21),
        calls=(addresses("x0.shop.svc.cluster.local.", timeout=0.2), addresses(timeout=0.1), addresses())),
)  # fmt: skip

SEARCH = (
    Scenario("G7 svc.ns is two names at once", ("NoSuchName",), ({"A udp": 3},), calls=(addresses("a.b"),)),
    Scenario("G7 svc.ns of another namespace", (FOUND,), ({"A udp": 2},), calls=(addresses("payments.shop"),)),
    Scenario("G7 a host outside", ("192.0.2.7",), ({"A udp": 2},), calls=(addresses("api.example.com"),)),
    Scenario("S3 a dot at the end is one name", ("192.0.2.7",), (UDP,), calls=(addresses("api.example.com."),)),
    Scenario("rule 4: search order decides, not arrival", (FOUND,), ({"A udp": 2},),
        (at(late(0.1), kind="payments.shop.svc.cluster.local."),), calls=(addresses("payments.shop"),),
        seconds=(0.0, 0.12)),
    Scenario("rule 5: SERVFAIL under the cluster domain is not passed over", ("ServerFailure",), ({"A udp": 4},),
        (at(rcode("SERVFAIL"), kind="payments.shop.shop.svc.cluster.local."),), calls=(addresses("payments.shop"),)),
    Scenario("rule 5: nor is a lost packet", ("LookupTimeout",), ({"A udp": 3},),
        (at(silent, kind="payments.shop.shop.svc.cluster.local."),),
        calls=(addresses("payments.shop", timeout=0.3),), seconds=(0.3, 0.31)),
)  # fmt: skip

SCENARIOS = (*ANSWERS, *SRV, *FAILURES, *JUNK, *TRUNCATION, *FAILOVER, *PARTIAL, *CACHE, *TOGETHER, *SEARCH)

__all__ = ["SCENARIOS", "SHOP", "Call", "Scenario", "Wait"]
