"""What nameservers say: found, missing, aliases."""

from tests.drivers.scenarios.vocabulary import FOUND, UDP, addresses, call, one

SCENARIOS = (
    one("found", FOUND, UDP),
    one("found by the search list", FOUND, UDP, calls=(addresses("payments"),)),
    one("R14 nxdomain is final", "NoSuchName", UDP, calls=(addresses("nope.shop.svc.cluster.local."),)),
    one("R14 nodata is final", "NoData", {"AAAA udp": 1}, family="ipv6"),
    one("K2 a name in the cluster is one question of each type", FOUND, UDP, calls=(call("service", "payments.shop"),)),
    one("K2 a host outside with a dot at its end is one", "192.0.2.7", UDP, calls=(addresses("api.example.com."),)),
    one("both families", "10.96.20.2 fd00::20:2", {"A udp": 1, "AAAA udp": 1}, family="both",
        calls=(addresses("dual.shop.svc.cluster.local."),)),
    one("the other family is asked before NODATA", "NoData", {"A udp": 1, "AAAA udp": 1}, family="auto",
        calls=(addresses("_http._tcp.payments.shop.svc.cluster.local."),)),
)  # fmt: skip
