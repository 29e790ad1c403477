"""The clients: k8sresolve and its peers, each opened for the same nameservers, and how its lookups are run."""

import asyncio
import contextlib
import importlib.util
import itertools
import os
import socket
import struct
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


# -- yardsticks, which a careful hand would write for this one question ------------------------------------------------

_OPT = b"\0\0\x29\x04\xd0\0\0\0\0\0\0"  # RFC 6891: datagrams of 1,232 octets
_PATIENCE = 5.0  # seconds


def _encode(name: str) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name[:-1].split("."))
    return os.urandom(2) + b"\1\0\0\1\0\0\0\0\0\1" + labels + b"\0\0\1\0\1" + _OPT


def _decode(query: bytes, reply: bytes) -> str:
    end = len(query) - len(_OPT)
    if reply[:2] != query[:2] or reply[12:end] != query[12:end]:
        raise ValueError("not ours")
    flags, _, answers = struct.unpack_from("!3H", reply, 2)
    owner = 2 if reply[end] >= 0xC0 else end - 16
    rdtype, _, _, size = struct.unpack_from("!HHIH", reply, end + owner)
    if flags & 0x820F != 0x8000 or not answers or (rdtype, size) != (1, 4):
        raise ValueError("no answer")
    return socket.inet_ntoa(reply[end + owner + 10 : end + owner + 14])


@contextlib.contextmanager
def raw(setting: Setting) -> Iterator[LookUp]:
    """A socket for each query, with a timeout, and a codec for exactly this answer: eight system calls."""

    def look_up(name: str) -> str:
        query = _encode(name)
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.settimeout(_PATIENCE)
        sock.connect((setting.nameservers[0], setting.port))
        sock.send(query)
        reply = sock.recv(1232)
        sock.close()
        return _decode(query, reply)

    yield look_up


@contextlib.asynccontextmanager
async def raw_pool(setting: Setting) -> AsyncIterator[AsyncLookUp]:
    """Sixteen sockets that stay, one of which each query takes, a timer for each, and the same codec."""
    loop = asyncio.get_running_loop()
    waiting: dict[bytes, asyncio.Future[bytes]] = {}
    pool = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(16)]
    turns = itertools.cycle(pool)

    def readable(sock: socket.socket) -> None:
        while True:
            try:
                reply = sock.recv(1232)
            except BlockingIOError:
                return
            future = waiting.pop(reply[:2], None)
            if future is not None and not future.done():
                future.set_result(reply)

    def late(future: "asyncio.Future[bytes]") -> None:
        if not future.done():
            future.set_exception(TimeoutError())

    async def look_up(name: str) -> str:
        query = _encode(name)
        while query[:2] in waiting:
            query = _encode(name)
        future = waiting[query[:2]] = loop.create_future()
        timer = loop.call_later(_PATIENCE, late, future)
        next(turns).send(query)
        try:
            return _decode(query, await future)
        finally:
            timer.cancel()

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
