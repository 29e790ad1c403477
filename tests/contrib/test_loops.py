"""Event loops that find names by a resolver: asyncio's own, and uvloop's."""

import asyncio
import gc
import re
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from weakref import ref

import pytest
import trustme
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


async def greeting(host, port, **options):
    reader, writer = await asyncio.open_connection(host, port, **options)
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


LOOPS = (Path(__file__).parents[2] / "docs/how-to/loops.md").read_text("utf-8")


def test_the_line_of_the_page_for_python_3_12(cluster, monkeypatch):
    async def main():
        found.append(await greeting("payments", "hello"))

    found, resolver = [], cluster.async_resolver(namespace="shop")
    monkeypatch.setattr("k8sresolve.contrib._names.async_resolver", lambda: resolver)
    line = re.search(r"^\| asyncio, since Python 3\.12 \| `(.*)` \|$", LOOPS, re.MULTILINE)[1]
    if sys.version_info < (3, 12):
        with pytest.raises(TypeError, match="loop_factory"):
            exec(line, {"asyncio": asyncio, "main": object, "new_event_loop": of_asyncio.new_event_loop})
    else:
        exec(line, {"asyncio": asyncio, "main": main, "new_event_loop": of_asyncio.new_event_loop})
        assert found == [CORRECT]


@pytest.mark.parametrize("client", ["trio", "uvloop"])
def test_a_client_that_is_not_installed_is_said(client):
    code = f"import sys; sys.modules[{client!r}] = None; import k8sresolve.contrib.{client}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    last = done.stderr.splitlines()[-1]
    assert re.fullmatch(
        rf"ImportError: k8sresolve\.contrib\.{client} needs {client}: pip install '{client}>=[\d.]+'", last
    )


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


def test_what_is_taken_out_twice_leaves_what_came_after_it(cluster):
    resolver = cluster.async_resolver(namespace="shop")

    async def main():
        first = of_asyncio.install(resolver)
        first.uninstall()
        with of_asyncio.install(resolver):
            first.uninstall()
            assert await greeting("payments", "hello") == CORRECT

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


def test_switched_off_a_running_uvloop_is_let_be(monkeypatch):
    async def main():
        with of_asyncio.install():
            return await asyncio.get_running_loop().getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM)

    monkeypatch.setenv("K8SRESOLVE_DISABLE", "1")
    assert run(main(), uvloop.new_event_loop)[0][4] == ("127.0.0.1", 80)


def test_outside_a_loop_there_is_none_to_install_into():
    with pytest.raises(RuntimeError, match="no running event loop"):
        of_asyncio.install()


# What is left of a loop, and what ends early.


@ADAPTERS
def test_a_loop_is_gone_when_its_run_is_over(adapter, cluster):
    """And with it the sockets that the resolver has in it, which waits for no garbage to be collected."""

    async def main():
        await asyncio.get_running_loop().getaddrinfo("payments", 80)
        return ref(asyncio.get_running_loop())

    factory = adapter.loop_factory(cluster.async_resolver(namespace="shop"))
    gc.disable()
    try:
        assert run(main(), factory)() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("adapter", ["asyncio", "uvloop"])
def test_the_processs_own_resolver_leaves_nothing_that_warns(cluster, adapter):
    with cluster.serve() as server:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", OWN, adapter, server.host, str(server.port)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert (done.stdout, done.stderr) == ("127.0.0.1\n" * 4, "")


# Each process asks in two loops, one after the other, before a fork and after it. Of lines that both write at once none
# is torn by os.write (pipe(7)); `print` writes the end of a line by itself where PYTHONUNBUFFERED is set.
OWN = """
import asyncio, importlib, os, sys
from k8sresolve import ResolverConfig, _system
adapter = importlib.import_module(f"k8sresolve.contrib.{sys.argv[1]}")
config = ResolverConfig.for_cluster(f"{sys.argv[2]}:{sys.argv[3]}", namespace="shop")
_system.load_config = lambda *_, **__: config

async def main():
    found = await asyncio.get_running_loop().getaddrinfo("payments", 80, type=1)
    os.write(1, f"{found[0][4][0]}\\n".encode())

def ask():
    with asyncio.Runner(loop_factory=adapter.new_event_loop) as runner:
        runner.run(main())

ask()
child = os.fork()
ask()
if child:
    os.waitpid(child, 0)
    ask()
"""


@ADAPTERS
def test_what_is_cancelled_ends_and_the_next_is_answered(adapter, cluster):
    async def main():
        loop = asyncio.get_running_loop()
        task = asyncio.create_task(loop.getaddrinfo("payments", "hello"))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await greeting("payments", "hello")

    resolver = cluster.async_resolver(namespace="shop")
    assert run(main(), adapter.loop_factory(resolver)) == CORRECT


def test_happy_eyeballs_are_the_loops(cluster):
    factory = of_asyncio.loop_factory(cluster.async_resolver(namespace="shop"))
    assert run(greeting("payments", "hello", happy_eyeballs_delay=0.25), factory) == CORRECT


# uvloop connects in C, and so has a way of its own.


@pytest.fixture
def authority():
    return trustme.CA()


def headless(port, *addresses):
    """A Service `two` of these addresses, with a port `hello`."""
    return [{
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "two-1", "namespace": "shop", "labels": {"kubernetes.io/service-name": "two"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [address]} for address in addresses],
        "ports": [{"name": "hello", "port": port}],
    }, {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "two", "namespace": "shop"},
        "spec": {"clusterIP": "None", "ports": [{"name": "hello", "port": port}]},
    }]  # fmt: skip


def free_port(address):
    """A port that nobody listens on, and nobody else is given while this is bound."""
    sock = socket.socket()
    sock.bind((address, 0))
    return sock


async def connect_two(cluster, certified, authority, **options):
    """Connect by TLS to a Service of a silent address and one that listens; count what is made on the way.

    A client's handshake is over before its server's, so this waits until both ends have closed.
    """
    made, accepted = [], []

    class Asking(asyncio.Protocol):
        def __init__(self):
            made.append(self)
            self.lost = asyncio.Event()

        def connection_lost(self, _):
            self.lost.set()

    class Accepting(asyncio.Protocol):
        def connection_made(self, transport):
            accepted.append(transport.get_extra_info("peername")[0])

    serving, asking = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert(certified).configure_cert(serving)
    authority.configure_trust(asking)
    loop = asyncio.get_running_loop()
    async with await loop.create_server(Accepting, "127.0.0.1", 0, ssl=serving) as server:
        cluster.apply(*headless(server.sockets[0].getsockname()[1], "127.0.0.1", "127.0.0.2"))
        over = asyncio.create_task(server.wait_closed())
        await asyncio.sleep(0)  # of a server that is closed already, it waits for no connections
        try:
            transport, protocol = await loop.create_connection(Asking, "two.shop", "hello", ssl=asking, **options)
            transport.close()
            await protocol.lost.wait()
        finally:
            server.close()
            await over
    return len(made), accepted


def test_uvloop_verifies_the_name_and_goes_on_from_an_address_that_refuses(cluster, authority):
    factory = of_uvloop.loop_factory(cluster.async_resolver(namespace="shop"))
    for _ in range(4):  # in whichever order the two come
        assert run(connect_two(cluster, "two.shop", authority), factory) == (1, ["127.0.0.1"])
        cluster.clock.advance(30)


def test_uvloop_takes_the_name_to_verify_and_the_address_to_come_from(cluster, authority):
    factory = of_uvloop.loop_factory(cluster.async_resolver(namespace="shop"))
    options = {"server_hostname": "other.shop", "local_addr": ("127.0.0.3", 0)}
    assert run(connect_two(cluster, "other.shop", authority, **options), factory) == (1, ["127.0.0.3"])


def test_uvloop_says_of_a_wrong_certificate_what_asyncio_says(cluster, authority):
    factory = of_uvloop.loop_factory(cluster.async_resolver(namespace="shop"))
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        run(connect_two(cluster, "other.shop", authority), factory)


def test_uvloop_tries_all_addresses_and_says_what_each_came_to(cluster):
    async def main():
        with free_port("127.0.0.1") as taken:
            cluster.apply(*headless(taken.getsockname()[1], "127.0.0.1", "127.0.0.2"))
            await asyncio.get_running_loop().create_connection(asyncio.Protocol, "two", "hello")

    with pytest.raises(ConnectionRefusedError) as caught:
        run(main(), of_uvloop.loop_factory(cluster.async_resolver(namespace="shop")))
    told = str(caught.value)
    assert told.startswith("[Errno 111] two: no address takes a connection: [Errno 111] ")
    assert told.count("[Errno 111]") == 3


def test_uvloop_takes_a_socket_that_is_none(cluster):
    async def main():
        transport, _ = await asyncio.get_running_loop().create_connection(
            asyncio.Protocol, "payments", "hello", sock=None
        )
        transport.close()

    run(main(), of_uvloop.loop_factory(cluster.async_resolver(namespace="shop")))


def test_uvloop_goes_on_from_an_address_of_a_family_that_the_kernel_lacks(cluster, monkeypatch):
    async def main():
        found = await resolver.getaddrinfo("payments", (await resolver.port("payments", "hello")).number)
        infos = [(socket.AF_DECnet, *found[0][1:]), found[0]]
        monkeypatch.setattr(of_uvloop.AsyncNames, "getaddrinfo", lambda *_, **__: asyncio.sleep(0, infos))
        assert await greeting("payments", 80) == CORRECT

    resolver = cluster.async_resolver(namespace="shop")
    run(main(), of_uvloop.loop_factory(resolver))


@pytest.mark.parametrize(
    ("local", "told"),
    [("::1", "local_addr has no address of this family"), ("192.0.2.7", "Cannot assign requested address")],
    ids=["of the other family", "of nobody here"],
)
def test_uvloop_says_that_there_is_no_such_address_to_come_from(cluster, local, told):
    async def main():
        await asyncio.get_running_loop().create_connection(asyncio.Protocol, "payments", "hello", local_addr=(local, 0))

    with pytest.raises(OSError, match=rf"^\[Errno 99\] {told}$"):
        run(main(), of_uvloop.loop_factory(cluster.async_resolver(namespace="shop")))


def test_uvloop_closes_what_was_to_be_connected_when_it_is_cancelled(cluster, monkeypatch):
    async def main():
        loop = asyncio.get_running_loop()
        connecting, sockets = asyncio.Event(), []

        async def never(_loop, sock, _address):
            sockets.append(sock)
            connecting.set()
            await asyncio.Event().wait()

        monkeypatch.setattr(of_uvloop._Loop, "sock_connect", never)
        task = asyncio.create_task(loop.create_connection(asyncio.Protocol, "payments", "hello"))
        await connecting.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return [sock.fileno() for sock in sockets]

    assert run(main(), of_uvloop.loop_factory(cluster.async_resolver(namespace="shop"))) == [-1]
