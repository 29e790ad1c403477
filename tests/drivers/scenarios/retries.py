"""R: failures that are asked again, one nameserver."""

from tests.drivers import script
from tests.drivers.scenarios.vocabulary import FOUND, UDP, VIRTUAL, Scenario, addresses, at, one
from tests.drivers.script import answer, rcode, silent, twice, without_edns

SCENARIOS = (
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
    one("R13 a thousand tries", "LookupTimeout", {"A udp": 1000}, silent, calls=(addresses(timeout=1200),),
        config={"attempts": 1000}, seconds=(1200.0, 1200.1), drivers=VIRTUAL),
)  # fmt: skip
