"""Names below a Service: serviceName and subdomain."""

import json

import pytest

from k8sresolve.testing import Cluster
from tests.testing.checks.objects import (
    APP,
    assert_only,
    containers,
    custom,
    deployment,
    found,
    headless,
    only,
    pod,
    service,
    stateful,
)

SUBDOMAIN = {"subdomain": "web"}


def job(name):
    return {**deployment(name, kind="Job", pod=SUBDOMAIN), "apiVersion": "batch/v1"}


def test_a_stateful_set_whose_service_is_not_there():
    told = "no Service shop/wep"
    findings = found(service(), stateful(serviceName="wep"))
    assert_only(findings, "remark", "spec.serviceName", told, "make a headless Service wep", on="StatefulSet shop/db")
    # Another is proposed only if it would do, and is spelt much like it.
    likely = found(headless("webserver"), stateful(serviceName="websrver"))
    finding = only([each for each in likely if "StatefulSet" in each.object])
    assert (finding.severity, finding.advice) == ("warning", "write webserver")
    finding = only(
        [each for each in found(headless("web-ssh"), stateful(serviceName="web")) if "Stateful" in each.object]
    )
    assert finding.severity == "remark"
    finding = found(
        headless(selector={"app": "other"}), deployment("o", labels={"app": "other"}), stateful(serviceName="wep")
    )
    assert "write" not in only([each for each in findings if "StatefulSet" in each.object]).advice


def test_a_service_that_could_not_be_read_is_not_missed(tmp_path):
    refused = []
    for given, text in {"set": stateful(serviceName="wep"), "service": {**service("wep"), "spec": 5}}.items():
        (tmp_path / f"{given}.yaml").write_text(json.dumps(text))
    cluster = Cluster.from_manifests(tmp_path, refused=refused.append)
    assert len(refused) == 1
    assert cluster.check() == ()


def test_a_stateful_set_whose_service_is_not_headless():
    findings = found(service(), stateful(serviceName="web"))
    assert_only(findings, "remark", "spec.serviceName", "not headless", "headless Service", on="StatefulSet shop/db")


def test_a_stateful_set_whose_headless_service_is_another():
    beside = [service("web"), headless("db"), stateful(serviceName="web", labels=APP)]
    assert_only(found(*beside), "warning", "spec.serviceName", "db", "write db", on="StatefulSet shop/db")


@pytest.mark.parametrize(
    "others",
    [
        [headless("web-nodes")],  # which the peers may use, by its addresses
        [headless("db"), headless("web-peers")],
        [headless("db", selector={"app": "other"}), deployment("other", labels={"app": "other"})],
        [headless("db"), stateful("peers", serviceName="db", labels=APP)],
        [headless("db"), deployment("more")],
    ],
    ids=["of another name", "several", "of others", "in use", "of others as well"],
)
def test_a_headless_service_that_is_not_plainly_meant_for_a_set_is_not_proposed(others):
    findings = found(service("web"), *others, stateful(serviceName="web", labels=APP))
    assert [each.severity for each in findings if each.object == "StatefulSet shop/db"] == ["remark"]


def test_a_stateful_set_whose_service_finds_other_pods():
    findings = found(headless("db"), deployment(), stateful(serviceName="db", labels={"app": "db"}))
    assert_only(findings, "warning", "spec.serviceName", "does not find", "app=web", on="StatefulSet shop/db")


@pytest.mark.parametrize(
    ("labels", "workload", "warns"),
    [
        ({"job-name": "train"}, job("train"), False),
        ({"batch.kubernetes.io/job-name": "train"}, job("train"), False),
        ({"job-name": "trane"}, job("train"), True),
        ({"batch.kubernetes.io/controller-uid": "1-2"}, job("train"), False),
        ({"job-name": "train", "app": "other"}, job("train"), True),
        ({"statefulset.kubernetes.io/pod-name": "web-0"}, stateful(serviceName="web"), False),
        ({"apps.kubernetes.io/pod-index": "0"}, stateful(serviceName="web"), False),
        ({"job-name": "web"}, stateful(serviceName="web"), True),
        ({"pod-template-hash": "5d9c"}, deployment(pod={**SUBDOMAIN, "hostname": "one"}), False),
        ({"jobset.sigs.k8s.io/jobset-name": "it"}, custom("JobSet", spec=job("x")["spec"]), False),
        ({"app": "other"}, custom("JobSet", spec=job("x")["spec"]), True),
    ],
)
def test_a_selector_may_be_of_labels_that_pods_get_when_they_are_made(labels, workload, warns):
    findings = found(headless(selector=labels), workload)
    assert ("pod-names-selector" in [each.rule for each in findings]) is warns


def test_a_stateful_set_without_a_service_name():
    findings = found(headless(), stateful())
    assert_only(findings, "remark", "spec.serviceName", "no name for each pod", on="StatefulSet shop/db")


def test_a_subdomain_is_looked_at_alike():
    findings = found(service(), deployment(pod={"subdomain": "nobody"}))
    assert_only(findings, "warning", "spec.template.spec.subdomain", "shop/nobody", on="Deployment shop/web")
    findings = found(service(), pod(subdomain="nobody"))
    assert_only(findings, "warning", "spec.subdomain", "shop/nobody", on="Pod shop/web-0")


def test_a_subdomain_names_pods_only_with_a_hostname():
    named = deployment(pod={"subdomain": "web"})
    findings = found(headless(), named)
    words = ("without spec.hostname", "shop/web", "a pod's own name is not one")
    assert_only(findings, "warning", "spec.template.spec.subdomain", *words, on="Deployment shop/web")
    assert found(headless(), deployment(pod={"subdomain": "web", "hostname": "one"})) == ()
    assert found(headless(), stateful(serviceName="web")) == ()


def test_pods_of_one_workload_are_told_of_once_and_by_its_name():
    owned = [pod(f"db-{n}", owner=("StatefulSet", "db"), subdomain="nobody") for n in range(3)]
    assert_only(found(service(), *owned), "remark", "spec.serviceName", on="StatefulSet shop/db")
    labels = {**APP, "pod-template-hash": "5d9c"}
    owned = [pod(f"a-{n}", owner=("ReplicaSet", "a-5d9c"), labels=labels, containers=containers()) for n in range(3)]
    assert_only(
        found(service(), *owned), "remark", "spec.ports[0].targetPort", "the containers of Deployment a declare"
    )


def test_a_stateful_set_whose_service_selects_other_pods():
    other = {"app": "queue"}
    queue = service("queue", selector=other), deployment("queue", labels=other)
    findings = found(*queue, stateful(serviceName="queue"), headless())
    words = ("selects other pods, those of Deployment queue", "write web")
    assert_only(findings, "warning", "spec.serviceName", *words, on="StatefulSet shop/db")
    # A label that stands nowhere may be set at run time, as that of the first of them.
    leader = service("queue", selector={**APP, "role": "primary"})
    findings = [each for each in found(leader, stateful(serviceName="queue")) if "StatefulSet" in each.object]
    assert_only(findings, "remark", "spec.serviceName", "not headless", on="StatefulSet shop/db")


def test_a_pod_that_a_workload_adopts_is_looked_at_as_it_is_written():
    replicas = deployment(kind="ReplicationController", selector=APP)
    findings = found(service(), replicas, pod(hostname="main", subdomain="nobody"))
    assert_only(findings, "warning", "spec.subdomain", "no Service shop/nobody", on="Pod shop/web-0")
    assert found(service(), replicas, pod()) == ()


def test_of_a_subdomain_that_no_service_can_have_the_refusal_is_all_that_is_said():
    findings = found(pod(hostname="admin", subdomain="web.admin"))
    assert [each.rule for each in findings] == ["subdomain"]
