"""Offline resolvers: what of the configuration they heed as real ones do."""

import asyncio

import pytest

from k8sresolve import ConfigError, Nameserver, ResolverConfig, parse_resolv_conf
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


NIP_IO = """\
$ORIGIN nip.io.
@ 3600 IN SOA ns admin 1 7200 1800 86400 30
@ 3600 IN NS ns
ns 3600 IN A 192.0.2.53
* 30 IN A 192.0.2.69
"""
WITH_WILDCARD = b"""\
search hub.svc.cluster.local svc.cluster.local cluster.local hub.192.0.2.69.nip.io 192.0.2.69.nip.io
nameserver 172.30.0.10
options ndots:5
"""


def test_a_wildcard_in_the_search_list_takes_complete_names_and_explain_says_so():
    meta, spec = {"name": "repo", "namespace": "ocm"}, {"clusterIP": "172.30.3.3"}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec}
    config = parse_resolv_conf(WITH_WILDCARD)
    cluster = Cluster.from_objects([service], upstream={"nip.io": NIP_IO})
    with cluster.resolver(config=config) as resolver:
        # A typed call does not search; glibc tries the list before a name of four dots.
        assert list(map(str, resolver.service("repo.ocm.svc.cluster.local").addresses)) == ["172.30.3.3"]
        for name in ("repo.ocm.svc.cluster.local", "api.example.com"):
            assert [*map(str, resolver.addresses(name).addresses)] == ["192.0.2.69"]
            assert "a search domain outside the cluster answered" in resolver.explain(name).remark
    assert sum("every name exists" in finding.problem for finding in config.diagnostics) == 2
