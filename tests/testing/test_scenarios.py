"""Stories of faults: what they do to lookups, and where they cannot be told."""

import contextlib

import pytest

from k8sresolve.errors import ConfigError
from k8sresolve.testing import Cluster, scenarios
from tests.testing.fault_scenarios import FIRST, NAME, REPLICAS, SECOND, SHOP


def cluster() -> Cluster:
    return Cluster.from_manifests(SHOP, server_addresses=REPLICAS)


def ask(offline: Cluster, host: str = NAME) -> list[str]:
    """Ask the first nameserver, and say what came of each query."""
    offline.queries.clear()
    with offline.resolver(family="ipv4", namespace="shop", timeout=0.2) as resolver, contextlib.suppress(OSError):
        resolver.addresses(host, fresh=True)
    return [query.outcome for query in offline.queries]


def test_k3_a_rolling_restart_fails_no_lookup_and_costs_one_resend_at_most():
    offline = cluster()
    with (
        scenarios.rolling_restart(offline, away=5) as restart,
        offline.resolver(namespace="shop", family="ipv4") as resolver,
    ):
        while offline.clock.monotonic() < 12:
            before = len(offline.queries)
            assert resolver.service("payments", fresh=True).addresses
            assert len(offline.queries) - before <= 2
            offline.clock.advance(0.1)
    dropped = [query for query in offline.queries if query.outcome == "dropped"]
    assert len(dropped) == restart.hits > 10
    assert {query.replica for query in dropped if query.at < 5} == {FIRST}
    assert {query.replica for query in dropped if query.at >= 5} == {SECOND}
    assert not [query for query in dropped if query.at > 10]


def test_one_nameserver_cannot_be_one_of_several_that_are_dead():
    with pytest.raises(ConfigError, match=r"has one nameserver.*server_addresses="):
        scenarios.one_replica_dead(Cluster.from_manifests(SHOP))
    with pytest.raises(ConfigError, match=r"no replica has the address '10\.9\.9\.9'; there are 10\.244\.0\.2, "):
        scenarios.one_replica_dead(cluster(), "10.9.9.9")


def test_names_outside_the_cluster_outlast_the_api_server():
    upstream = {"example.com": "@ A 192.0.2.1"}
    offline = Cluster.from_manifests(
        SHOP, corefile=". {\n kubernetes cluster.local\n forward . 9.9.9.9\n}\n", upstream=upstream
    )
    away = scenarios.api_server_away(offline, stale=1)
    offline.clock.advance(2)
    assert ask(offline, host="example.com.") == ["NOERROR"]
    assert ask(offline)[-1] == "SERVFAIL"
    away.stop()
    assert ask(offline) == ["NOERROR"]


@pytest.mark.parametrize("scenario", [lambda it: scenarios.api_server_away(it, stale=0.5), scenarios.not_yet_synced])
@pytest.mark.parametrize(
    ("option", "outcome"),
    [
        ("fallthrough in-addr.arpa ip6.arpa", "NOERROR"),
        ("fallthrough", "NOERROR"),
        ("fallthrough ip6.arpa", "SERVFAIL"),
    ],
)
def test_reverse_names_go_on_where_they_fall_through(scenario, option, outcome):
    # `plugin/kubernetes/handler.go`: fallthrough comes before the question whether it has synced.
    corefile = f". {{\n kubernetes cluster.local in-addr.arpa {{\n {option}\n }}\n forward . 9.9.9.9\n}}\n"
    upstream = {"10.in-addr.arpa": "1.20.96 PTR elsewhere.example."}
    offline = Cluster.from_manifests(SHOP, corefile=corefile, upstream=upstream)
    with scenario(offline), offline.resolver(timeout=0.2) as resolver:
        offline.clock.advance(1)
        with contextlib.suppress(OSError):
            assert resolver.reverse("10.96.20.1") == ("elsewhere.example.",)
    assert list(offline.queries)[-1].outcome == outcome
    with offline.resolver() as resolver:
        assert str(resolver.reverse("10.96.20.1")[0]).startswith("payments.shop")


def test_what_was_known_before_is_known_again_when_it_has_synced():
    offline = cluster()
    with scenarios.not_yet_synced(offline, lasting=10):
        assert ask(offline)[-1] == "SERVFAIL"
        assert ask(offline, host="10-244-0-9.shop.pod.cluster.local.")[-1] == "SERVFAIL"
        offline.clock.advance(10)
        assert ask(offline) == ["NOERROR"]


def test_before_it_has_synced_a_nameserver_answers_for_names_outside_alone():
    upstream = {"example.com": "@ A 192.0.2.1"}
    offline = Cluster.from_manifests(
        SHOP, corefile=". {\n kubernetes cluster.local\n forward . 9.9.9.9\n}\n", upstream=upstream
    )
    with scenarios.not_yet_synced(offline, lasting=10) as syncing:
        assert ask(offline, host="example.com.") == ["NOERROR"]
        assert ask(offline)[-1] == "SERVFAIL"
        assert ask(offline, host="nothing.shop.svc.cluster.local.")[-1] == "SERVFAIL"
        offline.clock.advance(11)
        assert ask(offline) == ["NOERROR"]
    assert syncing.hits
