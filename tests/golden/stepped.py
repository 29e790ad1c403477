"""Worlds of golden data that are asked step by step, as `tests/golden/coredns-1.15.0` has them: questions and replies.

A reply's row is that of `tests/golden/own/rows.py`, and `opt`, its OPT record. `{"silent": true}` is no reply.
"""

import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dns.edns
import dns.flags
import dns.message
import dns.opcode

from tests.golden.own import rows

FOLDER = Path(__file__).parent
SILENT = {"silent": True}
World = dict[str, Any]
Step = Mapping[str, Any]
_SET = {"AD": dns.flags.AD, "CD": dns.flags.CD}


def worlds() -> dict[str, World]:
    """All worlds, by their ids."""
    return {world["id"]: world for path in sorted(FOLDER.glob("coredns-*/*.jsonl.gz")) for world in _read(path)}


def _read(path: Path) -> Iterator[World]:
    with gzip.open(path, "rt") as lines:
        yield from map(json.loads, lines)


def query(step: Step) -> dns.message.QueryMessage:
    """Make a step's question."""
    edns: dict[str, Any] = {}
    if step["via"] != "udp512":
        options = [dns.edns.GenericOption(code, bytes.fromhex(data)) for code, data in step.get("options", ())]
        payload = 1232 if step["via"] == "tcp" else int(step["via"].removeprefix("udp"))
        edns = {"use_edns": step.get("version", 0), "payload": payload, "options": options}
    made = dns.message.make_query(
        step["q"], step["t"], step.get("class", "IN"), want_dnssec=step.get("do", False), **edns
    )
    made.set_opcode(dns.opcode.from_text(step.get("opcode", "QUERY")))
    for flag in step.get("set", ()):
        made.flags |= _SET[flag]
    return made


def row(step: Step, reply: dns.message.Message) -> rows.Row:
    """Write a reply, which must have been read with `one_rr_per_rrset`."""
    found = rows.row(step["q"], step["t"], step["via"], reply)
    if reply.edns >= 0:
        options = [[int(option.otype), option.to_wire().hex()] for option in reply.options]
        found["opt"] = {"payload": int(reply.payload), "do": bool(reply.ednsflags & dns.flags.DO), "options": options}
    return found
