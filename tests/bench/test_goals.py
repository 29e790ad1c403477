import pytest

from tests.bench.goals import Goal, Row, number, table

MOST = Goal("G1", "cold, µs", 0.25, 0.16)
LEAST = Goal("G4", "a second", 0.75, 1.2, least=True)


@pytest.mark.parametrize(
    ("goal", "ours", "verdict"),
    [
        (MOST, [16, 15, 40], "reached"),
        (MOST, [17, 10, 40], "floor held"),
        (MOST, [26, 10, 40], "floor missed"),
        (LEAST, [120, 130, 1], "reached"),
        (LEAST, [119, 130, 1], "floor held"),
        (LEAST, [74, 130, 1], "floor missed"),
        (Goal("G1", "beside"), [1, 1, 1], ""),
    ],
)
def test_the_median_over_rounds_is_held_against_goal_and_floor(goal, ours, verdict):
    assert Row(goal, ours, [100, 100, 100]).verdict == verdict


def test_a_ratio_is_of_one_round():
    assert Row(MOST, [1.0, 9.0], [10.0, 30.0]).rounds == [0.1, 0.3]
    assert Row(MOST, [1.0], [0.0]).rounds == [float("inf")]


def test_one_round_passes_nothing_that_is_not_exact():
    assert Row(MOST, [1], [100]).verdict == "one round"
    assert Row(MOST, [26], [100]).verdict == "one round"
    assert Row(MOST, [0.16], exact=True).verdict == "reached"


def test_a_figure_of_all_rounds_takes_the_place_of_the_median():
    row = Row(MOST, [1, 2], [10, 10], figure=0.3)
    assert (row.middle, row.verdict) == (0.3, "floor missed")


def test_the_table_says_all_of_it():
    text = table([Row(MOST, [20.0, 30.0], [100.0, 100.0]), Row(Goal("G6", "questions", 1, 1), [1], exact=True)])
    assert text.splitlines()[2:] == [
        "| G1 | cold, µs | 25 | 100 | 0.250 | 0.200 to 0.300 | ≤ 0.250 | ≤ 0.160 | floor held |",
        "| G6 | questions | 1 |  | 1 | exact | ≤ 1 | ≤ 1 | reached |",
    ]


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (0.0456, "0.046"), (1.234, "1.23"), (165_000, "165,000"), (386.4, "386")]
)
def test_numbers_are_short(value, text):
    assert number(value) == text
