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


def optioned(name, value):
    findings = found(
        service(), deployment(pod={"dnsConfig": {"options": [{"name": "edns0"}, {"name": name, "value": value}]}})
    )
    return [each for each in findings if each.rule == "dns-option-bound"]


# RES_MAXNDOTS, RES_MAXRETRANS and RES_MAXRETRY of glibc's resolv.h; resolvconf.c of musl.
@pytest.mark.parametrize(
    ("name", "value", "severity", "words"),
    [
        ("ndots", "16", "warning", ("glibc takes 15 and musl takes 15", "write 15 or less")),
        ("ndots", "20", "warning", ("ndots 20 is more",)),
        ("timeout", "61", "warning", ("glibc takes 30 and musl takes 60", "write 30 or less")),
        ("timeout", "31", "remark", ("glibc takes 30 in its place",)),
        ("attempts", "11", "warning", ("glibc takes 5 and musl takes 10",)),
        ("attempts", "10", "remark", ("glibc takes 5 in its place",)),
    ],
)
def test_a_number_that_libcs_do_not_take(name, value, severity, words):
    field = "spec.template.spec.dnsConfig.options[1].value"
    assert_only(optioned(name, value), severity, field, *words, on="Deployment shop/web")


@pytest.mark.parametrize(
    ("name", "value"),
    [("ndots", "15"), ("ndots", "0"), ("ndots", "1"), ("timeout", "30"), ("timeout", "0"), ("attempts", "5"),
     ("ndots", "x"), ("ndots", ""), ("use-vc", ""), ("max-inflight", "99")],
)  # fmt: skip
def test_numbers_that_libcs_take_are_no_finding(name, value):
    assert optioned(name, value) == []
