"""What is kept of a cluster, and what is read back."""

import json
import re

import pytest

from k8sresolve import ConfigError, ManifestError
from k8sresolve.testing import Cluster, Inventory
from tests.testing.checks.objects import config_map, namespace, service, slice_of

SECRET = "hunter2"
OBJECTS = [
    namespace("shop") | {"metadata": {"name": "shop", "labels": {"a": SECRET}, "annotations": {"b": SECRET}}},
    namespace("data"),
    service(),
    service("db", clusterIP="None", ports=[{"port": 5432}]),
    service("out", type="ExternalName", externalName="pg.example.com", selector=None, ports=None),
    slice_of("db", "10.0.0.1", hostname="db-0"),
    config_map({"a": SECRET}, kind="Secret"),
    config_map({"a": SECRET}),
]


def test_names_types_ports_and_hostnames_are_kept_and_nothing_else():
    written = Inventory.from_objects(OBJECTS).to_json()
    http = {"name": "http", "port": 80, "protocol": "TCP"}
    one = {"namespace": "shop", "name": "web", "type": "ClusterIP", "headless": False, "ports": [http]}
    port = {"name": "", "port": 5432, "protocol": "TCP"}
    db = {
        "namespace": "shop",
        "name": "db",
        "type": "ClusterIP",
        "headless": True,
        "ports": [port],
        "hostnames": ["db-0"],
    }
    out = {"namespace": "shop", "name": "out", "type": "ExternalName", "headless": False, "ports": []}
    assert json.loads(written) == {
        "schema_version": 1,
        "namespaces": ["data", "shop"],
        "services": [db, out | {"externalName": "pg.example.com"}, one],
    }
    assert SECRET not in written


def test_what_is_written_is_read_back():
    made = Inventory.from_objects(OBJECTS)
    assert Inventory.from_json(made.to_json()).to_json() == made.to_json()
    assert Inventory.from_json(made.to_json().encode()) == made


def test_a_pod_finds_what_an_inventory_has():
    app = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "shop"}}
    hosts = [
        "http://web",
        "db-0.db:5432",
        "http://out:1",
        "http://db:9",
        "http://no",
        "http://no.data",
        "http://no.far",
    ]
    app["spec"] = {"containers": [{"name": "a", "image": "a", "args": hosts}]}
    found = Cluster.from_objects([app]).check(inventory=Inventory.from_objects(OBJECTS))
    assert [each.field for each in found if each.severity == "error"] == [
        "spec.containers[0].args[4]",
        "spec.containers[0].args[5]",
    ]


def test_without_a_namespace_it_is_not_known_what_is_complete():
    with pytest.raises(ConfigError, match=r"no Namespace .*kubectl get ns,svc,endpointslices -A"):
        Inventory.from_objects([service()])


GOOD = {"schema_version": 1, "namespaces": ["shop"], "services": []}
ONE = {"namespace": "shop", "name": "web", "type": "ClusterIP", "headless": False, "ports": []}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "nested too deep"),
        ("[]", "the inventory .* wrong type, list"),
        (GOOD | {"schema_version": 2}, "schema_version .* 2, not 1"),
        (GOOD | {"schema_version": True}, "schema_version"),
        ({"schema_version": 1}, "namespaces .* wrong type, NoneType"),
        (GOOD | {"secrets": []}, "'secrets' is no field"),
        (GOOD | {"namespaces": ["A b"]}, "no namespace"),
        (GOOD | {"namespaces": [1]}, "wrong type, int"),
        (GOOD | {"services": {}}, "services .* wrong type, dict"),
        (GOOD | {"services": [1]}, r"services\[0\] .* wrong type"),
        (GOOD | {"services": [ONE | {"env": {}}]}, r"'env' is no field of services\[0\]"),
        (GOOD | {"services": [ONE | {"type": "Other"}]}, "type of the inventory is none of"),
        (GOOD | {"services": [ONE | {"name": "a..b"}]}, "no name"),
        (GOOD | {"services": [ONE | {"name": ""}]}, "no name"),
        (GOOD | {"services": [ONE | {"headless": 1}]}, "headless .* wrong type"),
        (GOOD | {"services": [ONE | {"namespace": "other"}]}, "lack 'other'"),
        (GOOD | {"services": [ONE | {"ports": [{"name": "a", "port": 0, "protocol": "TCP"}]}]}, "no port"),
        (GOOD | {"services": [ONE | {"ports": [{"name": "a", "port": 80}]}]}, "protocol .* wrong type"),
        (GOOD | {"services": [ONE | {"hostnames": ["x" * 64]}]}, "no name"),
    ],
)
def test_what_it_did_not_write_is_refused(text, told):
    with pytest.raises(ConfigError, match=told) as caught:
        Inventory.from_json(text if isinstance(text, str) else json.dumps(text))
    assert "k8sresolve inventory" in caught.value.advice


def test_a_manifest_that_cannot_be_read_says_where(tmp_path):
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(ManifestError, match="not JSON"):
        Inventory.from_manifests(str(tmp_path / "a.json"))


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (("shop", (), {}), "namespaces='shop' is no tuple of strs"),
        (((5,), (), {}), "namespaces="),
        (((), None, {}), "services=None is no tuple of Services"),
        (((), ("web",), {}), "services="),
        (((), (), None), "hostnames=None is no mapping"),
    ],
)
def test_one_that_is_made_by_hand_is_whole(fields, told):
    with pytest.raises(ConfigError, match=rf"{re.escape(told)}.*; make it by Inventory.from_json"):
        Inventory(*fields)
