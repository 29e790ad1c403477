"""T: deadlines, timers, and what comes late; what `timeout:` and `attempts:` bind."""

from tests.drivers import streams
from tests.drivers.scenarios.vocabulary import DUAL, FOUND, GONE, UDP, VIRTUAL, Scenario, addresses, at, one, over_tcp
from tests.drivers.script import Nameserver, answer, late, rcode, silent, truncated

SCENARIOS = (
    one("T1 a silent nameserver", "LookupTimeout", {"A udp": 2}, silent, calls=(addresses(timeout=0.3),),
        seconds=(0.3, 0.31), says="no answer in time.*no reply"),
    one("T2 K5 asked again after 250 ms, 500 ms, a second: an answer is there a second after the nameserver is", FOUND,
        {"A udp": 4}, silent, silent, silent, answer, seconds=(1.75, 1.76)),
    one("T2 K5 and every second from then on", FOUND, {"A udp": 12}, *[silent] * 11, answer, seconds=(9.75, 9.76),
        calls=(addresses(timeout=20),), drivers=VIRTUAL),
    one("T1 K5 down for good, the deadline is kept", "LookupTimeout", {"A udp": 7}, silent, seconds=(5.0, 5.01),
        drivers=VIRTUAL),
    Scenario("T2 and by the round trips once there are any", (FOUND, "10.96.20.2"), ({"A udp": 3},),
        (at(late(0.1), silent, answer),), seconds=(0.4, 0.42), calls=(addresses(), addresses(DUAL))),
    Scenario("T3 each nameserver has its own time", (FOUND,), (UDP, UDP), (GONE, at(late(0.2))), seconds=(0.45, 0.46)),
    one("T6 fifty tiny deadlines", ("LookupTimeout",) * 50, UDP, silent, at_once=True, seconds=(0.0118, 0.0119),
        calls=tuple(addresses(timeout=0.002 + n / 5000) for n in range(50)), drivers=VIRTUAL),
    one("K6 the deadline is the caller's, however long the nameserver takes", "LookupTimeout", {"A udp": 2}, late(30),
        calls=(addresses(timeout=0.3),), seconds=(0.3, 0.31)),
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
    over_tcp("T8 a dripping stream ends at the deadline", "LookupTimeout", 1, streams.in_pieces(0.02, 40),
        calls=(addresses(timeout=0.3),), seconds=(0.3, 0.31)),
)  # fmt: skip
