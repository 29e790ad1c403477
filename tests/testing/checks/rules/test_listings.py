"""What lists endpoints."""

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


def endpoints(**entry):
    subsets = [{"addresses": [{"ip": "192.0.2.7", **entry}], "ports": [{"name": "http", "port": 8080}]}]
    meta = {"name": "web", "namespace": "shop"}
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
