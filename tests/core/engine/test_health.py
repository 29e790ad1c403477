"""What is known of a nameserver."""

from k8sresolve._core.engine.health import Health


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
