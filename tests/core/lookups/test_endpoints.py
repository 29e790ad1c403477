"""The pods of a headless Service, by results that are known beforehand; by whole resolvers in `test_services.py`."""

from ipaddress import IPv4Address, IPv6Address

import pytest

from k8sresolve._core.lookups.endpoints import endpoints
from k8sresolve._core.questions import Empty, Found, SrvData
from k8sresolve.errors import BadResponse
from tests.core.lookups.driving import drive, setting

SERVICE = "cassandra.data.svc.cluster.local."
ASKED = f"_cql._tcp.{SERVICE} SRV"


def pods(*records):
    """An SRV answer with glue: (label, address, port) each."""
    data = tuple(SrvData(0, 50, port, f"{label}.{SERVICE}") for label, _, port in records)
    glue = {}
    for label, address, _ in records:
        glue.setdefault(f"{label}.{SERVICE}", []).append(address)
    return {ASKED: Found(data, 30, 130.0, glue={name: tuple(dict.fromkeys(a)) for name, a in glue.items()})}


def found(*records, family="ipv4"):
    got, rounds = drive(endpoints(setting(family=family), "cassandra.data", "cql", "tcp"), pods(*records))
    assert rounds == [[ASKED]]
    return [(str(endpoint.address), endpoint.port, endpoint.hostname) for endpoint in got]


def test_they_stand_by_address_as_a_number_then_by_port_as_a_number():
    one, ten, two = IPv4Address("10.244.1.2"), IPv4Address("10.244.1.10"), IPv4Address("10.244.2.1")
    assert found(("b", ten, 9042), ("c", two, 7), ("a", one, 10000), ("d", one, 9042)) == [
        ("10.244.1.2", 9042, "d"),
        ("10.244.1.2", 10000, "a"),
        ("10.244.1.10", 9042, "b"),
        ("10.244.2.1", 7, "c"),
    ]


def test_ipv4_stands_before_ipv6():
    small, large = IPv6Address("::7"), IPv4Address("10.244.1.2")
    assert [a for a, _, _ in found(("a", small, 1), ("b", large, 1), family="both")] == ["10.244.1.2", "::7"]


def test_a_pod_that_is_listed_twice_is_one_endpoint():
    pod = IPv4Address("10.244.1.2")
    answer = pods(("a", pod, 9042))
    (srv,) = answer.values()
    answer[ASKED] = Found((*srv.data, srv.data[0]._replace(weight=7, priority=2)), 30, 130.0, glue=srv.glue)
    got, _ = drive(endpoints(setting(), "cassandra.data", "cql", "tcp"), answer)
    assert [str(endpoint.name) for endpoint in got] == ["a.cassandra.data.svc.cluster.local"]


@pytest.mark.parametrize("family", ["ipv4", "ipv6", "both"])
def test_an_ipv6_address_with_the_number_of_an_ipv4_one_is_another(family):
    four, six = IPv4Address("10.244.1.2"), IPv6Address("::10.244.1.2")
    answers = {
        f"{SERVICE} A": Found((four,), 30, 130.0),
        f"{SERVICE} AAAA": Found((six,), 30, 130.0),
        f"{SERVICE} SRV": Found((SrvData(0, 50, 9042, f"a.{SERVICE}"),), 30, 130.0, glue={f"a.{SERVICE}": (four, six)}),
    }
    got, _ = drive(endpoints(setting(family=family), "cassandra.data", None, "tcp"), answers)
    assert [endpoint.address for endpoint in got] == {"ipv4": [four], "ipv6": [six], "both": [four, six]}[family]


@pytest.mark.parametrize(
    ("target", "name"),
    [
        (f"A.{SERVICE}", "a.cassandra.data.svc.cluster.local"),
        (f"a_b.{SERVICE}", None),
        (f"a.b.{SERVICE}", None),
        ("pod.other.data.svc.cluster.local.", "pod.other.data.svc.cluster.local"),
        ("www.example.com.", None),
    ],
)
def test_a_target_is_named_as_an_endpoint_if_it_is_one(target, name):
    answers = {
        ASKED: Found((SrvData(0, 50, 9042, target),), 30, 130.0),
        f"{target.lower()} A": Found((OWN,), 30, 130.0),
    }
    (endpoint,), _ = drive(endpoints(setting(), "cassandra.data", "cql", "tcp"), answers)
    assert (endpoint.name and endpoint.name.host, endpoint.hostname) == (name, name and name.partition(".")[0])


def test_a_target_two_labels_below_its_service_is_no_endpoint_of_another_one():
    # By its text alone it would be endpoint `a` of Service `b` in namespace `db`, under the domain `svc.cluster.local`.
    service, asked = "db.svc.svc.cluster.local.", "_sql._tcp.db.svc.svc.cluster.local. SRV"
    answers = {
        asked: Found((SrvData(0, 50, 5432, f"a.b.{service}"),), 30, 130.0),
        f"a.b.{service} A": Found((OWN,), 30, 130.0),
    }
    (endpoint,), _ = drive(endpoints(setting(), "db.svc", "sql", "tcp"), answers)
    assert (endpoint.name, endpoint.hostname) == (None, None)


# Glue counts for names under the cluster domain alone (F21, threat 17).

OWN, GLUE = IPv4Address("192.0.2.80"), IPv4Address("6.6.6.6")


@pytest.mark.parametrize("target", ["bank.example.com.", "xcluster.local.", "cluster.local.example.com."])
def test_f21_a_target_elsewhere_is_asked_for_whatever_the_glue_says(target):
    srv = Found((SrvData(0, 1, 443, target),), 30, 130.0, glue={target: (GLUE,)})
    answers = {ASKED: srv, f"{target} A": Found((OWN,), 30, 130.0)}
    got, rounds = drive(endpoints(setting(), "cassandra.data", "cql", "tcp"), answers)
    assert [endpoint.address for endpoint in got] == [OWN]
    assert rounds == [[ASKED], [f"{target} A"]]


@pytest.mark.parametrize("target", [f"pod.{SERVICE}", "Other.Shop.Svc.Cluster.LOCAL.", "x.cluster.local."])
def test_f21_glue_of_a_target_under_the_cluster_domain_saves_a_question(target):
    srv = Found((SrvData(0, 1, 443, target),), 30, 130.0, glue={target.lower(): (GLUE,), "bank.example.com.": (OWN,)})
    got, rounds = drive(endpoints(setting(), "cassandra.data", "cql", "tcp"), {ASKED: srv})
    assert [endpoint.address for endpoint in got] == [GLUE]
    assert rounds == [[ASKED]]


def test_f21_the_cluster_domain_is_that_of_the_service_asked_for():
    asked = ASKED.replace("cluster.local", "clusterset.local")
    target = f"pod.{SERVICE}".replace("cluster.local", "clusterset.local")
    srv = Found((SrvData(0, 1, 443, target),), 30, 130.0, glue={target: (GLUE,)})
    got, rounds = drive(endpoints(setting(), "cassandra.data.svc.clusterset.local", "cql", "tcp"), {asked: srv})
    assert [endpoint.address for endpoint in got] == [GLUE]
    assert rounds == [[asked]]


# Too many: a lookup follows a bounded number of names, and what it can not list whole it does not list (F7).


def targets(count):
    """An SRV answer without glue, and an address for each of its targets."""
    names = [f"pod-{number:04}.{SERVICE}" for number in range(count)]
    answers = {f"{name} A": Found((IPv4Address(0x0AF40000 + at),), 30, 130.0) for at, name in enumerate(names)}
    return {ASKED: Found(tuple(SrvData(0, 50, 9042, name) for name in names), 30, 130.0), **answers}


def test_f7_1024_targets_without_an_address_are_listed():
    got, _ = drive(endpoints(setting(), "cassandra.data", "cql", "tcp"), targets(1024))
    assert len(got) == 1024


def test_f7_one_more_is_an_error_that_says_how_many_there_are_and_how_many_are_followed():
    with pytest.raises(BadResponse, match=r"1,025 targets without an address, and 1,024 of these") as raised:
        drive(endpoints(setting(), "cassandra.data", "cql", "tcp"), targets(1025))
    assert "EndpointSlices" in raised.value.advice


@pytest.mark.parametrize("count", [1024, 1025])
def test_f7_so_it_is_with_addresses_without_a_name(count):
    addresses = [IPv4Address(0x0AF40000 + at) for at in range(count)]
    answers = {f"{SERVICE} A": Found(tuple(addresses), 30, 130.0), f"{SERVICE} SRV": Empty(130.0)}
    lookup = endpoints(setting(), "cassandra.data", None, "tcp")
    if count > 1024:
        with pytest.raises(BadResponse, match=r"1,025 addresses without a name, and 1,024 of these"):
            drive(lookup, answers)
    else:
        assert len(drive(lookup, answers)[0]) == count


def test_f7_without_a_port_too_a_list_that_lacks_a_target_is_none():
    answers = {question.replace("_cql._tcp.", ""): answer for question, answer in targets(1025).items()}
    with pytest.raises(BadResponse, match=r"1,025 targets"):
        drive(endpoints(setting(), "cassandra.data", None, "tcp"), answers)
