"""Requests over endpoints, without a client: whom to try next, for how long, what is sent again, what is dropped."""

import errno
from ipaddress import ip_address

import pytest

from k8sresolve import ConnectFailed, ConnectTimeout, NoEndpoints
from k8sresolve.contrib import _connecting
from k8sresolve.contrib._balancing import REPEATABLE, Kept, Tries, settle
from tests.core.balancing import Time, Watch, available, balancer_of, endpoints, in_flight, number_of

REFUSED = ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
ENDED = ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")


@pytest.fixture(autouse=True)
def time(monkeypatch):
    """The clock of attempts, which goes as it is told."""
    time = Time()
    monkeypatch.setattr(_connecting, "monotonic", time)
    return time


def tries_of(timeout=5.0, *, repeats=True, broken=None):
    return Tries("web.shop", 8080, timeout, repeats=repeats, broken=broken)


def to(aim):
    return int(ip_address(aim.to.address)) & 0xFF


# -- whom to try -------------------------------------------------------------------------------------------------------


def test_the_methods_that_may_be_sent_twice_are_the_idempotent_ones():
    # RFC 9110, section 9.2.2, without TRACE.
    assert {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"} == REPEATABLE


def test_each_other_endpoint_is_tried_once_in_the_balancers_order():
    balancer, _ = balancer_of(Watch(1, 2, 3, 4))
    tries, seen = tries_of(), []
    for _ in range(4):
        aim = tries.aim(balancer, 4)
        seen.append(to(aim))
        assert aim.to.port == 8080
        tries.unreached(aim, REFUSED)
    assert seen == [(seen[0] - 1 + turn) % 4 + 1 for turn in range(4)]
    with pytest.raises(ConnectFailed) as caught:
        tries.aim(balancer, 4)
    assert [int(ip_address(attempt.address)) & 0xFF for attempt in caught.value.attempts] == seen
    assert caught.value.errno == errno.ECONNREFUSED
    assert str(caught.value).startswith("web.shop: no connection to port 8080; tried 10.0.0.")


@pytest.mark.parametrize("policy", ["p2c", "round_robin"])
def test_whom_others_are_busy_with_is_tried_all_the_same(policy):
    balancer, _ = balancer_of(Watch(1, 2), policy)
    busy = [balancer.pick(avoid=endpoints(1)) for _ in range(50)]
    tries = tries_of()
    tries.unreached(tries.aim(balancer, 2), REFUSED)
    tries.unreached(tries.aim(balancer, 2), REFUSED)
    with pytest.raises(ConnectFailed):
        tries.aim(balancer, 2)
    assert in_flight(balancer) == {1: 0, 2: len(busy)}


def test_one_that_is_there_by_then_is_tried():
    watch = Watch(1)
    balancer, _ = balancer_of(watch)
    tries = tries_of()
    tries.unreached(tries.aim(balancer, 1), REFUSED)
    watch.current = endpoints(1, 2)
    assert to(tries.aim(balancer, 2)) == 2


def test_without_any_endpoint_it_says_so():
    balancer, _ = balancer_of(Watch())
    with pytest.raises(NoEndpoints, match=r"web\.shop: there is no endpoint to choose"):
        tries_of().aim(balancer, 0)


# -- for how long ------------------------------------------------------------------------------------------------------


def test_each_may_take_its_share_of_what_is_left(time):
    balancer, _ = balancer_of(Watch(1, 2, 3))
    tries = tries_of(6.0)
    aim = tries.aim(balancer, 3)
    assert aim.seconds == pytest.approx(2.0)
    time.now += 2.0
    tries.unreached(aim, TimeoutError())
    aim = tries.aim(balancer, 3)
    assert aim.seconds == pytest.approx(2.0)
    tries.unreached(aim, REFUSED)
    assert tries.aim(balancer, 3).seconds == pytest.approx(4.0)


def test_the_share_of_many_is_250_milliseconds_so_that_live_ones_can_answer(time):
    balancer, _ = balancer_of(Watch(*range(1, 129)))
    tries = tries_of(1.0)
    for _ in range(4):
        aim = tries.aim(balancer, 128)
        assert aim.seconds == pytest.approx(0.25)
        time.now += 0.25
        tries.unreached(aim, TimeoutError())
    with pytest.raises(
        ConnectTimeout, match=r"no time was left for 124 of its addresses; tried .*no answer in 250.0 ms"
    ):
        tries.aim(balancer, 128)


def test_without_a_timeout_each_takes_as_long_as_it_takes():
    balancer, _ = balancer_of(Watch(1, 2))
    tries = tries_of(None)
    assert tries.left() is None
    assert tries.aim(balancer, 2).seconds is None


# -- what is sent again ------------------------------------------------------------------------------------------------


def test_it_is_sent_again_once_and_elsewhere():
    balancer, _ = balancer_of(Watch(1, 2))
    tries = tries_of()
    first = tries.aim(balancer, 2)
    assert tries.broken(first, ENDED)
    second = tries.aim(balancer, 2)
    assert to(second) != to(first)
    assert not tries.broken(second, ENDED)


def test_it_is_sent_again_to_the_same_where_there_is_no_other():
    balancer, _ = balancer_of(Watch(1))
    tries = tries_of()
    assert tries.broken(tries.aim(balancer, 1), ENDED)
    assert to(tries.aim(balancer, 1)) == 1


def test_it_is_sent_again_to_the_same_where_no_other_can_be_reached():
    balancer, _ = balancer_of(Watch(1, 2))
    tries = tries_of()
    first = tries.aim(balancer, 2)
    tries.broken(first, ENDED)
    tries.unreached(tries.aim(balancer, 2), REFUSED)
    assert to(tries.aim(balancer, 2)) == to(first)


def test_what_may_not_be_sent_twice_is_not():
    balancer, _ = balancer_of(Watch(1, 2))
    tries = tries_of(repeats=False)
    assert not tries.broken(tries.aim(balancer, 2), ENDED)


def test_one_that_the_client_sends_again_goes_elsewhere():
    balancer, _ = balancer_of(Watch(1, 2), "p2c")
    [broken] = endpoints(1)
    assert {to(tries_of(broken=broken).aim(balancer, 2)) for _ in range(20)} == {2}


# -- what the balancer is told -----------------------------------------------------------------------------------------


def test_who_cannot_be_reached_or_ends_a_connection_has_failed():
    watch = Watch(1, 2, 3)
    balancer, _ = balancer_of(watch)
    for _ in range(5):
        tries = tries_of()
        tries.unreached(tries.aim(balancer, 3), REFUSED)
        tries.broken(tries.aim(balancer, 3), ENDED)
        settle(tries.aim(balancer, 3).picked, went_well=True)
    assert in_flight(balancer) == {1: 0, 2: 0, 3: 0}
    assert len(watch.told) == 20  # of 10 failures, each a suspicion and a hint
    assert len(available(balancer)) == 2  # one of three is ejected at most


def test_a_request_is_in_flight_until_it_is_settled():
    balancer, _ = balancer_of(Watch(1))
    for went_well in (True, False, None):
        picked = balancer.pick()
        assert in_flight(balancer) == {1: 1}
        settle(picked, went_well=went_well)
        assert in_flight(balancer) == {1: 0}


@pytest.mark.parametrize(("went_well", "told"), [(True, []), (None, []), (False, [1, "ask"])])
def test_what_is_told_of_the_endpoint(went_well, told):
    watch = Watch(1)
    balancer, _ = balancer_of(watch)
    settle(balancer.pick(), went_well=went_well)
    assert watch.told == told


def test_one_that_was_cancelled_leaves_failures_as_they_are():
    balancer, _ = balancer_of(Watch(1, 2))
    for _ in range(4):
        settle(balancer.pick(avoid=endpoints(2)), went_well=False)
    settle(balancer.pick(avoid=endpoints(2)), went_well=None)
    settle(balancer.pick(avoid=endpoints(2)), went_well=False)
    assert available(balancer) == {2}


# -- what is kept of endpoints -----------------------------------------------------------------------------------------


def test_what_is_kept_is_one_for_each_endpoint():
    kept = Kept(list)
    one, two = endpoints(1, 2)
    kept.of(one).append("connection")
    assert kept.of(one) == ["connection"]
    assert kept.of(two) == []


def test_what_is_of_an_endpoint_that_left_is_told_once_and_kept_no_more():
    kept = Kept(list)
    for endpoint in endpoints(1, 2, 3):
        kept.of(endpoint).append(number_of(endpoint))
    assert kept.departed(endpoints(1, 2, 3)) == []
    current = endpoints(2)
    assert sorted(kept.departed(current)) == [[1], [3]]
    assert list(kept.departed(current)) == []
    assert kept.of(endpoints(1)[0]) == []
    assert kept.of(endpoints(2)[0]) == [2]


def test_what_was_taken_as_the_endpoint_left_is_told_at_the_next_change():
    kept = Kept(list)
    current = endpoints(1)
    assert list(kept.departed(current)) == []
    kept.of(endpoints(2)[0]).append("late")
    assert list(kept.departed(endpoints(1))) == [["late"]]


def test_at_the_end_all_is_given_back():
    kept = Kept(list)
    kept.of(endpoints(1)[0])
    assert len(kept.all()) == 1
    assert len(kept.all()) == 0
