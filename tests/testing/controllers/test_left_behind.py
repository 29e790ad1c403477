"""What stays of a Service whose selector goes: recorded in golden/apiserver, `service-selector-taken-away`."""

from k8sresolve.testing import Cluster
from tests.testing.controllers.manifests import endpoints, pod, pods, service, stated_slice, workload


def test_slices_stay_as_they_were_and_are_taken_up_again():
    cluster = Cluster.from_objects([workload("Deployment", replicas=2), service()])
    before = sorted(entry.address for entry in endpoints(cluster.store))
    cluster.apply(service(selector=None))
    cluster.scale("shop/web", 1)
    assert sorted({entry.address for entry in endpoints(cluster.store)}) == before
    cluster.apply(service())
    assert [entry.address for entry in endpoints(cluster.store)] == [item.ip for item in pods(cluster.store)]


def test_what_is_left_goes_with_the_service():
    cluster = Cluster.from_objects([pod(), service()])
    cluster.apply(service(selector=None))
    cluster.delete("Service", "shop/web")
    assert endpoints(cluster.store) == []
    assert list(cluster.store.all("Endpoints")) == []


def test_slices_made_by_hand_stay_as_they_are_when_a_selector_comes():
    cluster = Cluster.from_objects([service(selector=None), stated_slice(), pod()])
    cluster.apply(service())
    assert [entry.address for entry in endpoints(cluster.store)] == ["192.0.2.1"]
