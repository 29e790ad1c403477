"""One sending: what it tells before anything came of it, and after."""

import pytest

from k8sresolve._core.engine.sends import Send
from k8sresolve._core.questions import Exchange
from k8sresolve.config import Nameserver

NAMESERVER = Nameserver("10.96.0.10")


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_while_nothing_came_of_it_it_says_so_and_how_long_that_is(transport):
    send = Send(3, NAMESERVER, transport, b"", "resend", server=0, at=1.5, edns=True)
    assert (send.number, send.server, send.purpose, send.at, send.edns) == (3, 0, "resend", 1.5, True)
    assert (send.ended, send.truncated, send.milliseconds) == (False, False, 0.0)
    assert send.exchange("10.96.0.10", 1.5) == Exchange("10.96.0.10", transport, "no reply", 0.0)
    assert send.exchange("10.96.0.10", 2.0) == Exchange("10.96.0.10", transport, "no reply", 500.0)


def test_then_what_came_and_when_whenever_one_asks():
    send = Send(0, NAMESERVER, "udp", b"", server=1, at=1.5)
    send.end(1.75, "REFUSED")
    assert (send.ended, send.outcome, send.milliseconds, send.edns) == (True, "REFUSED", 250.0, False)
    for now in (1.75, 9.0):
        assert send.exchange("10.96.0.10", now) == Exchange("10.96.0.10", "udp", "REFUSED", 250.0)


def test_a_sending_is_the_first_unless_it_says_otherwise():
    assert Send(0, NAMESERVER, "udp", b"").purpose == "first"
