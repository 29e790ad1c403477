"""Walks along search lists, told by the names that they leave behind."""

import random
from itertools import chain

import pytest

from k8sresolve.cli.profiling.walks import cluster_domain, lookups, node_domains
from tests.cli.profiling.logs import DOMAIN, Walk, counted, direct

POD = "10.244.1.9"


def told(queries, beyond=(), namespace=None):
    """Each lookup as (name, namespace, end, count, questions, wasted)."""
    [client] = counted(queries).clients.values()
    return {
        (found.name, found.namespace, found.end, found.count, found.questions, found.wasted)
        for found in lookups(client, DOMAIN, beyond, namespace)
    }


@pytest.mark.parametrize(
    ("name", "end", "answered", "wasted"),
    [
        ("payments.data", 1, "payments.data.svc.cluster.local.", 2),
        ("payments.data.svc", 2, "payments.data.svc.cluster.local.", 4),
        ("payments.data.svc.cluster.local", -1, "payments.data.svc.cluster.local.", 6),
        ("api.example.com", -1, "api.example.com.", 6),
        ("localdb", -1, "localdb.", 6),
    ],
)
def test_what_was_typed_is_told_by_what_is_asked_below_the_search_domains(name, end, answered, wasted):
    walk = Walk(POD, name, end=end, times=(0, 1, 2))
    asked = len(list(walk.queries()))
    assert told(walk.queries()) == {(name, "shop", answered, 3, asked, 3 * wasted)}


def test_what_is_asked_without_a_walk_was_asked_directly():
    queries = chain(
        direct(POD, "payments.shop.svc.cluster.local.", 4), direct(POD, "api.example.com.", 2, rdtypes=["A"])
    )
    assert told(queries) == {
        ("payments.shop.svc.cluster.local.", "", "payments.shop.svc.cluster.local.", 4, 8, 0),
        ("api.example.com.", "", "api.example.com.", 2, 2, 0),
    }


def test_a_name_that_three_spellings_lead_to_is_shared_among_them():
    end = "payments.data.svc.cluster.local."
    queries = chain(
        Walk(POD, "payments.data", end=1, times=range(5)).queries(),
        Walk(POD, "payments.data.svc.cluster.local", times=range(3)).queries(),
        direct(POD, end, 4),
    )
    assert told(queries) == {
        ("payments.data", "shop", end, 5, 20, 10),
        ("payments.data.svc.cluster.local", "shop", end, 3, 24, 18),
        (end, "", end, 4, 8, 0),
    }


def test_the_order_of_lines_does_not_matter():
    queries = [
        *Walk(POD, "payments.data", end=1, times=range(7)).queries(),
        *Walk(POD, "api.example.com", times=range(5)).queries(),
        *Walk(POD, "missing", times=range(2), found=False).queries(),
    ]
    expected = told(queries)
    random.Random(5).shuffle(queries)
    assert told(queries) == expected
    assert len(expected) == 3


def test_a_name_that_is_nowhere_ends_where_the_walk_does():
    walk = Walk(POD, "missing", found=False)
    assert told(walk.queries()) == {("missing", "shop", "missing.", 1, 8, 6)}


def test_that_db_in_prod_is_nowhere_is_no_walk_from_prod():
    queries = chain(
        Walk(POD, "db.prod", found=False, times=range(3)).queries(),
        Walk(POD, "db", found=False, times=range(3)).queries(),
        Walk(POD, "api.example.com", times=range(3)).queries(),
    )
    assert {(name, namespace) for name, namespace, *_ in told(queries)} == {
        ("db.prod", "shop"),
        ("db", "shop"),
        ("api.example.com", "shop"),
    }


def test_a_node_walks_from_the_namespaces_of_its_pods():
    queries = chain(
        Walk(POD, "api.example.com", "shop", times=range(4)).queries(),
        Walk(POD, "api.example.com", "data", times=range(2)).queries(),
    )
    assert told(queries) == {
        ("api.example.com", "shop", "api.example.com.", 4, 32, 24),
        ("api.example.com", "data", "api.example.com.", 2, 16, 12),
    }


def test_a_pods_own_namespace_is_taken_where_it_is_known():
    walk = Walk(POD, "api.example.com", "data")
    assert {namespace for _, namespace, *_ in told(walk.queries(), namespace="data")} == {"data"}
    assert {namespace for _, namespace, *_ in told(walk.queries(), namespace="shop")} == {""}


def test_families_are_told_apart():
    queries = [
        *Walk(POD, "api.example.com", times=range(3)).queries(),
        *Walk(POD, "api.example.com", times=range(2), rdtypes=["A"]).queries(),
    ]
    [client] = counted(queries).clients.values()
    assert [(found.rdtypes, found.count, found.questions, found.wasted) for found in lookups(client, DOMAIN)] == [
        (("A", "AAAA"), 3, 24, 18),
        (("A",), 2, 8, 6),
    ]


def test_the_domains_that_nodes_add_are_those_below_which_names_go_on():
    walks = [Walk(POD, name, beyond=("corp.example",)) for name in ("api.example.com", "db.example.org")]
    counts = counted(query for walk in walks for query in walk.queries())
    beyond = node_domains(counts.clients.values(), DOMAIN)
    assert beyond == ("corp.example",)
    assert told((query for walk in walks for query in walk.queries()), beyond) == {
        ("api.example.com", "shop", "api.example.com.", 1, 10, 8),
        ("db.example.org", "shop", "db.example.org.", 1, 10, 8),
    }


def test_a_name_that_begins_as_another_makes_no_search_domain():
    queries = chain(Walk(POD, "api", found=False).queries(), direct(POD, "api.example.com."), Walk(POD, "db").queries())
    assert node_domains(counted(queries).clients.values(), DOMAIN) == ()


def test_the_cluster_domain_is_the_one_that_most_services_are_below():
    queries = chain(direct(POD, "web.shop.svc.k8s.corp.", 5), direct(POD, "web.shop.svc.cluster.local."))
    assert cluster_domain(counted(queries).clients.values()) == "k8s.corp"
    assert cluster_domain(counted(direct(POD, "example.com.")).clients.values()) is None


def test_search_lists_and_not_the_most_names_tell_it():
    odd = direct(POD, "web.svc.teams.example.", 50)
    queries = list(chain(Walk(POD, "api.example.com", end=-1, times=(0,)).queries(), odd))
    assert cluster_domain(counted(queries).clients.values()) == DOMAIN


@pytest.mark.parametrize("domain", ["a;b", "_x", "*", "x" * 64])
def test_what_is_no_domain_is_not_the_clusters(domain):
    odd = direct(POD, f"x.svc.{domain}.", 50)
    assert cluster_domain(counted(list(odd)).clients.values()) is None
    queries = chain(direct(POD, f"x.svc.{domain}.", 50), direct(POD, "payments.shop.svc.cluster.local."))
    assert cluster_domain(counted(list(queries)).clients.values()) == "cluster.local"


def test_lookups_that_fail_are_told_apart():
    queries = chain(
        direct(POD, "a.example.com.", rcode="SERVFAIL"),
        direct(POD, "b.example.com.", rcode="-"),
        direct(POD, "c.example.com.", rcode="NXDOMAIN"),
    )
    [client] = counted(queries).clients.values()
    assert [found.failed for found in lookups(client, DOMAIN)] == [True, True, False]


def test_a_part_of_a_walk_is_no_reason_to_see_other_namespaces():
    chance = random.Random(7)
    walks = [
        Walk(POD, f"app-{n}.team-{n}{more}", times=range(40), end=end)
        for n in range(8)
        for more, end in (("", 1), (".svc", 2))
    ]
    queries = [query for walk in walks for query in walk.queries() if chance.random() < 0.4]
    [client] = counted(queries).clients.values()
    found = lookups(client, DOMAIN)
    assert {lookup.namespace for lookup in found if lookup.search} == {"shop"}
    assert sum(lookup.questions for lookup in found) == pytest.approx(len(queries), rel=0.02)
