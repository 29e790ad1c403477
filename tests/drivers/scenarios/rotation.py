"""O: whom is asked first."""

from tests.drivers.scenarios.vocabulary import FOUND, UDP, Scenario, addresses
from tests.drivers.script import Nameserver

SCENARIOS = (
    Scenario("O1 the first nameserver is asked first", (FOUND,), (UDP, {}), (Nameserver(), Nameserver())),
    Scenario("O2 rotate: each in its turn", (FOUND, "10.96.20.2", "10.96.20.3"), (UDP, UDP, UDP), (Nameserver(),) * 3,
        calls=(addresses(), addresses("dual.shop.svc.cluster.local."), addresses("short.shop.svc.cluster.local.")),
        config={"flags": frozenset({"rotate"})}),
    Scenario("O2 rotate: evenly", ("NoSuchName",) * 30, ({"A udp": 10},) * 3, (Nameserver(),) * 3,
        calls=tuple(addresses(f"n{n}.shop.svc.cluster.local.") for n in range(30)),
        config={"flags": frozenset({"rotate"})}),
)  # fmt: skip
