"""The clock of deadlines: what freezes or moves time in a test does not reach it (T7)."""

import time

import freezegun
import time_machine

from k8sresolve._drivers.clock import monotonic


def test_it_goes_on_while_freezegun_holds_time_still():  # F16
    with freezegun.freeze_time("2030-01-01"):
        frozen, before = time.monotonic(), monotonic()
        time.sleep(0.001)
        assert monotonic() > before
        assert time.monotonic() == frozen


def test_a_step_of_the_wall_clock_does_not_move_it():  # T7
    before = monotonic()
    with time_machine.travel(time.time() + 3600, tick=False):
        forth = monotonic()
    with freezegun.freeze_time(tick=False) as frozen:
        frozen.tick(-3600)
        back = monotonic()
    assert before <= forth <= back < before + 3000
