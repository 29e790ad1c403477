"""The plugin `k8s_external`, by its documentation; tests/live/test_blocks.py has its forms beside a real one."""

import pytest
import yaml

from k8sresolve.errors import ManifestError
from k8sresolve.testing import Cluster
from tests.testing.coredns.world import OBJECTS, UPSTREAM, answer, ask, cluster, lines, outcome

OUTSIDE = """
---
{apiVersion: v1, kind: Service, metadata: {name: shown, namespace: shop},
 spec: {clusterIP: 10.96.0.7, externalIPs: [192.0.2.7], ports: [{name: http, port: 80}]},
 status: {loadBalancer: {ingress: [{ip: "2001:db8::7"}, {hostname: api.example.com}]}}}
"""
NAME = "shown.shop.corp.example."


def external(*options, kubernetes="kubernetes cluster.local", **rest):
    plugin = "k8s_external corp.example in-addr.arpa {\n" + "\n".join(options) + "\n}"
    text = f". {{\n{kubernetes}\n{plugin}\nforward . 9.9.9.9\n}}\n"
    return Cluster.from_objects(yaml.safe_load_all(OBJECTS + OUTSIDE), corefile=text, upstream=UPSTREAM, **rest)


def test_a_service_has_the_addresses_that_it_shows_outside():
    made = external("ttl 9")
    assert answer(made, NAME) == [
        f"{NAME} 9 A 192.0.2.7",
        f"{NAME} 5 CNAME api.example.com.",
        "api.example.com. 7200 A 192.0.2.80",
    ]
    assert answer(made, NAME, "AAAA")[0] == f"{NAME} 9 AAAA 2001:db8::7"


def test_srv_names_the_service_and_reverse_names_lead_to_it():
    made = external()
    reply = ask(made, f"_http._tcp.{NAME}", "SRV")
    assert lines(reply.answer)[0] == f"_http._tcp.{NAME} 5 SRV 0 33 80 {NAME}"
    assert lines(reply.additional)[0] == f"{NAME} 5 A 192.0.2.7"
    assert answer(made, "7.2.0.192.in-addr.arpa.", "PTR") == [f"7.2.0.192.in-addr.arpa. 5 PTR {NAME}"]


@pytest.mark.parametrize(
    ("name", "want"),
    [
        ("shop.corp.example.", "NODATA"),
        ("nowhere.corp.example.", "NXDOMAIN"),
        ("web.shop.corp.example.", "NXDOMAIN"),  # it shows nothing outside
        ("db.shop.corp.example.", "NXDOMAIN"),
        (f"_other._tcp.{NAME}", "NXDOMAIN"),
        (f"a.b.c.{NAME}", "NXDOMAIN"),
        ("corp.example.", "NODATA"),
        ("dns.corp.example.", "NODATA"),
        ("ns2.dns.corp.example.", "NXDOMAIN"),
    ],
)
def test_other_names(name, want):
    assert outcome(external(), name) == want


def test_headless_services_show_endpoints_where_they_may():
    made = external("headless")
    assert len(answer(made, "db.shop.corp.example.")) == 4
    name = "10-1-0-2.db.shop.corp.example."
    assert answer(made, name) == [f"{name} 5 A 10.1.0.2"]


def test_the_nameserver_has_a_name_below_the_apex():
    made = external("apex ns", server_addresses=["10.244.0.2"])
    assert answer(made, "corp.example.", "NS") == ["corp.example. 5 NS ns1.ns.corp.example."]
    assert answer(made, "ns1.ns.corp.example.") == ["ns1.ns.corp.example. 5 A 10.244.0.2"]


def test_it_needs_kubernetes():
    with pytest.raises(ManifestError, match="needs the plugin kubernetes"):
        cluster("k8s_external corp.example")
