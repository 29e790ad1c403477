"""What observers are told, by both facades; what the logger `k8sresolve` has at level DEBUG; and that none can harm."""

import logging

import pytest

from k8sresolve import CacheConfig, ConfigError, LookupTimeout, NoSuchName, Observer, ResolverConfig
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
