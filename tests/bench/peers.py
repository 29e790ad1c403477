"""One peer, one measure, one fresh process: prints a JSON object with CPU microseconds and lookups a second.

Called by run.py as `peers.py PEER MEASURE PORT COUNT`.
"""

import asyncio
import json
import os
import resource
import socket
import sys
import time
from collections.abc import Awaitable, Callable

NAMES = 10_000
IN_FLIGHT = 50


def name_of(index: int) -> str:
    return f"svc-{index % NAMES}.shop.svc.cluster.local."


def cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def report(count: int, cpu_before: float, wall_before: float, failed: int = 0) -> None:
    used, wall = cpu() - cpu_before, time.perf_counter() - wall_before
    print(json.dumps({"cpu_us": used / count * 1e6, "per_second": count / wall, "failed": failed}))


def run_sync(look_up: Callable[[str], object], measure: str, count: int) -> None:
    names = [name_of(0 if measure == "hit" else index) for index in range(count)]
    look_up(name_of(NAMES - 1) if measure != "hit" else names[0])
    before, wall = cpu(), time.perf_counter()
    for name in names:
        look_up(name)
    report(count, before, wall)


async def run_async(look_up: Callable[[str], Awaitable[object]], measure: str, count: int) -> None:
    names = [name_of(0 if measure == "hit" else index) for index in range(count)]
    await look_up(name_of(NAMES - 1) if measure != "hit" else names[0])
    failed = 0
    before, wall = cpu(), time.perf_counter()
    if measure == "crowd":
        todo = iter(names)

        async def worker() -> None:
            nonlocal failed
            for name in todo:
                try:
                    await look_up(name)
                except Exception:  # noqa: BLE001 - any failure counts
                    failed += 1

        await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))
    else:
        for name in names:
            await look_up(name)
    report(count, before, wall, failed)


def ours(port: int, measure: str, count: int) -> None:
    from k8sresolve import Resolver, ResolverConfig

    config = ResolverConfig.for_cluster(f"127.0.0.1:{port}", namespace="shop")
    with Resolver(config, family="ipv4") as resolver:
        run_sync(resolver.addresses, measure, count)


def ours_service(port: int, measure: str, count: int) -> None:
    from k8sresolve import Resolver, ResolverConfig

    config = ResolverConfig.for_cluster(f"127.0.0.1:{port}", namespace="shop")
    with Resolver(config, family="ipv4") as resolver:
        run_sync(resolver.service, measure, count)


def ours_async(port: int, measure: str, count: int) -> None:
    from k8sresolve import AsyncResolver, ResolverConfig

    async def main() -> None:
        config = ResolverConfig.for_cluster(f"127.0.0.1:{port}", namespace="shop")
        async with AsyncResolver(config, family="ipv4") as resolver:
            await run_async(resolver.addresses, measure, count)

    asyncio.run(main())


def dnspython(port: int, measure: str, count: int) -> None:
    import dns.resolver

    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], port
    if measure == "hit":
        resolver.cache = dns.resolver.LRUCache()
    run_sync(lambda name: resolver.resolve(name, "A"), measure, count)


def dnspython_async(port: int, measure: str, count: int) -> None:
    import dns.asyncresolver

    async def main() -> None:
        resolver = dns.asyncresolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], port
        await run_async(lambda name: resolver.resolve(name, "A"), measure, count)

    asyncio.run(main())


def aiodns(port: int, measure: str, count: int) -> None:
    import aiodns as peer

    async def main() -> None:
        resolver = peer.DNSResolver(nameservers=["127.0.0.1"], udp_port=port, tcp_port=port)
        await run_async(lambda name: resolver.query_dns(name, "A"), measure, count)

    asyncio.run(main())


def encode(name: str) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name[:-1].split("."))
    return os.urandom(2) + b"\1\0\0\1\0\0\0\0\0\0" + labels + b"\0\0\1\0\1"


def raw(port: int, measure: str, count: int) -> None:
    """The yardstick: a bare socket for each query and a codec for exactly this answer."""

    def look_up(name: str) -> str:
        query = encode(name)
        sock = socket.SocketType(socket.AF_INET, socket.SOCK_DGRAM)
        sock.connect(("127.0.0.1", port))
        sock.send(query)
        reply = sock.recv(1232)
        sock.close()
        if reply[:2] != query[:2] or reply[12 : len(query)] != query[12:]:
            raise ValueError("not ours")
        return socket.inet_ntoa(reply[-4:])

    run_sync(look_up, measure, count)


PEERS = {
    "k8sresolve": ours,
    "k8sresolve-service": ours_service,
    "k8sresolve-async": ours_async,
    "dnspython": dnspython,
    "dnspython-async": dnspython_async,
    "aiodns": aiodns,
    "raw": raw,
}

if __name__ == "__main__":
    peer, measure, port, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    PEERS[peer](port, measure, count)
