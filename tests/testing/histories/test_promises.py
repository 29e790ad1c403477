"""What breaks a promise, and what does not: records made by hand, and the seconds by arithmetic."""

import pytest

from k8sresolve.testing.histories.promises import (
    ADDED_IN_TIME,
    ANSWERED,
    EMPTY_IF_TRUE,
    NO_FLAP,
    NO_LOST_DELETE,
    REMOVED_IN_TIME,
    Promises,
    Told,
)
from k8sresolve.testing.histories.timelines import Disturbance, Timeline

PROMISES = Promises(caches=30, interval=36, empty_hold=30, ttl=30, slack=1)
END = 1000.0


def line(*changes):
    timeline = Timeline()
    for when, names in changes:
        timeline.note(when, frozenset(names.split()))
    return timeline


def broken(truth, published, *disturbances, answers=()):
    told = Told(line(*truth), line(*published), [Disturbance(*one) for one in disturbances], END, answers)
    return [one.promise for one in PROMISES.broken(told)]


ALWAYS = [(0, "a b")]
GROWN = [(0, "a"), (100, "a b")]
SHRUNK = [(0, "a b"), (100, "a")]
EMPTIED = [(0, "a"), (100, "")]


@pytest.mark.parametrize(
    ("truth", "published", "disturbances", "promises"),
    [
        (ALWAYS, [(1, "a b")], [], []),
        (ALWAYS, [(1, ""), (2, "a b")], [], []),  # nothing was known yet
        (ALWAYS, [(1, "a b"), (50, "a b c")], [], [ANSWERED, NO_LOST_DELETE]),
        # 30 s of caches and 36 s until it is asked, and one more to be noted
        (GROWN, [(1, "a"), (166, "a b")], [], []),
        (GROWN, [(1, "a"), (168, "a b")], [], [ADDED_IN_TIME]),
        (GROWN, [(1, "a")], [], [ADDED_IN_TIME]),
        (GROWN, [(1, "a"), (98, "a b")], [], [ANSWERED]),
        # twice 36 s, as it takes two answers
        (SHRUNK, [(1, "a b"), (202, "a")], [], []),
        (SHRUNK, [(1, "a b"), (204, "a")], [], [REMOVED_IN_TIME]),
        (SHRUNK, [(1, "a b")], [], [NO_LOST_DELETE]),
        # ten seconds of failures, 36 s until it is asked again at the latest, and 30 s of what caches took in meanwhile
        (SHRUNK, [(1, "a b"), (278, "a")], [(110, 120, False)], []),
        (SHRUNK, [(1, "a b"), (280, "a")], [(110, 120, False)], [REMOVED_IN_TIME]),
        # 30 s more of doubt
        (EMPTIED, [(1, "a"), (232, "")], [], []),
        (EMPTIED, [(1, "a"), (234, "")], [], [REMOVED_IN_TIME]),
        # what came back lately takes two answers
        ([*SHRUNK, (300, "a b")], [(1, "a b"), (200, "a"), (366, "a b")], [], []),
        ([*SHRUNK, (300, "a b")], [(1, "a b"), (200, "a"), (402, "a b")], [], [ADDED_IN_TIME]),
        ([*SHRUNK, (210, "a b")], [(1, "a b"), (200, "a"), (312, "a b")], [], []),
        ([*SHRUNK, (210, "a b")], [(1, "a b"), (200, "a"), (314, "a b")], [], [ADDED_IN_TIME]),
        ([(0, "a")], [(1, "a"), (500, ""), (501, "a")], [], [EMPTY_IF_TRUE, NO_FLAP, ADDED_IN_TIME]),
        # a replica that lags for 20 s is no reason to let go of what is there, one that does for 60 s is
        (GROWN, [(1, "a"), (110, "a b"), (132, "a"), (140, "a b")], [(95, 140, True)], []),
        (GROWN, [(1, "a"), (110, "a b"), (134, "a"), (140, "a b")], [(95, 120, True)], [NO_FLAP]),
        (GROWN, [(1, "a"), (110, "a b"), (134, "a"), (140, "a b")], [(105, 140, True)], [NO_FLAP]),
        # where it was away for a while, one true answer and one of old are good reason
        ([*SHRUNK, (130, "a b")], [(1, "a b"), (163, "a"), (210, "a b")], [(129, 163, True)], []),
        ([*SHRUNK, (130, "a b")], [(1, "a b"), (163, "a"), (210, "a b")], [(135, 165, True)], [NO_FLAP]),
        ([(0, "a b"), (100, "a")], [(1, "a b"), (140, "a"), (150, "a b"), (200, "a")], [(99, 199, True)], []),
        ([(0, "a b"), (100, "a")], [(1, "a b"), (110, "a"), (116, "a b"), (150, "a")], [(99, 118, True)], []),
        ([(0, "a b"), (100, "a")], [(1, "a b"), (110, "a"), (133, "a b"), (150, "a")], [(110, 134, True)], [ANSWERED]),
    ],
)  # fmt: skip
def test_each_promise_by_its_seconds(truth, published, disturbances, promises):
    assert broken(truth, published, *disturbances) == promises


@pytest.mark.parametrize(("answers", "promises"), [((300, 330, 360, 390, 420), []), ((300, 330, 360, 420), [NO_FLAP])])
def test_one_removal_and_one_return_in_four_answers(answers, promises):
    flapping = [(1, "a b"), (300, "a"), (360, "a b"), (420, "a")]
    assert broken([(0, "a"), (0.5, "a b")], flapping, (0, 900, True), answers=answers) == promises


@pytest.mark.parametrize(("end", "removed", "promises"), [(128, 127, [NO_FLAP]), (140, 135, []), (128, 131, [NO_FLAP])])
def test_replicas_that_disagree_for_a_lifetime_are_no_reason(end, removed, promises):
    published = line((1, "a"), (101, "a b"), (removed, "a"), (removed + 9, "a b"))
    told = Told(line(*GROWN), published, [Disturbance(99, end, old_view=True)], END)
    assert [one.promise for one in Promises(slack=1).broken(told)] == promises


def test_what_is_true_is_no_flap():
    changes = [(1, "a b"), (300, "a"), (360, "a b"), (420, "a")]
    assert broken([(0, "a b"), *changes[1:]], changes, (0, 900, True), answers=(300, 360, 420)) == []


def test_an_old_view_is_of_any_state_at_its_moment():
    truth = [(0, "a"), (100, "a b"), (100, "a")]
    assert broken(truth, [(1, "a"), (150, "a b"), (210, "a")], (100, 180, True)) == []


def test_what_is_broken_tells_when_and_what():
    (one,) = Promises().broken(Told(line((0, "a")), line((1, "a"), (9, "a b"), (10, "a")), (), END))
    assert str(one) == "what is published was answered: at 9.0 s b came, which no replica said"
