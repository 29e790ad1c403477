"""C: what is remembered, and for how long."""

from k8sresolve.config import CacheConfig
from tests.drivers import odd
from tests.drivers.scenarios.vocabulary import FOUND, NAME, UDP, VIRTUAL, Scenario, Wait, addresses, at
from tests.drivers.script import answer, rcode, silent

_NOPE = addresses("nope.shop.svc.cluster.local.")
_OUTSIDE, _BRIEF = addresses("nope.example.com."), addresses("brief.example.com.")
_SHORT, _UNKEPT = addresses("short.shop.svc.cluster.local."), addresses("unkept.shop.svc.cluster.local.")

SCENARIOS = (
    Scenario("C1 a repeat asks nothing", (FOUND,) * 3, (UDP,), calls=(addresses(),) * 3),
    Scenario("C1 whatever the letters' case", (FOUND,) * 2, (UDP,), calls=(addresses(), addresses(NAME.upper()))),
    Scenario("K12 fresh asks again", (FOUND,) * 2, ({"A udp": 2},), calls=(addresses(), addresses(fresh=True))),
    Scenario("C3 K12 until the TTL is over", ("10.96.20.3",) * 3, ({"A udp": 2},),
        calls=(_SHORT, _SHORT, Wait(1.05), _SHORT), seconds=(1.05, 1.1)),
    Scenario("C4 a TTL of 0 is not kept", ("10.96.20.4",) * 2, ({"A udp": 2},), calls=(_UNKEPT, _UNKEPT)),
    Scenario("G8 a repeat of a miss asks nothing", ("NoSuchName",) * 2, (UDP,), calls=(_NOPE,) * 2),
    Scenario("G8 nor one by the search list", ("NoSuchName",) * 2, ({"A udp": 3},),
        calls=(addresses("nope.nowhere"),) * 2),
    Scenario("C5 a chain lasts as long as its shortest link", ("192.0.2.7 by api.example.com.",) * 2, ({"A udp": 2},),
        calls=(_BRIEF, Wait(1.05), _BRIEF), seconds=(1.05, 1.1)),
    Scenario("C6 the authority's TTL does not shorten it", (FOUND,) * 2, (UDP,), (at(odd.authority_of_a_second),),
        calls=(addresses(), Wait(1.05), addresses()), seconds=(1.05, 1.1)),
    Scenario("C8 a miss without SOA is kept for five seconds at most", ("NoSuchName",) * 3, ({"A udp": 2},),
        (at(odd.without_soa),), seconds=(5.1, 5.2), drivers=VIRTUAL,
        calls=(_OUTSIDE, Wait(4.9), _OUTSIDE, Wait(0.2), _OUTSIDE)),
    Scenario("C7 a miss outside the cluster domain for thirty at most", ("NoSuchName",) * 3, ({"A udp": 2},),
        calls=(_OUTSIDE, Wait(29.9), _OUTSIDE, Wait(0.2), _OUTSIDE), seconds=(30.1, 30.2), drivers=VIRTUAL),
    Scenario("C7 K12 and for five inside", ("NoSuchName",) * 3, ({"A udp": 2},),
        calls=(_NOPE, Wait(4.9), _NOPE, Wait(0.2), _NOPE), seconds=(5.1, 5.2), drivers=VIRTUAL),
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
