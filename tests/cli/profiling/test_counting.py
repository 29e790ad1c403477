"""Counts of a log of any length: what is kept, and what a sample has."""

from itertools import chain

import pytest

from tests.cli.profiling.logs import Walk, counted, direct

POD = "10.244.1.9"


def test_names_that_are_asked_for_least_give_way_and_stay_counted():
    often = list(chain(*(direct(POD, f"often-{n}.example.", 9) for n in range(10))))
    rare = [query for n in range(500) for query in direct(POD, f"rare-{n}.example.")]
    counts = counted([*often, *rare], most_names=50)
    [client] = counts.clients.values()
    assert len(client.names) <= 50
    assert {f"often-{n}.example." for n in range(10)} <= {*client.names}
    kept = sum(asked.total for asked in client.names.values())
    assert (counts.questions, counts.rare, client.rare) == (1180, 1180 - kept, 1180 - kept)


def test_clients_are_bounded_too():
    counts = counted(
        (q for n in range(5000) for q in direct(f"10.1.{n // 250}.{n % 250}", "a.example.")), most_names=100
    )
    assert len(counts.clients) <= 101
    assert counts.questions == 10_000
    assert counts.rare + sum(a.total for c in counts.clients.values() for a in c.names.values()) == 10_000


def test_times_are_bounded_and_given_back_by_what_gives_way():
    counts = counted(direct(POD, "a.example.", 100), most_times=30)
    [asked] = counts.clients[POD].names.values()
    assert len(asked.times) == 30
    names = counted((q for n in range(300) for q in direct(POD, f"n-{n}.example.")), most_names=10, most_times=20)
    assert all(len(asked.times) == 1 for asked in names.clients[POD].names.values())


@pytest.mark.parametrize("sample", [0.5, 0.1])
def test_a_sample_has_all_that_a_search_list_makes_of_a_name_or_nothing(sample):
    walks = [Walk(f"10.1.0.{client}", f"host-{n}.example.com") for client in range(20) for n in range(50)]
    counts = counted((query for walk in walks for query in walk.queries()), sample)
    assert counts.seen == 8000
    taken = [asked for client in counts.clients.values() for asked in client.names]
    assert len(taken) % 4 == 0
    whole = {(client.address, name.partition(".")[0]) for client in counts.clients.values() for name in client.names}
    assert len(taken) == 4 * len(whole)
    assert len(whole) / len(walks) == pytest.approx(sample, abs=0.06)


def test_a_log_is_timed_where_all_lines_are():
    queries = list(direct(POD, "a.example.", 3))
    assert counted(queries).is_timed
    assert not counted([*queries, queries[0]._replace(at=None)]).is_timed
    assert (counted(queries).first, counted(queries).last) == (0.0, 2.0)


def test_a_sample_takes_names_of_any_letters():
    assert counted(direct(POD, "a\ud800.example.", 3), 0.5).seen == 6
