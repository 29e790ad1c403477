"""What the same lookups would ask another way, beside counts that come about in other ways."""

from itertools import chain

import pytest

from docs.load.mix import Mix
from docs.load.simulation import Setup, simulate
from k8sresolve.cli.profiling import profiles
from k8sresolve.cli.profiling.lines import Query
from k8sresolve.cli.profiling.profiles import Profiler
from tests.cli.profiling.logs import Walk, counted, direct

POD = "10.244.1.9"


def profile(counts, pods=None, domain=None, ttl=30):
    return Profiler(counts, pods, domain, ttl).profile(lambda _label, _total: lambda: None)


def test_lookups_of_pods_that_are_simulated_are_found_again_and_would_ask_what_they_ask_there():
    """docs/load draws what pods look up, and lets each client look it up: a log of one tells of the others."""

    def asked(client, ndots=5):
        return simulate(Setup(client, ndots=ndots), Mix(life=1e9), 8).asked

    logged = asked("glibc")
    found = {question.name for question in logged if question.found}
    told = profile(
        counted(
            Query(q.at, f"10.244.0.{q.pod}", q.name, q.rdtype, "NOERROR" if q.name in found else "NXDOMAIN", "udp")
            for q in logged
        )
    )
    wasted = sum(question.name not in found for question in logged)
    assert told.wasted == told.negative == wasted
    assert told.ways["replayed"] == told.logged == len(logged)
    assert told.ways["ndots_2"] == len(asked("glibc", 2))
    assert told.ways["full_names"] == len(logged) - wasted
    # Hosts outside have other TTLs there; and not all domains are named in `absolute` here.
    assert len(asked("k8sresolve, absolute")) * 2 < told.ways["library_cache"] <= len(asked("k8sresolve, both")) * 1.02


def test_answers_are_remembered_for_their_ttl_and_nxdomain_for_five_seconds():
    times = tuple(float(at) for at in range(60))
    walk = Walk(POD, "payments.data", end=1, times=times)
    told = profile(counted(walk.queries()), ttl=20)
    # Of both types: what is found at 0, 21 and 42 s, and the NXDOMAIN before it each sixth second, when 5 s are over.
    assert told.ways["library_cache"] == 2 * (3 + 10)
    assert told.ways["library"] == 4 * 60


def test_without_times_nothing_is_told_of_a_cache():
    queries = [query._replace(at=None) for query in Walk(POD, "api.example.com").queries()]
    assert "library_cache" not in profile(counted(queries)).ways


def test_a_client_of_several_namespaces_is_a_node_and_has_no_cache():
    queries = chain(
        *(
            Walk(POD, f"{name}.example.com", space, times=(0.0, 1.0)).queries()
            for name in "abc"
            for space in ("shop", "data")
        )
    )
    told = profile(counted(queries))
    assert [row.name for row in told.nodes] == [POD]
    assert "library_cache" not in told.ways


def test_failures_and_other_types_stay_as_they_are():
    queries = [
        *direct(POD, "a.example.com.", 3, rcode="SERVFAIL"),
        *direct(POD, "9.1.244.10.in-addr.arpa.", 2, rdtypes=["PTR"]),
        *Walk(POD, "odd name.example.com").queries(),
        *Walk(POD, "api.example.com").queries(),
    ]
    told = profile(counted(queries))
    assert (told.counts.questions, told.logged) == (24, 8)
    assert told.ways["full_names"] == 18


@pytest.mark.parametrize(
    ("name", "domains"),
    [
        ("api.example.com", ("example.com",)),
        ("s3.eu-west-1.amazonaws.com", ("amazonaws.com",)),
        ("localdb", ()),
        ("web.cluster.local", ()),
    ],
)
def test_domains_outside_are_named_by_their_last_two_labels(name, domains):
    assert profile(counted(Walk(POD, name).queries())).absolute == domains


def test_of_many_clients_some_stand_for_those_that_look_up_as_often(monkeypatch):
    queries = [q for n in range(1, 41) for q in Walk(f"10.1.0.{n}", "api.example.com", times=range(n)).queries()]
    whole = profile(counted(queries))
    monkeypatch.setattr(profiles, "MOST_REMEMBERED", 200)
    part = profile(counted(queries))
    assert part.remembered <= 200 < part.remembering == whole.remembered
    assert part.ways["library_cache"] == pytest.approx(whole.ways["library_cache"], rel=0.1)


def test_questions_of_clients_that_are_forgotten_stay_in_all_ways():
    queries = [q for n in range(2000) for q in direct(f"10.{n // 250}.0.{n % 250}", "a.example.com.")]
    told = profile(counted(queries, most_names=100))
    assert told.ways["full_names"] == told.counts.questions == 4000
