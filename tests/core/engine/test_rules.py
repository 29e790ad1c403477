"""What a configuration lays down for all questions: resolv.conf(5), options."""

import pytest

from k8sresolve._core.engine.ledger import Ledger
from k8sresolve._core.engine.rules import Rules
from k8sresolve.config import CacheConfig, Nameserver, ResolverConfig

CACHE = CacheConfig(entries=7)


def rules(**options):
    return Rules.of(
        ResolverConfig(nameservers=["10.0.0.1", "10.0.0.2"], **options), in_flight=9, cache=CACHE, retry_unreachable=1.5
    )


def stated(made):
    return {field: getattr(made, field) for field in Rules.__slots__}


def test_what_the_file_does_not_state_is_the_engines_own():
    nameservers = Nameserver("10.0.0.1"), Nameserver("10.0.0.2")
    own = Rules(nameservers, in_flight=9, cache=CACHE, retry_unreachable=1.5)
    assert stated(rules()) == stated(own)


@pytest.mark.parametrize(
    ("timeout", "attempts", "limit", "most_sends"),
    [
        (3, None, 12.0, None),  # 2 attempts at each of 2 nameservers
        (3, 4, 24.0, 4),
        (None, 4, None, 4),
        (0, 1, 2.0, 1),
        (-1, 0, 2.0, 1),
        (1, -3, 2.0, 1),
    ],
)
def test_timeout_and_attempts_bound_a_question_where_they_are_stated(timeout, attempts, limit, most_sends):
    made = rules(timeout=timeout, attempts=attempts)
    assert (made.limit, made.most_sends) == (limit, most_sends)


def test_flags_and_place():
    made = rules(flags=["rotate", "use-vc", "edns0"], cluster_domain="k8s.test")
    assert (made.rotate, made.use_tcp, made.cluster_domain) == (True, True, "k8s.test")
    assert (rules().rotate, rules().use_tcp, rules().cluster_domain) == (False, False, None)


def test_a_ledger_has_a_record_for_each_nameserver_and_empty_books():
    ledger = Ledger(rules())
    assert [(health.srtt, health.failures) for health in ledger.healths] == [(None, 0), (None, 0)]
    assert len(ledger.cache) == 0
    assert ledger.cache.config is CACHE
    assert ledger.tally.total()[0].questions == 0
