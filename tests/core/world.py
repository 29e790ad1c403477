"""A small cluster of unlike Services, and the zones behind it, for the tests of lookups.

Addresses are chosen here, so that expected values can be written down by hand.
"""

from textwrap import dedent

from k8sresolve.testing import Cluster

_ZONES = {
    "example.com.": """
        @             60 IN SOA ns.example.com. admin.example.com. 1 7200 1800 86400 60
        api           60 IN A    192.0.2.80
        api           20 IN AAAA 2001:db8::80
        six           60 IN AAAA 2001:db8::6
        www           60 IN CNAME api
        nowhere       60 IN CNAME gone
        both.shop.svc 60 IN A    192.0.2.9
        text          60 IN TXT  "hello world"
        mail          60 IN MX   10 mx.example.com.
    """,
    "clusterset.local.": """
        @                         30 IN SOA ns.dns hostmaster 1 7200 1800 86400 5
        payments.shop.svc         30 IN A   198.51.100.1
        _http._tcp.payments.shop.svc 30 IN SRV 0 100 8443 payments.shop.svc
        _none._tcp.payments.shop.svc 30 IN SRV 0 0 0 .
        _far._tcp.payments.shop.svc  30 IN SRV 0 10 80 api.example.com.
        _far._tcp.payments.shop.svc  30 IN SRV 1 10 80 six.example.com.
        _lost._tcp.payments.shop.svc 30 IN SRV 0 10 80 gone.example.com.
    """,
    ".": "@ 86400 IN SOA a.root-servers.net. nstld.verisign-grs.com. 1 1800 900 604800 86400",
}
# In a zone file a blank at the start of a line stands for the owner before it.
UPSTREAM = {origin: dedent(text) for origin, text in _ZONES.items()}


def _metadata(place, **labels):
    namespace, _, name = place.partition("/")
    return {"namespace": namespace, "name": name, "labels": labels}


def service(place, *ports, **spec):
    """A Service `namespace/name`; ports are `name number [protocol]`."""
    listed = [dict(zip(("name", "port", "protocol"), port.split(), strict=False)) for port in ports]
    for port in listed:
        port["port"] = int(port["port"])
    return {"apiVersion": "v1", "kind": "Service", "metadata": _metadata(place), "spec": {**spec, "ports": listed}}


def headless(place, *ports, **spec):
    return service(place, *ports, clusterIP="None", **spec)


def alias(place, target):
    return service(place, type="ExternalName", externalName=target)


def pods(place, *addresses, ports=(), ready=True, part="a"):
    """An EndpointSlice of a Service; addresses are `address [hostname]`, ports `name number`."""
    family = "IPv6" if ":" in addresses[0] else "IPv4"
    endpoints = []
    for entry in addresses:
        address, _, hostname = entry.partition(" ")
        endpoint = {"addresses": [address], "conditions": {"ready": ready}}
        endpoints.append({**endpoint, "hostname": hostname} if hostname else endpoint)
    metadata = _metadata(place, **{"kubernetes.io/service-name": place.partition("/")[2]})
    metadata["name"] += f"-{family.lower()}-{part}"
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": metadata,
        "addressType": family,
        "endpoints": endpoints,
        "ports": [{"name": port.split()[0], "port": int(port.split()[1]), "protocol": "TCP"} for port in ports],
    }


def namespace(name):
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


IPV4_OBJECTS = (
    *map(namespace, ("default", "shop", "data", "kube-system")),
    service("shop/payments", "http 80 TCP", "grpc 9090 TCP", "stats 8125 UDP", clusterIP="10.96.20.1"),
    service("shop/portless", clusterIP="10.96.20.9"),
    alias("shop/outside", "www.example.com"),
    alias("shop/inside", "payments.shop.svc.cluster.local"),
    alias("shop/hop", "outside.shop.svc.cluster.local"),
    alias("shop/dangling", "gone.example.com"),
    alias("shop/lost", "gone.shop.svc.cluster.local"),
    headless("data/cassandra", "cql 9042 TCP"),
    pods("data/cassandra", "10.244.2.7 cassandra-1", "10.244.1.7 cassandra-0", ports=["cql 9042"]),
    headless("data/workers", "http 80 TCP"),
    pods("data/workers", "10.244.3.1", "10.244.3.2", ports=["http 8080"]),
    # Two pods have unlike numbers for `http`, and one has no such port.
    headless("data/mixed", "http 80 TCP", "admin 81 TCP"),
    pods("data/mixed", "10.244.4.1 mixed-0", ports=["http 8080", "admin 7000"]),
    pods("data/mixed", "10.244.4.2 mixed-1", ports=["http 9000", "admin 7000"], part="b"),
    pods("data/mixed", "10.244.4.3 mixed-2", ports=["admin 7000"], part="c"),
    # One pod has none of the Service's ports, so no SRV record names it.
    headless("data/blend", "http 80 TCP"),
    pods("data/blend", "10.244.8.1 blend-0", ports=["http 8080"]),
    pods("data/blend", "10.244.8.2 blend-1", part="b"),
    headless("data/asleep", "http 80 TCP"),
    pods("data/asleep", "10.244.6.1 asleep-0", ports=["http 8080"], ready=False),
    headless("data/bare"),
    pods("data/bare", "10.244.5.2", "10.244.5.1 bare-0"),
)

DUAL_OBJECTS = (
    *IPV4_OBJECTS,
    service(
        "shop/dual",
        "http 80 TCP",
        clusterIP="10.96.20.2",
        clusterIPs=["10.96.20.2", "fd00:10:96::20"],
        ipFamilies=["IPv4", "IPv6"],
        ipFamilyPolicy="RequireDualStack",
    ),
    service("shop/six", "http 8080 TCP", clusterIP="fd00:10:96::6", clusterIPs=["fd00:10:96::6"], ipFamilies=["IPv6"]),
    headless("data/pair", "http 80 TCP", ipFamilies=["IPv4", "IPv6"], ipFamilyPolicy="RequireDualStack"),
    pods("data/pair", "10.244.7.1 pair-0", ports=["http 8080"]),
    pods("data/pair", "fd00:10:244::7:1 pair-0", ports=["http 8080"]),
)


def ipv4_cluster(*more):
    """A cluster in which `auto` asks for A alone."""
    return Cluster.from_objects((*IPV4_OBJECTS, *more), upstream=UPSTREAM)


def dual_cluster(*more):
    """A cluster in which `auto` asks for A and AAAA."""
    return Cluster.from_objects((*DUAL_OBJECTS, *more), upstream=UPSTREAM)
