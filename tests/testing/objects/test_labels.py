"""Names that no packet can carry (F13): RFC 1035, section 2.3.4."""

import pytest

from k8sresolve.errors import ManifestError
from k8sresolve.testing import Cluster
from k8sresolve.testing.objects.labels import wrong_with_name, wrong_with_text

FITS = [
    "a",
    "payments.shop",
    "payments.shop.",
    "a" * 63,
    ".".join(["a" * 63] * 3 + ["a" * 61]),
    "\x1b",
    "ä" * 31,
    "a b",
]
UNFIT = {
    "a" * 64: "a label of 64 octets",
    "ä" * 32: "a label of 64 octets",
    f"shop.{'a' * 64}.example": "a label of 64 octets",
    ".".join(["a" * 63] * 4): "255 octets",
    "a" * 300: "300 octets",
    "a\0b": "a NUL",
    "\0": "a NUL",
    "a\ud800": "a lone surrogate",
    "": "an empty label",
    ".": "an empty label",
    "a..b": "an empty label",
    ".a": "an empty label",
}


@pytest.mark.parametrize("name", FITS, ids=ascii)
def test_what_a_packet_can_carry(name):
    assert wrong_with_name(name) == wrong_with_text(name) == ""


@pytest.mark.parametrize(("name", "why"), UNFIT.items(), ids=ascii)
def test_what_no_packet_can_carry(name, why):
    assert why in wrong_with_name(name)


@pytest.mark.parametrize("text", ["a\0b", "a\ud800", "a" * 254], ids=ascii)
def test_what_is_in_no_name_of_dns_has_no_labels_to_be_too_long(text):
    assert wrong_with_text(text)
    assert not wrong_with_text("a" * 253)


def obj(kind, group="v1", name="a", namespace="shop", **fields):
    return {"apiVersion": group, "kind": kind, "metadata": {"name": name, "namespace": namespace}, **fields}


def endpoint_slice(name="a-1", labels=None, **endpoint):
    made = obj("EndpointSlice", "discovery.k8s.io/v1", name, addressType="IPv4")
    made["metadata"]["labels"] = {"kubernetes.io/service-name": "a", **(labels or {})}
    return {**made, "endpoints": [{"addresses": ["10.244.0.1"], **endpoint}], "ports": []}


def stateful_set(name="db", replicas=1, **spec):
    template = {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": []}}
    return obj("StatefulSet", "apps/v1", name, spec={"replicas": replicas, "template": template, **spec})


def pod(**spec):
    return obj("Pod", spec={"containers": [], **spec})


# What stands in names of DNS, by the object that states it: with a text in its place, and the field that is told.
PLACES = {
    "Service": (lambda text: obj("Service", name=text), "metadata.name"),
    "namespace": (lambda text: obj("Service", namespace=text), "metadata.namespace"),
    "Namespace": (lambda text: obj("Namespace", name=text), "metadata.name"),
    "ServiceImport": (lambda text: obj("ServiceImport", "multicluster.x-k8s.io/v1", name=text), "metadata.name"),
    "externalName": (
        lambda text: obj("Service", spec={"type": "ExternalName", "externalName": text}),
        "spec.externalName",
    ),
    "hostname of an endpoint": (lambda text: endpoint_slice(hostname=text), "endpoints[0].hostname"),
    "zone of an endpoint": (lambda text: endpoint_slice(zone=text), "endpoints[0].zone"),
    "Service of a slice": (
        lambda text: endpoint_slice(labels={"kubernetes.io/service-name": text}),
        "metadata.labels.kubernetes.io/service-name",
    ),
    "hostname of Endpoints": (
        lambda text: obj("Endpoints", subsets=[{"addresses": [{"ip": "10.244.0.1", "hostname": text}]}]),
        "subsets[0].addresses[0].hostname",
    ),
    "hostname of a pod": (lambda text: pod(hostname=text), "spec.hostname"),
    "subdomain of a pod": (lambda text: pod(subdomain=text), "spec.subdomain"),
    "serviceName": (lambda text: stateful_set(serviceName=text), "spec.serviceName"),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("text", ["a" * 64, "a\0b", "a\ud800", "a..b", "a" * 300], ids=ascii)
def test_f13_what_no_packet_can_carry_is_refused_with_its_object_and_field(place, text):
    make, field = PLACES[place]
    given = make(text)
    with pytest.raises(ManifestError, match="no packet can carry this name") as caught:
        Cluster.from_objects([obj("Namespace", name="shop"), given])
    assert (caught.value.document, caught.value.field) == (2, field)
    assert caught.value.object.startswith(given["kind"])
    assert str(caught.value).isprintable()


def test_f13_the_file_is_told_too(tmp_path):
    file = tmp_path / "bad.json"
    file.write_text('{"apiVersion": "v1", "kind": "Service",\n"metadata": {"name": "a\\u0000b", "namespace": "shop"}}')
    with pytest.raises(ManifestError) as caught:
        Cluster.from_manifests(file)
    assert str(caught.value) == (
        f"{file}, document 1, line 2, Service shop/a\\x00b, metadata.name: no packet can carry this name: it has a NUL"
    )


def test_f13_an_empty_name_is_none():
    with pytest.raises(ManifestError, match=r"Service, metadata\.name: no name"):
        Cluster.from_objects([obj("Service", name="")])


@pytest.mark.parametrize("kind", ["Pod", "Node", "Endpoints"])
def test_names_that_stand_in_no_name_of_dns_may_be_as_long_as_the_api_server_takes_them(kind):
    # Kubernetes, "Object Names and IDs": a DNS subdomain name, 253 characters at most, parts of any length.
    Cluster.from_objects([obj(kind, name="a" * 253)])
    with pytest.raises(ManifestError, match="254 octets"):
        Cluster.from_objects([obj(kind, name="a" * 254)])


def test_f13_the_host_names_that_a_controller_makes_are_no_longer_than_a_label():
    # 61 letters, a hyphen and a digit: the pod with two digits is refused, and what comes after it waits.
    def pods(**spec):
        return len(Cluster.from_objects([stateful_set("a" * 61, **spec)]).pods(f"shop/{'a' * 61}"))

    assert pods(replicas=10) == pods(replicas=11) == 10
    assert pods(ordinals={"start": 10}) == 0
    job = {
        "template": stateful_set()["spec"]["template"],
        "completionMode": "Indexed",
        "parallelism": 11,
        "completions": 11,
    }
    with pytest.raises(ManifestError, match="has 64 octets"):
        Cluster.from_objects([obj("Job", "batch/v1", "a" * 61, spec=job)])
    # Pods without a host name of their own are called as long as one likes.
    Cluster.from_objects([obj("Job", "batch/v1", "a" * 61, spec={**job, "completionMode": "NonIndexed"})])
