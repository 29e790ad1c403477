"""Requests of an aiohttp client in a pod whose DNS is lossy: its own resolvers beside k8sresolve's.

    python -m tests.bench.web serve | RESOLVER CACHE SECONDS

CoreDNS says TTL 5. Each Service's ClusterIP leads to one web server. The client gives no options but a resolver, and
closes each connection after its request, as one has to whose Services come and go. aiohttp itself remembers what its
resolver said for 10 s, whatever the TTL is: that is measured too, with this switched on, as it is by default, and off.
"""

import asyncio
import json
import random
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.bench import machine, ways
from tests.bench.clients import left_out
from tests.bench.faults import Faults
from tests.bench.machine import COREDNS, CoreDNS, Proxies, on
from tests.bench.tables import percentile
from tests.live.sandbox import ROOT

SERVICES = 1000
TASKS = 50
PAUSE = 0.1  # seconds of a task between its requests
NAME = "http://svc-{}.shop/"
POD = "10.244.0.7/16"
REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def requests(rounds: int, count: int, seed: int) -> None:
    """p50 and p99 of an aiohttp request in so many seconds of 50 tasks, 1 % of datagrams lost each way, TTL 5 s."""
    for command in (f"ip address add {POD} dev lo", "ip route add local 10.96.0.0/16 dev lo"):
        subprocess.run(command.split(), check=True)
    machine.serve_api(SERVICES)
    machine.write_resolv_conf(ways.PROXIES[:1])
    took: dict[tuple[str, str], list[dict[str, Any]]] = {}
    with CoreDNS(COREDNS, ttl=5), Proxies(ways.PROXIES[:1], [COREDNS], seed) as proxies:
        proxies.change(Faults(loss=0.01))
        server = subprocess.Popen([*on(1), sys.executable, "-m", "tests.bench.web", "serve"], cwd=ROOT)
        try:
            for _ in range(rounds):
                for cache in ("on", "off"):
                    for resolver in RESOLVERS:
                        if resolver not in left_out():
                            machine.quiet()
                            proxies.count()
                            run = _run(resolver, cache, count)
                            run["questions"] = proxies.count()[0].get("questions", 0)
                            took.setdefault((resolver, cache), []).append(run)
        finally:
            server.terminate()
            server.wait()
    _show(took)


def _run(*arguments: object) -> dict[str, Any]:
    command = [*on(0), sys.executable, "-m", "tests.bench.web", *map(str, arguments)]
    return dict(json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout))


def _show(took: dict[tuple[str, str], list[dict[str, Any]]]) -> None:
    print(
        "| aiohttp's cache | resolver | p50, ms | p99, ms | of rounds | most, ms | requests | failed | questions each |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for (resolver, cache), runs in sorted(took.items(), key=lambda item: item[0][1]):
        every = [one for run in runs for one in run["milliseconds"]]
        p99 = [percentile(run["milliseconds"], 99) for run in runs]
        failed = sum(sum(run["errors"].values()) for run in runs)
        figures = (
            f"{percentile(every, 50):,.1f}",
            f"{percentile(every, 99):,.1f}",
            f"{min(p99):,.1f} to {max(p99):,.1f}",
            f"{max(every):,.0f}",
            f"{len(every):,}",
            f"{failed:,}",
            f"{sum(run['questions'] for run in runs) / len(every):.2f}",
        )
        print(f"| {cache} | {resolver} | {' | '.join(figures)} |")
    for key, runs in took.items():
        for text in {text for run in runs for text in run["errors"]}:
            print(f"  {', '.join(key)}: {text}")


# -- the client --------------------------------------------------------------------------------------------------------


def ours() -> Any:
    """k8sresolve as aiohttp wants its resolvers."""
    from aiohttp.abc import AbstractResolver, ResolveResult

    from k8sresolve import AsyncResolver, Error

    class Adapter(AbstractResolver):
        def __init__(self) -> None:
            self._resolver = AsyncResolver()

        async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> list[ResolveResult]:
            try:
                infos = await self._resolver.getaddrinfo(host, port, family, socket.SOCK_STREAM)
            except Error as error:
                raise OSError(None, str(error)) from error
            numeric = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
            return [
                ResolveResult(hostname=host, host=str(address[0]), port=port, family=kind, proto=proto, flags=numeric)
                for kind, _, proto, _, address in infos
            ]

        async def close(self) -> None:
            await self._resolver.close()

    return Adapter()


def threaded() -> Any:
    """aiohttp's where aiodns is not installed: getaddrinfo(3) in threads."""
    from aiohttp import ThreadedResolver

    return ThreadedResolver()


def aiodns() -> Any:
    """aiohttp's where aiodns is installed."""
    from aiohttp import AsyncResolver

    return AsyncResolver()


RESOLVERS: dict[str, Callable[[], Any]] = {"k8sresolve": ours, "threads": threaded, "aiodns": aiodns}


async def client(resolver: str, cache: str, seconds: float) -> dict[str, Any]:
    import aiohttp

    milliseconds: list[float] = []
    errors: Counter[str] = Counter()
    chance = random.Random(1)
    until = time.perf_counter() + seconds
    # Where no resolver is given, aiohttp would take aiodns, if it is there.
    connector = aiohttp.TCPConnector(resolver=RESOLVERS[resolver](), use_dns_cache=cache == "on", force_close=True)

    async def work(session: aiohttp.ClientSession) -> None:
        while (began := time.perf_counter()) < until:
            try:
                async with session.get(NAME.format(chance.randrange(SERVICES))) as response:
                    await response.read()
            except aiohttp.ClientError as error:
                errors[f"{type(error).__name__}: {error}"[:120]] += 1
            milliseconds.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(PAUSE)

    async with aiohttp.ClientSession(connector=connector) as session:
        await asyncio.gather(*(work(session) for _ in range(TASKS)))
    return {"milliseconds": [round(one, 2) for one in milliseconds], "errors": dict(errors)}


async def serve() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(REPLY)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "0.0.0.0", 80, backlog=512) as server:
        await server.serve_forever()


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        asyncio.run(serve())
    else:
        print(json.dumps(asyncio.run(client(sys.argv[1], sys.argv[2], float(sys.argv[3])))))
