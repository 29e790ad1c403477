"""When a question is asked again."""

import heapq
import random
from collections import Counter

import pytest

from k8sresolve._core.watching.pace import Pace


def pace(*, chance=0.0, interval=(5.0, 30.0), now=0.0):
    return Pace(interval, lambda: chance, now)


def test_it_is_asked_at_once():
    assert pace(now=7.0).due == 7.0


@pytest.mark.parametrize(
    ("ttl", "earliest", "latest"),
    [(0, 5, 6), (3, 5, 6), (5, 5, 6), (10, 10, 12), (30, 30, 36), (300, 30, 36)],
)
def test_it_is_asked_again_as_its_answer_expires_within_the_interval_and_a_little_later(ttl, earliest, latest):
    for chance, due in ((0.0, earliest), (1.0, latest)):
        one = pace(chance=chance)
        one.ask(0.0)
        one.answered(100.0 + ttl, 100.0)
        assert one.due == pytest.approx(100.0 + due)


def test_after_failures_the_pauses_grow_up_to_a_bound_and_an_answer_ends_that():
    one, pauses = pace(), []
    for _ in range(8):
        one.failed(0.0)
        pauses.append(one.due)
    assert pauses == [1, 2, 4, 8, 16, 32, 32, 32]
    one.answered(30.0, 0.0)
    one.failed(0.0)
    assert one.due == 1.0
    late = pace(chance=1.0)
    late.failed(0.0)
    assert late.due == pytest.approx(1.2)


def test_a_hint_brings_it_forward_once_a_second_at_most():
    one = pace()
    one.ask(10.0)
    one.answered(40.0, 10.0)
    one.hint(10.2)
    assert one.due == 11.0
    one.hint(15.0)
    assert one.due == 11.0
    one.ask(15.0)
    one.answered(45.0, 15.0)
    one.hint(20.0)
    assert one.due == 20.0


# Through a cache that counts down in whole seconds, as CoreDNS's and NodeLocal's do.
@pytest.mark.parametrize("ttl", [5, 10, 15, 30])
def test_through_a_cache_it_is_at_most_a_tenth_more_than_one_question_a_ttl(ttl):
    chance = random.Random(ttl)
    one = Pace((5.0, 30.0), chance.random, 0.0)
    stored, questions, now = -1000.0, 0, 0.0
    while now < 100_000:
        if now - stored >= ttl:
            stored = now
        questions += 1
        one.ask(now)
        one.answered(now + ttl - int(now - stored), now)
        now = one.due
    assert questions <= 1.1 * 100_000 / ttl


def test_many_programs_behind_one_cache_do_not_ask_at_once():
    chance = random.Random(7)
    dues = []
    for _ in range(1000):
        one = Pace((5.0, 30.0), chance.random, 0.0)
        one.answered(30.0, 0.0)
        dues.append(one.due)
    assert max(dues) - min(dues) >= 3.0
    assert min(dues) >= 30.0


@pytest.mark.parametrize("ttl", [5, 10, 20, 30])
def test_a_thousand_programs_behind_one_cache_ask_a_question_a_lifetime_and_never_all_at_once(ttl):
    chance, stored, asked = random.Random(ttl), -1000.0, []
    due = []
    for number in range(1000):
        one = Pace((5.0, 30.0), chance.random, chance.uniform(0, 60))
        heapq.heappush(due, (one.due, number, one))
    while (now := due[0][0]) < 900.0:
        _, number, one = heapq.heappop(due)
        stored = now if now - stored >= ttl else stored
        one.ask(now)
        one.answered(now + ttl - int(now - stored), now)
        asked.append(now)
        heapq.heappush(due, (one.due, number, one))
    settled = [at for at in asked if at >= 300.0]
    assert len(settled) <= 1.1 * 1000 * 600 / ttl
    # However they began, they follow the cache by now; at 30 s a fifth of that keeps them apart.
    most = max(Counter(map(int, settled)).values())
    assert most <= (333 if ttl == 30 else 700)
