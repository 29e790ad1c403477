"""What an upgrade changes for the objects of a cluster, difference by difference."""

import pytest

from k8sresolve.errors import ConfigError, ManifestError
from k8sresolve.testing import ANY_INTERNET, Cluster, compare_versions

COREFILE = """\
. {
 kubernetes cluster.local {
  pods %s
 }
 hosts {
  192.0.2.5 db.corp.example
  fallthrough
 }
 forward . 9.9.9.9
 cache 30
}
"""
VERIFIED = ". {\n kubernetes cluster.local {\n pods verified\n }\n}\n"


def pod(*ips, **spec):
    status = {"phase": "Running", "podIP": ips[0], "podIPs": [{"ip": ip} for ip in ips]}
    return {"kind": "Pod", "metadata": {"name": "dual", "namespace": "shop"}, "spec": spec, "status": status}


def service(name, **spec):
    return {"kind": "Service", "metadata": {"name": name, "namespace": "shop"}, "spec": spec}


def of_coredns(*objects, corefile=None, before="1.14.7", after="1.15.0"):
    def make(version):
        how = {"corefile": corefile, "coredns": version, "upstream": ANY_INTERNET}
        return Cluster.from_objects(objects, built_ins=False, **how)

    return compare_versions(make, "CoreDNS", before, after)


def of_kubernetes(*objects, before, after, node="nameserver 192.0.2.53\n"):
    def make(version):
        cluster = Cluster.from_objects(objects, kubernetes=version)
        cluster.kubelet = type(cluster.kubelet)(resolv_conf=node, node_ips=("10.0.0.7",))
        return cluster

    return compare_versions(make, "Kubernetes", before, after)


def told(changes):
    return [(str(one.question), one.before, one.after, [each.name for each in one.differences]) for one in changes]


def test_nothing_changes_where_no_difference_is_met():
    assert of_coredns(pod("10.244.0.7"), service("web", ports=[{"name": "http", "port": 80}])) == ()
    assert of_coredns(service("web", ports=[{"port": 80}]), before="1.15.0") == ()


def test_the_second_address_of_a_pod_gets_a_name():
    changes = of_coredns(pod("10.244.0.7", "fd00::7"), corefile=VERIFIED)
    name = "fd00--7.shop.pod.cluster.local."
    assert told(changes) == [
        (f"{name} A", "NXDOMAIN AA", "NOERROR AA", ["pod-ips"]),
        (f"{name} AAAA", "NXDOMAIN AA", f"NOERROR AA {name} 5 IN AAAA fd00::7", ["pod-ips"]),
    ]
    assert {one.question.who for one in changes} == {"Pod shop/dual"}


def test_a_downgrade_changes_the_same_the_other_way_round():
    there = told(of_coredns(pod("10.244.0.7", "fd00::7"), corefile=VERIFIED))
    back = told(of_coredns(pod("10.244.0.7", "fd00::7"), corefile=VERIFIED, before="1.15.0", after="1.14.7"))
    assert back == [(question, after, before, names) for question, before, after, names in there]


def test_names_outside_lose_aa_and_failures_stay():
    alias = service("pg", type="ExternalName", externalName="db.example.net")
    changes = of_coredns(alias, corefile=COREFILE % "insecure")
    assert {(one.question.who, name.name) for one in changes for name in one.differences} == {
        ("Service shop/pg", "stored-aa"),
        ("programs that ask names outside the cluster", "stored-aa"),
        ("programs that ask names outside the cluster", "failures-kept"),
    }
    answers = {str(one.question): (one.before, one.after) for one in changes}
    assert answers["db.example.net. A"] == (
        "NOERROR AA RA db.example.net. 30 IN A 192.0.2.1",
        "NOERROR RA db.example.net. 30 IN A 192.0.2.1",
    )
    away = "www.example.com. A, asked again at once, after the upstream was out of reach"
    assert answers[away] == ("NOERROR RA www.example.com. 30 IN A 192.0.2.1", "SERVFAIL")


def test_names_of_a_hosts_file_behind_a_long_line_come_back(tmp_path):
    (tmp_path / "hosts").write_text("192.0.2.1 one.corp\n#" + "x" * 70_000 + "\n192.0.2.2 two.corp\n")
    changes = of_coredns(corefile=f". {{\n hosts {tmp_path}/hosts\n}}")
    assert told(changes)[0] == ("two.corp. A", "SERVFAIL", "NOERROR AA two.corp. 3600 IN A 192.0.2.2", ["hosts-lines"])
    assert {one.question.what for one in changes} == {"two.corp."}


@pytest.mark.parametrize(
    ("plugin", "name", "before", "after"),
    [
        ("rewrite name regex (.*)[.]a {1}.b metadata", "rewrite-metadata", "only `answer`", "it starts"),
        ("siit", "new-words", "knows no directive 'siit'", "it starts"),
    ],
)
def test_a_corefile_that_one_version_does_not_start_with(plugin, name, before, after):
    (change,) = of_coredns(corefile=f". {{\n kubernetes cluster.local\n {plugin}\n}}")
    assert [one.name for one in change.differences] == [name]
    assert before in change.before
    assert change.after == after


def test_a_zone_file_that_the_newer_version_does_not_start_with(tmp_path):
    (tmp_path / "db").write_text("sub IN SOA ns admin 1 2 3 4 5\nself IN CNAME self\n")
    (change,) = of_coredns(corefile=f"example.com {{\n file {tmp_path}/db\n}}")
    assert [one.name for one in change.differences] == ["soa-owner"]
    assert (change.before, "line 2" in change.after) == ("it starts", True)


def test_an_alias_of_itself_fails(tmp_path):
    (tmp_path / "db").write_text("@ IN SOA ns admin 1 2 3 4 5\nself IN CNAME self\n")
    changes = of_coredns(corefile=f"example.com {{\n file {tmp_path}/db\n minimal\n}}")
    assert {str(one.question): [each.name for each in one.differences] for one in changes} == {
        "self.example.com. A": ["self-alias"],
        "self.example.com. AAAA": ["self-alias"],
    }


def test_what_neither_version_starts_with_is_an_error():
    with pytest.raises(ManifestError, match="knows no directive 'proxy'"):
        of_coredns(corefile=". {\n proxy . 9.9.9.9\n}")
    with pytest.raises(ConfigError, match="not known"):
        of_coredns(after="1.99")


def test_a_service_s_name_may_start_with_a_digit():
    (change,) = of_kubernetes(service("7days", ports=[{"port": 80}]), before="1.36", after="1.37")
    assert (change.question.who, [one.name for one in change.differences]) == ("Service shop/7days", ["service-names"])
    assert change.before.startswith("error: ")
    assert change.after.startswith("remark: ")


def test_a_pod_takes_over_fewer_nameservers_of_its_node():
    node = "nameserver fe80::1%eth0\n"
    (change,) = of_kubernetes(pod("10.244.0.7", dnsPolicy="Default"), before="1.37", after="1.38", node=node)
    assert told([change]) == [
        ("/etc/resolv.conf", "nameserver fe80::1%eth0", "nameserver 127.0.0.1", ["node-nameservers"])
    ]
    assert of_kubernetes(pod("10.244.0.7"), before="1.36", after="1.38", node=node) == ()


def test_what_opens_no_cluster_is_an_error():
    for given in (5, lambda _version: None):
        with pytest.raises(ConfigError, match=r"5 opens no cluster|open_cluster made None, no cluster"):
            compare_versions(given, "CoreDNS", "1.14.7", "1.15.0")


def test_of_two_new_words_both_are_told():
    words = "rewrite name regex (.*) {kubernetes/namespace}.{1} metadata", "siit"
    for first, second in (words, words[::-1]):
        (change,) = of_coredns(corefile=f". {{\n {first}\n {second}\n}}")
        assert sorted(one.name for one in change.differences) == ["new-words", "rewrite-metadata"]
        assert (change.question.what, change.after) == ("the nameserver", "it starts")
