import pickle

import attrs
import pytest

from k8sresolve.config import CacheConfig, Nameserver, ResolverConfig, infer_cluster
from k8sresolve.errors import ConfigError
from k8sresolve.findings import Finding


@pytest.mark.parametrize(
    ("text", "nameserver", "written"),
    [
        ("10.96.0.10", Nameserver("10.96.0.10"), "10.96.0.10"),
        ("10.96.0.10:53", Nameserver("10.96.0.10"), "10.96.0.10"),
        ("127.0.0.1:1053", Nameserver("127.0.0.1", 1053), "127.0.0.1:1053"),
        ("FD00:0::000A", Nameserver("fd00::a"), "fd00::a"),
        ("[fd00::a]", Nameserver("fd00::a"), "fd00::a"),
        ("[::1]:65535", Nameserver("::1", 65535), "[::1]:65535"),
    ],
)
def test_nameserver_is_parsed_and_written(text, nameserver, written):
    assert Nameserver.parse(text) == nameserver
    assert str(nameserver) == written
    assert Nameserver.parse(written) == nameserver
    assert nameserver.is_ipv6 == (":" in nameserver.address)


@pytest.mark.parametrize(
    "text",
    [
        "", "dns.test", "10.96.0", "10.96.0.10:", "10.96.0.10:0", "10.96.0.10:65536", "10.96.0.10:x", "10.96.0.10:-1",
        "10.96.0.10:\u0665", "fd00::a:1053:x", "[fd00::a", "[fd00::a]x", "[]", "[]:53", "[10.96.0.10:53", "10.96.0.10 ",
        "010.96.0.10", "https://1.1.1.1", "10.96.0.10:53:53",
    ],
)  # fmt: skip
def test_what_is_no_nameserver_is_a_config_error_that_names_it(text):
    with pytest.raises(ConfigError) as caught:
        Nameserver.parse(text)
    assert repr(text) in caught.value.problem
    assert "[IPv6]:PORT" in caught.value.advice


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ([], (None, None)),
        (["cluster.local", "svc.cluster.local"], (None, None)),
        (["shop.svc.cluster.local", "svc.cluster.local", "cluster.local"], ("shop", "cluster.local")),
        (["corp.example", "svc.cluster.local", "Shop.SVC.Cluster.Local."], ("shop", "cluster.local")),
        (["dev.svc.k8s.corp.example"], ("dev", "k8s.corp.example")),
        # `old.svc.other` stands alone, `shop.svc.cluster.local` has its `svc.cluster.local` beside it.
        (["old.svc.other", "shop.svc.cluster.local", "svc.cluster.local"], ("shop", "cluster.local")),
        (["a.svc.x", "b.svc.y"], ("a", "x")),
        (["svc.cluster.local", "shop.svc", "shop.svc.", ".svc.cluster.local", "a.b.svc.cluster.local"], (None, None)),
        ([".", ""], (None, None)),
    ],
)
def test_search_list_tells_namespace_and_cluster_domain(search, found):
    assert infer_cluster(search) == found
    config = ResolverConfig(search=tuple(search))
    assert (config.namespace, config.cluster_domain) == found


def test_explicit_namespace_and_cluster_domain_go_before_the_search_list():
    config = ResolverConfig(search=("shop.svc.cluster.local",), namespace="data", cluster_domain="k8s.example")
    assert (config.namespace, config.cluster_domain) == ("data", "k8s.example")


def test_defaults_are_those_of_an_empty_file():
    config = ResolverConfig()
    assert config.nameservers == (Nameserver("127.0.0.1"),)
    assert (config.search, config.ndots, config.timeout, config.attempts) == ((), 1, None, None)


def test_for_cluster_is_a_pods_configuration():
    config = ResolverConfig.for_cluster("10.244.0.2:1053", namespace="shop", cluster_domain="K8s.Example.")
    assert config.nameservers == (Nameserver("10.244.0.2", 1053),)
    assert config.search == ("shop.svc.k8s.example", "svc.k8s.example", "k8s.example")
    assert (config.ndots, config.namespace, config.cluster_domain) == (5, "shop", "k8s.example")
    assert infer_cluster(config.search) == ("shop", "k8s.example")


def test_for_cluster_takes_a_nameserver_and_the_usual_names():
    config = ResolverConfig.for_cluster(Nameserver("fe80::1", scope=2))
    assert config.nameservers == (Nameserver("fe80::1", scope=2),)
    assert (config.namespace, config.cluster_domain) == ("default", "cluster.local")


def test_for_cluster_refuses_what_is_no_nameserver():
    with pytest.raises(ConfigError):
        ResolverConfig.for_cluster("kube-dns")


def test_values_are_frozen_hashable_and_picklable():
    for value in (
        ResolverConfig.for_cluster("10.96.0.10"),
        ResolverConfig(
            diagnostics=(Finding(severity="warning", problem="x"),),
            flags=frozenset({"rotate"}),
            hosts=(("a", ("10.0.0.1",)),),
        ),
        CacheConfig(),
    ):
        assert pickle.loads(pickle.dumps(value)) == value
        assert hash(pickle.loads(pickle.dumps(value))) == hash(value)
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            value.anything = 1


def test_hosts_are_not_shown():
    assert "10.0.0.1" not in repr(ResolverConfig(hosts=(("a", ("10.0.0.1",)),)))
