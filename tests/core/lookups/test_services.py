"""What the typed calls return, raise and ask, as their user sees it: offline, by both facades, in virtual time."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import attrs
import pytest

from k8sresolve import (
    BadResponse,
    Cname,
    ConfigError,
    Endpoint,
    EndpointName,
    Finding,
    InvalidName,
    LookupTimeout,
    NetworkError,
    NoData,
    NoSuchName,
    NotFound,
    NotHeadless,
    PodName,
    PortName,
    PortsDiffer,
    Refused,
    ResolverClosed,
    ResolverConfig,
    ServerFailure,
    ServiceName,
    TemporaryFailure,
)
from k8sresolve._core.lookups import hosts, services
from k8sresolve._core.questions import AAAA, A, Empty, Failed, Found
from k8sresolve._facade import Options
from k8sresolve.testing import Cluster
from k8sresolve.testing.coredns.plugins.kubernetes.options import KubernetesOptions
from k8sresolve.testing.network.parcels import Arrival
from k8sresolve.testing.programs.resolvers import OfflineResolver, Place
from tests.core.lookups.driving import drive, setting
from tests.core.world import IPV4_OBJECTS, dual_cluster, headless, ipv4_cluster, pods
from tests.odd import Number

PAYMENTS = ServiceName("payments", "shop")
OTHER = "payments.shop.svc.clusterset.local"


def texts(addresses):
    return [str(address) for address in addresses]


def asked(cluster):
    """The questions that reached the nameserver since the last call, as `name type`."""
    questions = [f"{query.name} {query.rdtype}" for query in cluster.queries]
    cluster.queries.clear()
    return questions


def questions(cluster, name, *rdtypes):
    assert sorted(asked(cluster)) == sorted(f"{name} {rdtype}" for rdtype in rdtypes)


# A Service: spellings, and the questions that each costs.

SPELLINGS = [
    "payments",
    "payments.shop",
    "payments.shop.svc",
    "payments.shop.svc.cluster.local",
    "payments.shop.svc.cluster.local.",
    "Payments",
    "PAYMENTS.Shop.SVC",
    "shop/payments",
    "Shop/PAYMENTS",
]


@pytest.mark.parametrize("name", [*SPELLINGS, PAYMENTS])
@pytest.mark.parametrize(
    ("family", "rdtypes"), [("ipv4", ["A"]), ("both", ["A", "AAAA"]), ("auto", ["A"])], ids=["ipv4", "both", "auto"]
)
def test_each_spelling_costs_one_question_for_each_family(resolver_of, ipv4, name, family, rdtypes):
    found = resolver_of(ipv4, family=family).service(name)
    questions(ipv4, PAYMENTS.fqdn, *rdtypes)
    assert found.name == PAYMENTS
    assert texts(found.addresses) == ["10.96.20.1"]
    assert (found.ports, found.cname, found.candidate) == ((), None, PAYMENTS.fqdn)
    assert not found.incomplete


def test_a_repeat_within_the_ttl_costs_nothing_in_any_spelling(resolver_of, ipv4):
    resolver = resolver_of(ipv4)
    first = resolver.service("payments")
    asked(ipv4)
    assert all(resolver.service(name) == first for name in SPELLINGS)
    assert asked(ipv4) == []


def test_the_ttl_is_the_least_received_and_ends_when_it_says(resolver_of, ipv4):
    resolver = resolver_of(ipv4)
    start = ipv4.clock.time()
    found = resolver.service("payments", ports=["http"])
    # kubeadm's `ttl 30`.
    assert found.ttl == 30
    assert start + 30 <= found.expires_at <= start + 30.1
    asked(ipv4)
    ipv4.clock.advance(29)
    assert resolver.service("payments", ports=["http"]).expires_at == found.expires_at
    assert asked(ipv4) == []
    ipv4.clock.advance(1.1)
    assert resolver.service("payments", ports=["http"]).expires_at > found.expires_at
    assert len(asked(ipv4)) == 2


def test_fresh_passes_over_the_cache(resolver_of, ipv4):
    resolver = resolver_of(ipv4)
    for _ in range(2):
        resolver.service("payments", fresh=True)
        resolver.port("payments", "http", fresh=True)
        resolver.addresses("payments.shop.svc.cluster.local.", fresh=True)
        assert len(asked(ipv4)) == 3


def test_a_miss_is_not_asked_again_while_it_lasts(resolver_of, ipv4):
    resolver = resolver_of(ipv4)
    calls = [
        lambda: resolver.service("nope"),
        lambda: resolver.service("never", ports=["http"]),
        lambda: resolver.port("payments", "nope"),
        lambda: resolver.ports("nope.data"),
        lambda: resolver.endpoints("asleep.data"),
        lambda: resolver.addresses("nope.example.com"),
        lambda: resolver.reverse("10.1.2.3"),
        lambda: resolver.lookup("nope.example.com", "TXT"),
    ]
    for call in calls:
        with pytest.raises(NotFound):
            call()
        assert asked(ipv4)
        with pytest.raises(NotFound):
            call()
        assert asked(ipv4) == []
    # In the cluster domain a miss lasts 5 seconds, as programs wait for names to appear.
    ipv4.clock.advance(5.1)
    with pytest.raises(NoSuchName):
        resolver.service("nope")
    questions(ipv4, "nope.shop.svc.cluster.local.", "A")


def test_the_namespace_is_the_pods_own_unless_the_name_says_otherwise(resolver_of, ipv4):
    resolver = resolver_of(ipv4, namespace="data")
    assert resolver.service("workers").name.namespace == "data"
    assert resolver.service("payments.shop").name.namespace == "shop"
    with pytest.raises(NoSuchName, match="no Service 'payments' in namespace 'data'"):
        resolver.service("payments")


def test_addresses_and_ports_come_in_one_round(resolver_of, ipv4):
    found = resolver_of(ipv4, family="both").service("payments", ports=["http", PortName("grpc"), "stats/udp"])
    assert len({query.at for query in ipv4.queries}) == 1
    assert sorted(asked(ipv4)) == [
        "_grpc._tcp.payments.shop.svc.cluster.local. SRV",
        "_http._tcp.payments.shop.svc.cluster.local. SRV",
        "_stats._udp.payments.shop.svc.cluster.local. SRV",
        "payments.shop.svc.cluster.local. A",
        "payments.shop.svc.cluster.local. AAAA",
    ]
    assert [(port.name, port.protocol, port.number) for port in found.ports] == [
        ("http", "tcp", 80),
        ("grpc", "tcp", 9090),
        ("stats", "udp", 8125),
    ]
    assert {port.service for port in found.ports} == {PAYMENTS}


def test_a_missing_port_fails_the_service_that_is_there_and_says_so(resolver_of, ipv4):
    with pytest.raises(NoSuchName, match=r"^payments: the Service has no port 'nope' \(tcp\)"):
        resolver_of(ipv4).service("payments", ports=["http", "nope"])
    assert len(asked(ipv4)) == 3


@pytest.mark.parametrize(
    ("family", "addresses"),
    [("ipv4", ["10.96.20.2"]), ("ipv6", ["fd00:10:96::20"]), ("both", ["10.96.20.2", "fd00:10:96::20"])],
)
def test_dual_stack(resolver_of, dual, family, addresses):
    found = resolver_of(dual, family=family).service("dual", ports=["http"])
    assert texts(found.addresses) == addresses
    # The glue of a port is of the same families.
    assert texts(found.ports[0].targets[0].addresses) == addresses


def test_auto_asks_both_families_where_the_pod_has_both(resolver_of, dual):
    assert len(resolver_of(dual).service("dual").addresses) == 2
    questions(dual, "dual.shop.svc.cluster.local.", "A", "AAAA")


def test_auto_asks_the_other_family_before_it_says_no_data(dual):
    resolver = OfflineResolver(Place(dual.config("shop"), dual.network, frozenset({4})), dual.clock, Options())
    assert texts(resolver.service("six").addresses) == ["fd00:10:96::6"]
    assert asked(dual) == ["six.shop.svc.cluster.local. A", "six.shop.svc.cluster.local. AAAA"]
    # Where there is an address there is nothing more to ask, nor where the name does not exist.
    assert texts(resolver.service("dual").addresses) == ["10.96.20.2"]
    with pytest.raises(NoSuchName):
        resolver.service("nope")
    assert asked(dual) == ["dual.shop.svc.cluster.local. A", "nope.shop.svc.cluster.local. A"]
    with pytest.raises(NoData, match="the name exists, but has no address; "):
        resolver.service("lost")
    assert len(asked(dual)) == 2


@pytest.mark.parametrize(
    ("own", "rdtypes"),
    [
        ([], (A,)),
        (["10.244.0.7"], (A,)),
        (["10.244.0.7", "::1", "fe80::7"], (A,)),
        (["10.244.0.7", "fd00:10:244::7"], (A, AAAA)),
        (["2001:db8::7"], (A, AAAA)),
    ],
)
def test_auto_asks_aaaa_where_the_pod_has_an_ipv6_address_of_use(ipv4, own, rdtypes):
    with ipv4.resolver() as resolver:
        setting = resolver._line.setting.under()
        setting.own = lambda: tuple(map(ip_address, own))
        assert setting.rdtypes == rdtypes
        assert setting.rdtypes + setting.rest == (A, AAAA)


def test_an_exact_family_is_not_made_up_for(resolver_of, dual):
    resolver = resolver_of(dual, family="ipv4")
    with pytest.raises(NoData, match=r"has no IPv4 address.*family='both'"):
        resolver.service("six")
    questions(dual, "six.shop.svc.cluster.local.", "A")
    with pytest.raises(NoData, match="has no IPv6 address"):
        resolver_of(dual, family="ipv6").service("payments")


@pytest.mark.parametrize("name", ["cassandra.data", "workers.data", "bare.data", "mixed.data"])
def test_a_headless_service_has_its_pods_addresses(resolver_of, ipv4, name):
    expected = {
        "cassandra.data": ["10.244.1.7", "10.244.2.7"],
        "workers.data": ["10.244.3.1", "10.244.3.2"],
        "bare.data": ["10.244.5.1", "10.244.5.2"],
        "mixed.data": ["10.244.4.1", "10.244.4.2", "10.244.4.3"],
    }
    assert texts(resolver_of(ipv4).service(name).addresses) == expected[name]


@pytest.mark.parametrize("name", ["nope", "payments.nope", "asleep.data"])
def test_what_is_not_there_is_told_as_far_as_dns_tells(resolver_of, ipv4, name):
    with pytest.raises(NoSuchName) as caught:
        resolver_of(ipv4, family="both").service(name)
    service, _, namespace = name.partition(".")
    said = f"there is no Service {service!r} in namespace {namespace or 'shop'!r}, or it is headless and none of its"
    assert str(caught.value).startswith(
        f"{name}: no such name; tried {service}.{namespace or 'shop'}.svc.cluster.local."
    )
    assert "(NXDOMAIN from 10.96.0.10 in " in str(caught.value)
    assert said in str(caught.value)
    assert caught.value.name == name
    assert {attempt.outcome for attempt in caught.value.attempts} <= {"NXDOMAIN", "no reply"}


def test_an_external_name_has_its_targets_addresses_and_its_chain(resolver_of, ipv4):
    found = resolver_of(ipv4, family="both").service("outside")
    assert texts(found.addresses) == ["192.0.2.80", "2001:db8::80"]
    assert found.cname == Cname(("www.example.com.", "api.example.com."), leaves_cluster=True)
    assert found.name == ServiceName("outside", "shop")
    assert found.ttl == 20


def test_an_external_name_inside_the_cluster_does_not_leave_it(resolver_of, ipv4):
    found = resolver_of(ipv4).service("inside")
    assert texts(found.addresses) == ["10.96.20.1"]
    assert found.cname == Cname(("payments.shop.svc.cluster.local.",), leaves_cluster=False)


def test_a_chain_leaves_the_cluster_where_one_of_its_names_does(resolver_of, ipv4):
    assert resolver_of(ipv4).service("hop").cname == Cname(
        ("outside.shop.svc.cluster.local.", "www.example.com.", "api.example.com."), leaves_cluster=True
    )


def test_a_dangling_external_name_says_where_it_leads(resolver_of, ipv4):
    with pytest.raises(
        NoData, match=r"^dangling: an alias of gone\.example\.com\., which has no address.*externalName"
    ):
        resolver_of(ipv4).service("dangling")
    # CoreDNS answers NODATA without the alias where the target is in its own zone.
    with pytest.raises(NoData, match="an ExternalName whose target is not there looks like this"):
        resolver_of(ipv4).service("lost")


@pytest.mark.behaviour("K9")
@pytest.mark.parametrize("own", [("10.244.0.7",), ("10.244.0.7", "fd00::7")])
def test_the_target_of_an_external_name_that_was_left_out_is_asked_for_once(own):
    alone = Empty(5.0, 0.0, ("www.example.com.",))
    answers = {f"ext.shop.svc.cluster.local. {kind}": alone for kind in ("A", "AAAA")}
    answers["www.example.com. A"] = Found((ip_address("192.0.2.7"),), 30, 30.0)
    found, rounds = drive(services.service(setting(family="auto", own=own), "ext"), answers)
    kinds = ["A", "AAAA"][: len(own)]
    names = ["ext.shop.svc.cluster.local.", "www.example.com."]
    assert rounds == [[f"{name} {kind}" for kind in kinds] for name in names]
    assert (found.addresses, found.cname.targets) == ((ip_address("192.0.2.7"),), ("www.example.com.",))


# One port.


def test_a_port_costs_exactly_one_question(resolver_of, dual):
    for family in ("auto", "ipv4", "both"):
        port = resolver_of(dual, family=family).port("dual", "http")
        assert asked(dual) == ["_http._tcp.dual.shop.svc.cluster.local. SRV"]
        assert (port.name, port.protocol, port.number, port.headless) == ("http", "tcp", 80, False)
        (target,) = port.targets
        assert (target.name, target.port, target.priority) == ("dual.shop.svc.cluster.local.", 80, 0)


def test_ports_by_protocol(resolver_of, ipv4):
    resolver = resolver_of(ipv4)
    assert resolver.port("payments", "stats", "UDP").number == 8125
    with pytest.raises(NoSuchName, match=r"no port 'stats' \(tcp\)"):
        resolver.port("payments", "stats")


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_port_of_each_spelling(resolver_of, ipv4, name):
    assert resolver_of(ipv4).port(name, "HTTP").number == 80
    assert asked(ipv4) == ["_http._tcp.payments.shop.svc.cluster.local. SRV"]


def test_a_headless_port_is_the_pods_own(resolver_of, ipv4):
    port = resolver_of(ipv4).port("workers.data", "http")
    assert (port.number, port.headless) == (8080, True)
    assert [(target.name, texts(target.addresses)) for target in port.targets] == [
        ("10-244-3-1.workers.data.svc.cluster.local.", ["10.244.3.1"]),
        ("10-244-3-2.workers.data.svc.cluster.local.", ["10.244.3.2"]),
    ]
    assert {target.weight for target in port.targets} == {50}


def test_pods_with_unlike_numbers_and_a_pod_without_the_port(resolver_of, ipv4):
    port = resolver_of(ipv4).port("mixed.data", "http")
    with pytest.raises(PortsDiffer, match="8080, 9000"):
        _ = port.number
    assert {*port.select()} == {(IPv4Address("10.244.4.1"), 8080), (IPv4Address("10.244.4.2"), 9000)}
    assert resolver_of(ipv4).port("mixed.data", "admin").number == 7000


def test_a_missing_port_and_a_missing_service_are_told_apart(resolver_of, ipv4):
    resolver = resolver_of(ipv4)
    with pytest.raises(NoSuchName, match=r"^payments: the Service has no port 'nope' \(tcp\); tried .*spec\.ports"):
        resolver.port("payments", "nope")
    assert asked(ipv4) == ["_nope._tcp.payments.shop.svc.cluster.local. SRV", "payments.shop.svc.cluster.local. A"]
    with pytest.raises(NoSuchName, match=r"^nope: no port 'http' \(tcp\); .* there is no Service 'nope' in namespace"):
        resolver.port("nope", "http")
    with pytest.raises(NoSuchName, match=r"^asleep\.data: no port 'http'.* none of its pods is ready"):
        resolver.port("asleep.data", "http")
    with pytest.raises(
        NoSuchName, match=r"^outside: the Service has no port 'http' \(tcp\): an ExternalName has no port"
    ):
        resolver.port("outside", "http")


def test_whether_it_is_the_port_that_is_missing_is_worth_a_second_at_most(resolver_of, ipv4):
    ipv4.network.drop("payments.shop.svc.cluster.local", "A")
    start = ipv4.clock.monotonic()
    with pytest.raises(NoSuchName, match=r"there is no Service 'payments'.* or it has no such port"):
        resolver_of(ipv4).port("payments", "nope")
    assert ipv4.clock.monotonic() - start < 1.1


def test_a_target_of_a_dot_is_no_offer(resolver_of, ipv4):
    # RFC 2782: "A Target of "." means that the service is decidedly not available at this domain."
    with pytest.raises(NoData, match=r"port 'none' \(tcp\) is decidedly not offered"):
        resolver_of(ipv4).port(OTHER, "none")
    assert len(asked(ipv4)) == 1


def test_a_full_name_states_its_own_domain(resolver_of, ipv4):
    resolver = resolver_of(ipv4)
    assert texts(resolver.service(OTHER).addresses) == ["198.51.100.1"]
    port = resolver.port(OTHER.upper(), "http")
    assert (port.number, port.service.cluster_domain, port.headless) == (8443, "clusterset.local", False)


def test_targets_without_glue_are_asked_for_at_once(resolver_of, ipv4):
    port = resolver_of(ipv4).port(OTHER, "far")
    assert [(target.priority, texts(target.addresses)) for target in port.targets] == [
        (0, ["192.0.2.80", "2001:db8::80"]),
        (1, ["2001:db8::6"]),
    ]
    # The least TTL, that of api.example.com AAAA.
    assert port.ttl == 20
    assert len({query.at for query in ipv4.queries}) == 2
    assert sorted(asked(ipv4)) == [
        "_far._tcp.payments.shop.svc.clusterset.local. SRV",
        "api.example.com. A",
        "api.example.com. AAAA",
        "six.example.com. A",
        "six.example.com. AAAA",
    ]


def test_targets_without_glue_are_asked_for_in_the_family_wanted(resolver_of, ipv4):
    port = resolver_of(ipv4, family="ipv4").port(OTHER, "far")
    assert [texts(target.addresses) for target in port.targets] == [["192.0.2.80"], []]
    assert sorted(asked(ipv4))[1:] == ["api.example.com. A", "six.example.com. A"]


def test_a_target_that_does_not_exist_has_no_address(resolver_of, ipv4):
    port = resolver_of(ipv4).port(OTHER, "lost")
    assert (port.number, port.targets[0].addresses, [*port.select()]) == (80, (), [])
    assert not port.incomplete


def test_a_lost_target_makes_the_port_incomplete_but_not_unknown(resolver_of, ipv4):
    ipv4.network.rcode("SERVFAIL", "six.example.com")
    port = resolver_of(ipv4).port(OTHER, "far")
    assert port.incomplete
    assert [bool(target.addresses) for target in port.targets] == [True, False]


def test_a_family_of_a_target_is_not_waited_for_when_each_target_has_an_address(resolver_of, ipv4):
    ipv4.network.drop("api.example.com", "AAAA")
    start = ipv4.clock.monotonic()
    port = resolver_of(ipv4).port(OTHER, "far")
    assert port.incomplete
    assert [texts(target.addresses) for target in port.targets] == [["192.0.2.80"], ["2001:db8::6"]]
    assert ipv4.clock.monotonic() - start < 1.1


def test_when_all_targets_are_lost_the_failure_is_told(resolver_of, ipv4):
    ipv4.network.rcode("SERVFAIL", rdtype="A")
    ipv4.network.rcode("SERVFAIL", rdtype="AAAA")
    with pytest.raises(ServerFailure):
        resolver_of(ipv4).port(OTHER, "far")


# All ports.


def test_all_ports_by_number(resolver_of, ipv4):
    ports = resolver_of(ipv4).ports("payments")
    assert asked(ipv4) == ["payments.shop.svc.cluster.local. SRV"]
    assert [(port.name, port.protocol, port.number) for port in ports] == [
        (None, None, 80),
        (None, None, 8125),
        (None, None, 9090),
    ]
    assert not any(port.headless for port in ports)


def test_all_ports_of_pods_that_differ(resolver_of, ipv4):
    ports = resolver_of(ipv4).ports("mixed.data")
    assert {port.number: len(port.targets) for port in ports} == {7000: 3, 8080: 1, 9000: 1}


@pytest.mark.parametrize("name", ["bare.data", "outside", "portless"])
def test_a_service_without_ports_is_no_data(resolver_of, ipv4, name):
    with pytest.raises(NoData) as raised:
        resolver_of(ipv4).ports(name)
    assert raised.value.problem == "the name exists, but has no SRV record"
    assert raised.value.advice.startswith("a Service without ports looks like this, or an ExternalName;")


def test_ports_of_nothing(resolver_of, ipv4):
    with pytest.raises(NoSuchName, match="there is no Service 'nope'"):
        resolver_of(ipv4).ports("nope")


# Endpoints of headless Services.


def endpoint(address, port, label, service):
    name = EndpointName(label, service)
    return Endpoint(ip_address(address), port, name, label if name.address is None else None)


def test_endpoints_by_host_name(resolver_of, ipv4):
    cassandra = ServiceName("cassandra", "data")
    resolver = resolver_of(ipv4)
    assert resolver.endpoints("cassandra.data", "cql") == (
        endpoint("10.244.1.7", 9042, "cassandra-0", cassandra),
        endpoint("10.244.2.7", 9042, "cassandra-1", cassandra),
    )
    assert asked(ipv4) == ["_cql._tcp.cassandra.data.svc.cluster.local. SRV"]
    assert [e.port for e in resolver.endpoints("cassandra.data")] == [None, None]
    # Who lists pods is shown those of the other family as well, as with a port.
    questions(ipv4, "cassandra.data.svc.cluster.local.", "A", "AAAA", "SRV")


def test_a_pod_that_has_none_of_the_ports_is_an_endpoint_too(resolver_of, ipv4):
    resolver = resolver_of(ipv4)
    assert [(e.hostname, str(e.address)) for e in resolver.endpoints("blend.data")] == [
        ("blend-0", "10.244.8.1"),
        ("blend-1", "10.244.8.2"),
    ]
    assert asked(ipv4)[-1] == "2.8.244.10.in-addr.arpa. PTR"
    assert [e.hostname for e in resolver.endpoints("blend.data", "http")] == ["blend-0"]


def test_endpoints_by_address(resolver_of, ipv4):
    workers = ServiceName("workers", "data")
    assert resolver_of(ipv4).endpoints("workers.data", "http") == (
        endpoint("10.244.3.1", 8080, "10-244-3-1", workers),
        endpoint("10.244.3.2", 8080, "10-244-3-2", workers),
    )


def test_each_endpoint_has_its_own_number_and_one_without_the_port_is_left_out(resolver_of, ipv4):
    resolver = resolver_of(ipv4)
    found = resolver.endpoints("mixed.data", "http")
    assert [(e.hostname, e.port) for e in found] == [("mixed-0", 8080), ("mixed-1", 9000)]
    # Without a port all pods are listed, once each though their ports are many.
    assert [e.hostname for e in resolver.endpoints("mixed.data")] == ["mixed-0", "mixed-1", "mixed-2"]


@pytest.mark.parametrize(("family", "versions"), [("ipv4", [4]), ("ipv6", [6]), ("both", [4, 6]), ("auto", [4, 6])])
def test_endpoints_of_each_family(resolver_of, dual, family, versions):
    found = resolver_of(dual, family=family).endpoints("pair.data", "http")
    assert [(e.address.version, e.hostname) for e in found] == [(version, "pair-0") for version in versions]


def test_endpoints_of_a_family_that_no_pod_has(resolver_of, dual):
    with pytest.raises(NoData, match="none has an IPv6 address"):
        resolver_of(dual, family="ipv6").endpoints("cassandra.data", "cql")


def test_endpoints_of_a_service_without_ports_are_found_by_address_and_named_by_ptr(resolver_of, ipv4):
    bare = ServiceName("bare", "data")
    assert resolver_of(ipv4).endpoints("bare.data") == (
        endpoint("10.244.5.1", None, "bare-0", bare),
        endpoint("10.244.5.2", None, "10-244-5-2", bare),
    )
    assert sorted(asked(ipv4)) == [
        "1.5.244.10.in-addr.arpa. PTR",
        "2.5.244.10.in-addr.arpa. PTR",
        "bare.data.svc.cluster.local. A",
        "bare.data.svc.cluster.local. AAAA",
        "bare.data.svc.cluster.local. SRV",
    ]


@pytest.fixture
def pod_without_ipv6():
    """A resolver in a pod without IPv6, in a cluster that has both."""
    cluster = dual_cluster(
        headless("data/six", "sql 5432 TCP", ipFamilies=["IPv6"]),
        pods("data/six", "fd00:10:244::9:1 six-0", ports=["sql 5432"]),
        headless("data/sixbare", ipFamilies=["IPv6"]),
        pods("data/sixbare", "fd00:10:244::9:2 sixbare-0"),
        headless("data/pairbare", ipFamilies=["IPv4", "IPv6"]),
        pods("data/pairbare", "10.244.9.3 pairbare-0"),
        pods("data/pairbare", "fd00:10:244::9:3 pairbare-0"),
    )
    return OfflineResolver(Place(cluster.config("data"), cluster.network, frozenset({4})), cluster.clock, Options())


@pytest.mark.parametrize(
    ("service", "addresses"),
    [
        ("six", ["fd00:10:244::9:1"]),
        ("sixbare", ["fd00:10:244::9:2"]),
        ("pair", ["10.244.7.1", "fd00:10:244::7:1"]),
        ("pairbare", ["10.244.9.3", "fd00:10:244::9:3"]),
    ],
)
def test_f19_pods_of_the_family_that_this_pod_has_not_are_listed_without_a_port_too(
    pod_without_ipv6, service, addresses
):
    found = pod_without_ipv6.endpoints(service)
    assert [(str(e.address), e.hostname) for e in found] == [(address, f"{service}-0") for address in addresses]


def test_f19_two_pods_of_one_address_are_two_endpoints_without_ports_too(resolver_of):
    # As of pods on the network of their node, two of which may share it.
    cluster = ipv4_cluster(headless("data/shared"), pods("data/shared", "10.0.0.4 shared-0", "10.0.0.4 shared-1"))
    found = resolver_of(cluster).endpoints("shared.data")
    assert [(str(e.address), e.hostname) for e in found] == [("10.0.0.4", "shared-0"), ("10.0.0.4", "shared-1")]


def test_endpoints_without_ports_or_ptr_have_no_name(resolver_of, ipv4):
    ipv4.network.rcode("REFUSED", rdtype="PTR")
    found = resolver_of(ipv4).endpoints("bare.data")
    assert [(str(e.address), e.name, e.hostname) for e in found] == [
        ("10.244.5.1", None, None),
        ("10.244.5.2", None, None),
    ]


def test_an_address_that_two_services_publish_has_the_name_asked_for(resolver_of):
    cluster = ipv4_cluster(pods("data/cassandra", "10.244.5.2 cassandra-9", ports=["cql 9042"], part="z"))
    found = resolver_of(cluster).endpoints("bare.data")
    assert {e.name.service.service for e in found} == {"bare"}


@pytest.mark.parametrize("name", ["payments", "portless", "outside", "inside"])
def test_what_is_not_headless_says_what_to_use(resolver_of, ipv4, name):
    with pytest.raises(NotHeadless, match=rf"^{name}: .*service\(\)\.addresses"):
        resolver_of(ipv4).endpoints(name)


def test_a_port_of_what_is_not_headless(resolver_of, ipv4):
    with pytest.raises(NotHeadless):
        resolver_of(ipv4).endpoints("payments", "http")
    assert len(asked(ipv4)) == 1


@pytest.mark.parametrize("label", [None, "http"])
def test_endpoints_of_nothing(resolver_of, ipv4, label):
    for name in ("nope", "asleep.data"):
        with pytest.raises(NoSuchName, match="none of its pods is ready"):
            resolver_of(ipv4).endpoints(name, label)


def test_a_list_of_endpoints_is_whole_or_an_error(resolver_of, ipv4):
    ipv4.network.rcode("SERVFAIL", "six.example.com")
    with pytest.raises(ServerFailure):
        resolver_of(ipv4).endpoints(OTHER, "far")


def test_endpoints_of_one_family_alone_are_no_whole_list(resolver_of, dual):
    dual.network.rcode("SERVFAIL", "pair.data.svc.cluster.local", "AAAA")
    with pytest.raises(ServerFailure):
        resolver_of(dual, family="both").endpoints("pair.data")


def test_targets_elsewhere_are_endpoints_without_a_name(resolver_of, ipv4):
    found = resolver_of(ipv4).endpoints(OTHER, "far")
    assert {(str(e.address), e.port, e.name, e.hostname) for e in found} == {
        ("192.0.2.80", 80, None, None),
        ("2001:db8::80", 80, None, None),
        ("2001:db8::6", 80, None, None),
    }


# From addresses to names.


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("10.96.20.1", (PAYMENTS,)),
        (IPv4Address("10.96.20.1"), (PAYMENTS,)),
        ("10.244.1.7", (EndpointName("cassandra-0", ServiceName("cassandra", "data")),)),
        ("10.244.3.1", (EndpointName("10-244-3-1", ServiceName("workers", "data")),)),
        ("fd00:10:96::20", (ServiceName("dual", "shop"),)),
        (IPv6Address("fd00:10:96::20"), (ServiceName("dual", "shop"),)),
        ("FD00:10:96:0::20", (ServiceName("dual", "shop"),)),
    ],
)
def test_whose_address_it_is(resolver_of, dual, address, expected):
    assert resolver_of(dual).reverse(address) == expected
    assert [query.rdtype for query in dual.queries] == ["PTR"]


def test_several_names_come_in_order(resolver_of):
    cluster = ipv4_cluster(
        pods("data/cassandra", "10.244.3.1 node-b", ports=["cql 9042"], part="y"),
        pods("data/cassandra", "10.244.3.1 0-node", ports=["cql 9042"], part="z"),
    )
    assert texts(resolver_of(cluster).reverse("10.244.3.1")) == [
        "0-node.cassandra.data.svc.cluster.local",
        "10-244-3-1.workers.data.svc.cluster.local",
        "node-b.cassandra.data.svc.cluster.local",
    ]


def test_nobodys_address(resolver_of, ipv4):
    with pytest.raises(NoSuchName, match=r"^10\.1\.2\.3: no Service and no endpoint.*3\.2\.1\.10\.in-addr\.arpa\."):
        resolver_of(ipv4).reverse("10.1.2.3")


def test_a_pods_name_is_an_echo_for_either_family_whatever_the_resolver_takes(resolver_of, ipv4):
    resolver = resolver_of(ipv4, family="ipv4")
    assert resolver.pod("10.9.9.9") == PodName("10.9.9.9", "shop")
    assert resolver.pod("fd00::") == PodName("fd00::", "shop")
    assert resolver.pod("10.9.9.9", "data") == PodName("10.9.9.9", "data")
    assert asked(ipv4) == [
        "10-9-9-9.shop.pod.cluster.local. A",
        "fd00--.shop.pod.cluster.local. AAAA",
        "10-9-9-9.data.pod.cluster.local. A",
    ]
    with pytest.raises(NoSuchName, match=r"^10\.9\.9\.9: no pod name 10-9-9-9\.gone\.pod.*namespace does not exist"):
        resolver.pod("10.9.9.9", "gone")


# Failures: none of them looks like NotFound.


@pytest.mark.parametrize(
    ("rcode", "kind"), [("SERVFAIL", ServerFailure), ("REFUSED", Refused), ("NOTIMP", Refused), ("FORMERR", Refused)]
)
@pytest.mark.parametrize(
    "call",
    [
        ("service", "payments"),
        ("port", "payments", "http"),
        ("ports", "payments"),
        ("endpoints", "cassandra.data"),
        ("endpoints", "cassandra.data", "cql"),
        ("reverse", "10.96.20.1"),
        ("pod", "10.244.1.7"),
        ("addresses", "payments"),
        ("lookup", "payments", "A"),
    ],
    ids=" ".join,
)
def test_rcodes_are_temporary_failures(resolver_of, ipv4, rcode, kind, call):
    ipv4.network.rcode(rcode)
    method, *args = call
    with pytest.raises(kind) as caught:
        getattr(resolver_of(ipv4), method)(*args)
    assert rcode in str(caught.value)
    assert str(caught.value).startswith(f"{args[0]}: the nameserver ")
    assert not isinstance(caught.value, NotFound)
    assert caught.value.attempts


@pytest.mark.parametrize("call", [("service", "payments"), ("port", "payments", "http"), ("addresses", "payments")])
def test_silence_ends_at_the_deadline(resolver_of, ipv4, call):
    ipv4.network.drop()
    method, *args = call
    resolver = resolver_of(ipv4, timeout=3)
    for options, seconds in (({}, 3), ({"timeout": 0.4}, 0.4)):
        start = ipv4.clock.monotonic()
        with pytest.raises(
            LookupTimeout, match=r"^payments: no answer in time, after .* s; tried .*no reply from 10\.96\.0\.10"
        ):
            getattr(resolver, method)(*args, **options)
        assert ipv4.clock.monotonic() - start == pytest.approx(seconds, abs=0.01)


@pytest.mark.parametrize("timeout", [0, -1])
def test_no_time_is_no_packet(resolver_of, ipv4, timeout):
    with pytest.raises(LookupTimeout):
        resolver_of(ipv4).service("payments", timeout=timeout)
    assert asked(ipv4) == []


@pytest.mark.parametrize("timeout", ["x", float("nan"), float("inf"), [5], b"5"])
def test_what_is_no_time_is_refused(resolver_of, ipv4, timeout):
    with pytest.raises(ConfigError, match="timeout="):
        resolver_of(ipv4, timeout=timeout)
    with pytest.raises(ConfigError, match="timeout="):
        resolver_of(ipv4).service("payments", timeout=timeout)


def test_one_lost_packet_and_one_servfail_are_made_up_for(resolver_of, ipv4):
    ipv4.network.drop(next=1)
    ipv4.network.rcode("SERVFAIL", rdtype="SRV", next=1)
    found = resolver_of(ipv4).service("payments", ports=["http"])
    assert not found.incomplete
    assert found.ports[0].number == 80


@pytest.mark.parametrize("fault", ["SERVFAIL", "REFUSED", "drop"])
def test_a_family_lost_makes_the_result_incomplete_and_is_asked_again(resolver_of, dual, fault):
    def hurt():
        if fault == "drop":
            dual.network.drop(rdtype="AAAA")
        else:
            dual.network.rcode(fault, rdtype="AAAA")

    resolver = resolver_of(dual)
    hurt()
    start = dual.clock.monotonic()
    lame = resolver.service("dual")
    assert lame.incomplete
    assert texts(lame.addresses) == ["10.96.20.2"]
    # What is here is not held up for more than a second.
    assert dual.clock.monotonic() - start < 1.1
    dual.network.restore()
    asked(dual)
    whole = resolver.service("dual")
    assert not whole.incomplete
    assert len(whole.addresses) == 2
    questions(dual, "dual.shop.svc.cluster.local.", "AAAA")


def test_a_port_is_waited_for_though_the_addresses_are_here(resolver_of, ipv4):
    ipv4.network.delay(2, rdtype="SRV")
    assert resolver_of(ipv4).service("payments", ports=["http"]).ports[0].number == 80


def test_a_service_lasts_and_is_whole_as_far_as_its_ports_are(resolver_of, ipv4):
    assert resolver_of(ipv4).service(OTHER).ttl == 30
    found = resolver_of(ipv4).service(OTHER, ports=["far"])
    assert (found.ttl, found.expires_at, found.incomplete) == (20, found.ports[0].expires_at, False)
    ipv4.network.rcode("SERVFAIL", "six.example.com")
    assert resolver_of(ipv4).service(OTHER, ports=["far"]).incomplete


def test_a_lost_port_is_not_passed_over(resolver_of, ipv4):
    ipv4.network.drop(rdtype="SRV")
    with pytest.raises(LookupTimeout):
        resolver_of(ipv4).service("payments", ports=["http"])


@pytest.mark.parametrize("fault", ["SERVFAIL", "drop"])
def test_no_data_beside_a_failure_is_a_failure(resolver_of, dual, fault):
    if fault == "drop":
        dual.network.drop(rdtype="AAAA")
    else:
        dual.network.rcode(fault, rdtype="AAAA")
    with pytest.raises(TemporaryFailure):
        resolver_of(dual).service("six")


def test_nxdomain_for_one_family_decides_without_the_other(resolver_of, dual):
    # RFC 8020: it holds for every type.
    dual.network.drop("nope.shop.svc.cluster.local", "AAAA")
    start = dual.clock.monotonic()
    with pytest.raises(NoSuchName):
        resolver_of(dual).service("nope", ports=["http"])
    assert dual.clock.monotonic() - start < 0.1


def test_records_in_an_nxdomain_are_a_bad_response(resolver_of, ipv4):
    answer = ipv4.respond

    def lie(_send, message):
        data = bytearray(answer(message))
        data[3] = data[3] & 0xF0 | 3
        return [Arrival(0.001, bytes(data))]

    ipv4.network.exchange = lie
    with pytest.raises(BadResponse, match="records in an NXDOMAIN"):
        resolver_of(ipv4).service("payments")


def test_a_network_that_is_down(resolver_of, ipv4):
    ipv4.network.exchange = lambda _send, _message: [Arrival(0.0, None, "Connection refused")]
    with pytest.raises(
        NetworkError, match=r"^payments: no nameserver can be reached \(Connection refused\), after 2\.0 s; tried"
    ):
        resolver_of(ipv4).service("payments")


# Bad input: one typed error, no packet.

BAD_NAMES = [
    "",
    ".",
    "payments..shop",
    "api.example.com",
    "payments.",
    "-x",
    "a" * 64,
    "zahlungen-für",
    "payments\n",
    None,
    5,
    b"payments",
    ["payments"],
    EndpointName("a", PAYMENTS),
]


@pytest.mark.parametrize("name", BAD_NAMES, ids=ascii)
def test_what_is_no_service_name_is_refused_before_any_packet(resolver_of, ipv4, name):
    resolver = resolver_of(ipv4)
    for call in (
        lambda: resolver.service(name),
        lambda: resolver.port(name, "http"),
        lambda: resolver.ports(name),
        lambda: resolver.endpoints(name),
        lambda: resolver.endpoints(name, "http"),
    ):
        with pytest.raises(InvalidName):
            call()
    assert asked(ipv4) == []


@pytest.mark.parametrize("name", ["api.example.com", "web-0.web.shop.svc.cluster.local", "payments.shop.", "x_y"])
def test_what_may_be_another_host_points_to_addresses(resolver_of, ipv4, name):
    with pytest.raises(InvalidName, match=r"addresses\(\)"):
        resolver_of(ipv4).service(name)


NO_NUMBERS = [0, -1, 65536, 10**400, "0", "65536", "1" * 5000, True, False, 80.0]


@pytest.mark.parametrize("port", [*NO_NUMBERS, "", "a_b", "http/tcp", "_http", b"http", "ä", "a" * 63])
def test_what_is_no_port_name_is_refused_before_any_packet(resolver_of, ipv4, port):
    resolver = resolver_of(ipv4)
    with pytest.raises(InvalidName):
        resolver.port("payments", port)
    with pytest.raises(InvalidName):
        resolver.endpoints("payments", port)
    if port != "http/tcp":
        with pytest.raises(InvalidName):
            resolver.service("payments", ports=["http", port])
    assert asked(ipv4) == []


@pytest.mark.parametrize("port", [80, "80"])
def test_endpoints_and_a_services_ports_go_by_name_and_say_so_of_a_number(resolver_of, ipv4, port):
    resolver = resolver_of(ipv4)
    for call in (lambda: resolver.endpoints("payments", port), lambda: resolver.service("payments", ports=[port])):
        with pytest.raises(InvalidName, match=r"^80: '?80'? is a port number.*by name; .*port\(\) takes a number"):
            call()
    assert asked(ipv4) == []


# A number, or a sole port.


@pytest.mark.parametrize("port", [80, "80", Number(80)])
def test_a_number_is_looked_for_among_all_ports_by_one_question(resolver_of, ipv4, port):
    found = resolver_of(ipv4).port("payments", port)
    assert (found.number, found.name, found.protocol) == (80, None, None)
    assert asked(ipv4) == ["payments.shop.svc.cluster.local. SRV"]


@pytest.mark.parametrize(("name", "there"), [("payments", "80, 8125, 9090"), ("workers.data", "8080")])
def test_a_number_that_is_not_there_is_no_data_and_those_there_are_listed(resolver_of, ipv4, name, there):
    with pytest.raises(NoData, match=rf"^{name}: the Service has no port 81, but {there}; ") as caught:
        resolver_of(ipv4).port(name, 81)
    assert ("its pods' own" in str(caught.value)) is (name == "workers.data")
    assert len(caught.value.attempts) == 1


def test_a_sole_port_needs_no_name(resolver_of, ipv4):
    meta, spec = {"name": "db", "namespace": "shop"}, {"clusterIP": "10.96.20.8", "ports": [{"port": 5432}]}
    ipv4.apply({"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec})
    resolver = resolver_of(ipv4)
    assert resolver.port("db").number == 5432
    assert resolver.port("cassandra.data").number == 9042
    with pytest.raises(PortsDiffer, match=r"^payments: the Service has no sole port, but 80, 8125, 9090; "):
        resolver.port("payments")


@pytest.mark.parametrize(("name", "kind"), [("portless", NoData), ("outside", NoData), ("gone", NoSuchName)])
@pytest.mark.parametrize("port", [80, None])
def test_where_there_are_no_ports_a_number_says_what_ports_does(resolver_of, ipv4, name, kind, port):
    resolver = resolver_of(ipv4)
    with pytest.raises(kind) as caught:
        resolver.port(name, port)
    with pytest.raises(kind) as expected:
        resolver.ports(name)
    assert (caught.value.problem, caught.value.advice) == (expected.value.problem, expected.value.advice)


def test_of_a_number_the_protocol_takes_no_part_but_must_be_one(resolver_of, ipv4):
    resolver = resolver_of(ipv4)
    assert resolver.port("payments", 8125, "udp") == resolver.port("payments", 8125)
    with pytest.raises(InvalidName, match="tcp, udp or sctp"):
        resolver.port("payments", 80, "icmp")


# NAMESPACE/NAME.


def test_a_service_is_named_by_its_namespace_and_name_everywhere(resolver_of, ipv4):
    resolver = resolver_of(ipv4, namespace="data")
    assert resolver.service("shop/payments") == resolver.service("payments.shop")
    assert resolver.port("Shop/Payments", "http") == resolver.port("payments.shop", "http")
    assert resolver.ports("shop/payments") == resolver.ports("payments.shop")
    assert resolver.endpoints("data/cassandra") == resolver.endpoints("cassandra.data")


@pytest.mark.parametrize("name", ["/payments", "shop/", "shop/payments.", "shop/payments/http", "a.b/c", "a/b.c"])
def test_what_has_a_slash_and_is_no_namespace_with_a_name_is_refused(resolver_of, ipv4, name):
    with pytest.raises(InvalidName, match="ns/svc"):
        resolver_of(ipv4).service(name)
    assert asked(ipv4) == []


@pytest.mark.parametrize("ports", ["http", b"http", 80, None, PortName("http")])
def test_ports_takes_a_list(resolver_of, ipv4, ports):
    with pytest.raises(InvalidName, match="list of port names"):
        resolver_of(ipv4).service("payments", ports=ports)


def test_a_protocol_is_tcp_udp_or_sctp(resolver_of, ipv4):
    for protocol in ("http", "", None, 6):
        with pytest.raises(InvalidName, match="tcp, udp or sctp"):
            resolver_of(ipv4).port("payments", "http", protocol)


@pytest.mark.parametrize("address", ["", "payments", "10.1.1", "10.1.1.1/8", None, 5, b"\x0a\0\0\1", True])
def test_what_is_no_address_is_refused_before_any_packet(resolver_of, ipv4, address):
    resolver = resolver_of(ipv4)
    for call in (resolver.reverse, resolver.pod):
        with pytest.raises(InvalidName, match="no IP address"):
            call(address)
    assert asked(ipv4) == []


@pytest.mark.parametrize("namespace", ["", "a.b", "a_b", 5, b"shop"])
def test_what_is_no_namespace_is_refused(resolver_of, ipv4, namespace):
    with pytest.raises(InvalidName, match="no namespace"):
        resolver_of(ipv4).pod("10.1.1.1", namespace)


@pytest.mark.parametrize(
    "options",
    [{"family": "ipv5"}, {"family": None}, {"policy": "bind"}, {"policy": None}, {"in_flight": 0}],
    ids=str,
)
def test_options_that_are_none(resolver_of, ipv4, options):
    with pytest.raises(ConfigError):
        resolver_of(ipv4, **options)


# Where the pod is in the cluster.

NODE = ResolverConfig(search=("corp.example",), ndots=1, source="/etc/resolv.conf")


@pytest.mark.parametrize(
    "call",
    [
        ("service", "payments"),
        ("service", "payments.shop"),
        ("port", "payments.shop.svc", "http"),
        ("ports", "payments"),
        ("endpoints", "payments"),
        ("pod", "10.1.1.1", "shop"),
    ],
    ids=" ".join,
)
def test_without_a_cluster_domain_nothing_is_asked_and_the_error_says_what_to_do(resolver_of, ipv4, call):
    method, *args = call
    with pytest.raises(ConfigError) as caught:
        getattr(resolver_of(ipv4, config=NODE), method)(*args)
    said = str(caught.value)
    assert said.startswith(f"{args[0]}: the cluster domain is not known")
    for advice in ("/etc/resolv.conf", "dnsPolicy: ClusterFirstWithHostNet", "cluster_domain=", "for_cluster()"):
        assert advice in said
    assert asked(ipv4) == []


def test_a_full_name_needs_no_cluster_domain(resolver_of, ipv4):
    resolver = resolver_of(ipv4, config=NODE)
    assert resolver.port("payments.shop.svc.cluster.local", "http").number == 80
    assert resolver.service(PAYMENTS).addresses


def test_what_is_no_name_at_all_is_said_first(resolver_of, ipv4):
    with pytest.raises(InvalidName):
        resolver_of(ipv4, config=NODE).service("api.example.com")


def test_a_cluster_domain_given_is_enough_but_for_the_namespace(resolver_of, ipv4):
    resolver = resolver_of(ipv4, config=NODE, cluster_domain="Cluster.Local.")
    assert resolver.service("payments.shop").name == PAYMENTS
    for call in (lambda: resolver.service("payments"), lambda: resolver.pod("10.1.1.1")):
        with pytest.raises(ConfigError, match=r"the namespace is not known.*namespace="):
            call()


def test_for_cluster_places_a_program_outside(resolver_of, ipv4):
    resolver = resolver_of(ipv4, config=ResolverConfig.for_cluster("10.244.0.2", namespace="shop"))
    assert resolver.service("payments").name == PAYMENTS
    with pytest.raises(NoSuchName, match=r"from 10\.244\.0\.2"):
        resolver.service("nope")


def test_arguments_win_over_the_search_list(ipv4):
    config = ResolverConfig.for_cluster("10.96.0.10", namespace="default", cluster_domain="wrong.test")
    resolver = OfflineResolver(
        Place(config, ipv4.network, frozenset({4})),
        ipv4.clock,
        Options(namespace="Shop", cluster_domain="cluster.local"),
    )
    assert resolver.service("payments").name == PAYMENTS
    assert resolver.service("workers.data").name.cluster_domain == "cluster.local"


def test_another_cluster_domain(resolver_of):
    options = KubernetesOptions(zones=("k8s.corp.example.", "in-addr.arpa.", "ip6.arpa."))
    cluster = Cluster.from_objects(IPV4_OBJECTS, options=options)
    resolver = resolver_of(cluster)
    assert resolver.service("payments").name.fqdn == "payments.shop.svc.k8s.corp.example."
    assert resolver.reverse("10.96.20.1") == (ServiceName("payments", "shop", "k8s.corp.example"),)


# A configuration that was not there.


def test_a_missing_resolv_conf_is_quoted_where_it_may_explain_the_failure(resolver_of, ipv4):
    missing = Finding(
        severity="error", problem="there is no such file, so the nameserver is 127.0.0.1", source="/etc/resolv.conf"
    )
    line = Finding(severity="warning", problem="ignored", line=3)
    config = ResolverConfig(diagnostics=(missing, line))
    quoted = r"/etc/resolv\.conf: there is no such file, so the nameserver is 127\.0\.0\.1"
    resolver = resolver_of(ipv4, config=config)
    with pytest.raises(ConfigError, match=quoted):
        resolver.service("payments")
    ipv4.network.drop()
    with pytest.raises(LookupTimeout, match=rf"^api\.example\.com: .*from 127\.0\.0\.1 .*; {quoted}$"):
        resolver.addresses("api.example.com", timeout=1)
    ipv4.network.exchange = lambda _send, _message: [Arrival(0.0, None, "Connection refused")]
    with pytest.raises(NetworkError, match=quoted):
        resolver.port("payments.shop.svc.cluster.local", "http")


# The end.


def test_a_closed_resolver_says_so(resolver_of, ipv4):
    resolver = resolver_of(ipv4)
    resolver.close()
    resolver.close()
    for call in (lambda: resolver.service("payments"), lambda: resolver.addresses("localhost")):
        with pytest.raises(ResolverClosed):
            call()


def test_a_resolver_closed_by_another_thread_ends_the_lookup(ipv4):
    with ipv4.resolver(namespace="shop") as resolver:
        for make in (
            lambda: services.service(resolver._line.setting, "payments"),
            lambda: services.port(resolver._line.setting, "payments", "http"),
            lambda: hosts.addresses(resolver._line.setting, "payments."),
        ):
            lookup = make()
            next(lookup)
            with pytest.raises(ResolverClosed):
                lookup.send((Failed("closed"),))


# What was remembered says so.


def test_an_error_from_memory_tells_how_old_it_is_and_replays_no_milliseconds(resolver_of, ipv4):
    resolver = resolver_of(ipv4)
    with pytest.raises(NoSuchName) as first:
        resolver.service("nope")
    assert [attempt.age for attempt in first.value.attempts] == [None]
    assert "(NXDOMAIN from 10.96.0.10 in 0.5 ms)" in str(first.value)
    ipv4.clock.advance(3)
    with pytest.raises(NoSuchName) as again:
        resolver.service("nope")
    (attempt,) = again.value.attempts
    assert (attempt.outcome, attempt.nameserver, attempt.age) == ("NXDOMAIN", "10.96.0.10", pytest.approx(3.0))
    assert "tried nope.shop.svc.cluster.local. (NXDOMAIN from 10.96.0.10, remembered, 3 s old)" in str(again.value)
    assert str(attempt) == "nope.shop.svc.cluster.local. A (NXDOMAIN from 10.96.0.10 remembered, 3 s old)"


def test_so_does_an_explanation(resolver_of, ipv4):
    resolver = resolver_of(ipv4)
    (first, *_) = resolver.explain("payments").candidates
    assert (first.milliseconds, first.age) == (0.5, None)
    ipv4.clock.advance(3)
    (again, *_) = resolver.explain("payments").candidates
    assert (again.outcome, again.milliseconds, again.age) == ("found", None, pytest.approx(3.0))


# Offline resolvers go by the options of their resolv.conf.


def test_an_offline_resolver_rotates(resolver_of, ipv4):
    config = attrs.evolve(ipv4.config("shop"), nameservers=["10.96.0.8", "10.96.0.9"], flags=["rotate"])
    resolver = resolver_of(ipv4, namespace=None, config=config)
    for _ in range(4):
        resolver.service("payments", fresh=True)
    assert [query.nameserver for query in ipv4.queries] == ["10.96.0.8", "10.96.0.9", "10.96.0.8", "10.96.0.9"]


def test_a_probe_beside_the_first_send_is_no_resend(resolver_of, ipv4):
    config = attrs.evolve(ipv4.config("shop"), nameservers=["10.96.0.8", "10.96.0.9"])
    resolver = resolver_of(ipv4, namespace=None, config=config)
    closed = ipv4.network.refuse(nameserver="10.96.0.8")
    resolver.service("payments", fresh=True)
    assert resolver.stats().resends == 1
    closed.stop()
    ipv4.clock.advance(6)
    resolver.service("payments", fresh=True)
    assert (resolver.stats().sends, resolver.stats().resends) == (4, 1)
