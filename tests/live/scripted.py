"""Inside a sandbox: a nameserver at 127.0.0.1:53, UDP and TCP, that answers by tables and notes each question.

`python -m tests.live.scripted TABLES LOG`: TABLES is JSON, scenario -> name -> type -> outcome; LOG gets a line
`transport name type` for each question. The first label of a name is `SCENARIO-TAG`: the tag says who asks and plays no
part in the answer. Outcomes are those of `tests/golden/search`: ["OK", data], ["NODATA"], ["NXDOMAIN"], ["SERVFAIL"],
["REFUSED"], ["NOTIMP"], ["FORMERR"], ["DROP"], ["CNAME_ONLY", target], ["TC", data]: by UDP truncated, whole by TCP.
"""

import json
import socket
import struct
import sys
import threading
from ipaddress import ip_address
from pathlib import Path
from typing import TextIO

READY = "the scripted nameserver is ready"
ADDRESS = ("127.0.0.1", 53)
TYPES = {1: "A", 28: "AAAA", 33: "SRV"}
RCODES = {"FORMERR": 1, "SERVFAIL": 2, "NXDOMAIN": 3, "NOTIMP": 4, "REFUSED": 5}
QR_AA, TC, RD, RA = 0x8400, 0x0200, 0x0100, 0x0080
AT_QUESTION = b"\xc0\x0c"  # a pointer to the question's name
# RFC 2308: the SOA of a negative answer; names and numbers mean nothing here.
SOA = b"\x00" + struct.pack("!HHIH", 6, 1, 30, 22) + b"\x00\x00" + struct.pack("!IIIII", 1, 7200, 1800, 86400, 30)

Table = dict[str, dict[str, list[object]]]


def read_name(packet: bytes) -> tuple[str, int]:
    """The question's name, without the dot at its end, and where it ends. It is never compressed."""
    labels, at = [], 12
    while length := packet[at]:
        labels.append(packet[at + 1 : at + 1 + length].decode("latin-1"))
        at += 1 + length
    return ".".join(labels), at + 1


def write_name(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode("latin-1") for label in name.split(".")) + b"\0"


def record(rdtype: int, data: str) -> bytes:
    if rdtype == 33:
        priority, weight, port, target = data.split(":")
        rdata = struct.pack("!HHH", int(priority), int(weight), int(port)) + write_name(target)
    else:
        rdata = write_name(data) if rdtype == 5 else ip_address(data).packed
    return AT_QUESTION + struct.pack("!HHIH", rdtype, 1, 30, len(rdata)) + rdata


class Nameserver:
    def __init__(self, tables: dict[str, Table], log: TextIO) -> None:
        self.tables = tables
        self.log = log
        self.lock = threading.Lock()

    def reply(self, packet: bytes, transport: str) -> bytes | None:
        """Answer one message; None where the script says that nothing comes."""
        try:
            name, end = read_name(packet)
            rdtype, _ = struct.unpack_from("!HH", packet, end)
        except (IndexError, struct.error):
            # musl 1.2.3 sends such a packet for the search domain `.`; its name is lost.
            return self.message(packet, b"", 1, [], []) if len(packet) >= 12 else None
        with self.lock:
            self.log.write(f"{transport} {name} {TYPES.get(rdtype, rdtype)}\n")
            self.log.flush()
        return self.answer(packet, packet[12 : end + 4], name, rdtype, transport)

    def answer(self, packet: bytes, question: bytes, name: str, rdtype: int, transport: str) -> bytes | None:
        scenario, dash, rest = name.lower().partition("-")
        _, dot, parents = rest.partition(".")
        table = self.tables.get(scenario, {}) if dash else {}
        kind, *data = table.get(f"{scenario}{dot}{parents}", {}).get(TYPES.get(rdtype, ""), ["NXDOMAIN"])
        if kind == "DROP":
            return None
        if kind == "OK" or (kind == "TC" and transport == "tcp"):
            return self.message(packet, question, 0, [record(rdtype, item) for item in data[0]], [])
        if kind == "TC":
            return self.message(packet, question, 0, [], [], TC)
        if kind == "CNAME_ONLY":
            return self.message(packet, question, 0, [record(5, str(data[0]))], [])
        rcode = RCODES.get(str(kind), 0)
        return self.message(packet, question, rcode, [], [SOA] if kind in ("NODATA", "NXDOMAIN") else [])

    @staticmethod
    def message(
        packet: bytes, question: bytes, rcode: int, answer: list[bytes], authority: list[bytes], more: int = 0
    ) -> bytes:
        (asked,) = struct.unpack_from("!H", packet, 2)
        flags = QR_AA | RA | (asked & RD) | more | rcode
        counts = struct.pack("!HHHHH", flags, bool(question), len(answer), len(authority), 0)
        return packet[:2] + counts + question + b"".join(answer) + b"".join(authority)

    def serve_udp(self, sock: socket.socket) -> None:
        while True:
            packet, peer = sock.recvfrom(4096)
            reply = self.reply(packet, "udp")
            if reply is not None:
                sock.sendto(reply, peer)

    def serve_tcp(self, listener: socket.socket) -> None:
        while True:
            sock, _ = listener.accept()
            threading.Thread(target=self.serve_stream, args=(sock,), daemon=True).start()

    def serve_stream(self, sock: socket.socket) -> None:
        with sock, sock.makefile("rb") as stream:
            while len(size := stream.read(2)) == 2:
                reply = self.reply(stream.read(int.from_bytes(size, "big")), "tcp")
                if reply is not None:
                    sock.sendall(len(reply).to_bytes(2, "big") + reply)


def main(tables: str, log: str) -> None:
    with Path(log).open("w", encoding="latin-1") as out:
        nameserver = Nameserver(json.loads(Path(tables).read_text()), out)
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        # A burst of questions from all programs waits here, and is not lost.
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        udp.bind(ADDRESS)
        tcp = socket.create_server(ADDRESS, backlog=512)
        threading.Thread(target=nameserver.serve_tcp, args=(tcp,), daemon=True).start()
        print(READY, flush=True)  # noqa: T201 - the sandbox waits for it
        nameserver.serve_udp(udp)


if __name__ == "__main__":
    main(*sys.argv[1:])
