"""The functions of `socket`, replaced for a while."""

import asyncio
import socket
import subprocess
import sys
import threading
import urllib.request
from contextlib import ExitStack, suppress

import pytest

from k8sresolve import ConfigError, NoSuchName
from k8sresolve.contrib.socket import override
from tests.contrib.stage import CORRECT, service

NAMES = ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "getnameinfo")


@pytest.fixture
def cluster():
    with service() as made:
        yield made


@pytest.fixture
def resolver(cluster):
    with cluster.resolver(namespace="shop") as made:
        yield made


def test_sockets_are_connected_by_a_name_and_a_ports_name_in_every_thread(resolver):
    greetings = []

    def connect():
        for host, port in (("payments", "hello"), ("_hello._tcp.payments.shop", 1)):
            with socket.create_connection((host, port), timeout=10) as sock:
                greetings.append(sock.recv(100))

    with override(resolver):
        thread = threading.Thread(target=connect)
        thread.start()
        thread.join()
    assert greetings == [CORRECT, CORRECT]


def test_each_function(resolver):
    with override(resolver):
        assert socket.gethostbyname("payments") == "127.0.0.1"
        assert socket.gethostbyname_ex("payments") == ("payments.shop.svc.cluster.local", ["payments"], ["127.0.0.1"])
        assert socket.gethostbyname_ex("payments.shop.svc.cluster.local")[1] == []
        assert socket.getaddrinfo(host="payments", port=80, type=socket.SOCK_STREAM)[0][4] == ("127.0.0.1", 80)
        assert socket.getnameinfo(("10.96.0.77", 80), socket.NI_NUMERICSERV) == ("10.96.0.77", "80")
        for name in NAMES[:3]:
            with pytest.raises(NoSuchName, match=r"^orders: no such name"):
                getattr(socket, name)("orders", *([80] if name == "getaddrinfo" else []))


def test_the_programs_of_others_in_this_process(resolver, cluster, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")

    async def main():
        reader, writer = await asyncio.open_connection("payments", "hello")
        greeting = await reader.read()
        writer.close()
        await writer.wait_closed()
        return greeting

    with override(resolver):
        assert asyncio.run(main()) == CORRECT
        with pytest.raises(urllib.error.URLError, match="orders: no such name"):
            urllib.request.urlopen("http://orders/", timeout=10)
    assert cluster.queries.asked("orders.shop.svc.cluster.local.", "A")


def test_all_is_as_it_was_afterwards(resolver):
    before = [getattr(socket, name) for name in NAMES]
    with suppress(ZeroDivisionError), override(resolver):
        assert socket.getaddrinfo is not before[0]
        raise ZeroDivisionError
    assert [getattr(socket, name) for name in NAMES] == before
    with override(resolver):
        assert socket.getaddrinfo is not before[0]


def test_others_go_where_they_went(resolver, cluster, monkeypatch):
    asked = []
    for name in NAMES:
        monkeypatch.setattr(socket, name, lambda *args, name=name: asked.append((name, *args)))
    with override(resolver):
        socket.getaddrinfo("www.example.com", 80, type=socket.SOCK_STREAM)
        socket.gethostbyname("www.example.com")
        socket.gethostbyname_ex("www.example.com")
    monkeypatch.setenv("K8SRESOLVE_DISABLE", "1")
    with override(resolver):
        socket.getnameinfo(("10.96.0.1", 80), 0)
        socket.gethostbyname("payments")
    assert asked == [
        ("getaddrinfo", "www.example.com", 80, 0, socket.SOCK_STREAM, 0, 0),
        ("gethostbyname", "www.example.com"),
        ("gethostbyname_ex", "www.example.com"),
        ("getnameinfo", ("10.96.0.1", 80), 0),
        ("gethostbyname", "payments"),
    ]
    assert not cluster.queries


@pytest.mark.parametrize("host", ["", b"", "<broadcast>", "127.1", 5, None])
@pytest.mark.parametrize("name", ["gethostbyname", "gethostbyname_ex"])
def test_what_is_no_name_is_taken_as_before(resolver, name, host):
    def told():
        try:
            return getattr(socket, name)(host)
        except (OSError, TypeError) as error:
            return str(error)

    before = told()
    with override(resolver, scope="all"):
        assert told() == before


def test_one_is_in_force_at_a_time(resolver):
    with ExitStack() as stack:
        stack.enter_context(override(resolver))
        with pytest.raises(
            ConfigError, match=r"^an override\(\) is in force in this process already; leave that first$"
        ):
            stack.enter_context(override(resolver))
    with pytest.raises(ConfigError, match="is no Resolver"), override("10.96.0.10"):
        pass
    with override(resolver):
        pass


FORK = """
import os, socket, sys
from k8sresolve import ResolverConfig, _system
from k8sresolve.contrib.socket import override
config = ResolverConfig.for_cluster(f"{sys.argv[1]}:{sys.argv[2]}", namespace="shop")
_system.load_config = lambda *_, **__: config
with override():
    print(socket.gethostbyname("payments"), flush=True)
    child = os.fork()
    if child:
        os.waitpid(child, 0)
    print(socket.gethostbyname("payments.shop"), flush=True)
"""


def test_it_holds_in_the_children_of_a_process(cluster):
    with cluster.serve() as server:
        command = [sys.executable, "-W", "error", "-c", FORK, server.host, str(server.port)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("127.0.0.1\n" * 3, "")


GEVENT = """
from gevent import monkey; monkey.patch_all()
import gevent, socket
from k8sresolve.contrib.socket import override
from k8sresolve.testing import Cluster

with Cluster.from_manifests("docs/examples/shop.yaml").serve() as server:
    from k8sresolve import Resolver, ResolverConfig
    with Resolver(ResolverConfig.for_cluster(f"{server.host}:{server.port}", namespace="shop")) as resolver:
        with override(resolver):
            jobs = [gevent.spawn(gevent.socket.gethostbyname, "payments"), gevent.spawn(socket.gethostbyname, "web")]
            gevent.joinall(jobs, timeout=30)
            print(*[job.value for job in jobs])
"""


@pytest.mark.live
def test_gevent():
    done = subprocess.run([sys.executable, "-c", GEVENT], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("10.96.20.1 10.96.20.2\n", "")
