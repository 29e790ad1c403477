"""The alarms of many flights, for a driver with one timer."""

import math
import random

from k8sresolve._core.engine.alarms import _CROWDED, Alarms


class Flight:
    """What alarms know of a flight."""

    def __init__(self, alarm):
        self.alarm, self.answer = alarm, None


def ringing(*flights):
    alarms = Alarms()
    for one in flights:
        alarms.set(one)
    return alarms


def test_without_flights_there_is_nothing_to_wait_for():
    assert Alarms().next() is None
    assert Alarms().due(1e9) == []


def test_flights_come_in_the_order_of_their_alarms_each_once():
    late, early, same = Flight(3.0), Flight(1.0), Flight(1.0)
    alarms = ringing(late, early, same)
    assert alarms.next() == 1.0
    assert alarms.due(0.999) == []
    assert alarms.due(1.0) == [early, same]
    assert (alarms.next(), alarms.due(2.0)) == (3.0, [])
    assert alarms.due(5.0) == [late]
    assert alarms.next() is None


def test_a_flight_that_has_rung_has_no_alarm_until_it_sets_one():
    one = Flight(1.0)
    assert ringing(one).due(1.0) == [one]
    assert one.alarm == math.inf


def test_an_alarm_that_was_set_anew_rings_at_its_new_time_only():
    one, other = Flight(1.0), Flight(2.0)
    alarms = ringing(one, other)
    one.alarm = 3.0
    alarms.set(one)
    assert alarms.next() == 2.0
    assert (alarms.due(2.5), alarms.due(3.0)) == ([other], [one])


def test_a_flight_that_has_its_answer_does_not_ring():
    one = Flight(1.0)
    alarms = ringing(one)
    one.answer = "found"
    assert alarms.next() is None


def test_flights_that_land_before_anybody_looks_are_let_go():
    waiting = Flight(1.0)
    alarms = ringing(waiting)
    for _ in range(10_000):
        one = Flight(0.5)
        alarms.set(one)
        one.answer = "found"
    assert len(alarms._set) + len(alarms._heap) <= _CROWDED
    assert alarms.due(1.0) == [waiting]


def test_notes_that_no_longer_count_do_not_pile_up():
    waiting = [Flight(1.0), Flight(2.0)]
    alarms = ringing(*waiting)
    moving = Flight(1000.0)
    for step in range(10_000):
        moving.alarm = 1000.0 + step
        alarms.set(moving)
        assert alarms.next() == 1.0
        assert len(alarms._heap) <= 2 * _CROWDED + 2
    assert alarms.due(20_000.0) == [*waiting, moving]


def test_what_is_left_when_notes_are_cleared_away_comes_in_order():
    rng = random.Random(1)
    flights = [Flight(rng.random()) for _ in range(_CROWDED + 200)]
    alarms = Alarms()
    for one in flights:
        alarms.set(one)
    for one in flights[1::2]:
        one.answer = "found"
        alarms.set(flights[0])
        alarms.next()
    left = sorted(flights[::2], key=lambda one: one.alarm)
    assert alarms.due(1.0) == left
