"""What adapters of loops, trio and sockets promise to type checkers."""

import asyncio
import socket
from collections.abc import Callable

import trio

from k8sresolve import AsyncResolver, Resolver
from k8sresolve.contrib import asyncio as of_asyncio
from k8sresolve.contrib import uvloop as of_uvloop
from k8sresolve.contrib.socket import override
from k8sresolve.contrib.trio import HostnameResolver


async def main() -> int:
    with of_asyncio.install(AsyncResolver(), scope="all", loop=asyncio.get_running_loop()) as installed:
        kept: of_asyncio.Installed = installed
    kept.uninstall()
    return len(await asyncio.get_running_loop().getaddrinfo("payments", "http"))


def loops(resolver: AsyncResolver) -> int:
    factory: Callable[[], asyncio.AbstractEventLoop] = of_asyncio.loop_factory(resolver, base=asyncio.SelectorEventLoop)
    with asyncio.Runner(loop_factory=factory) as runner:
        found: int = runner.run(main())
    with asyncio.Runner(loop_factory=of_uvloop.loop_factory(resolver, scope="cluster")) as runner:
        found += runner.run(main())
    for made in (of_asyncio.new_event_loop(), of_uvloop.new_event_loop()):
        made.close()
    return found


async def in_trio() -> None:
    before: trio.abc.HostnameResolver | None = trio.socket.set_custom_hostname_resolver(HostnameResolver())
    trio.socket.set_custom_hostname_resolver(before)


def whole_process(resolver: Resolver) -> str:
    with override(resolver, scope="all"):
        return socket.gethostbyname("payments")
