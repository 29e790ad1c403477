"""dnspython's resolvers with `cluster.nameserver()`: blocking and on asyncio, with a pod's search list."""

import asyncio
import json
import sys

import dns.asyncresolver
import dns.exception
import dns.name
import dns.resolver

from k8sresolve.testing import Cluster


def set_up(resolver: dns.resolver.BaseResolver, cluster: Cluster) -> None:
    config = cluster.config("shop")
    resolver.nameservers = [cluster.nameserver()]
    resolver.search = [dns.name.from_text(domain) for domain in config.search]
    resolver.ndots = config.ndots


def look_up(resolver: dns.resolver.Resolver, name: str, rdtype: str) -> list[str] | str:
    try:
        return sorted(str(record) for record in resolver.resolve(name, rdtype, search=True))
    except dns.exception.DNSException as error:
        return type(error).__name__


async def look_up_async(cluster: Cluster) -> list[str]:
    resolver = dns.asyncresolver.Resolver(configure=False)
    set_up(resolver, cluster)
    return [str(record) for record in await resolver.resolve("web", "AAAA", search=True)]


def main() -> None:
    cluster = Cluster.from_manifests(*sys.argv[1:])
    resolver = dns.resolver.Resolver(configure=False)
    set_up(resolver, cluster)
    lookups = [
        ("payments", "A"),
        ("payments", "AAAA"),
        ("nope", "A"),
        ("_http._tcp.payments", "SRV"),
        ("cassandra.data", "A"),
    ]
    told = {f"{name} {rdtype}": look_up(resolver, name, rdtype) for name, rdtype in lookups}
    told["asyncio"] = asyncio.run(look_up_async(cluster))
    told["asked"] = cluster.queries.asked("payments.shop.svc.cluster.local", "A")
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
