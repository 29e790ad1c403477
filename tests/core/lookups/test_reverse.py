"""From addresses to names: what is asked, and what is made of the answers."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest

from k8sresolve import ConfigError, EndpointName, InvalidName, NoData, NoSuchName, PodName, ServerFailure, ServiceName
from k8sresolve._core.lookups.reverse import pod, pointer_of, pointers, reverse
from k8sresolve._core.questions import Empty, Failed, Found
from tests.core.lookups.driving import BARE, drive, setting

POINTER = "1.20.96.10.in-addr.arpa."  # RFC 1035, section 3.5
TARGETS = ("payments.shop.svc.cluster.local.", "a.example.", "web-0.web.shop.svc.cluster.local.", "a.example.")


def names(*targets):
    return Found(targets, 30, 30.0)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("10.96.20.1", POINTER),
        # RFC 3596, section 2.5.
        ("2001:db8::567:89ab", "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa."),
    ],
)
def test_the_reverse_name_is_absolute(address, name):
    assert pointer_of(ip_address(address)) == name


@pytest.mark.parametrize("address", ["10.96.20.1", IPv4Address("10.96.20.1")])
def test_pointers_are_told_as_received_and_reverse_names_in_order_each_once(address):
    answers = {f"{POINTER} PTR": names(*TARGETS)}
    assert drive(pointers(setting(), address), answers) == (TARGETS, [[f"{POINTER} PTR"]])
    service = ServiceName("payments", "shop")
    endpoint = EndpointName("web-0", ServiceName("web", "shop"))
    assert drive(reverse(setting(), address), answers) == (("a.example.", service, endpoint), [[f"{POINTER} PTR"]])


def test_an_address_that_nobody_has_is_told_as_it_was_given():
    with pytest.raises(NoSuchName) as raised:
        drive(reverse(setting(), IPv4Address("10.96.20.1")))
    assert raised.value.name == "10.96.20.1"
    assert raised.value.advice.startswith("CoreDNS tells of every ready endpoint;")
    assert raised.value.problem == "no Service and no endpoint of one has this address, as far as DNS tells"


def test_a_reverse_name_without_ptr_is_told():
    with pytest.raises(NoData) as raised:
        drive(reverse(setting(), "10.96.20.1"), {f"{POINTER} PTR": Empty(5.0)})
    assert (raised.value.problem, raised.value.advice) == ("the reverse name exists, but has no PTR record", "")


@pytest.mark.parametrize("call", [pod, reverse])
def test_a_failure_is_no_missing_name_and_what_is_no_address_is_not_asked(call):
    lookup = call(setting(), "10.96.20.1")
    next(lookup)
    with pytest.raises(ServerFailure):
        lookup.send((Failed("servfail"),))
    with pytest.raises(InvalidName):
        next(call(setting(), "10.96.20"))


@pytest.mark.parametrize(
    ("address", "namespace", "question"),
    [
        ("10.244.1.7", None, "10-244-1-7.shop.pod.cluster.local. A"),
        ("10.244.1.7", "data", "10-244-1-7.data.pod.cluster.local. A"),
        (IPv6Address("fd00::7"), None, "fd00--7.shop.pod.cluster.local. AAAA"),
    ],
)
def test_a_pods_name_is_asked_for_in_the_family_of_its_address_alone(address, namespace, question):
    answer = {question: Found((ip_address("192.0.2.1"),), 30, 30.0)}
    expected = PodName(address, namespace or "shop")
    for family in ("ipv4", "ipv6"):
        assert drive(pod(setting(family=family), address, namespace), answer) == (expected, [[question]])


def test_a_pods_name_that_is_not_there_says_why_it_may_not_be():
    with pytest.raises(NoSuchName) as raised:
        drive(pod(setting(), IPv4Address("10.244.1.7")))
    assert (raised.value.name, raised.value.problem) == (
        "10.244.1.7",
        "no pod name 10-244-1-7.shop.pod.cluster.local.",
    )
    # CoreDNS's plugin kubernetes, option `pods`.
    assert raised.value.advice == (
        "the namespace does not exist, CoreDNS has `pods disabled`, or, with `pods verified`, there is no such pod"
    )


@pytest.mark.parametrize(("address", "rdtype", "family"), [("10.0.0.7", "A", "IPv4"), ("fd00::7", "AAAA", "IPv6")])
def test_a_pods_name_without_address_says_of_which_family(address, rdtype, family):
    name = PodName(address, "shop").fqdn
    with pytest.raises(NoData) as raised:
        drive(pod(setting(), address), {f"{name} {rdtype}": Empty(5.0)})
    assert raised.value.problem == f"{name} exists, but has no {family} address"
    assert ("kube-dns" in raised.value.advice) == (family == "IPv6")


def test_a_pods_name_needs_the_pods_place():
    with pytest.raises(ConfigError, match=r"^10\.0\.0\.7: the namespace is not known"):
        next(pod(setting(BARE), "10.0.0.7"))
    with pytest.raises(ConfigError, match=r"^10\.0\.0\.7: the cluster domain is not known"):
        next(pod(setting(BARE), "10.0.0.7", "shop"))
