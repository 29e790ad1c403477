"""A and AAAA, one of which is lost or fails."""

from tests.drivers.scenarios.vocabulary import DUAL, Scenario, addresses, at
from tests.drivers.script import answer, rcode, silent

_NO_AAAA = at(silent, kind="AAAA")

SCENARIOS = (
    Scenario("R16 K1 K16 a lost AAAA keeps A", ("10.96.20.2 incomplete",), ({"A udp": 1, "AAAA udp": 2},), (_NO_AAAA,),
        calls=(addresses(DUAL, timeout=0.3),), family="both", seconds=(0.3, 0.31)),
    Scenario("R16 K16 and is asked for again", ("10.96.20.2 incomplete", "10.96.20.2 fd00::20:2"),
        ({"A udp": 1, "AAAA udp": 3},), (at(silent, silent, answer, kind="AAAA"),),
        calls=(addresses(DUAL, timeout=0.3), addresses(DUAL)), family="both", seconds=(0.3, 0.32)),
    Scenario("R16 K1 K16 a lost AAAA holds A up for a second at most", ("10.96.20.2 incomplete",),
        ({"A udp": 1, "AAAA udp": 5},), (_NO_AAAA,), calls=(addresses(DUAL),), family="both", seconds=(1.0, 1.01)),
    Scenario("K16 a lost A keeps AAAA", ("fd00::20:2 incomplete",), ({"A udp": 2, "AAAA udp": 1},),
        (at(silent, kind="A"),), calls=(addresses(DUAL, timeout=0.3),), family="both", seconds=(0.3, 0.31)),
    Scenario("K16 both fail", ("ServerFailure",), ({"A udp": 3, "AAAA udp": 3},), (at(rcode("SERVFAIL")),),
        calls=(addresses(DUAL),), family="both"),
    Scenario("K1 a lost AAAA is asked for again after 250 ms", ("10.96.20.2 fd00::20:2",),
        ({"A udp": 1, "AAAA udp": 2},), (at(silent, answer, kind="AAAA"),), calls=(addresses(DUAL),), family="both",
        seconds=(0.25, 0.26)),
    Scenario("R17 K16 AAAA fails", ("10.96.20.2 incomplete",), ({"A udp": 1, "AAAA udp": 3},),
        (at(rcode("SERVFAIL"), kind="AAAA"),), calls=(addresses(DUAL),), family="both"),
    Scenario("R17 K16 A fails", ("fd00::20:2 incomplete",), ({"A udp": 3, "AAAA udp": 1},),
        (at(rcode("SERVFAIL"), kind="A"),), calls=(addresses(DUAL),), family="both"),
    Scenario("K16 a lost AAAA beside NODATA is no NODATA", ("LookupTimeout",), ({"A udp": 1, "AAAA udp": 2},),
        (_NO_AAAA,), calls=(addresses("_http._tcp.payments.shop.svc.cluster.local.", timeout=0.3),), family="both",
        seconds=(0.3, 0.31)),
)  # fmt: skip
