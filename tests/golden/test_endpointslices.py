"""Slices recorded from the EndpointSlice controller of Kubernetes 1.37.2, one Service and its pods a row.

Slices are compared whole, but for `hints`, which only kube-proxy reads.
"""

import gzip
import json
import pathlib

import pytest

from k8sresolve.testing.controllers.applying import apply
from k8sresolve.testing.controllers.slices import endpoint_slices, select
from k8sresolve.testing.objects.manifests import read_objects
from k8sresolve.testing.objects.store import Store

DATA = pathlib.Path(__file__).parent / "endpointslices"
DUAL_STACK = {"service_cidrs": ["10.96.0.0/16", "fd00:10:96::/112"], "pod_cidrs": ["10.244.0.0/16", "fd00:244::/56"]}

with gzip.open(DATA / "cases.json.gz", "rt") as lines:
    ROWS = [json.loads(line) for line in lines]


def is_excepted(row):
    """A pod without any status is not listed by the controller; in the offline cluster it runs."""
    return any("status" not in pod for pod in row["pods"])


def cluster_of(row):
    store = Store()
    apply(store, read_objects([row["service"], *row["pods"], *row["nodes"]]), **DUAL_STACK)
    return store


def service_of(row, store):
    meta = row["service"]["metadata"]
    return store.service(meta.get("namespace", "default"), meta["name"])


def as_row(slices, namespace):
    return sorted((as_slice(made, namespace) for made in slices), key=order)


def as_slice(made, namespace):
    ports = [
        {"name": port.name, "port": port.number, "protocol": port.protocol}
        | ({"appProtocol": port.app_protocol} if port.app_protocol else {})
        for port in made.ports
    ]
    endpoints = [as_endpoint(endpoint, namespace) for endpoint in made.endpoints]
    return {
        "addressType": made.family,
        "ports": sorted(ports, key=lambda port: (port["name"], port["protocol"])),
        "endpoints": sorted(endpoints, key=lambda one: (one["addresses"][0], one["targetRef"]["name"])),
    }


def as_endpoint(endpoint, namespace):
    condition = endpoint.condition
    stated = {"hostname": endpoint.hostname, "nodeName": endpoint.node, "zone": endpoint.zone}
    return {
        "addresses": [endpoint.address],
        "conditions": {
            "ready": condition.ready,
            "serving": condition.serving,
            "terminating": condition.terminating,
        },
        "targetRef": {"kind": "Pod", "namespace": namespace, "name": endpoint.pod},
    } | {key: value for key, value in stated.items() if value}


def order(part):
    ports = [(port["name"], port["protocol"], port["port"], port.get("appProtocol", "")) for port in part["ports"]]
    return part["addressType"], ports


def wanted(row):
    slices = [
        {**part, "endpoints": [{k: v for k, v in one.items() if k != "hints"} for one in part["endpoints"]]}
        for part in row["slices"]
    ]
    return sorted(slices, key=order)


def made_of(row):
    store = cluster_of(row)
    service = service_of(row, store)
    [pods] = [pods for _, pods in select([service], store.all("Pod"))] or [[]]
    return as_row(endpoint_slices(service, pods, list(store.all("Node"))), service.namespace)


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_slices_are_what_the_controller_made(row):
    if is_excepted(row):
        assert made_of(row) != wanted(row), "the exception is not needed"
    else:
        assert made_of(row) == wanted(row)


def test_exceptions_are_few():
    assert len(ROWS) == 159
    assert [row["tags"] for row in ROWS if is_excepted(row)] == [["unscheduled"]]


def listed(slices):
    """Say what of slices DNS can show, as a multiset."""
    return sorted(
        (address, hostname, pod, zone or "", sorted(map(tuple, ports)) if ports else [])
        for ports, endpoints in slices
        for address, hostname, pod, zone in endpoints
    )


@pytest.mark.parametrize("row", [row for row in ROWS if not is_excepted(row)], ids=lambda row: row["id"])
def test_the_store_holds_the_ready_endpoints(row):
    store = cluster_of(row)
    service = service_of(row, store)
    held = [
        ([(port.name, port.number, port.protocol) for port in part.ports], part.addresses)
        for part in store.slices(service.namespace, service.name)
    ]
    want = [
        (
            [(port["name"], port["port"], port["protocol"]) for port in part["ports"]],
            [
                (one["addresses"][0], one.get("hostname", ""), one["targetRef"]["name"], one.get("zone"))
                for one in part["endpoints"]
                if one["conditions"]["ready"]
            ],
        )
        for part in row["slices"]
    ]
    assert listed(held) == listed(want)
    assert bool(held) == bool(want)
    assert all(len(part.addresses) <= 100 for part in store.slices(service.namespace, service.name))
