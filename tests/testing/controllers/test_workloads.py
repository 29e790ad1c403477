import re

import pytest

from tests.testing.controllers.manifests import LETTERS, filled, node, pods, workload

# Pods of workloads: "What workload controllers give pods" of Kubernetes' own controllers.


def test_a_stateful_sets_pods_have_ordinals_hostnames_and_labels_of_their_own():
    store = filled(workload("StatefulSet", "db", replicas=3, serviceName="db", ordinals={"start": 5}))
    made = pods(store)
    assert [item.name for item in made] == ["db-5", "db-6", "db-7"]
    assert [(item.hostname, item.spec.subdomain) for item in made] == [(f"db-{n}", "db") for n in (5, 6, 7)]
    assert [item.labels["apps.kubernetes.io/pod-index"] for item in made] == ["5", "6", "7"]
    assert [item.labels["statefulset.kubernetes.io/pod-name"] for item in made] == ["db-5", "db-6", "db-7"]
    assert all(item.labels["app"] == "web" and item.labels["controller-revision-hash"] for item in made)


def test_a_deployments_pods_are_named_by_template_and_letters():
    store = filled(workload("Deployment", replicas=3))
    made = pods(store)
    hashes = {item.labels["pod-template-hash"] for item in made}
    assert len(hashes) == 1
    assert all(re.fullmatch(f"web-{min(hashes)}-{LETTERS}{{5}}", item.name) for item in made)
    assert len({item.name for item in made}) == 3
    assert {item.hostname for item in made} == {""}


def test_names_are_the_same_in_each_run_and_change_with_the_template():
    first, again = (pods(filled(workload("Deployment", replicas=2))) for _ in range(2))
    other = pods(filled(workload("Deployment", replicas=2, pod_spec={"hostNetwork": False})))
    assert first == again
    assert {item.name for item in first}.isdisjoint(item.name for item in other)


def test_more_replicas_leave_the_names_and_addresses_of_the_others():
    few, many = (pods(filled(workload("Deployment", replicas=count))) for count in (2, 5))
    assert many[:2] == few


def test_the_other_kinds_name_their_pods():
    names = {
        kind: [item.name for item in pods(filled(workload(kind, **spec)))]
        for kind, spec in {
            "ReplicaSet": {"replicas": 2},
            "DaemonSet": {},
            "Job": {"parallelism": 2, "completions": 5},
        }.items()
    }
    assert {kind: len(made) for kind, made in names.items()} == {"ReplicaSet": 2, "DaemonSet": 1, "Job": 2}
    assert all(re.fullmatch(f"web-{LETTERS}{{5}}", name) for made in names.values() for name in made)


def test_an_indexed_jobs_pods_have_their_index_in_name_hostname_and_label():
    made = pods(filled(workload("Job", completions=2, parallelism=3, completionMode="Indexed")))
    assert [item.hostname for item in made] == ["web-0", "web-1"]
    assert [re.sub(f"{LETTERS}{{5}}$", "", item.name) for item in made] == ["web-0-", "web-1-"]
    assert [item.labels["batch.kubernetes.io/job-completion-index"] for item in made] == ["0", "1"]
    assert {item.labels["job-name"] for item in made} == {"web"}


@pytest.mark.parametrize(
    "change",
    [{"spec": {"suspend": True}}, {"status": {"conditions": [{"type": "Complete", "status": "True"}]}}],
)
def test_a_job_at_rest_runs_nothing(change):
    job = workload("Job")
    job["spec"].update(change.pop("spec", {}))
    assert pods(filled({**job, **change})) == []


def test_long_names_leave_room_for_the_letters():
    [made] = pods(filled(workload("Deployment", "w" * 60)))
    assert len(made.name) == 63


def test_the_default_is_one_replica_and_none_is_none():
    assert len(pods(filled(workload("Deployment")))) == 1
    assert pods(filled(workload("StatefulSet", replicas=0))) == []


def test_two_kinds_of_workload_may_share_a_name():
    assert len(pods(filled(workload("Deployment"), workload("StatefulSet")))) == 2
    alike = [
        workload(kind, **count) for kind, count in (("DaemonSet", {}), ("ReplicaSet", {"replicas": 2}), ("Job", {}))
    ]
    made = pods(filled(*alike))
    assert sorted(item.owner for item in made) == ["DaemonSet/web", "Job/web", "ReplicaSet/web", "ReplicaSet/web"]
    assert len({item.ip for item in made}) == 4


def test_a_daemon_set_has_a_pod_on_each_node_that_its_selector_fits():
    nodes = [node("a", {"disk": "ssd"}), node("b"), node("c", {"disk": "ssd"})]
    assert [item.node for item in pods(filled(*nodes, workload("DaemonSet")))] == ["a", "b", "c"]
    picky = workload("DaemonSet", pod_spec={"nodeSelector": {"disk": "ssd"}})
    assert [item.node for item in pods(filled(*nodes, picky))] == ["a", "c"]
