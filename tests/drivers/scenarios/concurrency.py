"""C12, A, L, N: many callers at once, some of whom leave, and a resolver that is closed meanwhile."""

from tests.drivers.scenarios.vocabulary import FOUND, GONE, NAME, TASKS, UDP, Event, Scenario, addresses, at
from tests.drivers.script import Nameserver, answer, late, silent, truncated

_QUEUE = tuple(f"x{n}.shop.svc.cluster.local." for n in (3, 1, 4, 0, 5, 2))
_EACH = {f"n{n}.shop.svc.cluster.local.": f"10.96.{n // 10}.{n % 10}" for n in range(50)}
_ZONE = "\n".join(f"{name} 30 A {address}" for name, address in _EACH.items())

SCENARIOS = (
    Scenario("C12 a hundred callers, one question", (FOUND,) * 100, (UDP,), (at(late(0.2)),),
        calls=(addresses(),) * 100, at_once=True, seconds=(0.2, 0.21)),
    Scenario("C12 one caller's deadline does not end it for the others", ("LookupTimeout", *(FOUND,) * 20), (UDP,),
        (at(late(0.2)),), calls=(addresses(timeout=0.1), *(addresses(),) * 20), at_once=True, seconds=(0.2, 0.21)),
    Scenario("C12 nor does a stated timeout make one caller's deadline all others'", ("LookupTimeout", *(FOUND,) * 3),
        (UDP,), (at(late(0.2)),), calls=(addresses(timeout=0.1), *(addresses(),) * 3), at_once=True,
        config={"timeout": 5}, seconds=(0.2, 0.21)),
    # It is led by another, or asked anew.
    Scenario("C12 one caller that leaves does not end it for the others", ("left", *(FOUND,) * 99), ({"A udp": 2},),
        (at(silent, late(0.1)),), calls=(addresses(),) * 100, at_once=True, event=Event("cancel", 1),
        seconds=(0.1, 0.36)),
    Scenario("A7 the question of a caller that left can be asked again", ("left", "10.96.20.2"), ({"A udp": 2},),
        (at(silent, late(0.1), kind=NAME),), calls=(addresses(), addresses("dual.shop.svc.cluster.local.")),
        at_once=True, event=Event("cancel", 2), seconds=(0.0, 0.26)),
    Scenario("A2 a caller leaves while UDP is silent", ("left",), (UDP,), (GONE,), at_once=True,
        event=Event("cancel", 1), seconds=(0.0, 0.26), drivers=TASKS),
    Scenario("N1 fifty names, each with its own answer", tuple(_EACH.values()), ({"A udp": 50},),
        (at(late(0.02), zone=_ZONE),), at_once=True, calls=tuple(map(addresses, _EACH)), seconds=(0.0, 0.5)),
    Scenario("A4 a caller leaves while TCP is silent", ("left",), ({"A udp": 1, "A tcp": 1},),
        (Nameserver({"udp": (truncated,), "tcp": (silent,)}),), at_once=True, event=Event("cancel", 1, "A tcp"),
        calls=(addresses(),), seconds=(0.0, 1.1)),
    Scenario("L2 closed while lookups are pending", ("ResolverClosed",) * 5, ({"A udp": 2},), (GONE,), at_once=True,
        calls=(*(addresses(),) * 4, addresses("dual.shop.svc.cluster.local.")), event=Event("close", 2),
        seconds=(0.0, 0.26)),
    Scenario("L2 closed while lookups are queued", ("ResolverClosed",) * 5, (UDP,), (GONE,), at_once=True, in_flight=1,
        calls=tuple(addresses(f"x{n}.shop.svc.cluster.local.") for n in range(5)), event=Event("close", 1),
        seconds=(0.0, 0.26)),
    Scenario("L2 closed while TCP is pending", ("ResolverClosed",), ({"A udp": 1, "A tcp": 1},),
        (Nameserver({"udp": (truncated,), "tcp": (silent,)}),), at_once=True, event=Event("close", 1, "A tcp"),
        seconds=(0.0, 0.26)),
    *(
        Scenario(f"N3 a cap of {cap}", ("NoSuchName",) * 6, ({"A udp": 6},), (at(late(0.05)),), at_once=True,
            calls=tuple(addresses(f"x{n}.shop.svc.cluster.local.") for n in range(6)), in_flight=cap, seconds=took)
        for cap, took in ((1, (0.3, 0.32)), (3, (0.1, 0.12)), (6, (0.05, 0.07)))
    ),
    Scenario("N3 first come, first served", ("NoSuchName",) * 6, ({"A udp": 6},), (at(late(0.01)),), at_once=True,
        in_flight=1, calls=tuple(map(addresses, _QUEUE)), names=_QUEUE, seconds=(0.06, 0.07), drivers=TASKS),
    Scenario("N3 those in the queue keep their deadlines", ("LookupTimeout",) * 3, ({"A udp": 2},), (GONE,),
        at_once=True, in_flight=1, seconds=(0.3, 0.31),
        calls=tuple(addresses(f"x{n}.shop.svc.cluster.local.", timeout=0.3 - n / 10) for n in range(3))),
    Scenario("N3 one from the queue has what is left of its time", ("LookupTimeout", "NoSuchName"), ({"A udp": 2},),
        (at(silent, answer),), at_once=True, in_flight=1, seconds=(0.1, 0.11),
        calls=(addresses("x0.shop.svc.cluster.local.", timeout=0.1),
               addresses("x1.shop.svc.cluster.local.", timeout=0.22))),
    Scenario("N3 callers of unlike deadlines share a question in the queue", ("LookupTimeout",) * 2 + (FOUND,),
        ({"A udp": 2},), (at(late(0.2, silent), answer),), at_once=True, in_flight=1, seconds=(0.2, 0.21),
        calls=(addresses("x0.shop.svc.cluster.local.", timeout=0.2), addresses(timeout=0.1), addresses())),
)  # fmt: skip
