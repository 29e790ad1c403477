"""Two stages for scripted nameservers: real sockets on loopback, and a network for the virtual driver."""

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine, Sequence
from typing import Any

from k8sresolve.config import Nameserver as Address
from tests.drivers.script import Out, Playing

_LATENCY = 0.0005


class Loopback:
    """Plays nameservers on loopback, each on a port of its own, in one thread with one event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="scripted nameservers", daemon=True)
        self._thread.start()

    def open(self, playing: list[Playing], places: Sequence[tuple[str, int]] = ()) -> list["Open"]:
        """Open a nameserver for each, on any port of 127.0.0.1 unless there are places for them."""
        return self._run(self._open(playing, places or [("127.0.0.1", 0)] * len(playing)))

    def close(self, opened: list["Open"]) -> None:
        self._run(self._close(opened))

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(60)

    async def _open(self, playing: list[Playing], places: Sequence[tuple[str, int]]) -> list["Open"]:
        opened = [Open(one, place) for one, place in zip(playing, places, strict=True)]
        for one in opened:
            await one.start()
        return opened

    async def _close(self, opened: list["Open"]) -> None:
        for one in opened:
            await one.stop()
        await asyncio.sleep(0.01)  # transports close their sockets in callbacks


class Open:
    """One nameserver's sockets."""

    def __init__(self, playing: Playing, place: tuple[str, int]) -> None:
        self.playing = playing
        self._place = place
        self._loop = asyncio.get_running_loop()
        self._udp = self._tcp = self._other = socket.socket()
        self._server: asyncio.Server | None = None
        self._streams: set[asyncio.StreamWriter] = set()

    @property
    def address(self) -> Address:
        return Address(*self._udp.getsockname())

    async def start(self) -> None:
        self._tcp.close()
        while True:
            self._udp, self._tcp = socket.socket(type=socket.SOCK_DGRAM), socket.socket()
            try:
                self._tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                self._udp.bind(self._place)
                self._tcp.bind(self._udp.getsockname())
            except OSError:
                self._udp.close()
                self._tcp.close()
                if self._place[1]:
                    raise
            else:
                break
        self._other = socket.socket(type=socket.SOCK_DGRAM)
        self._other.bind(("127.0.0.1", 0))
        self._udp.setblocking(False)
        if self.playing.nameserver.udp:
            self._loop.add_reader(self._udp, self._datagram)
        else:
            # Connected to somebody else, it keeps the port, which is closed to all others.
            self._udp.connect(self._other.getsockname())
        if self.playing.nameserver.tcp:
            self._server = await asyncio.start_server(self._stream, sock=self._tcp)

    async def stop(self) -> None:
        self._loop.remove_reader(self._udp)
        if self._server is not None:
            # asyncio loses the connections that it has let in and not yet begun to serve. So let in no more, and give
            # these their turn first.
            self._loop.remove_reader(self._tcp)
            await asyncio.sleep(0)
            self._server.close()
        for writer in self._streams:
            writer.transport.abort()
        for sock in (self._udp, self._tcp, self._other):
            sock.close()

    def _datagram(self) -> None:
        while True:
            try:
                message, peer = self._udp.recvfrom(65535)
            except OSError:
                return
            for out in self.playing.play(message, "udp", peer):
                sock = self._other if out.kind == "elsewhere" else self._udp
                self._later(out.delay, lambda sock=sock, out=out, peer=peer: _send_to(sock, out.data, peer))

    def _later(self, delay: float, call: Any) -> None:
        if delay:
            self._loop.call_later(delay, call)
        else:
            call()

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._streams.add(writer)
        peer = writer.get_extra_info("peername")
        try:
            while True:
                length = int.from_bytes(await reader.readexactly(2), "big")
                for out in self.playing.play(await reader.readexactly(length), "tcp", peer):
                    self._later(out.delay, lambda out=out: _write(writer, out))
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()
            self._streams.discard(writer)


def _send_to(sock: socket.socket, data: bytes, peer: Any) -> None:
    try:
        sock.sendto(data, peer)
    except OSError:
        return  # closed in the meantime


def _write(writer: asyncio.StreamWriter, out: Out) -> None:
    if out.kind == "message":
        writer.write(len(out.data).to_bytes(2, "big") + out.data)
    elif out.kind == "bytes":
        writer.write(out.data)
    elif out.kind == "close":
        writer.close()
    elif not writer.transport.is_closing():
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()


class Virtual:
    """Plays nameservers for the virtual driver: what comes back for each message, and when."""

    def __init__(self, playing: list[Playing]) -> None:
        self.playing = {Address("10.0.0.1", 5300 + index): one for index, one in enumerate(playing)}

    def exchange(self, send: Any, message: bytes) -> list[Any]:
        playing = self.playing[send.nameserver]
        if not getattr(playing.nameserver, send.transport):
            return [_arrival(_LATENCY, None, "connection refused")]
        outs = playing.play(message, send.transport, object())  # each send has a socket of its own
        if send.transport == "udp":
            # The kernel drops what comes from elsewhere.
            return [_arrival(_LATENCY + out.delay, out.data) for out in outs if out.kind == "message"]
        return _streamed(outs, message[:2])


def _streamed(outs: list[Out], number: bytes) -> list[Any]:
    """What comes out of a stream: a message, or an error."""
    received = b""
    for out in sorted(outs, key=lambda out: out.delay):
        at = 2 * _LATENCY + out.delay
        received += len(out.data).to_bytes(2, "big") + out.data if out.kind == "message" else out.data
        length = int.from_bytes(received[:2], "big")
        if len(received) >= 2 and length < 12:
            return [_arrival(at, None, "a frame too short for a message")]
        if len(received) >= 2 + length and length:
            whole = received[2 : 2 + length]
            return [_arrival(at, whole) if whole[:2] == number else _arrival(at, None, "a reply with another id")]
        if out.kind in ("close", "reset"):
            return [_arrival(at, None, "connection reset by peer")]
    return []


def _arrival(delay: float, data: bytes | None, error: str = "") -> Any:
    from k8sresolve.testing.network.parcels import Arrival

    return Arrival(delay, data, error)
