"""What a watch believes, answer by answer; by histories of whole clusters in tests/testing."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8sresolve._core.watching.belief import Belief, Sight
from k8sresolve.errors import LookupTimeout, NoSuchName
from k8sresolve.records import Endpoint

TTL = 30.0
NOTHING = NoSuchName("db", "no such name")
LATE = LookupTimeout("db", "no answer in time")


def pod(number):
    return Endpoint(ip_address(f"10.244.0.{number}"), 5432, None, None)


A, B, C = map(pod, (1, 2, 3))
SIX = Endpoint(ip_address("fd00::1"), 5432, None, None)


def sight(at, *endpoints, ttl=TTL, **more):
    return Sight(endpoints, at, at, at + ttl, None if endpoints else NOTHING, **more)


def after(*sights, hold=30.0):
    belief = Belief(hold)
    for one in sights:
        belief.see(one)
    return belief


def test_before_the_first_answer_nothing_is_known():
    belief = Belief(30.0)
    assert (belief.current, belief.known, belief.stale) == ((), False, False)
    belief.fail(LATE)
    assert (belief.current, belief.known, belief.stale, belief.cause) == ((), False, True, LATE)


@pytest.mark.parametrize("endpoints", [(), (A,), (B, A)])
def test_the_first_answer_is_believed_whatever_it_says(endpoints):
    belief = after(sight(0, *endpoints))
    assert (belief.current, belief.known, belief.stale) == (tuple(sorted(endpoints, key=str)), True, False)


def test_what_is_new_is_believed_at_once():
    assert after(sight(0, A), sight(30, A, B)).current == (A, B)


def test_what_is_gone_is_believed_at_the_second_answer():
    belief = after(sight(0, A, B), sight(30, A))
    assert (belief.current, belief.stale) == ((A, B), False)
    belief.see(sight(60, A))
    assert belief.current == (A,)


def test_what_is_there_again_in_between_is_not_gone():
    assert after(sight(0, A, B), sight(30, A), sight(60, A, B), sight(90, A)).current == (A, B)


# A cache that counts down gives whole seconds, so that the same answer seems to expire up to a second apart.
@pytest.mark.parametrize("shift", [0.0, 0.5, -0.99, 0.99])
def test_the_answer_that_a_cache_gives_again_counts_once(shift):
    again = Sight((A,), 35, 35, 60 + shift)
    belief = after(sight(0, A, B), sight(30, A), again)
    assert belief.current == (A, B)
    belief.see(sight(60, A))
    assert belief.current == (A,)


def test_time_on_the_way_blurs_when_it_expires_further():
    belief = after(sight(0, A, B), sight(30, A), Sight((A,), 35.0, 35.3, 61.2))
    assert belief.current == (A, B)


def test_what_was_asked_before_the_last_answer_came_counts_not():
    belief = after(sight(0, A, B), Sight((A,), 29.9, 30.2, 60.2), Sight((A,), 30.1, 31.5, 62.0))
    assert belief.current == (A, B)


def test_an_answer_without_a_lifetime_is_one_each_time():
    assert after(sight(0, A, B, ttl=0), sight(5, A, ttl=0), sight(10, A, ttl=0)).current == (A,)


@pytest.mark.parametrize(("ttl", "lately", "later"), [(30, 59, 61), (100, 199, 201)])
def test_what_was_removed_lately_is_believed_at_its_second_sight(ttl, lately, later):
    gone = (sight(0, A, B, ttl=ttl), sight(10, A, ttl=ttl), sight(20, A, ttl=ttl))
    belief = after(*gone, sight(20 + lately - 5, A, B, ttl=ttl))
    assert belief.current == (A,)
    belief.see(sight(20 + lately, A, B, ttl=ttl))
    assert belief.current == (A, B)
    assert after(*gone, sight(20 + later, A, B, ttl=ttl)).current == (A, B)


def test_a_second_sight_is_one_in_a_row():
    gone = after(sight(0, A, B), sight(10, A), sight(20, A), sight(30, A, B), sight(40, A))
    gone.see(sight(50, A, B))
    assert gone.current == (A,)


def test_a_suspect_is_gone_at_the_first_answer_without_it():
    belief = after(sight(0, A, B, C))
    belief.suspect(B, 10)
    belief.see(sight(30, A))
    assert belief.current == (A, C)


def test_suspicion_ends_after_a_while_and_is_of_what_is_there_alone():
    belief = after(sight(0, A, B))
    belief.suspect(B, 10)
    belief.suspect(C, 10)
    belief.see(sight(30, A, B))
    belief.see(sight(71, A))
    assert belief.current == (A, B)


def test_nothing_is_believed_after_a_while_and_one_more_answer():
    belief = after(sight(0, A, B), sight(10))
    assert (belief.current, belief.stale, belief.cause) == ((A, B), True, NOTHING)
    belief.see(sight(39))
    assert (belief.current, belief.stale) == ((A, B), True)
    belief.see(sight(41))
    assert (belief.current, belief.stale, belief.cause) == ((), False, None)


def test_without_a_while_nothing_still_takes_two_answers():
    belief = after(sight(0, A), sight(10), hold=0.0)
    assert belief.current == (A,)
    belief.see(sight(20))
    assert belief.current == ()


def test_something_in_between_begins_the_while_anew():
    belief = after(sight(0, A), sight(10), sight(30, A))
    assert (belief.current, belief.stale) == ((A,), False)
    belief.see(sight(41))
    assert (belief.current, belief.stale) == ((A,), True)


def test_an_answer_of_nothing_counts_for_each():
    assert after(sight(0, A, B), sight(10), sight(20, A)).current == (A,)


def test_what_came_back_too_soon_is_rather_believed_than_nothing():
    belief = after(sight(0, A, B), sight(10, A), sight(20, A))
    belief.suspect(A, 21)
    belief.see(sight(30, B))
    assert belief.current == (B,)


def test_what_came_back_too_soon_waits_where_nothing_is_believed():
    """A replica that lags must not bring back, for one answer, all that is gone."""
    belief = after(sight(0, A, B), sight(30), sight(60))
    assert belief.current == ()
    belief.see(sight(90, A))
    assert belief.current == ()
    belief.see(sight(120, A))
    assert belief.current == (A,)


def test_a_failure_keeps_what_was_until_the_next_answer():
    belief = after(sight(0, A))
    belief.fail(LATE)
    assert (belief.current, belief.stale, belief.cause) == ((A,), True, LATE)
    belief.see(Sight((A,), 5, 5, 30))
    assert (belief.current, belief.stale) == ((A,), False)


def test_after_a_failure_what_says_nothing_again_is_still_doubted():
    belief = after(sight(0, A), sight(10))
    belief.fail(LATE)
    belief.see(Sight((), 15, 15, 40, NOTHING))
    assert (belief.current, belief.cause) == ((A,), NOTHING)


def test_nothing_where_there_was_nothing_is_no_doubt():
    belief = after(sight(0), sight(10))
    assert (belief.current, belief.stale) == ((), False)


def test_a_family_whose_question_failed_is_neither_there_nor_gone():
    belief = after(sight(0, A, SIX))
    for at in (30, 60, 90):
        belief.see(Sight((A,), at, at, at + TTL, LATE, frozenset({6})))
        assert (belief.current, belief.cause) == ((A, SIX), LATE)
    belief.see(sight(120, A))
    belief.see(sight(150, A))
    assert (belief.current, belief.stale) == ((A,), False)


pods = st.frozensets(st.sampled_from([A, B, C, SIX]))


@given(st.lists(pods, min_size=1, max_size=12), pods)
def test_what_is_said_for_long_enough_is_believed(history, last):
    """No delete is lost, and no addition: from any state, the same answers lead there."""
    belief = Belief(30.0)
    for number, seen in enumerate([*history, *[last] * 4]):
        belief.see(sight(30.0 * number, *seen))
        assert set(belief.current) <= set().union(*history, last)
    assert set(belief.current) == last
    assert not belief.stale


@given(st.lists(pods, min_size=2, max_size=12))
def test_nothing_is_told_that_no_answer_has_said(history):
    belief = Belief(30.0)
    for number, seen in enumerate(history):
        before = belief.current
        belief.see(sight(30.0 * number, *seen))
        said = set().union(*history[max(0, number - 1) : number + 1])
        # What is left of earlier ones is kept in doubt of an answer that says nothing.
        assert set(belief.current) <= said or not seen or not history[number - 1]
        assert belief.current or not seen or not before


@pytest.mark.parametrize("others", [(A,), ()])
@given(turns=st.lists(st.booleans(), min_size=4, max_size=20))
def test_replicas_that_disagree_move_an_endpoint_at_most_once_each_way_in_four_answers(others, turns):
    belief = Belief(0.0)
    states = []
    for number, whole in enumerate([True, *turns]):
        belief.see(sight(30.0 * number, *others, *([B] if whole else [])))
        states.append(B in belief.current)
    for at in range(len(states) - 4):
        moves = sum(one is not other for one, other in zip(states[at : at + 4], states[at + 1 : at + 5], strict=True))
        assert moves <= 2
