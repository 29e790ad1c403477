from tests.bench.tables import Table, percentile


def test_a_percentile_is_what_so_many_in_a_hundred_do_not_exceed():
    assert percentile(range(101), 50) == 50
    assert percentile(range(101), 99) == 99


def test_a_ratio_is_of_all_rounds_and_the_rounds_have_theirs():
    table = Table()
    for mine, theirs in (([1.0] * 100, [4.0] * 100), ([3.0] * 100, [4.0] * 100)):
        table.add("lost", "ours", {"milliseconds": mine, "cpu_us": mine[0]})
        table.add("lost", "peer", {"milliseconds": theirs, "cpu_us": 2.0})
    assert table.beside(("lost", "ours"), ("lost", "peer"), 99) == (0.75, [0.25, 0.75])
    assert table.ratios(("lost", "ours"), ("lost", "peer"), "cpu_us") == [0.5, 1.5]
