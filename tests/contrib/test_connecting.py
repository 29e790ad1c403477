"""Trying addresses, in turn, and telling what became of them."""

import errno
import os
import socket

import pytest

from k8sresolve import ConnectFailed, ConnectTimeout
from k8sresolve.contrib import _connecting
from k8sresolve.contrib._connecting import Attempts, Destination, destinations, in_turn
from tests.contrib.web import Clock

ONE, TWO, THREE = (Destination(f"10.244.{number}.21", 9042) for number in (1, 2, 3))


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(_connecting, "monotonic", clock)
    return clock


class Client:
    """Connects to `good` at once, and to nothing else: each of the others answers so, after so many seconds."""

    def __init__(self, clock, good=None, seconds=0.0, error=None):
        self.clock = clock
        self.good = good
        self.seconds = seconds
        self.error = error
        self.given = []

    def __call__(self, at, timeout):
        self.given.append((at, timeout))
        if at == self.good:
            return f"connected to {at.address}"
        if self.error is None:
            self.clock.now += timeout
            raise TimeoutError("timed out")
        self.clock.now += self.seconds
        raise self.error


REFUSED = ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))


def test_destinations_are_those_of_getaddrinfo_once_each_in_their_order():
    infos = [
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("fd00::1", 80, 0, 0)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.1.2.3", 80)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.1.2.3", 80)),
    ]
    assert destinations(infos) == (("fd00::1", 80), ("10.1.2.3", 80))


def test_an_address_to_come_from_that_is_none_is_told_as_getaddrinfo_says_it(clock):
    nowhere = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    with pytest.raises(ConnectFailed, match=r"10\.244\.1\.21:9042 \(Name or service not known in "):
        in_turn(Attempts("db", 9042, None), (ONE,), Client(clock, error=nowhere), (OSError,))


def test_the_first_that_answers_wins(clock):
    client = Client(clock, good=TWO, error=REFUSED)
    assert in_turn(Attempts("db", 9042, None), (ONE, TWO, THREE), client, (OSError,)) == "connected to 10.244.2.21"
    assert client.given == [(ONE, None), (TWO, None)]


def test_each_has_its_share_of_the_time_that_is_left(clock):
    client = Client(clock, good=THREE, seconds=1.0, error=REFUSED)
    in_turn(Attempts("db", 9042, 6.0), (ONE, TWO, THREE), client, (OSError,))
    assert client.given == [(ONE, 2.0), (TWO, 2.5), (THREE, 4.0)]


def test_a_share_is_no_less_than_an_attempt_needs(clock):
    client = Client(clock)
    with pytest.raises(ConnectTimeout) as raised:
        in_turn(Attempts("db", "cql", 0.375), (ONE, TWO, THREE), client, (OSError,))
    assert client.given == [(ONE, 0.25), (TWO, 0.125)]
    assert str(raised.value) == (
        "db: no connection to port 'cql', and no time was left for 1 of its addresses; "
        "tried 10.244.1.21:9042 (no answer in 250.0 ms), 10.244.2.21:9042 (no answer in 125.0 ms)"
    )


def test_what_was_refused_is_no_timeout(clock):
    with pytest.raises(ConnectFailed) as raised:
        in_turn(Attempts("db", 9042, None), (ONE,), Client(clock, seconds=0.5, error=REFUSED), (OSError,))
    assert not isinstance(raised.value, TimeoutError)
    assert raised.value.errno == errno.ECONNREFUSED
    assert (
        str(raised.value) == "db: no connection to port 9042; tried 10.244.1.21:9042 (connection refused in 500.0 ms)"
    )


def test_what_the_operating_system_said_is_found_below_the_client_s_own_errors(clock):
    class TheirError(Exception):
        pass

    def connect(_at, _timeout):
        all_failed = OSError("all attempts failed")
        all_failed.__cause__ = ExceptionGroup("attempts", [REFUSED])
        raise TheirError("failed") from all_failed

    with pytest.raises(ConnectFailed) as raised:
        in_turn(Attempts("db", 9042, None), (ONE,), connect, (TheirError,))
    assert [(each.errno, each.outcome) for each in raised.value.attempts] == [
        (errno.ECONNREFUSED, "connection refused")
    ]


def test_an_error_that_is_none_of_the_client_s_is_passed_on(clock):
    with pytest.raises(ZeroDivisionError):
        in_turn(Attempts("db", 9042, None), (ONE, TWO), Client(clock, error=ZeroDivisionError()), (OSError,))


def test_without_time_nothing_is_tried(clock):
    client = Client(clock, good=ONE)
    with pytest.raises(ConnectTimeout):
        in_turn(Attempts("db", 9042, 0), (ONE,), client, (OSError,))
    assert client.given == []
