"""T: deadlines, timers, and what comes late; what `timeout:` and `attempts:` bind."""

from tests.drivers import script
from tests.drivers.scenarios.vocabulary import FOUND, GONE, UDP, Scenario, addresses, one, over_tcp
from tests.drivers.script import Nameserver, late, rcode, silent, truncated

SCENARIOS = (
    one("T1 a silent nameserver", "LookupTimeout", {"A udp": 2}, silent, calls=(addresses(timeout=0.3),),
        seconds=(0.3, 0.31), says="no answer in time.*no reply"),
    one("T4 a deadline of 0 sends nothing", "LookupTimeout", {}, calls=(addresses(timeout=0),), seconds=(0, 0.05)),
    one("T4 a deadline that is past sends nothing", "LookupTimeout", {}, calls=(addresses(timeout=-1),),
        seconds=(0, 0.05)),
    one("T5 a late reply to the first send counts", FOUND, {"A udp": 2}, late(0.35), silent, seconds=(0.35, 0.36)),
    one("a reply after the deadline does not", "LookupTimeout", {"A udp": 1}, late(0.2), seconds=(0.1, 0.11),
        calls=(addresses(timeout=0.1),)),
    one("attempts: 1 is one send", "LookupTimeout", UDP, silent, calls=(addresses(timeout=0.3),),
        config={"attempts": 1}, seconds=(0.3, 0.31)),
    one("attempts: 2 are two sends", "LookupTimeout", {"A udp": 2}, silent, calls=(addresses(timeout=0.8),),
        config={"attempts": 2}, seconds=(0.8, 0.81)),
    one("attempts: 1 and SERVFAIL", "ServerFailure", UDP, rcode("SERVFAIL"), config={"attempts": 1}),
    one("attempts: 2 and SERVFAIL", "ServerFailure", {"A udp": 2}, rcode("SERVFAIL"), config={"attempts": 2}),
    Scenario("attempts: 1 at each of two", ("LookupTimeout",), (UDP, UDP), (GONE, GONE), config={"attempts": 1},
        calls=(addresses(timeout=0.8),), seconds=(0.8, 0.81)),
    Scenario("attempts: 1 does not forbid TCP after truncation", (FOUND,), ({"A udp": 1, "A tcp": 1},),
        (Nameserver({"udp": (truncated,)}),), config={"attempts": 1}),
    one("timeout: 1 and attempts: 1 bound the lookup", "LookupTimeout", UDP, silent,
        config={"timeout": 1, "attempts": 1}, seconds=(1.0, 1.01)),
    over_tcp("T8 a dripping stream ends at the deadline", "LookupTimeout", 1, script.in_pieces(0.02, 40),
        calls=(addresses(timeout=0.3),), seconds=(0.3, 0.31)),
)  # fmt: skip
