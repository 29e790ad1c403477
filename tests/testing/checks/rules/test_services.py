"""A Service by itself: its namespace, its addresses, the name for which it stands."""

import pytest

from k8sresolve import NoSuchName
from k8sresolve.testing import Cluster
from tests.testing.checks.objects import assert_only, deployment, found, headless, namespace, service


def test_one_cluster_ip_for_two_services():
    services = [service(name, clusterIP="10.96.0.7") for name in ("a", "b")]
    cluster = Cluster.from_objects([*services, deployment()])
    first, second = cluster.check()
    assert (first.severity, first.object, first.field) == ("error", "Service shop/a", "spec.clusterIP")
    assert "Service shop/b" in first.problem
    assert "Service shop/a" in second.problem
    assert cluster.check("shop/b") == (second,)


def test_headless_services_share_no_address():
    assert found(headless("a"), headless("b"), deployment()) == ()


def test_a_namespace_that_is_not_declared_though_others_are():
    findings = found(namespace("data"), service(), deployment())
    assert_only(findings, "error", "metadata.namespace", "namespace shop", "NXDOMAIN", "add the Namespace shop")
    assert found(namespace("shop"), service(), deployment()) == ()


# ExternalName.


@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::7"])
def test_an_alias_to_an_address_is_none(address):
    spec = {"type": "ExternalName", "externalName": address, "ports": None, "selector": None}
    cluster = Cluster.from_objects([service(**spec)])
    assert_only(cluster.check(), "error", "spec.externalName", f"{address} is an IP address", "clusterIP: None")
    with cluster.resolver(namespace="shop") as resolver, pytest.raises(NoSuchName):
        resolver.service("web")


def test_an_alias_to_nothing_is_refused():
    spec = {"type": "ExternalName", "ports": None, "selector": None}
    assert_only(found(service(**spec)), "error", "spec.externalName", "refuses")


def test_ports_and_selector_of_an_alias_do_nothing():
    findings = found(service(type="ExternalName", externalName="api.example.com"))
    assert [(each.severity, each.field) for each in findings] == [("remark", "spec.ports"), ("remark", "spec.selector")]
