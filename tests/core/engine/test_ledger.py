"""The books of a configuration: empty at first, and nobody else's."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from k8sresolve._core.engine.ledger import Ledger
from k8sresolve._core.engine.rules import Rules
from k8sresolve._core.engine.tally import Tally
from k8sresolve._core.questions import A, NxDomain, Question
from k8sresolve.config import CacheConfig, Nameserver

RULES = Rules(nameservers=(Nameserver("10.0.0.1"), Nameserver("10.0.0.2")), cache=CacheConfig(entries=1))


def counted(counters):
    return counters.questions, counters.sends, counters.resends, counters.cache_hits


def test_the_books_are_empty_at_first():
    ledger = Ledger(RULES)
    assert [(health.srtt, health.failures) for health in ledger.healths] == [(None, 0)] * 2
    assert ledger.budget.tokens == 32.0
    assert len(ledger.cache) == 0
    assert counted(ledger.tally.total()[0]) == (0, 0, 0, 0)


def test_each_nameserver_has_a_record_of_its_own_and_each_ledger_its_own_books():
    one, other = Ledger(RULES), Ledger(RULES)
    one.healths[0].failed(1.0)
    assert [health.failures for ledger in (one, other) for health in ledger.healths] == [1, 0, 0, 0]
    one.budget.take()
    one.cache.put(Question("a.", A), NxDomain(9.0), 0.0)
    assert (other.budget.tokens, len(other.cache)) == (32.0, 0)


def test_the_cache_is_as_large_as_the_rules_say():
    cache = Ledger(RULES).cache
    for name in ("a.", "b."):
        cache.put(Question(name, A), NxDomain(9.0), 0.0)
    assert len(cache) == 1


class Desk:
    active = 0


def test_ledgers_of_one_resolver_share_its_tally():
    tally = Tally()
    assert Ledger(RULES, tally).tally is Ledger(RULES, tally).tally is tally


# -- several threads -------------------------------------------------------------------------------------------------


@pytest.fixture
def hasty():
    """Let threads interrupt each other as often as can be."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def in_threads(work):
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(work, number) for number in range(4)]:
            done.result()


def test_each_book_is_held_by_the_ledgers_lock_and_by_another_one_after_a_fork():
    lock = threading.RLock()
    ledger = Ledger(RULES, lock=lock)
    books = [*ledger.healths, ledger.budget, ledger.cache]
    assert {id(book.lock) for book in books} == {id(lock)}
    ledger.share(other := threading.RLock())
    assert {id(book.lock) for book in books} == {id(other)}


class Noting:
    """A lock that notes how often it was taken."""

    taken = held = 0

    def __enter__(self):
        self.taken += 1
        self.held += 1

    def __exit__(self, *_):
        self.held -= 1


KEY = Question("a.", A)


@pytest.mark.parametrize(
    "change",
    [
        lambda ledger: ledger.healths[0].failed(0.1),
        lambda ledger: ledger.healths[0].due_for_probe(0.1),
        lambda ledger: setattr(ledger.budget, "tokens", 0.0) or ledger.budget.earn(),
        lambda ledger: ledger.budget.take(),
        lambda ledger: ledger.cache.put(KEY, NxDomain(9.0), 0.0),
        lambda ledger: ledger.cache.get(KEY, 0.0),
        lambda ledger: ledger.cache.forget("a."),
        lambda ledger: ledger.tally.enter(Desk()),
        lambda ledger: ledger.tally.total(),
    ],
)
def test_each_change_takes_the_lock_once_and_lets_go_of_it(change):
    ledger = Ledger(RULES, lock=(lock := Noting()))
    lock.taken = 0
    change(ledger)
    assert (lock.taken, lock.held) == (1, 0)


def test_the_cache_holds_its_bound_under_several_threads(hasty):
    cache = Ledger(Rules(RULES.nameservers, cache=CacheConfig(entries=8)), lock=threading.RLock()).cache

    def work(number):
        for turn in range(5000):
            key = Question(f"n{turn * (number + 1) % 50}.", A)
            cache.put(key, NxDomain(9.0), 0.0)
            cache.get(key, 0.0)
            if not turn % 100:
                cache.forget(key.name)

    in_threads(work)
    assert len(cache) <= 8
