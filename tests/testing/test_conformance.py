"""Stories tell clients apart: what each kind of client does wrong is told by the names of the criteria."""

import asyncio
import socket

import dns.message
import dns.query
import pytest

from k8sresolve.errors import ConfigError
from k8sresolve.testing import conformance
from k8sresolve.testing.conformance import (
    CONNECTS,
    CUT,
    FAILS,
    FINDS,
    KEEPS,
    LEAVES,
    LOST,
    RECOVERS,
    SIX,
    STORIES,
    WAITS,
)

PLAIN = {KEEPS}  # libc remembers nothing
CACHING = {FINDS, LEAVES}


def connect(host, port):
    """Look up each time."""
    with socket.create_connection((host, port)) as sock:
        return sock.getpeername()


def caching():
    """Keep the first addresses for life, as many drivers do."""
    known = {}

    def connect(host, port):
        if host not in known:
            known[host] = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        family, kind, proto, _, address = known[host][0]
        with socket.socket(family, kind, proto) as sock:
            sock.connect(address)
            return sock.getpeername()

    return connect


def careful():
    """Keep the last answer while there is none."""
    last = []

    def connect(host, port):
        try:
            last[:] = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            if error.errno != socket.EAI_AGAIN or not last:
                raise
        with socket.create_connection(last[0][4][:2]) as sock:
            return sock.getpeername()

    return connect


def giving_up():
    """Remember that a name was not found, for ever."""
    lost = []

    def once(host, port):
        if lost:
            raise lost[0]
        try:
            return connect(host, port)
        except socket.gaierror as error:
            lost.append(error)
            raise

    return once


def old(host, port):
    """Know IPv4 alone."""
    with socket.socket() as sock:
        sock.connect((socket.gethostbyname(host), port))
        return sock.getpeername()


async def in_task(host, port):
    _, writer = await asyncio.open_connection(host, port)
    reached = writer.get_extra_info("peername")
    writer.close()
    await writer.wait_closed()
    return reached


def nowhere(host, port):
    raise OSError("nobody is there")


@pytest.mark.parametrize(
    ("make", "failed"),
    [
        (lambda: connect, PLAIN),
        (lambda: lambda host, port: asyncio.run(in_task(host, port)), PLAIN),
        (careful, set()),
        (caching, CACHING),
        (giving_up, {KEEPS, RECOVERS, WAITS, FINDS}),
        (lambda: old, {KEEPS, SIX}),
        (lambda: nowhere, {CONNECTS, FINDS, LEAVES, KEEPS, RECOVERS, WAITS, LOST, CUT, SIX}),
    ],
    ids=["plain", "task", "careful", "caching", "giving up", "IPv4 alone", "nowhere"],
)
def test_clients_fail_what_they_do_wrong(make, failed):
    verdicts = [verdict for story in STORIES for verdict in story.judge(make())]
    assert {verdict.criterion for verdict in verdicts if not verdict.met} == failed


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_each_criterion_is_judged_once(story):
    assert tuple(verdict.criterion for verdict in story.judge(connect)) == story.criteria


def test_what_failed_is_told_by_name_with_what_was_seen():
    with pytest.raises(AssertionError) as told:
        conformance.ROLL_OUT.run(caching())
    first, second = str(told.value).splitlines()
    assert first.startswith("roll-out: finds a new pod within 60 s: not met: at 1")
    assert second.startswith("roll-out: stops using a pod that is gone within 60 s: not met: at ")
    assert "ConnectionRefusedError" in first
    conformance.ROLL_OUT.run(connect)


def test_a_client_that_remembers_by_a_clock_of_its_own_is_told_of_time():
    now, known = [0.0], {}

    def remembering(host, port):
        if host not in known or known[host][0] <= now[0]:
            known[host] = now[0] + 30, socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4]
        with socket.create_connection(known[host][1]) as sock:
            return sock.getpeername()

    def advance(seconds):
        now[0] += seconds

    assert {one.criterion for one in conformance.ROLL_OUT.judge(remembering) if not one.met} == CACHING
    known.clear()
    conformance.ROLL_OUT.run(remembering, advance=advance)


def test_a_client_with_a_resolver_of_its_own_is_given_a_nameserver():
    def asking(host, port, server):
        query = dns.message.make_query(host, "A")
        reply, _ = dns.query.udp_with_fallback(query, server.host, port=server.port, timeout=5)
        if reply.rcode() or not reply.answer:
            raise OSError("it is not there")
        return reply.answer[0][0].address

    def careless(host, port, server):
        return dns.query.udp(dns.message.make_query(host, "A"), server.host, port=server.port).answer[0][0].address

    for story in (conformance.ROLL_OUT, conformance.NXDOMAIN_FIRST, conformance.TRUNCATION):
        story.run(asking, served=True)
    with pytest.raises(AssertionError, match="truncation: connects though answers are truncated: not met"):
        conformance.TRUNCATION.run(careless, served=True)


def test_one_that_is_gone_is_no_pod():
    story = conformance.SCALE_TO_0_AND_BACK
    first = []

    def stubborn(host, port, server):
        if not first:
            answer = dns.query.udp(dns.message.make_query(host, "A"), server.host, port=server.port).answer
            first.append(answer[0][0].address)
        return first[0]

    assert {one.criterion for one in story.judge(stubborn, served=True) if not one.met} == {FAILS, FINDS}


def test_what_is_no_address_is_told_at_once():
    with pytest.raises(
        ConfigError, match=r"connect returned None, no address; return sock.getpeername\(\), or the pod's address"
    ):
        conformance.TRUNCATION.run(lambda *_: None)
    assert {verdict.met for verdict in conformance.TRUNCATION.judge(lambda *_: "db")} == {False}
