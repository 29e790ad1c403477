"""C13: what is given after it has expired, and what is asked for again before."""

from k8sresolve.config import CacheConfig
from tests.drivers.scenarios.vocabulary import (
    DUAL,
    FOUND,
    NAME,
    TASKS,
    UDP,
    VIRTUAL,
    Scenario,
    Wait,
    addresses,
    at,
    call,
)
from tests.drivers.script import answer, rcode, silent

_SERVED = CacheConfig(serve_stale=60.0)
_SHORT = addresses("short.shop.svc.cluster.local.")
_HERE, _STALE = "10.96.20.3", "10.96.20.3 stale"
_EXPIRED = (_SHORT, Wait(1.05), _SHORT)
_TWICE = {"A udp": 2}
_SERVFAIL, _REFUSED = rcode("SERVFAIL"), rcode("REFUSED")

SCENARIOS = (
    Scenario("C13 an expired answer is given at a refusal", (_HERE, _STALE), (_TWICE,), (at(answer, _REFUSED),),
        calls=_EXPIRED, cache=_SERVED, seconds=(1.05, 1.1)),
    Scenario("C13 K14 at the first SERVFAIL", (_HERE, _STALE), (_TWICE,), (at(answer, _SERVFAIL),),
        calls=_EXPIRED, cache=_SERVED, seconds=(1.05, 1.06), later=2),
    Scenario("C13 not unless that was asked for", (_HERE, "Refused"), (_TWICE,), (at(answer, _REFUSED),),
        calls=_EXPIRED, cache=CacheConfig(prefetch=0.99), seconds=(1.05, 1.1)),
    Scenario("C13 nor where a fresh one is", (_HERE, "Refused"), (_TWICE,), (at(answer, _REFUSED),),
        calls=(_SHORT, Wait(1.05), addresses(*_SHORT.args, fresh=True)), cache=_SERVED, seconds=(1.05, 1.1)),
    Scenario("C13 nor while it holds", (_HERE, _HERE), (UDP,), (at(answer, _REFUSED),),
        calls=(_SHORT, _SHORT), cache=_SERVED),
    Scenario("C13 nor where an answer comes", (_HERE, _HERE), (_TWICE,), calls=_EXPIRED, cache=_SERVED,
        seconds=(1.05, 1.1)),
    Scenario("C13 nor where nothing was known", ("Refused",), (UDP,), (at(_REFUSED),), calls=(_SHORT,), cache=_SERVED),
    Scenario("C13 after 1.8 s of silence", (_HERE, _STALE), ({"A udp": 7},), (at(answer, silent),),
        calls=_EXPIRED, cache=_SERVED, seconds=(2.85, 2.86)),
    Scenario("C13 or at the end of a shorter lookup", (_HERE, _STALE), ({"A udp": 4},), (at(answer, silent),),
        calls=(_SHORT, Wait(1.05), addresses(*_SHORT.args, timeout=0.3)), cache=_SERVED, seconds=(1.35, 1.36)),
    Scenario("C13 for five seconds at once, and nothing more is sent", (_HERE, _STALE, _STALE), (_TWICE,),
        (at(answer, _REFUSED),), calls=(*_EXPIRED, _SHORT), cache=_SERVED, seconds=(1.05, 1.1)),
    Scenario("C13 and no longer", (_HERE, _STALE, _STALE, _STALE), ({"A udp": 3},), (at(answer, _REFUSED),),
        calls=(*_EXPIRED, Wait(4.9), _SHORT, Wait(0.2), _SHORT), cache=_SERVED, seconds=(6.15, 6.2), drivers=VIRTUAL),
    Scenario("C13 the question goes on", (_HERE, _STALE, _HERE), ({"A udp": 3},), (at(answer, _SERVFAIL, answer),),
        calls=(*_EXPIRED, Wait(0.2), _SHORT), cache=_SERVED, seconds=(1.25, 1.3), drivers=TASKS),
    Scenario("C13 NXDOMAIN is an answer, and ends it", (_HERE, "NoSuchName", "Refused"), ({"A udp": 3},),
        (at(answer, rcode("NXDOMAIN"), _REFUSED),), calls=(*_EXPIRED, Wait(5.1), _SHORT), cache=_SERVED,
        seconds=(6.15, 6.2), drivers=VIRTUAL),
    Scenario("C13 for so long as was asked for", (_HERE, _STALE, "Refused"), ({"A udp": 3},), (at(answer, _REFUSED),),
        calls=(_SHORT, Wait(2.9), _SHORT, Wait(5.1), _SHORT), cache=CacheConfig(serve_stale=2.0), seconds=(8.0, 8.1),
        drivers=VIRTUAL),
    Scenario("C13 of both families", ("10.96.20.2 fd00::20:2", "10.96.20.2 fd00::20:2 stale"),
        ({"A udp": 2, "AAAA udp": 2},), (at(answer, answer, _REFUSED),), family="both",
        calls=(addresses(DUAL), Wait(31), addresses(DUAL)), cache=_SERVED, seconds=(31.0, 31.1), drivers=VIRTUAL),
    Scenario("C13 with NODATA beside it", (FOUND, f"{FOUND} stale"), ({"A udp": 2, "AAAA udp": 2},),
        (at(answer, answer, _REFUSED),), calls=(addresses(), Wait(31), addresses()), family="both", cache=_SERVED,
        seconds=(31.0, 31.1), drivers=VIRTUAL),
    Scenario("C13 of a Service with a port", (FOUND, f"{FOUND} stale"), ({"A udp": 2, "SRV udp": 2},),
        (at(answer, answer, _REFUSED),), calls=(call("service", "payments.shop", ports=["http"]), Wait(31),
        call("service", "payments.shop", ports=["http"])), cache=_SERVED, seconds=(31.0, 31.1), drivers=VIRTUAL),
    Scenario("C13 a name asked for again is asked ahead, once", (FOUND,) * 4, (_TWICE,),
        calls=(addresses(NAME), Wait(0.65), addresses(NAME), addresses(NAME), addresses(NAME)),
        cache=CacheConfig(prefetch=0.02), seconds=(0.65, 0.66), drivers=TASKS),
    Scenario("C13 and so nobody waits for it", (_HERE,) * 4, ({"A udp": 4},),
        calls=(_SHORT, Wait(0.85), _SHORT, Wait(0.9), _SHORT, Wait(0.9), _SHORT), cache=CacheConfig(prefetch=0.8),
        seconds=(2.65, 2.651), drivers=VIRTUAL),
)  # fmt: skip
