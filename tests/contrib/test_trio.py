"""trio's own functions, with names found by a resolver."""

import socket
import subprocess
import sys
from functools import partial

import pytest
import trio

from k8sresolve import NoSuchName
from k8sresolve.contrib.trio import HostnameResolver
from tests.contrib.stage import CORRECT, service


@pytest.fixture
def cluster():
    with service() as made:
        yield made


def run(cluster, main, **options):
    async def whole():
        trio.socket.set_custom_hostname_resolver(HostnameResolver(cluster.async_resolver(namespace="shop"), **options))
        return await main()

    return trio.run(whole)


def test_a_stream_is_opened_by_a_name_and_by_an_srv_host(cluster):
    async def main():
        number = (await trio.socket.getaddrinfo("payments", "hello", type=socket.SOCK_STREAM))[0][4][1]
        greetings = []
        for host, port in (("payments.shop", number), ("_hello._tcp.payments", 1)):
            async with await trio.open_tcp_stream(host, port) as stream:
                greetings.append(await stream.receive_some())
        return greetings

    assert run(cluster, main) == [CORRECT, CORRECT]


def test_what_is_not_there_is_said_as_the_resolver_says_it(cluster):
    with pytest.raises(NoSuchName, match=r"^orders: no such name; tried "):
        run(cluster, partial(trio.open_tcp_stream, "orders", 80))


def test_others_go_where_they_went(cluster, monkeypatch):
    asked = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args: asked.append(args) or [])
    monkeypatch.setattr(socket, "getnameinfo", lambda *args: asked.append(args) or ("a", "b"))

    async def main():
        found = await HostnameResolver().getaddrinfo(b"www.example.com", 80, 0, socket.SOCK_STREAM)
        return found, await trio.socket.getnameinfo(("192.0.2.1", 80), 0)

    monkeypatch.setenv("K8SRESOLVE_DISABLE", "1")
    assert run(cluster, main) == ([], ("a", "b"))
    assert asked == [(b"www.example.com", 80, 0, socket.SOCK_STREAM, 0, 0), (("192.0.2.1", 80), 0)]
    assert not cluster.queries


def test_addresses_are_named_by_the_resolver(cluster):
    async def main():
        return await trio.socket.getnameinfo(("10.96.0.10", 53), socket.NI_NUMERICSERV)

    with pytest.raises(socket.gaierror):  # nobody has that address here
        run(cluster, lambda: trio.socket.getnameinfo(("10.96.0.98", 53), socket.NI_NAMEREQD))
    assert cluster.queries.asked("98.0.96.10.in-addr.arpa.", "PTR")
    assert run(cluster, main) == ("10.96.0.10", "53")


# Two runs in each process, before a fork and after it; one lookup of each is given up. Of lines that both write at once
# none is torn by os.write (pipe(7)); `print` writes them in pieces where PYTHONUNBUFFERED is set. A lookup is one
# question: of two at once, which have a socket each, one that is sent again may leave by the other's.
OWN = """
import os, sys, trio
from k8sresolve import ResolverConfig, _system
from k8sresolve.contrib.trio import HostnameResolver
config = ResolverConfig.for_cluster(f"{sys.argv[1]}:{sys.argv[2]}", namespace="shop")
_system.load_config = lambda *_, **__: config

async def main(host):
    trio.socket.set_custom_hostname_resolver(HostnameResolver())
    with trio.CancelScope() as scope:
        scope.cancel()
        await trio.socket.getaddrinfo("orders", 80)
    found = await trio.socket.getaddrinfo(host, 80, trio.socket.AF_INET, trio.socket.SOCK_STREAM)
    os.write(1, f"{found[0][4][0]} {len(os.listdir('/proc/self/fd'))}\\n".encode())

trio.run(main, "payments")
child = os.fork()
trio.run(main, "payments.shop")
if child:
    os.waitpid(child, 0)
    trio.run(main, "payments.shop.svc")
"""


def test_the_processs_own_resolver_leaves_nothing_open(cluster):
    with cluster.serve() as server:
        command = [sys.executable, "-W", "error", "-c", OWN, server.host, str(server.port)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert len(lines) == 4
    assert len(set(lines)) == 1, lines  # as many descriptors each time
    assert lines[0].startswith("127.0.0.1 ")
