import pytest

from k8sresolve.testing import Cluster
from tests.testing.coredns.world import WEB, answer, cluster, outcome


def test_the_defaults_are_those_of_the_plugin_and_not_of_kubeadm():
    plain = cluster("kubernetes cluster.local")
    assert answer(plain, WEB) == [f"{WEB} 5 A 10.96.0.2"]
    assert outcome(plain, "10-1-0-9.shop.pod.cluster.local.") == "NXDOMAIN"


@pytest.mark.parametrize(
    ("option", "name", "rdtype", "want"),
    [
        ("labels tier=front", WEB, "A", "NOERROR"),
        ("labels tier=front", "db.shop.svc.cluster.local.", "A", "NXDOMAIN"),
        ("labels tier in (back, front)", WEB, "A", "NOERROR"),
        ("labels !tier", WEB, "A", "NXDOMAIN"),
        ("labels tier=back", "2.0.96.10.in-addr.arpa.", "PTR", "NXDOMAIN"),
        ("namespace_labels team=a", WEB, "A", "NOERROR"),
        ("namespace_labels team=a", "data.svc.cluster.local.", "A", "NXDOMAIN"),
        ("namespaces data", WEB, "A", "NXDOMAIN"),
        ("namespaces shop\n namespaces data", WEB, "A", "NOERROR"),
        ("noendpoints", "db.shop.svc.cluster.local.", "A", "NXDOMAIN"),
        ("ignore empty_service", WEB, "A", "NXDOMAIN"),
        ("endpoint http://127.0.0.1:8001", WEB, "A", "NOERROR"),
    ],
)
def test_options_of_kubernetes(option, name, rdtype, want):
    made = cluster(f"kubernetes cluster.local in-addr.arpa {{\n {option}\n}}")
    assert outcome(made, name, rdtype) == want
    assert made.warnings == ()


# What hostile objects could do.


def test_aliases_that_double_with_each_step_end_soon():
    names = [f"s{number}" for number in range(12)]
    hosts = [f"{name}.shop.svc.cluster.local" for name in names]
    objects = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}]
    for name in names:
        meta = {"name": name, "namespace": "shop"}
        labels = {"kubernetes.io/service-name": name}
        objects += [
            {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"clusterIP": "None"}},
            {
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                "addressType": "FQDN",
                "metadata": {**meta, "labels": labels},
                "endpoints": [{"addresses": [host]} for host in hosts],
            },
        ]
    made = Cluster.from_objects(objects)
    # Followed one by one, their number has 13 digits.
    assert outcome(made, "s0.shop.svc.cluster.local.") == "SERVFAIL"
    assert outcome(made, "shop.svc.cluster.local.") == "NODATA"
