"""Who takes which pod is as ClaimPods and the controllers of Kubernetes have it; see the module's sources."""

import pytest

from k8sresolve.testing import Cluster
from tests.testing.controllers.manifests import filled, node, pod, pods, running, workload


def controller(**spec):
    made = workload("ReplicaSet", **spec)
    return {**made, "apiVersion": "v1", "kind": "ReplicationController", "spec": {**made["spec"], "selector": None}}


def owners(store):
    return sorted((item.name[:4], item.owner) for item in pods(store))


@pytest.mark.parametrize("kind", ["ReplicaSet", "ReplicationController"])
def test_a_bare_pod_that_the_selector_fits_counts_as_one_of_the_replicas(kind):
    made = controller(replicas=3) if kind == "ReplicationController" else workload(kind, replicas=3)
    store = filled(pod("bare"), made)
    assert owners(store) == [("bare", f"{kind}/web"), ("web-", f"{kind}/web"), ("web-", f"{kind}/web")]


def test_bare_pods_beyond_the_replicas_are_deleted_the_first_stay():
    store = filled(pod("aaaa"), pod("bbbb"), pod("cccc"), workload("ReplicaSet", replicas=2))
    assert [name for name, _ in owners(store)] == ["aaaa", "bbbb"]


@pytest.mark.parametrize(
    "bare",
    [
        pod("bare", {"app": "other"}),
        pod("bare", owner=("Operator", "x")),
        pod("bare", namespace="data"),
        pod("bare", status={**running("10.244.0.9"), "phase": "Succeeded"}),
    ],
    ids=["other labels", "somebody's", "elsewhere", "ended"],
)
def test_other_pods_are_left_alone(bare):
    store = filled(bare, workload("ReplicaSet", replicas=1))
    assert len(pods(store)) == 2
    assert {item.owner for item in pods(store) if item.name == "bare"} <= {"", "Operator/x"}


def test_by_expressions_a_selector_fits_too():
    expressions = [{"key": "app", "operator": "Exists"}, {"key": "tier", "operator": "NotIn", "values": ["db"]}]
    made = workload("ReplicaSet", replicas=1, selector={"matchExpressions": expressions})
    assert len(pods(filled(pod("bare"), made))) == 1
    assert len(pods(filled(pod("bare", {"app": "web", "tier": "db"}), made))) == 2


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "Job"])
def test_a_deployment_a_stateful_set_and_a_job_take_no_pod_of_any_name(kind):
    store = filled(pod("bare"), workload(kind))
    assert [item.owner for item in pods(store) if item.name == "bare"] == [""]
    assert len(pods(store)) == 2


def test_a_daemon_set_replaces_a_pod_that_it_takes():
    store = filled(node("node-1"), node("node-2"), pod("bare"), workload("DaemonSet"))
    assert sorted(item.node for item in pods(store)) == ["node-1", "node-2"]
    assert {item.owner for item in pods(store)} == {"DaemonSet/web"}


def test_pods_that_are_applied_later_are_taken_and_one_too_many_goes():
    cluster = Cluster.from_objects([workload("ReplicaSet", replicas=2), pod("other", {"app": "other"})])
    before = {item.name for item in cluster.pods("shop/web")}
    cluster.apply(pod("late"))
    assert {item.name for item in pods(cluster.store)} == {*before, "other"}
    cluster.scale("shop/web", 1)
    cluster.delete("Pod", f"shop/{cluster.pods('shop/web')[0].name}")
    cluster.apply(pod("other"))
    assert len(cluster.pods("shop/web")) == 1


def test_a_pod_whose_labels_change_is_let_go_and_another_takes_its_place():
    cluster = Cluster.from_objects([pod("bare"), workload("ReplicaSet", replicas=1)])
    cluster.apply(pod("bare", {"app": "debugged"}))
    assert [item.name for item in cluster.pods("shop/web")] != ["bare"]
    assert sorted(item.owner for item in pods(cluster.store)) == ["", "ReplicaSet/web"]
    cluster.apply(pod("bare"))
    assert len(pods(cluster.store)) == 1


def test_a_daemon_set_takes_and_replaces_what_is_applied_later():
    cluster = Cluster.from_objects([node("node-1"), workload("DaemonSet")])
    before = pods(cluster.store)
    cluster.apply(pod("late"))
    assert pods(cluster.store) == before
