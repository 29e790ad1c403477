"""One question as a state machine, event by event: what it sends, when it wakes up, what it answers."""

import itertools
from functools import partial
from ipaddress import IPv4Address

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from k8sresolve._core.engine.health import Budget, Health
from k8sresolve._core.engine.inquiry import EARLY, LARGE, Inquiry
from k8sresolve._core.engine.ledger import Ledger
from k8sresolve._core.engine.rules import Rules
from k8sresolve._core.engine.sends import Send
from k8sresolve._core.questions import AAAA, IMPATIENT, A, Empty, Failed, Found, NxDomain, Patience, Question
from k8sresolve._core.wire.reply import Odd
from k8sresolve.config import CacheConfig, Nameserver

NAME = "payments.shop.svc.cluster.local."
ADDRESS = IPv4Address("10.96.20.1")
SOA = "ns.dns.cluster.local. hostmaster.cluster.local. 7 7200 1800 86400 30"


def books(count=1, **options):
    nameservers = tuple(Nameserver(f"10.0.0.{n}") for n in range(1, count + 1))
    rules = Rules(nameservers=nameservers, cluster_domain="cluster.local", **options)
    return rules, Ledger(rules)


def reply(*records, rcode="NOERROR", soa=True, rdtype="A", flags=0, edns=False):
    message = dns.message.make_response(dns.message.make_query(NAME, rdtype, use_edns=False))
    message.flags |= dns.flags.RA | flags
    message.set_rcode(dns.rcode.from_text(rcode))
    for record in records:
        message.answer.append(dns.rrset.from_text(NAME, 30, "IN", rdtype, record))
    if soa and not records and rcode in ("NOERROR", "NXDOMAIN"):
        message.authority.append(dns.rrset.from_text("cluster.local.", 30, "IN", "SOA", SOA))
    return message.to_wire()


def bare(rcode):
    """A reply that does not carry the question."""
    message = dns.message.make_response(dns.message.make_query(NAME, "A"))
    message.set_rcode(dns.rcode.from_text(rcode))
    message.question.clear()
    return message.to_wire()


FOUND = reply(str(ADDRESS))
SERVFAIL, REFUSED, FORMERR = reply(rcode="SERVFAIL"), reply(rcode="REFUSED"), reply(rcode="FORMERR")
TRUNCATED = reply(flags=dns.flags.TC)
LOOP = dns.message.make_response(dns.message.make_query(NAME, "A"))
LOOP.answer.append(dns.rrset.from_text(NAME, 30, "IN", "CNAME", NAME))


class Talk:
    """One inquiry, and what it sent: (when, nameserver's number, transport)."""

    def __init__(self, count=1, give_up=5.0, rdtype=A, first=0, shared=None, start=0.0, patience=2.0, **options):
        self.books = shared or books(count, **options)
        self.rules, self.ledger = self.books
        self.inquiry = Inquiry(
            Question(NAME, rdtype), self.rules, self.ledger, give_up, first=first, patience=Patience(patience)
        )
        self.sent = []
        self.payloads = []
        self._note(start, self.inquiry.start(start))

    def _note(self, now, sends: list[Send]):
        for send in sends:
            self.sent.append((round(now, 6), int(send.nameserver.address[-1]), send.transport))
            self.payloads.append(send.payload)

    @property
    def answer(self):
        return self.inquiry.answer

    @property
    def outcomes(self):
        return [exchange.outcome for exchange in self.answer.exchanges]

    def datagram(self, now, number, data):
        return self._tell(self.inquiry.on_datagram, now, number, data)

    def stream(self, now, number, data):
        return self._tell(self.inquiry.on_stream, now, number, data)

    def _tell(self, event, now, number, data):
        try:
            sends = event(now, number, data)
        except Odd:
            sends = event(now, number, partial(self.inquiry.read, data))
        self._note(now, sends)
        return self

    def error(self, now, number, text="connection refused"):
        self._note(now, self.inquiry.on_error(now, number, text))
        return self

    def wait(self, until):
        """Let its alarm ring whenever it is due, up to and with that time."""
        while self.answer is None and self.inquiry.wake <= until:
            now = self.inquiry.wake
            self._note(now, self.inquiry.on_timer(now))
            assert self.answer is not None or self.inquiry.wake > now, "it must not ask to be woken at once"
        return self

    def times(self):
        return [when for when, _, _ in self.sent]

    def servers(self):
        return [server for _, server, _ in self.sent]


# -- when it sends ---------------------------------------------------------------------------------------------------


def test_it_sends_again_after_a_quarter_second_doubling_to_one_second():
    talk = Talk().wait(10)
    assert talk.times() == [0, 0.25, 0.75, 1.75, 2.75, 3.75, 4.75]
    assert talk.answer == Failed("timeout", "no nameserver answered in time")
    assert talk.outcomes == ["no reply"] * 7


def test_once_round_trips_are_known_it_waits_for_them():
    shared = books()
    shared[1].healths[0].replied(0.020)
    talk = Talk(shared=shared).wait(1)
    # srtt 20 ms, var 10 ms: 60 ms, then doubled.
    assert talk.times() == pytest.approx([0, 0.06, 0.18, 0.42, 0.9])


def test_but_never_less_than_50_ms():
    shared = books()
    for _ in range(50):
        shared[1].healths[0].replied(0.0005)
    assert Talk(shared=shared).wait(0.06).times() == [0, 0.05]


def test_and_never_more_than_a_second():
    shared = books()
    shared[1].healths[0].replied(0.9)
    assert Talk(shared=shared).wait(2.1).times() == [0, 1.0, 2.0]


def test_resends_before_a_quarter_second_draw_on_the_budget():
    shared = books()
    shared[1].healths[0].replied(0.001)
    shared[1].budget.tokens = 0.0
    talk = Talk(shared=shared, start=0.1)
    assert talk.wait(0.3).times() == [0.1]
    # At 0.35 a quarter second is over, which needs no budget; 0.35 - 0.1 is a little less than 0.25 in binary.
    assert talk.wait(0.35).times() == [0.1, 0.35]


@pytest.mark.parametrize("start", [0.1, 0.7, 1.1, 3.3, 1234.567])
def test_a_refused_early_resend_comes_at_a_quarter_second_whatever_rounding_does(start):
    shared = books()
    shared[1].healths[0].replied(0.001)
    shared[1].budget.tokens = 0.0
    assert len(Talk(shared=shared, start=start, give_up=start + 5).wait(start + EARLY).sent) == 2


def test_the_budget_is_a_quarter_of_the_questions_with_a_burst_of_32():
    # A quarter of the questions that may be in flight, 128.
    budget = Budget()
    assert sum(budget.take() for _ in range(50)) == 32
    for _ in range(200):
        budget.earn()
    assert sum(budget.take() for _ in range(50)) == 32
    for _ in range(8):
        budget.earn()
    assert sum(budget.take() for _ in range(20)) == 2


def test_a_deadline_that_is_past_sends_nothing():
    talk = Talk(give_up=3.0, start=3.0)
    assert talk.sent == []
    assert talk.answer == Failed("timeout", "the deadline had passed")


def test_a_name_that_no_packet_carries_sends_nothing():
    inquiry = Inquiry(Question("x" * 64 + ".", A), *books(), 5.0)
    assert inquiry.start(0.0) == []
    assert isinstance(inquiry.answer, Failed)
    assert inquiry.answer.reason == "unsendable"


def test_a_stated_timeout_bounds_the_question():
    talk = Talk(limit=1.0).wait(10)
    assert talk.times() == [0, 0.25, 0.75]
    assert talk.answer.reason == "timeout"


def test_a_stated_timeout_holds_for_those_who_join_too():
    talk = Talk(limit=1.0, give_up=0.1)
    talk.inquiry.extend(5.0, IMPATIENT)
    assert talk.wait(10).times() == [0, 0.25, 0.75]


def test_who_joins_with_a_later_deadline_makes_it_go_on_by_the_same_timers():
    talk = Talk(give_up=0.1)
    talk.inquiry.extend(0.9, IMPATIENT)
    talk.inquiry.extend(0.3, IMPATIENT)
    assert talk.wait(10).times() == [0, 0.25, 0.75]
    assert talk.inquiry.give_up == 0.9


def test_stated_attempts_bound_the_sends():
    talk = Talk(most_sends=2).wait(10)
    assert talk.times() == [0, 0.25]
    assert talk.answer.reason == "timeout"


def test_stated_attempts_are_for_each_nameserver():
    assert sorted(Talk(2, most_sends=2).wait(10).servers()) == [1, 1, 2, 2]


def test_when_the_stated_attempts_have_all_failed_it_does_not_wait():
    talk = Talk(most_sends=1).datagram(0.01, 0, SERVFAIL)
    assert talk.answer == Failed("servfail", "SERVFAIL")


def test_while_one_of_them_is_under_way_it_does():
    talk = Talk(2, most_sends=1).wait(0.25).datagram(0.26, 1, SERVFAIL).wait(1)
    assert talk.answer is None
    assert talk.datagram(1.1, 0, FOUND).answer.data == (ADDRESS,)


def test_attempts_0_is_no_attempt_too_few():
    assert Talk(most_sends=1).sent == [(0, 1, "udp")]


# -- replies ---------------------------------------------------------------------------------------------------------


def test_found():
    talk = Talk().datagram(0.002, 0, FOUND)
    assert talk.answer == Found((ADDRESS,), 30, 30.002)
    assert talk.outcomes == ["NOERROR"]
    assert talk.answer.exchanges[0].milliseconds == pytest.approx(2)


def test_nodata_and_nxdomain_are_answers_and_live_five_seconds_in_the_cluster_domain():
    assert Talk(rdtype=AAAA).datagram(1.0, 0, reply(rdtype="AAAA")).answer == Empty(6.0, 31.0)
    assert Talk().datagram(1.0, 0, reply(rcode="NXDOMAIN")).answer == NxDomain(6.0, 31.0)


def test_a_late_reply_to_an_earlier_send_counts():
    talk = Talk().wait(0.75).datagram(0.8, 0, FOUND)
    assert talk.answer.data == (ADDRESS,)
    assert talk.outcomes == ["NOERROR", "no reply", "no reply"]


def test_each_reply_is_a_sample_of_the_round_trip_from_its_own_send():
    talk = Talk().wait(0.25).datagram(0.3, 1, FOUND)
    assert talk.ledger.healths[0].srtt == pytest.approx(0.05)
    talk = Talk().wait(0.25).datagram(0.3, 0, FOUND)
    assert talk.ledger.healths[0].srtt == pytest.approx(0.3)


ODD = dns.message.from_wire(FOUND)
ODD.use_edns(options=[dns.edns.GenericOption(dns.edns.NSID, b"ns1")])
ODD = ODD.to_wire()


@pytest.mark.parametrize(
    ("data", "over"), [(ODD, "udp"), (ODD, "tcp"), (FOUND.ljust(LARGE + 1, b"\0"), "tcp")], ids=["odd", "odd", "large"]
)
def test_what_may_take_long_to_read_is_left_unread_and_its_reading_counts_from_when_it_came(data, over):
    inquiry = Talk(use_tcp=over == "tcp").inquiry
    event = inquiry.on_datagram if over == "udp" else inquiry.on_stream
    with pytest.raises(Odd):
        event(0.1, 0, data)
    assert (inquiry.answer, inquiry.sent[0].ended) == (None, False)
    assert event(0.9, 0, partial(inquiry.read, data)) == []
    assert (inquiry.answer.data, inquiry.answer.at) == ((ADDRESS,), 0.9)
    assert inquiry._ledger.healths[0].srtt == pytest.approx(0.1)


def test_a_message_of_16_kib_is_read_at_once():
    inquiry = Talk(use_tcp=True).inquiry
    inquiry.on_stream(0.1, 0, FOUND.ljust(LARGE, b"\0"))
    assert inquiry.answer.data == (ADDRESS,)


def test_a_datagram_that_is_larger_than_was_stated_is_junk_however_large():
    inquiry = Talk().inquiry
    assert inquiry.on_datagram(0.1, 0, ODD.ljust(LARGE + 1, b"\0")) == []
    assert inquiry.answer is None


def test_samples_are_smoothed_as_in_rfc_6298():
    health = Health()
    health.replied(0.1)
    assert (health.srtt, health.var) == (0.1, 0.05)
    health.replied(0.2)
    assert (health.srtt, health.var) == (pytest.approx(0.1125), pytest.approx(0.0625))


def test_what_is_no_reply_changes_nothing():
    talk = Talk()
    for junk in (
        b"",
        b"x" * 11,
        FOUND[:-3],
        reply("10.0.0.1", rdtype="A")[:2] + b"\0" + FOUND[3:],
        FOUND + bytes(1233),
    ):
        talk.datagram(0.01, 0, junk)
    assert (talk.answer, talk.sent) == (None, [(0, 1, "udp")])
    assert talk.ledger.healths[0].srtt is None
    assert talk.datagram(0.02, 0, FOUND).answer.data == (ADDRESS,)


def flooded():
    talk = Talk()
    for _ in range(63):
        talk.datagram(0.01, 0, b"junk")
    assert talk.sent == [(0, 1, "udp")]
    for _ in range(100):
        talk.datagram(0.02, 0, b"junk")
    return talk


def test_m19_f4_at_a_flood_of_junk_the_question_is_asked_over_tcp_as_well_once():
    talk = flooded()
    assert talk.sent == [(0, 1, "udp"), (0.02, 1, "tcp")]
    assert talk.stream(0.03, 1, FOUND).answer.data == (ADDRESS,)


def test_f4_and_over_udp_it_goes_on_as_if_nothing_were():
    assert flooded().datagram(0.15, 0, FOUND).answer.data == (ADDRESS,)
    assert flooded().wait(0.8).sent[2:] == [(0.25, 1, "udp"), (0.75, 1, "udp")]


def test_f4_a_refused_tcp_port_ends_nothing():
    talk = flooded().error(0.021, 1)
    assert talk.ledger.healths[0].failures == 0
    assert talk.datagram(0.15, 0, FOUND).answer.data == (ADDRESS,)


def test_f4_a_truncated_reply_waits_for_the_stream_that_is_open():
    talk = flooded().datagram(0.03, 0, TRUNCATED)
    assert [transport for _, _, transport in talk.sent] == ["udp", "tcp"]
    assert talk.stream(0.04, 1, FOUND).answer.data == (ADDRESS,)


IMPOSSIBLE = {
    "an alias of itself": (LOOP.to_wire(), "bad"),
    "records in an NXDOMAIN": (reply(str(ADDRESS), rcode="NXDOMAIN"), "bad"),
    "REFUSED without a question": (bare("REFUSED"), "refused"),
    "NOTIMP without a question": (bare("NOTIMP"), "notimp"),
    "SERVFAIL without a question": (bare("SERVFAIL"), "servfail"),
    "NOTAUTH": (reply(rcode="NOTAUTH"), "refused"),
    "RCODE14": (reply(rcode="14"), "refused"),
}


@pytest.fixture(params=IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def impossible(request):
    """F8: what no nameserver would say of this question, and what it comes to if it says nothing else."""
    return request.param


def test_f8_after_what_cannot_be_right_the_right_reply_counts(impossible):
    said, _ = impossible
    talk = Talk().datagram(0.01, 0, said).datagram(0.011, 0, said)
    assert (talk.answer, talk.sent) == (None, [(0, 1, "udp")])
    assert talk.datagram(0.03, 0, FOUND).answer.data == (ADDRESS,)


def test_f8_without_the_right_reply_it_is_asked_again_when_the_timer_runs_three_times_in_all(impossible):
    said, reason = impossible
    talk = Talk()
    for number, when in enumerate((0.01, 0.26, 0.76)):
        talk.wait(when).datagram(when, number, said)
        assert talk.answer is None
    talk.wait(5)
    assert talk.times() == pytest.approx([0, 0.25, 0.75])
    assert talk.answer.reason == reason
    assert talk.answer.at == pytest.approx(1.75)


def test_f8_what_the_nameserver_then_says_with_the_question_counts():
    talk = Talk().datagram(0.01, 0, bare("SERVFAIL")).datagram(0.02, 0, REFUSED)
    assert talk.answer == Failed("refused", "REFUSED")


def test_f8_another_nameserver_is_asked_at_once(impossible):
    said, _ = impossible
    talk = Talk(2).datagram(0.01, 0, said)
    assert talk.sent == [(0, 1, "udp"), (0.01, 2, "udp")]
    assert talk.datagram(0.02, 1, FOUND).answer.data == (ADDRESS,)


def test_f8_what_cannot_be_right_over_tcp_is_asked_again_after_a_pause():
    talk = Talk(use_tcp=True)
    for number in range(3):
        talk.wait(talk.inquiry.wake if number else 0)
        talk.stream(talk.sent[-1][0] + 0.001, number, LOOP.to_wire())
    assert talk.times() == pytest.approx([0, 0.026, 0.077])
    assert talk.answer.reason == "bad"


def test_what_a_nameserver_cannot_mean_is_no_sample_of_the_round_trip():
    talk = Talk().datagram(0.01, 0, LOOP.to_wire())
    assert talk.ledger.healths[0].srtt is None


# -- setbacks --------------------------------------------------------------------------------------------------------


def test_after_servfail_it_pauses_and_asks_again_three_times_in_all():
    talk = Talk().datagram(0.001, 0, SERVFAIL)
    talk.wait(0.03).datagram(0.03, 1, SERVFAIL)
    talk.wait(0.1)
    assert talk.times() == pytest.approx([0, 0.026, 0.08])
    talk.datagram(0.081, 2, SERVFAIL)
    assert talk.answer == Failed("servfail", "SERVFAIL")


def test_servfail_then_found():
    assert Talk().datagram(0.001, 0, SERVFAIL).wait(0.03).datagram(0.03, 1, FOUND).answer.data == (ADDRESS,)


def test_servfail_is_asked_of_the_next_nameserver_at_once():
    talk = Talk(3).datagram(0.001, 0, SERVFAIL).datagram(0.002, 1, SERVFAIL).datagram(0.003, 2, SERVFAIL)
    assert talk.times() == [0, 0.001, 0.002]
    assert talk.servers() == [1, 2, 3]
    assert talk.answer == Failed("servfail", "SERVFAIL")


def test_of_two_nameservers_one_is_asked_twice():
    talk = Talk(2).datagram(0.001, 0, SERVFAIL).datagram(0.002, 1, SERVFAIL).wait(0.03)
    assert (talk.times(), talk.answer) == (pytest.approx([0, 0.001, 0.027]), None)
    assert talk.datagram(0.04, 2, SERVFAIL).answer.reason == "servfail"


@pytest.mark.parametrize(
    ("said", "reason", "detail"),
    [
        (REFUSED, "refused", "REFUSED"),
        (reply(rcode="NOTIMP"), "notimp", "NOTIMP"),
    ],
    ids=["REFUSED", "NOTIMP"],
)
def test_refusals_are_a_last_word(said, reason, detail):
    assert Talk().datagram(0.001, 0, said).answer == Failed(reason, detail)
    talk = Talk(2).datagram(0.001, 0, said)
    assert talk.sent == [(0, 1, "udp"), (0.001, 2, "udp")]
    assert talk.wait(0.9).servers() == [1, 2, 2, 2]


def test_servfail_tells_more_than_anothers_refusal():
    talk = Talk(2, most_sends=1).datagram(0.001, 0, SERVFAIL).datagram(0.002, 1, REFUSED)
    assert talk.answer.reason == "servfail"


def test_another_copy_of_a_setback_counts_for_nothing():
    talk = Talk()
    for _ in range(5):
        talk.datagram(0.001, 0, SERVFAIL).error(0.001, 0)
    assert talk.answer is None
    assert talk.ledger.healths[0].failures == 0
    assert talk.wait(0.03).times() == pytest.approx([0, 0.026])


def test_a_good_reply_after_a_bad_one_to_the_same_send_counts():
    assert Talk().datagram(0.001, 0, SERVFAIL).datagram(0.002, 0, FOUND).answer.data == (ADDRESS,)


def test_formerr_to_edns_is_asked_again_without_and_remembered():
    talk = Talk().datagram(0.001, 0, FORMERR)
    assert [payload[11] for payload in talk.payloads] == [1, 0]
    assert talk.datagram(0.002, 1, FOUND).answer.data == (ADDRESS,)
    assert Talk(shared=talk.books).payloads[0][11] == 0


def test_f6_a_formerr_without_the_question_is_remembered_nowhere():
    talk = Talk().datagram(0.001, 0, bare("FORMERR"))
    assert [payload[11] for payload in talk.payloads] == [1, 0]
    assert talk.datagram(0.002, 1, FOUND).answer.data == (ADDRESS,)
    assert Talk(shared=talk.books).payloads[0][11] == 1


def test_f6_what_formerr_taught_lasts_five_minutes():
    talk = Talk().datagram(0.001, 0, FORMERR)
    assert Talk(shared=talk.books, start=299.0, give_up=400).payloads[0][11] == 0
    assert Talk(shared=talk.books, start=300.002, give_up=400).payloads[0][11] == 1


def test_formerr_to_both_of_two_sends_asks_again_once():
    talk = Talk().wait(0.25).datagram(0.26, 0, FORMERR).datagram(0.27, 1, FORMERR)
    assert [payload[11] for payload in talk.payloads] == [1, 1, 0]
    assert talk.answer is None


def test_formerr_to_a_send_from_before_another_question_learnt_it():
    first = Talk()
    second = Talk(shared=first.books)
    first.datagram(0.01, 0, FORMERR)
    second.datagram(0.02, 0, FORMERR)
    assert [payload[11] for payload in second.payloads] == [1, 0]


def test_formerr_without_edns_is_a_last_word():
    assert Talk().datagram(0.001, 0, FORMERR).datagram(0.002, 1, FORMERR).answer == Failed("formerr", "FORMERR")


# -- failover --------------------------------------------------------------------------------------------------------


def test_a_silent_nameserver_is_left_for_the_next():
    talk = Talk(3).wait(5)
    assert talk.servers()[:4] == [1, 2, 3, 1]


def test_and_the_next_question_goes_elsewhere_first():
    talk = Talk(2).wait(0.25).datagram(0.26, 1, FOUND)
    assert Talk(shared=talk.books, start=0.3).servers() == [2]


def test_until_it_is_asked_beside_the_good_one_after_five_seconds():
    shared = Talk(2).wait(0.25).datagram(0.251, 1, FOUND).books
    assert Talk(shared=shared, start=5.2, give_up=10).servers() == [2]
    probing = Talk(shared=shared, start=5.3, give_up=10)
    assert sorted(probing.servers()) == [1, 2]
    # One question does it, and nobody waits longer for its own: 50 ms, as the good one's record says.
    assert Talk(shared=shared, start=5.31, give_up=10).servers() == [2]
    assert probing.wait(5.36).times() == pytest.approx([5.3, 5.3, 5.35])


def test_a_probe_that_is_answered_brings_it_back():
    shared = Talk(2).wait(0.25).datagram(0.26, 1, FOUND).books
    probing = Talk(shared=shared, start=5.3, give_up=10)
    number = probing.servers().index(1)
    # The numbers are those of the sends, in the order in which they were noted by the inquiry.
    send = next(n for n, sent in enumerate(probing.inquiry.sent) if sent.server == 0)
    assert number in (0, 1)
    probing.datagram(5.301, send, FOUND)
    assert probing.answer.data == (ADDRESS,)
    assert Talk(shared=shared, start=5.4, give_up=10).servers() == [1]


def test_a_probe_that_is_not_answered_is_repeated_five_seconds_later():
    shared = Talk(2).wait(0.25).datagram(0.26, 1, FOUND).books
    assert sorted(Talk(shared=shared, start=5.3, give_up=10).servers()) == [1, 2]
    assert Talk(shared=shared, start=10.2, give_up=15).servers() == [2]
    assert sorted(Talk(shared=shared, start=10.4, give_up=15).servers()) == [1, 2]


def test_a_closed_port_is_left_at_once():
    talk = Talk(2).error(0.001, 0)
    assert talk.sent == [(0, 1, "udp"), (0.001, 2, "udp")]
    assert talk.ledger.healths[0].failures == 1


# -- F18: nameservers that cannot be reached ---------------------------------------------------------------------------


def refuse(talk, until):
    """Let every send be refused a millisecond later."""
    for number in range(200):
        talk.wait(talk.inquiry.wake if number >= len(talk.sent) else 0)
        if talk.answer is not None or talk.sent[-1][0] + 0.001 > until:
            return talk
        talk.error(round(talk.sent[number][0] + 0.001, 6), number)
    raise AssertionError("it asks without end")


def test_f18_a_closed_port_is_asked_again_with_doubling_pauses_for_two_seconds():
    talk = refuse(Talk(), 10)
    pauses = [later - now - 0.001 for now, later in itertools.pairwise(talk.times())]
    assert pauses == pytest.approx([0.025, 0.05, 0.1, 0.2, 0.4, 0.5, 0.5, 2.001 - 1.783])
    assert talk.answer == Failed("network", "connection refused")
    assert talk.answer.at == pytest.approx(2.002)


def test_f18_and_answers_as_soon_as_it_is_open_again():
    talk = refuse(Talk(), 0.9)
    talk.wait(talk.inquiry.wake)
    assert talk.datagram(1.3, len(talk.sent) - 1, FOUND).answer.data == (ADDRESS,)


def test_f18_without_patience_a_closed_port_is_final():
    talk = Talk(patience=0.0).error(0.001, 0)
    assert talk.answer == Failed("network", "connection refused")


def test_f18_of_several_all_are_asked_after_each_pause():
    talk = refuse(Talk(2, patience=0.05), 10)
    assert talk.servers() == [1, 2] * 3
    assert talk.answer == Failed("network", "connection refused")


def test_f18_the_budget_is_one_for_several_questions_of_a_lookup():
    shared, patience = books(), Patience(2.0)

    def ask(start):
        return Inquiry(Question(NAME, A), *shared, 10.0, patience=patience), start

    first, now = ask(0.0)
    first.start(0.0)
    first.on_error(0.001, 0, "connection refused")
    second, now = ask(2.5)
    second.start(now)
    second.on_error(2.501, 0, "connection refused")
    assert second.answer == Failed("network", "connection refused")


def test_f18_who_joins_later_has_patience_of_its_own():
    talk = Talk(patience=0.0)
    talk.inquiry.extend(5.0, Patience(0.5))
    refuse(talk, 10)
    assert talk.answer.at == pytest.approx(0.502)


def test_f18_the_deadline_and_stated_attempts_win():
    assert refuse(Talk(give_up=0.3), 10).answer.at == pytest.approx(0.3)
    talk = Talk(most_sends=2).error(0.001, 0)
    assert talk.wait(1).error(0.03, 1).answer.reason == "network"
    assert len(talk.sent) == 2


def test_f18_a_silent_nameserver_beside_a_closed_one_has_all_the_time_and_the_closed_port_is_the_outcome():
    talk = Talk(2).error(0.001, 0, "connection refused").wait(4.9)
    assert talk.answer is None
    assert talk.wait(5).answer.reason == "network"


# -- F17: a failure beside silence -------------------------------------------------------------------------------------


def test_f17_servfail_beside_a_silent_nameserver_is_the_outcome_after_two_seconds():
    talk = Talk(2).datagram(0.001, 0, SERVFAIL)
    for number in (2, 3):
        talk.wait(talk.inquiry.wake)
        assert talk.sent[number][1] == 1
        talk.datagram(talk.sent[number][0] + 0.001, number, SERVFAIL)
    talk.wait(1.9)
    assert talk.servers().count(1) == 3
    assert talk.answer is None
    assert talk.wait(5).answer.reason == "servfail"
    assert talk.answer.at == pytest.approx(2.001)


def test_f17_a_refusal_beside_a_silent_nameserver_likewise():
    talk = Talk(2).datagram(0.001, 0, REFUSED).wait(5)
    assert (talk.answer.reason, talk.answer.at) == ("refused", pytest.approx(2.001))
    assert talk.servers().count(1) == 1


def test_f17_without_patience_the_silent_one_has_its_first_timer():
    talk = Talk(2, patience=0.0).datagram(0.001, 0, REFUSED).wait(5)
    assert (talk.answer.reason, talk.answer.at) == ("refused", pytest.approx(0.251))


def test_f17_and_whatever_the_silent_one_says_in_time_counts():
    talk = Talk(2).datagram(0.001, 0, REFUSED).wait(1.9)
    assert talk.datagram(1.95, 1, FOUND).answer.data == (ADDRESS,)


def test_f17_what_cannot_be_right_does_not_shorten_anything():
    talk = Talk(2).datagram(0.001, 0, LOOP.to_wire()).wait(4.9)
    assert talk.answer is None
    assert talk.wait(5).answer.reason == "bad"


def test_f17_at_a_stated_timeout_what_was_said_is_the_outcome():
    # resolv.conf(5): timeout:1 attempts:1 with two nameservers, of which the second is silent.
    talk = Talk(2, limit=2.0, most_sends=1).datagram(0.001, 0, SERVFAIL).wait(5)
    assert (talk.answer.reason, talk.answer.at) == ("servfail", pytest.approx(2.0))


def test_a_failed_nameserver_is_better_than_none():
    shared = books()
    for _ in range(9):
        shared[1].healths[0].failed(0.0)
    assert Talk(shared=shared).servers() == [1]


def test_rotation_prefers_by_turns_among_equals_only():
    assert [Talk(3, first=turn).servers()[0] for turn in range(4)] == [1, 2, 3, 1]
    shared = books(3)
    shared[1].healths[1].failed(0.0)
    assert Talk(shared=shared, first=1).servers() == [3]


# -- TCP -------------------------------------------------------------------------------------------------------------


def test_truncation_goes_to_tcp_at_the_same_nameserver_and_stays_there():
    talk = Talk(2).datagram(0.001, 0, TRUNCATED)
    assert talk.sent[1:] == [(0.001, 1, "tcp")]
    talk.error(0.002, 1, "connection reset by peer").wait(2)
    assert {transport for _, _, transport in talk.sent[1:]} == {"tcp"}


def test_a_silent_stream_is_tried_again_after_a_second_doubling():
    talk = Talk(give_up=9.0).datagram(0.0, 0, TRUNCATED).wait(9)
    assert [when for when, _, transport in talk.sent if transport == "tcp"] == [0, 1, 3, 7]


def test_and_that_is_counted_anew_however_often_it_was_sent_over_udp():
    talk = Talk(give_up=9.0).wait(0.75).datagram(0.76, 0, TRUNCATED).wait(9)
    tcp = [when for when, _, transport in talk.sent if transport == "tcp"]
    assert tcp == pytest.approx([0.76, 1.76, 3.76, 7.76])


def test_a_second_truncated_reply_opens_no_second_stream():
    talk = Talk().wait(0.25).datagram(0.26, 0, TRUNCATED).datagram(0.27, 1, TRUNCATED)
    assert [transport for _, _, transport in talk.sent] == ["udp", "udp", "tcp"]


def test_a_whole_reply_over_udp_that_comes_late_is_taken():
    assert Talk().wait(0.25).datagram(0.26, 0, TRUNCATED).datagram(0.27, 1, FOUND).answer.data == (ADDRESS,)


def test_over_tcp_truncation_is_told_and_final():
    partial = reply(str(ADDRESS), flags=dns.flags.TC)
    answer = Talk().datagram(0.001, 0, TRUNCATED).stream(0.002, 1, partial).answer
    assert (answer.data, answer.truncated) == ((ADDRESS,), True)


def test_and_without_any_record_it_is_no_nodata():
    answer = Talk().datagram(0.001, 0, TRUNCATED).stream(0.002, 1, TRUNCATED).answer
    assert isinstance(answer, Failed)
    assert answer.reason == "bad"


def test_tcp_refused_after_truncation_says_both():
    talk = Talk().datagram(0.001, 0, TRUNCATED)
    for number in (1, 2, 3):
        talk.error(talk.sent[-1][0] + 0.001, number).wait(talk.inquiry.wake if talk.answer is None else 0)
    assert talk.answer == Failed("network", "truncated over UDP, then over TCP: connection refused")


def test_what_comes_over_tcp_and_is_no_reply_is_a_setback():
    talk = Talk().datagram(0.001, 0, TRUNCATED).stream(0.002, 1, b"junk").wait(0.1)
    assert [transport for _, _, transport in talk.sent] == ["udp", "tcp", "tcp"]


def test_use_vc_sends_nothing_over_udp():
    talk = Talk(use_tcp=True).error(0.001, 0).wait(3)
    assert {transport for _, _, transport in talk.sent} == {"tcp"}
    assert "truncated" not in str(talk.answer)


# -- any order of events ---------------------------------------------------------------------------------------------

_REPLIES = [FOUND, SERVFAIL, REFUSED, FORMERR, TRUNCATED, LOOP.to_wire(), reply(rcode="NXDOMAIN"), b"", b"junk" * 9]
_events = st.lists(
    st.tuples(st.sampled_from(["datagram", "error", "wait"]), st.integers(0, 9), st.sampled_from(_REPLIES),
              st.floats(0, 0.5)), max_size=40)  # fmt: skip


@settings(max_examples=3 * settings.default.max_examples)
@given(
    events=_events,
    count=st.integers(1, 3),
    most=st.none() | st.integers(1, 3),
    limit=st.none() | st.floats(0.1, 3),
    use_tcp=st.booleans(),
    give_up=st.floats(0.01, 6),
)
def test_whatever_happens_there_is_an_answer_in_time_after_a_bounded_number_of_sends(
    events, count, most, limit, use_tcp, give_up
):
    talk = Talk(count, give_up, most_sends=most, limit=limit, use_tcp=use_tcp)
    now = 0.0
    for kind, which, data, pause in events:
        now += pause
        talk.wait(now)
        if talk.answer is not None:
            break
        number = which % len(talk.inquiry.sent)
        if kind == "error":
            talk.error(now, number)
        elif kind == "datagram" and talk.sent[number][2] == "udp":
            talk.datagram(now, number, data)
        elif kind == "datagram":
            talk.stream(now, number, data)
    talk.wait(give_up)
    assert talk.answer is not None
    assert len(talk.sent) <= 4 + 7 * count + 12
    if most is not None:
        # For each nameserver: so many, one more without EDNS, one over TCP after truncation.
        assert len(talk.sent) <= count * (most + 2) + 1


def test_every_question_earns_a_quarter_of_an_early_resend():
    shared = books()
    shared[1].healths[0].replied(0.001)  # 50 ms until the first resend
    shared[1].budget.tokens = 0.0
    third = [Talk(shared=shared) for _ in range(3)][-1]
    assert third.wait(0.06).times() == [0]
    fourth = Talk(shared=shared)
    assert fourth.wait(0.06).times() == [0, 0.05]
    assert shared[1].budget.tokens == 0.0


def purposes(talk):
    return [sent.purpose for sent in talk.inquiry.sent]


def test_every_sending_has_its_purpose():
    assert purposes(Talk().wait(0.75)) == ["first", "resend", "resend"]
    assert purposes(Talk(2).wait(0.75)) == ["first", "failover", "failover"]
    assert purposes(Talk().datagram(0.001, 0, TRUNCATED).wait(1.5)) == ["first", "tcp", "resend"]
    assert purposes(Talk(use_tcp=True).wait(1.0)) == ["first", "resend"]
    shared = Talk(2).wait(0.25).datagram(0.26, 1, FOUND).books
    assert sorted(purposes(Talk(shared=shared, start=5.3, give_up=10))) == ["first", "probe"]


def test_what_follows_a_probe_goes_by_the_sending_before_it():
    shared = Talk(2).wait(0.25).datagram(0.26, 1, FOUND).books
    probing = Talk(shared=shared, start=5.3, give_up=10)
    number = purposes(probing).index("first")
    assert purposes(probing.datagram(5.31, number, TRUNCATED))[-1] == "tcp"


def test_a_query_takes_replies_of_1232_octets_and_larger_ones_are_not_read():
    """DNS flag day 2020."""
    talk = Talk()
    assert talk.payloads[0].endswith(bytes.fromhex("00 0029 04d0 00000000 0000"))
    assert talk.datagram(0.01, 0, FOUND.ljust(1233, b"\0")).answer is None
    assert talk.datagram(0.01, 0, FOUND.ljust(1232, b"\0")).answer.data == (ADDRESS,)


def test_over_tcp_the_wait_is_doubled_ten_times_and_no_more():
    talk = Talk(use_tcp=True, give_up=4000.0).wait(4000)
    assert talk.times() == [2**n - 1 for n in range(11)] + [2047, 2047 + 1024]


def dangling():
    message = dns.message.make_response(dns.message.make_query(NAME, "A", use_edns=False))
    message.answer.append(dns.rrset.from_text(NAME, 30, "IN", "CNAME", "gone.test."))
    return message.to_wire()


def lame():
    """Neither authoritative nor recursive, with nothing to say: RFC 1912, section 2.8."""
    return dns.message.make_response(dns.message.make_query(NAME, "A", use_edns=False)).to_wire()


@pytest.mark.parametrize(
    ("came", "outcome", "answer"),
    [
        (FOUND, "NOERROR", Found((ADDRESS,), 30, 31.0)),
        (reply(), "NODATA", Empty(6.0, 31.0)),
        (dangling(), "CNAME without a record", Empty(6.0, 1.0, ("gone.test.",))),
        (reply(rcode="NXDOMAIN"), "NXDOMAIN", NxDomain(6.0, 31.0)),
        (reply(rcode="NXDOMAIN", soa=False), "NXDOMAIN", NxDomain(6.0, 1.0)),
        (lame(), "lame", Failed("refused", "lame")),
    ],
    ids=["found", "nodata", "dangling", "nxdomain", "nxdomain without SOA", "lame"],
)
def test_the_exchange_says_what_came_and_the_answer_when(came, outcome, answer):
    talk = Talk(start=0.5).datagram(1.0, 0, came)
    assert talk.answer == answer
    assert talk.answer.at == 1.0
    assert [(exchange.outcome, exchange.milliseconds) for exchange in talk.answer.exchanges] == [(outcome, 500.0)]


def test_what_lasts_longer_than_the_cache_may_keep_it_is_kept_as_long_as_it_may():
    answer = Talk(cache=CacheConfig(max_ttl=10.0)).datagram(1.0, 0, FOUND).answer
    assert (answer.ttl, answer.expires) == (30, 11.0)


def test_over_tcp_the_exchanges_tell_of_both_transports():
    talk = Talk(most_sends=1).datagram(0.001, 0, TRUNCATED).stream(0.002, 1, b"junk")
    assert [(each.transport, each.outcome) for each in talk.answer.exchanges] == [
        ("udp", "truncated"),
        ("tcp", "a reply to something else"),
    ]
    assert talk.answer == Failed("network", "truncated over UDP, then over TCP: a reply to something else")
    silent = Talk(most_sends=1).datagram(0.001, 0, TRUNCATED).stream(0.002, 1, TRUNCATED)
    assert silent.outcomes == ["truncated", "truncated over TCP too, before any record"]


def test_a_question_that_is_given_up_from_outside_says_why_and_what_was_sent():
    talk = Talk()
    talk.inquiry.end(0.125, "closed")
    assert talk.answer == Failed("closed")
    assert (talk.answer.at, talk.outcomes, talk.answer.exchanges[0].milliseconds) == (0.125, ["no reply"], 125.0)
