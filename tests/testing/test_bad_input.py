"""F12: arguments of any type to a public call of the kit come to a typed error, or to the user's own, unchanged."""

import asyncio
import inspect
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8sresolve import testing
from k8sresolve.errors import ConfigError, Error, ManifestError
from k8sresolve.testing import (
    Clock,
    Cluster,
    Inventory,
    Kubelet,
    KubernetesOptions,
    Network,
    QueryLog,
    compare_versions,
    headless,
    histories,
)
from tests.core.world import ipv4_cluster
from tests.odd import ANYTHING, ODD, Call

# What is returned or given, and not called with arguments; `scenarios` has functions that take a cluster.
VALUES = {
    *("ANY_INTERNET", "COREDNS_VERSIONS", "DIFFERENCES", "KUBERNETES_VERSIONS", "MANIFEST_SUFFIXES", "RCODES"),
    *("Changed", "Difference", "Question", "Upstream", "Version"),
    *("Fault", "Finding", "KubeletEvent", "LoggedQuery", "OfflineNameserver", "Patch"),
    *("Pod", "PodDNS", "QueryCount", "ResolvConf", "Rollout", "RolloutStep", "Scenario", "Server", "Which"),
    *("conformance", "histories", "pod_dns", "scenarios"),
}
MADE = {"compare_versions", "Clock", "Cluster", "Inventory", "Kubelet", "KubernetesOptions", "Network", "QueryLog"}
BUILDERS = {
    "service": {"name": "api.shop", "http": 80},
    "headless": {"name": "db.shop", "pods": 2},
    "external": {"name": "pg.shop", "host": "pg.example.com"},
}
CHANGES = {
    "check": {},
    "delete": {"kind": "Service", "name": "shop/payments"},
    "move": {"pod": "shop/web-0", "to": "10.244.0.9"},
    "pods": {"name": "shop/payments"},
    "resolv_conf": {"pod": "shop/web-0"},
    "hosts_file": {"pod": "shop/web-0"},
    "is_made_up": {"address": "10.96.0.1"},
    "respond": {"message": b""},
    "roll_out": {"workload": "shop/web"},
    "route": {"name": "payments.shop", "port": "http", "to": ("127.0.0.1", 8080)},
    "scale": {"workload": "shop/web", "replicas": 2},
    "set_ready": {"pod": "shop/web-0", "ready": True},
}
OTHERS = ("apply", "async_resolver", "config", "patch", "resolver", "serve", "with_versions")
KINDS = ("Service", "Pod", "EndpointSlice", "Deployment", "StatefulSet", "ConfigMap", "Secret", "Node")
FAULTS = {"delay": {"seconds": 1.0}, "drip": {"interval": 1.0}, "rcode": {"rcode": "SERVFAIL"}}
# Between the parts of the kit.
INSIDE = {"closed", "exchange", "hold", "receive", "unwatch", "watch"}


def methods(kind):
    return {name for name, _ in inspect.getmembers(kind, inspect.isroutine) if not name.startswith("_")}


def workload(**spec):
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web"}]}}
    metadata = {"name": "web", "namespace": "shop"}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": metadata,
        "spec": {"template": template, **spec},
    }


def calls():
    """The kit's calls, on a cluster of their own."""
    cluster = ipv4_cluster(workload())
    yield Call("Cluster.from_objects", Cluster.from_objects, {"objects": []})
    yield Call("Cluster.from_manifests", Cluster.from_manifests)
    yield Call("Cluster.new", Cluster.new)
    yield from (Call(name, getattr(testing, name), needed) for name, needed in BUILDERS.items())
    yield Call("Inventory.from_objects", Inventory.from_objects, {"objects": []})
    yield Call("Inventory.from_json", Inventory.from_json, {"text": "{}"})
    yield from (Call(f"Cluster.{name}", getattr(cluster, name), needed) for name, needed in CHANGES.items())
    yield from (Call(f"Cluster.{name}", getattr(cluster, name)) for name in OTHERS)
    yield from (
        Call(f"Network.{name}", getattr(cluster.network, name), FAULTS.get(name, {}))
        for name in sorted(methods(Network) - INSIDE)
    )
    yield from (Call(f"QueryLog.{name}", getattr(cluster.queries, name)) for name in ("asked", "of"))
    yield Call("Clock.advance", cluster.clock.advance, {"seconds": 1})
    yield Call("Cluster.advance", lambda seconds: asyncio.run(cluster.advance(seconds)), {"seconds": 1})
    yield Call("KubernetesOptions()", KubernetesOptions)
    yield Call("Kubelet()", Kubelet)
    versions = {"program": "CoreDNS", "before": "1.14.7", "after": "1.15.0"}
    events = ("Scale", "RollOut", "Crash", "Recover", "Move", "Lag", "Restart", "ApiServerAway", "ServFail", "Loss")
    yield from (
        Call(f"histories.{name}", getattr(histories, name), {"pods": 3} if name == "Scale" else {}) for name in events
    )
    yield Call("histories.histories", histories.histories)
    yield Call("histories.History", histories.History, {"events": ()})
    yield Call("histories.Promises", histories.Promises)
    played = Cluster.new(headless("db.shop", sql=5432)), "shop/db"
    yield Call("History.play", partial(histories.History([]).play, played[0]), {"workload": played[1]})
    yield Call("Play.publish", histories.History([]).play(*played).publish, {"endpoints": ()})
    yield Call("compare_versions", partial(compare_versions, lambda _: cluster), versions)


NAMES = [call.name for call in calls()]


def test_every_public_call_is_listed():
    assert {*testing.__all__} == VALUES | MADE | BUILDERS.keys()
    made = methods(Cluster) - {"nameserver"}  # which takes nothing
    assert made == {*CHANGES, *OTHERS, "advance", "from_objects", "from_manifests", "new"}
    assert {name for name in NAMES if name.startswith("Network.")} == {
        f"Network.{name}" for name in methods(Network) - INSIDE
    }
    assert methods(QueryLog) == {"asked", "of", "clear", "note", "watch"}
    assert methods(Clock) == {"advance", "monotonic", "time", "reach", "follow", "go_on", "run", "halt"}


@pytest.mark.parametrize("name", NAMES)
def test_f12_odd_arguments_come_to_a_typed_error_or_are_taken(name):
    call = next(call for call in calls() if call.name == name)
    for argument in call.arguments:
        for value in ODD:
            call.given(argument, value)


@given(st.sampled_from(NAMES), st.data())
def test_f12_so_it_is_with_anything(name, data):
    call = next(call for call in calls() if call.name == name)
    if call.arguments:
        call.given(data.draw(st.sampled_from(call.arguments)), data.draw(ANYTHING))


@given(ANYTHING, st.sampled_from(KINDS))
def test_f12_so_it_is_with_objects(value, kind):
    for made in (value, {"kind": kind, "metadata": value}, {"kind": kind, "metadata": {"name": "a"}, "spec": value}):
        try:
            Cluster.from_objects([made], secrets=True).check()
        except Error:
            continue


ROWS = [
    (lambda: Cluster.from_objects(None), ManifestError, "None is no list of objects"),
    (lambda: Cluster.from_objects([5]), ManifestError, "a whole number is no Kubernetes object"),
    (lambda: Cluster.from_manifests(5), ManifestError, "5 is no path of a file"),
    (lambda: Cluster.from_manifests("a\0b"), ManifestError, "cannot be read: embedded null byte"),
    (lambda: Cluster.from_objects([], environment=5), ConfigError, "environment cannot be 5"),
    (lambda: Cluster.from_objects([], seed="x"), ConfigError, "seed cannot be 'x'"),
    (lambda: ipv4_cluster(workload()).scale("shop/web", 2**31), ManifestError, "2147483648 is no number of replicas"),
    (lambda: ipv4_cluster(workload(replicas=10**5000)), ManifestError, "<int> is more than the API server takes"),
    (lambda: ipv4_cluster().scale(5, 1), ManifestError, "an object is named by text, NAMESPACE/NAME, and not by 5"),
    (lambda: ipv4_cluster().serve(port="x"), ConfigError, "'x' is no port to listen on"),
    (lambda: ipv4_cluster().respond("x"), ConfigError, "'x' is no DNS message"),
    (lambda: ipv4_cluster().network.delay("x"), ConfigError, "a reply cannot come 'x' s after its query"),
    (lambda: ipv4_cluster().network.drop(5), ConfigError, "no query can be for 5"),
    (lambda: ipv4_cluster().network.rcode(5), ConfigError, "there is no rcode 5"),
    (lambda: ipv4_cluster().queries.asked(5), ConfigError, "5 is no name"),
    (lambda: ipv4_cluster().clock.advance("x"), ConfigError, "advance('x'): give a number of seconds"),
    (lambda: KubernetesOptions(ttl=None), ConfigError, "ttl None is not between 0 and 3600 seconds"),
    (lambda: KubernetesOptions(zones=[5]), ConfigError, "5 is no text"),
    (lambda: compare_versions(5, "CoreDNS", "1.14.7", "1.15.0"), ConfigError, "5 opens no cluster"),
    (lambda: compare_versions(Cluster, "BIND", "9", "10"), ConfigError, "no versions of 'BIND' are known here"),
    (lambda: ipv4_cluster().with_versions(coredns=0), ConfigError, "CoreDNS 0 is not known here"),
    (lambda: Kubelet(cluster_dns="10.96.0.10"), ConfigError, "cluster_dns='10.96.0.10' is no tuple of texts"),
]


@pytest.mark.parametrize(("call", "kind", "said"), ROWS, ids=[said for _, _, said in ROWS])
def test_f12_an_argument_that_cannot_be_meant(call, kind, said):
    with pytest.raises(kind) as caught:
        call()
    assert said in str(caught.value)
