"""What all adapters have in common: which names go to the resolver, and which port is meant."""

import asyncio
import socket

import attrs
import pytest

from k8sresolve import AsyncResolver, ConfigError, InvalidName, NoSuchName, Resolver, ResolverConfig, parse_resolv_conf
from k8sresolve.contrib._names import AsyncNames, Names
from k8sresolve.contrib._scope import may_be_the_clusters, srv_host
from k8sresolve.errors import InvalidHints, ServerFailure
from k8sresolve.testing import Cluster

SHOP = "docs/examples/shop.yaml"
POD = b"nameserver 10.96.0.10\nsearch shop.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n"
# As Docker writes it for a container in a network of its own.
DOCKER = b"nameserver 127.0.0.11\nsearch corp.example.com\noptions edns0 trust-ad ndots:0\n"
# As systemd-resolved and a VPN's client leave it.
LAPTOP = b"nameserver 127.0.0.53\noptions edns0 trust-ad\nsearch vpn.example.com fritz.box\n"


@pytest.fixture
def cluster():
    return Cluster.from_manifests(SHOP)


@pytest.fixture
def names(cluster):
    with cluster.resolver(namespace="shop") as resolver:
        yield Names(resolver)


# Which names.


@pytest.mark.parametrize(
    ("host", "taken"),
    [
        ("payments", True),
        ("PAYMENTS", True),
        ("payments.shop", True),
        ("example.com", True),
        ("payments.shop.svc", True),
        ("cassandra-0.cassandra.data.svc", True),
        ("payments.shop.svc.cluster.local", True),
        ("payments.shop.svc.cluster.local.", True),
        ("10-244-1-7.shop.pod.CLUSTER.local", True),
        ("_http._tcp.payments", True),
        ("_http._tcp.payments.shop.svc.cluster.local", True),
        ("_dns._UDP.kube-dns.kube-system", True),
        ("www.example.com", False),
        ("example.com.", False),
        ("payments.", False),
        ("payments.shop.svc.cluster.locale", False),
        ("payments.shop.svc.othercluster.local", False),
        ("_sip._tcp.www.example.com", False),
        ("_x._quic.payments", False),
        ("my_host", False),
        ("münchen", False),
        ("10.96.0.1", False),
        ("::1", False),
        ("", False),
        (".", False),
        ("a..b", False),
    ],
)
def test_which_names_are_or_may_be_the_clusters(host, taken):
    assert may_be_the_clusters(host, "cluster.local") is taken


@pytest.mark.parametrize(
    ("resolv_conf", "taken"),
    [(POD, ["payments", "api.payments"]), (DOCKER, []), (LAPTOP, [])],
    ids=["pod", "docker", "vpn"],
)
def test_all_goes_where_it_went_where_no_cluster_domain_is_known(resolv_conf, taken):
    hosts = ["payments", "api.payments", "www.example.com", "10.0.0.1", None]
    with Resolver(parse_resolv_conf(resolv_conf)) as resolver:
        assert [host for host in hosts if Names(resolver).takes(host)] == taken
        assert [host for host in hosts if Names(resolver, "all").takes(host)] == hosts[:-1]


def test_a_cluster_domain_that_is_given_is_known():
    with Resolver(parse_resolv_conf(LAPTOP), cluster_domain="cluster.test") as resolver:
        assert Names(resolver).takes(b"payments.shop.svc.cluster.test")
        assert not Names(resolver).takes(b"payments.shop.svc.cluster.local")


@pytest.mark.parametrize("value", ["1", "true", "yes", " ON "])
def test_the_environment_turns_all_of_it_off(monkeypatch, names, value):
    monkeypatch.setenv("K8SRESOLVE_DISABLE", value)
    assert names.takes("payments")  # read as an adapter is made
    assert not Names(names.resolver).takes("payments")
    assert not Names(names.resolver, "all").takes("payments")


@pytest.mark.parametrize("value", ["", "0", "false", "No", "off"])
def test_the_environment_may_say_no(monkeypatch, names, value):
    monkeypatch.setenv("K8SRESOLVE_DISABLE", value)
    assert Names(names.resolver).takes("payments")


def test_what_is_no_scope_or_no_resolver(names):
    with pytest.raises(ConfigError, match=r"^there is no scope 'pod'; use one of cluster, all$"):
        Names(scope="pod")
    with pytest.raises(ConfigError, match=r" is no AsyncResolver; give an AsyncResolver, or none$"):
        AsyncNames(names.resolver)
    with pytest.raises(ConfigError, match=r"^resolver='10\.96\.0\.10' is no Resolver; give a Resolver, or none$"):
        Names("10.96.0.10")


def test_without_a_resolver_it_is_the_processs_own(monkeypatch, tmp_path):
    path = tmp_path / "resolv.conf"
    path.write_bytes(POD)
    monkeypatch.setattr("k8sresolve._system.RESOLV_CONF", str(path))
    monkeypatch.setattr("k8sresolve._default._made", {})
    assert Names().resolver is Names().resolver
    assert isinstance(Names().resolver, Resolver)
    assert AsyncNames().resolver is AsyncNames().resolver
    assert isinstance(AsyncNames().resolver, AsyncResolver)
    assert Names().takes("payments")


# Which port.


def places(found):
    return sorted(address[:2] for *_, address in found)


def test_srv_hosts():
    assert srv_host("_SQL._tcp.db.shop") == ("sql", "tcp", "db.shop")
    for host in ("_sql._tcp", "_sql._tcp.", "sql._tcp.db", "_sql.tcp.db", "db.shop", "_sql._quic.db"):
        assert srv_host(host) is None


@pytest.mark.parametrize(
    ("host", "port", "expected"),
    [
        ("payments", 8080, [("10.96.20.1", 8080)]),
        ("payments", "8080", [("10.96.20.1", 8080)]),
        ("payments", "http", [("10.96.20.1", 80)]),
        (b"payments.shop", b"http", [("10.96.20.1", 80)]),
        ("payments.shop.svc.cluster.local.", "http", [("10.96.20.1", 80)]),
        ("_http._tcp.payments", 1, [("10.96.20.1", 80)]),
        ("_http._tcp.payments.shop.svc.cluster.local", None, [("10.96.20.1", 80)]),
        ("cassandra.data", "cql", [(f"10.244.{n}.21", 9042) for n in (1, 2, 3)]),
        ("_cql._tcp.cassandra.data", 443, [(f"10.244.{n}.21", 9042) for n in (1, 2, 3)]),
        # These are no Services: services(5) has the words.
        ("127.0.0.1", "https", [("127.0.0.1", 443)]),
        ("127.1", "https", [("127.0.0.1", 443)]),
        ("cassandra-0.cassandra.data.svc.cluster.local", "https", [("10.244.1.21", 443)]),
    ],
)
def test_a_number_a_name_and_an_srv_host(names, host, port, expected):
    assert places(names.getaddrinfo(host, port, type=socket.SOCK_STREAM)) == expected


def test_a_name_and_its_addresses_are_asked_at_once(cluster, names):
    names.getaddrinfo("payments.shop", "http", type=socket.SOCK_STREAM)
    assert [(query.name, query.rdtype) for query in cluster.queries] == [
        ("payments.shop.svc.cluster.local.", "A"),
        ("payments.shop.svc.cluster.local.", "AAAA"),
        ("_http._tcp.payments.shop.svc.cluster.local.", "SRV"),
    ]
    assert cluster.clock.monotonic() < 0.001  # one round of half a millisecond


def test_a_service_without_that_port_has_not_that_of_services(names):
    with pytest.raises(InvalidHints, match=r"^payments: the Service has no port 'https' \(tcp\); tried ") as caught:
        names.getaddrinfo("payments", "https", type=socket.SOCK_STREAM)
    assert caught.value.errno == socket.EAI_SERVICE
    with pytest.raises(NoSuchName, match=r"^_https\._tcp\.payments: the Service has no port 'https' \(tcp\); tried "):
        names.getaddrinfo("_https._tcp.payments", 443)


def outside(zone):
    """A cluster whose nameserver knows this of `com.`, too."""
    upstream = {"com.": f"@ 60 SOA ns.com. admin.com. 1 60 60 60 60\n@ 60 NS ns.com.\n{zone}\n"}
    return Cluster.from_manifests(SHOP, upstream=upstream)


def test_an_srv_host_whose_port_can_be_none_is_named_as_typed(cluster, names):
    with pytest.raises(InvalidName, match=r"^_-x\._tcp\.payments: '-x' is no port name"):
        names.getaddrinfo("_-x._tcp.payments", 1)
    assert not cluster.queries


def test_where_a_number_is_demanded_a_name_is_none(cluster, names):
    with pytest.raises(OSError, match=r"^payments: ") as caught:
        names.getaddrinfo("payments", "http", type=socket.SOCK_STREAM, flags=socket.AI_NUMERICSERV)
    assert caught.value.errno == socket.EAI_NONAME
    assert not cluster.queries


def test_what_reads_as_a_service_and_is_none_is_searched_for():
    with outside("example 60 A 192.0.2.1").resolver(namespace="shop") as resolver:
        found = Names(resolver).getaddrinfo("example.com", "https", type=socket.SOCK_STREAM)
    assert places(found) == [("192.0.2.1", 443)]


def test_an_external_name_has_no_ports_of_its_own():
    with outside("api.example 60 A 192.0.2.2").resolver(namespace="shop") as resolver:
        found = Names(resolver).getaddrinfo("billing", "https", type=socket.SOCK_STREAM)
    assert places(found) == [("192.0.2.2", 443)]


def test_names_of_the_hosts_file_have_ports_of_services():
    config = attrs.evolve(ResolverConfig.for_cluster("10.96.0.10"), hosts=(("payments", ("127.0.0.9",)),))
    with Resolver(config) as resolver:  # nothing is asked
        found = Names(resolver).getaddrinfo("payments", "https", type=socket.SOCK_STREAM)
    assert places(found) == [("127.0.0.9", 443)]


def test_the_protocol_is_that_of_the_socket():
    cluster = Cluster.from_manifests(SHOP)
    with cluster.resolver(namespace="kube-system") as resolver:
        names = Names(resolver)
        for type_, proto in ((socket.SOCK_DGRAM, 0), (0, socket.IPPROTO_UDP)):
            [(_, kind, protocol, _, address)] = names.getaddrinfo("kube-dns", "dns", type=type_, proto=proto)
            assert (kind, protocol, address[1]) == (socket.SOCK_DGRAM, socket.IPPROTO_UDP, 53)
        assert places(names.getaddrinfo("kube-dns", "dns-tcp", type=socket.SOCK_STREAM)) == [("10.96.0.10", 53)]
        # With none given tcp is the likelier, and each result has its kind of socket.
        assert [info[1] for info in names.getaddrinfo("kube-dns", "dns-tcp")] == [socket.SOCK_STREAM]
        assert [info[1] for info in names.getaddrinfo("kube-dns", "dns")] == [socket.SOCK_DGRAM]


def test_the_family_and_the_canonical_name_are_those_asked_for(names):
    found = names.getaddrinfo("cassandra.data", "cql", socket.AF_INET, socket.SOCK_STREAM, 0, socket.AI_CANONNAME)
    assert [info[3] for info in found] == ["cassandra.data.svc.cluster.local", "", ""]
    with pytest.raises(InvalidHints, match=r"^cassandra\.data: "):
        names.getaddrinfo("cassandra.data", "cql", socket.AF_INET6, socket.SOCK_STREAM)


def test_a_failure_that_may_pass_is_no_missing_port(cluster, names):
    cluster.network.rcode("SERVFAIL")
    with pytest.raises(ServerFailure, match=r"^payments: "):
        names.getaddrinfo("payments", "http", type=socket.SOCK_STREAM)


def test_one_timeout_bounds_all_steps(cluster, names):
    cluster.network.drop()
    begun = cluster.clock.monotonic()
    with pytest.raises(OSError, match=r"^\[Errno|payments: "):
        names.getaddrinfo("payments", "http", type=socket.SOCK_STREAM, timeout=0.5)
    assert cluster.clock.monotonic() - begun == pytest.approx(0.5, abs=0.01)


def test_the_same_awaited(cluster):
    async def main():
        async with cluster.async_resolver(namespace="shop") as resolver:
            names = AsyncNames(resolver)
            found = await names.getaddrinfo("payments", "http", type=socket.SOCK_STREAM)
            with pytest.raises(InvalidHints, match="no port 'https'"):
                await names.getaddrinfo("payments", "https", type=socket.SOCK_STREAM)
            return places(found)

    assert asyncio.run(main()) == [("10.96.20.1", 80)]
