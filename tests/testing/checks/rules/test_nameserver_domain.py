"""The domain that the cluster's nameserver serves."""

import pytest

from k8sresolve.testing import Cluster, KubernetesOptions
from tests.testing.checks.objects import config_map, told_of
from tests.testing.checks.rules.nameserver import assert_told, corefile, told


def served(*zones):
    return corefile(f"kubernetes {' '.join(zones)} in-addr.arpa ip6.arpa", without="kubernetes")


OTHER = served("clusterlocal")
USUAL = {"API": "http://api.shop.svc.cluster.local:8080"}


def test_full_names_in_a_domain_that_is_not_served():
    words = ("kubernetes serves clusterlocal", "api.shop.svc.cluster.local", "write cluster.local for clusterlocal")
    by_env = told(OTHER, told_of(env=USUAL))
    assert_told(by_env, "corefile-domain", "warning", "Deployment shop/app is told of", *words)
    by_file = told(OTHER, config_map({"conf": "upstream db.data.svc.cluster.local;"}))
    assert_told(by_file, "corefile-domain", "warning", "ConfigMap shop/conf is told of db.data.svc.cluster.local")


@pytest.mark.parametrize(
    "objects",
    [
        (OTHER, told_of(env={"API": "http://api.shop.svc.clusterlocal:8080"})),
        (served("k8s.corp"), told_of(env={"API": "http://api.shop.svc.cluster.local.example.com"})),
        (served("k8s.corp"), told_of(env={"API": "http://api.shop"})),
        (corefile(), told_of(env=USUAL)),
        (corefile("kubernetes k8s.example cluster.local", without="kubernetes"), told_of(env=USUAL)),
        (corefile("rewrite stop {\n name suffix .cluster.local .clusterlocal answer auto\n }",
                  "kubernetes clusterlocal", without="kubernetes"), told_of(env=USUAL)),
    ],
)  # fmt: skip
def test_names_that_are_answered_are_no_finding(objects):
    assert told(*objects) == []


@pytest.mark.parametrize(
    "zone",
    ["cluster.locl", "clsuter.local", "cluster.lcoal", "custer.locol", "cluster", "clusterlocal", "cluster.local.svc"],
)
def test_a_slip_for_the_usual_domain_needs_no_other_evidence(zone):
    words = (f"kubernetes serves {zone} (line 10 of it)", "kubelets", f"write cluster.local for {zone}")
    assert_told(told(served(zone)), "corefile-domain", "warning", *words)


@pytest.mark.parametrize(
    "zones",
    [
        ("cluster1.local",),
        ("clusterb.local",),
        ("mycluster.local",),
        ("k8s.local",),
        ("cluster.lan",),
        ("cluster.internal",),
        ("corp.cluster.local",),
        ("k8s.example", "cluster.local"),
        ("${CLUSTER_DOMAIN}",),
        ("$DOMAIN",),
    ],
)
def test_a_domain_of_its_own_is_no_slip(zones):
    assert told(served(*zones)) == []


def test_a_slip_that_others_write_as_well_is_meant():
    kubelet = config_map({"kubelet": "clusterDomain: cluster.loc\n"}, "kubelet-config", "kube-system")
    assert told(served("cluster.loc"), kubelet) == []


def stated(domain, *objects):
    cluster = Cluster.from_objects(objects, options=KubernetesOptions(zones=[domain, "in-addr.arpa"]))
    return [each for each in cluster.check() if each.rule == "corefile-domain"]


def test_the_domain_that_is_stated_is_one_of_those_that_are_served():
    words = ("kubernetes serves k8s.corp", "stated is cluster.local", "write cluster.local for k8s.corp")
    assert_told(stated("cluster.local", served("k8s.corp")), "corefile-domain", "warning", *words)
    assert stated("k8s.corp", served("cluster.local", "K8s.Corp.")) == []
