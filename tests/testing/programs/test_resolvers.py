"""Offline resolvers: what of the configuration they heed as real ones do."""

import asyncio

import pytest

from k8sresolve import ConfigError, Nameserver, ResolverConfig
from k8sresolve.testing import Cluster

SERVERS = ("10.244.0.2", "10.244.0.3")
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "payments", "namespace": "shop"},
    "spec": {"clusterIP": "10.96.20.1"},
}


@pytest.mark.parametrize("facade", ["Resolver", "AsyncResolver"])
@pytest.mark.parametrize(("flags", "asked"), [(set(), {SERVERS[0]}), ({"rotate"}, {*SERVERS})])
def test_options_rotate_turns_from_one_nameserver_to_the_next(facade, flags, asked):
    cluster = Cluster.from_objects([SERVICE], server_addresses=SERVERS)
    config = ResolverConfig(tuple(map(Nameserver, SERVERS)), flags=frozenset(flags))
    name = "payments.shop.svc.cluster.local."

    async def awaited():
        async with cluster.async_resolver(config=config, family="ipv4") as resolver:
            for _ in range(4):
                await resolver.addresses(name, fresh=True)

    if facade == "AsyncResolver":
        asyncio.run(awaited())
    else:
        with cluster.resolver(config=config, family="ipv4") as resolver:
            for _ in range(4):
                resolver.addresses(name, fresh=True)
    assert {query.nameserver for query in list(cluster.queries)[1:]} == asked


@pytest.mark.parametrize("config", ["", "10.0.0.1", ()])
def test_what_is_no_configuration_is_refused(config):
    cluster = Cluster.from_objects([SERVICE])
    for make in (cluster.resolver, cluster.async_resolver, cluster.patch):
        with pytest.raises(ConfigError, match="is no ResolverConfig"):
            make(config=config)
