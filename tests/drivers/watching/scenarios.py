"""What watches must show on every driver: each scenario is a generator that yields what is to be waited for.

`stage` has the cluster and the resolver; times are the stage's, which is virtual or real.
"""

from collections.abc import Callable, Generator
from typing import Any

import attrs
import pytest

from k8sresolve.changes import Change
from k8sresolve.errors import (
    ConfigError,
    InvalidName,
    LookupTimeout,
    NoData,
    NoSuchName,
    NotHeadless,
    ResolverClosed,
    ServerFailure,
    WaitTimeout,
)
from k8sresolve.records import Endpoint
from k8sresolve.testing.cluster import Cluster

Op = tuple[str, Any]
Scenario = Callable[["Stage"], Generator[Op, Any, None]]


@attrs.define
class Stage:
    """Where a scenario plays. `interval` and `hold` are what its watches have, in seconds of its time."""

    cluster: Cluster
    resolver: Any
    interval: tuple[float, float]
    hold: float

    def watch(self, name: str = "db", port: str | None = "sql", **options: Any) -> Any:
        return self.resolver.watch(name, port, **{"interval": self.interval, "empty_hold": self.hold, **options})


def enter(watch: Any) -> Op:
    return "enter", watch


def leave(watch: Any) -> Op:
    return "leave", watch


def ready(watch: Any, at_least: int = 1, timeout: float | None = None) -> Op:
    return "ready", (watch, at_least, timeout)


def wait_for(stage: Stage, *args: Any, **options: Any) -> Op:
    return "wait_for", (stage.resolver, args, options)


def following(watch: Any) -> Op:
    return "next", watch


def close(resolver: Any) -> Op:
    return "close", resolver


def names(endpoints: tuple[Endpoint, ...]) -> set[str | None]:
    return {endpoint.hostname for endpoint in endpoints}


def told(change: Change) -> tuple[set[str | None], set[str | None], set[str | None], bool]:
    return names(change.current), names(change.added), names(change.removed), change.stale


def is_just(change: Change, current: set[str], *, added: set[str] = frozenset(), removed: set[str] = frozenset()):  # type: ignore[assignment]
    assert told(change) == (current, set(added), set(removed), False)
    assert change.cause is None


def the_first_change_is_the_whole_state(stage: Stage):
    watch = yield enter(stage.watch())
    assert names((yield ready(watch, 2))) == {"db-0", "db-1"}
    change = yield following(watch)
    is_just(change, {"db-0", "db-1"}, added={"db-0", "db-1"})
    assert change.previous == ()
    assert {endpoint.port for endpoint in change.current} == {5432}
    assert watch.current == change.current
    yield leave(watch)


def a_first_state_of_nothing_is_a_change(stage: Stage):
    stage.cluster.scale("shop/db", 0)
    watch = yield enter(stage.watch())
    is_just((yield following(watch)), set())
    stage.cluster.scale("shop/db", 1)
    assert names((yield ready(watch))) == {"db-0"}
    is_just((yield following(watch)), {"db-0"}, added={"db-0"})
    yield leave(watch)


def what_comes_and_goes_is_told(stage: Stage):
    watch = yield enter(stage.watch())
    yield following(watch)
    stage.cluster.scale("shop/db", 3)
    is_just((yield following(watch)), {"db-0", "db-1", "db-2"}, added={"db-2"})
    stage.cluster.scale("shop/db", 1)
    change = yield following(watch)
    is_just(change, {"db-0"}, removed={"db-1", "db-2"})
    assert names(change.previous) == {"db-0", "db-1", "db-2"}
    yield leave(watch)


def an_answer_of_nothing_is_doubted_for_a_while(stage: Stage):
    watch = yield enter(stage.watch())
    yield following(watch)
    stage.cluster.scale("shop/db", 0)
    doubt = yield following(watch)
    assert told(doubt) == ({"db-0", "db-1"}, set(), set(), True)
    assert isinstance(doubt.cause, NoSuchName)
    assert names(watch.current) == {"db-0", "db-1"}
    is_just((yield following(watch)), set(), removed={"db-0", "db-1"})
    yield leave(watch)


def failures_keep_what_was(stage: Stage):
    watch = yield enter(stage.watch())
    yield following(watch)
    with stage.cluster.network.rcode("SERVFAIL"):
        change = yield following(watch)
        assert told(change) == ({"db-0", "db-1"}, set(), set(), True)
        assert isinstance(change.cause, ServerFailure)
    is_just((yield following(watch)), {"db-0", "db-1"})
    yield leave(watch)


def a_first_failure_is_no_state(stage: Stage):
    with stage.cluster.network.rcode("SERVFAIL") as fault:
        watch = yield enter(stage.watch())
        with pytest.raises(WaitTimeout, match=r"0 of 1 endpoint after 2 s: the nameserver failed \(SERVFAIL\)") as late:
            yield ready(watch, 1, 2.0)
        assert isinstance(late.value, LookupTimeout)
        assert fault.hits
    is_just((yield following(watch)), {"db-0", "db-1"}, added={"db-0", "db-1"})
    yield leave(watch)


def a_service_with_an_address_is_one_endpoint(stage: Stage):
    watch = yield enter(stage.watch("web", "http"))
    (one,) = yield ready(watch)
    assert (str(one.address), one.port, one.name, one.hostname) == ("10.96.7.7", 80, None, None)
    yield leave(watch)
    without = yield enter(stage.watch("web", None))
    (one,) = yield ready(without)
    assert (str(one.address), one.port) == ("10.96.7.7", None)
    yield leave(without)


def an_alias_has_the_addresses_of_its_target_and_no_port(stage: Stage):
    watch = yield enter(stage.watch("alias", None))
    (one,) = yield ready(watch)
    assert str(one.address) == "10.96.7.7"
    yield leave(watch)
    never = yield enter(stage.watch("alias", "http"))
    with pytest.raises(NoData, match="an ExternalName has no ports in DNS"):
        yield following(never)
    with pytest.raises(NoData, match="leave the port out"):
        yield ready(never)
    yield leave(never)


def watches_of_one_question_share_it(stage: Stage):
    first = yield enter(stage.watch("db", "sql"))
    yield ready(first)
    asked = len(stage.cluster.queries)
    second = yield enter(stage.watch("db.shop.svc.cluster.local", "sql"))
    assert names((yield ready(second))) == {"db-0", "db-1"}
    is_just((yield following(second)), {"db-0", "db-1"}, added={"db-0", "db-1"})
    assert len(stage.cluster.queries) == asked or stage.interval[0] < 1
    stage.cluster.scale("shop/db", 3)
    is_just((yield following(second)), {"db-0", "db-1", "db-2"}, added={"db-2"})
    is_just((yield following(first)), {"db-0", "db-1", "db-2"}, added={"db-0", "db-1", "db-2"})
    yield leave(first)
    stage.cluster.scale("shop/db", 2)
    is_just((yield following(second)), {"db-0", "db-1"}, removed={"db-2"})
    yield leave(second)


def a_suspect_is_gone_at_the_first_answer_without_it(stage: Stage):
    watch = yield enter(stage.watch())
    everyone = yield ready(watch, 2)
    yield following(watch)
    stage.cluster.scale("shop/db", 1)
    (gone,) = [one for one in everyone if one.hostname == "db-1"]
    watch.suspect(gone)
    watch.resolve_now()
    is_just((yield following(watch)), {"db-0"}, removed={"db-1"})
    yield leave(watch)


def it_may_be_opened_again(stage: Stage):
    watch = stage.watch()
    for _ in range(2):
        yield enter(watch)
        is_just((yield following(watch)), {"db-0", "db-1"}, added={"db-0", "db-1"})
        yield leave(watch)
        with pytest.raises(StopIteration):
            yield following(watch)
    assert names(watch.current) == {"db-0", "db-1"}


def what_is_not_open_says_so(stage: Stage):
    watch = stage.watch()
    assert watch.current == ()
    for act in (watch.resolve_now, lambda: watch.suspect(None)):
        with pytest.raises(ResolverClosed, match="use it in a with statement"):
            act()
    with pytest.raises(ResolverClosed):
        yield ready(watch)
    yield enter(watch)
    with pytest.raises(ResolverClosed, match="open already"):
        yield enter(watch)
    yield leave(watch)
    yield leave(watch)


def a_closed_resolver_ends_its_watches(stage: Stage):
    watch = yield enter(stage.watch())
    yield ready(watch)
    yield close(stage.resolver)
    for op in (ready(watch), following(watch)):
        with pytest.raises(ResolverClosed, match="this resolver is closed"):
            yield op
    with pytest.raises(ResolverClosed):
        watch.resolve_now()
    yield leave(watch)
    with pytest.raises(ResolverClosed):
        yield enter(stage.watch())


def what_is_there_is_not_waited_for(stage: Stage):
    found = yield wait_for(stage, "db", "sql", at_least=2)
    assert names(found) == {"db-0", "db-1"}
    assert {endpoint.port for endpoint in found} == {5432}
    assert len((yield wait_for(stage, "db"))) == 2
    (alias,) = yield wait_for(stage, "alias")
    assert str(alias.address) == "10.96.7.7"
    (web,) = yield wait_for(stage, "web")  # that it exists is all that DNS tells
    assert (str(web.address), web.port) == ("10.96.7.7", None)
    (web,) = yield wait_for(stage, "web", "http", connect=False)
    assert web.port == 80


def what_comes_is_waited_for_past_what_is_remembered(stage: Stage):
    with stage.cluster.network.stale(next=2) as fault:  # as a replica that lags
        stage.cluster.scale("shop/db", 3)
        found = yield wait_for(stage, "db", "sql", at_least=3)
    assert names(found) == {"db-0", "db-1", "db-2"}
    assert fault.hits == 2


def a_failing_nameserver_is_asked_again(stage: Stage):
    with stage.cluster.network.rcode("SERVFAIL", next=5):
        assert len((yield wait_for(stage, "db", "sql"))) == 2


def what_does_not_come_is_told(stage: Stage):
    with pytest.raises(WaitTimeout, match=r"2 of 3 endpoints after 1 s: 2 endpoints") as late:
        yield wait_for(stage, "db", "sql", at_least=3, timeout=1.2)
    assert "kubectl -n shop get endpointslices -l kubernetes.io/service-name=db" in str(late.value)
    with pytest.raises(WaitTimeout, match="0 of 1 endpoint after 1 s: no such name") as late:
        yield wait_for(stage, "gone", timeout=1.2)
    assert late.value.attempts
    with stage.cluster.network.rcode("REFUSED"), pytest.raises(WaitTimeout, match="refuses the question"):
        yield wait_for(stage, "db", timeout=0.2)


def what_can_never_be_is_said_at_once(stage: Stage):
    with pytest.raises(NotHeadless, match="it has a ClusterIP"):
        yield wait_for(stage, "web", "http", at_least=2)
    with pytest.raises(NotHeadless, match="it has a ClusterIP"):
        yield wait_for(stage, "web", at_least=2)
    with pytest.raises(NoData, match="an ExternalName has no ports in DNS"):
        yield wait_for(stage, "alias", "http")
    asked = len(stage.cluster.queries)
    for options in ({"at_least": 0}, {"timeout": "soon"}, {"connect": True}, {"connect": "yes"}, {"port": "UDP:53"}):
        with pytest.raises((ConfigError, InvalidName)):
            yield wait_for(stage, "db", **options)
    assert len(stage.cluster.queries) == asked


SCENARIOS: tuple[Scenario, ...] = (
    the_first_change_is_the_whole_state,
    a_first_state_of_nothing_is_a_change,
    what_comes_and_goes_is_told,
    an_answer_of_nothing_is_doubted_for_a_while,
    failures_keep_what_was,
    a_first_failure_is_no_state,
    a_service_with_an_address_is_one_endpoint,
    an_alias_has_the_addresses_of_its_target_and_no_port,
    watches_of_one_question_share_it,
    a_suspect_is_gone_at_the_first_answer_without_it,
    it_may_be_opened_again,
    what_is_not_open_says_so,
    a_closed_resolver_ends_its_watches,
    what_is_there_is_not_waited_for,
    what_comes_is_waited_for_past_what_is_remembered,
    a_failing_nameserver_is_asked_again,
    what_does_not_come_is_told,
    what_can_never_be_is_said_at_once,
)
