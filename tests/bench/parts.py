"""Parts of the library without a nameserver, each in a process of its own: reading, records, memory, questions.

python -m tests.bench.parts reading|records|memory|questions|pace
"""

import gc
import json
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable
from functools import partial
from ipaddress import IPv4Address
from typing import Any

from k8sresolve import Resolver, ResolverConfig
from k8sresolve._core.lookups.endpoints import endpoints
from k8sresolve._core.lookups.hosts import addresses
from k8sresolve._core.lookups.services import port
from k8sresolve._core.questions import SRV, Found, Question, SrvData
from k8sresolve._core.wire.query import encode_query
from k8sresolve._core.wire.reply import read_reply
from k8sresolve.testing import Cluster
from tests.bench import responder
from tests.core.lookups.driving import drive, setting

# µs in which dnspython read an answer of 3 SRV on the machine on which goals in µs were set: the middle of 291 to 302.
THERE = 297.0
SERVICE = "db.shop.svc.cluster.local."
ASKED = Question(f"_http._tcp.{SERVICE}", SRV)


def srv_reply(pods: int, query: bytes) -> bytes:
    """An SRV answer over TCP as CoreDNS writes it: of 1,000 targets, as many have glue as there is room for."""
    reply = Cluster.from_objects(responder.headless(pods)).respond(query, tcp=True)
    assert reply is not None
    return reply


def _address(index: int) -> str:
    return f"10.244.{index >> 8}.{index & 255}"


def cpu(work: Callable[[], object], least: float = 0.2) -> float:
    """CPU time of a call, in µs, over so many seconds of calls."""
    work()
    count, began = 0, time.process_time()
    while (taken := time.process_time() - began) < least:
        work()
        count += 1
    return taken / count * 1e6


def reading() -> dict[str, float]:
    """G11: µs of reading SRV answers, ours and dnspython's, and of the `Port` that a lookup makes of one."""
    import dns.message

    query, told = encode_query(ASKED), {}
    for pods in (3, 100, 1000):
        reply = srv_reply(pods, query)
        told[f"ours {pods}"] = cpu(partial(read_reply, reply, query, SRV))
        told[f"dnspython {pods}"] = cpu(partial(dns.message.from_wire, reply))
    reply = srv_reply(100, query)

    def record() -> object:
        read = read_reply(reply, query, SRV)
        assert read is not None
        answers = {f"{ASKED.name} SRV": Found(read.data, 30, 130.0, glue=read.glue)}
        return drive(port(setting(family="ipv4"), "db.shop", "http", "tcp"), answers)

    told["record 100"] = cpu(record)
    return told


def pace() -> dict[str, float]:
    """How many times as long this machine takes as the one on which goals in µs were set."""
    import dns.message

    return {"pace": cpu(partial(dns.message.from_wire, srv_reply(3, encode_query(ASKED)))) / THERE}


def records() -> dict[str, float]:
    """G21: µs a pod of `endpoints()` after the codec, of 1,000 pods whose addresses are all there."""
    pods = [(f"{_address(index).replace('.', '-')}.{SERVICE}", IPv4Address(_address(index))) for index in range(1000)]
    found = Found(
        tuple(SrvData(0, 1, 80, name) for name, _ in pods),
        30,
        130.0,
        glue={name: (address,) for name, address in pods},
    )
    told = cpu(lambda: drive(endpoints(setting(family="ipv4"), "db.shop", "http", "tcp"), {f"{ASKED.name} SRV": found}))
    return {"a pod": told / 1000, **pace()}


def memory() -> dict[str, float]:
    """G22: octets of an idle `Resolver`, of a remembered answer, and of the result that is made of it."""
    with responder.running() as number:
        config = ResolverConfig.for_cluster(f"127.0.0.1:{number}", namespace="shop")
        with Resolver(config, family="ipv4") as resolver:
            look_up(resolver, range(50))
            tracemalloc.start()
            answer = _held(lambda: look_up(resolver, range(50, 550)))
            result = _held(lambda: look_up(resolver, range(50, 550)))
        idle = _held(lambda: [Resolver(config, family="ipv4") for _ in range(200)])
    return {"answer": answer / 500, "result": result / 500, "idle": idle / 200}


def look_up(resolver: Resolver, numbers: Iterable[int]) -> None:
    """Ask once for each of these names, which nobody else holds."""
    for number in numbers:
        resolver.addresses(f"svc-{number}.shop.svc.cluster.local")


def _held(make: Callable[[], Any]) -> float:
    """Octets that are held once it is made, and not before."""
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    made = make()
    gc.collect()
    after = tracemalloc.get_traced_memory()[0]
    del made
    return after - before


def questions() -> dict[str, float]:
    """G6 to G8: questions, of Services by the offline cluster's log, of other hosts by a lookup driven by hand."""
    cluster = Cluster.from_objects(responder.objects())
    told: dict[str, float] = {}
    for family in ("ipv4", "both"):
        counts = []
        for name in ("svc-1", "svc-1.shop", "svc-1.shop.svc", "svc-1.shop.svc.cluster.local"):
            with cluster.resolver(namespace="shop", family=family) as resolver:
                before = len(cluster.queries)
                resolver.service(name)
                counts.append(len(cluster.queries) - before)
        told[f"service {family}"] = max(counts)
    there = Found((IPv4Address("10.96.0.1"),), 30, 130.0)
    for name, found in (("payments.data", "payments.data.svc.cluster.local."), ("api.example.com", "api.example.com.")):
        _, rounds = drive(addresses(setting(family="ipv4"), name), {f"{found} A": there})
        told[f"{name}, questions"], told[f"{name}, round trips"] = sum(map(len, rounds)), len(rounds)
    with cluster.resolver(namespace="shop", family="ipv4") as resolver:
        for _ in range(2):
            before = len(cluster.queries)
            resolver.explain("nothing")
        told["again"] = len(cluster.queries) - before
    return told


if __name__ == "__main__":
    parts = {"reading": reading, "records": records, "memory": memory, "questions": questions, "pace": pace}
    print(json.dumps(parts[sys.argv[1]]()))
