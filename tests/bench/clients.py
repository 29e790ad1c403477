"""The clients: k8sresolve and its peers, each opened for the same nameservers, and how its lookups are run."""

import asyncio
import contextlib
import importlib.util
import itertools
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

LookUp = Callable[[str], Any]
AsyncLookUp = Callable[[str], Awaitable[Any]]
SEARCH = ("shop.svc.cluster.local", "svc.cluster.local", "cluster.local")


class Setting(NamedTuple):
    """The nameservers' addresses, their port, and what the client is to do."""

    nameservers: Sequence[str] = ("127.0.0.1",)
    port: int = 53
    remembers: bool = False  # for those whose cache is to be switched on
    options: Mapping[str, Any] = MappingProxyType({})  # for k8sresolve's resolvers
    config: Mapping[str, Any] = MappingProxyType({})  # for k8sresolve's `ResolverConfig`, as resolv.conf would state it


@contextlib.contextmanager
def ours(setting: Setting) -> Iterator[LookUp]:
    from k8sresolve import Resolver

    with Resolver(_config(setting), **{"family": "ipv4", **setting.options}) as resolver:
        yield resolver.addresses


@contextlib.contextmanager
def ours_service(setting: Setting) -> Iterator[LookUp]:
    from k8sresolve import Resolver

    with Resolver(_config(setting), **{"family": "ipv4", **setting.options}) as resolver:
        yield resolver.service


@contextlib.asynccontextmanager
async def ours_async(setting: Setting) -> AsyncIterator[AsyncLookUp]:
    from k8sresolve import AsyncResolver

    async with AsyncResolver(_config(setting), **{"family": "ipv4", **setting.options}) as resolver:
        yield resolver.addresses


def _config(setting: Setting) -> Any:
    from k8sresolve import ResolverConfig

    nameservers = tuple(f"{address}:{setting.port}" for address in setting.nameservers)
    return ResolverConfig(nameservers=nameservers, search=SEARCH, ndots=5, **setting.config)


@contextlib.contextmanager
def getaddrinfo(_: Setting) -> Iterator[LookUp]:
    """The C library's, which asks the nameservers of /etc/resolv.conf, at port 53."""

    def look_up(name: str) -> str:
        return str(socket.getaddrinfo(name, None, socket.AF_INET, socket.SOCK_STREAM)[0][4][0])

    yield look_up


@contextlib.contextmanager
def dnspython(setting: Setting) -> Iterator[LookUp]:
    import dns.resolver

    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = list(setting.nameservers), setting.port
    if setting.remembers:
        resolver.cache = dns.resolver.LRUCache()
    yield lambda name: resolver.resolve(name, "A")


@contextlib.asynccontextmanager
async def dnspython_async(setting: Setting) -> AsyncIterator[AsyncLookUp]:
    import dns.asyncresolver

    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = list(setting.nameservers), setting.port
    yield lambda name: resolver.resolve(name, "A")


@contextlib.asynccontextmanager
async def aiodns(setting: Setting) -> AsyncIterator[AsyncLookUp]:
    import aiodns as peer

    resolver = peer.DNSResolver(nameservers=list(setting.nameservers), udp_port=setting.port, tcp_port=setting.port)
    yield lambda name: resolver.query_dns(name, "A")
    await resolver.close()


def _encode(name: str) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name[:-1].split("."))
    return os.urandom(2) + b"\1\0\0\1\0\0\0\0\0\0" + labels + b"\0\0\1\0\1"


def _decode(query: bytes, reply: bytes) -> str:
    if reply[:2] != query[:2] or reply[12 : len(query)] != query[12:]:
        raise ValueError("not ours")
    return socket.inet_ntoa(reply[-4:])


@contextlib.contextmanager
def raw(setting: Setting) -> Iterator[LookUp]:
    """The yardstick: a bare socket for each query and a codec for exactly this answer."""

    def look_up(name: str) -> str:
        query = _encode(name)
        sock = socket.SocketType(socket.AF_INET, socket.SOCK_DGRAM)
        sock.connect((setting.nameservers[0], setting.port))
        sock.send(query)
        reply = sock.recv(1232)
        sock.close()
        return _decode(query, reply)

    yield look_up


@contextlib.asynccontextmanager
async def raw_pool(setting: Setting) -> AsyncIterator[AsyncLookUp]:
    """The yardstick for tasks: sixteen sockets that stay, one of which each query takes, and the same codec."""
    loop = asyncio.get_running_loop()
    waiting: dict[bytes, asyncio.Future[bytes]] = {}
    pool = [socket.SocketType(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(16)]
    turns = itertools.cycle(pool)

    def readable(sock: socket.SocketType) -> None:
        reply = sock.recv(1232)
        future = waiting.pop(reply[:2], None)
        if future is not None and not future.done():
            future.set_result(reply)

    async def look_up(name: str) -> str:
        query = _encode(name)
        while query[:2] in waiting:
            query = _encode(name)
        future = waiting[query[:2]] = loop.create_future()
        next(turns).send(query)
        return _decode(query, await future)

    for sock in pool:
        sock.connect((setting.nameservers[0], setting.port))
        sock.setblocking(False)
        loop.add_reader(sock.fileno(), readable, sock)
    yield look_up
    for sock in pool:
        loop.remove_reader(sock.fileno())
        sock.close()


class Client(NamedTuple):
    """What runs its lookups, and how it is opened: a context manager, or an asynchronous one."""

    runs: Literal["threads", "asyncio", "trio"]
    open: Callable[[Setting], Any]


CLIENTS = {
    "k8sresolve": Client("threads", ours),
    "k8sresolve-service": Client("threads", ours_service),
    "k8sresolve-async": Client("asyncio", ours_async),
    "k8sresolve-trio": Client("trio", ours_async),
    "getaddrinfo": Client("threads", getaddrinfo),
    "dnspython": Client("threads", dnspython),
    "dnspython-async": Client("asyncio", dnspython_async),
    "aiodns": Client("asyncio", aiodns),
    "raw": Client("threads", raw),
    "raw-pool": Client("asyncio", raw_pool),
}


def left_out() -> set[str]:
    """Those that are not installed: `pip install aiodns`."""
    return {client for client in ("aiodns",) if importlib.util.find_spec(client) is None}
