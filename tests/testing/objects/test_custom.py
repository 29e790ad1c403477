"""Kinds that Kubernetes does not have: Argo Rollouts, JobSets, LeaderWorkerSets, and what operators make pods for."""

import pytest

from k8sresolve.testing import Cluster
from k8sresolve.testing.objects.custom import is_custom
from k8sresolve.testing.objects.kinds import CronJob, CustomResource, CustomWorkload, ReplicationController
from k8sresolve.testing.objects.manifests import read_objects

TEMPLATE = {
    "metadata": {"labels": {"app": "web"}},
    "spec": {"containers": [{"name": "web", "image": "web", "ports": [{"name": "http", "containerPort": 8080}]}]},
}
META = {"name": "web", "namespace": "shop"}
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": META,
    "spec": {"clusterIP": "None", "selector": {"app": "web"}, "ports": [{"name": "http", "port": 80}]},
}


def custom(api_version, kind, spec):
    return {"apiVersion": api_version, "kind": kind, "metadata": META, "spec": spec}


ROLLOUT = custom("argoproj.io/v1alpha1", "Rollout", {"replicas": 3, "template": TEMPLATE})
JOB_SET = custom(
    "jobset.x-k8s.io/v1alpha2",
    "JobSet",
    {"replicatedJobs": [{"name": "workers", "template": {"spec": {"template": TEMPLATE}}}]},
)
LEADER_WORKER_SET = custom(
    "leaderworkerset.x-k8s.io/v1",
    "LeaderWorkerSet",
    {"replicas": 2, "leaderWorkerTemplate": {"leaderTemplate": TEMPLATE, "workerTemplate": TEMPLATE}},
)


@pytest.mark.parametrize(("workload", "pods"), [(ROLLOUT, 3), (JOB_SET, 1), (LEADER_WORKER_SET, 4)])
def test_pods_of_a_template_in_any_kind_count_for_selectors(workload, pods):
    cluster = Cluster.from_objects([workload, SERVICE])
    with cluster.resolver(namespace="shop") as resolver:
        assert len(resolver.service("web").addresses) == pods
    assert {pod.owner for pod in cluster.pods("shop/web")} >= {f"{workload['kind']}/web"}


def test_kinds_may_each_have_one_of_the_same_name(caplog):
    """As a CloneSet beside a Rollout, or Knative's Service beside the one that it makes."""
    other = {**TEMPLATE, "metadata": {"labels": {"app": "api"}}}
    clone_set = custom("apps.kruise.io/v1alpha1", "CloneSet", {"replicas": 2, "template": other})
    knative = custom("serving.knative.dev/v1", "Service", {"template": {**TEMPLATE, "metadata": {}}})
    api = {**SERVICE, "metadata": {**META, "name": "api"}}
    api["spec"] = {**SERVICE["spec"], "selector": {"app": "api"}}
    cluster = Cluster.from_objects([ROLLOUT, clone_set, knative, SERVICE, api])
    with cluster.resolver(namespace="shop") as resolver:
        assert [len(resolver.service(name).addresses) for name in ("web", "api")] == [3, 2]
    assert {pod.owner for pod in cluster.pods("shop/web")} == {"Rollout/web"}
    assert caplog.records == []


def test_of_one_kind_and_name_the_later_holds(caplog):
    Cluster.from_objects([ROLLOUT, ROLLOUT])
    assert "Rollout shop/web is given twice; the later one holds" in caplog.text


def test_the_kind_is_told_as_it_is_written():
    [made] = read_objects([ROLLOUT])
    assert isinstance(made, CustomWorkload)
    assert (made.kind, made.title, made.replicas) == ("Rollout", "Rollout/web", 3)


@pytest.mark.parametrize(
    "spec",
    [
        None,
        "text",
        [],
        {},
        {"replicas": 3},
        {"template": None},
        {"template": "text"},
        {"template": {"spec": {"containers": []}}},
        {"template": {"spec": {"containers": "none"}}},
        {"template": {"metadata": {"labels": {"app": 1}}, "spec": {"containers": [{}]}}},
        {"replicas": "many", "options": {"template": {"value": 1}}},
    ],
)
def test_what_has_no_template_of_pods_is_remembered_and_nothing_of_it_is_refused(spec):
    thing = custom("example.com/v1", "Thing", spec)
    assert read_objects([thing]) == [CustomResource("shop", "web", "Thing")]


@pytest.mark.parametrize("replicas", [-1, 1 << 31, "3", 2.5, True])
def test_a_number_of_replicas_that_can_be_none_counts_as_one(replicas):
    [made] = read_objects([custom("example.com/v1", "Thing", {"replicas": replicas, "template": TEMPLATE})])
    assert made.replicas == 1


def test_a_template_that_lies_too_deep_is_not_looked_for():
    spec = {"template": TEMPLATE}
    for _ in range(20):
        spec = {"spec": spec}
    assert read_objects([custom("example.com/v1", "Thing", spec)]) == [CustomResource("shop", "web", "Thing")]


@pytest.mark.parametrize(
    ("group", "custom_one"),
    [
        ("", False),
        ("apps", False),
        ("skaffold", False),
        ("networking.k8s.io", False),
        ("flowcontrol.apiserver.k8s.io", False),
        ("argoproj.io", True),
        ("gateway.networking.k8s.io", True),
        ("x-k8s.io", True),
    ],
)
def test_groups_of_kubernetes_itself(group, custom_one):
    assert is_custom(group) is custom_one


def test_a_replication_controller_has_pods():
    spec = {"replicas": 2, "selector": {"app": "web"}, "template": TEMPLATE}
    controller = {"apiVersion": "v1", "kind": "ReplicationController", "metadata": META, "spec": spec}
    assert isinstance(read_objects([controller])[0], ReplicationController)
    cluster = Cluster.from_objects([controller, SERVICE])
    assert {pod.owner for pod in cluster.pods("shop/web")} == {"ReplicationController/web"}
    with cluster.resolver(namespace="shop") as resolver:
        assert len(resolver.service("web").addresses) == 2


def test_a_cron_job_has_none_now():
    spec = {"schedule": "0 * * * *", "jobTemplate": {"spec": {"template": TEMPLATE}}}
    job = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": META, "spec": spec}
    [made] = read_objects([job])
    assert isinstance(made, CronJob)
    assert made.template.labels == {"app": "web"}
    assert Cluster.from_objects([job, SERVICE]).pods("shop/web") == ()
