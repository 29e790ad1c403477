"""R: several nameservers, some of which fail."""

from tests.drivers import script
from tests.drivers.scenarios.vocabulary import CLOSED, FOUND, GONE, TCP, UDP, Scenario, addresses, at
from tests.drivers.script import Nameserver, rcode, truncated

SCENARIOS = (
    Scenario("R10 a silent first nameserver", (FOUND,), (UDP, UDP), (GONE, Nameserver()), seconds=(0.25, 0.26)),
    Scenario("R10 and the next lookup does not ask it", (FOUND, "10.96.20.2"), (UDP, {"A udp": 2}),
        (GONE, Nameserver()), calls=(addresses(), addresses("dual.shop.svc.cluster.local.")), seconds=(0.25, 0.27)),
    Scenario("R7 a closed first nameserver", (FOUND,), ({}, UDP), (CLOSED, Nameserver()), seconds=(0, 0.05)),
    Scenario("R9 the third nameserver answers", (FOUND,), ({}, UDP, UDP), (CLOSED, at(rcode("REFUSED")), Nameserver())),
    Scenario("R9 the third answers, two are silent", (FOUND,), (UDP, UDP, UDP), (GONE, GONE, Nameserver()),
        seconds=(0.75, 0.76)),
    Scenario("R4 NOTIMP, then another", (FOUND,), (UDP, UDP), (at(rcode("NOTIMP")), Nameserver())),
    Scenario("R5 FORMERR even without EDNS, then another", (FOUND,), ({"A udp": 2}, UDP),
        (at(rcode("FORMERR")), Nameserver())),
    Scenario("R3 REFUSED, then another", (FOUND,), (UDP, UDP), (at(rcode("REFUSED")), Nameserver())),
    Scenario("R1 SERVFAIL, then another", (FOUND,), (UDP, UDP), (at(rcode("SERVFAIL")), Nameserver())),
    Scenario("R15 lame, then another", (FOUND,), (UDP, UDP), (at(script.lame), Nameserver())),
    Scenario("R2 SERVFAIL from both", ("ServerFailure",), ({"A udp": 2}, UDP),
        (at(rcode("SERVFAIL")), at(rcode("SERVFAIL")))),
    Scenario("R3 REFUSED from both", ("Refused",), (UDP, UDP), (at(rcode("REFUSED")), at(rcode("REFUSED")))),
    Scenario("a silent and a closed one", ("NetworkError",), ({"A udp": 2}, {}), (GONE, CLOSED),
        calls=(addresses(timeout=0.3),), seconds=(0.3, 0.31)),
    Scenario("R14 NXDOMAIN is not asked of another", ("NoSuchName",), (UDP, {}), (Nameserver(), Nameserver()),
        calls=(addresses("nope.shop.svc.cluster.local."),)),
    Scenario("R14 nor NODATA", ("NoData",), ({"AAAA udp": 1}, {}), (Nameserver(), Nameserver()), family="ipv6"),
    Scenario("TCP refused after truncation, then another nameserver", (FOUND,), ({"A udp": 1}, TCP),
        (at(truncated, tcp=False), Nameserver()), seconds=(0, 0.1)),
)  # fmt: skip
