import ipaddress

import attrs
import pytest

from k8sresolve.errors import ManifestError
from k8sresolve.testing import Cluster
from k8sresolve.testing.controllers.control_plane import MAX_PODS, ControlPlane
from k8sresolve.testing.controllers.networks import Networks
from k8sresolve.testing.objects.kinds import Pod
from k8sresolve.testing.objects.manifests import read_objects
from k8sresolve.testing.objects.store import Store
from tests.testing.controllers.manifests import (
    endpoints,
    filled,
    node,
    pod,
    pods,
    running,
    service,
    stated_slice,
    workload,
)

# What `kubectl get -o yaml` prints holds both the workload and what was made of it.


def test_pods_among_the_manifests_are_their_workloads_pods():
    hashed = {"app": "web", "pod-template-hash": "7d9c"}
    deployment = workload("Deployment", replicas=3)
    replica_set = workload("ReplicaSet", "web-7d9c", hashed, ("Deployment", "web"), replicas=2)
    old = workload("ReplicaSet", "web-5f6b", None, ("Deployment", "web"), replicas=0)
    member = pod("web-7d9c-x2x4z", hashed, ("ReplicaSet", "web-7d9c"), running("10.244.1.1"))
    for objects in (
        [deployment, replica_set, old, member],
        [deployment, member],
        [replica_set, member],
    ):
        assert [item.name for item in pods(filled(*objects))] == ["web-7d9c-x2x4z"]
    assert [item.owner for item in pods(filled(deployment, replica_set, old))] == ["ReplicaSet/web-7d9c"] * 2


def test_pods_of_others_do_not_stand_for_a_workloads():
    lone, others = pod("web-0", {"app": "other"}), pod("db-0", owner=("StatefulSet", "db"))
    elsewhere = pod("web-1", owner=("StatefulSet", "web"), namespace="data")
    store = filled(workload("StatefulSet", "web", replicas=2), others, elsewhere)
    assert sorted(item.name for item in pods(store)) == ["db-0", "web-0", "web-1", "web-1"]
    assert len(pods(filled(workload("ReplicaSet", "web"), lone))) == 2


# Pods and their addresses.


def test_a_pod_without_status_runs_is_ready_and_has_an_address():
    for given_status in (None, {}):
        [made] = pods(filled(pod(status=given_status)))
        assert (made.phase, made.ready) == ("Running", True)
        assert made.ip in made.ips
        assert ipaddress.ip_address(made.ip) in ipaddress.ip_network("10.244.0.0/16")


@pytest.mark.parametrize(
    ("status", "ready"),
    [
        (running("10.9.9.9"), True),
        (running("10.9.9.9", ready="False"), False),
        ({"phase": "Running", "podIP": "10.9.9.9"}, None),
        ({"podIP": "10.9.9.9"}, True),
        ({"podIP": "10.9.9.9", "conditions": [{"type": "Ready", "status": "False"}]}, False),
    ],
)
def test_what_a_pod_states_wins(status, ready):
    [made] = pods(filled(pod(status=status), service()))
    assert (made.ips, made.ready) == (("10.9.9.9",), ready)


def test_a_pod_that_states_a_phase_gets_no_address():
    [made] = pods(filled(pod(status={"phase": "Pending"})))
    assert (made.ip, made.phase) == ("", "Pending")


def test_addresses_do_not_depend_on_other_pods_and_pass_over_those_stated():
    [alone] = pods(filled(pod("a")))
    beside = {item.name: item.ip for item in pods(filled(pod("b"), pod("a"), pod("c")))}
    assert beside["a"] == alone.ip
    taken = {item.name: item.ip for item in pods(filled(pod("a"), pod("b", status=running(alone.ip))))}
    assert taken["a"] != alone.ip


def test_host_network_pods_have_their_nodes_address():
    shared = pods(filled(pod("a", hostNetwork=True), pod("b", hostNetwork=True)))
    assert len({item.ip for item in shared}) == 1
    nodes = [node("n1", None, "192.0.2.1"), node("n2", None, "192.0.2.2")]
    store = filled(*nodes, pod("a", hostNetwork=True, nodeName="n2"))
    assert [item.ip for item in pods(store)] == ["192.0.2.2"]


def test_a_pod_that_fits_no_node_waits():
    [made] = pods(filled(node("a"), pod(nodeSelector={"disk": "ssd"})))
    assert (made.phase, made.ip, made.node) == ("Pending", "", "")


def test_with_nodes_a_pod_lies_on_one():
    nodes = [node("a", {"topology.kubernetes.io/zone": "z1"}), node("b", {"topology.kubernetes.io/zone": "z1"})]
    store = filled(*nodes, workload("Deployment", replicas=20), service())
    assert {item.node for item in pods(store)} == {"a", "b"}
    assert {entry.zone for entry in endpoints(store)} == {"z1"}
    assert len(endpoints(store)) == 20


@pytest.mark.parametrize("nodes", [[], [node("a")]])
def test_pods_on_no_node_are_left_out_only_where_the_nodes_are_known(nodes):
    store = filled(*nodes, pod(status=running("10.244.1.1"), nodeName="gone"), service())
    assert len(endpoints(store)) == (0 if nodes else 1)


def test_a_family_that_the_cluster_has_not_is_refused():
    with pytest.raises(ManifestError, match=r"Service shop/web, .*asks for IPv6"):
        filled(service(ipFamilies=["IPv6"]), service_cidrs=["10.96.0.0/16"])


def test_more_pods_than_a_cluster_has_are_refused_before_they_are_made():
    with pytest.raises(ManifestError, match="more than the 150,000"):
        filled(*(workload("Deployment", f"d{n}", replicas=MAX_PODS - 1) for n in range(1, 3)))
    with pytest.raises(ManifestError, match="more than the 150,000"):
        filled(*(node(f"n{n}") for n in range(1000)), *(workload("DaemonSet", f"d{n}") for n in range(151)))


# ClusterIPs and families.


@pytest.mark.parametrize(
    ("spec", "families"),
    [
        ({}, ("IPv4",)),
        ({"clusterIP": "fd00::7"}, ("IPv6",)),
        ({"ipFamilies": ["IPv6", "IPv4"], "ipFamilyPolicy": "RequireDualStack"}, ("IPv6", "IPv4")),
        ({"ipFamilies": ["IPv6"], "ipFamilyPolicy": "PreferDualStack"}, ("IPv6", "IPv4")),
        # An API server has written this one: it states all that the Service has.
        (
            {"ipFamilies": ["IPv4"], "ipFamilyPolicy": "PreferDualStack", "clusterIPs": ["10.96.1.1"]},
            ("IPv4",),
        ),
    ],
)
def test_a_services_families(spec, families):
    cidrs = {"service_cidrs": ["10.96.0.0/16", "fd00:10:96::/112"]}
    made = filled(service(**spec), **cidrs).service("shop", "web")
    assert made.families == families
    assert [f"IPv{ipaddress.ip_address(ip).version}" for ip in made.cluster_ips] == list(families)


def test_a_second_address_is_added_to_a_stated_one():
    made = filled(service(ipFamilyPolicy="PreferDualStack", clusterIP="10.96.7.7")).service("shop", "web")
    assert made.cluster_ips[0] == "10.96.7.7"
    assert made.cluster_ips[1].startswith("fd00:10:96:")


def started(*objects):
    store = Store()
    for resource in read_objects(objects):
        store.add(resource)
    control_plane = ControlPlane(store, Networks.of(None, None, ["IPv4"]))
    control_plane.start()
    return store, control_plane


def test_slices_follow_when_the_store_changes():
    store, control_plane = started(workload("StatefulSet", replicas=3), service())
    first = pods(store)[0]
    store.add(attrs.evolve(first, ready=False))
    control_plane.reconcile([store.service("shop", "web")])
    assert [entry.pod for entry in endpoints(store)] == ["web-1", "web-2"]
    store.remove("Pod", "shop", "web-1")
    store.add(control_plane.run(Pod("shop", "new", labels={"app": "web"}, spec=first.spec)))
    control_plane.reconcile([store.service("shop", "web")])
    assert [entry.pod for entry in endpoints(store)] == ["new", "web-2"]


def test_slices_that_do_not_change_are_left_alone():
    store, control_plane = started(workload("StatefulSet", replicas=3), service())
    before = store.serial
    control_plane.reconcile([store.service("shop", "web")])
    assert store.serial == before


def test_slices_go_when_somebody_else_brings_them():
    store, control_plane = started(workload("StatefulSet", replicas=3), service())
    [theirs] = read_objects([stated_slice()])
    store.add(theirs)
    control_plane.reconcile([store.service("shop", "web")])
    assert list(store.slices("shop", "web")) == [theirs]


def test_a_lookup_finds_what_the_controllers_made():
    cluster = Cluster.from_objects(
        [workload("StatefulSet", "db", replicas=2, serviceName="db"), service("db", clusterIP="None"), service("web")]
    )
    with cluster.resolver(namespace="shop") as resolver:
        found = resolver.endpoints("db", "http")
        assert [(one.hostname, one.port) for one in found] == [("db-0", 8080), ("db-1", 8080)]
        assert [str(one.address) for one in found] == [item.ip for item in pods(cluster.store)]
        assert resolver.port("web", "http").number == 80


# Pods that wait for a node have no address; kube-scheduler's plugins say for what they wait.


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


# What stays of a Service whose selector goes: recorded in golden/apiserver, `service-selector-taken-away`.


def test_slices_stay_as_they_were_and_are_taken_up_again():
    cluster = Cluster.from_objects([workload("Deployment", replicas=2), service()])
    before = sorted(entry.address for entry in endpoints(cluster.store))
    cluster.apply(service(selector=None))
    cluster.scale("shop/web", 1)
    assert sorted({entry.address for entry in endpoints(cluster.store)}) == before
    cluster.apply(service())
    assert [entry.address for entry in endpoints(cluster.store)] == [item.ip for item in pods(cluster.store)]


def test_what_is_left_goes_with_the_service():
    cluster = Cluster.from_objects([pod(), service()])
    cluster.apply(service(selector=None))
    cluster.delete("Service", "shop/web")
    assert endpoints(cluster.store) == []
    assert list(cluster.store.all("Endpoints")) == []


def test_slices_made_by_hand_stay_as_they_are_when_a_selector_comes():
    cluster = Cluster.from_objects([service(selector=None), stated_slice(), pod()])
    cluster.apply(service())
    assert [entry.address for entry in endpoints(cluster.store)] == ["192.0.2.1"]
