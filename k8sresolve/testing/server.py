"""The offline cluster on real sockets: a nameserver on loopback, for any client in any language."""

import asyncio
import ipaddress
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing, suppress
from typing import Self, cast

from k8sresolve.config import Nameserver
from k8sresolve.errors import ConfigError
from k8sresolve.testing.network import LateReply

Reply = Callable[[bytes, str], LateReply | None]
_TRIES = 20  # until a port is free for UDP as well as for TCP


class Server:
    """A nameserver on loopback, UDP and TCP on one port, from entering the context until leaving it.

    `host` and `port` are where it listens; port 0 stands for any free one. It has one thread of its own. Other addresses
    than loopback are refused with `ConfigError`, as is a port in use.
    """

    def __init__(self, reply: Reply, host: str = "127.0.0.1", port: int = 0) -> None:
        try:
            loopback = ipaddress.ip_address(host).is_loopback
        except ValueError:
            loopback = False
        if not loopback:
            raise ConfigError(f"{host!r} is not a loopback address", advice="the test server listens on 127.0.0.1 only")
        self.host = host
        self.port = port
        self._reply = reply
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None

    @property
    def nameserver(self) -> Nameserver:
        """Where it listens, for `ResolverConfig`."""
        return Nameserver(self.host, self.port)

    def start(self) -> None:
        """Listen. Raises `ConfigError` if the port is in use."""
        listening: Future[int] = Future()
        self._thread = threading.Thread(target=self._run, args=(listening,), name="k8sresolve-server", daemon=True)
        self._thread.start()
        try:
            self.port = listening.result()
        except (OSError, OverflowError) as error:
            self._thread.join()
            self._thread = None
            reason = error.strerror if isinstance(error, OSError) else error
            raise ConfigError(
                f"cannot listen on {self.nameserver}: {reason}", advice="choose another port, or 0 for any"
            ) from None

    def stop(self) -> None:
        """Stop listening; stopping twice is fine."""
        if self._thread is None or self._loop is None or self._stopping is None:
            return
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self, listening: "Future[int]") -> None:
        try:
            asyncio.run(self._serve(listening))
        except (OSError, OverflowError) as error:  # OverflowError: a port number that is none
            listening.set_exception(error)

    async def _serve(self, listening: "Future[int]") -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        tcp, udp = await self._listen()
        async with tcp:
            listening.set_result(tcp.sockets[0].getsockname()[1])
            await self._stopping.wait()
            udp.close()
            tcp.close()
            streams = asyncio.all_tasks() - {asyncio.current_task()}
            for stream in streams:
                stream.cancel()
            await asyncio.gather(*streams, return_exceptions=True)

    async def _listen(self) -> tuple[asyncio.Server, asyncio.DatagramTransport]:
        for attempt in range(_TRIES):
            tcp = await asyncio.start_server(self._stream, self.host, self.port)
            address = tcp.sockets[0].getsockname()[:2]
            try:
                udp, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                    lambda: _Datagrams(self._reply), local_addr=address
                )
            except OSError:
                tcp.close()
                if self.port or attempt == _TRIES - 1:
                    raise
            else:
                return tcp, udp
        raise AssertionError("the last try has returned or raised")

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # RFC 7766, section 6.2.1: a client may send several queries over one connection.
        # Cancelled by _serve at the end, after which nothing is left to do; asyncio of Python 3.11 would report it.
        with closing(writer), suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                length = int.from_bytes(await reader.readexactly(2))
                reply = self._reply(await reader.readexactly(length), "tcp")
                if reply is None:
                    continue
                await asyncio.sleep(reply.delay)
                writer.write(len(reply.data).to_bytes(2) + reply.data)
                await writer.drain()


class _Datagrams(asyncio.DatagramProtocol):
    """The UDP half."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the socket."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer a query."""
        reply = self._reply(data, "udp")
        if reply is not None:
            asyncio.get_running_loop().call_later(reply.delay, self._send, reply.data, addr)

    def _send(self, data: bytes, addr: tuple[str, int]) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, addr)
