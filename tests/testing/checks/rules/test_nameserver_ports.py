"""Where CoreDNS listens, beside its probes and Services."""

import pytest

from tests.testing.checks.objects import custom
from tests.testing.checks.rules.nameserver import assert_told, container, corefile, deployment, port, service, told


def test_a_nameserver_as_it_is_given_is_no_finding():
    assert told(corefile(), deployment(), service()) == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            corefile(without="ready"),
            ("the Corefile has no ready", ":8181/ready", "never gets ready", "write ready into"),
        ),
        (
            corefile(without="health"),
            ("the Corefile has no health", ":8080/health", "started again", "write health into"),
        ),
        (corefile("ready :8182", without="ready"), ("ready listens at :8182", "write ready :8181, or probe :8182")),
        (corefile("health :8081", without="health"), ("health listens at :8081", "write health :8080")),
    ],
)
def test_a_probe_that_the_corefile_does_not_serve(given, words):
    on = "Deployment kube-system/coredns is probed at"
    assert_told(told(given, deployment(), service()), "corefile-probe", "warning", on, *words)


def test_a_probe_of_another_port_or_by_its_name():
    probed = container(readinessProbe={"httpGet": {"path": "/ready", "port": 8080}})
    assert_told(told(corefile(), deployment(probed)), "corefile-probe", "warning", "ready listens at :8181")
    names = [port(53, "dns", "UDP"), port(8082, "ready")]
    named = container(readinessProbe={"httpGet": {"path": "ready", "port": "ready"}}, ports=names)
    assert_told(told(corefile(), deployment(named)), "corefile-probe", "warning", "probed at :8082ready")
    assert told(corefile("ready :8082", without="ready"), deployment(named)) == []
    connected = container(readinessProbe={"tcpSocket": {"port": 5353}})
    words = ("CoreDNS listens at :53, :8080, :8181", "probed at :5353 ")
    assert_told(told(corefile(), deployment(connected)), "corefile-probe", "warning", *words)
    assert told(corefile(), deployment(container(readinessProbe={"tcpSocket": {"port": 53}}))) == []


SIDECAR = {"name": "beside", "image": "a/proxy", "readinessProbe": {"httpGet": {"path": "/ready", "port": 8181}}}


@pytest.mark.parametrize(
    "objects",
    [
        # What is imported may have it.
        (corefile("import custom/*.override", without="ready"), deployment()),
        (corefile("ready {$PORT}", without="ready", name="other"), deployment(config="other")),
        # Another program than CoreDNS may answer there.
        (corefile(without="ready"), deployment(container("example.com/dns-with-more:1"))),
        (corefile(without="ready"), deployment(container(readinessProbe=None), SIDECAR)),
        (corefile(without="ready"), deployment(container(readinessProbe={"exec": {"command": ["true"]}}))),
        # A pod of another ConfigMap.
        (corefile(without="ready"), deployment(config="other")),
        (corefile(without="ready"), service()),
        (corefile(without="ready"), custom("Rollout", spec={"template": deployment()["spec"]["template"]})),
    ],
)
def test_what_may_be_served_is_no_finding(objects):
    assert told(*objects) == []


@pytest.mark.parametrize("zones", [".:5353", "dns://.:1053", "cluster.local:54 example.com:55"])
def test_a_service_leads_to_where_nothing_listens(zones):
    words = ("Service kube-system/kube-dns leads port 53 to 53/UDP, where nothing listens", "let the server blocks")
    assert_told(told(corefile(zones=zones), deployment(), service()), "corefile-port", "warning", *words)


def test_a_service_without_pods_leads_there_too():
    assert_told(told(corefile(zones=".:5353"), service()), "corefile-port", "warning", "kube-dns leads port 53")
    led = {"name": "dns", "port": 53, "targetPort": "dns", "protocol": "UDP"}
    assert told(corefile(zones=".:5353"), service(led)) == []


def test_without_a_service_what_containers_declare_counts():
    words = ("Deployment coredns declares 53/UDP, where nothing listens: the Corefile has dns at 5353",)
    assert_told(told(corefile(zones=".:5353"), deployment()), "corefile-port", "warning", *words)
    of_others = service(selector={"k8s-app": "other"})
    assert_told(told(corefile(zones=".:5353"), deployment(), of_others), "corefile-port", "warning", *words)


LED = ({"name": "dns", "port": 53, "targetPort": 5353, "protocol": "UDP"},)
BY_NAME = ({"name": "dns", "port": 53, "targetPort": "dns", "protocol": "UDP"},)
ELSEWHERE = container(ports=[port(5353, "dns", "UDP")])


@pytest.mark.parametrize(
    "objects",
    [
        (corefile(zones=".:5353"), deployment(), service(*LED)),
        (corefile(zones=".:5353"), deployment(ELSEWHERE), service(*BY_NAME)),
        (corefile(zones=".:5353 .:53"), deployment(), service()),
        (corefile(zones="."), deployment(), service()),
        (corefile(zones=".:5353"), deployment(container(args=["-dns.port=53"])), service()),
        (corefile(zones=".:{$PORT}", name="other"), deployment(config="other"), service()),
        # Another container may listen there.
        (corefile(zones=".:5353"), deployment(container(), {"name": "dnsmasq", "image": "b"}), service()),
    ],
)
def test_where_something_listens_or_may_listen_is_no_finding(objects):
    assert [each for each in told(*objects) if each.rule == "corefile-port"] == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (corefile(without="prometheus"), ("9153/TCP, where nothing listens", "write prometheus :9153 into")),
        (corefile("prometheus :9154", without="prometheus"), ("prometheus at 9154", "write prometheus :9153 into")),
        (corefile("prometheus", without="prometheus"), ("the pod's own loopback alone", "write prometheus :9153")),
        (corefile("prometheus 127.0.0.1:9153", without="prometheus"), ("the pod's own loopback alone",)),
    ],
)
def test_metrics_that_a_service_leads_to_and_the_corefile_does_not_serve(given, words):
    on = "Service kube-system/kube-dns leads port 9153"
    assert_told(told(given, deployment(), service()), "corefile-port", "warning", on, *words)
