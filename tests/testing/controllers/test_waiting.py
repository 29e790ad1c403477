"""Pods that wait for a node have no address; kube-scheduler's plugins say for what they wait."""

import pytest

from k8sresolve.testing import Cluster
from tests.testing.controllers.manifests import filled, node, pod, pods, running, service, workload

NODES = (node("node-1", {"disk": "ssd"}, "172.18.0.1"), node("node-2", {}, "172.18.0.2"))
GATES = [{"name": "example.com/wait"}]


def taking(port, **more):
    return {"containers": [{"name": "main", "ports": [{"containerPort": 8080, "hostPort": port, **more}]}]}


def waiting(store):
    return [item.name for item in pods(store) if item.phase == "Pending" and not item.ips]


@pytest.mark.parametrize(
    ("objects", "wait"),
    [
        ([pod(schedulingGates=GATES)], True),
        ([*NODES, pod(schedulingGates=GATES)], True),
        ([pod(schedulingGates=[])], False),
        ([*NODES, pod(nodeName="node-9")], True),
        ([pod(nodeName="node-9")], False),
        ([*NODES, pod(nodeName="node-9", status=running("10.244.0.9"))], False),
        ([*NODES, pod(nodeSelector={"disk": "tape"})], True),
        ([*NODES, pod(nodeSelector={"disk": "ssd"})], False),
        ([pod(nodeSelector={"disk": "tape"})], False),
    ],
)
def test_a_pod_waits_for_its_gates_and_for_a_node_where_it_is_known_which_there_are(objects, wait):
    assert bool(waiting(filled(*objects))) is wait


@pytest.mark.parametrize(
    ("objects", "count"),
    [
        ([*NODES, workload("Deployment", replicas=3, pod_spec=taking(80))], 1),
        ([*NODES, workload("Deployment", replicas=3, pod_spec={**taking(0), "hostNetwork": True})], 1),
        ([workload("Deployment", replicas=3, pod_spec=taking(80))], 0),
        ([*NODES, workload("Deployment", replicas=3)], 0),
        ([NODES[0], pod("a", **taking(80)), pod("b", **taking(81))], 0),
        ([NODES[0], pod("a", **taking(80)), pod("b", **taking(80, protocol="UDP"))], 0),
        ([NODES[0], pod("a", **taking(80, hostIP="172.18.0.1")), pod("b", **taking(80, hostIP="127.0.0.1"))], 0),
        ([NODES[0], pod("a", **taking(80, hostIP="172.18.0.1")), pod("b", **taking(80, hostIP="0.0.0.0"))], 1),
        (
            [
                NODES[0],
                pod("a", {"app": "other"}, nodeName="node-1", **taking(80)),
                workload("DaemonSet", pod_spec=taking(80)),
            ],
            1,
        ),
        (
            [
                NODES[0],
                pod("a", status={**running("10.1.1.1"), "phase": "Failed"}, **taking(80)),
                pod("b", **taking(80)),
            ],
            0,
        ),
    ],
)
def test_a_port_of_a_node_is_one_pods(objects, count):
    assert len(waiting(filled(*objects))) == count


def test_what_waits_is_in_no_slice_and_runs_when_it_may():
    objects = [NODES[0], service(clusterIP="None"), pod("a", **taking(80)), pod("b", **taking(80))]
    cluster = Cluster.from_objects(objects)
    assert waiting(cluster.store) == ["b"]
    cluster.apply(NODES[1])
    assert waiting(cluster.store) == []
    cluster.delete("Node", "node-2")
    cluster.apply(pod("b", **taking(80)))
    assert waiting(cluster.store) == ["b"]
    cluster.delete("Pod", "shop/a")
    assert waiting(cluster.store) == []
    with cluster.resolver(namespace="shop") as resolver:
        assert len(resolver.addresses("web").addresses) == 1


def test_a_gate_that_goes_lets_a_pod_run_and_a_node_that_comes():
    cluster = Cluster.from_objects([NODES[0], pod("a", schedulingGates=GATES), pod("b", nodeName="node-2")])
    assert waiting(cluster.store) == ["a", "b"]
    cluster.apply(pod("a"))
    assert waiting(cluster.store) == ["b"]
    cluster.apply(NODES[1])
    assert waiting(cluster.store) == []
