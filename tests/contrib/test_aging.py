"""How old connections grow."""

import math

import pytest

from k8sresolve import ConfigError
from k8sresolve.contrib import _aging
from tests.contrib.web import Clock


@pytest.mark.parametrize("seconds", [0, -1, math.inf, math.nan, "300", True, [300]])
def test_what_is_no_time_is_refused(seconds):
    with pytest.raises(ConfigError, match="max_connection_age="):
        _aging.ages(seconds)


def test_without_an_age_nothing_ends():
    assert _aging.ages(None) is None


@pytest.mark.parametrize(("chance", "seconds"), [(0.0, 300.0), (0.5, 270.0), (1.0, 240.0)])
def test_chance_takes_off_up_to_a_fifth(monkeypatch, chance, seconds):
    clock = Clock()
    monkeypatch.setattr(_aging, "monotonic", clock)
    monkeypatch.setattr(_aging, "random", lambda: chance)
    end = _aging.ages(300).end()
    clock.now += seconds - 1
    assert not _aging.is_over(end)
    clock.now += 1
    assert _aging.is_over(end)


def test_each_connection_has_an_end_of_its_own():
    lifetimes = _aging.ages(300)
    assert len({round(lifetimes.end()) for _ in range(100)}) > 10
