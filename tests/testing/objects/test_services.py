"""Services and what lists their endpoints, as the API server keeps them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8sresolve.errors import ManifestError
from k8sresolve.testing import Cluster
from k8sresolve.testing.objects.manifests import read_objects
from tests.testing.checks.objects import pod, service, slice_of


def read(obj):
    [resource] = read_objects([obj])
    return resource


def test_what_is_empty_counts_as_absent():
    ports = [{"port": 80, "protocol": "", "targetPort": ""}, {"port": 81, "targetPort": 0}]
    made = read(service(type="", clusterIP="", ports=ports))
    assert (made.type, made.cluster_ips) == ("ClusterIP", ())
    assert [(port.protocol, port.target) for port in made.ports] == [("TCP", 0), ("TCP", 0)]


def test_a_name_is_made_as_the_api_server_makes_it():
    def made(label):
        one = service()
        one["metadata"] |= {"name": None, "generateName": "web-", "labels": {"app": label}}
        return read(one).name

    assert made("a").startswith("web-")
    assert len(made("a")) == len("web-") + 5
    assert made("a") == made("a") != made("b")


def test_words_that_are_none_are_left_to_check():
    made = read(service(type="Headless", ipFamilies=["IPv5", "IPv6"], ipFamilyPolicy="Both"))
    assert (made.type, made.families, made.policy) == ("ClusterIP", ("IPv6",), "SingleStack")
    assert {refusal.field for refusal in made.refused} == {"spec.type", "spec.ipFamilies[0]", "spec.ipFamilyPolicy"}


@pytest.mark.parametrize("address", ["none", "NONE", "__DNS__SERVER__", "10.96.0.300", "10.96.7.7/32", " 10.96.7.7"])
def test_a_cluster_ip_that_is_no_address_does_not_load(address):
    with pytest.raises(ManifestError, match=r"Service shop/web, spec\.clusterIP: .* is neither an IP address nor None"):
        read(service(clusterIP=address))


@pytest.mark.parametrize("address", ["db.example.com", "", "10.0.0.999"])
def test_endpoints_are_addresses(address):
    with pytest.raises(ManifestError) as caught:
        read(slice_of("web", "10.0.0.1", address))
    assert caught.value.field == "endpoints[1].addresses[0]"
    with pytest.raises(ManifestError) as caught:
        read(mirrored([address]))
    assert caught.value.field == "subsets[0].addresses[0].ip"
    hosts = slice_of("web", "db.example.com") | {"addressType": "FQDN"}
    assert [entry.address for entry in read(hosts).addresses] == ["db.example.com"]


def mirrored(ready, unready=()):
    subset = {
        "addresses": [{"ip": ip, "hostname": f"h{index}"} for index, ip in enumerate(ready)],
        "notReadyAddresses": [{"ip": ip} for ip in unready],
    }
    return {"kind": "Endpoints", "metadata": {"name": "web", "namespace": "shop"}, "subsets": [subset]}


def test_of_endpoints_an_address_is_mirrored_once_and_in_canonical_form():
    [part] = read(mirrored(["FD00::1", "10.0.0.2", "fd00:0::1", "10.0.0.3"], ["10.0.0.3"])).slices
    assert [(entry.address, entry.hostname) for entry in part.addresses] == [("fd00::1", "h0"), ("10.0.0.2", "h1")]


def test_of_a_subset_a_thousand_are_mirrored():
    [part] = read(mirrored([f"10.0.{index // 256}.{index % 256}" for index in range(1002)])).slices
    assert len(part.addresses) == 1000


def test_numbers_of_a_slices_ports_are_their_last_16_bits():
    ports = [read(slice_of("web", ports=((None, number, "TCP"),))).ports[0].number for number in (0, 65536, 65537, -2)]
    assert ports == [0, 0, 1, 65534]


def test_a_service_that_is_being_deleted_gets_no_slices():
    leaving = service()
    leaving["metadata"]["deletionTimestamp"] = "2026-11-01T00:00:00Z"
    assert Cluster.from_objects([leaving, pod()]).store.slices("shop", "web") == ()
    assert len(Cluster.from_objects([service(), pod()]).store.slices("shop", "web")) == 1


def refused(obj):
    with pytest.raises(ManifestError) as caught:
        read_objects([obj])
    return caught.value.field, caught.value.problem


def service_of(**spec):
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec}


def endpoints_of(ip):
    subsets = [{"addresses": [{"ip": ip}]}]
    return {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "web"}, "subsets": subsets}


@pytest.mark.parametrize(
    ("obj", "field", "told"),
    [
        (service_of(clusterIP="none"), "spec.clusterIP", "write None, if it is headless"),
        (service_of(ports=[{"port": 80}, {"targetPort": 1}]), "spec.ports[1].port", "take the '-' away"),
        (service_of(selector={"matchLabels": {"a": "b"}}), "spec.selector.matchLabels", "below selector itself"),
        (service_of(selector={"matchExpressions": []}), "spec.selector.matchExpressions", "below selector itself"),
        (service_of(selector={"version": 1}), "spec.selector.version", "put it in quotes"),
        (service_of(externalName=True), "spec.externalName", "put it in quotes"),
        (service_of(ports=[{"port": "8080"}]), "spec.ports[0].port", "write 8080, without quotes"),
        (service_of(externalIPs=[1.5]), "spec.externalIPs[0]", "put it in quotes"),
        (endpoints_of("192.0.2.1:80"), "subsets[0].addresses[0].ip", "state the port in ports"),
        (endpoints_of("[2001:db8::1]:80"), "subsets[0].addresses[0].ip", "state the port in ports"),
    ],
)
def test_what_cannot_be_read_says_what_to_do(obj, field, told):
    found, problem = refused(obj)
    assert found == field
    assert told in problem


@pytest.mark.parametrize(
    ("obj", "untold"),
    [
        (service_of(clusterIP="nil"), "headless"),
        (service_of(selector={"matchLabels": 1}), "below"),
        (service_of(selector={"a": {"b": "c"}}), "below"),
        (service_of(selector={"a": ["b"]}), "quotes"),
        (service_of(ports="80"), "quotes"),
        (endpoints_of("web:80"), "port"),
    ],
)
def test_no_more_is_said_than_is_known(obj, untold):
    assert untold not in refused(obj)[1]


@pytest.mark.parametrize(
    ("endpoints", "is_waiting"),
    [
        ([{"addresses": ["192.0.2.1"], "conditions": {"ready": False}}], True),
        ([{"addresses": ["192.0.2.1"]}, {"addresses": ["192.0.2.2"], "conditions": {"ready": False}}], False),
        ([], False),
        (None, False),
    ],
)
def test_a_slice_waits_whose_addresses_are_all_not_ready(endpoints, is_waiting):
    obj = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {"name": "web"}}
    [found] = read_objects([{**obj, "addressType": "IPv4", "endpoints": endpoints}])
    assert found.is_waiting is is_waiting


ORDINARY = {
    "addresses": ["10.0.0.7"],
    "conditions": {"ready": True, "serving": True, "terminating": False},
    "targetRef": {"kind": "Pod", "name": "web-0"},
    "zone": "a",
}
# Neither this nor what stands beside it is read, or looked at, together with others.
APART = {"addresses": ["192.0.2.1", "192.0.2.2"], "other": 1}
ADDRESSES = (
    "10.0.0.8",
    "127.0.0.1",
    "0.0.0.0",
    "169.254.1.1",
    "224.0.0.1",
    "010.0.0.1",
    "::1",
    "web",
    "",
    "1",
    1,
    None,
)
NAMES = ("web", "", "a..b", "A_b", "a" * 64, "a" * 300, "a\0", "\u00e9", "\ud800", True, 7, None, [], {})
FIELDS = {
    "addresses": st.sampled_from((None, "1", {"10.0.0.1": 1}, {}, *ADDRESSES))
    | st.lists(st.sampled_from(ADDRESSES), max_size=2),
    "conditions": st.sampled_from((None, [], {}, "ready", {"Ready": True}))
    | st.sampled_from((True, False, None, 1, "", [])).map(lambda ready: {"ready": ready}),
    "targetRef": st.sampled_from((None, {}, [], "name")) | st.sampled_from(NAMES).map(lambda name: {"name": name}),
    "hostname": st.sampled_from(NAMES),
    "zone": st.sampled_from(NAMES),
    "Zone": st.just("a"),
}
CHANGED = st.fixed_dictionaries({}, optional=FIELDS)
LACKING = st.sets(st.sampled_from(list(ORDINARY)), max_size=1)
ENDPOINTS = st.builds(
    lambda changed, lacking: {key: value for key, value in {**ORDINARY, **changed}.items() if key not in lacking},
    st.just({}) | CHANGED,
    LACKING,
)


@given(st.lists(ENDPOINTS | st.sampled_from((None, 1, "a", [])), max_size=3))
def test_endpoints_are_read_and_refused_together_as_they_are_one_by_one(endpoints):
    def told(*others):
        obj = {**slice_of(), "endpoints": [*endpoints, *others]}
        try:
            made = read(obj)
        except ManifestError as error:
            return str(error)
        refused = [each[:5] for each in made.refused if f"endpoints[{len(endpoints)}]" not in each.field]
        return made.addresses[: len(made.addresses) - 2 * len(others)], refused

    assert told() == told(APART)
