"""Findings have file and line, and authors of manifests leave rules out."""

import copy
import json
import pickle
import time

import pytest

from k8sresolve.testing import Cluster
from k8sresolve.testing.objects.written import comments

SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: {name}
  namespace: shop
spec:
  clusterIP: None
  ports:
  - port: 80
"""


def found(tmp_path, *documents, name="shop.yaml"):
    path = tmp_path / name
    path.write_text("---\n".join(documents))
    findings = Cluster.from_manifests(path).check()
    assert {finding.source for finding in findings} <= {str(path)}
    return {(finding.object.rpartition("/")[2], finding.rule, finding.line) for finding in findings}


def test_a_finding_has_the_line_of_its_field_or_of_what_would_hold_it(tmp_path):
    documents = [SERVICE.format(name=name) for name in ("a", "b")]
    assert found(tmp_path, *documents) == {
        ("a", "no-endpoints", 6),
        ("a", "port-unnamed", 9),
        ("b", "no-endpoints", 16),
        ("b", "port-unnamed", 19),
    }


def test_a_copy_of_the_store_finds_the_lines_as_well(tmp_path):
    path = tmp_path / "shop.yaml"
    path.write_text("---\n".join(SERVICE.format(name=name) for name in ("a", "b")))
    cluster = Cluster.from_manifests(path)
    assert {finding.line for finding in cluster.check()} == {6, 9, 16, 19}
    for copied in (copy.deepcopy(cluster.store), pickle.loads(pickle.dumps(cluster.store))):
        services = [copied.service("shop", name) for name in ("a", "b")]
        assert [service.written.line("spec.ports[0].name") for service in services] == [9, 19]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(("mark", "encoding"), [("", "utf-8"), ("", "utf-8-sig"), ("", "utf-16"), ("\u2028", "utf-8")])
def test_a_line_is_found_in_a_later_document_of_any_text(tmp_path, newline, mark, encoding):
    text = f"# ä{mark}#\n\n{SERVICE.format(name='a')}...\n# b\n--- # again\n  {SERVICE.format(name='b')}"
    text = text.replace("\n", newline).replace(f"again{newline}  ", f"again{newline}")
    path = tmp_path / "shop.yaml"
    path.write_bytes(text.encode(encoding))
    lines = {f.object: f.line for f in Cluster.from_manifests(path).check() if f.rule == "port-unnamed"}
    more = len(mark)  # YAML 1.1, section 4.2, has more ends of lines than editors
    assert lines == {"Service shop/a": 11 + more, "Service shop/b": 23 + more}


def test_in_a_list_in_json_the_line_is_that_of_the_items_field(tmp_path):
    def service(name):
        meta = {"name": name, "namespace": "shop"}
        return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"ports": [{"port": 80}]}}

    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": [service("a"), service("b")]}, indent=1)
    where = [number for number, line in enumerate(text.split("\n"), 1) if line.strip() == "{" and number > 12]
    told = {name: line for name, rule, line in found(tmp_path, text, name="shop.json") if rule == "port-unnamed"}
    assert sorted(told.values()) == [line for line in where if '"port": 80' in text.split("\n")[line]]
    assert set(told) == {"a", "b"}


def test_a_workload_and_a_namespace_have_their_place(tmp_path):
    pods = "spec:\n  template:\n    metadata: {labels: {a: b}}\n    spec: {containers: [{name: x}]}\n"
    workload = f"apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: db, namespace: com}}\n{pods}"
    spec = "spec: {selector: {a: b}, ports: [{port: 1}]}\n"
    service = f"apiVersion: v1\nkind: Service\nmetadata:\n  name: x\n  namespace: com\n{spec}"
    told = found(tmp_path, workload, service)
    assert ("db", "pod-names-unset", 4) in told
    assert ("Namespace com", "namespace-hides-host", 12) in told


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("- port: 80", "- port: 80  # k8sresolve: ignore[port-unnamed]"),
        ("- port: 80", "# k8sresolve: ignore[alias-ports, port-unnamed]\n\n  # and why\n  - port: 80"),
        ("- port: 80", "- port: 80 # k8sresolve:ignore[port-*]"),
        ("  namespace: shop", "  namespace: shop\n  annotations: {k8sresolve.io/ignore: 'alias-*, port-unnamed'}"),
    ],
)
def test_rules_that_a_comment_or_annotation_names_are_not_told(tmp_path, old, new):
    documents = [SERVICE.format(name="a").replace(old, new), SERVICE.format(name="b")]
    told = {(name, rule) for name, rule, _ in found(tmp_path, *documents)}
    assert told == {("a", "no-endpoints"), ("b", "no-endpoints"), ("b", "port-unnamed")}


@pytest.mark.parametrize(
    "comment",
    [
        "# k8sresolve: ignore[no-endpoints]",
        "# k8sresolve: ignore",
        "# k8sresolve: ignore[]",
        "# ignore[port-unnamed]",
        "#x# k8sresolve: ignore[port]",
    ],
)
def test_other_comments_leave_nothing_out(tmp_path, comment):
    told = found(tmp_path, SERVICE.format(name="a").replace("- port: 80", f"- port: 80  {comment}"))
    assert ("a", "port-unnamed", 9) in told


def test_a_refusal_is_left_out_as_other_findings_are(tmp_path):
    text = SERVICE.format(name="a_b").replace("name: a_b", "name: a_b  # k8sresolve: ignore[service-name]")
    assert {rule for _, rule, _ in found(tmp_path, text)} == {"no-endpoints", "port-unnamed"}


def test_objects_in_code_have_annotations_and_no_place():
    meta = {"name": "a", "annotations": {"k8sresolve.io/ignore": "no-endpoints"}}
    [finding] = Cluster.from_objects(
        [{"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"ports": [{"port": 80}]}}]
    ).check()
    assert (finding.rule, finding.source, finding.line) == ("port-unnamed", "", None)


def test_a_hundred_thousand_comments_are_read_in_reasonable_time():
    text = "".join(f"# k8sresolve: ignore[r{number}]\n" for number in range(100_000)) + "a: 1\n"
    begun = time.process_time()
    [(line, rules)] = comments(text).items()
    assert time.process_time() - begun < 5
    assert (line, len(rules)) == (100_001, 100_000)


@pytest.mark.parametrize(
    ("named", "told"),
    [("port-unamed", "did you mean port-unnamed?"), ("prot-*", "'prot-*' is no rule"), ("port-*", ""), ("*", "")],
)
def test_a_rule_that_there_is_not_is_told_of_where_it_is_named(tmp_path, named, told):
    path = tmp_path / "shop.yaml"
    path.write_text(SERVICE.format(name="a") + f"    # k8sresolve: ignore[{named}]\n    protocol: TCP\n")
    found = [each for each in Cluster.from_manifests(path).check() if each.rule == "rule-unknown"]
    assert [(each.severity, each.source, each.line) for each in found] == [("warning", str(path), 11)] * bool(told)
    assert all(told in each.problem for each in found)


def test_an_annotation_that_names_no_rule_is_told_of_with_its_object():
    meta = {"name": "a", "namespace": "shop", "annotations": {"k8sresolve.io/ignore": "no-endpoint, port-unnamed"}}
    spec = {"clusterIP": "None", "ports": [{"port": 80}]}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec}
    cluster = Cluster.from_objects([service, {**service, "metadata": {"name": "b", "namespace": "shop"}}])
    found = [each for each in cluster.check() if each.rule == "rule-unknown"]
    assert [each.object for each in found] == ["Service shop/a"]
    assert "did you mean no-endpoints?" in found[0].problem
    assert len([each for each in cluster.check("shop/a") if each.rule == "rule-unknown"]) == 1
    assert not [each for each in cluster.check("shop/b") if each.rule == "rule-unknown"]
