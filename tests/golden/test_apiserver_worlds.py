"""What a real control plane made of small worlds: Services, pods and the endpoints that DNS lists; and its answers.

Addresses that the cluster gave and the random ends of names mean nothing: a pod is known by its controller, an address
that was chosen by its family. Of the answers, those at names without either are compared by rcode and number.
"""

import collections
import functools
import gzip
import json
import os
import pathlib

import dns.flags
import dns.message
import dns.rcode
import pytest

from k8sresolve.testing import Cluster, KubernetesOptions
from tests.controlplane.recording import is_same_anywhere
from tests.golden.test_apiserver import DUAL_STACK, as_stored, placeholders, wanted

DATA = pathlib.Path(os.environ.get("K8SRESOLVE_APISERVER") or pathlib.Path(__file__).parent / "apiserver")
NODES = [
    {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": f"node-{number}", "labels": {"kubernetes.io/hostname": f"node-{number}"}},
        "status": {
            "addresses": [
                {"type": "InternalIP", "address": f"10.0.0.1{number}"},
                {"type": "InternalIP", "address": f"fd00:10::1{number}"},
            ]
        },
    }
    for number in (1, 2)
]


def read(name):
    with gzip.open(DATA / name, "rt") as lines:
        return {world["id"]: world for world in map(json.loads, lines)}


WORLDS = {**read("worlds.json.gz"), **read("random.json.gz")}


@functools.cache
def cluster_of(name):
    return cluster_from(WORLDS[name])


def cluster_from(world):
    cluster = Cluster.from_objects(
        [*NODES, {"kind": "Namespace", "metadata": {"name": world["namespace"]}}, *world["manifests"]],
        options=KubernetesOptions(pods="verified", ttl=30, fallthrough=None),
        **DUAL_STACK,
    )
    for pod in pods_of(cluster, world):
        if pod.name.startswith(tuple(world["not_ready"])):
            cluster.set_ready(pod, ready=False)
    return cluster


def pods_of(cluster, world):
    return [pod for pod in cluster.store.all("Pod") if pod.namespace == world["namespace"]]


def known(name, owner, template_hash):
    """Name a pod without what is random in it."""
    kind, _, base = (owner or "").partition("/")
    if kind in ("", "StatefulSet"):
        return name
    return f"{kind}/{base.removesuffix(f'-{template_hash}')}"


def slices_of(cluster, world):
    """Find all slices, with those that are mirrored, which only their Service knows."""
    stated = [part for part in cluster.store.all("EndpointSlice") if part.namespace == world["namespace"]]
    names = {service.name for service in cluster.store.all("Service") if service.namespace == world["namespace"]}
    of_services = [part for name in sorted(names) for part in cluster.store.slices(world["namespace"], name)]
    return of_services + [part for part in stated if part.service not in names]


def services(cluster, world):
    want = {service["metadata"]["name"]: service["spec"] for service in world["services"]}
    got = {
        service.name: placeholders(as_stored(service), as_chosen(want.get(service.name, {}), world))
        for service in cluster.store.all("Service")
        if service.namespace == world["namespace"]
    }
    return got, {name: wanted(as_chosen(spec, world)) for name, spec in want.items()}


def as_chosen(spec, world):
    """Put placeholders for the addresses that no manifest states."""
    stated = json.dumps(world["manifests"])
    ips = [
        ip if f'"{ip}"' in stated or ip == "None" else "<IPv6>" if ":" in ip else "<IPv4>"
        for ip in spec.get("clusterIPs", ())
    ]
    return {**spec, "clusterIPs": ips} if ips else spec


def pods(cluster, world):
    got = collections.Counter(
        (
            known(pod.name, pod.owner, pod.labels.get("pod-template-hash")),
            pod.hostname,
            pod.spec.subdomain,
            len(pod.ips),
        )
        for pod in pods_of(cluster, world)
    )
    want = collections.Counter(
        (
            known(pod["metadata"]["name"], pod["metadata"].get("owner"), labels(pod).get("pod-template-hash")),
            pod["spec"].get("hostname", ""),
            pod["spec"].get("subdomain", ""),
            len(pod["status"]["podIPs"]),
        )
        for pod in world["pods"]
    )
    return got, want


def labels(thing):
    return thing["metadata"].get("labels", {})


def endpoints(cluster, world):
    """Tell which endpoints are ready, by Service, family and ports, each by host name and pod, or else by address."""
    named = {
        pod.name: known(pod.name, pod.owner, pod.labels.get("pod-template-hash")) for pod in pods_of(cluster, world)
    }
    got = collections.Counter(
        (
            part.service,
            "IPv6" if ":" in entry.address else "IPv4",
            tuple(sorted((port.name, port.number, port.protocol) for port in part.ports)),
            entry.hostname,
            named.get(entry.pod) or entry.address,
        )
        for part in slices_of(cluster, world)
        for entry in part.addresses
    )
    named = {
        pod["metadata"]["name"]: known(
            pod["metadata"]["name"], pod["metadata"].get("owner"), labels(pod).get("pod-template-hash")
        )
        for pod in world["pods"]
    }
    want = collections.Counter(
        (
            labels(part).get("kubernetes.io/service-name", ""),
            part["addressType"],
            tuple(sorted((p.get("name", ""), p["port"], p["protocol"]) for p in part.get("ports") or ())),
            entry.get("hostname") or "",
            named.get((entry.get("targetRef") or {}).get("name")) or address,
        )
        for part in world["slices"]
        for entry in part.get("endpoints") or ()
        if (entry.get("conditions") or {}).get("ready") is not False
        for address in entry["addresses"]
    )
    return got, want


@pytest.mark.parametrize("name", WORLDS)
def test_services_are_what_the_api_server_made_of_them(name):
    got, want = services(cluster_of(name), WORLDS[name])
    assert got == want


@pytest.mark.parametrize("name", WORLDS)
def test_pods_and_endpoints_are_what_the_controllers_made(name):
    for what in (pods, endpoints):
        got, want = what(cluster_of(name), WORLDS[name])
        assert got == want


# The answers.


def is_comparable(question, world):
    """Tell whether a question is at a name without an address, or what is random in a pod's name."""
    return is_same_anywhere(question["q"], world) and question["rcode"] is not None


def answer(cluster, question):
    query = dns.message.make_query(question["q"], question["t"], use_edns=0, payload=1232)
    reply = dns.message.from_wire(cluster.respond(query.to_wire(), tcp=True), one_rr_per_rrset=True)
    if reply.flags & dns.flags.TC:
        # How much fits depends on the order of the records, which is CoreDNS's own.
        return dns.rcode.to_text(reply.rcode()), len(question["answer"]), len(question["additional"])
    return dns.rcode.to_text(reply.rcode()), len(reply.answer), len(reply.additional)


@pytest.mark.parametrize("name", WORLDS)
def test_answers_are_as_many_as_coredns_gave(name):
    world, cluster = WORLDS[name], cluster_of(name)
    rows = [row for row in world["answers"] if is_comparable(row, world)]
    got = {(row["q"], row["t"]): answer(cluster, row) for row in rows}
    assert got == {(row["q"], row["t"]): (row["rcode"], len(row["answer"]), len(row["additional"])) for row in rows}


def test_all_worlds_are_here():
    rows = [row for world in WORLDS.values() for row in world["answers"] if is_comparable(row, world)]
    assert (len(WORLDS), len(rows)) == (107, 1129)
