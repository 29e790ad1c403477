"""A small cluster behind any Corefile, and questions to it.

What is expected of plugins follows their pages in the CoreDNS manual; tests/live/ compares with a real one.
"""

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import yaml

from k8sresolve.testing import Cluster

OBJECTS = """
{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: a}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: data}}
---
{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop, labels: {tier: front}},
 spec: {clusterIP: 10.96.0.2, ports: [{name: http, port: 80}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: db, namespace: shop},
 spec: {clusterIP: None, ports: [{name: pg, port: 5432}]}}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4,
 metadata: {name: db-1, namespace: shop, labels: {kubernetes.io/service-name: db}},
 endpoints: [{addresses: [10.1.0.1]}, {addresses: [10.1.0.2]}, {addresses: [10.1.0.3]}, {addresses: [10.1.0.4]}],
 ports: [{name: pg, port: 5432}]}
---
{apiVersion: v1, kind: Service, metadata: {name: out, namespace: shop},
 spec: {type: ExternalName, externalName: api.example.com}}
---
{apiVersion: v1, kind: Pod, metadata: {name: client, namespace: shop}, status: {podIP: 10.1.0.9, phase: Running}}
"""
KUBERNETES = "kubernetes cluster.local in-addr.arpa {\n pods verified\n ttl 30\n fallthrough in-addr.arpa\n}"
UPSTREAM = {
    "example.com": """
@ 3600 SOA ns admin 1 2 3 4 900
@ NS ns
ns A 192.0.2.53
api 7200 A 192.0.2.80
short 2 A 192.0.2.2
"""
}
WEB = "web.shop.svc.cluster.local."


def cluster(*plugins, zone=".", **rest):
    text = f"{zone} {{\n" + "\n".join(plugins) + "\n}\n"
    return Cluster.from_objects(yaml.safe_load_all(OBJECTS), corefile=text, upstream=UPSTREAM, **rest)


def ask(cluster, name, rdtype="A", *, client="", dnssec=False, tcp=True):
    query = dns.message.make_query(name, rdtype, want_dnssec=dnssec)
    reply = dns.message.from_wire(cluster.respond(query.to_wire(), tcp=tcp, client=client), one_rr_per_rrset=True)
    assert reply.question[0].name.to_text() == name
    return reply


def lines(section):
    return [
        f"{rrset.name} {rrset.ttl} {dns.rdatatype.to_text(rrset.rdtype)} {rrset[0]}"
        for rrset in section
        if rrset.rdtype != dns.rdatatype.SOA
    ]


def answer(cluster, name, rdtype="A", **rest):
    return lines(ask(cluster, name, rdtype, **rest).answer)


def outcome(cluster, name, rdtype="A", **rest):
    reply = ask(cluster, name, rdtype, **rest)
    rcode = dns.rcode.to_text(reply.rcode())
    return "NODATA" if rcode == "NOERROR" and not reply.answer else rcode


def ttl(cluster, name, rdtype="A"):
    reply = ask(cluster, name, rdtype)
    (only,) = {rrset.ttl for rrset in (*reply.answer, *reply.authority, *reply.additional)}
    return only
