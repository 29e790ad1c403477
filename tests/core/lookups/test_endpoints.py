"""The pods of a headless Service, by results that are known beforehand; by whole resolvers in `test_services.py`."""

from ipaddress import IPv4Address, IPv6Address

from k8sresolve._core.lookups.endpoints import endpoints
from k8sresolve._core.questions import Found, SrvData
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
