"""Seeds: first hosts for clients, read back by what reads them."""

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from k8sresolve import ConfigError, Endpoint, EndpointName, NoEndpoints, ServiceName
from k8sresolve.seeds import hostports, libpq
from k8sresolve.testing import Cluster
from tests.odd import ODD, Call

DB = ServiceName("db", "data")


def endpoint(address, port=5432, label=None):
    return Endpoint(ip_address(address), port, EndpointName(label, DB) if label else None, label)


ZERO, ONE = endpoint("10.1.2.3", label="db-0"), endpoint("fd00::7", 5433, "db-1")
BARE = endpoint("10.1.2.9")

ports = st.integers(0, 65535)
named = st.builds(
    lambda address, port, number: Endpoint(address, port, EndpointName(f"db-{number}", DB), f"db-{number}"),
    st.ip_addresses(),
    ports,
    st.integers(0, 9),
)
unnamed = st.builds(lambda address, port: Endpoint(address, port, None, None), st.ip_addresses(), ports)
some = st.lists(named | unnamed, min_size=1, max_size=5)


def test_hostports_are_address_and_port():
    assert hostports((ZERO, ONE, BARE)) == ["10.1.2.3:5432", "[fd00::7]:5433", "10.1.2.9:5432"]


def test_by_name_they_are_the_pods_names_without_the_dot():
    assert hostports((ZERO, ONE), names=True) == [
        "db-0.db.data.svc.cluster.local:5432",
        "db-1.db.data.svc.cluster.local:5433",
    ]


def test_a_pod_with_addresses_of_both_families_is_one_host_by_name():
    both = (ZERO, ONE, endpoint("fd00::3", label="db-0"))
    assert hostports(both, names=True) == hostports((ZERO, ONE), names=True)
    assert len(hostports(both)) == len(libpq(both)["host"].split(",")) == 3


@given(some)
def test_what_reads_urls_reads_each_hostport(endpoints):
    for one, hostport in zip(endpoints, hostports(endpoints), strict=True):
        read = urlsplit(f"//{hostport}")
        assert (ip_address(read.hostname), read.port) == (one.address, one.port)


def test_they_are_what_endpoints_returns_in_its_order():
    with Cluster.from_manifests("docs/examples/shop.yaml").resolver() as resolver:
        cassandra = resolver.endpoints("cassandra.data", "cql")
    assert hostports(cassandra) == ["10.244.1.21:9042", "10.244.2.21:9042", "10.244.3.21:9042"]
    assert hostports(iter(cassandra[:1]), names=True) == ["cassandra-0.cassandra.data.svc.cluster.local:9042"]


# libpq: what its own parser reads, and what psycopg makes of it.


def attempts(params) -> list[dict[str, str]]:
    """The single attempts that psycopg's asynchronous connections make."""
    from psycopg._conninfo_utils import split_attempts

    return split_attempts(params)


@given(some)
def test_libpq_s_parser_reads_back_each_endpoint(endpoints):
    read = conninfo_to_dict(make_conninfo("dbname=orders", **libpq(endpoints)))
    tried = attempts(read)
    assert [(ip_address(one["hostaddr"]), int(one["port"])) for one in tried] == [
        (one.address, one.port) for one in endpoints
    ]
    assert [one["host"] for one in tried] == [
        one.name.host if one.name is not None else str(one.address) for one in endpoints
    ]
    assert {one["dbname"] for one in tried} == {"orders"}


@given(some)
def test_the_three_lists_are_of_one_length(endpoints):
    assert {len(value.split(",")) for value in libpq(endpoints).values()} == {len(endpoints)}


def test_libpq_itself_tries_each_address_and_looks_no_name_up(closed_ports):
    """No server listens: libpq says what it tried, and names that no resolver here knows are none of it."""
    endpoints = [endpoint("127.0.0.1", port, f"db-{number}") for number, port in enumerate(closed_ports)]
    with pytest.raises(psycopg.OperationalError) as caught:
        psycopg.connect(**libpq(endpoints), user="nobody", dbname="orders", connect_timeout=10)
    for one in endpoints:
        assert f'"127.0.0.1", port {one.port} failed: Connection refused' in str(caught.value)


@pytest.fixture
def closed_ports() -> Iterator[list[int]]:
    """Two ports on loopback that are held and not listened on."""
    import socket

    held = [socket.socket() for _ in range(2)]
    try:
        for sock in held:
            sock.bind(("127.0.0.1", 0))
        yield [sock.getsockname()[1] for sock in held]
    finally:
        for sock in held:
            sock.close()


# What cannot be written.


@pytest.mark.parametrize("write", [hostports, libpq])
def test_of_none_there_is_no_first_host(write):
    """libpq, for one, takes an empty list for a socket on this machine."""
    assert conninfo_to_dict("host='' hostaddr='' port=''")
    with pytest.raises(NoEndpoints, match="there is no endpoint; wait until one is ready"):
        write(())


@pytest.mark.parametrize("write", [hostports, libpq, lambda endpoints: hostports(endpoints, names=True)])
def test_an_endpoint_without_a_port_says_where_to_give_one(write):
    with pytest.raises(ConfigError, match=r"endpoint 10\.1\.2\.3 has no port.*endpoints\(name, port=") as caught:
        write([ZERO, endpoint("10.1.2.3", None, "db-0")])
    assert "watch(name, port=" in caught.value.advice


def test_an_endpoint_without_a_name_cannot_be_written_by_it():
    assert hostports([BARE]) == ["10.1.2.9:5432"]
    with pytest.raises(ConfigError, match=r"endpoint 10\.1\.2\.9 has no name in DNS of its own"):
        hostports([ZERO, BARE], names=True)


@pytest.mark.parametrize("write", [hostports, libpq])
def test_f12_odd_arguments_come_to_a_typed_error_or_to_the_user_s_own(write):
    call = Call(write.__name__, write, {"endpoints": [ZERO]})
    for value in ODD:
        assert call.given("endpoints", value) is not None
        if write is hostports:
            call.given("names", value)
    assert "5 is no list of endpoints" in str(call.given("endpoints", 5))
    assert "5 is no Endpoint" in str(call.given("endpoints", [ZERO, 5]))
