"""Which socket a question leaves by, and when one has had its day: decisions alone, no socket is opened."""

import pytest

from k8sresolve._core.engine.desk import Batch, Desk, Flight
from k8sresolve._core.engine.ledger import Ledger
from k8sresolve._core.engine.rules import Rules
from k8sresolve._core.events import Events
from k8sresolve._core.questions import AAAA, A, Question, Round, Terms
from k8sresolve._drivers.pool import CROWD, USES, Pool
from k8sresolve.config import Nameserver

ONE, OTHER = Nameserver("10.0.0.1"), Nameserver("10.0.0.2")
RULES = Rules((ONE, OTHER))


@pytest.fixture
def pool():
    return Pool()


@pytest.fixture
def flight_of():
    desk = Desk(RULES, Ledger(RULES), Events(), None)

    def make(name, rdtype=A):
        question = Question(f"{name}.", rdtype)
        return Flight(Batch(Round((question,)), Terms(5.0), None), 0, question, desk, 0.0)

    return make


def sent(pool, flight, server=ONE, number=b"\0\1"):
    """Let a flight leave as a driver does; returns its ticket."""
    slot = pool.choose(server, flight)
    if slot is None:
        slot = pool.add(server, object())
    ticket = pool.enter(slot, number, flight, 0)
    flight.ports.append(ticket)
    return ticket


def test_questions_of_several_names_share_a_socket(pool, flight_of):
    first, second = sent(pool, flight_of("a")), sent(pool, flight_of("b"), number=b"\0\2")
    assert first.slot is second.slot
    assert len(list(pool)) == 1


def test_a_and_aaaa_of_one_name_do_not(pool, flight_of):  # K1
    assert sent(pool, flight_of("a")).slot is not sent(pool, flight_of("a", AAAA)).slot


def test_once_the_one_is_answered_the_other_may_leave_there(pool, flight_of):
    ticket = sent(pool, flight_of("a"))
    assert not pool.leave(ticket)
    assert sent(pool, flight_of("a", AAAA)).slot is ticket.slot


def test_each_nameserver_has_sockets_of_its_own(pool, flight_of):
    assert sent(pool, flight_of("a")).slot is not sent(pool, flight_of("b"), OTHER).slot


def test_a_resend_leaves_by_another_socket_and_the_first_one_is_used_no_more(pool, flight_of):  # K4
    flight = flight_of("a")
    first = sent(pool, flight)
    assert sent(pool, flight, number=b"\0\2").slot is not first.slot
    assert first.slot.retired
    assert sent(pool, flight_of("b")).slot is not first.slot
    assert pool.leave(first)
    assert first.slot not in list(pool)


def test_a_socket_carries_so_many_at_once_and_no_more(pool, flight_of):
    tickets = [sent(pool, flight_of(f"n{n}"), number=n.to_bytes(2)) for n in range(CROWD + 1)]
    assert len({id(ticket.slot) for ticket in tickets[:CROWD]}) == 1
    assert tickets[CROWD].slot is not tickets[0].slot


def test_a_socket_is_closed_after_its_last_use_and_no_earlier(pool, flight_of):
    closed = [pool.leave(sent(pool, flight_of("a"))) for _ in range(USES)]
    assert closed == [False] * (USES - 1) + [True]
    assert list(pool) == []


def test_a_ticket_given_back_twice_closes_once(pool, flight_of):
    ticket = sent(pool, flight_of("a"))
    ticket.slot.retired = True
    assert [pool.leave(ticket), pool.leave(ticket)] == [True, False]


def test_retired_it_closes_idle_sockets_now_and_the_others_as_they_fall_idle(pool, flight_of):
    busy, idle = sent(pool, flight_of("a")), sent(pool, flight_of("b"), OTHER)
    pool.leave(idle)
    assert pool.retire() == [idle.slot]
    assert list(pool) == [busy.slot]
    assert pool.leave(busy)
    late = sent(pool, flight_of("c"))
    assert late.slot is not busy.slot
    assert pool.leave(late)
    assert list(pool) == []


def test_cleared_it_knows_none(pool, flight_of):
    ticket = sent(pool, flight_of("a"))
    pool.clear()
    assert list(pool) == []
    ticket.slot.retired = True
    assert not pool.leave(ticket)
