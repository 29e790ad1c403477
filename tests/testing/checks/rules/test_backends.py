"""Backends of Ingresses and routes."""

import pytest

from k8sresolve.testing import Cluster
from tests.testing.checks.objects import assert_only, deployment, namespace, service

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


def test_two_routes_of_one_name_are_two():
    both = [route("HTTPRoute", name="wep", port=80), route("GRPCRoute", name="wep", port=80)]
    assert {each.object for each in found(*both)} == {"HTTPRoute shop/web", "GRPCRoute shop/web"}


def test_where_others_may_come_nothing_is_said_of_a_service_but_of_its_ports():
    objects = [service(), deployment()]
    for item, rules in [(ingress(to("wep", number=80)), []), (ingress(to("web", number=81)), ["backend-port"])]:
        findings = Cluster.from_objects([*objects, item]).check()
        assert [each.rule for each in findings if each.rule.startswith("backend-")] == rules
