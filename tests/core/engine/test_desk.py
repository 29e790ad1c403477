"""Who asks what: flights, the cap and its queue, leaving, deadlines. The host only takes notes."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

import dns.edns
import dns.message
import dns.rrset
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from k8sresolve._core.engine.alarms import Alarms
from k8sresolve._core.engine.cache import RECHECK
from k8sresolve._core.engine.desk import Desk, Unsent
from k8sresolve._core.engine.flights import Flight, Lone
from k8sresolve._core.engine.ledger import Ledger
from k8sresolve._core.engine.rules import Rules
from k8sresolve._core.events import Events, Observer
from k8sresolve._core.questions import AAAA, A, Empty, Found, Question, Round, Terms
from k8sresolve._core.wire.reply import Odd
from k8sresolve.config import CacheConfig, Nameserver
from tests.effort import cpu_seconds

KEPT = CacheConfig(entries=64)
IPV4, IPV6 = IPv4Address("10.96.20.1"), IPv6Address("fd00::20:1")


def any_found(answers):
    return any(isinstance(answer, Found) for answer in answers)


@lru_cache(None)
def reply_to(name, rdtype, rcode, ttl):
    message = dns.message.make_response(dns.message.make_query(name, rdtype), recursion_available=True)
    message.set_rcode(rcode)
    if not rcode:
        data = str(IPV4 if rdtype == "A" else IPV6)
        message.answer.append(dns.rrset.from_text(name, ttl, "IN", rdtype, data))
    return message.to_wire()


class Alone:
    """A lone question as the batch that it stands for."""

    def __init__(self, lone):
        self.lone = lone

    def __eq__(self, other):
        return other is self.lone or other is self.lone.batch

    def __hash__(self):
        return id(self.lone)

    def __getattr__(self, name):
        lone = self.lone
        if lone.batch is not None:
            return getattr(lone.batch, name)
        return {
            "done": lone.answer is not None,
            "answers": [lone.answer],
            "deadline": lone.terms.deadline,
            "fresh": lone.terms.fresh,
            "flights": {} if lone.answer is not None else {0: lone},
        }[name]


@pytest.fixture
def may_be_alone(request, monkeypatch):
    monkeypatch.setattr(Host, "alone", request.param)


def pytest_generate_tests(metafunc):
    """Let each test run with questions that may be alone, too: it is to make no difference."""
    if metafunc.cls is None:  # the state machine draws it
        metafunc.fixturenames.append("may_be_alone")
        metafunc.parametrize("may_be_alone", [False, True], ids=["batches", "alone"], indirect=True)


class Port(NamedTuple):
    """What a send uses."""

    name: str
    number: int


class Host:
    """A host that notes what it is told, and has one heap of alarms as real ones do."""

    alone = False

    def __init__(self, cap=64, rotate=False, observers=(), left=False, cache=KEPT, **options):
        rules = Rules(
            nameservers=(Nameserver("10.0.0.1"), Nameserver("10.0.0.2"))[: options.pop("count", 1)],
            in_flight=cap,
            rotate=rotate,
            cache=cache,
            **options,
        )
        self.reported = []
        self.events = Events(observers, self.report)
        self.desk = Desk(rules, Ledger(rules), self.events, self, left=left)
        self.alarms = Alarms()
        self.now = 0.0
        self.sends = []
        self.woken = []
        self.given_up = []
        self.fault = None
        self.lets_go_on = True
        self.elsewhere = []

    @property
    def counters(self):
        return self.desk.counters

    # What the desk calls.

    def send(self, flight, send):
        self.sends.append((flight, send))
        fault = self.fault() if callable(self.fault) else self.fault
        if fault is not None:
            raise Unsent(fault)
        return Port(flight.question.name, send.number)

    def give_up(self, port):
        self.given_up.append(port)

    def wake(self, batch):
        assert batch.done
        assert batch not in self.woken
        self.woken.append(batch)

    def alarm(self, flight):
        self.alarms.set(flight)

    def goes_on(self, question):
        if not self.lets_go_on:
            self.elsewhere.append(question.name)
        return self.lets_go_on

    def report(self, what, error):
        self.reported.append((what, error))

    # What a test says.

    def ask(self, *questions, deadline=5.0, fresh=False, **rules):
        questions = tuple(Question(f"{q}.", A) if isinstance(q, str) else q for q in questions)
        asked = (self.desk.begin if self.alone else self.desk.ask)(
            Round(questions, **rules), Terms(deadline, fresh, 2.0), self.now
        )
        return Alone(asked) if isinstance(asked, Lone) else asked

    def leave(self, batch):
        self.desk.leave(batch.lone if isinstance(batch, Alone) else batch, self.now)

    def asked(self):
        return [flight.question.name[:-1] for flight, _ in self.sends]

    def reply(self, name, *, rcode=0, ttl=30, rdtype="A"):
        """Answer the last send of that question."""
        flight, send = next(
            (f, s) for f, s in reversed(self.sends)
            if f.question.name == f"{name}." and f.question.rdtype == dns.rdatatype.from_text(rdtype)
        )  # fmt: skip
        self.desk.datagram(flight, send.number, reply_to(f"{name}.", rdtype, rcode, ttl), self.now)

    def wait(self, until):
        while (when := self.alarms.next()) is not None and when <= until:
            self.now = max(self.now, when)
            for flight in self.alarms.due(self.now):
                self.desk.ring(flight, self.now)
        self.now = until

    def idle(self):
        """Nothing is under way, queued or remembered any more."""
        desk = self.desk
        return (len(desk.flights), desk.waiting, desk.active, self.alarms.next()) == (0, 0, 0, None)


def data(batch):
    return [answer.data if isinstance(answer, Found) else getattr(answer, "reason", answer) for answer in batch.answers]


# -- flights ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.", "b.", None])
def test_what_was_asked_before_a_forget_is_given_to_its_callers_and_not_remembered(name):
    """Whoever forgets a name wants it asked anew; an answer of before would be all that the next one gets."""
    host = Host()
    first = host.ask("a")
    host.desk.ledger.cache.forget(name)
    host.reply("a")
    assert first.done
    assert len(host.desk.ledger.cache) == 0
    host.ask("a")
    host.reply("a")
    assert len(host.desk.ledger.cache) == 1


def test_one_question_one_answer():
    host = Host()
    batch = host.ask("a")
    assert (batch.done, host.asked()) == (False, ["a"])
    host.reply("a")
    assert (batch.done, data(batch), host.woken) == (True, [(IPV4,)], [batch])
    assert host.idle()
    assert host.given_up == [("a.", 0)]


def test_callers_of_one_question_share_its_flight():
    host = Host()
    batches = [host.ask("a") for _ in range(100)]
    assert host.asked() == ["a"]
    host.reply("a")
    assert all(data(batch) == [(IPV4,)] for batch in batches)
    assert host.woken == batches


def test_letter_case_makes_no_other_question_and_goes_out_as_written():
    host = Host()
    batches = [host.ask("Abc"), host.ask("aBC")]
    assert host.asked() == ["Abc"]
    host.reply("Abc")
    assert all(batch.done for batch in batches)


def test_a_question_twice_in_one_batch_is_asked_once():
    host = Host()
    batch = host.ask("a", "a")
    host.reply("a")
    assert data(batch) == [(IPV4,)] * 2
    assert host.idle()


def test_who_comes_after_the_answer_gets_it_from_the_cache_while_it_lasts():
    host = Host()
    host.ask("a")
    host.reply("a", ttl=30)
    host.wait(29.9)
    batch = host.ask("a", deadline=40.0)
    assert (batch.done, data(batch), host.counters.sends, host.counters.cache_hits) == (True, [(IPV4,)], 1, 1)
    host.wait(30.0)
    assert not host.ask("a", deadline=40.0).done


def test_fresh_passes_over_the_cache_but_joins_what_is_under_way():
    host = Host()
    host.ask("a")
    host.reply("a")
    batches = [host.ask("a", fresh=True), host.ask("a", fresh=True)]
    assert host.asked() == ["a", "a"]
    host.reply("a")
    assert all(batch.done for batch in batches)


def test_failures_are_not_kept():
    host = Host()
    first = host.ask("a")
    host.reply("a", rcode=5)
    assert data(first) == ["refused"]
    assert not host.ask("a").done


# -- enough, usable --------------------------------------------------------------------------------------------------


def test_a_batch_waits_for_all_answers():
    host = Host()
    batch = host.ask("a", "b")
    host.reply("b")
    assert not batch.done
    host.reply("a")
    assert batch.done


def test_unless_fewer_are_enough_and_then_the_rest_is_not_waited_for():
    host = Host()
    batch = host.ask("a", "b", enough=lambda answers: answers[0] is not None)
    host.reply("a")
    assert (batch.done, data(batch)) == (True, [(IPV4,), None])
    assert host.idle()
    assert sorted(host.given_up) == [("a.", 0), ("b.", 0)]


def test_but_it_is_waited_for_by_others():
    host = Host()
    host.ask("a", "b", enough=any_found)
    other = host.ask("b")
    host.reply("a")
    host.reply("b")
    assert data(other) == [(IPV4,)]


def test_what_the_cache_has_may_be_enough():
    host = Host()
    host.ask("a")
    host.reply("a")
    batch = host.ask("a", "b", enough=any_found)
    assert (batch.done, host.asked()) == (True, ["a"])


def test_an_answer_at_once_may_be_enough():
    host = Host()
    batch = host.ask("x" * 64, "b", enough=lambda answers: answers[0] is not None)
    assert (batch.done, data(batch), host.asked()) == (True, ["unsendable", None], [])
    assert host.idle()


def test_once_what_there_is_is_usable_the_rest_gets_a_second():
    host = Host()
    host.now = 1.0
    batch = host.ask("a", Question("a.", AAAA), deadline=9.0, usable=any_found)
    host.now = 1.1
    host.reply("a")
    host.wait(2.099)
    assert not batch.done
    host.wait(2.1)
    assert data(batch) == [(IPV4,), "timeout"]
    assert batch.answers[1].exchanges
    assert host.idle()


def test_and_takes_what_comes_within_it():
    host = Host()
    batch = host.ask("a", Question("a.", AAAA), usable=any_found)
    host.reply("a")
    host.wait(0.9)
    host.reply("a", rdtype="AAAA")
    assert data(batch) == [(IPV4,), (IPV6,)]


def test_usable_does_not_reach_beyond_the_deadline():
    host = Host()
    batch = host.ask("a", Question("a.", AAAA), deadline=0.5, usable=any_found)
    other = host.ask(Question("a.", AAAA), deadline=5.0)
    host.reply("a")
    host.wait(0.5)
    assert (batch.done, other.done) == (True, False)


# -- deadlines and leaving -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("deadline", [0.0, -1.0])
def test_a_deadline_that_is_past_asks_nothing(deadline):
    host = Host()
    batch = host.ask("a", deadline=deadline)
    assert (batch.done, data(batch), host.sends) == (True, ["timeout"], [])
    assert (batch.answers[0].detail, batch.answers[0].exchanges) == ("the deadline had passed", ())
    assert host.idle()


def test_but_takes_what_is_known():
    host = Host()
    host.ask("a")
    host.reply("a")
    assert data(host.ask("a", deadline=0.0)) == [(IPV4,)]


def test_each_caller_has_a_deadline_of_its_own():
    host = Host()
    early, late = host.ask("a", deadline=0.1), host.ask("a", deadline=3.0)
    host.wait(0.1)
    assert (early.done, late.done) == (True, False)
    assert data(early) == ["timeout"]
    host.wait(1.0)
    host.reply("a")
    assert data(late) == [(IPV4,)]
    assert len(host.sends) == 3


def test_whoever_came_first():
    host = Host()
    late, early = host.ask("a", deadline=3.0), host.ask("a", deadline=0.1)
    host.wait(0.1)
    assert (early.done, late.done) == (True, False)


def test_who_joins_a_question_in_the_queue_with_a_later_deadline():
    host = Host(cap=1)
    host.ask("a", deadline=9.0)
    early, late = host.ask("b", deadline=0.1), host.ask("b", deadline=2.0)
    host.wait(1.0)
    assert (early.done, late.done) == (True, False)
    host.reply("a")
    host.reply("b")
    assert data(late) == [(IPV4,)]


def test_who_leaves_ends_only_what_nobody_else_waits_for():
    host = Host()
    first, second = host.ask("a", "b"), host.ask("b")
    host.leave(first)
    assert list(host.desk.flights) == [Question("b.", A)]
    host.reply("b")
    assert data(second) == [(IPV4,)]
    assert host.woken == [second]
    assert host.idle()


def test_events_after_all_have_left_are_nothing():
    host = Host()
    host.leave(host.ask("a"))
    host.reply("a")
    host.desk.error(*host.sends[0][:1], 0, "connection refused", 0.1)
    host.wait(10)
    assert len(host.sends) == 1
    assert len(host.desk.ledger.cache) == 0


def test_a_question_that_all_left_can_be_asked_anew():
    host = Host()
    host.leave(host.ask("a"))
    again = host.ask("a")
    host.reply("a")
    assert again.done


def test_leaving_twice_is_leaving():
    host = Host()
    batch = host.ask("a")
    host.leave(batch)
    host.leave(batch)
    assert host.idle()


# -- the cap ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cap", [1, 3])
def test_no_more_questions_than_the_cap_are_out_and_the_rest_follow_in_order(cap):
    host = Host(cap=cap)
    batches = [host.ask(name) for name in "abcdef"]
    for name in "abcdef":
        assert host.desk.active <= cap
        host.reply(name)
    assert host.asked() == list("abcdef")
    assert host.woken == batches
    assert host.idle()


def test_who_leaves_the_queue_is_not_asked():
    host = Host(cap=1)
    host.ask("a")
    gone, stays = host.ask("b"), host.ask("c")
    host.leave(gone)
    host.reply("a")
    assert host.asked() == ["a", "c"]
    host.reply("c")
    assert stays.done
    assert host.idle()


def test_f5_silent_names_do_not_stop_a_healthy_one():
    host = Host(cap=4)
    silent = [host.ask(f"silent{n}") for n in range(4)]
    healthy = host.ask("a")
    assert "a" not in host.asked()
    host.wait(0.25)  # their first timers have run: they are late, and hold no place
    host.reply("a")
    assert data(healthy) == [(IPV4,)]
    assert not any(batch.done for batch in silent)
    host.wait(5)
    assert host.idle()


def test_f5_silent_names_elsewhere_never_stop_one_under_the_cluster_domain():
    host = Host(cap=4, cluster_domain="cluster.local")
    for n in range(100):
        host.ask(f"silent{n}.example.com")
    for moment in (0.0, 0.3, 1.0, 4.0):
        host.wait(moment)
        name = f"x{moment:.0f}.shop.svc.cluster.local"
        healthy = host.ask(name)
        host.reply(name)
        assert data(healthy) == [(IPV4,)]
        host.leave(healthy)
    # 3 of 4 places, and 12 of 16 late ones: the rest waits for those to end.
    assert len({name for name in host.asked() if name.startswith("silent")}) == 15
    host.wait(10)
    assert host.idle()


def test_f5_a_flight_holds_three_sockets_at_most():
    host = Host()
    batch = host.ask("a")
    host.wait(4.9)
    ((flight, _), *_) = host.sends
    assert len(host.sends) == 7
    assert host.given_up == [("a.", number) for number in (0, 1, 2, 3)]
    assert flight.ports == [("a.", number) for number in (4, 5, 6)]
    host.desk.datagram(flight, 4, reply_to("a.", "A", 0, 30), host.now)
    assert data(batch) == [(IPV4,)]


def test_f18_once_an_answer_is_usable_nobody_waits_for_a_closed_port():
    host = Host()
    batch = host.ask(Question("a.", A), Question("a.", AAAA), usable=any_found)
    host.reply("a")
    assert not batch.done
    host.desk.error(host.sends[1][0], 0, "connection refused", host.now)
    assert data(batch) == [(IPV4,), "network"]
    other = host.ask(Question("b.", A), Question("b.", AAAA), usable=any_found)
    host.desk.error(host.sends[-1][0], 0, "connection refused", host.now)
    assert not other.done
    host.reply("b")
    assert data(other) == [(IPV4,), "network"]
    assert host.idle()


def test_f17_what_a_nameserver_said_is_the_outcome_at_a_callers_deadline_too():
    host = Host(count=2)
    first, second = host.ask("a", deadline=0.2), host.ask("a", deadline=5.0)
    host.reply("a", rcode=2)
    host.wait(0.2)
    assert (data(first), data(second)) == (["servfail"], [None])


def test_many_who_wait_for_one_question_take_no_longer_each_than_few():
    def work(count):
        host = Host()
        batches = [host.ask("a", deadline=5.0 + number) for number in range(count)]
        for batch in batches[1:]:
            host.leave(batch)
        host.reply("a")

    few = cpu_seconds(lambda: work(500))
    assert cpu_seconds(lambda: work(10_000)) < few * 20 * 5


def test_deadlines_run_in_the_queue():
    host = Host(cap=1)
    host.ask("a", deadline=9.0)
    batch = host.ask("b", deadline=0.2)
    host.wait(0.2)
    assert data(batch) == ["timeout"]
    assert "line" in batch.answers[0].detail
    assert "b" not in host.asked()


def test_a_thousand_in_the_queue_that_all_end_at_once_need_no_stack():
    host = Host(cap=1)
    host.ask("a")
    batches = [host.ask(f"{'x' * 64}{n}") for n in range(3000)]
    host.reply("a")
    assert all(data(batch) == ["unsendable"] for batch in batches)
    assert host.idle()


def test_nor_do_those_whose_deadline_passed_while_the_host_was_away():
    host = Host(cap=1)
    host.ask("a")
    batches = [host.ask(f"b{n}", deadline=0.1) for n in range(3000)]
    host.now = 4.0
    host.reply("a")
    assert all(data(batch) == ["timeout"] for batch in batches)
    host.wait(10)
    assert host.idle()


# -- observers and counters ------------------------------------------------------------------------------------------


class Ear(Observer):
    """An observer that notes what it is told, the sends by purpose and the exchanges by what they came to."""

    def __init__(self):
        self.heard = []

    def asked(self, name, rdtype):
        self.heard.append(("asked", name, rdtype))

    def sent(self, name, rdtype, *, nameserver, transport, purpose, waited):
        self.heard.append(("sent", name, rdtype, nameserver, transport, purpose, round(waited, 6)))

    def answered(self, attempt):
        self.heard.append(("answered", attempt.candidate, attempt.nameserver, attempt.outcome, attempt.milliseconds))

    def landed(self, name, rdtype, outcome, milliseconds):
        self.heard.append(("landed", name, rdtype, outcome, round(milliseconds, 6)))

    def remembered(self, name, rdtype, age):
        self.heard.append(("remembered", name, rdtype, age))

    def served_stale(self, name, rdtype, age):
        self.heard.append(("served_stale", name, rdtype, age))

    def take(self):
        heard, self.heard = self.heard, []
        return heard


def test_observers_are_told_of_a_question_once_and_of_all_that_becomes_of_it():
    ear = Ear()
    host = Host(observers=(ear,))
    host.now = 1.0
    host.ask("A")
    host.ask("a")
    assert ear.take() == [("asked", "A.", "A"), ("sent", "A.", "A", "10.0.0.1", "udp", "first", 0.0)]
    host.now = 1.25
    host.reply("A")
    assert ear.take() == [("answered", "A.", "10.0.0.1", "NOERROR", 250.0), ("landed", "A.", "A", "found", 250.0)]
    host.now = 3.25
    host.ask("b", "a")
    assert ear.take()[0] == ("remembered", "a.", "A", 2.0)
    host.ask("a", fresh=True)
    assert ("asked", "a.", "A") in ear.take()


def test_observers_are_told_how_long_a_question_had_waited_when_it_was_sent_again():
    ear = Ear()
    host = Host(observers=(ear,), count=2)
    host.ask("a", deadline=30.0)
    host.now = 0.125
    flight, send = host.sends[0]
    host.desk.error(flight, send.number, "connection refused", host.now)
    assert ear.take()[2:] == [
        ("answered", "a.", "10.0.0.1", "connection refused", 125.0),
        ("sent", "a.", "A", "10.0.0.2", "udp", "failover", 125.0),
    ]
    host.now = 0.625
    host.desk.error(*host.sends[1][:1], host.sends[1][1].number, "connection refused", host.now)
    # Each sending is told of once.
    assert [heard[:4] for heard in ear.take() if heard[0] == "answered"] == [
        ("answered", "a.", "10.0.0.2", "connection refused")
    ]


def test_observers_are_told_of_a_send_that_fails_at_once():
    ear = Ear()
    host = Host(observers=(ear,), count=2)
    host.fault = "network is unreachable"
    host.ask("a")
    assert ear.take()[1:5] == [
        ("sent", "a.", "A", "10.0.0.1", "udp", "first", 0.0),
        ("answered", "a.", "10.0.0.1", "network is unreachable", 0.0),
        ("sent", "a.", "A", "10.0.0.2", "udp", "failover", 0.0),
        ("answered", "a.", "10.0.0.2", "network is unreachable", 0.0),
    ]


def test_observers_are_told_that_a_question_which_all_have_left_was_closed():
    ear = Ear()
    host = Host(observers=(ear,))
    batch = host.ask("a")
    host.now = 0.5
    host.leave(batch)
    assert ear.take()[-1] == ("landed", "a.", "A", "closed", 500.0)


def test_questions_sends_and_resends_are_counted():
    host = Host()
    host.ask("a", "b")
    assert (host.counters.questions, host.counters.sends, host.counters.resends) == (2, 2, 0)
    host.ask("a")
    assert (host.counters.questions, host.counters.sends, host.counters.cache_hits) == (3, 2, 0)
    host.reply("a")
    host.reply("b")
    host.ask("a", "b")
    assert (host.counters.questions, host.counters.sends, host.counters.cache_hits) == (5, 2, 2)
    host.ask("c")
    host.wait(3)
    assert host.counters.sends == len(host.sends) > 3
    assert host.counters.resends == len(host.sends) - 3


# -- what may take long to read --------------------------------------------------------------------------------------


def odd_reply():
    message = dns.message.from_wire(reply_to("a.", "A", 0, 30))
    message.use_edns(options=[dns.edns.GenericOption(dns.edns.NSID, b"ns1")])
    return message.to_wire()


def test_what_is_odd_is_read_at_once_for_a_host_that_reads_nothing():
    host = Host()
    batch = host.ask("a")
    ((flight, send),) = host.sends
    host.desk.datagram(flight, send.number, odd_reply(), host.now)
    assert data(batch) == [(IPV4,)]


def test_what_is_odd_is_left_to_a_host_that_reads_and_changes_nothing_until_it_is_read():
    host = Host(left=True)
    batch = host.ask("a")
    ((flight, send),) = host.sends
    with pytest.raises(Odd):
        host.desk.datagram(flight, send.number, odd_reply(), host.now)
    assert (batch.done, host.desk.active) == (False, 1)
    flight = host.desk.unfold(flight)
    host.desk.datagram(flight, send.number, lambda: flight.read(odd_reply()), host.now)
    assert data(batch) == [(IPV4,)]
    assert host.idle()


def test_a_reading_that_comes_once_the_flight_has_landed_is_passed_over():
    host = Host(left=True)
    batch = host.ask("a")
    ((flight, send),) = host.sends
    host.reply("a")
    host.desk.datagram(flight, send.number, lambda: 1 / 0, host.now)
    assert (data(batch), host.reported) == ([(IPV4,)], [])


# -- faults ----------------------------------------------------------------------------------------------------------


def test_a_send_that_fails_is_an_error_of_the_send():
    host = Host()
    host.fault = "network is unreachable"
    batch = host.ask("a")
    host.wait(2.0)
    assert data(batch) == ["network"]
    assert host.counters.sends == 9  # at once, and after pauses of 25, 50, 100, 200, 400, 500, 500 and 225 ms


def test_an_error_of_ours_ends_the_flight_strands_nobody_and_is_not_the_nameservers():
    host = Host()
    host.fault = lambda: 1 / 0
    batch, other = host.ask("a"), host.ask("b")
    assert (data(batch), data(other)) == (["internal"], ["internal"])
    assert "ZeroDivisionError" in batch.answers[0].detail
    assert [type(error) for _, error in host.reported] == [ZeroDivisionError, ZeroDivisionError]
    assert host.reported[0][0] == f"asking {Question('a.', A)} failed"
    assert host.idle()


@pytest.mark.parametrize("rule", ["enough", "usable"])
def test_nor_does_one_in_a_lookup(rule):
    def broken(answers):
        return answers[0] is not None and 1 / 0

    host = Host()
    rules = {"enough": lambda answers: False, rule: broken}
    batch, other = host.ask("a", "b", **rules), host.ask("a")
    host.reply("a")
    assert data(batch) == [(IPV4,), "internal"]
    assert batch.done
    assert data(other) == [(IPV4,)]
    ((what, error),) = host.reported
    assert what == f"judging the answers to {(Question('a.', A), Question('b.', A))} failed"
    assert batch.answers[1].detail == repr(error) == "ZeroDivisionError('division by zero')"


def test_nor_one_as_the_host_lets_go_of_a_flight(monkeypatch):
    host = Host(cap=1)
    batch, other = host.ask("a"), host.ask("b")
    monkeypatch.setattr(host, "give_up", lambda port: 1 / 0)
    host.reply("a")
    host.reply("b")
    assert (batch.done, other.done) == (True, True)
    assert [what for what, _ in host.reported] == [
        f"releasing what {Question(name, A)} used failed" for name in ("a.", "b.")
    ]


def test_a_host_that_ends_a_flight_as_it_sends_ends_it_once():
    def close():
        host.desk.close(host.now)
        return "connection refused"

    host = Host()
    host.fault = close
    batch = host.ask("a")
    assert data(batch) == ["closed"]
    assert host.idle()


# -- the end ---------------------------------------------------------------------------------------------------------


def test_closing_ends_all_and_starts_none():
    host = Host(cap=2)
    batches = [host.ask(name) for name in "abcd"]
    host.desk.close(0.1)
    assert [data(batch) for batch in batches] == [["closed"]] * 4
    assert host.asked() == ["a", "b"]
    assert host.idle()


def test_closing_ends_once_what_ends_with_another():
    host = Host()
    host.ask("a", "b", enough=any)
    host.desk.close(0.1)
    assert host.idle()
    assert sorted(host.given_up) == [("a.", 0), ("b.", 0)]


def test_rotation_takes_turns():
    host = Host(rotate=True, count=2)
    for name in "abcd":
        host.ask(name)
    assert [send.nameserver.address[-1] for _, send in host.sends] == ["1", "2", "1", "2"]


def test_notes_of_alarms_do_not_pile_up():
    host = Host(cache=CacheConfig(entries=0))
    for _ in range(5000):
        host.ask("a", deadline=host.now + 5)
        host.reply("a")
        host.alarms.next()
    assert len(host.alarms._heap) < 600


# -- expired answers -------------------------------------------------------------------------------------------------

SERVFAIL, REFUSED, NXDOMAIN = 2, 5, 3


def serving(at=31.0, **options):
    """A host that serves stale answers for a minute, and has known "a" until the thirtieth second."""
    host = Host(cache=CacheConfig(serve_stale=60.0), **options)
    host.ask("a")
    host.reply("a", ttl=30)
    host.now = at
    return host


def asked_of(host, *questions, **options):
    return host.ask(*questions, deadline=host.now + 5.0, **options)


def stale(batch):
    return [answer is not None and answer.stale for answer in batch.answers]


@pytest.mark.parametrize("rcode", [SERVFAIL, REFUSED, 4])
def test_c13_an_expired_answer_is_given_at_the_first_setback_and_the_question_goes_on(rcode):
    host = serving()
    batch = asked_of(host, "a")
    assert not batch.done
    host.reply("a", rcode=rcode)
    assert (batch.done, data(batch), stale(batch)) == (True, [(IPV4,)], [True])
    assert host.woken[-1] == batch


def test_c13_what_it_comes_to_is_remembered():
    host = serving(count=2)
    asked_of(host, "a")
    host.reply("a", rcode=SERVFAIL)
    assert host.asked() == ["a"] * 3
    host.reply("a")
    batch = asked_of(host, "a")
    assert (batch.done, stale(batch), len(host.sends)) == (True, [False], 3)
    assert not host.desk.flights


def test_c13_a_closed_port_and_what_cannot_be_right_are_setbacks():
    host = serving()
    batch = asked_of(host, "a")
    host.desk.error(*host.sends[-1][:1], host.sends[-1][1].number, "connection refused", host.now)
    assert stale(batch) == [True]
    host = serving()
    host.fault = "network is unreachable"
    assert stale(asked_of(host, "a")) == [True]


def test_c13_silence_is_one_after_1_8_seconds_and_no_lost_packet():
    host = serving()
    batch = asked_of(host, "a")
    host.wait(31.0 + 1.799)
    assert not batch.done
    assert len(host.sends) > 2
    host.wait(31.0 + 1.8)
    assert stale(batch) == [True]
    host.reply("a")
    assert stale(asked_of(host, "a")) == [False]


def test_c13_or_at_a_deadline_before_that():
    host = serving()
    batch = host.ask("a", deadline=31.5)
    host.wait(31.5)
    assert stale(batch) == [True]


@pytest.mark.parametrize("rcode", [0, NXDOMAIN])
def test_c13_an_answer_is_no_setback_and_ends_it(rcode):
    host = serving()
    batch = asked_of(host, "a")
    host.reply("a", rcode=rcode, ttl=0)  # not kept itself
    assert stale(batch) == [False]
    batch = asked_of(host, "a")
    host.reply("a", rcode=SERVFAIL)
    assert not batch.done or stale(batch) == [False]


def test_c13_for_five_seconds_others_get_it_at_once_and_no_other_question_is_sent():
    host = serving()
    asked_of(host, "a")
    host.reply("a", rcode=REFUSED)
    assert not host.desk.flights
    for moment in (31.0, 35.9):
        host.now = moment
        assert stale(asked_of(host, "a")) == [True]
    assert len(host.sends) == 2
    host.now = 36.0
    assert not asked_of(host, "a").done
    assert len(host.sends) == 3


def test_c13_who_waits_already_gets_it_too():
    host = serving()
    batches = [asked_of(host, "a") for _ in range(3)]
    host.reply("a", rcode=SERVFAIL)
    assert [stale(batch) for batch in batches] == [[True]] * 3
    assert len(host.sends) == 2


def test_c13_fresh_never_gets_one():
    host = serving()
    asked_of(host, "a")
    batch = asked_of(host, "a", fresh=True)
    host.reply("a", rcode=SERVFAIL)
    assert not batch.done
    host.wait(40.0)
    assert data(batch) == ["servfail"]
    batch = asked_of(host, "a", fresh=True)
    assert not batch.done
    host.reply("a", rcode=REFUSED)
    assert data(batch) == ["refused"]


def test_c13_who_gave_up_on_a_fresh_one_let_it_end():
    host = serving()
    asked_of(host, "a")
    batch = asked_of(host, "a", fresh=True)
    host.reply("a", rcode=SERVFAIL)
    host.leave(batch)
    assert not host.desk.flights


def test_c13_nor_does_one_who_gives_up_on_what_goes_on_by_itself():
    host = serving()
    asked_of(host, "a")
    host.reply("a", rcode=SERVFAIL)
    host.leave(asked_of(host, "a", fresh=True))
    assert host.desk.flights
    host.wait(31.1)
    host.reply("a")
    assert stale(asked_of(host, "a")) == [False]


def test_c13_what_one_waited_for_in_vain_others_need_not():
    host = serving()
    asked_of(host, "a")
    host.wait(32.0)
    batch = asked_of(host, "a")
    host.wait(32.8)
    assert stale(batch) == [True]


def test_c13_what_one_does_not_need_any_more_did_not_fail():
    host = serving()
    host.now = 0.0
    host.ask("b")
    host.reply("b", ttl=30)
    host.now = 31.0
    batch = asked_of(host, "a", "b", enough=any_found)
    host.wait(32.0)
    other = asked_of(host, "b")
    host.wait(32.8)
    assert (stale(batch), other.done) == ([True, False], False)


def test_c13_forget_drops_it():
    host = serving()
    batch = asked_of(host, "a")
    host.desk.ledger.cache.forget("a.")
    host.reply("a", rcode=REFUSED)
    assert data(batch) == ["refused"]


def test_c13_it_lasts_no_longer_than_was_asked_for():
    host = serving(at=89.9)
    batch = asked_of(host, "a")
    host.reply("a", rcode=REFUSED)
    assert stale(batch) == [True]
    host.now = 90.0
    batch = asked_of(host, "a")
    host.reply("a", rcode=REFUSED)
    assert data(batch) == ["refused"]


def test_c13_not_unless_asked_for():
    host = Host()
    host.ask("a")
    host.reply("a", ttl=30)
    host.now = 31.0
    batch = asked_of(host, "a")
    host.reply("a", rcode=REFUSED)
    assert data(batch) == ["refused"]


def test_c13_a_resolver_that_is_closed_gives_none():
    host = serving()
    batch = asked_of(host, "a")
    host.desk.close(host.now)
    assert data(batch) == ["closed"]


def test_c13_a_deadline_that_is_past_is_no_setback():
    host = serving()
    assert data(host.ask("a", deadline=31.0)) == ["timeout"]
    assert not asked_of(host, "a").done


def test_c13_the_question_goes_on_for_five_seconds_though_its_callers_had_less():
    host = serving()
    host.ask("a", deadline=31.5)
    host.wait(36.499)
    assert host.desk.flights
    host.reply("a")
    assert stale(asked_of(host, "a")) == [False]
    host = serving()
    host.ask("a", deadline=31.5)
    host.wait(36.5)
    assert not host.desk.flights


def test_c13_what_is_missing_beside_what_there_is_comes_from_there_too():
    host = serving()
    batch = asked_of(host, "b", "a", usable=any_found)
    host.reply("b")
    host.wait(31.999)
    assert not batch.done
    host.wait(32.0)
    assert stale(batch) == [False, True]


def test_c13_nodata_stands_beside_an_expired_address_and_not_alone():
    host = Host(cache=CacheConfig(serve_stale=60.0))
    host.ask("a", Question("a.", AAAA))
    host.reply("a")
    flight, send = host.sends[-1]
    host.desk.datagram(flight, send.number, nodata(b=5), host.now)
    host.now = 40.0
    batch = asked_of(host, "a", Question("a.", AAAA))
    for rdtype in ("A", "AAAA"):
        host.reply("a", rcode=REFUSED, rdtype=rdtype)
    assert (stale(batch), type(batch.answers[1])) == ([True, False], Empty)
    assert asked_of(host, "a", Question("a.", AAAA)).done
    assert len(host.sends) == 4
    host.now = 91.0
    batch = asked_of(host, Question("a.", AAAA))
    host.reply("a", rcode=REFUSED, rdtype="AAAA")
    assert data(batch) == ["refused"]


def nodata(b):
    message = dns.message.make_response(dns.message.make_query("a.", "AAAA"), recursion_available=True)
    message.authority.append(dns.rrset.from_text("a.", b, "IN", "SOA", f"ns. root. 1 2 3 4 {b}"))
    return message.to_wire()


def test_c13_where_nothing_goes_on_by_itself_it_is_asked_elsewhere():
    host = serving()
    host.lets_go_on = False
    batch = asked_of(host, "a")
    host.reply("a", rcode=SERVFAIL)
    assert (stale(batch), host.elsewhere) == ([True], ["a."])
    assert not host.desk.flights


def test_c13_but_not_while_others_wait_here():
    host = serving()
    host.lets_go_on = False
    asked_of(host, "a")
    batch = asked_of(host, "a", fresh=True)
    host.reply("a", rcode=SERVFAIL)
    assert (host.elsewhere, batch.done) == ([], False)
    host.wait(31.1)
    host.reply("a")
    assert stale(batch) == [False]


def test_c13_observers_are_told():
    ear = Ear()
    host = serving(observers=(ear,))
    ear.take()
    asked_of(host, "a")
    host.reply("a", rcode=REFUSED)
    assert ear.take()[-2:] == [("landed", "a.", "A", "refused", 0.0), ("served_stale", "a.", "A", 31.0)]
    host.now = 32.0
    asked_of(host, "a")
    assert ear.take() == [("served_stale", "a.", "A", 32.0)]


# -- answers about to expire -----------------------------------------------------------------------------------------


def ahead(at, **options):
    host = Host(cache=CacheConfig(prefetch=0.8), **options)
    host.ask("a")
    host.reply("a", ttl=30)
    host.now = at
    return host


def test_c13_a_name_asked_again_when_the_part_of_its_ttl_has_passed_is_asked_ahead_once():
    host = ahead(23.9)
    asked_of(host, "a")
    assert len(host.sends) == 1
    host.now = 24.0
    for _ in range(3):
        batch = asked_of(host, "a")
        assert (batch.done, data(batch)) == (True, [(IPV4,)])
    assert len(host.sends) == 2
    host.reply("a")
    host.now = 47.9  # 0.8 of the TTL after the second answer: 24 + 24
    assert asked_of(host, "a").done
    assert len(host.sends) == 2
    host.now = 48.0
    asked_of(host, "a")
    assert len(host.sends) == 3


def test_c13_once_also_where_that_fails():
    host = ahead(24.0)
    asked_of(host, "a")
    host.reply("a", rcode=REFUSED)
    assert not host.desk.flights
    assert asked_of(host, "a").done
    assert len(host.sends) == 2
    host.now = 30.0
    assert not asked_of(host, "a").done


def test_c13_who_has_no_time_asks_nothing_ahead():
    host = ahead(24.0)
    assert host.ask("a", deadline=24.0).done
    assert len(host.sends) == 1
    host.ask("a", deadline=24.1)
    host.wait(28.9)
    assert host.desk.flights  # it has the time of its own
    assert len(host.sends) > 1


def test_c13_a_name_that_nobody_asks_for_is_not_asked_ahead():
    host = ahead(0.0)
    host.wait(40.0)
    assert len(host.sends) == 1


def test_c13_who_asks_while_that_is_under_way_waits_for_it_once_the_answer_has_expired():
    host = ahead(29.9)
    asked_of(host, "a")
    host.now = 30.0
    batch = asked_of(host, "a")
    assert (batch.done, len(host.sends)) == (False, 2)
    host.reply("a")
    assert batch.done


def test_c13_what_is_asked_ahead_elsewhere_is_asked_for_once():
    host = ahead(24.0)
    host.lets_go_on = False
    for _ in range(3):
        assert asked_of(host, "a").done
    assert (host.elsewhere, len(host.sends), host.desk.flights) == (["a."], 1, {})


def test_c13_what_is_under_way_is_not_asked_ahead():
    host = ahead(24.0)
    asked_of(host, "a", fresh=True)
    assert asked_of(host, "a").done
    assert len(host.sends) == 2
    host.reply("a", rcode=REFUSED)
    asked_of(host, "a")
    assert len(host.sends) == 3


def test_c13_observers_are_told_of_what_is_asked_ahead():
    ear = Ear()
    host = ahead(24.0, observers=(ear,))
    ear.take()
    asked_of(host, "a")
    assert [heard[0] for heard in ear.take()] == ["remembered", "asked", "sent"]


def test_c13_it_counts_as_no_question_of_a_callers():
    host = ahead(24.0)
    asked_of(host, "a")
    assert (host.counters.questions, host.counters.cache_hits, host.counters.sends) == (2, 1, 2)


# -- any order of events ---------------------------------------------------------------------------------------------


class Interleavings(RuleBasedStateMachine):
    """Callers, replies, errors and time in any order."""

    NAMES = "abc"

    CACHE = KEPT

    def __init__(self):
        super().__init__()
        self.host = Host(cap=2, cache=self.CACHE)
        self.batches = []

    @rule(names=st.lists(st.sampled_from(NAMES), min_size=1, max_size=3), timeout=st.floats(0, 3), fresh=st.booleans(),
          kind=st.sampled_from(["all", "any", "usable"]), alone=st.booleans())  # fmt: skip
    def ask(self, names, timeout, fresh, kind, alone):
        self.host.alone = alone
        rules = {"all": {}, "any": {"enough": any_found}, "usable": {"usable": any_found}}[kind]
        self.batches.append(self.host.ask(*names, deadline=self.host.now + timeout, fresh=fresh, **rules))

    @rule(index=st.integers(0, 20), left=st.booleans())
    def leave(self, index, left):
        waiting = [batch for batch in self.batches if not batch.done]
        if waiting:
            self.host.leave(waiting[index % len(waiting)])

    @rule(index=st.integers(0, 50), rcode=st.sampled_from([0, 0, 2, 5, 1]), ttl=st.sampled_from([0, 1, 30]))
    def reply(self, index, rcode, ttl):
        if self.host.sends:
            flight, send = self.host.sends[index % len(self.host.sends)]
            self.host.desk.datagram(flight, send.number, reply_to(flight.question.name, "A", rcode, ttl), self.host.now)

    @rule(index=st.integers(0, 50))
    def error(self, index):
        if self.host.sends:
            flight, send = self.host.sends[index % len(self.host.sends)]
            self.host.desk.error(flight, send.number, "connection refused", self.host.now)

    @rule(seconds=st.floats(0, 2))
    def wait(self, seconds):
        self.host.wait(self.host.now + seconds)

    @invariant()
    def counts_are_right(self):
        desk = self.host.desk
        assert desk.active == sum(flight.launched for flight in desk.flights.values())
        assert all(flight.answer is None for flight in desk.flights.values())
        flights = [flight for flight in desk.flights.values() if isinstance(flight, Flight)]
        lone = len(desk.flights) - len(flights)
        assert desk.active == lone + sum(flight.launched for flight in flights)
        assert lone + sum(flight.launched and not flight.was_late for flight in flights) <= 2
        assert desk.waiting == sum(not flight.launched for flight in flights)
        assert desk.active - sum(flight.was_late for flight in flights) == 2 or not desk.waiting
        assert all(flight.batches or flight.unbound for flight in flights)

    @invariant()
    def nobody_waits_beyond_the_deadline(self):
        for batch in self.batches:
            assert batch.done or batch.deadline > self.host.now
            assert batch.done or batch.flights

    def teardown(self):
        self.host.wait(self.host.now + 10)
        assert all(batch.done for batch in self.batches)
        assert self.host.idle()


Interleavings.TestCase.settings = settings(max_examples=3 * settings.default.max_examples // 2, stateful_step_count=40)
TestInterleavings = Interleavings.TestCase


class ServingStale(Interleavings):
    """The same where expired answers are served for two seconds, and names are asked for again ahead."""

    CACHE = CacheConfig(entries=64, serve_stale=2.0, prefetch=0.5)

    @invariant()
    def c13_what_is_stale_had_expired_as_its_question_failed_and_fresh_is_none(self):
        for batch in self.batches:
            for answer in batch.answers:
                if answer is not None and answer.stale:
                    # It failed `RECHECK` before. To take that away again would round.
                    assert answer.expires + RECHECK <= answer.recheck < answer.expires + 2.0 + RECHECK
                    assert answer.recheck <= self.host.now + RECHECK
                    assert not batch.fresh


ServingStale.TestCase.settings = Interleavings.TestCase.settings
TestServingStale = ServingStale.TestCase
