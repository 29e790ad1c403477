"""Questions a second at CoreDNS while its upstream is dead: k8sresolve beside the C library.

Each caller looks up an external name again and again, each time as the error of the last one has come, which is what
clients that reconnect do. Each client has a CoreDNS of its own, which has just started, and which counts
(`coredns_dns_requests_total`). It waits 2 s for its upstream before it says SERVFAIL, and longer at first.
"""

import contextlib
import socket
import statistics
from collections import defaultdict
from typing import NamedTuple

from tests.bench import machine
from tests.bench.clients import Setting
from tests.bench.machine import CoreDNS

DEAD = "127.0.0.20"
GOAL = 1.5
SECONDS = 60.0
CLIENTS = {"getaddrinfo": "127.0.0.11", "k8sresolve": "127.0.0.12", "k8sresolve-async": "127.0.0.13"}


class Model(NamedTuple):
    """What both clients are told, and how a program looks names up.

    `options` stands in resolv.conf; `timeout` is that of k8sresolve's lookups, by default its own 5 s.
    """

    what: str
    options: str = "ndots:5"
    config: dict[str, int] = {}  # noqa: RUF012 - a constant
    timeout: float = 5.0
    name: str = "host-{}.example.com"
    pause: float = 0.0


MODELS = (
    Model("as installed, names of their own"),
    Model("as installed, one name", name="api.example.com"),
    Model("as installed, a second between lookups", pause=1.0),
    # glibc's two attempts of 5 s
    Model("both 10 s", timeout=10.0),
    Model("timeout:1 attempts:2", "ndots:5 timeout:1 attempts:2", {"timeout": 1, "attempts": 2}),
    Model("timeout:2 attempts:3", "ndots:5 timeout:2 attempts:3", {"timeout": 2, "attempts": 3}, timeout=6.0),
)


def outage(rounds: int, count: int, seed: int) -> None:
    """Questions a second at CoreDNS whose upstream is silent, by so many callers: at most 1.5 times the C library's."""
    del seed  # nothing here is by chance
    machine.serve_api(1)
    asked: dict[tuple[str, str], list[float]] = defaultdict(list)
    lookups: dict[tuple[str, str], list[float]] = defaultdict(list)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((DEAD, 53))
        for _ in range(rounds):
            for model in MODELS:
                machine.write_resolv_conf([CLIENTS["getaddrinfo"]], model.options)
                for client, (questions, ended) in _asked(model, count).items():
                    asked[model.what, client].append(questions)
                    lookups[model.what, client].append(ended)
    print("| model | client | questions a second | lookups ended | beside getaddrinfo |")
    print("|---|---|---|---|---|")
    for (what, client), values in asked.items():
        beside = [a / b for a, b in zip(values, asked[what, "getaddrinfo"], strict=True)]
        middle, ended = statistics.median(values), statistics.median(lookups[what, client])
        print(f"| {what} | {client} | {middle:.1f} | {ended:.0f} | {statistics.median(beside):.2f} |")
    print(f"goal: at most {GOAL}")


def _asked(model: Model, callers: int) -> dict[str, tuple[float, float]]:
    """Questions a second that each client's callers cost, and lookups that ended; all clients at once."""
    with contextlib.ExitStack() as stack:
        nameservers = {client: stack.enter_context(CoreDNS(address, DEAD)) for client, address in CLIENTS.items()}
        begun = {
            client: machine.begun(
                client,
                "crowd",
                Setting([address], options={"timeout": model.timeout}, config=model.config),
                callers=callers,
                seconds=SECONDS,
                name=model.name,
                different=callers,
                pause=model.pause,
            )
            for client, address in CLIENTS.items()
        }
        told = {}
        for client, process in begun.items():
            figures = machine.awaited(process)
            # The last lookups end after their time.
            seconds = figures["count"] / figures["per_second"]
            told[client] = nameservers[client].asked() / seconds, figures["count"]
        return told
