"""What is peculiar to the balanced transports of httpx and httpx2; what all balanced clients do: test_balanced.py."""

import os
import signal
import threading
from contextlib import contextmanager

import anyio
import httpx
import httpx2
import pytest

from k8sresolve import ConfigError, ResolverClosed
from k8sresolve.contrib import httpx as httpx_adapter
from k8sresolve.contrib import httpx2 as httpx2_adapter
from tests.contrib.pods import Pods, addresses, cluster_of

PACKAGES = pytest.mark.parametrize(
    ("module", "adapter"), [(httpx, httpx_adapter), (httpx2, httpx2_adapter)], ids=["httpx", "httpx2"]
)


@contextmanager
def web_of(cluster, module, adapter, **options):
    """The cluster's pods, and a client of them."""
    with Pods(*addresses(cluster)) as pods, cluster.resolver(namespace="shop") as resolver:
        transport = adapter.BalancedTransport(resolver, **options)
        with module.Client(transport=transport, timeout=60) as client:
            yield pods, client


def in_flight(transport):
    [followed] = transport._services._followed.values()
    return sum(len(standing.in_flight) for standing in followed.balancer._standings.values())


@PACKAGES
def test_a_reply_is_in_flight_until_it_is_closed_and_is_not_cut_as_its_endpoint_leaves(module, adapter):
    cluster = cluster_of(2)
    with Pods(*addresses(cluster)) as pods, cluster.resolver(namespace="shop") as resolver:
        transport = adapter.BalancedTransport(resolver)
        with module.Client(transport=transport) as client:
            url = f"http://web:{pods.port}/"
            pods.holding = True
            with client.stream("GET", url) as reply:
                assert in_flight(transport) == 1
                [asked] = pods.requests
                [pod] = [pod for pod in cluster.pods("shop/web") if pod.ip == asked.address]
                cluster.set_ready(pod, False)
                cluster.clock.advance(120)
                pods.holding = False
                assert client.get(url).text != asked.address
                assert pods.connections(asked.address) == 1
                pods.go_on()
                assert reply.read().decode() == asked.address
            assert in_flight(transport) == 0
            pods.until_closed(asked.address)


@PACKAGES
def test_the_same_for_tasks(module, adapter):
    cluster = cluster_of(2)

    async def main():
        async with cluster.async_resolver(namespace="shop") as resolver:
            transport = adapter.AsyncBalancedTransport(resolver)
            async with module.AsyncClient(transport=transport) as client:
                url = f"http://web:{pods.port}/"
                pods.holding = True
                async with client.stream("GET", url) as reply:
                    assert in_flight(transport) == 1
                    [asked] = pods.requests
                    [pod] = [pod for pod in cluster.pods("shop/web") if pod.ip == asked.address]
                    cluster.set_ready(pod, False)
                    await cluster.advance(120)
                    pods.holding = False
                    assert (await client.get(url)).text != asked.address
                    assert pods.connections(asked.address) == 1
                    pods.go_on()
                    assert (await reply.aread()).decode() == asked.address
                assert in_flight(transport) == 0
                await anyio.to_thread.run_sync(pods.until_closed, asked.address)

    with Pods(*addresses(cluster)) as pods:
        anyio.run(main)


@PACKAGES
def test_a_task_that_is_cancelled_leaves_nothing_in_flight(module, adapter):
    cluster = cluster_of(2)

    async def main():
        async with cluster.async_resolver(namespace="shop") as resolver:
            transport = adapter.AsyncBalancedTransport(resolver)
            async with module.AsyncClient(transport=transport) as client:
                pods.holding = True
                async with anyio.create_task_group() as group:
                    group.start_soon(client.get, f"http://web:{pods.port}/")
                    await anyio.to_thread.run_sync(pods.until_asked)
                    assert in_flight(transport) == 1
                    group.cancel_scope.cancel()
                assert in_flight(transport) == 0

    with Pods(*addresses(cluster)) as pods:
        anyio.run(main)


@PACKAGES
def test_any_number_of_threads_may_use_one(module, adapter):
    cluster = cluster_of(4)
    with Pods(*addresses(cluster)) as pods, cluster.resolver(namespace="shop") as resolver:
        transport = adapter.BalancedTransport(resolver, policy="round_robin")
        with module.Client(transport=transport, timeout=60) as client:
            together = threading.Barrier(8)

            def ask():
                together.wait()
                for _ in range(10):
                    client.get(f"http://web:{pods.port}/").raise_for_status()

            threads = [threading.Thread(target=ask) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert pods.asked() == dict.fromkeys(addresses(cluster), 20)
            assert len(transport._services._followed) == 1


@PACKAGES
def test_a_request_that_is_out_of_time_is_not_sent_again(module, adapter):
    cluster = cluster_of(2)
    with web_of(cluster, module, adapter) as (pods, client):
        url = f"http://web:{pods.port}/"
        client.get(url)
        pods.silent = True
        with pytest.raises(module.ReadTimeout):
            client.get(url, timeout=module.Timeout(60, read=0.05))
        assert len(pods.requests) == 2


@PACKAGES
def test_a_child_process_follows_by_itself(module, adapter):
    cluster = cluster_of(2)
    with web_of(cluster, module, adapter) as (pods, client):
        client.get(f"http://web:{pods.port}/")
        child = os.fork()
        if child == 0:
            status = 1
            try:
                status = 0 if client.get(f"http://web:{pods.port}/").text in addresses(cluster) else 2
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert client.get(f"http://web:{pods.port}/").text in addresses(cluster)


@PACKAGES
def test_a_child_process_does_not_wait_for_threads_of_its_parent(module, adapter):
    cluster = cluster_of(2)
    with web_of(cluster, module, adapter) as (pods, client):
        transport = client._transport
        held, over = threading.Event(), threading.Event()

        def hold():
            with transport._lock.here(), transport._services._adding.here():
                held.set()
                over.wait()

        thread = threading.Thread(target=hold)
        thread.start()
        held.wait()
        child = os.fork()
        if child == 0:
            signal.alarm(60)  # ends it, if it waits
            status = 1
            try:
                status = 0 if client.get(f"http://web:{pods.port}/").text in addresses(cluster) else 2
            finally:
                os._exit(status)
        ended = os.waitpid(child, 0)[1]
        over.set()
        thread.join()
        assert os.waitstatus_to_exitcode(ended) == 0


@PACKAGES
def test_what_closing_one_connection_comes_to_keeps_none_open(module, adapter, monkeypatch):
    cluster = cluster_of(2)

    async def main():
        async with cluster.async_resolver(namespace="shop") as resolver:
            transport = adapter.AsyncBalancedTransport(resolver)
            client = module.AsyncClient(transport=transport)
            await client.get(f"http://web:{pods.port}/")
            monkeypatch.setattr(transport._plain, "aclose", fail)
            with pytest.raises(RuntimeError, match=r"^Event loop is closed$"):
                await client.aclose()
            assert not resolver.watches()
            await anyio.to_thread.run_sync(pods.until_closed, *addresses(cluster))

    async def fail():
        raise RuntimeError("Event loop is closed")

    with Pods(*addresses(cluster)) as pods:
        anyio.run(main)


@PACKAGES
def test_where_the_resolver_is_closed_the_clients_error_says_so(module, adapter):
    cluster = cluster_of(2)
    with web_of(cluster, module, adapter) as (pods, client):
        client.get(f"http://web:{pods.port}/")
        client._transport._services._names.resolver.close()
        with pytest.raises(module.ConnectError, match="closed") as caught:
            client.get(f"http://web:{pods.port}/")
        assert isinstance(caught.value.__cause__, ResolverClosed)


@PACKAGES
def test_a_request_without_a_host_header_has_the_urls(module, adapter):
    cluster = cluster_of(1)
    with web_of(cluster, module, adapter) as (pods, client):
        client.send(module.Request("GET", f"http://web:{pods.port}/", stream=module.ByteStream(b"")))
        assert pods.requests[-1].host == f"web:{pods.port}"


@PACKAGES
def test_options_are_those_of_the_plain_transport(module, adapter):
    cluster = cluster_of(1)
    with web_of(cluster, module, adapter, limits=module.Limits(max_keepalive_connections=0)) as (pods, client):
        for _ in range(3):
            client.get(f"http://web:{pods.port}/")
        assert len({request.connection for request in pods.requests}) == 3


@PACKAGES
@pytest.mark.parametrize("kind", ["BalancedTransport", "AsyncBalancedTransport"])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"proxy": "http://proxy:3128"}, "takes no proxy=; leave it out"),
        ({"uds": "/run/web"}, "takes no uds=; leave it out"),
        ({"policy": "random"}, "policy='random' is no way to choose"),
        ({"scope": "none"}, "there is no scope 'none'"),
        ({"max_connection_age": 0}, "max_connection_age=0 is no time"),
        ({"resolver": 5}, "resolver=5 is no"),
    ],
)
def test_options_that_cannot_be(module, adapter, kind, options, said):
    with pytest.raises(ConfigError, match=said):
        getattr(adapter, kind)(**options)
