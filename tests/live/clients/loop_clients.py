"""Inside a sandbox: clients of asyncio in a loop that finds names by k8sresolve, each told of `books` in three ways.

Listeners on the addresses of `books.shop` tell who came, and by which TLS name. Prints for the client given, and for
each way, what they saw: "came", a name that was verified, "refused", or null, where nobody came.
"""

import asyncio
import contextlib
import json
import logging
import socket
import ssl
import sys
import threading
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import trustme

from k8sresolve import Resolver
from tests.live import kubectl

sys.modules["aiodns"] = None  # type: ignore[assignment]  # with it, aiohttp asks c-ares

NAME = "books.shop"
ADDRESSES = ("10.244.9.1", "10.244.9.2")
PORT = 50051
SECONDS = 20.0


class Target:
    """What a client is told: a host and a port, and how to trust who is there."""

    def __init__(self, host: str, port: Any, authority: Path | None = None) -> None:
        self.host, self.port, self.authority = host, port, authority
        self.context = ssl.create_default_context(cafile=str(authority)) if authority else None

    def url(self, scheme: str, secure: str) -> str:
        return f"{secure if self.context else scheme}://{self.host}:{self.port}"


async def streams(to: Target) -> None:
    reader, writer = await asyncio.open_connection(to.host, to.port, ssl=to.context)
    writer.write(b"hello")
    await reader.read()


async def aiohttp(to: Target) -> None:
    import aiohttp

    async with aiohttp.ClientSession() as session, session.get(to.url("http", "https"), ssl=to.context or True):
        pass


async def httpx(to: Target) -> None:
    import httpx

    async with httpx.AsyncClient(verify=to.context or True, trust_env=False) as client:
        await client.get(to.url("http", "https"))


async def httpx2(to: Target) -> None:
    import httpx2

    async with httpx2.AsyncClient(verify=to.context or True, trust_env=False) as client:
        await client.get(to.url("http", "https"))


async def anyio(to: Target) -> None:
    from anyio import connect_tcp

    stream = await connect_tcp(to.host, to.port, ssl_context=to.context, tls=bool(to.context))
    await stream.send(b"hello")
    await stream.receive()


async def websockets(to: Target) -> None:
    from websockets.asyncio.client import connect

    await connect(to.url("ws", "wss"), ssl=to.context, proxy=None)


async def redis(to: Target) -> None:
    from redis.asyncio import Redis

    verify = {"ssl": True, "ssl_ca_certs": str(to.authority), "ssl_check_hostname": True}
    secure = verify if to.context else {}
    async with Redis(host=to.host, port=to.port, **secure) as client:
        await client.ping()


async def asyncpg(to: Target) -> None:
    import asyncpg

    await asyncpg.connect(host=to.host, port=to.port, user="u", ssl=to.context or False, direct_tls=bool(to.context))


async def psycopg(to: Target) -> None:
    import psycopg

    secure = {"sslmode": "verify-full", "sslrootcert": str(to.authority), "sslnegotiation": "direct"}
    options = secure if to.context else {"sslmode": "disable"}
    await psycopg.AsyncConnection.connect(host=to.host, port=to.port, user="u", gssencmode="disable", **options)


async def aiomysql(to: Target) -> None:
    import aiomysql

    await aiomysql.connect(host=to.host, port=to.port, ssl=to.context)


async def pymongo(to: Target) -> None:
    from pymongo import AsyncMongoClient

    secure = {"tls": True, "tlsCAFile": str(to.authority)} if to.context else {}
    async with AsyncMongoClient(to.host, to.port, serverSelectionTimeoutMS=3000, **secure) as client:
        await client.admin.command("ping")


async def aiokafka(to: Target) -> None:
    from aiokafka import AIOKafkaProducer

    secure = {"security_protocol": "SSL", "ssl_context": to.context} if to.context else {}
    producer = AIOKafkaProducer(bootstrap_servers=f"{to.host}:{to.port}", **secure)
    try:
        await producer.start()
    finally:
        await producer.stop()


async def aio_pika(to: Target) -> None:
    from aio_pika import connect

    await connect(to.url("amqp", "amqps"), ssl_context=to.context)


async def nats(to: Target) -> None:
    from nats import connect

    async def ignore(_error: Exception) -> None:
        pass

    secure = {"tls": to.context, "tls_handshake_first": True} if to.context else {}
    url = to.url("nats", "tls")
    await connect(url, allow_reconnect=False, error_cb=ignore, **secure)


async def neo4j(to: Target) -> None:
    from neo4j import AsyncGraphDatabase, TrustCustomCAs

    secure = {"encrypted": True, "trusted_certificates": TrustCustomCAs(str(to.authority))} if to.context else {}
    async with AsyncGraphDatabase.driver(to.url("bolt", "bolt"), **secure) as driver:
        await driver.verify_connectivity()


async def elasticsearch(to: Target) -> None:
    from elasticsearch import AsyncElasticsearch

    secure = {"ssl_context": to.context} if to.context else {}
    async with AsyncElasticsearch(to.url("http", "https"), max_retries=0, **secure) as client:
        await client.info()


async def grpc(to: Target) -> None:
    import grpc

    secure = grpc.ssl_channel_credentials(to.authority.read_bytes()) if to.authority else None
    target = f"{to.host}:{to.port}"
    channel = grpc.aio.secure_channel(target, secure) if secure else grpc.aio.insecure_channel(target)
    async with channel:
        await asyncio.wait_for(channel.channel_ready(), 3)


CLIENTS = [
    streams, aiohttp, httpx, httpx2, anyio, websockets, redis, asyncpg, psycopg, aiomysql, pymongo, aiokafka, aio_pika,
    nats, neo4j, elasticsearch, grpc,
]  # fmt: skip


# What clients wait for before they say a word: of MySQL's protocol in any case, of NATS's within TLS.
MYSQL = b"\x0a8\0\1\0\0\0saltsalt\0\0\xfa\x2d\2\0\0\0\x15" + bytes(10) + b"saltsaltsalt\0caching_sha2_password\0"
BEFORE_TLS = {"aiomysql": len(MYSQL).to_bytes(3, "little") + b"\0" + MYSQL}
FIRST = {"nats": b'INFO {"tls_required": true}\r\n'}


class Pods:
    """Listeners on the addresses of the pods, which tell of each who comes."""

    def __init__(self, client: str, context: ssl.SSLContext | None, tell: Callable[[], None]) -> None:
        self._client = client
        self._context = context
        self._tell = tell
        self.saw: str | None = None  # of the first
        self._name: str | None = None
        if context is not None:
            context.set_alpn_protocols(["h2", "postgresql"])
            context.sni_callback = lambda _socket, name, _context: setattr(self, "_name", name)

    def serve(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # until it is closed
            while True:
                sock, _ = listener.accept()
                with sock:
                    sock.settimeout(SECONDS)
                    seen = self._meet(sock)
                    self.saw = self.saw or seen  # before it is closed: then the client may go
                    self._tell()

    def _meet(self, sock: socket.socket) -> str:
        """A client that says something means to stay: within TLS, it has verified who is there."""
        try:
            if greeting := BEFORE_TLS.get(self._client):
                sock.sendall(greeting)
                if self._context is not None:
                    sock.recv(36)  # its request for TLS
            if self._context is None:
                return "came" if self._stays(sock) else "left"
            with self._context.wrap_socket(sock, server_side=True) as secure:
                return f"{self._name}" if self._stays(secure) else "refused"
        except OSError:
            return "refused"

    def _stays(self, sock: socket.socket) -> bool:
        sock.sendall(FIRST.get(self._client, b""))
        return sock.recv(1) != b""


async def attempt(client: Any, to: Target, certified: str | None = None) -> str | None:
    """Have a client connect; tell what the listeners saw, if they saw anything."""
    context = None
    if certified is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        AUTHORITY.issue_cert(certified).configure_cert(context)
    loop, met = asyncio.get_running_loop(), asyncio.Event()

    def tell() -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(met.set)

    pods = Pods(client.__name__, context, tell)
    listeners = [socket.create_server((address, PORT)) for address in ADDRESSES]
    for listener in listeners:
        threading.Thread(target=pods.serve, args=(listener,), daemon=True).start()
    task, meeting = asyncio.ensure_future(client(to)), asyncio.ensure_future(met.wait())
    await asyncio.wait((task, meeting), return_when=asyncio.FIRST_COMPLETED)
    if context is not None:  # who refuses may have gone before the listener knows
        await asyncio.wait((meeting,), timeout=SECONDS)
    for left in (task, meeting):
        left.cancel()
    await asyncio.gather(task, meeting, return_exceptions=True)
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
    return pods.saw


AUTHORITY = trustme.CA()


async def main(client: Any, authority: Path) -> dict[str, str | None]:
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # clients are left in the midst of it
    return {
        "port name": await attempt(client, Target(NAME, "books")),
        "SRV host": await attempt(client, Target(f"_books._tcp.{NAME}", 1)),
        "number": await attempt(client, Target(NAME, PORT)),
        "TLS": await attempt(client, Target(NAME, PORT, authority), NAME),
        "TLS of another": await attempt(client, Target(NAME, PORT, authority), "other.shop"),
    }


if __name__ == "__main__":
    logging.disable()
    warnings.simplefilter("ignore", ResourceWarning)  # clients are left in the midst of it
    factory = import_module(f"k8sresolve.contrib.{json.load(sys.stdin)}").new_event_loop
    file = Path("/srv/authority.pem")
    AUTHORITY.cert_pem.write_to_path(str(file))
    kubectl.headless(
        "shop/books", {"books": PORT}, {address: f"books-{number}" for number, address in enumerate(ADDRESSES)}
    )
    with Resolver() as resolver:
        resolver.wait_for("books.shop", at_least=2, timeout=SECONDS)
    told = {}
    for each in CLIENTS:
        with asyncio.Runner(loop_factory=factory) as runner:
            told[each.__name__] = runner.run(main(each, file))
    json.dump(told, sys.stdout)
