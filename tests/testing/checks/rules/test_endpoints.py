"""Whether a Service has endpoints, and why it has none."""

import json

import attrs
import pytest

from k8sresolve.testing import Cluster
from tests.testing.checks.objects import (
    assert_only,
    custom,
    deployment,
    found,
    headless,
    namespace,
    only,
    pod,
    port,
    service,
    slice_of,
    stateful,
)

AGREE = "let the selector and the labels of its pods agree"


@pytest.mark.parametrize(
    ("selector", "labels", "words"),
    [
        ({"app": "web"}, {"app": "webb"}, ("api have app=webb in place of app=web", AGREE, "write app=webb in it")),
        ({"app": "web"}, {"name": "web"}, ("have name=web in place of app=web", AGREE)),
        ({"ap": "web"}, {"app": "web"}, ("have app=web in place of ap=web", AGREE)),
        (
            {"app": "web", "tier": "x"},
            {"app": "web", "tier": "front"},
            ("tier=front in place of tier=x", "write tier=front"),
        ),
        ({"app": "web", "teir": "front"}, {"app": "web", "tier": "front"}, ("tier=front in place of teir=front",)),
        (
            {"app": "web"},
            {"app": "zzz"},
            ("finds no pod in namespace shop; no Service finds those of", "--show-labels"),
        ),
        ({"app": "web", "tier": "x"}, {"app": "a", "tier": "b"}, ("app=web,tier=x finds no pod", "--show-labels")),
    ],
)
def test_a_selector_that_finds_nothing_tells_the_nearest_labels(selector, labels, words):
    findings = found(service(selector=selector), deployment("api", labels=labels))
    assert_only(findings, "warning", "spec.selector", *words)


def test_of_several_near_ones_the_most_alike_is_told():
    pods = [deployment(name, labels={"app": name}) for name in ("db", "web-api", "payments", "webs")]
    assert_only(found(service(), *pods), "warning", "spec.selector", "Deployment webs have app=webs")


def test_a_selector_finds_pods_of_its_own_namespace_only():
    findings = found(service(), deployment("web", namespace="data"), deployment("db", labels={"app": "db"}))
    assert_only(
        findings, "warning", "spec.selector", "but those of Deployment web in namespace data", "into namespace data"
    )


def test_of_a_service_without_namespace_the_namespace_may_be_given_to_kubectl():
    stateless = service()
    del stateless["metadata"]["namespace"]
    [finding] = found(stateless, deployment())
    assert finding.severity == "warning"
    assert finding.advice.startswith("give -n shop, as to kubectl")


def test_of_a_workload_without_namespace_the_namespace_may_be_given_to_kubectl():
    stateless = deployment()
    del stateless["metadata"]["namespace"]
    [finding] = found(service(namespace="monitoring"), stateless)
    assert finding.advice.startswith("give -n monitoring, as to kubectl, or state that namespace in Deployment web")


# What may be elsewhere, or come to be: a remark.


def severities(*objects):
    return [each.severity for each in found(*objects) if each.rule == "selector-no-pods"]


def test_where_more_services_find_nothing_than_workloads_are_left_their_pods_seem_to_be_elsewhere():
    db, own = deployment("db", labels={"app": "db"}), service("db", selector={"app": "db"})
    others = [service(name, selector={"app": name}) for name in ("api", "ui")]
    assert severities(service(), db) == ["warning"]
    assert severities(service(), db, own) == ["warning"]
    assert severities(service(), others[0], db, own) == ["remark"] * 2
    assert severities(service(), others[0], db) == ["remark"] * 2
    assert severities(service(), service("ui"), db) == ["warning"] * 2  # of one selector
    left = [deployment(name, labels={"app": name}) for name in ("a", "b")]
    assert severities(service(), others[0], *left) == ["warning"] * 2
    assert severities(service(), *others, *left) == ["remark"] * 3


def test_a_workload_of_its_name_is_meant_however_many_others_are_elsewhere():
    web = deployment("web", labels={"app": "db"})
    assert severities(service("web-svc"), service("api", selector={"app": "api"}), web) == ["warning", "remark"]


@pytest.mark.parametrize(
    "left",
    [
        deployment("api", labels={"app": "db"}, kind="Job"),
        pod("ping", labels={"app": "db"}, containers=[{"name": "c"}]),
    ],
)
def test_what_serves_nothing_is_not_meant(left):
    assert severities(service(), left) == ["remark"]


SLIP = deployment("api", labels={"app": "webb"})


def test_of_a_namespace_that_is_not_given_more_may_be_elsewhere():
    assert severities(service(), SLIP, namespace("other")) == ["remark"]
    assert severities(service(), SLIP, namespace("shop")) == ["warning"]


def test_what_is_still_to_be_filled_in_may_hold_the_pods():
    assert severities(service(), SLIP, deployment("$NAME", labels={"app": "other"})) == ["remark"]


def test_a_file_that_cannot_be_read_may_hold_the_pods(tmp_path):
    (tmp_path / "web.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": [service(), SLIP]}))
    assert [each.severity for each in Cluster.from_manifests(tmp_path, refused=str).check()] == ["warning"]
    (tmp_path / "pods.json").write_text("{{")
    assert [each.severity for each in Cluster.from_manifests(tmp_path, refused=str).check()] == ["remark"]


def test_who_owns_a_service_may_make_its_pods():
    owned = service()
    owned["metadata"]["ownerReferences"] = [{"kind": "Cluster", "name": "it", "controller": True}]
    assert_only(found(owned, SLIP), "remark", "spec.selector", "Cluster it owns the Service")


def operated(kind, where, **spec):
    return custom(kind, where, "operators.coreos.com", spec=spec)


def test_an_operator_puts_pods_where_it_likes():
    template = deployment()["spec"]["template"]
    deployments = [{"name": "op", "spec": {"template": template}}]
    bundle = operated("ClusterServiceVersion", "placeholder", install={"spec": {"deployments": deployments}})
    findings = found(service(), bundle)
    assert_only(findings, "remark", "spec.selector", "ClusterServiceVersion it in namespace placeholder")


@pytest.mark.parametrize(
    ("kind", "name", "severity"),
    [
        ("ThanosRuler", "thanos-ruler", "remark"),
        ("ThanosRuler", "main", "remark"),
        ("Ruler", "ruler", "remark"),
        ("Ruler", "main", "warning"),
        ("ServiceMonitor", "thanos-ruler", "warning"),
    ],
)
def test_a_label_that_an_operator_may_give_is_no_slip_for_one_that_is_spelt_alike(kind, name, severity):
    made = custom(kind, metadata={"name": name, "namespace": "shop"})
    pods = deployment(labels={"app": "thanos-rule"})
    assert only(found(service(selector={"app": "thanos-ruler"}), pods, made)).severity == severity


def test_without_a_workload_in_its_namespace_the_pods_may_be_anywhere():
    assert_only(found(service()), "remark", "spec.selector", "of which no workload is among the manifests")


@pytest.mark.parametrize("selector", [{"app": "web", "role": "leader"}, {"store-active": "yes"}])
def test_a_label_that_stands_in_no_template_may_be_set_at_run_time(selector):
    finding = only(found(service(selector=selector), deployment()))
    assert (finding.severity, finding.field) == ("remark", "spec.selector")
    assert "set at run time or wrong" in finding.problem
    assert "widen" not in finding.advice
    assert "leave" not in finding.advice


def test_what_an_operator_makes_pods_for_may_make_these():
    prometheus = {"apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus", "metadata": {"name": "main"}}
    db = deployment("db", labels={"app": "db"})
    assert_only(found(service(), db, prometheus), "remark", "spec.selector", "Prometheus main may make such pods")
    # It takes no slip for what it is not.
    assert_only(found(service(), deployment("api", labels={"app": "webb"}), prometheus), "warning", "spec.selector")


def test_in_its_own_namespace_the_cluster_runs_pods_of_its_own():
    scheduler = service("scheduler", "kube-system", selector={"component": "kube-scheduler"})
    other = deployment("proxy", labels={"component": "proxy"}, namespace="kube-system")
    findings = found(scheduler, other, name="kube-system/scheduler")
    assert_only(findings, "remark", "spec.selector", "pods of its own", on="Service kube-system/scheduler")


def test_a_workload_scaled_to_nothing_fits_all_the_same():
    words = ("app=web fits only Deployment web, of which no pod runs", "connections are refused")
    assert_only(found(service(), deployment(replicas=0)), "remark", "spec.selector", *words)
    assert_only(found(headless(), deployment(replicas=0)), "remark", "spec.selector", "NXDOMAIN")
    # Its template tells of ports even so.
    findings = found(service(), deployment("web", [port(9090)], replicas=0))
    assert {each.field for each in findings} == {"spec.selector", "spec.ports[0].targetPort"}


def test_pods_that_have_ended_are_no_endpoints():
    assert_only(found(service(), pod(phase="Succeeded")), "remark", "spec.selector", "pods that have ended (web-0)")


@pytest.mark.parametrize(
    ("state", "word"),
    [({"ready": False}, "1 not ready"), ({"phase": "Pending", "ready": False}, "1 Pending")],
)
def test_without_a_ready_pod_a_headless_service_does_not_exist_in_dns_and_another_refuses(state, word):
    assert_only(found(headless(), pod(**state)), "warning", "spec.selector", word, "NXDOMAIN", "describe pod web-0")
    assert_only(found(service(), pod(**state)), "warning", "spec.selector", word, "connections are refused")


def test_what_is_published_ready_or_not_has_endpoints():
    assert found(headless(publishNotReadyAddresses=True), pod(ready=False)) == ()


def test_some_pods_not_ready_are_a_remark():
    findings = found(service(), pod("web-0"), pod("web-1", ready=False))
    assert_only(findings, "remark", "spec.selector", "of the 2 pods", "1 cannot be", "web-1 (not ready)")


def test_ready_pods_without_an_address_of_the_services_family():
    findings = found(service(ipFamilies=["IPv6"]), pod())
    assert_only(findings, "warning", "spec.selector", "ready, but in no EndpointSlice", "compare ipFamilies")


def test_a_check_tells_of_the_cluster_as_it_is_now():
    cluster = Cluster.from_objects([service(), deployment()])
    [web] = cluster.store.slices("shop", "web")
    assert cluster.check() == ()
    cluster.store.add(attrs.evolve(web, addresses=()))
    assert_only(cluster.check(), "warning", "spec.selector", "connections are refused")


def test_a_service_without_selector_needs_slices_which_may_be_made_at_run_time():
    assert_only(found(service(selector=None)), "remark", "spec.selector", "has no EndpointSlice", "service-name: web")
    assert_only(found(headless(selector=None)), "remark", "spec.selector", "NXDOMAIN")
    findings = found(service(selector=None), slice_of("web", "10.0.0.1", ready=False))
    assert_only(findings, "remark", "spec.selector", "list only addresses that are not ready")


def test_an_endpoints_object_is_as_good():
    meta = {"name": "web", "namespace": "shop"}
    subsets = [{"addresses": [{"ip": "10.0.0.1"}], "ports": [{"name": "http", "port": 8080}]}]
    endpoints = {"apiVersion": "v1", "kind": "Endpoints", "metadata": meta, "subsets": subsets}
    assert [each.rule for each in found(service(selector=None), endpoints)] == ["endpoints-deprecated"]


def test_of_the_nameserver_no_other_pods_of_the_cluster_are_meant():
    dns = service("kube-dns", "kube-system", selector={"k8s-app": "coredns"}, ports=[{"name": "dns", "port": 53}])
    own = deployment("coredns", labels={"k8s-app": "kube-dns"}, namespace="kube-system")
    assert_only(found(dns, own), "warning", "spec.selector", "refused", on="Service kube-system/kube-dns")
    # NodeLocal DNSCache comes without the nameserver.
    cache = deployment("node-local-dns", labels={"k8s-app": "node-local-dns"}, namespace="kube-system")
    assert_only(found(dns, cache), "remark", "spec.selector", "pods of its own", on="Service kube-system/kube-dns")


def test_a_label_too_many_is_told_as_what_the_pods_lack():
    findings = found(service(selector={"name": "web", "app": "web"}), deployment(labels={"name": "web"}))
    assert_only(findings, "warning", "spec.selector", "Deployment web lack app=web")


def by_hand(**subset):
    meta = {"name": "web", "namespace": "shop"}
    return {"apiVersion": "v1", "kind": "Endpoints", "metadata": meta, "subsets": [{"ports": [{"port": 80}], **subset}]}


@pytest.mark.parametrize(
    ("listing", "words"),
    [
        (
            by_hand(notReadyAddresses=[{"ip": "192.0.2.1"}]),
            ["Endpoints list only", "(notReadyAddresses)", "addresses in"],
        ),
        (
            slice_of("web", "192.0.2.1", ready=False),
            ["EndpointSlices list only", "(ready: false)", "write ready: true"],
        ),
        (slice_of("web"), ["its EndpointSlices list no address: unless something makes one"]),
    ],
)
def test_of_endpoints_made_by_hand_it_is_told_why_none_is_ready(listing, words):
    told = [each for each in found(service(selector=None), listing) if each.rule == "no-endpoints"]
    assert_only(told, "remark", "spec.selector", *words)


def test_endpoints_of_which_one_is_ready_are_no_finding():
    listing = by_hand(addresses=[{"ip": "192.0.2.1"}], notReadyAddresses=[{"ip": "192.0.2.2"}])
    assert [each for each in found(service(selector=None), listing) if each.rule == "no-endpoints"] == []


def test_a_selector_is_compared_with_what_is_called_as_it_wants():
    wanted = {"component": "db-proxy", "cluster": "a"}
    others = [stateful("db-keeper", labels={"component": "db-keeper", "cluster": "a"})]
    proxy = deployment("db-proxy", labels={"component": "proxy", "cluster": "a"})
    [finding] = [each for each in found(service(selector=wanted), *others, proxy) if each.rule == "selector-no-pods"]
    assert "those of Deployment db-proxy have component=proxy in place of component=db-proxy" in finding.problem
