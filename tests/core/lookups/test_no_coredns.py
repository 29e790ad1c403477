"""Nameservers of clusters that are no CoreDNS: what is said where they answer otherwise.

kube-dns has SRV of port 0 at a Service's own name, one for each address (`getRecordsForPath` in pkg/dns/dns.go of
kubernetes/dns), PTR for ClusterIPs and hostnames alone (`ReverseRecord`), and no pod's name of an IPv6 address
(`getPodIP`). Others have what the Kubernetes DNS specification demands, which knows no SRV there (section 2.3.2).
"""

from textwrap import dedent

import pytest

from k8sresolve import NoData, NoSuchName, NotHeadless, ServiceName
from k8sresolve.testing import Cluster

COREFILE = ".:53 {\n    forward . 192.0.2.1\n}\n"
START = "@ 30 IN SOA ns.dns hostmaster 1 28800 7200 604800 60"
SPECIFIED = f"""
{START}
web.shop.svc                   30 IN A    10.96.20.1
_http._tcp.web.shop.svc        30 IN SRV  10 100 80 web.shop.svc
db.shop.svc                    30 IN A    10.244.1.7
db.shop.svc                    30 IN A    10.244.1.8
db-0.db.shop.svc               30 IN A    10.244.1.7
3165316138.db.shop.svc         30 IN A    10.244.1.8
_sql._tcp.db.shop.svc          30 IN SRV  10 50 5432 db-0.db.shop.svc
_sql._tcp.db.shop.svc          30 IN SRV  10 50 5432 3165316138.db.shop.svc
fd00--7.shop.pod               30 IN TXT  "of another type alone"
"""
KUBE_DNS = f"""{SPECIFIED}
web.shop.svc                   30 IN SRV  10 100 0 3830353933.web.shop.svc
3830353933.web.shop.svc        30 IN A    10.96.20.1
db.shop.svc                    30 IN SRV  10 50 0 db-0.db.shop.svc
db.shop.svc                    30 IN SRV  10 50 0 3165316138.db.shop.svc
"""
POINTERS = {
    "96.10.in-addr.arpa.": f"{START}\n1.20 30 IN PTR web.shop.svc.cluster.local.\n",
    "244.10.in-addr.arpa.": f"{START}\n7.1 30 IN PTR db-0.db.shop.svc.cluster.local.\n",
}


def resolver(zone: str):
    upstream = {"cluster.local.": dedent(zone), **POINTERS}
    return Cluster.from_objects((), corefile=COREFILE, upstream=upstream).resolver(namespace="shop", family="ipv4")


@pytest.fixture
def kube_dns():
    with resolver(KUBE_DNS) as made:
        yield made


@pytest.mark.parametrize("zone", [SPECIFIED, KUBE_DNS], ids=["specified", "kube-dns"])
@pytest.mark.parametrize("call", [("ports", "web"), ("port", "web", 80), ("port", "web"), ("ports", "db")], ids=str)
def test_ports_are_not_listed_and_nobody_says_that_the_service_is_not_there(zone, call):
    method, *arguments = call
    with resolver(zone) as made, pytest.raises(NoData) as raised:
        getattr(made, method)(*arguments)
    assert "CoreDNS" in raised.value.advice
    assert "port(NAME, 'http')" in raised.value.advice
    assert "no Service" not in str(raised.value)


@pytest.mark.parametrize("zone", [SPECIFIED, KUBE_DNS], ids=["specified", "kube-dns"])
def test_a_port_by_its_name_is_what_the_advice_says(zone):
    with resolver(zone) as made:
        assert made.port("web", "http").number == 80
        assert [(str(e.address), e.port) for e in made.endpoints("db", "sql")] == [
            ("10.244.1.7", 5432),
            ("10.244.1.8", 5432),
        ]


def test_that_port_is_0_is_told(kube_dns):
    with pytest.raises(NoData) as raised:
        kube_dns.ports("web")
    assert raised.value.problem == "the nameserver tells no port's number here (SRV has port 0, as kube-dns writes)"


@pytest.mark.parametrize("zone", [SPECIFIED, KUBE_DNS], ids=["specified", "kube-dns"])
def test_a_cluster_ip_is_no_endpoint(zone):
    with resolver(zone) as made, pytest.raises(NotHeadless):
        made.endpoints("web")


@pytest.mark.parametrize("zone", [SPECIFIED, KUBE_DNS], ids=["specified", "kube-dns"])
def test_pods_are_listed_by_address_and_named_as_far_as_ptr_does(zone):
    with resolver(zone) as made:
        found = made.endpoints("db")
    assert [(str(e.address), e.port, e.hostname) for e in found] == [
        ("10.244.1.7", None, "db-0"),
        ("10.244.1.8", None, None),
    ]


def test_a_pod_without_a_hostname_may_have_a_service_all_the_same(kube_dns):
    assert kube_dns.reverse("10.96.20.1") == (ServiceName("web", "shop"),)
    with pytest.raises(NoSuchName) as raised:
        kube_dns.reverse("10.244.1.8")
    assert "kube-dns only of ClusterIPs" in raised.value.advice


def test_an_ipv6_pod_may_be_there_all_the_same(kube_dns):
    with pytest.raises(NoData) as raised:
        kube_dns.pod("fd00::7")
    assert "IPv4 addresses alone" in raised.value.advice


def test_a_port_of_0_beside_others_is_a_port_as_any():
    """An EndpointSlice of one's own may have one: the API server takes it."""
    with resolver(f"{KUBE_DNS}\nweb.shop.svc 30 IN SRV 10 50 80 web.shop.svc\n") as made:
        assert [port.number for port in made.ports("web")] == [0, 80]
