"""Names that hide others."""

import pytest

from tests.testing.checks.objects import (
    assert_only,
    config_map,
    deployment,
    found,
    headless,
    only,
    service,
    slice_of,
    told_of,
)


def test_a_namespace_called_like_a_top_level_domain_hides_hosts():
    findings = found(service("example", "com"), deployment(namespace="com"), name="com/example")
    words = ("example.com on the Internet", "example.com.)")
    assert_only(findings, "remark", "metadata.name", *words, on="Namespace com")


def test_all_services_of_such_a_namespace_are_told_of_once():
    services = [service(name, "com") for name in "abcde"]
    finding = only(found(*services, deployment(namespace="com")))
    assert "a.com, b.com, c.com and 2 more" in finding.problem


def test_a_service_called_so_hides_hosts_by_its_endpoints():
    ports = [("http", 8080, "TCP")]
    findings = found(headless("com", selector=None), slice_of("com", "10.0.0.1", ports=ports, hostname="example"))
    words = ("in namespace shop", "example.com on the Internet")
    assert_only(findings, "remark", "metadata.name", *words, on="Service shop/com")
    assert found(headless("com", selector=None), slice_of("com", "10.0.0.1", ports=ports)) == ()


def aliased(*names, ip="192.0.2.1", **told):
    aliases = [{"ip": "192.0.2.9", "hostnames": ["other"]}, {"ip": ip, "hostnames": ["another", *names]}]
    return told_of(pod={"hostAliases": aliases}, **told)


def hidden(*objects):
    findings = found(service(clusterIP="10.96.1.1"), deployment(), *objects)
    return [each for each in findings if each.rule == "host-alias-hides-service"]


MOUNTED = {"volumes": [{"name": "conf", "configMap": {"name": "conf"}}]}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("web", {"env": {"WEB_HOST": "web"}}),
        ("web", {"env": {"WEB_URL": "http://web/a"}}),
        ("web", {"args": ["--web-url=http://web:80"]}),
        ("web.shop", {"env": {"WEB_URL": "http://web.shop"}}),
        ("web.shop.svc.cluster.local", {"env": {"WEB_URL": "http://web.shop.svc.cluster.local"}}),
    ],
)
def test_a_host_alias_hides_a_service_that_the_containers_are_told(name, told):
    field = "spec.template.spec.hostAliases[1].hostnames[1]"
    words = (f"are told {name}, they reach 192.0.2.1", "not Service shop/web", "take the name out")
    assert_only(hidden(aliased(name, **told)), "warning", field, *words, on="Deployment shop/app")


def test_a_host_alias_hides_a_service_that_a_config_map_names():
    conf = config_map({"WEB_HOST": "web", "app.yaml": "other: 1\nurl: http://web:80/\n"})
    taken = aliased("web", envFrom=[{"configMapRef": {"name": "conf"}}])
    assert [each.rule for each in hidden(taken, conf)] == ["host-alias-hides-service"]
    mounted = aliased("web")
    mounted["spec"]["template"]["spec"] |= MOUNTED
    assert [each.rule for each in hidden(mounted, conf)] == ["host-alias-hides-service"]
    assert hidden(mounted, config_map({"app.yaml": "other: 1\n"})) == []


@pytest.mark.parametrize(
    "made",
    [
        aliased("web"),
        aliased("web", env={"WEB_HOST": "web.shop"}),
        aliased("web", ip="10.96.1.1", env={"WEB_HOST": "web"}),
        aliased("api", env={"API_HOST": "api"}),
        aliased("db.web", env={"DB_HOST": "db.web"}),
        told_of(env={"WEB_HOST": "web"}),
    ],
)
def test_a_host_alias_that_hides_no_service_is_none(made):
    assert hidden(made) == []
