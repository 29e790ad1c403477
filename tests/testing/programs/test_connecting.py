"""`create_connection` in the offline cluster: it goes where routes lead, and virtual time does not."""

import asyncio
import errno
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trio

from k8sresolve import ConfigError, ConnectFailed, NoData, NoSuchName, ServiceName
from k8sresolve.testing import Cluster

SHOP = Path(__file__).parents[3] / "docs/examples/shop.yaml"


@pytest.fixture
def cluster() -> Cluster:
    return Cluster.from_manifests(SHOP)


@pytest.fixture
def servers() -> Iterator[list[socket.socket]]:
    opened = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
    yield opened
    for server in opened:
        server.close()


def _connect(cluster: Cluster, *what: Any) -> Any:
    with cluster.resolver(namespace="shop", family="both") as resolver, resolver.create_connection(*what) as sock:
        return sock.getpeername()


def _connect_in_asyncio(cluster: Cluster, *what: Any) -> Any:
    async def main() -> Any:
        async with cluster.async_resolver(namespace="shop", family="both") as resolver:
            with await resolver.create_connection(*what) as sock:
                return sock.getpeername()

    return asyncio.run(main())


def _connect_in_trio(cluster: Cluster, *what: Any) -> Any:
    async def main() -> Any:
        async with cluster.async_resolver(namespace="shop", family="both") as resolver:
            stream = await resolver.create_connection(*what)
            async with stream:
                return stream.socket.getpeername()

    return trio.run(main)


each_way = pytest.mark.parametrize(
    "connect", [_connect, _connect_in_asyncio, _connect_in_trio], ids=["blocking", "asyncio", "trio"]
)


@each_way
@pytest.mark.parametrize(
    ("name", "port"),
    [
        ("payments", "http"),
        ("payments.shop", 80),
        (ServiceName("payments", "shop"), "http"),
        (ServiceName("payments", "shop"), 80),
        ("payments.shop.svc.cluster.local.", 80),
        ("10.96.20.1", 80),
    ],
)
def test_a_service_with_a_cluster_ip_is_reached_by_its_route(cluster, servers, connect, name, port):
    cluster.route("payments.shop", "http", to=servers[0].getsockname())
    assert connect(cluster, name, port) == servers[0].getsockname()


@each_way
def test_of_a_headless_service_the_pod_that_has_a_route_is_found(cluster, servers, connect):
    cluster.route("cassandra-1.cassandra.data.svc.cluster.local", "cql", to=servers[1].getsockname())
    assert connect(cluster, "cassandra.data", "cql") == servers[1].getsockname()
    assert connect(cluster, "cassandra.data", 9042) == servers[1].getsockname()


@each_way
def test_of_two_families_the_one_that_has_a_listener_is_found(cluster, servers, connect):
    cluster.route("web.shop", "https", to=servers[2].getsockname())
    assert connect(cluster, "web", 443) == servers[2].getsockname()


@each_way
def test_where_no_route_leads_each_address_says_which_is_missing(cluster, connect):
    start = cluster.clock.monotonic()
    with pytest.raises(ConnectFailed) as caught:
        connect(cluster, "payments", "http")
    error = caught.value
    assert error.errno == errno.ECONNREFUSED
    (attempt,) = error.attempts
    assert (attempt.address, attempt.port, attempt.errno) == ("10.96.20.1", 80, errno.ECONNREFUSED)
    assert attempt.outcome == (
        "is port http of payments.shop, where no route leads: "
        "call cluster.route('payments.shop', 'http', to=('127.0.0.1', PORT))"
    )
    assert str(error).startswith(f"payments: no connection to port 'http'; tried 10.96.20.1:80 ({attempt.outcome} in ")
    assert error.advice == ""
    lookup = cluster.clock.monotonic() - start
    with pytest.raises(ConnectFailed):
        connect(cluster, "10.96.20.1", 80)
    assert cluster.clock.monotonic() - start == lookup


@each_way
def test_each_pod_without_a_route_is_told(cluster, connect):
    with pytest.raises(ConnectFailed, match=r"no connection to port 'cql'; tried 10\.244\.") as caught:
        connect(cluster, "cassandra.data", "cql")
    assert sorted(attempt.address for attempt in caught.value.attempts) == ["10.244.1.21", "10.244.2.21", "10.244.3.21"]


@each_way
def test_a_route_to_a_port_where_nobody_listens_is_refused_as_anywhere(cluster, servers, connect):
    gone = servers[0].getsockname()
    servers[0].close()
    cluster.route("payments.shop", "http", to=gone)
    with pytest.raises(ConnectFailed, match=r"connection refused in .*; refused: no process listens") as caught:
        connect(cluster, "payments", "http")
    assert caught.value.attempts[0].address == "10.96.20.1"


@each_way
def test_no_packet_leaves_for_an_address_outside_the_cluster(cluster, connect):
    with pytest.raises(
        ConnectFailed, match=r"192\.0\.2\.7:80 \(is outside the cluster, of which nothing leads there in"
    ):
        connect(cluster, "192.0.2.7", 80)


@each_way
def test_loopback_is_this_machine_s(cluster, servers, connect):
    assert connect(cluster, "localhost", servers[0].getsockname()[1]) == servers[0].getsockname()


@each_way
def test_what_dns_says_no_to_is_its_error(cluster, connect):
    with pytest.raises(NoSuchName, match="no port 'nope'"):
        connect(cluster, "payments", "nope")
    with pytest.raises((NoSuchName, NoData), match=r"payments\.nowhere"):
        connect(cluster, "payments.nowhere", 80)


def test_in_a_pod_as_in_a_namespace(cluster, servers):
    cluster.route("payments.shop", "http", to=servers[0].getsockname())
    containers = [{"name": "app", "image": "app"}]
    meta = {"name": "app", "namespace": "shop"}
    cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"containers": containers}})
    with cluster.resolver(pod="shop/app") as resolver, resolver.create_connection("payments.shop", "http") as sock:
        assert sock.getpeername() == servers[0].getsockname()


def test_an_external_name_is_connected_to_by_number_alone(servers):
    db = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "db"},
        "spec": {"type": "ExternalName", "externalName": "db.example.com"},
    }
    cluster = Cluster.from_objects([db], upstream={"example.com": "db 30 A 127.0.0.1"})
    assert _connect(cluster, "db.default", servers[0].getsockname()[1]) == servers[0].getsockname()
    with pytest.raises(NoSuchName, match="an ExternalName has no ports in DNS"):
        _connect(cluster, "db.default", "postgres")


def test_the_real_seconds_left_are_those_that_the_lookup_left(cluster, monkeypatch):
    """Virtual time that passed counts as if it were real, and the socket's own time is real."""
    from k8sresolve._core import connecting

    deadlines: list[float] = []
    race = connecting.race

    def watched(*what: Any) -> Any:
        deadlines.append(what[-1])
        return race(*what)

    monkeypatch.setattr(connecting, "race", watched)
    monkeypatch.setattr("k8sresolve._facade.monotonic", lambda: 1000.0)
    cluster.network.drop(next=2)
    start = cluster.clock.monotonic()
    with pytest.raises(ConnectFailed):
        _connect(cluster, "payments", "http")
    waited = cluster.clock.monotonic() - start
    assert waited > 0.2
    assert deadlines == [pytest.approx(1000.0 + 5.0 - waited)]


def test_under_a_patch_a_connection_is_routed_as_everybody_s(cluster, servers):
    cluster.route("payments.shop", "http", to=servers[0].getsockname())
    with cluster.patch(namespace="shop"):
        assert _connect(cluster, "payments", "http") == servers[0].getsockname()


# -- real connections ------------------------------------------------------------------------------------------------


def _slice(port: int) -> dict[str, Any]:
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "web-1", "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["127.0.0.2"], "hostname": "web-0"}],
        "ports": [{"name": "http", "port": port, "protocol": "TCP"}],
    }


def _service(name: str, **spec: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "shop"}}
    return {**made, "spec": {"ports": [{"name": "http", "port": 80}], **spec}}


@pytest.fixture
def stated() -> Iterator[tuple[Cluster, int]]:
    """A cluster in which one Service has an address on loopback, where somebody listens, and another states none."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    with socket.create_server(("127.0.0.2", 0)) as server:
        port = server.getsockname()[1]
        objects = [namespace, _service("web", clusterIP="None"), _slice(port), _service("api")]
        yield Cluster.from_objects(objects), port


def test_a_real_connection_goes_to_the_address_that_is_stated(stated):
    cluster, port = stated
    with cluster.resolver(namespace="shop", connections="real") as resolver:
        with resolver.create_connection("web", "http") as sock:
            assert sock.getpeername() == ("127.0.0.2", port)
        assert resolver.probe("web", "http").ok
        assert len(resolver.wait_for("web", "http", connect=True)) == 1


def test_a_real_connection_of_a_task(stated):
    cluster, _ = stated

    async def main() -> None:
        async with cluster.async_resolver(namespace="shop", connections="real") as resolver:
            assert (await resolver.probe("web", "http")).ok

    asyncio.run(main())
    trio.run(main)


def test_a_route_leads_a_real_connection_too(stated, servers):
    cluster, _ = stated
    cluster.route("web.shop", "http", to=servers[0].getsockname())
    resolver = cluster.resolver(namespace="shop", connections="real")
    with resolver, resolver.create_connection("web", "http") as sock:
        assert sock.getpeername() == servers[0].getsockname()


@pytest.mark.parametrize(("name", "port"), [("api", "http"), ("kubernetes.default", "https")])
def test_to_an_address_that_no_object_states_nothing_connects(stated, name, port):
    cluster, _ = stated
    with cluster.resolver(namespace="shop", connections="real") as resolver:
        (endpoint,) = resolver.probe(name, port).endpoints
        assert endpoint.failure is not None
        assert endpoint.failure.outcome == "is made up here: no manifest states it"
        with pytest.raises(ConnectFailed, match="is made up here") as caught:
            resolver.create_connection(name, port)
    assert caught.value.errno == errno.EADDRNOTAVAIL


def test_the_kubernetes_service_of_a_cluster_is_stated():
    service = _service("kubernetes", clusterIP="10.96.0.1", clusterIPs=["10.96.0.1"])
    service["metadata"]["namespace"] = "default"
    assert not Cluster.from_objects([service])._control_plane.is_made_up("10.96.0.1")
    assert Cluster.from_objects([])._control_plane.is_made_up("10.96.0.1")


def test_connections_of_a_kind_that_there_is_not(cluster):
    with pytest.raises(ConfigError, match="give 'routed' or 'real'"):
        cluster.resolver(connections="fake")
