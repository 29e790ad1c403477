"""psycopg: its SRV helper, which asks with dnspython's resolvers, and the hosts that `connect` looks up on asyncio."""

import asyncio
import json
import sys
from typing import Any

import psycopg._dns
from psycopg._conninfo_attempts_async import conninfo_attempts_async

from k8sresolve.testing import Cluster

SRV = {"host": "_postgresql._tcp.postgres.data.svc.cluster.local", "dbname": "orders"}
MISSING = {"host": "_nope._tcp.postgres.data.svc.cluster.local", "port": "5433"}
NOTHING = {"host": "nope.data.svc.cluster.local", "port": "SRV"}


def servers(params: dict[str, Any]) -> list[list[str]]:
    """The hosts and ports, which are in an order drawn by chance (RFC 2782: equal priorities and weights)."""
    return sorted(map(list, zip(params["host"].split(","), params["port"].split(","), strict=True)))


async def attempts(params: dict[str, Any]) -> list[str]:
    return sorted(str(attempt["hostaddr"]) for attempt in await conninfo_attempts_async(params))


def main() -> None:
    cluster = Cluster.from_manifests(*sys.argv[1:])
    psycopg._dns.resolver.nameservers = [cluster.nameserver()]
    psycopg._dns.async_resolver.nameservers = [cluster.nameserver()]
    told: dict[str, Any] = {
        "blocking": servers(psycopg._dns.resolve_srv(SRV)),
        "asyncio": servers(asyncio.run(psycopg._dns.resolve_srv_async(SRV))),
        "no SRV": servers(psycopg._dns.resolve_srv(MISSING)),
    }
    try:
        psycopg._dns.resolve_srv(NOTHING)
    except psycopg.OperationalError as error:
        told["nothing"] = str(error)
    with cluster.patch(namespace="shop"):
        told["connect"] = asyncio.run(attempts({"host": "postgres.data", "port": "5432"}))
    told["asked"] = cluster.queries.asked(SRV["host"], "SRV")
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
