import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from k8sresolve.errors import ManifestError
from k8sresolve.testing.controllers.slices import select
from k8sresolve.testing.objects.kinds import Pod, Service
from tests.testing.controllers.manifests import (
    endpoints,
    filled,
    pod,
    pods,
    running,
    service,
    stated_endpoints,
    stated_slice,
    workload,
)


def test_slices_come_from_the_pods_that_are_selected():
    store = filled(workload("Deployment", replicas=3), pod("other", {"app": "db"}), service(name="web"))
    [part] = store.slices("shop", "web")
    assert {entry.pod for entry in part.addresses} == {item.name for item in pods(store)} - {"other"}
    assert [(port.name, port.number) for port in part.ports] == [("http", 8080)]


def test_endpoints_are_in_the_order_of_ordinals():
    store = filled(workload("StatefulSet", "web", replicas=12, serviceName="web"), service(clusterIP="None"))
    assert [entry.hostname for entry in endpoints(store)] == [f"web-{n}" for n in range(12)]


def test_only_the_service_of_its_subdomain_gives_a_pod_its_name():
    store = filled(workload("StatefulSet", "db", serviceName="db"), service("db"), service("db-read"))
    assert [entry.hostname for entry in endpoints(store, "db")] == ["db-0"]
    assert [entry.hostname for entry in endpoints(store, "db-read")] == [""]


@pytest.mark.parametrize(
    ("stated", "address"),
    [
        ([stated_slice()], "192.0.2.1"),
        ([stated_endpoints()], "192.0.2.2"),
        ([stated_slice(), stated_endpoints()], "192.0.2.1"),
    ],
)
def test_stated_slices_and_endpoints_are_used_and_none_made(stated, address):
    store = filled(workload("Deployment", replicas=3), service(), *stated)
    assert [entry.address for entry in endpoints(store)] == [address]


def test_endpoints_made_by_hand_are_overwritten_where_a_selector_is():
    store = filled(pod(status=running("10.244.0.9")), service(), stated_endpoints(of_a_pod=False))
    assert [entry.address for entry in endpoints(store)] == ["10.244.0.9"]


def test_more_than_a_hundred_endpoints_lie_in_several_slices():
    store = filled(workload("Deployment", replicas=130), service())
    assert [len(part.addresses) for part in store.slices("shop", "web")] == [100, 30]


labels = st.dictionaries(st.sampled_from("abc"), st.sampled_from("xy"), max_size=3)


@settings(max_examples=2 * settings.default.max_examples)
@given(st.lists(labels, max_size=5), st.lists(st.tuples(st.sampled_from(["n", "m"]), labels), max_size=8))
def test_select_finds_what_a_walk_over_all_finds(selectors, given_pods):
    services = [Service("n", f"s{n}", selector=tuple(sorted(one.items()))) for n, one in enumerate(selectors)]
    members = [Pod(namespace, f"p{n}", labels=one) for n, (namespace, one) in enumerate(given_pods)]
    assert {found.name: selected for found, selected in select(services, members)} == {
        one.name: [member for member in members if member.namespace == "n" and one_matches(wanted, member.labels)]
        for one, wanted in zip(services, selectors, strict=True)
        if wanted
    }


def one_matches(wanted, had):
    return wanted.items() <= had.items()


def test_services_and_pods_that_would_take_for_ever_are_refused():
    services = [Service("shop", f"s{n}", selector=(("app", "web"),)) for n in range(3000)]
    members = [Pod("shop", f"p{n}", labels={"app": "web"}) for n in range(3000)]
    with pytest.raises(ManifestError, match="too many"):
        list(select(services, members))


def test_a_label_that_all_select_by_makes_no_difference():
    labels = [{"all": "the same", "app": f"a{n}"} for n in range(3000)]
    services = [Service("shop", one["app"], selector=tuple(one.items())) for one in labels]
    members = [Pod("shop", one["app"], labels=one) for one in labels]
    assert all([found.name] == [one.name for one in selected] for found, selected in select(services, members))
