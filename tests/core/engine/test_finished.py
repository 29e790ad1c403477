"""Finished results in the cache: when they are kept, how long they hold, and what they count for."""

import pytest

from k8sresolve._core.engine.cache import Cache
from k8sresolve._core.questions import AAAA, SRV, A, Empty, Failed, Found, NxDomain, Question
from k8sresolve.config import CacheConfig
from k8sresolve.names import ServiceName
from k8sresolve.records import Addresses, Port

NAME = "payments.shop.svc.cluster.local."
QA, QAAAA, QSRV = Question(NAME, A), Question(NAME, AAAA), Question(f"_http._tcp.{NAME}", SRV)
EARLIER = Question("payments.example.com.", A)
RESULT = Addresses("payments", ())


def lookup():
    """A lookup's function, which no test here begins."""


CALL = (lookup, "payments")


def found(expires=30.0, **options):
    return Found((), 30, expires, **options)


def recall(cache, now=0.0, call=CALL):
    """Do as the facade."""
    finished = cache.find(call)
    if (
        finished is None
        or finished.expires <= now
        or (finished.edition != cache.edition and not cache.holds(call, finished, now))
    ):
        return None
    finished.worth.times += 1
    return finished.result


def kept_of(*asked, result=RESULT, call=CALL, began=0.0, **options):
    """A cache in which a call has left this result, and the answers."""
    cache = Cache(CacheConfig(**options))
    for question, answer in asked:
        if answer is not None:
            cache.put(question, answer, 0.0)
    cache.keep(call, result, [(tuple(q for q, _ in asked), tuple(a for _, a in asked))], began)
    return cache


def counted(cache):
    return cache.recalled.questions, cache.recalled.cache_hits


def test_a_result_is_there_by_its_call_and_no_other():
    cache = kept_of((QA, found()))
    assert recall(cache) is RESULT
    assert recall(cache, call=(lookup, "Payments")) is None
    assert recall(cache, call=(kept_of, "payments")) is None


def test_it_ends_with_the_earliest_of_all_answers_used():
    cache = kept_of((EARLIER, NxDomain(5.0)), (QA, found(30.0)), (QAAAA, Empty(20.0)))
    assert recall(cache, 4.9) is RESULT
    assert recall(cache, 5.0) is None


def test_nodata_that_lives_on_beside_an_address_counts_as_long_as_that():
    cache = kept_of((QA, found(20.0)), (QAAAA, Empty(5.0, limit=30.0, at=1.0)), began=1.0)
    assert recall(cache, 19.9) is RESULT
    assert recall(cache, 20.0) is None


@pytest.mark.parametrize(
    "asked",
    [
        [],
        [(QA, None)],
        [(QA, found()), (QAAAA, Failed("timeout"))],
        [(QA, found(truncated=True))],
        [(QA, found(0.0))],
    ],
    ids=["no question", "no answer", "a failure", "cut off", "TTL 0"],
)
def test_what_is_not_all_there_is_not_kept(asked):
    assert recall(kept_of(*asked)) is None


@pytest.mark.parametrize(
    "result",
    [
        Addresses("payments", (), incomplete=True),
        Port("http", "tcp", ServiceName("payments", "shop"), (), incomplete=True),
        (Port(None, None, ServiceName("payments", "shop"), (), incomplete=True),),
    ],
)
def test_what_is_incomplete_is_not_kept(result):
    assert recall(kept_of((QA, found()), result=result)) is None


@pytest.mark.parametrize("came", [5.0, 5.1])
@pytest.mark.parametrize("others", [[], [(EARLIER, NxDomain(9.0))]], ids=["alone", "with another"])
def test_what_came_while_the_call_was_under_way_does_not_make_a_result_that_is_kept(others, came):
    asked = [*others, (QA, found(at=came))]
    cache = kept_of(*asked, began=5.0)
    assert (recall(cache, 5.2) is RESULT) is (came == 5.0)
    cache.keep(CALL, RESULT, [tuple(zip(*asked, strict=True))], 6.0)
    assert recall(cache, 6.0) is RESULT


def test_a_result_goes_with_any_of_its_answers():
    for name in (NAME, EARLIER.name, QSRV.name):
        cache = kept_of((EARLIER, NxDomain(9.0)), (QA, found()), (QSRV, found()))
        cache.forget(name.upper())
        assert recall(cache) is None
        assert len(cache) == 2


def test_and_stays_when_another_name_is_forgotten():
    cache = kept_of((QA, found()))
    cache.put(EARLIER, found(), 0.0)
    cache.forget(EARLIER.name)
    assert recall(cache) is RESULT
    cache.forget(None)
    assert (len(cache), cache.octets) == (0, 0)


@pytest.mark.behaviour("C13")
def test_c13_a_result_ends_when_an_answer_is_due_to_be_asked_ahead_and_goes_on_once_it_was():
    answer = found(30.0)
    cache = kept_of((EARLIER, NxDomain(29.0)), (QA, answer), prefetch=0.8)
    assert recall(cache, 23.9) is RESULT
    assert recall(cache, 24.0) is None
    cache.forget(EARLIER.name)
    cache.keep(CALL, RESULT, [((EARLIER, QA), (None, answer))], 24.0)
    assert len(cache) == 1
    assert cache.is_due_ahead(QA, answer, 24.0)
    cache.keep(CALL, RESULT, [((QA,), (answer,))], 24.0)
    assert recall(cache, 29.9) is RESULT
    assert recall(cache, 30.0) is None


@pytest.mark.behaviour("C13")
def test_c13_a_result_of_what_is_stale_is_not_kept():
    cache, answer = Cache(CacheConfig(serve_stale=60.0)), found()
    cache.put(QA, answer, 0.0)
    for given in (answer, cache.fail(QA, 31.0)):
        edition = cache.edition
        cache.keep(CALL, RESULT, [((QA,), (given,))], 31.0)
        assert recall(cache, 31.0) is None
        assert (len(cache), cache.edition) == (1, edition)


def test_an_answer_that_comes_anew_ends_what_was_made_of_the_one_before():
    cache = kept_of((QA, found(30.0)))
    cache.put(QA, found(40.0), 1.0)
    assert recall(cache, 1.0) is None


def test_a_result_of_answers_that_were_forgotten_meanwhile_is_not_kept():
    cache, answer = Cache(CacheConfig()), found()
    cache.put(QA, answer, 0.0)
    cache.forget(NAME)
    cache.keep(CALL, RESULT, [((QA,), (answer,))], 0.0)
    cache.put(QA, found(), 0.0)
    cache.keep(CALL, RESULT, [((QA,), (answer,))], 0.0)
    assert recall(cache) is None


def test_it_counts_for_what_the_call_would_have_asked_and_found():
    cache = kept_of((EARLIER, NxDomain(9.0)), (QA, found()), (QSRV, None))
    for _ in range(3):
        recall(cache)
    assert counted(cache) == (9, 6)
    cache.put(QSRV, found(3.0), 1.0)  # nobody waited for it, and now it is here
    recall(cache, 2.0)
    assert counted(cache) == (12, 9)
    assert recall(cache, 3.0) is None


def test_what_a_result_counted_for_stays_when_it_goes():
    cache = kept_of((QA, found()))
    recall(cache)
    cache.forget(None)
    assert counted(cache) == (1, 1)


def test_letters_case_in_questions_does_not_matter():
    cache, answer = Cache(CacheConfig()), found()
    cache.put(QA, answer, 0.0)
    cache.keep(CALL, RESULT, [((Question(NAME.upper(), A),), (answer,))], 0.0)
    assert recall(cache) is RESULT


# -- bounds ----------------------------------------------------------------------------------------------------------


def test_c11_results_and_answers_have_one_bound():
    cache = Cache(CacheConfig(entries=10))
    for number in range(100):
        question, answer = Question(f"x{number}.", A), found()
        cache.put(question, answer, 0.0)
        cache.keep((lookup, question.name), number, [((question,), (answer,))], 0.0)
        assert len(cache) <= 10
    assert [recall(cache, call=(lookup, f"x{number}.")) for number in range(94, 100)] == [None, 95, 96, 97, 98, 99]


def test_c11_what_is_recalled_stays_with_its_answers_under_a_flood_of_names():
    cache = kept_of((QA, found()), (QAAAA, found()), entries=10)
    for number in range(100):
        cache.put(Question(f"x{number}.", A), found(), 0.0)
        assert recall(cache) is RESULT
    assert cache.get(QA, 0.0) is not None
    assert cache.get(QAAAA, 0.0) is not None


def test_c11_of_many_entries_some_go_at_once_and_the_rest_stays():
    cache = Cache(CacheConfig(entries=1_024))
    for number in range(1_500):
        question, answer = Question(f"x{number}.", A), found()
        cache.put(question, answer, 0.0)
        cache.keep((lookup, question.name), RESULT, [((question,), (answer,))], 0.0)
        assert len(cache) <= 1_024
    assert len(cache) > 1_015
    assert all(recall(cache, call=(lookup, f"x{number}.")) is RESULT for number in range(1_000, 1_500))
    before = cache.octets
    cache.mend()
    assert cache.octets == before


@pytest.mark.parametrize(("entries", "count"), [(256, 255), (300, 299), (1_024, 1_023), (1_024, 500)])
def test_c11_a_result_of_many_answers_drives_out_none_of_them(entries, count):
    cache = Cache(CacheConfig(entries=entries))
    cache.put(EARLIER, found(), 0.0)
    asked = [(Question(f"x{number}.", SRV), found()) for number in range(count)]
    for question, answer in asked:
        cache.put(question, answer, 0.0)
    cache.keep(CALL, RESULT, [tuple(zip(*asked, strict=True))], 0.0)
    assert recall(cache) is RESULT
    assert all(cache.get(question, 0.0) is answer for question, answer in asked)


def test_any_number_of_octets_may_be_the_bound():
    assert recall(kept_of((QA, found()), octets=10**400)) is RESULT


@pytest.mark.parametrize("bounds", [{"entries": 0}, {"octets": 0}])
def test_no_room_keeps_nothing(bounds):
    cache = kept_of((QA, found()), **bounds)
    assert (len(cache), cache.octets, recall(cache)) == (0, 0, None)


def test_a_result_drives_out_no_answer_that_it_was_made_of():
    cache = kept_of((QA, found()), entries=1)
    assert recall(cache) is None
    assert cache.get(QA, 0.0) is not None


def test_f9_a_result_of_more_than_an_eighth_of_the_octets_is_not_kept():
    name = "x" * 60_000
    call, result = (lookup, name), Addresses(name, ())
    assert recall(kept_of((QA, found()), call=call, result=result, octets=400_000), call=call) is None
    assert recall(kept_of((QA, found()), call=call, result=result, octets=800_000), call=call) is result


def test_f9_what_goes_is_no_longer_counted():
    cache = kept_of((QA, found()), (QAAAA, found()))
    cache.keep(CALL, RESULT, [((QA,), (cache.get(QA, 0.0),))], 0.0)
    cache.keep((lookup, "other"), RESULT, [((QA,), (cache.get(QA, 0.0),))], 0.0)
    before = cache.octets
    cache.mend()
    assert cache.octets == before
    cache.put(QA, found(), 0.0)
    assert (recall(cache), recall(cache, call=(lookup, "other"))) == (None, None)
    cache.forget(None)
    assert cache.octets == 0
