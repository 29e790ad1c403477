"""What lists endpoints."""

import pytest

from tests.testing.checks.objects import assert_only, deployment, found, service, slice_of


def test_endpoints_of_nobody():
    label = "metadata.labels[kubernetes.io/service-name]"
    on = "EndpointSlice shop/wep-x"
    nameless = slice_of("", "10.0.0.1")
    nameless["metadata"]["name"] = "a"
    assert_only(found(slice_of("wep", "10.0.0.1")), "remark", label, "no Service shop/wep", on=on)
    assert_only(found(nameless), "remark", label, "is missing", on="EndpointSlice shop/a")
    endpoints = {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "wep", "namespace": "shop"}}
    owner, kind = found(endpoints)
    assert_only([owner], "remark", "metadata.name", "no Service shop/wep", on="Endpoints shop/wep")
    assert_only(
        [kind], "remark", "kind", "deprecated since Kubernetes 1.33", "service-name: wep", on="Endpoints shop/wep"
    )


def endpoints(name="web", **entry):
    subsets = [{"addresses": [{"ip": "192.0.2.7", **entry}], "ports": [{"name": "http", "port": 8080}]}]
    meta = {"name": name, "namespace": "shop"}
    return {"apiVersion": "v1", "kind": "Endpoints", "metadata": meta, "subsets": subsets}


def warnings(*objects):
    return [each for each in found(*objects) if each.severity != "remark"]


def test_endpoints_made_by_hand_beside_a_selector_are_overwritten():
    findings = warnings(service(), deployment(), endpoints())
    assert_only(findings, "warning", "subsets", "has a selector", on="Endpoints shop/web")


def test_endpoints_of_a_dump_and_those_without_a_selector_are_as_they_should_be():
    assert warnings(service(), deployment(), endpoints(targetRef={"kind": "Pod", "name": "web-x"})) == []
    assert warnings(service(selector=None), endpoints()) == []
    assert warnings(service(), deployment(), {**endpoints(), "subsets": []}) == []


@pytest.mark.parametrize(
    ("service_name", "name"),
    [("db", "dbs"), ("dbs", "db"), ("database", "databse"), ("legacy-database", "legacydatabase")],
)
def test_endpoints_called_almost_like_the_service_that_waits_for_some(service_name, name):
    waiting = service(service_name, selector=None)
    words = (f"no Service shop/{name}, but {service_name}", "neither a selector nor endpoints", f"write {service_name}")
    assert_only(warnings(waiting, endpoints(name)), "warning", "metadata.name", *words, on=f"Endpoints shop/{name}")
    label = "metadata.labels[kubernetes.io/service-name]"
    on = f"EndpointSlice shop/{name}-x"
    assert_only(warnings(waiting, slice_of(name, "192.0.2.7")), "warning", label, *words, on=on)


@pytest.mark.parametrize(
    "services",
    [
        [service("databases", selector=None, namespace="other")],
        [service("databases"), deployment()],
        [service("databases", selector=None), slice_of("databases", "192.0.2.8")],
        [service("databases", selector=None), service("database-2", selector=None)],
        [service("ledger", selector=None)],
        [service("databases", selector=None, type="ExternalName", externalName="db.example.com", ports=[])],
    ],
    ids=["elsewhere", "selects", "has endpoints", "one of two", "unlike", "alias"],
)
def test_endpoints_that_may_belong_to_a_service_elsewhere(services):
    assert warnings(*services, endpoints("database")) == []
