"""S, G7: the search list, and the rules of policy `kubernetes`."""

from tests.drivers.scenarios.vocabulary import FOUND, UDP, Scenario, addresses, at
from tests.drivers.script import late, rcode, silent

SCENARIOS = (
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
