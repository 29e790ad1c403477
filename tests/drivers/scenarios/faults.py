"""F: kinds of fault that were found by trying, and what must come of them."""

from tests.drivers import script
from tests.drivers.scenarios.malformed import FLOOD
from tests.drivers.scenarios.vocabulary import CLOSED, FOUND, GONE, UDP, Scenario, addresses, at, one
from tests.drivers.script import Nameserver, answer, bare, first, late, rcode, silent

_IMPOSSIBLE = {
    "REFUSED without a question": bare("REFUSED"),
    "NOTIMP without a question": bare("NOTIMP"),
    "SERVFAIL without a question": bare("SERVFAIL"),
    "an answer for another owner": script.other_owner,
    "records in an NXDOMAIN": script.found_in_nxdomain,
    "an alias of itself": script.ring,
    "NOTAUTH": rcode("NOTAUTH"),
}
_OTHER = "dual.shop.svc.cluster.local."

SCENARIOS = (
    *(
        one(f"F8 {name}, then the right reply", FOUND, UDP, first(step, late(0.02)), seconds=(0.02, 0.03))
        for name, step in _IMPOSSIBLE.items()
    ),
    *(
        one(f"F8 {name}, and the right reply to the next", FOUND, {"A udp": 2}, step, answer, seconds=(0.25, 0.26))
        for name, step in _IMPOSSIBLE.items()
    ),
    one("F8 an alias of itself for ever is asked three times", "BadResponse", {"A udp": 3}, script.ring,
        seconds=(1.75, 1.76)),
    one("F8 REFUSED without a question for ever is asked three times", "Refused", {"A udp": 3}, bare("REFUSED"),
        seconds=(1.75, 1.76)),
    Scenario("F8 what cannot be right, then another nameserver", (FOUND,), (UDP, UDP), (at(script.ring), Nameserver())),
    Scenario("R3 REFUSED with the question is final from the last one", ("Refused",), (UDP, UDP),
        (at(rcode("REFUSED")), at(rcode("NOTIMP")))),
    Scenario("F4 after 64 junk packets TCP is refused, and the reply comes over UDP", (FOUND,), (UDP,),
        (at(first(script.junk(*FLOOD, then=silent), late(0.15)), tcp=False),), seconds=(0.15, 0.16)),
    one("F6 FORMERR without the question", FOUND, {"A udp": 2}, bare("FORMERR"), answer),
    Scenario("F6 is remembered nowhere", (FOUND, "10.96.20.2"), ({"A udp": 3},),
        (at(bare("FORMERR"), answer, script.with_edns),), calls=(addresses(), addresses(_OTHER))),
    Scenario("F17 SERVFAIL from one, silence from the other", ("ServerFailure",), ({"A udp": 3}, {"A udp": 3}),
        (at(rcode("SERVFAIL")), GONE), says=r"SERVFAIL\), after \d+\.\d s", seconds=(2.0, 2.02)),
    Scenario("F17 and at a stated timeout", ("ServerFailure",), (UDP, UDP), (at(rcode("SERVFAIL")), GONE),
        config={"timeout": 1, "attempts": 1}, seconds=(2.0, 2.02)),
    Scenario("F17 REFUSED from one, silence from the other", ("Refused",), (UDP, {"A udp": 4}),
        (at(rcode("REFUSED")), GONE), seconds=(2.0, 2.02)),
    Scenario("F18 R7 a closed port", ("NetworkError",), ({},), (CLOSED,),
        says=r"connection refused\), after \d+\.\d s", seconds=(2.0, 2.02)),
    Scenario("F18 all closed", ("NetworkError",), ({}, {}), (CLOSED, CLOSED), says="connection refused",
        seconds=(2.0, 2.02)),
    Scenario("F18 a closed port, without patience", ("NetworkError",), ({},), (CLOSED,), says="connection refused",
        retry_unreachable=0.0, seconds=(0.0, 0.05)),
    Scenario("F18 a closed port, and attempts: 2", ("NetworkError",), ({},), (CLOSED,), config={"attempts": 2},
        seconds=(0.02, 0.05)),
    Scenario("F18 the budget is one for a whole lookup", ("NetworkError",), ({},), (CLOSED,),
        calls=(addresses("payments"),), seconds=(2.0, 2.02)),
    Scenario("F18 the deadline wins", ("NetworkError",), ({},), (CLOSED,), calls=(addresses(timeout=0.3),),
        seconds=(0.3, 0.31)),
)  # fmt: skip
