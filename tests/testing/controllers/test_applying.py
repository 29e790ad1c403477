from k8sresolve.testing.controllers.applying import apply
from k8sresolve.testing.objects.kinds import Namespace, Service
from k8sresolve.testing.objects.manifests import read_objects
from k8sresolve.testing.objects.store import Store


def put(*resources):
    store = Store()
    apply(store, resources)
    return store


def test_a_cluster_ip_is_allocated_to_a_service_that_states_none():
    names = [f"s{number}" for number in range(300)]
    store = put(*(Service("shop", name) for name in names), Service("shop", "stated", cluster_ips=("10.96.20.1",)))
    ips = [store.service("shop", name).cluster_ips for name in names]
    assert len(set(ips)) == len(names)
    assert all(ip.startswith("10.96.") for (ip,) in ips)
    assert all(store.services_with(ip)[0].name == name for name, (ip,) in zip(names, ips, strict=True))


def test_allocation_depends_on_the_name_alone():
    assert put(Service("shop", "a"), Service("shop", "b")).service("shop", "b") == put(Service("shop", "b")).service(
        "shop", "b"
    )


def test_allocation_passes_over_addresses_that_are_taken():
    [alone] = put(Service("shop", "a")).service("shop", "a").cluster_ips
    store = put(Service("shop", "a"), Service("shop", "taker", cluster_ips=(alone,)))
    assert store.service("shop", "a").cluster_ips != (alone,)


def test_a_dual_stack_service_gets_an_address_of_each_family():
    spec = {"ipFamilyPolicy": "PreferDualStack"}
    [service] = read_objects([{"kind": "Service", "metadata": {"name": "a"}, "spec": spec}])
    v4, v6 = put(service).service("default", "a").cluster_ips
    assert v4.startswith("10.96.")
    assert v6.startswith("fd00:10:96::")


def test_external_and_headless_services_get_no_address():
    headless = Service("shop", "h", cluster_ips=("None",), families=("IPv4",))
    external = Service("shop", "e", type="ExternalName", external_name="api.example.com")
    store = put(headless, external)
    assert store.service("shop", "h") == headless
    assert store.service("shop", "e") == external


def test_namespaces_are_those_given_or_those_that_objects_lie_in(caplog):
    implied = put(Service("shop", "a"))
    assert [implied.has_namespace(name) for name in ("shop", "default", "kube-system", "other")] == [True] * 3 + [False]
    assert not caplog.records
    given = put(Namespace("shop"), Service("data", "a"))
    assert [given.has_namespace(name) for name in ("shop", "data", "default")] == [True, False, False]
    assert "namespace data" in caplog.text


def test_of_duplicates_the_later_holds(caplog):
    store = put(Service("shop", "a", cluster_ips=("10.96.1.1",)), Service("shop", "a", cluster_ips=("10.96.1.2",)))
    assert store.service("shop", "a").cluster_ips == ("10.96.1.2",)
    assert store.services_with("10.96.1.1") == ()
    assert "Service shop/a is given twice" in caplog.text
