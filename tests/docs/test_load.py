"""The simulation behind `docs/explanation/load-on-coredns.md`, at a thousandth of its size."""

import random
import re
from pathlib import Path

import attrs
import pytest

from docs.load.added import _spans, conntrack, following, under_loss
from docs.load.clients import CLIENTS, CAres, Place
from docs.load.mix import CLASSES, Kind, Lookup, Mix, Pod, lookups, pods, storm
from docs.load.simulation import STEADY, WARM, Asked, Run, Setup, make_cluster, missed, questions, simulate
from k8sresolve.testing import Cluster
from k8sresolve.testing.coredns.plugins.kubernetes.plugin import Kubernetes

PAGE = Path(__file__).parents[2] / "docs/explanation/load-on-coredns.md"
TEN = 10
CALM = attrs.evolve(Mix(), kinds=(Kind("kept", 0.8, renews_every=60.0), Kind("each", 0.2, opens=1.0)))
NAMES = (
    "app-1",
    "app-1.team-2",
    "app-1.team-2.svc",
    "app-1.team-2.svc.cluster.local",
    "site-1.example",
    "api.vendor-1.example",
    "queue.eu.cloud-1.example",
)


def counts(client, ndots=5):
    return [len(questions(client, "team-1", ndots, name)) for name in NAMES]


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        # As counted on the wire of the real ones: A and AAAA for each candidate; dnspython stops at NXDOMAIN of AAAA.
        ("glibc", [2, 4, 6, 8, 8, 8, 8]),
        ("musl", [2, 4, 6, 8, 8, 8, 8]),
        ("Go", [2, 4, 6, 8, 8, 8, 8]),
        ("aiodns", [2, 4, 6, 8, 8, 8, 8]),
        ("dnspython", [2, 3, 4, 5, 5, 5, 5]),
        ("dnspython, cache", [2, 3, 4, 5, 5, 5, 5]),
        # The own namespace, the other one; of hosts outside those that have the shape of a name, and as typed.
        ("k8sresolve", [1, 2, 2, 1, 3, 2, 1]),
        ("k8sresolve, both", [2, 4, 4, 2, 6, 4, 2]),
        ("k8sresolve, absolute", [1, 2, 2, 1, 1, 1, 1]),
    ],
)
def test_what_a_name_costs_that_nothing_is_known_of(client, expected):
    assert counts(client) == expected


def test_with_ndots_2_names_of_two_dots_are_asked_as_typed_first():
    assert counts("glibc", 2) == [2, 4, 8, 2, 8, 2, 2]
    assert counts("musl", 2) == [2, 4, 2, 2, 8, 2, 2]
    assert {found for *_, found in questions("musl", "team-1", 2, "app-1.team-2.svc")} == {False}


def test_c_ares_is_modelled_as_it_was_seen():
    # aiodns 4.0.4 with c-ares 1.34.9, asked over loopback at 0, 6 and 10 s; TTLs of 5 s inside and 8 s outside.
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "payments", "namespace": "shop"},
        "spec": {"clusterIP": "10.96.20.1", "ports": [{"port": 80}]},
    }
    corefile = """cluster.local:53 {
        kubernetes cluster.local {
            ttl 5
        }
    }
    .:53 {
        forward . 192.0.2.1
        cache 30
    }"""
    zone = "@ 300 SOA ns.example. h.example. 1 7200 1800 86400 300\n"
    zone += "".join(f"{host} 8 A 192.0.2.7\n" for host in ("site", "api.vendor", "sqs.eu.cloud"))
    shop = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    cluster = Cluster.from_objects([shop, service], corefile=corefile, upstream={"example": zone})
    program = CAres(Place(cluster, "shop", 5))
    typed = ["payments", "payments.shop", "payments.shop.svc", "payments.shop.svc.cluster.local"]
    typed += ["site.example", "api.vendor.example", "sqs.eu.cloud.example"]

    def asked(at):
        cluster.clock.reach(at)
        found = []
        for name in typed:
            cluster.queries.clear()
            program.look_up(name)
            found.append(len(cluster.queries))
        return found

    assert asked(0.0) == [2, 2, 4, 6, 8, 8, 8]
    assert asked(0.5) == [0, 0, 0, 0, 0, 0, 0]
    assert asked(6.1) == [1, 2, 4, 6, 6, 6, 6]
    assert asked(10.1) == [0, 0, 0, 0, 1, 1, 1]


def one_kind(kind, **how):
    """Pods that use one name of one kind."""
    names = tuple(int(k == kind) for k in CLASSES)
    return Mix(kinds=(Kind("all", 1.0, **how),), names=names, outside=float(CLASSES.index(kind) > 3), life=1e9)


@pytest.mark.parametrize("kind", CLASSES)
def test_who_remembers_nothing_asks_so_much_for_each_lookup(kind):
    run = simulate(Setup("glibc"), one_kind(kind, opens=0.1), TEN)
    expected = {"svc": 2, "svc.ns": 4, "svc.ns.svc": 6}.get(kind, 8)
    assert run.rate() == pytest.approx(run.lookups() * expected)
    assert run.each() == {kind: expected}
    # Ten thousand pods open 0.1 connections a second each; of some 240 that were drawn the deviation is 6 %.
    assert run.lookups() == pytest.approx(1000, rel=0.2)


def test_who_remembers_asks_once_for_each_ttl():
    # One name a pod, and a connection each second: one question each 30 s, and some time until the next connection.
    run = simulate(Setup("k8sresolve", ttl=30), one_kind("svc", opens=1.0), TEN)
    assert 10_000 / 33 < run.rate() < 10_000 / 29
    run = simulate(Setup("k8sresolve", ttl=5), one_kind("svc", opens=1.0), TEN)
    assert 10_000 / 7 < run.rate() < 10_000 / 5


def test_storms_are_all_names_of_all_pods():
    chance = random.Random(1)
    crowd = pods(Mix(), TEN, chance)
    assert len(storm(crowd, 300.0, 10.0, chance)) == TEN * sum(Mix().names)
    assert {pod.kind.name for pod in pods(Mix(), 20, chance)} == {kind.name for kind in Mix().kinds}


def test_a_pod_that_was_replaced_looks_up_all_that_it_uses_and_remembers_nothing():
    mix = attrs.evolve(Mix(), life=60.0)
    drawn = lookups(mix, pods(mix, TEN, random.Random(1)), 300.0, random.Random(2))
    assert drawn == sorted(drawn)
    replaced = [at for at, event in enumerate(drawn) if not event.name]
    assert replaced
    for at in replaced:
        event = drawn[at]
        following = [e.name for e in drawn[at:] if e.pod == event.pod and e.name and e.at <= event.at + 1.0]
        assert len(following) >= sum(mix.names)


def test_runs_are_the_same_each_time():
    first, second = (simulate(Setup("k8sresolve", node_local=True), CALM, TEN) for _ in range(2))
    assert (first.asked, first.events) == (second.asked, second.events)
    assert first.events != simulate(Setup("glibc"), CALM, TEN, seed=2).events


POD = Pod(0, "team-1", (), Mix().kinds[0])
OTHER = attrs.evolve(POD, node=1)


def ask(at, name="a.team-1.svc.cluster.local.", *, pod=0, found=True, rdtype="A"):
    return Asked(at, pod, "svc", name, rdtype, found)


def test_a_nodes_cache_lets_through_what_it_does_not_know():
    asked = [
        ask(0.0),
        ask(1.0, pod=1),
        ask(1.0, pod=2),  # another node's
        ask(2.0, rdtype="AAAA", found=False),
        ask(6.9, rdtype="AAAA", found=False),
        ask(7.0, rdtype="AAAA", found=False),
        ask(9.0, "site-1.example."),
        ask(29.9),
        ask(30.0),
    ]
    through = missed(asked, [POD, POD, OTHER], 30)
    assert [asked.index(question) for question in through] == [0, 2, 3, 5, 8]
    assert [question.at for question in missed([ask(0.0), ask(4.9), ask(5.0)], [POD], 5)] == [0.0, 5.0]


@pytest.mark.parametrize("client", ["k8sresolve", "dnspython, cache", "aiodns"])
@pytest.mark.parametrize("ttl", [5, 30])
def test_what_the_model_lets_through_is_what_comes_past_the_plugin(client, ttl, monkeypatch):
    # With one node, where `kubernetes` stands for the CoreDNS behind the node's cache.
    came = []
    answer = Kubernetes.answer
    monkeypatch.setattr(Kubernetes, "answer", lambda self, request, rest: came.append(1) or answer(self, request, rest))
    run = simulate(Setup(client, ttl=ttl, node_local=True), CALM, TEN)
    # A lookup takes some milliseconds, by which the two may differ about what has just expired.
    assert len(run.at_coredns) == pytest.approx(len(came), rel=0.02)
    assert len(run.at_coredns) < len(run.asked)


def test_source_ports_are_those_of_the_client():
    asked = [ask(1.0), ask(1.0, rdtype="AAAA"), ask(1.0, "b.example."), ask(9.0)]
    assert _spans(asked, "question") == [(1.0, 1.0)] * 3 + [(9.0, 9.0)]
    assert _spans(asked, "candidate") == [(1.0, 1.0)] * 2 + [(9.0, 9.0)]
    assert _spans(asked, "channel") == [(1.0, 9.0)]
    # A and AAAA of one name leave by two sockets; each is renewed after 30 s.
    assert _spans(asked, "pool") == [(1.0, 9.0), (1.0, 1.0)]
    assert _spans([ask(0.0), ask(29.9), ask(30.0)], "pool") == [(0.0, 29.9), (30.0, 30.0)]
    assert len(_spans([ask(n / 100) for n in range(250)], "pool")) == 3


def test_entries_stay_30_seconds_or_120_after_two():
    crowd = [POD, POD]
    once, stream = [ask(WARM)], [ask(WARM, pod=1), ask(WARM + 10.0, pod=1)]
    run = Run(Setup("aiodns"), crowd, [Lookup(WARM, 0)], once)
    assert conntrack(run) == (1 / STEADY / 2, 30.0 / STEADY / 2)
    run = Run(Setup("aiodns"), crowd, [Lookup(WARM, 0)], stream)
    assert conntrack(run) == (1 / STEADY / 2, 130.0 / STEADY / 2)


def test_what_is_lost_is_asked_again_and_nothing_fails():
    asked, resent, failed = under_loss(0.0, TEN)
    assert (resent, failed) == (0, 0)
    _, resent, failed = under_loss(0.02, TEN)
    # Each lost packet is one resend, and some of these are lost too.
    assert resent / asked == pytest.approx(0.02, abs=0.012)
    assert failed == 0


def test_clusters_answer_by_the_ttl_asked_for():
    for node_local in (False, True):
        cluster = make_cluster(Setup("k8sresolve", ttl=5, node_local=node_local))
        with cluster.resolver(namespace="team-1") as resolver:
            assert resolver.addresses("app-1").ttl == 5
            assert resolver.addresses("api.vendor-1.example").ttl == 30


def test_the_page_has_tables_and_figures():
    text = PAGE.read_text()
    blocks = re.findall(r"<!-- (\w+) -->\n(.*?)<!-- /\1 -->", text, re.DOTALL)
    assert len(blocks) == 10
    assert all(body.startswith("| ") for _, body in blocks)
    images = re.findall(r"\{image\} (\S+)", text)
    assert len(images) == 8
    assert all((PAGE.parent / image).is_file() for image in images)
    assert all(client in text for client in CLIENTS)


def test_a_watch_asks_once_a_lifetime_and_asking_ahead_a_fifth_more_often_than_lookups():
    watched, asked, ahead = following(30)
    assert 3600 / 36 <= watched <= 1 + 1.1 * 3600 / 30
    assert asked == 3600 / 30
    # Every two seconds a lookup looks; the first one after 24 s of 30 asks ahead.
    assert ahead == pytest.approx(3600 / 26, abs=1.5)
