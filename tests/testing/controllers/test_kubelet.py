import asyncio
import logging

import attrs
import pytest

from k8sresolve._core.files.resolv_conf import parse_resolv_conf
from k8sresolve.errors import ConfigError, ManifestError, NetworkError, NoSuchName
from k8sresolve.testing import Cluster
from k8sresolve.testing.controllers.kubelet import Kubelet, PodDNS, pod_dns
from k8sresolve.testing.coredns.plugins.file import EMPTY_INTERNET
from k8sresolve.testing.objects.kinds import Pod, PodSpec

INTERNET = {**EMPTY_INTERNET, "example.com": "@ 60 IN SOA ns hostmaster 1 2 3 4 5\napi 60 IN A 192.0.2.80\n"}


def pod(name="payments-0", namespace="shop", **spec):
    return {"kind": "Pod", "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def service(name="payments", namespace="shop", **spec):
    spec = {"clusterIP": "10.96.20.1", "ports": [{"name": "http", "port": 80}], **spec}
    return {"kind": "Service", "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def cluster_of(*objects, **options):
    return Cluster.from_objects(objects, upstream=INTERNET, **options)


def test_the_file_is_written_as_containerd_writes_it():
    assert PodDNS(("10.96.0.10", "192.0.2.1"), ("a.example", "b.example"), ("ndots:5", "edns0")).text() == (
        "search a.example b.example\nnameserver 10.96.0.10\nnameserver 192.0.2.1\noptions ndots:5 edns0\n"
    )
    assert PodDNS(("10.96.0.10",)).text() == "nameserver 10.96.0.10\n"


def test_a_pods_file_is_read_back_as_what_it_says():
    config = parse_resolv_conf(cluster_of(pod()).resolv_conf("shop/payments-0").encode())
    assert (config.namespace, config.cluster_domain, config.ndots) == ("shop", "cluster.local", 5)
    assert [nameserver.address for nameserver in config.nameservers] == ["10.96.0.10"]


def test_a_file_without_settings_is_the_nodes():
    cluster = cluster_of(pod(dnsPolicy="None"))
    cluster.kubelet = attrs.evolve(cluster.kubelet, resolv_conf="nameserver 192.0.2.1\n# the node's\n")
    assert cluster.resolv_conf("shop/payments-0") == "nameserver 192.0.2.1\n# the node's\n"


def test_the_nameserver_is_the_service_kube_dns_or_else_the_tenth_address():
    dns = service("kube-dns", "kube-system", clusterIP="10.96.0.99")
    assert "nameserver 10.96.0.99\n" in cluster_of(dns, pod()).resolv_conf("shop/payments-0")
    elsewhere = cluster_of(pod(), service_cidrs=["172.20.0.0/16"])
    assert "nameserver 172.20.0.10\n" in elsewhere.resolv_conf("shop/payments-0")
    with elsewhere.resolver() as resolver:
        assert [one.address for one in resolver.config.nameservers] == ["172.20.0.10"]


def test_events_are_logged_and_returned(caplog):
    caplog.set_level(logging.WARNING, "k8sresolve")
    many = [f"192.0.2.{last}" for last in range(1, 4)]
    text = cluster_of(pod(dnsConfig={"nameservers": many})).resolv_conf("shop/payments-0")
    assert [event.reason for event in text.events] == ["DNSConfigForming"]
    assert "192.0.2.3" not in text
    assert "pod shop/payments-0: DNSConfigForming" in caplog.text
    assert cluster_of(pod()).resolv_conf("shop/payments-0").events == ()


@pytest.mark.parametrize("name", ["shop/payments-7", "payments-0", "data/payments-0", "shop/", ""])
def test_a_pod_that_is_not_there_is_told_with_those_that_are(name):
    cluster = cluster_of(pod(), pod("web-0"))
    with pytest.raises(ManifestError, match="there is no pod") as caught:
        cluster.resolv_conf(name)
    assert ("payments-0" in str(caught.value).partition(";")[2]) == name.startswith("shop/")
    with pytest.raises(ManifestError):
        cluster.resolver(pod=name)


def test_a_pod_of_the_default_namespace_needs_no_namespace():
    assert "default.svc.cluster.local" in cluster_of(pod(namespace="default")).resolv_conf("payments-0")


def test_a_program_in_a_pod_has_its_file_its_namespace_and_its_address():
    cluster = cluster_of(pod(dnsConfig={"options": [{"name": "ndots", "value": "1"}]}), service())
    with cluster.resolver(pod="shop/payments-0") as resolver:
        assert resolver.config.ndots == 1
        assert str(resolver.service("payments").addresses[0]) == "10.96.20.1"
        assert [str(ip) for ip in resolver._probe()] == [cluster.store.get("Pod", "shop", "payments-0").ip]
        assert str(resolver.addresses("api.example.com").addresses[0]) == "192.0.2.80"


def test_an_asyncio_program_in_a_pod_finds_the_same():
    cluster = cluster_of(pod(), service())

    async def main():
        async with cluster.async_resolver(pod="shop/payments-0") as resolver:
            return await resolver.service("payments")

    assert str(asyncio.run(main()).addresses[0]) == "10.96.20.1"


@pytest.mark.parametrize("other", [{"namespace": "shop"}, {"config": Cluster.from_objects([]).config()}])
def test_a_pod_excludes_other_places(other):
    with pytest.raises(ConfigError, match="pod"):
        cluster_of(pod()).resolver(pod="shop/payments-0", **other)


# A pod with the node's file asks the node's nameserver, which knows nothing of the cluster.


@pytest.mark.parametrize("spec", [{"dnsPolicy": "Default"}, {"hostNetwork": True, "dnsPolicy": "ClusterFirst"}])
def test_a_pod_with_the_nodes_file_finds_no_service(spec):
    cluster = cluster_of(pod(**spec), service())
    with cluster.resolver(pod="shop/payments-0", cluster_domain="cluster.local") as resolver:
        with pytest.raises(NoSuchName):
            resolver.service("payments")
        assert str(resolver.addresses("api.example.com").addresses[0]) == "192.0.2.80"
    with cluster.resolver(pod="shop/payments-0") as resolver, pytest.raises(ConfigError, match="ClusterFirstWithHost"):
        resolver.service("payments")


def test_a_host_network_pod_with_its_own_policy_finds_services():
    cluster = cluster_of(pod(hostNetwork=True, dnsPolicy="ClusterFirstWithHostNet"), service())
    with cluster.resolver(pod="shop/payments-0") as resolver:
        assert str(resolver.service("payments").addresses[0]) == "10.96.20.1"


def test_another_nameserver_that_the_kubelet_names_is_the_clusters():
    cluster = cluster_of(pod(), service())
    cluster.kubelet = attrs.evolve(cluster.kubelet, cluster_dns=("169.254.20.10",))
    with cluster.resolver(pod="shop/payments-0") as resolver:
        assert [one.address for one in resolver.config.nameservers] == ["169.254.20.10"]
        assert str(resolver.service("payments").addresses[0]) == "10.96.20.1"


def test_on_a_pods_own_loopback_nobody_listens():
    cluster = cluster_of(pod(dnsPolicy="Default"))
    cluster.kubelet = attrs.evolve(cluster.kubelet, resolv_conf=None)
    with cluster.resolver(pod="shop/payments-0") as resolver, pytest.raises(NetworkError, match="refused"):
        resolver.addresses("api.example.com")


def test_a_node_whose_file_cannot_be_read_starts_no_pod():
    cluster = cluster_of(pod())
    cluster.kubelet = attrs.evolve(cluster.kubelet, resolv_conf="nameserver\n")
    with pytest.raises(ConfigError, match="nameserver list is empty"):
        cluster.resolv_conf("shop/payments-0")


# Beyond the recorded cases.


def settings(kubelet, **spec):
    return pod_dns(Pod("shop", "a", spec=PodSpec(**spec)), kubelet)


def test_white_space_is_what_go_takes_for_it():
    file = "\u3000nameserver\u00a0192.0.2.1\x0b\nsearch a.example\x1fb.example\n"
    dns = settings(Kubelet(file), dns_policy="Default")
    assert (dns.nameservers, dns.searches) == (("192.0.2.1",), ("a.example\x1fb.example",))


@pytest.mark.parametrize(
    ("flag", "spelt"),
    [("0010.96.0.010", "10.96.0.10"), ("FD00::000A", "fd00::a"), ("fe80::1%eth0", None), ("10.96.0", None)],
)
def test_cluster_dns_is_read_as_the_kubelet_reads_it(flag, spelt):
    dns = settings(Kubelet("nameserver 192.0.2.1\n", (flag,)))
    assert dns.nameservers == (spelt or "192.0.2.1",)
    assert [event.reason for event in dns.events] == ([] if spelt else ["MissingClusterDNS"] * 2)
