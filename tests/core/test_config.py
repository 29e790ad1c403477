import json
import pickle
from functools import partial
from typing import get_args

import attrs
import pytest

from k8sresolve import AsyncResolver, Resolver
from k8sresolve.config import CacheConfig, Nameserver, Policy, ResolverConfig, dialect_of, infer_cluster
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
        ("fe80::53%2", Nameserver("fe80::53", scope=2), "fe80::53%2"),
        ("[fe80::53%2]:1053", Nameserver("fe80::53", 1053, 2), "[fe80::53%2]:1053"),
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


def test_domains_outside_are_kept_as_names_are_compared():
    config = ResolverConfig(
        absolute=["AmazonAWS.com.", "example.org", "amazonaws.com", "xn--bcher-kva.example", "_x.y"]
    )
    assert config.absolute == ("amazonaws.com", "example.org", "xn--bcher-kva.example", "_x.y")
    assert config == ResolverConfig(absolute=config.absolute) != ResolverConfig()
    assert hash(config) == hash(ResolverConfig(absolute=config.absolute))
    assert json.loads(json.dumps(attrs.asdict(config)["absolute"])) == [*config.absolute]


# What cannot be meant is refused where it is made.


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: ResolverConfig(nameservers="10.0.0.1"), "nameservers='10.0.0.1' is no list; give nameservers=["),
        (lambda: ResolverConfig(nameservers=7), "nameservers=7 is no list; give nameservers=["),
        (lambda: ResolverConfig(nameservers=["dns.test"]), "'dns.test' is no nameserver; give an IP address"),
        (lambda: ResolverConfig(nameservers=[None]), "None is no nameserver"),
        (lambda: ResolverConfig(nameservers=[b"10.0.0.1"]), "b'10.0.0.1' is no nameserver"),
        (lambda: ResolverConfig(nameservers=[5]), "5 is no nameserver"),
        (lambda: Nameserver(5), "5 is no IP address; a nameserver is given by its address"),
        (lambda: ResolverConfig(diagnostics="x"), "diagnostics='x' is no list"),
        (lambda: ResolverConfig(search="svc.io"), "search='svc.io' is no list; give search=["),
        (lambda: ResolverConfig(search=[b"svc.io"]), "search has b'svc.io', which is no text"),
        (lambda: ResolverConfig(absolute="io"), "absolute='io' is no list; give absolute=[\"example.com\"]"),
        (lambda: ResolverConfig(absolute=[7]), "absolute has 7, which is no text"),
        *(
            (
                partial(ResolverConfig, absolute=["example.org", domain]),
                f"{domain!r} is no domain; give it alone, as 'ex",
            )
            for domain in [
                "",
                ".",
                "a b",
                "*.a.test",
                ".a.test",
                "a..b",
                "10.0.0.1",
                "b\u00fccher.de",
                "\u212a.de",
                "x" * 64,
            ]
        ),
        (
            lambda: ResolverConfig(absolute=["SVC."]),
            "'SVC.' is no domain outside the cluster: short names such as x.ns.svc",
        ),
        (lambda: ResolverConfig(absolute=["pod"]), "'pod' is no domain outside the cluster"),
        (lambda: ResolverConfig(flags="rotate"), "flags='rotate' is no list; give flags=[\"rotate\"]"),
        (lambda: ResolverConfig(ndots="5"), "ndots='5' is no number for this; give a whole number of 0 or more"),
        (lambda: ResolverConfig(ndots=-1), "ndots=-1 is no number"),
        (lambda: ResolverConfig(ndots=True), "ndots=True is no number"),
        (
            lambda: ResolverConfig(timeout=10**400),
            "timeout=1000 ... 000... is no number ... from -2147483648 to 2147483648",
        ),
        (lambda: ResolverConfig(timeout=1.5), "timeout=1.5 is no number for this"),
        (lambda: ResolverConfig(attempts="2"), "attempts='2' is no number"),
        (lambda: ResolverConfig(namespace="a b"), "'a b' is no namespace: ... ; give one label, such as 'default'"),
        (lambda: ResolverConfig(namespace=7), "7 is no namespace"),
        (lambda: ResolverConfig(cluster_domain="a..b"), "'a..b' is no cluster domain: ... ; give a domain"),
        (
            lambda: ResolverConfig(hosts=[("db", "192.0.2.7")]),
            "hosts=[('db', '192.0.2.7')] is no list of names with their addresses",
        ),
        (lambda: ResolverConfig(hosts=["db"]), "hosts=['db'] is no list of names with their addresses; give hosts=[("),
        (lambda: ResolverConfig(hosts=[("db", ["x"])]), "'x' is no IP address"),
        (lambda: ResolverConfig.for_cluster(None), "None is no nameserver"),
        (lambda: ResolverConfig.for_cluster("10.0.0.1", namespace="a b"), "'a b' is no namespace"),
        (lambda: ResolverConfig.for_cluster("10.0.0.1", namespace=None), "None is no namespace"),
        (lambda: ResolverConfig.for_cluster("10.0.0.1", cluster_domain="a b"), "'a b' is no cluster domain"),
        (lambda: Nameserver("10.0.0.1", port="53"), "port='53' is no number for this; give a whole number from 1 to"),
        (lambda: Nameserver("10.0.0.1", scope=-1), "scope=-1 is no number"),
        (lambda: CacheConfig(max_ttl=float("nan")), "max_ttl=nan is no number of seconds; give a finite number"),
        (lambda: CacheConfig(negative_ttl=float("inf")), "negative_ttl=inf is no number of seconds"),
        (lambda: CacheConfig(cluster_negative_ttl=None), "cluster_negative_ttl=None is no number of seconds"),
        (lambda: CacheConfig(max_ttl=10**400), "max_ttl is too large a number of seconds"),
        (lambda: CacheConfig(max_ttl=-1), "max_ttl=-1 is no number of seconds; give a finite number of 0 or more"),
        (lambda: CacheConfig(serve_stale=None), "serve_stale=None is no number of seconds"),
        (
            lambda: CacheConfig(serve_stale=-1),
            "serve_stale=-1 is no number of seconds; give a finite number of 0 or more",
        ),
        (lambda: CacheConfig(prefetch=1), "prefetch=1 is no part of a TTL; give a number between 0 and 1, such as 0.8"),
        (lambda: CacheConfig(prefetch=0), "prefetch=0 is no part of a TTL"),
        (lambda: CacheConfig(prefetch=float("nan")), "prefetch=nan is no part of a TTL"),
        (lambda: CacheConfig(prefetch=True), "prefetch=True is no part of a TTL"),
        (lambda: CacheConfig(prefetch="80%"), "prefetch='80%' is no part of a TTL"),
        (lambda: CacheConfig(entries="x"), "entries='x' is no number"),
        (lambda: CacheConfig(entries=-1), "entries=-1 is no number for this; give a whole number of 0 or more"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_says_what_to_give(make, said):
    with pytest.raises(ConfigError) as caught:
        make()
    assert [part for part in said.split(" ... ") if part not in str(caught.value)] == []


def test_what_can_be_meant_is_taken_in_its_one_form():
    config = ResolverConfig(
        nameservers=["10.0.0.1", Nameserver("fd00::a")],
        search=["shop.svc.cluster.local"],
        flags=["rotate"],
        namespace="Shop",
        cluster_domain="Cluster.Local.",
        hosts=[("DB", ["FD00::7"])],
    )
    assert config.nameservers == (Nameserver("10.0.0.1"), Nameserver("fd00::a"))
    assert config.search == ("shop.svc.cluster.local",)
    assert config.flags == frozenset({"rotate"})
    assert (config.namespace, config.cluster_domain) == ("shop", "cluster.local")
    assert config.hosts == (("db", ("fd00::7",)),)
    assert hash(config) == hash(attrs.evolve(config))


def test_for_cluster_writes_its_domain_in_one_form():
    config = ResolverConfig.for_cluster("10.0.0.1", namespace="Shop", cluster_domain="K8s.Test.")
    assert config.search == ("shop.svc.k8s.test", "svc.k8s.test", "k8s.test")
    assert (config.namespace, config.cluster_domain) == ("shop", "k8s.test")


@pytest.mark.parametrize("entry", ["a_b.svc.cluster.local", "-.svc.cluster.local", "shop.svc.clu_ster", "x.svc.a..b"])
def test_a_search_domain_of_which_no_names_can_be_made_tells_nothing(entry):
    assert infer_cluster([entry, "shop.svc.cluster.local"]) == ("shop", "cluster.local")
    assert ResolverConfig(search=[entry]).namespace is None


@pytest.mark.parametrize("facade", [Resolver, AsyncResolver])
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"config": "10.96.0.10"}, r"'10\.96\.0\.10' is no ResolverConfig; give ResolverConfig\.for_cluster"),
        ({"config": ["10.96.0.10"]}, "is no ResolverConfig"),
        ({"in_flight": "x"}, "in_flight='x' is no number for this; give a whole number of 1 or more"),
        ({"in_flight": 0}, "in_flight=0 is no number"),
        ({"timeout": "5"}, "timeout='5' is no number of seconds"),
        ({"timeout": 10**400}, "timeout is too large a number of seconds"),
        ({"cache": None}, "cache=None is no CacheConfig"),
        ({"cache": {"entries": 1}}, "is no CacheConfig"),
        ({"namespace": "a b"}, "'a b' is no namespace"),
        ({"cluster_domain": "a b"}, "'a b' is no cluster domain"),
        ({"policy": "dns"}, "there is no search policy 'dns'; use one of kubernetes, glibc"),
        ({"family": "ipv5"}, "there is no family 'ipv5'; use one of auto, ipv4"),
    ],
)
def test_so_it_is_with_a_resolvers_arguments(facade, arguments, said):
    with pytest.raises(ConfigError, match=said):
        facade(**{"config": ResolverConfig(), **arguments})


def test_what_is_said_of_a_place_is_said_once():
    with pytest.raises(ConfigError) as caught:
        ResolverConfig(namespace="a b")
    assert str(caught.value).count("'a b' is no namespace") == 1


def test_a_calls_timeout_is_checked_too():
    with Resolver(ResolverConfig()) as resolver:
        for timeout in (float("nan"), "1", 10**400):
            with pytest.raises(ConfigError, match="number of seconds"):
                resolver.addresses("localhost", timeout=timeout)


def test_each_policy_reads_the_file_as_its_resolver_does():
    read = {policy: dialect_of(policy) for policy in get_args(Policy)}
    assert read == {"kubernetes": "glibc", "glibc": "glibc", "musl": "musl", "musl-1.2.3": "musl", "go": "go"}
