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
    assert_only(findings, "remark", "metadata.namespace", "namespace shop", "NXDOMAIN")
    findings = found(namespace("shops"), service(), deployment())
    assert_only(findings, "warning", "metadata.namespace", "shops is", "write shops")
    assert found(namespace("shop"), service(), deployment()) == ()


SINGLE = {"service_cidrs": ["10.96.0.0/24"], "pod_cidrs": ["10.244.0.0/16"]}


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"clusterIP": "10.97.0.1"}, "spec.clusterIP"),
        ({"clusterIP": "10.96.0.0"}, "spec.clusterIP"),
        ({"clusterIP": "10.96.0.255"}, "spec.clusterIP"),
        ({"ipFamilyPolicy": "RequireDualStack"}, "spec.ipFamilyPolicy"),
        ({"clusterIP": "None", "ipFamilies": ["IPv6"]}, "spec.ipFamilies[0]"),
    ],
)
def test_networks_that_are_stated_are_the_clusters(spec, field):
    objects = [service(**spec), deployment()]
    errors = {each.field for each in Cluster.from_objects(objects, **SINGLE).check() if each.severity == "error"}
    assert errors == {field}
    assert [each.field for each in found(*objects) if each.severity == "error"] == []


def test_a_headless_service_without_a_selector_may_have_any_families():
    own = service(clusterIP="None", selector=None, ipFamilies=["IPv6", "IPv4"])
    assert {each.severity for each in Cluster.from_objects([own], **SINGLE).check()} == {"remark"}


# ExternalName.


@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::7"])
def test_an_alias_to_an_address_is_none(address):
    spec = {"type": "ExternalName", "externalName": address, "ports": None, "selector": None}
    cluster = Cluster.from_objects([service(**spec)])
    assert_only(cluster.check(), "error", "spec.externalName", f"{address} is an IP address", "clusterIP: None")
    with cluster.resolver(namespace="shop") as resolver, pytest.raises(NoSuchName):
        resolver.service("web")


@pytest.mark.parametrize(
    ("target", "severity"),
    [
        ("broker.infra.svc", "warning"),
        ("broker.infra", "warning"),
        ("elsewhere.infra", None),
        ("api.example.com", None),
        ("broker.infra.svc.cluster.local", None),
    ],
)
def test_an_alias_of_a_service_is_written_in_full(target, severity):
    spec = {"type": "ExternalName", "externalName": target, "ports": None, "selector": None}
    findings = found(service(**spec), service("broker", "infra"), deployment(namespace="infra"))
    words = ("no full name", "NXDOMAIN", "write broker.infra.svc.cluster.local")
    if severity:
        assert_only(findings, severity, "spec.externalName", *words)
    else:
        assert findings == ()


def test_an_alias_to_nothing_is_refused():
    spec = {"type": "ExternalName", "ports": None, "selector": None}
    assert_only(found(service(**spec)), "error", "spec.externalName", "refuses")


def test_ports_and_selector_of_an_alias_do_nothing():
    findings = found(service(type="ExternalName", externalName="api.example.com"))
    assert [(each.severity, each.field) for each in findings] == [("remark", "spec.ports"), ("remark", "spec.selector")]
