import pytest

from k8sresolve.testing import Cluster
from tests.testing.checks.objects import pod, service, slice_of

DNS_PORTS = [{"name": "dns", "port": 53, "protocol": "UDP"}, {"name": "dns-tcp", "port": 53}]
K8S_APP = {"k8s-app": "kube-dns"}
NODE_LOCAL = """\
cluster.local:53 {
    bind 169.254.25.10
    forward . 10.233.0.3 {
        force_tcp
    }
}
.:53 {
    forward . /etc/resolv.conf
}
"""


def dns(name, namespace="kube-system", *, address="10.233.0.3", labels=None, **spec):
    made = service(name, namespace, **{"clusterIP": address, "ports": DNS_PORTS, "selector": K8S_APP, **spec})
    made["metadata"]["labels"] = labels or {}
    return made


def web():
    return service(clusterIP="10.233.3.3")


def nameserver(*objects):
    text = Cluster.from_objects([*objects, pod("client")]).resolv_conf("shop/client")
    [line] = [line for line in text.splitlines() if line.startswith("nameserver")]
    return line.removeprefix("nameserver ")


@pytest.mark.parametrize(
    "one",
    [
        dns("coredns"),  # kubespray
        dns("coredns", labels=K8S_APP, selector={"app": "coredns"}),
        dns("rke2-coredns-rke2-coredns", selector={"app.kubernetes.io/name": "rke2-coredns", **K8S_APP}),
        dns("dns-default", "openshift-dns", selector={"dns.operator.openshift.io/daemonset-dns": "default"}),
    ],
    ids=["selector", "label", "rke2", "openshift"],
)
def test_pods_ask_it_by_whatever_name(one):
    assert nameserver(one) == "10.233.0.3"
    cluster = Cluster.from_objects([one, web()], corefile=NODE_LOCAL)
    with cluster.resolver(namespace="shop") as resolver:
        assert [str(address) for address in resolver.addresses("web").addresses] == ["10.233.3.3"]


@pytest.mark.parametrize(
    "other",
    [
        dns("metrics", ports=[{"name": "metrics", "port": 9153}]),
        dns("dns", selector={"app": "dnsmasq"}),
        dns("dns", clusterIP="None"),
    ],
    ids=["another port", "other pods", "headless"],
)
def test_others_are_none(other):
    assert nameserver(other) == "10.96.0.10"


def test_the_usual_name_comes_first_and_node_locals_last():
    upstream, usual = dns("kube-dns-upstream", address="10.233.0.9"), dns("kube-dns", address="10.233.0.10")
    assert nameserver(upstream, usual, dns("coredns")) == "10.233.0.10"
    assert nameserver(upstream, dns("rke2-coredns")) == "10.233.0.3"
    asked = NODE_LOCAL.replace("10.233.0.3", "10.233.0.9")
    cluster = Cluster.from_objects([upstream, usual, web()], corefile=asked)
    with cluster.resolver(namespace="shop") as resolver:
        assert [str(address) for address in resolver.addresses("web").addresses] == ["10.233.3.3"]


def test_its_endpoints_are_asked_by_a_pod_too():
    part = slice_of("coredns", "10.244.0.5", ports=(("dns", 53, "UDP"),))
    part["metadata"]["namespace"] = "kube-system"
    config = {"dnsPolicy": "None", "dnsConfig": {"nameservers": ["10.244.0.5"]}}
    cluster = Cluster.from_objects([dns("coredns"), part, web(), pod("client", **config)])
    with cluster.resolver(pod="shop/client") as resolver:
        assert [str(address) for address in resolver.addresses("web.shop.svc.cluster.local.").addresses] == [
            "10.233.3.3"
        ]
