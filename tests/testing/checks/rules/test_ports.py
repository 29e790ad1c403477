"""The way from a Service's port to a container's, and the ports by themselves."""

import pytest

from k8sresolve.testing import Cluster
from tests.testing.checks.objects import (
    assert_only,
    config_map,
    deployment,
    found,
    headless,
    only,
    port,
    service,
    slice_of,
)


def test_a_container_that_declares_no_port_is_a_remark_because_it_is_only_a_declaration():
    findings = found(service(), deployment("api", []))
    assert_only(findings, "remark", "spec.ports[0].targetPort", "Deployment api", "8080/TCP", "containerPort: 8080")


def probed(*ports, at=None, probe="readinessProbe", **container):
    """A container that is probed at the first of its ports."""
    asked = {"httpGet": {"path": "/", "port": at or ports[0]["containerPort"]}}
    main = {"name": "c", "image": "i", "ports": list(ports), probe: asked, **container}
    return deployment("api", pod={"containers": [main]})


@pytest.mark.parametrize("probe", ["readinessProbe", "livenessProbe", "startupProbe"])
def test_a_container_that_is_probed_at_another_number_contradicts(probe):
    findings = found(service(), probed(port(9090, "http"), probe=probe))
    words = ("port 80 leads to 8080/TCP", "Deployment api", "http (9090/TCP)", "set targetPort: 9090")
    assert_only(findings, "warning", "spec.ports[0].targetPort", *words)


def test_without_a_target_port_the_ports_own_number_counts():
    forgotten = service(ports=[{"name": "http", "port": 80}])
    findings = found(forgotten, deployment())
    assert_only(findings, "warning", "spec.ports[0].targetPort", "port 80 leads to 80/TCP", "set targetPort: 8080")
    # A web server may listen there after all, and so may what a Service leads to that says so.
    nginx = deployment(pod={"containers": [{"name": "c", "image": "nginx:1.29", "ports": [port(8080)]}]})
    assert only(found(forgotten, nginx)).severity == "remark"
    stated = service(ports=[{"name": "http", "port": 80, "targetPort": 80}])
    assert only(found(stated, deployment())).severity == "remark"


@pytest.mark.parametrize(
    ("target", "declared", "severity"),
    [
        (8433, 8443, "warning"),
        (9735, 9375, "warning"),
        (5342, 5432, "warning"),
        (2717, 27017, "warning"),
        (9103, 9102, "remark"),
        (8080, 8000, "remark"),
        (1027, 80, "remark"),
        (9002, 8000, "remark"),
    ],
)
def test_what_is_declared_may_itself_be_wrong_unless_the_number_is_a_plain_slip(target, declared, severity):
    ports = [{"name": "x", "port": 80, "targetPort": target}]
    assert only(found(service(ports=ports), deployment("api", [port(declared)]))).severity == severity


def test_a_number_that_a_probe_asks_works_whatever_is_declared():
    assert only(found(service(), probed(port(9090), at=8080))).severity == "remark"
    slip = service(ports=[{"name": "x", "port": 443, "targetPort": 8433}])
    assert only(found(slip, probed(port(8443), at=8433))).severity == "remark"


def test_which_of_several_ports_is_meant_is_not_guessed():
    findings = found(service(), deployment("web", [port(9090), port(9091)]))
    assert_only(findings, "remark", "spec.ports[0].targetPort", "9090/TCP, 9091/TCP", "declare containerPort: 8080")


def test_a_port_of_the_same_name_is_the_one_that_is_meant():
    findings = found(service(), probed(port(9090, "http"), port(9091, "metrics")))
    assert_only(findings, "warning", "spec.ports[0].targetPort", "set targetPort: 9090")


@pytest.mark.parametrize("name", ["probes", "http-metrics", "healthz", "http-envoy-prom"])
def test_a_port_for_the_cluster_alone_is_not_taken_for_the_one_that_is_meant(name):
    assert only(found(service(), deployment("web", [port(9090, name)]))).severity == "remark"


def test_a_container_may_listen_on_more_than_it_declares():
    ports = [
        {"name": "http", "port": 80, "targetPort": 8080},
        {"name": "metrics", "port": 9102, "targetPort": 9102},
    ]
    assert only(found(service(ports=ports), deployment("web", [port(8080)]))).severity == "remark"
    ports[0]["targetPort"] = "web"
    assert only(found(service(ports=ports), deployment("web", [port(8080, "web")]))).severity == "remark"


def test_beside_a_container_that_declares_nothing_another_number_contradicts_nothing():
    findings = found(service(), deployment("web", [], [port(9102, "metrics")]))
    assert_only(findings, "remark", "spec.ports[0].targetPort", "metrics (9102/TCP)", "declares none may be")


# What tells that the container listens there after all.


def listener(*, env=(), args=(), volumes=(), **container):
    probe = {"tcpSocket": {"port": 9090}}
    main = {
        "name": "c",
        "image": "i",
        "ports": [port(9090)],
        "livenessProbe": probe,
        "args": list(args),
        "env": list(env),
        **container,
    }
    return deployment("api", pod={"containers": [main], "volumes": list(volumes)})


@pytest.mark.parametrize(
    "told",
    [
        "--secure-port=8080",
        "--metrics-bind-address=:8080",
        "0.0.0.0:8080",
        "--listen=$(POD_IP):8080",
        "[::]:8080",
        '{"port":8080}',
        "port:8080",
    ],
)
def test_a_number_that_the_container_is_told_may_be_where_it_listens(told):
    assert only(found(service(), listener(args=[told]))).severity == "remark"
    assert only(found(service(), listener(env=[{"name": "LISTEN", "value": told}]))).severity == "remark"


@pytest.mark.parametrize(
    "told",
    ["http://ledger:8080/", "--peer=db-1.shop:8080", "--id=80801", "v1.8080", "8080.5", "x8080", "a1b2-8080x"],
)
def test_a_number_of_something_else_tells_nothing(told):
    assert only(found(service(), listener(args=[told]))).severity == "warning"


@pytest.mark.parametrize(("listens", "severity"), [(8080, "remark"), (9090, "warning")])
def test_a_config_map_that_a_pod_takes_may_tell_where_it_listens(listens, severity):
    conf = config_map({"app.conf": f"server {{ listen {listens} ssl; }}"})
    volume = {"name": "c", "configMap": {"name": "conf"}}
    assert only(found(service(), conf, listener(volumes=[volume]))).severity == severity
    taken = [{"configMapRef": {"name": "conf"}}]
    assert only(found(service(), conf, listener(envFrom=taken))).severity == severity
    assert only(found(service(), conf, listener())).severity == "warning"


@pytest.mark.parametrize(("target", "severity"), [(9090, "remark"), ("hook", "remark"), (9443, "warning")])
def test_a_port_to_which_another_service_leads_is_not_the_one_that_is_meant(target, severity):
    other = service("webhook", ports=[{"name": "w", "port": 443, "targetPort": target}])
    pods = probed(port(9090, "hook"), port(9443, "x", "UDP"))
    findings = found(service(), other, pods, name="shop/web")
    assert only(findings).severity == severity
    unlike = {**other, "spec": {**other["spec"], "selector": {"app": "other"}}}
    assert only(found(service(), unlike, pods, name="shop/web")).severity == "warning"


def test_not_several_ports_can_mean_the_one_that_is_declared():
    ports = [{"name": "http", "port": 80}, {"name": "https", "port": 443}]
    findings = found(service(ports=ports), deployment("web", [port(9090)]))
    assert [each.severity for each in findings] == ["remark"] * 2
    assert only(found(service(ports=ports[:1]), deployment("web", [port(9090)]))).severity == "warning"


def test_a_container_that_is_filled_in_at_run_time_may_listen_anywhere():
    assert only(found(service(), listener(image="auto"))).severity == "remark"


# Protocols.


def test_tcp_may_stand_at_a_container_port_since_nothing_was_written():
    ports = [{"name": "dns", "port": 53, "protocol": "UDP"}]
    for declared in (port(53, "dns"), port(53, "dns", "TCP")):
        findings = found(service(ports=ports), deployment("web", [declared], []))
        words = ("53/UDP", "declare 53 as TCP", "nothing, if the container listens on 53/UDP")
        assert_only(findings, "remark", "spec.ports[0].protocol", *words)


def test_a_number_declared_for_another_protocol_contradicts_a_service_that_has_it_for_tcp_alone():
    ports = [{"name": "dns", "port": 53}]
    findings = found(service(ports=ports), deployment("web", [port(53, "dns", "UDP")], []))
    words = ("53/TCP", "declare 53 as UDP", "set protocol: UDP for the port", "protocol: TCP for the containerPort")
    assert_only(findings, "warning", "spec.ports[0].protocol", *words)
    ports.append({"name": "dns-udp", "port": 53, "protocol": "UDP"})
    findings = found(service(ports=ports), deployment("web", [port(53, "dns", "UDP")], []))
    assert only(findings).severity == "remark"
    assert "protocol: UDP" not in only(findings).advice


def test_no_protocol_is_proposed_that_is_none():
    ports = [{"name": "http", "port": 8080}]
    findings = found(service(ports=ports), deployment("web", [port(8080, "http", "HTTP")]))
    told = [each for each in findings if each.rule == "target-port-protocol"]
    assert "HTTP for" not in only(told).advice


def test_a_named_port_is_not_advised_to_be_there_twice():
    ports = [{"name": name, "port": 53, "protocol": name.upper(), "targetPort": "dns"} for name in ("tcp", "udp")]
    finding = only(found(service(ports=ports), deployment("web", [port(53, "dns")])))
    assert (finding.rule, finding.severity) == ("target-port-name", "warning")
    assert finding.advice == "set protocol: UDP for the containerPort 'dns'"


def test_a_sidecar_may_be_what_listens_and_an_init_container_may_not():
    declared = [{"name": "init", "ports": [port(8080)]}]
    sidecar = [{**declared[0], "restartPolicy": "Always"}]
    own = [port(9090)]
    assert found(service(), deployment("web", own, pod={"initContainers": sidecar})) == ()
    finding = only(found(service(), deployment("web", own, pod={"initContainers": declared})))
    assert finding.rule == "target-port-number"


def test_pods_that_say_different_things_are_told_apart():
    findings = found(service(), deployment("a", [port(9090)]), deployment("b", []), deployment("c"))
    # Deployment c shows that the port is right: a may be found by chance.
    assert [(each.severity, each.field) for each in findings] == [("remark", "spec.ports[0].targetPort")] * 2
    assert "Deployment a declare" in findings[0].problem
    assert "Deployment b declare" in findings[1].problem


def named(**more):
    return {"ports": [{"name": "http", "port": 80, "targetPort": "web"}], **more}


def test_a_named_port_that_no_container_has_leaves_the_port_without_endpoints():
    cluster = Cluster.from_objects(
        [service(**named()), deployment("api", [port(8080, "http"), port(53, "dns", "UDP")])]
    )
    words = ("Deployment api", "'web'", "no endpoints for port 80", "http (8080/TCP)", "set targetPort: http")
    assert_only(cluster.check(), "warning", "spec.ports[0].targetPort", *words)
    assert [part.ports for part in cluster.store.slices("shop", "web")] == [()]


def test_a_named_port_of_another_protocol_is_not_the_port():
    findings = found(service(**named()), deployment("api", [port(8080, "web", "UDP")]))
    assert_only(findings, "warning", "spec.ports[0].targetPort", "with protocol TCP", "set protocol: UDP for the port")


def test_a_named_port_that_only_some_pods_have():
    findings = found(service(**named()), deployment("a", [port(8080, "web")]), deployment("b"))
    assert_only(findings, "remark", "spec.ports[0].targetPort", "of Deployment b has", "those of Deployment a")


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
    assert_only(findings, "error", "spec.ports[0].targetPort", "'8080' is text", "without quotes", "targetPort: 8080")


def test_nothing_forwards_the_port_of_a_headless_service():
    ports = [{"name": "http", "port": 80, "targetPort": 8080}]
    assert_only(
        found(headless(ports=ports), deployment()), "remark", "spec.ports[0].port", "nothing forwards port 80 to 8080"
    )


def test_of_slices_without_pods_the_ports_are_compared_by_name_and_protocol():
    words = ("named 'http' with protocol TCP", "port 80 has no endpoint", "web (8080/TCP)")
    stated = slice_of("web", "10.0.0.1", ports=[("web", 8080, "TCP")])
    assert_only(found(service(selector=None), stated), "warning", "spec.ports[0].name", *words)
    stated = slice_of("web", "10.0.0.1", ports=[("http", 8080, "UDP")])
    assert_only(found(service(selector=None), stated), "warning", "spec.ports[0].name", "http (8080/UDP)")


# A Service's ports by themselves.


@pytest.mark.parametrize(
    ("ports", "severity", "field", "word"),
    [
        ([{"port": 8080}], "remark", "spec.ports[0].name", "no SRV record"),
        ([{"name": "a", "port": 8080}, {"port": 8081, "targetPort": 8080}], "error", "spec.ports[1].name", "refuses"),
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
        "spec.ports[1]",
    ]
    ports = [{"name": "a", "port": number, "targetPort": 8080} for number in (80, 81)]
    assert [each.field for each in found(service(ports=ports), deployment())] == [
        "spec.ports[1].name",
    ]


def test_a_protocol_that_there_is_not():
    findings = found(service(ports=[{"name": "http", "port": 80, "protocol": "tcp"}], selector=None), slice_of("web"))
    refused = [each for each in findings if each.severity == "error"]
    assert_only(refused, "error", "spec.ports[0].protocol", "'tcp'", "capitals")


def test_a_protocol_that_the_api_server_refuses_is_told_of_once():
    lower = [{"name": "http", "port": 80, "targetPort": 8080, "protocol": "tcp"}]
    assert [each.rule for each in found(service(ports=lower), deployment())] == ["port-protocol"]
    declared = deployment("web", [port(8080, "http", "tcp")])
    assert [each.rule for each in found(service(), declared)] == ["container-port-protocol"]
    nonsense = [{"name": "http", "port": 80, "targetPort": 8080, "protocol": "HTTP"}]
    assert [each.rule for each in found(service(ports=nonsense), deployment())] == ["port-protocol"]


def test_endpoints_without_the_services_port_are_called_what_they_are():
    subsets = [{"addresses": [{"ip": "192.0.2.1"}], "ports": [{"port": 8080}]}]
    meta = {"name": "web", "namespace": "shop"}
    endpoints = {"apiVersion": "v1", "kind": "Endpoints", "metadata": meta, "subsets": subsets}
    findings = [each for each in found(service(selector=None), endpoints) if each.rule == "slice-port"]
    told = f"{only(findings).problem}; {only(findings).advice}"
    assert "no subset of its Endpoints has a port named 'http'" in told
    assert "in its Endpoints" in told
    assert "EndpointSlice" not in told


@pytest.mark.parametrize(("selector", "severity"), [({"app": "elsewhere"}, "remark"), (None, "warning")])
def test_beside_a_slice_without_ports_the_controller_makes_others_for_a_selector(selector, severity):
    findings = found(service(selector=selector), slice_of("web", "192.0.2.1", ports=()))
    assert [each.severity for each in findings if each.rule == "slice-port"] == [severity]


def test_of_a_number_that_is_not_declared_both_ways_are_told():
    ports = [{"name": "http", "port": 5000, "targetPort": 8081}]
    [finding] = found(service(ports=ports), deployment())
    way = "declare containerPort: 8081 if the container listens there"
    assert (finding.severity, finding.advice) == ("remark", f"write targetPort: 8080, or {way}")
    both = [*ports, {"name": "more", "port": 80, "targetPort": 8080}]  # the declared one is another port's
    [finding] = found(service(ports=both), deployment())
    assert finding.advice == way
