import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from k8sresolve.testing.objects.kinds import (
    MIRRORING_CONTROLLER,
    EndpointAddress,
    Endpoints,
    EndpointSlice,
    Namespace,
    Pod,
    Service,
    ServiceImport,
)
from k8sresolve.testing.objects.store import Store

A = EndpointAddress("10.244.1.1")
B = EndpointAddress("10.244.1.2")


def filled(*resources):
    store = Store()
    for resource in resources:
        store.add(resource)
    return store


def test_services_are_found_by_name_and_by_each_cluster_ip():
    service = Service("shop", "web", cluster_ips=("10.96.20.2", "fd00:10:96::2"))
    store = filled(service)
    assert store.service("shop", "web") == service
    assert store.service("data", "web") is None
    assert list(store.services_with("10.96.20.2")) == list(store.services_with("fd00:10:96::2")) == [service]


def test_two_services_may_have_one_cluster_ip():
    one, two = (Service("shop", name, cluster_ips=("10.96.20.2",)) for name in ("one", "two"))
    store = filled(one, two)
    assert list(store.services_with("10.96.20.2")) == [one, two]
    store.remove("Service", "shop", "one")
    assert list(store.services_with("10.96.20.2")) == [two]


def test_slices_are_found_without_their_service_and_by_address():
    first = EndpointSlice("shop", "web-1", "web", (A, B, A))
    second = EndpointSlice("shop", "web-2", "web", (B,))
    store = filled(first, second)
    assert list(store.slices("shop", "web")) == [first, second]
    assert list(store.slices_with(A.address)) == [first]
    assert list(store.slices_with(B.address)) == [first, second]


def test_adding_replaces_and_leaves_no_trace_in_the_indexes():
    store = filled(EndpointSlice("shop", "web-1", "web", (A,)), Pod("shop", "p", "10.244.1.9"))
    store.add(EndpointSlice("shop", "web-1", "other", (B,)))
    store.add(Pod("shop", "p", "10.244.1.8"))
    assert (
        list(store.slices("shop", "web"))
        == list(store.slices_with(A.address))
        == list(store.pods_with("10.244.1.9"))
        == []
    )
    assert [part.name for part in store.slices("shop", "other")] == ["web-1"]
    assert [pod.name for pod in store.pods_with("10.244.1.8")] == ["p"]


def test_pods_that_are_gone_are_not_found_by_ip():
    assert list(filled(Pod("shop", "p", "10.244.1.9", terminating=True)).pods_with("10.244.1.9")) == []


def test_a_namespace_is_taken_out_by_its_name():
    store = filled(Namespace("shop"))
    assert store.has_namespace("shop")
    store.remove("Namespace", "", "shop")
    assert not store.has_namespace("shop")
    with pytest.raises(KeyError):
        store.remove("Namespace", "", "shop")


def test_imports_have_slices_of_their_own():
    part = EndpointSlice("shop", "web-1", "", (A,), imported="web", cluster_id="east")
    store = filled(ServiceImport("shop", "web", headless=True), part)
    assert list(store.imported_slices("shop", "web")) == [part]
    assert list(store.slices("shop", "web")) == []
    assert list(store.slices_with(A.address)) == [part]


def test_every_change_moves_the_serial():
    store = Store()
    serials = [store.serial]
    store.add(Namespace("shop"))
    serials.append(store.serial)
    store.remove("Namespace", "", "shop")
    serials.append(store.serial)
    assert serials == sorted(set(serials))


# Mirroring: "EndpointSlice mirroring", kubernetes.io/docs/concepts/services-networking/service/.
MADE = EndpointSlice("shop", "db-0", "db", (A,))
MIRRORED = Endpoints("shop", "db", (MADE,))
SERVICE = Service("shop", "db", cluster_ips=("10.96.20.3",))


@pytest.mark.parametrize("order", list(itertools.permutations([MIRRORED, SERVICE])))
def test_endpoints_of_a_service_without_selector_are_mirrored(order):
    store = filled(*order)
    assert list(store.slices("shop", "db")) == list(store.slices_with(A.address)) == [MADE]
    store.remove("Endpoints", "shop", "db")
    assert list(store.slices("shop", "db")) == list(store.slices_with(A.address)) == []


@pytest.mark.parametrize(
    "others",
    [
        [MIRRORED],
        [MIRRORED, Service("shop", "db", selector=(("app", "db"),))],
        [Endpoints("shop", "db", (MADE,), skip=True), SERVICE],
    ],
)
def test_endpoints_are_not_mirrored_without_a_service_or_with_a_selector_or_on_request(others):
    assert list(filled(*others).slices("shop", "db")) == []


def test_the_mirroring_controllers_own_slices_stand():
    dumped = EndpointSlice("shop", "db-x7k", "db", (A,), managed_by=MIRRORING_CONTROLLER)
    for order in itertools.permutations([MIRRORED, SERVICE, dumped]):
        store = filled(*order)
        assert list(store.slices("shop", "db")) == [dumped]
        store.remove("EndpointSlice", "shop", "db-x7k")
        assert list(store.slices("shop", "db")) == [MADE]


names = st.sampled_from(["a", "b"])
ips = st.sampled_from(["10.0.0.1", "10.0.0.2", "10.0.0.3"])
resources = st.one_of(
    st.builds(lambda name, found: Service("ns", name, cluster_ips=tuple(found)), names, st.lists(ips, max_size=2)),
    st.builds(
        lambda name, service, found: EndpointSlice("ns", name, service, tuple(map(EndpointAddress, found))),
        names,
        names,
        st.lists(ips, max_size=3),
    ),
    st.builds(lambda name, ip, gone: Pod("ns", name, ip, terminating=gone), names, ips, st.booleans()),
)


@settings(max_examples=2 * settings.default.max_examples)
@given(st.lists(st.tuples(resources, st.booleans()), max_size=12))
def test_indexes_show_what_the_store_holds_whatever_came_before(changes):
    store = Store()
    held = {}
    for resource, stays in changes:
        key = (type(resource).__name__, "ns", resource.name)
        store.add(resource)
        held[key] = resource
        if not stays:
            store.remove(*key)
            del held[key]
    for ip in ("10.0.0.1", "10.0.0.2", "10.0.0.3"):
        services = {item.name for item in held.values() if isinstance(item, Service) and ip in item.cluster_ips}
        slices = {
            item.name
            for item in held.values()
            if isinstance(item, EndpointSlice) and ip in [entry.address for entry in item.addresses]
        }
        pods = {item.name for item in held.values() if isinstance(item, Pod) and item.ip == ip and not item.gone}
        assert sorted(item.name for item in store.services_with(ip)) == sorted(services)
        assert sorted(item.name for item in store.slices_with(ip)) == sorted(slices)
        assert sorted(item.name for item in store.pods_with(ip)) == sorted(pods)
    for name in ("a", "b"):
        of_service = {item.name for item in held.values() if isinstance(item, EndpointSlice) and item.service == name}
        assert sorted(item.name for item in store.slices("ns", name)) == sorted(of_service)
