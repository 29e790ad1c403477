"""What is said of names that no object has."""

import pytest

from k8sresolve.errors import ManifestError
from k8sresolve.testing import Cluster, service


@pytest.mark.parametrize(
    "call",
    [
        lambda cluster, name: cluster.pods(name),
        lambda cluster, name: cluster.delete("Service", name),
        lambda cluster, name: cluster.scale(name, 1),
        lambda cluster, name: cluster.apply(name),
        lambda cluster, name: cluster.resolv_conf(name),
    ],
)
def test_a_name_of_a_book_is_cut(call):
    with pytest.raises(ManifestError) as caught:
        call(Cluster.new(), "x" * 100_000)
    assert len(str(caught.value)) < 1200


def test_a_pod_has_no_pods():
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "b"}, "spec": {"containers": []}}
    cluster = Cluster.new(pod, service("p.c", http=80))
    with pytest.raises(ManifestError) as caught:
        cluster.pods("b/p")
    assert str(caught.value) == (
        "b/p is a Pod; pods() takes a workload or a Service, and cluster.store.get('Pod', 'b', 'p') tells of it"
    )
    with pytest.raises(ManifestError, match="or custom workload or Service b/q; the nearest are Deployment c/p"):
        cluster.pods("b/q")
