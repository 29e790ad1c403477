"""The clock: what moves it."""

import time

import pytest

from k8sresolve.testing import Clock


def test_a_clock_stands_until_it_is_told():
    clock = Clock(1000.0)
    assert (clock.monotonic(), clock.time()) == (0.0, 1000.0)
    clock.advance(30)
    clock.reach(31.5)
    assert (clock.monotonic(), clock.time()) == (31.5, 1031.5)


@pytest.mark.parametrize("seconds", [-1, -0.001, float("nan"), float("inf")])
def test_a_clock_does_not_go_back_or_out_of_this_world(seconds):
    clock = Clock()
    clock.advance(5)
    with pytest.raises(ValueError, match=r"advance\("):
        clock.advance(seconds)
    assert clock.monotonic() == 5.0


def test_reaching_a_time_that_is_past_changes_nothing():
    clock = Clock()
    clock.advance(5)
    clock.reach(3)
    assert clock.monotonic() == 5.0


def test_a_clock_that_runs_goes_by_itself_and_still_takes_steps():
    clock = Clock()
    clock.run()
    clock.run()
    before = time.monotonic()
    clock.advance(3600)
    time.sleep(0.02)
    clock.halt()
    assert 3600.02 <= clock.monotonic() <= 3600.02 + (time.monotonic() - before)
    clock.halt()
    stood = clock.monotonic()
    time.sleep(0.01)
    assert clock.monotonic() == stood
