"""A and AAAA, one of which is lost or fails."""

from tests.drivers.scenarios.vocabulary import Scenario, addresses, at
from tests.drivers.script import answer, rcode, silent

BOTH = "dual.shop.svc.cluster.local."
_NO_AAAA = at(silent, kind="AAAA")

SCENARIOS = (
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
