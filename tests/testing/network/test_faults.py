"""Faults: what they do, alike in virtual time and on real sockets, and which ones are refused."""

import contextlib
import inspect
import random
from collections.abc import Callable
from typing import Any

import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8sresolve import Nameserver, ResolverConfig
from k8sresolve.resolver import Resolver
from k8sresolve.testing import Cluster, Fault, Network
from k8sresolve.testing.network.faults import KINDS
from k8sresolve.testing.network.query_log import LoggedQuery
from tests.testing.fault_scenarios import FIRST, FOUND, NAME, REPLICAS, SCENARIOS, SECOND, SHOP, Scenario

# A machine that is busy for 50 ms makes a resolver ask again; that is no difference between the two.
_TRIES = 3


def cluster() -> Cluster:
    return Cluster.from_manifests(SHOP, server_addresses=REPLICAS)


_WORLD = cluster()


def lines(cluster: Cluster) -> tuple[str, ...]:
    """The log as scenarios have it."""
    return tuple(map(line, cluster.queries))


def line(query: LoggedQuery) -> str:
    words = {"dropped": "drop", "truncated": "truncate"}
    told = words.get(query.outcome, query.outcome.replace(" ", "_"))
    others = ", ".join(fault for fault in query.faults if fault != told)
    return f"{query.rdtype} {query.transport} {query.outcome}" + (f" ({others})" if others else "")


def story(cluster: Cluster) -> list[Any]:
    """All of the log that does not depend on the client's socket and clock."""
    return [
        (q.name, q.rdtype, q.transport, q.nameserver, q.replica, q.outcome, q.records, q.faults)
        for q in cluster.queries
    ]


def look_up(scenario: Scenario, cluster: Cluster, resolver: Resolver) -> tuple[str, ...]:
    told: list[str] = []
    for call in scenario.calls:
        if isinstance(call, float):
            cluster.clock.advance(call)
            continue
        try:
            told.append(" ".join(map(str, resolver.addresses(scenario.host, **call).addresses)))
        except OSError as error:
            told.append(type(error).__name__)
    return tuple(told)


def in_virtual_time(scenario: Scenario) -> tuple[Cluster, tuple[str, ...]]:
    offline = cluster()
    scenario.arrange(offline)
    nameservers = tuple(map(Nameserver, scenario.nameservers))
    config = ResolverConfig(nameservers=nameservers, search=("svc.cluster.local",))
    with offline.resolver(config=config, family=scenario.family) as resolver:
        return offline, look_up(scenario, offline, resolver)


def on_loopback(scenario: Scenario) -> tuple[Cluster, tuple[str, ...]]:
    served = cluster()
    with contextlib.ExitStack() as stack:
        servers = [
            stack.enter_context(served.serve(replica=address if address in REPLICAS else None))
            for address in scenario.nameservers
        ]
        scenario.arrange(served)
        nameservers = tuple(server.nameserver for server in servers)
        config = ResolverConfig(nameservers=nameservers, search=("svc.cluster.local",))
        with Resolver(config, family=scenario.family) as resolver:
            return served, look_up(scenario, served, resolver)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_fault_does_the_same_in_virtual_time_and_on_real_sockets(scenario):
    offline, told = in_virtual_time(scenario)
    assert (told, lines(offline)) == (scenario.told, scenario.log)
    for _ in range(_TRIES):
        served, told = on_loopback(scenario)
        if (told, story(served)) == (scenario.told, story(offline)):
            break
    assert told == scenario.told
    assert story(served) == story(offline)


# -- which queries -----------------------------------------------------------------------------------------------------


def ask(offline: Cluster, count: int = 1, host: str = NAME) -> list[str]:
    """Ask the first nameserver that often, and say what came of each query."""
    offline.queries.clear()
    with offline.resolver(family="ipv4", namespace="shop", timeout=0.2) as resolver:
        for _ in range(count):
            with contextlib.suppress(OSError):
                resolver.addresses(host, fresh=True)
    return [query.outcome for query in offline.queries]


def test_a_fault_ends_with_its_block_and_tells_its_hits():
    offline = cluster()
    with offline.network.drop() as fault:
        assert ask(offline) == ["dropped"]
    assert ask(offline) == ["NOERROR"]
    assert fault.hits == 1
    assert repr(fault) == "<drop: 1 hit>"


def test_a_fault_that_was_never_hit_can_be_told():
    offline = cluster()
    fault = offline.network.drop("paymnets.shop.svc.cluster.local", "A", next=2, transport="udp")
    ask(offline)
    assert fault.hits == 0
    assert repr(fault) == "<drop paymnets.shop.svc.cluster.local. A transport=udp next=2: 0 hit>"


def test_stopping_a_fault_twice_is_fine_and_leaves_the_others():
    offline = cluster()
    first, second = offline.network.rcode("REFUSED"), offline.network.drop()
    first.stop()
    first.stop()
    assert ask(offline) == ["dropped"]
    offline.network.restore()
    second.stop()
    assert ask(offline) == ["NOERROR"]


def test_a_query_that_is_lost_is_lost_to_what_was_made_later():
    offline = cluster()
    drop, rcode = offline.network.drop(next=1), offline.network.rcode("REFUSED", next=1)
    assert ask(offline) == ["dropped"]
    assert (drop.hits, rcode.hits) == (1, 0)
    assert ask(offline) == ["REFUSED"]


def test_chance_depends_on_the_seed_alone():
    def outcomes(seed: int) -> list[bool]:
        offline = cluster()
        offline.network.rcode("REFUSED", probability=0.3, seed=seed)
        return [outcome == "REFUSED" for outcome in ask(offline, 50)]

    rng = random.Random(5)
    assert outcomes(5) == [rng.random() < 0.3 for _ in range(50)]
    assert outcomes(5) != outcomes(6)


def test_a_count_counts_hits_and_not_what_chance_spared():
    offline = cluster()
    fault = offline.network.rcode("REFUSED", probability=0.3, next=4)
    assert ask(offline, 100).count("REFUSED") == 4
    assert fault.hits == 4


def test_a_named_nameserver_is_also_the_replica_that_the_service_leads_to():
    offline = cluster()
    fault = offline.network.rcode("REFUSED", nameserver=SECOND)
    assert ask(offline, 4) == ["NOERROR", "REFUSED", "NOERROR", "REFUSED"]
    assert [query.replica for query in offline.queries] == [FIRST, SECOND, FIRST, SECOND]
    assert {query.nameserver for query in offline.queries} == {"10.96.0.10"}
    assert fault.hits == 2


def test_stale_answers_stay_while_the_cluster_changes():
    offline = cluster()
    offline.network.stale()
    offline.store.remove("Service", "shop", "payments")
    assert ask(offline) == ["NOERROR"]
    offline.network.restore()
    assert ask(offline)[0] == "NXDOMAIN"


def test_a_forced_rcode_does_not_reach_the_nameservers_cache():
    offline = Cluster.from_manifests(SHOP, corefile=".:53 {\n kubernetes cluster.local\n cache 30\n}\n")
    offline.network.rcode("SERVFAIL", next=1)
    assert ask(offline) == ["SERVFAIL", "NOERROR"]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda network: network.drop(next=0), r"drop: next=0 hits nothing; give a whole number from 1 on"),
        (lambda network: network.drop(next=1.5), r"drop: next=1\.5 hits nothing"),
        (lambda network: network.drop(every=0), r"drop: every=0 hits nothing"),
        (lambda network: network.drop(probability=0), r"drop: probability=0 is not above 0 and at most 1"),
        (lambda network: network.drop(probability=1.01), r"probability=1\.01"),
        (lambda network: network.drop(probability=5), r"probability=5 "),
        (lambda network: network.drop(probability=float("nan")), r"probability=nan"),
        (lambda network: network.drop(seed=1), r"drop: seed=1 does nothing without probability="),
        (lambda network: network.drop(rdtype="AAA"), r"there is no record type 'AAA'"),
        (lambda network: network.drop("payments.shop", rdtype=""), r"there is no record type ''"),
        (lambda network: network.drop(rdtype=1), r"there is no record type 1"),
        (lambda network: network.drop("payments..shop"), r"drop: no query can be for 'payments\.\.shop': .*empty"),
        (lambda network: network.drop("päyments.shop"), r"no query can be for .*ASCII"),
        (lambda network: network.drop(f"{'a' * 64}.shop"), r"no query can be for .*63"),
        (lambda network: network.drop("*."), r"no query can be for '\*\.'"),
        (lambda network: network.drop(transport="dot"), r"drop: there is no transport 'dot'; use 'udp' or 'tcp'"),
        (lambda network: network.drop(nameserver="coredns"), r"drop: the nameserver 'coredns' is no IP address"),
        (lambda network: network.drop(after=-1), r"drop: after=-1 is no number of seconds from now on"),
        (lambda network: network.drop(after=float("inf")), r"after=inf"),
        (lambda network: network.drop(lasting=0), r"drop: lasting=0 is no time"),
        (lambda network: network.drop(lasting=float("nan")), r"lasting=nan"),
        (lambda network: network.delay(-1), r"delay: a reply cannot come -1 s after its query"),
        (lambda network: network.delay(float("inf")), r"delay: a reply cannot come inf s"),
        (lambda network: network.drip(-1), r"drip: a reply cannot come -1 s"),
        (lambda network: network.reorder(within=0), r"reorder: within=0 is no time"),
        (
            lambda network: network.rcode("SERVFAUL"),
            r"there is no rcode 'SERVFAUL'; use one of NOERROR, FORMERR, SERVF",
        ),
        (lambda network: network.reset(transport="udp"), r"reset cannot happen over udp, only over tcp"),
        (lambda network: network.drip(1, transport="udp"), r"drip cannot happen over udp"),
        (lambda network: network.duplicate(transport="tcp"), r"duplicate cannot happen over tcp, only over udp"),
        (lambda network: network.reorder(transport="tcp"), r"reorder cannot happen over tcp"),
        (lambda network: network.wrong_source(transport="tcp"), r"wrong_source cannot happen over tcp"),
        (lambda network: network.refuse(transport="sctp"), r"refuse: there is no transport 'sctp'"),
    ],
)
def test_a_fault_that_can_never_match_is_refused_where_it_is_made(make: Callable[[Any], object], says: str):
    offline = cluster()
    with pytest.raises(ValueError, match=says):
        make(offline.network)
    assert ask(offline) == ["NOERROR"]


_FIRST: dict[str, tuple[Any, ...]] = {"delay": (1.0,), "drip": (1.0,), "rcode": ("SERVFAIL",)}


def test_every_method_that_makes_a_fault_is_entered_by_its_name():
    methods = inspect.getmembers(Network, inspect.isfunction)
    public = [(name, method) for name, method in methods if not name.startswith("_")]
    assert {name for name, method in public if inspect.signature(method).return_annotation is Fault} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_is_of_the_kind_that_its_method_says(kind):
    assert getattr(cluster().network, kind)(*_FIRST.get(kind, ())).kind == kind


def test_an_unknown_argument_is_a_type_error():
    with pytest.raises(TypeError, match="nxt"):
        cluster().network.drop(nxt=1)


_KINDS = ("drop", "duplicate", "reorder", "truncate", "wrong_id", "wrong_question", "wrong_source", "garbage", "stale")
_KINDS += ("unsynced",)
_MESSAGE = dns.message.make_query(NAME, "A").to_wire()
_messages = st.one_of(
    st.binary(max_size=40),
    # Of a good query: an odd end, an octet changed, and another question.
    st.integers(0, len(_MESSAGE)).map(lambda end: _MESSAGE[:end]),
    st.tuples(st.integers(0, len(_MESSAGE) - 1), st.integers(0, 255)).map(
        lambda change: _MESSAGE[: change[0]] + bytes((change[1],)) + _MESSAGE[change[0] + 1 :]
    ),
    st.sampled_from([".", "x.", "X.example.", NAME]).map(lambda name: dns.message.make_query(name, "NS").to_wire()),
)


@given(_messages, st.sampled_from(["udp", "tcp"]), st.lists(st.sampled_from(_KINDS), max_size=3))
def test_no_message_and_no_faults_make_the_network_fail(message, transport, kinds):
    network = _WORLD.network
    faults = [getattr(network, kind)() for kind in kinds]
    sent = network.receive(message, transport, nameserver=FIRST)
    for fault in faults:
        fault.stop()
    assert all(parcel.delay >= 0 for parcel in sent)
    assert [parcel.delay for parcel in sent] == sorted(parcel.delay for parcel in sent)
    if "wrong_id" in kinds and "drop" not in kinds:
        odd = kinds.count("wrong_id") % 2
        assert all((parcel.data[:2] != message[:2]) == odd for parcel in sent)


def test_found_is_what_the_manifests_say():
    with cluster().resolver(namespace="shop", family="ipv4") as resolver:
        assert [str(address) for address in resolver.service("payments").addresses] == [FOUND]
