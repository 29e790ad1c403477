"""S, G7: the search list, and the rules of policy `kubernetes`."""

from tests.drivers import script
from tests.drivers.scenarios.vocabulary import FOUND, NAME, UDP, Scenario, addresses, at, call
from tests.drivers.script import late, rcode, silent

_LIST = {"search": ("a.test", "b.test"), "ndots": 2}
_ZONE = """
    test. 30 SOA ns.test. hostmaster.test. 1 7200 1800 86400 30
    x.a.test. 30 TXT "no address"
    x.b.test. 30 A 192.0.2.1
    y.a.test. 30 TXT "no address"
    z.a.test. 30 AAAA fd00::1
    z.b.test. 30 A 192.0.2.2
"""
_TEST = script.Nameserver(zone=_ZONE)
_DOTS = ".".join("abcdefghijklmno")  # fourteen dots
_LONG = ".".join(["l" * 63] * 3 + ["l" * 58])  # 250 characters

SCENARIOS = (
    Scenario("K2 G7 svc.ns is two names at once", ("NoSuchName",), ({"A udp": 3},), calls=(addresses("a.b"),)),
    Scenario("G7 svc.ns of another namespace", (FOUND,), ({"A udp": 2},), calls=(addresses("payments.shop"),)),
    Scenario("G7 a host outside", ("192.0.2.7",), ({"A udp": 2},), calls=(addresses("api.example.com"),)),
    *(
        Scenario(f"a host under a domain of absolute is one name, by policy {policy}", ("192.0.2.7",), (UDP,),
            calls=(addresses("API.Example.com"),), config={"absolute": ("example.com",)}, policy=policy,
            names=("api.example.com.",))
        for policy in ("kubernetes", "glibc", "musl", "go")
    ),
    Scenario("a host under a domain of absolute is one name of any type",
        ('"it is" at a\\.b\\032c\\0071.example.com.',), ({"TXT udp": 1},),
        calls=(call("lookup", "a\\.b\\032c\\0071.example.com", "TXT"),), config={"absolute": ("example.com",)}),
    Scenario("a Service is found by its short names beside domains of absolute", (FOUND, FOUND), ({"A udp": 2},),
        calls=(addresses("payments"), addresses("payments.shop")), config={"absolute": ("example.com", "local")},
        names=(NAME, "payments.shop.shop.svc.cluster.local.")),
    Scenario("S3 a dot at the end is one name", ("192.0.2.7",), (UDP,), calls=(addresses("api.example.com."),)),
    Scenario("S1 fewer dots than ndots: the list first", ("NoSuchName",), ({"A udp": 3},), (_TEST,),
        calls=(addresses("n.y"),), config=_LIST, names=("n.y.a.test.", "n.y.b.test.", "n.y.")),
    Scenario("S2 as many dots as ndots: as typed first", ("NoSuchName",), ({"A udp": 3},), (_TEST,),
        calls=(addresses("n.y.z"),), config=_LIST, names=("n.y.z.", "n.y.z.a.test.", "n.y.z.b.test.")),
    Scenario("S4 ndots:0: as typed first, whatever it is", ("NoSuchName",), ({"A udp": 3},), (_TEST,),
        calls=(addresses("n"),), config={**_LIST, "ndots": 0}, names=("n.", "n.a.test.", "n.b.test.")),
    Scenario("S4 ndots:15: the list first for up to fourteen dots", ("NoSuchName",), ({"A udp": 3},), (_TEST,),
        calls=(addresses(_DOTS),), config={**_LIST, "ndots": 15},
        names=(f"{_DOTS}.a.test.", f"{_DOTS}.b.test.", f"{_DOTS}.")),
    Scenario("S5 NODATA, then found", ("192.0.2.1",), ({"A udp": 2},), (_TEST,), calls=(addresses("x"),),
        config=_LIST, names=("x.a.test.", "x.b.test.")),
    Scenario("S6 NODATA, then NXDOMAIN is NODATA", ("NoData",), ({"A udp": 3},), (_TEST,), calls=(addresses("y"),),
        config=_LIST, names=("y.a.test.", "y.b.test.", "y.")),
    Scenario("S7 SERVFAIL outside the cluster domain, then found", ("192.0.2.1",), ({"A udp": 4},),
        (at(rcode("SERVFAIL"), kind="x.a.test.", zone=_ZONE),), calls=(addresses("x"),), config=_LIST,
        names=("x.a.test.", "x.b.test.")),
    Scenario("S8 the error names what the caller asked for", ("NoSuchName",), ({"A udp": 3},), (_TEST,),
        calls=(addresses("n"),), config=_LIST, says=r"^n: no such name; tried n\.a\.test\. "),
    Scenario("S9 a joined name over 253 characters is skipped", ("NoSuchName",), (UDP,), (_TEST,),
        calls=(addresses(_LONG),), config=_LIST, names=(f"{_LONG}.",)),
    Scenario("S10 A and AAAA are of the same step", ("fd00::1",), ({"A udp": 1, "AAAA udp": 1},), (_TEST,),
        calls=(addresses("z"),), config=_LIST, family="both", names=("z.a.test.",)),
    *(
        Scenario(f"S11 {count} search domains", ("192.0.2.1",), ({"A udp": count},), (_TEST,), calls=(addresses("x"),),
            config={**_LIST, "search": (*(f"d{n}.test" for n in range(1, count)), "b.test")},
            names=(*(f"x.d{n}.test." for n in range(1, count)), "x.b.test."))
        for count in (8, 32)
    ),
    *(
        Scenario(f"S12 .onion by policy {policy}", ("NoSuchName",), (asked,), policy=policy,
            calls=(addresses("x.onion."),))
        for policy, asked in (("kubernetes", {}), ("go", {}), ("glibc", UDP), ("musl", UDP))
    ),
    Scenario("S13 a typed lookup takes only namespace and cluster domain from the list", (FOUND,), (UDP,),
        calls=(call("service", "payments"),), names=(NAME,),
        config={"search": ("a.test", "shop.svc.cluster.local", "b.test"), "ndots": 0}),
    Scenario("S14 the name that matched is told", (f"{FOUND} at {NAME}",), ({"A udp": 2},),
        calls=(call("lookup", "payments.shop", "A"),)),
    Scenario("rule 4: search order decides, not arrival", (FOUND,), ({"A udp": 2},),
        (at(late(0.1), kind="payments.shop.svc.cluster.local."),), calls=(addresses("payments.shop"),),
        seconds=(0.0, 0.12)),
    Scenario("S7 rule 5: SERVFAIL under the cluster domain is not passed over", ("ServerFailure",), ({"A udp": 4},),
        (at(rcode("SERVFAIL"), kind="payments.shop.shop.svc.cluster.local."),), calls=(addresses("payments.shop"),)),
    Scenario("S7 rule 5: nor is a lost packet", ("LookupTimeout",), ({"A udp": 3},),
        (at(silent, kind="payments.shop.shop.svc.cluster.local."),),
        calls=(addresses("payments.shop", timeout=0.3),), seconds=(0.3, 0.31)),
)  # fmt: skip
