import pytest

from k8sresolve import InvalidName, NoSuchName
from k8sresolve.errors import ConfigError, ManifestError
from k8sresolve.testing import Cluster, external, headless, service
from tests.testing.checks.objects import namespace


def addresses(cluster, name):
    with cluster.resolver() as resolver:
        return resolver.addresses(name).addresses


def test_a_headless_service_lists_its_pods_by_name_and_port():
    cluster = Cluster.new(headless("db.shop", sql=5432, pods=3))
    with cluster.resolver(namespace="shop") as resolver:
        found = sorted(resolver.endpoints("db", "sql"), key=lambda each: str(each.hostname))
        assert [(each.hostname, each.port) for each in found] == [(f"db-{number}", 5432) for number in range(3)]
        assert resolver.addresses("db-2.db.shop").addresses == (found[2].address,)


def test_a_service_has_one_address_and_its_ports_by_protocol():
    cluster = Cluster.new(service("dns", grpc_web=8080, udp={"dns": 53}))
    assert len(addresses(cluster, "dns.default")) == 1
    with cluster.resolver() as resolver:
        assert resolver.port("dns", "grpc-web").number == 8080
        assert resolver.port("dns", "dns", "udp").number == 53
        with pytest.raises(NoSuchName):
            resolver.port("dns", "dns", "tcp")


def test_an_external_name_leads_out_of_the_cluster():
    zone = {"example.com": "$ORIGIN example.com.\n@ 60 IN SOA ns. host. 1 1 1 1 1\npg 60 IN A 192.0.2.7\n"}
    cluster = Cluster.new(external("pg.shop", "pg.example.com"), upstream=zone)
    assert [str(address) for address in addresses(cluster, "pg.shop")] == ["192.0.2.7"]


@pytest.mark.parametrize("make", [service, headless])
@pytest.mark.parametrize(("ready", "count"), [(True, 3), (False, 0), (0, 0), (2, 2), (3, 3)])
def test_as_many_pods_are_ready_as_is_said(make, ready, count):
    cluster = Cluster.new(make("db.shop", sql=5432, pods=3, ready=ready))
    assert len(cluster.pods("shop/db")) == 3
    assert sum(len(part.addresses) for part in cluster.store.slices("shop", "db")) == count


@pytest.mark.parametrize("make", [service, headless])
def test_what_is_built_changes_as_what_is_read(make):
    cluster = Cluster.new(make("db.shop", sql=5432, pods=3, ready=1))
    cluster.set_ready(cluster.pods("shop/db")[2])
    cluster.scale("shop/db", 4)
    assert [pod.ready for pod in cluster.pods("shop/db")].count(True) == 3
    cluster.roll_out("shop/db").finish()
    assert all(pod.ready for pod in cluster.pods("shop/db"))
    cluster.apply(*service("api.other", http=80))
    assert addresses(cluster, "api.other")


def test_nothing_that_is_built_has_an_error_or_a_warning():
    parts = (headless("db.shop", sql=5432, pods=3), service("api.shop", http=80), external("pg.shop", "pg.example.com"))
    findings = Cluster.new(*parts).check()
    assert [str(each) for each in findings if each.severity != "remark"] == []


def test_namespaces_are_there_beside_those_that_objects_tell_of():
    cluster = Cluster.new(service("api.shop", http=80), namespace("data"))
    assert addresses(cluster, "api.shop")
    assert cluster.store.has_namespace("data")


def test_what_names_no_namespace_lies_where_it_is_applied():
    parts = (service("api", http=80), headless("db", sql=5432, pods=2, ready=1))
    cluster = Cluster.new(*parts, namespace("data"), apply_namespace="ship")
    assert addresses(cluster, "api.ship")
    assert addresses(cluster, "db-0.db.ship")
    cluster.apply(*service("mail", smtp=25))
    assert addresses(cluster, "mail.ship")


def test_options_are_those_of_from_objects():
    cluster = Cluster.new(service("api.shop", http=80), service_cidrs=["172.20.0.0/24"], pod_cidrs=["10.9.0.0/16"])
    assert str(addresses(cluster, "api.shop")[0]).startswith("172.20.0.")


@pytest.mark.parametrize(
    ("make", "error", "told"),
    [
        (lambda: service("api.shop"), ConfigError, "http=80"),
        (lambda: service("api.shop", http=80, pods=-1), ConfigError, "pods=-1"),
        (lambda: service("api.shop", http=80, pods=True), ConfigError, "pods=True"),
        (lambda: headless("db.shop", pods=2, ready=3), ConfigError, "ready=3 is no number of the 2 pods"),
        (lambda: headless("db.shop", pods=2, ready="1"), ConfigError, "ready='1'"),
        (lambda: service("a..b", http=80), InvalidName, "a..b"),
        (lambda: Cluster.new(service("api.shop", http=70000)), ManifestError, "Service shop/api"),
        (lambda: Cluster.new(service("api.shop", http="80")), ManifestError, "Service shop/api"),
        (lambda: Cluster.new("deploy/"), ManifestError, "neither an object nor made by a builder"),
        (lambda: Cluster.new((1,)), ManifestError, "neither an object nor made by a builder"),
        (lambda: Cluster.new([[{}]]), ManifestError, "neither an object nor made by a builder"),
        (lambda: Cluster.new(nosuch=1), ConfigError, "Cluster.new has no option 'nosuch'; it has apply_namespace, opt"),
        (lambda: service("api.shop", http=80, udp={5: 53}), ConfigError, "is no mapping of names to numbers"),
    ],
)
def test_what_cannot_be_built_says_so(make, error, told):
    with pytest.raises(error) as caught:
        make()
    assert told in str(caught.value)


@pytest.mark.parametrize("together", [tuple, list])
def test_objects_come_one_by_one_or_together(together):
    made = together([*headless("db.shop", sql=5432, pods=2), namespace("shop")])
    changed = Cluster.new(namespace("shop"))
    changed.apply(made, *service("api.shop", http=80))
    for cluster in (Cluster.new(made), Cluster.from_objects([made]), Cluster.from_objects(made), changed):
        assert [pod.name for pod in cluster.pods("shop/db")] == ["db-0", "db-1"]
