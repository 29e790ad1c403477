"""CoreDNS's plugins around `kubernetes`, set up by Corefiles: what each does to an answer.

What is expected follows the plugins' pages in the CoreDNS manual; tests/live/ compares with a real one.
"""

import collections
import logging

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest
import yaml

from k8sresolve.errors import ConfigError, ManifestError
from k8sresolve.testing import Cluster, KubernetesOptions
from k8sresolve.testing.objects.label_selector import LabelSelector

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


# What a Corefile sets up.


def test_without_a_corefile_the_plugin_is_alone():
    plain = Cluster.from_objects(yaml.safe_load_all(OBJECTS))
    assert answer(plain, WEB) == [f"{WEB} 30 A 10.96.0.2"]
    assert plain.warnings == ()


def test_the_defaults_are_those_of_the_plugin_and_not_of_kubeadm():
    plain = cluster("kubernetes cluster.local")
    assert answer(plain, WEB) == [f"{WEB} 5 A 10.96.0.2"]
    assert outcome(plain, "10-1-0-9.shop.pod.cluster.local.") == "NXDOMAIN"


def test_a_config_map_among_the_manifests_sets_it_up():
    config = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "coredns", "namespace": "kube-system"},
        "data": {
            "Corefile": f".:53 {{\n{KUBERNETES}\nhosts /etc/coredns/NodeHosts {{\nttl 60\nfallthrough\n}}\n"
            "import custom/*.override\n}\n",
            "NodeHosts": "192.168.1.5 node-a\n",
        },
    }
    custom = {**config, "metadata": {"name": "coredns-custom", "namespace": "kube-system"}}
    custom["data"] = {"corp.override": "rewrite name web.corp.example web.shop.svc.cluster.local"}
    objects = [*yaml.safe_load_all(OBJECTS), config, custom]
    made = Cluster.from_objects(objects)
    assert answer(made, "node-a.") == ["node-a. 60 A 192.168.1.5"]
    assert answer(made, "web.corp.example.") == ["web.corp.example. 30 A 10.96.0.2"]
    assert outcome(Cluster.from_objects(objects, corefile=". {\nkubernetes cluster.local\n}"), "node-a.") == "SERVFAIL"
    assert outcome(Cluster.from_objects(objects, options=KubernetesOptions(ttl=7)), "node-a.") == "NXDOMAIN"


def test_what_is_wrong_in_a_config_map_names_its_file(tmp_path):
    file = tmp_path / "dns.yaml"
    file.write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: coredns, namespace: kube-system}\n"
        "data:\n  Corefile: |\n    .:53 {\n      kubernetes cluster.local {\n        ttl 9999\n      }\n    }\n"
    )
    with pytest.raises(ManifestError) as caught:
        Cluster.from_manifests(file)
    assert caught.value.file == f"{file}, ConfigMap kube-system/coredns, Corefile"
    assert (caught.value.line, caught.value.column) == (3, 9)


def test_corefile_and_options_exclude_each_other():
    with pytest.raises(ConfigError, match="exclude"):
        Cluster.from_objects([], corefile="", options=KubernetesOptions())


def test_what_is_not_modelled_is_named_in_one_warning(caplog):
    with caplog.at_level(logging.WARNING, "k8sresolve"):
        made = cluster(
            KUBERNETES, "errors", "template IN A {\n answer x\n}", "acl {\n block\n}", "cache 30 {\n prefetch 10\n}"
        )
    assert [what.partition(" (")[0] for what in made.warnings] == [
        "plugin template",
        "plugin acl",
        "option prefetch of cache",
    ]
    (record,) = caplog.records
    assert all(what in record.getMessage() for what in made.warnings)
    assert "Corefile, line 8" in record.getMessage()
    assert answer(made, WEB) == [f"{WEB} 30 A 10.96.0.2"]


@pytest.mark.parametrize(
    ("plugins", "problem"),
    [
        ("kubernetes cluster.local {\n pods sometimes\n}", "none of disabled"),
        ("kubernetes cluster.local {\n ttl x\n}", "no number"),
        ("kubernetes cluster.local {\n ttl 3601\n}", "not between 0 and 3600"),
        ("kubernetes cluster.local {\n ignore everything\n}", "empty_service"),
        ("kubernetes cluster.local {\n namespaces\n}", "1 or more arguments"),
        ("kubernetes cluster.local {\n zonal\n noendpoints\n}", "zonal"),
        ("kubernetes cluster.local {\n labels =\n}", "label selector"),
        ("kubernetes cluster.local {\n namespaces a\n namespace_labels b=c\n}", "exclude"),
        ("kubernetes cluster.local {\n multicluster clusterset.local\n}", "multicluster"),
        ("kubernetes 10.in-addr.arpa", "reverse"),
        ("kubernetes a.org\nkubernetes b.org", "twice"),
        ("cache 0", "not between"),
        ("cache {\n disable everything\n}", "success or denial"),
        ("cache {\n success many\n}", "no number"),
        ("cache {\n servfail soon\n}", "no duration"),
        ("hosts {\n fallthrough\n 10.0.0.1 late\n}", "before fallthrough"),
        ("hosts {\n ttl 0\n}", "not between"),
        ("forward .", "2 or more"),
        ("rewrite name only", "two names"),
        ("rewrite name nearly a b", "none of"),
        ("rewrite name regex ( b", "regular expression"),
        ("rewrite name regex (a) {1}{2}.b", "more groups"),
        ("rewrite answer name a b", "starts with name"),
        ("autopath", "1 or more"),
        ("minimal now", "takes 0"),
    ],
)
def test_what_coredns_would_not_start_with_is_refused(plugins, problem):
    with pytest.raises(ManifestError, match=problem) as caught:
        cluster(plugins)
    assert caught.value.file == "Corefile"
    assert caught.value.line
    assert caught.value.column


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (". {\n}\n.:53 {\n}", "another server block"),
        (".:0 {\n}", "no port"),
        (f"{'a' * 64} {{\n}}", "no zone"),
    ],
)
def test_server_blocks_that_cannot_be_served_are_refused(text, problem):
    with pytest.raises(ManifestError, match=problem):
        Cluster.from_objects([], corefile=text)


def test_the_longest_zone_answers_and_names_in_none_are_refused():
    text = (
        "shop.svc.cluster.local {\n hosts {\n  10.9.9.9 web.shop.svc.cluster.local\n }\n}\n"
        "cluster.local {\n kubernetes\n}\n10.0.0.0/9 {\n kubernetes cluster.local in-addr.arpa\n}\n"
    )
    made = Cluster.from_objects(yaml.safe_load_all(OBJECTS), corefile=text)
    assert answer(made, WEB) == [f"{WEB} 3600 A 10.9.9.9"]
    assert outcome(made, "shop.svc.cluster.local.") == "SERVFAIL"
    assert outcome(made, "data.svc.cluster.local.") == "NODATA"
    assert answer(made, "2.0.96.10.in-addr.arpa.", "PTR") == [f"2.0.96.10.in-addr.arpa. 5 PTR {WEB}"]
    assert outcome(made, "1.0.128.10.in-addr.arpa.", "PTR") == "REFUSED"
    assert outcome(made, "example.com.") == "REFUSED"


def test_a_cache_on_the_node_forwards_to_the_clusters_nameserver():
    text = (
        "cluster.local:53 {\n cache {\n  success 9984 20\n  denial 9984 5\n }\n bind 169.254.20.10\n"
        " forward . __PILLAR__CLUSTER__DNS__ {\n  force_tcp\n }\n}\n.:53 {\n cache 30\n forward . 8.8.8.8\n}\n"
    )
    made = Cluster.from_objects(yaml.safe_load_all(OBJECTS), corefile=text, upstream=UPSTREAM)
    assert answer(made, WEB) == [f"{WEB} 20 A 10.96.0.2"]
    assert answer(made, "api.example.com.") == ["api.example.com. 30 A 192.0.2.80"]
    assert made.config("shop").search[0] == "shop.svc.cluster.local"


# kubernetes.


@pytest.mark.parametrize(
    ("option", "name", "rdtype", "want"),
    [
        ("labels tier=front", WEB, "A", "NOERROR"),
        ("labels tier=front", "db.shop.svc.cluster.local.", "A", "NXDOMAIN"),
        ("labels tier in (back, front)", WEB, "A", "NOERROR"),
        ("labels !tier", WEB, "A", "NXDOMAIN"),
        ("labels tier=back", "2.0.96.10.in-addr.arpa.", "PTR", "NXDOMAIN"),
        ("namespace_labels team=a", WEB, "A", "NOERROR"),
        ("namespace_labels team=a", "data.svc.cluster.local.", "A", "NXDOMAIN"),
        ("namespaces data", WEB, "A", "NXDOMAIN"),
        ("namespaces shop\n namespaces data", WEB, "A", "NOERROR"),
        ("noendpoints", "db.shop.svc.cluster.local.", "A", "NXDOMAIN"),
        ("ignore empty_service", WEB, "A", "NXDOMAIN"),
        ("endpoint http://127.0.0.1:8001", WEB, "A", "NOERROR"),
    ],
)
def test_options_of_kubernetes(option, name, rdtype, want):
    made = cluster(f"kubernetes cluster.local in-addr.arpa {{\n {option}\n}}")
    assert outcome(made, name, rdtype) == want
    assert made.warnings == ()


@pytest.mark.parametrize(
    ("text", "labels", "want"),
    [
        ("a", {"a": ""}, True),
        ("a=b", {"a": "b"}, True),
        ("a==b", {"a": "c"}, False),
        ("a=", {"a": ""}, True),
        ("a=b", {}, False),
        ("a in (b, c)", {"a": "c"}, True),
        ("a notin (b)", {}, True),
        ("a notin (b)", {"a": "b"}, False),
        ("!a , b", {"b": "1"}, True),
        ("!a,b", {"a": "", "b": "1"}, False),
        ("example.com/a-b.c=1", {"example.com/a-b.c": "1"}, True),
    ],
)
def test_label_selectors(text, labels, want):
    assert LabelSelector(text).matches(labels) is want


@pytest.mark.parametrize("text", ["a!=b", "a in b", "a=(b)", "=b", "a b", "a in (b"])
def test_texts_that_are_no_label_selectors(text):
    with pytest.raises(ConfigError):
        LabelSelector(text)


# cache.


def test_cache_gives_all_records_one_ttl_between_5_and_the_limit():
    made = cluster(KUBERNETES.replace("ttl 30", "ttl 0"), "forward . 8.8.8.8", "cache 30")
    assert ttl(made, "db.shop.svc.cluster.local.", "SRV") == 5
    assert ttl(made, "dns-version.cluster.local.", "TXT") == 30
    assert ttl(made, "api.example.com.") == 30
    assert ttl(made, "short.example.com.") == 5
    assert ttl(made, "nothing.example.com.") == 30


def test_what_is_remembered_counts_down_by_the_clusters_clock_and_is_then_asked_anew():
    made = cluster(KUBERNETES, "cache 30")
    assert ttl(made, WEB) == 30
    made.store.remove("Service", "shop", "web")
    made.clock.advance(29.5)
    assert ttl(made, WEB) == 1
    made.clock.advance(0.5)
    assert outcome(made, WEB) == "NXDOMAIN"


def test_what_is_remembered_has_the_case_that_it_was_asked_in():
    made = cluster(KUBERNETES, "cache")
    answer(made, "wEB.shop.svc.cluster.local.")
    assert answer(made, WEB) == ["wEB.shop.svc.cluster.local. 30 A 10.96.0.2"]


def test_dnssec_and_plain_questions_are_remembered_apart():
    made = cluster(KUBERNETES, "cache")
    ttl(made, WEB)
    made.clock.advance(9)
    assert ask(made, WEB, dnssec=True).answer[0].ttl == 30


def test_kubeadm_remembers_nothing_of_the_cluster_but_levels_ttls():
    made = cluster(
        KUBERNETES.replace("ttl 30", "ttl 60"),
        "cache 30 {\n disable success cluster.local\n disable denial cluster.local\n}",
    )
    assert ttl(made, WEB) == 30
    made.clock.advance(9)
    assert ttl(made, WEB) == 30


def test_success_and_denial_have_limits_of_their_own():
    made = cluster(KUBERNETES, "cache {\n success 100 20 1\n denial 100 7 3\n}", "forward . 8.8.8.8")
    assert (ttl(made, WEB), ttl(made, "nothing.shop.svc.cluster.local.")) == (20, 7)
    assert ttl(made, "short.example.com.") == 2


def test_a_cache_acts_in_its_zones_only():
    made = cluster(KUBERNETES, "cache 10 data.svc.cluster.local")
    assert ttl(made, WEB) == 30
    assert ttl(made, "data.svc.cluster.local.") == 10


def test_a_full_cache_forgets():
    made = cluster(KUBERNETES, "cache {\n denial 1\n}")  # 4 in each of 256 shards
    for number in range(1025):
        outcome(made, f"x{number}.shop.svc.cluster.local.")
    made.clock.advance(3)
    assert (ttl(made, "x1024.shop.svc.cluster.local."), ttl(made, "x0.shop.svc.cluster.local.")) == (27, 30)


def test_keepttl_gives_the_full_ttl_again():
    made = cluster(KUBERNETES, "cache {\n keepttl\n}")
    ttl(made, WEB)
    made.clock.advance(9)
    assert ttl(made, WEB) == 30


# loadbalance, minimal.


def test_loadbalance_gives_addresses_in_every_order():
    made = cluster(KUBERNETES, "loadbalance")
    orders = collections.Counter(tuple(answer(made, "db.shop.svc.cluster.local.")) for _ in range(2400))
    assert len(orders) == 24
    assert min(orders.values()) > 50
    assert {frozenset(order) for order in orders} == {
        frozenset(f"db.shop.svc.cluster.local. 30 A 10.1.0.{number}" for number in (1, 2, 3, 4))
    }


def test_loadbalance_is_the_same_for_the_same_seed():
    def orders(seed):
        made = cluster(KUBERNETES, "loadbalance", seed=seed)
        return [answer(made, "db.shop.svc.cluster.local.") for _ in range(9)]

    assert orders(1) == orders(1) != orders(2)


def test_loadbalance_puts_aliases_first_and_leaves_srv_in_order():
    made = cluster(KUBERNETES, "loadbalance round_robin", "forward . 8.8.8.8")
    assert [line.split()[2] for line in answer(made, "out.shop.svc.cluster.local.")] == ["CNAME", "A"]
    plain = answer(cluster(KUBERNETES), "db.shop.svc.cluster.local.", "SRV")
    assert all(answer(made, "db.shop.svc.cluster.local.", "SRV") == plain for _ in range(9))


def test_minimal_leaves_out_glue_but_not_the_soa():
    made = cluster(KUBERNETES, "minimal")
    reply = ask(made, "db.shop.svc.cluster.local.", "SRV")
    assert (len(reply.answer), len(reply.additional)) == (4, 0)
    assert ask(made, WEB, "AAAA").authority


# autopath.


def test_autopath_walks_the_search_list_of_the_pod_that_asks():
    made = cluster("autopath @kubernetes", KUBERNETES, "forward . 8.8.8.8")
    name = "api.example.com.shop.svc.cluster.local."
    assert answer(made, name, client="10.1.0.9") == [
        f"{name} 7200 CNAME api.example.com.",
        "api.example.com. 7200 A 192.0.2.80",
    ]
    assert outcome(made, name) == "NXDOMAIN"  # from nobody that is known
    assert answer(made, "web.shop.shop.svc.cluster.local.", client="10.1.0.9") == [
        f"web.shop.shop.svc.cluster.local. 30 CNAME {WEB}",
        f"{WEB} 30 A 10.96.0.2",
    ]
    assert outcome(made, "web.shop.data.svc.cluster.local.", client="10.1.0.9") == "NXDOMAIN"  # not its first domain
    assert outcome(made, "nothing.example.com.shop.svc.cluster.local.", client="10.1.0.9") == "NXDOMAIN"


def test_a_resolver_in_a_pod_profits_from_autopath():
    made = cluster("autopath @kubernetes", KUBERNETES, "forward . 8.8.8.8")
    with made.resolver(pod="shop/client", policy="glibc", family="ipv4") as resolver:
        found = resolver.addresses("api.example.com")
    assert [str(address) for address in found.addresses] == ["192.0.2.80"]
    assert len(made.queries) == 1


# hosts.


HOSTS = (
    "hosts {\n 192.0.2.1 one.example.org One.example.org two.example.org # and more\n 2001:db8::1 one.example.org\n"
    " 192.0.2.9 *.wild.example.org\n ttl 60\n fallthrough example.org\n}"
)


@pytest.mark.parametrize(
    ("name", "rdtype", "want"),
    [
        ("one.example.org.", "AAAA", ["one.example.org. 60 AAAA 2001:db8::1"]),
        ("two.example.org.", "A", ["two.example.org. 60 A 192.0.2.1"]),
        ("x.wild.example.org.", "A", ["x.wild.example.org. 60 A 192.0.2.9"]),
        ("two.example.org.", "AAAA", "NODATA"),
        ("two.example.org.", "TXT", "NODATA"),
        ("three.example.org.", "A", "NXDOMAIN"),
        ("x.y.wild.example.org.", "A", "NXDOMAIN"),
        ("localhost.", "A", ["localhost. 60 A 127.0.0.1"]),
        ("elsewhere.", "A", "SERVFAIL"),
        ("9.2.0.192.in-addr.arpa.", "PTR", "NXDOMAIN"),
    ],
)
def test_hosts(name, rdtype, want):
    made = Cluster.from_objects([], corefile=f". {{\n{HOSTS}\nforward . 8.8.8.8\n}}")
    assert (answer(made, name, rdtype) or outcome(made, name, rdtype)) == want


def test_hosts_gives_names_for_addresses_unless_told_not_to():
    made = cluster(HOSTS)
    assert sorted(answer(made, "1.2.0.192.in-addr.arpa.", "PTR")) == [
        "1.2.0.192.in-addr.arpa. 60 PTR one.example.org.",
        "1.2.0.192.in-addr.arpa. 60 PTR one.example.org.",
        "1.2.0.192.in-addr.arpa. 60 PTR two.example.org.",
    ]
    silent = cluster(HOSTS.replace("ttl 60", "no_reverse"), "forward . 8.8.8.8")
    assert outcome(silent, "1.2.0.192.in-addr.arpa.", "PTR") == "REFUSED"


def test_hosts_stands_before_kubernetes():
    made = cluster(KUBERNETES, f"hosts {{\n 10.9.9.9 {WEB}\n fallthrough\n}}")
    assert answer(made, WEB) == [f"{WEB} 3600 A 10.9.9.9"]
    assert outcome(made, "db.shop.svc.cluster.local.") == "NOERROR"


def test_hosts_reads_a_file(tmp_path):
    file = tmp_path / "hosts"
    file.write_text("192.0.2.7 seven.example.org\n")
    assert answer(cluster(f"hosts {file} example.org"), "seven.example.org.") == ["seven.example.org. 3600 A 192.0.2.7"]
    missing = cluster(f"hosts {tmp_path}/none")
    assert outcome(missing, "seven.example.org.") == "SERVFAIL"
    assert "which is not there" in missing.warnings[0]


# file, forward.


def test_file_serves_a_zone_and_root_says_where_files_are(tmp_path):
    (tmp_path / "db.corp").write_text("@ 60 SOA ns admin 1 2 3 4 5\nwiki 60 A 192.0.2.3\n")
    made = cluster(f"root {tmp_path}", KUBERNETES, "file db.corp corp.example {\n fallthrough x.corp.example\n}")
    assert answer(made, "wiki.corp.example.") == ["wiki.corp.example. 60 A 192.0.2.3"]
    assert outcome(made, "y.corp.example.") == "NXDOMAIN"
    assert outcome(made, "a.x.corp.example.") == "SERVFAIL"  # fell through, and there is nothing behind
    assert outcome(made, "example.com.") == "REFUSED"
    assert outcome(cluster("file none corp.example"), "wiki.corp.example.") == "SERVFAIL"


def test_forward_asks_outside_but_for_what_it_leaves_out():
    made = cluster(KUBERNETES, "forward . 8.8.8.8 {\n except corp.example\n policy sequential\n}")
    assert answer(made, "api.example.com.") == ["api.example.com. 7200 A 192.0.2.80"]
    assert outcome(made, "wiki.corp.example.") == "SERVFAIL"
    assert outcome(made, "other.example.") == "REFUSED"
    assert made.warnings == ()


def test_nameservers_that_forward_to_each_other_end_with_servfail():
    text = ". {\n forward . 127.0.0.1:54\n}\n.:54 {\n forward . 127.0.0.1\n}"
    assert outcome(Cluster.from_objects([], corefile=text), "example.com.") == "SERVFAIL"


# rewrite.


@pytest.mark.parametrize(
    ("rule", "name", "want"),
    [
        ("name web.corp web.shop.svc.cluster.local", "WEB.corp.", ["web.corp. 30 A 10.96.0.2"]),
        ("name exact web.corp web.shop.svc.cluster.local", "x.web.corp.", "SERVFAIL"),
        ("name prefix corp-web. web. answer auto", "corp-web.shop.svc.cluster.local.", None),
        ("name prefix corp-web. web.", "corp-web.shop.svc.cluster.local.", [f"{WEB} 30 A 10.96.0.2"]),
        ("name suffix .corp .svc.cluster.local answer auto", "web.shop.corp.", ["web.shop.corp. 30 A 10.96.0.2"]),
        ("name suffix .corp .svc.cluster.local", "web.shop.corp.", [f"{WEB} 30 A 10.96.0.2"]),
        ("name substring corp svc.cluster.local", "web.shop.corp.", [f"{WEB} 30 A 10.96.0.2"]),
        (r"name regex (.*)-(.*)\.corp {1}.{2}.svc.cluster.local", "web-shop.corp.", [f"{WEB} 30 A 10.96.0.2"]),
        (
            r"stop {" + "\n" + r"name regex (.*)\.corp {1}.svc.cluster.local" + "\n"
            r"answer name (.*)\.svc\.cluster\.local {1}.corp" + "\n}",
            "web.shop.corp.",
            ["web.shop.corp. 30 A 10.96.0.2"],
        ),
    ],
)
def test_rewrite_name(rule, name, want):
    made = cluster(KUBERNETES, f"rewrite {rule}")
    if want is None:
        want = [f"{name} 30 A 10.96.0.2"]
    assert (answer(made, name) or outcome(made, name)) == want


def test_rewrite_changes_names_in_the_data_back():
    made = cluster(KUBERNETES, "rewrite name suffix .corp .svc.cluster.local answer auto")
    reply = ask(made, "db.shop.corp.", "SRV")
    assert lines(reply.answer)[0] == "db.shop.corp. 30 SRV 0 25 5432 10-1-0-1.db.shop.corp."
    assert lines(reply.additional)[0] == "10-1-0-1.db.shop.corp. 30 A 10.1.0.1"


def test_rules_go_on_or_stop():
    first, second = "name suffix .corp .example answer auto", "name suffix .example .svc.cluster.local answer auto"
    on = cluster(KUBERNETES, f"rewrite continue {first}", f"rewrite {second}")
    assert answer(on, "web.shop.corp.") == ["web.shop.corp. 30 A 10.96.0.2"]
    stopped = cluster(KUBERNETES, f"rewrite stop {first}", f"rewrite {second}")
    assert outcome(stopped, "web.shop.corp.") == "SERVFAIL"


def test_other_rules_of_rewrite_are_named():
    made = cluster(KUBERNETES, "rewrite ttl exact a.org 5-10", "rewrite type ANY A")
    assert [what.partition(" (")[0] for what in made.warnings] == ["rewrite ttl", "rewrite type"]
    assert answer(made, WEB) == [f"{WEB} 30 A 10.96.0.2"]


# What hostile objects could do.


def test_aliases_that_double_with_each_step_end_soon():
    names = [f"s{number}" for number in range(12)]
    hosts = [f"{name}.shop.svc.cluster.local" for name in names]
    objects = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}]
    for name in names:
        meta = {"name": name, "namespace": "shop"}
        labels = {"kubernetes.io/service-name": name}
        objects += [
            {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"clusterIP": "None"}},
            {
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                "addressType": "FQDN",
                "metadata": {**meta, "labels": labels},
                "endpoints": [{"addresses": [host]} for host in hosts],
            },
        ]
    made = Cluster.from_objects(objects)
    # Followed one by one, their number has 13 digits.
    assert outcome(made, "s0.shop.svc.cluster.local.") == "SERVFAIL"
    assert outcome(made, "shop.svc.cluster.local.") == "NODATA"
