"""Keys that come twice in YAML."""

import pytest

from k8sresolve.testing import Cluster
from tests.testing.checks.objects import only

pytest.importorskip("yaml")

SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  clusterIP: None
  ports: [{name: http, port: 80}]
"""
ACCOUNT = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web}\n"


def cluster(tmp_path, text):
    file = tmp_path / "web.yaml"
    file.write_text(text)
    return Cluster.from_manifests(str(file))


def repeated(tmp_path, text):
    return [each for each in cluster(tmp_path, text).check() if each.rule == "key-duplicate"]


def test_a_line_between_two_objects_that_is_lost(tmp_path):
    other = SERVICE.replace("web", "other")
    finding = only(repeated(tmp_path, "# both\n" + SERVICE + other))
    assert (finding.severity, finding.object, finding.field) == ("warning", "Service default/other", "apiVersion")
    assert finding.line == 1 + 6 + 1
    assert "apiVersion, kind, metadata come again" in finding.problem
    assert repeated(tmp_path, f"{SERVICE}---\n{other}") == []


def test_an_object_that_is_lost_to_one_of_a_kind_that_is_not_read(tmp_path):
    made = cluster(tmp_path, SERVICE + ACCOUNT)
    assert made.store.service("default", "web") is None
    warning = only(made.warnings)
    assert "line 1" in warning
    assert "apiVersion, kind, metadata come again" in warning
    assert "put --- before line 7" in warning
    assert cluster(tmp_path, f"{SERVICE}---\n{ACCOUNT}").warnings == ()


def test_a_version_that_comes_again_is_no_lost_object(tmp_path):
    finding = only(repeated(tmp_path, "apiVersion: v0\n" + SERVICE))
    assert "apiVersion comes again in one mapping" in finding.problem
    assert finding.advice == "write each key once"


@pytest.mark.parametrize("again", ["  ports: [{name: https, port: 443}]\n", "  clusterIP: 10.96.0.7\n"])
def test_a_key_below_that_comes_again(tmp_path, again):
    finding = only(repeated(tmp_path, SERVICE + again))
    key = again.split(":")[0].strip()
    assert (finding.severity, finding.field, finding.line) == ("warning", f"spec.{key}", 7)
    assert f"{key} comes again" in finding.problem
    assert "---" not in finding.advice


@pytest.mark.parametrize(
    "text",
    [
        SERVICE + "  clusterIP: None\n",  # the same value: nothing is lost
        SERVICE.replace("{name: web}", "\n  <<: &a {labels: {a: b}, name: x}\n  name: web"),
    ],
)
def test_what_says_the_same_or_is_merged_is_no_finding(tmp_path, text):
    assert repeated(tmp_path, text) == []


def test_a_key_of_an_entry_of_a_list_is_named_with_its_place(tmp_path):
    finding = only(repeated(tmp_path, SERVICE.replace("port: 80", "port: 80}, {port: 81, name: a, name: b")))
    assert (finding.field, finding.line) == ("spec.ports[1].name", 6)
