"""A pod that answers HTTP/1.1 with JSON: which pod it is, for which Host, and which TLS name it was asked for.

It ends as pods should: on SIGTERM it takes no more connections, closes those that are idle, and answers what came.
"""

import asyncio
import json
import os
import signal
import ssl
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from typing import NamedTuple


class Spec(NamedTuple):
    """What a pod is: `work` is the seconds that an answer takes, `pem` its key and certificate, if it speaks TLS.

    `age` is how old a connection may grow, in seconds, with servers that know this.
    """

    name: str
    address: str
    port: int
    work: float = 0.005
    pem: str | None = None
    age: float | None = None


class _Visit(asyncio.Protocol):
    """One connection: one request after the other."""

    def __init__(self, pod: "Pod") -> None:
        self._pod = pod
        self._got = b""
        self._busy = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport
        self._pod.visits.add(self)

    def connection_lost(self, _error: Exception | None) -> None:
        self._pod.left(self)

    def data_received(self, data: bytes) -> None:
        self._got += data
        if not self._busy:
            self._next()

    def _next(self) -> None:
        head, end, rest = self._got.partition(b"\r\n\r\n")
        if not end:
            return
        headers = dict(line.split(": ", 1) for line in head.decode("latin-1").split("\r\n")[1:])
        fields = {name.lower(): value for name, value in headers.items()}
        if len(rest) < (length := int(fields.get("content-length", 0))):
            return
        self._got, self._busy = rest[length:], True
        asyncio.get_running_loop().call_later(self._pod.spec.work, self._answer, fields.get("host"))

    def _answer(self, host: str | None) -> None:
        tls = getattr(self._transport.get_extra_info("ssl_object"), "asked_for", None)
        body = json.dumps({"pod": self._pod.spec.name, "host": host, "tls": tls}).encode()
        last = b"Connection: close\r\n" if self._pod.ending else b""
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n%bContent-Length: %d\r\n\r\n" % (last, len(body))
        self._transport.write(head + body)
        self._busy = False
        if self._pod.ending:
            self._transport.close()
        else:
            self._next()

    def end(self) -> None:
        if not self._busy:
            self._transport.close()


class Pod:
    """Serves until it is told to end."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.visits: set[_Visit] = set()
        self.ending = False
        self._gone = asyncio.Event()

    async def listen(self) -> None:
        spec, context = self.spec, None
        if spec.pem:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(spec.pem)
            context.sni_callback = lambda visit, name, _: setattr(visit, "asked_for", name)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Visit(self), spec.address, spec.port, ssl=context, backlog=512)

    def end(self) -> None:
        self.ending = True
        self._server.close()
        for visit in tuple(self.visits):
            visit.end()
        self._look()

    def left(self, visit: _Visit) -> None:
        self.visits.discard(visit)
        self._look()

    def _look(self) -> None:
        if self.ending and not self.visits:
            self._gone.set()

    async def gone(self) -> None:
        await self._gone.wait()


def run(spec: Spec, ready: Connection) -> None:
    """Be a pod, in a process of its own; says by `ready` that it listens."""
    asyncio.run(_run(spec, ready))


async def _run(spec: Spec, ready: Connection) -> None:
    pod, loop = Pod(spec), asyncio.get_running_loop()
    await pod.listen()
    loop.add_signal_handler(signal.SIGTERM, pod.end)
    loop.add_reader(parent_process().sentinel, os._exit, 1)  # type: ignore[union-attr]
    ready.send_bytes(b"")
    await pod.gone()
