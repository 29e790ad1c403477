"""Records: equality by meaning, frozen values, and the choice among targets and addresses."""

import copy
import pickle
from collections import Counter
from ipaddress import ip_address
from itertools import accumulate, islice
from random import Random

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8sresolve import (
    Addresses,
    Answer,
    Candidate,
    Cname,
    Endpoint,
    EndpointName,
    Explanation,
    InvalidName,
    Port,
    PortName,
    PortsDiffer,
    Service,
    ServiceName,
    Stats,
    Target,
)
from k8sresolve.records import _by_weight
from tests.effort import cpu_seconds

V4, V4B, V6 = ip_address("10.96.20.1"), ip_address("10.96.20.2"), ip_address("fd00::20")
PAYMENTS = ServiceName("payments", "shop")
TARGET = Target("payments.shop.svc.cluster.local.", 80, 0, 100, (V4,))
PORT = Port("http", "tcp", PAYMENTS, (TARGET,), ttl=30, expires_at=100.0)
SERVICE = Service(PAYMENTS, (V4, V6), (PORT,), None, PAYMENTS.fqdn, 30, 100.0, ranks=(0, 1))
CANDIDATE = Candidate("payments.shop.", "as typed", questions=("A",), outcome="nxdomain", milliseconds=0.4)
RECORDS = [
    SERVICE,
    PORT,
    TARGET,
    Cname(("api.example.com.",), leaves_cluster=True),
    Endpoint(V4, 80, EndpointName("web-0", PAYMENTS), "web-0"),
    Addresses("payments", (V4,), candidate=PAYMENTS.fqdn, ttl=30, expires_at=100.0),
    Answer("payments", "TXT", ('"a"',), ttl=30),
    CANDIDATE,
    Explanation("payments", "kubernetes", (CANDIDATE,), "found", (V4,), 2),
    Stats(1, 2, 3, 4, 5),
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_records_are_frozen_values(record):
    for twin in (pickle.loads(pickle.dumps(record)), copy.copy(record), copy.deepcopy(record)):
        assert twin == record
        assert hash(twin) == hash(record)
        assert repr(twin) == repr(record)
    for field in attrs.fields(type(record)):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(record, field.name, None)
    with pytest.raises(AttributeError):
        record.something_else = 1
    assert not hasattr(record, "__dict__")


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_equality_is_by_meaning(record):
    unmeant = {"ttl": 7, "expires_at": 7.0, "candidate": "another.", "ranks": (3,), "age": 31.0}
    for field in attrs.fields(type(record)):
        if field.name in unmeant and field.default is not None:  # a candidate's age is meant
            other = attrs.evolve(record, **{field.name: unmeant[field.name]})
            assert other == record
            assert hash(other) == hash(record)
        else:
            assert attrs.evolve(record, **{field.name: "something else"}) != record


@pytest.mark.parametrize("record", [SERVICE, PORT, *RECORDS[4:7]], ids=lambda record: type(record).__name__)
@pytest.mark.behaviour("C13")
def test_what_is_stale_says_so_and_is_equal_to_what_is_not(record):
    other = attrs.evolve(record, age=31.0)
    assert (record.stale, other.stale, other == record) == (False, True, True)
    assert pickle.loads(pickle.dumps(other)).age == 31.0


def test_a_pickle_keeps_what_equality_passes_over():
    twin = pickle.loads(pickle.dumps(SERVICE))
    assert (twin.ttl, twin.expires_at, twin.candidate, twin.ranks) == (30, 100.0, PAYMENTS.fqdn, (0, 1))


# As text.

POD = EndpointName("web-0", PAYMENTS)
TOLD = [
    (SERVICE, "payments.shop.svc.cluster.local: 10.96.20.1, fd00::20; http/tcp 80"),
    (attrs.evolve(SERVICE, incomplete=True, ports=()), f"{PAYMENTS}: 10.96.20.1, fd00::20; incomplete"),
    (PORT, "payments.shop.svc.cluster.local: http/tcp 80"),
    (attrs.evolve(PORT, name=None, protocol=None), "payments.shop.svc.cluster.local: port 80"),
    (TARGET, "payments.shop.svc.cluster.local:80 (10.96.20.1)"),
    (Target("db.", 5432, 0, 1, ()), "db:5432 (no address)"),
    (Endpoint(V4, None, POD, "web-0"), "10.96.20.1 (web-0)"),
    (Endpoint(V6, 80, None, None), "[fd00::20]:80"),
    (Endpoint(V6, None, None, None), "fd00::20"),
    (
        Addresses("www", (V4,), Cname(("api.example.com.",), leaves_cluster=True)),
        "www: alias of api.example.com. (outside the cluster domain); 10.96.20.1",
    ),
    (Answer("payments", "TXT", ('"a"', '"b"'), truncated=True), 'payments TXT: "a", "b"; truncated'),
    (CANDIDATE, "payments.shop. nxdomain"),
    (Explanation("x", "go", (), "timeout", (), 1), "x: no usable answer (timeout); 1 question asked, policy go"),
    (Explanation("x", "musl", (), "nxdomain", (), 2), "x: no such name; 2 questions asked, policy musl"),
    (Stats(9, 6, 2, 4, 1), "questions: 9, 4 from the cache; sends: 6, 2 again; in flight: 1"),
]


@pytest.mark.parametrize(("record", "text"), TOLD)
def test_as_text_a_record_is_one_short_line(record, text):
    assert str(record) == text


def test_of_a_long_list_the_first_are_told_and_how_many_more_there_are():
    many = tuple(ip_address(f"10.0.0.{i}") for i in range(1, 21))
    assert str(Addresses("x", many)).endswith(
        ": 10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.5, 10.0.0.6 and 14 more"
    )
    assert str(Addresses("x", many[:6])).endswith("10.0.0.5, 10.0.0.6")


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_f11_as_text_no_record_is_more_than_a_line_whatever_dns_says(record):
    evil = "\n\x1b[2K\u202e"
    odd = {str: evil, tuple: (evil,)}
    fields = {
        f.name: odd.get(type(getattr(record, f.name)), getattr(record, f.name)) for f in attrs.fields(type(record))
    }
    fields |= {
        name: () for name in ("ports", "targets", "candidates", "addresses", "questions") if fields.get(name) == (evil,)
    }
    fields |= {"outcome": "found"} if isinstance(record, Explanation) else {}
    assert str(type(record)(**fields)).isprintable()


# A Service's ports.


def test_a_service_gives_the_port_that_was_asked_for():
    stats = attrs.evolve(PORT, name="stats", protocol="udp")
    found = attrs.evolve(SERVICE, ports=(PORT, stats))
    assert found.port("http") is found.port("HTTP/tcp") is found.port(PortName("http")) is PORT
    assert found.port("stats/udp") is found.port("_stats._udp") is stats


@pytest.mark.parametrize("port", ["stats", "http/udp", PortName("stats")])
def test_a_port_that_was_not_asked_for_is_an_invalid_name_that_says_which_were(port):
    told = r"this port was not looked up with Service payments\.shop\.svc\.cluster\.local; http/tcp was; list it"
    with pytest.raises(InvalidName, match=told):
        SERVICE.port(port)
    with pytest.raises(InvalidName, match="; none was; "):
        attrs.evolve(SERVICE, ports=()).port(port)


@pytest.mark.parametrize("port", ["", "a_b", 80, None, b"http"])
def test_what_is_no_port_name_no_service_has(port):
    with pytest.raises(InvalidName, match=r"port name|port number"):
        SERVICE.port(port)


# Port.


def headless(*numbers):
    targets = [Target(f"web-{i}.{PAYMENTS.fqdn}", number, 0, 50, (V4,)) for i, number in enumerate(numbers)]
    return Port("http", "tcp", PAYMENTS, tuple(targets))


def test_the_number_is_the_sole_one():
    assert PORT.number == 80
    assert headless(8080, 8080, 8080).number == 8080


def test_pods_that_disagree_have_no_number_and_the_error_lists_theirs():
    with pytest.raises(PortsDiffer) as caught:
        _ = headless(9000, 8080, 9000).number
    assert caught.value.name == PAYMENTS.host
    assert "'http': 8080, 9000" in str(caught.value)
    assert "select()" in str(caught.value)


def test_a_port_is_headless_where_its_targets_have_names_of_their_own():
    assert not PORT.headless
    assert headless(8080).headless


# RFC 2782.


def port_of(*targets):
    """Targets as (priority, weight), each with its index as its number and address."""
    made = [
        Target(f"t{i}.", i, priority, weight, (ip_address(f"10.0.0.{i}"),))
        for i, (priority, weight) in enumerate(targets)
    ]
    return Port("http", "tcp", PAYMENTS, tuple(made))


def numbers(port, rng):
    return [number for _, number in port.select(rng)]


def first_share(port, rounds=20_000, seed=2782):
    rng = Random(seed)
    counts = Counter(next(port.select(rng))[1] for _ in range(rounds))
    return {number: count / rounds for number, count in counts.items()}


@given(
    targets=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 65535)), min_size=1, max_size=8), seed=st.integers()
)
def test_each_target_comes_once_and_priorities_in_order(targets, seed):
    order = numbers(port_of(*targets), Random(seed))
    assert sorted(order) == list(range(len(targets)))
    priorities = [targets[number][0] for number in order]
    assert priorities == sorted(priorities)


@pytest.mark.parametrize("weights", [(1, 3), (10, 20, 70), (50, 50), (1, 1, 1, 1), (100, 100, 200)])
def test_the_first_choice_is_by_weight(weights):
    # RFC 2782 draws from 0 to the sum inclusive; 0 falls to the first in order, which is each of them equally often.
    share = first_share(port_of(*((0, weight) for weight in weights)))
    expected = {i: (weight + 1 / len(weights)) / (sum(weights) + 1) for i, weight in enumerate(weights)}
    assert share == {index: pytest.approx(chance, abs=0.012) for index, chance in expected.items()}


def test_the_second_choice_is_by_the_weights_that_are_left():
    rng = Random(7)
    port = port_of((0, 60), (0, 30), (0, 10))
    seconds = Counter(order[1] for order in (numbers(port, rng) for _ in range(20_000)) if order[0] == 0)
    assert seconds[1] / seconds.total() == pytest.approx(0.75, abs=0.03)


def test_weight_zero_has_a_very_small_chance_beside_others():
    share = first_share(port_of((0, 0), (0, 99)))
    # It is taken only if the draw from 0 to 99 is 0.
    assert share[0] == pytest.approx(0.01, abs=0.004)


def test_weight_zero_throughout_is_an_even_choice():
    share = first_share(port_of(*[(0, 0)] * 4))
    assert share == {index: pytest.approx(0.25, abs=0.015) for index in range(4)}


def test_a_lower_priority_is_reached_only_after_all_others():
    assert all(numbers(port_of((10, 0), (20, 65535)), Random(seed))[0] == 0 for seed in range(200))


def test_each_target_brings_all_its_addresses_with_its_own_port():
    targets = (Target("a.", 1, 0, 1, (V4, V4B, V6), ranks=(1, 1, 0)), Target("b.", 2, 1, 1, (V4,)))
    port = Port("http", "tcp", PAYMENTS, targets)
    for seed in range(20):
        tried = list(port.select(Random(seed)))
        assert tried[0] == (V6, 1)
        assert {*tried[1:3]} == {(V4, 1), (V4B, 1)}
        assert tried[3] == (V4, 2)


def test_the_same_chance_gives_the_same_order():
    port = port_of(*[(0, 10)] * 9)
    assert numbers(port, Random(3)) == numbers(port, Random(3)) != numbers(port, Random(4))


def as_the_rfc_says(targets, rng):
    """RFC 2782, "Weight", step by step: sum up what is left, draw a number, take the first that reaches it."""
    order = []
    for priority in sorted({target.priority for target in targets}):
        left = sorted((t for t in targets if t.priority == priority), key=lambda t: (t.weight > 0, rng.random()))
        while left:
            mark = rng.randint(0, sum(target.weight for target in left))
            sums = list(accumulate(target.weight for target in left))
            order.append(left.pop(next(at for at, total in enumerate(sums) if total >= mark)).port)
    return order


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3) | st.integers(0, 65535)), min_size=1, max_size=40),
    st.integers(0, 1000),
)
def test_the_order_is_that_of_the_rfc(targets, seed):
    port = port_of(*targets)
    assert [t.port for t in _by_weight(port.targets, Random(seed))] == as_the_rfc_says(port.targets, Random(seed))


def test_f7_sixteen_times_the_targets_are_not_256_times_the_work():
    def seconds(count):
        targets = tuple(Target(f"t{n}.", n, n % 3, n % 100, (V4,)) for n in range(count))
        port = Port("http", "tcp", PAYMENTS, targets)
        return min(cpu_seconds(lambda: [*port.select(Random(7))]) for _ in range(3))

    # A search in a tree makes it some 22 times, adding up what is left for each choice 256 times.
    assert seconds(16000) < 80 * seconds(1000)


def test_choice_is_lazy():
    assert len(list(islice(port_of(*[(0, 1)] * 9).select(), 2))) == 2


# Spreading.


@pytest.mark.parametrize("kind", [Service, Addresses])
def test_addresses_are_spread_evenly(kind):
    name = PAYMENTS if kind is Service else "payments"
    record = kind(name, tuple(ip_address(f"10.0.0.{i}") for i in range(4)))
    rng = Random(6724)
    firsts = Counter(next(record.spread(rng)) for _ in range(20_000))
    assert {address: count / 20_000 for address, count in firsts.items()} == {
        address: pytest.approx(0.25, abs=0.015) for address in record.addresses
    }


def test_the_better_class_comes_first():
    record = Addresses("x", (V4, V4B, V6), ranks=(1, 1, 0))
    orders = {tuple(record.spread(Random(seed))) for seed in range(50)}
    assert orders == {(V6, V4, V4B), (V6, V4B, V4)}


@given(addresses=st.sets(st.ip_addresses(), max_size=6), seed=st.integers())
def test_spreading_loses_nothing(addresses, seed):
    record = Addresses("x", tuple(addresses))
    assert sorted(record.spread(Random(seed)), key=str) == sorted(addresses, key=str)


def test_without_a_generator_of_ones_own_orders_differ():
    record = Addresses("x", tuple(ip_address(f"10.0.1.{i}") for i in range(100)))
    assert [*record.spread()] != [*record.spread()]
