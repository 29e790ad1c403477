"""The Corefile of the cluster's nameserver."""

import pytest

from tests.testing.checks.objects import config_map, found, only, service

ON = "ConfigMap kube-system/coredns"


def corefile(*lines, key="Corefile", name="coredns", kubernetes="kubernetes cluster.local", zones=".:53"):
    text = "".join(f"    {line}\n" for line in (*lines, kubernetes) if line)
    return config_map({key: f"{zones} {{\n{text}}}\n"}, name, "kube-system")


def dns(**spec):
    ports = [{"name": "dns", "port": 53, "protocol": "UDP"}]
    meta = {"name": "kube-dns", "namespace": "kube-system"}
    spec = {"clusterIP": "10.96.0.10", "ports": ports, **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec}


def told(*objects):
    return [each for each in found(*objects) if each.object == ON]


def assert_told(findings, rule, field, *words):
    finding = only(findings)
    assert (finding.rule, finding.severity, finding.field) == (rule, "warning", field)
    text = f"{finding.problem}; {finding.advice}"
    assert [word for word in words if word not in text] == [], text


@pytest.mark.parametrize(
    ("key", "meant"), [("corefile", "corefile"), ("CoreFile", "CoreFile"), ("Corefiles", "Corefiles")]
)
def test_a_key_that_is_a_slip_for_corefile(key, meant):
    assert_told(told(corefile(key=key)), "corefile-key", f"data[{meant}]", f"write Corefile for {meant}")


def test_no_key_like_it_at_all():
    assert_told(told(corefile(key="NodeHosts")), "corefile-key", "data", "add the key Corefile")
    assert found(corefile(key="NodeHosts", name="coredns-custom")) == ()
    assert told(config_map({}, "coredns", "kube-system")) == []


HOSTS = "hosts {\n 192.0.2.5 db.example.com\n}"
TEMPLATE = "template ANY ANY {\n rcode NXDOMAIN\n}"


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([HOSTS], ("before kubernetes stands hosts (line 2 of it)", "fallthrough")),
        ([TEMPLATE], ("before kubernetes stands template (line 2 of it)",)),
        (["errors", "rewrite name suffix svc.cluster.local example.com"], ("rewrite (line 3 of it)",)),
    ],
)
def test_names_of_the_cluster_that_something_before_kubernetes_takes(lines, words):
    named = "kubernetes.default.svc.cluster.local is not answered any more"
    assert_told(told(corefile(*lines)), "corefile-own-names", "data[Corefile]", named, *words)


def test_names_of_the_cluster_that_nobody_serves():
    lost = corefile("forward . 192.0.2.53", kubernetes="")
    assert_told(told(lost), "corefile-own-names", "data[Corefile]", "no server block has the plugin kubernetes")
    text = ".:53 {\n kubernetes cluster.local\n}\nsvc.cluster.local:53 {\n forward . 192.0.2.53\n}\n"
    elsewhere = config_map({"Corefile": text}, "coredns", "kube-system")
    assert_told(told(elsewhere), "corefile-own-names", "data[Corefile]", "another server block takes them")


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["hosts {\n 192.0.2.5 db.example.com\n fallthrough\n}"],
        ["hosts /etc/hosts example.com {\n 192.0.2.5 db.example.com\n}"],
        ["template ANY ANY example.com {\n rcode NXDOMAIN\n}"],
        # Whom it refuses is not known.
        ["acl {\n block net 0.0.0.0/0\n}"],
        # Nor what a variable stands for where CoreDNS runs.
        ["hosts {\n {$ADDRESS} db.example.com\n}"],
        ["forward . /etc/resolv.conf"],
        ["forward . 192.0.2.53"],
        ["forward . 127.0.0.1:5353"],
    ],
)
def test_names_that_remain_are_no_finding(lines):
    assert told(dns(), corefile(*lines)) == []


def test_services_that_are_left_out_on_purpose():
    assert told(dns(), corefile(kubernetes="kubernetes cluster.local {\n namespaces shop\n}")) == []
    assert told(dns(), corefile(kubernetes="kubernetes cluster.local {\n ttl 5\n}")) == []


def test_of_other_config_maps_nothing_is_said():
    assert found(corefile(HOSTS, name="coredns-custom")) == ()


@pytest.mark.parametrize(
    ("target", "whose"),
    [
        ("10.96.0.10", "Service kube-system/kube-dns"),
        ("10.96.0.10:53", "Service kube-system/kube-dns"),
        ("dns://10.96.0.10", "Service kube-system/kube-dns"),
        ("127.0.0.1", "itself"),
        ("::1", "itself"),
    ],
)
def test_forwarding_to_itself(target, whose):
    findings = told(dns(), service(), corefile(f"forward . 192.0.2.53 {target}"))
    assert_told(findings, "corefile-loop", "data[Corefile]", whose, "line 2 of it", "/etc/resolv.conf")


def test_another_port_may_forward_to_the_service():
    led = [{"name": "dns", "port": 53, "targetPort": 5353, "protocol": "UDP"}]
    assert [each.rule for each in told(dns(ports=led), corefile("forward . 10.96.0.10", zones=".:5353"))] == []
    assert [each.rule for each in told(dns(clusterIP="10.96.0.11"), corefile("forward . 10.96.0.10"))] == []
