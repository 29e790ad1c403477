"""What lists endpoints."""

from tests.testing.checks.objects import assert_only, found, slice_of


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
