"""pymongo's `mongodb+srv://` parser, which asks with dnspython's default resolvers."""

import asyncio
import json
import sys
from typing import Any

import dns.asyncresolver
import dns.resolver
from pymongo.asynchronous.uri_parser import parse_uri as parse_uri_async
from pymongo.errors import ConfigurationError
from pymongo.uri_parser import parse_uri

from k8sresolve.testing import Cluster

URI = "mongodb+srv://mongo.data.svc.cluster.local/orders"


def main() -> None:
    cluster = Cluster.from_manifests(*sys.argv[1:])
    for module in (dns.resolver, dns.asyncresolver):
        module.default_resolver = module.Resolver(configure=False)
        module.default_resolver.nameservers = [cluster.nameserver()]
    told: dict[str, Any] = {}
    for way, parsed in (("blocking", parse_uri(URI)), ("asyncio", asyncio.run(parse_uri_async(URI)))):
        told[way] = {"hosts": sorted(parsed["nodelist"]), "database": parsed["database"]}
    try:
        parse_uri("mongodb+srv://nope.data.svc.cluster.local/")
    except ConfigurationError as error:
        told["nope"] = str(error)
    told["asked"] = cluster.queries.asked("_mongodb._tcp.mongo.data.svc.cluster.local", "SRV")
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
