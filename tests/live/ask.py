"""Inside a sandbox: put questions to 127.0.0.1 with dnspython, and print the answers as golden rows.

Reads `[[name, type, via], ...]`, where each may go on with a port, the seconds to wait, the address to ask from, and
whether RD and the OPT record are told, too; and prints null where no reply comes. An item that is a number is a pause,
in seconds.
"""

import json
import sys
import time
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.query

from tests.golden.own import rows


def ask(
    name: str,
    rdtype: str,
    via: str,
    port: int = 53,
    timeout: float = 5.0,
    source: str | None = None,
    whole: bool = False,
) -> rows.Row | None:
    exchange = dns.query.tcp if via == "tcp" else dns.query.udp
    query = rows.query(name, rdtype, via)
    try:
        reply = exchange(query, "127.0.0.1", timeout, port, source, one_rr_per_rrset=True)
    except dns.exception.Timeout:
        return None
    except dns.query.BadResponse:  # it answers another question than the one asked
        return {"rcode": "OTHER", "flags": [], "answer": [], "authority": [], "additional": []}
    row = rows.row(name, rdtype, via, reply)
    return {**row, "more": more(reply)} if whole else row


def more(reply: dns.message.Message) -> list[Any]:
    """What a row does not say of a reply: RD, the payload size, the flags and the options of its OPT record."""
    options = [[int(option.otype), option.to_wire().hex()] for option in reply.options]
    return [bool(reply.flags & dns.flags.RD), int(reply.payload), reply.ednsflags & 0xFFFF, options]


def ask_all(questions: list[Any]) -> list[rows.Row | None]:
    answers = []
    for question in questions:
        if isinstance(question, (int, float)):
            time.sleep(question)
        else:
            answers.append(ask(*question))
    return answers


if __name__ == "__main__":
    json.dump(ask_all(json.load(sys.stdin)), sys.stdout)
