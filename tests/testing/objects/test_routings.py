"""Ingresses and routes, cut down to their backends."""

import pytest

from k8sresolve.testing import Cluster
from k8sresolve.testing.objects.manifests import read_objects
from k8sresolve.testing.objects.texts import Backend

META = {"name": "web", "namespace": "shop"}


def read(kind, group, spec):
    [found] = read_objects([{"apiVersion": group, "kind": kind, "metadata": META, "spec": spec}])
    assert (found.kind, found.namespace, found.name) == (kind, "shop", "web")
    return found.backends


def test_an_ingress_leads_to_services_of_its_namespace():
    paths = [{"backend": {"service": {"name": "a", "port": {"number": 80}}}}, {"backend": {"resource": {}}}]
    spec = {
        "defaultBackend": {"service": {"name": "d", "port": {"name": "http"}}},
        "rules": [{"http": {"paths": paths}}],
    }
    assert read("Ingress", "networking.k8s.io/v1", spec) == (
        Backend("spec.defaultBackend.service", "shop", "d", "http"),
        Backend("spec.rules[0].http.paths[0].backend.service", "shop", "a", 80),
    )


def test_a_route_leads_to_services_of_any_namespace():
    refs = [{"name": "a", "port": 80}, {"name": "b", "namespace": "data"}, {"name": "c", "kind": "Other"}]
    assert read("GRPCRoute", "gateway.networking.k8s.io/v1", {"rules": [{}, {"backendRefs": refs}]}) == (
        Backend("spec.rules[1].backendRefs[0]", "shop", "a", 80),
        Backend("spec.rules[1].backendRefs[1]", "data", "b", None),
    )


@pytest.mark.parametrize("odd", [None, 1, "x", [], {}, [1], [[]]])
def test_nothing_of_them_is_refused(odd):
    for spec in (odd, {"rules": odd}, {"rules": [{"http": odd, "backendRefs": odd}], "defaultBackend": odd}):
        assert (
            read("Ingress", "networking.k8s.io/v1", spec)
            == read("HTTPRoute", "gateway.networking.k8s.io/v1", spec)
            == ()
        )


def test_a_route_makes_no_pods_and_can_be_changed():
    route = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": META, "spec": {}}
    cluster = Cluster.from_objects([route])
    assert list(cluster.store.all("CustomResource")) == []
    cluster.apply(route | {"spec": {"rules": [{"backendRefs": [{"name": "a", "port": 80}]}]}})
    assert len(list(cluster.store.all("Routing"))) == 1
    cluster.delete("Namespace", "shop")
    assert list(cluster.store.all("Routing")) == []


def test_what_the_api_server_asks_lies_in_no_namespace():
    client = {"service": {"name": "a", "namespace": "data"}}
    objects = [
        {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "MutatingWebhookConfiguration",
            "metadata": {"name": "it"},
            "webhooks": [{"clientConfig": client}],
        },
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": "converted"},
            "spec": {"conversion": {"webhook": {"clientConfig": client}}},
        },
        {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "plain"}},
        {
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": {"name": "v1.a"},
            "spec": {"service": {"name": "a", "namespace": "data", "port": 8443}},
        },
    ]
    found = read_objects(objects, apply_namespace="shop")
    assert [(item.kind, item.namespace, item.name, item.backends) for item in found] == [
        ("MutatingWebhookConfiguration", "", "it", (Backend("webhooks[0].clientConfig.service", "data", "a", 443),)),
        (
            "CustomResourceDefinition",
            "",
            "converted",
            (Backend("spec.conversion.webhook.clientConfig.service", "data", "a", 443),),
        ),
        ("APIService", "", "v1.a", (Backend("spec.service", "data", "a", 8443),)),
    ]
    cluster = Cluster.from_objects(objects)
    assert not cluster.store.has_namespace("")
