"""A lossy nameserver on loopback, in a process of its own: `n-5.<anything>` has the address 10.0.0.5.

    python -m tests.bench.soaks.nameserver SEED LOSS

Prints its port; the end of its input is its end. Replies come twice, late and out of order, too. Only A is known, with
a TTL of 0. There is no TCP.
"""

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from ipaddress import IPv4Address

from tests.bench.faults import Bad, Faults
from tests.bench.proxy import Loop
from tests.live.sandbox import ROOT

_BATCH = 64


def name_of(number: int) -> str:
    return f"n-{number}.shop.svc.cluster.local."


def address_of(number: int) -> IPv4Address:
    return IPv4Address(0x0A000000 + number)


def answer(query: bytes) -> bytes:
    """The reply to a question about `n-NUMBER`."""
    label = query[15 : 13 + query[12]]
    end = query.index(b"\0", 12) + 5
    address = address_of(int(label)).packed
    header = query[:2] + b"\x85\x80\0\1\0\1\0\0\0\0"
    return header + query[12:end] + b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4" + address


def main(seed: int, loss: float) -> None:
    loop = Loop()
    bad = Bad(Faults(loss=loss, duplicates=0.02, reordering=0.02, junk=0.02), seed)
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    sock.setblocking(False)

    def questions() -> None:
        for _ in range(_BATCH):
            try:
                query, client = sock.recvfrom(1500)
            except BlockingIOError:
                return
            for delay, reply in bad.way(answer(query)):
                loop.later(delay, lambda reply=reply, client=client: send(reply, client))

    def send(reply: bytes, client: tuple[str, int]) -> None:
        with contextlib.suppress(OSError):
            sock.sendto(reply, client)

    def over() -> None:
        if not sys.stdin.read(1):
            raise SystemExit

    loop.add(sock, questions)
    loop.add(sys.stdin, over)
    print(sock.getsockname()[1], flush=True)
    loop.run()


@contextlib.contextmanager
def running(seed: int, loss: float) -> Iterator[str]:
    """Run one in a process of its own: its address and port."""
    command = [sys.executable, "-m", "tests.bench.soaks.nameserver", str(seed), str(loss)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdout, process.stdin:
        yield f"127.0.0.1:{int(process.stdout.readline())}"
    process.wait()


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
