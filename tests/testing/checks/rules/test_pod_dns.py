"""dnsPolicy beside hostNetwork, and hostnameOverride."""

import pytest

from tests.testing.checks.objects import (
    APP,
    assert_only,
    config_map,
    containers,
    deployment,
    found,
    pod,
    service,
    told_of,
)

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


def asked(*objects):
    given = [service("db", ports=[{"port": 5432}]), *objects]
    return [each for each in found(*given) if each.rule in ("name-not-searched", "host-network-dns")]


@pytest.mark.parametrize(
    ("stated", "advice"),
    [
        ({"dnsPolicy": "Default"}, "leave dnsPolicy: Default out"),
        ({"hostNetwork": True}, "write dnsPolicy: ClusterFirstWithHostNet"),
        ({"dnsPolicy": "None", "dnsConfig": {"nameservers": ["1.1.1.1", "8.8.8.8"]}}, "list the cluster's nameserver"),
    ],
)
def test_a_pod_that_does_not_ask_the_cluster_is_told_once_of_all_that_it_does_not_find(stated, advice):
    conf = {"configMap": {"name": "conf"}, "name": "conf"}
    app = told_of(
        env={"A": "db:5432", "B": "http://web"}, args=["tcp://db.shop:5432"], pod={**stated, "volumes": [conf]}
    )
    findings = asked(service(), app, config_map({"app.conf": "peer = redis.shop.svc:80\n"}), service("redis"))
    words = ("db, web, db.shop and 1 more", advice)
    assert_only(findings, "warning", "spec.template.spec.dnsPolicy", *words, on="Deployment shop/app")


@pytest.mark.parametrize(
    ("stated", "value"),
    [
        ({"dnsPolicy": "Default"}, "db"),
        ({"dnsPolicy": "Default"}, "db:9999"),
        ({"dnsPolicy": "Default"}, "http://elsewhere"),
        ({"dnsPolicy": "Default"}, "http://example.com"),
        ({"dnsPolicy": "Default", "dnsConfig": {"nameservers": ["10.96.0.10"]}}, "db:5432"),
        ({"dnsPolicy": "None", "dnsConfig": {"nameservers": ["169.254.20.10"]}}, "db:5432"),
        ({"dnsPolicy": "Default", "hostAliases": [{"ip": "192.0.2.7", "hostnames": ["db"]}]}, "db:5432"),
        ({"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"}, "db:5432"),
    ],
)
def test_what_a_pod_may_not_ask_the_cluster_for_is_no_warning(stated, value):
    assert [each for each in asked(told_of(env={"A": value}, pod=stated)) if each.severity != "remark"] == []


@pytest.mark.parametrize("stated", [{"dnsPolicy": "Default"}, {"hostNetwork": True}])
@pytest.mark.parametrize("how", [{"env": {"DB_HOST": "db"}}, {"args": ["--db-address=db"]}])
def test_a_word_is_a_host_where_its_key_says_so(stated, how):
    findings = asked(told_of(**how, pod=stated))
    assert_only(findings, "warning", "spec.template.spec.dnsPolicy", "told of db", on="Deployment shop/app")
    assert asked(told_of(**how)) == []


@pytest.mark.parametrize(
    "variables",
    [
        *({"HOST": "db"}, {"DB_NAME": "db"}, {"DB_SERVICE": "db"}, {"DB_HOST": "nobody"}),
        *({"ADVERTISE_ADDRESS": "db"}, {"NODE_HOSTNAME": "db"}, {"LISTEN_ADDR": "db"}),
    ],
)
def test_a_word_that_may_be_no_host_is_no_warning(variables):
    findings = asked(told_of(env=variables, pod={"dnsPolicy": "Default"}))
    assert [each for each in findings if each.severity != "remark"] == []


def test_what_is_read_by_a_pod_that_asks_the_cluster_is_no_fault_of_another():
    taken = {"envFrom": [{"configMapRef": {"name": "conf"}}]}
    both = [told_of("node", pod={"hostNetwork": True}, **taken), told_of("app", **taken)]
    findings = asked(*both, config_map({"DB_URL": "tcp://db:5432"}))
    assert [(each.rule, each.severity) for each in findings] == [("host-network-dns", "remark")]


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
