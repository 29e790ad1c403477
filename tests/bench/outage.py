"""Questions a second at CoreDNS while its upstream is dead: k8sresolve beside the C library.

Each caller looks up an external name of its own again and again, each time as the error of the last one has come, which
is what clients that reconnect do. CoreDNS counts (`coredns_dns_requests_total`). It keeps an upstream's failure for
five seconds, so that most questions of impatient clients are answered at once, and all the more come.
"""

import socket
import statistics
from typing import NamedTuple

from tests.bench import machine
from tests.bench.clients import Setting
from tests.bench.machine import COREDNS, CoreDNS

DEAD = "127.0.0.20"
GOAL = 1.5
SECONDS = 30.0


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
    asked: dict[tuple[str, str], list[float]] = {}
    lookups: dict[tuple[str, str], list[float]] = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((DEAD, 53))
        for _ in range(rounds):
            for model in MODELS:
                machine.write_resolv_conf([COREDNS], model.options)
                for client in ("getaddrinfo", "k8sresolve", "k8sresolve-async"):
                    questions, figures = _asked(model, client, count)
                    asked.setdefault((model.what, client), []).append(questions)
                    lookups.setdefault((model.what, client), []).append(figures["count"])
    print("| model | client | questions a second | lookups ended | beside getaddrinfo |")
    print("|---|---|---|---|---|")
    for (what, client), values in asked.items():
        beside = [a / b for a, b in zip(values, asked[what, "getaddrinfo"], strict=True)]
        middle, ended = statistics.median(values), statistics.median(lookups[what, client])
        print(f"| {what} | {client} | {middle:.1f} | {ended:.0f} | {statistics.median(beside):.2f} |")
    print(f"goal: at most {GOAL}")


def _asked(model: Model, client: str, callers: int) -> tuple[float, dict[str, float]]:
    """Questions a second that one client's callers cost a CoreDNS that has just started."""
    setting = Setting([COREDNS], options={"timeout": model.timeout}, config=model.config)
    with CoreDNS(COREDNS, DEAD) as coredns:
        figures = machine.measured(
            client, "crowd", setting, callers=callers, seconds=SECONDS, name=model.name, pause=model.pause
        )
        return coredns.asked() / SECONDS, figures
