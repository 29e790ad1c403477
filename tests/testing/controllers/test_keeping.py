"""What an apply leaves as it is: recorded in golden/apiserver, and "Server-Side Apply" of Kubernetes' documentation."""

import pytest

from k8sresolve.testing import Cluster
from tests.testing.controllers.manifests import service, workload


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "ReplicaSet"])
def test_replicas_that_no_manifest_states_stay_as_they_were_scaled(kind):
    cluster = Cluster.from_objects([workload(kind)])
    cluster.scale("shop/web", 3)
    cluster.apply(workload(kind, pod_spec={"subdomain": "web"}))
    assert len(cluster.pods("shop/web")) == 3
    cluster.apply(workload(kind, replicas=2))
    assert len(cluster.pods("shop/web")) == 2
    cluster.scale("shop/web", 4)
    cluster.apply(workload(kind))
    assert len(cluster.pods("shop/web")) == 4
    cluster.apply(workload(kind, replicas=2))
    cluster.apply(workload(kind))
    assert len(cluster.pods("shop/web")) == 1  # what a manifest stated and states no more is the default


def test_a_headless_service_stays_headless_with_its_families():
    cluster = Cluster.from_objects([service(clusterIP="None", ipFamilies=["IPv4"])])
    cluster.apply(service())
    assert cluster.store.service("shop", "web").cluster_ips == ("None",)
    cluster.apply(service(selector=None))
    assert cluster.store.service("shop", "web").families == ("IPv4",)
