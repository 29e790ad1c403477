"""One question for several watches: when it is asked, and what each is told."""

from ipaddress import ip_address

import pytest

from k8sresolve._core.lookups.polls import Seen
from k8sresolve._core.questions import Empty, Failed, Found, NxDomain, Question
from k8sresolve._core.watching.belief import Belief
from k8sresolve._core.watching.poller import Following, Poller, Pollers
from k8sresolve.errors import LookupTimeout, NoData, NoSuchName
from k8sresolve.names import ServiceName
from k8sresolve.records import Endpoint

QUESTION = Question("db.data.svc.cluster.local.", 33)
GONE, LATE = NoSuchName("db", "no such name"), LookupTimeout("db", "no answer in time")


def pod(number):
    return Endpoint(ip_address(f"10.244.0.{number}"), 5432, None, None)


A, B = pod(1), pod(2)


def asked(*results):
    return [((QUESTION,) * len(results), results)]


def watch(interval=(5.0, 30.0), question=QUESTION):
    return Following(("poll", "db"), ServiceName("db", "data"), question, interval, 30.0)


def poller(now=0.0):
    return Poller(watch(), lambda: 0.0, now)


def follow(one, now=0.0, *, interval=(5.0, 30.0)):
    following = watch(interval)
    one.join(following, now)
    return following


def answer(one, at, *endpoints, ttl=30.0):
    one.begin(at)
    found = Found((), int(ttl), at + ttl) if endpoints else NxDomain(at + 5, at + ttl)
    one.saw(Seen(endpoints, None if endpoints else GONE), asked(found), at, at)


def test_it_is_due_at_once_and_as_the_answer_expires():
    one = poller(7.0)
    follow(one, 7.0)
    assert one.due == 7.0
    answer(one, 7.0, A)
    assert one.due == 37.0


def test_the_first_time_it_is_asked_it_says_so():
    one = poller()
    follow(one)
    assert one.begin(0.0) == ("poll", "db", True)
    answer(one, 0.0, A)
    assert one.begin(30.0) == ("poll", "db", False)


def test_there_is_a_poller_for_each_question_that_somebody_follows():
    pollers = Pollers(lambda: 0.0)
    same, other, third = watch(), watch(), watch(question="another")
    assert (pollers.due, pollers.first(), len(pollers)) == (float("inf"), None, 0)
    one = pollers.join(same, 1.0)
    assert pollers.join(other, 2.0) is one
    assert pollers.of(other) is one
    another = pollers.join(third, 3.0)
    assert (set(pollers), pollers.first(), pollers.due) == ({one, another}, one, 1.0)
    answer(one, 4.0, A)
    assert (pollers.first(), pollers.due) == (another, 3.0)
    assert pollers.leave(same) is None
    assert pollers.leave(other) is one
    assert pollers.leave(third) is another
    assert len(pollers) == 0


def test_the_first_answer_is_the_first_change_and_later_ones_tell_what_is_new():
    one = poller()
    following = follow(one)
    assert following.tell() is None
    answer(one, 0.0, A)
    change = following.tell()
    assert (change.current, change.previous, change.added, change.removed) == ((A,), (), (A,), ())
    assert following.tell() is None
    answer(one, 30.0, A, B)
    change = following.tell()
    assert (change.current, change.previous, change.added, change.removed) == ((A, B), (A,), (B,), ())


def test_a_first_answer_of_nothing_is_a_change_too():
    one = poller()
    following = follow(one)
    answer(one, 0.0)
    change = following.tell()
    assert (change.current, change.added, change.stale) == ((), (), False)


def test_a_slow_reader_gets_one_change():
    one = poller()
    following = follow(one)
    answer(one, 0.0, A)
    following.tell()
    for at in (30.0, 60.0):
        answer(one, at, B)
    change = following.tell()
    assert (change.current, change.previous, change.added, change.removed) == ((B,), (A,), (B,), (A,))


def test_what_came_and_went_unread_is_no_change():
    one = poller()
    following = follow(one)
    answer(one, 0.0, A)
    following.tell()
    answer(one, 30.0, A, B)
    answer(one, 60.0, A)
    answer(one, 90.0, A)
    assert following.tell() is None


def test_a_failure_is_a_change_of_stale_alone():
    one = poller()
    following = follow(one)
    answer(one, 0.0, A)
    following.tell()
    one.begin(30.0)
    one.failed(LATE, 32.0)
    change = following.tell()
    assert (change.current, change.added, change.removed, change.stale, change.cause) == ((A,), (), (), True, LATE)
    assert one.due == 33.0
    answer(one, 33.0, A)
    assert following.tell().stale is False


def test_without_any_answer_a_failure_tells_nothing_but_that_there_can_be_none_is_an_error():
    one = poller()
    following = follow(one)
    one.failed(LATE, 1.0)
    assert (following.tell(), following.error) == (None, None)
    never = NoData("db", "an ExternalName has no ports in DNS")
    one.failed(never, 2.0)
    assert following.error is never
    answer(one, 3.0, A)  # it is a Service of another type by now
    assert following.error is None


def test_several_watches_share_the_least_interval():
    one = poller()
    follow(one, interval=(5.0, 60.0))
    quick = follow(one, interval=(1.0, 30.0))
    answer(one, 0.0, A, ttl=2.0)
    assert one.due == 2.0
    one.leave(quick)
    answer(one, 2.0, A, ttl=2.0)
    assert one.due == 7.0


def test_who_comes_later_begins_with_what_is_still_known():
    one = poller()
    follow(one)
    answer(one, 0.0, A)
    later = follow(one, 10.0)
    assert later.tell().current == (A,)
    assert one.due == 30.0


def test_what_has_expired_is_asked_for_who_comes_later():
    one = poller()
    follow(one, interval=(5.0, 300.0))
    answer(one, 0.0, A, ttl=2.0)
    one.failed(LATE, 5.0)
    later = follow(one, 40.0)
    assert (later.tell(), one.due <= 40.0) == (None, True)


@pytest.mark.parametrize(
    ("results", "due"),
    [
        ((Found((), 30, 130.0), Found((), 10, 110.0)), 110.0),
        ((NxDomain(105.0, 120.0),), 120.0),  # a nameserver keeps it for longer than this resolver does
        ((NxDomain(105.0),), 105.0),
        ((Empty(105.0, 115.0), None, Failed("timeout")), 115.0),
    ],
)
def test_it_is_due_as_the_first_of_its_answers_expires_at_the_nameserver(results, due):
    one = poller()
    follow(one)
    one.begin(100.0)
    one.saw(Seen((A,)), asked(*results), 100.0, 100.0)
    assert one.due == due


def test_who_wants_to_know_more_often_hastens_what_is_due():
    one = poller()
    follow(one, interval=(5.0, 300.0))
    answer(one, 0.0, A, ttl=100.0)
    assert one.due == 100.0
    follow(one, 10.0, interval=(5.0, 30.0))
    assert one.due == 40.0


@pytest.mark.parametrize("take", ["saw", "failed"])
def test_one_that_leaves_as_an_answer_is_taken_takes_it_from_no_other(take):
    """As one that is lost does, which is collected at any time."""
    pollers = Pollers(lambda: 0.0)
    leaving, staying = watch(), watch()

    class Leaving(Belief):
        def see(self, sight):
            pollers.leave(leaving)

        def fail(self, cause):
            pollers.leave(leaving)

    leaving.belief = Leaving(30.0)
    one = pollers.join(leaving, 0.0)
    assert pollers.join(staying, 0.0) is one
    if take == "saw":
        answer(one, 0.0, A)
        assert staying.belief.current == (A,)
    else:
        one.failed(LATE, 0.0)
        assert staying.belief.cause is LATE
    assert one.followers == [staying]


def test_leaving_twice_is_fine():
    pollers = Pollers(lambda: 0.0)
    first, second = watch(), watch()
    pollers.join(first, 0.0)
    one = pollers.join(second, 0.0)
    assert pollers.leave(first) is None
    assert pollers.leave(first) is None
    assert pollers.leave(second) is one
    assert pollers.leave(second) is None


# What a watch knows, and since when.


def test_what_is_shown_tells_when_the_last_answer_came_and_when_it_changed_something():
    one = poller()
    following = follow(one)
    assert following.shown == (False, (), None, 0.0, 0.0)
    one.saw(Seen((A,)), asked(Found((), 30, 40.0)), 9.0, 10.0)
    assert following.shown == (True, (A,), None, 10.0, 10.0)
    one.saw(Seen((A,)), asked(Found((), 30, 70.0)), 39.0, 40.0)
    assert following.shown == (True, (A,), None, 40.0, 10.0)
    one.failed(LATE, 70.0)
    assert following.shown == (True, (A,), LATE, 40.0, 10.0)
    one.saw(Seen((A, B)), asked(Found((), 30, 110.0)), 79.0, 80.0)
    assert following.shown == (True, (A, B), None, 80.0, 80.0)


def test_an_empty_first_answer_is_a_change():
    one = poller()
    following = follow(one)
    one.saw(Seen((), GONE), asked(NxDomain(15.0)), 9.0, 10.0)
    assert following.shown[:2] == (True, ())
    assert following.shown[3:] == (10.0, 10.0)


def test_who_joins_later_knows_since_when_it_is_known():
    one = poller()
    follow(one)
    one.saw(Seen((A,)), asked(Found((), 30, 40.0)), 9.0, 10.0)
    assert follow(one, 20.0).shown == (True, (A,), None, 10.0, 10.0)
