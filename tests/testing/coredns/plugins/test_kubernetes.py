"""The kubernetes plugin's rules, as tables of question and answer.

The expected records are those of the DNS specification for Kubernetes, version 1.1.0, and, where it is silent, those of
CoreDNS's own tests and source (plugin/kubernetes).
"""

import dns.rdatatype
import pytest
import yaml

from k8sresolve.errors import ConfigError
from k8sresolve.testing.controllers.applying import apply
from k8sresolve.testing.coredns.chain import Chain, Request
from k8sresolve.testing.coredns.plugins.file import Zones
from k8sresolve.testing.coredns.plugins.kubernetes.options import KubernetesOptions
from k8sresolve.testing.coredns.plugins.kubernetes.plugin import Kubernetes
from k8sresolve.testing.coredns.plugins.kubernetes.view import View
from k8sresolve.testing.objects.kinds import EndpointAddress, EndpointSlice, Namespace, PortEntry, Service
from k8sresolve.testing.objects.manifests import read_objects
from k8sresolve.testing.objects.store import Store
from k8sresolve.testing.versions import DEFAULT_COREDNS

WORLD = """
{kind: Namespace, metadata: {name: shop}}
---
{kind: Namespace, metadata: {name: com}}
---
{kind: Service, metadata: {name: web, namespace: shop}, spec: {clusterIPs: [10.96.0.2, 'fd00::2'], ports: [
  {name: http, port: 80}, {name: dns, port: 53, protocol: UDP}]}}
---
{kind: EndpointSlice, metadata: {name: web-1, namespace: shop, labels: {kubernetes.io/service-name: web}},
 endpoints: [{addresses: [10.244.0.7]}, {addresses: ['fd00:244::']}], ports: [{name: http, port: 8080}]}
---
{kind: Service, metadata: {name: db, namespace: shop}, spec: {clusterIP: None, ports: [{name: pg, port: 5432}]}}
---
{kind: EndpointSlice, metadata: {name: db-1, namespace: shop, labels: {kubernetes.io/service-name: db}},
 endpoints: [{addresses: [10.244.0.8], hostname: db-0}, {addresses: [10.244.0.9], hostname: db-1, zone: East},
 {addresses: [10.244.0.10], targetRef: {kind: Pod, name: spare}}], ports: [{name: pg, port: 15432}]}
---
{kind: Service, metadata: {name: idle, namespace: shop}, spec: {clusterIP: None, ports: [{name: http, port: 80}]}}
---
{kind: Service, metadata: {name: bare, namespace: shop}, spec: {clusterIP: 10.96.0.3}}
---
{kind: Service, metadata: {name: out, namespace: shop}, spec: {type: ExternalName, externalName: API.example.com}}
---
{kind: Service, metadata: {name: lost, namespace: shop}, spec: {type: ExternalName, externalName: no.example.com}}
---
{kind: Service, metadata: {name: far, namespace: shop}, spec: {type: ExternalName, externalName: x.example.net}}
---
{kind: Service, metadata: {name: near, namespace: shop}, spec: {
  type: ExternalName, externalName: Web.shop.svc.cluster.local}}
---
{kind: Service, metadata: {name: nowhere, namespace: shop}, spec: {
  type: ExternalName, externalName: no.shop.svc.cluster.local}}
---
{kind: Service, metadata: {name: self, namespace: shop}, spec: {
  type: ExternalName, externalName: self.shop.svc.cluster.local}}
---
{kind: Service, metadata: {name: ping, namespace: shop}, spec: {
  type: ExternalName, externalName: pong.shop.svc.cluster.local}}
---
{kind: Service, metadata: {name: pong, namespace: shop}, spec: {
  type: ExternalName, externalName: ping.shop.svc.cluster.local}}
---
{kind: Service, metadata: {name: literal, namespace: shop}, spec: {type: ExternalName, externalName: 192.0.2.1}}
---
{kind: Pod, metadata: {name: web-a, namespace: shop}, status: {podIP: 10.244.0.7, phase: Running}}
"""
EXAMPLE = "@ IN SOA ns admin 1 7200 3600 1209600 60\n@ IN NS ns\napi 300 IN A 192.0.2.53\n"
SOA = ["cluster.local. 30 SOA ns.dns.cluster.local. hostmaster.cluster.local. 7200 1800 86400 30"]
CODES = {"NOERROR": 0, "NXDOMAIN": 3, "REFUSED": 5}


def chain_of(*objects, **options):
    store = Store()
    apply(store, read_objects(objects or yaml.safe_load_all(WORLD)))
    plugin = Kubernetes(store, KubernetesOptions(**options), ["10.244.0.2"])
    return Chain([plugin, Zones({"example.com": EXAMPLE})])


def ask(chain, name, rdtype):
    full = name if name.endswith(".") else f"{name}.svc.cluster.local."
    return chain.answer(Request(full, int(dns.rdatatype.from_text(rdtype))))


def lines(records):
    """Write records as text, without the serial of an SOA record, which counts changes."""
    texts = [str(record).split() for record in records]
    return [" ".join(words[:5] + words[6:] if words[2] == "SOA" else words) for words in texts]


@pytest.fixture(scope="module")
def chain():
    return chain_of()


W, DB = "web.shop.svc.cluster.local.", "db.shop.svc.cluster.local."
FOUND = [
    # A Service with ClusterIPs.
    ("web.shop", "A", ["30 A 10.96.0.2"], []),
    ("WeB.sHop", "A", ["30 A 10.96.0.2"], []),
    ("web.shop", "AAAA", ["30 AAAA fd00::2"], []),
    ("_http._tcp.web.shop", "A", ["30 A 10.96.0.2"], []),
    ("_http._tcp.web.shop", "SRV", [f"30 SRV 0 50 80 {W}"], [f"{W} 30 A 10.96.0.2", f"{W} 30 AAAA fd00::2"]),
    ("http.tcp.web.shop", "SRV", [f"30 SRV 0 50 80 {W}"], [f"{W} 30 A 10.96.0.2", f"{W} 30 AAAA fd00::2"]),
    ("_DNS._uDp.web.shop", "SRV", [f"30 SRV 0 50 53 {W}"], [f"{W} 30 A 10.96.0.2", f"{W} 30 AAAA fd00::2"]),
    (
        "web.shop",
        "SRV",
        [f"30 SRV 0 25 80 {W}", f"30 SRV 0 25 53 {W}"],
        [f"{W} 30 A 10.96.0.2", f"{W} 30 AAAA fd00::2"],
    ),
    # Its endpoints have names too, by address; a label cannot end in a hyphen.
    ("10-244-0-7.web.shop", "A", ["30 A 10.244.0.7"], []),
    ("fd00-244--0.web.shop", "AAAA", ["30 AAAA fd00:244::"], []),
    (
        "10-244-0-7.web.shop",
        "SRV",
        [f"30 SRV 0 100 8080 10-244-0-7.{W}"],
        [f"10-244-0-7.{W} 30 A 10.244.0.7"],
    ),
    # A headless Service: its endpoints, with the port of the pod.
    ("db.shop", "A", ["30 A 10.244.0.8", "30 A 10.244.0.9", "30 A 10.244.0.10"], []),
    ("db-1.db.shop", "A", ["30 A 10.244.0.9"], []),
    (
        "_pg._tcp.db.shop",
        "SRV",
        [f"30 SRV 0 33 15432 {host}.{DB}" for host in ("db-0", "db-1", "10-244-0-10")],
        [f"db-0.{DB} 30 A 10.244.0.8", f"db-1.{DB} 30 A 10.244.0.9", f"10-244-0-10.{DB} 30 A 10.244.0.10"],
    ),
    # ExternalName.
    ("out.shop", "CNAME", ["30 CNAME API.example.com."], []),
    ("near.shop", "CNAME", ["30 CNAME Web.shop.svc.cluster.local."], []),
    ("self.shop", "CNAME", ["30 CNAME self.shop.svc.cluster.local."], []),
    ("lost.shop", "A", ["30 CNAME no.example.com."], []),
    ("far.shop", "A", ["30 CNAME x.example.net."], []),
    ("far.shop", "AAAA", ["30 CNAME x.example.net."], []),
    # Pods, by the address that the name spells.
    ("10-1-2-3.shop.pod.cluster.local.", "A", ["30 A 10.1.2.3"], []),
    ("fd00--7.shop.pod.cluster.local.", "AAAA", ["30 AAAA fd00::7"], []),
    ("x.y.10-1-2-3.shop.pod.cluster.local.", "A", ["30 A 10.1.2.3"], []),
    # Reverse names.
    ("2.0.96.10.in-addr.arpa.", "PTR", [f"30 PTR {W}"], []),
    ("8.0.244.10.in-addr.arpa.", "PTR", [f"30 PTR db-0.{DB}"], []),
    ("7.0.244.10.in-addr.arpa.", "PTR", [f"30 PTR 10-244-0-7.{W}"], []),
    (f"2.0.0.0.{'0.' * 24}0.0.d.f.ip6.arpa.", "PTR", [f"30 PTR {W}"], []),
    # Fixed names.
    ("dns-version.cluster.local.", "TXT", ['28800 TXT "1.1.0"'], []),
    ("cluster.local.", "NS", ["30 NS ns.dns.cluster.local."], ["ns.dns.cluster.local. 30 A 10.244.0.2"]),
    ("ns.dns.cluster.local.", "A", ["30 A 10.244.0.2"], []),
]


@pytest.mark.parametrize(("name", "rdtype", "answer", "additional"), FOUND)
def test_found(chain, name, rdtype, answer, additional):
    reply = ask(chain, name, rdtype)
    owner = name if name.endswith(".") else f"{name}.svc.cluster.local."
    assert reply.rcode == CODES["NOERROR"]
    assert reply.authoritative
    assert lines(reply.answer) == [f"{owner} {record}" for record in answer]
    assert lines(reply.additional) == additional
    assert reply.authority == ()


NOT_THERE = [
    ("no.shop", "A", "NXDOMAIN"),
    ("web.no", "A", "NXDOMAIN"),
    ("no", "A", "NXDOMAIN"),
    ("shop", "A", "NOERROR"),
    ("shop", "TXT", "NXDOMAIN"),
    ("svc.cluster.local.", "AAAA", "NOERROR"),
    ("cluster.local.", "A", "NOERROR"),
    ("foo.cluster.local.", "A", "NXDOMAIN"),
    ("dns-version.cluster.local.", "A", "NXDOMAIN"),
    ("no.shop", "SOA", "NOERROR"),
    ("web.shop", "TXT", "NOERROR"),
    ("web.shop", "HTTPS", "NOERROR"),
    ("web.shop", "CNAME", "NOERROR"),
    ("_tcp.web.shop", "SRV", "NXDOMAIN"),
    ("_http._udp.web.shop", "SRV", "NXDOMAIN"),
    ("_grpc._tcp.web.shop", "A", "NXDOMAIN"),
    ("a._http._tcp.web.shop", "SRV", "NXDOMAIN"),
    ("10-244-0-8.db.shop", "A", "NXDOMAIN"),  # an endpoint with a hostname has no other name
    ("*.shop", "A", "NXDOMAIN"),
    ("any.web.shop", "A", "NXDOMAIN"),
    ("idle.shop", "A", "NXDOMAIN"),  # headless without a ready endpoint
    ("idle.shop", "SRV", "NXDOMAIN"),
    ("db.shop", "AAAA", "NOERROR"),
    ("bare.shop", "SRV", "NOERROR"),  # a port that is not declared has no record
    ("_http._tcp.bare.shop", "SRV", "NXDOMAIN"),
    ("out.shop", "SRV", "NOERROR"),
    ("out.shop", "TXT", "NOERROR"),
    ("x.out.shop", "A", "NXDOMAIN"),
    ("_http._tcp.out.shop", "SRV", "NXDOMAIN"),
    ("literal.shop", "A", "NXDOMAIN"),
    ("nowhere.shop", "A", "NOERROR"),
    ("self.shop", "A", "NOERROR"),
    ("ping.shop", "A", "NOERROR"),
    ("shop.pod.cluster.local.", "A", "NOERROR"),
    ("10-1-2.shop.pod.cluster.local.", "A", "NXDOMAIN"),
    ("10-1-2-300.shop.pod.cluster.local.", "A", "NXDOMAIN"),
    ("010-1-2-3.shop.pod.cluster.local.", "A", "NXDOMAIN"),
    ("10-1-2-3.no.pod.cluster.local.", "A", "NXDOMAIN"),
]


@pytest.mark.parametrize(("name", "rdtype", "rcode"), NOT_THERE)
def test_not_there(chain, name, rdtype, rcode):
    reply = ask(chain, name, rdtype)
    assert (reply.rcode, reply.authoritative, reply.answer, reply.additional) == (CODES[rcode], True, (), ())
    assert lines(reply.authority) == SOA


def test_the_case_of_the_zone_is_that_of_the_question_and_that_of_other_labels_the_objects(chain):
    [record] = ask(chain, "_HTTP._tcp.WEB.Shop.SVC.Cluster.LOCAL.", "SRV").answer
    assert lines([record]) == ["_HTTP._tcp.WEB.Shop.SVC.Cluster.LOCAL. 30 SRV 0 50 80 web.shop.svc.Cluster.LOCAL."]
    [soa] = ask(chain, "no.Shop.SVC.Cluster.LOCAL.", "A").authority
    assert soa.name == "Cluster.LOCAL."
    assert ask(chain, "ns.dns.Cluster.local.", "A").rcode == CODES["NXDOMAIN"]


def test_an_external_name_brings_the_records_of_its_target(chain):
    assert lines(ask(chain, "out.shop", "A").answer) == [
        "out.shop.svc.cluster.local. 30 CNAME API.example.com.",
        "api.example.com. 300 A 192.0.2.53",
    ]
    assert lines(ask(chain, "near.shop", "A").answer) == [
        "near.shop.svc.cluster.local. 30 CNAME Web.shop.svc.cluster.local.",
        "Web.shop.svc.cluster.local. 30 A 10.96.0.2",
    ]


def test_a_chain_of_aliases_in_the_zone_is_followed_for_eleven_steps():
    def alias(number):
        spec = {"type": "ExternalName", "externalName": f"a{number + 1}.default.svc.cluster.local"}
        return {"kind": "Service", "metadata": {"name": f"a{number}"}, "spec": spec}

    end = {"kind": "Service", "metadata": {"name": "a20"}, "spec": {"clusterIP": "10.96.0.9"}}
    chain = chain_of(*(alias(number) for number in range(20)), end)
    assert len(ask(chain, "a9.default", "A").answer) == 11 + 1
    assert ask(chain, "a8.default", "A").answer == ()


def test_what_is_not_found_in_reverse_falls_through_and_is_refused_by_all(chain):
    for name in ("9.9.9.10.in-addr.arpa.", "x.in-addr.arpa.", "9.0.244.10.in-addr.arpa."):
        reply = ask(chain, name, "PTR" if name[0] != "9" or name[2] == "9" else "A")
        assert (reply.rcode, reply.authoritative, reply.authority) == (CODES["REFUSED"], False, ())
    assert ask(chain, "in-addr.arpa.", "PTR").rcode == CODES["NOERROR"]


def test_fallthrough_may_be_off_or_for_all_zones():
    off = ask(chain_of(fallthrough=None), "9.9.9.10.in-addr.arpa.", "PTR")
    assert (off.rcode, off.authoritative) == (CODES["NXDOMAIN"], True)
    everywhere = chain_of(fallthrough=())
    assert ask(everywhere, "no.shop", "A").rcode == CODES["REFUSED"]
    assert ask(everywhere, "web.shop", "TXT").rcode == CODES["NOERROR"]  # NODATA never falls through


def test_pods_may_be_disabled_or_verified():
    disabled = chain_of(pods="disabled")
    assert ask(disabled, "10-244-0-7.shop.pod.cluster.local.", "A").rcode == CODES["NXDOMAIN"]
    assert ask(disabled, "shop.pod.cluster.local.", "A").rcode == CODES["NXDOMAIN"]
    assert ask(disabled, "pod.cluster.local.", "A").rcode == CODES["NOERROR"]
    verified = chain_of(pods="verified")
    assert len(ask(verified, "10-244-0-7.shop.pod.cluster.local.", "A").answer) == 1
    assert ask(verified, "10-244-0-7.com.pod.cluster.local.", "A").rcode == CODES["NXDOMAIN"]
    assert ask(verified, "10-1-2-3.shop.pod.cluster.local.", "A").rcode == CODES["NXDOMAIN"]


def test_endpoints_may_be_named_after_pods():
    chain = chain_of(endpoint_pod_names=True)
    assert lines(ask(chain, "spare.db.shop", "A").answer) == [f"spare.{DB} 30 A 10.244.0.10"]
    assert ask(chain, "10-244-0-10.db.shop", "A").rcode == CODES["NXDOMAIN"]
    assert lines(ask(chain, "10.0.244.10.in-addr.arpa.", "PTR").answer) == [
        f"10.0.244.10.in-addr.arpa. 30 PTR spare.{DB}"
    ]


def test_a_pod_name_that_is_no_label_names_no_endpoint():
    view = View(Store(), KubernetesOptions(endpoint_pod_names=True), (), DEFAULT_COREDNS)
    assert view.endpoint_name(EndpointAddress("10.0.0.1", pod="p" * 63)) == "p" * 63
    assert view.endpoint_name(EndpointAddress("10.0.0.1", pod="p" * 64)) == "10-0-0-1"


def test_namespaces_may_be_limited():
    chain = chain_of(namespaces=["com"])
    assert ask(chain, "web.shop", "A").rcode == CODES["NXDOMAIN"]
    assert ask(chain, "shop", "A").rcode == CODES["NXDOMAIN"]
    assert ask(chain, "com", "A").rcode == CODES["NOERROR"]
    assert ask(chain, "2.0.96.10.in-addr.arpa.", "PTR").answer == ()


def test_empty_services_may_be_left_out():
    chain = chain_of(ignore_empty_service=True)
    assert ask(chain, "bare.shop", "A").rcode == CODES["NXDOMAIN"]
    assert len(ask(chain, "web.shop", "A").answer) == 1
    assert len(ask(chain, "out.shop", "CNAME").answer) == 1


def test_endpoints_may_not_be_read():
    chain = chain_of(noendpoints=True)
    assert ask(chain, "db.shop", "A").rcode == CODES["NXDOMAIN"]
    assert ask(chain, "8.0.244.10.in-addr.arpa.", "PTR").answer == ()
    assert len(ask(chain, "web.shop", "A").answer) == 1


def test_zonal_names():
    chain = chain_of(zonal=True)
    assert [record.rdata for record in ask(chain, "east.pin._zone.db.shop", "A").answer] == [(bytes([10, 244, 0, 9]),)]
    assert ask(chain, "west.pin._zone.db.shop", "A").rcode == CODES["NOERROR"]
    assert ask(chain, "west.pin._zone.db.shop", "A").answer == ()
    assert len(ask(chain, "west.prefer._zone.db.shop", "A").answer) == 3
    assert ask(chain, "east.pin._zone.web.shop", "A").rcode == CODES["NXDOMAIN"]
    assert ask(chain_of(), "east.pin._zone.db.shop", "A").rcode == CODES["NXDOMAIN"]


def test_the_ttl_is_that_of_the_options_and_the_soa_lives_five_minutes_at_most():
    chain = chain_of(ttl=3600)
    assert ask(chain, "web.shop", "A").answer[0].ttl == 3600
    [soa] = ask(chain, "no.shop", "A").authority
    assert soa.ttl == 300
    assert lines([soa])[0].endswith(" 3600")


def test_weights_are_shared_out_before_duplicates_are_dropped():
    store = Store()
    store.add(Namespace("shop"))
    store.add(Service("shop", "db", cluster_ips=("None",)))
    addresses = tuple(EndpointAddress(f"10.0.0.{last}", "same") for last in (1, 2, 3))
    store.add(EndpointSlice("shop", "db-1", "db", addresses, (PortEntry("pg", 5432, "TCP"),)))
    reply = Chain([Kubernetes(store)]).answer(Request(DB, 33))
    assert lines(reply.answer) == [f"{DB} 30 SRV 0 33 5432 same.{DB}"]
    assert lines(reply.additional) == [f"same.{DB} 30 A 10.0.0.{last}" for last in (1, 2, 3)]


def test_the_longest_zone_answers_and_ptr_points_into_the_first():
    chain = chain_of(zones=["in-addr.arpa.", "10.in-addr.arpa", "local", "Cluster.Local"])
    assert lines(ask(chain, "no.shop", "A").authority)[0].startswith("cluster.local. ")
    assert ask(chain, "web.shop.svc.local.", "A").answer[0].name == "web.shop.svc.local."
    chain = chain_of(zones=["10.in-addr.arpa", "k8s.corp", "cluster.local"])
    assert lines(ask(chain, "2.0.96.10.in-addr.arpa.", "PTR").answer)[0].endswith(" PTR web.shop.svc.k8s.corp.")


@pytest.mark.parametrize(
    "options",
    [
        {"pods": "yes"},
        {"ttl": 3601},
        {"ttl": -1},
        {"zones": ()},
        {"zones": ["10.in-addr.arpa"]},
        {"multicluster": ["clusterset.local"]},
        {"zonal": True, "noendpoints": True},
    ],
)
def test_options_with_which_coredns_does_not_start(options):
    with pytest.raises(ConfigError):
        KubernetesOptions(**options)


def test_the_defaults_are_those_of_kubeadm():
    options = KubernetesOptions()
    assert options.zones == ("cluster.local.", "in-addr.arpa.", "ip6.arpa.")
    assert (options.pods, options.ttl, options.fallthrough) == ("insecure", 30, ("in-addr.arpa.", "ip6.arpa."))
    assert hash(options) == hash(KubernetesOptions(zones=["CLUSTER.local", "in-addr.arpa", "ip6.arpa."]))


def test_a_change_of_the_store_shows_at_once():
    store = Store()
    chain = Chain([Kubernetes(store)])
    store.add(Namespace("shop"))
    serial = lines(ask(chain, "web.shop", "A").authority), ask(chain, "web.shop", "A").authority
    store.add(Service("shop", "web", cluster_ips=("10.96.0.2",)))
    assert len(ask(chain, "web.shop", "A").answer) == 1
    store.remove("Service", "shop", "web")
    later = ask(chain, "web.shop", "A")
    assert later.rcode == CODES["NXDOMAIN"]
    assert (lines(later.authority), later.authority != serial[1]) == (serial[0], True)
