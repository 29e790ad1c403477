import builtins
import io
import json
import logging
import os
import pathlib
import time

import pytest

from k8sresolve.errors import ManifestError
from k8sresolve.testing import Cluster
from k8sresolve.testing.objects import files
from k8sresolve.testing.objects.kinds import (
    NO_PORT,
    CustomResource,
    EndpointAddress,
    Endpoints,
    EndpointSlice,
    Namespace,
    Pod,
    PortEntry,
    Service,
    ServiceImport,
)
from k8sresolve.testing.objects.manifests import read_manifests, read_objects

SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: payments
  namespace: shop
spec:
  clusterIP: 10.96.20.1
  ports:
    - name: http
      port: 80
"""
NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"


def read(tmp_path, text, name="shop.yaml"):
    file = tmp_path / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_manifests([file])


def refused(tmp_path, text, name="shop.yaml"):
    with pytest.raises(ManifestError) as caught:
        read(tmp_path, text, name)
    assert caught.value.file == str(tmp_path / name)
    return caught.value


def slice_of(**fields):
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "a-1", "namespace": "shop", "labels": {"kubernetes.io/service-name": "a"}},
        "addressType": "IPv4",
        "endpoints": [],
        **fields,
    }


def test_a_service_is_read(tmp_path):
    assert read(tmp_path, SERVICE) == [
        Service("shop", "payments", cluster_ips=("10.96.20.1",), ports=(PortEntry("http", 80, "TCP"),))
    ]


def test_documents_lists_and_nested_lists_are_taken_apart(tmp_path):
    inner = {
        "apiVersion": "v1",
        "kind": "List",
        "items": [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}],
    }
    outer = json.dumps({"apiVersion": "v1", "kind": "List", "items": [inner]})
    text = f"---\n{NAMESPACE}---\n# nothing here\n---\n{outer}\n"
    assert read(tmp_path, text) == [Namespace("shop"), Pod("default", "a")]


def test_items_of_a_typed_list_need_no_kind():
    answer = {
        "apiVersion": "v1",
        "kind": "ServiceList",
        "items": [{"metadata": {"name": "a"}, "spec": {"clusterIP": "10.96.7.7"}}],
    }
    assert read_objects([answer]) == [Service("default", "a", cluster_ips=("10.96.7.7",))]


NAMED = '{"metadata": {"name": "%s"}, "kind": "Namespace", "apiVersion": "v1"}'


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('{"apiVersion": "v1", "items": [%s, %s], "kind": "List", "metadata": {"a": []}}', ["a", "b"]),
        ('{"kind": "List", "apiVersion": "v1", "items": [%s,\n%s]}', ["a", "b"]),
        ('{"apiVersion": "v1", "items": [], "kind": "List"}', []),
        ('{"kind":"NamespaceList","apiVersion":"v1","items":[{"metadata":{"name":"c"}}]}', ["c"]),
        ('{"kind":"NamespaceList","metadata":{},"apiVersion":"v1","items":[{"metadata":{"name":"c"}}]}', ["c"]),
        ('{"apiVersion": "v1", "items": [%s], "kind": "List"} %s', ["a", "b"]),
    ],
)
def test_a_list_in_json_is_taken_apart_however_its_fields_are_ordered(tmp_path, text, names):
    filled = text % tuple(NAMED % name for name in "ab"[: text.count("%s")])
    assert [item.name for item in read(tmp_path, filled, "shop.json")] == names


@pytest.mark.parametrize(
    "tail",
    ["", ",", "]", ",]}", '], "kind"', '], "kind": }', '] "kind": "List"}', '], "kind" "List"}', "]]", "]}}"],
)
def test_a_list_in_json_that_does_not_end_is_refused(tmp_path, tail):
    refused(tmp_path, f'{{"apiVersion": "v1", "items": [{NAMED % "a"}{tail}', "shop.json")


def test_a_wrong_field_of_an_item_of_a_list_in_json_is_named_with_its_line(tmp_path):
    text = '{"apiVersion": "v1",\n"items": [\n%s,\n{"kind": "Namespace",\n"metadata": 5}], "kind": "List"}' % (
        NAMED % "a"
    )
    error = refused(tmp_path, text, "shop.json")
    assert (error.line, error.field) == (5, "items[1].metadata")


def test_json_needs_no_yaml(tmp_path, monkeypatch):
    real = builtins.__import__

    def without_yaml(name, *args, **kwargs):
        if name.partition(".")[0] == "yaml":
            raise ModuleNotFoundError(name)
        return real(name, *args, **kwargs)

    monkeypatch.delitem(__import__("sys").modules, "k8sresolve.testing.objects.yaml_", raising=False)
    monkeypatch.delattr("k8sresolve.testing.objects.yaml_", raising=False)
    monkeypatch.setattr(builtins, "__import__", without_yaml)
    objects = json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    assert read(tmp_path, f"{objects}\n{objects}", "shop.json") == [Namespace("shop"), Namespace("shop")]
    assert "pip install 'k8sresolve[yaml]'" in str(refused(tmp_path, SERVICE))


def named(name):
    return json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})


def write(directory, **files):
    """Write files, `a__b_yaml` as `a/b.yaml`."""
    for place, text in files.items():
        folder, _, name = place.rpartition("__")
        file = directory / folder / ".".join(name.rsplit("_", 1))
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_text(text)
    return directory


def names(*given, **how):
    return [item.name for item in read_manifests(given, **how)]


def test_of_a_directory_its_own_files_are_read_in_sorted_order_and_with_recursive_those_below(tmp_path):
    # kubectl apply -f DIR, and with -R.
    write(tmp_path, b__two_yml=named("two"), a__one_yaml=named("one"), three_json=named("three"), d_yaml=named("four"))
    write(tmp_path, notes_txt=named("no"), b__values_bak=named("no"))
    os.mkfifo(tmp_path / "pipe.yaml")
    assert names(tmp_path) == ["four", "three"]
    assert names(tmp_path, recursive=True) == ["one", "two", "four", "three"]
    assert names(tmp_path / "three.json", str(tmp_path / "b")) == ["three", "two"]


@pytest.mark.parametrize("own", [{}, {"compose_yaml": "services: {}\n"}])
def test_a_directory_that_has_manifests_only_below_says_so(tmp_path, own):
    write(tmp_path, **own, deploy__a_yaml=SERVICE, deploy__db__b_yaml=SERVICE)
    with pytest.raises(ManifestError, match=r"no manifests of its own.*deploy/a.yaml: give -R, or recur") as caught:
        read_manifests([tmp_path])
    assert caught.value.file == str(tmp_path)
    assert len(read_manifests([tmp_path], recursive=True)) == 2


def test_of_a_whole_machine_only_a_part_is_looked_at():
    with pytest.raises(ManifestError) as caught:
        read_manifests(["/"])
    assert caught.value.file == "/"


def test_a_directory_that_may_not_be_read_is_told(monkeypatch, tmp_path):
    def walk(top, onerror=None):
        onerror(PermissionError(13, "Permission denied", str(top)))
        return iter(())

    monkeypatch.setattr(files.os, "walk", walk)
    with pytest.raises(ManifestError, match="cannot be read: Permission denied"):
        read_manifests([tmp_path])


def test_a_directory_whose_own_objects_are_none_of_dns_says_so_too(tmp_path):
    write(tmp_path, skaffold_yaml="apiVersion: skaffold/v4beta11\nkind: Config\n", deploy__a_yaml=SERVICE)
    notes = []
    assert read_manifests([tmp_path], note=notes.append) == []
    assert [f"{tmp_path}: no manifests of its own" in note for note in notes] == [True, False]
    assert "kind Config of skaffold is not understood" in notes[1]


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("replicas: 2\n", 1, "no kind: not a Kubernetes object"),
        ("apiVersion: v2\nname: shop\n", 1, "no kind: not a Kubernetes object"),
        ("apiVersion: 1\ndatasources: []\n", 1, "no kind: not a Kubernetes object"),  # Grafana's provisioning
        ("\nkind: pipeline\ntype: docker\n", 2, "no apiVersion: not a Kubernetes object"),  # Drone's
        ("kinds: Service\napiVersion: v1\n", 1, "no kind: not a Kubernetes object"),
    ],
)
def test_a_document_without_kind_or_version_is_passed_over_with_its_place(tmp_path, text, line, why):
    write(tmp_path, a_yaml=f"{SERVICE}---\n{text}")
    notes = []
    assert [item.name for item in read_manifests([tmp_path / "a.yaml"], note=notes.append)] == ["payments"]
    assert notes == [f"{tmp_path}/a.yaml, document 2, line {line + SERVICE.count(chr(10)) + 1}: {why}; passed over"]


@pytest.mark.parametrize("text", ["- hosts: all\n", "a text\n"])
def test_what_is_no_mapping_is_passed_over_in_a_directory(tmp_path, text):
    write(tmp_path, playbook_yml=text, a_yaml=SERVICE)
    notes = []
    assert [item.name for item in read_manifests([tmp_path], note=notes.append)] == ["payments"]
    assert [note.startswith(f"{tmp_path}/playbook.yml, document 1, line 1: ") for note in notes] == [True]


KUSTOMIZATION = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"


@pytest.mark.parametrize("header", ["", KUSTOMIZATION, "kind: Kustomization\napiVersion: kustomize.config.k8s.io/v1\n"])
@pytest.mark.parametrize("name", ["kustomization_yaml", "kustomization_yml"])
def test_a_directory_with_a_kustomization_is_refused_before_its_parts_are(tmp_path, header, name):
    write(tmp_path, a_yaml="kind: Service\nmetadata: 5\n", **{name: f"{header}namespace: shop\nresources: [a.yaml]\n"})
    with pytest.raises(ManifestError, match=f"a kustomization: give -k {tmp_path}") as caught:
        read_manifests([tmp_path])
    assert (caught.value.file, caught.value.document) == (str(tmp_path / name.replace("_", ".")), 1)


def test_a_kustomization_beside_its_parts_is_told_also_where_others_lie_below(tmp_path):
    (tmp_path / "below").mkdir()
    write(tmp_path / "below", b_yaml=SERVICE)
    write(tmp_path, a_yaml=SERVICE, kustomization_yaml="resources: [a.yaml]\n")
    refused = []
    with pytest.raises(ManifestError, match="a kustomization"):
        read_manifests([tmp_path], refused=refused.append)
    assert [error.file for error in refused] == [str(tmp_path / "kustomization.yaml")]


def test_a_kustomization_by_its_name_alone_is_one(tmp_path):
    (tmp_path / "Kustomization").write_text("resources: [a.yaml]\n")
    write(tmp_path, a_yaml=SERVICE)
    with pytest.raises(ManifestError, match="a kustomization"):
        read_manifests([tmp_path])


def test_a_kustomization_is_one_by_its_kind_in_any_file_and_stream(tmp_path):
    # A component is one, too; Flux's Kustomization is an object like others.
    for kind in ("Kustomization", "Component"):
        text = f"apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: {kind}\n"
        assert "a kustomization" in refused(tmp_path, text, "all.yaml").problem
    flux = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\n"
    write(tmp_path, kustomization_yaml=flux)
    assert read_manifests([tmp_path / "kustomization.yaml"]) == [CustomResource("default", "a", "Kustomization")]


def test_a_helm_chart_is_told_to_be_one(tmp_path):
    write(tmp_path, Chart_yaml="apiVersion: v2\nname: shop\nversion: 1.0.0\n", values_yaml="a: 1\n")
    with pytest.raises(ManifestError, match=f"a Helm chart: .*helm template {tmp_path} "):
        read_manifests([tmp_path])


@pytest.mark.parametrize(
    "text",
    [
        "{{- if .Values.service.enabled }}\n" + SERVICE + "{{- end }}\n",
        SERVICE.replace("payments", '{{ include "shop.fullname" . }}'),
        SERVICE.replace("payments", '"{{ .Release.Name }}-payments"'),
        SERVICE + "  selector:\n    {{- toYaml .Values.labels | nindent 4 }}\n",
    ],
)
def test_a_helm_template_says_helm_template(tmp_path, text):
    assert "this is a Helm template: give what `helm template` prints" in refused(tmp_path, text).problem


def test_a_template_of_go_may_be_helms_or_another(tmp_path):
    problem = refused(tmp_path, '{{- template "common.service" . -}}\n').problem
    assert "this is a template: give what is made of it; one of Helm's by helm template . |" in problem


def test_a_value_that_is_still_to_be_filled_in_is_told_where_it_cannot_be_read(tmp_path):
    problem = refused(tmp_path, SERVICE.replace("port: 80", "port: ${PORT}")).problem
    assert problem.endswith("; ${PORT} is still to be filled in: give what is made of it")
    assert "filled in" not in refused(tmp_path, SERVICE.replace("port: 80", "port: MY_PORT")).problem


def test_what_a_test_compares_with_is_not_applied(tmp_path):
    names = ["00-assert.yaml", "01-errors.yaml", "web-assert.yml", "assert-ready.yaml", "errors.yaml", "asserted.yaml"]
    for name in names:
        (tmp_path / name).write_text(SERVICE.replace("payments", name.partition(".")[0]))
    told = []
    read = read_manifests([tmp_path], note=told.append)
    assert [each.name for each in read] == ["asserted", "errors"]
    assert len(told) == 4
    assert "00-assert.yaml: what kuttl or Chainsaw compares with" in told[0]
    assert [each.name for each in read_manifests([tmp_path / names[0]])] == ["00-assert"]  # where somebody names it


def test_another_template_says_that_it_is_one_and_other_broken_files_do_not(tmp_path):
    jinja = SERVICE.replace("  name: payments", "  name: {{ name }}-x")
    assert "this looks like a template" in refused(tmp_path, jinja).problem
    about = SERVICE + 'x: "{{ $labels.pod }}"\ny: [\n'
    problem = refused(tmp_path, about).problem
    assert problem.startswith("not YAML")
    assert "template" not in problem


def test_what_runs_for_helm_alone_is_left_out(tmp_path):
    def hooked(kind, name, hook):
        made = {"apiVersion": "batch/v1" if kind == "Job" else "v1", "kind": kind, "spec": {}}
        return made | {"metadata": {"name": name, "annotations": {"helm.sh/hook": hook}}}

    hooks = [hooked("Pod", "a", "test"), hooked("Job", "b", "pre-install,pre-upgrade"), hooked("Service", "c", "test")]
    kept = [hooked("Service", "d", "post-install, post-upgrade"), hooked("Namespace", "e", "crd-install")]
    assert [item.name for item in read_objects([*hooks, *kept])] == ["d", "e"]


class Slow(io.BytesIO):
    """A stream that gives an octet at a time, as a pipe may."""

    def read(self, size=-1, /):
        return super().read(min(size, 7))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SERVICE, ["payments"]),
        (f"---\n{SERVICE}---\n---\n{NAMESPACE}", ["payments", "shop"]),
        (f"{named('a')}\n{named('b')}\n", ["a", "b"]),  # jq -c .items[]
        (f'  {{\n"apiVersion": "v1", "kind": "List", "items": [{named("a")}]}}', ["a"]),
        (f"{named('a')}\n---\n{named('b')}\n", ["a", "b"]),
        ("{apiVersion: v1, kind: Namespace, metadata: {name: a}}", ["a"]),
        ('{"apiVersion": "v1", "kind": "List", "items": []}', []),
        ("apiVersion: v1\nkind: List\nitems: []\n", []),
    ],
)
def test_an_open_file_is_read_as_it_begins(text, expected):
    assert names(Slow(text.encode())) == expected


def test_lines_of_json_are_read_from_a_file_of_any_name(tmp_path):
    for name in ("a.json", "a.jsonl", "a.ndjson", "dump"):
        (tmp_path / name).write_text(f"{named('a')}\n{named('b')}\n")
        assert names(tmp_path / name) == ["a", "b"]


@pytest.mark.parametrize("data", [b"", b"# nothing\n", b"---\n---\n"])
def test_a_stream_without_an_object_is_refused_since_what_wrote_it_has_failed(data):
    with pytest.raises(ManifestError, match="no Kubernetes object"):
        read_manifests([io.BytesIO(data)])


def test_a_stream_is_bounded_as_a_file_is(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MAX_OCTETS", 1000)
    (tmp_path / "a.yaml").write_text("#" * 1000)
    assert read_manifests([tmp_path / "a.yaml"]) == []
    (tmp_path / "a.yaml").write_text("#" * 1001)

    class Endless:
        name = "pipe"
        given = 0

        def read(self, size, /):
            self.given += size
            return b"#" * size

    endless = Endless()
    for given in (tmp_path / "a.yaml", endless):
        with pytest.raises(ManifestError, match="more than 1,000 octets"):
            read_manifests([given])
    assert endless.given == 1001


def test_a_file_that_is_open_for_text_is_refused(tmp_path):
    with pytest.raises(ManifestError, match="mode 'rb'"):
        read_manifests([io.StringIO(SERVICE)])


def test_a_url_is_not_fetched():
    with pytest.raises(ManifestError, match=r"curl -sL https://a.test/b.yaml \| k8sresolve -f -"):
        read_manifests(["https://a.test/b.yaml"])


def test_objects_that_state_no_namespace_lie_where_they_are_applied():
    def made(name, **meta):
        return {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name, **meta},
            "spec": {"clusterIP": "None"},
        }

    objects = [made("a"), made("b", namespace="other"), made("c", namespace=""), made("d", namespace=None)]
    read = read_objects(objects, apply_namespace="ship")
    assert [(item.namespace, item.name) for item in read] == [
        ("ship", "a"),
        ("other", "b"),
        ("ship", "c"),
        ("ship", "d"),
    ]
    [error] = [wrong(made("a", labels=5), "ship")]
    assert (error.object, error.field) == ("Service ship/a", "metadata.labels")


def wrong(made, namespace):
    with pytest.raises(ManifestError) as caught:
        read_objects([made], apply_namespace=namespace)
    return caught.value


@pytest.mark.parametrize(
    ("stated", "there"),
    [
        (None, ["ship", "shop"]),  # kubectl apply -n finds no namespace that is not there
        ("shop", ["shop"]),  # and this one nobody needs
    ],
)
def test_the_namespace_that_is_applied_to_is_there_beside_others(stated, there):
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "namespace": stated}, "spec": {}}
    read = read_objects([json.loads(named("shop")), service], apply_namespace="ship")
    assert sorted(item.name for item in read if isinstance(item, Namespace)) == there


def test_where_no_namespace_is_told_of_none_is_added():
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {}}
    assert not [item for item in read_objects([service], apply_namespace="ship") if isinstance(item, Namespace)]


def test_paths_that_hold_no_manifests_are_named(tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "empty").mkdir()
    for place, problem in (("missing.yaml", "No such file"), ("pipe.yaml", "regular file"), ("empty", "holds no")):
        with pytest.raises(ManifestError, match=problem) as caught:
            read_manifests([tmp_path / place])
        assert caught.value.file == str(tmp_path / place)


def test_ready_is_what_is_not_said_to_be_otherwise():
    endpoints = [
        {"addresses": ["10.0.0.1"]},
        {"addresses": ["10.0.0.2"], "conditions": {}},
        {"addresses": ["10.0.0.3"], "conditions": {"ready": None}},
        {"addresses": ["10.0.0.4"], "conditions": {"ready": False, "serving": True}},
        {
            "addresses": ["10.0.0.5", "10.0.0.6"],
            "hostname": "a-0",
            "zone": "Z",
            "targetRef": {"kind": "Pod", "name": "p"},
        },
    ]
    [read_slice] = read_objects([slice_of(endpoints=endpoints, ports=[{"port": 80}, {"name": "any"}])])
    assert read_slice.addresses == (
        *(EndpointAddress(f"10.0.0.{last}") for last in (1, 2, 3)),
        *(EndpointAddress(f"10.0.0.{last}", "a-0", "p", "Z") for last in (5, 6)),
    )
    assert read_slice.ports == (PortEntry("", 80, "TCP"), PortEntry("any", NO_PORT, "TCP"))
    assert read_slice.service == "a"
    assert read_slice.imported is None


def test_other_kinds_of_objects_are_read():
    pod = {"kind": "Pod", "metadata": {"name": "a"}, "status": {"podIP": "10.0.0.1", "phase": "Running"}}
    dying = {"kind": "Pod", "metadata": {"name": "b", "deletionTimestamp": "2026-01-01T00:00:00Z"}}
    done = {"kind": "Pod", "metadata": {"name": "c"}, "status": {"phase": "Succeeded"}}
    imported = {
        "apiVersion": "multicluster.x-k8s.io/v1alpha1",
        "kind": "ServiceImport",
        "metadata": {"name": "a", "namespace": "shop"},
        "spec": {"type": "ClusterSetIP", "ips": ["10.112.0.1"], "ports": [{"port": 80, "name": "http"}]},
    }
    endpoints = {
        "kind": "Endpoints",
        "metadata": {"name": "db", "namespace": "shop"},
        "subsets": [
            {"addresses": [{"ip": "192.0.2.1"}], "notReadyAddresses": [{"ip": "192.0.2.2"}], "ports": [{"port": 5432}]}
        ],
    }
    mirrored = EndpointSlice("shop", "db-0", "db", (EndpointAddress("192.0.2.1"),), (PortEntry("", 5432, "TCP"),))
    assert read_objects([pod, dying, done, imported, endpoints]) == [
        Pod("default", "a", "10.0.0.1", ("10.0.0.1",), "Running"),
        Pod("default", "b", terminating=True),
        Pod("default", "c", phase="Succeeded"),
        ServiceImport("shop", "a", ips=("10.112.0.1",), ports=(PortEntry("http", 80, "TCP"),)),
        Endpoints("shop", "db", (mirrored,)),
    ]


def test_kinds_that_dns_does_not_depend_on_are_left_out_and_said(caplog):
    caplog.set_level(logging.INFO, "k8sresolve")
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "web"}}
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "web"}}
    assert read_objects([secret, role]) == []
    assert "Secret web" in caplog.text
    assert "rbac.authorization.k8s.io/Role web" in caplog.text


def test_a_newer_version_of_a_known_group_is_read_as_it_stands():
    assert read_objects([slice_of(apiVersion="discovery.k8s.io/v2")])[0].service == "a"


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "problem"),
    [
        ("port: 80", "port: 65536", 10, "spec.ports[0].port", "65536 is no port"),
        ("port: 80", "port: 0", 10, "spec.ports[0].port", "0 is no port"),
        ("port: 80", "port: http", 10, "spec.ports[0].port", "text where a whole number"),
        ("port: 80", "port: true", 10, "spec.ports[0].port", "true or false where a whole number"),
        ("      port: 80\n", "", 9, "spec.ports[0].port", "no port"),
        ("name: http", "name: 80", 9, "spec.ports[0].name", "a whole number where text"),
        ("name: payments", "name: [a]", 4, "metadata.name", "a list where text"),
        ("  name: payments\n", "", 3, "metadata.name", "no name"),
        ("clusterIP: 10.96.20.1", "clusterIPs: 10.96.20.1", 7, "spec.clusterIPs", "text where a list"),
        ("clusterIP: 10.96.20.1", "clusterIP: none", 7, "spec.clusterIP", "'none' is neither"),
        ("clusterIP: 10.96.20.1", "clusterIP: 10.96.0.300", 7, "spec.clusterIP", "'10.96.0.300' is neither"),
        ("clusterIP: 10.96.20.1", "clusterIPs: [None, db.test]", 7, "spec.clusterIPs[1]", "'db.test' is neither"),
    ],
)
def test_a_wrong_field_is_named_with_its_place(tmp_path, old, new, line, field, problem):
    assert old in SERVICE
    error = refused(tmp_path, f"{NAMESPACE}---\n{SERVICE.replace(old, new)}")
    assert (error.document, error.line, error.field) == (2, line + 4, field)
    assert problem in error.problem


def test_a_wrong_field_in_json_is_named_with_its_place(tmp_path):
    pods = '{"kind": "Pod", "metadata": {"name": "a"}},\n {"kind": "Pod",\n "metadata": {"name": 1}}'
    text = f'\n{{"kind": "List", "items": [\n {pods}]}}'
    error = refused(tmp_path, f'{{"kind": "Namespace", "metadata": {{"name": "n"}}}}{text}', "shop.json")
    assert (error.document, error.line, error.field) == (2, 5, "items[1].metadata.name")


@pytest.mark.parametrize("text", ["a: b: c", "{", "- [", "\t", "\x00", b"\xff\xfe\xfd", "a: *b", "&a [*a]"])
def test_what_is_no_yaml_is_refused(tmp_path, text):
    assert refused(tmp_path, text).document == 1


@pytest.mark.parametrize("text", ["just text", "[]", "- a", "3", "2001-01-01"])
def test_what_is_no_object_is_refused(tmp_path, text):
    error = refused(tmp_path, text)
    assert (error.document, error.line) == (1, 1)
    assert "no Kubernetes object" in error.problem


@pytest.mark.parametrize(
    "text", ["{", "[1,]", '{"a": NaN', "nul", b"\xff", "[" * 100_000, '{"kind": ' + "1" * 5000 + "}"]
)
def test_what_is_no_json_is_refused(tmp_path, text):
    refused(tmp_path, text, "shop.json")


def billion_laughs(wrap):
    levels = [f"a0: &a0 {wrap('x', 'x')}"]
    levels += [f"a{n}: &a{n} {wrap(*[f'*a{n - 1}'] * 9)}" for n in range(1, 30)]
    return "\n".join(levels)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[" * 50_000, "nest"),
        ("a: " + "{b: " * 50_000, "levels deep"),
        ("- " * 50_000, "levels deep"),
        (billion_laughs(lambda *parts: f"[{', '.join(parts)}]"), "aliases"),
        (
            "a0: &a0 {x: 1}\n"
            + "\n".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 30)),
            "aliases",
        ),
        ("port: !!int " + "1:" * 200_000 + "1", "integer"),
        ("port: " + "9" * 200_000, "digits"),
        ("when: !!timestamp x", "timestamp"),
    ],
)
def test_hostile_yaml_is_refused_at_once(tmp_path, text, problem):
    began = time.process_time()
    assert problem in str(refused(tmp_path, text))
    assert time.process_time() - began < 5


def test_dates_and_old_numbers_are_text_as_the_api_server_takes_them(tmp_path):
    [namespace] = read(tmp_path, "kind: Namespace\nmetadata: {name: 12:30:45, creationTimestamp: 2026-01-01}\n")
    assert namespace.name == "12:30:45"


def test_an_object_in_code_is_named_by_its_number():
    with pytest.raises(ManifestError) as caught:
        read_objects([slice_of(), slice_of(endpoints=[{"addresses": [1]}])])
    assert (caught.value.document, caught.value.field) == (2, "endpoints[0].addresses[0]")
    with pytest.raises(ManifestError, match="nothing is no Kubernetes object"):
        read_objects([None])


def test_the_example_is_read():
    example = pathlib.Path(__file__).parents[3] / "docs" / "examples" / "shop.yaml"
    store = Cluster.from_manifests(example).store
    assert store.service("shop", "payments").cluster_ips == ("10.96.20.1",)
    assert [entry.hostname for entry in store.slices("data", "cassandra")[0].addresses] == [
        "cassandra-0",
        "cassandra-1",
        "cassandra-2",
    ]
