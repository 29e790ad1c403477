"""A history as a value, and what it does to a cluster."""

import pickle
import sys

import pytest

from k8sresolve.errors import ConfigError, ManifestError
from k8sresolve.testing import Cluster, headless, histories, service
from k8sresolve.testing.histories import (
    ApiServerAway,
    Crash,
    History,
    Lag,
    Loss,
    Move,
    Recover,
    Restart,
    RollOut,
    Scale,
    ServFail,
)

EVENTS = (
    Scale(3, after=2),
    RollOut(after=1),
    Crash(1, after=1),
    Recover(1, after=1),
    Move(0, after=1),
    Lag(1, lasting=3),
    Restart(0, lasting=2, manner="unsynced"),
    ApiServerAway(lasting=5, unsynced=2),
    ServFail(lasting=1),
    Loss(0.5, lasting=4, seed=2),
)


@pytest.fixture
def cluster():
    return Cluster.new(headless("db.shop", sql=5432, pods=2), server_addresses=("10.244.0.2", "10.244.1.2"))


def played(cluster, *events, **more):
    """The number of endpoints in the truth, and what was in the way."""
    play = History(events).play(cluster, "shop/db", **more)
    for seconds in play:
        cluster.clock.advance(seconds)
    return [(when, len(addresses)) for when, addresses in play.truth], [tuple(one) for one in play.disturbances]


def test_a_history_is_a_value_that_is_written_as_it_is_read():
    history = History(EVENTS)
    names = {event.__class__.__name__: event.__class__ for event in EVENTS}
    assert eval(repr(history), {"History": History, **names}) == history
    assert pickle.loads(pickle.dumps(history)) == history
    assert len({history, History(list(EVENTS))}) == 1


@pytest.mark.parametrize(
    ("events", "truth"),
    [
        ([Scale(0, after=2), Scale(5, after=3)], [(0, 2), (2, 0), (5, 5)]),
        ([RollOut(), *[RollOut(after=1)] * 3], [(0, 2), (0, 1), (3, 2)]),
        ([Crash(after=1), Crash(3, after=1), Recover(2, after=1), Crash(9)], [(0, 2), (1, 1), (2, 0), (3, 1)]),
        ([Scale(0), Crash(after=1), Move(after=1), RollOut(after=1)], [(0, 2), (0, 0)]),
        ([Move(1, after=4)], [(0, 2), (4, 2)]),
    ],
)  # fmt: skip
def test_what_happens_to_pods_is_the_truth(cluster, events, truth):
    assert played(cluster, *events)[0] == truth


@pytest.mark.parametrize(
    ("event", "spans"),
    [
        (Lag(lasting=7, after=2), [(2, 9, True)]),
        (ApiServerAway(lasting=7, unsynced=2, after=2), [(2, 9, True), (9, 11, False)]),
        (ServFail(lasting=7, after=2), [(2, 9, False)]),
        (Loss(lasting=7, after=2), [(2, 9, False)]),
        (Loss(0.0, lasting=7), []),
        *[(Restart(lasting=7, after=2, manner=manner), [(2, 9, False)]) for manner in ("lost", "refused", "unsynced")],
        *[(kind(lasting=0), []) for kind in (Lag, Restart, ApiServerAway, ServFail, Loss)],
    ],
)
def test_what_is_in_the_way_ends(cluster, event, spans):
    assert played(cluster, event)[1] == spans
    assert cluster.network._standing == []
    assert cluster.clock.monotonic() == event.after + 240


def test_faults_stand_while_they_last(cluster):
    play = History([ServFail(lasting=3, after=1), Scale(3, after=1.5)]).play(cluster, "shop/db", step=2, rest=10)
    seen = []
    for seconds in play:
        seen.append((cluster.clock.monotonic(), seconds, [fault.kind for fault in cluster.network._standing]))
        cluster.clock.advance(seconds)
    assert seen == [
        (0, 1, []),
        (1, 1.5, ["rcode"]),
        (2.5, 1.5, ["rcode"]),
        *[(when, 2, []) for when in (4, 6, 8, 10)],
        (12, 0.5, []),
    ]


def test_what_a_client_has_is_taken_as_it_tells_it(cluster):
    play = History([]).play(cluster, "shop/db")
    with cluster.resolver() as resolver:
        endpoints = resolver.endpoints("db.shop", "sql")
    for told in (endpoints, [one.address for one in endpoints], [str(one.address) for one in endpoints]):
        play.publish(told)
    assert [len(state) for _, state in play.published] == [2]
    assert play.published.at(0) == play.truth.at(0)


def test_what_is_broken_is_told_with_the_whole_story(cluster):
    play = History([ServFail(lasting=3, after=1)]).play(cluster, "shop/db")
    for seconds in play:
        cluster.clock.advance(seconds)
        play.publish(["10.244.9.9"])
    with pytest.raises(AssertionError) as told:
        play.check(histories.Promises())
    text = str(told.value)
    assert text.startswith("what is published was answered: at 1.0 s 10.244.9.9 came, which no replica said")
    assert "true:\n      0.0 s  10.244." in text
    assert "in the way:\n      1.0 s  until 4.0 s, nameservers failed" in text


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Scale(-1), "Scale: pods=-1"),
        (lambda: Scale("3"), "Scale: pods='3'"),
        (lambda: Crash(0, after=-1), "Crash: after=-1"),
        (lambda: Lag(lasting=float("nan")), "Lag: lasting=nan"),
        (lambda: Restart(manner="gone"), "there is no manner 'gone'"),
        (lambda: Loss(2), "share=2 is no chance"),
        (lambda: History([3]), "3 is no event"),
        (lambda: histories.Promises(interval="long"), "interval='long'"),
        (lambda: histories.histories(Recover), "is no kind of story"),
    ],
)
def test_what_cannot_be_is_told_at_once(make, message):
    with pytest.raises(ConfigError, match=message):
        make()


def test_without_hypothesis_a_history_is_played_all_the_same(monkeypatch, cluster):
    monkeypatch.delitem(vars(histories), "histories", raising=False)
    monkeypatch.delitem(sys.modules, "k8sresolve.testing.histories.strategies", raising=False)
    monkeypatch.delattr(histories, "strategies", raising=False)
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    with pytest.raises(ConfigError, match=r"needs Hypothesis; pip install 'k8sresolve\[hypothesis\]'"):
        _ = histories.histories
    assert played(cluster, Scale(0, after=1))[0] == [(0, 2), (1, 0)]


def test_a_module_has_no_other_names():
    with pytest.raises(AttributeError, match="nothing"):
        _ = histories.nothing


def test_what_is_played_on_must_be_there(cluster):
    cluster.apply(*service("web.shop", http=80))
    for name, message in (("shop/mail", "there is no Service 'shop/mail'"), ("shop/web", "no headless Service")):
        with pytest.raises(ConfigError, match=message):
            History([]).play(cluster, "shop/db", service=name)
    with pytest.raises(ManifestError):
        History([]).play(cluster, "shop/mail", service="shop/db")
    with pytest.raises(ConfigError, match="lets no time go by"):
        History([]).play(cluster, "shop/db", step=0)
