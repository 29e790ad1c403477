"""K: how cluster DNS fails in practice, and what must come of it."""

from tests.drivers import odd, script
from tests.drivers.scenarios.vocabulary import FOUND, NAME, REAL, UDP, Scenario, addresses, at, call, one
from tests.drivers.script import answer, rcode, silent

_ALIAS, _DANGLING = addresses("alias.shop.svc.cluster.local."), addresses("dangling.shop.svc.cluster.local.")
_FOUND = "192.0.2.80 by second.example.com.,third.example.com."
_CUT = at(odd.alias_alone, answer)

_SERVED = tuple(addresses(f"pod-{n}.shop.svc.cluster.local.") for n in range(7))
_PODS = "\n".join(f"pod-{n}.shop.svc.cluster.local. 30 A 10.244.1.{n}" for n in range(7))
_MANY = "_cql._tcp.big.shop.svc.cluster.local."
_RECORDS = [f"0 1 9042 db-{n}.big.shop.svc.cluster.local." for n in range(1000)]
_TOLD = f"{', '.join(sorted(_RECORDS))} at {_MANY}"
_BIG = "\n".join(f"{_MANY} 30 SRV {record}" for record in _RECORDS)


def _large(count: int) -> script.Nameserver:
    """A Service of so many addresses, at a nameserver that cuts what does not fit."""
    zone = "\n".join(f"{NAME} 30 A 10.96.30.{n}" for n in range(1, count + 1))
    return at(odd.fitting, kind="udp", zone=zone)


def _addresses(count: int) -> str:
    return " ".join(f"10.96.30.{n}" for n in range(1, count + 1))


SCENARIOS = (
    Scenario("K3 a nameserver vanishes in mid-run, and a second one stands",
        tuple(f"10.244.1.{n}" for n in range(7)), ({"A udp": 4}, {"A udp": 4}),
        (at(answer, answer, answer, silent, zone=_PODS), script.Nameserver(zone=_PODS)), calls=_SERVED,
        seconds=(0.05, 0.3)),
    Scenario("K4 a resend comes from another port, which IPVS leads elsewhere", (FOUND,), ({"A udp": 2},),
        (script.Nameserver(stuck=True),), seconds=(0.25, 0.26), drivers=REAL),
    Scenario("K7 K17 73 addresses fit a datagram of 1,232 octets", (_addresses(73),), (UDP,), (_large(73),)),
    Scenario("K7 K17 80 do not, and come over TCP", (_addresses(80),), ({"A udp": 1, "A tcp": 1},), (_large(80),)),
    Scenario("K8 1,000 SRV records over TCP", (_TOLD,), ({"SRV udp": 1, "SRV tcp": 1},),
        (at(odd.fitting, kind="udp", zone=_BIG),), calls=(call("lookup", _MANY, "SRV", timeout=20),),
        seconds=(0.0, 1.0)),
    Scenario("K8 and where TCP is closed, the error says both", ("NetworkError",), ({"SRV udp": 1},),
        (at(odd.fitting, kind="udp", zone=_BIG, tcp=False),), calls=(call("port", "big", "cql"),),
        says="truncated.*connection refused"),
    Scenario("K9 an alias without an address brings one question more", (_FOUND,), ({"A udp": 2},), (_CUT,),
        calls=(_ALIAS,)),
    Scenario("K9 that of a Service too", (_FOUND,), ({"A udp": 2},), (_CUT,), calls=(call("service", "alias"),)),
    Scenario("K9 one of each family", (_FOUND,), ({"A udp": 2, "AAAA udp": 2},),
        (script.Nameserver({"alias.shop.svc.cluster.local.": (odd.alias_alone,)}),), calls=(_ALIAS,), family="both"),
    one("K9 an alias of nothing is that after one question more", "NoData", {"A udp": 2}, calls=(_DANGLING,),
        says="alias of nothing.example.com."),
    Scenario("K9 an alias of which nobody knows more is one of nothing", ("NoData",),
        ({"A udp": 4},), (at(odd.alias_alone, rcode("SERVFAIL")),), calls=(_ALIAS,)),
    Scenario("K9 what an alias brought is remembered", (_FOUND,) * 2, ({"A udp": 2},), (_CUT,), calls=(_ALIAS,) * 2),
)  # fmt: skip
