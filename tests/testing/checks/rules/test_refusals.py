import pytest

from k8sresolve.testing import Cluster
from tests.testing.checks.objects import assert_only, deployment, found, namespace, only, service, slice_of

MANIFEST = """\
# Two objects.
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Service
metadata:
  name: my_cache
  namespace: shop
spec:
  externalName: cache.example.com
  type: ExternalName
"""


def test_what_is_refused_is_an_error_with_rule_file_and_line(tmp_path):
    path = tmp_path / "shop.yaml"
    path.write_text(MANIFEST)
    finding = only(Cluster.from_manifests(path).check())
    assert (finding.severity, finding.rule, finding.field) == ("error", "service-name", "metadata.name")
    assert (finding.source, finding.line) == (str(path), 9)
    assert finding.problem.startswith("'my_cache' has '_'")
    assert finding.problem.endswith(": the API server refuses it")


@pytest.mark.parametrize("value", ["${NS}", "${NS:=dev}", "__NS__", "($ns)", "a-$(NS)", "a-$NS", "a-<your domain>"])
def test_what_is_still_to_be_filled_in_is_said_once_a_file(tmp_path, value):
    for name in ("a.yaml", "b.yaml"):
        text = MANIFEST.replace("my_cache", f"'{value}{name}'").replace("namespace: shop", f"namespace: '{value}'")
        (tmp_path / name).write_text(text.replace("{name: shop}", f"{{name: '{value}{name}'}}"))
    findings = [each for each in Cluster.from_manifests(tmp_path).check() if each.severity == "error"]
    assert [each.rule for each in findings] == ["template-unfilled"] * 2
    assert {each.source for each in findings} == {str(tmp_path / name) for name in ("a.yaml", "b.yaml")}
    assert all(value.removeprefix("a-") in each.problem for each in findings)
    assert all("looks like a template" in each.problem for each in findings)


@pytest.mark.parametrize("value", ["my_cache", "a__b", "$x", "_x_", "a<b", "http://a<"])
def test_what_is_only_misspelt_is_no_template(tmp_path, value):
    (tmp_path / "a.yaml").write_text(MANIFEST.replace("my_cache", value))
    assert only(Cluster.from_manifests(tmp_path).check()).rule == "service-name"


def test_an_item_of_a_list_has_its_fields_own_name(tmp_path):
    path = tmp_path / "shop.yaml"
    path.write_text("apiVersion: v1\nkind: List\nitems:\n- kind: Namespace\n  apiVersion: v1\n  metadata: {name: A}\n")
    finding = only(Cluster.from_manifests(path).check())
    assert (finding.object, finding.field, finding.line) == ("Namespace A", "metadata.name", 6)


@pytest.mark.parametrize(("kubernetes", "severity"), [("1.36", "error"), ("1.37", "remark"), ("1.38", "remark")])
def test_what_only_older_clusters_refuse_is_a_remark_in_newer_ones(kubernetes, severity):
    """RelaxedServiceNameValidation is in 1.37 for all."""
    findings = Cluster.from_objects([service("7days"), deployment()], kubernetes=kubernetes).check()
    assert_only(findings, severity, "metadata.name", "before 1.37", on="Service shop/7days")


def test_of_one_service_what_lists_its_endpoints_is_told_too():
    wrong = slice_of("web", "10.244.9.1")
    del wrong["addressType"]
    objects = [service(selector=None), wrong, namespace("A"), service("other_one"), namespace("shop")]
    finding = only(found(*objects, name="shop/web"))
    assert (finding.object, finding.field) == ("EndpointSlice shop/web-x", "addressType")


def test_what_is_applied_in_its_place_is_looked_at_anew():
    cluster = Cluster.from_objects([service(ports=[{"port": 80, "name": "A"}], selector=None, clusterIP="None")])
    assert "spec.ports[0].name" in {finding.field for finding in cluster.check()}
    cluster.apply(service(ports=[{"port": 80, "name": "a"}], selector=None, clusterIP="None"))
    assert "spec.ports[0].name" not in {finding.field for finding in cluster.check()}


@pytest.mark.parametrize("host", ["a.{{DOMAIN}}", "a.$DOMAIN", "a.<your domain>", "__HOST__", "${HOST}"])
def test_a_host_that_is_still_to_be_filled_in_is_a_template(host):
    spec = {"rules": [{"host": host}], "tls": [{"hosts": [host]}]}
    meta = {"name": "web", "namespace": "shop"}
    ingress = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": meta, "spec": spec}
    assert {each.rule for each in found(ingress)} == {"template-unfilled"}


def test_of_an_old_version_it_goes_without_saying_that_newer_ones_ask_for_a_selector():
    old = deployment()
    del old["spec"]["selector"]
    assert {each.rule for each in found(old)} == {"selector-missing"}
    assert {each.rule for each in found({**old, "apiVersion": "apps/v1beta1"})} == {"api-version"}


@pytest.mark.parametrize("name", ["REPLACEME-web", "ROLLOUT_NAME", "{NAME}", "$NAME"])
def test_a_file_with_placeholders_is_told_once(tmp_path, name):
    (tmp_path / "a.yaml").write_text("\n---\n".join([MANIFEST.replace("my_cache", repr(name))] * 2))
    assert only(Cluster.from_manifests(tmp_path).check()).rule == "template-unfilled"
