"""What the API server of Kubernetes 1.37.2 took and refused, an object a row; and what it stored.

A refusal counts as found where loading fails at its field, or `check` has an error there.
"""

import functools
import gzip
import json
import os
import pathlib
import re

import pytest

from k8sresolve.errors import ManifestError
from k8sresolve.testing import Cluster

DATA = pathlib.Path(os.environ.get("K8SRESOLVE_APISERVER") or pathlib.Path(__file__).parent / "apiserver")
DUAL_STACK = {"service_cidrs": ["10.96.0.0/12", "fd00:10:96::/108"], "pod_cidrs": ["10.244.0.0/16", "fd00:10:244::/56"]}
SINGLE_STACK = {"service_cidrs": ["10.96.0.0/12"], "pod_cidrs": ["10.244.0.0/16"]}

with gzip.open(DATA / "cases.json.gz", "rt") as lines:
    ROWS = {row["id"]: row for row in map(json.loads, lines)}

ACCEPTED = [name for name, row in ROWS.items() if row["accepted"]]
REFUSED = [name for name, row in ROWS.items() if not row["accepted"]]


def out_of_scope(row):
    """Say why a refusal is not looked for; empty where it is."""
    if row["code"] == 409:
        return "the name is taken, and an apply changes what has it"
    if row["code"] == 404:
        return "another version, or a namespace that is not there"
    if row["object"]["kind"] == "CronJob" and not row["id"].startswith("CronJob-name"):
        return "when it runs"
    return ""


@functools.cache
def found(name, *, alone=False):
    """Find the fields of the object that are refused: at loading, or by `check`. The cluster may have IPv4 alone."""
    row = ROWS[name]
    kind = row["object"]["kind"]
    networks = SINGLE_STACK if alone else DUAL_STACK
    try:
        cluster = Cluster.from_objects([*row.get("before", ()), row["object"]], **networks)
    except ManifestError as error:
        return {error.field}
    errors = [finding for finding in cluster.check() if finding.severity == "error"]
    assert all(finding.object.startswith(f"{kind} ") for finding in errors)
    return {finding.field for finding in errors}


def places(row, causes):
    """Say at which fields a refusal counts as found."""
    for cause in causes:
        field = cause["field"]
        yield field
        if field.startswith("spec.clusterIPs"):
            yield "spec.clusterIP"  # it is called as it is written
        if field == "spec.template.metadata.labels":
            yield "spec.selector"  # of the two that do not fit, the selector is what Services do not see
        if field == "spec.template.labels":
            yield "metadata.name"  # the label is made of the name
        yield field.replace("LoadBalancer", "loadBalancer")  # as the field is called in manifests


def without_indexes(field):
    """Name a field as the API server names one that it cannot decode."""
    return re.sub(r"\[[0-9]+\]", "", field)


def is_at(field, place, *, decoded):
    """Tell whether a field is that place, or below it."""
    field, place = (field, place) if decoded else (without_indexes(field), without_indexes(place))
    return field == place or field.startswith((f"{place}.", f"{place}["))


def is_found(row):
    decoded = row["code"] != 400
    fields = places(row, row["causes"])
    return any(is_at(field, place, decoded=decoded) for place in fields for field in found(row["id"]))


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_is_accepted_has_no_error(name):
    assert found(name) == set()


@pytest.mark.parametrize("name", [name for name in REFUSED if not out_of_scope(ROWS[name])])
def test_what_is_refused_is_found_at_its_field(name):
    assert is_found(ROWS[name]), found(name)


REFUSED_ALONE = [name for name, row in ROWS.items() if not row.get("single_stack", {}).get("accepted", True)]


@pytest.mark.parametrize("name", REFUSED_ALONE)
def test_what_a_cluster_with_one_family_refuses_is_found(name):
    fields = {without_indexes(field) for field in places(ROWS[name], ROWS[name]["single_stack"]["causes"])}
    assert fields & {without_indexes(field) for field in found(name, alone=True)}


def test_all_rows_are_here():
    assert len(REFUSED_ALONE) == 13
    in_scope = [name for name in REFUSED if not out_of_scope(ROWS[name])]
    assert (len(ACCEPTED), len(REFUSED), len(in_scope)) == (210, 274, 258)


# What is stored.


def as_stored(service):
    """Write a Service as rows have it, as far as it is kept here. An address that was chosen stands for its family."""
    given = {"clusterIPs": list(service.cluster_ips), "ipFamilies": list(service.families)}
    return {
        "type": service.type,
        "externalName": service.external_name,
        "selector": dict(service.selector),
        "publishNotReadyAddresses": service.publish_not_ready,
        "ports": [
            (port.name, port.number, port.protocol, port.app_protocol, port.target or port.number)
            for port in service.ports
        ],
        **(given if service.type != "ExternalName" else {}),
    }


def wanted(spec):
    given = {key: spec[key] for key in ("clusterIPs", "ipFamilies") if key in spec}
    return {
        "type": spec["type"],
        "externalName": spec.get("externalName", ""),
        "selector": spec.get("selector", {}),
        "publishNotReadyAddresses": spec.get("publishNotReadyAddresses", False),
        "ports": [
            (port.get("name", ""), port["port"], port["protocol"], port.get("appProtocol", ""), port["targetPort"])
            for port in spec.get("ports", ())
        ],
        **given,
    }


def placeholders(stored, spec):
    """Put what was chosen in place of its placeholder, where the families agree."""
    chosen = {"<IPv4>": ".", "<IPv6>": ":"}
    pairs = zip(spec.get("clusterIPs", ()), stored.get("clusterIPs", ()), strict=False)
    told = [want if chosen.get(want, "?") in got else got for want, got in pairs]
    return {**stored, "clusterIPs": told} if told else stored


STORED = [(name, DUAL_STACK, ROWS[name]["stored"]) for name in ACCEPTED if "stored" in ROWS[name]]
STORED += [
    (name, SINGLE_STACK, row["single_stack"]["stored"])
    for name, row in ROWS.items()
    if row.get("single_stack", {}).get("accepted")
]


@pytest.mark.parametrize(
    ("name", "networks", "spec"), STORED, ids=[f"{name}-{len(it['pod_cidrs'])}" for name, it, _ in STORED]
)
def test_a_service_is_stored_as_the_api_server_stores_it(name, networks, spec):
    cluster = Cluster.from_objects([ROWS[name]["object"]], **networks)
    [service] = [one for one in cluster.store.all("Service") if one.name != "kubernetes"]
    assert placeholders(as_stored(service), spec) == wanted(spec)


def test_all_stored_services_are_here():
    assert len(STORED) == 103
