"""Which socket a question leaves by, and when one has had its day: decisions alone, no socket is opened."""

from itertools import count
from typing import Any, NamedTuple

import pytest

from k8sresolve._core.engine.flights import Batch, Flight
from k8sresolve._core.engine.ledger import Ledger
from k8sresolve._core.engine.rules import Rules
from k8sresolve._core.questions import AAAA, PTR, SRV, A, Question, Round, Terms
from k8sresolve._drivers.pool import AGE, CROWD, USES, Pool

ONE, OTHER = 0, 1
RULES = Rules((ONE, OTHER))


class Noting(Pool):
    """A pool whose sockets that had their day are in `closed`."""

    def __init__(self):
        self.closed = []
        super().__init__(self.closed.append)


@pytest.fixture
def pool():
    return Noting()


@pytest.fixture
def flight_of():
    def make(name, rdtype=A):
        question = Question(f"{name}.", rdtype)
        batch = Batch(Round((question,)), Terms(5.0), None)
        return Flight(batch, 0, question, RULES, Ledger(RULES), first=0, inside=False, now=0.0)

    return make


numbers = count()


class Sent(NamedTuple):
    """A ticket, by names."""

    slot: Any
    id: bytes
    flight: Flight
    number: int


def sent(pool, flight, server=ONE, now=0.0):
    """Let a flight leave as a driver does; returns its ticket."""
    number = len(flight.ports)
    pool.avoid(flight.ports)
    slot = pool.choose(server, flight.key.rdtype, now)
    if slot is None:
        slot = pool.add(server, flight.key.rdtype, object(), now)
    ticket = Sent(*slot.enter(next(numbers).to_bytes(4), flight, number))
    flight.ports.append(ticket)
    return ticket


def test_questions_of_several_names_share_a_socket(pool, flight_of):
    first, second = sent(pool, flight_of("a")), sent(pool, flight_of("b"))
    assert first.slot is second.slot
    assert len(list(pool)) == 1


def test_those_for_a_for_aaaa_and_for_all_else_do_not(pool, flight_of):  # K1
    slots = [sent(pool, flight_of("a", rdtype)).slot for rdtype in (A, AAAA, SRV)]
    assert len(set(slots)) == 3
    assert [sent(pool, flight_of("b", rdtype)).slot for rdtype in (A, AAAA, SRV)] == slots
    assert sent(pool, flight_of("a", PTR)).slot is slots[2]


def test_each_nameserver_has_sockets_of_its_own(pool, flight_of):
    assert sent(pool, flight_of("a")).slot is not sent(pool, flight_of("b"), OTHER).slot


def test_a_resend_leaves_by_another_socket_and_the_first_one_is_used_no_more(pool, flight_of):  # K4
    flight = flight_of("a")
    first = sent(pool, flight)
    assert sent(pool, flight).slot is not first.slot
    assert first.slot.retired
    assert sent(pool, flight_of("b")).slot is not first.slot
    assert pool.closed == []
    pool.give_up(first)
    assert pool.closed == [first.slot.sock]
    assert first.slot not in list(pool)


def test_a_socket_carries_so_many_at_once_and_no_more(pool, flight_of):
    tickets = [sent(pool, flight_of(f"n{n}")) for n in range(CROWD + 1)]
    assert len({id(ticket.slot) for ticket in tickets[:CROWD]}) == 1
    assert tickets[CROWD].slot is not tickets[0].slot


def test_one_that_was_full_is_chosen_again_as_soon_as_one_of_its_questions_is_answered(pool, flight_of):
    tickets = [sent(pool, flight_of(f"n{n}")) for n in range(2 * CROWD)]
    assert len(list(pool)) == 2
    pool.give_up(tickets[0])
    assert sent(pool, flight_of("a")).slot is tickets[0].slot
    assert sent(pool, flight_of("b")).slot not in {ticket.slot for ticket in tickets}


def test_a_socket_carries_so_many_questions_and_is_closed_as_the_next_is_to_leave(pool, flight_of):
    first = sent(pool, flight_of("a"))
    pool.give_up(first)
    for _ in range(USES - 2):
        pool.give_up(sent(pool, flight_of("a")))
    last = sent(pool, flight_of("a"))
    pool.give_up(last)
    assert (last.slot, pool.closed) == (first.slot, [])
    assert sent(pool, flight_of("a")).slot is not first.slot
    assert pool.closed == [first.slot.sock]


def test_one_that_has_carried_so_many_is_closed_when_the_last_of_them_is_answered(pool, flight_of):
    tickets = []
    for _ in range(USES // CROWD):
        crowd = [sent(pool, flight_of("a")) for _ in range(CROWD)]
        for ticket in crowd:
            pool.give_up(ticket)
        tickets += crowd
    tickets += [sent(pool, flight_of("a")) for _ in range(USES % CROWD + 1)]
    *_, last, other = tickets
    assert last.slot is not other.slot
    assert pool.closed == []
    for ticket in tickets:
        pool.give_up(ticket)
    assert pool.closed == [last.slot.sock]


def test_no_question_leaves_by_a_socket_of_30_seconds(pool, flight_of):
    first = sent(pool, flight_of("a"), now=100.0)
    assert sent(pool, flight_of("b"), now=100.0 + AGE - 0.1).slot is first.slot
    pool.give_up(first)
    assert sent(pool, flight_of("d"), now=100.0 + AGE).slot is not first.slot
    assert pool.closed == []  # "b" still waits there


def test_one_of_that_age_that_nothing_waits_on_is_closed_as_the_next_is_chosen(pool, flight_of):
    idle, other = sent(pool, flight_of("a")), sent(pool, flight_of("b"), OTHER)
    pool.give_up(idle)
    assert sent(pool, flight_of("c"), now=AGE).slot is not idle.slot
    assert pool.closed == [idle.slot.sock]
    assert other.slot in list(pool)


def test_a_socket_knows_the_ids_that_were_answered_or_given_up(pool, flight_of):  # F3
    ticket, other = sent(pool, flight_of("a")), sent(pool, flight_of("b"))
    pool.give_up(ticket)
    assert ticket.slot.ids == {ticket.id, other.id}
    assert list(ticket.slot.waiting) == [other.id]


def test_a_ticket_given_back_twice_closes_once(pool, flight_of):
    ticket = sent(pool, flight_of("a"))
    pool.condemn(ticket.slot)
    pool.give_up(ticket)
    pool.give_up(ticket)
    assert pool.closed == [ticket.slot.sock]


def test_retired_it_closes_idle_sockets_now_and_the_others_as_they_fall_idle(pool, flight_of):
    busy, idle = sent(pool, flight_of("a")), sent(pool, flight_of("b"), OTHER)
    pool.give_up(idle)
    pool.retire()
    assert (pool.closed, list(pool)) == ([idle.slot.sock], [busy.slot])
    pool.give_up(busy)
    late = sent(pool, flight_of("c"))
    assert late.slot is not busy.slot
    pool.give_up(late)
    assert pool.closed == [ticket.slot.sock for ticket in (idle, busy, late)]
    assert list(pool) == []


def test_one_that_failed_is_closed_when_nothing_waits_on_it_any_more(pool, flight_of):
    ticket = sent(pool, flight_of("a"))
    pool.condemn(ticket.slot)
    assert pool.closed == []
    pool.give_up(ticket)
    assert pool.closed == [ticket.slot.sock]
    pool.condemn(ticket.slot)
    assert len(pool.closed) == 1


def test_cleared_it_knows_none_and_closes_none(pool, flight_of):
    ticket, *others = [sent(pool, flight_of(f"n{n}")) for n in range(CROWD)]
    pool.clear()
    pool.give_up(others[0])
    assert sent(pool, flight_of("a")).slot is not ticket.slot
    pool.clear()
    pool.condemn(ticket.slot)
    for one in (ticket, *others):
        pool.give_up(one)
    assert (list(pool), pool.closed) == ([], [])
