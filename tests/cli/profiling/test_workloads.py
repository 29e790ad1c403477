"""Whose addresses ask, by `kubectl get pods -A -o json`."""

import json

import pytest

from k8sresolve.cli.profiling.workloads import Who, read_pods
from k8sresolve.errors import ConfigError


def pod(
    name,
    owner=("", ""),
    address="10.244.1.9",
    *,
    labels=None,
    namespace="shop",
    phase="Running",
    host=False,
    node="node-1",
):
    kind, owned = owner
    owners = [{"kind": kind, "name": owned, "controller": True}] if kind else []
    status = {"phase": phase, "podIP": address, "podIPs": [{"ip": address}], "hostIP": "192.168.0.1"}
    return {
        "metadata": {"name": name, "namespace": namespace, "labels": labels or {}, "ownerReferences": owners},
        "spec": {"nodeName": node, **({"hostNetwork": True} if host else {})},
        "status": status,
    }


def who(address, *pods):
    return read_pods(json.dumps({"kind": "List", "items": pods}).encode()).who(address)


HASH = {"pod-template-hash": "6d5f7c9b8"}


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (pod("web-6d5f7c9b8-2lqzn", ("ReplicaSet", "web-6d5f7c9b8"), labels=HASH), "shop/Deployment/web"),
        (pod("web-2lqzn", ("ReplicaSet", "web-old")), "shop/ReplicaSet/web-old"),
        (pod("db-0", ("StatefulSet", "db")), "shop/StatefulSet/db"),
        (pod("ledger-29384756-x7k2p", ("Job", "ledger-29384756")), "shop/CronJob/ledger"),
        (pod("once-20240101-x7k2p", ("Job", "once-20240101")), "shop/Job/once-20240101"),
        (pod("debug"), "shop/Pod/debug"),
    ],
)
def test_a_pod_is_of_the_workload_that_made_it(given, name):
    assert who("10.244.1.9", given) == Who(name, "pod", "shop")


def test_a_pod_has_an_address_of_each_family():
    given = pod("db-0", ("StatefulSet", "db"))
    given["status"]["podIPs"].append({"ip": "fd00:10:244::9"})
    assert who("fd00:10:244::9", given).name == "shop/StatefulSet/db"


def test_a_pod_that_has_ended_gives_way_to_the_one_that_has_its_address_now():
    pods = [pod("new", address="10.244.1.9"), pod("old", phase="Succeeded")]
    assert who("10.244.1.9", *pods).name == who("10.244.1.9", *reversed(pods)).name == "shop/Pod/new"


def test_pods_of_the_hosts_network_ask_as_their_node_does():
    proxy = pod("kube-proxy-x", ("DaemonSet", "kube-proxy"), "192.168.0.1", namespace="kube-system", host=True)
    local = pod("node-local-dns-y", ("DaemonSet", "node-local-dns"), "192.168.0.1", namespace="kube-system", host=True)
    web = pod("web")
    assert who("192.168.0.1", web) == Who("node node-1", "node")
    assert who("192.168.0.1", web, proxy) == Who("node node-1 (1 with hostNetwork)", "node")
    assert who("192.168.0.1", web, proxy, local) == Who("node node-1 (NodeLocal, 1 with hostNetwork)", "node")


def test_an_address_of_no_pod_is_told_as_such():
    assert who("10.9.9.9", pod("web")) == Who("10.9.9.9 (of no pod)", "unknown")


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"items": []}', b'{"items": 5}', b"kind: List", b"[" * 100_000])
def test_what_is_no_list_of_pods_is_refused(data):
    with pytest.raises(ConfigError, match="give what `kubectl get pods -A -o json` prints"):
        read_pods(data)


@pytest.mark.parametrize(
    "odd", [{}, {"metadata": 5, "spec": None, "status": []}, {"status": {"podIPs": [5, {}], "podIP": None}}]
)
def test_odd_pods_are_passed_over(odd):
    assert who("10.244.1.9", odd, pod("web")).name == "shop/Pod/web"
