from tests.bench import standing, ways
from tests.bench.clients import CLIENTS
from tests.bench.tables import Table


def test_each_goal_is_measured_once():
    measured = [code for codes in standing.MEASURES for code in codes]
    assert sorted(measured, key=standing.ALL.index) == list(standing.ALL)


def test_each_client_that_is_compared_is_there():
    named = {*standing.COLD, *standing.CROWD, *standing.REMEMBERED, *standing.LOSS_PEERS, *ways.ALL}
    assert named <= set(CLIENTS)
    for _, mine, peer, *_ in standing.COLD_GOALS:
        assert {mine, peer} <= set(standing.COLD)
    for mine, peer, *_ in standing.CROWD_GOALS:
        assert {mine, peer} <= set(standing.CROWD)


def lost(slow, failed=0):
    """A round of a hundred lookups, three of which took so many milliseconds."""
    return {"milliseconds": [1.0] * 97 + [slow] * 3, "failed": failed}


def test_rows_of_loss_are_percentiles_of_all_rounds_and_leave_out_who_is_not_there():
    table = Table()
    for _ in range(2):
        table.add("knot, 1% loss", "k8sresolve", lost(50.0))
        table.add("knot, 1% loss", "aiodns", lost(250.0))
    table.add("knot, 5% loss", "k8sresolve", lost(50.0, failed=1))
    table.add("knot, 5% loss", "k8sresolve", lost(50.0))
    rows = {row.goal.what: row for row in ways.loss_rows(table)}
    assert list(rows) == ["knot, 1% loss, p99, ms: k8sresolve / aiodns", "knot, 5% loss: k8sresolve, failed of a round"]
    beside, failed = rows.values()
    assert (beside.goal.code, beside.middle, beside.verdict) == ("G14", 0.2, "reached")
    assert (failed.goal.code, failed.middle, failed.verdict) == ("G15", 1, "floor missed")


def test_rows_of_a_dead_nameserver_are_beside_the_healthy_pair():
    table = Table()
    for _ in range(2):
        for what, slow in (("healthy", 10.0), ("first silent", 1.2)):
            table.add(what, "k8sresolve", {"milliseconds": [slow] * 100, "failed": 0})
    (row,) = ways.failover_rows(table)
    assert row.goal.what == "first silent, p50, ms: k8sresolve / k8sresolve, healthy"
    assert row.verdict == "reached"


def test_fewer_lookups_in_a_quick_round():
    assert standing.Extent(3, 4).of(3000) == 750
