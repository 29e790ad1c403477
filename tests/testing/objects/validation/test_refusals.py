"""What the golden rows do not show: fields that go together, kind by kind."""

import pytest

from k8sresolve.testing import Cluster
from k8sresolve.testing.objects.validation.refusals import refusals
from k8sresolve.testing.versions import SERVICE_NAMES
from tests.testing.checks.objects import containers, deployment, pod, port, service, slice_of, stateful


def refused(obj, group="", until=None):
    return [(each.rule, each.path) for each in refusals(group, obj["kind"], obj) if each.until is until]


def service_of(**spec):
    return refused(service(**spec))


@pytest.mark.parametrize(
    ("spec", "rule", "path"),
    [
        ({"clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1", "10.96.0.2"]}, "cluster-ips", ("clusterIPs",)),
        ({"clusterIP": "10.96.0.1", "ipFamilies": ["IPv6"]}, "cluster-ip-family", ("clusterIP",)),
        ({"clusterIP": "None", "clusterIPs": ["None"], "type": "NodePort"}, "headless-type", ("clusterIPs", 0)),
        (
            {"type": "ExternalName", "externalName": "a.test", "clusterIP": "None"},
            "external-name-with-address",
            ("clusterIP",),
        ),
        ({"type": "LoadBalancer", "healthCheckNodePort": 30000}, "traffic-from-outside", ("healthCheckNodePort",)),
        ({"externalTrafficPolicy": "Local"}, "traffic-from-outside", ("externalTrafficPolicy",)),
        ({"clusterip": "None"}, "unknown-field", ("clusterip",)),
    ],
)
def test_fields_of_a_service_that_do_not_go_together(spec, rule, path):
    assert service_of(**spec) == [(rule, ("spec", *path))]


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"type": "LoadBalancer", "externalTrafficPolicy": "Local", "healthCheckNodePort": 30000},
        {"externalIPs": ["192.0.2.1"], "externalTrafficPolicy": "Cluster"},
        {"clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1", "fd00::1"], "ipFamilyPolicy": "PreferDualStack"},
        {"type": "ExternalName", "externalName": "a.test.", "ports": None, "clusterIP": ""},
        {"clusterIP": "None", "selector": None, "ipFamilies": ["IPv4", "IPv6"]},
    ],
)
def test_fields_of_a_service_that_do(spec):
    assert service_of(**spec) == []


def test_a_digit_at_the_beginning_is_refused_until_1_37():
    assert refused(service("7days")) == []
    assert refused(service("7days"), until=SERVICE_NAMES) == [("service-name-digit", ("metadata", "name"))]


@pytest.mark.parametrize("kind", ["Job", "CronJob"])
def test_a_job_without_a_template_is_a_patch(kind):
    job = {"kind": kind, "metadata": {"name": "train"}}
    assert refused(job, "batch") == []
    assert refused({**job, "spec": {"suspend": True}}, "batch") == []
    job = deployment("train", kind="Job")
    assert refused(job, "batch") == [("restart-policy", ("spec", "template", "spec", "restartPolicy"))]


@pytest.mark.parametrize(("version", "is_refused"), [("v1beta1", True), ("v1beta2", True), ("v1", False)])
def test_a_workload_of_a_version_that_is_gone_is_refused_as_such(version, is_refused):
    for kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"):
        obj = {**deployment(kind=kind), "apiVersion": f"apps/{version}"}
        assert refused(obj, "apps") == [("api-version", ("apiVersion",))] * is_refused


# "Deprecated API Migration Guide" of the Kubernetes documentation.
@pytest.mark.parametrize(
    ("api", "kind", "gone"),
    [
        ("extensions/v1beta1", "Deployment", True),
        ("extensions/v1beta1", "Ingress", True),
        ("networking.k8s.io/v1beta1", "Ingress", True),
        ("networking.k8s.io/v1", "Ingress", False),
        ("batch/v1beta1", "CronJob", True),
        ("batch/v1", "CronJob", False),
        ("discovery.k8s.io/v1beta1", "EndpointSlice", True),
    ],
)
def test_versions_that_no_api_server_serves_any_more_are_errors(api, kind, gone):
    obj = {"apiVersion": api, "kind": kind, "metadata": {"name": "web", "namespace": "shop"}, "spec": {}}
    if kind == "Deployment":
        obj = {**deployment(), "apiVersion": api}
    elif kind == "EndpointSlice":
        obj |= {"addressType": "IPv4", "endpoints": []}
    found = Cluster.from_objects([obj]).check()
    assert [each.severity for each in found if each.rule == "api-version"] == ["error"] * gone


def test_a_patch_of_an_object_is_no_object():
    """Kustomize's patches lie beside manifests, and state a field or two of what they change."""
    patch = {"kind": "Service", "metadata": {"name": "web"}, "spec": {"type": "LoadBalancer"}}
    assert refused(patch) == []
    patch["spec"] |= {"selector": {"app": "web"}}
    assert refused(patch) == [("ports-missing", ("spec", "ports"))]
    patch = {"kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": {"spec": {"hostNetwork": True}}}}
    assert refused(patch, "apps") == []


def test_an_unknown_field_tells_the_one_that_is_meant():
    [found] = refusals("", "Service", service(ports=[{"port": 80, "targetport": 8080}]))
    assert found.advice == "write targetPort"


SELECTOR = ("spec", "selector")


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ({"matchLabels": {"app": "web"}}, []),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "api"]}]}, []),
        ({"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}, []),
        ({"matchExpressions": [{"key": "app", "operator": "Exists"}]}, []),
        ({"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["db"]}]}, []),
        ({"matchLabels": {"app": "api"}}, [("selector-misfit", SELECTOR)]),
        ({"matchExpressions": [{"key": "tier", "operator": "Exists"}]}, [("selector-misfit", SELECTOR)]),
        ({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}, [("selector-misfit", SELECTOR)]),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["api"]}]}, [("selector-misfit", SELECTOR)]),
        ({"matchLabels": {"app": "a b"}}, [("selector", (*SELECTOR, "matchLabels"))]),
        (
            {"matchExpressions": [{"key": "app", "operator": "Exists", "values": ["web"]}]},
            [("selector-operator", (*SELECTOR, "matchExpressions", 0, "values"))],
        ),
        (None, [("selector-missing", SELECTOR)]),
        ({}, [("selector-empty", SELECTOR)]),
    ],
)
def test_a_selector_fits_its_own_template(selector, found):
    assert refused(deployment(selector=selector), "apps") == found


def test_of_a_template_without_labels_the_labels_are_named():
    place = ("spec", "template", "metadata", "labels")
    assert refused(deployment(labels={}, selector={"matchLabels": {"a": "b"}}), "apps") == [("selector-misfit", place)]


def test_a_replication_controller_selects_by_its_template():
    made = deployment(kind="ReplicationController", selector=None)
    assert refused(made) == []
    made["spec"]["selector"] = {"app": "api"}
    assert refused(made) == [("selector-misfit", SELECTOR)]
    del made["spec"]["template"]
    assert refused(made) == [("template-missing", ("spec", "template"))]


def test_a_stateful_set_gives_its_pods_their_names():
    assert refused(stateful(serviceName="db", pod={"hostname": "a.b", "subdomain": "A"}), "apps") == []
    assert refused(stateful(serviceName="D"), "apps") == [("subdomain", ("spec", "serviceName"))]


def test_port_names_are_each_containers_own():
    twice = [port(80, "a"), port(81, "a")]
    path = ("spec", "containers", 0, "ports", 1, "name")
    assert refused(pod(containers=containers(twice))) == [("container-port-name", path)]
    assert refused(pod(containers=containers(twice[:1], twice[1:]))) == []


def test_searches_of_a_pod_are_at_most_32():
    config = {"nameservers": ["192.0.2.53"], "searches": ["a.test"] * 33}
    assert refused(pod(dnsConfig=config)) == [("dns-search", ("spec", "dnsConfig", "searches"))]
    config["searches"].pop()
    assert refused(pod(dnsConfig=config)) == []


def test_a_slice_states_the_type_of_its_addresses():
    made = slice_of("web", "10.0.0.1")
    assert refused(made, "discovery.k8s.io") == []
    made["addressType"] = "IPv5"
    assert refused(made, "discovery.k8s.io") == [("address-type", ("addressType",))]
    del made["addressType"]
    assert refused(made, "discovery.k8s.io") == [("address-type", ("addressType",))]


def test_several_ports_of_endpoints_have_names():
    subset = {"addresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 80}, {"port": 81, "name": "a"}]}
    made = {"kind": "Endpoints", "metadata": {"name": "web"}, "subsets": [subset]}
    assert refused(made) == [("endpoint-port-name", ("subsets", 0, "ports", 0, "name"))]


def test_of_a_kind_that_is_not_in_the_table_nothing_is_said():
    assert refused({"kind": "NetworkPolicy", "metadata": {"name": "A_b"}}, "networking.k8s.io") == []
    assert refused({"kind": "Service", "metadata": {"name": "A_b"}}, "serving.knative.dev") == []


@pytest.mark.parametrize("host", [None, 0, 8080])
def test_a_host_port_on_the_nodes_network_that_is_the_containers(host):
    ports = [{"containerPort": 8080, "hostPort": host}]
    assert refused(deployment("web", ports, pod={"hostNetwork": True}), "apps") == []


def test_a_host_port_on_the_nodes_network_that_is_another():
    # `validatePodHostNetworkDeps` looks at `containers` alone, and only with hostNetwork.
    ports = [{"containerPort": 8080}, {"containerPort": 9100, "hostPort": 9101}]
    at = ("containers", 0, "ports", 1, "hostPort")
    found = refused(deployment("web", ports, pod={"hostNetwork": True}, kind="DaemonSet"), "apps")
    assert found == [("host-port", ("spec", "template", "spec", *at))]
    assert refused(pod(containers=containers(ports), hostNetwork=True)) == [("host-port", ("spec", *at))]
    assert refused(pod(containers=containers(ports))) == []
    assert refused(pod(containers=[], initContainers=containers(ports), hostNetwork=True)) == []


@pytest.mark.parametrize(("field", "meant"), [("selectors", "selector"), ("clusterip", "clusterIP"), ("xyz", "")])
def test_a_slip_for_a_field_is_told(field, meant):
    [refusal] = refusals("", "Service", service(**{field: None}))
    assert (refusal.rule, refusal.advice.startswith(f"write {meant}")) == ("unknown-field", bool(meant))


# `validateIngressRules` and `validateIngressTLS`, pkg/apis/networking/validation; of routes the patterns of their
# definitions, kubernetes-sigs/gateway-api.
_NO_HOSTS = ("http://a.example", "a.example:8080", "A.example", "a_b.example", "a.*.example", "*", "*.", "*a.example")
_NO_HOSTS += ("a.example/path", "a..example", "-a.example", "a.example.", "a b", f"{'a.' * 130}a", "*.*.example")
_HOSTS = ("a.example", "*.a.example", "a", "xn--bcher-kva.example", "1a.example", "*.1")


def ingress(host=None, *tls):
    spec = {"rules": [{"host": host}], "tls": [{"hosts": list(tls)}]}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "it"}, "spec": spec}


def route(kind, host):
    return {"kind": kind, "metadata": {"name": "it"}, "spec": {"hostnames": [host]}}


ROUTES = ("HTTPRoute", "GRPCRoute", "TLSRoute")


@pytest.mark.parametrize("host", _NO_HOSTS)
def test_a_host_of_a_route_that_is_no_name(host):
    rule, tls = ("spec", "rules", 0, "host"), ("spec", "tls", 0, "hosts", 1)
    assert refused(ingress(host, "a.example", host), "networking.k8s.io") == [("route-host", rule), ("route-host", tls)]
    for kind in ROUTES:
        found = refused(route(kind, host), "gateway.networking.k8s.io")
        assert found == [("route-host", ("spec", "hostnames", 0))]


@pytest.mark.parametrize("host", _HOSTS)
def test_a_host_of_a_route_that_is_one(host):
    assert refused(ingress(host, host), "networking.k8s.io") == []
    for kind in ROUTES:
        assert refused(route(kind, host), "gateway.networking.k8s.io") == []


def test_an_empty_host_of_an_ingress_is_every_host():
    assert refused(ingress(""), "networking.k8s.io") == refused(ingress(), "networking.k8s.io") == []
    assert refused(ingress("", ""), "networking.k8s.io") == [("route-host", ("spec", "tls", 0, "hosts", 0))]


@pytest.mark.parametrize("address", ["10.0.0.5", "010.0.0.5"])
def test_an_ingress_and_a_tls_route_take_no_address(address):
    rule = ("spec", "rules", 0, "host")
    assert refused(ingress(address, address), "networking.k8s.io") == [("route-host", rule)]
    assert len(refused(route("TLSRoute", address), "gateway.networking.k8s.io")) == 1
    assert refused(route("HTTPRoute", address), "gateway.networking.k8s.io") == []


def test_an_address_is_told_as_one():
    told = [each.problem for each in refusals("networking.k8s.io", "Ingress", ingress("10.0.0.5"))]
    assert told == ["'10.0.0.5' is an IP address, and no name"]
    told = [each.problem for each in refusals("networking.k8s.io", "Ingress", ingress("[::1]"))]
    assert told == ["'[::1]' is an IP address, and no name"]
    [told] = [each.problem for each in refusals("networking.k8s.io", "Ingress", ingress("a.*.example"))]
    assert "'*' elsewhere" in told


@pytest.mark.parametrize(("first", "second", "is_told"), [("", "TCP", True), ("TCP", "", True), ("TCP", "TCP", False)])
def test_of_two_ports_of_one_number_a_protocol_may_lack(first, second, is_told):
    named = [{"name": "a", "port": 53, "protocol": first}, {"name": "b", "port": 53, "protocol": second}]
    ports = [{key: value for key, value in each.items() if value} for each in named]
    [refusal] = refusals("", "Service", service(ports=ports))
    assert (refusal.rule, refusal.path) == ("port-duplicate", ("spec", "ports", 1))
    assert ("state the protocol" in refusal.advice) is is_told
