"""Inside a sandbox: do the steps of golden worlds, each at a port of its own, and print the answers.

Reads `[[port, steps], ...]` and prints for each world its answers in order. Waits are a quarter of a second longer than
they say, so that what ends in that second has ended.
"""

import json
import sys
import time
from typing import Any

import dns.exception
import dns.query

from tests.golden import stepped

PATIENCE = 1.5  # seconds


def ask(port: int, step: stepped.Step) -> dict[str, Any]:
    query = stepped.query(step)
    exchange = dns.query.tcp if step["via"] == "tcp" else dns.query.udp
    try:
        reply = exchange(query, "127.0.0.1", PATIENCE, port, step.get("client"), one_rr_per_rrset=True)
    except (dns.exception.Timeout, EOFError):
        return stepped.SILENT
    return stepped.row(step, reply)


def replay(port: int, steps: list[stepped.Step]) -> list[dict[str, Any]]:
    answers = []
    for step in steps:
        if "wait" in step:
            time.sleep(step["wait"] + 0.25)
        else:
            answers.append(ask(port, step))
    return answers


if __name__ == "__main__":
    json.dump([replay(port, steps) for port, steps in json.load(sys.stdin)], sys.stdout)
