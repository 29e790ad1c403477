"""Event loops that find names by a resolver: asyncio's own, and uvloop's."""

import asyncio
import gc
import socket

import pytest
import uvloop

from k8sresolve import ConfigError, NoSuchName
from k8sresolve.contrib import asyncio as of_asyncio
from k8sresolve.contrib import uvloop as of_uvloop
from k8sresolve.errors import InvalidHints
from tests.contrib.stage import CORRECT, service

ADAPTERS = pytest.mark.parametrize("adapter", [of_asyncio, of_uvloop], ids=["asyncio", "uvloop"])


@pytest.fixture
def cluster():
    with service() as made:
        yield made


async def greeting(host, port):
    reader, writer = await asyncio.open_connection(host, port)
    try:
        return await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()


def run(main, factory):
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(main)


@ADAPTERS
@pytest.mark.parametrize(
    ("host", "port"),
    [
        ("payments", "hello"),
        ("payments.shop", "hello"),
        ("payments.shop.svc.cluster.local", "hello"),
        ("_hello._tcp.payments.shop", 1),
    ],
)
def test_a_stream_is_opened_by_a_name_and_a_ports_name(adapter, cluster, host, port):
    resolver = cluster.async_resolver(namespace="shop")
    assert run(greeting(host, port), adapter.loop_factory(resolver)) == CORRECT


@ADAPTERS
def test_a_number_is_kept(adapter, cluster):
    async def main():
        return await greeting("payments", (await resolver.port("payments", "hello")).number)

    resolver = cluster.async_resolver(namespace="shop")
    assert run(main(), adapter.loop_factory(resolver)) == CORRECT


@ADAPTERS
def test_what_is_not_there_is_said_as_the_resolver_says_it(adapter, cluster):
    resolver = cluster.async_resolver(namespace="shop")
    factory = adapter.loop_factory(resolver)
    with pytest.raises(NoSuchName, match=r"^orders: no such name; tried orders\.shop\.svc\.cluster\.local"):
        run(greeting("orders", 80), factory)
    with pytest.raises(InvalidHints, match=r"^payments: the Service has no port 'http' \(tcp\); tried "):
        run(greeting("payments", "http"), factory)


@ADAPTERS
def test_names_of_others_go_where_they_went(adapter, cluster):
    resolver = cluster.async_resolver(namespace="shop")

    async def main():
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM)
        return found[0][4], await loop.getnameinfo(("127.0.0.1", 80), socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)

    assert run(main(), adapter.loop_factory(resolver)) == (("127.0.0.1", 80), ("127.0.0.1", "80"))
    assert not cluster.queries


@ADAPTERS
def test_addresses_are_named_by_the_resolver(adapter, cluster):
    cluster.apply(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "orders", "namespace": "shop"},
            "spec": {"clusterIP": "10.96.0.99", "ports": [{"port": 80}]},
        }
    )

    async def main():
        return await asyncio.get_running_loop().getnameinfo(("10.96.0.99", 80), socket.NI_NUMERICSERV)

    resolver = cluster.async_resolver(namespace="shop")
    assert run(main(), adapter.loop_factory(resolver)) == ("orders.shop.svc.cluster.local", "80")


@ADAPTERS
def test_switched_off_a_loop_is_as_it_was(adapter, cluster, monkeypatch):
    monkeypatch.setenv("K8SRESOLVE_DISABLE", "1")
    factory = adapter.loop_factory(cluster.async_resolver(namespace="shop"))
    loop = factory()
    loop.close()
    assert "getaddrinfo" not in vars(loop)
    assert type(loop) in (uvloop.Loop, asyncio.SelectorEventLoop)


@ADAPTERS
def test_a_factory_for_what_takes_it_by_name(adapter, cluster, monkeypatch):
    resolver = cluster.async_resolver(namespace="shop")
    monkeypatch.setattr("k8sresolve.contrib._names.async_resolver", lambda: resolver)
    assert run(greeting("payments", "hello"), adapter.new_event_loop) == CORRECT


@ADAPTERS
def test_what_is_no_resolver_is_said_before_any_loop_is_made(adapter, cluster):
    with cluster.resolver() as resolver, pytest.raises(ConfigError, match="is no AsyncResolver; give an AsyncResolver"):
        adapter.loop_factory(resolver)
    with pytest.raises(ConfigError, match="there is no scope 'pod'"):
        adapter.loop_factory(scope="pod")


def test_no_loop_without_a_resolver_is_left_open():
    factory = of_asyncio.loop_factory(base=uvloop.new_event_loop)
    with pytest.raises(ConfigError, match=r"^a loop of uvloop does not ask its own getaddrinfo"):
        factory()
    gc.collect()  # a loop that is open would warn, which fails a test here
    with pytest.raises(ConfigError, match=r"^base=7 makes no loop; give a class of loops, or a function$"):
        of_asyncio.loop_factory(base=7)


# Into a loop that is there already.


def test_a_resolver_is_put_into_the_loop_that_runs_and_taken_out(cluster):
    resolver = cluster.async_resolver(namespace="shop")

    async def main():
        loop = asyncio.get_running_loop()
        before = dict(vars(loop))
        with of_asyncio.install(resolver) as installed:
            assert await greeting("payments", "hello") == CORRECT
            with pytest.raises(ConfigError, match=r"^this loop has a resolver already; call uninstall\(\)"):
                of_asyncio.install(resolver)
        assert vars(loop).keys() == before.keys()
        installed.uninstall()
        assert vars(loop).keys() == before.keys()

    asyncio.run(main())


def test_into_a_loop_that_does_not_run_yet(cluster):
    loop = asyncio.new_event_loop()
    of_asyncio.install(cluster.async_resolver(namespace="shop"), loop=loop)
    assert run(greeting("payments", "hello"), lambda: loop) == CORRECT


def test_a_running_uvloop_says_the_ways_out():
    async def main():
        of_asyncio.install()

    with pytest.raises(ConfigError) as caught:
        run(main(), uvloop.new_event_loop)
    for way in ("k8sresolve.contrib.uvloop", "k8sresolve.contrib.aiohttp.Resolver()", "uvicorn --loop"):
        assert way in str(caught.value)


def test_outside_a_loop_there_is_none_to_install_into():
    with pytest.raises(RuntimeError, match="no running event loop"):
        of_asyncio.install()


# uvloop connects in C, and so has a way of its own.


def test_uvloop_tries_all_addresses_and_says_what_each_came_to(cluster):
    objects = [{
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "gone-1", "namespace": "shop", "labels": {"kubernetes.io/service-name": "gone"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["10.244.1.1"]}, {"addresses": ["10.244.1.2"]}],
        "ports": [{"name": "hello", "port": 1}],
    }, {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "gone", "namespace": "shop"},
        "spec": {"clusterIP": "None", "ports": [{"name": "hello", "port": 1}]},
    }]  # fmt: skip
    cluster.apply(*objects)

    async def main():
        resolver = cluster.async_resolver(namespace="shop")
        loop = of_uvloop.loop_factory(resolver)()
        tried = []

        async def refuse(_self, _factory, host, port, **_options):
            tried.append((host, port))
            raise ConnectionRefusedError(111, f"refused by {host}")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(uvloop.Loop, "create_connection", refuse)
            with pytest.raises(
                OSError, match=r"^\[Errno 111\] gone: no address takes a connection: .*10\.244\.1\.[12]; .*"
            ) as caught:
                await loop.create_connection(asyncio.Protocol, "gone", "hello")
        loop.close()
        return tried, caught.value

    tried, error = asyncio.run(main())
    assert sorted(tried) == [("10.244.1.1", 1), ("10.244.1.2", 1)]
    assert isinstance(error, ConnectionRefusedError)
