"""M: what is no reply to the question, before the reply or in its place."""

from tests.drivers import script
from tests.drivers.scenarios.vocabulary import FOUND, UDP, Scenario, addresses, at, one
from tests.drivers.script import answer, silent, twice

FLOOD = (script.noise,) * 64
_JUNK = {
    "M1 an empty datagram": script.empty,
    "M2 eleven octets": script.short,
    "M3 noise": script.noise,
    "M4 a wrong id": script.wrong_id,
    "M5 a query": script.no_qr,
    "M6 a wrong opcode": script.wrong_opcode,
    "M7 a wrong name": script.wrong_name,
    "M8 a wrong type": script.wrong_type,
    "M9 a wrong class": script.wrong_class,
    "M10 no question": script.no_question,
    "M11 two questions": script.two_questions,
    "M13 a truncated reply with a wrong id": script.wrong_id_truncated,
    "M14 a pointer loop": script.pointer_loop,
    "M16 a reply larger than advertised": script.oversize,
}

SCENARIOS = (
    *(one(f"{name} first", FOUND, UDP, script.junk(item)) for name, item in _JUNK.items()),
    one("all junk first", FOUND, UDP, script.junk(*_JUNK.values())),
    one("only junk", "LookupTimeout", {"A udp": 2}, script.junk(*_JUNK.values(), then=silent),
        calls=(addresses(timeout=0.3),), seconds=(0.3, 0.31)),
    one("M12 a reply from elsewhere", FOUND, {"A udp": 2}, script.elsewhere(), answer, seconds=(0.25, 0.26)),
    Scenario("M17 a duplicate reply", (FOUND, "10.96.20.2", "10.96.20.3"), ({"A udp": 3},), (at(twice()),),
        calls=(addresses(), addresses("dual.shop.svc.cluster.local."), addresses("short.shop.svc.cluster.local."))),
    Scenario("M19 64 packets of junk, then TCP", (FOUND,), ({"A udp": 1, "A tcp": 1},),
        (at(script.junk(*FLOOD, then=silent), kind="udp"),)),
    Scenario("M19 64 packets with foreign ids, then TCP", (FOUND,), ({"A udp": 1, "A tcp": 1},),
        (at(script.junk(*(script.wrong_id,) * 64, then=silent), kind="udp"),)),
    one("M16 K7 an oversize reply without TC is passed over, and the next one counts", FOUND, {"A udp": 2},
        script.junk(script.oversize, then=silent), answer, seconds=(0.25, 0.26)),
    one("63 packets of junk are no flood", FOUND, UDP, script.junk(*FLOOD[1:])),
)  # fmt: skip
