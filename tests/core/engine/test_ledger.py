"""The books of a configuration: empty at first, and nobody else's."""

from k8sresolve._core.engine.ledger import Counters, Ledger
from k8sresolve._core.engine.rules import Rules
from k8sresolve._core.questions import A, NxDomain, Question
from k8sresolve.config import CacheConfig, Nameserver

RULES = Rules(nameservers=(Nameserver("10.0.0.1"), Nameserver("10.0.0.2")), cache=CacheConfig(entries=1))


def counted(counters):
    return counters.questions, counters.sends, counters.resends, counters.cache_hits


def test_the_books_are_empty_at_first():
    ledger = Ledger(RULES)
    assert [(health.srtt, health.failures) for health in ledger.healths] == [(None, 0)] * 2
    assert ledger.budget.tokens == 10.0
    assert len(ledger.cache) == 0
    assert counted(ledger.counters) == (0, 0, 0, 0)


def test_each_nameserver_has_a_record_of_its_own_and_each_ledger_its_own_books():
    one, other = Ledger(RULES), Ledger(RULES)
    one.healths[0].failed(1.0)
    assert [health.failures for ledger in (one, other) for health in ledger.healths] == [1, 0, 0, 0]
    one.budget.take()
    one.counters.sends += 1
    one.cache.put(Question("a.", A), NxDomain(9.0), 0.0)
    assert (other.budget.tokens, len(other.cache), other.counters.sends) == (10.0, 0, 0)


def test_the_cache_is_as_large_as_the_rules_say():
    cache = Ledger(RULES).cache
    for name in ("a.", "b."):
        cache.put(Question(name, A), NxDomain(9.0), 0.0)
    assert len(cache) == 1


def test_counters_take_over_what_others_have_counted():
    counters, earlier = Counters(), Counters()
    counters.questions, counters.sends, counters.resends, counters.cache_hits = 1, 2, 3, 4
    earlier.questions, earlier.sends, earlier.resends, earlier.cache_hits = 10, 20, 30, 40
    counters.add(earlier)
    assert counted(counters) == (11, 22, 33, 44)
    assert counted(earlier) == (10, 20, 30, 40)
