"""Backends of Ingresses and routes."""

import pytest

from k8sresolve.testing import Cluster
from tests.testing.checks.objects import assert_only, custom, deployment, namespace, service

DATA = [namespace("data"), service("redis", "data", selector=None), deployment("redis", namespace="data")]
SHOP = [namespace("shop"), service(), deployment(), *DATA]
AT = "spec.rules[0].http.paths[0].backend.service"


def ingress(backend, **spec):
    rules = [{"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}]
    meta = {"name": "web", "namespace": "shop"}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": meta,
        "spec": {"rules": rules, **spec},
    }


def to(name, /, **port):
    return {"service": {"name": name, "port": port}}


def route(kind="HTTPRoute", **backend):
    meta = {"name": "web", "namespace": "shop"}
    spec = {"rules": [{"backendRefs": [backend]}]}
    return {"apiVersion": "gateway.networking.k8s.io/v1", "kind": kind, "metadata": meta, "spec": spec}


def found(*objects):
    return [each for each in Cluster.from_objects([*SHOP, *objects]).check() if each.rule.startswith("backend-")]


@pytest.mark.parametrize(
    "item",
    [
        ingress(to("web", number=80)),
        ingress(to("web", name="http")),
        ingress(to("ssl-redirect", name="use-annotation")),
        ingress({"resource": {"kind": "Bucket", "name": "nobody"}}),
        route(name="web", port=80),
        route(name="redis", namespace="data", port=80),
        route(name="nobody", kind="ServiceImport", group="multicluster.x-k8s.io", port=80),
        route(name="nobody", namespace="elsewhere", port=80),
    ],
)
def test_nothing_is_found_where_the_backend_is_there_or_is_no_service(item):
    assert found(item) == []


@pytest.mark.parametrize(
    ("item", "field", "words"),
    [
        (ingress(to("wep", number=80)), f"{AT}.name", ["no Service shop/wep"]),
        (ingress(to("redis", number=80)), f"{AT}.name", ["but data/redis", "put the Ingress"]),
        (ingress(to("web", number=8080)), f"{AT}.port", ["no port 8080", "80 (http)"]),
        (ingress(to("web", name="https")), f"{AT}.port", ["no port https"]),
        (ingress(to("web", number=80), defaultBackend=to("wep")), "spec.defaultBackend.service.name", ["shop/wep"]),
        (
            ingress({"serviceName": "wep", "servicePort": 80}) | {"apiVersion": "extensions/v1beta1"},
            "spec.rules[0].http.paths[0].backend.name",
            ["shop/wep"],
        ),
    ],
)
def test_a_backend_of_an_ingress_that_is_not_there_is_a_warning(item, field, words):
    assert_only(found(item), "warning", field, *words, on="Ingress shop/web")


@pytest.mark.parametrize("kind", ["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"])
def test_a_backend_of_a_route_that_is_not_there_is_a_warning(kind):
    about = f"{kind} shop/web"
    name, port = (f"spec.rules[0].backendRefs[0].{each}" for each in ("name", "port"))
    assert_only(found(route(kind, name="wep", port=80)), "warning", name, "no Service shop/wep", on=about)
    assert_only(found(route(kind, name="web", port=81)), "warning", port, "no port 81", on=about)
    assert_only(found(route(kind, name="web", namespace="data", port=80)), "warning", name, "but shop/web", on=about)


def test_a_plain_slip_is_told_also_where_others_may_come():
    objects = [service("product-page", selector={"app": "web"}), deployment()]
    findings = Cluster.from_objects([*objects, ingress(to("productpage", number=80))]).check()
    told = [each for each in findings if each.rule.startswith("backend-")]
    assert_only(told, "warning", f"{AT}.name", "write product-page,", on="Ingress shop/web")
    findings = Cluster.from_objects([*objects, ingress(to("product-pages-v2", number=80))]).check()
    assert [each for each in findings if each.rule.startswith("backend-")] == []


def test_a_backend_to_which_nothing_goes_is_no_finding():
    spec = {"rules": [{"backendRefs": [{"name": "wep", "port": 80, "weight": 0}, {"name": "web", "port": 80}]}]}
    meta = {"name": "web", "namespace": "shop"}
    item = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": meta, "spec": spec}
    assert found(item) == []
    spec["rules"][0]["backendRefs"][0]["weight"] = 1
    assert [each.rule for each in found(item)] == ["backend-service-missing"]


def test_two_routes_of_one_name_are_two():
    both = [route("HTTPRoute", name="wep", port=80), route("GRPCRoute", name="wep", port=80)]
    assert {each.object for each in found(*both)} == {"HTTPRoute shop/web", "GRPCRoute shop/web"}


def test_where_others_may_come_nothing_is_said_of_a_service_but_of_its_ports():
    objects = [service(), deployment()]
    for item, rules in [(ingress(to("wep", number=80)), []), (ingress(to("web", number=81)), ["backend-port"])]:
        findings = Cluster.from_objects([*objects, item]).check()
        assert [each.rule for each in findings if each.rule.startswith("backend-")] == rules


def webhook(kind="ValidatingWebhookConfiguration", **client):
    hook = {"name": "a.example", "clientConfig": {"service": {"name": "web", "namespace": "shop", **client}}}
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": "it"},
        "webhooks": [{"name": "b.example", "clientConfig": {"url": "https://b.example"}}, hook],
    }


def definition(**client):
    webhook = {"clientConfig": {"service": {"name": "web", "namespace": "shop", **client}}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "its.example.com"},
        "spec": {"conversion": {"strategy": "Webhook", "webhook": webhook}},
    }


def api_service(**service):
    return {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": "v1.example.com"},
        "spec": {"service": {"name": "web", "namespace": "shop", **service}},
    }


ASKED = [
    (webhook, "webhooks[1].clientConfig.service", "ValidatingWebhookConfiguration it"),
    (
        lambda **client: webhook("MutatingWebhookConfiguration", **client),
        "webhooks[1].clientConfig.service",
        "MutatingWebhookConfiguration it",
    ),
    (
        definition,
        "spec.conversion.webhook.clientConfig.service",
        "CustomResourceDefinition its.example.com",
    ),
    (api_service, "spec.service", "APIService v1.example.com"),
]


@pytest.mark.parametrize(("make", "place", "about"), ASKED, ids=["validating", "mutating", "definition", "api-service"])
def test_what_the_api_server_asks_is_to_be_there(make, place, about):
    assert found(make(port=80)) == []
    assert_only(found(make(port=80, name="wep")), "warning", f"{place}.name", "no Service shop/wep", on=about)
    assert_only(found(make(port=8080)), "warning", f"{place}.port", "no port 8080", on=about)
    assert_only(found(make()), "warning", f"{place}.port", "no port 443", on=about)
    told = found(make(name="redis", port=80))
    assert_only(told, "warning", f"{place}.name", "but data/redis", "write namespace: data", on=about)
    assert_only(found(make(namespace="shopp", port=80)), "warning", f"{place}.name", "write namespace: shop,", on=about)
    # Where a chart's parts lie in several files, the namespace may have more than what is here.
    assert found(make(namespace="elsewhere", name="nobody")) == []
    findings = Cluster.from_objects([service(), deployment(), make(name="nobody")]).check()
    assert [each for each in findings if each.rule.startswith("backend-")] == []


@pytest.mark.parametrize("odd", [None, 1, "x", [], {}, [1]])
def test_what_names_no_service_is_not_looked_up(odd):
    hooks = {**webhook(), "webhooks": [{"name": "a.example", "clientConfig": odd}, odd]}
    items = [hooks, {**definition(), "spec": {"conversion": odd}}, {**api_service(), "spec": {"service": odd}}]
    assert found(*items) == []


MESH = [
    service("payments-ui", "mesh", ports=[{"name": "http", "port": 8080}]),
    deployment("payments", namespace="mesh"),
]


def in_mesh(name, number=8080, *, of="web"):
    made = ingress(to(name, number=number))
    return {**made, "metadata": {"name": of, "namespace": "mesh"}}


@pytest.mark.parametrize(
    "name", ["payments-iu", "payment-ui", "paymetns-ui", "ui", "mesh-payments-ui", "old-payments-ui"]
)
def test_the_only_service_with_the_port_is_meant_where_its_name_is_much_the_same(name):
    findings = found(*MESH, in_mesh(name))
    words = (f"no Service mesh/{name}, but mesh/payments-ui", "write payments-ui")
    assert_only(findings, "warning", f"{AT}.name", *words, on="Ingress mesh/web")


@pytest.mark.parametrize(
    "objects",
    [
        [*MESH, in_mesh("orders-ui")],
        [*MESH, in_mesh("mesh-payments-ui", 9999)],
        [*MESH, in_mesh("mesh-payments-ui"), in_mesh("payments-ui", of="other")],
        [*MESH, in_mesh("mesh-payments-ui"), service("more", "mesh", ports=[{"port": 8080}])],
        [*MESH, in_mesh("mesh-payments-ui"), deployment("mesh-payments-ui", namespace="mesh", labels={"app": "x"})],
        [*MESH, in_mesh("mesh-payments-ui"), custom("Shop", "mesh")],
        [MESH[0], in_mesh("mesh-payments-ui")],
    ],
    ids=["another", "other port", "led to", "one of two", "a workload", "an operator", "no workloads"],
)
def test_a_service_that_may_be_elsewhere_is_not_taken_for_the_only_one(objects):
    assert found(*objects) == []


def test_of_a_short_name_two_swapped_letters_are_a_slip_where_the_port_agrees():
    blue = [service("blue", "mesh"), deployment("blue", namespace="mesh")]
    [finding] = found(*blue, in_mesh("bleu", 80))
    assert "write blue" in finding.advice
    assert found(*blue, in_mesh("bleu", 81)) == []


def test_a_service_that_is_surely_missing_is_told_with_the_only_one_that_has_the_port():
    hook = {"clientConfig": {"service": {"name": "webhook", "namespace": "mesh"}}}
    meta = {"name": "hooks"}
    config = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": meta,
    }
    right = {"clientConfig": {"service": {"name": "mesh-webhook", "namespace": "mesh"}}}
    given = [
        service("mesh-webhook", "mesh", ports=[{"port": 443}]),
        deployment("x", namespace="mesh"),
        namespace("mesh"),
    ]
    [finding] = found(*given, {**config, "webhooks": [hook, right]})
    assert (finding.field, finding.advice) == (
        "webhooks[0].clientConfig.service.name",
        "write mesh-webhook, if that is meant",
    )


def test_of_a_service_that_was_given_twice_the_one_that_was_replaced_may_have_the_port():
    first = service("twin", ports=[{"name": "http", "port": 8080}])
    [finding] = found(first, service("twin"), ingress(to("twin", number=8080)))
    assert "the Service is given twice, and the one at another place, which has the port" in finding.problem
    [finding] = found(first, service("twin"), ingress(to("twin", number=9090)))
    assert "given twice" not in finding.problem


@pytest.mark.parametrize(
    ("item", "severity"), [(route(name="web", port=8080), "remark"), (ingress(to("web", number=8080)), "warning")]
)
def test_consul_takes_no_notice_of_a_routes_port(item, severity):
    [finding] = found(item, custom("GatewayClassConfig", group="consul.hashicorp.com"))
    assert (finding.rule, finding.severity) == ("backend-port", severity)
    assert [each.severity for each in found(item)] == ["warning"]


# A Service that is in another namespace, where nothing is known of that of the route.

CAFE = [service("tea", "cafe"), deployment("tea", namespace="cafe")]
GRANT = custom("ReferenceGrant", "cafe", group="gateway.networking.k8s.io")


def unstated(item):
    """What states no namespace, and so gets `default`."""
    meta = {key: value for key, value in item["metadata"].items() if key != "namespace"}
    return {**item, "metadata": meta}


def backends(*objects):
    return [each for each in Cluster.from_objects(objects).check() if each.rule.startswith("backend-")]


@pytest.mark.parametrize("kind", ["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"])
def test_a_route_without_the_namespace_of_its_backend(kind):
    item = route(kind, name="tea", port=80)
    for each, where in [(item, "shop"), (unstated(item), "default")]:
        words = (f"no Service {where}/tea, but cafe/tea", "write namespace: cafe", "ReferenceGrant")
        field = "spec.rules[0].backendRefs[0].name"
        assert_only(backends(*CAFE, each), "warning", field, *words, on=f"{kind} {where}/web")
        [finding] = backends(*CAFE, GRANT, each)
        assert "ReferenceGrant" not in finding.advice


def test_an_ingress_leads_to_services_of_its_own_namespace_alone():
    words = ("no Service default/tea, but cafe/tea", "put the Ingress into namespace cafe")
    item = unstated(ingress(to("tea", number=80)))
    assert_only(backends(*CAFE, item), "warning", f"{AT}.name", *words, on="Ingress default/web")


@pytest.mark.parametrize(
    "objects",
    [
        [*CAFE, route(name="tea", namespace="cafe", port=80), GRANT],
        [*CAFE, route(name="teas", port=80)],
        [*CAFE, route(name="tea", port=81)],
        [*CAFE, service("tea", "other"), route(name="tea", port=80)],
        [*CAFE, route(name="tea", namespace="elsewhere", port=80)],
        [unstated(service("tea")), deployment("tea"), route(name="tea", port=80)],
        [*CAFE, custom("Shop"), route(name="tea", port=80)],
        [*CAFE, service("tea"), route(name="tea", port=80)],
    ],
    ids=["stated", "another", "other port", "several", "said so", "by -n", "an operator", "there"],
)
def test_a_service_of_another_namespace_is_not_always_meant(objects):
    assert backends(*objects) == []
