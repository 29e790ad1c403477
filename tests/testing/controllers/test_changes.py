"""Expected values follow from what Kubernetes documents of each object, and from the TTLs that CoreDNS gives."""

import asyncio
import itertools
import json
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from k8sresolve import Nameserver, NoSuchName, NotFound, Resolver, ResolverConfig
from k8sresolve.errors import ManifestError
from k8sresolve.testing import Cluster

GROUPS = {"Deployment": "apps", "ReplicaSet": "apps", "StatefulSet": "apps", "DaemonSet": "apps", "Job": "batch"}
CACHED = ".:53 {\n  kubernetes cluster.local\n  cache 30\n}\n"


def template(image="1", labels=None, **spec):
    ports = [{"name": "http", "containerPort": 8080}]
    containers = [{"name": "main", "image": image, "ports": ports}]
    return {"metadata": {"labels": labels or {"app": "web"}}, "spec": {"containers": containers, **spec}}


def workload(kind="Deployment", name="web", image="1", owner=None, namespace="shop", pod_spec=None, **spec):
    meta = {"name": name, "namespace": namespace}
    if owner:
        meta["ownerReferences"] = [{"kind": owner[0], "name": owner[1], "controller": True}]
    spec = {"template": template(image, **(pod_spec or {})), **spec}
    return {"apiVersion": f"{GROUPS[kind]}/v1", "kind": kind, "metadata": meta, "spec": spec}


def service(name="web", namespace="shop", **spec):
    ports = [{"name": "http", "port": 80, "targetPort": "http"}]
    spec = {"selector": {"app": "web"}, "ports": ports, **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def headless(**spec):
    return service(clusterIP="None", **spec)


def pod(name="web-0", labels=None, status=None, namespace="shop", owner=None, **spec):
    meta = {"name": name, "namespace": namespace, "labels": labels or {"app": "web"}}
    if owner:
        meta["ownerReferences"] = [{"kind": owner[0], "name": owner[1], "controller": True}]
    made = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {**template()["spec"], **spec}}
    return made if status is None else {**made, "status": status}


def endpoint_slice(*addresses, name="web-abcde", managed_by=None):
    labels = {"kubernetes.io/service-name": "web"}
    if managed_by:
        labels["endpointslice.kubernetes.io/managed-by"] = managed_by
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": name, "namespace": "shop", "labels": labels},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [address]} for address in addresses],
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
    }


def node(name):
    status = {"addresses": [{"type": "InternalIP", "address": f"172.18.0.{name[-1]}"}]}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "status": status}


def namespace(name):
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def made(*objects, **options):
    return Cluster.from_objects(objects, **options)


def stateful(replicas=2, **options):
    return made(workload("StatefulSet", replicas=replicas, serviceName="web"), headless(), **options)


def names(cluster, name="shop/web"):
    return [item.name for item in cluster.pods(name)]


def ips(cluster, name="shop/web"):
    return {item.ip for item in cluster.pods(name)}


def listed(cluster, host="web.shop"):
    """The addresses that DNS gives now; none if the name does not exist or has none."""
    with cluster.resolver() as resolver:
        try:
            return set(map(str, resolver.addresses(host).addresses))
        except NotFound:
            return set()


@pytest.fixture(autouse=True)
def in_milliseconds():
    """Time in these tests is the cluster's: a test that truly waited for it would take minutes."""
    started = time.monotonic()
    yield
    assert time.monotonic() - started < 20


# What appears, goes, and comes again.


def test_what_is_applied_is_answered_and_what_is_deleted_is_not():
    cluster = made(workload(replicas=2))
    assert listed(cluster) == set()
    cluster.apply(headless())
    assert listed(cluster) == ips(cluster)
    assert len(ips(cluster)) == 2
    cluster.delete("Service", "shop/web")
    assert listed(cluster) == set()


def test_a_cluster_ip_stays_when_the_service_is_applied_again_and_is_free_when_it_is_deleted():
    cluster = made(service())
    first = listed(cluster)
    cluster.apply(service(ports=[{"name": "https", "port": 443}]))
    assert listed(cluster) == first
    with cluster.resolver(namespace="shop") as resolver:
        assert resolver.port("web", "https").number == 443
        with pytest.raises(NotFound):
            resolver.port("web", "http")
    cluster.delete("Service", "shop/web")
    cluster.apply(service())
    assert listed(cluster) == first


def test_a_service_becomes_an_alias_then_headless_and_has_a_cluster_ip_again():
    alias = service(type="ExternalName", externalName="other.shop.svc.cluster.local")
    cluster = made(workload(replicas=2), service())
    (cluster_ip,) = listed(cluster)
    cluster.apply(alias, service("other"))
    assert cluster_ip not in listed(cluster)
    with cluster.resolver() as resolver:
        assert resolver.addresses("web.shop").cname != ()
    cluster.apply(headless())
    assert listed(cluster) == ips(cluster)
    cluster.apply(alias)
    cluster.apply(service())
    assert listed(cluster) == {cluster_ip}


def test_manifests_may_be_paths_as_well_as_objects(tmp_path):
    (tmp_path / "web.json").write_text('{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "data"}}')
    cluster = made(namespace("shop"))
    cluster.apply(tmp_path / "web.json", service(namespace="data", clusterIP="10.96.9.9"))
    assert listed(cluster, "web.data") == {"10.96.9.9"}


def test_what_is_applied_later_lies_where_the_first_objects_do(tmp_path):
    def made(name):
        return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"clusterIP": "None"}}

    (tmp_path / "below").mkdir()
    (tmp_path / "below/c.json").write_text(json.dumps(made("c")))
    cluster = Cluster.from_objects([made("a")], apply_namespace="Ship")
    cluster.apply(made("b"))
    with pytest.raises(ManifestError, match="recursive=True"):
        cluster.apply(tmp_path)
    cluster.apply(tmp_path, recursive=True)
    assert [cluster.store.service("ship", name).name for name in "abc"] == ["a", "b", "c"]


def test_applying_the_same_again_changes_nothing():
    objects = [
        workload(replicas=3),
        workload("StatefulSet", "db", replicas=2),
        workload("DaemonSet", "agent"),
        pod("lone"),
        headless(),
        service("front"),
    ]
    cluster = made(*objects)
    before = {kind: list(cluster.store.all(kind)) for kind in ("Pod", "Service", "EndpointSlice")}
    cluster.apply(*objects)
    assert {kind: list(cluster.store.all(kind)) for kind in before} == before


def test_what_a_later_manifest_adds_is_what_it_would_have_been_from_the_first():
    objects = [headless(), workload(replicas=3), workload("StatefulSet", "db", replicas=2), pod("lone")]
    at_once, later = made(*objects), made(namespace("shop"))
    later.apply(*objects)
    assert names(later) == names(at_once)
    assert listed(later) == listed(at_once) != set()


def test_where_no_manifest_tells_of_namespaces_an_object_may_lie_in_any():
    cluster = made(service())
    cluster.apply(service(namespace="data"))
    assert len(listed(cluster, "web.data")) == 1


def test_where_manifests_tell_of_namespaces_an_object_in_another_is_refused():
    cluster = made(namespace("shop"))
    with pytest.raises(ManifestError, match=r"Service web lies in shopp, but there is no Namespace shopp.* shop"):
        cluster.apply(service(namespace="shopp"))
    cluster.apply(namespace("shopp"), service(namespace="shopp"))
    assert len(listed(cluster, "web.shopp")) == 1


def test_with_a_namespace_all_in_it_goes():
    cluster = made(
        namespace("shop"), namespace("data"), workload(replicas=2), headless(), pod("lone"), service("front")
    )
    cluster.delete("Namespace", "shop")
    assert listed(cluster) == listed(cluster, "front.shop") == set()
    kinds = ("Service", "EndpointSlice", "Pod", "Deployment")
    assert {item.namespace for kind in kinds for item in cluster.store.all(kind)} == {"default"}


def test_a_hand_made_slice_outlives_its_service_and_the_controllers_does_not():
    managed = endpoint_slice("10.0.0.2", name="dumped", managed_by="endpointslice-controller.k8s.io")
    cluster = made(headless(), endpoint_slice("10.0.0.1"), managed)
    assert listed(cluster) == {"10.0.0.1", "10.0.0.2"}
    cluster.delete("Service", "shop/web")
    assert listed(cluster) == set()
    cluster.apply(headless())
    assert listed(cluster) == {"10.0.0.1"}


# Scaling, and pods of their own.


@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet", "StatefulSet"])
def test_scaling_makes_and_takes_pods_and_leaves_the_others(kind):
    cluster = made(workload(kind, replicas=2), headless())
    before = cluster.pods("shop/web")
    cluster.scale("shop/web", 5)
    assert set(names(cluster)) > {item.name for item in before}
    assert len(listed(cluster)) == 5
    cluster.scale("shop/web", 2)
    assert cluster.pods("shop/web") == before
    cluster.scale("shop/web", 0)
    assert listed(cluster) == set()
    assert cluster.pods("shop/web") == ()


def test_pods_are_told_by_name_with_ordinals_as_numbers():
    cluster = stateful(11)
    cluster.delete("Pod", "shop/web-3")
    assert names(cluster) == [f"web-{ordinal}" for ordinal in range(11)]
    cluster.delete("StatefulSet", "shop/web")
    cluster.apply(pod("web-10"), pod("web-9"), pod("other", {"app": "other"}))
    assert names(cluster) == ["web-9", "web-10"]  # by the Service's selector


def test_a_stateful_set_gives_up_its_highest_ordinals():
    cluster = stateful(3)
    cluster.set_ready("shop/web-0", False)
    cluster.scale("shop/web", 2)
    assert names(cluster) == ["web-0", "web-1"]
    assert listed(cluster, "web-1.web.shop.svc.cluster.local") == {cluster.pods("shop/web")[1].ip}
    assert listed(cluster, "web-2.web.shop.svc.cluster.local") == set()


def test_a_deployment_gives_up_first_what_is_not_ready():
    cluster = made(workload(replicas=3), headless())
    first, second, third = cluster.pods("shop/web")
    cluster.set_ready(first, False)
    cluster.scale("shop/web", 2)
    assert names(cluster) == [second.name, third.name]


def test_stated_pods_stay_and_new_ones_are_of_their_revision():
    hashed = {"app": "web", "pod-template-hash": "6d5f7c9b8"}
    stated = pod("web-6d5f7c9b8-2lqzn", hashed, owner=("ReplicaSet", "web-6d5f7c9b8"))
    cluster = made(workload(replicas=1), stated, headless())
    cluster.scale("shop/web", 3)
    assert "web-6d5f7c9b8-2lqzn" in names(cluster)
    assert all(item.startswith("web-6d5f7c9b8-") for item in names(cluster))
    assert len(set(names(cluster))) == len(listed(cluster)) == 3


def test_a_deployment_scales_through_its_replica_set():
    cluster = made(workload(replicas=2), workload("ReplicaSet", "web-abc", owner=("Deployment", "web"), replicas=2))
    cluster.scale("shop/web", 3)
    assert len(cluster.pods("shop/web")) == 3
    with pytest.raises(ManifestError, match="Deployment/web decides how many pods shop/web-abc has"):
        cluster.scale("shop/web-abc", 1)


def test_a_pod_of_a_workload_that_is_deleted_is_made_again_and_a_lone_one_is_not():
    cluster = made(workload(replicas=2), headless(), pod("lone"))
    first, second, *_ = cluster.pods("shop/web")
    cluster.delete("Pod", f"shop/{first.name}")
    cluster.delete("Pod", "shop/lone")
    kept, new = sorted(cluster.pods("shop/web"), key=lambda item: item.name != second.name)
    assert kept == second
    assert new.name != first.name
    assert new.ip != first.ip
    assert listed(cluster) == {kept.ip, new.ip}


def test_a_stateful_sets_pod_comes_back_by_its_name_at_another_address():
    cluster = stateful(2)
    seen = [cluster.pods("shop/web")[0].ip]
    for _ in range(3):
        cluster.delete("Pod", "shop/web-0")
        (seen_now,) = (item.ip for item in cluster.pods("shop/web") if item.name == "web-0")
        seen.append(seen_now)
        assert listed(cluster, "web-0.web.shop.svc.cluster.local") == {seen_now}
    assert len(set(seen)) == 4


def test_a_stateful_sets_pod_is_not_made_while_the_one_before_it_ends():
    ending = pod("web-1", status={"phase": "Running", "podIP": "10.0.0.1"}, owner=("StatefulSet", "web"))
    ending["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    first = pod("web-0", owner=("StatefulSet", "web"))
    cluster = made(workload("StatefulSet", replicas=2, serviceName="web"), first, ending, headless())
    cluster.scale("shop/web", 3)
    assert names(cluster) == ["web-0", "web-1", "web-2"]
    assert "10.0.0.1" in ips(cluster)
    cluster.delete("Pod", "shop/web-1")
    assert len(listed(cluster)) == 3


def test_with_a_workload_its_pods_and_replica_sets_go():
    cluster = made(workload(replicas=2), workload("ReplicaSet", "web-abc", owner=("Deployment", "web")), headless())
    assert listed(cluster) != set()
    cluster.delete("Deployment", "shop/web")
    assert listed(cluster) == set()
    assert list(cluster.store.all("ReplicaSet")) == []


def test_a_changed_template_replaces_all_pods_at_once_when_it_is_applied():
    cluster = made(workload(replicas=2), headless())
    before = set(names(cluster))
    cluster.apply(workload(replicas=3, image="2"))
    assert before.isdisjoint(names(cluster))
    assert listed(cluster) == ips(cluster)
    assert len(names(cluster)) == 3


def test_a_named_target_port_follows_the_template():
    cluster = made(workload("StatefulSet", replicas=1), headless())
    changed = workload("StatefulSet", replicas=1)
    changed["spec"]["template"]["spec"]["containers"][0]["ports"][0]["containerPort"] = 9999
    cluster.apply(changed)
    with cluster.resolver(namespace="shop") as resolver:
        assert resolver.port("web", "http").number == 9999


def test_a_pod_that_is_applied_again_keeps_its_address_unless_its_manifest_states_one():
    cluster = made(pod(), headless())
    (before,) = ips(cluster)
    cluster.apply(pod(labels={"app": "web", "tier": "front"}))
    assert listed(cluster) == {before}
    cluster.apply(
        pod(status={"phase": "Running", "podIP": "10.244.7.7", "conditions": [{"type": "Ready", "status": "True"}]})
    )
    assert listed(cluster) == {"10.244.7.7"}
    cluster.apply(pod(labels={"app": "other"}))
    assert listed(cluster) == set()


# Nodes.


def test_pods_go_with_their_node_and_come_up_on_another():
    cluster = made(node("node-1"), node("node-2"), workload(replicas=4), workload("DaemonSet", "agent"), headless())
    assert {item.node for item in cluster.pods("shop/agent")} == {"node-1", "node-2"}
    cluster.delete("Node", "node-2")
    assert {item.node for item in cluster.pods("shop/web")} == {"node-1"}
    assert len(cluster.pods("shop/web")) == 4
    assert [item.node for item in cluster.pods("shop/agent")] == ["node-1"]
    cluster.apply(node("node-3"))
    assert {item.node for item in cluster.pods("shop/agent")} == {"node-1", "node-3"}
    assert listed(cluster) == ips(cluster) | ips(cluster, "shop/agent")


def test_the_first_node_takes_the_pods_that_had_none():
    cluster = made(workload(replicas=2), workload("DaemonSet", "agent"), headless())
    before = listed(cluster)
    cluster.apply(node("node-1"))
    assert listed(cluster) == before
    assert [item.node for item in cluster.pods("shop/agent")] == ["node-1"]


def test_a_pod_that_no_node_fits_waits_for_one():
    cluster = made(node("node-1"), pod(nodeSelector={"disk": "ssd"}), headless())
    with pytest.raises(ManifestError, match="pod shop/web-0 does not run: its phase is Pending"):
        cluster.set_ready("shop/web-0")
    fitting = node("node-2")
    fitting["metadata"]["labels"] = {"disk": "ssd"}
    cluster.apply(fitting)
    assert len(listed(cluster)) == 1


# Readiness and addresses.


def test_a_pod_that_is_not_ready_is_no_endpoint_until_it_is():
    cluster = stateful(2)
    first, second = cluster.pods("shop/web")
    cluster.set_ready("shop/web-0", False)
    assert [item.ready for item in cluster.pods("shop/web")] == [False, True]
    assert listed(cluster) == {second.ip}
    cluster.set_ready(first)
    assert listed(cluster) == {first.ip, second.ip}


def test_a_service_that_publishes_pods_that_are_not_ready_lists_them():
    cluster = made(workload(replicas=2), headless(publishNotReadyAddresses=True))
    for item in cluster.pods("shop/web"):
        cluster.set_ready(item, False)
    assert listed(cluster) == ips(cluster)


def test_a_pod_moves_to_an_address_or_to_any_other():
    cluster = stateful(1)
    (before,) = ips(cluster)
    cluster.move("shop/web-0", to="10.244.9.9")
    assert listed(cluster) == ips(cluster) == {"10.244.9.9"}
    cluster.move("shop/web-0")
    assert listed(cluster) == ips(cluster)
    assert ips(cluster).isdisjoint({before, "10.244.9.9"})
    with cluster.resolver() as resolver:
        assert str(resolver.reverse(next(iter(ips(cluster))))[0]) == "web-0.web.shop.svc.cluster.local"
        with pytest.raises(NotFound):
            resolver.reverse("10.244.9.9")


def test_a_pod_of_both_families_moves_in_the_one_or_in_both():
    dual = {"ipFamilyPolicy": "RequireDualStack", "ipFamilies": ["IPv4", "IPv6"]}
    cluster = made(workload("StatefulSet", replicas=1), headless(**dual))
    (before,) = cluster.pods("shop/web")
    cluster.move("shop/web-0", to="fd00:10:244::99")
    (now,) = cluster.pods("shop/web")
    assert now.ips == (before.ips[0], "fd00:10:244::99")
    cluster.move("shop/web-0")
    assert listed(cluster) == set(cluster.pods("shop/web")[0].ips)
    assert set(cluster.pods("shop/web")[0].ips).isdisjoint(now.ips)


def test_in_a_network_where_all_addresses_are_had_a_pod_that_goes_makes_room():
    cluster = made(workload(replicas=1), headless(), pod_cidrs=["10.1.0.0/27"], service_cidrs=["10.96.0.0/16"])
    for _ in range(40):
        cluster.delete("Pod", f"shop/{names(cluster)[0]}")
    assert len(listed(cluster)) == 1


def test_a_pod_of_a_family_without_a_network_moves_as_told_only():
    stated = {"phase": "Running", "podIPs": [{"ip": "fd00::1"}], "podIP": "fd00::1"}
    cluster = made(pod(status=stated), headless(ipFamilies=["IPv4"]))
    with pytest.raises(ManifestError, match="move: the cluster has no network for another address than fd00::1"):
        cluster.move("shop/web-0")
    cluster.move("shop/web-0", to="fd00::2")
    assert ips(cluster) == {"fd00::2"}


# Whatever happens, and in whatever order.

CHANGE = st.one_of(
    st.tuples(st.just("scale"), st.sampled_from(["shop/web", "shop/db"]), st.integers(0, 4)),
    st.tuples(st.just("set_ready"), st.integers(0, 9), st.booleans()),
    st.tuples(st.just("move"), st.integers(0, 9)),
    st.tuples(st.just("delete"), st.integers(0, 9)),
    st.tuples(st.just("apply"), st.integers(0, 3), st.integers(0, 2)),
    st.tuples(st.just("steps"), st.sampled_from(["shop/web", "shop/db"]), st.integers(0, 9)),
)


@given(st.lists(CHANGE, max_size=12))
@settings(max_examples=settings.default.max_examples // 2)
def test_dns_lists_the_ready_pods_and_workloads_keep_their_number(changes):
    cluster = made(workload(replicas=2), workload("StatefulSet", "db", replicas=2, serviceName="web"), headless())
    for what, *arguments in changes:
        there = cluster.pods("shop/web") + cluster.pods("shop/db")
        match what, arguments:
            case "scale", [name, replicas]:
                cluster.scale(name, replicas)
            case "apply", [replicas, image]:
                cluster.apply(workload(replicas=replicas, image=str(image)))
            case "steps", [name, count]:
                for _step in itertools.islice(cluster.roll_out(name), count):
                    pass
            case "delete", [which] if there:
                cluster.delete("Pod", f"shop/{there[which % len(there)].name}")
            case _, [which, *rest] if there:
                getattr(cluster, what)(there[which % len(there)], *rest)
        there = cluster.pods("shop/web") + cluster.pods("shop/db")
        assert listed(cluster) == {item.ip for item in there if item.ready and not item.terminating}
        assert len({item.ip for item in there}) == len({item.name for item in there}) == len(there)
        if what in ("scale", "apply"):
            name = arguments[0] if what == "scale" else "shop/web"
            replicas = arguments[1] if what == "scale" else arguments[0]
            kind = cluster.store.get("StatefulSet" if name == "shop/db" else "Deployment", *name.split("/"))
            live = [item for item in cluster.pods(name) if not item.terminating]
            assert kind.replicas == replicas
            assert len(live) == replicas or name == "shop/db"  # whose next pod waits for the one before it


# Roll-outs.


def trace(cluster, rollout):
    """Each step, and how many pods run, are ready, and are listed after it."""
    return [
        (step.event, len(live), sum(item.ready for item in live), len(listed(cluster)))
        for step in rollout
        for live in [[item for item in cluster.pods("shop/web") if not item.terminating]]
    ]


def test_a_deployment_rolls_out_with_one_more_and_never_one_less():
    cluster = made(workload(replicas=2), headless())
    before = names(cluster)
    assert trace(cluster, cluster.roll_out("shop/web", template("2"))) == [
        ("created", 3, 2, 2),
        ("ready", 3, 3, 3),
        ("terminating", 2, 2, 2),
        ("deleted", 2, 2, 2),
        ("created", 3, 2, 2),
        ("ready", 3, 3, 3),
        ("terminating", 2, 2, 2),
        ("deleted", 2, 2, 2),
    ]
    assert set(before).isdisjoint(names(cluster))


@pytest.mark.parametrize(("surge", "unavailable"), [(1, 0), (0, 1), (1, 1), (3, 0), (0, 2), (2, 1), (9, 9)])
@pytest.mark.parametrize("replicas", [1, 2, 5])
def test_a_deployment_keeps_within_surge_and_unavailable(surge, unavailable, replicas):
    cluster = made(workload(replicas=replicas), headless())
    before = set(names(cluster))
    steps = trace(cluster, cluster.roll_out("shop/web", max_surge=surge, max_unavailable=unavailable))
    assert max(live for _, live, _, _ in steps) <= replicas + surge
    assert min(ready for _, _, ready, _ in steps) >= replicas - unavailable
    assert all(shown == ready for _, _, ready, shown in steps)
    assert sorted(event for event, *_ in steps) == sorted(["created", "ready", "terminating", "deleted"] * replicas)
    assert len(names(cluster)) == replicas
    assert before.isdisjoint(names(cluster))


def test_a_stateful_set_rolls_out_from_its_highest_ordinal_down():
    cluster = stateful(3)
    steps = [(step.pod, step.event) for step in cluster.roll_out("shop/web", template("2"))]
    one = ["terminating", "deleted", "created", "ready"]
    assert steps == [(f"shop/web-{ordinal}", event) for ordinal in (2, 1, 0) for event in one]
    for item in cluster.pods("shop/web"):
        assert listed(cluster, f"{item.name}.web.shop.svc.cluster.local") == {item.ip}


def test_a_daemon_set_rolls_out_node_by_node():
    cluster = made(node("node-1"), node("node-2"), workload("DaemonSet"), headless())
    before = {item.node: item.name for item in cluster.pods("shop/web")}
    steps = trace(cluster, cluster.roll_out("shop/web"))
    assert [event for event, *_ in steps] == ["terminating", "deleted", "created", "ready"] * 2
    assert min(ready for _, _, ready, _ in steps) == 1
    after = {item.node: item.name for item in cluster.pods("shop/web")}
    assert after.keys() == before.keys()
    assert set(after.values()).isdisjoint(before.values())


def test_nothing_happens_before_the_first_step_and_a_rollout_may_stop_anywhere():
    cluster = made(workload(replicas=2), headless())
    before = cluster.pods("shop/web")
    rollout = cluster.roll_out("shop/web")
    assert cluster.pods("shop/web") == before
    created = next(rollout)
    assert (created.event, len(listed(cluster))) == ("created", 2)
    assert not next(item for item in cluster.pods("shop/web") if f"shop/{item.name}" == created.pod).ready
    rollout.finish()
    assert set(names(cluster)).isdisjoint(item.name for item in before)
    cluster.set_ready(cluster.pods("shop/web")[0], False)
    assert list(rollout) == []  # it is over
    assert len(listed(cluster)) == 1


def test_a_rollout_goes_on_from_what_has_happened_meanwhile():
    cluster = made(workload(replicas=2), headless())
    before = set(names(cluster))
    rollout = cluster.roll_out("shop/web")
    next(rollout)
    cluster.scale("shop/web", 4)
    rollout.finish()
    assert len(listed(cluster)) == 4
    assert before.isdisjoint(names(cluster))
    second = cluster.roll_out("shop/web")
    next(second)
    cluster.delete("Deployment", "shop/web")
    with pytest.raises(ManifestError, match="there is no Deployment shop/web"):
        next(second)


def test_pods_that_serve_nobody_are_replaced_first():
    cluster = made(workload(replicas=3), headless())
    sick = cluster.pods("shop/web")[1]
    cluster.set_ready(sick, False)
    ended = [step.pod for step in cluster.roll_out("shop/web") if step.event == "terminating"]
    assert ended[0] == f"shop/{sick.name}"
    assert len(listed(cluster)) == 3


def test_a_template_without_the_selectors_labels_leaves_the_service_empty():
    cluster = made(workload(replicas=2), headless())
    cluster.roll_out("shop/web", template(labels={"app": "wob"})).finish()
    assert len(cluster.pods("shop/web")) == 2
    assert listed(cluster) == set()


def test_a_rollout_under_load_fails_no_lookup():
    cluster = made(workload(replicas=3), headless())
    looked_up, failures, done = 0, [], threading.Event()
    with cluster.serve() as server:
        config = ResolverConfig.for_cluster(Nameserver(server.host, server.port), namespace="shop")

        def load(resolver):
            nonlocal looked_up
            while not done.is_set():
                try:
                    assert resolver.endpoints("web", "http", fresh=True)
                except Exception as error:  # noqa: BLE001 - each is told below
                    failures.append(error)
                looked_up += 1

        with Resolver(config, family="ipv4") as resolver:
            threads = [threading.Thread(target=load, args=(resolver,)) for _ in range(2)]
            for thread in threads:
                thread.start()
            for _ in range(3):
                for _step in cluster.roll_out("shop/web"):
                    at_least = looked_up + 1
                    while looked_up < at_least and not failures:
                        time.sleep(0)
            done.set()
            for thread in threads:
                thread.join()
    assert failures == []
    assert looked_up >= 3 * 3 * 4


# Time: who remembers what, and for how long.


def test_a_name_that_did_not_exist_is_found_when_the_answer_has_expired():
    cluster = made(workload(replicas=1))
    with cluster.resolver(namespace="shop") as resolver:
        with pytest.raises(NoSuchName):
            resolver.service("web")
        cluster.apply(headless())
        cluster.clock.advance(4.9)
        with pytest.raises(NoSuchName):  # negative answers are kept for 5 s
            resolver.service("web")
        assert resolver.service("web", fresh=True)
    with cluster.resolver(namespace="shop") as resolver:
        cluster.delete("Service", "shop/web")
        with pytest.raises(NoSuchName):
            resolver.service("web")
        cluster.apply(headless())
        cluster.clock.advance(5.1)
        assert resolver.service("web")


def test_an_address_that_moved_is_stale_until_its_ttl_and_fresh_at_once():
    cluster = stateful(1)
    with cluster.resolver(namespace="shop") as resolver, cluster.resolver(namespace="shop") as other:
        (before,) = resolver.service("web").addresses
        other.service("web")
        cluster.move("shop/web-0", to="10.244.9.9")
        cluster.clock.advance(29.9)  # the TTL is 30 s
        assert resolver.service("web").addresses == (before,)
        assert list(map(str, other.service("web", fresh=True).addresses)) == ["10.244.9.9"]
        cluster.clock.advance(0.2)
        assert list(map(str, resolver.service("web").addresses)) == ["10.244.9.9"]


def test_the_cache_plugin_keeps_what_even_a_fresh_lookup_sees():
    cluster = stateful(1, corefile=CACHED)
    with cluster.resolver(namespace="shop") as resolver:
        (before,) = resolver.service("web").addresses
        cluster.move("shop/web-0", to="10.244.9.9")
        cluster.clock.advance(4)  # CoreDNS's own TTL is 5 s, as the Corefile says no other
        assert resolver.service("web", fresh=True).addresses == (before,)
        cluster.clock.advance(1.1)
        assert list(map(str, resolver.service("web", fresh=True).addresses)) == ["10.244.9.9"]


def test_both_caches_add_up():
    """A client may ask just before the nameserver's entry expires, and then holds it for what TTL is left."""
    cluster = stateful(1, corefile=CACHED.replace("cluster.local", "cluster.local {\n ttl 30\n }"))
    with cluster.resolver(namespace="shop") as early, cluster.resolver(namespace="shop") as late:
        (before,) = early.service("web").addresses
        cluster.move("shop/web-0", to="10.244.9.9")
        cluster.clock.advance(20)
        assert late.service("web").addresses == (before,)
        cluster.clock.advance(9.9)
        assert late.service("web").addresses == (before,)
        cluster.clock.advance(0.3)
        assert list(map(str, late.service("web").addresses)) == ["10.244.9.9"]


def test_a_nameserver_without_its_api_server_sees_no_change():
    cluster = stateful(2)
    before = listed(cluster)
    fault = cluster.network.stale()
    cluster.scale("shop/web", 3)
    assert listed(cluster) == before
    fault.stop()
    assert len(listed(cluster)) == 3


def test_waiting_for_dns_takes_no_time():
    cluster = stateful(1)
    with cluster.resolver(namespace="shop") as resolver:
        for _ in range(20):
            resolver.service("web")
            cluster.move("shop/web-0")
            cluster.clock.advance(30)
    assert cluster.clock.monotonic() >= 600
    assert cluster.queries.asked("web.shop.svc.cluster.local", "A") == 20


def test_an_async_resolver_sees_changes_too():
    cluster = stateful(2)

    async def look():
        async with cluster.async_resolver(namespace="shop") as resolver:
            assert len(await resolver.endpoints("web", "http")) == 2
            cluster.scale("shop/web", 3)
            assert len(await resolver.endpoints("web", "http")) == 2
            cluster.clock.advance(31)
            return await resolver.endpoints("web", "http")

    assert {item.hostname for item in asyncio.run(look())} == {"web-0", "web-1", "web-2"}


def test_a_resolver_from_before_finds_a_service_of_a_family_that_was_not_there():
    cluster = made(service())
    with cluster.resolver(namespace="shop") as resolver:
        assert len(resolver.service("web").addresses) == 1
        cluster.apply(service("six", clusterIP="fd00:10:96::6", ipFamilies=["IPv6"]))
        assert list(map(str, resolver.service("six").addresses)) == ["fd00:10:96::6"]


def test_a_family_that_the_cluster_has_not_is_refused_and_nothing_is_changed():
    cluster = made(service(clusterIP="10.96.1.1"))
    with pytest.raises(
        ManifestError,
        match=r"Service shop/six, spec\.ipFamilies: it asks for IPv6, of which the cluster has no service network",
    ):
        cluster.apply(headless(name="new"), workload(replicas=2), service("six", ipFamilies=["IPv6"]))
    assert listed(cluster) == {"10.96.1.1"}
    assert list(cluster.store.all("Pod")) == list(cluster.store.all("Deployment")) == []


# What cannot be done.


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda it: it.apply(), "apply: nothing is given"),
        (lambda it: it.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}}), "nothing is given"),
        (lambda it: it.apply({"kind": "Service", "metadata": {}}), "document 1, Service, metadata.name: no name"),
        (lambda it: it.apply("no/such/file.yaml"), "no/such/file.yaml: cannot be read"),
        (lambda it: it.delete("Deploymnet", "shop/web"), "there is no kind 'Deploymnet'; the kinds are .*Deployment"),
        (lambda it: it.delete("Service", "shop/wob"), "there is no Service shop/wob; the nearest are Service shop/web"),
        (lambda it: it.delete("Service", "web"), "there is no Service default/web; the nearest are Service shop/web"),
        (lambda it: it.delete("ServiceImport", "shop/web"), "there is no ServiceImport shop/web; the cluster has none"),
        (lambda it: it.delete("Namespace", "shp"), "there is no Namespace shp; the nearest are Namespace shop"),
        (
            lambda it: it.scale("shop/wob", 1),
            "there is no Deployment or StatefulSet or ReplicaSet shop/wob; .* shop/web",
        ),
        (lambda it: it.scale("shop/web", -1), "scale: -1 is no number of replicas"),
        (lambda it: it.scale("shop/web", 10**9), "1,000,000,000 pods, more than the 150,000"),
        (
            lambda it: it.roll_out("shop/agent-1", None),
            "there is no Deployment or StatefulSet or DaemonSet shop/agent-1",
        ),
        (lambda it: it.roll_out("shop/web", max_surge=0), "no pod could be replaced"),
        (lambda it: it.roll_out("shop/web", max_surge=-1), "max_surge=-1 is no number of pods"),
        (lambda it: it.roll_out("shop/web", {"spec": {}}), "template.metadata.labels: no selector fits"),
        (lambda it: it.roll_out("shop/web", {"spec": {"hostname": 1}}), "template.spec.hostname: a whole number"),
        (lambda it: it.roll_out("shop/web", "v2"), "template: text where a mapping should be"),
        (lambda it: it.set_ready("shop/lon", False), "there is no Pod shop/lon; the nearest are Pod shop/lone"),
        (lambda it: it.move("shop/lone", to="10.244.1"), "move: '10.244.1' is no IP address"),
        (lambda it: it.move("shop/lone", to="fd00::1"), "pod shop/lone has no IPv6 address, only 10.244."),
        (lambda it: it.move("shop/lone", to="10.244.5.5"), "10.244.5.5 is the address of pod shop/fixed"),
        (lambda it: it.move("shop/on-node"), "pod shop/on-node has hostNetwork"),
        (lambda it: it.pods("shop/nothing"), "there is no Deployment or .* or Service shop/nothing"),
    ],
)
def test_what_cannot_be_done_is_told_and_leaves_all_as_it_was(change, told):
    cluster = made(
        workload(replicas=2),
        headless(),
        pod("lone"),
        pod("on-node", hostNetwork=True),
        pod("fixed", status={"phase": "Running", "podIP": "10.244.5.5"}),
    )
    before = listed(cluster), names(cluster)
    with pytest.raises(ManifestError, match=told):
        change(cluster)
    assert (listed(cluster), names(cluster)) == before


def test_a_change_that_fails_half_way_frees_the_addresses_again():
    cluster = made(workload(replicas=2), headless(), pod_cidrs=["10.1.0.0/27"], service_cidrs=["10.96.0.0/16"])
    before = cluster.pods("shop/web")
    for _ in range(3):
        with pytest.raises(ManifestError, match="no free address"):
            cluster.scale("shop/web", 20)
        assert cluster.pods("shop/web") == before
    cluster.scale("shop/web", 10)
    assert len(listed(cluster)) == 10


def test_no_query_is_answered_in_the_midst_of_a_change(monkeypatch):
    cluster = made(workload("StatefulSet", replicas=3, serviceName="web"), headless())
    seen, asking = [], []

    def ask():
        started.set()
        seen.append(listed(cluster))

    def add(resource, put=cluster.store.add):
        put(resource)
        if not asking:
            asking.append(threading.Thread(target=ask))
            asking[0].start()
            started.wait(10)
            time.sleep(0.05)  # long enough for an answer, if any came

    started = threading.Event()
    monkeypatch.setattr(cluster.store, "add", add)
    cluster.apply(headless(selector={"app": "nobody"}))
    asking[0].join()
    assert seen == [set()]
    asking.clear()
    cluster.apply(workload("StatefulSet", replicas=5, serviceName="web"), headless())
    asking[0].join()
    assert seen[1] == ips(cluster)
    assert len(seen[1]) == 5


def test_a_made_slice_cannot_be_deleted():
    cluster = made(workload(replicas=1), headless())
    (part,) = cluster.store.slices("shop", "web")
    with pytest.raises(ManifestError, match="is made of the pods of Service shop/web: change these"):
        cluster.delete("EndpointSlice", f"shop/{part.name}")


def test_the_nameservers_configuration_is_that_of_when_the_cluster_was_made():
    def configuration(text):
        meta = {"name": "coredns", "namespace": "kube-system"}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"Corefile": text}}

    cluster = made(configuration(CACHED))
    cluster.apply(configuration(CACHED))
    with pytest.raises(ManifestError, match="ConfigMap kube-system/coredns sets up the nameserver"):
        cluster.apply(configuration(CACHED.replace("30", "10")))


@pytest.mark.parametrize(
    "change",
    [
        lambda it: it.set_ready("shop/web-0", False),
        lambda it: it.move("shop/web-0"),
        lambda it: it.scale("shop/web", 3),
        lambda it: it.roll_out("shop/web"),
        lambda it: it.delete("Pod", "shop/web-0"),
    ],
)
def test_a_change_of_pods_whose_endpoints_are_stated_says_that_it_would_do_nothing(change):
    cluster = made(workload("StatefulSet", replicas=2), headless(), endpoint_slice("10.0.0.1"))
    with pytest.raises(ManifestError, match=r"cluster.delete\('EndpointSlice', 'shop/web-abcde'\)"):
        change(cluster)
    cluster.delete("EndpointSlice", "shop/web-abcde")
    assert listed(cluster) == ips(cluster)
    change(cluster)


def test_so_does_one_whose_endpoints_are_an_endpoints_object():
    entry = {"ip": "10.0.0.1", "targetRef": {"kind": "Pod", "name": "web-x"}}
    addresses = {"addresses": [entry], "ports": [{"name": "http", "port": 80}]}
    meta = {"name": "web", "namespace": "shop"}
    stated = {"apiVersion": "v1", "kind": "Endpoints", "metadata": meta, "subsets": [addresses]}
    cluster = made(workload(replicas=2), headless(), stated)
    with pytest.raises(ManifestError, match=r"cluster.delete\('Endpoints', 'shop/web'\)"):
        cluster.scale("shop/web", 3)
    cluster.delete("Endpoints", "shop/web")
    assert listed(cluster) == ips(cluster)


def test_a_stated_slice_that_is_applied_takes_the_place_of_the_made_ones():
    cluster = made(workload(replicas=2), headless())
    cluster.apply(endpoint_slice("10.0.0.1"))
    assert listed(cluster) == {"10.0.0.1"}
    cluster.apply(endpoint_slice("10.0.0.2"))
    assert listed(cluster) == {"10.0.0.2"}
    cluster.delete("EndpointSlice", "shop/web-abcde")
    assert listed(cluster) == ips(cluster)
