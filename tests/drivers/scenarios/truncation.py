"""X: truncated replies and TCP."""

from tests.drivers import script, streams
from tests.drivers.scenarios.vocabulary import FOUND, TCP, Scenario, addresses, at, one, over_tcp
from tests.drivers.script import Nameserver, answer, silent, truncated, twice

SCENARIOS = (
    over_tcp("X1 truncated, then TCP", FOUND, 1, answer),
    over_tcp("X4 reset after the whole frame", FOUND, 1, streams.reset_after),
    over_tcp("X5 reset within the frame, then whole", FOUND, 2, streams.reset_early, answer),
    over_tcp("X5 closed within the frame, then whole", FOUND, 2, streams.close_early, answer),
    over_tcp("reset at once for ever", "NetworkError", 3, streams.reset_at_once,
        says=r"truncated.*connection reset by peer"),
    over_tcp("X6 a length of 0", "NetworkError", 3, streams.raw(b"\0\0"), says="too short"),
    over_tcp("X6 a length of 1", "NetworkError", 3, streams.raw(b"\0\1x"), says="too short"),
    over_tcp("X6 a length of 65,535 and no more", "LookupTimeout", 1, streams.raw(b"\xff\xff"),
        calls=(addresses(timeout=0.3),), seconds=(0.3, 0.31)),
    over_tcp("X7 two frames at once", FOUND, 1, streams.two_frames),
    over_tcp("X7 a frame in pieces of one octet", FOUND, 1, streams.in_pieces(0.0001)),
    over_tcp("TCP with another id", FOUND, 2, streams.other_id, answer),
    over_tcp("TCP with another question", FOUND, 2, streams.other_question, answer),
    over_tcp("a silent TCP port", "LookupTimeout", 1, silent, calls=(addresses(timeout=0.3),), seconds=(0.3, 0.31)),
    over_tcp("X2 K10 truncated over TCP too: what there is, and said so", f"{FOUND} incomplete", 1, script.partly),
    over_tcp("X2 truncated over TCP and empty is no NODATA", "BadResponse", 1, truncated, says="truncated"),
    Scenario("X8 K8 TCP refused after truncation", ("NetworkError",), ({"A udp": 1},), (at(truncated, tcp=False),),
        says="truncated.*connection refused", seconds=(0.07, 0.1)),
    one("a truncated reply in two copies", FOUND, {"A udp": 1, "A tcp": 1}, twice(truncated), answer),
    one("X3 use-vc: no UDP at all", FOUND, TCP, config={"flags": frozenset({"use-vc"})}),
    Scenario("X9 nothing of a truncated reply is kept", ("NetworkError", FOUND), ({"A udp": 2, "A tcp": 4},),
        (Nameserver({"udp": (script.partly,), "tcp": (streams.reset_at_once,) * 3 + (answer,)}),),
        calls=(addresses(), addresses())),
)  # fmt: skip
