"""Manifests that went wrong once, in small, each with what is right of it: see the tests' comments for why."""

from pathlib import Path

import pytest

from k8sresolve import NoSuchName, lint_resolv_conf
from k8sresolve.errors import ManifestError
from k8sresolve.testing import Cluster

CASES = Path(__file__).parent


def cluster(case: str, **options) -> Cluster:
    return Cluster.from_manifests(CASES / case / "manifest.yaml", **options)


def worse(made: Cluster) -> set[tuple[str, str, str]]:
    """What is an error or a warning: severity, object and field."""
    return {(each.severity, each.object, each.field) for each in made.check() if each.severity != "remark"}


def containers(kind: str, number: int) -> str:
    return f"spec.template.spec.containers[0].ports[{number}].{kind}"


SHORT = "spec.externalName"


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        # `pkg/apis/core/validation` of Kubernetes: ValidateService, ValidateDeploymentSpec, IsValidPortName.
        (
            "container-port-name-over-15",
            {
                ("error", "Service default/panel", "spec.ports[0].targetPort"),
                ("error", "Service default/panel", "spec.ports[1].targetPort"),
                ("error", "Deployment default/panel", containers("name", 0)),
                ("error", "Deployment default/panel", containers("name", 1)),
            },
        ),
        (
            "external-name-that-the-api-server-refuses",
            {("error", f"Service default/db-{name}", SHORT) for name in ("port", "underscore", "url", "upper", "any")},
        ),
        (
            "headless-and-load-balancer",
            {("error", f"Service default/{name}", "spec.clusterIP") for name in ("cache", "nifi")},
        ),
        (
            "names-that-the-api-server-refuses",
            {("error", f"Service default/{name}", "metadata.name") for name in ("my_cache", "v2.0.0-museum", "MyApi")},
        ),
        ("selector-does-not-fit-its-template", {("error", "Deployment default/web", "spec.selector")}),
        # No resolver puts a search domain behind what a CNAME leads to.
        ("external-name-not-a-full-name", {("warning", f"Service shop/{name}", SHORT) for name in ("queue", "queue2")}),
        # The endpoint controller takes `hostname` from the spec, and not the pod's own name.
        ("subdomain-without-hostname", {("warning", "Deployment default/crew", "spec.template.spec.subdomain")}),
        # What the manifests do not tell: operators make pods, and programs label their own.
        ("pods-made-by-an-operator", set()),
        ("selector-label-set-at-run-time", set()),
        ("advice-names-an-unrelated-service", set()),
        ("replication-controller", set()),
        ("built-in-namespaces", set()),
        ("api-server-service", set()),
    ],
)
def test_what_check_says(case, expected):
    assert worse(cluster(case)) == expected


def test_no_advice_sends_connections_elsewhere():
    [active] = [each for each in cluster("selector-label-set-at-run-time").check() if each.field == "spec.selector"]
    assert "store-active" in active.problem
    assert "leave" not in active.advice
    for finding in cluster("advice-names-an-unrelated-service").check():
        assert "ship-applicationset-controller" not in f"{finding.problem} {finding.advice}"


def test_a_cluster_ip_that_is_no_address_is_refused_at_its_field():
    with pytest.raises(ManifestError) as caught:
        cluster("cluster-ip-that-is-no-address")
    assert (caught.value.document, caught.value.field) == (1, "spec.clusterIP")
    assert "'none'" in caught.value.problem


# What every cluster has: Kubernetes documentation, "Namespaces"; `pkg/controlplane/controller/kubernetesservice`.


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("tools.default", "10.96.1.2"),
        ("kube-dns.kube-system", "10.96.0.10"),
        ("front.shop.svc.cluster.local", "10.96.1.1"),
    ],
)
def test_namespaces_that_every_cluster_has(name, address):
    with cluster("built-in-namespaces").resolver(namespace="shop", family="ipv4") as resolver:
        assert [str(found) for found in resolver.service(name).addresses] == [address]
        with pytest.raises(NoSuchName):
            resolver.service("any.other")


def test_the_service_of_the_api_server():
    made = cluster("api-server-service", service_cidrs=["10.96.0.0/16"], pod_cidrs=["10.244.0.0/16"])
    with made.resolver(namespace="tools", family="ipv4") as resolver:
        for name in ("kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"):
            assert [str(found) for found in resolver.service(name).addresses] == ["10.96.0.1"]
        assert resolver.port("kubernetes.default", "https").number == 443
        alias = resolver.service("api-alias")
        assert [str(found) for found in alias.addresses] == ["10.96.0.1"]
        assert alias.cname is not None


def test_the_nameservers_service_by_another_name():
    corefile = (CASES / "dns-service-by-another-name" / "node-local.Corefile").read_text()
    made = cluster("dns-service-by-another-name", corefile=corefile)
    with made.resolver(namespace="shop", family="ipv4") as resolver:
        assert [str(found) for found in resolver.service("web").addresses] == ["10.233.3.3"]
    assert "nameserver 10.233.0.3" in made.resolv_conf("shop/client")


# What the kubelet writes: `pkg/kubelet/kubelet_pods.go`, nodeHostsFileContent.


def test_the_hosts_file_of_a_pod():
    made = cluster("hosts-file-of-a-pod")
    [pod] = made.pods("default/mq")
    with made.resolver(pod="default/mq-0", family="ipv4") as resolver:
        for own in ("mq-0", "mq-0.mq.default.svc.cluster.local"):
            assert [str(found) for found in resolver.addresses(own).addresses] == [pod.ip]
        for legacy in ("legacy", "legacy.example.com"):
            assert [str(found) for found in resolver.addresses(legacy).addresses] == ["192.0.2.7"]
        assert resolver.stats().questions == 0
    with made.resolver(namespace="default", family="ipv4") as resolver, pytest.raises(NoSuchName):
        resolver.addresses("legacy")


def test_pods_of_a_replication_controller():
    made = cluster("replication-controller")
    with made.resolver(family="ipv4") as resolver:
        assert len(resolver.service("web").addresses) == 2
    assert {port.number for part in made.store.slices("default", "web") for port in part.ports} == {8080}


def test_a_subdomain_without_hostname_names_no_pod():
    made = cluster("subdomain-without-hostname")
    with made.resolver(family="ipv4") as resolver:
        assert len(resolver.service("crew").addresses) == 2
        for pod in made.pods("default/crew"):
            with pytest.raises(NoSuchName):
                resolver.addresses(f"{pod.name}.crew.default.svc.cluster.local")


def test_a_service_for_the_pod_that_leads_has_its_address():
    made = cluster("selector-label-set-at-run-time")
    with made.resolver(family="ipv4") as resolver:
        service = made.store.service("default", "store-active")
        assert service is not None
        assert tuple(str(found) for found in resolver.service("store-active").addresses) == service.cluster_ips


def test_the_namespace_of_the_apply():
    made = cluster("namespace-of-the-apply", apply_namespace="ship")
    with made.resolver(namespace="ship", family="ipv4") as resolver:
        assert [str(found) for found in resolver.service("repo-server.ship").addresses] == ["10.96.5.5"]
        assert resolver.service("fixed.other").addresses
        with pytest.raises(NoSuchName):
            resolver.service("repo-server.default")


def test_a_directory_with_a_kustomization_says_what_to_do():
    with pytest.raises(ManifestError, match=r"kustomiz.*-k"):
        Cluster.from_manifests(CASES / "kustomize-directory")


# resolv.conf(5) knows the keyword `options` only.


@pytest.mark.parametrize("name", ["resolv.conf", "option.resolv.conf"])
def test_an_option_without_its_keyword(name):
    text = (CASES / "resolv-conf-option-without-its-keyword" / name).read_bytes()
    assert any("options ndots:5" in finding.advice for finding in lint_resolv_conf(text))


def test_a_search_domain_below_which_every_name_exists():
    text = (CASES / "search-domain-with-a-wildcard" / "resolv.conf").read_bytes()
    assert any(finding.severity == "warning" and "nip.io" in finding.problem for finding in lint_resolv_conf(text))
