"""The offline cluster on real sockets: a nameserver on loopback or a private network, for any client."""

import asyncio
import errno
import ipaddress
import os
import socket
import struct
import threading
from concurrent.futures import CancelledError, Future
from contextlib import closing, suppress
from itertools import groupby
from typing import Self, cast

from k8sresolve._escaping import placed, told
from k8sresolve.config import Nameserver
from k8sresolve.errors import ConfigError, Transport
from k8sresolve.testing.network.network import Network
from k8sresolve.testing.network.parcels import Parcel

_MOST_PORT = 65535
_TRIES = 20  # until a port is free for UDP as well as for TCP
_PATIENCE = 5.0  # seconds
# RFC 7766, section 6.2.3: a few seconds are enough for a client that reuses its connection. So long may a query take to
# come, and a reply to go.
_IDLE = 10.0  # seconds
_MOST_CONNECTIONS = 512
_UNSENT = 1 << 17  # octets of replies that the system keeps for a client that does not take them
_RESET = struct.pack("ii", 1, 0)  # socket(7): closing with SO_LINGER and no time resets the connection


# RFC 1918, RFC 4193, and RFC 3927: addresses that nobody routes on the Internet.
_PRIVATE = tuple(
    map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "169.254.0.0/16"))
)
_PAYLOAD = 1232  # octets, of UDP replies that may be routed: no fragments, and little for a spoofed address to receive


class Server:
    """A nameserver, UDP and TCP on one port, from entering the context until leaving it. Made by `Cluster.serve`.

    It has one thread of its own; `with` and `async with` are the same.

    Addresses that are neither loopback nor private are refused with `ConfigError` unless it is `open`, as is a port in
    use: anyone may ask, and what is asked from a forged address is answered to that. Beyond loopback a UDP reply has at
    most 1,232 octets, as with CoreDNS's `bufsize 1232`, and is cut where it has no room.

    A TCP connection ends when for 10 seconds no whole query comes or no reply is taken. Of more than 512 the one that
    has waited longest for a query gives way; while all of them are being answered, no other is let in (RFC 7766,
    section 6.2.3).

    >>> import dns.message
    >>> import dns.query
    >>> from k8sresolve.testing import Cluster
    >>> with Cluster.from_manifests("docs/examples/shop.yaml").serve() as server:
    ...     query = dns.message.make_query("payments.shop.svc.cluster.local", "A")
    ...     reply = dns.query.udp(query, server.host, port=server.port, timeout=5)
    ...
    >>> print(reply.answer[0][0])
    10.96.20.1
    """

    host: str
    """The address at which it listens."""

    port: int
    """The number of its port, UDP and TCP; before it listens 0 stands for any that is free."""

    stands_for: str
    """The address in the cluster that faults and the log know it by."""

    def __init__(
        self,
        network: Network,
        stands_for: str,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        open: bool = False,  # noqa: A002
    ) -> None:
        address = _address(host)
        if not open and not address.is_loopback and not any(address in network for network in _PRIVATE):
            raise ConfigError(
                f"{told(host)} is neither a loopback nor a private address, and anyone may ask there",
                advice="give such an address, or open=True where that is meant",
            )
        if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= _MOST_PORT:
            advice = f"give 0 for any, or one up to {_MOST_PORT}"
            raise ConfigError(f"{told(port)} is no port to listen on", advice=advice)
        self.host = host
        self.port: int = port
        self.stands_for = stands_for
        self._network = network
        self._payload = 0 if address.is_loopback else _PAYLOAD
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None

    @property
    def nameserver(self) -> Nameserver:
        """Where it listens, for `ResolverConfig`."""
        return Nameserver(self.host, self.port)

    def start(self) -> None:
        """Listen.

        Raises:
            ConfigError: The port is in use, or the address is none of this machine.
            RuntimeError: It listens already.
        """
        if self._thread is not None:
            raise RuntimeError(f"this server listens already, on {self.nameserver}")
        listening: Future[int] = Future()
        self._thread = threading.Thread(target=self._run, args=(listening,), name="k8sresolve-server", daemon=True)
        self._thread.start()
        try:
            self.port = listening.result()
        except OSError as error:
            self._thread.join()
            self._thread = None
            is_elsewhere = error.errno == errno.EADDRNOTAVAIL
            advice = "give an address of this machine" if is_elsewhere else "choose another port, or 0 for any"
            raise ConfigError(
                f"cannot listen on {placed(self.host, self.port)}: {error.strerror}", advice=advice
            ) from None
        self._network.clock.run()

    def stop(self) -> None:
        """Stop listening; stopping twice is fine."""
        if self._thread is None or self._loop is None or self._stopping is None:
            return
        self._network.clock.halt()
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stop()

    def _run(self, listening: "Future[int]") -> None:
        try:
            asyncio.run(self._serve(listening))
        except OSError as error:
            if listening.done():
                raise
            listening.set_exception(error)

    async def _serve(self, listening: "Future[int]") -> None:
        self._loop = loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        listeners = await self._listen()

        def refresh() -> None:
            done = asyncio.run_coroutine_threadsafe(self._refresh(listeners), loop)
            if threading.current_thread() is not self._thread:
                # Whoever closes a port may rely on it that it is closed now, unless all of it ends this moment.
                with suppress(TimeoutError, CancelledError):
                    done.result(_PATIENCE)

        try:
            await self._refresh(listeners)
            self._network.watch(refresh)
            listening.set_result(listeners[0].number)
            await self._stopping.wait()
        finally:
            self._network.unwatch(refresh)
            for listener in listeners:
                await listener.close()

    async def _refresh(self, listeners: "tuple[_UdpListener, _TcpListener]") -> None:
        for listener in listeners:
            if self._network.closed(listener.transport, self.stands_for):
                await listener.refuse()
            else:
                await listener.listen()

    async def _listen(self) -> "tuple[_UdpListener, _TcpListener]":
        for attempt in range(_TRIES):
            tcp = _TcpListener(self, self.port)
            await tcp.listen()
            udp = _UdpListener(self, tcp.number)
            try:
                await udp.listen()
            except OSError:
                await tcp.close()
                if self.port or attempt == _TRIES - 1:
                    raise
            else:
                return udp, tcp
        raise AssertionError("the last try has returned or raised")

    def receive(self, message: bytes, transport: Transport, peer: tuple[str, int]) -> list[Parcel]:
        """Ask the network what goes back for a message that came from `peer`."""
        return self._network.receive(
            message,
            transport,
            nameserver=self.stands_for,
            client=peer[0],
            port=peer[1],
            flow=(transport, *peer[:2]),
            payload=self._payload,
        )


def _address(host: object) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        if isinstance(host, str):
            return ipaddress.ip_address(host)
    except ValueError:
        pass
    raise ConfigError(f"{told(host)} is no address to listen on", advice="give one of this machine, as 127.0.0.1")


class _Listener:
    """What listens on a port for one transport: the port is open, closed, or neither yet."""

    transport: Transport
    kind: socket.SocketKind

    def __init__(self, server: Server, number: int) -> None:
        self.server = server
        self.number = number
        self._holding: socket.socket | None = None  # keeps the number while the port is closed

    def bind(self) -> socket.socket:
        """Make a socket with this number."""
        family = socket.AF_INET6 if ":" in self.server.host else socket.AF_INET
        sock = socket.socket(family, self.kind)
        try:
            if self.kind == socket.SOCK_STREAM:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _UNSENT)  # those that connect inherit it
                if os.name == "posix":
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((self.server.host, self.number))
            sock.setblocking(False)
        except BaseException:
            sock.close()
            raise
        self.number = sock.getsockname()[1]
        return sock

    def release(self) -> None:
        """Give the number free, if it is only held."""
        if self._holding is not None:
            self._holding.close()
            self._holding = None


class _UdpListener(_Listener, asyncio.DatagramProtocol):
    """The UDP half."""

    transport = "udp"
    kind = socket.SOCK_DGRAM

    def __init__(self, server: Server, number: int) -> None:
        super().__init__(server, number)
        self._endpoint: asyncio.DatagramTransport | None = None
        self._gone: asyncio.Future[None] | None = None
        self._other: socket.socket | None = None

    async def listen(self) -> None:
        """Open it."""
        if self._endpoint is None:
            self.release()
            loop = asyncio.get_running_loop()
            self._gone = loop.create_future()
            await loop.create_datagram_endpoint(lambda: self, sock=self.bind())

    async def refuse(self) -> None:
        """Close it, and keep its number."""
        if self._endpoint is not None:
            await self._shut()
            self._holding = self.bind()
            # udp(7): a connected socket gets its peer's datagrams alone, and for all others nobody is there.
            self._holding.connect(self._holding.getsockname())

    async def close(self) -> None:
        """End it."""
        self.release()
        await self._shut()
        if self._other is not None:
            self._other.close()

    async def _shut(self) -> None:
        if self._endpoint is not None and self._gone is not None:
            self._endpoint.abort()
            await self._gone
            self._endpoint = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the socket."""
        self._endpoint = cast("asyncio.DatagramTransport", transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Say that the socket is closed."""
        if self._gone is not None:
            self._gone.set_result(None)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer a query."""
        parcels = self.server.receive(data, "udp", addr)
        for delay, due in groupby(parcels, lambda parcel: parcel.delay):
            if delay:
                asyncio.get_running_loop().call_later(delay, self._send, list(due), addr)
            else:
                self._send(list(due), addr)

    def _send(self, parcels: list[Parcel], addr: tuple[str, int]) -> None:
        for parcel in parcels:
            if parcel.manner == "elsewhere":
                self._send_from_elsewhere(parcel.data, addr)
            elif self._endpoint is not None and not self._endpoint.is_closing():
                self._endpoint.sendto(parcel.data, addr)

    def _send_from_elsewhere(self, data: bytes, addr: tuple[str, int]) -> None:
        if self._other is None:
            self._other = _UdpListener(self.server, 0).bind()
        with suppress(OSError):  # a full buffer loses it, as it may any datagram
            self._other.sendto(data, addr)


class _TcpListener(_Listener):
    """The TCP half.

    A connection ends when no whole query has come, or a reply has not gone, for ten seconds. Of so many that no other
    is let in the one gives way that has waited longest for a query; where all are being answered, the new one does.
    """

    transport = "tcp"
    kind = socket.SOCK_STREAM

    def __init__(self, server: Server, number: int) -> None:
        super().__init__(server, number)
        self._accepting: asyncio.Server | None = None
        # In the order in which they began to wait for a query.
        self._waiting: dict[asyncio.Task[None], None] = {}
        self._answering: set[asyncio.Task[None]] = set()

    async def listen(self) -> None:
        """Open it."""
        if self._accepting is None:
            self.release()
            self._accepting = await asyncio.start_server(self._accept, sock=self.bind())

    async def refuse(self) -> None:
        """Close it, and its connections with it, and keep its number."""
        if self._accepting is not None:
            await self.close()
            self._holding = self.bind()  # listen(2) is what would let anyone connect

    async def close(self) -> None:
        """End it."""
        self.release()
        if self._accepting is not None:
            await self._stop_listening(self._accepting)
            self._accepting = None
        streams = (*self._waiting, *self._answering)
        for stream in streams:
            stream.cancel()
        await asyncio.gather(*streams, return_exceptions=True)

    @staticmethod
    async def _stop_listening(listener: asyncio.Server) -> None:
        # asyncio loses the connections that it has let in and not yet begun to serve. So let in no more, and give
        # these their turn first.
        with suppress(NotImplementedError):  # on Windows
            for sock in listener.sockets:
                asyncio.get_running_loop().remove_reader(sock.fileno())
        await asyncio.sleep(0)
        listener.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        with closing(writer):
            # Else it was let in while the port was being closed.
            if self._accepting is not None and self._make_room():
                self._waiting[task] = None
                # Cancelled for another's sake, or by `close`, after which nothing is left to do; asyncio of Python 3.11
                # would report it.
                with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                    await self._converse(task, reader, writer)
                self._waiting.pop(task, None)
                self._answering.discard(task)

    def _make_room(self) -> bool:
        if len(self._waiting) + len(self._answering) < _MOST_CONNECTIONS:
            return True
        idlest = next(iter(self._waiting), None)
        if idlest is not None:
            del self._waiting[idlest]
            idlest.cancel()
        return idlest is not None

    async def _converse(
        self, task: "asyncio.Task[None]", reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        peer = writer.get_extra_info("peername")
        # A reply is waited for until the system has it all, so that nothing of it is left when the connection ends.
        writer.transport.set_write_buffer_limits(0)
        # RFC 7766, section 6.2.1: a client may send several queries over one connection.
        while True:
            async with asyncio.timeout(_IDLE):
                message = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
            self._waiting.pop(task, None)
            self._answering.add(task)
            sent = 0.0
            for parcel in self.server.receive(message, "tcp", peer):
                await asyncio.sleep(parcel.delay - sent)
                sent = parcel.delay
                if parcel.manner == "reset":
                    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                    writer.transport.abort()
                    return
                await _write(writer, len(parcel.data).to_bytes(2) + parcel.data, parcel.interval)
            self._answering.discard(task)
            self._waiting[task] = None


async def _write(writer: asyncio.StreamWriter, data: bytes, interval: float) -> None:
    if not interval:
        await _write_at_once(writer, data)
        return
    for index in range(len(data)):
        await asyncio.sleep(interval if index else 0)
        await _write_at_once(writer, data[index : index + 1])


async def _write_at_once(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    try:
        async with asyncio.timeout(_IDLE):
            await writer.drain()
    except BaseException:
        writer.transport.abort()  # closing it would wait for the client to take the rest
        raise
