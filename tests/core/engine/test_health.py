"""What is known of a nameserver, and the budget for resending early."""

import pytest

from k8sresolve._core.engine.health import Budget, Health


def test_a_reply_ends_a_row_of_failures():
    health = Health()
    health.failed(1.0)
    health.failed(2.0)
    assert (health.failures, health.failed_at) == (2, 2.0)
    health.replied(0.01)
    assert health.failures == 0


def test_one_in_good_standing_is_never_probed():
    assert not Health().due_for_probe(1_000.0)


def test_asking_for_the_probe_takes_the_turn():
    health = Health()
    health.failed(1.0)
    assert [health.due_for_probe(now) for now in (5.9, 6.0, 6.0, 10.9, 11.0)] == [False, True, False, False, True]


def test_waits_follow_the_round_trips():
    health = Health()
    assert health.wait == 0.25
    health.replied(0.1)
    assert health.wait == 0.1 + 4 * 0.05
    for _ in range(100):
        health.replied(0.1)
    assert 0.1 <= health.wait < 0.11
    health.replied(5.0)
    assert health.wait == 1.0


def test_it_is_asked_with_edns_but_for_five_minutes_after_it_did_not_take_it():
    health = Health()
    assert health.edns_from <= 0.0
    health.refused_edns(1.0)
    assert health.edns_from > 300.999
    assert health.edns_from <= 301.0


def test_the_mean_and_the_deviation_move_by_an_eighth_and_a_quarter():
    # RFC 6298, section 2.3: the deviation first, from the mean as it was.
    health = Health()
    health.replied(0.08)
    health.replied(0.16)
    assert (health.srtt, health.var) == (pytest.approx(0.09), pytest.approx(0.05))
    health.replied(0.09)
    assert (health.srtt, health.var) == (pytest.approx(0.09), pytest.approx(0.0375))


def test_no_wait_is_shorter_than_50_ms():
    health = Health()
    health.replied(0.001)
    assert health.wait == 0.05


def test_short_round_trips_leave_it_so_and_end_a_row_of_failures():
    health = Health()
    health.replied(0.001)
    health.failed(1.0)
    health.replied(0.0099)
    assert (health.wait, health.failures) == (0.05, 0)
    assert (health.srtt, health.var) == (0.001, 0.0005)
    health.replied(0.05)
    assert health.wait == pytest.approx(0.001 + 0.049 / 8 + 4 * (0.0005 + 0.0485 / 4))


def test_short_round_trips_shorten_a_longer_wait():
    health = Health()
    for _ in range(9):
        health.replied(0.2)
    waits = [health.wait]
    while health.wait > 0.05:
        health.replied(0.001)
        waits.append(health.wait)
    assert len(waits) < 50
    assert waits[-1] == 0.05


# -- the budget for early resends --------------------------------------------------------------------------------------


def granted(budget, asked):
    return [budget.take() for _ in range(asked)]


def test_thirty_two_resends_may_come_at_once():
    assert granted(Budget(), 34) == [True] * 32 + [False] * 2


def test_four_questions_earn_one_resend():
    budget = Budget()
    granted(budget, 32)
    for _ in range(3):
        budget.earn()
    assert budget.take() is False
    budget.earn()
    assert granted(budget, 2) == [True, False]


def test_no_more_than_thirty_two_are_saved_up():
    budget = Budget()
    for _ in range(200):
        budget.earn()
    assert granted(budget, 33) == [True] * 32 + [False]
