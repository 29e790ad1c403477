"""Watches keep their promises whatever happens to a Service, waiting and in tasks; ten times as much in `.ci/run`."""

import asyncio
from ipaddress import ip_address

import pytest
import trio
from hypothesis import HealthCheck, given, settings

from k8sresolve import NotFound
from k8sresolve._core.watching import belief
from k8sresolve.testing.histories import Crash, History, Lag, Move, Promises, Recover, RollOut, Scale, histories
from k8sresolve.testing.histories.promises import NO_FLAP, NO_LOST_DELETE
from tests.testing.histories.following import CACHES, PORTS, follow, follow_in_task, promises, world

more = settings(max_examples=settings.default.max_examples, suppress_health_check=[HealthCheck.too_slow])
few = settings(more, max_examples=settings.default.max_examples // 5)


@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize("caches", CACHES)
@more
@given(history=histories())
def test_a_watch_keeps_its_promises(history, caches, port):
    play, _ = follow(history, caches, port)
    play.check(promises(caches, 1.0))


@few
@given(history=histories())
def test_nothing_is_published_that_no_replica_ever_answered(history):
    play, cluster = follow(history, 30, None)
    answered = {str(ip_address(record.rdata[0])) for query in cluster.queries for record in query.answer}
    assert play.published.ever() <= answered


@few
@given(history=histories())
def test_a_watch_of_a_task_keeps_them(history):
    asyncio.run(follow_in_task(history, 30, "sql")).check(promises(30, 1.0))


@few
@given(history=histories(most=6))
def test_a_watch_of_a_task_of_trio_keeps_them(history):
    trio.run(follow_in_task, history, 0, None).check(promises(0, 1.0))


CHANGES = History([RollOut(after=5), Scale(1, after=40), Move(after=7), Crash(after=60), Recover(after=20)])


def test_the_promises_are_no_longer_than_they_must_be():
    """Twice the interval less is too short for some history: what is promised is what it may take."""
    play, _ = follow(History([Scale(2, after=float(seconds)) for seconds in (3, 9)]), 0, "sql")
    assert play.broken(Promises(interval=18)) != ()


def test_one_observation_alone_would_flap(monkeypatch):
    monkeypatch.setattr(belief, "ENOUGH", 1)
    play, _ = follow(History([Lag(0, lasting=200), Scale(5, after=1)]), 0, "sql")
    assert {one.promise for one in play.broken(promises(0, 1.0))} == {NO_FLAP}


def followed_by_hand(look):
    """Follow a history as a client does that looks up every ten seconds."""
    cluster = world(0)
    play = History([Scale(0, after=30)]).play(cluster, "shop/db")
    with cluster.resolver() as resolver:
        found, due = (), 0.0
        for seconds in play:
            cluster.clock.advance(seconds)
            if cluster.clock.monotonic() >= due:
                found, due = look(resolver, found), due + 10
            play.publish(found)
    return [one.promise for one in play.broken(Promises(interval=11, ttl=30))]


def test_a_client_that_keeps_what_is_not_found_any_more_loses_deletes():
    def keeps(resolver, found):
        try:
            return resolver.endpoints("db.shop", "sql")
        except NotFound:
            return found

    def lets_go(resolver, _):
        try:
            return resolver.endpoints("db.shop", "sql", fresh=True)
        except NotFound:
            return ()

    assert followed_by_hand(keeps) == [NO_LOST_DELETE] * 3
    assert followed_by_hand(lets_go) == []
