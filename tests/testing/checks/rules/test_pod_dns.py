"""dnsPolicy beside hostNetwork, and hostnameOverride."""

import pytest

from tests.testing.checks.objects import APP, assert_only, containers, deployment, found, pod, service

NEVER = {"restartPolicy": "Never"}


@pytest.mark.parametrize("policy", [None, "ClusterFirst"])
def test_on_the_nodes_network_cluster_first_is_the_nodes_own(policy):
    stated = {"hostNetwork": True, **({"dnsPolicy": policy} if policy else {})}
    words = ("the node's own resolv.conf", "ClusterFirstWithHostNet")
    findings = found(service(), deployment(pod=stated))
    assert_only(findings, "remark", "spec.template.spec.dnsPolicy", *words, on="Deployment shop/web")
    assert_only(found(service(), pod(**stated)), "remark", "spec.dnsPolicy", *words, on="Pod shop/web-0")


@pytest.mark.parametrize("policy", ["ClusterFirstWithHostNet", "Default"])
def test_what_is_meant_so_is_no_finding(policy):
    assert found(service(), deployment(pod={"hostNetwork": True, "dnsPolicy": policy})) == ()
    assert found(service(), deployment(pod={"dnsPolicy": "ClusterFirst"})) == ()


def test_a_host_name_inside_the_pod_is_none_in_dns():
    findings = found(service(), deployment(pod={"hostnameOverride": "legacy.example.com"}))
    words = ("no DNS record", "hostname and subdomain")
    assert_only(findings, "remark", "spec.template.spec.hostnameOverride", *words, on="Deployment shop/web")


def test_fields_of_a_cron_job_are_named_where_they_stand():
    pods = {"metadata": {"labels": APP}, "spec": {"hostNetwork": True, "containers": containers(), **NEVER}}
    meta, job = {"name": "nightly", "namespace": "shop"}, {"spec": {"template": pods}}
    cron = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": meta, "spec": {"jobTemplate": job}}
    [finding] = [each for each in found(service(), cron) if each.rule == "host-network-dns"]
    assert finding.field == "spec.jobTemplate.spec.template.spec.dnsPolicy"
