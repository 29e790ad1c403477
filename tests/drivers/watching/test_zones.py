"""Pods of a zone are preferred, where CoreDNS tells zones apart."""

from typing import Any

import pytest

from k8sresolve import InvalidName
from k8sresolve.testing import Cluster

SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "db", "namespace": "data"},
    "spec": {"clusterIP": "None", "ports": [{"name": "sql", "port": 5432}]},
}
ZONES = {"10.244.1.1": "eu-1a", "10.244.1.2": "eu-1a", "10.244.2.1": "eu-1b"}


def slices(zones: dict[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "db-x", "namespace": "data", "labels": {"kubernetes.io/service-name": "db"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [address], "zone": zone} for address, zone in zones.items()],
        "ports": [{"name": "sql", "port": 5432, "protocol": "TCP"}],
    }


def cluster(zonal: bool) -> Cluster:
    option = "zonal" if zonal else ""
    corefile = f".:53 {{\n  kubernetes cluster.local {{\n    ttl 5\n    {option}\n  }}\n}}\n"
    return Cluster.new(SERVICE, slices(ZONES), corefile=corefile)


@pytest.mark.parametrize("port", ["sql", None])
@pytest.mark.parametrize(
    ("zonal", "zone", "there"),
    [
        (True, "eu-1a", {"10.244.1.1", "10.244.1.2"}),
        (True, "eu-1b", {"10.244.2.1"}),
        (True, "us-1", set(ZONES)),
        (False, "eu-1a", set(ZONES)),
    ],
)
def test_pods_of_a_zone_are_preferred_where_it_is_known(port, zonal, zone, there):
    with cluster(zonal).resolver() as resolver, resolver.watch("db.data", port, zone=zone) as watch:
        endpoints = watch.ready()
    assert {str(endpoint.address) for endpoint in endpoints} == there
    assert {endpoint.port for endpoint in endpoints} == {5432 if port else None}


def test_where_the_zone_s_last_pod_goes_all_others_are_there():
    there = cluster(zonal=True)
    with there.resolver() as resolver, resolver.watch("db.data", "sql", zone="eu-1b") as watch:
        watch.ready()
        there.apply(slices({address: zone for address, zone in ZONES.items() if zone != "eu-1b"}))
        there.clock.advance(30)
        assert {str(endpoint.address) for endpoint in watch.current} == {"10.244.1.1", "10.244.1.2"}


def test_watches_of_other_zones_ask_other_questions():
    there = cluster(zonal=True)
    with (
        there.resolver() as resolver,
        resolver.watch("db.data", "sql", zone="eu-1a") as one,
        resolver.watch("db.data", "sql", zone="eu-1b") as other,
    ):
        assert [len(one.ready()), len(other.ready())] == [2, 1]


@pytest.mark.parametrize("zone", ["", "a b", 3, "x" * 300])
def test_what_is_no_zone_is_refused(zone):
    with cluster(zonal=True).resolver() as resolver, pytest.raises(InvalidName):
        resolver.watch("db.data", zone=zone)
