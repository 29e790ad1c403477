"""What a check finds: an object's severity and field, and what the message must name."""

import time

import attrs
import pytest

from k8sresolve import InvalidName, NoSuchName
from k8sresolve.testing import Cluster

APP = {"app": "web"}


def service(name="web", namespace="shop", **spec):
    spec = {"selector": APP, "ports": [{"name": "http", "port": 80, "targetPort": 8080}], **spec}
    meta = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec}


def headless(name="web", **spec):
    return service(name, **{"clusterIP": "None", "ports": [{"name": "http", "port": 8080}], **spec})


def port(number, name=None, protocol=None):
    made = {"containerPort": number, "name": name, "protocol": protocol}
    return {key: value for key, value in made.items() if value is not None}


def containers(*ports_of_each):
    """A pod's containers, each with these ports; without any, one that declares none."""
    return [{"name": f"c{index}", "ports": list(ports)} for index, ports in enumerate(ports_of_each or [()])]


def deployment(name="web", *ports_of_each, labels=None, namespace="shop", replicas=1, kind="Deployment", **spec):
    pod = {"containers": containers(*(ports_of_each or [[port(8080, "http")]])), **spec.pop("pod", {})}
    template = {"metadata": {"labels": APP if labels is None else labels}, "spec": pod}
    meta = {"name": name, "namespace": namespace}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": meta,
        "spec": {"replicas": replicas, "template": template, **spec},
    }


def stateful(name="db", **spec):
    return deployment(name, kind="StatefulSet", **spec)


def pod(name="web-0", *, ready=True, phase="Running", owner=None, labels=None, **spec):
    meta = {"name": name, "namespace": "shop", "labels": APP if labels is None else labels}
    if owner:
        meta["ownerReferences"] = [{"kind": owner[0], "name": owner[1], "controller": True}]
    status = {"phase": phase, "conditions": [{"type": "Ready", "status": str(ready)}], "podIP": "10.244.9.9"}
    spec = {"containers": containers([port(8080, "http")]), **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec, "status": status}


def slice_of(name="web", *addresses, ports=(("http", 8080, "TCP"),), hostname=None, ready=True):
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": f"{name}-x", "namespace": "shop", "labels": {"kubernetes.io/service-name": name}},
        "endpoints": [
            {"addresses": [address], "conditions": {"ready": ready}, "hostname": hostname} for address in addresses
        ],
        "ports": [{"name": name, "port": number, "protocol": protocol} for name, number, protocol in ports],
    }


def namespace(name):
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def found(*objects, name=None):
    return Cluster.from_objects(objects).check(name)


def only(findings):
    [finding] = findings
    return finding


def assert_only(findings, severity, field, *words, on="Service shop/web"):
    finding = only(findings)
    assert (finding.severity, finding.object, finding.field) == (severity, on, field)
    told = f"{finding.problem}; {finding.advice}"
    assert [word for word in words if word not in told] == [], told


# What fits.


@pytest.mark.parametrize(
    "objects",
    [
        [service(), deployment()],
        [service(ports=[{"name": "http", "port": 80, "targetPort": "http"}]), deployment()],
        [service(ports=[{"name": "http", "port": 8080}]), deployment()],
        [headless(), deployment()],
        [headless(ports=[]), deployment()],
        [headless("db"), stateful(serviceName="db")],
        [service(selector=None), slice_of("web", "10.0.0.1")],
        [service(), slice_of("web", "10.0.0.1")],  # a dump without pods: its slices tell that the selector finds some
        [service(type="ExternalName", externalName="api.example.com", ports=[], selector=None)],
        [
            service(ports=[{"name": n, "port": 53, "protocol": p} for n, p in (("dns", "UDP"), ("dns-tcp", "TCP"))]),
            deployment("dns", [port(53, "dns", "UDP"), port(53, "dns-tcp")]),
        ],
    ],
)
def test_nothing_is_found_where_all_fits(objects):
    assert found(*objects) == ()


# Service port -> targetPort -> containerPort.


def test_a_container_that_declares_no_port_is_a_remark_because_it_is_only_a_declaration():
    findings = found(service(), deployment("api", []))
    assert_only(findings, "remark", "spec.ports[0].targetPort", "Deployment api", "8080/TCP", "containerPort: 8080")


def test_a_container_that_declares_another_number_contradicts():
    findings = found(service(), deployment("api", [port(9090, "http")]))
    words = ("port 80 leads to 8080/TCP", "Deployment api", "http (9090/TCP)", "set targetPort: 9090")
    assert_only(findings, "warning", "spec.ports[0].targetPort", *words)


def test_without_a_target_port_the_ports_own_number_counts():
    findings = found(service(ports=[{"name": "http", "port": 80}]), deployment())
    assert_only(findings, "warning", "spec.ports[0].targetPort", "port 80 leads to 80/TCP", "set targetPort: 8080")


def test_which_of_several_ports_is_meant_is_not_guessed():
    findings = found(service(), deployment("web", [port(9090), port(9091)]))
    assert_only(findings, "warning", "spec.ports[0].targetPort", "9090/TCP, 9091/TCP", "the one that is meant")


def test_beside_a_container_that_declares_nothing_another_number_contradicts_nothing():
    findings = found(service(), deployment("web", [], [port(9102, "metrics")]))
    assert_only(findings, "remark", "spec.ports[0].targetPort", "metrics (9102/TCP)", "declares none may be")


def test_a_number_declared_for_another_protocol_contradicts():
    ports = [{"name": "dns", "port": 53, "protocol": "UDP"}]
    findings = found(service(ports=ports), deployment("web", [port(53, "dns", "TCP")], []))
    words = ("53/UDP", "declare 53 as TCP", "set protocol: TCP for the port", "protocol: UDP for the containerPort")
    assert_only(findings, "warning", "spec.ports[0].protocol", *words)


def test_a_sidecar_may_be_what_listens_and_an_init_container_may_not():
    declared = [{"name": "init", "ports": [port(8080)]}]
    sidecar = [{**declared[0], "restartPolicy": "Always"}]
    own = [port(9090)]
    assert found(service(), deployment("web", own, pod={"initContainers": sidecar})) == ()
    assert only(found(service(), deployment("web", own, pod={"initContainers": declared}))).severity == "warning"


def test_pods_that_say_different_things_are_told_apart():
    findings = found(service(), deployment("a", [port(9090)]), deployment("b", []), deployment("c"))
    assert [(each.severity, each.field) for each in findings] == [
        ("warning", "spec.ports[0].targetPort"),
        ("remark", "spec.ports[0].targetPort"),
    ]
    assert "Deployment a declare" in findings[0].problem
    assert "Deployment b declare" in findings[1].problem


def named(**more):
    return {"ports": [{"name": "http", "port": 80, "targetPort": "web"}], **more}


def test_a_named_port_that_no_container_has_leaves_the_port_without_endpoints():
    cluster = Cluster.from_objects(
        [service(**named()), deployment("api", [port(8080, "http"), port(53, "dns", "UDP")])]
    )
    words = ("Deployment api", "'web'", "no endpoints for port 80", "http (8080/TCP)", "set targetPort: http")
    assert_only(cluster.check(), "error", "spec.ports[0].targetPort", *words)
    assert [part.ports for part in cluster.store.slices("shop", "web")] == [()]


def test_a_named_port_of_another_protocol_is_not_the_port():
    findings = found(service(**named()), deployment("api", [port(8080, "web", "UDP")]))
    assert_only(findings, "error", "spec.ports[0].targetPort", "with protocol TCP", "set protocol: UDP for the port")


def test_a_named_port_that_only_some_pods_have():
    findings = found(service(**named()), deployment("a", [port(8080, "web")]), deployment("b"))
    assert_only(findings, "warning", "spec.ports[0].targetPort", "of Deployment b has", "those of Deployment a")


def test_a_named_port_with_several_numbers_is_a_remark():
    pods = [deployment("a", [port(8080, "web")]), deployment("b", [port(9090, "web")])]
    words = ("8080 in Deployment a, 9090 in Deployment b",)
    assert_only(found(service(**named()), *pods), "remark", "spec.ports[0].targetPort", *words)
    ports = [{"name": "http", "port": 8080, "targetPort": "web"}]
    differ, forwarded = found(headless(ports=ports), *pods)
    assert "PortsDiffer" in differ.advice
    assert (forwarded.severity, forwarded.field) == ("remark", "spec.ports[0].port")


def test_a_number_in_quotes_names_a_port():
    findings = found(service(ports=[{"name": "http", "port": 80, "targetPort": "8080"}]), deployment())
    assert_only(findings, "error", "spec.ports[0].targetPort", "without quotes: targetPort: 8080")


def test_nothing_forwards_the_port_of_a_headless_service():
    ports = [{"name": "http", "port": 80, "targetPort": 8080}]
    assert_only(
        found(headless(ports=ports), deployment()), "remark", "spec.ports[0].port", "nothing forwards port 80 to 8080"
    )


def test_of_slices_without_pods_the_ports_are_compared_by_name_and_protocol():
    words = ("named 'http' with protocol TCP", "port 80 has no endpoint", "web (8080/TCP)")
    stated = slice_of("web", "10.0.0.1", ports=[("web", 8080, "TCP")])
    assert_only(found(service(selector=None), stated), "error", "spec.ports[0].name", *words)
    stated = slice_of("web", "10.0.0.1", ports=[("http", 8080, "UDP")])
    assert_only(found(service(selector=None), stated), "error", "spec.ports[0].name", "http (8080/UDP)")


# A Service's ports by themselves.


@pytest.mark.parametrize(
    ("ports", "severity", "field", "word"),
    [
        ([{"port": 8080}], "remark", "spec.ports[0].name", "no SRV record"),
        ([{"name": "a", "port": 8080}, {"port": 8081, "targetPort": 8080}], "error", "spec.ports[1].name", "port 8081"),
        ([{"name": "a" * 63, "port": 8080}], "warning", "spec.ports[0].name", "63 characters"),
        ([{"name": "a" * 64, "port": 8080}], "error", "spec.ports[0].name", "refuses"),
        ([{"name": "my_port", "port": 8080}], "error", "spec.ports[0].name", "refuses"),
        ([{"name": "HTTP", "port": 8080}], "error", "spec.ports[0].name", "lower-case"),
        ([{"name": "a-", "port": 8080}], "error", "spec.ports[0].name", "inner hyphens"),
        ([], "error", "spec.ports", "refuses"),
    ],
)
def test_a_port_by_itself(ports, severity, field, word):
    assert_only(found(service(ports=ports), deployment()), severity, field, word)


def test_a_name_of_62_characters_is_one_that_srv_can_carry():
    assert found(service(ports=[{"name": "a" * 62, "port": 8080}]), deployment()) == ()


def test_ports_listed_twice_are_refused():
    ports = [{"name": name, "port": 8080} for name in "ab"]
    assert [each.field for each in found(service(ports=ports), deployment())] == [
        "spec.ports[0].port",
        "spec.ports[1].port",
    ]
    ports = [{"name": "a", "port": number, "targetPort": 8080} for number in (80, 81)]
    assert [each.field for each in found(service(ports=ports), deployment())] == [
        "spec.ports[0].name",
        "spec.ports[1].name",
    ]


def test_a_protocol_that_there_is_not():
    findings = found(service(ports=[{"name": "http", "port": 80, "protocol": "tcp"}], selector=None), slice_of("web"))
    refused = [each for each in findings if each.severity == "error"]
    assert_only(refused, "error", "spec.ports[0].protocol", "'tcp'", "capitals")


# Selectors and pods.


@pytest.mark.parametrize(
    ("selector", "labels", "words"),
    [
        ({"app": "web"}, {"app": "webb"}, ("Deployment api have app=webb in place of app=web", "write app=webb")),
        ({"app": "web"}, {"name": "web"}, ("have name=web in place of app=web",)),
        ({"app": "web", "tier": "x"}, {"app": "web", "tier": "front"}, ("have tier=front in place of tier=x",)),
        ({"app": "web", "tier": "x"}, {"app": "web"}, ("lack the label tier=x", "add the label tier=x")),
        ({"app": "web"}, {"app": "zzz"}, ("finds no pod in namespace shop", "--show-labels")),
        ({"app": "web", "tier": "x"}, {"app": "a", "tier": "b"}, ("app=web,tier=x finds no pod", "--show-labels")),
    ],
)
def test_a_selector_that_finds_nothing_tells_the_nearest_labels(selector, labels, words):
    findings = found(service(selector=selector), deployment("api", labels=labels))
    assert_only(findings, "error", "spec.selector", *words)


def test_of_several_near_ones_the_most_alike_is_told():
    pods = [deployment(name, labels={"app": name}) for name in ("db", "web-api", "payments", "webs")]
    assert_only(found(service(), *pods), "error", "spec.selector", "Deployment webs have app=webs")


def test_a_selector_finds_pods_of_its_own_namespace_only():
    findings = found(service(), deployment("web", namespace="data"), deployment("db", labels={"app": "db"}))
    assert_only(
        findings, "error", "spec.selector", "but those of Deployment web in namespace data", "into namespace data"
    )


def test_where_there_is_no_pod_at_all_manifests_lack():
    assert_only(found(service()), "error", "spec.selector", "where there is none", "add the workload")


def test_a_workload_scaled_to_nothing_fits_all_the_same():
    words = ("app=web fits only Deployment web, of which no pod runs", "connections are refused")
    assert_only(found(service(), deployment(replicas=0)), "warning", "spec.selector", *words)
    assert_only(found(headless(), deployment(replicas=0)), "error", "spec.selector", "NXDOMAIN")
    # Its template tells of ports even so.
    findings = found(service(), deployment("web", [port(9090)], replicas=0))
    assert {each.field for each in findings} == {"spec.selector", "spec.ports[0].targetPort"}


def test_pods_that_have_ended_are_no_endpoints():
    assert_only(found(service(), pod(phase="Succeeded")), "warning", "spec.selector", "pods that have ended (web-0)")


@pytest.mark.parametrize(
    ("state", "word"),
    [({"ready": False}, "1 not ready"), ({"phase": "Pending", "ready": False}, "1 Pending")],
)
def test_without_a_ready_pod_a_headless_service_does_not_exist_in_dns_and_another_refuses(state, word):
    assert_only(found(headless(), pod(**state)), "error", "spec.selector", word, "NXDOMAIN", "describe pod web-0")
    assert_only(found(service(), pod(**state)), "warning", "spec.selector", word, "connections are refused")


def test_what_is_published_ready_or_not_has_endpoints():
    assert found(headless(publishNotReadyAddresses=True), pod(ready=False)) == ()


def test_some_pods_not_ready_are_a_remark():
    findings = found(service(), pod("web-0"), pod("web-1", ready=False))
    assert_only(findings, "remark", "spec.selector", "of the 2 pods", "1 cannot be", "web-1 (not ready)")


def test_ready_pods_without_an_address_of_the_services_family():
    findings = found(service(ipFamilies=["IPv6"]), pod())
    assert_only(findings, "warning", "spec.selector", "ready, but in no EndpointSlice", "compare ipFamilies")


def test_a_check_tells_of_the_cluster_as_it_is_now():
    cluster = Cluster.from_objects([service(), deployment()])
    [web] = cluster.store.slices("shop", "web")
    assert cluster.check() == ()
    cluster.store.add(attrs.evolve(web, addresses=()))
    assert_only(cluster.check(), "warning", "spec.selector", "connections are refused")


def test_a_service_without_selector_needs_slices():
    assert_only(found(service(selector=None)), "warning", "spec.selector", "has no EndpointSlice", "service-name: web")
    assert_only(found(headless(selector=None)), "error", "spec.selector", "NXDOMAIN")
    findings = found(service(selector=None), slice_of("web", "10.0.0.1", ready=False))
    assert_only(findings, "warning", "spec.selector", "list no ready endpoint")


def test_an_endpoints_object_is_as_good():
    meta = {"name": "web", "namespace": "shop"}
    subsets = [{"addresses": [{"ip": "10.0.0.1"}], "ports": [{"name": "http", "port": 8080}]}]
    endpoints = {"apiVersion": "v1", "kind": "Endpoints", "metadata": meta, "subsets": subsets}
    assert found(service(selector=None), endpoints) == ()


# ExternalName.


@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::7"])
def test_an_alias_to_an_address_is_none(address):
    spec = {"type": "ExternalName", "externalName": address, "ports": None, "selector": None}
    cluster = Cluster.from_objects([service(**spec)])
    assert_only(cluster.check(), "error", "spec.externalName", address, "NXDOMAIN", "clusterIP: None")
    with cluster.resolver(namespace="shop") as resolver, pytest.raises(NoSuchName):
        resolver.service("web")


def test_an_alias_to_nothing_is_refused():
    spec = {"type": "ExternalName", "ports": None, "selector": None}
    assert_only(found(service(**spec)), "error", "spec.externalName", "refuses")


def test_ports_and_selector_of_an_alias_do_nothing():
    findings = found(service(type="ExternalName", externalName="api.example.com"))
    assert [(each.severity, each.field) for each in findings] == [("remark", "spec.ports"), ("remark", "spec.selector")]


# Names below a Service: serviceName and subdomain.


def test_a_stateful_set_whose_service_is_not_there():
    findings = found(headless(), stateful(serviceName="wep"))
    words = ("no Service shop/wep", "write web, or make a headless Service wep")
    assert_only(findings, "warning", "spec.serviceName", *words, on="StatefulSet shop/db")


def test_a_stateful_set_whose_service_is_not_headless():
    findings = found(service(), stateful(serviceName="web"))
    assert_only(findings, "warning", "spec.serviceName", "not headless", "clusterIP: None", on="StatefulSet shop/db")


def test_a_stateful_set_whose_service_finds_other_pods():
    findings = found(headless("db"), deployment(), stateful(serviceName="db", labels={"app": "db"}))
    assert_only(findings, "warning", "spec.serviceName", "does not find", "app=web", on="StatefulSet shop/db")


def test_a_stateful_set_without_a_service_name():
    findings = found(headless(), stateful())
    assert_only(findings, "remark", "spec.serviceName", "no name for each pod", on="StatefulSet shop/db")


def test_a_subdomain_is_looked_at_alike():
    findings = found(service(), deployment(pod={"subdomain": "nobody"}))
    assert_only(findings, "warning", "spec.template.spec.subdomain", "shop/nobody", on="Deployment shop/web")
    findings = found(service(), pod(subdomain="nobody"))
    assert_only(findings, "warning", "spec.subdomain", "shop/nobody", on="Pod shop/web-0")


def test_pods_of_one_workload_are_told_of_once_and_by_its_name():
    owned = [pod(f"db-{n}", owner=("StatefulSet", "db"), subdomain="nobody") for n in range(3)]
    assert_only(found(service(), *owned), "warning", "spec.serviceName", on="StatefulSet shop/db")
    labels = {**APP, "pod-template-hash": "5d9c"}
    owned = [pod(f"a-{n}", owner=("ReplicaSet", "a-5d9c"), labels=labels, containers=containers()) for n in range(3)]
    assert_only(
        found(service(), *owned), "remark", "spec.ports[0].targetPort", "the containers of Deployment a declare"
    )


# Names that hide others, and what is given twice.


def test_a_namespace_called_like_a_top_level_domain_hides_hosts():
    findings = found(service("example", "com"), deployment(namespace="com"), name="com/example")
    words = ("example.com on the Internet", "example.com.)")
    assert_only(findings, "warning", "metadata.name", *words, on="Namespace com")


def test_all_services_of_such_a_namespace_are_told_of_once():
    services = [service(name, "com") for name in "abcde"]
    finding = only(found(*services, deployment(namespace="com")))
    assert "a.com, b.com, c.com and 2 more" in finding.problem


def test_a_service_called_so_hides_hosts_by_its_endpoints():
    ports = [("http", 8080, "TCP")]
    findings = found(headless("com", selector=None), slice_of("com", "10.0.0.1", ports=ports, hostname="example"))
    words = ("in namespace shop", "example.com on the Internet")
    assert_only(findings, "warning", "metadata.name", *words, on="Service shop/com")
    assert found(headless("com", selector=None), slice_of("com", "10.0.0.1", ports=ports)) == ()


def test_one_cluster_ip_for_two_services():
    services = [service(name, clusterIP="10.96.0.7") for name in ("a", "b")]
    cluster = Cluster.from_objects([*services, deployment()])
    first, second = cluster.check()
    assert (first.severity, first.object, first.field) == ("error", "Service shop/a", "spec.clusterIP")
    assert "Service shop/b" in first.problem
    assert "Service shop/a" in second.problem
    assert cluster.check("shop/b") == (second,)


def test_headless_services_share_no_address():
    assert found(headless("a"), headless("b"), deployment()) == ()


def test_a_namespace_that_is_not_declared_though_others_are():
    findings = found(namespace("data"), service(), deployment())
    assert_only(findings, "error", "metadata.namespace", "namespace shop", "NXDOMAIN", "add the Namespace shop")
    assert found(namespace("shop"), service(), deployment()) == ()


def test_endpoints_of_nobody():
    label = "metadata.labels[kubernetes.io/service-name]"
    on = "EndpointSlice shop/wep-x"
    assert_only(found(slice_of("wep", "10.0.0.1")), "remark", label, "no Service shop/wep", on=on)
    assert_only(found(slice_of("", "10.0.0.1")), "remark", label, "is missing", on="EndpointSlice shop/-x")
    endpoints = {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "wep", "namespace": "shop"}}
    assert_only(found(endpoints), "remark", "metadata.name", "no Service shop/wep", on="Endpoints shop/wep")


# The cluster itself answers as the findings say.


def test_what_is_told_of_dns_is_what_the_cluster_answers():
    objects = [
        headless("waiting", selector={"app": "a"}),
        pod("a-0", ready=False, labels={"app": "a"}),
        headless("unnamed", ports=[{"name": "http", "port": 80, "targetPort": "nobody"}]),
        deployment(),
        service("example", "com"),
        deployment(namespace="com"),
    ]
    cluster = Cluster.from_objects(objects)
    assert {(each.severity, each.object) for each in cluster.check()} == {
        ("error", "Service shop/waiting"),
        ("error", "Service shop/unnamed"),
        ("warning", "Namespace com"),
    }
    with cluster.resolver(namespace="shop") as resolver:
        with pytest.raises(NoSuchName):
            resolver.service("waiting")
        assert resolver.service("unnamed").addresses
        with pytest.raises(NoSuchName):
            resolver.port("unnamed", "http")
        assert resolver.addresses("example.com").addresses == resolver.service("example.com").addresses


# Which are checked, and in which order.


@pytest.mark.parametrize(
    "name", ["shop/web", "web.shop", "WEB.shop.svc", "web.shop.svc.cluster.local", "web.shop.svc.cluster.local."]
)
def test_a_service_is_named_as_for_a_resolver_or_with_a_slash(name):
    cluster = Cluster.from_objects([service(), service("other", selector={"app": "other"}), deployment("web", [])])
    assert only(cluster.check(name)).object == "Service shop/web"


def test_a_short_name_is_completed_by_the_namespace():
    cluster = Cluster.from_objects([service(), deployment("web", [])])
    assert only(cluster.check("web", "shop")).object == "Service shop/web"
    with pytest.raises(NoSuchName, match=r"^web: there is no Service default/web; the nearest: shop/web$"):
        cluster.check("web")


def test_a_name_in_another_domain_is_none_of_the_clusters():
    cluster = Cluster.from_objects([service()], corefile=".:53 {\n kubernetes k8s.corp.example\n}\n")
    assert cluster.check("web.shop.svc.k8s.corp.example")
    with pytest.raises(NoSuchName, match=r"not this cluster's domain, which is k8s\.corp\.example"):
        cluster.check("web.shop.svc.cluster.local")


@pytest.mark.parametrize("name", ["", "/", "shop/", "/web", "a/b/c", "a b", "web.shop.pod", "web.shop."])
def test_what_names_no_service_is_said_to_be_none(name):
    with pytest.raises(InvalidName):
        Cluster.from_objects([service()]).check(name)


def test_with_a_name_others_are_left_out_but_not_what_is_named_after_it():
    objects = [service(), stateful(serviceName="web"), stateful("cache", serviceName="nobody"), slice_of("wep")]
    assert [each.object for each in found(*objects, name="shop/web")] == ["StatefulSet shop/db"]
    assert len(found(*objects)) == 3


def test_the_worst_comes_first():
    findings = found(service(), deployment("a", []), deployment("b", [port(9090)]), service("x", selector={"a": "b"}))
    assert [each.severity for each in findings] == ["error", "warning", "remark"]


def test_a_large_cluster_is_checked_in_time_that_grows_with_its_size():
    def seconds(count):
        objects = []
        for index in range(count):
            labels = {"app": f"app-{index}"}
            objects += [service(f"s{index}", selector=labels), deployment(f"d{index}", labels=labels, replicas=20)]
        cluster = Cluster.from_objects(objects)
        start = time.process_time()
        assert cluster.check() == ()
        return time.process_time() - start

    assert seconds(800) < 30 * seconds(80) + 0.5
