"""aiodns (c-ares): with the pod's resolv.conf, or with the nameserver and search list that it is told."""

import asyncio
import json
import sys
from typing import Any

import aiodns
import aiodns.error

from k8sresolve.testing import Cluster


async def host(resolver: aiodns.DNSResolver, name: str) -> Any:
    try:
        found = await resolver.getaddrinfo(name, family=0)
    except aiodns.error.DNSError as error:
        return error.args[0] == aiodns.error.ARES_ENOTFOUND
    return sorted({node.addr[0].decode() for node in found.nodes})


async def look_up(resolver: aiodns.DNSResolver) -> Any:
    async with resolver:
        records = await resolver.query_dns("_cql._tcp.cassandra.data.svc.cluster.local", "SRV")
        return {
            "payments": await host(resolver, "payments"),
            "web": await host(resolver, "web"),
            "nope is not found": await host(resolver, "nope"),
            "SRV": sorted([record.data.port, record.data.target] for record in records.answer),
        }


async def main() -> None:
    cluster = Cluster.from_manifests(*sys.argv[1:])
    config = cluster.config("shop")
    told = {"resolv.conf": await look_up(aiodns.DNSResolver())}
    with cluster.serve() as server:
        resolver = aiodns.DNSResolver([f"{server.host}:{server.port}"], domains=list(config.search), ndots=config.ndots)
        told["told where"] = await look_up(resolver)
    told["asked"] = cluster.queries.asked("payments.shop.svc.cluster.local", "A")
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    asyncio.run(main())
