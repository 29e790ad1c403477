import builtins
import json
import logging
import os
import pathlib
import time

import pytest

from k8sresolve.errors import ManifestError
from k8sresolve.testing import Cluster
from k8sresolve.testing.objects.kinds import (
    NO_PORT,
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
    assert "pip install k8sresolve[yaml]" in str(refused(tmp_path, SERVICE))


def test_directories_are_read_in_sorted_order_with_all_below(tmp_path):
    for place in ("b/two.yml", "a/one.yaml", "three.json", "notes.txt", "b/values.yaml.bak"):
        file = tmp_path / place
        file.parent.mkdir(exist_ok=True)
        name = file.stem
        file.write_text(json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}))
    os.mkfifo(tmp_path / "pipe.yaml")
    assert [item.name for item in read_manifests([tmp_path])] == ["one", "two", "three"]
    assert [item.name for item in read_manifests([tmp_path / "three.json", str(tmp_path / "b")])] == ["three", "two"]


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
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "coredns"}}
    knative = {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "metadata": {"name": "web"}}
    assert read_objects([config, knative]) == []
    assert "ConfigMap coredns" in caplog.text
    assert "serving.knative.dev/Service web" in caplog.text


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
        ("kind: Service", "kinds: Service", 1, "", "no kind"),
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


@pytest.mark.parametrize(
    "text", ["a: b: c", "{", "- [", "\t", "\x00", b"\xff\xfe\xfd", "a: *b", "!!python/object:x {}", "&a [*a]"]
)
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
