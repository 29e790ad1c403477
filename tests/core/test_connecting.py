"""Connecting to a name: which address is tried when, and how a failure is told (RFC 8305)."""

import errno
from ipaddress import ip_address
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from k8sresolve import InvalidName, NoData, ServiceName
from k8sresolve._core.connecting import ATTEMPT_DELAY, Destination, Race, destinations, interleaved, lookup_of, race
from k8sresolve._core.lookups import hosts, services
from k8sresolve.errors import ConnectFailed, ConnectTimeout


def addresses(*texts):
    return [ip_address(text) for text in texts]


def to(*texts, port=80):
    return [Destination(address, port) for address in addresses(*texts)]


A, B, C = to("10.0.0.1", "10.0.0.2", "10.0.0.3")


def a_race(*there, deadline=5.0):
    return Race("payments.shop", "http", there, deadline)


# -- what is looked up -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "port", "call"),
    [
        ("payments", "http", (services.port, "payments", "http", "tcp")),
        ("payments", 80, (hosts.addresses, "payments")),
        ("10.0.0.1", 65535, (hosts.addresses, "10.0.0.1")),
        (ServiceName("a", "b"), 1, (services.service, ServiceName("a", "b"))),
        (ServiceName("a", "b"), "http", (services.port, ServiceName("a", "b"), "http", "tcp")),
    ],
)
def test_a_port_s_name_is_asked_for_by_srv_and_a_number_by_address(name, port, call):
    assert lookup_of(name, port) == call


@pytest.mark.parametrize("port", [0, -1, 65536, True, None, 80.0, "80", b"http", ["http"]])
def test_what_is_no_port_is_refused_before_any_question(port):
    with pytest.raises(InvalidName, match="is no TCP port; give a port's name, or an int from 1 to 65535"):
        lookup_of("payments", port)


# -- the order -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_", "order"),
    [
        ("", ""),
        ("a", "a"),
        ("ab", "ab"),
        ("AB", "AB"),
        ("ABCabc", "AaBbCc"),
        ("aBC", "aBC"),
        ("Aabc", "Aabc"),
        ("abcA", "aAbc"),
    ],
)
def test_families_take_turns_and_the_first_one_s_comes_first(given_, order):
    def read(letters):
        return [ip_address(f"fd00::{x.lower()}" if x.isupper() else f"10.0.0.{ord(x)}") for x in letters]

    assert list(interleaved(read(given_))) == read(order)


V4, V6 = (st.integers(0, 9).map(lambda n, net=net: ip_address(f"{net}{n}")) for net in ("10.0.0.", "fd00::"))


@given(st.lists(V4 | V6, unique=True))
def test_interleaving_loses_nothing_and_keeps_each_family_s_own_order(some):
    turned = list(interleaved(some))
    for version in (4, 6):
        assert [a for a in turned if a.version == version] == [a for a in some if a.version == version]
    both = 2 * min(sum(a.version == version for a in some) for version in (4, 6))
    assert all(one.version != other.version for one, other in pairwise(turned[:both]))


def test_targets_stand_one_after_the_other_and_what_comes_twice_is_tried_once():
    groups = [(80, addresses("10.0.0.1", "fd00::1")), (81, addresses("10.0.0.1")), (80, addresses("fd00::1"))]
    assert destinations(groups) == (*to("10.0.0.1", "fd00::1"), *to("10.0.0.1", port=81))


def test_a_port_whose_targets_have_no_address_has_nothing_to_connect_to():
    with pytest.raises(NoData, match=r"^payments: port 'http' has no address to connect to$"):
        race("payments", "http", [(80, [])], 5.0)


def test_a_race_is_run_in_that_order_and_told_by_the_name_as_given():
    run = race(ServiceName("payments", "shop"), "http", [(81, addresses("10.0.0.1")), (80, addresses("10.0.0.2"))], 5.0)
    assert run.next(0.0) == Destination(ip_address("10.0.0.1"), 81)
    run.fail(Destination(ip_address("10.0.0.1"), 81), None, "it failed", 0.0)
    assert run.next(0.0) == Destination(ip_address("10.0.0.2"), 80)
    assert run.failure(0.0).name == "payments.shop.svc.cluster.local"


# -- the race, step by step ------------------------------------------------------------------------------------------


def test_the_next_begins_250_ms_after_one_that_is_not_answered():
    run = a_race(A, B, C)
    assert run.next(0.0) == A
    assert (run.next(0.0), run.next(0.249)) == (None, None)
    assert run.wakes == ATTEMPT_DELAY == 0.25
    assert run.next(0.25) == B
    assert run.wakes == 0.5
    assert run.next(0.5) == C
    assert run.wakes == 5.0


def test_the_next_begins_at_once_as_the_last_one_fails():
    run = a_race(A, B, C)
    assert run.next(0.0) == A
    run.fail(A, errno.ECONNREFUSED, "connection refused", 0.01)
    assert run.next(0.01) == B


def test_one_that_fails_late_does_not_hurry_what_comes_after_another():
    run = a_race(A, B, C)
    assert (run.next(0.0), run.next(0.25)) == (A, B)
    run.fail(A, errno.ECONNREFUSED, "connection refused", 0.3)
    assert run.next(0.3) is None
    assert run.wakes == 0.5
    run.fail(B, errno.ECONNREFUSED, "connection refused", 0.31)
    assert run.next(0.31) == C


def test_it_is_lost_when_all_have_failed_and_the_failure_tells_each():
    run = a_race(A, B)
    assert run.next(0.0) == A
    run.fail(A, errno.ECONNREFUSED, "connection refused", 0.0004)
    assert not run.is_lost(0.1)
    assert run.next(0.1) == B
    run.fail(B, errno.EHOSTUNREACH, "no route to host", 3.1)
    assert run.is_lost(3.1)
    error = run.failure(3.1)
    assert type(error) is ConnectFailed
    assert error.errno == errno.ECONNREFUSED
    assert str(error) == (
        "payments.shop: no connection to port 'http'; tried 10.0.0.1:80 (connection refused in 0.4 ms), "
        "10.0.0.2:80 (no route to host in 3000.0 ms); "
        "refused: no process listens on the Service's targetPort there, or none of its pods is ready; "
        "no route to a host: the pod or its node is gone"
    )


def test_it_is_lost_at_the_deadline_whatever_goes_on():
    run = a_race(A, B, C, deadline=0.4)
    assert (run.next(0.0), run.next(0.25), run.next(0.39)) == (A, B, None)
    assert run.wakes == 0.4
    assert not run.is_lost(0.39)
    assert run.is_lost(0.4)
    assert run.next(0.6) is None
    error = run.failure(0.4)
    assert type(error) is ConnectTimeout
    assert error.errno == errno.ETIMEDOUT
    assert str(error) == (
        "payments.shop: no connection to port 'http', and no time was left for 1 of its addresses; "
        "tried 10.0.0.1:80 (no answer in 400.0 ms), 10.0.0.2:80 (no answer in 150.0 ms); "
        "no answer: a NetworkPolicy drops it, or none of the Service's pods is ready"
    )


def test_who_had_no_time_after_the_lookup_is_told_so():
    run = a_race(A, B, deadline=1.0)
    assert run.next(1.0) is None
    assert run.is_lost(1.0)
    error = run.failure(1.0)
    assert type(error) is ConnectTimeout
    assert str(error) == ("payments.shop: no connection to port 'http', and no time was left for 2 of its addresses")


def test_one_that_was_refused_beside_silent_ones_is_no_timeout():
    run = a_race(A, B, deadline=1.0)
    assert (run.next(0.0), run.next(0.25)) == (A, B)
    run.fail(B, errno.ECONNREFUSED, "connection refused", 0.3)
    error = run.failure(1.0)
    assert type(error) is ConnectFailed
    assert error.errno == errno.ECONNREFUSED
    assert [attempt.outcome for attempt in error.attempts] == ["no answer", "connection refused"]


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (errno.EMFILE, "this process has no file descriptor left"),
        (errno.ENFILE, "this process has no file descriptor left"),
        (errno.ENETUNREACH, "no route to that network from here"),
        (errno.EPIPE, ""),
        (None, ""),
    ],
)
def test_advice_goes_by_what_the_system_said(code, advice):
    run = a_race(A, B)
    for at in (A, B):
        assert run.next(0.0) == at
        run.fail(at, code, "it failed", 0.0)
    error = run.failure(0.0)
    assert str(error).count(advice) == 1 if advice else error.advice == ""


def test_what_explains_itself_needs_no_advice():
    run = a_race(A)
    run.next(0.0)
    run.fail(A, errno.ECONNREFUSED, "call cluster.route()", 0.0, explained=True)
    assert run.failure(0.0).advice == ""


# -- the race, in any order ------------------------------------------------------------------------------------------


class AnyRace(RuleBasedStateMachine):
    """Time goes on, attempts fail, and the driver does as it is told."""

    @initialize(count=st.integers(1, 6), deadline=st.floats(0.0, 3.0))
    def begin(self, count, deadline):
        self.to = to(*(f"10.0.0.{n}" for n in range(count)))
        self.race = a_race(*self.to, deadline=deadline)
        self.deadline = deadline
        self.now = 0.0
        self.begun: list[tuple[Destination, float]] = []
        self.ended: dict[Destination, float] = {}

    @rule()
    def begin_what_is_due(self):
        while (at := self.race.next(self.now)) is not None:
            if self.begun:
                last, when = self.begun[-1]
                pending = [one for one, _ in self.begun if one not in self.ended]
                assert self.now >= when + ATTEMPT_DELAY or last in self.ended or not pending
            self.begun.append((at, self.now))
            assert self.now < self.deadline

    @precondition(lambda self: len(self.begun) > len(self.ended))
    @rule(data=st.data())
    def fail(self, data):
        at = data.draw(st.sampled_from([one for one, _ in self.begun if one not in self.ended]))
        self.ended[at] = self.now
        self.race.fail(at, errno.ECONNREFUSED, "connection refused", self.now)

    @rule()
    def wait(self):
        self.now = max(self.now, self.race.wakes)

    @rule(seconds=st.floats(0.0, 1.0))
    def be_held_up(self, seconds):
        self.now += seconds

    @invariant()
    def each_is_tried_in_order_and_once(self):
        assert [at for at, _ in self.begun] == self.to[: len(self.begun)]

    @invariant()
    def who_waits_as_told_comes_to_an_end(self):
        """While it goes on, something is due later, or an attempt is under way, and never beyond the deadline."""
        if not self.race.is_lost(self.now) and self.race.wakes > self.now:
            assert self.race.wakes <= self.deadline
            assert self.race.next(self.now) is None

    @invariant()
    def it_is_lost_only_when_there_is_nothing_left_to_hope_for(self):
        hopeless = len(self.ended) == len(self.to) or self.now >= self.deadline
        assert self.race.is_lost(self.now) == hopeless

    def teardown(self):
        if not hasattr(self, "race"):
            return
        error = self.race.failure(self.now)
        assert [attempt.address for attempt in error.attempts] == [str(at.address) for at, _ in self.begun]
        for attempt, (at, when) in zip(error.attempts, self.begun, strict=True):
            assert attempt.milliseconds == pytest.approx((self.ended.get(at, self.now) - when) * 1000)
        assert isinstance(error, ConnectTimeout) == (not self.ended)


TestAnyRace = AnyRace.TestCase
TestAnyRace.settings = settings(max_examples=2 * settings.default.max_examples, stateful_step_count=30)
