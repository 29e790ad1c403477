"""Names that hide others."""

from tests.testing.checks.objects import assert_only, deployment, found, headless, only, service, slice_of


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
