"""What held when, and undisturbed time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8sresolve.testing.histories.timelines import Disturbance, Spell, Timeline, Undisturbed

A, B = frozenset("a"), frozenset("b")


def test_a_timeline_tells_what_held():
    timeline = Timeline()
    for when, state in [(1.0, A), (2.0, A), (5.0, B), (9.0, A | B)]:
        timeline.note(when, state)
    assert list(timeline) == [(1.0, A), (5.0, B), (9.0, A | B)]
    assert [timeline.at(when) for when in (0.0, 1.0, 4.9, 5.0, 99.0)] == [A, A, A, B, A | B]
    assert timeline.during(2.0, 4.0) == [A]
    assert timeline.during(4.0, 5.0) == [A, B]
    assert timeline.during(6.0, 6.0) == [B]
    assert timeline.ever() == A | B
    assert list(timeline.spells("a", 0.0, 20.0)) == [
        Spell(0.0, 5.0, there=True), Spell(5.0, 9.0, there=False), Spell(9.0, 20.0, there=True)
    ]  # fmt: skip
    assert list(timeline.spells("a", 6.0, 8.0)) == [Spell(6.0, 8.0, there=False)]
    assert repr(timeline).splitlines()[0] == "      1.0 s  a"


@pytest.mark.parametrize(
    ("when", "seconds", "then"),
    [(0, 5, 5), (0, 10, 10), (0, 11, 26), (12, 1, 26), (24, 1, 26), (25, 1, 26), (26, 5, 31)],
)
def test_disturbed_time_does_not_count(when, seconds, then):
    undisturbed = Undisturbed([Disturbance(10, 15, old_view=False), Disturbance(14, 20, old_view=True)], lambda _: 5)
    assert undisturbed.after(when, seconds) == then


spans = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 20)).map(lambda two: (two[0], sum(two))))


@given(spans, st.integers(0, 60), st.integers(0, 60), st.integers(0, 9))
def test_undisturbed_time_is_what_is_left(spans, when, seconds, recovery):
    undisturbed = Undisturbed([Disturbance(*span, old_view=False) for span in spans], lambda _: recovery)
    then = undisturbed.after(when, seconds)
    left = [
        second for second in range(when, int(then)) if not any(begin <= second < end + recovery for begin, end in spans)
    ]
    assert len(left) == seconds


def test_what_goes_over_into_another_lasts_as_one():
    lasted = []

    def recovery(seconds):
        lasted.append(seconds)
        return 5

    Undisturbed([Disturbance(10, 15, True), Disturbance(12, 13, False), Disturbance(18, 30, True)], recovery)
    assert lasted == [5, 5, 20]
