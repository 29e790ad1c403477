"""Probes of ports by name."""

import pytest

from tests.testing.checks.objects import assert_only, config_map, custom, deployment, found, only, pod, port, service

HTTP = {"httpGet": {"path": "/", "port": "web"}}


def probed(*ports, kind="readinessProbe", probe=HTTP, **container):
    return {"name": "main", "image": "a", "ports": [port(8080, "http"), *ports], kind: probe, **container}


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        ("readinessProbe", "never gets ready"),
        ("startupProbe", "never gets ready"),
        ("livenessProbe", "never probed"),
    ],
)
@pytest.mark.parametrize("handler", ["httpGet", "tcpSocket"])
def test_a_probe_of_a_name_that_the_container_does_not_declare(kind, outcome, handler):
    container = probed(kind=kind, probe={handler: {"port": "web"}})
    field = f"containers[0].{kind}.{handler}.port"
    words = ("'web'", "http", outcome, "write http")
    findings = found(service(), deployment(pod={"containers": [container]}))
    assert_only(findings, "warning", f"spec.template.spec.{field}", *words, on="Deployment shop/web")
    assert_only(found(service(), pod(containers=[container])), "warning", f"spec.{field}", *words, on="Pod shop/web-0")


def test_a_port_of_another_container_does_not_do():
    beside = {"name": "beside", "image": "b", "ports": [port(9090, "web")]}
    finding = only(found(service(), deployment(pod={"containers": [probed(), beside]})))
    assert finding.rule == "probe-port"


@pytest.mark.parametrize(
    "container",
    [
        probed(port(9090, "web")),
        probed(probe={"httpGet": {"port": 9999}}),
        probed(probe={"grpc": {"port": 9999}}),
        probed(probe={"exec": {"command": ["true"]}}),
        probed(probe={"httpGet": {"port": "8080"}}),
        # What has no image is a patch, as kustomize takes them: the ports are declared in what it changes.
        {**probed(), "image": None},
    ],
)
def test_what_is_declared_or_no_name_is_no_finding(container):
    assert found(service(), deployment(pod={"containers": [container]})) == ()


def test_an_operator_may_declare_more_ports():
    template = {"metadata": {"labels": {"app": "other"}}, "spec": {"containers": [probed()]}}
    assert found(custom("Rollout", spec={"template": template})) == ()


def numbered(number, declared=8083, *, target=8083, pod=None, **container):
    main = {"name": "main", "image": "a", "ports": [port(declared)], "readinessProbe": {"tcpSocket": {"port": number}}}
    app = deployment(pod={"containers": [{**main, **container}], **(pod or {})})
    findings = found(service(ports=[{"port": 80, "targetPort": target}]), app, config_map({"a.conf": "listen 8038"}))
    return [each for each in findings if each.rule == "probe-port"]


@pytest.mark.parametrize("number", [8038, 8183, 8093, 8803])
def test_a_probe_of_a_number_that_is_a_slip_for_the_one_that_is_declared(number):
    field = "spec.template.spec.containers[0].readinessProbe.tcpSocket.port"
    words = ("declares 8083", f"nothing tells of {number}", "never gets ready", "write 8083")
    assert_only(numbered(number), "warning", field, *words, on="Deployment shop/web")


@pytest.mark.parametrize("number", [8083, 8084, 8082, 9083, 8080, 80830, 883, 8138, 8380])
def test_a_probe_of_another_number_may_be_listened_on(number):
    assert numbered(number) == []


@pytest.mark.parametrize(
    "how",
    [
        {"args": ["--health=:8038"]},
        {"env": [{"name": "HEALTH_PORT", "value": "8038"}]},
        {"livenessProbe": {"httpGet": {"port": 8038}}},
        {"ports": [port(8083), port(8038)]},
        {"ports": [port(8083), port(9000)]},
        {"target": 8038},
        {"target": 9000},
        {"pod": {"volumes": [{"name": "conf", "configMap": {"name": "conf"}}]}},
        {"declared": 8080, "number": 8180},
    ],
    ids=[
        "args",
        "env",
        "asked twice",
        "declared",
        "several declared",
        "led to",
        "nothing leads to it",
        "a file",
        "by a hundred",
    ],
)
def test_a_number_of_which_something_tells_is_no_slip(how):
    assert numbered(**{"number": 8038, **how}) == []
