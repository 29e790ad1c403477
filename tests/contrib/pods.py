"""Pods of an offline cluster that are there: listeners on loopback, at the addresses that the cluster gave them."""

import asyncio
import ssl
import threading
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from k8sresolve.testing import Cluster, headless
from tests.ports import apart

LOOPBACK = ["127.10.0.0/16"]


def cluster_of(pods, *others, **options):
    """Make a cluster with `web.shop`, a headless Service of so many pods, which have addresses of loopback."""
    return Cluster.new(headless("web.shop", http=80, pods=pods), *others, pod_cidrs=LOOPBACK, **options)


def addresses(cluster, workload="shop/web"):
    return [pod.ip for pod in cluster.pods(workload)]


class Request(NamedTuple):
    """What a pod was asked: where, by which connection, and what for."""

    address: str
    connection: int
    method: str
    host: str
    body: bytes
    sni: str | None


class Pods:
    """Listeners in a thread, all at one port, which answer with their address until they are told otherwise.

    `requests` is what they were asked; `breaking` says how many requests each reads and then ends the connection.
    While `holding`, they answer half of it, and the rest when they are told to go on; while `silent`, nothing.
    """

    def __init__(self, *at, pem=None):
        self.requests: list[Request] = []
        self.breaking: Counter[str] = Counter()
        self.holding = self.silent = False
        self._held: list[Callable[[], None]] = []
        self.open: dict[int, tuple[str, asyncio.Transport]] = {}
        self._numbers = 0
        self._snis: dict[int, str] = {}
        self._context = None
        if pem is not None:
            self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self._context.load_cert_chain(pem)
            self._context.sni_callback = lambda visit, name, _: setattr(visit, "asked_for", name)
        self._servers: dict[str, asyncio.Server] = {}
        self._loop = asyncio.new_event_loop()
        self._changed = asyncio.Event()
        self.port = apart()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.start(*at)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop(*self._servers)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def start(self, *at):
        for address in at:
            self._run(self._start(address))

    def stop(self, *at):
        """Listen there no more, and end the connections, as a pod does that has ended."""
        for address in tuple(at):
            self._run(self._stop(address))

    def go_on(self):
        """Answer what is held."""
        self.holding = False
        held, self._held = self._held, []
        for answer in held:
            self._loop.call_soon_threadsafe(answer)

    def hold(self, answer):
        self._held.append(answer)

    def connections(self, address):
        """How many are open."""
        return sum(at == address for at, _ in self.open.values())

    def asked(self):
        """How often each was."""
        return Counter(request.address for request in self.requests)

    def _run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    async def _start(self, address):
        self._servers[address] = await self._loop.create_server(
            lambda: _Visit(self, address), address, self.port, ssl=self._context
        )

    async def _stop(self, address):
        self._servers.pop(address).close()
        for at, transport in tuple(self.open.values()):
            if at == address:
                transport.close()
        await self._until(lambda: not self.connections(address))

    async def _until(self, is_so):
        while not is_so():
            await self._changed.wait()
            self._changed.clear()

    def until_closed(self, *at):
        """Wait until no connection is open there."""
        self._run(self._until(lambda: not any(map(self.connections, at))))

    def until_asked(self):
        """Wait for the first request."""
        self._run(self._until(lambda: self.requests))

    def change(self):
        self._changed.set()

    def number(self):
        self._numbers += 1
        return self._numbers


class _Visit(asyncio.Protocol):
    def __init__(self, pods, address):
        self._pods = pods
        self._address = address
        self._got = b""

    def connection_made(self, transport):
        self._transport = transport
        self._number = self._pods.number()
        self._pods.open[self._number] = self._address, transport

    def connection_lost(self, _error):
        self._pods.open.pop(self._number)
        self._pods.change()

    def data_received(self, data):
        self._got += data
        head, end, rest = self._got.partition(b"\r\n\r\n")
        if not end:
            return
        first, *lines = head.decode("latin-1").split("\r\n")
        fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        if fields.get("transfer-encoding") == "chunked":
            if not rest.endswith(b"0\r\n\r\n"):
                return
        elif len(rest) < int(fields.get("content-length", 0)):
            return
        self._got = b""
        sni = getattr(self._transport.get_extra_info("ssl_object"), "asked_for", None)
        method = first.partition(" ")[0]
        self._pods.requests.append(Request(self._address, self._number, method, fields["host"], rest, sni))
        self._pods.change()
        if self._pods.breaking[self._address]:
            self._pods.breaking[self._address] -= 1
            self._transport.close()
            return
        if self._pods.silent:
            return
        body = self._address.encode()
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
        if self._pods.holding:
            self._pods.hold(lambda: self._transport.write(body[4:]))  # before the client's thread can see the head
            self._transport.write(head + body[:4])
        else:
            self._transport.write(head if method == "HEAD" else head + body)
