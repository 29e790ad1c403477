"""A Service by itself: its namespace, its addresses, the name for which it stands."""

import pytest

from k8sresolve import NoSuchName
from k8sresolve.testing import Cluster
from tests.testing.checks.objects import assert_only, custom, deployment, found, headless, namespace, service


def test_one_cluster_ip_for_several_services_is_an_error_at_the_later_ones():
    services = [service(name, clusterIP="10.96.0.7") for name in ("b", "a", "c")]
    cluster = Cluster.from_objects([*services, deployment()])
    findings = cluster.check()
    assert [(each.severity, each.object, each.field) for each in findings] == [
        ("error", "Service shop/a", "spec.clusterIP"),
        ("error", "Service shop/c", "spec.clusterIP"),
    ]
    assert all("Service shop/b too" in each.problem for each in findings)
    assert cluster.check("shop/a") == findings[:1]


def node_port(name, number, type_="NodePort", **port):
    return service(name, type=type_, ports=[{"name": "http", "port": 80, "nodePort": number, **port}])


@pytest.mark.parametrize(
    "later", [node_port("b", 30080), node_port("b", 30080, "LoadBalancer"), node_port("b", 30080, protocol="UDP")]
)
def test_one_node_port_for_two_services_is_an_error_at_the_second(later):
    findings = [each for each in found(node_port("a", 30080), later, deployment()) if each.severity == "error"]
    assert_only(findings, "error", "spec.ports[0].nodePort", "Service shop/a", "later one", on="Service shop/b")
    assert findings[0].rule == "node-port-taken"


def test_node_ports_of_ones_own_are_no_finding():
    both = [{"name": name, "port": 80, "protocol": name.upper(), "nodePort": 30080} for name in ("tcp", "udp")]
    objects = [service("a", type="NodePort", ports=both), node_port("b", 30081), node_port("c", 0), node_port("d", 0)]
    assert [each for each in found(*objects, deployment()) if each.severity == "error"] == []


@pytest.mark.parametrize(("number", "errors"), [(29999, 1), (30000, 0), (32767, 0), (32768, 1)])
def test_a_node_port_lies_in_the_range_that_clusters_have_by_default(number, errors):
    findings = [each for each in found(node_port("web", number), deployment()) if each.severity == "error"]
    assert [each.field for each in findings] == ["spec.ports[0].nodePort"] * errors
    assert all("--service-node-port-range" in each.advice for each in findings)


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


def test_the_address_of_the_api_server_is_its_own_where_it_is_known():
    taken = [service(clusterIP="10.96.0.1"), deployment()]
    errors = [each for each in Cluster.from_objects(taken, **SINGLE).check() if each.severity == "error"]
    assert_only(errors, "error", "spec.clusterIP", "the API server")
    own = service("kubernetes", "default", clusterIP="10.96.0.1", selector=None)
    for objects, networks in ((taken, {}), ([own], SINGLE), ([], SINGLE)):
        assert not [each for each in Cluster.from_objects(objects, **networks).check() if each.severity == "error"]


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


def alias(target):
    return service("pay", type="ExternalName", externalName=target, ports=None, selector=None)


@pytest.mark.parametrize("target", ["payments.infra.svc.cluster.local", "p-0.payments.infra.svc.cluster.local."])
def test_an_alias_of_a_service_that_is_not_there_in_a_namespace_that_is(target):
    objects = [namespace("infra"), namespace("shop"), service("payment", "infra"), deployment(namespace="infra")]
    findings = found(*objects, alias(target))
    words = ("no Service infra/payments", "write payment.infra.svc.cluster.local")
    assert_only(findings, "warning", "spec.externalName", *words, on="Service shop/pay")


@pytest.mark.parametrize(
    "others",
    [
        [],
        [service("payments", "infra"), deployment(namespace="infra")],
        [namespace("infra"), namespace("shop"), service("payments", "infra"), deployment(namespace="infra")],
        [namespace("shop")],
        [namespace("infra"), namespace("shop"), custom("HelmRelease", "apps")],
    ],
    ids=["no namespace", "there", "there, in a namespace that is given", "another namespace", "what may make more"],
)
def test_where_more_may_be_there_an_alias_is_no_finding(others):
    findings = found(*others, alias("payments.infra.svc.cluster.local"))
    assert [each.rule for each in findings if each.rule != "namespace-missing"] == []


def test_an_alias_out_of_the_cluster_is_no_finding():
    assert found(namespace("shop"), namespace("example"), alias("payments.example.com")) == ()
    assert found(namespace("shop"), alias("payments.shop.svc.cluster.local.example.com")) == ()


def test_an_alias_to_nothing_is_refused():
    spec = {"type": "ExternalName", "ports": None, "selector": None}
    assert_only(found(service(**spec)), "error", "spec.externalName", "refuses")


def test_ports_and_selector_of_an_alias_do_nothing():
    findings = found(service(type="ExternalName", externalName="api.example.com"))
    assert [(each.severity, each.field) for each in findings] == [("remark", "spec.ports"), ("remark", "spec.selector")]
