"""What observers are told, by both facades; what the logger `k8sresolve` has at level DEBUG; and that none can harm."""

import asyncio
import gc
import logging
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest

from k8sresolve import (
    AsyncResolver,
    CacheConfig,
    ConfigError,
    InvalidName,
    LookupTimeout,
    NoSuchName,
    Observer,
    ResolverClosed,
    ResolverConfig,
    observe_all,
)
from k8sresolve._core.events import Events
from k8sresolve.testing import Cluster

PAYMENTS = "payments.shop.svc.cluster.local."


class Notes(Observer):
    """Keeps what it is told, times apart."""

    def __init__(self):
        self.told = []
        self.waited = []
        self.attempts = []

    def asked(self, name, rdtype):
        self.told.append(("asked", name, rdtype))

    def sent(self, name, rdtype, *, nameserver, transport, purpose, waited):
        self.told.append(("sent", name, rdtype, nameserver, transport, purpose))
        self.waited.append(waited)

    def answered(self, attempt):
        self.told.append(("answered", attempt.candidate, attempt.rdtype, attempt.outcome))
        self.attempts.append(attempt)

    def landed(self, name, rdtype, outcome, milliseconds):
        self.told.append(("landed", name, rdtype, outcome))

    def decided(self, name, candidate):
        self.told.append(("decided", name, candidate.name, candidate.outcome))

    def remembered(self, name, rdtype, age):
        self.told.append(("remembered", name, rdtype, age))

    def served_stale(self, name, rdtype, age):
        self.told.append(("served_stale", name, rdtype, age))

    def kinds(self):
        return [event[0] for event in self.told]


@pytest.fixture
def notes():
    return Notes()


def test_a_lookup_is_told_from_the_question_to_the_decision(resolver_of, ipv4, notes):
    resolver_of(ipv4, observers=[notes]).addresses("payments")
    assert notes.told == [
        ("asked", PAYMENTS, "A"),
        ("sent", PAYMENTS, "A", "10.96.0.10", "udp", "first"),
        ("answered", PAYMENTS, "A", "NOERROR"),
        ("landed", PAYMENTS, "A", "found"),
        ("decided", "payments", PAYMENTS, "found"),
    ]
    assert notes.waited == [0.0]
    assert notes.attempts[0].milliseconds == pytest.approx(0.5)


def test_what_is_remembered_is_told_as_that_and_as_nothing_else(resolver_of, ipv4, notes):
    resolver = resolver_of(ipv4, observers=[notes])
    resolver.service("payments")
    notes.told.clear()
    ipv4.clock.advance(4)
    resolver.service("payments")
    assert notes.told == [("remembered", PAYMENTS, "A", pytest.approx(4.0))]


def test_a_lost_packet_is_told_as_a_resend_with_the_time_waited(resolver_of, ipv4, notes):
    ipv4.network.drop(next=1)
    resolver_of(ipv4, observers=[notes]).service("payments")
    assert [event[-1] for event in notes.told if event[0] == "sent"] == ["first", "resend"]
    assert notes.waited == [0.0, pytest.approx(250.0)]
    assert notes.kinds() == ["asked", "sent", "sent", "answered", "landed"]


def test_a_closed_port_is_told_as_a_failover(resolver_of, ipv4, notes):
    config = ResolverConfig(nameservers=["10.96.0.8", "10.96.0.9"], namespace="shop", cluster_domain="cluster.local")
    ipv4.network.refuse(nameserver="10.96.0.8")
    resolver_of(ipv4, namespace=None, config=config, observers=[notes]).service("payments")
    assert notes.told[1:5] == [
        ("sent", PAYMENTS, "A", "10.96.0.8", "udp", "first"),
        ("answered", PAYMENTS, "A", "connection refused"),
        ("sent", PAYMENTS, "A", "10.96.0.9", "udp", "failover"),
        ("answered", PAYMENTS, "A", "NOERROR"),
    ]


def test_a_truncated_reply_is_told_as_a_question_over_tcp(resolver_of, ipv4, notes):
    ipv4.network.truncate()
    resolver_of(ipv4, observers=[notes]).service("payments")
    assert notes.told[1:5] == [
        ("sent", PAYMENTS, "A", "10.96.0.10", "udp", "first"),
        ("answered", PAYMENTS, "A", "truncated"),
        ("sent", PAYMENTS, "A", "10.96.0.10", "tcp", "tcp"),
        ("answered", PAYMENTS, "A", "NOERROR"),
    ]


def test_a_question_that_nobody_answers_lands_with_its_reason(resolver_of, ipv4, notes):
    ipv4.network.drop()
    with pytest.raises(LookupTimeout):
        resolver_of(ipv4, observers=[notes]).service("payments", timeout=0.2)
    assert notes.told[-1] == ("landed", PAYMENTS, "A", "closed")  # its caller left at the deadline
    assert notes.kinds() == ["asked", "sent", "landed"]


def test_every_candidate_is_told_in_search_order(resolver_of, ipv4, notes):
    with pytest.raises(NoSuchName):
        resolver_of(ipv4, observers=[notes]).addresses("nowhere")
    assert [event[2:] for event in notes.told if event[0] == "decided"] == [
        ("nowhere.shop.svc.cluster.local.", "nxdomain"),
        ("nowhere.", "nxdomain"),
    ]


def test_what_an_observer_raises_is_logged_and_goes_no_further(resolver_of, ipv4, notes, caplog):
    class Broken(Observer):
        def sent(self, *args, **kwargs):
            raise ZeroDivisionError("the observer's")

    assert resolver_of(ipv4, observers=[Broken(), notes]).service("payments").addresses
    assert notes.kinds() == ["asked", "sent", "answered", "landed"]
    (record,) = caplog.records
    assert (record.levelname, record.exc_info[0]) == ("ERROR", ZeroDivisionError)
    assert "Broken" in record.message


@pytest.mark.parametrize("observers", [["x"], [Observer], object(), 7])
def test_what_is_no_observer_is_a_config_error(ipv4, observers):
    with pytest.raises(ConfigError, match="is no observer; give objects of classes derived from Observer"):
        ipv4.resolver(observers=observers)


def test_without_observers_nothing_is_told():
    assert Events().observers == ()


def only(event, keep):
    """An observer with this method alone."""
    return type("Only", (Observer,), {event: lambda _self, *args, **options: keep.append((args, options))})()


@pytest.mark.parametrize(
    ("event", "wanted"),
    [
        ("answered", (True, False, False, False)),
        ("remembered", (True, True, False, False)),
        ("decided", (True, False, True, False)),
        ("looked_up", (False, False, False, True)),
        ("reloaded", (False, False, False, False)),
    ],
)
def test_an_observer_costs_only_what_it_has_a_method_for(event, wanted):
    events = Events([only(event, [])])
    assert (bool(events.observers), events.recalls, events.decides, events.lookups) == wanted


def test_a_method_of_the_object_s_own_is_told_too():
    told, observer = [], Observer()
    observer.reloaded = told.append
    Events([observer]).reloaded("config")
    assert told == ["config"]


def test_who_is_not_told_of_what_is_remembered_leaves_results_remembered(resolver_of, ipv4):
    told = []
    resolver = resolver_of(ipv4, observers=[only("answered", told), only("looked_up", [])])
    resolver.service("payments")
    assert resolver.service("payments") is resolver.service("payments")
    assert len(told) == 1
    assert resolver.stats().cache_hits == 2


# Whole lookups.


class Lookups(Observer):
    """Keeps what it is told of whole lookups."""

    def __init__(self):
        self.told = []

    def looked_up(self, name, *, in_cluster, milliseconds, error):
        self.told.append((name, in_cluster, round(milliseconds, 3), type(error).__name__))


@pytest.fixture
def lookups():
    return Lookups()


@pytest.mark.parametrize(
    ("look", "told"),
    [
        (lambda r: r.service("payments"), (PAYMENTS, True)),
        (lambda r: r.port("payments", "http"), (PAYMENTS, True)),
        (lambda r: r.addresses("payments.shop"), (PAYMENTS, True)),
        (lambda r: r.getaddrinfo("payments", 80), (PAYMENTS, True)),
        (lambda r: r.lookup("_http._tcp.payments.shop", "SRV"), (PAYMENTS, True)),
        (lambda r: r.explain("payments"), (PAYMENTS, True)),
        (lambda r: r.wait_for("payments"), (PAYMENTS, True)),
        (lambda r: r.addresses("api.example.com"), ("api.example.com.", False)),
        (lambda r: r.reverse("10.96.20.1"), ("1.20.96.10.in-addr.arpa.", False)),
    ],
)
def test_a_lookup_is_told_as_it_ends_with_its_name(resolver_of, ipv4, lookups, look, told):
    look(resolver_of(ipv4, observers=[lookups]))
    (name, in_cluster, milliseconds, error), *_ = lookups.told
    assert (name, in_cluster, error) == (*told, "NoneType")
    assert milliseconds >= 0.5


@pytest.mark.parametrize(
    ("look", "told"),
    [
        (lambda r: r.service("nowhere"), ("nowhere.shop.svc.cluster.local.", True, "NoSuchName")),
        (lambda r: r.addresses("nowhere"), ("nowhere.shop.svc.cluster.local.", True, "NoSuchName")),
        (lambda r: r.service("a b"), ("", False, "InvalidName")),
    ],
)
def test_a_lookup_that_fails_is_told_with_its_error(resolver_of, ipv4, lookups, look, told):
    with pytest.raises((NoSuchName, InvalidName)):
        look(resolver_of(ipv4, observers=[lookups]))
    assert [(name, inside, error) for name, inside, _, error in lookups.told] == [told]


@pytest.mark.parametrize("policy", ["kubernetes", "glibc"])
def test_a_host_elsewhere_that_is_not_found_is_no_name_of_the_cluster_s(resolver_of, ipv4, lookups, policy):
    with pytest.raises(NoSuchName):
        resolver_of(ipv4, observers=[lookups], policy=policy).addresses("typo.example.com")
    assert [inside for _, inside, _, _ in lookups.told] == [False]


def test_the_time_of_a_lookup_is_all_that_it_took(resolver_of, ipv4, lookups):
    ipv4.network.drop(next=1)
    resolver_of(ipv4, observers=[lookups]).service("payments")
    assert lookups.told == [(PAYMENTS, True, 250.5, "NoneType")]


def test_what_is_remembered_or_needs_no_question_is_no_lookup_to_be_told(resolver_of, ipv4, lookups):
    resolver = resolver_of(ipv4, observers=[lookups])
    resolver.service("payments")
    lookups.told.clear()
    resolver.service("payments")
    resolver.getaddrinfo("payments", 80)
    resolver.addresses("192.0.2.1")
    assert lookups.told == []


def test_a_stale_answer_was_waited_for(resolver_of, ipv4, lookups):
    resolver = resolver_of(ipv4, observers=[lookups], cache=CacheConfig(serve_stale=60.0))
    resolver.service("payments")
    ipv4.clock.advance(40)
    lookups.told.clear()
    with ipv4.network.drop():
        resolver.service("payments")
    assert lookups.told == [(PAYMENTS, True, 1800.0, "NoneType")]


def test_what_an_observer_of_lookups_raises_is_logged_and_goes_no_further(resolver_of, ipv4, lookups, caplog):
    class Broken(Observer):
        def looked_up(self, name, **_):
            raise ZeroDivisionError(name)

    resolver = resolver_of(ipv4, observers=[Broken(), lookups])
    assert resolver.service("payments").addresses
    with pytest.raises(NoSuchName):
        resolver.service("nowhere")
    assert len(lookups.told) == len(caplog.records) == 2


# Observers that come and go.


def test_an_observer_of_a_resolver_that_is_there_is_told_until_that_ends(resolver_of, ipv4, notes, lookups):
    resolver = resolver_of(ipv4)
    resolver.service("payments")
    end, end_too = resolver.observe(notes), resolver.observe(lookups)
    resolver.service("payments")
    resolver.service("payments", fresh=True)
    assert notes.kinds() == ["remembered", "asked", "sent", "answered", "landed"]
    end()
    end()
    resolver.service("payments", fresh=True)
    assert len(notes.told) == 5
    assert len(lookups.told) == 2
    end_too()
    resolver.service("payments", fresh=True)
    assert len(lookups.told) == 2
    assert resolver.service("payments") is resolver.service("payments")


def test_the_same_observer_twice_is_told_twice(resolver_of, ipv4, notes):
    resolver = resolver_of(ipv4, observers=[notes])
    end = resolver.observe(notes)
    resolver.service("payments")
    assert notes.kinds().count("asked") == 2
    end()
    resolver.service("payments", fresh=True)
    assert notes.kinds().count("asked") == 3


def test_one_of_all_is_told_of_resolvers_made_before_and_after(resolver_of, ipv4, notes):
    before, other = resolver_of(ipv4), Notes()
    end = observe_all(notes)
    try:
        after = resolver_of(ipv4, observers=[other])
        before.service("payments")
        after.service("payments")
        assert notes.kinds().count("asked") == 2
        assert other.kinds().count("asked") == 1
    finally:
        end()
    end()
    for resolver in (before, after, resolver_of(ipv4)):
        resolver.service("payments", fresh=True)
    assert notes.kinds().count("asked") == 2


def test_the_log_of_level_debug_and_observers_leave_each_other_alone(resolver_of, ipv4, notes, caplog):
    resolver = resolver_of(ipv4)
    with caplog.at_level(logging.DEBUG, "k8sresolve"):
        resolver.service("payments", fresh=True)
        end = resolver.observe(notes)
        resolver.service("payments", fresh=True)
        assert len(caplog.records) == 4
    resolver.service("payments", fresh=True)
    assert (len(caplog.records), len(notes.told)) == (4, 8)
    end()


def test_a_resolver_is_collected_though_all_are_observed(ipv4, notes):
    end = observe_all(notes)
    resolver = ipv4.resolver(namespace="shop")
    resolver.service("payments")
    gone = weakref.ref(resolver)
    del resolver
    gc.collect()
    end()
    assert gone() is None


def test_observers_that_come_and_go_in_threads_are_told_as_the_last_word_says(ipv4):
    resolver, observers = ipv4.resolver(namespace="shop"), [Lookups() for _ in range(8)]

    def come_and_go(observer):
        for _ in range(200):
            observe_all(observer)()
        return resolver.observe(observer)

    with ThreadPoolExecutor(8) as pool:
        ends = list(pool.map(come_and_go, observers))
    resolver.service("payments")
    assert [len(observer.told) for observer in observers] == [1] * 8
    for end in ends:
        end()
    assert not resolver._events.lookups


@pytest.mark.parametrize("what", ["x", Observer, object(), None])
def test_what_is_no_observer_cannot_observe(ipv4, what):
    with pytest.raises(ConfigError, match="is no observer"):
        ipv4.resolver().observe(what)
    with pytest.raises(ConfigError, match="is no observer"):
        observe_all(what)


def test_a_closed_resolver_may_be_observed_and_tells_nothing(resolver_of, ipv4, lookups):
    resolver = resolver_of(ipv4)
    resolver.close()
    end = resolver.observe(lookups)
    with pytest.raises(ResolverClosed):
        resolver.service("payments")
    assert lookups.told == []
    end()


def test_a_task_that_is_cancelled_tells_what_ended_its_lookup(ipv4, lookups):
    async def main():
        async with AsyncResolver(
            ResolverConfig.for_cluster("127.0.0.1:9", namespace="shop"), observers=[lookups]
        ) as resolver:
            asking = asyncio.ensure_future(resolver.service("payments"))
            await asyncio.sleep(0)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking

    asyncio.run(main())
    assert [(name, error) for name, _, _, error in lookups.told] == [("", "CancelledError")]


# The logger.


def test_the_log_has_what_one_wants_to_see_of_a_lookup_that_went_astray(resolver_of, ipv4, caplog):
    ipv4.network.drop(next=1)
    with caplog.at_level(logging.DEBUG, "k8sresolve"), pytest.raises(NoSuchName):
        resolver_of(ipv4).addresses("nowhere")
    messages = [record.message for record in caplog.records]
    assert {record.name for record in caplog.records} == {"k8sresolve"}
    assert messages == [
        "nowhere.shop.svc.cluster.local. A: resend to 10.96.0.10 over UDP, 250.0 ms later",
        "nowhere.shop.svc.cluster.local. A (NXDOMAIN from 10.96.0.10 in 0.5 ms)",
        "nowhere.shop.svc.cluster.local. A: nxdomain, after 250.5 ms",
        "nowhere: nowhere.shop.svc.cluster.local. A nxdomain from 10.96.0.10 in 250.5 ms",
        "nowhere. A (NXDOMAIN from 10.96.0.10 in 0.5 ms)",
        "nowhere. A: nxdomain, after 0.5 ms",
        "nowhere: nowhere. A nxdomain from 10.96.0.10 in 0.5 ms",
    ]


def test_the_log_says_failover_and_what_was_remembered(ipv4, caplog):
    config = ResolverConfig(nameservers=["10.96.0.8", "10.96.0.9"], namespace="shop", cluster_domain="cluster.local")
    ipv4.network.refuse(nameserver="10.96.0.8")
    with ipv4.resolver(config=config) as resolver, caplog.at_level(logging.DEBUG, "k8sresolve"):
        resolver.service("payments")
        ipv4.clock.advance(2)
        resolver.service("payments")
    messages = [record.message for record in caplog.records]
    assert f"{PAYMENTS} A: failover to 10.96.0.9 over UDP, 0.0 ms later" in messages
    assert messages[-1] == f"{PAYMENTS} A: remembered, 2.0 s old"


@pytest.mark.behaviour("C13")
def test_what_is_served_stale_is_told_and_logged(resolver_of, ipv4, notes, caplog):
    resolver = resolver_of(ipv4, observers=[notes], cache=CacheConfig(serve_stale=60.0))
    resolver.service("payments")
    ipv4.clock.advance(40)
    notes.told.clear()
    with ipv4.network.rcode("REFUSED"), caplog.at_level(logging.DEBUG, "k8sresolve"):
        resolver.service("payments")
    assert [event for event in notes.told if event[0] in ("remembered", "served_stale")] == [
        ("served_stale", PAYMENTS, "A", pytest.approx(40.0, abs=0.01))
    ]
    assert caplog.messages[-1] == f"{PAYMENTS} A: no answer came, and a stale one was given, 40.0 s old"


def test_above_debug_nothing_is_logged_and_it_can_be_turned_on_and_off(ipv4, caplog):
    with ipv4.resolver(namespace="shop") as resolver:
        with caplog.at_level(logging.INFO, "k8sresolve"):
            resolver.service("payments", fresh=True)
        assert caplog.records == []
        with caplog.at_level(logging.DEBUG, "k8sresolve"):
            resolver.service("payments", fresh=True)
        assert len(caplog.records) == 2
        with caplog.at_level(logging.INFO, "k8sresolve"):
            resolver.service("payments", fresh=True)
        assert len(caplog.records) == 2


def test_names_in_the_log_are_escaped(caplog):
    cluster = Cluster.from_objects([])
    with cluster.resolver() as resolver, caplog.at_level(logging.DEBUG, "k8sresolve"), pytest.raises(NoSuchName):
        resolver.lookup("a%s\\010b.test.", "A")
    assert all("\n" not in record.message for record in caplog.records)
    assert any("a%s\\010b.test." in record.message for record in caplog.records)


def test_what_is_reloaded_is_told_and_what_an_observer_raises_then_is_reported():
    told, reported = [], []

    class Watching(Observer):
        def reloaded(self, config):
            told.append(config)
            raise ZeroDivisionError

    config = ResolverConfig.for_cluster("10.96.0.10", namespace="shop")
    Events((Watching(), Watching()), lambda what, error: reported.append((what, type(error)))).reloaded(config)
    assert told == [config, config]
    assert [kind for _, kind in reported] == [ZeroDivisionError] * 2
    assert all("Watching.reloaded" in what and what.endswith("failed") for what, _ in reported)
