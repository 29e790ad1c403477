"""What each fault does to a lookup: one list, run in virtual time and on real sockets, with equal logs.

`log` are the queries that come to a nameserver: type, transport, outcome, and, where faults are not told by the
outcome, these. `told` is what each lookup comes to.
"""

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from k8sresolve.testing import Cluster, scenarios

SHOP = "docs/examples/shop.yaml"
REPLICAS = ("10.244.0.2", "10.244.1.2")
FIRST, SECOND = REPLICAS
NAME = "payments.shop.svc.cluster.local."
FOUND = "10.96.20.1"
OK = "A udp NOERROR"


@attrs.frozen
class Scenario:
    """`arrange` makes the faults. Lookups are by `calls`: the options of each, and between them numbers of seconds.

    `nameservers` are those of the resolver: the Service's address or the replicas' own.
    """

    name: str
    arrange: Callable[[Cluster], object]
    log: tuple[str, ...]
    told: tuple[str, ...] = (FOUND,)
    calls: tuple[Mapping[str, Any] | float, ...] = ({},)
    family: str = "ipv4"
    host: str = NAME
    nameservers: tuple[str, ...] = ("10.96.0.10",)


def arrange(kind: str, *args: Any, **which: Any) -> Callable[[Cluster], object]:
    """Make one fault."""
    return lambda cluster: getattr(cluster.network, kind)(*args, **which)


def over_tcp(kind: str, *args: Any, **which: Any) -> Callable[[Cluster], object]:
    """Make one fault, where all replies over UDP are truncated."""

    def both(cluster: Cluster) -> None:
        cluster.network.truncate()
        getattr(cluster.network, kind)(*args, **which)

    return both


def forged(kind: str, outcome: str) -> tuple[Scenario, Scenario]:
    """Make the scenarios of what is no true reply: in its place, and before it."""
    return (
        Scenario(f"{kind} in place of the reply", arrange(kind, next=1), (f"A udp {outcome}", OK)),
        Scenario(f"{kind} before the reply", arrange(kind, then_reply=True), (f"{OK} ({kind})",)),
    )


def both_families(cluster: Cluster) -> None:
    cluster.network.truncate(rdtype="A", next=1)
    cluster.network.rcode("SERVFAIL", "web.shop.svc.cluster.local", "AAAA", next=1)


def two_delays(cluster: Cluster) -> None:
    for _ in range(2):
        cluster.network.delay(0.2, next=1)


SOON = {"timeout": 0.6}
CUT = "A udp truncated"

SCENARIOS = (
    Scenario("no fault", lambda _cluster: None, (OK,)),
    # -- which queries
    Scenario("by count", arrange("drop", next=2), ("A udp dropped", "A udp dropped", OK)),
    Scenario("by name, in any letter case", arrange("drop", "Payments.Shop.svc.cluster.local", next=1),
             ("A udp dropped", OK)),
    Scenario("by the name above", arrange("drop", "*.shop.svc.cluster.local.", next=1), ("A udp dropped", OK)),
    Scenario("another name", arrange("drop", "web.shop.svc.cluster.local"), (OK,)),
    Scenario("what is above is not below", arrange("drop", f"*.{NAME}"), (OK,)),
    Scenario("by type", arrange("drop", None, "aaaa"), (OK,)),
    Scenario("by transport", arrange("drop", transport="tcp"), (OK,)),
    Scenario("by nameserver", arrange("drop", nameserver=FIRST), ("A udp dropped", OK), nameservers=REPLICAS),
    Scenario("another nameserver", arrange("drop", nameserver=SECOND), (OK,), nameservers=REPLICAS),
    Scenario("every other", arrange("rcode", "SERVFAIL", every=2),
             ("A udp SERVFAIL (rcode)", OK, "A udp SERVFAIL (rcode)", OK), (FOUND, FOUND), ({}, {"fresh": True})),
    Scenario("certainly", arrange("rcode", "SERVFAIL", probability=1, next=1), ("A udp SERVFAIL (rcode)", OK)),
    # What random.Random(7) says first: 0.32, 0.15, 0.65.
    Scenario("by chance", arrange("rcode", "SERVFAIL", probability=0.5, seed=7),
             ("A udp SERVFAIL (rcode)", "A udp SERVFAIL (rcode)", OK)),
    Scenario("not yet", arrange("rcode", "SERVFAIL", after=60, next=1),
             (OK, "A udp SERVFAIL (rcode)", OK), (FOUND, FOUND), ({}, 61.0, {"fresh": True})),
    Scenario("no longer", arrange("drop", lasting=60), (OK,), calls=(61.0, {})),
    # -- loss and time
    Scenario("dropped for ever", arrange("drop"), ("A udp dropped", "A udp dropped"), ("LookupTimeout",), (SOON,)),
    Scenario("a little late", arrange("delay", 0.1), (f"{OK} (delay)",)),
    Scenario("so late that it is sent again", arrange("delay", 0.4, next=1), (f"{OK} (delay)", OK)),
    Scenario("two delays add up", two_delays, (f"{OK} (delay, delay)", OK)),
    Scenario("late over TCP", over_tcp("delay", 0.1, transport="tcp"), (CUT, "A tcp NOERROR (delay)")),
    Scenario("duplicate", arrange("duplicate"), (f"{OK} (duplicate)",)),
    Scenario("reorder", arrange("reorder"), ("A udp NOERROR (reorder)", "AAAA udp NOERROR (reorder)"),
             ("10.96.20.2 fd00:10:96::20:2",), family="both", host="web.shop.svc.cluster.local."),
    # -- replies that say something else
    Scenario("truncate", arrange("truncate"), (CUT, "A tcp NOERROR")),
    Scenario("truncate over TCP as well", over_tcp("truncate", transport="tcp"), (CUT, "A tcp truncated"),
             ("BadResponse",)),
    Scenario("SERVFAIL once", arrange("rcode", "SERVFAIL", next=1), ("A udp SERVFAIL (rcode)", OK)),
    Scenario("SERVFAIL for ever", arrange("rcode", "servfail"), ("A udp SERVFAIL (rcode)",) * 3, ("ServerFailure",)),
    Scenario("REFUSED", arrange("rcode", "REFUSED"), ("A udp REFUSED (rcode)",), ("Refused",)),
    Scenario("NOTIMP", arrange("rcode", "NOTIMP"), ("A udp NOTIMP (rcode)",), ("Refused",)),
    Scenario("FORMERR to EDNS", arrange("rcode", "FORMERR", next=1), ("A udp FORMERR (rcode)", OK)),
    Scenario("NXDOMAIN that is a lie", arrange("rcode", "NXDOMAIN"), ("A udp NXDOMAIN (rcode)",), ("NoSuchName",)),
    Scenario("both families, each with a fault of its own", both_families,
             (CUT, "AAAA udp SERVFAIL (rcode)", "A tcp NOERROR", "AAAA udp NOERROR"),
             ("10.96.20.2 fd00:10:96::20:2",), family="both", host="web.shop.svc.cluster.local."),
    # -- forged
    *forged("wrong_id", "wrong id"),
    *forged("wrong_question", "wrong question"),
    *forged("wrong_source", "wrong source"),
    *forged("garbage", "garbage"),
    Scenario("wrong_id over TCP", over_tcp("wrong_id", transport="tcp", next=1),
             (CUT, "A tcp wrong id", "A tcp NOERROR")),
    Scenario("wrong_question over TCP", over_tcp("wrong_question", transport="tcp", next=1),
             (CUT, "A tcp wrong question", "A tcp NOERROR")),
    Scenario("garbage over TCP", over_tcp("garbage", transport="tcp", next=1), (CUT, "A tcp garbage", "A tcp NOERROR")),
    # -- ports and connections
    Scenario("closed ports", arrange("refuse"), (), ("NetworkError",)),
    Scenario("the first nameserver's ports are closed", arrange("refuse", nameserver=FIRST), (OK,),
             nameservers=REPLICAS),
    Scenario("UDP is closed", arrange("refuse", transport="udp"), (), ("NetworkError",)),
    Scenario("TCP is closed", over_tcp("refuse", transport="tcp"), (CUT,), ("NetworkError",)),
    Scenario("a drip that is whole in time", over_tcp("drip", 0.0005), (CUT, "A tcp NOERROR (drip)")),
    Scenario("a drip that is not", over_tcp("drip", 0.05), (CUT, "A tcp NOERROR (drip)"), ("LookupTimeout",), (SOON,)),
    Scenario("reset", over_tcp("reset", next=1), (CUT, "A tcp reset", "A tcp NOERROR")),
    # -- stories
    Scenario("K3 rolling restart", lambda cluster: scenarios.rolling_restart(cluster, away=10),
             ("A udp dropped", OK, OK, "A udp dropped", OK, OK), (FOUND,) * 4,
             ({}, 11.0, {"fresh": True}, {"fresh": True}, 11.0, {"fresh": True})),
    Scenario("one replica dead", scenarios.one_replica_dead, (OK, "A udp dropped", OK), (FOUND, FOUND),
             ({}, {"fresh": True})),
    Scenario("K14 API server away", scenarios.api_server_away,
             (f"{OK} (stale)", *("A udp SERVFAIL (unsynced)",) * 3), (FOUND, "ServerFailure"),
             ({}, 61.0, {"fresh": True})),
    Scenario("not yet synced", scenarios.not_yet_synced, (*("A udp SERVFAIL (unsynced)",) * 3, OK),
             ("ServerFailure", FOUND), ({}, 31.0, {"fresh": True})),
    Scenario("K1 conntrack race", scenarios.conntrack_race, (OK, "AAAA udp dropped", "AAAA udp NODATA"),
             family="both"),
)  # fmt: skip
