"""How long answers are kept, and which go first."""

import gc
import tracemalloc
from ipaddress import IPv4Address

import dns.message
import dns.rdatatype
import dns.rrset
import pytest

from k8sresolve._core.engine import cache as engine_cache
from k8sresolve._core.engine.cache import Cache, key_of
from k8sresolve._core.engine.octets import octets_of_answer
from k8sresolve._core.questions import AAAA, SRV, A, Empty, Failed, Found, NxDomain, Question
from k8sresolve._core.wire.query import encode_query
from k8sresolve._core.wire.reply import read_reply
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


# -- C13: expired answers --------------------------------------------------------------------------------------------

stale = pytest.mark.behaviour("C13")


@stale
def test_c13_a_positive_answer_stays_for_the_seconds_asked_for_and_stands_in_when_its_question_fails():
    kept = cache(serve_stale=60.0)
    kept.put(QA, found(30.0), 0.0)
    assert kept.fail(QA, 29.9) is None  # it holds
    assert kept.get(QA, 30.0) is None
    assert kept.stale(QA, 30.0) is None  # nothing failed
    stood_in = kept.fail(QA, 30.0)
    assert (stood_in.stale, stood_in.data, stood_in.expires) == (True, found(30.0).data, 30.0)
    assert kept.fail(QA, 89.9) is not None
    assert kept.fail(QA, 90.0) is None
    assert kept.get(QA, 90.0) is None
    assert (len(kept), kept.octets) == (0, 0)


@stale
@pytest.mark.parametrize("answer", [NxDomain(5.0), Empty(5.0), Failed("timeout")])
def test_c13_nothing_else_does(answer):
    kept = cache(serve_stale=60.0)
    kept.put(QA, answer, 0.0)
    assert kept.get(QA, 5.0) is None
    assert kept.fail(QA, 5.0) is None
    assert (len(kept), kept.octets) == (0, 0)


@stale
def test_c13_for_five_seconds_after_a_failure_it_is_given_at_once():
    kept = cache(serve_stale=60.0)
    kept.put(QA, found(30.0), 0.0)
    given = kept.fail(QA, 31.0)
    assert kept.stale(QA, 35.999) is given
    assert kept.stale(QA, 36.0) is None
    assert kept.stale(QAAAA, 31.0) is None


@stale
@pytest.mark.parametrize("answer", [found(90.0), found(31.0, 0), NxDomain(36.0), NxDomain(31.0), Empty(36.0)])
def test_c13_any_answer_takes_its_place(answer):
    kept = cache(serve_stale=60.0)
    kept.put(QA, found(30.0), 0.0)
    kept.put(QA, answer, 31.0)
    assert kept.fail(QA, 36.0) is None
    kept.get(QA, 90.0)
    assert kept.fail(QA, 90.0) is (None if answer.expires < 90.0 else kept.stale(QA, 90.0))


@stale
@pytest.mark.parametrize("expires", [31.0, 36.0])
def test_c13_no_name_of_one_type_means_none_of_the_other(expires):
    kept = cache(serve_stale=60.0)
    kept.put(QA, found(30.0), 0.0)
    kept.put(QAAAA, NxDomain(expires), 31.0)
    assert kept.fail(QA, 31.0) is None


@stale
def test_c13_nodata_stays_beside_the_address_that_it_stood_beside():
    kept = cache(serve_stale=60.0)
    kept.put(QA, found(30.0), 0.0)
    kept.put(QAAAA, Empty(5.0, limit=5.0), 0.0)
    assert kept.get(QAAAA, 31.0) is None
    assert isinstance(kept.fail(QAAAA, 31.0), Empty)
    assert kept.stale(QAAAA, 31.0) is None
    kept.fail(QA, 31.0)
    assert isinstance(kept.stale(QAAAA, 35.9), Empty)
    assert kept.fail(QAAAA, 90.0) is None


@stale
def test_c13_within_the_bounds_of_all_entries():
    kept = cache(serve_stale=60.0, entries=2)
    first, second, third = (Question(f"x{n}.", A) for n in range(3))
    for question in (first, second):
        kept.put(question, found(30.0), 0.0)
    kept.get(first, 31.0)
    kept.put(third, found(61.0), 31.0)
    assert [kept.fail(question, 31.0) is not None for question in (first, second)] == [True, False]
    assert len(kept) == 2


@stale
def test_c13_forget_drops_it():
    kept = cache(serve_stale=60.0)
    kept.put(QA, found(30.0), 0.0)
    kept.fail(QA, 31.0)
    kept.forget(NAME)
    assert (kept.stale(QA, 31.0), kept.fail(QA, 31.0), len(kept), kept.octets) == (None, None, 0, 0)


@stale
def test_c13_an_answer_is_due_to_be_asked_ahead_once_when_the_part_of_its_ttl_has_passed():
    kept, answer = cache(prefetch=0.8), found(30.0)
    kept.put(QA, answer, 0.0)
    assert [kept.is_due_ahead(QA, answer, moment) for moment in (23.9, 24.0, 24.0, 29.9)] == [False, True, False, False]
    later = Found(answer.data, 30, 55.0, at=25.0)
    kept.put(QA, later, 25.0)
    assert not kept.is_due_ahead(QA, answer, 29.0)  # it is not what is known any more
    assert [kept.is_due_ahead(QA, later, moment) for moment in (48.9, 49.0)] == [False, True]


@stale
@pytest.mark.parametrize("answer", [NxDomain(5.0), Empty(5.0)])
def test_c13_a_miss_is_not_asked_ahead(answer):
    kept = cache(prefetch=0.8)
    kept.put(QA, answer, 0.0)
    assert not kept.is_due_ahead(QA, answer, 4.9)


@stale
def test_c13_but_nodata_beside_an_address_is_once_though_it_comes_to_live_longer():
    kept = cache(prefetch=0.8)
    kept.put(QAAAA, Empty(5.0, limit=30.0), 0.0)
    kept.put(QA, found(30.0), 0.0)
    assert not kept.is_due_ahead(QAAAA, kept.get(QAAAA, 23.9), 23.9)
    assert kept.is_due_ahead(QAAAA, kept.get(QAAAA, 24.0), 24.0)
    kept.put(QA, Found((), 30, 54.0, at=24.0), 24.0)
    assert not kept.is_due_ahead(QAAAA, kept.get(QAAAA, 29.9), 29.9)


@stale
@pytest.mark.parametrize("end", [lambda kept: kept.forget(None), lambda kept: kept.get(QA, 30.0)])
def test_c13_what_is_gone_leaves_nothing_behind(end):
    kept, answer = cache(prefetch=0.8), found(30.0)
    kept.put(QA, answer, 0.0)
    kept.is_due_ahead(QA, answer, 24.0)
    end(kept)
    assert not kept._asked_ahead


def test_forget():
    kept = cache()
    for question in (QA, QAAAA, Question("other.", A)):
        kept.put(question, found(30.0), 0.0)
    kept.forget(NAME.upper())
    assert len(kept) == 1
    kept.forget(None)
    assert len(kept) == 0


# -- F9: octets ------------------------------------------------------------------------------------------------------


def many(count, expires=30.0):
    return Found(tuple(IPv4Address(number) for number in range(count)), 30, expires)


def test_f9_answers_are_bounded_by_what_they_take():
    kept = cache(octets=33_000)
    questions = [Question(f"x{number}.", A) for number in range(100)]
    for question in questions:
        kept.put(question, many(10), 0.0)
    assert kept.octets <= 33_000
    assert 20 <= len(kept) < 30
    # The last ones stay.
    assert [kept.get(question, 0.0) is not None for question in questions[-20:]] == [True] * 20


def test_f9_an_answer_of_more_than_an_eighth_is_not_kept_and_drives_nothing_out():
    kept = cache(octets=80_000)
    kept.put(QA, found(30.0), 0.0)
    kept.put(Question("big.", A), many(95), 0.0)
    assert kept.get(Question("big.", A), 0.0) is not None
    kept.put(Question("big.", A), many(120), 0.0)
    assert kept.get(Question("big.", A), 0.0) is None
    assert kept.get(QA, 0.0) is not None


def test_f9_no_octets_keep_nothing():
    kept = cache(octets=0)
    kept.put(QA, found(30.0), 0.0)
    assert (len(kept), kept.octets) == (0, 0)


def test_f9_what_goes_is_no_longer_counted():
    kept = cache(entries=2)
    for number in range(5):
        kept.put(Question(f"x{number}.", A), many(3), 0.0)
    kept.put(QA, found(1.0), 0.0)
    kept.get(QA, 2.0)
    kept.forget("x4.")
    assert (len(kept), kept.octets) == (0, 0)


@pytest.mark.parametrize("entries", [4, 1_024])
def test_c11_of_what_goes_for_want_of_room_nothing_stays_that_was_noted_of_it(entries):
    kept = cache(entries=entries, prefetch=0.5)
    for number in range(2 * entries):
        question, answer = Question(f"x{number}.", A), found(30.0)
        kept.put(question, answer, 0.0)
        assert kept.is_due_ahead(question, answer, 20.0)
    assert len(kept) <= entries
    assert kept._asked_ahead.keys() == kept._kept.keys()


def test_what_an_interruption_parted_is_counted_anew():
    kept = cache()
    kept.put(QA, found(30.0), 0.0)
    right = kept.octets
    kept.octets = 10**9
    kept.mend()
    assert kept.octets == right


def test_a_handler_s_exception_in_the_midst_of_forgetting_leaves_the_count_right(monkeypatch):
    kept = cache()
    kept.put(QA, found(30.0), 0.0)
    kept.put(Question("other.", A), found(30.0), 0.0)
    told = iter([0, KeyboardInterrupt])

    def octets(key, answer):
        if next(told, 0):
            raise KeyboardInterrupt  # the second has gone, and is counted still
        return octets_of_answer(key, answer)

    monkeypatch.setattr(engine_cache, "octets_of_answer", octets)
    with pytest.raises(KeyboardInterrupt):
        kept.forget(None)
    assert (len(kept), kept.octets) == (0, 0)


def wire_reply(rdtype, count):
    """A reply of so many records, read as every reply is, and what is remembered of it."""
    texts = {
        A: lambda n: str(IPv4Address(0x0A000000 + n)),
        AAAA: lambda n: f"fd00::{n:x}",
        SRV: lambda n: f"0 50 9042 cassandra-{n}.data.svc.cluster.local.",
    }
    query = encode_query(Question(NAME, rdtype), None)
    reply = dns.message.make_response(dns.message.from_wire(query))
    kind = dns.rdatatype.to_text(rdtype)
    reply.answer = [dns.rrset.from_text_list(NAME, 30, "IN", kind, [texts[rdtype](n) for n in range(count)])]
    if rdtype == SRV:
        reply.additional = [
            dns.rrset.from_text(f"cassandra-{n}.data.svc.cluster.local.", 30, "IN", "A", texts[A](n))
            for n in range(count)
        ]
    wire = reply.to_wire(max_size=65535)

    def remember():
        reading = read_reply(wire, query, rdtype)
        expires, at, took = map(float, ("34.5", "4.5", "0.4"))  # of their own, as times are
        return Found(
            reading.data, 30, expires, reading.chain, reading.glue, reading.truncated, "10.96.0.10:53", at, took
        )

    return remember


@pytest.mark.parametrize(
    ("rdtype", "count"),
    [(A, 1), (A, 100), (A, 4000), (AAAA, 1), (AAAA, 100), (AAAA, 2300), (SRV, 1), (SRV, 100), (SRV, 600)],
)
def test_f9_the_estimate_is_within_a_tenth_of_what_tracemalloc_says(rdtype, count):
    remember = wire_reply(rdtype, count)
    Cache(CacheConfig()).put(key_of(Question(NAME, rdtype)), remember(), 0.0)  # what is only made once is made now
    kept = Cache(CacheConfig(octets=1 << 40))
    # A megabyte: beside it what the interpreter or another thread needs meanwhile is nothing.
    copies = max(2, 2000 // count)
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(copies):
            kept.put(key_of(Question(f"{number:09}.{NAME}", rdtype)), remember(), 0.0)
        told = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert len(kept) == copies
    assert 0.9 * told <= kept.octets <= 1.1 * told


def test_c11_f9_a_flood_of_names_leaves_the_bounds_and_the_names_in_use():
    kept = cache(entries=256, octets=1 << 17)
    kept.put(QA, found(1e9), 0.0)
    for number in range(10_000):
        kept.put(Question(f"x{number}.example.com.", A), many(number % 5), 0.0)
        assert kept.get(QA, 1.0) is not None
        assert len(kept) <= 256
        assert kept.octets <= 1 << 17
