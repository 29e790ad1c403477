import ipaddress
import re

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from k8sresolve.errors import ConfigError, ManifestError
from k8sresolve.testing import Cluster
from k8sresolve.testing.controllers.applying import apply
from k8sresolve.testing.controllers.control_plane import MAX_PODS, ControlPlane
from k8sresolve.testing.controllers.networks import Networks, Pool
from k8sresolve.testing.controllers.slices import select
from k8sresolve.testing.objects.kinds import Pod, Service
from k8sresolve.testing.objects.manifests import read_objects
from k8sresolve.testing.objects.store import Store

LETTERS = "[bcdfghjklmnpqrstvwxz2456789]"
GROUPS = {"Deployment": "apps", "ReplicaSet": "apps", "StatefulSet": "apps", "DaemonSet": "apps", "Job": "batch"}


def workload(kind, name="web", labels=None, owner=None, pod_spec=None, **spec):
    labels = {"app": "web"} if labels is None else labels
    meta = {"name": name, "namespace": "shop"}
    if owner:
        meta["ownerReferences"] = [{"kind": owner[0], "name": owner[1], "controller": True}]
    ports = [{"name": "http", "containerPort": 8080}]
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "ports": ports}]}}
    template["spec"].update(pod_spec or {})
    spec = {"selector": {"matchLabels": labels}, "template": template, **spec}
    return {"apiVersion": f"{GROUPS[kind]}/v1", "kind": kind, "metadata": meta, "spec": spec}


def pod(name="web-0", labels=None, owner=None, status=None, namespace="shop", **spec):
    meta = {"name": name, "namespace": namespace, "labels": {"app": "web"} if labels is None else labels}
    if owner:
        meta["ownerReferences"] = [{"kind": owner[0], "name": owner[1], "controller": True}]
    made = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}
    return made if status is None else {**made, "status": status}


def service(name="web", **spec):
    spec = {"selector": {"app": "web"}, "ports": [{"name": "http", "port": 80, "targetPort": "http"}], **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "shop"}, "spec": spec}


def node(name, labels=None, *ips):
    addresses = [{"type": "InternalIP", "address": ip} for ip in ips]
    status = {"addresses": [*addresses, {"type": "Hostname", "address": name}]}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels or {}}, "status": status}


def running(ip, *, ready="True"):
    return {"phase": "Running", "podIP": ip, "conditions": [{"type": "Ready", "status": ready}]}


def filled(*objects, **cidrs):
    store = Store()
    apply(store, read_objects(objects), **cidrs)
    return store


def pods(store):
    return [item for item in store.all("Pod") if isinstance(item, Pod)]


def endpoints(store, name="web"):
    return [entry for part in store.slices("shop", name) for entry in part.addresses]


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


def test_a_daemon_set_has_a_pod_on_each_node_that_its_selector_fits():
    nodes = [node("a", {"disk": "ssd"}), node("b"), node("c", {"disk": "ssd"})]
    assert [item.node for item in pods(filled(*nodes, workload("DaemonSet")))] == ["a", "b", "c"]
    picky = workload("DaemonSet", pod_spec={"nodeSelector": {"disk": "ssd"}})
    assert [item.node for item in pods(filled(*nodes, picky))] == ["a", "c"]


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
    lone, others = pod("web-0"), pod("db-0", owner=("StatefulSet", "db"))
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


def test_the_networks_can_be_chosen():
    cidrs = {"service_cidrs": ["fd00:10:96::/112", "172.20.0.0/16"], "pod_cidrs": ["fd00:10:0:1::/64", "10.1.0.0/16"]}
    store = filled(service(), service("both", ipFamilyPolicy="PreferDualStack"), workload("Deployment"), **cidrs)
    [made] = pods(store)
    v6, v4 = map(ipaddress.ip_address, made.ips)
    assert v6 in ipaddress.ip_network("fd00:10:0:1::/64")
    assert v4 in ipaddress.ip_network("10.1.0.0/16")
    assert store.service("shop", "web").families == ("IPv6",)
    assert store.service("shop", "both").families == ("IPv6", "IPv4")
    assert store.service("shop", "both").cluster_ips[1].startswith("172.20.")
    assert {entry.address for entry in endpoints(store)} == {made.ips[0]}
    assert {entry.address for entry in endpoints(store, "both")} == set(made.ips)


def test_one_network_alone_tells_the_families():
    assert Networks.of(["172.20.0.0/16"], None, ["IPv4", "IPv6"]).families == ("IPv4",)
    assert Networks.of(None, ["fd00::/64"], ["IPv4"]).families == ("IPv6",)


def test_a_cluster_has_ipv6_where_a_service_asks_for_it():
    [plain] = pods(filled(service(), pod()))
    assert len(plain.ips) == 1
    for asking in ({"ipFamilyPolicy": "PreferDualStack"}, {"ipFamilies": ["IPv6"], "clusterIP": "None"}):
        [dual] = pods(filled(service(), service("six", **asking), pod()))
        assert [ipaddress.ip_address(ip).version for ip in dual.ips] == [4, 6]
        assert dual.ips[0] == plain.ip


@pytest.mark.parametrize(
    "cidrs",
    [
        {"service_cidrs": ["10.96.0.1/16"]},
        {"service_cidrs": ["ten"]},
        {"service_cidrs": []},
        {"pod_cidrs": ["10.1.0.0/16", "10.2.0.0/16"]},
        {"service_cidrs": ["10.96.0.0/16"], "pod_cidrs": ["fd00::/64"]},
    ],
)
def test_networks_that_do_not_do_are_refused(cidrs):
    with pytest.raises(ConfigError, match="cidrs"):
        filled(**cidrs)


def test_a_family_that_the_cluster_has_not_is_refused():
    with pytest.raises(ManifestError, match="shop/web asks for IPv6"):
        filled(service(ipFamilies=["IPv6"]), service_cidrs=["10.96.0.0/16"])


def test_addresses_may_run_out():
    with pytest.raises(ManifestError, match=r"10\.1\.0\.0/28 has no free address"):
        filled(workload("Deployment", replicas=20), pod_cidrs=["10.1.0.0/28"])


def test_more_pods_than_a_cluster_has_are_refused_before_they_are_made():
    with pytest.raises(ManifestError, match="more than the 150,000"):
        filled(*(workload("Deployment", f"d{n}", replicas=MAX_PODS - 1) for n in range(1, 3)))
    with pytest.raises(ManifestError, match="more than the 150,000"):
        filled(*(node(f"n{n}") for n in range(1000)), *(workload("DaemonSet", f"d{n}") for n in range(151)))


@given(st.integers(20, 32), st.lists(st.text("ab", min_size=1, max_size=4), max_size=30))
def test_a_pool_gives_each_address_once_and_those_that_are_stated_never(bits, owners):
    network = ipaddress.ip_network(f"10.1.0.0/{bits}")
    pool = Pool(network)
    stated = str(network[network.num_addresses // 2])
    pool.take(stated)
    given_out = []
    try:
        given_out += [pool.allocate(owner) for owner in owners]
    except ManifestError:
        assert bits > 26  # the first sixteen are kept back
    assert len(set(given_out)) == len(given_out)
    assert stated not in given_out
    assert all(ipaddress.ip_address(ip) in network for ip in given_out)


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


# Slices.


def test_slices_come_from_the_pods_that_are_selected():
    store = filled(workload("Deployment", replicas=3), pod("other", {"app": "db"}), service(name="web"))
    [part] = store.slices("shop", "web")
    assert {entry.pod for entry in part.addresses} == {item.name for item in pods(store)} - {"other"}
    assert [(port.name, port.number) for port in part.ports] == [("http", 8080)]


def test_endpoints_are_in_the_order_of_ordinals():
    store = filled(workload("StatefulSet", "web", replicas=12, serviceName="web"), service(clusterIP="None"))
    assert [entry.hostname for entry in endpoints(store)] == [f"web-{n}" for n in range(12)]


def test_only_the_service_of_its_subdomain_gives_a_pod_its_name():
    store = filled(workload("StatefulSet", "db", serviceName="db"), service("db"), service("db-read"))
    assert [entry.hostname for entry in endpoints(store, "db")] == ["db-0"]
    assert [entry.hostname for entry in endpoints(store, "db-read")] == [""]


def stated_slice(name="web-1", address="192.0.2.1"):
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": name, "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [address]}],
    }


def stated_endpoints(address="192.0.2.2"):
    meta = {"name": "web", "namespace": "shop"}
    return {"kind": "Endpoints", "metadata": meta, "subsets": [{"addresses": [{"ip": address}]}]}


@pytest.mark.parametrize(
    ("stated", "address"),
    [
        ([stated_slice()], "192.0.2.1"),
        ([stated_endpoints()], "192.0.2.2"),
        ([stated_slice(), stated_endpoints()], "192.0.2.1"),
    ],
)
def test_stated_slices_and_endpoints_are_used_and_none_made(stated, address):
    store = filled(workload("Deployment", replicas=3), service(), *stated)
    assert [entry.address for entry in endpoints(store)] == [address]


def test_more_than_a_hundred_endpoints_lie_in_several_slices():
    store = filled(workload("Deployment", replicas=130), service())
    assert [len(part.addresses) for part in store.slices("shop", "web")] == [100, 30]


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


labels = st.dictionaries(st.sampled_from("abc"), st.sampled_from("xy"), max_size=3)


@settings(max_examples=200)
@given(st.lists(labels, max_size=5), st.lists(st.tuples(st.sampled_from(["n", "m"]), labels), max_size=8))
def test_select_finds_what_a_walk_over_all_finds(selectors, given_pods):
    services = [Service("n", f"s{n}", selector=tuple(sorted(one.items()))) for n, one in enumerate(selectors)]
    members = [Pod(namespace, f"p{n}", labels=one) for n, (namespace, one) in enumerate(given_pods)]
    assert {found.name: selected for found, selected in select(services, members)} == {
        one.name: [member for member in members if member.namespace == "n" and one_matches(wanted, member.labels)]
        for one, wanted in zip(services, selectors, strict=True)
        if wanted
    }


def one_matches(wanted, had):
    return wanted.items() <= had.items()


def test_services_and_pods_that_would_take_for_ever_are_refused():
    services = [Service("shop", f"s{n}", selector=(("app", "web"),)) for n in range(3000)]
    members = [Pod("shop", f"p{n}", labels={"app": "web"}) for n in range(3000)]
    with pytest.raises(ManifestError, match="too many"):
        list(select(services, members))


def test_a_label_that_all_select_by_makes_no_difference():
    labels = [{"all": "the same", "app": f"a{n}"} for n in range(3000)]
    services = [Service("shop", one["app"], selector=tuple(one.items())) for one in labels]
    members = [Pod("shop", one["app"], labels=one) for one in labels]
    assert all([found.name] == [one.name for one in selected] for found, selected in select(services, members))


# Fields.


@pytest.mark.parametrize(
    ("made", "field", "problem"),
    [
        (workload("Deployment", replicas=-1), "spec.replicas", "less than none"),
        (workload("Deployment", replicas="3"), "spec.replicas", "text where a whole number"),
        (pod(containers=[{"ports": [{"name": "a"}]}]), "spec.containers[0].ports[0].containerPort", "no port"),
        (pod(containers=[{"ports": [{"containerPort": 70000}]}]), "spec.containers[0].ports[0].containerPort", "70000"),
        (pod(hostNetwork="yes"), "spec.hostNetwork", "text where true or false"),
        (pod(dnsConfig={"options": [{"name": "ndots", "value": 1}]}), "spec.dnsConfig.options[0].value", "whole"),
        (pod(labels={"version": 1.0}), "metadata.labels.version", "a fraction where text"),
        (service(selector={"app": 1}), "spec.selector.app", "a whole number where text"),
        (service(ports=[{"port": 80, "targetPort": 70000}]), "spec.ports[0].targetPort", "70000"),
        (service(ports=[{"port": 80, "targetPort": True}]), "spec.ports[0].targetPort", "neither"),
    ],
)
def test_a_wrong_field_is_named(made, field, problem):
    with pytest.raises(ManifestError, match=problem) as caught:
        read_objects([made])
    assert caught.value.field == field


def test_a_lookup_finds_what_the_controllers_made():
    cluster = Cluster.from_objects(
        [workload("StatefulSet", "db", replicas=2, serviceName="db"), service("db", clusterIP="None"), service("web")]
    )
    with cluster.resolver(namespace="shop") as resolver:
        found = resolver.endpoints("db", "http")
        assert [(one.hostname, one.port) for one in found] == [("db-0", 8080), ("db-1", 8080)]
        assert [str(one.address) for one in found] == [item.ip for item in pods(cluster.store)]
        assert resolver.port("web", "http").number == 80
