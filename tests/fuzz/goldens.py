"""The recorded answers of CoreDNS as packets: uncompressed, as it sends what fits, and compressed."""

import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

from k8sresolve._core.questions import Question
from tests.fuzz.packets import Packet

_DATA = Path(__file__).parents[1] / "golden/coredns"
_FLAGS = {"AA": dns.flags.AA, "TC": dns.flags.TC, "RA": dns.flags.RA, "AD": dns.flags.AD}
_SECTIONS = ("answer", "authority", "additional")


def goldens(every: int = 20) -> Iterator[Packet]:
    """Make two packets of each `every`th row of all recordings, one compressed."""
    number = 0
    for file in sorted(_DATA.glob("*.jsonl.gz")):
        with gzip.open(file, "rt") as lines:
            for row in map(json.loads, lines):
                number += 1
                if number % every == 0 and "answer" in row:  # those of other rows were counted, not kept
                    yield from _packets(row)


def _packets(row: dict[str, Any]) -> Iterator[Packet]:
    query = dns.message.make_query(row["q"], row["t"], use_edns=row["via"] != "udp512", id=0)
    reply = dns.message.make_response(query)
    reply.set_rcode(dns.rcode.from_text(row["rcode"]))
    for flag in row["flags"]:
        reply.flags |= _FLAGS[flag]
    for section in _SECTIONS:
        for text in row[section]:
            owner, ttl, rdtype, data = text.split(" ", 3)
            getattr(reply, section).append(dns.rrset.from_text(owner, int(ttl), "IN", rdtype, data))
    question = Question(str(query.question[0].name), int(query.question[0].rdtype))
    yield Packet("golden", reply.to_wire(max_size=65535), question)
    yield Packet("golden, uncompressed", _uncompressed(reply), question)


def _uncompressed(reply: dns.message.Message) -> bytes:
    out = io.BytesIO(reply.to_wire(max_size=65535)[:12])
    out.seek(12)
    asked = reply.question[0]
    out.write(asked.name.to_wire() + asked.rdtype.to_bytes(2, "big") + asked.rdclass.to_bytes(2, "big"))
    for section in _SECTIONS:
        for rrset in getattr(reply, section):
            rrset.to_wire(out)
    if reply.opt is not None:
        reply.opt.to_wire(out)
    return out.getvalue()
