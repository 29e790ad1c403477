"""A whole cluster, as `kubectl get -A` prints it: what a real API server stored is answered as CoreDNS answered it.

The objects of all recorded worlds lie in one List. PTR answers are compared by the world's own targets, since that is
what was kept of them.
"""

import collections
import functools
import gzip
import io
import json
import pathlib

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest
import yaml

from k8sresolve.testing import Cluster, KubernetesOptions

DATA = pathlib.Path(__file__).parent / "apiserver"
KINDS = {
    "services": ("v1", "Service"),
    "pods": ("v1", "Pod"),
    "endpoints": ("v1", "Endpoints"),
    "slices": ("discovery.k8s.io/v1", "EndpointSlice"),
}


@functools.cache
def worlds():
    with gzip.open(DATA / "worlds.json.gz", "rt") as lines:
        return [json.loads(line) for line in lines]


def printed_pod(pod):
    """Write a pod's recorded status as the API server does."""
    status = pod["status"]
    ready = {"type": "Ready", "status": status.get("ready") or "False"}
    ips = [{"ip": ip} for ip in status.get("podIPs") or []]
    return pod | {"status": {"phase": status.get("phase"), "podIPs": ips, "conditions": [ready]}}


def with_annotations(item, world):
    """Add the annotations that the recording leaves out, as the manifest has them."""
    for manifest in world["manifests"]:
        if (manifest["kind"], manifest["metadata"]["name"]) == ("Endpoints", item["metadata"]["name"]):
            return item | {"metadata": manifest["metadata"] | item["metadata"]}
    return item


@functools.cache
def objects():
    made = []
    for world in worlds():
        made.append({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": world["namespace"]}})
        for key, (version, kind) in KINDS.items():
            for item in world[key]:
                stored = printed_pod(item) if kind == "Pod" else item
                stored = with_annotations(item, world) if kind == "Endpoints" else stored
                made.append({"apiVersion": version, "kind": kind} | stored)
    return made


def as_list():
    return {"apiVersion": "v1", "items": objects(), "kind": "List", "metadata": {"resourceVersion": ""}}


FORMS = {
    "yaml": lambda: yaml.dump(as_list(), Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper)),
    "json": lambda: json.dumps(as_list(), indent=4),
    "lines": lambda: "\n".join(map(json.dumps, objects())),
}


def differs(cluster, world, row):
    query = dns.message.make_query(row["q"], row["t"], use_edns=True, payload=1232)
    wire = cluster.respond(query.to_wire(), tcp=True)
    if wire is None or row["rcode"] is None:
        return None if wire is None and row["rcode"] is None else f"{row['q']} {row['t']}: silence"
    reply = dns.message.from_wire(wire, one_rr_per_rrset=True)
    told = [
        f"{rrset.name} {rrset.ttl} {dns.rdatatype.to_text(rrset.rdtype)} {rdata}"
        for rrset in reply.answer
        for rdata in rrset
    ]
    if row["t"] == "PTR":
        told = [line for line in told if f".{world['namespace']}.svc" in line]
    rcode = dns.rcode.to_text(reply.rcode())
    if reply.flags & dns.flags.TC:  # what is cut depends on CoreDNS's order
        told = row["answer"]
    if (rcode, collections.Counter(told)) == (row["rcode"], collections.Counter(row["answer"])):
        return None
    return f"{row['q']} {row['t']}\n  want {row['rcode']} {row['answer']}\n  got  {rcode} {told}"


@pytest.mark.parametrize("form", FORMS)
def test_what_kubectl_prints_of_a_whole_cluster_is_answered_as_coredns_answered(form):
    options = KubernetesOptions(pods="verified", ttl=30)
    cluster = Cluster.from_manifests(io.BytesIO(FORMS[form]().encode()), options=options)
    asked = [(world, row) for world in worlds() for row in world["answers"]][:: 1 if form == "json" else 20]
    assert len(asked) > (4000 if form == "json" else 200)
    wrong = [difference for world, row in asked if (difference := differs(cluster, world, row))]
    assert not wrong, f"{len(wrong)} of {len(asked)} differ:\n" + "\n".join(wrong[:20])
