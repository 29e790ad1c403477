"""K: how cluster DNS fails in practice, and what must come of it."""

from tests.drivers import script
from tests.drivers.scenarios.vocabulary import Scenario, addresses, at, call, one
from tests.drivers.script import answer, rcode

_ALIAS, _DANGLING = addresses("alias.shop.svc.cluster.local."), addresses("dangling.shop.svc.cluster.local.")
_FOUND = "192.0.2.80 by second.example.com.,third.example.com."
_CUT = at(script.alias_alone, answer)

SCENARIOS = (
    Scenario("K9 an alias without an address brings one question more", (_FOUND,), ({"A udp": 2},), (_CUT,),
        calls=(_ALIAS,)),
    Scenario("K9 that of a Service too", (_FOUND,), ({"A udp": 2},), (_CUT,), calls=(call("service", "alias"),)),
    Scenario("K9 one of each family", (_FOUND,), ({"A udp": 2, "AAAA udp": 2},),
        (script.Nameserver({"alias.shop.svc.cluster.local.": (script.alias_alone,)}),), calls=(_ALIAS,), family="both"),
    one("K9 an alias of nothing is that after one question more", "NoData", {"A udp": 2}, calls=(_DANGLING,),
        says="alias of nothing.example.com."),
    Scenario("K9 an alias of which nobody knows more is a failure and no missing name", ("ServerFailure",),
        ({"A udp": 4},), (at(script.alias_alone, rcode("SERVFAIL")),), calls=(_ALIAS,)),
    Scenario("K9 what an alias brought is remembered", (_FOUND,) * 2, ({"A udp": 2},), (_CUT,), calls=(_ALIAS,) * 2),
)  # fmt: skip
