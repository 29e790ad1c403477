"""How long answers are kept, and which go first."""

from ipaddress import IPv4Address

import pytest

from k8sresolve._core.engine.cache import Cache, key_of
from k8sresolve._core.questions import AAAA, SRV, A, Empty, Failed, Found, NxDomain, Question
from k8sresolve.config import CacheConfig

NAME = "payments.shop.svc.cluster.local."
QA, QAAAA = Question(NAME, A), Question(NAME, AAAA)


def cache(**options):
    return Cache(CacheConfig(**options))


def found(expires, ttl=30):
    return Found((IPv4Address("10.96.20.1"),), ttl, expires)


def test_an_answer_is_there_until_it_expires():
    kept = cache()
    kept.put(QA, found(30.0), 0.0)
    assert kept.get(QA, 29.999) == found(30.0)
    assert kept.get(QA, 30.0) is None
    assert len(kept) == 0


def test_type_counts_and_letter_case_does_not():
    kept = cache()
    kept.put(key_of(Question(NAME.upper(), A)), found(30.0), 0.0)
    assert kept.get(key_of(QA), 0.0) is not None
    assert kept.get(QAAAA, 0.0) is None


@pytest.mark.parametrize("answer", [found(5.0, 0), Failed("servfail"), Failed("timeout"), NxDomain(5.0), Empty(5.0)])
def test_what_has_no_time_left_and_failures_are_not_kept(answer):
    kept = cache()
    kept.put(QA, answer, 5.0)
    assert len(kept) == 0


def test_the_least_recently_used_go_first():
    kept = cache(entries=3)
    questions = [Question(f"x{n}.", A) for n in range(4)]
    for question in questions[:3]:
        kept.put(question, found(30.0), 0.0)
    kept.get(questions[0], 1.0)
    kept.put(questions[3], found(30.0), 1.0)
    assert [kept.get(question, 2.0) is not None for question in questions] == [True, False, True, True]


def test_an_answer_that_comes_anew_was_used_last():
    kept = cache(entries=2)
    first, second, third = (Question(f"x{n}.", A) for n in range(3))
    for question in (first, second, first, third):
        kept.put(question, found(30.0), 0.0)
    assert [kept.get(question, 1.0) is not None for question in (first, second, third)] == [True, False, True]


def test_one_entry_keeps_one_answer():
    kept = cache(entries=1)
    for question in (QA, QAAAA):
        kept.put(question, found(30.0), 0.0)
    assert (kept.get(QA, 1.0), kept.get(QAAAA, 1.0)) == (None, found(30.0))


@pytest.mark.behaviour("C11")
def test_the_bound_holds_under_random_names():
    kept = cache(entries=100)
    for n in range(10_000):
        kept.put(Question(f"x{n}.", A), found(30.0), 0.0)
    assert len(kept) == 100


def test_no_entries_keep_nothing():
    kept = cache(entries=0)
    kept.put(QA, found(30.0), 0.0)
    assert len(kept) == 0


@pytest.mark.parametrize(
    ("name", "soa", "seconds"),
    [
        (NAME, 30, 5.0),  # names that programs wait for: 5 s at most in the cluster domain
        (NAME, 3, 3.0),
        (NAME.upper(), 30, 5.0),
        (NAME, None, 5.0),
        (NAME, 0, 0.0),
        ("cluster.local.", 60, 5.0),
        ("notcluster.local.", 60, 30.0),
        ("api.example.com.", 60, 30.0),
        ("api.example.com.", 20, 20.0),
        ("api.example.com.", None, 5.0),  # without an SOA nothing says how long
    ],
)
def test_how_long_a_miss_is_kept(name, soa, seconds):
    assert cache().seconds(name, soa, "cluster.local") == seconds


def test_without_a_known_cluster_domain_all_names_are_outside():
    assert cache().seconds(NAME, 60, None) == 30.0


@pytest.mark.parametrize("positive_first", [True, False])
def test_nodata_lives_as_long_as_the_positive_answer_beside_it(positive_first):
    kept = cache()
    pair = [(QA, found(20.0)), (QAAAA, Empty(5.0, limit=30.0))]
    for question, answer in pair if positive_first else pair[::-1]:
        kept.put(question, answer, 0.0)
    assert kept.get(QAAAA, 19.9) is not None
    assert kept.get(QAAAA, 20.0) is None


def test_but_within_the_minimum_of_the_soa():
    kept = cache()
    kept.put(QA, found(60.0), 0.0)
    kept.put(QAAAA, Empty(5.0, limit=30.0), 0.0)
    assert kept.get(QAAAA, 29.9) is not None
    assert kept.get(QAAAA, 30.0) is None


def test_nodata_of_another_kind_does_not():
    kept = cache()
    srv = Question(NAME, SRV)
    kept.put(QA, found(20.0), 0.0)
    kept.put(srv, Empty(5.0, limit=30.0), 0.0)
    assert kept.get(srv, 5.0) is None


def test_nxdomain_beside_a_positive_answer_does_not():
    kept = cache()
    kept.put(QA, found(20.0), 0.0)
    kept.put(QAAAA, NxDomain(5.0), 0.0)
    assert kept.get(QAAAA, 5.0) is None


def test_a_positive_answer_that_is_over_keeps_nothing_alive():
    kept = cache()
    kept.put(QA, found(3.0), 0.0)
    kept.put(QAAAA, Empty(8.0, limit=33.0), 3.5)
    assert kept.get(QAAAA, 8.0) is None


def test_forget():
    kept = cache()
    for question in (QA, QAAAA, Question("other.", A)):
        kept.put(question, found(30.0), 0.0)
    kept.forget(NAME.upper())
    assert len(kept) == 1
    kept.forget(None)
    assert len(kept) == 0
