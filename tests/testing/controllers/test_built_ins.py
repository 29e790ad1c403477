import json
import pathlib

import pytest

from k8sresolve.errors import NoSuchName
from k8sresolve.testing import Cluster
from k8sresolve.testing.objects.kinds import PortEntry
from tests.testing.checks.objects import namespace, service, slice_of

EMPTY = json.loads((pathlib.Path(__file__).parents[2] / "golden" / "apiserver" / "empty.json").read_text())
API_SERVER = {"name": "kubernetes", "namespace": "default"}


def answers(cluster, name):
    with cluster.resolver() as resolver:
        return [str(address) for address in resolver.addresses(name).addresses]


def api_server(cluster):
    return cluster.store.service("default", "kubernetes")


def test_a_cluster_holds_what_a_real_one_holds_before_anything_is_applied():
    cluster = Cluster.from_objects([])
    assert sorted(item.name for item in cluster.store.all("Namespace")) == EMPTY["namespaces"]
    [want], [part] = EMPTY["services"], EMPTY["slices"]
    got = api_server(cluster)
    assert got.labels == want["metadata"]["labels"]
    assert got.cluster_ips == tuple(want["spec"]["clusterIPs"])
    assert got.families == tuple(want["spec"]["ipFamilies"])
    [port] = want["spec"]["ports"]
    assert got.ports == (PortEntry(port["name"], port["port"], port["protocol"], target=port["targetPort"]),)
    [made] = cluster.store.slices("default", "kubernetes")
    [port] = part["ports"]
    assert (made.name, made.labels) == (part["metadata"]["name"], part["metadata"]["labels"])
    assert made.ports == (PortEntry(port["name"], port["port"], port["protocol"]),)
    assert len(made.addresses) == 1


@pytest.mark.parametrize(
    ("cidrs", "first"),
    [
        ({"service_cidrs": ["10.43.0.0/16"]}, "10.43.0.1"),
        ({"service_cidrs": ["fd00:7::/112"], "pod_cidrs": ["fd00:8::/56"]}, "fd00:7::1"),
    ],
)
def test_the_api_server_has_the_first_address_of_the_services_network(cidrs, first):
    cluster = Cluster.from_objects([], **cidrs)
    assert api_server(cluster).cluster_ips == (first,)
    with cluster.resolver() as resolver:
        assert resolver.port("kubernetes", "https").number == 443
        assert str(*resolver.service("kubernetes").addresses) == first


def test_who_states_the_first_address_has_it():
    cluster = Cluster.from_objects([service("web", clusterIP="10.96.0.1")])
    assert answers(cluster, "web.shop") == ["10.96.0.1"]
    assert api_server(cluster).cluster_ips != ("10.96.0.1",)
    assert len(api_server(cluster).cluster_ips) == 1
    assert "spec.clusterIP" not in {finding.field for finding in cluster.check()}


def test_a_service_of_that_name_among_the_manifests_stands():
    ports = [{"name": "api", "port": 6443}]
    stated = {"kind": "Service", "metadata": API_SERVER, "spec": {"clusterIP": "10.96.7.7", "ports": ports}}
    cluster = Cluster.from_objects([stated])
    assert api_server(cluster).cluster_ips == ("10.96.7.7",)
    assert [port.name for port in api_server(cluster).ports] == ["api"]
    own = slice_of("kubernetes", "10.0.0.1")
    own["metadata"]["namespace"] = "default"
    [part] = Cluster.from_objects([stated, own]).store.slices("default", "kubernetes")
    assert [entry.address for entry in part.addresses] == ["10.0.0.1"]


def test_a_bundle_with_a_namespace_of_its_own_has_the_built_in_ones_too():
    bundle = [namespace("shop"), service("front"), service("tools", "default"), service("dns", "kube-system")]
    cluster = Cluster.from_objects([*bundle, service("lost", "other")])
    assert all(answers(cluster, name) for name in ("front.shop", "tools.default", "dns.kube-system"))
    with cluster.resolver() as resolver, pytest.raises(NoSuchName):
        resolver.addresses("lost.other")
    fields = {finding.object for finding in cluster.check() if finding.field == "metadata.namespace"}
    assert fields == {"Service other/lost"}


def test_without_built_ins_only_what_is_given_is_there():
    cluster = Cluster.from_objects([namespace("shop"), service()], built_ins=False)
    assert [item.name for item in cluster.store.all("Namespace")] == ["shop"]
    assert [item.name for item in cluster.store.all("Service")] == ["web"]


def test_nothing_is_to_improve_on_what_is_built_in():
    assert Cluster.from_objects([]).check() == ()
