"""Who takes texts from where, and as whom they are looked up."""

from k8sresolve.testing import Cluster
from k8sresolve.testing.checks.names.takers import Takers, pod_of, some_pod
from k8sresolve.testing.checks.origins import Origins
from tests.testing.checks.objects import config_map, deployment, told_of

CONF = config_map({"a": "1"})
MOUNT = {"volumes": [{"configMap": {"name": "conf"}}]}


def takers(*objects):
    store = Cluster.from_objects([CONF, *objects]).store
    return Takers(Origins(store).all(), store), store.get("ConfigMap", "shop", "conf")


def test_what_nobody_takes_is_looked_up_as_a_pod_of_the_namespace():
    found, conf = takers(deployment())
    assert found.pod(conf) == some_pod("shop")
    assert found.names(conf) == {}


def test_a_pod_that_asks_the_clusters_nameserver_is_preferred():
    on_node, default = {**MOUNT, "hostNetwork": True}, {**MOUNT, "dnsPolicy": "Default"}
    found, conf = takers(told_of("a", pod=on_node), told_of("b", pod=default))
    assert found.pod(conf).spec.host_network
    found, conf = takers(told_of("a", pod=on_node), told_of("b", pod=MOUNT), told_of("c", pod=default))
    assert found.pod(conf) == some_pod("shop")
    found, conf = takers(told_of("a", pod=default, namespace="other"))
    assert found.pod(conf) == some_pod("shop")


def test_a_key_has_the_names_of_the_variables_that_take_it():
    app = told_of()
    reference = {"configMapKeyRef": {"name": "conf", "key": "a"}}
    app["spec"]["template"]["spec"]["containers"][0] |= {
        "env": [{"name": "HOST", "valueFrom": reference}],
        "envFrom": [{"prefix": "X_", "configMapRef": {"name": "conf"}}],
    }
    found, conf = takers(app)
    assert found.names(conf) == {"a": ["X_a", "HOST"]}


def test_pods_that_find_names_alike_are_one():
    store = Cluster.from_objects([deployment("a", labels={"a": "b"}), deployment("b", [])]).store
    first, second = Origins(store).all()
    assert pod_of(first) == pod_of(second) == some_pod("shop")
