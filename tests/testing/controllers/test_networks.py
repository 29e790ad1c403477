import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8sresolve.errors import ConfigError, ManifestError
from k8sresolve.testing.controllers.networks import AddressPool, Networks
from tests.testing.controllers.manifests import endpoints, filled, pod, pods, service, workload


def test_the_networks_can_be_chosen():
    cidrs = {"service_cidrs": ["fd00:10:96::/112", "172.20.0.0/16"], "pod_cidrs": ["fd00:10:0:1::/64", "10.1.0.0/16"]}
    store = filled(service(), service("both", ipFamilyPolicy="PreferDualStack"), workload("Deployment"), **cidrs)
    [made] = pods(store)
    v6, v4 = map(ipaddress.ip_address, made.ips)
    assert v6 in ipaddress.ip_network("fd00:10:0:1::/64")
    assert v4 in ipaddress.ip_network("10.1.0.0/16")
    assert store.service("shop", "web").families == ("IPv6",)
    assert store.service("shop", "both").families == ("IPv6", "IPv4")
    assert store.service("shop", "both").cluster_ips[1].startswith("172.20.")
    assert {entry.address for entry in endpoints(store)} == {made.ips[0]}
    assert {entry.address for entry in endpoints(store, "both")} == set(made.ips)


def test_one_network_alone_tells_the_families():
    assert Networks.of(["172.20.0.0/16"], None, ["IPv4", "IPv6"]).families == ("IPv4",)
    assert Networks.of(None, ["fd00::/64"], ["IPv4"]).families == ("IPv6",)


def test_a_cluster_has_ipv6_where_a_service_asks_for_it():
    [plain] = pods(filled(service(), pod()))
    assert len(plain.ips) == 1
    for asking in ({"ipFamilyPolicy": "PreferDualStack"}, {"ipFamilies": ["IPv6"], "clusterIP": "None"}):
        [dual] = pods(filled(service(), service("six", **asking), pod()))
        assert [ipaddress.ip_address(ip).version for ip in dual.ips] == [4, 6]
        assert dual.ips[0] == plain.ip


@pytest.mark.parametrize(
    ("cidrs", "says"),
    [
        ({"service_cidrs": ["10.96.0.1/16"]}, "^service_cidrs: "),
        ({"service_cidrs": ["ten"]}, "^service_cidrs: 'ten'"),
        ({"service_cidrs": []}, "^service_cidrs: "),
        ({"service_cidrs": "10.96.0.0/16"}, "^service_cidrs='10.96.0.0/16' is no list of networks"),
        ({"service_cidrs": 10}, "^service_cidrs=10 is no list of networks"),
        ({"service_cidrs": [10]}, "^service_cidrs: '10'"),
        ({"pod_cidrs": ["10.1.0.0/16", "10.2.0.0/16"]}, "^pod_cidrs: 2 networks given"),
        ({"pod_cidrs": []}, "^pod_cidrs: "),
        ({"pod_cidrs": ["ten"]}, "^pod_cidrs: 'ten'"),
        ({"service_cidrs": ["10.96.0.0/16"], "pod_cidrs": ["fd00::/64"]}, "^service_cidrs and pod_cidrs differ"),
    ],
)
def test_networks_that_do_not_do_are_refused(cidrs, says):
    with pytest.raises(ConfigError, match=says):
        filled(**cidrs)


def test_addresses_may_run_out():
    with pytest.raises(ManifestError, match=r"10\.1\.0\.0/28 has no free address"):
        filled(workload("Deployment", replicas=20), pod_cidrs=["10.1.0.0/28"])


@given(st.integers(20, 32), st.lists(st.text("ab", min_size=1, max_size=4), max_size=30))
def test_a_pool_gives_each_address_once_and_those_that_are_stated_never(bits, owners):
    network = ipaddress.ip_network(f"10.1.0.0/{bits}")
    pool = AddressPool(network)
    stated = str(network[network.num_addresses // 2])
    pool.take(stated)
    given_out = []
    try:
        given_out += [pool.allocate(owner) for owner in owners]
    except ManifestError:
        assert bits > 26  # the first sixteen are kept back
    assert len(set(given_out)) == len(given_out)
    assert stated not in given_out
    assert all(ipaddress.ip_address(ip) in network for ip in given_out)
