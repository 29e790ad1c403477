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
def ours(setting: Setting) -> Iterator[Any]:
    from k8sresolve import Resolver

    with Resolver(_config(setting), **{"family": "ipv4", **setting.options}) as resolver:
        yield resolver


@contextlib.asynccontextmanager
async def ours_async(setting: Setting) -> AsyncIterator[Any]:
    from k8sresolve import AsyncResolver

    async with AsyncResolver(_config(setting), **{"family": "ipv4", **setting.options}) as resolver:
        yield resolver


def _config(setting: Setting) -> Any:
    from k8sresolve import ResolverConfig

    nameservers = tuple(f"{address}:{setting.port}" for address in setting.nameservers)
    return ResolverConfig(nameservers=nameservers, search=SEARCH, ndots=5, **setting.config)


@contextlib.contextmanager
def getaddrinfo(_: Setting) -> Iterator[LookUp]:
    """The C library's, which asks the nameservers of /etc/resolv.conf, at port 53."""
    yield lambda name: socket.getaddrinfo(name, None, socket.AF_INET, socket.SOCK_STREAM)


@contextlib.contextmanager
def dnspython(setting: Setting) -> Iterator[Any]:
    import dns.resolver

    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = list(setting.nameservers), setting.port
    if setting.remembers:
        resolver.cache = dns.resolver.LRUCache()
    yield resolver.resolve


@contextlib.asynccontextmanager
async def dnspython_async(setting: Setting) -> AsyncIterator[Any]:
    import dns.asyncresolver

    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = list(setting.nameservers), setting.port
    yield resolver.resolve


@contextlib.asynccontextmanager
async def aiodns(setting: Setting) -> AsyncIterator[Any]:
    resolver = _channel(setting)
    yield resolver.query_dns
    await resolver.close()


@contextlib.asynccontextmanager
async def aiodns_unused(setting: Setting) -> AsyncIterator[Any]:
    """A channel of its own for each query, made beforehand: its cache cannot be switched off."""
    channels = [_channel(setting) for _ in range(100)]
    unused = iter(channels)
    yield lambda name, rdtype: next(unused).query_dns(name, rdtype)
    for channel in channels:
        await channel.close()


def _channel(setting: Setting) -> Any:
    import aiodns as peer

    return peer.DNSResolver(nameservers=list(setting.nameservers), udp_port=setting.port, tcp_port=setting.port)


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


def _the_same(opened: Any) -> Any:
    return opened


def _a(opened: Any) -> Any:
    return lambda name: opened(name, "A")


def _srv(opened: Any) -> Any:
    return lambda name: opened(f"_http._tcp.{name}", "SRV")


def _port(opened: Any) -> Any:
    return lambda name: opened.port(name, "http", fresh=True)


class Client(NamedTuple):
    """What runs its lookups, the context manager that opens it (asynchronous or not), how that is asked for a name."""

    runs: Literal["threads", "asyncio", "uvloop", "trio"]
    open: Callable[[Setting], Any]
    ask: Callable[[Any], Any] = _the_same


CLIENTS = {
    "k8sresolve": Client("threads", ours, lambda resolver: resolver.addresses),
    "k8sresolve-service": Client("threads", ours, lambda resolver: resolver.service),
    "k8sresolve-port": Client("threads", ours, lambda resolver: lambda name: resolver.port(name, "http")),
    "k8sresolve-endpoints": Client("threads", ours, lambda resolver: lambda name: resolver.endpoints(name, "http")),
    "k8sresolve-srv": Client("threads", ours, _port),
    "k8sresolve-async": Client("asyncio", ours_async, lambda resolver: resolver.addresses),
    "k8sresolve-async-srv": Client("asyncio", ours_async, _port),
    "k8sresolve-uvloop": Client("uvloop", ours_async, lambda resolver: resolver.addresses),
    "k8sresolve-trio": Client("trio", ours_async, lambda resolver: resolver.addresses),
    "getaddrinfo": Client("threads", getaddrinfo),
    "dnspython": Client("threads", dnspython, _a),
    "dnspython-srv": Client("threads", dnspython, _srv),
    "dnspython-async": Client("asyncio", dnspython_async, _a),
    "dnspython-async-srv": Client("asyncio", dnspython_async, _srv),
    "dnspython-uvloop": Client("uvloop", dnspython_async, _a),
    "aiodns": Client("asyncio", aiodns, _a),
    "aiodns-srv": Client("asyncio", aiodns_unused, _srv),
    "aiodns-uvloop": Client("uvloop", aiodns, _a),
    "raw": Client("threads", raw),
    "raw-pool": Client("asyncio", raw_pool),
}


def left_out() -> set[str]:
    """Those whose packages are not installed: `pip install aiodns uvloop`."""
    missing = [package for package in ("aiodns", "uvloop") if importlib.util.find_spec(package) is None]
    return {client for client in CLIENTS if any(package in client for package in missing)}
