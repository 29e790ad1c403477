"""Names below a Service: serviceName and subdomain."""

from tests.testing.checks.objects import (
    APP,
    assert_only,
    containers,
    deployment,
    found,
    headless,
    pod,
    service,
    stateful,
)


def test_a_stateful_set_whose_service_is_not_there():
    findings = found(headless(), stateful(serviceName="wep"))
    words = ("no Service shop/wep", "write web, or make a headless Service wep")
    assert_only(findings, "warning", "spec.serviceName", *words, on="StatefulSet shop/db")


def test_a_stateful_set_whose_service_is_not_headless():
    findings = found(service(), stateful(serviceName="web"))
    assert_only(findings, "warning", "spec.serviceName", "not headless", "clusterIP: None", on="StatefulSet shop/db")


def test_a_stateful_set_whose_service_finds_other_pods():
    findings = found(headless("db"), deployment(), stateful(serviceName="db", labels={"app": "db"}))
    assert_only(findings, "warning", "spec.serviceName", "does not find", "app=web", on="StatefulSet shop/db")


def test_a_stateful_set_without_a_service_name():
    findings = found(headless(), stateful())
    assert_only(findings, "remark", "spec.serviceName", "no name for each pod", on="StatefulSet shop/db")


def test_a_subdomain_is_looked_at_alike():
    findings = found(service(), deployment(pod={"subdomain": "nobody"}))
    assert_only(findings, "warning", "spec.template.spec.subdomain", "shop/nobody", on="Deployment shop/web")
    findings = found(service(), pod(subdomain="nobody"))
    assert_only(findings, "warning", "spec.subdomain", "shop/nobody", on="Pod shop/web-0")


def test_pods_of_one_workload_are_told_of_once_and_by_its_name():
    owned = [pod(f"db-{n}", owner=("StatefulSet", "db"), subdomain="nobody") for n in range(3)]
    assert_only(found(service(), *owned), "warning", "spec.serviceName", on="StatefulSet shop/db")
    labels = {**APP, "pod-template-hash": "5d9c"}
    owned = [pod(f"a-{n}", owner=("ReplicaSet", "a-5d9c"), labels=labels, containers=containers()) for n in range(3)]
    assert_only(
        found(service(), *owned), "remark", "spec.ports[0].targetPort", "the containers of Deployment a declare"
    )
