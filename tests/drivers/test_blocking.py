"""What only threads on real sockets can show: interrupts, forks, file descriptors, many at once."""

import gc
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from k8sresolve import Observer
from k8sresolve._core.engine import health
from k8sresolve._core.questions import Question
from k8sresolve._drivers import blocking
from k8sresolve.config import CacheConfig
from k8sresolve.errors import LookupTimeout, NetworkError, ResolverClosed
from k8sresolve.resolver import Resolver
from tests.drivers import held
from tests.drivers.names import NAMES, NOT_KEPT, ZONE, right
from tests.drivers.script import Nameserver, answer, first, found_in_nxdomain, late, rcode, silent, truncated


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.002)


@pytest.mark.parametrize(
    ("options", "count"), [({}, 200), ({"cache": NOT_KEPT}, 200), ({"cache": NOT_KEPT, "in_flight": 2}, 100)]
)
def test_eight_threads_share_one_resolver(resolver_of, options, count):  # N4
    resolver = resolver_of(**options)

    def work(seed: int) -> int:
        return sum(right(resolver, (seed * 37 + step * (seed + 1)) % len(NAMES)) for step in range(count))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(work, range(8))) == 8 * count
    assert resolver.stats().in_flight == 0


def test_200_different_names_at_once_get_their_own_answers(resolver_of):  # N1
    resolver = resolver_of(Nameserver({"": (late(0.02),)}, ZONE))
    with ThreadPoolExecutor(200) as pool:
        assert all(pool.map(lambda index: right(resolver, index), range(200)))


def test_what_is_forgotten_is_asked_anew(resolver_of):
    resolver = resolver_of()
    assert right(resolver, 0)
    assert right(resolver, 0)
    resolver.forget(NAMES[0])
    assert right(resolver, 0)
    assert resolver.playing.asked.total() == 2 + resolver.stats().resends


@pytest.mark.behaviour("C13")
def test_what_nobody_waits_for_is_handed_to_who_asks_elsewhere(resolver_of):
    name = "short.shop.svc.cluster.local."
    resolver = resolver_of(Nameserver({"": (answer, rcode("SERVFAIL"))}), cache=CacheConfig(serve_stale=60.0))
    handed: list[Question] = []
    resolver._line.driver.ask_elsewhere = handed.append
    assert not resolver.addresses(name).stale
    time.sleep(1.05)
    assert [resolver.addresses(name).stale for _ in range(3)] == [True] * 3
    assert handed == [Question(name, 1)]
    assert resolver.stats().in_flight == 0


@pytest.mark.behaviour("C13")
def test_who_wants_no_stale_answer_goes_on_when_the_thread_that_polled_for_both_has_left(
    resolver_of, patient, monkeypatch
):
    monkeypatch.setattr(health, "LEAST_WAIT", 600.0)
    name = "short.shop.svc.cluster.local."
    steps = answer, late(0.2, first(found_in_nxdomain, late(0.2)))  # what cannot be right stops no timer
    resolver = resolver_of(Nameserver({"": steps}), cache=CacheConfig(serve_stale=60.0))
    resolver.addresses(name)
    time.sleep(1.05)
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(resolver.addresses, name)
        wait_for(lambda: resolver.playing.asked.total() == 2)
        other = pool.submit(resolver.addresses, name, fresh=True)
        assert (one.result().stale, other.result().stale) == (True, False)
    assert resolver.playing.asked.total() == 2


@pytest.mark.behaviour("C13")
def test_what_is_due_ahead_too_once_and_is_given_from_the_cache(resolver_of):
    resolver = resolver_of(cache=CacheConfig(prefetch=0.001))
    handed: list[Question] = []
    resolver._line.driver.ask_elsewhere = handed.append
    assert right(resolver, 0)
    time.sleep(0.05)  # a thousandth of 30 s
    assert all(right(resolver, 0) for _ in range(3))
    assert handed == [Question(NAMES[0], 1)]
    assert resolver.stats().sends == 1 + resolver.stats().resends


def test_ctrl_c_leaves_at_once_and_closes_what_was_open(resolver_of):
    resolver = resolver_of(Nameserver({"": (silent,)}))
    before = held.fds()

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    def look() -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        resolver.addresses("a.example.", timeout=600)

    previous = signal.signal(signal.SIGALRM, interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            look()
    finally:
        signal.signal(signal.SIGALRM, previous)
    assert held.fds() == before
    assert resolver._line.driver.desk.flights == {}


def test_a_handler_of_a_signal_does_not_end_a_lookup(resolver_of):
    resolver = resolver_of(Nameserver({"": (late(0.15),)}, ZONE))
    previous = signal.signal(signal.SIGALRM, lambda *_: None)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        assert right(resolver, 3)
    finally:
        signal.signal(signal.SIGALRM, previous)


def test_who_leads_a_question_and_leaves_hands_it_to_the_next(resolver_of):
    resolver = resolver_of(Nameserver({"": (silent, silent, answer)}, ZONE))
    with ThreadPoolExecutor(3) as pool:
        leader = pool.submit(right, resolver, 0, timeout=0.1)
        wait_for(lambda: resolver.playing.asked.total() == 1)
        followers = [pool.submit(right, resolver, 0) for _ in range(2)]
        with pytest.raises(LookupTimeout):
            leader.result(10)
        assert all(follower.result(10) for follower in followers)
    assert resolver.playing.asked.total() == 3


def test_closing_wakes_a_thread_that_waits_in_the_queue(resolver_of):
    resolver = resolver_of(Nameserver({"": (silent,)}), in_flight=1)
    with ThreadPoolExecutor(3) as pool:
        lookups = [pool.submit(resolver.addresses, f"x{n}.example.", timeout=600) for n in range(3)]
        wait_for(lambda: len(resolver._line.driver.desk.flights) == 3)
        time.sleep(0.05)
        resolver.close()
        for lookup in lookups:
            with pytest.raises(ResolverClosed):
                lookup.result(60)


def test_closing_wakes_a_thread_that_polls(resolver_of, patient):
    resolver = resolver_of(Nameserver({"udp": (truncated,), "tcp": (silent,)}, ZONE))
    with ThreadPoolExecutor(1) as pool:
        lookup = pool.submit(right, resolver, 0, timeout=600)
        wait_for(lambda: resolver.playing.asked["A tcp"] == 1)
        resolver.close()
        with pytest.raises(ResolverClosed):
            lookup.result(60)


def test_a_question_from_the_queue_is_read_by_its_own_thread(resolver_of, patient):
    # It is sent once within this test, so that nothing but the start itself wakes the thread.
    resolver = resolver_of(Nameserver({NAMES[0]: (silent,)}, ZONE), in_flight=1)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(right, resolver, 0, timeout=0.1)
        wait_for(lambda: resolver.playing.asked.total() == 1)
        second = pool.submit(right, resolver, 1, timeout=60)
        with pytest.raises(LookupTimeout):
            first.result(10)
        assert second.result(30)


def test_closed_twice_and_asked_afterwards(resolver_of):  # L1
    resolver = resolver_of()
    assert right(resolver, 0)
    resolver.close()
    resolver.close()
    for call in (resolver.addresses, resolver.service, resolver.reverse, resolver.explain):
        with pytest.raises(ResolverClosed):
            call("10.96.0.1" if call == resolver.reverse else "a.b")


def test_forgotten_without_closing_it_holds_nothing(resolver_of, loopback):  # L4
    gc.collect()
    before = held.fds(), threading.active_count()
    config = resolver_of().config
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(5):
            resolver = Resolver(config, family="ipv4")
            assert right(resolver, 7)
            del resolver
            gc.collect()
    assert held.fds() <= before[0] + 3  # those of the nameserver
    assert threading.active_count() == before[1]


def test_without_a_file_descriptor_left_it_is_a_network_error(resolver_of):  # R8
    resolver = resolver_of()
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert right(resolver, 1)
    fillers = [socket.socket() for _ in range(held.fds() + 100)]  # so that no number below is free
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (held.lowest_free(), limits[1]))
        with pytest.raises(NetworkError, match="too many open files"):
            resolver.addresses(NAMES[0], timeout=1)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        for sock in fillers:
            sock.close()
    assert right(resolver, 0)


def test_so_it_is_where_what_tells_of_errors_is_not_loaded_yet():
    program = """
import resource
from k8sresolve import NetworkError, Resolver, ResolverConfig

resolver = Resolver(ResolverConfig(nameservers=["127.0.0.1"]), timeout=1)
before = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (3, before[1]))
try:
    resolver.addresses("payments.shop")
except NetworkError as error:
    print(error)
resource.setrlimit(resource.RLIMIT_NOFILE, before)
"""
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert done.stderr == ""
    assert "payments.shop: no nameserver can be reached (too many open files)" in done.stdout


@pytest.mark.parametrize("call", ["addresses", "service"])
def test_and_where_an_open_socket_brings_the_first_error(call):
    program = f"""
import asyncio, resource, socket, threading
from k8sresolve import AsyncResolver, NoSuchName, ResolverConfig

FOUND, GONE = b"\\x81\\x80\\0\\1\\0\\1\\0\\0\\0\\0", b"\\x81\\x83\\0\\1\\0\\0\\0\\0\\0\\0"
ADDRESS = b"\\xc0\\x0c\\0\\1\\0\\1\\0\\0\\0\\x1e\\0\\4\\x0a\\0\\0\\1"
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 0))

def serve():
    while True:
        query, client = server.recvfrom(1000)
        question = query[12 : query.index(0, 12) + 5]
        rest = GONE + question if b"nope" in question else FOUND + question + ADDRESS
        server.sendto(query[:2] + rest, client)

async def main():
    config = ResolverConfig.for_cluster(f"127.0.0.1:{{server.getsockname()[1]}}", namespace="shop")
    resolver = AsyncResolver(config, family="ipv4")
    await resolver.addresses("payments")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, before[1]))
    try:
        await resolver.{call}("nope")
    except NoSuchName as error:
        print(error.problem)
    resource.setrlimit(resource.RLIMIT_NOFILE, before)

threading.Thread(target=serve, daemon=True).start()
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("no such name\n", "")


class Slow(Observer):
    """Takes its time when a question is sent."""

    def sent(self, *_: object, **more: object) -> None:
        time.sleep(0.8)


def test_what_passes_before_it_waits_is_of_the_same_deadline(resolver_of, monkeypatch):
    monkeypatch.setattr(health, "FIRST_WAIT", 60.0)
    resolver = resolver_of(Nameserver({"": (silent,)}, ZONE), timeout=1, observers=[Slow()])
    began = time.monotonic()
    with pytest.raises(LookupTimeout):
        resolver.addresses(NAMES[0])
    assert time.monotonic() - began < 1.6


@pytest.mark.parametrize("others", ["ask", "close"])
def test_what_other_threads_do_before_it_waits_is_not_lost(resolver_of, monkeypatch, others):
    """The question is another thread's, too, from then on, or there is none any more."""
    resolver = resolver_of(Nameserver({"": (silent,)}, ZONE), timeout=1)
    both_wait, real = threading.Event(), blocking.new_poll

    def ask():
        with pytest.raises(LookupTimeout):
            resolver.addresses(NAMES[0])

    other = threading.Thread(target=ask if others == "ask" else resolver.close)

    def new_poll():
        if threading.current_thread() is other:
            both_wait.set()
        elif other.ident is None:
            other.start()
            if others == "ask":
                assert both_wait.wait(10)
            else:
                other.join()
        return real()

    monkeypatch.setattr(blocking, "new_poll", new_poll)
    began = time.monotonic()
    with pytest.raises(LookupTimeout if others == "ask" else ResolverClosed):
        resolver.addresses(NAMES[0])
    other.join()
    assert time.monotonic() - began < 30  # a wait of no end looks again after a minute


def test_nor_for_tcp(resolver_of, monkeypatch):
    def none_left(*_: object) -> None:
        raise OSError(24, "Too many open files")

    resolver = resolver_of(Nameserver({"udp": (truncated,)}, ZONE))
    monkeypatch.setattr(blocking._Connection, "__init__", none_left)
    with pytest.raises(NetworkError, match="too many open files"):
        resolver.addresses(NAMES[0], timeout=1)
    monkeypatch.undo()
    assert right(resolver, 0)


def test_a_follower_without_a_file_descriptor_for_its_bell_still_gets_the_answer(resolver_of, monkeypatch, patient):
    resolver = resolver_of(Nameserver({"": (late(0.2),)}, ZONE))

    def none_left() -> tuple[int, int]:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(blocking, "open_pair", none_left)
    with ThreadPoolExecutor(3) as pool:
        assert all(pool.map(lambda _: right(resolver, 0), range(3)))
    assert resolver.playing.asked.total() == 1


@pytest.mark.parametrize("timeout", [1e6, 1e12])
def test_a_deadline_as_good_as_none(resolver_of, timeout):
    resolver = resolver_of(Nameserver({"": (late(0.1),)}, ZONE), in_flight=1)
    with ThreadPoolExecutor(3) as pool:
        assert all(pool.map(lambda index: right(resolver, index, timeout=timeout), (0, 0, 1)))


def test_every_send_has_a_port_and_an_id_of_its_own(resolver_of):
    resolver = resolver_of(cache=NOT_KEPT)
    for index in range(100):
        assert right(resolver, index)
    # Of 65,536 ids, 100 random ones have fewer than 5 repeats but for once in many millions of runs.
    assert len(set(resolver.playing.ids)) > 95
