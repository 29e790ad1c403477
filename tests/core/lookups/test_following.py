"""Following up what an answer leads to: so many names at most, in rounds, and work that grows as answers do (F7)."""

import struct
from ipaddress import IPv4Address

import pytest

from k8sresolve import Resolver
from k8sresolve._core.lookups import endpoints, services
from k8sresolve._core.lookups.following import follow
from k8sresolve._core.lookups.trail import Trail
from k8sresolve._core.questions import AAAA, PTR, SRV, A, Failed, Found, SrvData
from k8sresolve._facade import Options
from k8sresolve.errors import BadResponse
from k8sresolve.testing import Cluster
from k8sresolve.testing.network.parcels import Arrival
from k8sresolve.testing.programs.resolvers import OfflineResolver, Place
from tests.core.lookups.driving import POD, drive, setting
from tests.effort import calls_of

SERVICE = "db.shop.svc.cluster.local."
FOUND = Found((IPv4Address("10.244.0.1"),), 30, 130.0)


def names(count):
    return [f"n{number}.example." for number in range(count)]


def followed(trail, asked, rdtypes=(A,)):
    return drive(follow(trail, asked, rdtypes), {f"{name} A": FOUND for name in asked})


def test_names_are_asked_in_rounds_that_fit_the_cap_of_questions_in_flight():
    got, rounds = followed(Trail("db", setting()), names(300))
    assert list(got) == names(300)
    assert all(answers == (FOUND,) for answers in got.values())
    assert [len(round_) for round_ in rounds] == [128, 128, 44]
    _, rounds = followed(Trail("db", setting()), names(100), (A, AAAA))
    assert [len(round_) for round_ in rounds] == [128, 72]
    assert rounds[0][:3] == ["n0.example. A", "n0.example. AAAA", "n1.example. A"]


def test_at_most_1024_are_followed_in_one_lookup_the_first_ones_first():
    trail = Trail("db", setting())
    got, rounds = followed(trail, names(1500))
    assert list(got) == names(1024)
    assert sum(map(len, rounds)) == 1024
    assert followed(trail, ["another.example."]) == ({}, [])


def test_a_name_that_was_followed_is_not_asked_again_and_counts_once():
    trail = Trail("db", setting())
    followed(trail, names(1024))
    got, rounds = followed(trail, names(1024))
    assert (len(got), rounds) == (1024, [])


def test_nothing_to_follow_asks_nothing():
    assert followed(Trail("db", setting()), []) == ({}, [])


def test_what_is_there_suffices_after_a_second_once_each_name_has_an_address():
    round_ = next(follow(Trail("db", setting()), names(3), (A, AAAA)))
    lost = Failed("timeout")
    # Answers come one after another, in any order, and none is taken back.
    assert not round_.usable((None,) * 6)
    assert not round_.usable((None, None, None, None, FOUND, lost))
    assert not round_.usable((FOUND, None, lost, None, FOUND, lost))
    assert round_.usable((FOUND, None, lost, FOUND, FOUND, lost))


# Work is linear in the size of an answer.


def srv(count):
    return Found(tuple(SrvData(n % 7, n, 1 + n, f"n{n}.{SERVICE}") for n in range(count)), 30, 130.0)


def offered(count, call=services.port, *arguments):
    owner = f"_http._tcp.{SERVICE}" if arguments else SERVICE
    answers = {f"{name} A": FOUND for name in (f"n{n}.{SERVICE}" for n in range(count))}
    return drive(call(setting(), "db", *arguments), {f"{owner} SRV": srv(count), f"{SERVICE} A": FOUND, **answers})[0]


def test_f7_four_times_the_targets_are_four_times_the_work():
    for call, *arguments in ((services.port, "http"), (services.ports,)):
        small = calls_of(lambda call=call, arguments=arguments: offered(1000, call, *arguments))
        large = calls_of(lambda call=call, arguments=arguments: offered(4000, call, *arguments))
        assert large < 4.5 * small


def test_f7_beyond_1024_targets_a_port_is_incomplete_and_has_them_all():
    port = offered(4000, services.port, "http")
    assert port.incomplete
    assert len(port.targets) == 4000
    assert sum(bool(target.addresses) for target in port.targets) == 1024
    # Those that are tried first are followed first.
    assert {t.priority for t in port.targets if t.addresses} == {0, 1}
    assert not offered(1024, services.port, "http").incomplete
    assert all(port.incomplete for port in offered(1025, services.ports))


# And with the whole engine below it.


class Network:
    """A nameserver that knows as many targets, or addresses, as it is told to: a packet for each question."""

    def __init__(self, count):
        self.count = count
        self.asked = 0

    def exchange(self, send, message):
        self.asked += 1
        end = message.index(b"\0", 12) + 5
        question, rdtype = message[12:end], int.from_bytes(message[end - 4 : end - 2])
        records = list(self.records(rdtype, question))
        header = message[:2] + struct.pack("!HHHHH", 0x8580, 1, len(records), 0, 0)
        if len(records) > 1 and send.transport == "udp":
            return [Arrival(0.02, message[:2] + b"\x87\x80\0\1\0\0\0\0\0\0" + question)]
        return [Arrival(0.02, header + question + b"".join(records))]

    def records(self, rdtype, question):
        match rdtype:
            case 33:  # each target is a label of three octets at most before the question's name
                for n in range(self.count):
                    label = b"%x" % n
                    target = bytes([len(label)]) + label + b"\xc0\x0c"
                    yield record(SRV, struct.pack("!HHH", 0, 1, 80) + target)
            case 1:
                whole = question.startswith(b"\2db")
                for n in range(self.count if whole else 1):
                    yield record(A, (0x0AF40000 + n).to_bytes(4))
            case 12:
                yield record(PTR, b"\1p\2db\4shop\3svc\7cluster\5local\0")


def record(rdtype, data):
    return b"\xc0\x0c" + struct.pack("!HHIH", rdtype, 1, 30, len(data)) + data


def resolver(network, **options):
    cluster = Cluster.from_objects(())
    return OfflineResolver(Place(POD, network, frozenset({4})), cluster.clock, Options(family="ipv4", **options))


@pytest.fixture
def asking():
    made = []

    def make(count, **options) -> tuple[Network, Resolver]:
        network = Network(count)
        made.append(resolver(network, **options))
        return network, made[-1]

    yield make
    for each in made:
        each.close()


def test_f7_2500_targets_without_glue_are_followed_up_within_a_second(asking):
    network, resolver = asking(2500)
    port = resolver.port("db", "http", timeout=1)
    assert (len(port.targets), port.incomplete) == (2500, True)
    assert network.asked == 2 + 1024
    with pytest.raises(BadResponse, match="2,500 targets without an address, and 1,024 of these"):
        resolver.endpoints("db", "http", timeout=1)


def test_f7_4000_addresses_without_a_name_are_an_error_that_says_so(asking):
    network, resolver = asking(4000)
    network.records = lambda rdtype, question, records=network.records: (
        () if rdtype == SRV else records(rdtype, question)
    )
    with pytest.raises(BadResponse, match="4,000 addresses without a name, and 1,024 of these"):
        resolver.endpoints("db", timeout=1)


def test_f7_with_the_engine_too_four_times_the_targets_are_four_times_the_work(asking):
    def work(count):
        _, resolver = asking(count)
        return calls_of(lambda: resolver.port("db", "http"))

    work(10)  # what is imported late
    assert work(1000) < 4.5 * work(250)


def test_f7_endpoints_share_the_bound_with_what_their_targets_took():
    answers = {
        f"{SERVICE} SRV": srv(1000),
        f"{SERVICE} A": Found(tuple(IPv4Address(0x0AF40000 + n) for n in range(2000)), 30, 130.0),
        **{f"n{n}.{SERVICE} A": Found((IPv4Address(0x0AF40000 + n),), 30, 130.0) for n in range(1000)},
    }
    with pytest.raises(BadResponse, match="1,000 addresses without a name, and 24 of these"):
        drive(endpoints.endpoints(setting(), "db", None, "tcp"), answers)
