"""Corefiles with which CoreDNS does not start, or which lead where nobody is."""

import pytest

from k8sresolve.errors import ManifestError
from k8sresolve.testing import Cluster
from tests.testing.checks.objects import found
from tests.testing.checks.rules.nameserver import assert_told, container, corefile, deployment, service, told

BAD = corefile("chace 30")
ELSEWHERE = corefile("chace 30", name="dns-for-tests")


_DATA = "\ndata:"


def write(path, text):
    path.write_text(text)
    return path


def refuse_none(error):
    raise AssertionError(error)


MANIFEST = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: coredns, namespace: kube-system}
data:
  Corefile: |
    .:53 {
        kubernetes cluster.local
        pods verfied
    }
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {type: ExternalName, externalName: 192.0.2.7}
"""


def test_a_corefile_with_which_coredns_does_not_start_is_a_finding_at_its_line(tmp_path):
    path = write(tmp_path / "dns.yaml", MANIFEST)
    with pytest.raises(ManifestError, match="line 3"):
        Cluster.from_manifests(path)
    cluster = Cluster.from_manifests(path, refused=refuse_none)
    assert cluster.warnings == ()  # the finding says it
    first, second = cluster.check()
    assert_told([first], "corefile-refused", "error", "CoreDNS does not start", "'pods'", "line 3 of it")
    assert (first.source, first.line) == (str(path), 8)
    assert (second.rule, second.object) == ("alias-to-address", "Service shop/web")


def test_of_a_text_on_one_line_the_key_is_told(tmp_path):
    text = '\ndata: {Corefile: ".:53 {\\n  chace 30\\n}\\n"}\n'
    path = write(tmp_path / "dns.yaml", f"{MANIFEST[: MANIFEST.index(_DATA)]}{text}")
    [finding] = Cluster.from_manifests(path, refused=refuse_none).check()
    assert (finding.rule, finding.line) == ("corefile-refused", 4)
    assert "line 2 of it" in finding.problem


def test_a_corefile_in_another_config_map_that_coredns_takes():
    on = "ConfigMap kube-system/dns-for-tests"
    given = deployment(config="dns-for-tests")
    assert_told(told(ELSEWHERE, given), "corefile-refused", "error", "'chace'; is it cache?", "line 11 of it", on=on)
    named = deployment(container(args=["-conf=/etc/coredns/main"]), config="dns-for-tests")
    other = corefile("chace 30", name="dns-for-tests", key="main")
    assert_told(told(other, named), "corefile-refused", "error", on=on, field="data[main]")
    assert told(ELSEWHERE) == []
    assert told(ELSEWHERE, deployment()) == []


@pytest.mark.parametrize(
    ("image", "is_found"),
    [
        ("registry.k8s.io/coredns/coredns:v1.11.1", True),
        ("coredns/coredns:1.9.4", True),
        ("coredns/coredns", True),
        ("602401143452.dkr.ecr.us-west-2.amazonaws.com/eks/coredns:v1.10.1-eksbuild.1", True),
        ("rancher/mirrored-coredns-coredns:1.10.1", True),
        # Older ones know other words, and others have plugins of their own.
        ("coredns/coredns:1.6.7", False),
        ("ghcr.io/example/coredns:1.11.1", False),
        ("coredns/coredns-with-more:1", False),
    ],
)
def test_only_of_coredns_as_it_is_known(image, is_found):
    given = deployment(container(image), config="dns-for-tests")
    assert bool(told(ELSEWHERE, given)) is is_found


def test_what_is_filled_in_later_is_not_refused():
    given = corefile("forward . {$UPSTREAM}", without="forward", name="dns-for-tests")
    assert told(given, deployment(config="dns-for-tests")) == []
    template = corefile("forward . {{DNS_IP}}", "cache ${TTL}", without="forward", name="dns-for-tests")
    assert told(template, deployment(config="dns-for-tests")) == []


@pytest.mark.parametrize("target", ["10.0.0.3:5x", "10.0.0.3:99999", "10.0.0.3:0", "tls://10.0.0.3:-1", "10.0.0.3:"])
def test_a_port_that_there_is_not(target):
    given = corefile(f"forward . 10.0.0.2 {target}", without="forward")
    assert_told(told(given), "corefile-forward", "error", target, "no port", "line 10 of it")


@pytest.mark.parametrize("target", ["/etc/resolve.conf", "/etc/resolv.cnf", "/etc/reslov.conf"])
def test_a_slip_for_resolv_conf(target):
    given = corefile(f"forward . {target}", without="forward")
    assert_told(told(given), "corefile-forward", "warning", target, "no file", "write /etc/resolv.conf")


@pytest.mark.parametrize("target", ["nosuchfile", "dns1:53", "foo://10.0.0.3"])
def test_a_word_that_is_taken_for_a_nameservers_name(target):
    given = corefile(f"forward . {target}", without="forward")
    assert_told(told(given), "corefile-forward", "warning", target, "neither an address nor a path")


@pytest.mark.parametrize(
    "target",
    [
        "/etc/resolv.conf",
        "/etc/k8s-resolv.conf",
        "/run/systemd/resolve/resolv.conf",
        "10.0.0.3:5353",
        "10.0.0.3:domain",
        "[::1]:5399",
        "fe80::1%eth0",
        "tls://9.9.9.9",
        "dns.example.com",
        "__PILLAR__UPSTREAM__SERVERS__",
    ],
)
def test_what_may_be_asked_is_no_finding(target):
    assert told(corefile(f"forward . {target}", without="forward")) == []


def test_the_services_selector_no_longer_fits_coredns():
    [finding] = found(corefile(), deployment(), service(selector={"k8s-app": "kubedns"}))
    assert (finding.rule, finding.severity) == ("selector-no-pods", "warning")
