import pytest

from k8sresolve.errors import NoSuchName
from k8sresolve.testing import Cluster
from tests.testing.checks.objects import APP, deployment, headless, pod, stateful

ALIASES = [{"ip": "192.0.2.7", "hostnames": ["legacy.example.com", "legacy"]}]


def addresses(cluster, pod, name):
    with cluster.resolver(pod=pod) as resolver:
        return [str(address) for address in resolver.addresses(name).addresses]


def test_a_pod_of_a_stateful_set_finds_itself_and_its_aliases_without_a_question():
    cluster = Cluster.from_objects(
        [headless(), stateful("web", serviceName="web", pod={"hostAliases": ALIASES}), pod("other")]
    )
    [own] = [one for one in cluster.pods("shop/web") if one.name == "web-0"]
    for name in ("web-0", "web-0.web.shop.svc.cluster.local"):
        assert addresses(cluster, "shop/web-0", name) == list(own.ips)
    for name in ("legacy", "legacy.example.com"):
        assert addresses(cluster, "shop/web-0", name) == ["192.0.2.7"]
    assert len(cluster.queries) == 0
    with pytest.raises(NoSuchName):
        addresses(cluster, "shop/other", "legacy")


def test_getaddrinfo_in_the_pod_reads_it_too():
    import socket

    cluster = Cluster.from_objects([deployment(pod={"hostAliases": ALIASES})])
    [web] = cluster.pods("shop/web")
    with cluster.patch(pod=f"shop/{web.name}"):
        assert socket.gethostbyname("legacy") == "192.0.2.7"
        assert socket.gethostbyname(web.name) == web.ip


def lines(*objects, name="web-0"):
    return Cluster.from_objects(objects).hosts_file(f"shop/{name}").splitlines()


@pytest.mark.parametrize(
    ("spec", "line"),
    [
        ({}, "10.244.9.9\tweb-0"),
        ({"hostname": "a"}, "10.244.9.9\ta"),
        ({"hostname": "a", "subdomain": "b"}, "10.244.9.9\ta.b.shop.svc.cluster.local\ta"),
        ({"subdomain": "b"}, "10.244.9.9\tweb-0.b.shop.svc.cluster.local\tweb-0"),
        ({"hostname": "a", "subdomain": "b", "hostnameOverride": "c.example"}, "10.244.9.9\tc.example"),
    ],
)
def test_the_last_line_is_the_pods_own(spec, line):
    assert lines(pod(**spec))[-1] == line


def test_a_long_name_of_a_pod_is_cut_to_a_host_name():
    assert lines(pod("a" * 62 + ".b"), name="a" * 62 + ".b")[-1] == f"10.244.9.9\t{'a' * 62}"


def test_a_pod_on_the_hosts_network_has_its_nodes_file_and_its_aliases():
    text = lines(pod(hostNetwork=True, hostAliases=ALIASES))
    assert text[0] == "# Kubernetes-managed hosts file (host network)."
    assert text[-2:] == ["# Entries added by HostAliases.", "192.0.2.7\tlegacy.example.com\tlegacy"]
    assert not any("web-0" in line for line in text)


def test_a_pod_of_a_deployment_has_its_name_alone():
    cluster = Cluster.from_objects([deployment(labels=APP)])
    [web] = cluster.pods("shop/web")
    assert cluster.hosts_file(f"shop/{web.name}").splitlines()[-1] == f"{web.ip}\t{web.name}"
