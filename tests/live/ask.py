"""Inside a sandbox: put questions to 127.0.0.1 with dnspython, and print the answers as golden rows.

Reads `[[name, type, via], ...]`, where each may go on with a port, the seconds to wait, and the address to ask from;
and prints null where no reply comes. An item that is a number is a pause, in seconds.
"""

import json
import sys
import time
from typing import Any

import dns.exception
import dns.query

from tests.golden.own import rows


def ask(
    name: str, rdtype: str, via: str, port: int = 53, timeout: float = 5.0, source: str | None = None
) -> rows.Row | None:
    exchange = dns.query.tcp if via == "tcp" else dns.query.udp
    query = rows.query(name, rdtype, via)
    try:
        reply = exchange(query, "127.0.0.1", timeout, port, source, one_rr_per_rrset=True)
    except dns.exception.Timeout:
        return None
    except dns.query.BadResponse:  # it answers another question than the one asked
        return {"rcode": "OTHER", "flags": [], "answer": [], "authority": [], "additional": []}
    return rows.row(name, rdtype, via, reply)


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
