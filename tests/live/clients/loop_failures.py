"""Inside a sandbox: what the loops, trio and `socket` say of Services that are not as asked, and of DNS that is away.

Prints for each what DNS away comes to, what is found when it is back, a port that the Service lacks, no such Service.
"""

import asyncio
import json
import os
import socket
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import trio

from k8sresolve import Resolver
from k8sresolve.contrib import asyncio as of_asyncio
from k8sresolve.contrib import uvloop as of_uvloop
from k8sresolve.contrib.socket import override
from k8sresolve.contrib.trio import HostnameResolver
from tests.live import kubectl

PORTS = {"books": 50051}
PODS = {"10.244.9.1": "books-0"}
Ask = Callable[[str, Any], Any]


def in_loop(factory: Callable[[], asyncio.AbstractEventLoop], host: str, port: Any) -> Any:
    async def ask() -> Any:
        return await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)

    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(ask())


def in_trio(host: str, port: Any) -> Any:
    async def ask() -> Any:
        trio.socket.set_custom_hostname_resolver(HostnameResolver())
        return await trio.socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)

    return trio.run(ask)


def in_socket(host: str, port: Any) -> Any:
    with override():
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


WAYS: dict[str, Ask] = {
    "asyncio": partial(in_loop, of_asyncio.new_event_loop),
    "uvloop": partial(in_loop, of_uvloop.new_event_loop),
    "trio": in_trio,
    "socket": in_socket,
}


def told(ask: Ask, host: str, port: Any) -> Any:
    try:
        return ask(host, port)[0][4]
    except OSError as error:
        return [type(error).__name__, str(error)]


def main() -> None:
    os.environ["K8SRESOLVE_TIMEOUT"] = "1"
    for name in WAYS:
        kubectl.headless(f"shop/{name}", PORTS, PODS)
    with Resolver() as resolver:
        for name in WAYS:
            resolver.wait_for(f"{name}.shop", timeout=20)
    found = {}
    for name, ask in WAYS.items():
        with kubectl.dns_away():
            away = told(ask, f"{name}.shop", "books")  # which nobody asked before, and so remembers
        found[name] = [
            away,
            told(ask, f"{name}.shop", "books"),
            told(ask, f"{name}.shop", "sql"),
            told(ask, f"missing-{name}.shop", 80),
        ]
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
