"""dnspython's own resolvers on the offline cluster."""

import asyncio
import time
from pathlib import Path
from typing import Any

import dns.asyncbackend
import dns.asyncresolver
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.resolver
import pytest
import trio

from k8sresolve.testing import Cluster
from k8sresolve.testing.network.parcels import Arrival

SHOP = Path(__file__).parents[3] / "docs/examples/shop.yaml"
D = "svc.cluster.local"


@pytest.fixture
def cluster() -> Cluster:
    return Cluster.from_manifests(SHOP)


@pytest.fixture(autouse=True)
def no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    for name in ("udp", "tcp"):
        monkeypatch.setattr(f"dns.query.{name}", refuse)
        monkeypatch.setattr(f"dns.asyncquery.{name}", refuse)


def resolver_of(cluster: Cluster, cls: Any = dns.resolver.Resolver) -> Any:
    resolver = cls(configure=False)
    resolver.nameservers = [cluster.nameserver()]
    resolver.search = [dns.name.from_text(f"shop.{D}"), dns.name.from_text(D), dns.name.from_text("cluster.local")]
    resolver.ndots = 5
    return resolver


def test_the_blocking_resolver_finds_services(cluster: Cluster) -> None:
    resolver = resolver_of(cluster)
    answer = resolver.resolve("payments", "A", search=True)
    assert [str(record) for record in answer] == ["10.96.20.1"]
    assert (answer.nameserver, answer.port) == ("10.96.0.10", 53)
    (srv,) = resolver.resolve(f"_http._tcp.payments.shop.{D}", "SRV")
    assert (srv.port, str(srv.target)) == (80, f"payments.shop.{D}.")
    assert str(resolver.resolve_address("10.96.20.1")[0]) == f"payments.shop.{D}."
    with pytest.raises(dns.resolver.NoAnswer):
        resolver.resolve(f"payments.shop.{D}", "AAAA")
    with pytest.raises(dns.resolver.NXDOMAIN):
        resolver.resolve(f"nothing.shop.{D}", "A")
    assert cluster.queries.asked(f"payments.shop.{D}", "A") == 1


async def look_up(cluster: Cluster, backend: str = "asyncio") -> list[str]:
    cluster.network.drop(next=1)
    answer = await resolver_of(cluster, dns.asyncresolver.Resolver).resolve(
        "payments", "A", search=True, backend=dns.asyncbackend.get_backend(backend)
    )
    return [str(record) for record in answer]


def test_the_asynchronous_resolver_finds_services_for_asyncio_and_trio(cluster: Cluster) -> None:
    assert asyncio.run(look_up(cluster)) == ["10.96.20.1"]
    assert trio.run(look_up, cluster, "trio") == ["10.96.20.1"]


def test_other_tasks_go_on_during_a_query(cluster: Cluster) -> None:
    turns: list[str] = []

    async def main() -> None:
        async def other() -> None:
            turns.append("other")

        task = asyncio.create_task(other())
        request = dns.message.make_query(f"payments.shop.{D}.", "A")
        backend = dns.asyncbackend.get_backend("asyncio")
        await cluster.nameserver().async_query(request, 2.0, None, 0, max_size=False, backend=backend)
        turns.append("found")
        await task

    asyncio.run(main())
    assert turns == ["other", "found"]


def test_a_lost_query_times_out_at_once_and_is_asked_again(cluster: Cluster) -> None:
    cluster.network.drop(next=1)
    resolver = resolver_of(cluster)
    resolver.timeout, resolver.lifetime, started = 30.0, 60.0, time.monotonic()
    assert resolver.resolve(f"payments.shop.{D}", "A")
    assert time.monotonic() - started < 30
    assert cluster.clock.monotonic() == pytest.approx(30, abs=0.01)


def query(cluster: Cluster, name: str, rdtype: str = "A", *, timeout: float = 2.0, tcp: bool = False) -> Any:
    request = dns.message.make_query(name, rdtype)
    return cluster.nameserver().query(request, timeout, None, 0, tcp)


def test_a_dropped_query_is_a_timeout_of_the_virtual_clock(cluster: Cluster) -> None:
    cluster.network.drop()
    started = time.monotonic()
    with pytest.raises(dns.exception.Timeout):
        query(cluster, f"payments.shop.{D}.", timeout=30)
    assert time.monotonic() - started < 30
    assert cluster.clock.monotonic() == 30


def test_a_late_reply_comes_late_by_the_virtual_clock_or_not_at_all(cluster: Cluster) -> None:
    cluster.network.delay(1)
    assert query(cluster, f"payments.shop.{D}.", timeout=2).answer
    assert cluster.clock.monotonic() == pytest.approx(1, abs=0.01)
    with pytest.raises(dns.exception.Timeout):
        query(cluster, f"payments.shop.{D}.", timeout=0.5)
    assert cluster.clock.monotonic() == pytest.approx(1.5, abs=0.01)


def test_servfail_is_no_nameserver_to_dnspython(cluster: Cluster) -> None:
    cluster.network.rcode("SERVFAIL")
    resolver = resolver_of(cluster)
    resolver.lifetime = 0.2
    with pytest.raises((dns.resolver.NoNameservers, dns.resolver.LifetimeTimeout)):
        resolver.resolve(f"payments.shop.{D}", "A")


def many() -> Cluster:
    meta = {"name": "big", "namespace": "data"}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"clusterIP": "None"}}
    slices = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "big-1", "namespace": "data", "labels": {"kubernetes.io/service-name": "big"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [f"10.244.1.{number}"]} for number in range(1, 201)],
    }
    return Cluster.from_objects([service, slices])


def test_a_truncated_reply_is_asked_for_over_tcp() -> None:
    cluster = many()
    with pytest.raises(dns.message.Truncated):
        query(cluster, f"big.data.{D}.")
    assert not query(cluster, f"big.data.{D}.", tcp=True).flags & dns.flags.TC
    cluster.queries.clear()
    assert len(resolver_of(cluster).resolve(f"big.data.{D}", "A")) == 200
    assert [entry.transport for entry in cluster.queries] == ["udp", "tcp"]


def test_junk_before_the_reply_is_passed_over_on_udp(cluster: Cluster) -> None:
    for fault in (cluster.network.garbage, cluster.network.wrong_id, cluster.network.wrong_question):
        with fault(then_reply=True):
            assert query(cluster, f"payments.shop.{D}.").answer
        with fault(), pytest.raises(dns.exception.Timeout):
            query(cluster, f"payments.shop.{D}.")


def test_junk_on_tcp_is_an_error(cluster: Cluster) -> None:
    with cluster.network.garbage(), pytest.raises(dns.exception.DNSException):
        query(cluster, f"payments.shop.{D}.", tcp=True)
    with cluster.network.wrong_id(), pytest.raises(dns.query.BadResponse):
        query(cluster, f"payments.shop.{D}.", tcp=True)


def test_what_is_truncated_over_tcp_is_what_there_is(cluster: Cluster) -> None:
    nameserver = cluster.nameserver()

    class Truncating:
        def exchange(self, _send: Any, message: bytes) -> list[Any]:
            return [Arrival(0.1, message[:2] + b"\x82\0" + message[4:])]

    nameserver._network = Truncating()
    request = dns.message.make_query(f"payments.shop.{D}.", "A")
    assert nameserver.query(request, 2.0, None, 0, max_size=True).flags & dns.flags.TC


def test_a_closed_port_is_an_oserror(cluster: Cluster) -> None:
    for tcp in (False, True):
        with cluster.network.refuse(), pytest.raises(ConnectionError):
            query(cluster, f"payments.shop.{D}.", tcp=tcp)
