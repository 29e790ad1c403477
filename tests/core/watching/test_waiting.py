"""What is done while a Service is waited for, step by step."""

from ipaddress import ip_address

import pytest

from k8sresolve._core.lookups.polls import Seen, stand
from k8sresolve._core.watching.waiting import Connect, Look, Pause, wait
from k8sresolve.errors import (
    ConnectFailed,
    Error,
    InternalError,
    LookupTimeout,
    NoSuchName,
    NotHeadless,
    ServerFailure,
    WaitTimeout,
)
from k8sresolve.names import ServiceName
from k8sresolve.records import Endpoint

PLACE = ServiceName("db", "data")
GONE = NoSuchName("db", "no such name", advice="there is no Service 'db'")
A, B = (Endpoint(ip_address(f"10.244.0.{number}"), 5432, None, None) for number in (1, 2))
OWN = Seen((Endpoint(ip_address("10.96.7.7"), 80, None, None),), clustered=True)


def play(*replies, port="sql", at_least=1, timeout=60.0, connect=None, protocol="tcp", slow=False):
    """Play it with these replies to looks and attempts to connect; returns what it came to, and its steps."""
    now = 0.0
    steps, given = [], iter(replies)
    waiting = wait("db", PLACE, port, protocol, at_least, timeout, connect, lambda: now)
    try:
        step = next(waiting)
        while True:
            steps.append(step)
            if isinstance(step, Pause):
                now += step.seconds
                step = waiting.send(None)
            else:
                now += step.seconds if slow and isinstance(step, Connect) else 0.0
                step = waiting.send(next(given, replies[-1]))
    except StopIteration as stop:
        return stop.value, steps
    except Error as error:
        return error, steps


def pauses(steps):
    return [step.seconds for step in steps if isinstance(step, Pause)]


def test_what_is_there_needs_one_look():
    found, steps = play(Seen((A, B)), at_least=2)
    assert found == (A, B)
    assert steps == [Look((stand, "db", "sql", "tcp"), 60.0)]


def test_it_looks_again_at_pauses_that_double_up_to_five_seconds():
    found, steps = play(*[Seen((), GONE)] * 6, Seen((A,)))
    assert found == (A,)
    assert pauses(steps) == [1, 2, 4, 5, 5, 5]


def test_the_last_look_is_a_second_before_the_end():
    error, steps = play(Seen((), GONE), timeout=10.0)
    assert isinstance(error, WaitTimeout)
    assert pauses(steps) == [1, 2, 4, 2, 1]
    assert sum(isinstance(step, Look) for step in steps) == 5


def test_what_came_instead_is_told_and_how_often():
    failure = ServerFailure("db", "the nameserver failed (SERVFAIL), after 1.1 s", advice="try again")
    error, _ = play(failure, Seen((), GONE), Seen((A,)), Seen((A,)), at_least=2, timeout=10.0)
    assert error.problem == (
        "1 of 2 endpoints after 10 s: 1 endpoint (3 times); the nameserver failed (SERVFAIL); no such name"
    )
    assert error.advice == (
        "see which pods are ready: kubectl -n data get endpointslices -l kubernetes.io/service-name=db"
    )


def test_what_is_usually_behind_it_is_told():
    error, _ = play(Seen((), GONE), timeout=1.0)
    assert error.problem == "0 of 1 endpoint after 1 s: no such name"
    assert error.advice == "there is no Service 'db'"
    assert isinstance(error, LookupTimeout)


def test_of_a_clusterip_a_connection_is_wanted_where_a_port_is_given():
    refused = ConnectFailed("10.96.7.7", "no connection to port 80")
    found, steps = play(OWN, refused, OWN, None, port="http")
    assert found == OWN.endpoints
    assert [type(step) for step in steps] == [Look, Connect, Pause, Look, Connect]
    assert steps[1] == Connect(OWN.endpoints[0], 5.0)


@pytest.mark.parametrize("how", [{"port": None}, {"connect": False}, {"protocol": "udp"}])
def test_it_is_enough_that_it_is_there_where_nothing_can_connect(how):
    found, steps = play(OWN, **{"port": "http", **how})
    assert (found, len(steps)) == (OWN.endpoints, 1)


def test_of_pods_those_count_that_take_a_connection_if_asked_so():
    refused = ConnectFailed("10.244.0.1", "no connection to port 5432")
    found, _ = play(Seen((A, B)), refused, None, connect=True)
    assert found == (B,)
    error, _ = play(Seen((A, B)), refused, None, connect=True, at_least=2, timeout=1.0)
    assert error.problem == "1 of 2 endpoints after 1 s: no connection to port 5432"


def test_pods_that_do_not_answer_take_no_longer_than_the_wait():
    pods = tuple(Endpoint(ip_address(f"10.244.0.{number}"), 5432, None, None) for number in range(1, 101))
    silent = ConnectFailed("10.244.0.1", "no connection to port 5432")
    error, steps = play(Seen(pods), silent, connect=True, timeout=12.0, slow=True)
    assert isinstance(error, WaitTimeout)
    assert [step.seconds for step in steps if isinstance(step, Connect)] == [5.0, 5.0, 2.0]


def test_pods_behind_a_clusterip_cannot_be_counted():
    error, steps = play(OWN, at_least=2)
    assert (type(error), len(steps)) == (NotHeadless, 1)


def test_what_is_no_lack_ends_it_at_once():
    fault = InternalError("db", "k8sresolve itself failed")
    error, steps = play(fault)
    assert (error, len(steps)) == (fault, 1)
