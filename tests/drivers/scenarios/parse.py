"""P: replies that are odd and yet right, and damage that is none."""

from tests.drivers import odd, script
from tests.drivers.scenarios.vocabulary import FOUND, UDP, Scenario, addresses, at, call, one, over_tcp
from tests.drivers.script import answer, without_edns

_LONG = ".".join(["l" * 63] * 3)
_FITS, _EXCEEDS = f"{_LONG}.{'l' * 61}.", f"{_LONG}.{'l' * 62}."

SCENARIOS = (
    one("P1 a chain of aliases, its names compressed", "192.0.2.80 by second.example.com.,third.example.com.", UDP,
        calls=(addresses("alias.shop.svc.cluster.local."),)),
    one("P2 SRV with a compressed target", "80 payments=10.96.20.1", {"SRV udp": 1}, odd.srv_by_pointer,
        calls=(call("port", "payments", "http"),)),
    one("P3 a name of 255 octets is asked for", FOUND, UDP, odd.answering(odd.ADDRESS), calls=(addresses(_FITS),)),
    one("P3 a name of 256 octets is none", "InvalidName", {}, calls=(addresses(_EXCEEDS),)),
    one("P3 a name of 256 octets by a pointer is junk", FOUND, UDP, odd.then(odd.overlong, answer)),
    one("P4 escapes survive the way there and back", r'"it is" at a\.b\032c\0071.example.com.', {"TXT udp": 1},
        calls=(call("lookup", r"a\.b\032c\0071.example.com.", "TXT"),)),
    one("P5 the root is a name", "a.root.test. at .", {"NS udp": 1}, calls=(call("lookup", ".", "NS"),)),
    one("P6 unknown types and classes are passed over", FOUND, UDP, odd.unknown_beside),
    one("P7 RRSIG and TXT beside the answer are passed over", FOUND, UDP, odd.signed_beside),
    one("P8 two OPT records are junk", FOUND, UDP, odd.then(odd.two_opt, answer)),
    one("P9 BADVERS is read from the OPT record", FOUND, {"A udp": 2}, without_edns(script.rcode("BADVERS"))),
    one("P10 a count larger than the body is junk", FOUND, UDP, odd.then(odd.lying_counts, answer)),
    one("P11 octets after the last record are tolerated", FOUND, UDP, odd.trailing),
    one("P12 owners in another case", FOUND, UDP, odd.upper_case),
    one("P13 the same record twice is one", "10.96.20.1 10.96.20.2", UDP, odd.doubled),
    Scenario("P14 SRV of one priority, each with its target", ("9042 cassandra-0=10.244.1.10 cassandra-1=10.244.1.11",),
        ({"SRV udp": 1},), (at(answer),), calls=(call("port", "cassandra", "cql"),)),
    over_tcp("M15 a chain of 8,000 pointers in 64 KiB, then the answer", FOUND, 2, odd.pointer_chain, answer),
    over_tcp("X6 a message of 65,535 octets", FOUND, 1, odd.full),
)  # fmt: skip
