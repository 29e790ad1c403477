"""Fault proxies on loopback, in a process of their own, as the way between clients and nameservers.

    python -m tests.bench.proxy

Reads lines of JSON on standard input: proxies to open, `{"open": [{"listen": ["127.0.0.1", 53], "upstreams": [],
"seed": 1}]}`, and changes, `{"change": [{"proxy": 0, "faults": {}, "closed": ["udp"]}]}`. A proxy is closed until
its first change. Each line is answered with what each proxy has counted since the last one. The end of the input is the
end of the process.
"""

import heapq
import json
import random
import selectors
import socket
import struct
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any

from tests.bench.faults import Bad, Faults

Address = tuple[str, int]
_MOST = 65535
_BUFFER = 8 * 1024 * 1024  # octets; so that the loss is that of the faults, as far as the kernel allows
_SO_RCVBUFFORCE = 33  # Linux, asm-generic/socket.h
_BATCH = 64  # datagrams read from one socket before others have their turn


class Loop:
    """Reads what is readable, and calls what is due."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._turn = count()

    def add(self, file: Any, read: Callable[[], None]) -> None:
        self._selector.register(file, selectors.EVENT_READ, read)

    def remove(self, sock: socket.socket) -> None:
        self._selector.unregister(sock)

    def later(self, delay: float, call: Callable[[], None]) -> None:
        if delay:
            heapq.heappush(self._due, (time.monotonic() + delay, next(self._turn), call))
        else:
            call()

    def run(self) -> None:
        """Run until a callback raises `SystemExit`."""
        while True:
            wait = max(0.0, self._due[0][0] - time.monotonic()) if self._due else None
            for key, _ in self._selector.select(wait):
                key.data()
            while self._due and self._due[0][0] <= time.monotonic():
                heapq.heappop(self._due)[2]()


class Proxy:
    """One address before one nameserver, or before several, of which each client's port has one, as kube-proxy does."""

    def __init__(self, loop: Loop, listen: Address, upstreams: list[Address], seed: int) -> None:
        self.counted: Counter[str] = Counter()
        self._loop = loop
        self._listen = listen
        self._bad = Bad(Faults(), seed)
        self._chance = random.Random(seed + 1)
        self._upstreams = [_udp(upstream) for upstream in upstreams]
        self._tcp_upstreams = upstreams
        self._asked: dict[tuple[socket.socket, bytes], tuple[Address, bytes]] = {}
        self._ids = count()
        self._sockets: dict[str, socket.socket] = {}
        for upstream in self._upstreams:
            loop.add(upstream, lambda upstream=upstream: self._replies(upstream))

    def change(self, faults: Faults, closed: list[str]) -> None:
        """Take other faults, and open and close ports."""
        self._bad.faults = faults
        for transport in ("udp", "tcp"):
            if transport in closed:
                self._close(transport)
            elif transport not in self._sockets:
                self._open(transport)

    def count(self) -> Counter[str]:
        """What was counted since this was called last."""
        counted, self.counted = self.counted, Counter()
        return counted

    def _open(self, transport: str) -> None:
        if transport == "udp":
            sock = _udp(None)
            sock.bind(self._listen)
            self._loop.add(sock, lambda: self._questions(sock))
        else:
            sock = socket.create_server(self._listen, backlog=512)
            sock.setblocking(False)
            self._loop.add(sock, lambda: self._accept(sock))
        self._sockets[transport] = sock

    def _close(self, transport: str) -> None:
        sock = self._sockets.pop(transport, None)
        if sock is not None:
            self._loop.remove(sock)
            sock.close()

    # -- datagrams -------------------------------------------------------------------------------------------------

    def _questions(self, sock: socket.socket) -> None:
        for _ in range(_BATCH):
            try:
                data, client = sock.recvfrom(_MOST)
            except OSError:
                return
            self.counted["questions"] += 1
            upstream = self._upstreams[client[1] % len(self._upstreams)]
            # Clients share the way to the nameserver, so ids are made anew.
            number = (next(self._ids) & 0xFFFF).to_bytes(2)
            self._asked[upstream, number] = client, data[:2]
            for delay, out in self._bad.way(number + data[2:]):
                self._loop.later(delay, lambda out=out, upstream=upstream: _send(upstream, out))

    def _replies(self, upstream: socket.socket) -> None:
        for _ in range(_BATCH):
            try:
                data = upstream.recv(_MOST)
            except OSError:  # nothing more, or the nameserver's port is closed
                return
            asked = self._asked.get((upstream, data[:2]))
            if asked is None:
                continue
            client, number = asked
            for delay, out in self._bad.way(number + data[2:]):
                self._loop.later(delay, lambda out=out, client=client: self._reply(out, client))

    def _reply(self, data: bytes, client: Address) -> None:
        sock = self._sockets.get("udp")
        if sock is not None:
            self.counted["replies"] += 1
            _send(sock, data, client)

    # -- connections: a thread each way --------------------------------------------------------------------------------

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            client, address = listener.accept()
            self.counted["connections"] += 1
            client.setblocking(True)
            if self._chance.random() < self._bad.faults.loss:
                _reset(client)
                return
            upstream = self._tcp_upstreams[address[1] % len(self._tcp_upstreams)]
            threading.Thread(target=self._relay, args=(client, upstream), daemon=True).start()

    def _relay(self, client: socket.socket, upstream: Address) -> None:
        with client:
            try:
                server = socket.create_connection(upstream, 5.0)
            except OSError:
                return
            with server:
                server.settimeout(None)
                back = threading.Thread(target=self._pass, args=(server, client), daemon=True)
                back.start()
                self._pass(client, server)
                back.join()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(_MOST):
                time.sleep(self._bad.faults.delay)
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)


def _udp(connect: Address | None) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for option in (socket.SO_RCVBUF, _SO_RCVBUFFORCE):
        with suppress(PermissionError):  # the latter is root's
            sock.setsockopt(socket.SOL_SOCKET, option, _BUFFER)
    sock.setblocking(False)
    if connect is not None:
        sock.connect(connect)
    return sock


def _send(sock: socket.socket, data: bytes, to: Address | None = None) -> None:
    for _ in range(2):  # the first may be told what became of the one before: that nobody was there
        with suppress(OSError):
            sock.send(data) if to is None else sock.sendto(data, to)
            return


def _reset(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


class Control:
    """Does what the lines of standard input say."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._proxies: list[Proxy] = []
        loop.add(sys.stdin, self._read)

    def _read(self) -> None:
        line = sys.stdin.readline()
        if not line:
            raise SystemExit
        said = json.loads(line)
        for one in said.get("open", ()):
            listen, *upstreams = [tuple(address) for address in (one["listen"], *one["upstreams"])]
            self._proxies.append(Proxy(self._loop, listen, upstreams, one["seed"]))
        for one in said.get("change", ()):
            self._proxies[one["proxy"]].change(Faults(**one["faults"]), one["closed"])
        print(json.dumps([dict(proxy.count()) for proxy in self._proxies]), flush=True)


if __name__ == "__main__":
    loop = Loop()
    Control(loop)
    loop.run()
